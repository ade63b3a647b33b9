"""The time by which the log held something, proven by time stamps over its checkpoints.

One stamp over a checkpoint dates every entry before it, because the root in it covers them all. A stamp is kept as
`stamps/<size>.json`: the checkpoint's text as it was stamped, and a chain of tokens. The first token is over the checkpoint;
each later one renews the chain before the authority's certificate ends, over the checkpoint and all earlier tokens (RFC 4998, 5.2).

The log's own signature has no say here: a token over a root proves that those entries existed, whoever signed them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from casework.artifact.digest import is_canonical, jcs_bytes
from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.log.judge import LogReading
from casework.attest.log.note import Checkpoint, read_checkpoint
from casework.model.finding import Finding
from casework.model.policy import Log

Prove = Callable[[bytes, tuple[bytes, ...]], tuple[datetime | None, tuple[Problem, ...]]]
"""Judges a chain of tokens over a note, as `stamps.judge_renewals` does: the time that it proves, or why it does not hold."""

MAX_TOKENS: Final = 64
_NAME: Final = re.compile(r"(0|[1-9][0-9]{0,18})\.json")
_FIELDS: Final = {"checkpoint", "tokens"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp of the right shape. Its tokens are not verified yet.

    Attributes:
        text: The signed checkpoint, as it was stamped.
        checkpoint: The same, read.
        tokens: The chain, oldest first, DER.
    """

    text: bytes
    checkpoint: Checkpoint
    tokens: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical form, as it stands in a file."""
        tokens = [base64.b64encode(one).decode("ascii") for one in self.tokens]
        return jcs_bytes({"checkpoint": self.text.decode("utf-8"), "tokens": tokens})


@dataclass(frozen=True, slots=True)
class StampedSize:
    """A size of the log, and the time by which it is proven to have had it."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LogDates:
    """When the log is proven to have held what.

    Attributes:
        times: Payload digest of a record, policy or release to the earliest time by which the log held it.
        stamps: The stamps that hold, by size.
        findings: Stamps that do not hold (`LOG-009`), sorted.
    """

    times: Mapping[str, datetime]
    stamps: tuple[StampedSize, ...] = ()
    findings: tuple[Finding, ...] = ()

    def at(self, index: int) -> datetime | None:
        """Return the earliest time by which the log is proven to have held the entry of this index, or None."""
        return min((one.at for one in self.stamps if one.size > index), default=None)


def dates(reading: LogReading, stamps: Mapping[str, bytes], log: Log, prove: Prove) -> LogDates:
    """Date what the log holds.

    Args:
        reading: The log.
        stamps: Path of each file of stamps to its bytes.
        log: What the trust policy pins of the log.
        prove: Judges a chain of tokens with the pinned time-stamp authorities.

    Returns:
        The times. A stamp of other entries than the log's dates nothing. Never raises, whatever the bytes, if `prove`
        does not.
    """
    held: list[StampedSize] = []
    findings: list[Finding] = []
    for path, data in sorted(stamps.items()):
        found = _judged(path, data, reading, log, prove)
        if isinstance(found, Problem):
            findings.append(report("LOG-009", f"the stamp {shown(path, 200)}: {found.message}", file=shown(path, 400)))
        else:
            held.append(found)
    held.sort(key=lambda one: (one.size, one.at))
    order = tuple(sorted(findings, key=lambda finding: finding.order))
    return LogDates(MappingProxyType(_times(reading.logged, held)), tuple(held), order)


def _times(logged: Mapping[str, int], held: list[StampedSize]) -> dict[str, datetime]:
    if not held:
        return {}
    # A larger tree may have been stamped before a smaller one; whatever was first counts.
    best: list[StampedSize] = []
    for one in reversed(held):
        best.append(one if not best or one.at < best[-1].at else StampedSize(one.size, best[-1].at))
    best.reverse()
    times: dict[str, datetime] = {}
    position = 0
    for digest, index in sorted(logged.items(), key=lambda pair: pair[1]):
        while position < len(best) and best[position].size <= index:
            position += 1
        if position == len(best):
            break
        times[digest] = best[position].at
    return times


def _judged(path: str, data: bytes, reading: LogReading, log: Log, prove: Prove) -> StampedSize | Problem:
    stamp = read_stamp(data)
    if isinstance(stamp, Problem):
        return stamp
    state, name = stamp.checkpoint, _NAME.fullmatch(path.rpartition("/")[2])
    if name is None or int(name[1]) != state.size:
        return _broken(f"its checkpoint is of {state.size} entries, which its name must state")
    if state.origin != log.origin:
        return _broken(f"its checkpoint is of log `{shown(state.origin)}`; the trust policy names `{log.origin}`")
    if state.size > reading.size or reading.tree.root(state.size) != state.root:
        return _broken(f"its checkpoint of {state.size} entries is none that this log had")
    at, problems = prove(stamp.text, stamp.tokens)
    if problems or at is None:
        return problems[0] if problems else _broken("it has no time stamp")
    return StampedSize(state.size, at)


def read_stamp(data: bytes) -> Stamp | Problem:
    """Read a file of stamps strictly; nothing is verified.

    Returns:
        The stamp, or the first problem (`LOG-009`). Never raises, whatever the bytes.
    """
    reading = read_json(data)
    if reading.problem is not None:
        return _broken(reading.problem.message)
    value = reading.value
    shape = _shape(value)
    if shape:
        return _broken(shape)
    tokens = tuple(_unbase64(one) for one in value["tokens"])
    if None in tokens:
        return _broken("a token is not canonical standard base64")
    if not is_canonical(value, data):
        return _broken("it is not in canonical form")
    text = value["checkpoint"].encode("utf-8")
    checkpoint = read_checkpoint(text)
    if isinstance(checkpoint, Problem):
        return _broken(checkpoint.message)
    return Stamp(text, checkpoint, tuple(one for one in tokens if one is not None))


def _shape(value: Any) -> str:
    if not isinstance(value, dict) or value.keys() != _FIELDS or not isinstance(value["checkpoint"], str):
        return "it is not `checkpoint` and `tokens`"
    tokens = value["tokens"]
    if not isinstance(tokens, list) or not tokens or not all(isinstance(one, str) for one in tokens):
        return "`tokens` is no list of texts, or is empty"
    return f"{len(tokens)} tokens are more than the {MAX_TOKENS} allowed" if len(tokens) > MAX_TOKENS else ""


def _unbase64(text: str) -> bytes | None:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if value and base64.b64encode(value).decode("ascii") == text else None


def _broken(why: str) -> Problem:
    return Problem("LOG-009", why)
