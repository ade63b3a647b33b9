"""Reading `casework.yaml`."""

from __future__ import annotations

from pydantic import ValidationError

from casework.artifact.yaml_places import Places
from casework.artifact.yaml_reader import read_stream
from casework.model.finding import Finding
from casework.model.project import Project
from casework.model.vocabulary import NODE_TYPES
from casework.store.working_tree import CONFIG, Tree

_FIX = "Mend casework.yaml; `docs/reference/configuration.md` lists the settings."


def read_project(tree: Tree) -> tuple[Project, list[Finding]]:
    """Return the project's configuration; the defaults, with findings, where it cannot be read."""
    if tree.look(CONFIG) is None:
        message = "there is no casework.yaml, so defaults judge: no pinned root key, no number of top goals"
        return Project(), [
            Finding("FMT-014", "warning", "", (), message, "Add casework.yaml, or restore it.", CONFIG, 0, 0)
        ]
    try:
        data = tree.read(CONFIG)
    except OSError as error:
        return Project(), [_bad(f"casework.yaml cannot be read: {error.strerror or error}", 0, 0)]
    stream = read_stream(data)
    if stream.problems:
        return Project(), [_bad(f"casework.yaml: {p.message}", p.line, p.column) for p in stream.problems]
    value = stream.documents[0] if stream.documents else None
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


def without_effect(tree: Tree, project: Project, codes: frozenset[str], lowerable: frozenset[str]) -> list[Finding]:
    """Return a finding for each setting that has no effect: an unknown code, one that cannot be lowered, an empty root.

    Args:
        tree: The files of the case.
        project: Its configuration.
        codes: Every code there is.
        lowerable: Codes that may be lowered to a warning.
    """
    found: list[tuple[tuple[str | int, ...], str]] = []
    for field, wanted in (("warning", project.severity.warning), ("error", project.severity.error)):
        for i, code in enumerate(wanted):
            if code not in codes:
                found.append((("severity", field, i), f"`severity.{field}` names {code}, and there is no such code"))
            elif field == "warning" and code not in lowerable:
                found.append((("severity", field, i), f"{code} cannot be lowered to a warning"))
    for i, name in enumerate(project.review.types):
        if name not in NODE_TYPES:
            found.append((("review", "types", i), f"`review.types` names {name}, and there is no such node type"))
    for i, root in enumerate(project.roots):
        if not tree.list(root, (".yaml", ".yml")):
            found.append((("roots", i), f"the root {root} holds no node file"))
    if not found or tree.look(CONFIG) is None:
        return []
    places = Places(tree.read(CONFIG))
    return [_bad(f"casework.yaml: {message}", *places.of(0, route)) for route, message in found]


def _bad(message: str, line: int, column: int) -> Finding:
    return Finding("FMT-014", "error", "", (), message, _FIX, CONFIG, line, column)
