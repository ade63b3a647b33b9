"""Room `rules`."""
