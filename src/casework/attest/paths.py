"""Paths below the evidence: judged by their names and by what `lstat` says, before any file is opened."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

from casework.artifact.safe_names import folded, unsafe_reason
from casework.attest.codes import report, shown
from casework.model.finding import Finding


@dataclass(frozen=True, slots=True)
class PathFact:
    """What `lstat` says of one path; the caller looks, this room judges.

    Attributes:
        path: Relative to the case's root, as found, with forward slashes.
        mode: `st_mode`.
        links: `st_nlink`.
    """

    path: str
    mode: int
    links: int = 1


def check_paths(facts: Iterable[PathFact]) -> tuple[Finding, ...]:
    """Judge files and folders below the evidence (`PTH-001` to `PTH-004`).

    Hand in the folders too: a linked folder is as bad as a linked file. No file with a finding of error severity may
    be opened.
    """
    findings: list[Finding] = []
    ordered = sorted(set(facts), key=lambda fact: fact.path)
    for fact in ordered:
        reason = unsafe_reason(fact.path)
        if reason:
            findings.append(report("PTH-001", f"`{shown(fact.path, 120)}` {reason}", file=_file(fact.path)))
        findings.extend(_kind_findings(fact))
    findings.extend(_twin_findings([fact.path for fact in ordered]))
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _kind_findings(fact: PathFact) -> list[Finding]:
    name, file = shown(fact.path, 120), _file(fact.path)
    if stat.S_ISLNK(fact.mode):
        return [report("PTH-002", f"`{name}` is a symbolic link", file=file)]
    if stat.S_ISDIR(fact.mode):
        return []
    if not stat.S_ISREG(fact.mode):
        return [report("PTH-003", f"`{name}` is no plain file", file=file)]
    if fact.links > 1:
        return [report("PTH-003", f"`{name}` has {fact.links} hard links", file=file)]
    return []


def _twin_findings(paths: list[str]) -> list[Finding]:
    first: dict[str, str] = {}
    findings: dict[tuple[str, str], Finding] = {}
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            prefix = "/".join(parts[:end])
            known = first.setdefault(folded(prefix), prefix)
            if known != prefix and (known, prefix) not in findings and not _parent_differs(known, prefix):
                twins = f"`{shown(prefix, 120)}` and `{shown(known, 120)}`"
                message = f"{twins} are one file on systems that ignore case or Unicode form"
                findings[known, prefix] = report("PTH-004", message, file=_file(prefix))
    return list(findings.values())


def _parent_differs(one: str, other: str) -> bool:
    return one.rpartition("/")[0] != other.rpartition("/")[0]  # then the parents are reported, once


def _file(path: str) -> str:
    return shown(path, 400)
