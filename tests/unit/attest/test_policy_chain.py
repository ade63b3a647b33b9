"""Walking from a pinned root to the newest policy, and all the ways in which a chain of versions can be broken."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trust_lab import KEYS, STRANGER, TODAY, envelope_of, policy_value, roots, seal_lab_policy

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import countersign
from casework.attest.keys import load_private_key
from casework.attest.seal import seal_policy
from casework.attest.trust.drafting import draft_findings
from casework.attest.trust.policy import TrustReading, open_policy
from casework.model.policy import TrustPolicy

DEMO = Path(__file__).parents[3] / "evidence" / "trust" / "demo-keys"

FIRST = {"threshold": 2, "keys": ["root-a", "root-b"]}
SECOND = {"threshold": 2, "keys": ["root-b", "double-hat", "verifier-2"]}
THIRD = {"threshold": 2, "keys": ["double-hat", "verifier-2", "developer"]}


def version(number: int, root: dict[str, Any], *signers: str, **changes: Any) -> bytes:
    return seal_lab_policy(policy_value(version=number, root=root, **changes), signers)


ONE = version(1, FIRST, "root-a", "root-b", expires="2026-02-01")  # expired long before the day of judgement
TWO = version(2, FIRST, "root-a", "root-b")
THREE = version(3, SECOND, "root-a", "root-b", "double-hat")
FOUR = version(4, THIRD, "double-hat", "verifier-2")
CHAIN = (ONE, TWO, THREE, FOUR)
ANCHORED = 3
"""How many versions from the beginning the first root has signed."""


def walk(chain: Sequence[bytes], pins: bytes | None = None, **how: Any) -> TrustReading:
    return open_policy(chain[-1], pins or roots(), TODAY, history=chain[:-1], **how)


def refused(reading: TrustReading, *expected: str) -> None:
    assert reading.trust is None
    assert [finding.code for finding in reading.findings] == list(expected)
    assert all(one.message and one.fix for one in reading.findings)


def payload_digest(data: bytes) -> str:
    return hashlib.sha256(base64.b64decode(envelope_of(data)["payload"])).hexdigest()


def edited(data: bytes, **changes: Any) -> bytes:
    return jcs_bytes(envelope_of(data) | changes)


def test_rotation_one_to_two_to_three_with_new_roots_two_of_three() -> None:
    for length in range(1, len(CHAIN) + 1):
        reading = walk(CHAIN[:length]) if length > 1 else open_policy(ONE, roots(), date(2026, 1, 15))
        assert reading.findings == ()
        assert reading.trust is not None
        assert reading.trust.policy.version == length
        assert [one.number for one in reading.trust.history] == list(range(1, length + 1))
        assert [one.digest for one in reading.trust.history] == [payload_digest(one) for one in CHAIN[:length]]
        assert reading.trust.digest == payload_digest(CHAIN[length - 1])
    assert reading.trust is not None
    assert [one.by_pinned for one in reading.trust.history] == [True, True, True, False]
    assert [one.signers for one in reading.trust.history] == [
        ("root-a", "root-b"), ("root-a", "root-b"), ("double-hat", "root-b"), ("double-hat", "verifier-2"),
    ]  # fmt: skip


def test_whoever_pinned_any_root_of_the_chain_walks_on_from_there() -> None:
    for names in (("root-a", "root-b"), ("root-b", "double-hat", "verifier-2"), ("double-hat", "verifier-2")):
        assert walk(CHAIN, roots(*names)).trust is not None
    assert walk((THREE, FOUR)).trust is not None
    refused(walk((FOUR,)), "POL-002")
    refused(walk(CHAIN, STRANGER.public.pem), "POL-002")


def test_of_several_pinned_keys_more_than_half_must_have_signed_one_version() -> None:
    assert walk(CHAIN, roots("root-a", "root-b", "developer")).trust is not None
    refused(walk(CHAIN, roots("root-a", "developer", "ci")), "POL-002")
    assert walk(CHAIN, roots("root-a", "developer", "ci"), threshold=1).trust is not None
    # One of two pinned keys signed each of two versions: together they are no two for one version.
    refused(walk((ONE, TWO, THREE, FOUR), roots("root-a", "verifier-2")), "POL-002")


@settings(max_examples=150)
@given(st.lists(st.sampled_from(CHAIN), max_size=5))
@example([ONE, TWO, THREE])
@example([TWO, THREE])
def test_attack_70_pol_008_any_permutation_or_omission_of_the_chain_is_refused(history: list[bytes]) -> None:
    reading = open_policy(FOUR, roots(), TODAY, history=history)
    kept = tuple(one for one in history if one != FOUR)
    honest = bool(kept) and kept == CHAIN[ANCHORED - len(kept) : ANCHORED]
    assert (reading.trust is not None) is honest
    if not honest:
        assert {one.code for one in reading.findings} <= {"POL-008", "POL-002"}


@settings(max_examples=300)
@given(st.integers(0, 3), st.integers(0), st.integers(1, 255))
def test_attack_71_any_edited_byte_of_the_chain_is_refused(which: int, place: int, change: int) -> None:
    chain = [*CHAIN]
    data = bytearray(chain[which])
    data[place % len(data)] ^= change
    chain[which] = bytes(data)
    assert walk(chain).trust is None


@pytest.mark.parametrize("which", range(4))
def test_attack_71_each_signature_of_the_chain_is_needed(which: int) -> None:
    for left_out in range(len(envelope_of(CHAIN[which])["signatures"])):
        signatures = envelope_of(CHAIN[which])["signatures"]
        del signatures[left_out]
        chain = [*CHAIN]
        chain[which] = edited(CHAIN[which], signatures=signatures)
        reading = walk(chain)
        assert reading.trust is None
        assert {one.code for one in reading.findings} <= {"POL-008", "POL-002"}


@pytest.mark.parametrize("which", range(4))
def test_attack_71_no_signature_of_the_chain_may_be_doubled_or_broken(which: int) -> None:
    signatures = envelope_of(CHAIN[which])["signatures"]
    for changed in (
        [*signatures, signatures[0]],
        [signatures[0] | {"sig": base64.b64encode(bytes(64)).decode()}, *signatures[1:]],
    ):
        chain = [*CHAIN]
        chain[which] = edited(CHAIN[which], signatures=changed)
        reading = walk(chain)
        assert reading.trust is None
        assert {one.code for one in reading.findings} <= {"POL-008", "POL-002"}


def test_pol_008_one_broken_root_signature_is_refused_even_where_enough_have_signed() -> None:
    three = version(3, SECOND, "root-a", "root-b", "double-hat", "verifier-2")
    assert walk((ONE, TWO, three, FOUR)).trust is not None
    signatures = envelope_of(three)["signatures"]
    for one in signatures:
        if one["keyid"] == KEYS["double-hat"].keyid:
            one["sig"] = base64.b64encode(bytes(64)).decode()
    refused(walk((ONE, TWO, edited(three, signatures=signatures), FOUR)), "POL-008")


def test_a_strangers_signature_in_the_chain_is_ignored() -> None:
    assert walk([countersign(one, STRANGER) for one in CHAIN]).trust is not None


def test_pol_008_a_new_root_that_the_old_one_has_not_signed() -> None:
    usurped = version(4, {"threshold": 1, "keys": ["ci"]}, "ci")
    refused(walk((ONE, TWO, THREE, usurped)), "POL-008")
    half = version(4, {"threshold": 1, "keys": ["ci"]}, "ci", "double-hat")
    refused(walk((ONE, TWO, THREE, half)), "POL-008")
    # Also where the pinned root of old signs: it is no root any more once it has been replaced.
    refused(walk((ONE, TWO, THREE, version(4, FIRST, "root-a", "root-b"))), "POL-008")


def test_pol_008_two_keys_of_one_person_are_one_person_of_the_old_root() -> None:
    root = {"threshold": 2, "keys": ["verifier", "verifier-token", "root-b"]}
    before = version(3, root, "root-a", "root-b", "verifier")
    after = version(4, FIRST, "verifier", "verifier-token", "root-a", "root-b")
    assert walk((TWO, before, after)).trust is not None  # root-b is one of the old root too
    only = version(4, {"threshold": 1, "keys": ["ci"]}, "verifier", "verifier-token", "ci")
    refused(walk((TWO, before, only)), "POL-008")


def test_pol_008_a_revoked_root_key_does_not_hand_on() -> None:
    keys = policy_value()["keys"]
    for change in ({"revoked_at": "2026-02-01"}, {"compromised": True}):
        value = policy_value(version=3, root=SECOND, keys=keys | {"double-hat": keys["double-hat"] | change})
        three = seal_lab_policy(value, ("root-a", "root-b", "double-hat", "verifier-2"))
        refused(walk((ONE, TWO, three, FOUR)), "POL-008")


def test_pol_008_one_name_for_the_whole_chain() -> None:
    refused(walk((ONE, TWO, version(3, FIRST, "root-a", "root-b", name="other"))), "POL-008")


def test_pol_008_an_unreadable_version_names_its_place() -> None:
    for junk in (b"", b"{}", ONE[:-1], b"[]", jcs_bytes(policy_value())):
        reading = walk((ONE, junk, THREE, FOUR))
        refused(reading, "POL-008")
        assert "superseded trust policy 2" in reading.findings[0].message


def test_pol_003_only_the_last_version_must_not_have_expired() -> None:
    refused(walk((ONE, TWO, version(3, FIRST, "root-a", "root-b", expires="2026-05-31"))), "POL-003")


def test_attack_70_pol_001_floor_and_digests_seen_before() -> None:
    assert walk(CHAIN, floor=4).trust is not None
    refused(walk(CHAIN, floor=5), "POL-001")
    refused(walk(CHAIN[:3], floor=4), "POL-001")
    seen = {number: payload_digest(one) for number, one in enumerate(CHAIN, 1)}
    assert walk(CHAIN, seen=seen).trust is not None
    refused(walk(CHAIN[:3], seen=seen), "POL-001")
    # The keys of a root that was replaced years ago make a history of their own.
    forged = version(4, {"threshold": 1, "keys": ["ci"]}, "root-a", "root-b", "ci")
    assert walk((forged,)).trust is not None
    refused(walk((forged,), seen=seen), "POL-001")
    refused(walk((TWO, version(3, FIRST, "root-a", "root-b"), forged), seen=seen), "POL-001", "POL-001")


def test_an_installation_that_was_cut_short_leaves_trust_as_it_was() -> None:
    assert open_policy(FOUR, roots(), TODAY, history=CHAIN).trust is not None
    assert open_policy(TWO, roots(), TODAY, history=[TWO]).trust is not None


def demo_key(name: str) -> Any:
    return load_private_key((DEMO / f"demo-{name}.pem").read_bytes())


def sealed_by(value: dict[str, Any], *keys: Any) -> bytes:
    return seal_policy(TrustPolicy.model_validate(value), keys)


def with_demo_root(number: int, **changes: Any) -> dict[str, Any]:
    value = policy_value(version=number, root={"threshold": 1, "keys": ["demo"]}, **changes)
    entry = value["keys"]["root-a"] | {"public_key_pem": demo_key("root").public.pem.decode()}
    return value | {"keys": value["keys"] | {"demo": entry}}


def test_pol_010_what_has_come_from_a_demo_root_stays_demo() -> None:
    first = sealed_by(with_demo_root(1, demo=True), demo_key("root"))
    second = sealed_by(policy_value(version=2), demo_key("root"), KEYS["root-a"], KEYS["root-b"])
    third = version(3, FIRST, "root-a", "root-b")
    chain = (first, second, third)
    reading = walk(chain, demo_key("root").public.pem)
    assert [one.code for one in reading.findings] == ["POL-010"]
    assert reading.trust is not None
    assert reading.trust.demo
    # The new root is pinned: what went before does not matter, also where the new root has signed it too.
    real = walk((sealed_by(with_demo_root(1, demo=True), demo_key("root"), KEYS["root-a"], KEYS["root-b"]), *chain[1:]))
    assert real.findings == ()
    assert real.trust is not None
    assert not real.trust.demo


def test_pol_010_a_published_root_key_on_the_way_lets_anybody_in() -> None:
    on_the_way = sealed_by(with_demo_root(2), demo_key("root"), KEYS["root-a"], KEYS["root-b"])
    anybodys = sealed_by(policy_value(version=3, root={"threshold": 1, "keys": ["ci"]}), demo_key("root"), KEYS["ci"])
    reading = walk((ONE, on_the_way, anybodys))
    assert [one.code for one in reading.findings] == ["POL-010"]


@given(st.lists(st.binary(max_size=60) | st.sampled_from(CHAIN), max_size=4), st.binary(max_size=60))
def test_walking_never_raises_on_any_bytes(history: list[bytes], last: bytes) -> None:
    assert open_policy(last, roots(), TODAY, history=history).trust is None


def with_last_day(number: int, key: str, *signers: str) -> bytes:
    """Return a version in which one key has a last day, in the far future."""
    keys = policy_value()["keys"]
    keys[key]["valid_to"] = "2030-01-01"
    return version(number, FIRST, *(signers or ("root-a", "root-b")), keys=keys)


def test_a_root_key_with_a_last_day_is_refused_wherever_it_stands_in_its_days() -> None:
    reading = walk((with_last_day(1, "root-b"),))
    refused(reading, "SIG-008")
    assert reading.findings[0].message == (
        "root key root-b has a last day, and nothing proves when a policy was signed: leave it open and end it by rotation"
    )
    assert walk((with_last_day(1, "ci"),)).trust is not None  # signers of evidence may end


def test_a_root_key_with_a_last_day_carries_no_chain_on() -> None:
    """Version 1 was opened by an earlier verifier; whoever holds the key that ended must not make version 2 of it."""
    refused(walk((with_last_day(1, "root-b"), TWO)), "POL-008")
    refused(walk((ONE, with_last_day(2, "root-a"), THREE)), "POL-008")
    assert walk((with_last_day(1, "ci"), TWO)).trust is not None


def test_a_draft_with_a_root_key_that_ends_is_not_signed() -> None:
    value = policy_value()
    value["keys"]["root-a"]["valid_to"] = "2030-01-01"
    found = draft_findings(TrustPolicy.model_validate(value), TODAY, "policy.draft.json")
    assert [one.code for one in found] == ["SIG-008"]
    assert draft_findings(TrustPolicy.model_validate(policy_value()), TODAY, "policy.draft.json") == ()
