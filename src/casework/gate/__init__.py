"""The gate: findings and waivers in, a decision out. Pure and monotonic: less evidence never passes more."""
