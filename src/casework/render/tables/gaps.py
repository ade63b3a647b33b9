"""Threads through the case, forwards and backwards, and coverage by level; the values that all formats of gaps show.

A forward thread runs from a hazardous event, a threat or what a stakeholder asks for to one piece of evidence or test;
a backward one from a piece of evidence up to the hazards. Where a thread ends too early, its hole is named. One thread
is kept for each start, lowest requirement and piece of evidence, along the shortest path, so that their number stays
readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from casework.graph.assessment import Assessment
from casework.graph.coverage import LEVELS, coverage

HAZARDS = ("hazardous_event", "threat")


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread.

    Attributes:
        hazard: Hazardous event or threat; empty where the thread reaches none.
        goal: Safety goal; empty where there is none on the way.
        requirements: From the highest to the lowest.
        evidence: Evidence node or test; empty where there is none.
        state: State of the evidence, `defined` or `not defined` of a test; empty where there is none.
        status: Status of the lowest node of the thread that has one.
        hole: What is missing, in words; empty where the thread holds.
        at: Node at which it is missing.
    """

    hazard: str = ""
    goal: str = ""
    requirements: tuple[str, ...] = ()
    evidence: str = ""
    state: str = ""
    status: str = ""
    hole: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """Coverage of one level.

    Attributes:
        name: Level of requirements, or node type.
        total: Nodes of the level.
        shallow: Of those, with something below them; of evidence, with a record.
        deep: Of those, covered all the way down to evidence or tests that are planned; of evidence, with a current
        record.
        supported: Of those, with all that is below them holding.
        lacking: Keys of those that are not supported, sorted.
    """

    name: str
    total: int
    shallow: int
    deep: int
    supported: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """Coverage by level, and the threads both ways.

    Attributes:
        name: Name of the case.
        levels: From hazards down.
        forward: From hazards to evidence.
        backward: From evidence to hazards.
        titles: Title of each node that is named, by key.
    """

    name: str
    levels: tuple[Level, ...]
    forward: tuple[Thread, ...]
    backward: tuple[Thread, ...]
    titles: tuple[tuple[str, str], ...]

    @property
    def holes(self) -> tuple[Thread, ...]:
        """The forward threads that do not hold, then the backward ones that lead nowhere."""
        return tuple(t for t in (*self.forward, *self.backward) if t.hole)


def gaps(assessment: Assessment) -> Gaps:
    """Gather coverage and threads of an assessment whose statuses are computed."""
    case = assessment.case
    forward = tuple(_forward(assessment))
    titles = tuple((key, case.entries[key].title) for key in sorted(case.entries) if case.entries[key].title)
    return Gaps(assessment.project.name, tuple(_levels(assessment)), forward, tuple(_backward(assessment)), titles)


def _alive(assessment: Assessment, key: str) -> bool:
    return assessment.case.entries[key].light.get("status") != "retired"


def _children(assessment: Assessment, key: str) -> list[str]:
    found = {e.source for e in assessment.case.into(key, "derives_from")}
    return sorted(k for k in found if _alive(assessment, k))


def _starts(assessment: Assessment, hazard: str) -> list[tuple[str, str]]:
    """Return (safety goal, requirement or nothing) at which the threads of a hazard start."""
    case = assessment.case
    made: list[tuple[str, str]] = []
    for goal in sorted({e.source for e in case.into(hazard, "addresses")}):
        children = _children(assessment, goal)
        made += [(goal, child) for child in children] or [(goal, "")]
    below = _below(assessment, [start for _, start in made if start])
    direct = {e.source for e in case.into(hazard, "mitigates")} | {e.target for e in case.out(hazard, "mitigated_by")}
    made += [("", key) for key in sorted(direct - set(below)) if _alive(assessment, key)]
    return made


def _below(assessment: Assessment, starts: list[str]) -> dict[str, tuple[str, ...]]:
    """Return every requirement at or below the starts, with the shortest path to it."""
    came = assessment.case.reach(starts, lambda key: _children(assessment, key))
    paths: dict[str, tuple[str, ...]] = {start: (start,) for start in starts}
    for key, parent in came.items():
        if key not in paths:
            paths[key] = (*paths.get(parent, (parent,)), key)
    return paths


def _forward(assessment: Assessment) -> Iterator[Thread]:
    traced: set[str] = set()
    for hazard in assessment.case.keys(*HAZARDS):
        yield from _of_hazard(assessment, hazard, traced)
    yield from _of_stakeholders(assessment, traced)
    yield from _untraced(assessment, traced)


def _of_hazard(assessment: Assessment, hazard: str, traced: set[str]) -> Iterator[Thread]:
    """Yield the threads of a hazard, and mark the requirements on them as traced."""
    starts = _starts(assessment, hazard)
    if not starts and not _managed(assessment, hazard):
        yield Thread(hazard, status=_word(assessment, hazard), hole=f"nothing mitigates {hazard}", at=hazard)
    for goal, start in starts:
        if not start:
            hole = f"no requirement derives from {goal}"
            yield Thread(hazard, goal, status=_word(assessment, goal), hole=hole, at=goal)
            continue
        paths = _below(assessment, [start])
        traced |= set(paths)
        for path in paths.values():
            yield from _ends(assessment, hazard, goal, path)


def _of_stakeholders(assessment: Assessment, traced: set[str]) -> Iterator[Thread]:
    """Yield the threads from what stakeholders ask for, as far as no hazard leads to the same end."""
    case = assessment.case
    for key in case.keys("requirement"):
        if case.entries[key].light.get("level") == "stakeholder" and _alive(assessment, key):
            paths = _below(assessment, [key])
            for path in paths.values():
                if path[-1] not in traced:
                    yield from _ends(assessment, "", "", path)
            traced |= set(paths)


def _untraced(assessment: Assessment, traced: set[str]) -> Iterator[Thread]:
    case = assessment.case
    for key in case.keys("requirement"):
        if key not in traced and _alive(assessment, key) and case.entries[key].light.get("level") != "tool":
            hole = f"{key} traces to no hazard and to no stakeholder"
            yield Thread("", "", (key,), status=_word(assessment, key), hole=hole, at=key)


def _managed(assessment: Assessment, hazard: str) -> bool:
    """Tell whether a hazardous event holds without an answer, as QM ones may (ISO 26262-3:2018, 6.4.4.1)."""
    return _word(assessment, hazard) == "supported"


def _ends(assessment: Assessment, hazard: str, goal: str, path: tuple[str, ...]) -> Iterator[Thread]:
    """Yield a thread for each piece of evidence and test of the last requirement of a path, or its hole."""
    case = assessment.case
    last = path[-1]
    status = _word(assessment, last)
    evidence = sorted({e.source for e in case.into(last, "verifies")})
    for key in evidence:
        state = assessment.appraisals[key].state if key in assessment.appraisals else "missing"
        yield Thread(
            hazard, goal, path, key, state, _word(assessment, key), _evidence_hole(assessment, last, key, state), key
        )
    tests = [str(test) for test in case.entries[last].light.get("verified_by") or ()]
    for test in tests:
        file, _, name = test.partition("::")
        defined = name in assessment.tests.get(file, frozenset())
        hole = "" if defined else f"the test {test} of {last} is not defined"
        yield Thread(hazard, goal, path, test, "defined" if defined else "not defined", status, hole, last)
    if not evidence and not tests and not _children(assessment, last):
        yield Thread(hazard, goal, path, "", "", status, f"no evidence or test shows {last}", last)


def _evidence_hole(assessment: Assessment, requirement: str, evidence: str, state: str) -> str:
    if state != "current":
        return f"{evidence} is {state}"
    words = {"not_met": "does not meet", "not_shown": "does not show", "missing": "does not measure"}
    judged = [r.judgement for r in assessment.results.get(requirement, ()) if r.evidence == evidence]
    for outcome, verb in words.items():
        found = [j for j in judged if j.outcome == outcome]
        if found:
            return f"{evidence} {verb} {found[0].expected} of {requirement}"
    status = assessment.statuses.get(evidence)
    return "" if status is None or status.word == "supported" else status.reason


def _word(assessment: Assessment, key: str) -> str:
    status = assessment.statuses.get(key)
    return status.word if status else ""


def _backward(assessment: Assessment) -> Iterator[Thread]:
    case = assessment.case
    for key in case.keys("evidence"):
        state = assessment.appraisals[key].state if key in assessment.appraisals else "missing"
        status = _word(assessment, key)
        verified = sorted({e.target for e in case.out(key, "verifies")})
        if not verified:
            yield Thread("", "", (), key, state, status, f"{key} speaks for no requirement", key)
        for requirement in verified:
            yield from _ancestors(assessment, key, state, requirement)


def _ancestors(assessment: Assessment, evidence: str, state: str, requirement: str) -> Iterator[Thread]:
    """Yield a thread for each hazard that a requirement's ancestors lead to, or its hole."""
    case = assessment.case
    status = _word(assessment, evidence)
    came = case.reach([requirement], lambda key: (e.target for e in case.out(key, "derives_from")))
    found = False
    for key in [requirement, *came]:
        chain = _chain(came, requirement, key)
        goal = key if case.entries[key].type == "safety_goal" else ""
        hazards = {e.target for e in case.out(key, "addresses", "mitigates")} | {
            e.source for e in case.into(key, "mitigated_by")
        }
        requirements = tuple(k for k in chain if case.entries[k].type == "requirement")
        for hazard in sorted(hazards):
            found = True
            yield Thread(hazard, goal, requirements, evidence, state, status, "", "")
    if found:
        return
    levels = {key: case.entries[key].light.get("level") for key in [requirement, *came]}
    asked = [key for key, level in levels.items() if level == "stakeholder"]
    for key in asked:
        yield Thread("", "", _chain(came, requirement, key), evidence, state, status)
    if not asked and levels[requirement] != "tool":
        yield Thread(
            "",
            "",
            (requirement,),
            evidence,
            state,
            status,
            f"{requirement} traces to no hazard and to no stakeholder",
            requirement,
        )


def _chain(came: dict[str, str], start: str, key: str) -> tuple[str, ...]:
    """Return the way from a node down to the start that it was reached from."""
    made = [key]
    while key != start and key in came and came[key] not in made:
        key = came[key]
        made.append(key)
    return tuple(made)


def _levels(assessment: Assessment) -> Iterator[Level]:
    case = assessment.case
    rows = {row.key: row for row in coverage(case).rows}
    groups: dict[str, list[str]] = {name: list(case.keys(name)) for name in (*HAZARDS, "safety_goal")}
    for key in case.keys("requirement"):
        if _alive(assessment, key):
            groups.setdefault(str(case.entries[key].light.get("level") or "unknown"), []).append(key)
    ranks = {name: rank for rank, name in enumerate((*HAZARDS, "safety_goal", *LEVELS))}
    for name in sorted(groups, key=lambda n: (ranks.get(n, 99), n)):
        keys = groups[name]
        found = [rows[key] for key in keys if key in rows]
        if keys:
            yield _level(assessment, name, keys, sum(r.shallow for r in found), sum(r.deep for r in found))
    evidence = list(case.keys("evidence"))
    if evidence:
        states = [assessment.appraisals[key] for key in evidence if key in assessment.appraisals]
        recorded = sum(item.verdict is not None for item in states)
        yield _level(assessment, "evidence", evidence, recorded, sum(item.state == "current" for item in states))


def _level(assessment: Assessment, name: str, keys: list[str], shallow: int, deep: int) -> Level:
    lacking = tuple(sorted(k for k in keys if _word(assessment, k) != "supported"))
    return Level(name, len(keys), shallow, deep, len(keys) - len(lacking), lacking)


COLUMNS = ("hazard", "safety goal", "requirements", "evidence", "state", "status", "hole", "at")
"""Column titles of a thread."""


def cells(thread: Thread) -> tuple[str, ...]:
    """Return a thread as the texts of its columns."""
    way = " > ".join(thread.requirements)
    return (
        thread.hazard,
        thread.goal,
        way,
        thread.evidence,
        thread.state,
        thread.status,
        thread.hole,
        thread.at,
    )
