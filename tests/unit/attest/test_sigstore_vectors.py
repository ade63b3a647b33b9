"""Bundles that others signed, on the public instance and on its staging instance: all verify, offline, years later.

Their source is in `tests/conformance/pep740/README.md`. Attestations of PEP 740 are bundles in another spelling
(https://peps.python.org/pep-0740/); here they are spelled as bundles.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from trust_lab import policy_value

from casework.attest.carrier import Opened
from casework.attest.sigstore.bundle import open_bundle
from casework.model.policy import TrustPolicy

FOLDER = Path(__file__).parents[2] / "conformance" / "pep740"
GITHUB = "https://token.actions.githubusercontent.com"
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"


@dataclass(frozen=True)
class Vector:
    """What a file says, as far as its signature covers it."""

    instance: str
    issuer: str
    identity: str
    time: str
    sha256: str
    predicate: str = PUBLISH
    repository: str | None = None
    ref: str | None = None
    trigger: str | None = None


CIRCLE = Vector(
    "public",
    "https://oidc.circleci.com",
    "https://circleci.com/api/v2/projects/fdd9283f-e619-46af-8f9c-851f7d3e8b2b/pipeline-definitions/"
    "8e4f8ab2-8d7c-4827-9f15-de076d6d647f",
    "2026-02-05T22:59:42+00:00",
    "8cb34da1e27336f11a2c43f3f9c7433bd76f24f470c904724f06ad7f131d9e9f",
    ref="refs/heads/pypi",
)
MODELS = Vector(
    "public",
    GITHUB,
    "https://github.com/trailofbits/pypi-attestation-models/.github/workflows/release.yml@refs/tags/v0.0.4a2",
    "2024-06-10T19:47:25+00:00",
    "c9709ce6fd5b67b59b4a28758cf14d3f411803c4b89b6068b1f1a8e4ee94c8ef",
    repository="772247423",
    ref="refs/tags/v0.0.4a2",
    trigger="release",
)
RELEASE = Vector(
    "public",
    GITHUB,
    "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19",
    "2024-12-04T23:14:01+00:00",
    "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
    repository="772247423",
    ref="refs/tags/v0.0.19",
    trigger="release",
)
WILLIAM = Vector(
    "staging",
    "https://github.com/login/oauth",
    "william@yossarian.net",
    "2024-06-06T18:39:05+00:00",
    "c4e92e9ecc828bef2aa7dba1de8ac983511f7532a0df11c770d39099a25cf201",
)
VECTORS = {
    "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl.provenance": CIRCLE,
    "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl.publish.attestation": CIRCLE,
    "gcb_attestation_test-0.0.0.tar.gz.provenance": Vector(
        "public",
        "https://accounts.google.com",
        "919436158236-compute@developer.gserviceaccount.com",
        "2025-04-21T15:02:27+00:00",
        "461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf",
    ),
    "gitlab_oidc_project-0.0.3.tar.gz.publish.attestation": Vector(
        "public",
        "https://gitlab.com",
        "https://gitlab.com/facutuesca/gitlab-oidc-project//.gitlab-ci.yml@refs/heads/main",
        "2024-11-19T17:37:00+00:00",
        "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
        repository="55235664",
        ref="refs/heads/main",
        trigger="push",
    ),
    "pypi_attestation_models-0.0.4a2.tar.gz.attestation": MODELS,
    "pypi_attestation_models-0.0.4a2.tar.gz.sigstore": MODELS,
    "pypi_attestations-0.0.19.tar.gz.provenance": RELEASE,
    "pypi_attestations-0.0.19.tar.gz.publish.attestation": RELEASE,
    "pypi_attestations-0.0.19.tar.gz.slsa.attestation": Vector(
        "public",
        GITHUB,
        RELEASE.identity,
        "2024-12-04T23:13:46+00:00",
        RELEASE.sha256,
        predicate="https://slsa.dev/provenance/v1",
        repository="772247423",
        ref="refs/tags/v0.0.19",
        trigger="release",
    ),
    "rfc8785-0.1.2-py3-none-any.whl.attestation": WILLIAM,
    "rfc8785-0.1.2-py3-none-any.whl.publish.attestation": WILLIAM,
    "rfc8785-0.1.2-py3-none-any.whl.sigstore": WILLIAM,
    "spt3g-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl.publish.attestation": Vector(
        "staging",
        WILLIAM.issuer,
        WILLIAM.identity,
        "2025-06-03T02:11:48+00:00",
        "d2772f9a5199f05ed1be8d9aa78b879e51772e3ead9d73fe8057257b1aec7cf8",
    ),
}


def bundle(name: str) -> dict[str, Any]:
    """Read a file and spell it as a bundle."""
    value: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    if "mediaType" in value:
        return value
    if "attestation_bundles" in value:
        ((value,),) = (one["attestations"] for one in value["attestation_bundles"])
    material, envelope = value["verification_material"], value["envelope"]

    def respelled(text: str) -> str:  # PEP 740 allows line breaks in base64
        return base64.b64encode(base64.b64decode(text)).decode()

    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": respelled(material["certificate"])},
            "tlogEntries": material["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": respelled(envelope["statement"]),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": respelled(envelope["signature"])}],
        },
    }


def opened(value: dict[str, Any], vector: Vector, *, instance: str = "", **changes: Any) -> Opened:
    root = (FOLDER / f"{instance or vector.instance}.trusted_root.json").read_bytes()
    pins = {
        "issuer": vector.issuer,
        "identity": vector.identity,
        "source_repository_id": vector.repository,
        "source_repository_ref": vector.ref,
        "build_trigger": vector.trigger,
    }
    identity = {"person": "runner", "valid_from": "2020-01-01"} | pins | changes
    policy = policy_value()
    policy["sigstore"] = {
        "trusted_root_sha256": hashlib.sha256(root).hexdigest(),
        "identities": {"signer": identity},
    }
    return open_bundle(json.dumps(value).encode(), root, TrustPolicy.model_validate(policy))


def only_problem(found: Opened) -> str:
    assert found.principals == ()
    (problem,) = found.problems
    return problem.code


def test_all_files_are_tried() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".attestation", ".provenance", ".sigstore")}
    assert files == set(VECTORS)


@pytest.mark.parametrize("name", VECTORS)
def test_a_foreign_bundle_verifies(name: str) -> None:
    vector = VECTORS[name]
    found = opened(bundle(name), vector)
    assert found.problems == ()
    (who,) = found.principals
    assert (who.name, who.signed_at, who.proof) == ("signer", datetime.fromisoformat(vector.time), "log")
    statement = json.loads(found.payload)
    assert statement["predicateType"] == vector.predicate
    assert [subject["digest"]["sha256"] for subject in statement["subject"]] == [vector.sha256]


@pytest.mark.parametrize("name", VECTORS)
def test_a_foreign_bundle_is_refused_for_anything_that_does_not_fit(name: str) -> None:
    vector, value = VECTORS[name], bundle(name)
    other = {"public": "staging", "staging": "public"}[vector.instance]
    assert only_problem(opened(value, vector, instance=other)) == "SIG-014"
    assert only_problem(opened(value, vector, issuer="https://issuer.example")) == "SIG-015"
    assert only_problem(opened(value, vector, identity=vector.identity + "x")) == "SIG-015"
    assert only_problem(opened(value, vector, source_repository_id="1")) == "SIG-012"
    assert only_problem(opened(value, vector, source_repository_ref="refs/heads/x")) == "SIG-013"
    assert only_problem(opened(value, vector, build_trigger="pull_request")) == "SIG-013"
    payload = bytearray(base64.b64decode(value["dsseEnvelope"]["payload"]))
    payload[len(payload) // 2] ^= 1
    value["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    assert only_problem(opened(value, vector)) == "SIG-014"
