"""The strict YAML reader: what it accepts, and that nothing a user writes makes it raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.artifact.yaml_places import Places, salvage
from casework.artifact.yaml_reader import MAX_BYTES, read_stream


def codes(data: bytes) -> list[str]:
    return [p.code for p in read_stream(data).problems]


def test_reads_the_three_shapes_of_a_file() -> None:
    assert read_stream(b"type: odd\nid: O").documents == [{"type": "odd", "id": "O"}]
    assert read_stream(b"- {id: A}\n- {id: B}").documents == [[{"id": "A"}, {"id": "B"}]]
    assert read_stream(b"id: A\n---\nid: B\n").documents == [{"id": "A"}, {"id": "B"}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-7", -7), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5),
        ("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None),
        ("2026-01-02", "2026-01-02"), ("22:30", "22:30"), ("1.2.3", "1.2.3"), ("-", [None]), ('"1"', "1"), ("'no'", "no"), ("note", "note"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    stream = read_stream(f"a: {text}\n".encode() if text != "-" else b"a:\n- \n")
    assert stream.documents == [{"a": value}]
    assert stream.problems == []


@pytest.mark.parametrize("word", ["no", "yes", "On", "off", "017", "1_000", "0123"])
def test_what_other_readers_take_differently_is_a_finding(word: str) -> None:
    assert codes(f"a: {word}".encode()) == ["FMT-013"]
    assert codes(f'a: "{word}"'.encode()) == []


def test_keys_are_text_and_doubled_ones_a_finding_with_its_place() -> None:
    stream = read_stream(b"a: 1\nb:\n  c: 1\n  c: 2\n")
    assert [(p.code, p.line, p.column) for p in stream.problems] == [("FMT-002", 4, 3)]
    assert stream.documents == [{"a": 1, "b": {"c": 1}}]
    assert read_stream(b"no: 1\n1: 2\n").documents == [{"no": 1, "1": 2}]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a: &x 1\nb: *x", "FMT-007"),
        (b"a: !!python/object:os.system x", "FMT-007"),
        (b"a: !local {b: 1}", "FMT-007"),
        (b"[" * 100_000, "FMT-008"),
        (b"{a: " * 50_000, "FMT-008"),
        (b"- " * 100_000, "FMT-008"),
        (b"a:\n" + b"".join(b" " * i + b"a:\n" for i in range(1, 200)), "FMT-008"),
        (b"x" * (MAX_BYTES + 1), "FMT-008"),
        ("a: ä".encode("utf-16"), "FMT-009"),
        (b"\xef\xbb\xbfa: 1", "FMT-009"),
        (b"a: \xe4", "FMT-009"),
        (b"a: b\x00c", "FMT-009"),
        ("a: \u202eevil".encode(), "FMT-009"),
        ("a: zero\u200bwidth".encode(), "FMT-009"),
        (b"a: [1,", "FMT-001"),
        (b"a:\n\t- b", "FMT-001"),
        (b"a: 'open", "FMT-001"),
        (b"? {a: 1}\n: 2", "FMT-001"),
        (b"%YAML 9.9\n---\na: 1", "FMT-001"),
    ],
)
def test_each_trap_is_one_clear_finding(data: bytes, code: str) -> None:
    found = codes(data)
    assert found
    assert set(found) == {code}


def test_an_anchor_bomb_is_refused_without_being_built() -> None:
    bomb = "a0: &a0 [x,x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1},*a{i - 1},*a{i - 1}]\n" for i in range(1, 30))
    stream = read_stream(bomb.encode())
    assert {p.code for p in stream.problems} == {"FMT-007"}


def test_line_ends_do_not_matter() -> None:
    text = "- id: A\n  t: |\n    x\n    y\n- id: B\n"
    assert read_stream(text.replace("\n", "\r\n").encode()).documents == read_stream(text.encode()).documents


def test_documents_before_a_syntax_error_are_kept() -> None:
    stream = read_stream(b"id: A\n---\nid: [B\n")
    assert stream.documents == [{"id": "A"}]
    assert stream.broken


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_never_raises_on_bytes(data: bytes) -> None:
    read_stream(data)
    Places(data).of(0, ("a", 0))
    list(salvage(data))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!#|>'\"%@`,? \n\t01", max_size=80))
def test_never_raises_on_yaml_like_text(text: str) -> None:
    stream = read_stream(text.encode())
    places = Places(text.encode())
    for problem in stream.problems:
        assert problem.line >= 0
        assert problem.message
    assert places.of(0, ()) >= (1, 1)


def test_places_of_fields_elements_and_missing_fields() -> None:
    data = (
        b"# head\n- type: a\n  list:\n    - x: 1\n      y: 2\n  flow: [p, q]\n- type: b\n---\ntype: c\ndeep: {k: v}\n"
    )
    places = Places(data)
    assert places.of(0, ("type",)) == (2, 3)
    assert places.of(0, ("list", 0, "y")) == (5, 7)
    assert places.of(0, ("flow", 1)) == (6, 13)
    assert places.of(1, ("type",)) == (7, 3)
    assert places.of(2, ("deep", "k")) == (10, 8)
    assert places.of(1, ("absent", 3)) == (7, 3)


def test_salvage_finds_ids_of_a_broken_file() -> None:
    found = dict(salvage(b"- type: goal\n  id: G-1\n  x: [\n- type: solution\n  id: 'SN-1' # c\n"))
    assert found == {"G-1": "goal", "SN-1": "solution"}
