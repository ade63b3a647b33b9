"""The hazard log: hazardous events with rationale and computed ASIL, safety goals, and security threats."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.hazard import HazardousEvent, SafetyGoal, Threat
from casework.model.standards import OWASP_ML
from casework.render.report.document import (
    Block,
    Cell,
    Column,
    Facts,
    Line,
    Paragraph,
    Row,
    Section,
    Table,
    anchor_of,
    cell,
    line,
    muted,
    ref,
    strong,
)
from casework.render.report.levels import goal_asil
from casework.render.report.view import View


def section(view: View) -> Section:
    """Return the hazard log."""
    intro = Paragraph(
        line(
            "The ASIL of each hazardous event is computed from severity, exposure and controllability by ISO "
            "26262-3:2018, "
            "Table 4; that of a safety goal is the highest of the events it addresses. Nobody has typed a level here."
        )
    )
    parts = (
        Section("Overview", "hazards-overview", (_overview(view),)),
        Section("Hazardous events", "hazards-events", tuple(_events(view))),
        Section("Safety goals", "hazards-goals", (_goals(view),)),
        Section("Security threats", "hazards-threats", (_threats(view),)),
    )
    return Section("Hazard log", "hazards", (intro,), parts, new_page=True)


def _overview(view: View) -> Table:
    columns = (
        Column("Hazardous event", 2.6),
        Column("S, E, C", 0.9),
        Column("ASIL", 0.6),
        Column("Safety goals", 1.2),
        Column("Status", 1.1),
    )
    rows = []
    for key, event in view.case.nodes(HazardousEvent, "hazardous_event"):
        levels = f"{event.severity.level} {event.exposure.level} {event.controllability.level}"
        goals = cell(view.refs(view.sources(key, "addresses"))) or cell(line(strong("none")))
        rows.append(
            Row(
                (
                    cell(view.named(key)),
                    cell(levels),
                    cell(line(strong(event.asil))),
                    goals,
                    cell(line(view.status(key))),
                )
            )
        )
    rows += [
        Row((cell(view.named(key)), cell("does not validate"), cell("?"), (), ()))
        for key in view.invalid("hazardous_event")
    ]
    source = "hazardous events, with computed ASIL and status"
    return Table("All hazardous events", source, columns, tuple(rows), "The case has no hazardous event.")


def _events(view: View) -> Iterator[Block]:
    for key, event in view.case.nodes(HazardousEvent, "hazardous_event"):
        risk = event.residual_risk
        pairs: list[tuple[str, Cell]] = [
            ("Hazard", cell(event.hazard)),
            ("Situation", cell(event.situation)),
            ("Severity", _rated(event.severity.level, event.severity.rationale)),
            ("Exposure", _rated(event.exposure.level, event.exposure.rationale)),
            ("Controllability", _rated(event.controllability.level, event.controllability.rationale)),
            ("ASIL", cell(line(strong(event.asil), _claimed(event.claimed_asil)))),
            ("Safety goals", _goals_of(view, key)),
            ("Mitigated by", _mitigated(view, key)),
            ("Evidence", _lines(view, _evidence(view, key), "no evidence speaks for its mitigation")),
            ("Status", (line(view.status(key)), *view.cause(key))),
            (
                "Residual risk",
                cell(risk.description, f"Accepted by {risk.accepted_by}, {risk.role}: {risk.reason}")
                if risk
                else cell("none stated"),
            ),
        ]
        yield Facts(view.named(key), tuple(pairs), "", anchor_of(key))


def _rated(level: str, rationale: str | None) -> Cell:
    return cell(line(strong(level), f"  {rationale}" if rationale else "  no rationale is given"))


def _claimed(level: str | None) -> str:
    return f"  (elsewhere claimed as {level})" if level else ""


def _goals_of(view: View, key: str) -> Cell:
    made: list[Line] = []
    for goal in view.sources(key, "addresses"):
        node = view.node(goal)
        if isinstance(node, SafetyGoal):
            made.append(line(*view.named(goal), ". ", node.statement))
            made.append(
                line(muted(f"Safe state: {node.safe_state or 'not stated'}  FTTI: {node.ftti or 'not stated'}"))
            )
    return tuple(made) or cell("none")


def _lines(view: View, keys: list[str], none: str) -> Cell:
    return tuple(line(*view.named(k), "  ", view.status(k)) for k in keys) or cell(none)


def _mitigated(view: View, event: str) -> Cell:
    """Return the requirements that mitigate an event themselves, and those that refine a safety goal that addresses it."""
    made = [line(*view.named(k), "  ", view.status(k)) for k in view.sources(event, "mitigates")]
    for goal in view.sources(event, "addresses"):
        refining = view.sources(goal, "derives_from")
        if refining:
            made.append(line("through ", ref(goal), ": ", *view.refs(refining), "  ", view.status(goal)))
    return tuple(made) or cell("no requirement, neither itself nor through a safety goal")


def _evidence(view: View, event: str) -> list[str]:
    """Return the evidence that verifies what mitigates the event, or what derives from its goals and mitigations."""
    start = [*view.sources(event, "mitigates"), *view.sources(event, "addresses")]
    reached = view.case.reach(start, lambda k: view.sources(k, "derives_from"))
    found = {e for k in {*start, *reached} for e in view.sources(k, "verifies")}
    return sorted(found)


def _goals(view: View) -> Table:
    columns = (
        Column("Safety goal", 1.1), Column("Statement", 2.6), Column("ASIL", 0.5), Column("Safe state and FTTI", 1.9),
        Column("Addresses", 0.9), Column("Status", 1.1),
    )  # fmt: skip
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(goal.statement),
                cell(line(strong(goal_asil(view.case, key)))),
                cell(goal.safe_state or "no safe state stated", f"FTTI {goal.ftti or 'not stated'}"),
                cell(view.refs(goal.addresses)),
                cell(line(view.status(key))),
            ),
            anchor_of(key),
        )
        for key, goal in view.case.nodes(SafetyGoal, "safety_goal")
    ]
    return Table("Safety goals", "safety goals, with computed ASIL and status", columns, tuple(rows), "There are none.")


def _threats(view: View) -> Table:
    columns = (
        Column("Threat", 1.2),
        Column("Statement", 2.6),
        Column("OWASP ML", 1.3),
        Column("Mitigated by", 1.2),
        Column("Status", 1.1),
    )
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(
                    threat.statement, line("endangers ", *view.refs(threat.endangers)) if threat.endangers else line()
                ),
                cell(threat.owasp, OWASP_ML.get(threat.owasp, "")) if threat.owasp else cell("not classified"),
                cell(view.refs([*threat.mitigated_by, *view.sources(key, "mitigates")])) or cell("nothing"),
                cell(line(view.status(key))),
            ),
            anchor_of(key),
        )
        for key, threat in view.case.nodes(Threat, "threat")
    ]
    return Table("Security threats", "threat nodes", columns, tuple(rows), "The case names no security threat.")
