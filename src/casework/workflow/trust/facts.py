"""What there is to know of a trust policy, as plain data for people and programs (schema `casework/trust/v1`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from casework.artifact.digest import sha256_bytes
from casework.attest.trust.chain import SealedPolicy, read_sealed_policy
from casework.attest.trust.drafting import Quorum, draft_envelope
from casework.attest.trust.pins import pinned_keys
from casework.attest.trust.policy import PolicyVersion
from casework.attest.trust.ring import key_ring
from casework.model.finding import Finding
from casework.model.policy import ActRule, EvidenceRule, Identity, PolicyKey, TrustPolicy
from casework.model.problem import CallProblem
from casework.workflow.trust.drafts import TrustFiles, judge_draft, open_trust, quorums_of, read_draft

SCHEMA: Final = "casework/trust/v1"


def describe(
    policy: TrustPolicy,
    today: date,
    *,
    state: str,
    digest: str,
    versions: Sequence[PolicyVersion] = (),
    quorums: Sequence[Quorum] = (),
    findings: Iterable[Finding] = (),
    roots: bytes | None = None,
) -> dict[str, Any]:
    """Return everything about a policy as plain data.

    Args:
        policy: The policy.
        today: Day of judgement, for what is left of the days.
        state: `in force`, `draft` or `refused`.
        digest: SHA-256 of the payload as it was sealed, or as it would be.
        versions: The chain that was walked; empty for a draft.
        quorums: Who has signed and who must, for a draft.
        findings: What opening it found.
        roots: Bytes of the root's public keys.
    """
    return {
        "schema": SCHEMA,
        "state": state,
        "name": policy.name,
        "version": policy.version,
        "digest": digest,
        "demo": policy.demo,
        "expires": policy.expires.isoformat(),
        "days_left": (policy.expires - today).days,
        "root": {
            "threshold": policy.root.threshold,
            "keys": list(policy.root.keys),
            "file_sha256": sha256_bytes(roots) if roots is not None else None,
        },
        "persons": [
            {"id": person, "name": one.name, "machine": one.machine, "roles": sorted(one.roles)}
            for person, one in sorted(policy.persons.items())
        ],
        "keys": _keys(policy, today),
        "identities": _identities(policy, today),
        "evidence_types": [_rule(kind, rule) for kind, rule in sorted(policy.evidence_types.items())],
        "acts": [_rule(kind, act) for kind, act in sorted(policy.acts.items())],
        "time_stamp_authorities": _authorities(policy),
        "log": _log(policy),
        "trusted_root_sha256": policy.sigstore.trusted_root_sha256 if policy.sigstore else None,
        "versions": [
            {
                "version": one.number,
                "digest": one.digest,
                "expires": one.expires.isoformat(),
                "signed_by": list(one.signers),
                "by_pinned_root": one.by_pinned,
            }
            for one in versions
        ],
        "signatures": [
            {"root": one.whose, "needed": one.needed, "signed": list(one.signed), "open": list(one.open_)}
            for one in quorums
        ],
        "findings": [
            {"code": one.code, "severity": one.severity, "message": one.message, "fix": one.fix} for one in findings
        ],
    }


def _keys(policy: TrustPolicy, today: date) -> list[dict[str, Any]]:
    ring, _ = key_ring(policy)
    known = {one.name: (keyid, one.public.algorithm) for keyid, one in ring.items()}
    return [
        {
            "name": name,
            "person": entry.person,
            "roles": sorted(policy.roles_of_key(name)),
            "root": name in policy.root.keys,
            "keyid": known.get(name, ("", ""))[0],
            "algorithm": known.get(name, ("", ""))[1],
            **_days(entry, today),
        }
        for name, entry in sorted(policy.keys.items())
    ]


def _identities(policy: TrustPolicy, today: date) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "person": entry.person,
            "roles": sorted(policy.roles_of_key(name)),
            "issuer": entry.issuer,
            "identity": entry.identity,
            "source_repository_id": entry.source_repository_id,
            "source_repository_ref": entry.source_repository_ref,
            "build_trigger": entry.build_trigger,
            **_days(entry, today),
        }
        for name, entry in sorted(policy.sigstore.identities.items() if policy.sigstore else ())
    ]


def _days(entry: PolicyKey | Identity, today: date) -> dict[str, Any]:
    return {
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        "revoked_at": entry.revoked_at.isoformat() if entry.revoked_at else None,
        "compromised": entry.compromised,
        "state": _state(entry, today),
    }


def _state(entry: PolicyKey | Identity, today: date) -> str:
    if entry.compromised:
        return "compromised"
    if entry.revoked_at is not None and today >= entry.revoked_at:
        return "revoked"
    if today < entry.valid_from:
        return "not yet valid"
    if entry.valid_to is not None and today > entry.valid_to:
        return "expired"
    return "valid"


def _rule(kind: str, rule: EvidenceRule | ActRule) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, "require": dict(sorted(rule.require.items()))}
    return found | rule.model_dump(exclude={"require"}, exclude_none=True)


def _authorities(policy: TrustPolicy) -> list[dict[str, Any]]:
    pins, _ = pinned_keys(policy)
    return [
        {
            "name": name,
            "certificates": chain.count("-----BEGIN CERTIFICATE-----"),
            "keyid": pins.get(f"time-stamp authority {name}", ""),
        }
        for name, chain in sorted((policy.tsa or {}).items())
    ]


def _log(policy: TrustPolicy) -> Mapping[str, Any] | None:
    if policy.log is None:
        return None
    pins, _ = pinned_keys(policy)
    return {
        "origin": policy.log.origin,
        "keyid": pins.get("the log", ""),
        "witnesses": {name: pins.get(f"witness {name}", "") for name in sorted(policy.log.witnesses)},
        "witness_threshold": policy.log.witness_threshold,
    }


def facts_in_force(files: TrustFiles, today: date, *, roots: bytes | None = None, floor: int = 0) -> dict[str, Any]:
    """Return what there is to know of the policy in force (`casework/trust/v1`), also where it is refused.

    Raises:
        CallProblem: There is no policy, or nothing in it can be read.
    """
    if files.policy is None:
        begin = "sign its draft" if read_draft(files) is not None else "begin with `casework trust init`"
        raise CallProblem(f"there is no trust policy at {files.policy_path}; {begin}")
    reading = open_trust(files, today, roots=roots, floor=floor)
    used = roots if roots is not None else files.roots
    if reading.trust is not None:
        trust = reading.trust
        return describe(
            trust.policy,
            today,
            state="in force",
            digest=trust.digest,
            versions=trust.history,
            findings=reading.findings,
            roots=used,
        )
    sealed = read_sealed_policy(files.policy)
    if not isinstance(sealed, SealedPolicy):
        why = "; ".join(f"{one.message} ({one.code})" for one in reading.findings)
        raise CallProblem(f"{files.policy_path} cannot be read: {why}")
    return describe(sealed.policy, today, state="refused", digest=sealed.digest, findings=reading.findings, roots=used)


def facts_of_draft(files: TrustFiles, today: date) -> dict[str, Any]:
    """Return what there is to know of the draft (`casework/trust/v1`). Raises CallProblem where there is none."""
    draft = read_draft(files)
    if draft is None:
        raise CallProblem(f"there is no draft at {files.draft_path}")
    return describe(
        draft.policy,
        today,
        state="draft",
        digest=sha256_bytes(draft_envelope(draft.policy, ()).payload),
        quorums=quorums_of(files, draft),
        findings=judge_draft(files, draft, today),
        roots=files.roots,
    )
