"""Coverage of requirements, level by level, and the trace both ways.

A requirement is covered *shallowly* if anything in force stands below it: a requirement that derives from it,
evidence that verifies it, or a test. It is covered *deeply* if that holds all the way down: each requirement that
derives from it is deeply covered, and where nothing derives from it, evidence or a test is there. The two words, and
the idea to tell them apart, are OpenFastTrace's. Coverage says that something is planned, not that it passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from casework.graph.case import Case, Entry
from casework.model.standards import ASIL_RANK, Asil, asil_of

LEVELS: Final = ("stakeholder", "system", "software", "ml", "data", "tool")
"""Levels in the order of reports."""


def share(part: int, whole: int) -> str:
    """Return a share in percent with one decimal, rounded down: 999 of 1000 is 99.9 %, and only all of all is 100 %.

    Nothing of nothing is `-`.
    """
    if whole == 0:
        return "-"
    if part >= whole:
        return "100 %"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One requirement (or safety goal, or hazardous event) with its neighbours in both directions.

    Attributes:
        key: Its key.
        type: Node type.
        level: Level of a requirement, else an empty string.
        asil: ASIL or SIL as written, computed for hazardous events and safety goals; may be empty.
        title: Title, or an empty string.
        above: What it comes from: parents, mitigated or addressed events and threats.
        below: Requirements and safety goals in force that come from it.
        evidence: Evidence that verifies it.
        tests: Tests that it names.
        stated_by: GSN goals that state it.
        shallow: True if anything in force stands below it.
        deep: True if that holds all the way down; also for a hazardous event of level QM, which needs no goal.
        gap: Why it is not deeply covered; empty if it is.
    """

    key: str
    type: str
    level: str
    asil: str
    title: str
    above: tuple[str, ...]
    below: tuple[str, ...]
    evidence: tuple[str, ...]
    tests: tuple[str, ...]
    stated_by: tuple[str, ...]
    shallow: bool
    deep: bool
    gap: str


@dataclass(frozen=True, slots=True)
class LevelCoverage:
    """Coverage of one level: how many requirements are in force, and how many of them are covered, and by what."""

    level: str
    total: int
    shallow: int
    deep: int
    by_children: int
    by_evidence: int
    by_tests: int


@dataclass(frozen=True, slots=True)
class BackRow:
    """One end of the trace with everything that it traces back to.

    Attributes:
        end: Key of the evidence, or the test as written.
        kind: `evidence` or `test`.
        verifies: Requirements that it verifies directly.
        requirements: All requirements above those.
        origins: Safety goals, hazardous events and threats that it traces back to.
    """

    end: str
    kind: str
    verifies: tuple[str, ...]
    requirements: tuple[str, ...]
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The trace of a case: rows by key (gaps are rows, not omissions), levels, and the way back from each end."""

    rows: tuple[TraceRow, ...]
    levels: tuple[LevelCoverage, ...]
    back: tuple[BackRow, ...]

    @property
    def gaps(self) -> tuple[TraceRow, ...]:
        """The rows that are not deeply covered."""
        return tuple(row for row in self.rows if not row.deep)


def coverage(case: Case) -> Coverage:
    """Return the coverage of hazardous events, safety goals, threats and requirements in force, and the way back.

    Draft requirements count as there and as to be covered; retired and invalid ones are left out.
    """
    down = {key: _below(case, key) for key in _covered_types(case)}
    deep = _deep(case, down)
    rows = tuple(_row(case, key, down[key], deep) for key in sorted(down, key=lambda k: (_order(case, k), k)))
    return Coverage(rows, tuple(_levels(rows)), tuple(_back(case, rows)))


def event_asil(entry: Entry) -> Asil | None:
    """Return the computed ASIL of a hazardous event, or None where the node is invalid or of another type."""
    if entry.type != "hazardous_event" or not entry.valid:
        return None
    light = entry.light
    return asil_of(light["severity"]["level"], light["exposure"]["level"], light["controllability"]["level"])


def goal_asil(case: Case, key: str) -> Asil | None:
    """Return the highest ASIL of the hazardous events that a safety goal addresses, or None where none is known."""
    events = (case.entries[edge.target] for edge in case.out(key, "addresses"))
    levels = [level for event in events if (level := event_asil(event)) is not None]
    return max(levels, key=ASIL_RANK.__getitem__, default=None)


def _in_force(entry: Entry) -> bool:
    return entry.valid and entry.light.get("status", "agreed") != "retired"


def _covered_types(case: Case) -> Iterator[str]:
    for key in case.keys("hazardous_event", "safety_goal", "threat", "requirement"):
        if _in_force(case.entries[key]):
            yield key


def _order(case: Case, key: str) -> int:
    entry = case.entries[key]
    first = ("hazardous_event", "threat", "safety_goal")
    return first.index(entry.type) if entry.type in first else len(first) + LEVELS.index(entry.light["level"])


_DOWN: Final = ("derives_from", "addresses", "mitigates")


def _below(case: Case, key: str) -> tuple[str, ...]:
    found = {e.source for e in case.into(key) if e.field in _DOWN and e.source != key}
    found.update(e.target for e in case.out(key, "mitigated_by"))
    types = ("requirement", "safety_goal")
    return tuple(sorted(k for k in found if case.entries[k].type in types and _in_force(case.entries[k])))


def _stands(case: Case, key: str) -> bool:
    """Return True for an end of the trace that needs nothing below: it is verified, or its risk is QM."""
    entry = case.entries[key]
    if entry.type == "hazardous_event":
        return event_asil(entry) == "QM"
    return bool(entry.light.get("verified_by")) or any(e.field == "verifies" for e in case.into(key))


def _deep(case: Case, down: dict[str, tuple[str, ...]]) -> set[str]:
    """Return what is covered all the way down; worked out from the ends upwards, so a circle never is."""
    waiting = {key: len(below) for key, below in down.items()}
    above: dict[str, list[str]] = {}
    for key, below in down.items():
        for child in below:
            above.setdefault(child, []).append(key)
    ready = [key for key, count in waiting.items() if count == 0 and _stands(case, key)]
    covered: set[str] = set()
    while ready:
        key = ready.pop()
        covered.add(key)
        for parent in above.get(key, ()):
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
    return covered


def _row(case: Case, key: str, below: tuple[str, ...], deep: set[str]) -> TraceRow:
    entry = case.entries[key]
    light: dict[str, Any] = entry.light
    evidence = tuple(sorted(e.source for e in case.into(key, "verifies")))
    tests = tuple(light.get("verified_by") or ())
    shallow = bool(below or evidence or tests)
    return TraceRow(
        key,
        entry.type,
        light.get("level", ""),
        _integrity(case, key),
        entry.title,
        tuple(sorted({e.target for e in case.out(key, *_DOWN)} | {e.source for e in case.into(key, "mitigated_by")})),
        below,
        evidence,
        tests,
        tuple(sorted(e.source for e in case.into(key, "states"))),
        shallow,
        key in deep,
        _gap(entry, below, deep, covered=key in deep),
    )


def _integrity(case: Case, key: str) -> str:
    entry = case.entries[key]
    match entry.type:
        case "hazardous_event":
            return event_asil(entry) or ""
        case "safety_goal":
            return goal_asil(case, key) or ""
        case _:
            return entry.light.get("asil") or entry.light.get("sil") or ""


def _gap(entry: Entry, below: tuple[str, ...], deep: set[str], *, covered: bool) -> str:
    if covered:
        return ""
    if not below:
        return {
            "hazardous_event": "no safety goal addresses it, and no requirement mitigates it",
            "safety_goal": "no requirement derives from it",
            "threat": "no requirement mitigates it",
        }.get(entry.type, "nothing derives from it, no evidence verifies it, and it names no test")
    missing = [key for key in below if key not in deep]
    return f"not covered below: {', '.join(missing)}"


def _levels(rows: tuple[TraceRow, ...]) -> Iterator[LevelCoverage]:
    for level in LEVELS:
        mine = [row for row in rows if row.level == level]
        if mine:
            yield LevelCoverage(
                level,
                len(mine),
                sum(row.shallow for row in mine),
                sum(row.deep for row in mine),
                sum(bool(row.below) for row in mine),
                sum(bool(row.evidence) for row in mine),
                sum(bool(row.tests) for row in mine),
            )


def _back(case: Case, rows: tuple[TraceRow, ...]) -> Iterator[BackRow]:
    """Yield the way back from every evidence node (also of one that verifies nothing) and from every test."""
    ends: dict[tuple[str, str], list[str]] = {("evidence", key): [] for key in case.keys("evidence")}
    above = {row.key: row.above for row in rows}
    for row in rows:
        for evidence in row.evidence:
            ends.setdefault(("evidence", evidence), []).append(row.key)
        for test in row.tests:
            ends.setdefault(("test", test), []).append(row.key)
    for (kind, end), direct in sorted(ends.items()):
        found = set(case.reach(direct, lambda key: above.get(key, ()))) | set(direct)
        requirements = sorted(k for k in found if case.entries[k].type == "requirement")
        origins = sorted(k for k in found if case.entries[k].type != "requirement")
        yield BackRow(end, kind, tuple(sorted(direct)), tuple(requirements), tuple(origins))
