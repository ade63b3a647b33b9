"""A case opened for work on its evidence log: the log, and all that it must hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from casework.graph.appraise import folder_key
from casework.graph.assessment import Today
from casework.graph.case import Case
from casework.graph.census import census, retirements
from casework.model.node import LINK_PATTERN
from casework.model.policy import Log
from casework.model.problem import CallProblem
from casework.store.working_tree import Tree
from casework.workflow.judging.configuration import read_project
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.past import read_past
from casework.workflow.judging.reading import read_case
from casework.workflow.judging.sealed import Acts, Sealed, find_sealed, judge_sealed_acts, open_records
from casework.workflow.judging.trusting import NO_PINS, Pins, open_trust, read_of
from casework.workflow.log.facts import Book, LogFiles

if TYPE_CHECKING:
    from casework.attest.carrier import Principal
    from casework.attest.log.judge import LogReading
    from casework.attest.opening import Anchors, SealedRecord
    from casework.attest.trust.policy import Trust


_KEY: Final = re.compile(LINK_PATTERN.removesuffix("$"), re.ASCII)


@dataclass(frozen=True, slots=True)
class Fit:
    """A sealed record or act that is fit to be logged: it can be read, and a key that the trust policy knows has signed it.

    Attributes:
        digest: SHA-256 of its payload; empty where it is not fit.
        key: Key of the evidence node in whose folder it lies; `acts` for acts.
        path: Its first file.
        signatures: SHA-256 of each of its signatures by known keys, sorted.
    """

    digest: str
    key: str
    path: str
    signatures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the log must hold.

    Attributes:
        records: Sealed records and acts that are fit to be logged, sorted by key and digest.
        nodes: (type, key) of the watched nodes.
        retired: Key of a node to the payload digest of the sealed review that retires it.
        policy: Version of the trust policy in force, and SHA-256 of its payload; None where there is none.
        unfit: Files that are not fit to be logged: the log never forgets.
    """

    records: tuple[Fit, ...] = ()
    nodes: tuple[tuple[str, str], ...] = ()
    retired: Mapping[str, str] = field(default_factory=dict)
    policy: tuple[int, str] | None = None
    unfit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """A case opened for work on its log.

    Attributes:
        tree: Where it lies.
        log: What the trust policy pins of the log.
        files: The log's files.
        book: What they say.
        facts: What they must hold.
        held: Payload digest of every sealed record and act that somebody known vouches for to its path.
        retired: Keys of nodes whose removal a sealed review confirms.
        anchors: The opened trust policy and its pins.
        goals: Keys of the goals that are there.
    """

    tree: Tree
    log: Log
    files: LogFiles
    book: Book
    facts: Facts
    held: Mapping[str, str]
    retired: frozenset[str]
    anchors: Anchors
    goals: tuple[str, ...] = ()

    def judged(self) -> LogReading:
        """Judge the log by itself, by the checkpoints given, and by what the case holds."""
        from casework.attest.log.judge import complete

        return complete(
            self.book.reading, records=self.held, nodes=self.facts.nodes, goals=self.goals, retired=self.retired,
            policy=self.facts.policy, folder=self.files.folder,
        )  # fmt: skip


def open_desk(tree: Tree, today: date, pins: Pins = NO_PINS) -> Desk:
    """Open a case for work on its log.

    Args:
        tree: Where it lies.
        today: Day of judgement.
        pins: What is known from outside the tree; its checkpoints are those to compare with.

    Raises:
        CallProblem: The trust policy cannot be opened, or has no log.
    """
    project = read_project(tree)[0]
    case, inputs, day = read_case(tree, project, None).case, Inputs(), Today(today)
    opened, anchors = open_trust(tree, case, project, day, inputs, pins)
    if opened is None or anchors is None or anchors.trust is None:
        why = "; ".join(f"{one.code} {one.message}" for one in opened.findings) if opened else "there is none"
        raise CallProblem(f"the trust policy cannot be opened: {why}")
    past = read_past(tree, project, anchors, inputs, pins)
    if past is None or anchors.trust.policy.log is None:
        raise CallProblem("the trust policy has no `log`, so there is none to keep; name one in a new policy version")
    sealed = find_sealed(tree, project, inputs)
    records, _trouble = open_records(tree, sealed, anchors, None)
    acts = judge_sealed_acts(tree, sealed, case, anchors, day, past.times)
    held = {r.digest: r.path for r in records if r.principals or r.digest in past.book.reading.logged}
    return Desk(
        tree, anchors.trust.policy.log, past.files, past.book,
        _facts(tree, case, sealed, records, acts, anchors, anchors.trust), held | dict(acts.paths),
        retirements(case, acts.sealed), anchors, tuple(case.keys("goal")),
    )  # fmt: skip


def _facts(
    tree: Tree, case: Case, sealed: Sealed, records: list[SealedRecord], acts: Acts, anchors: Anchors, trust: Trust
) -> Facts:
    fit = {
        record.digest: Fit(
            record.digest, folder_key(record.path.split("/")[-2]), record.path, _signatures(record.principals)
        )
        for record in reversed(records)
        if record.statement is not None and record.principals and _KEY.fullmatch(folder_key(record.path.split("/")[-2]))
    }
    unfit = [record.path for record in records if record.digest not in fit]
    retired: dict[str, str] = {}
    for act, keys in _acts(tree, sealed, anchors, acts.sealed):
        if not act.digest:
            unfit.append(act.path)
            continue
        fit.setdefault(act.digest, act)
        for key in keys:
            retired.setdefault(key, act.digest)
    ordered = tuple(sorted(fit.values(), key=lambda one: (one.key, one.digest)))
    return Facts(ordered, census(case), retired, (trust.policy.version, trust.digest), tuple(sorted(unfit)))


def _signatures(principals: Iterable[Principal]) -> tuple[str, ...]:
    return tuple(sorted(one.signature for one in principals if one.signature))


def _acts(
    tree: Tree, sealed: Sealed, anchors: Anchors, counted: frozenset[str]
) -> Iterator[tuple[Fit, tuple[str, ...]]]:
    """Give each sealed act, and the keys that it retires if its seal counts."""
    from casework.artifact.digest import sha256_bytes
    from casework.attest.act import read_act
    from casework.attest.opening import open_carriers
    from casework.model.act import ActStatement
    from casework.model.result import PAYLOAD_TYPE

    for group in sealed.acts.values():
        files = [(one.path, data) for one in group if (data := read_of(tree, one.path)) is not None]
        if not files:
            continue
        opened = open_carriers(files, anchors, payload_type=PAYLOAD_TYPE)
        act = read_act(opened.payload) if opened.principals else ()
        if not isinstance(act, ActStatement):
            yield Fit("", "acts", files[0][0]), ()
            continue
        said = act.predicate
        act_of = Fit(sha256_bytes(opened.payload), "acts", files[0][0], _signatures(opened.principals))
        yield act_of, said.retires if said.node in counted else ()
