from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.artifact.strict_json import MAX_DEPTH, JsonProblem, has_unseen, read_json


def problem(data: bytes, **limits: int) -> JsonProblem:
    reading = read_json(data, **limits)
    assert reading.value is None
    assert reading.problem is not None
    return reading.problem


def place(data: bytes, **limits: int) -> tuple[str, int, int, int]:
    found = problem(data, **limits)
    return (found.code, found.offset, found.line, found.column)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1,
        2**53 - 1,
        -(2**53) + 1,
        0.1,
        1e308,
        "",
        "Ä\tö\n",
        "\\u202e as text",
        [],
        {},
        {"a": [{"b": 1}]},
        "[[[[{{{{",
        "😀",
    ],
)
def test_honest_values_are_read(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        reading = read_json(text.encode())
        assert reading.problem is None
        assert reading.value == value
        assert type(reading.value) is type(value)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("PRS-000", 0, 1, 1)),
        (b'{"a": 1} {}', ("PRS-000", 9, 1, 10)),
        (b'{"a": 1}\n{"b": 2}', ("PRS-000", 9, 2, 1)),
        (b"{'a': 1}", ("PRS-000", 1, 1, 2)),
        (b'["a\nb"]', ("PRS-000", 3, 1, 4)),
        (b"[1,]", ("PRS-000", 3, 1, 4)),
        (b'{"a": 1,\n "b": 2,\n "a": 3}', ("PRS-001", 19, 3, 2)),
        (b'{"a": 1, "\\u0061": 3}', ("PRS-001", 9, 1, 10)),
        (b'{"a": {"a": 1}, "b": [{"c": 1, "c": 2}]}', ("PRS-001", 31, 1, 32)),
        ('{"ä": 1, "ä": 2}'.encode(), ("PRS-001", 10, 1, 10)),
        (b'["NaN", NaN]', ("PRS-002", 8, 1, 9)),
        (b"[-Infinity]", ("PRS-002", 1, 1, 2)),
        (b"[1e308, 1e999]", ("PRS-002", 8, 1, 9)),
        (b"[9007199254740991, 9007199254740992]", ("PRS-002", 19, 1, 20)),
        (b"[-99999999999999999999]", ("PRS-002", 1, 1, 2)),
        (b'[\n"a\xe2\x80\xae"]', ("PRS-005", 2, 2, 1)),
        (b'["\\u202e"]', ("PRS-005", 1, 1, 2)),
        (b'{"x\\u200b": 1}', ("PRS-005", 1, 1, 2)),
        (b'["\\u0000"]', ("PRS-005", 1, 1, 2)),
        (b'["a\x7f"]', ("PRS-005", 1, 1, 2)),
        (b"\xef\xbb\xbf{}", ("PRS-006", 0, 1, 1)),
        (b'{"a": "\xff"}', ("PRS-006", 7, 1, 8)),
        (b'["\\udc00"]', ("PRS-006", 1, 1, 2)),
        ('{"a": 1}'.encode("utf-16"), ("PRS-006", 0, 1, 1)),
        ('{"a": 1}'.encode("utf-16-be"), ("PRS-006", 0, 1, 1)),
    ],
)
def test_misfits_are_named_with_their_place(data: bytes, expected: tuple[str, int, int, int]) -> None:
    assert place(data) == expected


def test_escaped_backslash_before_an_escape_look_alike_is_honest() -> None:
    assert read_json(b'["\\\\u202e", "\\u00e4"]').value == ["\\u202e", "ä"]


def test_size_is_checked_first() -> None:
    assert place(b"[1, 2]", max_bytes=5)[0] == "PRS-003"
    assert read_json(b"[1,2]", max_bytes=5).value == [1, 2]


def test_depth_is_checked_before_parsing() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).problem is None
    assert place(b"[" * (MAX_DEPTH + 1)) == ("PRS-003", MAX_DEPTH, 1, MAX_DEPTH + 1)
    assert place(b'{"a":' * 3 + b"0" + b"}" * 3, max_depth=2) == ("PRS-003", 10, 1, 11)
    wide = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert len(read_json(wide, max_depth=2).value) == 1000
    assert place(b'["ab\\"[", [[]]]', max_depth=2)[0] == "PRS-003"


@pytest.mark.parametrize(
    "unit", [b'"\\', b'"', b"\\", b'"\\"', b"[", b"{", b'{"a":', b"]", b'["', b"1", b"-", b'"[', b"[1,"]
)
def test_hostile_repetition_costs_linear_time(unit: bytes) -> None:
    started = time.perf_counter()
    problem(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - started < 2.0


def test_messages_show_no_raw_unseen_characters_and_stay_short() -> None:
    for data in (b'["\xe2\x80\xae"]', b'{"%b": 1, "%b": 2}' % (b"k" * 9000, b"k" * 9000), b"[" + b"9" * 9000 + b"]"):
        message = problem(data).message
        assert not has_unseen(message)
        assert len(message) < 200


@given(st.binary(max_size=200))
def test_never_raises_on_any_bytes(data: bytes) -> None:
    reading = read_json(data)
    assert (reading.problem is None) or reading.value is None


json_text = st.text(alphabet='{}[]:,"\\u0123456789eE+-.NaInfity \n\u202eä', max_size=60)


@given(json_text)
def test_accepts_no_more_than_json_itself_and_reads_it_alike(text: str) -> None:
    reading = read_json(text.encode())
    if reading.problem is None:
        assert json.loads(text) == reading.value


scalars = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Zl", "Zp", "Lo")))


@given(st.recursive(scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20))
def test_reads_back_what_json_wrote(value: Any) -> None:
    assert read_json(json.dumps(value).encode()).value == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()).value == value
