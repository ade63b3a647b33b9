"""Random numbers by counter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.faults import counter

# First outputs of the reference implementation (Vigna, https://prng.di.unimi.it/splitmix64.c) from these states.
KNOWN = {
    1234567: (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821),
    0: (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC, 0x1B39896A51A8749B),
}


def splitmix64(state: int, number: int) -> int:
    z = (state + (number + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_outputs_are_those_of_the_reference() -> None:
    for state, outputs in KNOWN.items():
        keys = np.full(len(outputs), state, np.uint64)
        assert tuple(counter.outputs(keys, np.arange(len(outputs))).tolist()) == outputs
        assert tuple(splitmix64(state, n) for n in range(len(outputs))) == outputs


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_any_output_is_had_without_those_before(state: int, number: int) -> None:
    assert int(counter.outputs(np.array([state], np.uint64), number)[0]) == splitmix64(state, number)


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**32))
def test_ranges_are_the_high_word_of_a_product(word: int, limit: int) -> None:
    words = np.array([word], np.uint64)
    assert int(counter.below(words, limit)[0]) == word * limit >> 64
    assert int(counter.below(words, np.array([limit], np.uint64))[0]) == word * limit >> 64
    assert int(words[0]) == word
    if limit < 2**31:
        assert int(counter.below_by_high_half(words, limit)[0]) == (word >> 32) * limit >> 32
        assert int(counter.below_by_low_half(words, limit)[0]) == (word % 2**32) * limit >> 32


@given(st.integers(0, 2**64 - 1), st.integers(1, 60), st.data())
def test_distinct_values_are_the_first_different_ones(state: int, limit: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, limit))
    keys = np.array([state, state ^ 99], np.uint64)
    found = counter.distinct(keys, limit, count)
    for key, row in zip(keys.tolist(), found.tolist(), strict=True):
        assert row == first_different(key, limit, count)


def first_different(key: int, limit: int, count: int) -> list[int]:
    if 2 * count > limit:
        without = set(first_different(key, limit, limit - count)) if count < limit else set()
        return [value for value in range(limit) if value not in without]
    seen: dict[int, None] = {}
    number = 0
    while len(seen) < count:
        seen[splitmix64(key, number) * limit >> 64] = None
        number += 1
    return sorted(seen)


def test_every_subset_is_equally_likely() -> None:
    from scipy.stats import chisquare

    keys = counter.outputs(np.full(12000, 7, np.uint64), np.arange(12000))
    for count in (2, 4):
        sets, seen = np.unique(counter.distinct(keys, 6, count), axis=0, return_counts=True)
        assert len(sets) == 15
        assert chisquare(seen).pvalue > 0.001


def test_keys_differ_by_every_part_and_its_place() -> None:
    keys = {counter.key_of(*parts) for parts in ((1,), (2,), (1, 2), (2, 1), (1, 2, 0), (0, 1, 2))}
    assert len(keys) == 6
