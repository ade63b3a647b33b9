"""Measures against faults, written into a new model file, and those that act on stored weights."""
