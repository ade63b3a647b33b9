"""Opened records as plain data for the cache, and back.

The signatures of a remembered record are not verified again; that they fitted depends on the files' bytes and on the anchors,
and the cache is asked by both. The statement is read again, because a value that is built unread could be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from casework.artifact.digest import jcs_digest, sha256_bytes

if TYPE_CHECKING:
    from casework.attest.opening import Anchors, SealedRecord


def digest_of(anchors: Anchors) -> str:
    """Return the digest of all that records are checked with: the policy's bytes and the Sigstore root."""
    if anchors.trust is None:
        return ""
    root = sha256_bytes(anchors.trusted_root) if anchors.trusted_root is not None else ""
    return jcs_digest([anchors.trust.digest, root])


def plain(record: SealedRecord, contents: Sequence[tuple[str, bytes]]) -> tuple[Any, ...]:
    """Return an opened record as plain data."""
    return (
        [(path, sha256_bytes(data)) for path, data in contents],
        record.path,
        record.digest,
        record.payload if record.statement is not None else b"",
        [(p.name, p.signed_at.isoformat() if p.signed_at else "", p.proof, p.signature) for p in record.principals],
        [(p.code, p.message, p.line, p.column, p.file) for p in record.problems],
        record.figures_fit,
    )


def remembered(value: tuple[Any, ...], anchors: Anchors) -> SealedRecord | None:
    """Return the opened record of plain data; None where it does not fit the anchors after all."""
    from casework.attest.carrier import Principal, Problem, Standing
    from casework.attest.opening import SealedRecord
    from casework.model.result import Statement

    _shas, path, digest, payload, principals, problems, fit = value
    trust = anchors.trust
    if trust is None or (payload and sha256_bytes(payload) != digest):
        return None
    signers: dict[str, tuple[str, frozenset[str], Standing]] = {
        key.name: (key.person, key.roles, key.entry) for key in trust.keys.values()
    }
    signers |= {one.name: (one.person, one.roles, one.entry) for one in trust.identities.values()}
    made = []
    for name, at, proof, signature in principals:
        if name not in signers:
            return None
        person, roles, standing = signers[name]
        made.append(
            Principal(name, person, roles, standing, datetime.fromisoformat(at) if at else None, proof, signature)
        )
    statement = Statement.model_validate_json(payload) if payload else None
    return SealedRecord(path, digest, statement, tuple(made), tuple(Problem(*row) for row in problems), payload, fit)
