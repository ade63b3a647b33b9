"""Open points: all that stands between the case and a release, before anything that speaks for it."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.argument import Element
from casework.model.finding import Finding
from casework.model.hazard import HazardousEvent
from casework.render.findings.options import place, plural, release_line, verdict_line
from casework.render.report.document import (
    Block,
    Callout,
    Column,
    Line,
    Paragraph,
    Row,
    Section,
    Table,
    cell,
    code,
    line,
    plain,
    prose,
    ref,
    strong,
    word,
)
from casework.render.report.view import View

_CLAIMS = ("goal", "safety_goal", "hazardous_event", "threat")
_ALIKE = 8
"""Findings of one code that are shown in a row each; more share a row, which names every node."""
_GRAVITY = {"defeated": 0, "open": 1, "doubted": 2}


def section(view: View) -> Section:
    """Return the section of open points."""
    return Section("Open points", "open-points", tuple(_summary(view)), tuple(_parts(view)), new_page=True)


def _summary(view: View) -> Iterator[Block]:
    decision = view.decision
    tone, symbol = ("good", "✓") if decision.word == "pass" and decision.release else ("bad", "✗")
    if decision.word == "pass" and not decision.release:
        tone, symbol = "doubt", "!"
    yield Callout(tone, symbol, verdict_line(decision), (line(release_line(decision)),))
    errors = sum(f.severity == "error" for f in decision.findings)
    claims = [k for k in view.case.keys(*_CLAIMS) if view.assessment.statuses.get(k) and not view.challenges(k)]
    unsupported = [k for k in claims if view.assessment.statuses[k].word != "supported"]
    states = [a.state for a in view.assessment.appraisals.values()]
    late = sum(state != "current" for state in states)
    yield Paragraph(
        line(
            f"{plural(errors, 'error')} and {plural(len(decision.findings) - errors, 'further finding')}; "
            f"{plural(len(decision.waived), 'waived deviation')}; {len(unsupported)} of {len(claims)} goals, "
            "hazardous events "
            f"and threats are not supported; {late} of {len(states)} pieces of evidence do not count as they stand."
        )
    )


def _parts(view: View) -> Iterator[Section]:
    errors = [f for f in view.decision.findings if f.severity == "error"]
    others = [f for f in view.decision.findings if f.severity != "error"]
    source = "the findings of casework check on this commit"
    yield Section("Errors", "open-errors", (_findings(view, "Findings that block", source, errors),))
    yield Section(
        "Warnings and notes", "open-warnings", (_findings(view, "Findings that do not block", source, others),)
    )
    yield Section("Goals and hazards that are not supported", "open-goals", (_unsupported(view),))
    yield Section("Evidence that does not count", "open-evidence", (_evidence(view),))
    yield Section("Waived deviations", "open-waivers", (_waived(view),))
    yield Section("Residual risks", "open-risks", (_risks(view),))
    yield Section("Challenges and accepted doubts", "open-doubts", (_challenges(view), _doubts(view)))


def _findings(view: View, caption: str, source: str, findings: list[Finding]) -> Table:
    columns = (
        Column("Finding", 1.1),
        Column("Node", 1),
        Column("What was found, and what mends it", 4),
        Column("Place", 2),
    )
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    rows = [_finding(f) for f in findings if len(by_code[f.code]) <= _ALIKE]
    rows += [_alike(view, found) for found in by_code.values() if len(found) > _ALIKE]
    return Table(caption, source, columns, tuple(rows), "There are none.")


def _finding(finding: Finding) -> Row:
    known = "" if finding.new else "already in the base"
    return Row(
        (
            cell(line(word(finding.severity)), line(code(finding.code)), known),
            cell(line(ref(finding.node) if finding.node else plain("the case")), line(code(finding.field_path))),
            cell(prose(finding.message), _mend(finding)),
            cell(line(code(place(finding)))) if finding.file else cell("no single file"),
        )
    )


def _alike(view: View, findings: list[Finding]) -> Row:
    """Return one row for many findings of one code, with every node that has one."""
    first = findings[0]
    nodes = sorted({f.node for f in findings if f.node})
    files = sorted({f.file for f in findings if f.file})
    where = line("at ", *view.refs(nodes)) if nodes else line()
    return Row(
        (
            cell(line(word(first.severity)), line(code(first.code)), f"{len(findings)} times"),
            cell(plural(len(nodes), "node")),
            cell(line(f"{len(findings)} findings alike, such as: ", *prose(first.message)), _mend(first), where),
            tuple(line(code(file)) for file in files),
        )
    )


def _mend(finding: Finding) -> Line:
    return line(strong("To mend: "), *prose(finding.fix)) if finding.fix else line()


def _unsupported(view: View) -> Table:
    found = view.assessment.statuses
    keys = [k for k in view.case.keys(*_CLAIMS) if k in found and found[k].word != "supported"]
    keys = [k for k in keys if not view.challenges(k)]  # challenges have a table of their own
    keys.sort(key=lambda k: (_GRAVITY[found[k].word], k))
    columns = (Column("Claim", 2), Column("Status", 1), Column("Path to the cause, and the cause", 4))
    rows = [Row((cell(_kind(view, k), view.named(k)), cell(line(view.status(k))), view.cause(k))) for k in keys]
    source = "the computed statuses of goals, safety goals, hazardous events and threats"
    return Table(
        "Claims that are defeated, open or doubted", source, columns, tuple(rows), "All of them are supported."
    )


def _kind(view: View, key: str) -> str:
    return view.case.entries[key].type.replace("_", " ").capitalize()


def _evidence(view: View) -> Table:
    columns = (Column("Evidence", 2), Column("State", 1), Column("Why", 3), Column("Speaks for", 1.5))
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(line(word(item.state))),
                cell(*item.reasons) if item.reasons else cell("no reason was recorded"),
                cell(view.refs(view.targets(key, "verifies"))),
            )
        )
        for key, item in sorted(view.assessment.appraisals.items())
        if item.state != "current"
    ]
    planned = [k for k in view.case.keys("evidence") if k not in view.assessment.appraisals]
    rows += [Row((cell(view.named(k)), cell(line(word("missing"))), cell("it was not appraised"), ())) for k in planned]
    source = "the appraisal of every evidence node against the files as they are now"
    return Table(
        "Evidence that is missing, stale, unverifiable or unfinished", source, columns, tuple(rows), "All of it counts."
    )


def _waived(view: View) -> Table:
    columns = (Column("Finding", 2.4), Column("Waived by", 1.2), Column("Until", 0.8), Column("Reason", 2.6))
    rows = [
        Row(
            (
                cell(line(code(w.finding.code), " on ", ref(w.finding.node)), w.finding.message),
                cell(w.by or "nobody named", line(ref(w.waiver))),
                cell(w.expires or "no date"),
                cell(w.reason or "no reason given"),
            )
        )
        for w in view.decision.waived
    ]
    source = "waiver nodes that the gate accepted; a waiver never makes a criterion met that is not"
    return Table("Deviations that a named person answers for", source, columns, tuple(rows), "No finding is waived.")


def _risks(view: View) -> Table:
    columns = (
        Column("Hazardous event", 1.6),
        Column("What remains", 2.5),
        Column("Accepted by", 1.4),
        Column("Why", 2.5),
    )
    rows = []
    for key, event in view.case.nodes(HazardousEvent, "hazardous_event"):
        risk = event.residual_risk
        if risk is not None:
            who = cell(risk.accepted_by, risk.role)
            rows.append(Row((cell(view.named(key)), cell(risk.description), who, cell(risk.reason))))
    source = "field residual_risk of hazardous events"
    empty = "No hazardous event names a residual risk. That may mean that nobody has thought about it."
    return Table("Risks that remain after mitigation", source, columns, tuple(rows), empty)


def _challenges(view: View) -> Table:
    columns = (
        Column("Challenge", 3),
        Column("Challenges", 2),
        Column("Status of the challenge", 1.6),
        Column("Answer", 1.8),
    )
    accepted = {(d.challenger, key) for key, node in _elements(view) for d in node.residual_doubts}
    rows = []
    for key, node in _elements(view):
        for edge in view.case.out(key, "challenges"):
            counter = view.sources(key, "challenges")
            answer = (
                cell(line("challenged in turn by ", *view.refs(counter)))
                if counter
                else cell("none: it is an answer itself" if view.answers(key) else "nobody has answered it")
            )
            if any(c in (key, node.id) and target == edge.target for c, target in accepted):
                answer = cell("accepted as residual doubt")
            rows.append(
                Row(
                    (
                        cell(view.named(key), node.statement),
                        cell(view.named(edge.target)),
                        cell(line(view.challenge(key))),
                        answer,
                    )
                )
            )
    source = "field challenges of goals and solutions (GSN v3, part 1, section 6)"
    return Table("Challenges to the argument", source, columns, tuple(rows), "Nobody has challenged the argument.")


def _doubts(view: View) -> Table:
    columns = (Column("Element", 1.5), Column("Challenge", 1), Column("Accepted by", 1.5), Column("Why", 3))
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(line(ref(view.resolved(key, d.challenger)))),
                cell(d.accepted_by, d.role),
                cell(prose(d.reason)),
            )
        )
        for key, node in _elements(view)
        for d in node.residual_doubts
    ]
    source = "field residual_doubts of argument elements"
    return Table("Doubts that a named person accepts", source, columns, tuple(rows), "No doubt has been accepted.")


def _elements(view: View) -> Iterator[tuple[str, Element]]:
    yield from view.case.nodes(Element, "goal", "strategy", "solution")
