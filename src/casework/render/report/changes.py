"""What changed since a baseline, as the report shows it; the comparison itself is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.render.report.document import Column, Paragraph, Row, Section, Table, cell, code, line, ref, strong
from casework.render.report.view import View


@dataclass(frozen=True, slots=True)
class Change:
    """One node that differs from the baseline.

    Attributes:
        word: added, removed or changed.
        node: Key of the node.
        type: Type of the node.
        details: What differs, a line each, such as `acceptance[0].bound: 0.95 -> 0.9`.
        affects: Keys of nodes that become suspect or stale by it.
    """

    word: Literal["added", "removed", "changed"]
    node: str
    type: str
    details: tuple[str, ...] = ()
    affects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The comparison with a baseline.

    Attributes:
        base: The baseline, as a tag or commit.
        changes: Every difference, sorted.
    """

    base: str
    changes: tuple[Change, ...]


def section(view: View, changes: Changes | None) -> Section:
    """Return the section on changes; without a comparison it says that there was none."""
    if changes is None:
        words = "This report was made without a comparison; casework report --baseline REV adds one."
        return Section("Changes since the last baseline", "changes", (Paragraph(line(words)),))
    columns = (Column("Change", 0.8), Column("Node", 1.2), Column("What differs", 3.5), Column("Affects", 2))
    rows = [
        Row(
            (
                cell(line(strong(change.word))),
                cell(line(ref(change.node)), change.type.replace("_", " ")),
                tuple(line(code(detail)) for detail in change.details),
                cell(view.refs(change.affects)) or cell("nothing else"),
            )
        )
        for change in changes.changes
    ]
    source = "the nodes of both revisions, compared by fingerprint"
    caption = f"Differences from {changes.base}"
    table = Table(caption, source, columns, tuple(rows), "No node differs in meaning.")
    return Section("Changes since the last baseline", "changes", (table,))
