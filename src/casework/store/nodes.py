"""From plain data to validated nodes and graph entries, with a finding for every misfit."""

from __future__ import annotations

import difflib
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from casework.graph.case import Entry
from casework.model.finding import Finding, Route
from casework.model.node import Node
from casework.model.vocabulary import NODE_TYPES, links_of

_ALIASES: Final[dict[str, str]] = {
    "hazard": "hazardous_event",
    "model": "model_card",
    "data": "dataset",
    "goal_": "goal",
    "req": "requirement",
}


def validate(data: Any, file: str, position: int) -> tuple[Entry | None, Node | None, list[Finding]]:
    """Turn one item of a file into a node.

    Args:
        data: What the reader gave.
        file: File, relative to the case's root.
        position: Index of the item in its file.

    Returns:
        The graph entry (None where there is not even an id), the node (None where it does not validate), and findings.
        A node that does not validate still exists, so nothing else reports it missing.
    """
    if not isinstance(data, dict):
        kind = type(data).__name__ if data is not None else "nothing"
        return (
            None,
            None,
            [
                _finding(
                    "FMT-012",
                    "",
                    (),
                    f"item {position + 1} of the file is {kind}, not a node",
                    "Write a mapping with type and id.",
                )
            ],
        )
    node_id, node_type = data.get("id"), data.get("type")
    if not isinstance(node_type, str) or node_type not in NODE_TYPES:
        return _unknown_type(data, node_id, node_type, file, position)
    try:
        node = NODE_TYPES[node_type].__pydantic_validator__.validate_python(data)
    except ValidationError as error:
        key = _key(data)
        findings = [_misfit(key, node_type, d) for d in _causes(error.errors(include_url=False, include_context=True))]
        entry = _entry(data, node_type, file, position, valid=False) if key else None
        return entry, None, findings
    return _entry(data, node_type, file, position, valid=True), node, []


def _unknown_type(
    data: dict[str, Any], node_id: Any, node_type: Any, file: str, position: int
) -> tuple[Entry | None, None, list[Finding]]:
    key = _key(data)
    if node_type is None:
        route: Route = ()
        message, fix = f"{key or 'a node'} has no type", f"Add `type:`, one of {', '.join(NODE_TYPES)}."
    else:
        near = _ALIASES.get(str(node_type)) or next(
            iter(difflib.get_close_matches(str(node_type), NODE_TYPES, 1)), None
        )
        message, route = f"{key or 'a node'} has the unknown type `{node_type}`", ("type",)
        fix = f"Write `{near}`." if near else f"Use one of {', '.join(NODE_TYPES)}."
    code = "FMT-011" if node_type is not None else "FMT-005"
    if key is None and node_type is None:
        code = "FMT-012"
    entry = _entry(data, "unknown", file, position, valid=False) if key else None
    return entry, None, [_finding(code, key or "", route, message, fix)]


def _key(data: dict[str, Any]) -> str | None:
    node_id, module = data.get("id"), data.get("module")
    if not isinstance(node_id, str) or not node_id:
        return None
    return f"{module}::{node_id}" if isinstance(module, str) and module else node_id


def _entry(data: dict[str, Any], node_type: str, file: str, position: int, *, valid: bool) -> Entry:
    module = data.get("module") or ""
    node_id = data["id"]
    links: list[tuple[str, int, str]] = []
    light: dict[str, Any] = {}
    if node_type in NODE_TYPES:
        for name in _LINKS[node_type]:
            value = data.get(name)
            if value.__class__ is list:
                inner = _INNER.get((node_type, name))
                raws = value if inner is None else [v.get(inner) if isinstance(v, dict) else None for v in value]
                links.extend([(name, i, raw) for i, raw in enumerate(raws) if raw.__class__ is str])
            elif value.__class__ is str:
                links.append((name, 0, value))
        for name in _LIGHT[node_type]:
            if name in data:
                light[name] = data[name]
    title = data.get("title")
    return Entry(
        f"{module}::{node_id}" if module else node_id, node_type, node_id, module if isinstance(module, str) else "",
        title if isinstance(title, str) else "", file, position, light, tuple(links), valid,
    )  # fmt: skip


_LIGHT: Final[dict[str, tuple[str, ...]]] = {name: ("owner", *cls.light) for name, cls in NODE_TYPES.items()}
_INNER: Final = {(name, field): link.key for name in NODE_TYPES for field, link in links_of(name).items() if link.key}
_LINKS: Final[dict[str, tuple[str, ...]]] = {name: tuple(links_of(name)) for name in NODE_TYPES}


def _causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out what only follows from another misfit: an emptied list around it, a field that was merely misspelt."""
    routes = [d["loc"] for d in details]
    unknown: dict[tuple[int | str, ...], list[str]] = {}
    for d in details:
        if d["type"] == "extra_forbidden":
            unknown.setdefault(d["loc"][:-1], []).append(str(d["loc"][-1]))
    kept: list[ErrorDetails] = []
    for d in details:
        route = d["loc"]
        follows = d["type"] == "too_short" and any(r != route and r[: len(route)] == route for r in routes)
        misspelt = d["type"] == "missing" and difflib.get_close_matches(str(route[-1]), unknown.get(route[:-1], []), 1)
        if not follows and not misspelt:
            kept.append(d)
    return kept


def _misfit(key: str | None, node_type: str, detail: ErrorDetails) -> Finding:
    """Translate one of pydantic's errors into a finding that says what to do."""
    route: Route = tuple(detail["loc"])
    kind, value = detail["type"], detail["input"]
    who = key or f"a {node_type}"
    field = str(route[-1]) if route else ""
    if kind == "missing":
        return _finding("FMT-005", key or "", route[:-1], f"{who} lacks the field `{_path(route)}`", f"Add `{field}:`.")
    if kind == "extra_forbidden":
        return _unknown_field(key, node_type, route, who)
    if kind == "string_type" and value is not None and not isinstance(value, list | dict):
        fix = f'Put it in quotes, as it is written in the file: "{value}".'
        message = f"{who}: `{_path(route)}` is the {_kind(value)} {value}, and text is meant"
        return _finding("FMT-013", key or "", route, message, fix)
    if kind == "tuple_type":
        return _finding(
            "FMT-004",
            key or "",
            route,
            f"{who}: `{_path(route)}` is {_kind(value)}, and a list is meant",
            f"Write it as a list: [{value}].",
        )
    if kind.endswith("_type") or kind in (
        "bool_type",
        "model_type",
        "is_instance_of",
        "float_type",
        "int_type",
        "dict_type",
    ):
        return _finding(
            "FMT-004",
            key or "",
            route,
            f"{who}: `{_path(route)}` is {_kind(value)}: {_plain(detail['msg'])}",
            "Write a value of that kind.",
        )
    return _finding(
        "FMT-006",
        key or "",
        route,
        f"{who}: `{_path(route)}` is {_short(value)}: {_plain(detail['msg'])}",
        _fix_of(kind, detail),
    )


def _unknown_field(key: str | None, node_type: str, route: Route, who: str) -> Finding:
    known = [name for name, info in NODE_TYPES[node_type].model_fields.items()] if len(route) == 1 else []
    near = difflib.get_close_matches(str(route[-1]), known, 1)
    fix = (
        f"Write `{near[0]}`, or remove it."
        if near
        else f"Remove it; `casework new {node_type} --fields` lists the fields."
    )
    return _finding("FMT-003", key or "", route, f"{who} has the unknown field `{_path(route)}`", fix)


def _fix_of(kind: str, detail: ErrorDetails) -> str:
    expected = detail.get("ctx", {}).get("expected") if detail.get("ctx") else None
    if kind == "literal_error" and expected:
        near = difflib.get_close_matches(str(detail["input"]), re_words(str(expected)), 1)
        return f"Write {near[0]}." if near else f"Write one of {expected}."
    if kind == "string_pattern_mismatch":
        return "Write it in that form."
    return "Write a value that fits."


def re_words(expected: str) -> list[str]:
    """Return the quoted words of pydantic's list of expected values."""
    return [part.strip("' ") for part in expected.replace(" or ", ", ").split(",")]


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    names = {
        "str": "text",
        "int": "number",
        "float": "number",
        "bool": "truth value",
        "list": "list",
        "dict": "mapping",
    }
    return names.get(type(value).__name__, type(value).__name__)


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f"`{value}`"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:] if message else message


def _path(route: Route) -> str:
    return Finding("", "error", "", route, "", "").field_path


def _finding(code: str, node: str, route: Route, message: str, fix: str) -> Finding:
    return Finding(code, "error", node, route, message, fix)
