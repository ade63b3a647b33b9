"""What has become known since a release was sealed: keys that a newer trust policy calls stolen or revoked.

A bundle carries the trust policy of its day. Whoever has a newer one, from the same root, learns from it that a key was in wrong
hands when it signed. A signature that nothing dates may have been made at any time until now, whatever day it states; all that
a stamped seal covers is at the latest of its moment. That an old key is no longer listed means nothing: keys are retired in
good order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from casework.attest.carrier import Standing
from casework.attest.codes import report
from casework.attest.release import Seal
from casework.attest.trust.policy import Trust, open_policy
from casework.model.finding import Finding
from casework.model.verdict import Signer, Verdict

if TYPE_CHECKING:
    from casework.attest.act import ActVerdict
    from casework.workflow.judging.assess import Assessed


@dataclass(frozen=True, slots=True)
class _Use:
    """A signature that counted.

    Attributes:
        name: Name of its key or identity.
        at: Moment by which it is proven to have been made; the present one where nothing proves an earlier one.
        what: What it is under.
        dated: Whether the proof is of this signature itself.
    """

    name: str
    at: datetime
    what: str
    dated: bool = True


def hindsight(
    newer: bytes,
    roots: bytes | None,
    trust: Trust,
    seal: Seal,
    assessed: Assessed,
    now: datetime,
    history: Sequence[bytes] = (),
) -> tuple[str, tuple[Finding, ...]]:
    """Judge the signatures of a bundle by a newer trust policy.

    Args:
        newer: The newer sealed policy.
        roots: The root public keys that the reader trusts.
        trust: The bundle's own trust policy, opened.
        seal: The seal, judged.
        assessed: The case as it is judged anew, with its sealed records, reviews and waivers.
        now: Present moment; the newer policy must not have expired.
        history: Sealed versions before the newer one, that of the bundle among them.

    Returns:
        What was found in words; and `SIG-007` for each key that signed while it was stolen or revoked, or why the newer policy
        cannot be opened.
    """
    seen = {trust.policy.version: trust.digest}
    opened = open_policy(newer, roots, now.date(), history=history, seen=seen, path="newer trust policy")
    if (
        opened.trust is None
    ):  # versions between may be missing: then the root keys at hand must have signed it themselves
        direct = open_policy(newer, roots, now.date(), floor=trust.policy.version, path="newer trust policy")
        broken = {one.code for one in opened.findings} == {"POL-008"}
        opened = direct if direct.trust is not None or broken else opened
    later = opened.trust
    if later is None:
        why = "; ".join(one.message for one in opened.findings)
        hint = "the versions between it and the bundle's belong into `policies` beside it"
        return f"the newer trust policy cannot be opened: {why}; {hint}", opened.findings
    held = f"version {later.policy.version} of trust policy {later.policy.name}"
    sealed = seal.sealed_at if seal.proven else None
    uses = [
        *_of_seal(seal, now),
        *_of_records(assessed.assessment.verdicts, sealed or now),
        *_of_acts(assessed.acts, sealed or now),
    ]
    found = tuple(sorted(_bad(trust, later, uses), key=lambda f: f.order))
    if found:
        return f"{held} knows of keys that must not count", found
    return f"{held} still accepts every key that signed", ()


def _of_seal(seal: Seal, now: datetime) -> Iterator[_Use]:
    for one in seal.principals:
        yield _Use(one.name, one.signed_at or now, "the seal", one.signed_at is not None)


def _of_records(verdicts: Iterable[Verdict], latest: datetime) -> Iterator[_Use]:
    for verdict in verdicts:
        if verdict.verified and verdict.statement is not None:
            yield from _of_signers(verdict.signers, verdict.evidence, latest)


def _of_acts(acts: Iterable[ActVerdict], latest: datetime) -> Iterator[_Use]:
    for act in acts:
        if act.verified and act.record is not None:
            yield from _of_signers(act.signers, f"{act.record.kind} {act.record.node}", latest)


def _of_signers(signers: Iterable[Signer], what: str, latest: datetime) -> Iterator[_Use]:
    """Yield uses; what a stamped seal covers is at the latest of its day, whatever day it states itself."""
    for one in signers:
        at = min(datetime.fromisoformat(one.signed_at), latest) if one.signed_at else latest
        yield _Use(one.key, at, what, bool(one.signed_at))


def _bad(trust: Trust, later: Trust, uses: Iterable[_Use]) -> Iterator[Finding]:
    ids = {key.name: keyid for keyid, key in trust.keys.items()}
    told: set[tuple[str, str]] = set()
    for use in uses:
        standing = _standing(trust, later, ids.get(use.name), use.name)
        if standing is None or (use.name, use.what) in told:
            continue
        told.add((use.name, use.what))
        if standing.compromised:
            yield report("SIG-007", f"key {use.name} signed {use.what}, and was found stolen since")
        elif standing.revoked_at is not None and use.at.date() >= standing.revoked_at:
            day = standing.revoked_at.isoformat()
            if use.dated:
                why = f"key {use.name} signed {use.what} on {use.at:%Y-%m-%d}, and is revoked from {day}"
            else:
                why = f"key {use.name} is revoked from {day}, and nothing proves that it signed {use.what} before"
            yield report("SIG-007", why)


def _standing(trust: Trust, later: Trust, keyid: str | None, name: str) -> Standing | None:
    """Return what a newer policy says of a key or an identity, whatever names it gives; the worst where it says several things."""
    if keyid is not None:
        key = later.keys.get(keyid)
        return key.entry if key is not None else None
    known = trust.identities.get(name)
    if known is None:
        return None
    same = (known.entry.issuer, known.entry.identity)
    found = [one.entry for one in later.identities.values() if (one.entry.issuer, one.entry.identity) == same]
    return min(found, key=lambda one: (not one.compromised, one.revoked_at or date.max), default=None)
