"""How many faults a wanted interval needs, before anything is known of the rate but a guess."""

from __future__ import annotations

import math

from casework.injection.sampling.intervals import normal_quantile
from casework.model.interval import zero_failure_samples


def faults_for(half_width: float, confidence: float, *, p: float = 0.5, population: int | None = None) -> int:
    """Return the faults, drawn alike, for an interval of +- half_width (absolute).

    n = N / (1 + e^2 (N - 1) / (t^2 p (1 - p))) of Leveugle et al., Statistical Fault Injection, DATE 2009, with t the normal
    quantile; t^2 p (1 - p) / e^2 for an endless population. With p = 0.5 it holds whatever the rate is.

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
    endless = normal_quantile(confidence) ** 2 * p * (1 - p) / half_width**2
    if population is None:
        return math.ceil(endless)
    return min(population, math.ceil(population / (1 + (population - 1) / endless)))


def faults_for_relative(share: float, confidence: float, p: float, *, population: int | None = None) -> int:
    """Return the faults for an interval of +- share * p, such as 0.1 for ten per cent of the rate."""
    return faults_for(share * p, confidence, p=p, population=population)


def faults_with_clusters(predictions: int, inputs: int, effect: float) -> int:
    """Return the faults, each with `inputs` inputs, that are worth so many independent predictions.

    Args:
        predictions: As `faults_for` gives them.
        inputs: Predictions of each fault.
        effect: Design effect of them (Kish, Survey Sampling, 1965); `inputs` at worst, where they always agree.
    """
    return math.ceil(predictions * effect / inputs)


def faults_for_bound(rate: float, confidence: float) -> int:
    """Return the faults that show a rate of at most `rate` if none of them has an event; about 3 / rate at 95 %."""
    return zero_failure_samples(rate, confidence)


def affordable(population: int, inputs: int, predictions: int) -> bool:
    """Return whether all faults can be put in for all inputs within a budget of predictions: a fact then, no estimate."""
    return population * inputs <= predictions
