"""Nodes that people write: new nodes in their form, and reviews."""
