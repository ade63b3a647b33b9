"""Fault injection: for each current record what was put in, what came of it with intervals, and the pictures of where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from casework.model.learning import Evidence, ModelCard
from casework.model.requirement import Criterion, Requirement
from casework.model.result import Metric
from casework.model.verdict import CriterionResult
from casework.render.charts import Campaign, Figure, TableProblem, comparison, is_campaign, read, svg
from casework.render.charts.amounts import amount_curve
from casework.render.charts.facts import audit, corrupted, engines, fault_model, sampling
from casework.render.charts.hardening import COMPARED
from casework.render.charts.heat import heat_maps
from casework.render.charts.layers import layer_bars
from casework.render.charts.measures import measures
from casework.render.charts.rows import FEW
from casework.render.charts.words import share
from casework.render.report.appendix import anchor_of_figures
from casework.render.report.document import (
    Block,
    Cell,
    Column,
    Facts,
    Paragraph,
    Picture,
    Row,
    Run,
    Section,
    Table,
    anchor_of,
    cell,
    code,
    line,
    muted,
    ref,
    strong,
    to_anchor,
    word,
)
from casework.render.report.figures import criterion_words, figure, interval, measured, percent, sample, worse_side
from casework.render.report.judged import judged_limit, metric_of, why_missing
from casework.render.report.view import View

_ROWS: Final = 24
"""Tensors of one figure, of which two then stand on a page."""
_NAMES: Final = {
    **COMPARED,
    "benign_rate": "benign",
    "masked_rate": "masked",
    "near_tie_rate": "near ties",
    "parent_sdc_rate": "silent corruption (SDC) of the parent",
    "parent_due_rate": "unusable (DUE) of the parent",
    "sdc_prevented_rate": "corruptions of the parent that are none here",
    "sdc_added_rate": "corruptions here among the others",
}
"""Figures as they are written for people."""
_WORDS: Final = (
    "the record's metrics. Masked: outputs equal bit for bit; benign: they differ, the decision does not. These two, SDC, DUE and "
    "detected exclude each other and add up to all. Near ties, decided by less than the noise of floating-point sums, are counted "
    "apart"
)
_NOTE: Final = 260
"""Characters of what is noted of an engine that a report shows."""
_MOST: Final = 4
"""Figures of one kind that a report shows; `casework plot` draws all of them."""


def sections(view: View) -> tuple[Section, ...]:
    """Return a section for each evidence node whose current record is one of fault injection."""
    found = dict(_campaigns(view))
    return tuple(_section(view, key, campaign, found) for key, campaign in found.items())


def _campaigns(view: View) -> Iterator[tuple[str, Campaign | str]]:
    """Yield the current records of fault injection by evidence, or why one cannot be drawn."""
    for key, _node in view.case.nodes(Evidence, "evidence"):
        item = view.assessment.appraisals.get(key)
        record = item.record if item is not None and item.state == "current" else None
        if record is not None and record.generator.name == "fault-injection" and is_campaign(record):
            try:
                yield key, read(record, key)
            except TableProblem as problem:
                yield key, str(problem)


def _section(view: View, key: str, campaign: Campaign | str, found: dict[str, Campaign | str]) -> Section:
    title = f"Fault injection: {key} {view.case.entries[key].title}".rstrip()
    if isinstance(campaign, str):
        blocks: tuple[Block, ...] = (Paragraph(line(f"The record cannot be drawn: {campaign}.")),)
    else:
        blocks = tuple(_blocks(view, key, campaign, found))
    return Section(title, f"faults-{anchor_of(key)}", blocks)


def _blocks(view: View, key: str, campaign: Campaign, found: dict[str, Campaign | str]) -> Iterator[Block]:
    yield _facts(view, key, campaign)
    yield _asked(view, key)
    yield _rates(key, campaign)
    yield from _pictures(campaign)
    if campaign.rows("engines")[1]:
        yield _engines(key, campaign)
    own = measures(campaign)
    if own is not None:
        yield _picture(own)
        return
    for parent, before in _parents(view, key, campaign, found):
        yield from _hardening(parent, before, campaign)


def _facts(view: View, key: str, campaign: Campaign) -> Facts:
    record = campaign.record
    digests = [line(muted(f"{role} "), code(value)) for role, value in sorted(record.digests.items()) if role in _BOUND]
    inputs = [line(muted(f"{name} "), *view.named(k)) for name in ("subject", "data") for k in view.targets(key, name)]
    pairs: tuple[tuple[str, Cell], ...] = (
        ("Examined", tuple(inputs)),
        ("Fault model", cell(fault_model(record))),
        ("Corrupted (SDC) if", cell(corrupted(record) or "the record does not say")),
        ("Sampling unit", cell(sampling(campaign))),
        ("Audit", cell(line(_audited(campaign), f"  {audit(campaign)}"))),
        ("Digests (SHA-256)", tuple(digests)),
        ("Limits", cell(*record.limitations) or cell("the record states none")),
    )
    return Facts(line(ref(key), " under faults"), pairs, "the record's options, digests and tables")


_BOUND: Final = ("model", "data", "fault_list", "fault_outcomes", "outcome")


def _audited(campaign: Campaign) -> Run:
    against = campaign.metric("audit_disagreements")
    audited = campaign.metric("audited")
    if audited is None or not audited.value or against is None:
        return word("open", "not audited")
    return word("yes", "agrees") if against.value == 0 else word("no", "disagrees")


def _asked(view: View, key: str) -> Table:
    """Return for each requirement that judges the record what it asks, what was found, and whether that is enough."""
    columns = (
        Column("Requirement", 1.5), Column("Asked", 1.9), Column("Found", 1.3), Column("Limit judged", 1.3), Column("Result", 0.9),
    )  # fmt: skip
    found = [
        (name, node.acceptance[result.index], result)
        for name, node in view.case.nodes(Requirement, "requirement")
        for result in view.assessment.results.get(name, ())
        if key == result.evidence or (not result.evidence and key in view.sources(name, "verifies"))
    ]
    rows = tuple(Row((cell(view.named(name)), *_answer(view, criterion, result))) for name, criterion, result in found)
    source = (
        "criteria of requirements, judged by the one-sided limit at the confidence that each asks for: met only if that limit is "
        "within the bound"
    )
    none = "No requirement judges this record: its rates support no claim of the case by a bound."
    return Table(f"{key}: asked, found, met or not", source, columns, rows, none, dense=True)


def _answer(view: View, criterion: Criterion, result: CriterionResult) -> tuple[Cell, ...]:
    metric = metric_of(view, criterion, result)
    outcome = cell(line(word(result.judgement.outcome)))
    asked = cell(criterion_words(criterion))
    if metric is None:
        return asked, cell(why_missing(view, result.requirement, result)), (), outcome
    counts = sample(metric)
    sure = f" (one-sided, {percent(criterion.confidence)})" if criterion.confidence is not None else ""
    judged = judged_limit(criterion, result)
    limit = cell(f"{judged}{sure if result.judgement.high is not None and judged != 'exact' else ''}")
    return asked, cell(line(measured(metric), muted(f"  {counts}") if counts else "")), limit, outcome


def _rates(key: str, campaign: Campaign) -> Table:
    columns = (Column("Figure", 1.6), Column("Rate", 1.6), Column("k of n", 1.1), Column("Interval", 2.2))
    rows = tuple(_rate(metric) for metric in campaign.overall() if metric.unit == "ratio")
    return Table(f"{key}: rates over all injected predictions", _WORDS, columns, rows, dense=True)


def _rate(metric: Metric) -> Row:
    name = _NAMES.get(metric.name, metric.name.replace("_", " "))
    return Row((
        cell(line(strong(name) if metric.name == "sdc_rate" else name)),
        cell(line(f"{_brief(metric)} {metric.unit}", muted(f"  {share(metric.value)}") if 0 <= metric.value <= 1 else "")),
        cell(sample(metric)),
        cell(interval(metric)),
    ))  # fmt: skip


def _brief(metric: Metric) -> str:
    side = worse_side(metric.name)
    return figure(float(f"{metric.value:.6g}")) if side == "exact" else figure(metric.value, side)


def _pictures(campaign: Campaign) -> Iterator[Block]:
    for found in (heat_maps(campaign, most=_ROWS, least=FEW), layer_bars(campaign, most=_ROWS, least=FEW)):
        for at, one in enumerate(found[:_MOST]):
            yield _picture(
                replace(one, caption=_caption(campaign, one) if at == 0 else "Scales and marks as in the first part.")
            )
        if len(found) > _MOST:
            more = (
                f"The first {_MOST} of {len(found)} figures of this kind; `casework plot {campaign.label}` draws all."
            )
            yield Paragraph(line(muted(more)))
    curve = amount_curve(campaign)
    if curve.body:
        yield _picture(curve)


def _caption(campaign: Campaign, one: Figure) -> str:
    """Return the caption, which says of what tensors no row is drawn."""
    if all(layer.faults >= FEW for layer in campaign.layers):
        return one.caption
    return (
        f"{one.caption} A tensor has a row if at least {FEW} faults hit it; the others are summed up in a line below, and "
        f"`casework plot {campaign.label}` draws each."
    )


def _picture(one: Figure) -> Block:
    if not one.body:
        return Paragraph(line(strong(f"{one.title}: "), one.caption))
    return Picture(svg(one, captioned=False), f"{one.title}. {one.caption}", f"{one.title}. {one.alt}", inline=True)


def _engines(key: str, campaign: Campaign) -> Table:
    columns = (
        Column("Engine", 1), Column("Held to the oracle", 1.2), Column("Tensors", 0.9), Column("Predictions", 1.2),
        Column("Audited", 0.9), Column("Disagree", 1), Column("Near ties", 1), Column("Note", 5),
    )  # fmt: skip
    rows = []
    for one in engines(campaign):
        note = one.note if len(one.note) <= _NOTE else f"{one.note[:_NOTE].rsplit(' ', 1)[0]} … (the record tells all)"
        texts = (one.exactness, one.tensors, one.predictions, one.audited, one.disagreements, one.near_ties, note)
        rows.append(Row((cell(one.name), *(cell(text) for text in texts))))
    return Table(f"{key}: engines and their audit", "the record's table of engines", columns, tuple(rows), dense=True)


def _parents(
    view: View, key: str, campaign: Campaign, found: dict[str, Campaign | str]
) -> Iterator[tuple[str, Campaign]]:
    """Yield the evidence of the parent model of the same campaign: same options, same seed."""
    record = campaign.record
    for model in view.targets(key, "subject"):
        card = view.node(model)
        parent = view.resolved(model, card.derived_from) if isinstance(card, ModelCard) and card.derived_from else ""
        for other, before in found.items():
            if isinstance(before, str) or other == key or parent not in view.targets(other, "subject"):
                continue
            if before.record.options == record.options and before.record.seed == record.seed:
                yield other, before


def _hardening(parent: str, before: Campaign, after: Campaign) -> Iterator[Block]:
    yield Paragraph(
        line(
            strong("Before and after. "),
            "The model is derived from the one that ", ref(parent), " examined with the same options and seed: what lies between the "
            "two records is the change of the model. All figures stand in ", to_anchor(anchor_of_figures(parent), "the appendix"), ".",
        )
    )  # fmt: skip
    for one in comparison(before, after):
        yield _picture(one)
