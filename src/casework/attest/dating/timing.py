"""Whether a signature counts by its time: proven where it can be, stated where it must be.

The time of a signature is proven by a time-stamp token over it, or by a stamped log that holds the record. Keys are judged at
that time, not at the time of verification, so what was good stays good. Where nothing proves the time, the record's own word
is taken; but a key that has meanwhile been revoked, or has run out, could then say anything, and counts no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from casework.attest.carrier import Principal, Problem, Standing

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ before a run counts as made in the future."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of the time of a record.

    Attributes:
        started: Start that the record states.
        ended: Its end: start and duration.
        now: Time of judgement.
    """

    started: datetime
    ended: datetime
    now: datetime


def dated(principal: Principal, times: Mapping[str, datetime]) -> Principal:
    """Return a principal at the earliest time that is proven: its own token's, or the log's.

    Args:
        principal: As opened.
        times: SHA-256 of a signature to the time at which a stamped log is proven to have held it. That the log holds what
            was signed dates nothing: a signature can be added at any time.
    """
    logged = times.get(principal.signature)
    if logged is None or (principal.signed_at is not None and principal.signed_at <= logged):
        return principal
    return replace(principal, signed_at=logged, proof="log")


def timing_problem(principal: Principal, moment: Moment) -> Problem | None:
    """Return why a signature does not count by its time, or None where it does."""
    standing, who = principal.standing, f"key {principal.name} ({principal.person})"
    if standing.compromised:
        return Problem("SIG-007", f"{who} is compromised; all that it signed is void")
    if principal.signed_at is None:
        return _unproven(who, standing, moment)
    if moment.started - principal.signed_at > CLOCK_SKEW:
        proven = f"{principal.signed_at:%Y-%m-%d %H:%M} UTC"
        return Problem("TIM-004", f"{who} is proven to have signed by {proven}, before the run started as it says")
    return _proven(who, standing, principal.signed_at, moment)


def _proven(who: str, standing: Standing, at: datetime, moment: Moment) -> Problem | None:
    found = _outside(who, standing, at, "its proven time")
    if found is not None and _outside(who, standing, moment.started, "") is None:
        why = f"the record states {moment.started:%Y-%m-%d}, and the signature of {who} is proven only by {at:%Y-%m-%d}"
        return Problem("TIM-004", f"{why}, when the key no longer counted")
    return found


def _unproven(who: str, standing: Standing, moment: Moment) -> Problem | None:
    found = _outside(who, standing, moment.started, "the run")
    if found is not None:
        return found
    today = moment.now.date()
    if standing.revoked_at is not None and today >= standing.revoked_at:
        return Problem(
            "SIG-007",
            f"{who} was revoked on {standing.revoked_at.isoformat()}, and nothing proves that it signed before",
        )
    if standing.valid_to is not None and today > standing.valid_to:
        return Problem(
            "SIG-008", f"{who} was valid to {standing.valid_to.isoformat()}, and nothing proves that it signed by then"
        )
    return None


def _outside(who: str, standing: Standing, at: datetime, what: str) -> Problem | None:
    day = at.date()
    if standing.revoked_at is not None and day >= standing.revoked_at:
        on = standing.revoked_at.isoformat()
        return Problem("SIG-007", f"{who} was revoked on {on}, before {what} of {day.isoformat()}")
    if day < standing.valid_from:
        return Problem(
            "SIG-008", f"{who} is valid from {standing.valid_from.isoformat()}, after {what} of {day.isoformat()}"
        )
    if standing.valid_to is not None and day > standing.valid_to:
        return Problem(
            "SIG-008", f"{who} was valid to {standing.valid_to.isoformat()}, before {what} of {day.isoformat()}"
        )
    return None


def demand_problem(
    principal: Principal, moment: Moment, *, timestamp: bool, sign_within_hours: int | None
) -> Problem | None:
    """Return why a signature does not meet what the policy demands of its time, or None where it does."""
    who = f"key {principal.name} ({principal.person})"
    if principal.signed_at is None:
        if timestamp or sign_within_hours is not None:
            return Problem("TIM-001", f"nothing proves when {who} signed")
        return None
    late = principal.signed_at - moment.ended
    if sign_within_hours is not None and late > timedelta(hours=sign_within_hours):
        hours = int(late.total_seconds() // 3600)
        return Problem(
            "TIM-005", f"{who} is proven to have signed {hours} h after the run; {sign_within_hours} h are allowed"
        )
    return None
