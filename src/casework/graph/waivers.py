"""Waivers: which hold, and what is wrong with those that do not. The rules report it and the gate acts on it.

A waiver holds only while it is complete, unexpired, for a code that can be waived at all, and given by a person who
holds the role by the trust policy and who does not own the node. Anything unclear means that it does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from casework.graph.assessment import Assessment, Today, eve
from casework.graph.case import Case
from casework.model.finding import Route
from casework.model.process import Waiver

if TYPE_CHECKING:
    from casework.model.policy import TrustPolicy

_GROUPS: Final = (
    "ACT", "ART", "BND", "EVD", "FMT", "FRS", "GIT", "GTE", "IND", "LOG", "NUM", "POL", "PRS", "PTH", "RES", "RND", "RPL",
    "SIG", "TIM",
)  # fmt: skip
"""Groups of codes of which none can be waived: failed tests, and what cannot be read, verified or trusted."""

_CODES: Final = frozenset(
    {f"REQ-{n:03}" for n in range(4, 11)}
    | {"TRC-006", "TRC-018", "MDL-007", "DAT-005", "DAT-008", "TQK-004"}
    | {"TRC-001", "TRC-003", "TRC-004", "MDL-001", "MDL-002", "DAT-001", "DAT-002", "DAT-006", "DAT-007"}
)
"""Broken graphs, changed files, and what is not there to be looked at: deletion and waiver would hide a failure."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a waiver does not hold.

    Attributes:
        code: Code under which it is reported.
        field: Field of the waiver at fault.
        message: The fact, with ids.
    """

    code: str
    field: Route
    message: str


def waivable(code: str) -> bool:
    """Tell whether findings of a code can be waived: never a failed test, nor what could not be verified or read."""
    return code == "GTE-009" or (code not in _CODES and not code.startswith(_GROUPS))


def incomplete(key: str, waiver: Waiver) -> Iterator[Flaw]:
    """Yield what a waiver lacks: its reason, the person, the role, the last day."""
    names = {"reason": "no reason", "by": "no person", "role": "no role", "expires": "no last day"}
    lacking = [name for name in names if getattr(waiver, name) is None]
    if lacking:
        yield Flaw("GTE-001", (), f"{key} names {', '.join(names[name] for name in lacking)}")


def unwaivable(key: str, waiver: Waiver) -> Iterator[Flaw]:
    """Yield a flaw where the code cannot be waived."""
    if not waivable(waiver.of):
        yield Flaw("GTE-003", ("of",), f"{key} waives {waiver.of}, which cannot be waived")


def expired(key: str, waiver: Waiver, today: Today) -> Iterator[Flaw]:
    """Yield a flaw where the last day has passed, or the first has not come."""
    if waiver.on is not None and not today.after(eve(waiver.on)):
        yield Flaw("GTE-002", ("on",), f"{key} does not hold before {waiver.on}")
    if waiver.expires is not None and today.after(waiver.expires):
        yield Flaw("GTE-002", ("expires",), f"{key} expired on {waiver.expires}")


def unentitled(case: Case, key: str, waiver: Waiver, policy: TrustPolicy | None) -> Iterator[Flaw]:
    """Yield what is wrong with the person who waives: unknown, a machine, without the role, or the node's own owner."""
    if waiver.by is None or waiver.role is None:
        return
    if policy is None:
        # Where there is evidence, the policy that cannot be opened is reported itself.
        code = "POL-000" if any(True for _ in case.keys("evidence")) else "GTE-005"
        yield Flaw(code, ("by",), f"no trust policy tells whether {waiver.by} of {key} is {waiver.role}")
        return
    person = policy.persons.get(waiver.by)
    if person is None:
        yield Flaw("TRC-017", ("by",), f"the trust policy does not know {waiver.by} of {key}")
        return
    if person.machine:
        yield Flaw("GTE-005", ("by",), f"{waiver.by}, who gives {key}, is a machine")
    elif not policy.holds(waiver.by, waiver.role):
        yield Flaw(
            "GTE-005",
            ("role",),
            f"{waiver.by} gives {key} as {waiver.role}, a role that the trust policy does not grant",
        )
    target = _target(case, key)
    if target is not None and case.data(target).get("owner") == waiver.by:
        yield Flaw("GTE-005", ("by",), f"{waiver.by} gives {key} for {target}, and owns {target}")


def _target(case: Case, key: str) -> str | None:
    return next((edge.target for edge in case.out(key, "node")), None)


def flaws(assessment: Assessment, key: str, waiver: Waiver) -> tuple[Flaw, ...]:
    """Return everything for which a waiver does not hold; nothing if it does."""
    return (
        *incomplete(key, waiver),
        *unwaivable(key, waiver),
        *expired(key, waiver, assessment.today),
        *unentitled(assessment.case, key, waiver, assessment.policy),
    )


def holding(assessment: Assessment) -> dict[tuple[str, str], tuple[str, Waiver]]:
    """Return the waivers that hold: (code, node key) to the waiver's key and itself; of several the last to expire."""
    made: dict[tuple[str, str], tuple[str, Waiver]] = {}
    for key, waiver in assessment.case.nodes(Waiver, "waiver"):
        target = _target(assessment.case, key)
        if target is None or key in assessment.void_waivers or flaws(assessment, key, waiver):
            continue
        other = made.get((waiver.of, target))
        if other is None or (waiver.expires or date.min) > (other[1].expires or date.min):
            made[waiver.of, target] = (key, waiver)
    return made
