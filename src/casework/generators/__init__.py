"""Room `generators`."""
