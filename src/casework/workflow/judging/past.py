"""What the evidence log says of the past: which records it holds since when, and what has vanished since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from casework.graph.assessment import Today
from casework.graph.case import Case
from casework.graph.census import census, retirements
from casework.model.finding import Finding
from casework.model.project import Project
from casework.model.verdict import LogFact
from casework.store.working_tree import Tree
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.trusting import Pins, end_of
from casework.workflow.log.facts import Book, LogFiles, log_files, read_book

if TYPE_CHECKING:
    from casework.attest.opening import Anchors


_AHEAD: Final = timedelta(days=90)
"""How long before the end of an authority the renewal of its stamps is asked for."""


@dataclass(frozen=True, slots=True)
class Past:
    """The log that the trust policy pins, as it was read, before it is compared with the case."""

    files: LogFiles
    book: Book

    @property
    def times(self) -> Mapping[str, datetime]:
        """Payload digest to the time by which the log is proven to have held it."""
        return self.book.dates.times


def read_past(tree: Tree, project: Project, anchors: Anchors, inputs: Inputs, pins: Pins) -> Past | None:
    """Read the log; None where the trust policy pins none."""
    if anchors.trust is None or anchors.trust.policy.log is None:
        return None
    files = log_files(tree, project.evidence, inputs)
    return Past(files, read_book(files, anchors.trust.policy.log, anchors.authorities, pins.checkpoints))


def compare(
    past: Past | None,
    anchors: Anchors,
    case: Case,
    records: Mapping[str, str],
    sealed: frozenset[str],
    today: Today,
    checkpoints: Collection[bytes] = (),
) -> tuple[LogFact | None, tuple[Finding, ...]]:
    """Compare the log with what the case holds.

    Args:
        past: The log; None where the trust policy pins none.
        anchors: The opened trust policy.
        case: The graph.
        records: Payload digest of every sealed record and act that somebody known vouches for to its path.
        sealed: Keys of the reviews and waivers whose seal counts.
        today: The day of judgement.
        checkpoints: Checkpoints seen earlier.
    """
    trust = anchors.trust
    if past is None or trust is None or trust.policy.log is None:
        return None, tuple(_forgotten(trust is not None and bool(checkpoints)))
    from casework.attest.log.judge import complete

    files, book = past.files, past.book
    judged = complete(
        book.reading,
        records=records,
        nodes=census(case),
        goals=tuple(case.keys("goal")),
        retired=retirements(case, sealed),
        policy=(trust.policy.version, trust.digest),
        folder=files.folder,
    )
    stamped = max((one.size for one in book.dates.stamps), default=0)
    fact = LogFact(
        trust.policy.log.origin, judged.size, judged.root.hex(), stamped, tuple(one.name for one in judged.signers)
    )
    return fact, (*judged.findings, *book.dates.findings, *_ageing(past, anchors, today))


def _forgotten(seen: bool) -> Iterator[Finding]:
    """Yield a finding where a log was seen earlier, and the trust policy knows of none."""
    if seen:
        from casework.attest.codes import report

        yield report("LOG-001", "a checkpoint of a log was seen earlier, and the trust policy pins no log")


def _ageing(past: Past, anchors: Anchors, today: Today) -> Iterator[Finding]:
    """Yield a warning for each stamp of the log whose authority ends soon."""
    from casework.attest.carrier import Problem
    from casework.attest.codes import report
    from casework.attest.dating.stamps import due_for_renewal
    from casework.attest.log.dates import read_stamp

    for authority in anchors.authorities:
        today.after((authority.valid_to - _AHEAD).date())
        today.after(authority.valid_to.date())
    for path, data in sorted(past.files.stamps.items()):
        stamp = read_stamp(data)
        if isinstance(stamp, Problem):
            continue  # told as LOG-009
        due = due_for_renewal(stamp.tokens, anchors.authorities, end_of(today), _AHEAD.days)
        if due is not None:
            yield report(due.code, f"{path}: {due.message}", file=path)
