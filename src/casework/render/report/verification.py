"""Results of verification and validation: what was judged, and is met, not met, not shown or missing; and the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from casework.model.acceptance import Outcome
from casework.model.requirement import Criterion, Requirement
from casework.model.verdict import CriterionResult
from casework.render.report import fault_injection
from casework.render.report.document import (
    Block,
    Cell,
    Column,
    Line,
    Paragraph,
    Row,
    Run,
    Section,
    Table,
    anchor_of,
    cell,
    code,
    group,
    joined,
    line,
    ref,
    strong,
    to_anchor,
    word,
)
from casework.render.report.figures import criterion_words, limits, measured, sample
from casework.render.report.judged import judged_limit, metric_of, why_missing
from casework.render.report.view import View
from casework.render.report.words import worded

_OUTCOMES: tuple[Outcome, ...] = ("met", "not_met", "not_shown", "missing")


def verification(view: View) -> Section:
    """Return the results of verification and validation."""
    parts = (
        Section("Results by criterion", "vv-criteria", (_tally(view), _explained(), _criteria(view))),
        Section("Tests named by requirements", "vv-tests", (_tests(view),)),
        *fault_injection.sections(view),
    )
    return Section("Verification and validation results", "vv", (), parts, new_page=True)


def tally(view: View) -> Counter[str]:
    """Return how many judgements of criteria there are, by outcome."""
    counts: Counter[str] = Counter()
    for key, node in view.case.nodes(Requirement, "requirement"):
        for index in range(len(node.acceptance)):
            judged = view.results(key, index)
            counts.update(r.judgement.outcome for r in judged)
            counts["missing"] += not judged
    return counts


def _tally(view: View) -> Block:
    counts = tally(view)
    words = "; ".join(f"{counts[name]} {worded(name)}" for name in _OUTCOMES)
    total = sum(counts.values())
    only = " Only a criterion that is met speaks for its requirement."
    return Paragraph(line(strong(f"{total} judgements of criteria: {words}."), only))


def _explained() -> Block:
    return Paragraph(
        line(
            "Judged is the one-sided confidence limit, at the confidence that the criterion asks for. For k of n it is "
            "computed anew (Clopper-Pearson). For other figures it is a limit of the recorded interval. Every interval in "
            "the table is two-sided, as the record holds it: one of 95 % leaves 2.5 % beyond each of its limits, so that "
            "it is wider than the one-sided limit at 95 %. All other figures stand in ",
            to_anchor("appendix", "the appendix"),
            ".",
        )
    )


def _criteria(view: View) -> Table:
    columns = (
        Column("Criterion", 2.5),
        Column("Measured", 1.3),
        Column("k of n", 0.9),
        Column("Two-sided interval as recorded", 1.8),
        Column("Limit judged", 1.35),
        Column("Result", 0.8),
        Column("Evidence", 1.1),
    )
    rows: list[Row] = []
    for key, node in view.case.nodes(Requirement, "requirement"):
        if node.acceptance:
            rows.append(group(line(*view.named(key), "  ", view.status(key))))
        for index, criterion in enumerate(node.acceptance):
            rows.extend(_results(view, key, index, criterion))
    return Table(
        "Every criterion, with the figure that was judged",
        "criteria of requirements, judged against the newest current evidence",
        columns,
        tuple(rows),
        "No requirement has a criterion.",
        dense=True,
    )


def _results(view: View, key: str, index: int, criterion: Criterion) -> Iterator[Row]:
    judged = view.results(key, index)
    for result in judged:
        yield _criterion(view, key, criterion, result)
    if not judged:
        none = cell(line(word("missing")))
        yield Row((cell(criterion_words(criterion)), cell("nothing"), (), (), (), none, cell("none planned")))


def _criterion(view: View, key: str, criterion: Criterion, result: CriterionResult) -> Row:
    metric = metric_of(view, criterion, result)
    return Row(
        (
            cell(criterion_words(criterion)),
            cell(measured(metric)) if metric else cell(why_missing(view, key, result)),
            cell(sample(metric)) if metric else (),
            cell(limits(metric)) if metric else (),
            cell(judged_limit(criterion, result)) if metric else (),
            cell(line(word(result.judgement.outcome))),
            cell(view.refs([result.evidence] if result.evidence else view.sources(key, "verifies"))) or cell("none"),
        )
    )


def anchor_of_tests(key: str) -> str:
    """Return the anchor at which the tests of a requirement are listed."""
    return f"tests-{anchor_of(key)}"


def is_defined(view: View, test: str) -> bool:
    """Tell whether a test, named as `file::name`, is defined in the tree."""
    path, _, name = test.partition("::")
    return name in view.assessment.tests.get(path, frozenset())


def tests_in_words(view: View, tests: Sequence[str]) -> Run:
    """Return how many tests there are and whether all are defined; no tick, for nobody has shown that they pass."""
    missing = sum(not is_defined(view, test) for test in tests)
    count = f"{len(tests)} test{'s' * (len(tests) != 1)}"
    return (
        word("no", f"{missing} of {count} not defined") if missing else word("info", f"{count} defined, no result held")
    )


def _tests(view: View) -> Table:
    columns = (Column("Requirement", 1.3), Column("Tests, by file", 4.4), Column("In the tree", 0.9))
    rows = [
        Row(
            (
                cell(view.named(key)),
                tests_by_file(view, node.verified_by),
                cell(line(tests_in_words(view, node.verified_by))),
            ),
            anchor_of_tests(key),
        )
        for key, node in view.case.nodes(Requirement, "requirement")
        if node.verified_by
    ]
    source = "field verified_by; the report checks that a test is defined; the case holds no result of it"
    return Table("Tests", source, columns, tuple(rows), "No requirement names a test.", dense=True)


def tests_by_file(view: View, tests: Sequence[str]) -> Cell:
    """Return tests, each named as `file::name`, with a line for each file; those that are not defined are marked."""
    files: dict[str, list[str]] = {}
    for test in tests:
        files.setdefault(test.partition("::")[0], []).append(test)
    return tuple(
        line(code(f"{file}::"), " ", *joined(_test(view, test) for test in named)) for file, named in files.items()
    )


def _test(view: View, test: str) -> Run:
    name = test.partition("::")[2] or test
    return code(name) if is_defined(view, test) else word("no", f"{name} is NOT defined")


def acceptance(view: View, key: str, node: Requirement) -> Cell:
    """Return what shows a requirement: each criterion with its outcome, tests, and the requirements that refine it."""
    made: list[Line] = []
    for index, criterion in enumerate(node.acceptance):
        judged = view.results(key, index)
        made.extend(_outcome(view, key, criterion, r) for r in judged)
        if not judged:
            made.append(line(word("missing"), f" {criterion_words(criterion)}: no evidence speaks for it"))
    if node.verified_by:
        found = tests_in_words(view, node.verified_by)
        made.append(line(found, "  ", to_anchor(anchor_of_tests(key), "listed")))
    children = view.sources(key, "derives_from")
    if children:
        made.append(line("refined by ", *view.refs(children)))
    return tuple(made) or cell(line(word("missing"), "  nothing shows it: no criterion, test or refining requirement"))


def _outcome(view: View, key: str, criterion: Criterion, result: CriterionResult) -> Line:
    by = (" by ", ref(result.evidence)) if result.evidence else ()
    metric = metric_of(view, criterion, result)
    said = f": {measured(metric)}" if metric else f": {why_missing(view, key, result)}"
    return line(word(result.judgement.outcome), f" {criterion_words(criterion)}{said}", *by)
