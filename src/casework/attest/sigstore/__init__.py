"""Sigstore bundles: a second carrier of statements, signed under identities or with managed keys, verified offline."""
