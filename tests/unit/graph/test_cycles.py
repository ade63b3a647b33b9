from __future__ import annotations

import pytest

from casework.graph.cycles import strongly_connected


def test_no_cycle_in_a_diamond() -> None:
    assert strongly_connected({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []


def test_each_cycle_starts_at_its_smallest_key_and_follows_the_links() -> None:
    found = strongly_connected({"c": ["a"], "a": ["b"], "b": ["c"], "y": ["x"], "x": ["y"], "z": ["a"]})
    assert found == [("a", "b", "c"), ("x", "y")]


def test_a_self_loop_is_a_cycle() -> None:
    assert strongly_connected({"a": ["a"], "b": ["a"]}) == [("a",)]


def test_what_hangs_below_or_above_a_cycle_is_no_part_of_it() -> None:
    assert strongly_connected({"top": ["a"], "a": ["b"], "b": ["a", "low"], "low": ["lower"], "lower": []}) == [
        ("a", "b")
    ]


def test_targets_that_are_no_keys_are_allowed() -> None:
    assert strongly_connected({"a": ["elsewhere"]}) == []


@pytest.mark.parametrize("length", [2, 10_000])
def test_a_long_cycle_needs_no_recursion(length: int) -> None:
    ring = {f"n{i:05d}": [f"n{(i + 1) % length:05d}"] for i in range(length)}
    found = strongly_connected(ring)
    assert [len(cycle) for cycle in found] == [length]
    assert found[0] == tuple(sorted(ring))


def test_the_order_of_the_keys_does_not_matter() -> None:
    edges = {"a": ["b"], "b": ["c", "a"], "c": ["a"]}
    assert strongly_connected(edges) == strongly_connected(dict(reversed(edges.items())))
