"""The sealed files of a case: found, opened (through the cache where there is one), and judged on the day.

Opening a record (its shape, its signatures, its time stamps) costs most of a check and depends only on the bytes and on what
they are checked with; so it is remembered by both. Judging it by the day is done anew each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from casework.artifact.digest import sha256_bytes
from casework.graph.appraise import folder_key
from casework.graph.assessment import Today
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.project import Project
from casework.model.verdict import Verdict
from casework.store.cache import Cache
from casework.store.working_tree import Seen, Stamp, Tree, evidence_kinds
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.trusting import SEALED, end_of

if TYPE_CHECKING:
    from casework.attest.act import ActNode, ActVerdict
    from casework.attest.opening import Anchors, SealedRecord

_UNREADABLE: Final = "Restore the file or its permissions; evidence that cannot be read does not count."


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed files of a case.

    Attributes:
        records: Folder and payload digest to the files that carry it, sorted.
        acts: The same of the sealed acts.
        findings: What is wrong with paths and files before any is opened.
    """

    records: Mapping[tuple[str, str], tuple[Seen, ...]] = field(default_factory=dict)
    acts: Mapping[tuple[str, str], tuple[Seen, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Acts:
    """The sealed acts of a case: whose seal counts, where each lies by its payload digest, what is wrong, and all of them."""

    sealed: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[ActVerdict, ...] = ()


def find_sealed(tree: Tree, project: Project, inputs: Inputs) -> Sealed:
    """Return the sealed files below the evidence, grouped by record, and what is wrong with paths."""
    seen = tree.list(project.evidence, SEALED)
    inputs.note_listing(project.evidence, SEALED, seen)
    kinds = evidence_kinds(tree, project.evidence)
    inputs.kinds = [(k.path, k.mode, k.links) for k in kinds]
    trust_folder = project.trust.policy.rpartition("/")[0]
    sealed = [s for s in seen if not s.path.startswith(f"{trust_folder}/")]
    if not sealed:
        return Sealed()
    from casework.attest.opening import record_of_name
    from casework.attest.paths import PathFact, check_paths

    trouble = list(check_paths(PathFact(k.path, k.mode, k.links) for k in kinds))
    refused = {f.file for f in trouble if f.severity == "error"}
    groups: dict[tuple[str, str], list[Seen]] = {}
    for found in sealed:
        if found.path in refused:
            continue
        if found.problem:
            trouble.append(_unreadable(found.path, found.problem))
            continue
        folder = found.path.rpartition("/")[0]
        groups.setdefault((folder, record_of_name(found.path)), []).append(found)
    acts = f"{project.evidence}/acts"
    made = {name: tuple(files) for name, files in sorted(groups.items())}
    return Sealed(
        {n: f for n, f in made.items() if n[0] != acts}, {n: f for n, f in made.items() if n[0] == acts}, tuple(trouble)
    )


def _unreadable(path: str, why: str) -> Finding:
    key = folder_key(path.split("/")[-2]) if "/" in path else ""
    return Finding("PTH-002", "error", key, (), f"{path} cannot be read: {why}", _UNREADABLE, path)


def open_records(
    tree: Tree, sealed: Sealed, anchors: Anchors, cache: Cache | None
) -> tuple[list[SealedRecord], list[Finding]]:
    """Open every sealed record; what the cache remembers of unchanged files under the same trust is not opened again."""
    from casework.attest.opening import open_record
    from casework.workflow.judging.remembering import digest_of, plain, remembered

    basis = digest_of(anchors)
    known = cache.records(basis) if cache else {}
    records: list[SealedRecord] = []
    trouble: list[Finding] = []
    fresh: list[tuple[str, list[Stamp], Any]] = []
    for (folder, name), files in sealed.records.items():
        label, stamps = f"{folder}/{name}", [f.stamp for f in files]
        held = known.get(label)
        named = held is not None and [path for path, _sha in held.value[0]] == [f.path for f in files]
        if (
            held is not None
            and named
            and held.stamps == stamps
            and (record := remembered(held.value, anchors)) is not None
        ):
            records.append(record)
            continue
        contents = list(_contents(tree, files, trouble))
        if not contents:
            continue
        same = held is not None and held.value[0] == [(path, sha256_bytes(data)) for path, data in contents]
        record = remembered(held.value, anchors) if held is not None and same else None
        records.append(record or open_record(contents, anchors))
        if len(contents) == len(files):
            fresh.append((label, stamps, plain(records[-1], contents)))
    if cache:
        cache.keep_records(basis, fresh, known.keys() - {f"{f}/{n}" for f, n in sealed.records})
    return records, trouble


def _contents(tree: Tree, files: Sequence[Seen], trouble: list[Finding]) -> Iterator[tuple[str, bytes]]:
    for found in files:
        try:
            yield found.path, tree.read(found.path)
        except OSError as error:
            trouble.append(_unreadable(found.path, error.strerror or str(error)))


def judge_records(
    records: Sequence[SealedRecord],
    case: Case,
    anchors: Anchors,
    today: Today,
    dates: Mapping[str, datetime],
) -> tuple[Verdict, ...]:
    """Judge every opened record on the day."""
    from casework.attest.verify import CLOCK_SKEW, judge

    now = end_of(today)
    made: list[Verdict] = []
    for record in records:
        key = _evidence_key(record, case)
        verdict = judge(record, key, anchors.trust, now, generator=_generator(case, key), times=dates)
        if verdict.statement is not None:
            with contextlib.suppress(ValueError, OverflowError):  # no such day: told as unverifiable
                started = datetime.fromisoformat(verdict.statement.predicate.started) - CLOCK_SKEW
                today.after(started.date() - timedelta(days=1))
        made.append(verdict)
    return tuple(made)


def judge_sealed_acts(
    tree: Tree, sealed: Sealed, case: Case, anchors: Anchors, today: Today, times: Mapping[str, datetime]
) -> Acts:
    """Judge every sealed review and waiver, and say which nodes are sealed."""
    policy = anchors.trust.policy if anchors.trust else None
    if policy is None or not (sealed.acts or policy.acts):
        return Acts()
    from casework.attest.act import judge_acts, verify_act_files

    trouble: list[Finding] = []
    verdicts = []
    for files in sealed.acts.values():
        contents = list(_contents(tree, files, trouble))
        if contents:
            verdicts.append(verify_act_files(contents, anchors, end_of(today), times=times))
    counted, findings = judge_acts(verdicts, act_nodes(case), policy)
    told = (*trouble, *(f for v in verdicts for f in v.findings), *findings)
    return Acts(counted, {v.digest: v.path for v in verdicts}, told, tuple(verdicts))


def act_nodes(case: Case) -> dict[str, ActNode]:
    """Return what every valid review and waiver says now, by key: what a seal of it must be of."""
    from casework.attest.act import ActNode

    made: dict[str, ActNode] = {}
    for key in case.keys("review", "waiver"):
        entry = case.entries[key]
        if not entry.valid:
            continue
        said = case.data(key)
        retires = tuple(str(name) for name in said.get("retires") or ())
        role = said.get("role")
        made[key] = ActNode(
            entry.type, case.fingerprint(key), str(said.get("by") or ""), str(role) if role else None, retires
        )
    return made


def _evidence_key(record: SealedRecord, case: Case) -> str:
    """Return the evidence that a record's folder stands for; where an id itself holds `__`, the record's word decides."""
    folder = record.path.split("/")[-2]
    in_module = folder_key(folder)
    plain = case.entries.get(folder)
    if in_module == folder or plain is None or plain.type != "evidence":
        return in_module
    stated = record.statement.predicate.evidence if record.statement else None
    return in_module if stated == in_module or (stated != folder and in_module in case) else folder


def _generator(case: Case, key: str) -> str:
    entry = case.entries.get(key)
    planned = entry.light.get("generator") if entry and entry.type == "evidence" else None
    return planned if isinstance(planned, str) else ""
