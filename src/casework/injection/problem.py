"""What is wrong with a model, data or plan, so that no fault can be put in; and what to say of a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

_LISTED: Final = 12
_NEAR: Final = 3


class InjectionProblem(Exception):  # noqa: N818 - it is a state of the user's files, not an error of ours
    """The fact, and the act that mends it. Raised before anything has run wherever that is possible."""

    def __init__(self, message: str, fix: str, *, ours: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.ours = ours
        """True where an engine is at fault and not the user's files: there is no result then."""


def nearest(name: str, known: Iterable[str], count: int = _NEAR, cutoff: float = 0.4) -> list[str]:
    """Return the names that are most like a name, the likest first."""
    return difflib.get_close_matches(name, list(known), count, cutoff)


def listed(known: Sequence[str]) -> str:
    """Return names in their order with a full stop, cut after the first dozen."""
    return ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else ".")


def near_and_all(name: str, known: Sequence[str]) -> str:
    """Return a hint such as `Near it: Conv; all: Conv, Gemm, Relu.`; what is near is never taken for all there is."""
    near = nearest(name, known)
    return f"Near it: {', '.join(near)}; all: {listed(known)}" if near else f"All: {listed(known)}"
