"""Random numbers by counter: number w of fault i is a function of (seed, i, w), whoever asks and in whatever order.

The generator is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014, figure 17): its output
number n from the state s is `mix(s + (n + 1) * GAMMA)`, so any output can be had without those before it. Ranges are mapped by the
high word of a product (Lemire: Fast random integer generation in an interval, TOMACS 2019) without rejection: the probability of
each value is off by less than 2^-32.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_WORD: Final = (1 << 64) - 1
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def mix(state: Array, spare: Array | None = None) -> Array:
    """Return the SplitMix64 outputs of states uint64 [N], computed in place; `spare` is room for N words."""
    spare = np.empty_like(state) if spare is None else spare
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        np.right_shift(state, np.uint64(shift), out=spare)
        np.bitwise_xor(state, spare, out=state)
        np.multiply(state, factor, out=state)
    np.right_shift(state, np.uint64(31), out=spare)
    return np.bitwise_xor(state, spare, out=state)


def mix_one(state: int) -> int:
    """Return the SplitMix64 output of one state."""
    return int(mix(np.array([state & _WORD], np.uint64))[0])


def key_of(*parts: int) -> int:
    """Return the state that a stream starts from: SplitMix64 taken over the parts in turn, such as (seed, stratum)."""
    state = 0
    for part in parts:
        state = mix_one((state ^ (part & _WORD)) + GAMMA)
    return state


def outputs(keys: Array, number: int | Array) -> Array:
    """Return output `number` of the streams that start from keys uint64 [N]."""
    if isinstance(number, int):
        return mix(keys + np.uint64((number + 1) * GAMMA & _WORD))
    return mix(keys + (number.astype(np.uint64) + np.uint64(1)) * np.uint64(GAMMA))


def below(words: Array, limit: int | Array) -> Array:
    """Map random words uint64 [N] to integers of [0, limit), uint64; limits are at most 2^32."""
    factor = np.uint64(limit) if isinstance(limit, int) else limit
    low = np.bitwise_and(words, _LOW)
    low *= factor
    low >>= _HALF
    high = np.right_shift(words, _HALF)
    high *= factor
    high += low
    high >>= _HALF
    return high


def below_by_high_half(words: Array, limit: int | Array) -> Array:
    """Map the upper halves of random words uint64 [N] to integers of [0, limit), uint64; limits are below 2^31."""
    high = np.right_shift(words, _HALF)
    high *= np.uint64(limit) if isinstance(limit, int) else limit
    high >>= _HALF
    return high


def below_by_low_half(words: Array, limit: int | Array) -> Array:
    """Map the lower halves of random words uint64 [N] to integers of [0, limit), uint64; limits are below 2^31."""
    low = np.bitwise_and(words, _LOW)
    low *= np.uint64(limit) if isinstance(limit, int) else limit
    low >>= _HALF
    return low


def unit_interval(words: Array) -> Array:
    """Map random words to float64 of [0, 1), multiples of 2^-53."""
    return np.asarray((words >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def distinct(keys: Array, limit: int, count: int) -> Array:
    """Return `count` distinct integers of [0, limit) for each stream, int64 [N, count], ascending.

    They are the first `count` different values that the stream gives; where more than half of the range is wanted, all but the
    first `limit - count` different values. Either way every subset is equally likely.
    """
    if count == limit:
        return np.broadcast_to(np.arange(limit, dtype=np.int64), (len(keys), limit))
    if 2 * count > limit:
        kept = np.ones((len(keys), limit), np.bool_)
        kept[np.arange(len(keys))[:, None], distinct(keys, limit, limit - count)] = False
        return np.nonzero(kept)[1].reshape(len(keys), count)
    chosen = np.empty((len(keys), count), np.int64)
    open_rows = np.arange(len(keys))
    drawn = count + 2 + count * count // limit
    while len(open_rows):
        done = _first_different(keys[open_rows], limit, count, drawn, chosen, open_rows)
        open_rows = open_rows[~done]
        drawn *= 2
    return chosen


def _first_different(keys: Array, limit: int, count: int, drawn: int, chosen: Array, rows: Array) -> Array:
    """Write the first `count` different values of each stream into its row of `chosen`, if `drawn` draws hold as many."""
    numbers = (np.arange(1, drawn + 1, dtype=np.uint64) * np.uint64(GAMMA))[None, :]
    values = below(mix(keys[:, None] + numbers), limit).astype(np.int64)
    order = np.argsort(values, axis=1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=1)
    first = np.ones(values.shape, np.bool_)
    np.put_along_axis(first, order[:, 1:], ascending[:, 1:] != ascending[:, :-1], axis=1)
    rank = np.cumsum(first, axis=1)
    done = np.asarray(rank[:, -1] >= count)
    wanted = (first & (rank <= count))[done]
    chosen[rows[done]] = np.sort(values[done][wanted].reshape(-1, count), axis=1)
    return done
