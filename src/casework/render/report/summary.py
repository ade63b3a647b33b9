"""The case in one minute: what was judged, what stands, what is not claimed, waived, or left as a risk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casework.model.argument import Assumption, Element
from casework.model.hazard import HazardousEvent, Odd
from casework.model.learning import ModelCard
from casework.render.findings.options import plural
from casework.render.report.document import (
    Block,
    Cell,
    Facts,
    Line,
    Paragraph,
    cell,
    joined,
    line,
    muted,
    ref,
    strong,
    to_anchor,
)
from casework.render.report.verification import tally
from casework.render.report.view import View

_NAMED = 4
"""Items of a kind that the title page names; more are counted and pointed to."""
_LONGEST = 240
"""Characters of a text on the title page."""
_SOURCE = "the operational design domain, model cards, requirements, waivers, hazardous events and the argument"
_COUNTED = (
    ("hazardous_event", "hazardous events"),
    ("threat", "security threats"),
    ("safety_goal", "safety goals"),
    ("goal", "goals of the argument"),
)


def summary(view: View) -> tuple[Block, ...]:
    """Return the summary: a paragraph in words, and what a reader must know beside it."""
    pairs: list[tuple[str, Cell]] = [
        ("Conditions outside the ODD", _named(list(_excluded(view)), "scope-odd", "none: no condition is left out")),
        ("Known limits", _named(list(_limits(view)), "scope-item", "none is stated, which may mean that none was sought")),
        ("Named tests", _tests(view)),
        ("Waived", _named(list(_waived(view)), "open-waivers", "nothing")),
        ("Accepted risks", _named(list(_risks(view)), "open-risks", "none is named, which may mean that none was sought")),
        ("Accepted doubts", _named(list(_doubts(view)), "open-doubts", "none")),
        ("Taken on trust", cell(_trusted(view))),
    ]  # fmt: skip
    return (
        Paragraph(line(strong("In one minute. "), *_words(view))),
        Facts(line("What it does not show"), tuple(pairs), _SOURCE),
    )


def _words(view: View) -> Line:
    project = view.assessment.project
    models, data = (
        plural(_count(view, kind), word) for kind, word in (("model_card", "model"), ("dataset", "dataset"))
    )
    first = (
        f"This report judges {project.component or project.name}: {models} and {data}, exactly the files whose digests "
        "stand below. "
    )
    tops = [f"“{text}”" for text in _claims(view)]
    claim = f"The claim is: {' and '.join(tops)}. " if tops else "The case claims nothing yet. "
    counts = tally(view)
    states = [item.state for item in view.assessment.appraisals.values()]
    planned = _count(view, "evidence")
    stands = [_supported(view, kind, words) for kind, words in _COUNTED if _count(view, kind)]
    stands += [_requirements(view)] if _count(view, "requirement") else []
    evidence = (
        f"{states.count('current')} of {planned} pieces of evidence count, and {counts['met']} of "
        f"{sum(counts.values())} judgements of criteria by measured figures are met."
    )
    rest = "A claim is supported only if all that it rests on holds: "
    claims = f"{'; '.join(stands)}. " if stands else "nothing is claimed. "
    return line(first, claim, rest, claims, evidence)


def _count(view: View, kind: str) -> int:
    return sum(1 for _ in view.case.keys(kind))


def _claims(view: View) -> Iterator[str]:
    """Yield the statements of the goals at the top, as far as the title page has room."""
    for key in sorted(view.case.keys("goal")):
        into = view.case.into(key, "supported_by", "in_context_of")
        node = view.node(key)
        if not into and not view.case.out(key, "challenges") and isinstance(node, Element):
            yield _short(node.statement)
            return


def _short(text: str) -> str:
    """Return a text on one line, as far as the title page has room."""
    words = " ".join(text.split()).rstrip(".")
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _supported(view: View, kind: str, words: str) -> str:
    keys = [key for key in view.case.keys(kind) if not view.challenges(key)]
    held = view.supported(keys)
    named = sum(view.grounds.only_tests(key) for key in held)
    stated = sum(key not in view.grounds.results and key not in view.grounds.tests for key in held)
    weaker = [
        f"{count} of them only by {by}"
        for count, by in ((named, "named tests"), (stated, "documents, reviews or qualified tools"))
        if count
    ]
    return ", ".join([f"{len(held)} of {len(keys)} {words} are supported", *weaker])


def _requirements(view: View) -> str:
    keys = list(view.case.keys("requirement"))
    held = view.supported(keys)
    named = sum(view.grounds.only_tests(key) for key in held)
    both = sum(key in view.grounds.tests for key in held) - named
    parts = [
        f"{count} {by}"
        for count, by in (
            (len(held) - named - both, "by signed results, their own or those of requirements that refine them"),
            (both, "by signed results and named tests"),
            (named, "only by named tests, which exist, but of which the case holds no results"),
        )
        if count
    ]
    return f"{len(held)} of {len(keys)} requirements are supported" + (f" ({', '.join(parts)})" if parts else "")


def _tests(view: View) -> Cell:
    held = view.supported(view.case.keys("requirement"))
    named = [key for key in held if key in view.grounds.tests]
    if not named:
        return cell("no requirement rests on a test whose result is not held")
    levels = sorted({str(view.case.entries[key].light.get("level") or "no level") for key in named})
    where = joined(to_anchor(f"requirements-{level}", level) for level in levels)
    said = f"{plural(len(named), 'requirement')} of level "
    return cell(
        line(
            said,
            *where,
            " rest on tests that are ",
            to_anchor("vv-tests", "named"),
            "; whether these pass is not shown",
        )
    )


def _excluded(view: View) -> Iterator[Line]:
    for _, odd in view.case.nodes(Odd, "odd"):
        for exclusion in odd.exclusions:
            yield line(", ".join(f"{name} = {value}" for name, value in sorted(exclusion.when.items())))


def _limits(view: View) -> Iterator[Line]:
    """Yield each limit that model cards state, once, with the models that it is stated of."""
    found: dict[str, list[str]] = {}
    for key, card in view.case.nodes(ModelCard, "model_card"):
        for limit in card.limits:
            found.setdefault(_short(limit), []).append(key)
    for limit, keys in found.items():
        yield line(*view.refs(dict.fromkeys(keys)), f" {limit}")


def _waived(view: View) -> Iterator[Line]:
    for w in view.decision.waived:
        until = f"until {w.expires}" if w.expires else "without a date"
        yield line(f"{w.finding.code} on ", ref(w.finding.node), f" {until}", muted(f", {w.by or 'by nobody named'}"))


def _risks(view: View) -> Iterator[Line]:
    for key, event in view.case.nodes(HazardousEvent, "hazardous_event"):
        if event.residual_risk is not None:
            risk = event.residual_risk
            yield line(ref(key), f" {risk.description}", muted(f" ({risk.accepted_by})"))


def _doubts(view: View) -> Iterator[Line]:
    """Yield the words of each challenge whose doubt a person accepts, and who that is."""
    for key, node in view.case.nodes(Element, "goal", "strategy", "solution"):
        for doubt in node.residual_doubts:
            challenger = view.resolved(key, doubt.challenger)
            challenge = view.node(challenger) if challenger in view.case else None
            said = _short(challenge.statement) if isinstance(challenge, Element) else "it cannot be read"
            yield line(ref(challenger), f" {said}", muted(f" ({doubt.accepted_by})"))


def _trusted(view: View) -> Line:
    assumed = [node.holds for _, node in view.case.nodes(Assumption, "assumption")]
    unconfirmed = len(assumed) - assumed.count("confirmed")
    return line(
        to_anchor("scope-assumptions", plural(len(assumed), "assumption")), f", {unconfirmed} of them not confirmed"
    )


def _named(lines: Sequence[Line], anchor: str, none: str) -> Cell:
    """Return the first few lines and, where there are more, how many."""
    more = len(lines) - _NAMED
    rest = [line(to_anchor(anchor, f"and {more} more"))] if more > 0 else []
    return (*lines[:_NAMED], *rest) or cell(none)
