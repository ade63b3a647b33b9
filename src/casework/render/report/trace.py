"""The traceability matrix, both ways, and coverage by level."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from casework.render.report.document import (
    Cell,
    Column,
    Line,
    Paragraph,
    Row,
    Section,
    Table,
    cell,
    group,
    joined,
    line,
    muted,
    ref,
    to_anchor,
    word,
)
from casework.render.report.figures import share
from casework.render.report.verification import anchor_of_tests, tests_in_words
from casework.render.report.view import View
from casework.render.tables.gaps import Gaps, Thread, gaps

K = TypeVar("K")


def section(view: View) -> Section:
    """Return the traceability matrix."""
    found = gaps(view.assessment)
    intro = Paragraph(
        line(
            f"{len(found.forward)} threads lead from hazards towards evidence, {len(found.backward)} from "
            "evidence towards hazards; "
            f"{len(found.holes)} of them end in a hole, which is named in the last column."
        )
    )
    words = Paragraph(
        line(
            "Shallow coverage: something stands below the item. Deep coverage: that goes all the way down to "
            "evidence or tests "
            "that are planned. Supported: all of that holds."
        )
    )
    parts = (
        Section("Coverage by level", "trace-levels", (words, _levels(found))),
        Section("From hazards to evidence", "trace-forward", (_forward(view, found),)),
        Section("From evidence to hazards", "trace-backward", (_backward(view, found),)),
    )
    return Section("Traceability", "trace", (intro,), parts, new_page=True)


def _levels(found: Gaps) -> Table:
    columns = (
        Column("Level", 1),
        Column("Shallow", 1),
        Column("Deep", 1),
        Column("Supported", 1),
        Column("Not supported", 3),
    )
    rows = [
        Row(
            (
                cell(level.name.replace("_", " ")),
                cell(share(level.shallow, level.total)),
                cell(share(level.deep, level.total)),
                cell(share(level.supported, level.total)),
                cell(joined(ref(key) for key in level.lacking)) or cell("none"),
            )
        )
        for level in found.levels
    ]
    source = "links and statuses; percentages are rounded down, so that 100 % means all"
    return Table("Coverage, shallow and deep", source, columns, tuple(rows), "The case is empty.")


def _forward(view: View, found: Gaps) -> Table:
    columns = (
        Column("Requirement", 0.9),
        Column("Refined by", 1.5),
        Column("Evidence or test", 2.4),
        Column("Status", 0.9),
        Column("Hole", 1.8 if any(t.hole for t in found.forward) else 0.6),
    )
    rows: list[Row] = []
    for head, threads in _grouped(found.forward, _start):
        rows.append(group(_head(view, *head)))
        before = ""
        for keys, same in _grouped(threads, lambda thread: thread.requirements):
            first = keys[0] if keys else ""
            rows.append(_chain_row(view, keys, same, named=first != before))
            before = first
    return Table(
        "Forward", "links from hazards down to evidence", columns, tuple(rows), "There is nothing to trace.", dense=True
    )


def _chain_row(view: View, keys: tuple[str, ...], threads: list[Thread], *, named: bool) -> Row:
    """Return a row for a chain of requirements; its first one is named only where it differs from the row above."""
    status = view.status(keys[-1]) if keys else word(threads[0].status or "open")
    return Row(
        (
            (cell(line(ref(keys[0]))) if named else ()) if keys else cell("none"),
            cell(joined((ref(key) for key in keys[1:]), " → ")),
            _shown(view, threads),
            cell(line(status)),
            _holes(threads),
        )
    )


def _shown(view: View, threads: list[Thread]) -> Cell:
    """Return the evidence of threads by its state, and how many tests there are."""
    evidence = [t for t in threads if t.evidence in view.case]
    made = [_with_state(state, [t.evidence for t in same]) for state, same in _grouped(evidence, lambda t: t.state)]
    tests = tuple(t.evidence for t in threads if t.evidence and t.evidence not in view.case)
    if tests:
        last = threads[0].requirements[-1]
        made.append(line(tests_in_words(view, tests), "  ", to_anchor(anchor_of_tests(last), "listed")))
    below = bool(threads[0].requirements) and not threads[0].hole
    return tuple(made) or cell("by what refines it" if below else line(word("missing", "none")))


def _with_state(state: str, keys: Iterable[str]) -> Line:
    return line(*joined(ref(key) for key in keys), "  ", word(state))


def _holes(threads: list[Thread]) -> Cell:
    return tuple(line(word("no", hole)) for hole in dict.fromkeys(t.hole for t in threads if t.hole))


def _start(thread: Thread) -> tuple[str, str, str]:
    """Return what a thread starts from: hazard and goal, or what a stakeholder asks for, or the requirement alone."""
    first = thread.requirements[0] if thread.requirements else ""
    return thread.hazard, thread.goal, "" if thread.hazard or thread.goal else first


def _head(view: View, hazard: str, goal: str, first: str) -> Line:
    if not hazard and not goal:
        return line(muted("No hazard; asked for by "), *view.named(first)) if first else line("No hazard")
    start = view.named(hazard) if hazard else line("No hazard")
    return line(*start, "  →  ", *view.named(goal)) if goal else line(*start, muted("  (no safety goal)"))


def _backward(view: View, found: Gaps) -> Table:
    columns = (
        Column("Requirement", 0.9),
        Column("Above it", 2),
        Column("Safety goals", 1.3),
        Column("Hazards", 1.5),
        Column("Hole", 1.7 if any(t.hole for t in found.backward) else 0.6),
    )
    rows: list[Row] = []
    for key, threads in _grouped(found.backward, lambda thread: thread.evidence):
        first = threads[0]
        status = (word(first.status),) if first.status else ()
        rows.append(group(line(*view.named(key), "  ", word(first.state), "  ", *status)))
        for lowest, same in _grouped(threads, lambda thread: thread.requirements[-1:]):
            above = [k for t in same for k in reversed(t.requirements[:-1])]
            rows.append(
                Row(
                    (
                        cell(view.refs(lowest)) or cell("none"),
                        _all(view, above, "nothing"),
                        _all(view, (t.goal for t in same), "none on the way"),
                        _all(view, (t.hazard for t in same), "none"),
                        _holes(same),
                    )
                )
            )
    source = "links from evidence up to hazards"
    return Table("Backward", source, columns, tuple(rows), "There is no evidence to trace.", dense=True)


def _all(view: View, keys: Iterable[str], none: str) -> Cell:
    return cell(view.refs(key for key in dict.fromkeys(keys) if key)) or cell(none)


def _grouped(threads: Iterable[Thread], by: Callable[[Thread], K]) -> list[tuple[K, list[Thread]]]:
    """Return threads by what they have in common, both in the order in which they come."""
    made: dict[K, list[Thread]] = {}
    for thread in threads:
        made.setdefault(by(thread), []).append(thread)
    return list(made.items())
