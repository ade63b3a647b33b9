"""`Assessment`: all that is known of a case at one moment, and the day on which it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from casework.graph.case import Case
from casework.model.project import Project
from casework.model.verdict import Appraisal, CriterionResult, FileFact, LogFact, ManifestFact, Status, Verdict

if TYPE_CHECKING:
    from casework.model.policy import TrustPolicy


class Today:
    """The day of judgement, which remembers what it was compared with.

    An assessment stays valid from the latest day that had passed to the earliest that had not, so that a cached one can be
    used again without asking every rule.
    """

    def __init__(self, day: date) -> None:
        self.day = day
        self.passed: set[date] = set()
        self.ahead: set[date] = set()

    def after(self, day: date) -> bool:
        """Return True if the day of judgement lies after the given day."""
        late = self.day > day
        (self.passed if late else self.ahead).add(day)
        return late


def eve(day: date) -> date:
    """Return the day before; the first day of the calendar has none and stands for itself."""
    return day if day == date.min else day - timedelta(days=1)


@dataclass(frozen=True)
class Assessment:
    """Everything that is known of a case at one moment: what rules judge and what renderers show.

    Attributes:
        case: The graph.
        today: The day of judgement.
        verdicts: Every sealed record found, verified or not.
        appraisals: Where each evidence node stands, by key.
        results: Judgements of criteria, by requirement key.
        files: Facts of every file that a node names, by path.
        manifests: Facts of every dataset manifest, by path.
        tests: Test file to the names of the tests that it defines (`test_x`, `TestA::test_y`); absent if unreadable.
        policy: The trust policy, or None where it could not be opened.
        project: The project's configuration, from `casework.yaml`.
        statuses: Status of each node that has one, by key; empty until it has been computed.
        sealed_acts: Keys of the reviews and waivers that are sealed by those whom the trust policy wants.
        void_waivers: Keys of waivers that do not count in this judgement, because they are part of the change that is judged.
        log: Where the evidence log stands; None where the trust policy pins none.
        commit: Commit of the working tree, or an empty string.
        dirty: True where files of the case differ from the commit.
    """

    case: Case
    today: Today
    verdicts: tuple[Verdict, ...] = ()
    appraisals: Mapping[str, Appraisal] = field(default_factory=dict)
    results: Mapping[str, tuple[CriterionResult, ...]] = field(default_factory=dict)
    files: Mapping[str, FileFact] = field(default_factory=dict)
    manifests: Mapping[str, ManifestFact] = field(default_factory=dict)
    tests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    policy: TrustPolicy | None = None
    project: Project = field(default_factory=Project)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    sealed_acts: frozenset[str] = frozenset()
    void_waivers: frozenset[str] = frozenset()
    log: LogFact | None = None
    commit: str = ""
    dirty: bool = False
