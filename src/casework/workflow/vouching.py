"""Who vouches for what: the trust policy is opened, then every sealed record, through the cache where there is one.

Opening a record (its shape, its signatures, its time stamps) costs most of a check and depends only on the bytes and on what
they are checked with; so it is remembered by both. Judging it by the day is done anew each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
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
from casework.workflow.inputs import Inputs

if TYPE_CHECKING:
    from casework.attest.opening import Anchors, SealedRecord
    from casework.attest.policy import Trust, TrustReading

SEALED = (".dsse.json", ".sigstore.json")
_UNREADABLE = "Restore the file or its permissions; evidence that cannot be read does not count."


@dataclass(frozen=True, slots=True)
class Pins:
    """What is known from outside the tree that is judged, so that the tree cannot choose its own judge.

    Attributes:
        root: Root public keys, concatenated PEM, instead of the tree's; None to take the tree's.
        root_sha256: SHA-256 that the root keys' file must have; empty where only the tree's own pin counts.
        floor: Lowest version of the trust policy that counts.
        checkpoints: Signed checkpoints of the log that were seen earlier.
    """

    root: bytes | None = None
    root_sha256: str = ""
    floor: int = 0
    checkpoints: tuple[bytes, ...] = ()


NO_PINS: Final = Pins()


@dataclass(frozen=True, slots=True)
class Vouched:
    """What is vouched for in a case, and by whom.

    Attributes:
        trust: The opened trust policy, or None.
        verdicts: Every sealed record, verified or not.
        findings: What is wrong with the policy, the files, the records, the log and the acts.
    """

    trust: Trust | None = None
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()


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


def vouch(
    tree: Tree, case: Case, project: Project, today: Today, inputs: Inputs, pins: Pins, cache: Cache | None
) -> Vouched:
    """Open the trust policy and judge all that is sealed."""
    opened, anchors = open_trust(tree, case, project, today, inputs, pins)
    sealed = find_sealed(tree, project, inputs)
    if opened is None or anchors is None:
        return Vouched(findings=sealed.findings)
    records, trouble = open_records(tree, sealed, anchors, cache)
    verdicts = judge_records(records, case, anchors, today, {})
    found = [*opened.findings, *sealed.findings, *trouble, *(f for v in verdicts for f in v.findings)]
    return Vouched(opened.trust, verdicts, tuple(found))


def open_trust(
    tree: Tree, case: Case, project: Project, today: Today, inputs: Inputs, pins: Pins
) -> tuple[TrustReading | None, Anchors | None]:
    """Open the trust policy; nothing where there is neither one nor anything that would need one."""
    trust = project.trust
    folder = trust.policy.rpartition("/")[0]
    older = tree.list(f"{folder}/policies", (".dsse.json",))
    inputs.note_listing(f"{folder}/policies", (".dsse.json",), older)
    sigstore_root = f"{folder}/trusted_root.json"
    inputs.paths.update((trust.policy, trust.root_key, sigstore_root))
    wanted = tree.look(trust.policy) or tree.list(project.evidence, SEALED) or any(True for _ in case.keys("evidence"))
    if not wanted:
        return None, None
    from casework.attest.opening import Anchors
    from casework.attest.policy import open_policy

    root = pins.root if pins.root is not None else read_of(tree, trust.root_key)
    for pin in (trust.root_sha256 or "", pins.root_sha256):
        if pin and (root is None or sha256_bytes(root) != pin):
            root = None
    history = [
        data
        for seen in sorted(older, key=_version)
        if not seen.problem and (data := read_of(tree, seen.path)) is not None
    ]
    opened = open_policy(
        read_of(tree, trust.policy), root, today.day, floor=pins.floor, path=trust.policy, history=history
    )
    if opened.trust is None:
        inputs.lasting = False  # when it would open again cannot be told
        return opened, Anchors(None)
    _note_days(opened, today)
    return opened, _anchors(opened, read_of(tree, sigstore_root))


def _version(seen: Seen) -> tuple[int, str]:
    stem = seen.path.rpartition("/")[2].partition(".")[0]
    return int(stem) if stem.isdecimal() and len(stem) < 16 else 0, seen.path


def _note_days(opened: TrustReading, today: Today) -> None:
    """Tell the day of judgement of every day on which a key or an identity begins or ceases to count."""
    policy = opened.trust.policy if opened.trust else None
    if policy is None:
        return
    today.after(policy.expires)
    for standing in (*policy.keys.values(), *(policy.sigstore.identities.values() if policy.sigstore else ())):
        if standing.valid_to is not None:
            today.after(standing.valid_to)
        if standing.revoked_at is not None:
            today.after(standing.revoked_at - timedelta(days=1))


def _anchors(opened: TrustReading, sigstore_root: bytes | None) -> Anchors:
    from casework.attest.opening import Anchors

    trust = opened.trust
    if trust is None:
        return Anchors(None)
    authorities: tuple[Any, ...] = ()
    if trust.policy.tsa:
        from casework.attest.stamps import load_authorities

        authorities, _problems = load_authorities(trust.policy.tsa)  # opening the policy has told of the problems
    pinned = trust.policy.sigstore.trusted_root_sha256 if trust.policy.sigstore else ""
    fits = sigstore_root is not None and bool(pinned) and sha256_bytes(sigstore_root) == pinned
    return Anchors(trust, authorities, sigstore_root if fits else None)


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
    from casework.workflow.remembering import digest_of, plain, remembered

    basis = digest_of(anchors)
    known = cache.records(basis) if cache else {}
    records: list[SealedRecord] = []
    trouble: list[Finding] = []
    fresh: list[tuple[str, list[Stamp], Any]] = []
    for (folder, name), files in sealed.records.items():
        label, stamps = f"{folder}/{name}", [f.stamp for f in files]
        held = known.get(label)
        if held is not None and held.stamps == stamps and (record := remembered(held.value, anchors)) is not None:
            records.append(record)
            continue
        contents = list(_contents(tree, files, trouble))
        if not contents:
            continue
        same = held is not None and held.value[0] == [sha256_bytes(data) for _path, data in contents]
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
        key = folder_key(record.path.split("/")[-2])
        verdict = judge(
            record, key, anchors.trust, now, generator=_generator(case, key), logged=dates.get(record.digest)
        )
        if verdict.statement is not None:
            with contextlib.suppress(ValueError, OverflowError):  # no such day: told as unverifiable
                started = datetime.fromisoformat(verdict.statement.predicate.started) - CLOCK_SKEW
                today.after(started.date() - timedelta(days=1))
        made.append(verdict)
    return tuple(made)


def end_of(today: Today) -> datetime:
    """Return the end of the day of judgement: a record of that day is not of the future."""
    return datetime.combine(today.day, time(23, 59, 59), UTC)


def _generator(case: Case, key: str) -> str:
    entry = case.entries.get(key)
    planned = entry.light.get("generator") if entry and entry.type == "evidence" else None
    return planned if isinstance(planned, str) else ""


def read_of(tree: Tree, path: str) -> bytes | None:
    """Return the bytes of a file, or None where it cannot be read."""
    try:
        return tree.read(path)
    except OSError:
        return None


def reader(tree: Tree) -> Callable[[str], bytes | None]:
    """Return a function that reads files of a tree and gives None where it cannot."""
    return lambda path: read_of(tree, path)
