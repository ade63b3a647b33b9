"""What the rules on acceptance criteria share: which metrics are estimates, and how large a sample a bound needs."""

from __future__ import annotations

from typing import Final

from casework.model.interval import zero_failure_samples
from casework.model.requirement import Criterion

PROPORTIONS: Final[frozenset[str]] = frozenset(
    {
        "recall", "precision", "fnr", "accuracy", "flip_rate", "negative_flip_rate",
        "sdc_rate", "sdc5_rate", "due_rate", "lost_rate", "ghost_rate",
    }
)  # fmt: skip
"""Metrics that are k of n, judged by Clopper-Pearson limits; map and F1 are not."""


def tolerated_rate(criterion: Criterion) -> float | None:
    """Return the rate of failures that a criterion on a proportion still tolerates, or None for any other criterion."""
    if criterion.metric not in PROPORTIONS or criterion.confidence is None:
        return None
    if criterion.op in ("<=", "<"):
        return criterion.bound
    return 1.0 - criterion.bound if criterion.op in (">=", ">") else None


def samples_needed(criterion: Criterion) -> int | None:
    """Return the smallest sample that can show the bound, with no failure in it; None where there is no such number.

    From (1 - rate)^n <= 1 - confidence; see `casework.model.interval.zero_failure_samples`.
    """
    rate = tolerated_rate(criterion)
    if rate is None or criterion.confidence is None or not 0 < rate < 1:
        return None
    return zero_failure_samples(rate, criterion.confidence)
