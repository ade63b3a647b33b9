"""Sign, then change one thing: never verified. And whatever the bytes: never an exception."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_lab import (
    KEYS,
    TODAY,
    envelope_of,
    judge,
    policy_value,
    resealed,
    roots,
    seal_lab_policy,
    sealed,
    statement_value,
)

from casework.attest.trust.policy import open_policy

GOOD = sealed("ci", "verifier-2", generator="validation")
POLICY = seal_lab_policy()
NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 2**53, 1e308, "", "passed", "\u202e", "x" * 300, [], {}, [[]], {"a": 1}, "0" * 64, "2026-05-01T10:00:00Z",
]  # fmt: skip


def routes(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the route to every value inside a JSON value, itself included."""
    yield here
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from routes(item, (*here, step))


def at(value: Any, route: tuple[str | int, ...]) -> Any:
    for step in route:
        value = value[step]
    return value


def changed(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a copy with one structural change: replaced, removed, doubled, renamed, added or swapped."""
    copied = copy.deepcopy(value)
    route = rng.choice([route for route in routes(copied) if route])
    parent, step = at(copied, route[:-1]), route[-1]
    match rng.randrange(5):
        case 0:
            parent[step] = rng.choice(NASTY)
        case 1:
            del parent[step]
        case 2 if isinstance(parent, list):
            parent.append(copy.deepcopy(parent[step]))
        case 3 if isinstance(parent, dict):
            parent[f"{step}{rng.choice(['', 's', '_', chr(0x200B)])}"] = parent.pop(step)
        case _:
            other = at(copied, rng.choice([route for route in routes(copied) if route]))
            parent[step] = copy.deepcopy(other)
    return copied


def test_control_the_unchanged_file_is_verified() -> None:
    assert judge(GOOD).verified
    assert open_policy(POLICY, roots(), TODAY).trust is not None


def test_every_single_byte_flip_of_evidence_is_refused() -> None:
    rng = random.Random(1)
    for position in range(len(GOOD)):
        flipped = bytearray(GOOD)
        flipped[position] ^= 1 << rng.randrange(8)
        assert not judge(bytes(flipped)).verified, position


def test_every_single_byte_flip_of_the_policy_is_refused() -> None:
    rng = random.Random(2)
    for position in range(0, len(POLICY), 3):
        flipped = bytearray(POLICY)
        flipped[position] ^= 1 << rng.randrange(8)
        assert open_policy(bytes(flipped), roots(), TODAY).trust is None, position


@settings(max_examples=300)
@given(st.integers(0, len(GOOD)), st.integers(0, 3), st.binary(max_size=3))
def test_bytes_inserted_removed_or_replaced_are_refused(position: int, length: int, content: bytes) -> None:
    data = GOOD[:position] + content + GOOD[position + length :]
    assert judge(data).verified is (data == GOOD)


@pytest.mark.parametrize("length", range(0, len(GOOD), 97))
def test_a_truncated_file_is_refused(length: int) -> None:
    assert not judge(GOOD[:length]).verified


def test_structural_changes_of_the_envelope_are_refused() -> None:
    rng = random.Random(3)
    value = envelope_of(GOOD)
    for _ in range(1500):
        mutant = changed(value, rng)
        try:
            data = rfc8785.dumps(mutant)
        except rfc8785.CanonicalizationError:
            data = json.dumps(mutant).encode()
        assert judge(data).verified is (mutant == value), mutant


def test_signed_structural_changes_never_raise_and_keep_their_meaning() -> None:
    """A trusted signer signs nonsense: it is refused, or what is accepted says what the bytes say and is of the schema."""
    rng = random.Random(4)
    value = statement_value()
    accepted = 0
    for _ in range(1500):
        mutant = changed(value, rng)
        try:
            payload = rfc8785.dumps(mutant)
        except rfc8785.CanonicalizationError:
            payload = json.dumps(mutant).encode()
        verdict = judge(resealed(payload))
        if verdict.verified:
            accepted += 1
            assert verdict.statement is not None
            again = json.loads(json.dumps(verdict.statement.model_dump(by_alias=True, exclude_unset=True)))
            assert again == json.loads(payload)
            assert mutant["predicate"]["evidence"] == "EV-1"
            assert mutant["predicateType"] == value["predicateType"]
            assert len(mutant["subject"]) == 1
        else:
            assert verdict.findings
    assert 0 < accepted < 1000  # other names, figures and options are the signer's to say


def test_signed_structural_changes_of_the_policy_never_raise_and_never_lower_the_root() -> None:
    rng = random.Random(5)
    value = policy_value()
    for _ in range(300):
        mutant = changed(value, rng)
        try:
            payload = rfc8785.dumps(mutant)
        except rfc8785.CanonicalizationError:
            payload = json.dumps(mutant).encode()
        from casework.attest.dsse import sign_envelope
        from casework.model.policy import POLICY_PAYLOAD_TYPE

        one = sign_envelope(POLICY_PAYLOAD_TYPE, payload, [KEYS["root-a"]])
        assert open_policy(one, roots(), TODAY).trust is None
        both = sign_envelope(POLICY_PAYLOAD_TYPE, payload, [KEYS["root-a"], KEYS["root-b"]])
        reading = open_policy(both, roots(), TODAY)
        assert reading.trust is not None or reading.findings


@pytest.mark.parametrize(
    "change",
    [
        {"started": "2026-05-01T10:00:01Z"},
        {"digests": {"model": "d" * 64}},
        {"seed": 7},
        {"status": "error"},
        {"evidence": "EV-2"},
        {"requirements": {}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_signatures_do_not_move_to_another_record(change: dict[str, Any]) -> None:
    """Change the date, the key of the evidence, the digest, ... and keep the old signatures."""
    other = envelope_of(sealed("ci", "verifier-2", generator="validation", **change))
    moved = envelope_of(GOOD) | {"payload": other["payload"]}
    verdict = judge(rfc8785.dumps(moved))
    assert not verdict.verified
    assert {finding.code for finding in verdict.findings} >= {"SIG-003"}
    assert verdict.signers == ()


def test_signatures_do_not_move_to_another_subject() -> None:
    value = statement_value("validation")
    value["subject"][0]["digest"]["sha256"] = "e" * 64
    moved = envelope_of(GOOD) | {"payload": envelope_of(resealed(value))["payload"]}
    assert not judge(rfc8785.dumps(moved)).verified


def test_keys_do_not_swap_their_signatures() -> None:
    value = envelope_of(GOOD)
    one, two = value["signatures"]
    one["keyid"], two["keyid"] = two["keyid"], one["keyid"]
    assert not judge(rfc8785.dumps(value)).verified


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise_as_a_file(data: bytes) -> None:
    assert not judge(data).verified


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=300))
def test_no_bytes_make_it_raise_as_a_signed_payload(payload: bytes) -> None:
    verdict = judge(resealed(payload))
    assert not verdict.verified
    assert verdict.findings


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*sorted(statement_value()), "predicate", "digest"]), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_json_makes_it_raise_as_a_signed_payload(value: Any) -> None:
    assert not judge(resealed(json.dumps(value).encode())).verified


@given(st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "timestamps", "x"]), json_values))
def test_no_json_makes_it_raise_as_an_envelope(value: Any) -> None:
    assert not judge(json.dumps(value).encode()).verified
