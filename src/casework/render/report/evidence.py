"""The evidence index: each planned piece of evidence with its record, signatures, inputs, result and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

from casework.model.catalogue import GENERATORS
from casework.model.learning import Evidence
from casework.model.result import ResultRecord
from casework.model.verdict import Appraisal, Signer, Verdict
from casework.render.findings.options import plural
from casework.render.report.appendix import anchor_of_figures
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
    code,
    line,
    muted,
    strong,
    to_anchor,
    word,
)
from casework.render.report.figures import figure
from casework.render.report.view import View


def section(view: View) -> Section:
    """Return the evidence index."""
    intro = Paragraph(
        line(
            "Evidence is an in-toto statement in a signed envelope (DSSE). It counts only while it is current: "
            "verified, complete, "
            "and bound by SHA-256 to the model, the data, the options and the requirements as they lie in the "
            "repository now."
        )
    )
    parts = [Section("Overview", "evidence-overview", (_overview(view),))]
    parts += [
        Section(f"{key} {node.title or ''}".rstrip(), f"evidence-{key}", tuple(_one(view, key, node)))
        for key, node in view.case.nodes(Evidence, "evidence")
    ]
    return Section("Evidence index", "evidence", (intro,), tuple(parts), new_page=True)


def _overview(view: View) -> Table:
    columns = (
        Column("Evidence", 2.2),
        Column("Generator", 1.2),
        Column("Subject", 1),
        Column("State", 1),
        Column("Status", 1),
        Column("Speaks for", 1.4),
    )
    rows = []
    for key, node in view.case.nodes(Evidence, "evidence"):
        item = view.assessment.appraisals.get(key)
        state = word(item.state) if item else word("missing")
        rows.append(
            Row(
                (
                    cell(view.named(key)),
                    cell(node.generator),
                    cell(view.refs(view.targets(key, "subject"))),
                    cell(line(state)),
                    cell(line(view.status(key))),
                    cell(view.refs(node.verifies)) or cell("no requirement"),
                )
            )
        )
    source = "evidence nodes and their appraisal"
    return Table("All planned evidence", source, columns, tuple(rows), "No evidence is planned.")


def _one(view: View, key: str, node: Evidence) -> Iterator[Block]:
    item = view.assessment.appraisals.get(key)
    pairs = [*_plan(view, key, node), *_standing(item)]
    verdict = item.verdict if item else None
    record = item.record if item else None
    if verdict is not None:
        pairs += _seal(verdict)
    if record is not None:
        pairs += _run(record, node)
        pairs.append(("Figures", _measured(key, record)))
    source = "evidence node and the newest of its sealed records" if record else "evidence node; there is no record"
    yield Facts(view.named(key), tuple(pairs), source, anchor_of(key))


def _plan(view: View, key: str, node: Evidence) -> Iterator[tuple[str, Cell]]:
    spec = GENERATORS.get(node.generator)
    yield "Claim", cell(spec.summary) if spec else cell("made by a generator that this version does not know")
    yield "Speaks for", cell(view.refs(node.verifies)) or cell("no requirement")
    inputs = [
        line(muted(f"{name} "), *view.named(target))
        for name in ("subject", "data", "against")
        for target in view.targets(key, name)
    ]
    yield "Planned inputs", tuple(inputs)
    if node.signed_by:
        yield "Must be signed by", cell(", ".join(node.signed_by))


def _standing(item: Appraisal | None) -> Iterator[tuple[str, Cell]]:
    if item is None:
        yield "State", cell(line(word("missing"), "  it was not appraised"))
        return
    yield "State", cell(line(word(item.state)), *item.reasons)
    if item.superseded:
        yield "Older records", cell(*(line(code(path)) for path in item.superseded))


def _seal(verdict: Verdict) -> Iterator[tuple[str, Cell]]:
    yield "Record", cell(line(code(verdict.path)), line(muted("SHA-256 "), code(verdict.digest)))
    who: list[Line] = [
        line(strong(s.person), f" as {', '.join(sorted(s.roles)) or 'no role'} ", muted(f"(key {s.key}; {_when(s)})"))
        for s in verdict.signers
    ]
    held = word("yes", "verified") if verdict.verified else word("no", "NOT verified")
    yield "Signatures", (line(held), *(who or [line("by nobody whom the trust policy knows")]))


def _when(signer: Signer) -> str:
    by = {"token": "a time stamp", "log": "the stamped log"}.get(signer.proof)
    return (
        f"signed by {signer.signed_at[:16].replace('T', ' ')} UTC, as {by} proves"
        if by
        else "time of signing not proven"
    )


def _run(record: ResultRecord, node: Evidence) -> Iterator[tuple[str, Cell]]:
    yield "Generator", cell(f"{record.generator.name}, version {record.generator.version}")
    yield "Command", cell(line(code(record.command))) if record.command else cell("not recorded")
    yield "Result", cell(f"{record.status}{': ' + record.reason if record.reason else ''}")
    ran = f"{record.started}, {figure(record.duration_s, 'up')} s, seed {record.seed}"
    yield "Run", cell(ran, line(muted("commit "), code(record.commit)) if record.commit else "commit not recorded")
    yield "Validity", cell(_validity(record, node))
    digests = [line(muted(f"{role} "), code(value)) for role, value in sorted(record.digests.items())]
    yield "Digests (SHA-256)", tuple(digests)
    if record.options:
        yield "Options", cell(line(code(json.dumps(record.options, sort_keys=True, ensure_ascii=False))))
    if record.environment:
        yield "Environment", cell(", ".join(f"{k} {v}" for k, v in sorted(record.environment.items())))
    words = {"passed": "yes", "failed": "no", "skipped": "open"}
    checks = [line(word(words[c.outcome], c.outcome), f"  {c.name}: {c.detail}") for c in record.self_checks]
    yield "Self-checks", tuple(checks) or cell("none")
    yield "Limits", cell(*record.limitations) or cell("the record states none")


def _measured(key: str, record: ResultRecord) -> Cell:
    names = ", ".join(dict.fromkeys(metric.name for metric in record.metrics)) or "none"
    figures = plural(len(record.metrics), "figure")
    return cell(line(to_anchor(anchor_of_figures(key), f"{figures} in the appendix"), f": {names}"))


def _validity(record: ResultRecord, node: Evidence) -> str:
    if node.max_age_days is None:
        return "while nothing that it is bound to changes; no age is set"
    try:
        last = date.fromisoformat(record.started[:10]) + timedelta(days=node.max_age_days)
    except OverflowError:
        return f"while nothing that it is bound to changes ({node.max_age_days} days, beyond the calendar)"
    return f"while nothing that it is bound to changes, and until {last.isoformat()} ({node.max_age_days} days)"
