"""Evidence made, sealed, signed and stamped; by keys and under identities."""
