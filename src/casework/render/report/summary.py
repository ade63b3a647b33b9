"""The case in one minute: what was judged, what stands, what is not claimed, waived, or left as a risk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casework.model.argument import Assumption, Element
from casework.model.hazard import HazardousEvent, Odd
from casework.render.findings.options import plural
from casework.render.report.document import (
    Block,
    Cell,
    Facts,
    Line,
    Paragraph,
    cell,
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
"""Characters of a top claim on the title page."""
_SOURCE = "exclusions of the operational design domain, waivers, residual risks, assumptions and accepted doubts"
_COUNTED = (
    ("hazardous_event", "hazardous events"),
    ("threat", "security threats"),
    ("safety_goal", "safety goals"),
    ("goal", "goals of the argument"),
    ("requirement", "requirements"),
)


def summary(view: View) -> tuple[Block, ...]:
    """Return the summary: a paragraph in words, and what a reader must know beside it."""
    pairs: list[tuple[str, Cell]] = [
        ("Not claimed", _named(list(_excluded(view)), "scope-odd", "no condition is left out of the ODD")),
        ("Waived", _named(list(_waived(view)), "open-waivers", "nothing")),
        ("Risks that remain", _named(list(_risks(view)), "open-risks", "none is named, which may mean that none was sought")),
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
    stands = "; ".join(_supported(view, kind, words) for kind, words in _COUNTED if _count(view, kind))
    evidence = (
        f"{states.count('current')} of {planned} pieces of evidence count, and {counts['pass']} of "
        f"{sum(counts.values())} judgements of measured figures pass. "
    )
    rest = "A claim is supported only if all that it rests on holds, down to signed results of tests on these files: "
    return line(first, claim, rest, f"{stands}. " if stands else "nothing is claimed. ", evidence, _verdict(view))


def _count(view: View, kind: str) -> int:
    return sum(1 for _ in view.case.keys(kind))


def _verdict(view: View) -> str:
    errors = sum(f.severity == "error" for f in view.decision.findings)
    return f"{plural(errors, 'error')} to be mended before the case can pass." if errors else "Nothing blocks the case."


def _claims(view: View) -> Iterator[str]:
    """Yield the statements of the goals at the top, as far as the title page has room."""
    for key in sorted(view.case.keys("goal")):
        into = view.case.into(key, "supported_by", "in_context_of")
        node = view.node(key)
        if not into and not view.case.out(key, "challenges") and isinstance(node, Element):
            text = " ".join(node.statement.split()).rstrip(".")
            yield text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
            return


def _supported(view: View, kind: str, words: str) -> str:
    keys = [key for key in view.case.keys(kind) if not view.challenges(key)]
    found = [view.assessment.statuses.get(key) for key in keys]
    return f"{sum(s is not None and s.word == 'supported' for s in found)} of {len(keys)} {words} are supported"


def _excluded(view: View) -> Iterator[Line]:
    for _, odd in view.case.nodes(Odd, "odd"):
        for exclusion in odd.exclusions:
            yield line(", ".join(f"{name} = {value}" for name, value in sorted(exclusion.when.items())))


def _waived(view: View) -> Iterator[Line]:
    for w in view.decision.waived:
        until = f"until {w.expires}" if w.expires else "without a date"
        yield line(f"{w.finding.code} on ", ref(w.finding.node), f" {until}", muted(f", {w.by or 'by nobody named'}"))


def _risks(view: View) -> Iterator[Line]:
    for key, event in view.case.nodes(HazardousEvent, "hazardous_event"):
        if event.residual_risk is not None:
            risk = event.residual_risk
            yield line(ref(key), f" {risk.description}", muted(f" Accepted by {risk.accepted_by}."))


def _trusted(view: View) -> Line:
    assumed = [node.holds for _, node in view.case.nodes(Assumption, "assumption")]
    doubts = sum(len(node.residual_doubts) for _, node in view.case.nodes(Element, "goal", "strategy", "solution"))
    unconfirmed = len(assumed) - assumed.count("confirmed")
    return line(
        to_anchor("scope-assumptions", plural(len(assumed), "assumption")),
        f", {unconfirmed} of them not confirmed; ",
        to_anchor("open-doubts", plural(doubts, "doubt")),
        " that a named person accepts",
    )


def _named(lines: Sequence[Line], anchor: str, none: str) -> Cell:
    """Return the first few lines and, where there are more, how many."""
    more = len(lines) - _NAMED
    rest = [line(to_anchor(anchor, f"and {more} more"))] if more > 0 else []
    return (*lines[:_NAMED], *rest) or cell(none)
