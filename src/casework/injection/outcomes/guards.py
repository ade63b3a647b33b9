"""Outputs of a model that are alarms: its metadata names them, a hardening measure adds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from casework.injection.problem import InjectionProblem

KEY: Final = "casework.guards"
"""Key of an ONNX model's `metadata_props` whose value lists the outputs that are alarms, separated by commas."""


def guard_positions(outputs: Sequence[str], metadata: Mapping[str, str]) -> tuple[int, ...]:
    """Return the positions among a graph's outputs of those that its metadata names as guards.

    An alarm is any element that is true (not zero).

    Args:
        outputs: Names in the order of the graph.
        metadata: The model's `metadata_props`.

    Raises:
        InjectionProblem: A guard is named that is no output.
    """
    names = [n.strip() for n in metadata.get(KEY, "").split(",") if n.strip()]
    for name in names:
        if name not in outputs:
            near = get_close_matches(name, outputs, 3)
            raise InjectionProblem(
                f"the model's metadata names the guard {name!r}, which is not among its outputs",
                f"Name one of its outputs{': ' + ', '.join(near) if near else ''}, or drop {KEY}.",
            )
    return tuple(sorted({list(outputs).index(n) for n in names}))


def decisive_position(outputs: Sequence[str], guards: Sequence[int], wanted: str | None) -> int:
    """Return the position of the output that decides: the one wanted, else the first that is no guard.

    Raises:
        InjectionProblem: There is no such output, or it is a guard.
    """
    if wanted is None:
        free = [p for p in range(len(outputs)) if p not in guards]
        if not free:
            raise InjectionProblem(
                "all outputs of the model are guards", f"Name as {KEY} only outputs that are alarms."
            )
        return free[0]
    if wanted not in outputs or list(outputs).index(wanted) in guards:
        near = get_close_matches(wanted, outputs, 3) or list(outputs)[:3]
        raise InjectionProblem(
            f"the output {wanted!r} cannot decide: the model has none of that name that is no guard",
            f"Name one of its outputs, such as {', '.join(near)}.",
        )
    return list(outputs).index(wanted)
