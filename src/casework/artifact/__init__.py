"""Room `artifact`."""
