"""Keeping the evidence log: what it must hold, what is appended, who stamps and cosigns it."""
