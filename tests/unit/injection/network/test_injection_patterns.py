"""Names select themselves, whatever they hold; `*` and `?` alone are special."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.network.patterns import fits

NAMES = st.text(string.ascii_letters + string.digits + "[]!-.*?/\\:^", min_size=1, max_size=12)


@given(NAMES)
def test_every_name_selects_itself(name: str) -> None:
    assert fits(name, name)


@given(NAMES, NAMES)
def test_a_name_without_stars_and_question_marks_selects_nothing_else(name: str, pattern: str) -> None:
    if "*" not in pattern and "?" not in pattern:
        assert fits(name, pattern) == (name == pattern)


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("layers[0].weight", "layers[0].*", True),
        ("layers[1].weight", "layers[?].weight", True),
        ("layers0.weight", "layers[0].weight", False),
        ("a", "[a-c]", False),
        ("w[", "w[", True),
        ("conv1.weight", "conv?.weight", True),
    ],
)
def test_brackets_are_characters_like_any_other(name: str, pattern: str, expected: bool) -> None:
    assert fits(name, pattern) is expected
