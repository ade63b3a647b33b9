"""Reading a tree of node files: bytes to nodes, with the place of every field that has something wrong with it."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from casework.artifact.yaml_places import Places, salvage
from casework.artifact.yaml_reader import Problem, read_stream
from casework.graph.case import Case, Entry
from casework.model.finding import Finding
from casework.model.node import Node
from casework.store.nodes import validate

Inspect = Callable[[str, Node], Iterable[Finding]]


def _nothing(_key: str, _node: Node) -> Iterable[Finding]:
    return ()


@dataclass(slots=True, eq=False)
class FileRecord:
    """What one node file holds; small enough to keep for every file, and what the cache stores.

    Attributes:
        path: Relative to the case's root, with forward slashes.
        entries: Its nodes, in the order of the file.
        blob: The items' plain data, marshalled, so that a node can be built again without parsing.
        findings: Everything that is wrong in the file by itself, with places.
    """

    path: str
    entries: list[Entry]
    blob: bytes
    findings: list[Finding]


def read_file(path: str, data: bytes, inspect: Inspect = _nothing) -> FileRecord:
    """Read one node file.

    Args:
        path: Relative to the case's root, with forward slashes.
        data: The file's bytes.
        inspect: Called with each valid node; its findings count as the file's own.
    """
    stream = read_stream(data)
    items: list[Any] = []
    for document in stream.documents:
        if document.__class__ is list:
            items.extend(document)
        elif document is not None or stream.documents == [None]:
            items.append(document)
    entries: list[Entry] = []
    loose: list[tuple[int, Finding]] = []
    for position, item in enumerate(items):
        entry, node, findings = validate(item, path, position)
        if entry is not None:
            entries.append(entry)
            if node is not None:
                findings = [*findings, *inspect(entry.key, node)]
        loose.extend((position, f) for f in findings)
    placed = _merged(_placed(path, data, loose), [_of_problem(path, p) for p in stream.problems])
    if stream.broken:
        known = {e.id for e in entries}
        entries.extend(_ghosts(path, data, known))
    return FileRecord(path, entries, marshal.dumps(items), placed)


def unreadable(path: str, reason: str) -> FileRecord:
    """Return the record of a file that could not be opened or vanished while reading."""
    finding = Finding(
        "FMT-010",
        "error",
        "",
        (),
        f"the file cannot be read: {reason}",
        "Restore the file or its permissions.",
        path,
        0,
        0,
    )
    return FileRecord(path, [], marshal.dumps([]), [finding])


def _ghosts(path: str, data: bytes, known: set[str]) -> list[Entry]:
    made: list[Entry] = []
    for node_id, node_type in salvage(data):
        if node_id not in known:
            known.add(node_id)
            made.append(Entry(node_id, node_type, node_id, "", "", path, 0, {}, (), valid=False))
    return made


def _placed(path: str, data: bytes, loose: list[tuple[int, Finding]]) -> list[Finding]:
    if not loose:
        return []
    places = Places(data)
    return [f.at(path, *places.of(position, f.field)) for position, f in loose]


def _merged(misfits: list[Finding], problems: list[Finding]) -> list[Finding]:
    """Put both together; where reading already said what is wrong with a value, the misfit of that value is left out."""
    read = {f.line for f in problems if f.code == "FMT-013"}
    kept = [f for f in misfits if not (f.code in ("FMT-004", "FMT-006", "FMT-013") and f.line in read)]
    return kept + problems


def _of_problem(path: str, problem: Problem) -> Finding:
    return Finding(problem.code, "error", "", (), problem.message, problem.fix, path, problem.line, problem.column)


def build_case(records: Mapping[str, FileRecord], blob_of: Callable[[str], bytes]) -> Case:
    """Build the graph from file records.

    Args:
        records: File records by path; read in sorted order, so that the order of discovery never matters.
        blob_of: Returns the marshalled items of a file; asked only when a full node is wanted.
    """

    @lru_cache(maxsize=256)
    def items(path: str) -> list[Any]:
        return list(marshal.loads(blob_of(path)))  # noqa: S302 - our own bytes, from this process or the user's own cache

    def data(entry: Entry) -> dict[str, Any]:
        held = items(entry.file)
        item = held[entry.position] if entry.position < len(held) else None
        return item if isinstance(item, dict) else {"type": entry.type, "id": entry.id}

    def load(entry: Entry) -> Node:
        _entry, node, findings = validate(data(entry), entry.file, entry.position)
        if node is None:
            raise ValueError(f"{entry.key} is not a valid node: {findings[0].message if findings else 'unread'}")
        return node

    return Case((entry for path in sorted(records) for entry in records[path].entries), load, data)


def case_from_texts(texts: Mapping[str, str | bytes], inspect: Inspect = _nothing) -> tuple[Case, list[Finding]]:
    """Build a case from texts held in memory, by path; returns it with the findings of reading."""
    records = {
        path: read_file(path, text.encode() if isinstance(text, str) else text, inspect)
        for path, text in sorted(texts.items())
    }
    case = build_case(records, lambda path: records[path].blob)
    return case, [f for path in sorted(records) for f in records[path].findings]


def locate(case: Case, findings: Iterable[Finding], read: Callable[[str], bytes | None]) -> list[Finding]:
    """Fill in the place of findings that name a node and a field.

    Args:
        case: The graph that the findings speak of.
        findings: Findings; those that have a line already are left as they are.
        read: Returns the bytes of a file, or None if it is gone.
    """
    second = {e.key: e for _first, e in case.duplicates}
    cache: dict[str, Places] = {}
    made: list[Finding] = []
    for finding in findings:
        entry = second.get(finding.node) if finding.code == "TRC-003" else case.entries.get(finding.node)
        if finding.line or entry is None or (finding.file and finding.file != entry.file):
            made.append(finding)
            continue
        if entry.file not in cache:
            cache[entry.file] = Places(read(entry.file) or b"")
        made.append(finding.at(entry.file, *cache[entry.file].of(entry.position, finding.field)))
    return made
