"""The case as report sections look at it: nodes with titles, statuses with their path, results by requirement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.challenges import answers, is_accepted
from casework.graph.grounds import Grounds
from casework.graph.status import blame
from casework.model.decision import Decision
from casework.model.node import Node
from casework.model.verdict import CriterionResult, StatusWord
from casework.render.report.document import Cell, Line, Run, joined, line, muted, plain, ref, word

_ANSWER: Final[dict[StatusWord, tuple[str, str, str]]] = {
    "supported": ("✓", "good", "the answer holds"),
    "open": ("○", "doubt", "neither shown nor refuted"),
    "doubted": ("?", "doubt", "it may hold"),
    "defeated": ("✗", "bad", "the answer is refuted"),
}
_CHALLENGE: Final[dict[StatusWord, tuple[str, str, str]]] = {
    "supported": ("!", "bad", "the challenge holds"),
    "open": ("○", "doubt", "neither shown nor refuted"),
    "doubted": ("?", "doubt", "it may hold"),
    "defeated": ("✓", "good", "the challenge is answered"),
}


@dataclass(frozen=True, slots=True)
class View:
    """An assessment, a decision, and on what claims rest, with the questions that sections ask of them."""

    assessment: Assessment
    decision: Decision
    grounds: Grounds

    @property
    def case(self) -> Case:
        """The graph."""
        return self.assessment.case

    def named(self, key: str) -> Line:
        """Return id and title of a node."""
        title = self.case.entries[key].title if key in self.case else ""
        return line(ref(key), f" {title}") if title else line(ref(key))

    def status(self, key: str) -> Run:
        """Return the status of a node, or a dash."""
        found = self.assessment.statuses.get(key)
        return word(found.word) if found else word("none", "no status")

    def challenges(self, key: str) -> bool:
        """Tell whether a node challenges another."""
        return bool(self.case.out(key, "challenges"))

    def answers(self, key: str) -> bool:
        """Tell whether a node challenges a challenge, and so answers it."""
        return answers(self.case, key)

    def challenge(self, key: str) -> Run:
        """Return the status of a challenge, in which good and bad are the other way round, or of an answer to one."""
        found = self.assessment.statuses.get(key)
        if found is None:
            return word("none", "no status")
        if found.word != "defeated" and is_accepted(self.case, key):
            return Run("doubt accepted: it may hold, and a named person answers for it", "status", "!", "doubt")
        symbol, tone, means = (_ANSWER if self.answers(key) else _CHALLENGE)[found.word]
        return Run(f"{found.word}: {means}", "status", symbol, tone)

    def supported(self, keys: Iterable[str]) -> list[str]:
        """Return those nodes that are supported."""
        found = self.assessment.statuses
        return [key for key in keys if key in found and found[key].word == "supported"]

    def reason(self, key: str) -> str:
        """Return why a node has its status."""
        found = self.assessment.statuses.get(key)
        return found.reason if found else ""

    def path(self, key: str) -> Line:
        """Return the way from a node to the cause of its status, the cause last."""
        return joined((ref(step) for step in blame(self.assessment.statuses, key)), " → ")

    def cause(self, key: str) -> Cell:
        """Return the path to the cause of a status that is not `supported`, and what is wrong there."""
        found = self.assessment.statuses.get(key)
        if found is None or found.word == "supported":
            return ()
        last = blame(self.assessment.statuses, key)[-1]
        where = self.case.entries[last].file if last in self.case else ""
        at = line(muted(f"in {where}")) if where else ()
        return tuple(part for part in (self.path(key), line(plain(self.reason(last))), at) if part)

    def refs(self, keys: Iterable[str]) -> Line:
        """Return ids with a comma between them."""
        return joined(ref(key) for key in keys)

    def resolved(self, key: str, target: str) -> str:
        """Return the key that a node means by an id, or the id where there is no such node."""
        return self.case.resolve(self.case.entries[key], target) or target

    def targets(self, key: str, *names: str) -> list[str]:
        """Return the nodes that a node names in the given fields."""
        return [edge.target for edge in self.case.out(key, *names)]

    def sources(self, key: str, *names: str) -> list[str]:
        """Return the nodes that name a node in the given fields, sorted."""
        return sorted({edge.source for edge in self.case.into(key, *names)})

    def node(self, key: str) -> Node | None:
        """Return the full node, or None where it does not validate."""
        return self.case.node(key) if self.case.entries[key].valid else None

    def results(self, key: str, index: int) -> list[CriterionResult]:
        """Return the judgements of one criterion of a requirement."""
        return [r for r in self.assessment.results.get(key, ()) if r.index == index]

    def invalid(self, *types: str) -> list[str]:
        """Return nodes of the given types that do not validate, and so cannot be shown in full."""
        return [key for key in self.case.keys(*types) if not self.case.entries[key].valid]
