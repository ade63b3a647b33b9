"""Dating what the log holds by stamps over its checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.artifact.digest import jcs_bytes
from casework.attest.carrier import Problem
from casework.attest.log.dates import LogDates, Stamp, dates, read_stamp
from casework.attest.log.note import Checkpoint, read_checkpoint
from doubles.loglab import RECORDS, digest, honest, honest_lines, key, signed

LINES = honest_lines()
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def token(day: int) -> bytes:
    return f"token of day {day}".encode()


def prove(text: bytes, tokens: tuple[bytes, ...]) -> tuple[datetime | None, tuple[Problem, ...]]:
    """A judge of tokens that takes those above for true."""
    assert text.endswith(b"\n")
    first = tokens[0].removeprefix(b"token of day ")
    if not first.isdigit():
        return None, (Problem("LOG-009", "the token is by nobody"),)
    return T0 + timedelta(days=int(first)), ()


def stamp(size: int, day: int, lines: list[bytes] = LINES, **sign: object) -> bytes:
    text = signed(lines[:size], **sign)  # type: ignore[arg-type]
    state = read_checkpoint(text)
    assert isinstance(state, Checkpoint)
    return Stamp(text, state, (token(day),)).to_bytes()


def dated(stamps: dict[str, bytes]) -> LogDates:
    lab = honest()
    return dates(lab.reading(), stamps, lab.log, prove)


def at(size: int, day: int) -> dict[str, bytes]:
    return {f"evidence/log/stamps/{size}.json": stamp(size, day)}


def test_a_stamp_dates_all_entries_before_it_and_none_after() -> None:
    found = dated(at(8, 5))
    assert found.findings == ()
    assert found.times[RECORDS[0]] == found.times[RECORDS[1]] == T0 + timedelta(days=5)
    assert RECORDS[2] not in found.times
    assert found.at(7) == T0 + timedelta(days=5)
    assert found.at(8) is None


def test_the_earliest_stamp_that_covers_an_entry_counts() -> None:
    found = dated({**at(7, 3), **at(9, 6), **at(14, 1)})
    assert [found.times[one] for one in RECORDS] == [T0 + timedelta(days=1)] * 5  # the largest was stamped first
    found = dated({**at(7, 3), **at(9, 6), **at(14, 9)})
    assert [(found.times[one] - T0).days for one in RECORDS] == [3, 6, 6, 9, 9]
    assert found.times[digest("policy 1")] == T0 + timedelta(days=3)


def test_without_stamps_nothing_is_dated() -> None:
    assert dict(dated({}).times) == {}


def test_the_signature_of_the_log_has_no_say_in_dates() -> None:
    path = "evidence/log/stamps/8.json"
    found = dated({path: stamp(8, 5, by=key("log of last year"))})
    assert (found.findings, len(found.stamps)) == ((), 1)


def broken() -> dict[str, bytes]:
    good = stamp(8, 5)
    return {
        "9.json": good,
        "08.json": good,
        "x.json": good,
        "8.JSON": good,
        "8.json": good.replace(b"token", b"Token"),
        "a/8.json": good + b"\n",
        "b/8.json": good.replace(b'"checkpoint":', b'"checkpoint": '),
        "c/8.json": b"",
        "d/8.json": b"{}",
        "e/8.json": jcs_bytes({"checkpoint": signed(LINES[:8]).decode(), "tokens": []}),
        "f/8.json": jcs_bytes({"checkpoint": signed(LINES[:8]).decode(), "tokens": ["!"]}),
        "g/8.json": jcs_bytes({"checkpoint": signed(LINES[:8]).decode(), "tokens": [1]}),
        "h/8.json": jcs_bytes({"checkpoint": "x", "tokens": ["AAAA"]}),
        "i/8.json": jcs_bytes({"checkpoint": signed(LINES[:8]).decode(), "tokens": ["AAAA"]}),
        "j/8.json": jcs_bytes({"checkpoint": signed(LINES[:8]).decode(), "tokens": ["AAAA"] * 65}),
        "k/8.json": stamp(8, 5, LINES[1:]),
        "l/15.json": stamp(15, 5, [*LINES, b"release " + digest("r").encode()]),
        "m/8.json": stamp(8, 5, origin="example.org/other"),
        "n/8.json": jcs_bytes({"checkpoint": 3, "tokens": ["AAAA"]}),
        "o/8.json": b'{"checkpoint":"x","checkpoint":"y","tokens":["AAAA"]}',
        "p/8.json": b"[" * 100_000,
    }


BROKEN = broken()
BROKEN["8.json"] = jcs_bytes({"checkpoint": signed(LINES[:8]).decode().replace("\n8\n", "\n7\n"), "tokens": ["AAAA"]})


@pytest.mark.parametrize("path", sorted(BROKEN))
def test_a_stamp_that_does_not_hold_dates_nothing_and_is_told(path: str) -> None:
    found = dated({path: BROKEN[path], **at(14, 9)})
    assert [one.code for one in found.findings] == ["LOG-009"]
    assert {(time - T0).days for time in found.times.values()} == {9}


def test_a_stamp_with_a_chain_is_read_back() -> None:
    made = read_stamp(stamp(8, 5))
    assert isinstance(made, Stamp)
    renewed = Stamp(made.text, made.checkpoint, (*made.tokens, b"second"))
    assert read_stamp(renewed.to_bytes()) == renewed


@given(st.dictionaries(st.text(max_size=12), st.binary(max_size=100), max_size=3))
def test_dating_never_raises(stamps: dict[str, bytes]) -> None:
    found = dated(stamps)
    assert len(found.findings) == len(stamps)


@given(st.data())
def test_fewer_stamps_never_date_earlier(data: st.DataObject) -> None:
    sizes = data.draw(st.dictionaries(st.integers(1, 14), st.integers(0, 30), max_size=6))
    kept = data.draw(st.sets(st.sampled_from(sorted(sizes)))) if sizes else set()
    full = dated({k: v for size, day in sizes.items() for k, v in at(size, day).items()})
    some = dated({k: v for size in kept for k, v in at(size, sizes[size]).items()})
    for digest_, index in honest().reading().logged.items():
        covering = [T0 + timedelta(days=day) for size, day in sizes.items() if size > index]
        assert full.times.get(digest_) == min(covering, default=None) == full.at(index)
        if digest_ in some.times:
            assert full.times[digest_] <= some.times[digest_]
