"""Keeping the evidence log: appending what the case holds, and signing it.

Appending writes two files, the entries first and the checkpoint after them, each whole or not at all. Interrupted between the
two, the log has entries that its checkpoint does not cover: `check` says so (`LOG-003`), nothing is lost, and the next update
signs them, provided that the case still holds what they speak of. The other order would leave a checkpoint that states more
than there is, which cannot be told from a log that somebody cut short.

Nothing is signed over a log that does not hold: not over edited, truncated or foreign entries, and not over a log that does
not continue the checkpoints that it is compared with.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from casework.model.policy import Log
from casework.model.problem import CallProblem
from casework.workflow.log.desk import Facts

if TYPE_CHECKING:
    from casework.attest.keys import PublicKey, SigningKey


@dataclass(frozen=True, slots=True)
class Held:
    """The two files of a log; None for each that is not there."""

    entries: bytes | None = None
    checkpoint: bytes | None = None


NO_LOG = Held()


@dataclass(frozen=True, slots=True)
class Update:
    """What an update makes of a log.

    Attributes:
        entries: Bytes of the file of entries.
        checkpoint: Bytes of the checkpoint.
        size: Number of entries.
        added: Lines appended, in order; those that an interrupted update had left are among them.
        unfit: Files that are not fit to be logged.
        dropped: Entries of the branch's own log that were left out, because that log does not hold.
    """

    entries: bytes
    checkpoint: bytes
    size: int
    added: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def wanted_lines(facts: Facts, logged: Iterable[str] = (), releases: Sequence[str] = ()) -> list[str]:
    """Return every line that the log must hold, in the order in which an update appends them.

    Args:
        facts: What the case holds.
        logged: Lines that the log holds already; a retirement is wanted only of a node that was logged and is gone, and a
            digest only once.
        releases: Payload digests of sealed releases.
    """
    words = [line.split(" ") for line in logged]
    there, was = frozenset(facts.nodes), {(word[1], word[2]) for word in words if word[0] == "node"}
    known = {word[1] for word in words if word[0] in ("record", "signature", "retired", "release")}
    gone = {key for kind, key in was if (kind, key) not in there and key in facts.retired} - known
    lines = [f"policy {facts.policy[0]} {facts.policy[1]}"] if facts.policy else []
    lines += [f"node {kind} {key}" for kind, key in sorted(there)]
    lines += [f"record {one.digest} {one.key}" for one in facts.records if one.digest not in known]
    lines += [f"signature {sig} {one.digest}" for one in facts.records for sig in one.signatures if sig not in known]
    lines += [f"retired {key} {facts.retired[key]}" for key in sorted(gone)]
    return lines + [f"release {one}" for one in releases if one not in known]


def updated(
    before: Held,
    facts: Facts,
    log: Log,
    key: SigningKey,
    *,
    start: bool = False,
    older: Sequence[bytes] = (),
    branch: Held = NO_LOG,
    previous: PublicKey | None = None,
    releases: Sequence[str] = (),
) -> Update:
    """Append to a log what the case holds and the log does not, and sign it.

    Args:
        before: The log that is continued: the tree's, or that of the revision that the branch left from.
        facts: What the case holds.
        log: What the trust policy pins of the log.
        key: Private key of the log.
        start: True to begin a log where there is none.
        older: Checkpoints that it must continue.
        branch: The tree's own log, where another one is continued. If it holds, its entries are appended too, so that
            nothing that it saw is forgotten.
        previous: Public key that has signed `before`, where the policy has since named another.
        releases: Payload digests of sealed releases.

    Raises:
        CallProblem: There is no log and none is to be begun, or the other way round; the log does not hold; the key is not
            the one pinned.
    """
    from casework.attest.log.entries import parse_entry, write_entries
    from casework.attest.log.merkle import Tree
    from casework.attest.log.note import sign_checkpoint

    public = pinned_key(log.key, key, "the log")
    kept, tail = _sound(before, log, start, older, previous)
    own, dropped = _of_branch(branch, log)
    lines = list(dict.fromkeys([*kept, *own]))
    wanted = wanted_lines(facts, lines, releases)
    spoken_of = frozenset(wanted) | frozenset(lines)
    strange = [line for line in tail if line not in spoken_of]
    if strange:
        raise CallProblem(
            f"`{strange[0]}` stands in the log, the checkpoint does not cover it, and the case holds nothing that it speaks "
            "of; restore the log from version control"
        )
    lines = list(dict.fromkeys([*kept, *tail, *own, *wanted]))
    bad = [line for line in lines if parse_entry(line.encode()) is None]
    if bad:
        raise CallProblem(f"`{bad[0]}` cannot be an entry of the log")
    added, dropped = tuple(lines[len(kept) :]), tuple(sorted(frozenset(dropped) - frozenset(lines)))
    if not added and before.checkpoint is not None and previous is None:
        return Update(before.entries or b"", before.checkpoint, len(lines), (), facts.unfit, dropped)
    rows = [line.encode() for line in lines]
    try:
        checkpoint = sign_checkpoint(log.origin, len(rows), Tree(rows).root(), key, public)
    except ValueError as error:
        raise CallProblem(f"the log cannot be signed: {error}") from error
    made = Update(write_entries(rows), checkpoint, len(rows), added, facts.unfit, dropped)
    _check_made(made, log, [*older, *([before.checkpoint] if before.checkpoint else [])])
    return made


def pinned_key(pem: str, key: SigningKey, whose: str) -> PublicKey:
    """Return a public key that the trust policy pins. Raises CallProblem where it is not that of the private key."""
    from casework.attest.keys import KeyRefusedError, load_public_key

    try:
        public = load_public_key(pem.encode("utf-8"))
    except KeyRefusedError as error:
        raise CallProblem(f"the key of {whose} in the trust policy cannot be used: {error}") from error
    if public.keyid != key.keyid:
        raise CallProblem(f"key {key.keyid[:12]} is not that of {whose}: the trust policy names {public.keyid[:12]}")
    return public


def _alone(log: Log, public: PublicKey | None = None) -> Log:
    """Return the log's pins without a demand for witnesses, who come after an update; under another key if one is given."""
    changes = {"key": public.pem.decode("ascii")} if public else {}
    return log.model_copy(update={"witness_threshold": 0, **changes})


def _sound(
    before: Held, log: Log, start: bool, older: Sequence[bytes], previous: PublicKey | None
) -> tuple[list[str], list[str]]:
    """Return the lines that the checkpoint covers, and those after them. Raises CallProblem where the log does not hold."""
    from casework.attest.log.entries import write_entries
    from casework.attest.log.judge import read_log

    if before.checkpoint is not None and start:
        raise CallProblem("there is a log already; go on with it, without --start")
    absent = before.entries is None and before.checkpoint is None
    if absent or start:
        if older:
            raise CallProblem("there is no log, and there was one before: restore it from version control")
        if not start:
            raise CallProblem("there is no log; if there never was one, begin it with --start")
        return [], _begun(before)
    pins = _alone(log, previous)
    reading = read_log(before.entries, before.checkpoint, pins, older=older)
    if reading.tail:
        rows = (before.entries or b"").split(b"\n")[: reading.signed]
        covered = read_log(write_entries(rows), before.checkpoint, pins, older=older)
        wrong = [one for one in reading.findings if one.code != "LOG-003"] + list(covered.findings)
        if len(reading.entries) != reading.size:
            wrong += [one for one in reading.findings if one.code == "LOG-003"]
    else:
        wrong = list(reading.findings)
    if wrong:
        why = "; ".join(f"{one.code} {one.message}" for one in wrong[:3])
        raise CallProblem(f"the log does not hold, and is not signed anew: {why}")
    lines = [entry.line for entry in reading.entries]
    return lines[: reading.signed], lines[reading.signed :]


def _begun(before: Held) -> list[str]:
    """Return the lines that an interrupted first update has left."""
    from casework.attest.log.entries import read_entries

    found = read_entries(before.entries or b"")
    if found.problems:
        raise CallProblem(f"the log cannot be begun on what lies there: {found.problems[0].message}")
    return [entry.line for entry in found.entries]


def _of_branch(branch: Held, log: Log) -> tuple[list[str], tuple[str, ...]]:
    from casework.attest.log.judge import read_log

    if branch.entries is None:
        return [], ()
    reading = read_log(branch.entries, branch.checkpoint, _alone(log))
    lines = [entry.line for entry in reading.entries]
    return (lines, ()) if not reading.findings else ([], tuple(lines))


def _check_made(made: Update, log: Log, older: Sequence[bytes]) -> None:
    from casework.attest.log.judge import read_log

    findings = read_log(made.entries, made.checkpoint, _alone(log), older=older).findings
    if findings:
        raise CallProblem(f"the log as it would be does not hold: {findings[0].code} {findings[0].message}")


def write_update(root: Path, folder: str, made: Update) -> bool:
    """Write the files of the log that differ, the entries first; return whether anything was written.

    Raises:
        CallProblem: A file cannot be written.
    """
    from casework.attest.log.judge import CHECKPOINT, ENTRIES

    wrote = [
        replace_file(root, f"{folder}/{name}", data)
        for name, data in ((ENTRIES, made.entries), (CHECKPOINT, made.checkpoint))
    ]
    return any(wrote)


def replace_file(root: Path, path: str, data: bytes) -> bool:
    """Put a file in its place, whole or not at all, unless it is the same already; return whether it was written.

    Raises:
        CallProblem: It cannot be written, or its folder is reached through a link.
    """
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.resolve() != root.resolve() / Path(path).parent or target.is_symlink():
            raise CallProblem(f"{path} is reached through a link")
        if target.is_file() and target.read_bytes() == data:
            return False
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # evidence is to be read by everyone
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise CallProblem(f"{path} cannot be written: {error.strerror or error}") from error
    return True
