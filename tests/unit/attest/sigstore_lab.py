"""A Sigstore instance, a trust policy that pins it, and honestly signed bundles, in which attacks are tried."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from trust_lab import EVIDENCE, policy_value, statement_value, trust

from casework.artifact.digest import jcs_bytes
from casework.attest.carrier import Opened
from casework.attest.opening import Anchors, bundle_name, open_record
from casework.attest.sigstore.bundle import open_bundle
from casework.attest.trust.policy import Trust
from casework.attest.verify import judge
from casework.model.policy import TrustPolicy
from doubles.sigstore_instance import GITHUB, RUN, WORKFLOW, Instance

RUN_AT = datetime(2026, 5, 1, 10, 5, tzinfo=UTC)
JUDGED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
SAN = f"https://github.com/{WORKFLOW}"
EMAIL = "vera@example.com"
ACCOUNTS = "https://accounts.example.com"
PIPELINE: dict[str, Any] = {
    "person": "runner",
    "issuer": GITHUB,
    "identity": SAN,
    "source_repository_id": "4711",
    "source_repository_ref": "refs/heads/main",
    "build_trigger": "push",
    "valid_from": "2026-01-01",
}
VERA: dict[str, Any] = {"person": "vera", "issuer": ACCOUNTS, "identity": EMAIL, "valid_from": "2026-01-01"}

HERE = Instance("lab", clock=lambda: RUN_AT)
ROOT = HERE.trusted_root()
PAYLOAD = jcs_bytes(statement_value())


def policy(root: bytes = ROOT, **identities: dict[str, Any]) -> dict[str, Any]:
    value = policy_value()
    value["sigstore"] = {
        "trusted_root_sha256": hashlib.sha256(root).hexdigest(),
        "identities": identities or {"pipeline": PIPELINE, "vera-id": VERA},
    }
    value["roles"]["ci"] += [name for name in value["sigstore"]["identities"] if name != "vera-id"]
    value["roles"]["verifier"] += ["vera-id"] if "vera-id" in value["sigstore"]["identities"] else []
    return value


def opened_policy(root: bytes = ROOT, **identities: dict[str, Any]) -> TrustPolicy:
    return TrustPolicy.model_validate(policy(root, **identities))


POLICY = opened_policy()
TRUST: Trust = trust(policy())


def raw(bundle: dict[str, Any]) -> bytes:
    return json.dumps(bundle).encode()


def honest(payload: bytes = PAYLOAD, **how: Any) -> dict[str, Any]:
    return HERE.bundle(payload, **how)


def run(**claims: str) -> dict[str, str]:
    return RUN | claims


def opened(bundle: dict[str, Any] | bytes, *, root: bytes = ROOT, by: TrustPolicy = POLICY) -> Opened:
    return open_bundle(bundle if isinstance(bundle, bytes) else raw(bundle), root, by)


def refused(bundle: dict[str, Any] | bytes, code: str, says: str = "", **how: Any) -> None:
    """Check that nobody vouches, for this one reason."""
    found = opened(bundle, **how)
    if found.principals or [one.code for one in found.problems] != [code] or says not in found.problems[0].message:
        raise AssertionError(f"expected {code} `{says}`, got {found.principals} {found.problems}")


def verdict_codes(bundle: dict[str, Any], *, world: Trust = TRUST, root: bytes | None = ROOT) -> list[str]:
    """Judge a bundle as evidence; an empty list means that it counts."""
    data = raw(bundle)
    payload = open_bundle(data, root or b"", world.policy).payload
    record = open_record(
        [(f"evidence/{EVIDENCE}/{bundle_name(payload, data)}", data)], Anchors(world, trusted_root=root)
    )
    verdict = judge(record, EVIDENCE, world, JUDGED_AT)
    found = [finding.code for finding in verdict.findings]
    if verdict.verified == bool(found):
        raise AssertionError(verdict)
    return found
