"""Casework: safety cases for machine-learning components on embedded edge systems, as files in git."""

__version__ = "0.1.0"
