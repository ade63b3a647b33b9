"""Sealing and verifying statements: the one room that knows keys, signatures and the trust policy.

The way of a record: a generator yields a `Statement`; `seal.seal` writes it in canonical form (RFC 8785) into a DSSE
envelope and signs it; others add their signatures with `dsse.countersign`; the file is stored as
`verify.sealed_name` says. On the way back `policy.open_policy` opens the signed trust policy against pinned root
keys, `paths.check_paths` judges names and links before anything is opened, and `verify.verify` turns bytes into a
`Verdict` that explains itself.

Judging takes bytes and gives values: no file is read here, no clock is asked, and no bytes make it raise. Every code
that is reported stands in `codes.CODES`.
"""
