"""What became of the faults of a list that somebody gave: counts, which are facts about that list and of no sample."""

from __future__ import annotations

from typing import Final

from casework.generators.fault_injection.design import Designed
from casework.generators.fault_injection.estimates import EVENTS
from casework.generators.record import census
from casework.model.result import Metric

COUNTS: Final = {"listed_sdc": "sdc_rate", "listed_due": "due_rate"}
"""Each count and the rate of the same event. A bound on a count needs no confidence, so that a requirement can ask that none
of a list of known faults comes through."""


def listed(designed: Designed) -> list[Metric]:
    """Return the counts of a campaign over a given list; none for faults that were drawn."""
    return [
        census(name, int(EVENTS[rate](part.trials.flags).sum()), n=len(part.trials.flags))
        for part in designed.parts
        if part.trials.design == "given"
        for name, rate in COUNTS.items()
    ]
