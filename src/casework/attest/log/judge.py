"""Judging the evidence log: whole, signed, continuing what was seen of it before, and complete in both directions.

What is in the case must be in the log, and what is in the log must be in the case. So whoever removes a result, a hazard or a
newer trust policy must also change the log, and whoever changes the log must have its key and change what others have seen:
checkpoints kept by an assessor, stamped by an authority, cosigned by a witness, or held by the revision that a change is
judged by.

Limits: an item that was never logged is not missed. A log that its own key holder writes anew is noticed only with an older
checkpoint from outside the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.keys import KeyRefusedError, load_public_key
from casework.attest.log.entries import EntriesReading, Entry, read_entries
from casework.attest.log.merkle import Tree
from casework.attest.log.note import COSIGNATURE, ED25519, Checkpoint, Cosigner, check, raw_key, read_checkpoint
from casework.model.finding import Finding
from casework.model.policy import Log

FOLDER: Final = "evidence/log"
ENTRIES: Final = "entries"
CHECKPOINT: Final = "checkpoint"
STAMPS: Final = "stamps"
_CHALLENGERS: Final = frozenset({"goal", "solution"})


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Somebody whose signature on the checkpoint fits.

    Attributes:
        name: The log's origin, or a witness's name in the policy.
        kind: Which of the two.
        at: Time that a witness states.
    """

    name: str
    kind: Literal["log", "witness"]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogReading:
    """What the log says, and what is wrong with it.

    Attributes:
        size: Number of lines in the file of entries.
        signed: Number of entries that the checkpoint states; 0 where there is none that can be read.
        root: Root over all lines, 32 bytes.
        entries: The entries, in order.
        places: Index of the line of each entry.
        logged: Payload digest of each record, policy and release to the index of its first entry.
        floor: Highest version of the trust policy that is logged; 0 where there is none.
        signers: Whose signatures on the checkpoint fit.
        findings: What is wrong, sorted.
        tail: Number of lines after those that the checkpoint states, where it fits these; such as an update that was
            interrupted leaves behind.
        absent: True where there is no log at all.
        tree: The Merkle tree over all lines.
    """

    size: int
    signed: int
    root: bytes
    entries: tuple[Entry, ...]
    places: tuple[int, ...]
    logged: Mapping[str, int]
    floor: int
    signers: tuple[LogSigner, ...]
    findings: tuple[Finding, ...]
    tail: int = 0
    absent: bool = False
    tree: Tree = field(default_factory=lambda: Tree(()), repr=False, compare=False)

    @property
    def policies(self) -> dict[int, str]:
        """Version of the trust policy to the digest under which it was logged last."""
        return {entry.version: entry.digest for entry in self.entries if entry.kind == "policy"}


def judge_log(
    entries: bytes | None,
    checkpoint: bytes | None,
    log: Log,
    *,
    older: Sequence[bytes] = (),
    records: Collection[str] = (),
    nodes: Collection[tuple[str, str]] = (),
    goals: Collection[str] = (),
    retired: Collection[str] = (),
    policy: tuple[int, str] | None = None,
    folder: str = FOLDER,
) -> LogReading:
    """Judge the log against itself, against what was seen of it earlier, and against what the case holds.

    Args:
        entries: Bytes of the file of entries; None where there is none.
        checkpoint: Bytes of the checkpoint; None where there is none.
        log: What the trust policy pins of the log.
        older: Checkpoints seen earlier, from outside the tree that is judged. Only their origin, size and root count:
            whoever hands one over vouches for it.
        records: Payload digests of the sealed records and acts that are there; a mapping to their paths gives findings a
            place.
        nodes: (type, key) of the watched nodes that are there.
        goals: Keys of the goals that are there; a top goal that has come to support another is not gone.
        retired: Keys of nodes whose removal a sealed and verified review confirms.
        policy: Version of the trust policy that is in force, and SHA-256 of its payload; None where it is not compared.
        folder: Folder of the log, for findings.

    Returns:
        The reading, with `LOG-001` to `LOG-008` and `POL-001`. Never raises, whatever the bytes.
    """
    reading = read_log(entries, checkpoint, log, older=older, folder=folder)
    return complete(reading, records=records, nodes=nodes, goals=goals, retired=retired, policy=policy, folder=folder)


def complete(
    reading: LogReading,
    *,
    records: Collection[str] = (),
    nodes: Collection[tuple[str, str]] = (),
    goals: Collection[str] = (),
    retired: Collection[str] = (),
    policy: tuple[int, str] | None = None,
    folder: str = FOLDER,
) -> LogReading:
    """Compare a log that was read with what the case holds (`LOG-006` to `LOG-008`, `POL-001`); see `judge_log`."""
    if reading.absent:
        return reading  # one thing is missing: the log
    found = [
        *_unlogged_records(reading, records),
        *_gone_records(reading, records, folder),
        *_node_findings(reading, nodes, frozenset(goals), frozenset(retired), folder),
        *_policy_findings(reading, policy, folder),
    ]
    return replace(reading, findings=_sorted([*reading.findings, *found]))


def read_log(
    entries: bytes | None, checkpoint: bytes | None, log: Log, *, older: Sequence[bytes] = (), folder: str = FOLDER
) -> LogReading:
    """Read the log and judge it by itself and by older checkpoints (`LOG-001` to `LOG-005`); never raises."""
    lines = read_entries(entries or b"")
    tree = Tree(lines.lines)
    state = read_checkpoint(checkpoint) if checkpoint is not None else None
    problems: list[tuple[str, Problem]] = []
    signers: tuple[LogSigner, ...] = ()
    tail = 0
    if state is None:
        what = "there is no log" if entries is None else "the log has no checkpoint"
        problems.append((CHECKPOINT, Problem("LOG-001", what)))
    elif isinstance(state, Problem):
        problems.append((CHECKPOINT, state))
    else:
        signers, wrong = _signatures(state, log)
        problems += [(CHECKPOINT, one) for one in wrong]
        tail, unfit = _against(tree, state)
        problems += [(ENTRIES, one) for one in unfit]
    problems += [(ENTRIES, one) for one in lines.problems]
    absent = entries is None and checkpoint is None
    if not absent:
        problems += [(ENTRIES, one) for data in older for one in _older_problems(tree, data, log)]
    logged, floor = _index(lines)
    findings = [report(one.code, one.message, file=f"{folder}/{name}", line=one.line) for name, one in problems]
    signed = state.size if isinstance(state, Checkpoint) else 0
    return LogReading(
        tree.size, signed, tree.root(), lines.entries, lines.indices, MappingProxyType(logged), floor, signers,
        _sorted(findings), tail, absent, tree,
    )  # fmt: skip


def cosigner_of(name: str, kind: int, pem: str) -> Cosigner:
    """Return the signer of notes that a pinned key stands for.

    Raises:
        ValueError: The key cannot be used, or is not Ed25519.
    """
    public = load_public_key(pem.encode("utf-8"))
    raw_key(public)
    return Cosigner(name, kind, public)


def _signatures(state: Checkpoint, log: Log) -> tuple[tuple[LogSigner, ...], list[Problem]]:
    problems: list[Problem] = []
    if state.origin != log.origin:
        why = f"the checkpoint is of log `{shown(state.origin)}`; the trust policy names `{log.origin}`"
        problems.append(Problem("LOG-001", why))
    own, bad = _signed_by(state, log.origin, ED25519, log.key)
    if own is None:
        why = bad or f"the checkpoint is not signed by the key of log {log.origin}"
        return (), [*problems, Problem("LOG-002", why)]
    keys = {own[0]}
    signers = [LogSigner(log.origin, "log")]
    for name in sorted(log.witnesses):
        found, bad = _signed_by(state, name, COSIGNATURE, log.witnesses[name])
        if bad:
            problems.append(Problem("LOG-002", bad))
        if (
            found is not None and found[0] not in keys
        ):  # one key is one witness, whatever its names, and no log is its own
            keys.add(found[0])
            signers.append(LogSigner(name, "witness", found[1]))
    if len(signers) - 1 < log.witness_threshold:
        why = f"{len(signers) - 1} witnesses have cosigned the checkpoint; {log.witness_threshold} must"
        problems.append(Problem("LOG-002", why))
    return tuple(signers), problems


def _signed_by(state: Checkpoint, name: str, kind: int, pem: str) -> tuple[tuple[str, datetime | None] | None, str]:
    """Return the id of the key and the time stated where it has signed, else None; and what is wrong, or nothing."""
    what = f"log {name}" if kind == ED25519 else f"witness {name}"
    try:
        cosigner = cosigner_of(name, kind, pem)
    except (KeyRefusedError, ValueError) as error:
        return None, f"the key of {what} in the trust policy cannot be used: {error}"
    checked = check(state.note, cosigner)
    if checked.fits:
        return (cosigner.public.keyid, checked.at), ""
    return None, f"the signature of {what} does not fit the checkpoint" if checked.found else ""


def _against(tree: Tree, state: Checkpoint) -> tuple[int, list[Problem]]:
    """Compare the lines with the checkpoint; also return how many follow after those that it states, where it fits these."""
    if state.size > tree.size:
        why = f"the log has {tree.size} entries; its checkpoint states {state.size}"
        return 0, [Problem("LOG-004", why)]
    if tree.root(state.size) != state.root:
        why = f"the root of the log's {state.size} entries is not the one that its checkpoint states"
        return 0, [Problem("LOG-003", why)]
    tail = tree.size - state.size
    if not tail:
        return 0, []
    what = f"{tail} entries stand after the {state.size} that the checkpoint states, and nobody has signed them"
    hint = "`casework log update` signs them if an interrupted update left them"
    return tail, [Problem("LOG-003", f"{what}; {hint}", state.size + 1)]


def _older_problems(tree: Tree, data: bytes, log: Log) -> list[Problem]:
    seen = read_checkpoint(data)
    if isinstance(seen, Problem):
        return [Problem(seen.code, f"a checkpoint given to compare with cannot be used: {seen.message}")]
    if seen.origin != log.origin:
        why = f"a checkpoint given to compare with is of log `{shown(seen.origin)}`; the trust policy names"
        return [Problem("LOG-001", f"{why} `{log.origin}`")]
    own, bad = _signed_by(seen, log.origin, ED25519, log.key)
    if own is None and bad:
        return [Problem("LOG-002", f"a checkpoint given to compare with cannot be used: {bad}")]
    if seen.size > tree.size:
        return [Problem("LOG-004", f"the log has {tree.size} entries; it had {seen.size} when it was seen earlier")]
    if tree.root(seen.size) != seen.root:
        return [Problem("LOG-005", f"the first {seen.size} entries of the log are not those that were seen earlier")]
    return []


def _index(lines: EntriesReading) -> tuple[dict[str, int], int]:
    logged: dict[str, int] = {}
    floor = 0
    for entry, index in zip(lines.entries, lines.indices, strict=True):
        if entry.kind in ("record", "signature", "policy", "release"):
            logged.setdefault(entry.digest, index)
        if entry.kind == "policy":
            floor = max(floor, entry.version)
    return logged, floor


def _unlogged_records(reading: LogReading, records: Collection[str]) -> Iterable[Finding]:
    places: Callable[[str], str] = records.__getitem__ if isinstance(records, Mapping) else lambda _digest: ""
    for digest in records:
        if digest not in reading.logged:
            yield report("LOG-006", f"the sealed record {digest[:12]}… is not in the log", file=places(digest))


def _gone_records(reading: LogReading, records: Collection[str], folder: str) -> Iterable[Finding]:
    there = records if isinstance(records, (set, frozenset, Mapping)) else frozenset(records)
    for entry, place in zip(reading.entries, reading.places, strict=True):
        if entry.kind == "record" and entry.digest not in there:
            what = f"the sealed record {entry.digest} of {entry.key} is in the log, and no longer in the case"
            yield report("LOG-007", what, node=entry.key, file=f"{folder}/{ENTRIES}", line=place + 1)


def _node_findings(
    reading: LogReading,
    nodes: Collection[tuple[str, str]],
    goals: frozenset[str],
    retired: frozenset[str],
    folder: str,
) -> Iterable[Finding]:
    there = frozenset(nodes)
    rows = zip(reading.entries, reading.places, strict=True)
    held = {(entry.type, entry.key): place for entry, place in rows if entry.kind == "node"}
    buried = {e.key for e in reading.entries if e.kind == "retired"}
    for kind, key in sorted(there):
        what = f"{key}, a {kind.replace('_', ' ')},"
        if (kind, key) not in held:
            # Nothing is lost yet, and whoever proposes a node seldom holds the log's key: it warns.
            yield replace(report("LOG-006", f"{what} is not in the log", node=key), severity="warning")
        if key in buried:
            why = "was retired as the log says, and is there again; give a new node an id of its own"
            yield report("LOG-006", f"{what} {why}", node=key)
    for (kind, key), place in held.items():
        if (kind, key) in there or (kind == "top_goal" and key in goals):
            continue
        what, file, line = (
            f"{key}, a {kind.replace('_', ' ')} of the log,",
            f"{folder}/{ENTRIES}",
            place + 1,
        )
        if key not in retired:
            gone = "is gone" if kind not in _CHALLENGERS else "is gone or challenges nothing any more"
            yield report("LOG-008", f"{what} {gone}, and no sealed review retires it", node=key, file=file, line=line)
        elif key not in buried:
            why = "is gone; the sealed review that retires it is not in the log"
            yield report("LOG-006", f"{what} {why}", node=key, file=file, line=line)


def _policy_findings(reading: LogReading, policy: tuple[int, str] | None, folder: str) -> Iterable[Finding]:
    if policy is None:
        return
    version, digest = policy
    if version < reading.floor:
        why = f"trust policy version {version} is older than version {reading.floor}, which is in the log"
        yield report("POL-001", why, file=f"{folder}/{ENTRIES}")
    held = reading.policies.get(version)
    if held is None:
        yield report("LOG-006", f"trust policy version {version} is not in the log", file=f"{folder}/{ENTRIES}")
    elif held != digest:
        why = f"trust policy version {version} is not the one that the log holds under this version"
        yield report("POL-001", why, file=f"{folder}/{ENTRIES}")


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.order))
