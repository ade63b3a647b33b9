"""Writing YAML: new nodes in one stable form, and re-formatting of files with every comment kept."""

from __future__ import annotations

import io
from typing import Any

WIDTH = 120


def _engine() -> Any:
    from ruamel.yaml import YAML

    engine = YAML(typ="rt")
    engine.version = None
    engine.indent(mapping=2, sequence=4, offset=2)
    engine.width = WIDTH
    engine.preserve_quotes = True
    engine.allow_unicode = True
    engine.explicit_start = False
    return engine


def dump(nodes: list[dict[str, Any]]) -> str:
    """Return nodes as a YAML list, block style, keys in the order given."""
    out = io.StringIO()
    engine = _engine()
    engine.indent(mapping=2, sequence=2, offset=0)
    engine.dump([_plain(node) for node in nodes], out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        made = CommentedSeq([_plain(v) for v in value])
        if all(isinstance(v, str | int | float) for v in value) and sum(len(str(v)) + 2 for v in value) < WIDTH - 20:
            made.fa.set_flow_style()
        return made
    if isinstance(value, str):
        if len(value) > WIDTH - 20 and "\n" not in value and value == value.strip():
            return FoldedScalarString(value)
        return DoubleQuotedScalarString(value) if _needs_quotes(value) else value
    return value


def _needs_quotes(text: str) -> bool:
    from casework.artifact.yaml_reader import read_stream

    stream = read_stream(f"- {text}\n".encode())
    return bool(stream.problems) or stream.documents != [[text]]


def reformat(text: str, orders: dict[str, tuple[str, ...]]) -> str:
    """Return the text of a node file in form: indentation, key order, one blank line between nodes; comments stay.

    Keys are put in order only in nodes without a comment inside, for a comment belongs to the line that it stands at.

    Args:
        text: A file that reads without problems.
        orders: Field names in order, by node type.
    """
    engine = _engine()
    engine.indent(mapping=2, sequence=2, offset=0)
    documents = list(engine.load_all(text.replace("\r\n", "\n")))
    for document in documents:
        for node in document if isinstance(document, list) else [document]:
            if isinstance(node, dict):
                _order(node, orders.get(str(node.get("type")), ()))
    out = io.StringIO()
    if len(documents) > 1:
        engine.dump_all(documents, out)
    elif documents:
        engine.dump(documents[0], out)
    return _spaced(out.getvalue())


def _order(node: Any, order: tuple[str, ...]) -> None:
    if not order or _has_comment(node):
        return
    ranks = {name: i for i, name in enumerate(order)}
    for key in sorted(node, key=lambda k: ranks.get(k, len(ranks))):
        node.move_to_end(key) if hasattr(node, "move_to_end") else node.__setitem__(key, node.pop(key))


def _has_comment(value: Any) -> bool:
    if getattr(value, "ca", None) is not None and (value.ca.items or value.ca.comment):
        return True
    if isinstance(value, dict):
        return any(_has_comment(v) for v in value.values())
    return isinstance(value, list) and any(_has_comment(v) for v in value)


def _spaced(text: str) -> str:
    """Put one blank line before each node of a list, and none at the end."""
    lines = [line.rstrip() for line in text.split("\n")]
    made: list[str] = []
    for line in lines:
        if line.startswith("- ") and made and made[-1] != "" and not made[-1].startswith(("#", "---")):
            made.append("")
        if line == "" and made and made[-1] == "":
            continue
        made.append(line)
    return "\n".join(made).strip("\n") + "\n"
