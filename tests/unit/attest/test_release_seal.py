"""The seal of a release: read strictly, counted by persons, dated by the last signature that was needed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trust_lab import KEYS, NOW, STRANGER, policy_value, resealed, trust

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.dating.authorities import load_authorities
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.opening import Anchors
from casework.attest.release import (
    Seal,
    content_findings,
    judge_seal,
    manifest_bytes,
    open_seal,
    read_manifest,
    read_release,
    release_statement,
    seal_release,
)
from casework.model.release import ReleaseManifest, ReleaseRecord, ReleaseStatement
from doubles.tsa import Tsa

TSA = Tsa("seal TSA")
FILES = {"a.txt": {"size": 1, "sha256": "a" * 64}, "b.txt": {"size": 2, "sha256": "b" * 64}}
MANIFEST = ReleaseManifest.model_validate({"schema": "casework/release-manifest/v1", "files": FILES})
SHA = sha256_bytes(manifest_bytes(MANIFEST))
RECORD = ReleaseRecord.model_validate(
    {
        "case": {"name": "Lab"}, "commit": "c" * 40, "decision": "pass", "release": True, "judged": "2026-05-01",
        "sealed": "2026-05-01T08:00:00Z", "policy": {"name": "lab", "version": 3, "sha256": "d" * 64},
        "verifier": {"casework": "0.1.0", "python": "3.11.7"},
    }
)  # fmt: skip
STATEMENT = release_statement(SHA, RECORD)


def anchors(require: dict[str, int] | None = None, **rule: Any) -> Anchors:
    acts = {} if require is None else {"release": {"require": require, **rule}}
    world = trust(policy_value(acts=acts, tsa={"lab": TSA.pem}))
    return Anchors(world, load_authorities(world.policy.tsa)[0])


def sealed(*names: str, at: dict[str, datetime] | None = None) -> bytes:
    data = seal_release(STATEMENT, [KEYS[name] for name in names])
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    by_id = {KEYS[name].keyid: name for name in names}
    tokens = [
        TSA.token(one.sig, (at or {})[by_id[one.keyid]])
        for one in envelope.signatures
        if by_id[one.keyid] in (at or {})
    ]
    return replace(envelope, timestamps=tuple(tokens)).to_bytes()


def judged(data: bytes, world: Anchors, now: datetime = NOW) -> Seal:
    found = judge_seal(data, world, now)
    assert isinstance(found, Seal), found
    return found


def codes(found: Seal) -> list[str]:
    return [one.code for one in found.problems]


def day(number: int) -> datetime:
    return datetime(2026, 5, number, 12, tzinfo=UTC)


def test_what_was_sealed_is_read_back() -> None:
    assert open_seal(sealed("verifier-2")) == STATEMENT
    assert read_manifest(manifest_bytes(MANIFEST)) == MANIFEST
    assert sealed("verifier-2", "double-hat") == sealed("double-hat", "verifier-2")


def test_it_takes_effect_when_the_last_person_signed_who_was_needed() -> None:
    world = anchors({"verifier": 2})
    three = sealed(
        "verifier-2", "double-hat", "verifier", at={"verifier-2": day(3), "double-hat": day(9), "verifier": day(20)}
    )
    found = judged(three, world)
    assert (found.sealed_at, found.proven, codes(found)) == (day(9), True, [])
    two = sealed("verifier-2", "double-hat", at={"verifier-2": day(3)})
    found = judged(two, world)
    assert (found.sealed_at, found.proven, codes(found)) == (datetime(2026, 5, 1, 8, tzinfo=UTC), False, [])
    assert any("nothing proves when double-hat" in text for text in found.remarks)


def test_time_that_the_policy_wants_proven_must_be() -> None:
    world = anchors({"verifier": 2}, timestamp=True)
    assert codes(judged(sealed("verifier-2", "double-hat", at={"verifier-2": day(3)}), world)) == ["TIM-001"]
    both = sealed("verifier-2", "double-hat", at={"verifier-2": day(3), "double-hat": day(4)})
    assert codes(judged(both, world)) == []


def test_persons_are_counted_and_not_keys() -> None:
    world = anchors({"verifier": 2})
    assert codes(judged(sealed("verifier", "verifier-token"), world)) == ["SIG-006"]
    assert codes(judged(sealed("developer"), world)) == ["SIG-005"]
    apart = anchors({"verifier": 1, "ci": 1}, separate_roles=True)
    assert codes(judged(sealed("double-hat"), apart)) == ["IND-002"]


def test_machines_never_release() -> None:
    assert codes(judged(sealed("ci"), anchors())) == ["SIG-006"]
    assert codes(judged(sealed("ci"), anchors({"ci": 1}))) == ["SIG-006"]
    assert codes(judged(sealed("ci", "double-hat"), anchors({"ci": 1}))) == []


def test_without_a_rule_one_person_is_enough_and_it_is_said() -> None:
    found = judged(sealed("developer"), anchors())
    assert codes(found) == []
    assert any("demands nothing" in text for text in found.remarks)


def test_a_stranger_or_a_missing_policy_makes_no_seal() -> None:
    assert codes(judged(seal_release(STATEMENT, [STRANGER]), anchors())) == ["SIG-004"]
    assert codes(judged(sealed("verifier"), Anchors(None))) == ["POL-000"]


def test_a_release_of_the_future_is_refused() -> None:
    assert "TIM-003" in codes(judged(sealed("verifier-2"), anchors(), datetime(2026, 4, 1, tzinfo=UTC)))


def held(**changes: tuple[int, str] | None) -> dict[str, tuple[int, str]]:
    names = {
        "manifest.json": (100, SHA), "seal.dsse.json": (1, "e" * 64), "a.txt": (1, "a" * 64), "b.txt": (2, "b" * 64),
    } | {name.replace("_", "."): value for name, value in changes.items()}  # fmt: skip
    return {name: value for name, value in names.items() if value is not None}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (held(), []),
        (held(a_txt=None), ["ART-014"]),
        (held(c_txt=(1, "c" * 64)), ["ART-014"]),
        (held(a_txt=(1, "f" * 64)), ["ART-016"]),
        (held(a_txt=(9, "a" * 64)), ["ART-016"]),
        ({**held(), "manifest.json": (100, "f" * 64)}, ["ART-016"]),
        ({}, ["ART-016", "ART-014"]),
    ],
)
def test_content_is_what_the_seal_covers(members: dict[str, tuple[int, str]], expected: list[str]) -> None:
    assert [f.code for f in content_findings(members, MANIFEST, STATEMENT)] == expected


def value(**predicate: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(STATEMENT.model_dump_json(by_alias=True, exclude_none=True))
    found["predicate"] |= predicate
    return found


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (value() | {"predicateType": "https://casework.dev/act/v1"}, "BND-000"),
        (value() | {"subject": []}, "PRS-007"),
        (value() | {"subject": [{"name": "manifest.json", "digest": {"sha1": "a" * 40}}]}, "PRS-007"),
        (value() | {"subject": [{"name": "other.json", "digest": {"sha256": SHA}}]}, "PRS-007"),
        (value(decision="maybe"), "PRS-007"),
        (value(release="true"), "PRS-007"),
        (value(commit="HEAD"), "PRS-007"),
        (value(sealed="2026-02-31T00:00:00Z"), "PRS-007"),
        (value(judged="2026-13-01"), "PRS-007"),
        (value(note="x"), "PRS-007"),
        (value(verifier={}), "PRS-007"),
    ],
)
def test_a_statement_of_another_form_is_refused_even_if_signed(payload: dict[str, Any], code: str) -> None:
    problems = open_seal(resealed(payload, "verifier-2"))
    assert not isinstance(problems, ReleaseStatement)
    assert problems[0].code == code, problems
    assert not isinstance(judge_seal(resealed(payload, "verifier-2"), anchors(), NOW), Seal)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert not isinstance(open_seal(data), ReleaseStatement)
    assert not isinstance(read_release(data), ReleaseStatement)
    assert not isinstance(read_manifest(data), ReleaseManifest)
    assert not isinstance(judge_seal(data, Anchors(None), NOW), Seal)


def test_other_bytes_than_canonical_are_refused() -> None:
    problems = read_release(json.dumps(value(), indent=1).encode())
    assert not isinstance(problems, ReleaseStatement)
    assert problems[0].code == "PRS-008"
    assert jcs_bytes(value()) == read_envelope_payload(sealed("verifier-2"))


def read_envelope_payload(data: bytes) -> bytes:
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    return envelope.payload
