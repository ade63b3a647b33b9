"""Requirements by level with their acceptance, and the results of verification: pass, fail, not shown, not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from casework.model.acceptance import find_metric
from casework.model.requirement import LEVEL_RANK, Criterion, Requirement
from casework.model.result import Metric
from casework.model.verdict import CriterionResult
from casework.render.report.document import (
    Block,
    Cell,
    Column,
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
    ref,
    strong,
    word,
)
from casework.render.report.figures import criterion_words, figure, measured, sample, share
from casework.render.report.view import View

_TITLES = {
    "stakeholder": "Stakeholder requirements", "system": "System requirements", "software": "Software requirements",
    "ml": "Machine-learning requirements", "data": "Data requirements", "tool": "Requirements on software tools",
}  # fmt: skip


def requirements(view: View) -> Section:
    """Return the section of requirements, a part for each level."""
    intro = Paragraph(
        line(
            "Each criterion is judged by the confidence limit of the measured figure, never by its estimate. "
            "Counts have exact "
            "(Clopper-Pearson) limits that are computed anew here, whatever interval the record holds. Figures "
            "have at most "
            "six digits, rounded to the worse side."
        )
    )
    found: dict[str, list[tuple[str, Requirement]]] = {}
    for key, node in view.case.nodes(Requirement, "requirement"):
        found.setdefault(node.level, []).append((key, node))
    parts = [
        Section(_TITLES[level], f"requirements-{level}", (_level(view, level, found[level]),))
        for level in sorted(found, key=lambda name: (LEVEL_RANK[name], name))
    ]
    return Section("Requirements", "requirements", (intro,), tuple(parts))


def _level(view: View, level: str, nodes: list[tuple[str, Requirement]]) -> Table:
    columns = (
        Column("Requirement", 1.3),
        Column("Statement and rationale", 2.4),
        Column("Level", 0.6),
        Column("Acceptance and what was measured", 3.2),
        Column("Status", 1.05),
    )
    rows = [
        Row(
            (
                cell(view.named(key), *_parents(view, node)),
                _statement(node),
                cell(_level_words(node)),
                _acceptance(view, key, node),
                cell(line(view.status(key))),
            ),
            anchor_of(key),
        )
        for key, node in nodes
    ]
    supported = sum(1 for key, _ in nodes if (s := view.assessment.statuses.get(key)) and s.word == "supported")
    caption = f"{_TITLES[level]}: {share(supported, len(nodes))} supported"
    return Table(
        caption, f"requirement nodes of level {level}, their judged criteria and statuses", columns, tuple(rows)
    )


def _level_words(node: Requirement) -> str:
    levels = [f"ASIL {node.asil}" if node.asil and node.asil != "QM" else node.asil or "", node.sil or ""]
    words = " ".join(level for level in levels if level) or "none stated"
    return words if node.status == "agreed" else f"{words} ({node.status})"


def _parents(view: View, node: Requirement) -> Iterator[Line]:
    if node.derives_from:
        yield line(muted("from "), *view.refs(node.derives_from))
    if node.mitigates:
        yield line(muted("mitigates "), *view.refs(node.mitigates))
    if node.allocated_to:
        yield line(muted("allocated to "), *view.refs(node.allocated_to))


def _statement(node: Requirement) -> Cell:
    return cell(node.statement, line(muted(node.rationale)) if node.rationale else line())


def _acceptance(view: View, key: str, node: Requirement) -> Cell:
    made: list[Line] = []
    for index, criterion in enumerate(node.acceptance):
        made.append(line(strong(criterion_words(criterion))))
        judged = view.results(key, index)
        for result in judged:
            made.extend(_judged(view, key, criterion, result))
        if not judged:
            made.append(line(word("missing"), "  no evidence speaks for it"))
    made.extend(line("test ", code(test), " ", _test(view, test)) for test in node.verified_by)
    children = view.sources(key, "derives_from")
    if children:
        made.append(line("refined by ", *view.refs(children)))
    return tuple(made) or cell(line(word("missing"), "  nothing shows it: no criterion, test or refining requirement"))


def _test(view: View, test: str) -> str:
    path, _, name = test.partition("::")
    return "is defined" if name in view.assessment.tests.get(path, frozenset()) else "is NOT defined"


def metric_of(view: View, criterion: Criterion, result: CriterionResult) -> Metric | None:
    """Return the recorded figure that a judgement rests on."""
    appraisal = view.assessment.appraisals.get(result.evidence)
    record = appraisal.record if appraisal and appraisal.state == "current" else None
    return find_metric(record.metrics, criterion) if record else None


def _judged(view: View, key: str, criterion: Criterion, result: CriterionResult) -> Iterator[Line]:
    by = (ref(result.evidence),) if result.evidence else ()
    metric = metric_of(view, criterion, result)
    if metric is None:
        yield line(word(result.judgement.outcome), "  ", *by, f" {why_missing(view, key, result)}")
        return
    counts = f" ({sample(metric)})" if sample(metric) else ""
    yield line(word(result.judgement.outcome), "  ", f"{measured(metric)}{counts}", "  ", *by)
    yield line(muted(judged_limits(result)))


def why_missing(view: View, key: str, result: CriterionResult) -> str:
    """Return why no figure was judged: the states of the evidence that should hold it, or what the judgement says."""
    states = [(k, view.assessment.appraisals.get(k)) for k in view.sources(key, "verifies")]
    late = [
        f"{k} is {item.state if item else 'missing'}" for k, item in states if item is None or item.state != "current"
    ]
    return "; ".join(late) or result.judgement.reason


def judged_limits(result: CriterionResult) -> str:
    """Return the limits that were judged, rounded outwards."""
    low, high = result.judgement.low, result.judgement.high
    if low is None or high is None:
        return result.judgement.reason
    if low == high:
        return "exact"
    return f"one-sided limits {figure(low, 'down')} and {figure(high, 'up')}"


def verification(view: View) -> Section:
    """Return the results of verification and validation."""
    parts = (
        Section("Results by criterion", "vv-criteria", (_tally(view), _criteria(view))),
        Section("Tests named by requirements", "vv-tests", (_tests(view),)),
        Section("All measured figures and slices", "vv-figures", (_figures(view),)),
    )
    return Section("Verification and validation results", "vv", (), parts)


_RESULT = {
    "met": ("met", "pass"),
    "not_met": ("not_met", "fail"),
    "not_shown": ("not_shown", "not shown"),
    "missing": ("missing", "not run"),
}


def _tally(view: View) -> Block:
    counts: Counter[str] = Counter()
    for key, node in view.case.nodes(Requirement, "requirement"):
        for index in range(len(node.acceptance)):
            judged = view.results(key, index)
            counts.update(_RESULT[r.judgement.outcome][1] for r in judged)
            counts["not run"] += not judged
    total = sum(counts.values())
    words = "; ".join(f"{counts[name]} {name}" for name in ("pass", "fail", "not shown", "not run"))
    return Paragraph(line(f"{total} judgements of criteria: {words}. Only a pass counts as one."))


def _criteria(view: View) -> Table:
    columns = (
        Column("Requirement", 0.9),
        Column("Criterion", 2),
        Column("Measured", 1.5),
        Column("k of n", 0.9),
        Column("Limits judged", 1.5),
        Column("Result", 0.9),
        Column("Evidence", 0.9),
    )
    rows = []
    for key, node in view.case.nodes(Requirement, "requirement"):
        for index, criterion in enumerate(node.acceptance):
            judged = view.results(key, index)
            rows += [_criterion(view, key, criterion, r) for r in judged]
            if not judged:
                none = cell(line(word("missing", "not run")))
                rows.append(
                    Row(
                        (
                            cell(line(ref(key))),
                            cell(criterion_words(criterion)),
                            cell("nothing"),
                            (),
                            (),
                            none,
                            cell("none planned"),
                        )
                    )
                )
    source = "criteria of requirements, judged against the newest current evidence"
    return Table(
        "Every criterion, with the figure that was judged",
        source,
        columns,
        tuple(rows),
        "No requirement has a criterion.",
    )


def _criterion(view: View, key: str, criterion: Criterion, result: CriterionResult) -> Row:
    metric = metric_of(view, criterion, result)
    sign, text = _RESULT[result.judgement.outcome]
    return Row(
        (
            cell(line(ref(key))),
            cell(criterion_words(criterion)),
            cell(measured(metric)) if metric else cell(why_missing(view, key, result)),
            cell(sample(metric)) if metric else (),
            cell(judged_limits(result)) if metric else (),
            cell(line(word(sign, text))),
            cell(view.refs([result.evidence] if result.evidence else view.sources(key, "verifies"))) or cell("none"),
        )
    )


def _tests(view: View) -> Table:
    columns = (Column("Requirement", 1.5), Column("Test", 3), Column("In the tree", 1))
    rows = []
    for key, node in view.case.nodes(Requirement, "requirement"):
        for test in node.verified_by:
            there = _test(view, test) == "is defined"
            rows.append(
                Row(
                    (
                        cell(view.named(key)),
                        cell(line(code(test))),
                        cell(line(word("yes" if there else "no", "defined" if there else "not defined"))),
                    )
                )
            )
    source = "field verified_by; the report checks that a test is defined, it does not run it"
    return Table("Tests", source, columns, tuple(rows), "No requirement names a test.")


def _figures(view: View) -> Paragraph:
    current = [k for k, item in sorted(view.assessment.appraisals.items()) if item.state == "current"]
    if not current:
        return Paragraph(line("No evidence is current, so there is no figure to show."))
    words = (
        "Every figure that current evidence measured, with its slice, sample and interval, stands with that evidence: "
    )
    return Paragraph(line(words, *view.refs(current), "."))
