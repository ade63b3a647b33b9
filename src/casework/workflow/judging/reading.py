"""Reading a case from a tree of files, through the cache where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from casework.artifact.digest import sha256_bytes
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.project import Project
from casework.rules import registry
from casework.store.cache import Cache, light_of, record_of
from casework.store.tree import FileRecord, build_case, read_file, unreadable
from casework.store.working_tree import Seen, Tree

NODE_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Reading:
    """A case as read: the graph, what is wrong in single files, and the files that were seen."""

    case: Case
    findings: tuple[Finding, ...]
    seen: tuple[Seen, ...]


def inspect(key: str, node: Node) -> Iterable[Finding]:
    """Apply every node rule to one node."""
    for check in _node_checks().get(node.type, ()):
        yield from check(key, node)


_CHECKS: dict[str, list[Callable[[str, Node], Iterable[Finding]]]] = {}


def _node_checks() -> dict[str, list[Callable[[str, Node], Iterable[Finding]]]]:
    if not _CHECKS:
        for module in registry.of_scope("node"):
            for name in module.RULE.types:
                _CHECKS.setdefault(name, []).append(module.check)
    return _CHECKS


def read_case(tree: Tree, project: Project, cache: Cache | None) -> Reading:
    """Read every node file below the project's roots."""
    seen = [s for root in project.roots for s in tree.list(root, NODE_SUFFIXES)]
    known = cache.files() if cache else {}
    records: dict[str, FileRecord] = {}
    fresh: list[tuple[Seen, bytes, bytes, bytes]] = []
    touched: list[Seen] = []
    for found in seen:
        record, row = _record(tree, found, known)
        records[found.path] = record
        if row is not None:
            fresh.append(row)
        elif found.path in known and known[found.path][0] != found.stamp:
            touched.append(found)
    if cache and touched:
        cache.restamp(touched)
    if cache and (fresh or known.keys() - records.keys()):
        cache.keep_files(fresh, known.keys() - records.keys())

    def blob_of(path: str) -> bytes:
        record = records[path]
        if not record.blob:
            record.blob = (cache.blob(path) if cache else None) or read_file(path, tree.read(path)).blob
        return record.blob

    case = build_case(records, blob_of)
    findings = tuple(f for path in sorted(records) for f in records[path].findings)
    return Reading(case, findings, tuple(seen))


def _record(tree: Tree, found: Seen, known: dict[str, tuple[tuple[int, int, int, int] | None, bytes, bytes]]) -> tuple[
    FileRecord, tuple[Seen, bytes, bytes, bytes] | None
]:  # fmt: skip
    if found.problem:
        return unreadable(found.path, found.problem), None
    old = known.get(found.path)
    if old is not None and old[0] == found.stamp:
        return record_of(found.path, old[2]), None
    try:
        data = tree.read(found.path)
    except OSError as error:
        return unreadable(found.path, error.strerror or str(error)), None
    sha = bytes.fromhex(sha256_bytes(data))
    if old is not None and old[1] == sha:
        record = record_of(found.path, old[2])
        return record, None
    record = read_file(found.path, data, inspect)
    return record, (found, sha, light_of(record), record.blob)


def with_severity(findings: Iterable[Finding], project: Project, lowerable: frozenset[str]) -> list[Finding]:
    """Apply the project's changes of severity: any code may be raised, only `lowerable` ones lowered."""
    raised, lowered = frozenset(project.severity.error), frozenset(project.severity.warning) & lowerable
    made: list[Finding] = []
    for finding in findings:
        if finding.code in raised:
            made.append(replace(finding, severity="error"))
        elif finding.code in lowered:
            made.append(replace(finding, severity="warning"))
        else:
            made.append(finding)
    return made
