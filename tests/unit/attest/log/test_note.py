"""Signed notes and checkpoints: published vectors, what is refused, and what is ignored."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.carrier import Problem
from casework.attest.keys import generate_private_pem, load_private_key, load_public_key
from casework.attest.log.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Cosigner,
    Note,
    NoteSignature,
    check,
    cosign,
    key_id,
    read_checkpoint,
    read_note,
    sign_checkpoint,
    sign_note,
)
from doubles.loglab import AT, LOG_KEY, ORIGIN, WITNESSES, honest_lines, signed

# The key pair and note of the tests of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

# The example of https://c2sp.org/tlog-cosignature; its keys are not published, so only its form can be checked.
C2SP = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def go_cosigner() -> Cosigner:
    name, _keyid, material = GO_KEY.split("+", 2)
    raw = Ed25519PublicKey.from_public_bytes(base64.b64decode(material)[1:])
    pem = raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Cosigner(name, ED25519, load_public_key(pem))


def a_note(data: bytes) -> Note:
    note = read_note(data)
    assert isinstance(note, Note), note
    return note


def a_checkpoint(data: bytes) -> Checkpoint:
    state = read_checkpoint(data)
    assert isinstance(state, Checkpoint), state
    return state


def test_published_note_verifies_and_its_key_has_the_published_id() -> None:
    cosigner = go_cosigner()
    assert cosigner.to_text() == GO_KEY
    note = a_note(GO_NOTE.encode())
    assert note.text == GO_TEXT
    assert check(note, cosigner).fits
    assert note.to_bytes() == GO_NOTE.encode()


def test_published_note_is_written_byte_for_byte() -> None:
    pem = Ed25519PrivateKey.from_private_bytes(GO_SEED).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = load_private_key(pem)
    assert sign_note(GO_TEXT, "PeterNeumann", key, key.public).to_bytes() == GO_NOTE.encode()


def test_published_checkpoint_has_its_parts() -> None:
    state = a_checkpoint(C2SP.encode())
    assert (state.origin, state.size) == ("example.com/behind-the-sofa", 20852163)
    assert base64.b64encode(state.root).decode() == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert [one.name for one in state.note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    witness = state.note.signatures[1]
    assert witness.keyid.hex() == "8d66cf3f"
    assert int.from_bytes(witness.value[:8], "big") == 1679315147  # as the specification writes it
    assert len(witness.value) == 72


def test_a_checkpoint_signed_here_verifies_and_a_changed_one_does_not() -> None:
    data = signed(honest_lines())
    log = Cosigner(ORIGIN, ED25519, LOG_KEY.public)
    assert check(a_note(data), log).fits
    changed = a_note(data.replace(b"\n14\n", b"\n15\n"))
    assert check(changed, log).found == 1
    assert not check(changed, log).fits


def test_a_cosignature_states_its_time_and_is_for_no_other() -> None:
    note = a_note(signed(honest_lines(), witnesses=["w1"]))
    witness = Cosigner("w1", COSIGNATURE, WITNESSES["w1"].public)
    assert check(note, witness).at == AT
    mine = note.signatures[1]
    later = NoteSignature("w1", mine.keyid, (1).to_bytes(8, "big") + mine.value[8:])
    assert not check(Note(note.text, (later,)), witness).fits
    plain = Cosigner("w1", ED25519, WITNESSES["w1"].public)
    assert check(note, plain).found == 0  # another type has another id


def test_cosigning_again_replaces_the_earlier_one() -> None:
    note = a_note(signed(honest_lines(), witnesses=["w1"]))
    again = cosign(note, "w1", WITNESSES["w1"], WITNESSES["w1"].public, datetime(2027, 1, 1, tzinfo=UTC))
    assert len(again.signatures) == 2
    assert check(again, Cosigner("w1", COSIGNATURE, WITNESSES["w1"].public)).at == datetime(2027, 1, 1, tzinfo=UTC)


def test_signatures_of_unknown_keys_are_ignored_even_if_they_share_name_or_id() -> None:
    note = a_note(signed(honest_lines()))
    own = note.signatures[0]
    strangers = (
        NoteSignature(ORIGIN, b"\0\0\0\0", b"x" * 64),
        NoteSignature("other.example", own.keyid, b"x" * 64),
        NoteSignature("post-quantum.example", b"abcd", b"x" * 2428),
    )
    full = a_note(Note(note.text, (*strangers, own)).to_bytes())
    assert check(full, Cosigner(ORIGIN, ED25519, LOG_KEY.public)).fits


def test_a_broken_signature_of_a_known_key_spoils_the_good_one() -> None:
    note = a_note(signed(honest_lines()))
    own = note.signatures[0]
    spoilt = Note(note.text, (own, NoteSignature(own.name, own.keyid, b"x" * 64)))
    assert check(spoilt, Cosigner(ORIGIN, ED25519, LOG_KEY.public)) == check(
        Note(note.text, spoilt.signatures[::-1]), Cosigner(ORIGIN, ED25519, LOG_KEY.public)
    )
    assert not check(spoilt, Cosigner(ORIGIN, ED25519, LOG_KEY.public)).fits


def test_a_time_beyond_all_calendars_is_refused() -> None:
    key = WITNESSES["w1"]
    note = a_note(signed(honest_lines()))
    for second in (2**63, 2**64 - 1, 253_402_300_800):
        value = second.to_bytes(8, "big") + key.sign(f"cosignature/v1\ntime {second}\n{note.text}".encode())
        mine = NoteSignature("w1", Cosigner("w1", COSIGNATURE, key.public).keyid, value)
        assert not check(Note(note.text, (mine,)), Cosigner("w1", COSIGNATURE, key.public)).fits


GOOD = signed(honest_lines()).decode()
HEAD, _, TAIL = GOOD.rpartition("\n\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        GOOD[:-1],
        GOOD + "\n",
        GOOD.replace("\n\n", "\n"),
        f"{HEAD}\n\n",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("— ", "- "),
        GOOD.replace("— ", "—  "),
        GOOD.replace(f"— {ORIGIN}", f"— {ORIGIN}+x"),
        GOOD.replace(f"— {ORIGIN}", "— a b"),
        GOOD.replace(f"— {ORIGIN}", "— a\u00a0b"),
        f"{HEAD}\n\n— {ORIGIN} AAAA\n",
        f"{HEAD}\n\n{TAIL.replace('=', '')}",
        f"{HEAD}\n\n" + TAIL * 65,
        GOOD.replace("\n14\n", "\n014\n"),
        GOOD.replace("\n14\n", "\n-14\n"),
        GOOD.replace("\n14\n", "\n1_4\n"),
        GOOD.replace("\n14\n", "\n" + "9" * 20 + "\n"),
        GOOD.replace("\n14\n", "\n١٤\n"),
        GOOD.replace("\n14\n", "\n14\n\n"),
        f"{ORIGIN}\n14\n\n{TAIL}",
        f"{ORIGIN}\n14\nAAAA\n\n{TAIL}",
        f"\x00{GOOD}",
        f"{'x' * 70_000}\n{GOOD}",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    found = read_checkpoint(text.encode())
    assert isinstance(found, Problem)
    assert found.code == "LOG-002"


def test_sixteen_signatures_are_accepted_as_the_specification_demands() -> None:
    others = "".join(NoteSignature(f"w{i}.example", b"abcd", b"x" * 100).line() for i in range(15))
    assert isinstance(read_checkpoint((GOOD + others).encode()), Checkpoint)


@given(st.binary(max_size=200))
def test_reading_never_raises(data: bytes) -> None:
    read_note(data)
    read_checkpoint(data)
    read_checkpoint(HEAD.encode() + b"\n\n" + data)


@given(st.integers(0, len(GOOD.encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_does_not_verify(at: int, by: int) -> None:
    data = bytearray(GOOD.encode())
    data[at] ^= by
    state = read_checkpoint(bytes(data))
    if isinstance(state, Checkpoint):
        assert not check(state.note, Cosigner(ORIGIN, ED25519, LOG_KEY.public)).fits


def test_signing_refuses_another_key_and_another_kind_of_key() -> None:
    with pytest.raises(ValueError, match="not the one pinned"):
        sign_checkpoint(ORIGIN, 0, b"\0" * 32, LOG_KEY, WITNESSES["w1"].public)
    other = load_private_key(generate_private_pem("ecdsa-p256-sha256"))
    with pytest.raises(ValueError, match="Ed25519 is expected"):
        sign_checkpoint(ORIGIN, 0, b"\0" * 32, other, other.public)
    with pytest.raises(ValueError, match="time zone"):
        cosign(a_note(GOOD.encode()), "w1", WITNESSES["w1"], WITNESSES["w1"].public, datetime(2026, 1, 1))


def test_key_ids_differ_by_type_and_by_name() -> None:
    ids = {key_id(name, kind, b"k" * 32) for name in ("a", "b") for kind in (ED25519, COSIGNATURE)}
    assert len(ids) == 4
