"""What has become known since a release was sealed: keys that a newer trust policy calls stolen or revoked.

A bundle carries the trust policy of its day. Whoever has a newer one, from the same root, learns from it that a key was in wrong
hands when it signed. That an old key is no longer listed means nothing: keys are retired in good order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from casework.attest.carrier import Standing
from casework.attest.codes import report
from casework.attest.release import Seal
from casework.attest.trust.policy import Trust, open_policy
from casework.model.finding import Finding
from casework.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class _Use:
    """A signature that counted: the name of its key or identity, when it was made, and what it is under."""

    name: str
    at: datetime
    what: str


def hindsight(
    newer: bytes, roots: bytes | None, trust: Trust, seal: Seal, verdicts: Iterable[Verdict], now: datetime
) -> tuple[str, tuple[Finding, ...]]:
    """Judge the signatures of a bundle by a newer trust policy.

    Args:
        newer: The newer sealed policy.
        roots: The root public keys that the reader trusts.
        trust: The bundle's own trust policy, opened.
        seal: The seal, judged.
        verdicts: The sealed records, judged.
        now: Present moment; the newer policy must not have expired.

    Returns:
        What was found in words; and `SIG-007` for each key that signed while it was stolen or revoked, or why the newer policy
        cannot be opened.
    """
    opened = open_policy(newer, roots, now.date(), floor=trust.policy.version, path="newer trust policy")
    later = opened.trust
    if later is None:
        return "the newer trust policy cannot be opened", opened.findings
    held = f"version {later.policy.version} of trust policy {later.policy.name}"
    found = tuple(sorted(_bad(trust, later, [*_of_seal(seal), *_of_records(verdicts)]), key=lambda f: f.order))
    if found:
        return f"{held} knows of keys that must not count", found
    return f"{held} still accepts every key that signed", ()


def _of_seal(seal: Seal) -> Iterator[_Use]:
    stated = datetime.fromisoformat(seal.statement.predicate.sealed)
    for one in seal.principals:
        yield _Use(one.name, one.signed_at or stated, "the seal")


def _of_records(verdicts: Iterable[Verdict]) -> Iterator[_Use]:
    for verdict in verdicts:
        if not verdict.verified or verdict.statement is None:
            continue
        started = datetime.fromisoformat(verdict.statement.predicate.started)
        for signer in verdict.signers:
            yield _Use(
                signer.key, datetime.fromisoformat(signer.signed_at) if signer.signed_at else started, verdict.evidence
            )


def _bad(trust: Trust, later: Trust, uses: Iterable[_Use]) -> Iterator[Finding]:
    ids = {key.name: keyid for keyid, key in trust.keys.items()}
    told: set[tuple[str, str]] = set()
    for use in uses:
        standing = _standing(later, ids.get(use.name), use.name)
        if standing is None or (use.name, use.what) in told:
            continue
        told.add((use.name, use.what))
        if standing.compromised:
            yield report("SIG-007", f"key {use.name} signed {use.what}, and was found stolen since")
        elif standing.revoked_at is not None and use.at.date() >= standing.revoked_at:
            day = standing.revoked_at.isoformat()
            yield report("SIG-007", f"key {use.name} signed {use.what} on {use.at:%Y-%m-%d}, and is revoked from {day}")


def _standing(later: Trust, keyid: str | None, name: str) -> Standing | None:
    if keyid is not None:
        key = later.keys.get(keyid)
        return key.entry if key is not None else None
    identity = later.identities.get(name)
    return identity.entry if identity is not None else None
