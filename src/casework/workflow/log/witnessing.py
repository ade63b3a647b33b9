"""What others say of the evidence log: time-stamp authorities, witnesses, and the proof that one state continues another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from casework.model.problem import CallProblem
from casework.workflow.judging.trusting import read_of
from casework.workflow.log.desk import Desk
from casework.workflow.log.keeping import pinned_key

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.attest.log.judge import LogReading
    from casework.attest.log.note import Checkpoint


@dataclass(frozen=True, slots=True)
class Stamped:
    """What became of one file of stamps.

    Attributes:
        path: The file, relative to the root.
        size: Number of entries that it dates.
        tokens: Number of tokens that it has now.
        act: `stamped`, `renewed`, or `kept` where nothing was due.
        data: Its bytes.
    """

    path: str
    size: int
    tokens: int
    act: str
    data: bytes


Obtain = Callable[[bytes], bytes]
"""Has bytes time-stamped and returns the token, verified; raises CallProblem where there is none."""


def stamped(desk: Desk, obtain: Obtain) -> Stamped:
    """Have the checkpoint of a log time-stamped, unless a stamp that holds covers all of its entries already.

    Raises:
        CallProblem: The log does not hold, or there is no token.
    """
    from casework.attest.log.dates import Stamp
    from casework.attest.log.judge import STAMPS
    from casework.attest.log.note import Checkpoint, read_checkpoint

    reading = _holding(desk)
    path = f"{desk.files.folder}/{STAMPS}/{reading.size}.json"
    if any(one.size == reading.size for one in desk.book.dates.stamps):
        return Stamped(path, reading.size, 0, "kept", b"")
    text = desk.files.checkpoint or b""
    state = read_checkpoint(text)
    if not isinstance(state, Checkpoint):
        raise CallProblem("there is no checkpoint to stamp")
    made = Stamp(text, state, (obtain(text),))
    return Stamped(path, reading.size, 1, "stamped", made.to_bytes())


def renewed(desk: Desk, obtain: Obtain, now: datetime, within_days: int) -> list[Stamped]:
    """Renew every stamp that holds and whose authority's certificates end soon; the others are kept as they are.

    Args:
        desk: The case.
        obtain: Has bytes time-stamped.
        now: Time of judgement, with a time zone.
        within_days: How soon is soon.

    Raises:
        CallProblem: There is no token.
    """
    from casework.attest.dating.stamps import due_for_renewal, renewal_message
    from casework.attest.log.dates import Stamp, read_stamp
    from casework.attest.log.judge import STAMPS

    made: list[Stamped] = []
    for one in desk.book.dates.stamps:
        path = f"{desk.files.folder}/{STAMPS}/{one.size}.json"
        stamp = read_stamp(read_of(desk.tree, path) or b"")
        if not isinstance(stamp, Stamp):
            continue
        if due_for_renewal(stamp.tokens, desk.anchors.authorities, now, within_days) is None:
            made.append(Stamped(path, one.size, len(stamp.tokens), "kept", b""))
            continue
        token = obtain(renewal_message(stamp.text, stamp.tokens))
        longer = Stamp(stamp.text, stamp.checkpoint, (*stamp.tokens, token))
        made.append(Stamped(path, one.size, len(longer.tokens), "renewed", longer.to_bytes()))
    return made


def cosigned(desk: Desk, name: str, key: SigningKey, at: datetime, *, first: bool, seen: Sequence[bytes]) -> bytes:
    """Return the checkpoint with a witness's cosignature.

    A witness says that the log continues all that it has seen of it. So it hands over the checkpoint that it cosigned last.

    Args:
        desk: The case, opened with the checkpoints seen.
        name: Name of the witness in the trust policy.
        key: Its private key.
        at: Time that is stated, with a time zone.
        first: True where it has seen nothing of this log yet.
        seen: Checkpoints that it has seen; the desk has compared the log with them.

    Raises:
        CallProblem: The log does not hold, or does not continue what was seen; the witness is unknown or the key another's.
    """
    from casework.attest.log.note import cosign

    if bool(seen) == first:
        raise CallProblem(
            "say what you have seen of the log: --checkpoint FILE, the one that you cosigned last; or --first, if nothing"
        )
    pem = desk.log.witnesses.get(name)
    if pem is None:
        known = ", ".join(sorted(desk.log.witnesses)) or "none"
        raise CallProblem(f"{name} is no witness of the log; the trust policy names {known}")
    public = pinned_key(pem, key, f"witness {name}")
    _holding(desk)
    try:
        return cosign(_checkpoint(desk).note, name, key, public, at).to_bytes()
    except ValueError as error:
        raise CallProblem(f"the checkpoint cannot be cosigned: {error}") from error


def _checkpoint(desk: Desk) -> Checkpoint:
    from casework.attest.log.note import Checkpoint, read_checkpoint

    state = read_checkpoint(desk.files.checkpoint or b"")
    if not isinstance(state, Checkpoint):
        raise CallProblem("there is no checkpoint that can be read")
    return state


def _holding(desk: Desk) -> LogReading:
    """Return the log as it was read. Raises CallProblem where it does not hold by itself; witnesses may still be missing."""
    wrong = [one for one in desk.book.reading.findings if one.code != "LOG-002" or not desk.book.reading.signers]
    if wrong:
        why = "; ".join(f"{one.code} {one.message}" for one in wrong[:3])
        raise CallProblem(f"the log does not hold: {why}")
    return desk.book.reading


# Consistency


@dataclass(frozen=True, slots=True)
class Continuation:
    """Whether one state of a log continues another, with the proof.

    Attributes:
        first: Number of entries of the earlier state.
        second: Number of entries of the later one.
        first_root: Root of the earlier state, 64 hex digits.
        second_root: Root of the later one.
        proof: Hashes of the consistency proof (RFC 6962, 2.1.2), 64 hex digits each.
        holds: True if the proof leads to both roots.
        problem: Why it does not hold, or empty.
        decided: False where the entries of the log do not reach that far, so that nothing can be said.
    """

    first: int
    second: int
    first_root: str
    second_root: str
    proof: tuple[str, ...]
    holds: bool
    problem: str = ""
    decided: bool = True


def continuation(reading: LogReading, first: bytes | int, second: bytes | int, origin: str) -> Continuation:
    """Say whether one state of a log continues another, each given as a checkpoint or as a number of entries.

    Args:
        reading: The log, from whose entries the proof is made.
        first: The earlier state.
        second: The later state.
        origin: Name of the log; a checkpoint of another one is refused.

    Raises:
        CallProblem: Bytes are no checkpoint, or of another log, or there are not that many entries.
    """
    from casework.attest.log.merkle import continues

    (m, old), (n, new) = (_state(reading, one, origin) for one in (first, second))
    if m > n:
        raise CallProblem(f"the first state has {m} entries, the second {n}; give the earlier one first")
    known = old is not None and new is not None
    if n > reading.size or not known:
        why = f"the log has {reading.size} entries, so a state of {n} cannot be proven from it"
        return Continuation(m, n, (old or b"").hex(), (new or b"").hex(), (), holds=False, problem=why, decided=False)
    proof = reading.tree.consistency(m, n)
    holds = continues(m, old or b"", n, new or b"", proof)
    why = "" if holds else "the entries of the log do not lead to both roots: one of the states is not of this history"
    return Continuation(
        m, n, (old or b"").hex(), (new or b"").hex(), tuple(one.hex() for one in proof), holds=holds, problem=why
    )  # fmt: skip


def _state(reading: LogReading, given: bytes | int, origin: str) -> tuple[int, bytes | None]:
    from casework.attest.carrier import Problem
    from casework.attest.log.note import read_checkpoint

    if isinstance(given, int):
        return given, reading.tree.root(given) if given <= reading.size else None
    state = read_checkpoint(given)
    if isinstance(state, Problem):
        raise CallProblem(f"{state.message} ({state.code})")
    if state.origin != origin:
        raise CallProblem(f"a checkpoint is of log {state.origin}; the trust policy names {origin}")
    return state.size, state.root
