"""Two states of a case side by side: what changed, and what that touches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from casework.graph.case import Case
from casework.graph.fingerprint import meaning
from casework.graph.impact import Impact, impact
from casework.model.problem import CallProblem
from casework.store.history import Revision
from casework.store.working_tree import Tree, WorkingTree
from casework.workflow.judging.assess import Assessed, assess


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a node before and after, as text; empty where it was or is absent."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A changed node and its changed fields."""

    node: str
    type: str
    title: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What lies between two states of a case.

    Attributes:
        added: (key, type, title) of nodes that are new, sorted.
        removed: (key, type, title) of nodes that are gone, sorted.
        changed: Nodes whose meaning changed, sorted.
        impact: What the changed and removed nodes touch.
    """

    added: tuple[tuple[str, str, str], ...]
    removed: tuple[tuple[str, str, str], ...]
    changed: tuple[NodeChange, ...]
    impact: Impact


def difference(before: Case, after: Case) -> Difference:
    """Compare two cases by the meaning of their nodes; re-formatting is no change."""
    old, new = before.entries, after.entries
    added = tuple((k, new[k].type, new[k].title) for k in sorted(new.keys() - old.keys()))
    removed = tuple((k, old[k].type, old[k].title) for k in sorted(old.keys() - new.keys()))
    changed = tuple(
        NodeChange(key, new[key].type, new[key].title, _fields(before.data(key), after.data(key)))
        for key in sorted(old.keys() & new.keys())
        if before.fingerprint(key) != after.fingerprint(key)
    )
    touched = [c.node for c in changed] + [k for k, _type, _title in added]
    return Difference(added, removed, changed, impact(after, touched))


def _fields(before: dict[str, Any], after: dict[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, _text(old), _text(new)) for name, old, new in _differing("", meaning(before), meaning(after))
    )


_ABSENT: Any = object()


def _differing(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, before, after) of the innermost values that differ, so that no difference hides in a long text."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _differing(
                f"{path}.{name}" if path else str(name), old.get(name, _ABSENT), new.get(name, _ABSENT)
            )
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(v, dict) for v in (*old, *new)):
        for i in range(max(len(old), len(new))):
            first, second = (v[i] if i < len(v) else _ABSENT for v in (old, new))
            yield from _differing(f"{path}[{i}]{_label(first, second)}", first, second)
    else:
        yield path, None if old is _ABSENT else old, None if new is _ABSENT else new


def _label(old: Any, new: Any) -> str:
    """Return what an acceptance criterion is of, for people: ` (fnr of class=stop)`."""
    held = new if isinstance(new, dict) else old
    return f" ({held['metric']} of {held.get('slice', 'all')})" if isinstance(held, dict) and "metric" in held else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _state(root: Path, revision: str, today: date) -> Assessed:
    tree: Tree = Revision.open(root, revision) if revision else WorkingTree(root)
    return assess(tree, today)


def diff_text(root: Path, baseline: str, today: date, form: str) -> str:
    """Return the differences of the working tree from a revision, as text, JSON or Markdown."""
    before, after = _state(root, baseline, today), _state(root, "", today)
    found = difference(before.assessment.case, after.assessment.case)
    if form == "json":
        value = {"baseline": baseline, **asdict(found)}
        return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
    lines = [f"# Changes since {baseline}" if form == "markdown" else f"changes since {baseline}", ""]
    mark = "- " if form == "markdown" else "  "
    lines += _listed("added", [f"{k} ({t}){': ' + title if title else ''}" for k, t, title in found.added], mark, form)
    lines += _listed(
        "removed", [f"{k} ({t}){': ' + title if title else ''}" for k, t, title in found.removed], mark, form
    )
    lines += _listed(
        "changed", [line for c in found.changed for line in _change_lines(c)], mark, form, len(found.changed)
    )
    lines += _impact_lines(found.impact, mark, form)
    return "\n".join(lines).rstrip() + "\n"


def _change_lines(change: NodeChange) -> list[str]:
    lines = [f"{change.node} ({change.type}){': ' + change.title if change.title else ''}"]
    lines += [f"  {f.field}: {f.before or '(absent)'} -> {f.after or '(absent)'}" for f in change.fields]
    return lines


def _listed(head: str, rows: Sequence[str], mark: str, form: str, count: int | None = None) -> list[str]:
    from casework.render.findings.markdown import literal
    from casework.render.findings.terminal import safe

    many = len(rows) if count is None else count
    title = f"## {head.capitalize()} ({many})" if form == "markdown" else f"{head}: {many or 'nothing'}"
    show = literal if form == "markdown" else safe  # words of the case are neither markup nor commands to a terminal
    body = [f"    {show(row[2:])}" if form == "markdown" and row[:2] == "  " else f"{mark}{show(row)}" for row in rows]
    return [title, *([""] if form == "markdown" and body else []), *body, ""]


def _impact_lines(found: Impact, mark: str, form: str) -> list[str]:
    lines: list[str] = []
    sections = {
        "suspect requirements, goals and threats": found.requirements,
        "argument elements whose ground moves": found.goals,
        "evidence to run again": found.evidence,
        "sign-offs that no longer hold": found.reviews,
        "other nodes that depend on it": found.others,
    }
    for head, rows in sections.items():
        lines += _listed(head, [f"{row.key}  via {' -> '.join(row.path)}" for row in rows], mark, form)
    return lines


def impact_text(root: Path, what: Sequence[str], today: date, form: str) -> str:
    """Return what a change touches, as text or JSON.

    Args:
        root: Root of the case.
        what: Node keys, or one range `REV..REV` (an empty end is the working tree).
        today: Day of judgement.
        form: `text` or `json`.

    Raises:
        CallProblem: A node is unknown, or a range is mixed with nodes.
    """
    ranges = [w for w in what if ".." in w]
    if ranges and len(what) > 1:
        raise CallProblem("give nodes, or one range of revisions, not both")
    if ranges:
        first, _, last = what[0].partition("..")
        before, after = _state(root, first or "HEAD", today), _state(root, last, today)
        found = difference(before.assessment.case, after.assessment.case)
        touched, result = [c.node for c in found.changed], found.impact
    else:
        case = _state(root, "", today).assessment.case
        unknown = [k for k in what if k not in case]
        if unknown:
            raise CallProblem(f"there is no node {', '.join(unknown)}")
        touched, result = list(what), impact(case, list(what))
    if form == "json":
        return json.dumps({"changed": touched, **asdict(result)}, indent=2, ensure_ascii=False, default=str) + "\n"
    lines = [f"a change of {', '.join(touched) or 'nothing'} touches", "", *_impact_lines(result, "  ", "text")]
    return "\n".join(lines).rstrip() + "\n"
