"""The lines of the log: a closed grammar, and one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.log.entries import Entry, parse_entry, read_entries, write_entries
from doubles.loglab import digest, honest_lines, written

D = digest("x")


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (f"record {D} EV-1", Entry("record", D, "EV-1")),
        (f"record {D} SYS::EV-1", Entry("record", D, "SYS::EV-1")),
        ("node hazardous_event HE-1", Entry("node", "", "HE-1", "hazardous_event")),
        (f"policy 12 {D}", Entry("policy", D, "", "", 12)),
        (f"retired HE-1 {D}", Entry("retired", D, "HE-1")),
        (f"release {D}", Entry("release", D)),
    ],
)
def test_each_kind_is_read_and_written_alike(line: str, entry: Entry) -> None:
    assert parse_entry(line.encode()) == entry
    assert entry.line == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        f"record {D}",
        f"record {D} ",
        f"record  {D} EV-1",
        f"record {D} EV-1 ",
        f" record {D} EV-1",
        f"record {D}\tEV-1",
        f"record {D} EV-1\r",
        f"Record {D} EV-1",
        f"record {D.upper()} EV-1",
        f"record {D[:-1]} EV-1",
        f"record {D} 1EV",
        f"record {D} ../EV",
        f"record {D} A::B::C",
        f"record {D} EV-{'x' * 100}",
        f"record {D} Évidence",
        "node HE-1",
        "node Hazard HE-1",
        f"node {'a' * 41} HE-1",
        f"policy 0 {D}",
        f"policy 01 {D}",
        f"policy +1 {D}",
        f"policy ١ {D}",
        f"policy {'9' * 17} {D}",
        f"retired {D} HE-1",
        f"release {D} now",
        f"delete {D}",
        "# comment",
        f"record {D} EV-1\nrecord {D} EV-2",
        "\x00",
    ],
)
def test_what_is_no_entry_is_refused(line: str) -> None:
    assert parse_entry(line.encode()) is None
    if "\n" not in line:  # within a file, that one is two lines
        found = read_entries(written([*honest_lines(), line.encode()]))
        assert [(one.code, one.line) for one in found.problems] == [("LOG-003", len(honest_lines()) + 1)]


def test_a_line_that_is_not_ended_is_no_entry() -> None:
    data = written(honest_lines())
    found = read_entries(data[:-1])
    assert [one.code for one in found.problems] == ["LOG-003"]
    assert len(found.lines) == len(honest_lines()) - 1


def test_doubled_lines_are_refused() -> None:
    lines = honest_lines()
    found = read_entries(written([*lines, lines[2]]))
    assert [(one.code, one.line) for one in found.problems] == [("LOG-003", len(lines) + 1)]
    assert len(found.entries) == len(lines)


@pytest.mark.parametrize("data", [b"\n", b"\n\n", b"\xff\xfe", b"\x00", b"a" * 100_000, b"\r\n", b"\xef\xbb\xbf"])
def test_foreign_bytes_are_problems(data: bytes) -> None:
    assert read_entries(data).problems


def test_of_many_broken_lines_the_first_are_told_and_the_rest_counted() -> None:
    found = read_entries(b"x\n" * 5_000)
    assert len(found.problems) == 101
    assert "4900 more lines" in found.problems[-1].message


def test_a_file_larger_than_any_log_is_not_read() -> None:
    found = read_entries(b"\n" * 2_000_001)
    assert [one.code for one in found.problems] == ["LOG-003"]
    assert found.lines == ()


def test_an_empty_log_is_a_log() -> None:
    assert read_entries(b"").problems == ()
    assert read_entries(b"").lines == ()


@given(st.binary(max_size=300))
def test_reading_never_raises_and_bytes_without_problem_have_one_form(data: bytes) -> None:
    found = read_entries(data)
    if not found.problems:
        assert write_entries([entry.line.encode() for entry in found.entries]) == data


@given(st.lists(st.sampled_from(honest_lines()), max_size=20, unique=True))
def test_good_lines_are_read_back(lines: list[bytes]) -> None:
    found = read_entries(written(lines))
    assert found.problems == ()
    assert list(found.lines) == lines
    assert [entry.line.encode() for entry in found.entries] == lines
