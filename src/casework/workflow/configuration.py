"""Reading `casework.yaml`."""

from __future__ import annotations

from pydantic import ValidationError

from casework.artifact.yaml_places import Places
from casework.artifact.yaml_reader import read_stream
from casework.model.finding import Finding
from casework.model.project import Project
from casework.store.working_tree import CONFIG, Tree

_FIX = "Mend casework.yaml; `docs/reference/configuration.md` lists the settings."


def read_project(tree: Tree) -> tuple[Project, list[Finding]]:
    """Return the project's configuration; the defaults, with findings, where it cannot be read."""
    if tree.look(CONFIG) is None:
        return Project(), []
    try:
        data = tree.read(CONFIG)
    except OSError as error:
        return Project(), [_bad(f"casework.yaml cannot be read: {error.strerror or error}", 0, 0)]
    stream = read_stream(data)
    if stream.problems:
        return Project(), [_bad(f"casework.yaml: {p.message}", p.line, p.column) for p in stream.problems]
    value = stream.documents[0] if stream.documents else {}
    if not isinstance(value, dict) or len(stream.documents) > 1:
        return Project(), [_bad("casework.yaml is not one mapping", 1, 1)]
    try:
        return Project.model_validate(value), []
    except ValidationError as error:
        places = Places(data)
        return Project(), [
            _bad(f"casework.yaml: `{'.'.join(map(str, d['loc']))}`: {d['msg'].lower()}", *places.of(0, tuple(d["loc"])))
            for d in error.errors(include_url=False)
        ]


def _bad(message: str, line: int, column: int) -> Finding:
    return Finding("FMT-014", "error", "", (), message, _FIX, CONFIG, line, column)
