"""The argument: GSN pages as pictures, and the same argument as indented text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from casework.graph.importance import importance
from casework.graph.status import blame
from casework.model.argument import CONTEXTUAL, Assumption, Element, Justification
from casework.model.node import Node
from casework.model.process import Indicator
from casework.model.verdict import Status
from casework.model.vocabulary import GSN_TYPES
from casework.render.gsn.svg import identifier as drawn_id
from casework.render.report.document import (
    Block,
    Column,
    Outline,
    Paragraph,
    Picture,
    Row,
    Run,
    Section,
    Step,
    Table,
    anchor_of,
    cell,
    code,
    joined,
    line,
    muted,
    plain,
    ref,
    strong,
    word,
)
from casework.render.report.figures import figure
from casework.render.report.view import View

_NAMES = {"away": "relies on", "cites": "cites", "states": "states", "refers_to": "refers to"}


def section(view: View, pages: Sequence[str]) -> Section:
    """Return the argument.

    Args:
        view: The case.
        pages: Pages of the GSN diagram as SVG, in order; may be empty.
    """
    intro = Paragraph(
        line(
            "The argument is written in the Goal Structuring Notation (GSN Community Standard, version 3). A "
            "goal is a claim; a "
            "strategy says how it is broken down; a solution refers to evidence. The status of each element is "
            "computed from "
            "what it rests on: it holds only if all of that holds."
        )
    )
    parts = [
        Section("The argument as text", "argument-text", tuple(_texts(view))),
        Section("Justifications", "argument-justifications", (_justifications(view),)),
        Section("Evidence that a top goal hangs on", "argument-points", (_points(view),)),
        Section("Safety performance indicators", "argument-indicators", (_indicators(view),)),
    ]
    if pages:
        parts.append(Section("The argument as diagram", "argument-diagram", tuple(_pictures(view, pages))))
    return Section("Argument", "argument", (intro,), tuple(parts), new_page=True)


def _pictures(view: View, pages: Sequence[str]) -> Iterator[Block]:
    drawn = {drawn_id(key): key for key in sorted(view.case.keys(*GSN_TYPES))}
    for number, svg in enumerate(pages, start=1):
        words = f"GSN diagram, page {number} of {len(pages)}"
        shown = [drawn[name] for name in re.findall(r' id="el-([^"]+)"', svg) if name in drawn]
        elements = view.refs(dict.fromkeys(shown))
        yield Picture(svg, words, f"{words}. The same argument stands as indented text above.", elements)


def _tops(view: View) -> list[str]:
    """Return the elements that nothing rests on: top goals first, then fragments."""
    keys = sorted(view.case.keys(*GSN_TYPES))
    loose = [k for k in keys if not view.case.into(k, "supported_by", "in_context_of")]
    goals = [k for k in loose if view.case.entries[k].type == "goal" and not view.case.out(k, "challenges")]
    return [*goals, *(k for k in loose if k not in goals)]


def _texts(view: View) -> Iterator[Block]:
    steps: list[Step] = []
    seen: set[str] = set()
    # A circle has no top: whatever the tops do not reach is shown from its smallest key.
    for key in [*_tops(view), *sorted(view.case.keys(*GSN_TYPES))]:
        if key not in seen:
            steps.extend(_walk(view, key, seen))
    if not steps:
        yield Paragraph(line(strong("The case holds no argument.")))
        return
    yield Outline("Every element, below what it supports", "GSN elements, their links and statuses", tuple(steps))


def _walk(view: View, top: str, seen: set[str]) -> Iterator[Step]:
    """Yield the elements below a top, depth first and in the order written; one that was shown before is only named."""
    stack = [(top, 0, "")]
    while stack:
        key, depth, role = stack.pop()
        if key in seen:
            yield Step(depth, line(muted(role), *view.named(key), muted("  (shown above)")))
            continue
        seen.add(key)
        yield from _element(view, key, depth, role)
        context = [(e.target, depth + 1, "in context of ") for e in view.case.out(key, "in_context_of")]
        support = [(e.target, depth + 1, "") for e in view.case.out(key, "supported_by")]
        against = [(k, depth + 1, "challenged by ") for k in view.sources(key, "challenges")]
        stack.extend(reversed([*context, *support, *against]))


def _element(view: View, key: str, depth: int, role: str) -> Iterator[Step]:
    entry = view.case.entries[key]
    node = view.node(key)
    kind = entry.type.replace("_", " ").capitalize()
    statement = node.statement if isinstance(node, Element) else "(this element does not validate)"
    claims = view.assessment.statuses.get(key)
    sign = view.challenge(key) if view.challenges(key) else _sign(claims, node) if claims else None
    status = (plain("  "), sign) if sign and claims and _claims(claims, entry.type) else ()
    marks = " undeveloped" if entry.light.get("undeveloped") else ""
    head = line(muted(f"{role}{kind} "), *view.named(key), ": ", statement, muted(marks), *status)
    yield Step(depth, head, anchor_of(key))
    if claims and claims.word != "supported" and not view.challenges(key):
        path = blame(view.assessment.statuses, key)
        # The reason stands where the cause is, or leaves the argument; above, the path leads there.
        reason = (
            f": {view.reason(path[-1])}" if len(path) < 2 or view.case.entries[path[1]].type not in GSN_TYPES else ""
        )
        yield Step(depth + 1, line(muted("because "), *view.path(key), reason))
    for name, words in _NAMES.items():
        targets = view.targets(key, name)
        if targets:
            yield Step(depth + 1, line(muted(f"{words} "), *view.refs(targets)))


def _claims(status: Status, node_type: str) -> bool:
    """Tell whether a status says something of an element: what is merely stated is not called supported."""
    return node_type == "assumption" or node_type not in CONTEXTUAL or status.word != "supported"


def _sign(status: Status, node: Node | None) -> Run:
    if isinstance(node, Assumption) and status.word == "supported":
        return word("yes" if node.holds == "confirmed" else "open", node.holds)
    return word(status.word)


def _justifications(view: View) -> Table:
    columns = (Column("Justification", 1), Column("Statement", 4), Column("Of", 1.5))
    rows = [
        Row((cell(view.named(key)), cell(node.statement), cell(view.refs(view.sources(key, "in_context_of")))))
        for key, node in view.case.nodes(Justification, "justification")
    ]
    return Table("Justifications", "justification nodes", columns, tuple(rows), "The argument gives no justification.")


def _points(view: View) -> Table:
    columns = (
        Column("Top goal", 2),
        Column("Lost with any one of these", 3),
        Column("Lost only with both of these", 2),
    )
    rows = []
    for goal, sets in importance(view.assessment).items():
        single = view.refs(keys[0] for keys in sets if len(keys) == 1)
        pairs = [joined((ref(key) for key in keys), " and ") for keys in sets if len(keys) > 1]
        status = line(view.status(goal))
        rows.append(Row((cell(view.named(goal), status), cell(single or "no evidence"), cell(*pairs) or cell("none"))))
    source = "links of the argument and answers to challenges; support is a conjunction, so nearly every piece is a single point"
    return Table(
        "Evidence without which a top goal is not supported", source, columns, tuple(rows), "The case has no top goal."
    )


def _indicators(view: View) -> Table:
    columns = (
        Column("Indicator", 1),
        Column("What is watched, and why", 2.6),
        Column("Threshold", 1.6),
        Column("Goals", 1),
        Column("Last known state", 1),
    )
    words = {"not_measured": ("open", "not measured"), "within": ("yes", "within"), "violated": ("no", "violated")}
    rows = [
        Row(
            (
                cell(view.named(key)),
                cell(node.statement),
                cell(line(code(f"{node.metric} {node.op} {figure(node.threshold)} {node.unit or ''}".rstrip()))),
                cell(view.refs(node.monitors)),
                cell(line(word(*words[node.state]))),
            ),
            anchor_of(key),
        )
        for key, node in view.case.nodes(Indicator, "indicator")
    ]
    source = "indicator nodes (UL 4600); a violated one makes its goals doubted"
    return Table("Safety performance indicators", source, columns, tuple(rows), "No runtime metric conditions a claim.")
