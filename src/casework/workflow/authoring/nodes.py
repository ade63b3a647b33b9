"""Writing nodes: new ones, and re-formatting of files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from casework.artifact.yaml_reader import read_stream
from casework.artifact.yaml_writer import dump, reformat
from casework.model.node import Node
from casework.model.problem import CallProblem
from casework.model.vocabulary import NODE_TYPES
from casework.store.nodes import validate
from casework.store.working_tree import WorkingTree
from casework.workflow.judging.configuration import read_project
from casework.workflow.judging.reading import NODE_SUFFIXES

_PREFIX: Final[dict[str, str]] = {
    "requirement": "REQ", "hazardous_event": "HE", "safety_goal": "SG", "threat": "TH", "odd": "ODD", "model_card": "MDL",
    "dataset": "DS", "evidence": "EV", "goal": "G", "strategy": "S", "solution": "SN", "context": "C", "assumption": "A",
    "justification": "J", "practice": "PR", "tool": "TOOL", "indicator": "SPI", "review": "RV", "waiver": "WV",
}  # fmt: skip
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no letters that look like digits


def node_class(node_type: str) -> type[Node]:
    """Return the class of a node type. Raises CallProblem for an unknown one."""
    found = NODE_TYPES.get(node_type)
    if found is None:
        raise CallProblem(f"there is no node type {node_type}; there are {', '.join(NODE_TYPES)}")
    return found


def fresh_id(node_type: str) -> str:
    """Return an id that no other branch can have made too: the type's prefix and 30 random bits."""
    return f"{_PREFIX.get(node_type, node_type.upper())}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"


def field_table(node_type: str) -> str:
    """Return the fields of a type, a line each: name, whether it is needed, what it means."""
    lines = []
    for name, info in node_class(node_type).model_fields.items():
        meaning = info.description or ("type of the node" if name == "type" else "")
        lines.append(f"  {name:<18} {'required' if info.is_required() else '':<9} {meaning}")
    return f"{node_type}: {(NODE_TYPES[node_type].__doc__ or '').strip().splitlines()[0]}\n" + "\n".join(lines) + "\n"


def ask_fields(node_type: str, given: Mapping[str, str], ask: Callable[[str], str]) -> dict[str, str]:
    """Ask for each required field that is not given yet."""
    made = dict(given)
    for name, info in node_class(node_type).model_fields.items():
        if info.is_required() and name not in ("type", "id") and name not in made:
            made[name] = ask(f"{name} ({info.description or 'YAML'}): ")
    return made


def new_node(node_type: str, node_id: str | None, given: Mapping[str, str]) -> dict[str, Any]:
    """Return a new, valid node as plain data, fields in the order of the schema. Raises CallProblem with every misfit."""
    fields = node_class(node_type).model_fields
    values = {name: _value(name, text) for name, text in given.items()}
    values.update({"type": node_type, "id": node_id or fresh_id(node_type)})
    unknown = [name for name in values if name not in fields]
    ordered = {name: values[name] for name in [*fields, *unknown] if name in values}
    _entry, node, findings = validate(ordered, "", 0)
    if node is None:
        raise CallProblem("the node is not valid: " + "; ".join(f"{f.message}. {f.fix}" for f in findings))
    return ordered


def _value(name: str, text: str) -> Any:
    stream = read_stream(text.encode())
    if stream.problems or len(stream.documents) != 1:
        quoted = read_stream(
            ("|-\n  " + text.replace("\n", "\n  ")).encode()
        )  # a text that is not YAML by itself, such as `a: b`
        if quoted.problems:
            raise CallProblem(f"--set {name}: {stream.problems[0].message if stream.problems else 'not one value'}")
        return quoted.documents[0]
    value = stream.documents[0]
    return text if isinstance(value, dict) and ": " in text and not text.lstrip().startswith("{") else value


def appended(root: Path, file: str | None, node: dict[str, Any]) -> tuple[str, str]:
    """Return the path of the file that gets a new node, and its whole text with the node at its end."""
    project, _findings = read_project(WorkingTree(root))
    path = file or f"{project.roots[0]}/{node['type']}/{node['id']}.yaml"
    target = root / path
    if not target.exists():
        return path, dump([node])
    old = target.read_text("utf-8")
    stream = read_stream(old.encode())
    if stream.problems or len(stream.documents) != 1 or not isinstance(stream.documents[0], list):
        raise CallProblem(f"{path} is not one clean list of nodes, so nothing can be appended; name another --file")
    return path, old.rstrip("\n") + "\n\n" + dump([node])


def node_files(root: Path) -> list[str]:
    """Return every node file of a case."""
    tree = WorkingTree(root)
    project, _findings = read_project(tree)
    return [s.path for folder in project.roots for s in tree.list(folder, NODE_SUFFIXES) if not s.problem]


def formatted(root: Path, path: str) -> tuple[bytes, bytes, str]:
    """Return a file's bytes, its bytes in form, and why it cannot be formatted (empty if it can)."""
    try:
        old = (root / path).read_bytes()
    except OSError as error:
        return b"", b"", error.strerror or str(error)
    stream = read_stream(old)
    if stream.problems:
        return old, old, f"line {stream.problems[0].line}: {stream.problems[0].message}"
    orders = {name: tuple(cls.model_fields) for name, cls in NODE_TYPES.items()}
    new = reformat(old.decode("utf-8"), orders).encode()
    again = read_stream(new)
    if again.problems or again.documents != stream.documents:
        return old, old, "formatting would change what it says; please report this file"
    return old, new, ""
