"""Room `exchange`."""
