"""From a case to the picture of its argument: GSN elements with their status, and what they cite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case, Edge
from casework.graph.challenges import answers, is_accepted
from casework.model.argument import ANY_ELEMENT, Acp, Goal, ModuleReference, Multiplicity, Strategy
from casework.model.argument import Element as Node
from casework.model.verdict import StatusWord
from casework.model.vocabulary import GSN_TYPES
from casework.render.gsn.picture import Argument, Connector, Decorator, Element
from casework.render.gsn.picture import Status as Drawn

_KINDS: Final = {"module_reference": "module", "contract_reference": "contract"}
_DRAWN: Final = ("supported_by", "in_context_of", "challenges")


def argument_of(assessment: Assessment, goal: str | None = None, footer: str = "") -> Argument:
    """Return the argument of a case, or what is below one goal.

    Args:
        assessment: The case with its statuses.
        goal: Key of the goal to start from; None for the whole argument.
        footer: Version, date and digest to print on each page.

    Raises:
        KeyError: There is no such goal.
    """
    case = assessment.case
    chosen = _below(assessment, goal) if goal else [k for t in ANY_ELEMENT for k in case.keys(t)]
    keys = [k for k in _in_order(assessment, chosen) if case.entries[k].valid]
    elements = tuple(_element(assessment, key) for key in keys)
    held = set(keys)
    connectors = tuple(
        c
        for key in keys
        for edge in case.out(key, *_DRAWN)
        if edge.target in held and (c := _connector(assessment, edge)) is not None
    )
    return Argument(elements, _once(connectors), assessment.project.name, assessment.project.component or "", footer)


def _below(assessment: Assessment, goal: str) -> list[str]:
    case = assessment.case
    if case.entries[goal].type not in GSN_TYPES:
        raise KeyError(goal)
    found: dict[str, None] = {}
    front = [goal]
    while front:  # a challenge comes with what it rests on, and with its answer, which may be challenged in turn
        grown = [
            k for key in front for k in (key, *case.upstream(key, "supported_by", "in_context_of")) if k not in found
        ]
        found.update(dict.fromkeys(grown))
        front = [e.source for key in grown for e in case.into(key, "challenges") if e.source not in found]
    return list(found)


def _in_order(assessment: Assessment, keys: list[str]) -> list[str]:
    """Return the keys depth first from the top goals, as people read an argument; top goals by place in the files."""
    case, wanted = assessment.case, set(keys)

    def place(key: str) -> tuple[str, list[tuple[int, str]], int]:
        entry = case.entries[key]
        return entry.module, _counted(entry.file), entry.position

    def is_top(key: str) -> bool:
        above = case.into(key, "supported_by", "in_context_of")
        challenged = case.out(key, "challenges")
        return not any(e.target in wanted for e in challenged) and not any(e.source in wanted for e in above)

    in_files = sorted(wanted, key=place)
    tops = [key for key in in_files if case.entries[key].type == "goal" and is_top(key)]
    order: dict[str, None] = {}
    # What hangs below no top goal follows: elements on their own, and arguments in a circle.
    stack = [*reversed(in_files), *reversed(tops)]
    while stack:
        key = stack.pop()
        if key in order or key not in wanted:
            continue
        order[key] = None
        context, support = case.out(key, "in_context_of"), case.out(key, "supported_by")
        challengers = [e.source for e in case.into(key, "challenges")]
        stack.extend(reversed([*(e.target for e in (*context, *support)), *challengers]))
    return list(order)


def _counted(path: str) -> list[tuple[int, str]]:
    """A file's place among others: numbers in its name count as numbers, so that 10-x follows 9-x."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", path)]


def _element(assessment: Assessment, key: str) -> Element:
    case, entry = assessment.case, assessment.case.entries[key]
    node = case.node(key)
    status = assessment.statuses.get(key)
    statement = node.statement if isinstance(node, Node) else ""
    module = entry.module
    if entry.type.startswith("away_"):
        module = next((case.entries[e.target].module for e in case.out(key, "away")), "")
    elif isinstance(node, ModuleReference):
        module = node.refers_to_module
    return Element(
        id=key, kind=_KINDS.get(entry.type, entry.type), text=statement, title=entry.title,
        status=_shown(case, key, status.word) if status and not _contextual(entry.type, status.word) else None,
        status_reason=status.reason if status else "", module=module, decorators=_decorators(node, status.word if status else ""),
        acps=tuple(a.id for a in node.acps if a.on is None) if isinstance(node, Node) else (),
        annotations=(
            *(e.target for e in case.out(key, "cites", "states", "refers_to")),
            *_argued(case, key),
            *(f"doubt {d.challenger} accepted by {d.accepted_by}" for d in (node.residual_doubts if isinstance(node, Node) else ())),
        ), label=entry.id,
    )  # fmt: skip


def _argued(case: Case, key: str) -> Iterator[str]:
    """Yield the assurance claim points whose confidence an element argues (GSN v3 1:5), and where each of them sits."""
    for source in sorted({edge.source for edge in case.into(key, "acps")}):
        node = case.node(source) if case.entries[source].valid else None
        for acp in node.acps if isinstance(node, Node) else ():
            if acp.argued_by is not None and case.resolve(case.entries[source], acp.argued_by) == key:
                yield f"argues {acp.id} at {source}{f' to {acp.on}' if acp.on else ''}"


def _shown(case: Case, key: str, word: StatusWord) -> str:
    """Return the word of a status as it is drawn; a challenge that stands must not look like a claim that does."""
    if not case.out(key, "challenges") or answers(case, key) or word == "defeated":
        return word
    if is_accepted(case, key):
        return Drawn.ACCEPTED.value
    return Drawn.HOLDS.value if word == "supported" else word


def _contextual(kind: str, word: str) -> bool:
    """Contexts and justifications are no claims: their status is drawn only where something is wrong with them."""
    return (
        kind in ("context", "justification", "assumption", "away_context", "away_justification", "away_assumption")
        and word == "supported"
    )


def _decorators(node: object, word: str) -> frozenset[str]:
    found: set[str] = set()
    if isinstance(node, Node):
        found |= {Decorator.UNINSTANTIATED.value} if node.uninstantiated else set()
        found |= {Decorator.PUBLIC.value} if node.public else set()
    if isinstance(node, Goal | Strategy):
        found |= {Decorator.UNDEVELOPED.value} if node.undeveloped else set()
    if isinstance(node, Goal) and node.supported_by_contract:
        found.add(Decorator.CONTRACT.value)
    if word == "defeated":
        found.add(Decorator.DEFEATED.value)
    return frozenset(found)


def _connector(assessment: Assessment, edge: Edge) -> Connector | None:
    node = assessment.case.node(edge.source)
    marks: tuple[Multiplicity, ...] = node.decorations if isinstance(node, Goal | Strategy) else ()
    acps: tuple[Acp, ...] = node.acps if isinstance(node, Node) else ()
    entry = assessment.case.entries[edge.source]
    mark = next((m for m in marks if assessment.case.resolve(entry, m.to) == edge.target), None)
    return Connector(
        edge.source, edge.target, edge.field, optional=mark.optional if mark else False,
        multiplicity=(mark.count or "") if mark else "", choice=(mark.choice or "") if mark else "",
        acps=tuple(a.id for a in acps if a.on is not None and assessment.case.resolve(entry, a.on) == edge.target),
    )  # fmt: skip


def _once(connectors: tuple[Connector, ...]) -> tuple[Connector, ...]:
    return tuple({(c.source, c.target, c.kind): c for c in connectors}.values())
