"""Intervals of a rate: of independent trials, of faults that strike several inputs each, of strata.

All are two-sided. Wald's interval is not here: of no events it says that there can be none (Brown, Cai and DasGupta, Statistical
Science 16, 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.model.interval import beta_quantile, lower_bound, upper_bound

Array = NDArray[Any]

FEW: Final = 10
"""Faults with an event below which their spread is not estimated but bounded: the variance of so few says little."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate and its interval.

    Attributes:
        value: The estimate.
        low: Lower end of the interval.
        high: Upper end.
        method: How the interval was made.
    """

    value: float
    low: float
    high: float
    method: str

    @property
    def half_width(self) -> float:
        """Half of the interval's length; the estimate need not lie in its middle."""
        return (self.high - self.low) / 2


@lru_cache(maxsize=64)
def normal_quantile(confidence: float) -> float:
    """Return z with P(|Z| <= z) = confidence; 1.96 at 0.95.

    Raises:
        ValueError: The confidence is not within 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is none")
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=1024)
def student_quantile(confidence: float, freedom: int) -> float:
    """Return t with P(|T| <= t) = confidence for Student's t of `freedom` degrees.

    From P(|T| > t) = I_x(freedom / 2, 1 / 2) with x = freedom / (freedom + t^2) (NIST DLMF 8.17, Abramowitz and Stegun 26.7.1);
    from 200 degrees by the expansion of Abramowitz and Stegun 26.7.5, which is then good to 1e-8.
    """
    if freedom >= 200:
        z = normal_quantile(confidence)
        terms = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
        return z + terms[0] / freedom + terms[1] / freedom**2 + terms[2] / freedom**3
    x = beta_quantile(1 - confidence, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x)


def wilson(k: float, n: float, confidence: float) -> Estimate:
    """Return Wilson's score interval (Journal of the American Statistical Association 22, 1927).

    Args:
        k: Events; need not be whole where `n` is an effective number.
        n: Trials, above 0.
        confidence: Two-sided.
    """
    z = normal_quantile(confidence)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    spread = z / (1 + z * z / n) * math.sqrt(max(p * (1 - p), 0.0) / n + z * z / (4 * n * n))
    low = 0.0 if k <= 0 else max(0.0, centre - spread)
    high = 1.0 if k >= n else min(1.0, centre + spread)
    return Estimate(p, low, high, "wilson")


def clopper_pearson(k: int, n: int, confidence: float) -> Estimate:
    """Return the exact interval of Clopper and Pearson (Biometrika 26, 1934): never below its confidence, often above."""
    one_sided = (1 + confidence) / 2
    return Estimate(k / n, lower_bound(k, n, one_sided), upper_bound(k, n, one_sided), "clopper-pearson")


def rule_of_three(n: int, confidence: float = 0.95) -> float:
    """Return the one-sided upper bound of a rate of which n trials showed no event: -ln(1 - confidence) / n, 3 / n at 0.95.

    Slightly above the exact bound 1 - (1 - confidence)^(1/n). Source: Hanley and Lippman-Hand, JAMA 249 (1983).
    """
    return min(1.0, -math.log(1 - confidence) / n)


def proportion(k: int, n: int, confidence: float) -> Estimate:
    """Return Wilson's interval of k events in n independent trials; the exact one where nothing or everything happened."""
    return wilson(k, n, confidence) if 0 < k < n else clopper_pearson(k, n, confidence)


def exhaustive(k: int, n: int) -> Estimate:
    """Return the rate of all n faults there are: a fact of these inputs, without an interval."""
    return Estimate(k / n, k / n, k / n, "exhaustive")


def clustered(event: Array, fault: Array, confidence: float) -> Estimate:
    """Return the rate of an event over predictions of which several share a fault, with faults as clusters.

    The inputs of one fault are alike: on a LeNet, ten of them tell no more than 1.25 independent ones. Wilson's interval is taken
    with the effective number of trials p (1 - p) / v, v being the variance of the ratio estimator between faults (Cochran,
    Sampling Techniques, 1977, 6.3), times (z / t)^2 for the degrees of freedom (Korn and Graubard, Survey Methodology 24, 1998;
    Franco et al., Journal of Survey Statistics and Methodology 7, 2019, find Wilson's the best of those so adjusted). With fewer
    than `FEW` faults that have an event, or lack one, the effective number is that of the faults, as if all inputs of a fault
    gave one answer; without any (or with nothing but) events, the interval is the exact one of so many trials.

    Args:
        event: bool [R].
        fault: int [R]: the fault of each prediction.
        confidence: Two-sided.
    """
    _, of = np.unique(fault, return_inverse=True)
    sizes = np.bincount(of).astype(np.float64)
    return of_clusters(np.bincount(of, weights=event), sizes, confidence)


def of_clusters(events: Array, sizes: Array, confidence: float) -> Estimate:
    """Return what `clustered` does, from events float64 [M] and predictions float64 [M] of each fault."""
    total, faults = float(sizes.sum()), len(sizes)
    k = float(events.sum())
    p = k / total
    if k in (0, total):
        exact = clopper_pearson(faults if k else 0, faults, confidence)
        return Estimate(p, exact.low, exact.high, "clopper-pearson, faults as trials")
    effective = effective_trials(events, sizes, confidence)
    found = wilson(p * effective, effective, confidence)
    return Estimate(p, found.low, found.high, "wilson, faults as clusters")


def design_effect(events: Array, sizes: Array) -> float:
    """Return how many predictions of these faults weigh as much as one independent one; 1 where inputs do not agree.

    Args:
        events: [M]: of each fault.
        sizes: [M]: predictions of each fault.
    """
    p = float(events.sum() / sizes.sum())
    return _variance(events, sizes) * float(sizes.sum()) / (p * (1 - p)) if 0 < p < 1 else 1.0


def _variance(events: Array, sizes: Array) -> float:
    """Return the variance of the ratio estimator sum(events) / sum(sizes) between clusters (Cochran 1977, 6.3)."""
    faults, total = len(sizes), float(sizes.sum())
    off = events - events.sum() / total * sizes
    return float((off * off).sum()) * faults / (faults - 1) / (total * total)


def effective_trials(events: Array, sizes: Array, confidence: float) -> float:
    """Return the number of independent trials that clusters are worth, between 1 and that of the predictions.

    Clusters of one prediction are independent trials. For all others see `clustered`.

    Args:
        events: float64 [M]: of each fault.
        sizes: float64 [M]: predictions of each fault.
        confidence: Two-sided.
    """
    faults, total = len(sizes), float(sizes.sum())
    p = float(events.sum()) / total
    if total == faults and bool((sizes == 1).all()):
        return float(faults)
    if min(int((events > 0).sum()), int((events < sizes).sum())) < FEW:
        return float(faults)
    variance = _variance(events, sizes)
    adjusted = (normal_quantile(confidence) / student_quantile(confidence, faults - 1)) ** 2
    return max(1.0, min(p * (1 - p) / variance * adjusted if variance > 0 else total, total))


def stratified(k: Array, n: Array, weights: Array, confidence: float) -> Estimate:
    """Return the rate over strata of known weights, with its profile-likelihood interval.

    The interval holds each rate sum(w p) for which some p_1 ... p_H have twice the log-likelihood ratio
    2 sum(k ln(p^ / p) + (n - k) ln((1 - p^) / (1 - p))) of at most z^2 (Wilks, Annals of Mathematical Statistics 9, 1938; for strata,
    Zhong and Rao, Biometrika 87, 2000, whose empirical likelihood of yes and no this is). Strata without events keep their say:
    where the usual variance would take them for certain, here the joint likelihood of all of them together bounds what they can
    hide, as the rule of three does for one, whatever their number: splitting a stratum does not widen the interval. Where no
    stratum has an event the interval is exact: the greatest sum(w p) with prod (1 - p)^n = (1 - confidence) / 2; that is
    3.69 max(w / n) at 0.95. Its coverage with events is tested: near the nominal, at worst 2 to 3 points below where strata that
    showed nothing expect one to three events.

    Args:
        k: [H]: events; need not be whole where `n` are effective numbers.
        n: [H]: trials, each above 0.
        weights: float64 [H]: shares of the strata; they sum to 1.
        confidence: Two-sided.

    Raises:
        ValueError: A stratum has no trials, or the weights do not sum to 1.
    """
    k, n, weights = (np.asarray(a, np.float64) for a in (k, n, weights))
    if not (n > 0).all() or abs(float(weights.sum()) - 1) > 1e-6:
        raise ValueError("each stratum needs trials, and the weights have to sum to 1")
    value = float((weights * k / n).sum())
    if not k.any():
        return Estimate(0.0, 0.0, _unseen(n, weights, confidence), "exact, strata without events")
    if (k >= n).all():
        return Estimate(1.0, 1 - _unseen(n, weights, confidence), 1.0, "exact, strata without events")
    high = _profile(k, n, weights, confidence)
    low = 1 - _profile(n - k, n, weights, confidence)
    return Estimate(value, max(low, 0.0), min(high, 1.0), "profile likelihood")


def stratified_clusters(event: Array, fault: Array, stratum: Array, weights: Array, confidence: float) -> Estimate:
    """Return the rate over strata from predictions of which several share a fault.

    Each stratum counts with its effective number of trials, as in `clustered`; its rate is that of its predictions.

    Args:
        event: bool [R].
        fault: int64 [R]: fault of each prediction, an index into `stratum`.
        stratum: int64 [F]: stratum of each fault.
        weights: float64 [H]: shares of the strata; they sum to 1.
        confidence: Two-sided.
    """
    sizes = np.bincount(fault, minlength=len(stratum)).astype(np.float64)
    events = np.bincount(fault, weights=event, minlength=len(stratum))
    used = sizes > 0
    n = np.zeros(len(weights))
    p = np.zeros(len(weights))
    for number in range(len(weights)):
        here = np.flatnonzero(used & (stratum == number))
        if len(here):
            n[number] = effective_trials(events[here], sizes[here], confidence)
            p[number] = events[here].sum() / sizes[here].sum()
    found = stratified(p * n, n, weights, confidence)
    return Estimate(found.value, found.low, found.high, f"{found.method}, faults as clusters")


def _unseen(n: Array, weights: Array, confidence: float) -> float:
    """Return the greatest sum(w p) for which no event in any stratum has the chance (1 - confidence) / 2.

    As for the profile: the p that are not 0 are 1 - n / (w m), with the m at which sum(n ln(w m / n)) is -ln of that chance.
    """
    budget = -math.log((1 - confidence) / 2)
    order = np.argsort(n / weights, kind="stable")
    ratio, size, share = (n / weights)[order], n[order], weights[order]
    # With the first j strata open: sum n (ln m - ln ratio) = budget.
    m = np.exp((budget + np.cumsum(size * np.log(ratio))) / np.cumsum(size))
    opened = int(np.flatnonzero(m > ratio)[-1]) + 1
    p = 1 - ratio[:opened] / m[opened - 1]
    return float((share[:opened] * p).sum())


def _profile(k: Array, n: Array, weights: Array, confidence: float) -> float:
    """Return the greatest sum(w p) whose likelihood ratio is within z^2.

    At the optimum w m p (1 - p) = n (p - p^) for one multiplier m of all strata; m is found by bisection of its logarithm.
    """
    limit = normal_quantile(confidence) ** 2
    rates = k / n
    most = _log_likelihood(k, n, rates)
    low, high = -60.0, 60.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        fits = 2 * (most - _log_likelihood(k, n, _raised(rates, n, weights, middle))) <= limit
        low, high = (middle, high) if fits else (low, middle)
    return float((weights * _raised(rates, n, weights, low)).sum())


def _raised(rates: Array, n: Array, weights: Array, log_multiplier: float) -> Array:
    """Return the root p in p^ ... 1 of w m p^2 - (w m - n) p - n p^ = 0, float64 [H]."""
    a = weights * math.exp(log_multiplier)
    b = a - n
    root = np.sqrt(b * b + 4 * a * n * rates)
    p = np.where(b >= 0, (b + root) / (2 * a), 2 * n * rates / np.where(root > b, root - b, 1.0))
    return np.clip(p, rates, 1.0)


def _log_likelihood(k: Array, n: Array, p: Array) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(k > 0, k * np.log(p), 0.0)
        missed = np.where(k < n, (n - k) * np.log1p(-p), 0.0)
    return float((seen + missed).sum())
