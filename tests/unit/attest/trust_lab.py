"""A small world of real keys, persons and a signed policy, in which attacks are tried."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import sign_envelope
from casework.attest.keys import FileKey, load_private_key
from casework.attest.seal import seal, seal_policy
from casework.attest.trust.policy import Trust, TrustReading, open_policy
from casework.attest.verify import sealed_name, verify
from casework.model.policy import TrustPolicy
from casework.model.result import PAYLOAD_TYPE, Statement
from casework.model.verdict import Verdict

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
EVIDENCE = "EV-1"


def ed25519(name: str) -> FileKey:
    seed = hashlib.sha256(f"test key {name}".encode()).digest()
    pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return load_private_key(pem)


def ecdsa(name: str, curve: ec.EllipticCurve) -> FileKey:
    secret = int.from_bytes(hashlib.sha256(f"test key {name}".encode()).digest(), "big") >> 8
    return load_private_key(
        ec.derive_private_key(secret, curve).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


KEYS: dict[str, FileKey] = {
    "root-a": ed25519("root-a"),
    "root-b": ed25519("root-b"),
    "ci": ed25519("ci"),
    "verifier": ecdsa("verifier", ec.SECP256R1()),
    "verifier-token": ecdsa("verifier-token", ec.SECP384R1()),
    "verifier-2": ed25519("verifier-2"),
    "developer": ed25519("developer"),
    "double-hat": ed25519("double-hat"),
}
HOLDERS = {
    "root-a": "ada",
    "root-b": "bob",
    "ci": "runner",
    "verifier": "vera",
    "verifier-token": "vera",
    "verifier-2": "viktor",
    "developer": "dev",
    "double-hat": "hatty",
}
STRANGER = ed25519("stranger")


def policy_value(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = {
        "schema": "casework/trust-policy/v1",
        "name": "lab",
        "version": 3,
        "expires": "2027-01-01",
        "root": {"threshold": 2, "keys": ["root-a", "root-b"]},
        "keys": {
            name: {"public_key_pem": key.public.pem.decode(), "person": HOLDERS[name], "valid_from": "2026-01-01"}
            for name, key in KEYS.items()
        },
        "persons": {
            "ada": {"name": "Ada", "roles": []},
            "bob": {"name": "Bob", "roles": []},
            "runner": {"name": "Runner", "roles": ["ci"], "machine": True},
            "vera": {"name": "Vera", "roles": ["verifier"]},
            "viktor": {"name": "Viktor", "roles": ["verifier"]},
            "dev": {"name": "Dev", "roles": ["developer"]},
            "hatty": {"name": "Hatty", "roles": ["ci", "verifier"]},
        },
        "roles": {
            "ci": ["ci", "double-hat"],
            "verifier": ["verifier", "verifier-token", "verifier-2", "double-hat"],
            "developer": ["developer"],
        },
        "evidence_types": {
            "dataset": {"require": {"ci": 1}},
            "validation": {"require": {"ci": 1, "verifier": 1}, "independent": True, "separate_roles": True},
            "roi": {"require": {"verifier": 2}},
        },
    }
    return value | changes


def roots(*names: str) -> bytes:
    return b"".join(KEYS[name].public.pem for name in (names or ("root-a", "root-b")))


def seal_lab_policy(value: dict[str, Any] | None = None, signers: tuple[str, ...] = ("root-a", "root-b")) -> bytes:
    policy = TrustPolicy.model_validate(value or policy_value())
    return seal_policy(policy, [KEYS[name] for name in signers])


def open_lab(value: dict[str, Any] | None = None, *, today: date = TODAY) -> TrustReading:
    return open_policy(seal_lab_policy(value), roots(), today)


def trust(value: dict[str, Any] | None = None) -> Trust:
    reading = open_lab(value)
    if reading.trust is None:
        raise AssertionError(reading.findings)
    return reading.trust


def with_key(name: str, **changes: Any) -> dict[str, Any]:
    value = policy_value()
    value["keys"][name] |= changes
    return value


def statement_value(generator: str = "dataset", **record: Any) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "MC-1", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://casework.dev/evidence-result/v1",
        "predicate": {
            "evidence": EVIDENCE,
            "generator": {"name": generator, "version": 1},
            "requirements": {"REQ-1": "b" * 64},
            "digests": {"model": "a" * 64, "data": "c" * 64},
            "options": {"score": 0.3, "classes": ["stop", "yield"]},
            "started": "2026-05-01T10:00:00Z",
            "duration_s": 12.5,
            "status": "complete",
            "metrics": [
                {"name": "recall", "value": 0.97, "unit": "ratio", "n": 1000, "k": 970, "ci_low": 0.957, "ci_high": 0.98,
                 "confidence": 0.95, "method": "clopper-pearson"},
                {"name": "recall", "slice": "light=night", "value": 0.9, "unit": "ratio", "n": 100, "k": 90},
            ],
            "self_checks": [{"name": "decodes", "outcome": "passed", "detail": "all images decode"}],
        }
        | record,
    }  # fmt: skip


def statement(generator: str = "dataset", **record: Any) -> Statement:
    return Statement.model_validate(statement_value(generator, **record), strict=False)  # lists for tuples


def sealed(*signers: str, generator: str = "dataset", **record: Any) -> bytes:
    return seal(statement(generator, **record), [KEYS[name] for name in signers or ("ci",)])


def resealed(payload: bytes | dict[str, Any], *signers: str, kind: str = PAYLOAD_TYPE) -> bytes:
    """Sign any payload with real keys: what a hostile but trusted signer could produce."""
    raw = payload if isinstance(payload, bytes) else jcs_bytes(payload)
    return sign_envelope(kind, raw, [KEYS[name] for name in signers or ("ci",)])


def envelope_of(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value


def judge(
    data: bytes, world: Trust | None = None, *, evidence: str = EVIDENCE, now: datetime = NOW, generator: str = ""
) -> Verdict:
    path = f"evidence/{evidence}/{sealed_name(data)}"
    return verify(evidence, path, data, world if world is not None else LAB, now, generator=generator)


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def refused(data: bytes, code: str, world: Trust | None = None, **how: Any) -> Verdict:
    """Check that a file is not verified, for this one reason, and that the finding says where."""
    verdict = judge(data, world, **how)
    found = codes(verdict)
    if verdict.verified or found != [code]:
        raise AssertionError(f"expected {code}, got verified={verdict.verified} {verdict.findings}")
    finding = verdict.findings[0]
    if finding.file != verdict.path or finding.node != verdict.evidence or not finding.fix or not finding.message:
        raise AssertionError(finding)
    return verdict


LAB = trust()
