"""Requirements by level, with what shows them and their status."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.requirement import LEVEL_RANK, Requirement
from casework.render.report.document import (
    Cell,
    Column,
    Line,
    Paragraph,
    Row,
    Section,
    Table,
    anchor_of,
    cell,
    line,
    muted,
    prose,
    to_anchor,
)
from casework.render.report.figures import share
from casework.render.report.verification import acceptance
from casework.render.report.view import View

_TITLES = {
    "stakeholder": "Stakeholder requirements", "system": "System requirements", "software": "Software requirements",
    "ml": "Machine-learning requirements", "data": "Data requirements", "tool": "Requirements on software tools",
}  # fmt: skip

_NONE = "none stated"


def requirements(view: View) -> Section:
    """Return the section of requirements, a part for each level."""
    intro = Paragraph(
        line(
            "Each criterion is judged by the confidence limit of the measured figure, never by its estimate. "
            "Counts have exact "
            "(Clopper-Pearson) limits that are computed anew here, whatever interval the record holds. Figures "
            "have at most "
            "six digits, rounded to the worse side. Samples and limits stand in ",
            to_anchor("vv", "the verification results"),
            ".",
        )
    )
    found: dict[str, list[tuple[str, Requirement]]] = {}
    for key, node in view.case.nodes(Requirement, "requirement"):
        found.setdefault(node.level, []).append((key, node))
    parts = [
        Section(_TITLES[level], f"requirements-{level}", (_level(view, level, found[level]),))
        for level in sorted(found, key=lambda name: (LEVEL_RANK[name], name))
    ]
    return Section("Requirements", "requirements", (intro,), tuple(parts), new_page=True)


def _level(view: View, level: str, nodes: list[tuple[str, Requirement]]) -> Table:
    stated = any(_level_words(node) != _NONE for _, node in nodes)
    columns = (
        Column("Requirement", 1.4),
        Column("Statement and rationale", 2.7 if any(node.acceptance for _, node in nodes) else 3.8),
        *((Column("Level", 0.6),) if stated else ()),
        Column(
            "Shown by", 2.7 if any(node.acceptance or view.sources(key, "derives_from") for key, node in nodes) else 1.6
        ),
        Column("Status", 0.95),
    )
    rows = [
        Row(
            (
                cell(view.named(key), *_parents(view, node)),
                _statement(node),
                *((cell(_level_words(node)),) if stated else ()),
                acceptance(view, key, node),
                cell(line(view.status(key))),
            ),
            anchor_of(key),
        )
        for key, node in nodes
    ]
    supported = view.supported(key for key, _ in nodes)
    named = sum(view.grounds.only_tests(key) for key in supported)
    only = f", {named} of them only by tests that they name" if named else ""
    caption = f"{_TITLES[level]}: {share(len(supported), len(nodes))} supported{only}"
    none = "" if stated else "; none of them states an ASIL, a SIL, or a status other than agreed"
    source = f"requirement nodes of level {level}, their judged criteria and statuses{none}"
    return Table(caption, source, columns, tuple(rows))


def _level_words(node: Requirement) -> str:
    levels = [f"ASIL {node.asil}" if node.asil and node.asil != "QM" else node.asil or "", node.sil or ""]
    words = " ".join(level for level in levels if level) or _NONE
    return words if node.status == "agreed" else f"{words} ({node.status})"


def _parents(view: View, node: Requirement) -> Iterator[Line]:
    if node.derives_from:
        yield line(muted("from "), *view.refs(node.derives_from))
    if node.mitigates:
        yield line(muted("mitigates "), *view.refs(node.mitigates))
    if node.allocated_to:
        yield line(muted("allocated to "), *view.refs(node.allocated_to))


def _statement(node: Requirement) -> Cell:
    return cell(prose(node.statement), prose(node.rationale or "", "muted"))
