"""How the reference pages are written: tables, and the fields of pydantic models in the words of somebody who writes YAML."""

# ruff: noqa: E501 - the texts of pages are not wrapped
from __future__ import annotations

import datetime
import inspect
import types
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from casework.model.acceptance import number
from casework.model.node import Link

# Text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars and line ends in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell(c) for c in line) + " |\n" for line in lines)


def cell(text: str) -> str:
    """Return a text fit for a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return a text as inline code."""
    return f"`{text}`"


def first_line(documented: object) -> str:
    """Return the first line of a docstring, without the full stop that ends it."""
    return (inspect.getdoc(documented) or "").partition("\n")[0].rstrip(".")


# Models


def type_text(annotation: Any) -> str:
    """Return an annotation in the words of somebody who writes YAML."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        pattern = next((getattr(m, "pattern", None) for m in parts[1:] if getattr(m, "pattern", None)), None)
        return {"^[0-9a-f]{64}$": "SHA-256"}.get(pattern or "", type_text(parts[0]))
    if origin is Literal:
        return ", ".join(code(p) for p in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(type_text(p) for p in parts if p is not type(None))
    if origin is tuple:
        if len(parts) == 2 and parts[1] is Ellipsis:
            return f"list of {type_text(parts[0])}"
        return f"[{', '.join(type_text(p) for p in parts)}]"
    if origin is dict:
        return f"map of {type_text(parts[0])} to {type_text(parts[1])}"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    words = {str: "text", int: "integer", float: "number", bool: "true or false", datetime.date: "day", Any: "any"}
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def field_type(info: Any) -> str:
    """Return the type of a field: its link targets, or its annotation."""
    text = type_text(info.annotation)
    pattern = next((getattr(m, "pattern", None) for m in info.metadata if getattr(m, "pattern", None)), None)
    link = next((m for m in info.metadata if isinstance(m, Link)), None)
    if link is not None:
        targets = "any node" if link.targets == ("*",) else ", ".join(code(t) for t in link.targets)
        return ("links to " if text.startswith("list") else "link to ") + targets
    if text == "text" and pattern == "^[0-9a-f]{64}$":
        return "SHA-256"
    return text


def field_rows(cls: type[BaseModel], leave_out: frozenset[str] = frozenset()) -> list[tuple[str, str, str, str]]:
    """Return a row a field: name, type, whether it is required or its default, meaning."""
    rows = []
    for name, info in cls.model_fields.items():
        if name in leave_out:
            continue
        meaning = info.description or ("Type of the node." if name == "type" else meaning_of(info.annotation))
        rows.append((code(info.alias or name), field_type(info), default_text(info), meaning))
    return rows


def meaning_of(annotation: Any) -> str:
    """Return the first line of the docstring of the value that a field holds."""
    for part in (annotation, *get_args(annotation)):
        if inspect.isclass(part) and issubclass(part, BaseModel):
            return first_line(part) + "."
    return ""


def default_text(info: Any) -> str:
    """Return `required`, or the default; empty where leaving out means nothing."""
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple):
        return ", ".join(code(v) for v in value)
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(number(value) if isinstance(value, float) else value)


def values_of(cls: type[BaseModel], found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Collect the values that a model's fields hold, at any depth, in the order in which they are met."""
    pending = [info.annotation for info in cls.model_fields.values()]
    while pending:
        part = pending.pop(0)
        if inspect.isclass(part) and issubclass(part, BaseModel) and part.__name__ not in found:
            found[part.__name__] = part
            values_of(part, found)
        pending.extend(get_args(part))
    return found


FIELD_HEAD = ("field", "type", "default", "meaning")


def value_sections(classes: Iterable[type[BaseModel]], depth: str = "##") -> list[str]:
    """Return a section for each value that the classes hold."""
    found: dict[str, type[BaseModel]] = {}
    for cls in classes:
        values_of(cls, found)
    lines = []
    for name, cls in found.items():
        lines += [f"{depth} {name}", "", first_line(cls) + ".", "", table(FIELD_HEAD, field_rows(cls))]
    return lines
