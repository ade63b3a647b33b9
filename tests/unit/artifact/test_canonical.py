"""The quick way to the canonical form agrees with the library on every value and every near miss."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casework.artifact.digest import NotCanonicalError, is_canonical, jcs_bytes
from casework.artifact.strict_json import read_json

numbers = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([-0.0, 1e-7, 1e16, 1e21, 5e-324, 0.1])
)
texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["\ue000", "\U0001f600", "\x7f", "\\", '"', "1.0,", ":1e5", "é"]
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=15,
)
spellings = st.sampled_from(
    [
        rfc8785.dumps,
        lambda value: json.dumps(value).encode(),
        lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(),
        lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode(),
        lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
        lambda value: rfc8785.dumps(value) + b"\n",
    ]
)  # fmt: skip


anything = st.recursive(
    st.none()
    | st.booleans()
    | numbers
    | texts
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(texts | st.integers() | st.booleans() | st.none(), inner, max_size=4)
    ),
    max_leaves=12,
)


def library(value: Any) -> bytes | None:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return None


def ours(value: Any) -> bytes | None:
    try:
        return jcs_bytes(value)
    except NotCanonicalError:
        return None


@settings(max_examples=2000)
@given(anything)
@example({1: "a"})
@example({"a": {True: 1}})
@example([2**53])
@example([-(2**53)])
@example([10**40])
@example([float("nan")])
@example(["\ud800"])
@example((1, [b"x"]))
def test_quick_form_is_the_librarys_whatever_the_value(value: Any) -> None:
    assert ours(value) == library(value)


@settings(max_examples=1500)
@given(values, spellings)
@example([1.0], lambda value: b"[1.0]")
@example({"a": 1.0}, lambda value: b'{"a":1.0}')
@example([-0.0], lambda value: b"[-0.0]")
@example([0.00001], lambda value: b"[1e-05]")
@example([0.00001], lambda value: b"[0.00001]")
@example([1e16], lambda value: b"[1e+16]")
@example({"\ue000": 1, "\U0001f600": 2}, lambda value: '{"\ue000":1,"\U0001f600":2}'.encode())
@example({"\ue000": 1, "\U0001f600": 2}, lambda value: '{"\U0001f600":2,"\ue000":1}'.encode())
def test_quick_answer_is_the_librarys(value: Any, spell: Any) -> None:
    data = spell(value)
    reading = read_json(data)
    if reading.problem is None:
        assert is_canonical(reading.value, data) is (rfc8785.dumps(reading.value) == data)


@pytest.mark.parametrize(
    "data",
    [
        b"[1.50]",
        b"[01]",
        b"[1,2 ]",
        b'["\\u0061"]',
        b'["\\/"]',
        b'{"b":1,"a":2}',
        b"[1E5]",
        b"[100000.0]",
        b"1.0",
        b"1e5",
    ],
)
def test_other_spellings_are_not_canonical(data: bytes) -> None:
    reading = read_json(data)
    assert reading.problem is not None or not is_canonical(reading.value, data)
