"""Room `attest`."""
