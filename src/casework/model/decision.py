"""The gate's decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver covers; shown as a deviation, never hidden."""

    finding: Finding
    waiver: str
    by: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says, and all that it rests on.

    Attributes:
        word: `pass` or `blocked`.
        findings: Everything found, waived findings left out, sorted by place.
        waived: Findings covered by a valid waiver.
        release: False where the decision rests on demo keys or another ground that forbids a release.
        summary: Counts for people: nodes, evidence current, and so on.
        grounds: Why there is no release, each in a few words; empty where there is one.
    """

    word: Literal["pass", "blocked"]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()
    release: bool = True
    summary: tuple[tuple[str, int], ...] = ()
    grounds: tuple[str, ...] = ()
