"""Appending to the log: what is wanted, what is kept, and over what nothing is ever signed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.log.judge import judge_log, read_log
from casework.attest.log.note import Checkpoint, read_checkpoint
from casework.model.problem import CallProblem
from casework.workflow.log.desk import Facts, Fit
from casework.workflow.log.keeping import NO_LOG, Held, Update, replace_file, updated, wanted_lines, write_update
from doubles.loglab import (
    LOG_KEY,
    NODES,
    RECORDS,
    digest,
    honest_lines,
    key,
    log_policy,
    pem,
    signed,
    written,
)

LINES = honest_lines()
LOG = log_policy()
FACTS = Facts(
    tuple(Fit(one, f"EV-{i}", f"evidence/EV-{i}/{one}.dsse.json") for i, one in enumerate(RECORDS)),
    NODES,
    {"TH-OLD": RECORDS[4]},
    (2, digest("policy 2")),
)
MORE = replace(FACTS, records=(*FACTS.records, Fit(digest("new"), "EV-9", "p")))


def held(lines: list[bytes] = LINES, **sign: object) -> Held:
    return Held(written(lines), signed(lines, **sign))  # type: ignore[arg-type]


def holds(made: Update, facts: Facts = FACTS) -> bool:
    found = judge_log(
        made.entries, made.checkpoint, LOG, records=[one.digest for one in facts.records], nodes=facts.nodes,
        retired=facts.retired, policy=facts.policy,
    ).findings  # fmt: skip
    return not found


def test_a_log_is_begun_and_holds() -> None:
    facts = replace(FACTS, retired={})
    made = updated(NO_LOG, facts, LOG, LOG_KEY, start=True)
    assert holds(made, facts)
    assert made.size == len(made.added) == 1 + len(NODES) + len(RECORDS)
    assert made.added[0] == f"policy 2 {digest('policy 2')}"


def test_the_same_case_gives_the_same_bytes() -> None:
    first, again = (updated(NO_LOG, FACTS, LOG, LOG_KEY, start=True) for _ in range(2))
    assert first == again


def test_what_is_new_is_appended_and_nothing_is_moved() -> None:
    made = updated(held(), MORE, LOG, LOG_KEY)
    assert made.entries == written([*LINES, f"record {digest('new')} EV-9".encode()])
    assert made.added == (f"record {digest('new')} EV-9",)
    assert holds(made, MORE)
    assert read_log(made.entries, made.checkpoint, LOG, older=[signed(LINES)]).findings == ()


def test_without_news_the_files_stay_with_their_cosignatures() -> None:
    before = held(witnesses=["w1"])
    made = updated(before, FACTS, LOG, LOG_KEY)
    assert (made.entries, made.checkpoint, made.added) == (before.entries, before.checkpoint, ())


def test_a_retirement_is_logged_once_and_only_of_a_node_that_was_logged_and_is_gone() -> None:
    gone = replace(FACTS, nodes=NODES[1:], retired={"HE-1": RECORDS[0], "REQ-1": RECORDS[1], "NEVER": RECORDS[2]})
    made = updated(held(), gone, LOG, LOG_KEY)
    assert made.added == (f"retired HE-1 {RECORDS[0]}",)
    again = updated(Held(made.entries, made.checkpoint), gone, LOG, LOG_KEY)
    assert again.added == ()


def test_a_record_that_moved_is_not_logged_twice() -> None:
    moved = replace(FACTS, records=(*FACTS.records[:4], replace(FACTS.records[4], key="EV-OTHER")))
    assert updated(held(), moved, LOG, LOG_KEY).added == ()


def test_releases_are_logged() -> None:
    made = updated(held(), FACTS, LOG, LOG_KEY, releases=[digest("release"), digest("second release")])
    assert made.added == (f"release {digest('second release')}",)


def test_a_log_without_its_witnesses_yet_can_be_appended_to() -> None:
    strict = log_policy(1)
    made = updated(held(), MORE, strict, LOG_KEY)
    assert [one.code for one in read_log(made.entries, made.checkpoint, strict).findings] == ["LOG-002"]


# Interrupted updates


def test_what_an_interrupted_update_left_is_signed() -> None:
    after = updated(held(), MORE, LOG, LOG_KEY)
    torn = Held(after.entries, signed(LINES))  # killed between the two files
    found = read_log(torn.entries, torn.checkpoint, LOG).findings
    assert [one.code for one in found] == ["LOG-003"]
    made = updated(torn, MORE, LOG, LOG_KEY)
    assert (made.entries, made.checkpoint) == (after.entries, after.checkpoint)
    assert made.added == (f"record {digest('new')} EV-9",)


def test_the_first_update_interrupted_is_told_and_begun_again() -> None:
    begun = updated(NO_LOG, FACTS, LOG, LOG_KEY, start=True)
    torn = Held(begun.entries, None)
    assert "LOG-001" in [one.code for one in read_log(torn.entries, torn.checkpoint, LOG).findings]
    with pytest.raises(CallProblem, match="LOG-001"):
        updated(torn, FACTS, LOG, LOG_KEY)
    assert updated(torn, FACTS, LOG, LOG_KEY, start=True) == begun
    with pytest.raises(CallProblem, match="the case holds nothing that it speaks of"):
        updated(Held(begun.entries + b"node threat TH-9\n"), FACTS, LOG, LOG_KEY, start=True)
    with pytest.raises(CallProblem, match="cannot be begun"):
        updated(Held(begun.entries[:-1]), FACTS, LOG, LOG_KEY, start=True)


def test_unsigned_entries_that_the_case_knows_nothing_of_are_not_signed() -> None:
    torn = Held(written([*LINES, f"record {digest('nowhere')} EV-9".encode()]), signed(LINES))
    with pytest.raises(CallProblem, match="the case holds nothing that it speaks of"):
        updated(torn, MORE, LOG, LOG_KEY)
    torn = Held(written([*LINES, b"garbage"]), signed(LINES))
    with pytest.raises(CallProblem, match="LOG-003"):
        updated(torn, MORE, LOG, LOG_KEY)


# Over what nothing is signed


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (Held(written(LINES[:-1]), signed(LINES)), "LOG-004"),
        (Held(written([LINES[1], LINES[0], *LINES[2:]]), signed(LINES)), "LOG-003"),
        (Held(written(LINES), signed(LINES, by=key("attacker"))), "LOG-002"),
        (Held(written(LINES), signed(LINES, origin="example.org/other")), "LOG-001"),
        (Held(written(LINES), None), "LOG-001"),
        (Held(None, signed(LINES)), "LOG-004"),
        (Held(b"\xff", b"\xff"), "LOG-00"),
        (NO_LOG, "--start"),
    ],
)
def test_a_log_that_does_not_hold_is_not_signed_anew(before: Held, why: str) -> None:
    with pytest.raises(CallProblem, match=why):
        updated(before, MORE, LOG, LOG_KEY)


def test_attack_080_a_log_that_does_not_continue_what_was_seen_is_not_signed() -> None:
    with pytest.raises(CallProblem, match="LOG-005"):
        updated(held(LINES[1:]), MORE, LOG, LOG_KEY, older=[signed(LINES[:4])])
    with pytest.raises(CallProblem, match="LOG-004"):
        updated(held(LINES[:-1]), MORE, LOG, LOG_KEY, older=[signed(LINES)])


def test_attack_080_a_log_that_was_deleted_is_not_begun_anew() -> None:
    with pytest.raises(CallProblem, match="restore it from version control"):
        updated(NO_LOG, FACTS, LOG, LOG_KEY, start=True, older=[signed(LINES)])
    with pytest.raises(CallProblem, match="there is a log already"):
        updated(held(), FACTS, LOG, LOG_KEY, start=True)


def test_another_key_is_refused() -> None:
    with pytest.raises(CallProblem, match="is not that of the log"):
        updated(held(), MORE, LOG, key("attacker"))


def test_a_key_that_cannot_be_used_is_told() -> None:
    with pytest.raises(CallProblem, match="cannot be used"):
        updated(held(), MORE, log_policy(key="no key"), LOG_KEY)


def test_a_new_log_key_takes_over_from_the_previous_one() -> None:
    new = key("log of next year")
    pins = log_policy(key=new.public.pem.decode())
    with pytest.raises(CallProblem, match="LOG-002"):
        updated(held(), FACTS, pins, new)
    made = updated(held(), FACTS, pins, new, previous=LOG_KEY.public)
    assert made.entries == written(LINES)
    assert read_log(made.entries, made.checkpoint, pins, older=[signed(LINES)]).findings == ()


# Branches that both appended


def test_the_base_is_continued_and_the_branch_forgets_nothing() -> None:
    on_main = [*LINES, f"record {digest('main')} EV-7".encode()]
    deleted = f"record {digest('deleted on the branch')} EV-8".encode()
    on_branch = [*LINES, f"record {digest('new')} EV-9".encode(), deleted]
    made = updated(held(on_main), MORE, LOG, LOG_KEY, branch=held(on_branch))
    assert made.entries == written([*on_main, *on_branch[len(LINES) :]])
    assert made.dropped == ()
    assert read_log(made.entries, made.checkpoint, LOG, older=[signed(on_main)]).findings == ()


def test_a_branch_log_with_conflict_marks_is_left_out_and_told() -> None:
    on_main = [*LINES, f"record {digest('main')} EV-7".encode()]
    lost = f"record {digest('lost')} EV-8".encode()
    marked = Held(written([*LINES, b"<<<<<<< ours", lost, b"======="]), signed(LINES))
    made = updated(held(on_main), MORE, LOG, LOG_KEY, branch=marked)
    assert made.entries == written([*on_main, f"record {digest('new')} EV-9".encode()])
    assert made.dropped == (lost.decode(),)


# Files


def test_files_are_written_entries_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.replace

    def noting(source: str, target: Path) -> None:
        order.append(Path(target).name)
        real(source, target)

    monkeypatch.setattr(os, "replace", noting)
    made = updated(NO_LOG, FACTS, LOG, LOG_KEY, start=True)
    assert write_update(tmp_path, "evidence/log", made)
    assert order == ["entries", "checkpoint"]
    assert not write_update(tmp_path, "evidence/log", made)  # the same bytes are not written again
    assert sorted(path.name for path in (tmp_path / "evidence/log").iterdir()) == ["checkpoint", "entries"]


@pytest.mark.parametrize("at", [1, 2])
def test_killed_while_writing_leaves_a_log_that_update_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    write_update(tmp_path, "evidence/log", updated(NO_LOG, FACTS, LOG, LOG_KEY, start=True))
    before = Held(*((tmp_path / "evidence/log" / name).read_bytes() for name in ("entries", "checkpoint")))
    calls = 0
    real = os.replace

    def dying(source: str, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        write_update(tmp_path, "evidence/log", updated(before, MORE, LOG, LOG_KEY))
    monkeypatch.setattr(os, "replace", real)
    left = Held(*((tmp_path / "evidence/log" / name).read_bytes() for name in ("entries", "checkpoint")))
    assert [path.name for path in sorted((tmp_path / "evidence/log").iterdir())] == ["checkpoint", "entries"]
    mended = updated(left, MORE, LOG, LOG_KEY)
    assert mended == replace(updated(before, MORE, LOG, LOG_KEY))


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CallProblem, match="through a link"):
        replace_file(tmp_path, "evidence/log/entries", b"x")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evidence/log").mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"x")
    (tmp_path / "evidence/log/entries").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CallProblem, match="through a link"):
        replace_file(tmp_path, "evidence/log/entries", b"x")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(CallProblem, match="cannot be written"):
        replace_file(tmp_path, "evidence/log/entries", b"x")


# Properties


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_every_update_continues_all_before_it(growth: list[int]) -> None:
    records: list[Fit] = []
    seen: list[bytes] = []
    now = NO_LOG
    for step in growth:
        records = sorted(
            {*records, *(Fit(digest(f"r{len(records) + i}"), "EV-1", "p") for i in range(step))},
            key=lambda one: one.digest,
        )
        facts = Facts(tuple(records), NODES, {}, (1, digest("policy 1")))
        made = updated(now, facts, LOG, LOG_KEY, start=now == NO_LOG, older=seen)
        assert holds(made, facts)
        assert read_log(made.entries, made.checkpoint, LOG, older=seen).findings == ()
        now = Held(made.entries, made.checkpoint)
        seen.append(made.checkpoint)
        state = read_checkpoint(made.checkpoint)
        assert isinstance(state, Checkpoint)
        assert state.size == made.size


def test_wanted_lines_are_sorted_within_their_kind() -> None:
    lines = wanted_lines(FACTS, ["node threat TH-OLD"])
    assert lines[1 : 1 + len(NODES)] == sorted(lines[1 : 1 + len(NODES)])
    assert lines[-1] == f"retired TH-OLD {RECORDS[4]}"
    assert pem("log").startswith(b"-----BEGIN PRIVATE KEY")
