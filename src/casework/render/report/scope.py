"""Scope: the item, the operational design domain, and what is assumed."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.argument import Assumption, Context
from casework.model.hazard import Odd
from casework.model.learning import ModelCard
from casework.render.report.document import (
    Block,
    Column,
    Facts,
    Paragraph,
    Row,
    Section,
    Table,
    anchor_of,
    cell,
    line,
    plain,
    strong,
    word,
)
from casework.render.report.view import View


def section(view: View) -> Section:
    """Return the section on scope."""
    parts = (
        Section("The item", "scope-item", tuple(_item(view))),
        Section("Operational design domain", "scope-odd", tuple(_domains(view))),
        Section("Assumptions and contexts", "scope-assumptions", (_assumptions(view), _contexts(view))),
    )
    return Section("Scope", "scope", (), parts, new_page=True)


def _item(view: View) -> Iterator[Block]:
    project = view.assessment.project
    yield Paragraph(
        line(project.component or "The project does not name the component (field component of casework.yaml).")
    )
    columns = (Column("Model", 1.6), Column("Intended use", 2.6), Column("Known limits and uses out of scope", 2.6))
    rows = [
        Row((cell(view.named(key)), cell(card.intended_use), cell(*card.limits) or cell("none stated")))
        for key, card in view.case.nodes(ModelCard, "model_card")
    ]
    source = "fields intended_use and limits of model cards"
    yield Table("Models, their use and their limits", source, columns, tuple(rows), "The case has no model card.")


def _domains(view: View) -> Iterator[Block]:
    found = list(view.case.nodes(Odd, "odd"))
    if not found:
        yield Paragraph(
            line(strong("The case defines no operational design domain."), " Claims without one have no limits.")
        )
    for key, odd in found:
        yield Facts(view.named(key), (("In words", cell(odd.statement)),), "node of type odd", anchor_of(key))
        columns = (Column("Dimension", 1), Column("Values", 2), Column("Meaning and how it is measured", 3))
        rows = [
            Row((cell(line(strong(d.name))), cell(", ".join(d.values)), cell(d.description or "not described")))
            for d in odd.dimensions
        ]
        yield Table(f"Dimensions of {key}", "field dimensions", columns, tuple(rows))
        excluded = [
            Row((cell(", ".join(f"{k} = {v}" for k, v in sorted(e.when.items()))), cell(e.reason)))
            for e in odd.exclusions
        ]
        heads = (Column("Left out", 2), Column("Why, and what keeps the system out of it", 4))
        yield Table(f"Conditions outside {key}", "field exclusions", heads, tuple(excluded), "Nothing is left out.")


def _assumptions(view: View) -> Table:
    columns = (
        Column("Assumption", 1),
        Column("Statement", 3.5),
        Column("What is known", 1),
        Column("Read in the scope of", 1.5),
    )
    words = {"assumed": "open", "confirmed": "yes", "failed": "defeated"}
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(node.statement),
                cell(line(word(words[node.holds], node.holds))),
                cell(view.refs(view.sources(key, "in_context_of"))),
            ),
            anchor_of(key),
        )
        for key, node in view.case.nodes(Assumption, "assumption")
    ]
    source = "assumption nodes; their field holds is what the authors state, not a measurement"
    return Table("Assumptions", source, columns, tuple(rows), "No assumption is made explicit.")


def _contexts(view: View) -> Table:
    columns = (
        Column("Context", 1),
        Column("Statement", 3.5),
        Column("Refers to", 1.5),
        Column("Read in the scope of", 1.5),
    )
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(line(plain(node.statement))),
                cell(view.refs(view.targets(key, "refers_to"))),
                cell(view.refs(view.sources(key, "in_context_of"))),
            ),
            anchor_of(key),
        )
        for key, node in view.case.nodes(Context, "context")
    ]
    return Table("Contexts", "context nodes", columns, tuple(rows), "The argument names no context.")
