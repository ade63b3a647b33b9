"""The traceability matrix, both ways, and coverage by level."""

from __future__ import annotations

from collections.abc import Iterable

from casework.render.report.document import (
    Cell,
    Column,
    Paragraph,
    Row,
    Section,
    Table,
    cell,
    code,
    joined,
    line,
    ref,
    word,
)
from casework.render.report.figures import share
from casework.render.report.view import View
from casework.render.tables.gaps import Gaps, Thread, gaps


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
    return Section("Traceability", "trace", (intro,), parts)


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
        Column("Hazard", 0.9),
        Column("Safety goal", 0.9),
        Column("Requirements", 1.6),
        Column("Evidence or test", 1.5),
        Column("Status", 1),
        Column("Hole", 2),
    )
    rows = [
        Row(
            (
                _hazard(thread),
                _one(thread.goal, "none"),
                _chain(thread.requirements),
                _evidence(view, thread),
                _status(thread),
                _hole(thread),
            )
        )
        for thread in found.forward
    ]
    return Table("Forward", "links from hazards down to evidence", columns, tuple(rows), "There is nothing to trace.")


def _backward(view: View, found: Gaps) -> Table:
    columns = (
        Column("Evidence", 1.5),
        Column("Requirements", 1.6),
        Column("Safety goal", 0.9),
        Column("Hazard", 0.9),
        Column("Status", 1),
        Column("Hole", 2),
    )
    rows = [
        Row(
            (
                _evidence(view, thread),
                _chain(reversed(thread.requirements)),
                _one(thread.goal, "directly"),
                _hazard(thread),
                _status(thread),
                _hole(thread),
            )
        )
        for thread in found.backward
    ]
    return Table(
        "Backward", "links from evidence up to hazards", columns, tuple(rows), "There is no evidence to trace."
    )


def _one(key: str, none: str) -> Cell:
    return cell(line(ref(key))) if key else cell(none)


def _hazard(thread: Thread) -> Cell:
    return _one(thread.hazard, "none")


def _chain(keys: Iterable[str]) -> Cell:
    return cell(joined((ref(key) for key in keys), " → ")) or cell("none")


def _evidence(view: View, thread: Thread) -> Cell:
    if not thread.evidence:
        return cell(line(word("missing", "none")))
    name = ref(thread.evidence) if thread.evidence in view.case else code(thread.evidence)
    return cell(line(name), line(word(thread.state)))


def _status(thread: Thread) -> Cell:
    return cell(line(word(thread.status))) if thread.status else ()


def _hole(thread: Thread) -> Cell:
    return cell(line(word("no", thread.hole))) if thread.hole else ()
