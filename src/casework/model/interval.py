"""Exact binomial confidence bounds in plain arithmetic, so that the gate needs no statistics library.

Source: Clopper and Pearson, Biometrika 26 (1934); the bounds are quantiles of the beta distribution. The regularised
incomplete beta function follows the continued fraction of NIST DLMF 8.17.22, evaluated by Lentz's method.
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300


def _continued_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    result = d
    for m in range(1, 2000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            result *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return result


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log_front) * _continued_fraction(a, b, x) / a
    return 1.0 - math.exp(log_front) * _continued_fraction(b, a, 1.0 - x) / b


def beta_quantile(p: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = p, by bisection to the last bit that matters (absolute error below 1e-13)."""
    low, high = 0.0, 1.0
    while high - low > 1e-14:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if incomplete_beta(a, b, middle) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@lru_cache(maxsize=4096)
def lower_bound(k: int, n: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson lower bound of k events in n trials at the given confidence."""
    return 0.0 if k == 0 else beta_quantile(1.0 - confidence, k, n - k + 1)


@lru_cache(maxsize=4096)
def upper_bound(k: int, n: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson upper bound of k events in n trials at the given confidence."""
    return 1.0 if k == n else beta_quantile(confidence, k + 1, n - k)


def zero_failure_samples(rate: float, confidence: float) -> int:
    """Return the smallest n for which zero failures in n trials show a rate of at most `rate`.

    From (1 - rate)^n <= 1 - confidence; about 3 / rate at 95 % (the rule of three).
    """
    return math.ceil(math.log(1.0 - confidence) / math.log1p(-rate))
