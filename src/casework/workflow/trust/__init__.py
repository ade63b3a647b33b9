"""Keeping the trust policy: drafts, edits, signatures of root holders, and what it says in words."""
