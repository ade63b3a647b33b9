"""Attacks on the evidence log, each named by its number in the threat list and the code that must catch it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.log.judge import LogSigner, judge_log
from casework.attest.log.merkle import Tree
from doubles.loglab import (
    AT,
    LOG_KEY,
    NODES,
    ORIGIN,
    RECORDS,
    WITNESSES,
    Lab,
    digest,
    honest,
    honest_lines,
    key,
    log_policy,
    signed,
    written,
)

LINES = honest_lines()


def over(lines: list[bytes], **changes: object) -> Lab:
    """Return the honest case with a log over other lines, signed with the real key."""
    return honest().but(entries=written(lines), checkpoint=signed(lines), **changes)


# Honest controls


def test_the_honest_log_has_no_finding() -> None:
    reading = honest().reading()
    assert reading.findings == ()
    assert (reading.size, reading.signed, reading.floor, reading.tail) == (len(LINES), len(LINES), 2, 0)
    assert reading.root == Tree(LINES).root()
    assert [entry.line.encode() for entry in reading.entries] == LINES
    assert reading.signers == (LogSigner(ORIGIN, "log"),)
    assert {one: reading.logged[one] for one in RECORDS} == {one: 6 + i for i, one in enumerate(RECORDS)}


def test_the_honest_log_continues_all_of_its_earlier_checkpoints() -> None:
    older = tuple(signed(LINES[:size]) for size in range(len(LINES) + 1))
    assert honest().but(older=older).codes() == []


def test_witnesses_are_counted() -> None:
    assert honest(2, ["w1", "w2"]).codes() == []
    assert honest(2, ["w1", "w2"]).reading().signers[1:] == (
        LogSigner("w1", "witness", AT),
        LogSigner("w2", "witness", AT),
    )
    assert honest(1, ["w2"]).codes() == []


def test_a_mapping_of_records_gives_findings_their_file() -> None:
    lab = honest()
    found = judge_log(
        lab.entries, lab.checkpoint, lab.log, records=dict.fromkeys(lab.records, "p") | {digest("new"): "evidence/EV-9/x"},
        nodes=lab.nodes, retired=lab.retired, policy=lab.policy,
    ).findings  # fmt: skip
    assert [(one.code, one.file) for one in found] == [("LOG-006", "evidence/EV-9/x")]


# Attacks


def test_attack_076_other_log() -> None:
    assert honest().but(checkpoint=signed(LINES, origin="example.org/other")).codes() == ["LOG-001", "LOG-002"]
    assert honest().but(log=log_policy(origin="example.org/mine")).codes() == ["LOG-001", "LOG-002"]


@pytest.mark.parametrize("gone", ["entries", "checkpoint"])
def test_attack_076_half_a_log(gone: str) -> None:
    expected = {"entries": "LOG-004", "checkpoint": "LOG-001"}[gone]
    assert expected in honest().but(**{gone: None}).codes()


def test_attack_076_no_log() -> None:
    assert honest().but(entries=None, checkpoint=None).codes() == ["LOG-001"]


def test_attack_077_wrong_key() -> None:
    assert honest().but(checkpoint=signed(LINES, by=key("attacker"))).codes() == ["LOG-002"]


def test_attack_077_attacker_signs_under_the_id_of_the_log_key() -> None:
    good, bad = signed(LINES).decode(), signed([b"x", *LINES]).decode()
    text, signature = good.rpartition("\n\n")[0], bad.rpartition("\n\n")[2]
    assert honest().but(checkpoint=f"{text}\n\n{signature}".encode()).codes() == ["LOG-002"]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\xff", b"{}", signed(LINES)[:-1], signed(LINES).replace(b"\n", b"\r\n")]
)
def test_attack_077_no_checkpoint_at_all(data: bytes) -> None:
    assert "LOG-002" in honest().but(checkpoint=data).codes()


def test_attack_077_too_few_witnesses() -> None:
    assert honest(1).codes() == ["LOG-002"]
    assert honest(2, ["w1"]).codes() == ["LOG-002"]


def test_attack_077_one_witness_under_two_names_counts_once() -> None:
    pem = WITNESSES["w1"].public.pem.decode()
    lab = honest(2, ["w1", "w2"])
    assert lab.but(log=log_policy(2, witnesses={"w1": pem, "w2": pem})).codes() == ["LOG-002"]


def test_attack_077_the_log_is_no_witness_of_itself() -> None:
    log = log_policy(1, witnesses={"w1": LOG_KEY.public.pem.decode()})
    from casework.attest.log.note import Checkpoint, cosign, read_checkpoint

    state = read_checkpoint(signed(LINES))
    assert isinstance(state, Checkpoint)
    data = cosign(state.note, "w1", LOG_KEY, LOG_KEY.public, AT).to_bytes()
    assert honest().but(checkpoint=data, log=log).codes() == ["LOG-002"]


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_attack_077_a_log_key_that_cannot_be_used_is_told(pem: str) -> None:
    assert honest().but(log=log_policy(key=pem)).codes() == ["LOG-002"]
    assert honest(0, ["w1"]).but(log=log_policy(witnesses={"w1": pem})).codes() == ["LOG-002"]


@pytest.mark.parametrize("at", range(len(LINES)))
def test_attack_078_entry_edited(at: int) -> None:
    lines = [line.replace(b"1", b"2", 1) if i == at else line for i, line in enumerate(LINES)]
    lines[at] = lines[at] if lines[at] != LINES[at] else lines[at] + b"x"
    assert "LOG-003" in honest().but(entries=written(lines)).codes()


def test_attack_078_entries_swapped_or_put_in() -> None:
    assert honest().but(entries=written([LINES[1], LINES[0], *LINES[2:]])).codes() == ["LOG-003"]
    extra = f"release {digest('forged')}".encode()
    assert honest().but(entries=written([*LINES, extra])).codes() == ["LOG-003"]
    assert "LOG-003" in honest().but(entries=written([extra, *LINES])).codes()


def test_attack_078_what_an_interrupted_update_leaves_is_told_with_its_way_out() -> None:
    extra = f"record {digest('new')} EV-9".encode()
    reading = honest().but(entries=written([*LINES, extra]), records=frozenset([*RECORDS, digest("new")])).reading()
    assert [one.code for one in reading.findings] == ["LOG-003"]
    assert "casework log update" in reading.findings[0].message
    assert reading.tail == 1


@pytest.mark.parametrize("kept", range(len(LINES)))
def test_attack_079_truncated(kept: int) -> None:
    assert "LOG-004" in honest().but(entries=written(LINES[:kept])).codes()


def test_attack_079_truncated_with_its_checkpoint() -> None:
    shorter = LINES[:-1]
    assert "LOG-004" in over(shorter, older=(signed(LINES),)).codes()


@pytest.mark.parametrize("at", range(len(LINES)))
def test_attack_080_history_rewritten_with_the_real_key(at: int) -> None:
    rewritten = [*LINES[:at], *LINES[at + 1 :], f"release {digest('filler')}".encode()]
    assert "LOG-005" in over(rewritten, older=(signed(LINES),)).codes()


def test_attack_080_an_entry_put_in_below_the_earlier_size() -> None:
    assert "LOG-005" in over([f"release {digest('early')}".encode(), *LINES], older=(signed(LINES[:3]),)).codes()


def test_attack_080_an_earlier_checkpoint_that_cannot_be_used_is_never_passed_over() -> None:
    assert honest().but(older=(b"",)).codes() == ["LOG-002"]
    assert honest().but(older=(signed(LINES, origin="example.org/other"),)).codes() == ["LOG-001"]
    good, bad = signed(LINES).decode(), signed(LINES[:2]).decode()
    mixed = good.rpartition("\n\n")[0] + "\n\n" + bad.rpartition("\n\n")[2]
    assert honest().but(older=(mixed.encode(),)).codes() == ["LOG-002"]


def test_an_earlier_checkpoint_under_the_log_key_of_then_counts() -> None:
    assert honest().but(older=(signed(LINES[:5], by=key("log of last year")),)).codes() == []
    assert "LOG-005" in honest().but(older=(signed(LINES[1:5], by=key("log of last year")),)).codes()


def test_attack_081_unlogged_evidence() -> None:
    lab = honest().but(records=frozenset([*RECORDS, digest("unlogged")]))
    assert lab.codes() == ["LOG-006"]


def test_attack_081_unlogged_node_and_policy() -> None:
    found = honest().but(nodes=frozenset([*NODES, ("threat", "TH-9")])).reading().findings
    assert [(one.code, one.node) for one in found] == [("LOG-006", "TH-9")]
    assert honest().but(policy=(3, digest("policy 3"))).codes() == ["LOG-006"]


@pytest.mark.parametrize("gone", RECORDS)
def test_attack_082_failed_evidence_deleted(gone: str) -> None:
    found = honest().but(records=frozenset(RECORDS) - {gone}).reading().findings
    assert [one.code for one in found] == ["LOG-007"]
    at = next(i for i, line in enumerate(LINES) if line.startswith(f"record {gone}".encode()))
    assert found[0].line == at + 1
    assert found[0].node == f"EV-{RECORDS.index(gone)}"


@pytest.mark.parametrize("gone", NODES)
def test_a_deleted_challenge_hazard_or_threat_is_found(gone: tuple[str, str]) -> None:
    found = honest().but(nodes=frozenset(NODES) - {gone}).reading().findings
    assert [(one.code, one.node) for one in found] == [("LOG-008", gone[1])]


def test_a_node_of_another_type_under_the_same_id_is_not_the_same() -> None:
    nodes = frozenset(NODES) - {("requirement", "REQ-1")} | {("indicator", "REQ-1")}
    assert honest().but(nodes=nodes).codes() == ["LOG-006", "LOG-008"]


def test_only_a_sealed_review_retires_and_its_retirement_must_be_logged() -> None:
    assert honest().but(retired=frozenset()).codes() == ["LOG-008"]  # the log's own word is not enough
    nodes = frozenset(NODES) - {("requirement", "REQ-1")}
    found = honest().but(nodes=nodes, retired=frozenset({"TH-OLD", "REQ-1"})).reading().findings
    assert [one.code for one in found] == ["LOG-006"]


def test_a_retired_node_does_not_come_back() -> None:
    found = honest().but(nodes=frozenset([*NODES, ("threat", "TH-OLD")])).reading().findings
    assert [(one.code, one.node) for one in found] == [("LOG-006", "TH-OLD")]


def test_attack_070_policy_rollback_is_seen_by_the_log() -> None:
    assert honest().but(policy=(1, digest("policy 1"))).codes() == ["POL-001"]
    assert honest().but(policy=(2, digest("another policy 2"))).codes() == ["POL-001"]


# Properties


@given(st.data())
def test_any_single_change_of_the_entries_is_found(data: st.DataObject) -> None:
    lab = honest()
    whole = bytearray(lab.entries or b"")
    change = data.draw(st.sampled_from(["flip", "drop byte", "add byte", "cut", "drop line", "swap", "double", "move"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    line, other = data.draw(st.tuples(*[st.integers(0, len(LINES) - 1)] * 2).filter(lambda pair: pair[0] != pair[1]))
    lines = list(LINES)
    match change:
        case "flip":
            whole[at] ^= data.draw(st.integers(1, 255))
        case "drop byte":
            del whole[at]
        case "add byte":
            whole.insert(at, data.draw(st.integers(0, 255)))
        case "cut":
            whole = whole[:at]
        case "drop line":
            del lines[line]
        case "swap":
            lines[line], lines[other] = lines[other], lines[line]
        case "double":
            lines.insert(other, lines[line])
        case _:
            lines.insert(other, lines.pop(line))
    if change not in ("flip", "drop byte", "add byte", "cut"):
        whole = bytearray(written(lines))
    if bytes(whole) == lab.entries:
        return
    assert lab.but(entries=bytes(whole)).codes()
    assert {"LOG-003", "LOG-004"} & set(lab.but(entries=bytes(whole)).codes())


@given(st.data())
def test_less_is_never_better(data: st.DataObject) -> None:
    """Whatever is taken away of what the log holds, no finding vanishes; and anything taken away is found."""
    lab = honest()
    records = data.draw(st.frozensets(st.sampled_from(RECORDS)))
    nodes = data.draw(st.frozensets(st.sampled_from(NODES)))
    retired = data.draw(st.sampled_from([frozenset({"TH-OLD"}), frozenset()]))
    some = lab.but(records=records, nodes=nodes, retired=retired)
    fewer = some.but(
        records=data.draw(st.frozensets(st.sampled_from(sorted(records)))) if records else records,
        nodes=data.draw(st.frozensets(st.sampled_from(sorted(nodes)))) if nodes else nodes,
    )
    before, after = some.reading().findings, fewer.reading().findings
    assert set(before) <= set(after)
    assert bool(before) == ((records, nodes, retired) != (lab.records, lab.nodes, lab.retired))


@given(st.one_of(st.none(), st.binary(max_size=200)), st.one_of(st.none(), st.binary(max_size=200)))
def test_judging_foreign_bytes_never_raises_and_never_passes(entries: bytes | None, checkpoint: bytes | None) -> None:
    lab = honest()
    assert lab.but(entries=entries, checkpoint=checkpoint).codes()
    assert lab.but(entries=entries).codes() or entries == lab.entries
    assert lab.but(checkpoint=checkpoint).codes() or checkpoint == lab.checkpoint
    if checkpoint is not None:
        assert lab.but(older=(checkpoint,)).codes()
