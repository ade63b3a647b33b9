"""Bootstrap by cluster: whole images are drawn, for objects of one image are not independent of each other.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 13.3 (percentile interval).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.options import OptionSpec
from casework.model.interval import upper_bound

Array = NDArray[Any]

RESAMPLE_OPTION: Final = OptionSpec(
    "resamples", "int", 200, "Bootstrap resamples of an interval.", low=20, high=100_000
)


def draws(count: int, resamples: int, seed: int, *keys: str) -> Array:
    """Return how often each of `count` clusters is drawn, float64 [resamples, count].

    The stream depends on the seed and the keys (such as the slice's text) alone, so it is the same in any process.
    """
    rng = np.random.default_rng([seed, *(zlib.crc32(k.encode()) for k in keys)])
    return rng.multinomial(count, np.full(count, 1.0 / count), size=resamples).astype(np.float64)


def percentile_interval(values: Sequence[float] | Array, confidence: float) -> tuple[float, float]:
    """Return the two-sided percentile interval of bootstrap values."""
    low, high = np.quantile(np.asarray(values, float), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def blind_margin(n: int, confidence: float) -> float:
    """Return the greatest rate that n trials without a single event leave open (Clopper-Pearson of 0 in n).

    A bootstrap of a sample without any variation gives an interval of no width, which claims certainty. Its limits are
    therefore moved out by this much.
    """
    return upper_bound(0, n, (1 + confidence) / 2)


def poisson_interval(k: int, exposure: float, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a Poisson rate: k events over an exposure (Garwood, Biometrika 28, 1936)."""
    from scipy.special import gammaincinv  # chi2.ppf(p, 2k) / 2; scipy.stats itself takes two seconds to import

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(gammaincinv(k, tail))
    return low / exposure, float(gammaincinv(k + 1, 1 - tail)) / exposure
