"""Faults of several tensors that strike one inference together."""
