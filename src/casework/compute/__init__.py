"""Room `compute`."""
