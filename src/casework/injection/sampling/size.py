"""How many faults a campaign puts in: a number, all there are, or as many as a wanted interval or bound needs.

Without numpy, so that planned evidence can be judged by its size where nothing is run.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal, assert_never

from casework.model.interval import zero_failure_samples

DEFAULT: Final = "2000"
"""What is asked for where nothing is said."""

LEAST: Final = 1e-6
"""Least half-width or bound that can be asked for."""

ANY: Final = 0.5
"""Half-width or bound from which there is nothing to ask for: any sample has it."""

Way = Literal["number", "exhaustive", "within", "at-most"]

_NUMBER: Final = re.compile(r"[0-9]+(?:_[0-9]+)*")
_SHARE: Final = r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
_WITHIN: Final = re.compile(rf"within:{_SHARE}(?:@{_SHARE})?")
_AT_MOST: Final = re.compile(rf"at-most:{_SHARE}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        way: A number; all there are; an interval; or a bound.
        number: Of a number.
        rate: Of `within` the half-width, of `at-most` the bound.
        guess: Of `within` the rate at which the interval is as narrow; at one half, at every rate.
    """

    way: Way
    number: int = 0
    rate: float = 0.0
    guess: float = 0.5

    def faults(self, confidence: float) -> int | None:
        """Return how many faults that is, drawn alike with one input each; None for all there are."""
        match self.way:
            case "number":
                return self.number
            case "exhaustive":
                return None
            case "within":
                return wilson_faults_for(self.rate, confidence, self.guess)
            case "at-most":
                return faults_for_bound(self.rate, confidence)
            case _:
                assert_never(self.way)


def read_wanted(text: str) -> Wanted:
    """Read `2000`, `20_000`, `exhaustive`, `within:0.01`, `within:0.01@0.05` or `at-most:0.001`.

    Raises:
        ValueError: It is none of them, or a figure is out of its range; the text says which.
    """
    if text == "exhaustive":
        return Wanted("exhaustive")
    if _NUMBER.fullmatch(text):
        return Wanted("number", int(text))
    if found := _AT_MOST.fullmatch(text):
        return Wanted("at-most", rate=_share("a bound", found[1]))
    found = _WITHIN.fullmatch(text)
    if found is None:
        raise ValueError("that is no number of faults and no way to find one")
    half_width = _share("a half-width", found[1])
    if found[2] is None:
        return Wanted("within", rate=half_width)
    guess = float(found[2])
    if not half_width <= guess <= 1 - half_width:
        raise ValueError(f"an interval of +-{half_width:g} around a rate of {guess:g} would reach beyond 0 or 1")
    return Wanted("within", rate=half_width, guess=guess)


def _share(what: str, text: str) -> float:
    value = float(text)
    if not LEAST <= value < ANY:
        raise ValueError(f"{what} of {text} is not at least {LEAST:g} and below {ANY:g}")
    return value


def faults_for(half_width: float, confidence: float, *, p: float = 0.5, population: int | None = None) -> int:
    """Return the faults, drawn alike, for an interval of +- half_width (absolute).

    n = N / (1 + e^2 (N - 1) / (t^2 p (1 - p))) of Leveugle et al., Statistical Fault Injection, DATE 2009, with t the normal
    quantile; t^2 p (1 - p) / e^2 for an endless population. With p = 0.5 it holds whatever the rate is. A finite population helps
    only where no fault is drawn twice: a campaign that draws each fault by its own number may, and needs the endless one.

    Args:
        half_width: e.
        confidence: Two-sided.
        p: Guess of the rate.
        population: N: number of all faults; None for as good as endless.

    Raises:
        ValueError: A figure is out of its range.
    """
    if not 0 < half_width < 1 or not 0 < p < 1 or (population is not None and population < 1):
        raise ValueError(f"no sample size follows from half-width {half_width}, rate {p}, population {population}")
    endless = NormalDist().inv_cdf((1 + confidence) / 2) ** 2 * p * (1 - p) / half_width**2
    if population is None:
        return math.ceil(endless)
    return min(population, math.ceil(population / (1 + (population - 1) / endless)))


def wilson_faults_for(half_width: float, confidence: float, p: float) -> int:
    """Return the faults with which Wilson's interval around a rate of p is +- half_width at most; `faults_for`, or more.

    With z the normal quantile the half-width is z sqrt(p (1 - p) / n + z^2 / (4 n^2)) / (1 + z^2 / n) (Wilson, Journal of the American
    Statistical Association 22, 1927), which falls with n: at low rates it is wider than the formula of `faults_for` has it.

    Args:
        half_width: Absolute.
        confidence: Two-sided.
        p: Guess of the rate.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)

    def wide(n: int) -> bool:
        return z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n) > half_width

    low = faults_for(half_width, confidence, p=p)
    high = low
    while wide(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wide(middle) else (low, middle)
    return high


def faults_for_bound(rate: float, confidence: float) -> int:
    """Return the faults that show a rate of at most `rate`, one-sided, if none of them has an event; about 3 / rate at 95 %."""
    return zero_failure_samples(rate, confidence)
