"""Faults as data: what is hit, where, and what happens to the bits there."""
