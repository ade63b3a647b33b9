"""Room `workflow`."""
