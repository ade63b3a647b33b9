"""The command line: one thin module a command, and one place that maps outcomes to exit codes."""
