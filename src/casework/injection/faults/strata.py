"""Parts of all faults that are drawn from apart: by tensor, by bit, or by both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, assert_never

import numpy as np

from casework.injection.faults import counter, models
from casework.injection.faults.recipe import Recipe, Table, make_table, table

By = Literal["tensor", "bit", "tensor_bit"]


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of all faults within which the recipe's chances are even.

    Attributes:
        number: Position among the strata of the recipe; part of the ids of its faults.
        tensors: Positions in `recipe.tensors`; all of one element type unless `bits` is empty.
        bits: The bits (for bursts, the lowest bits); empty for all.
    """

    number: int
    tensors: tuple[int, ...]
    bits: tuple[int, ...] = ()


def strata(recipe: Recipe, by: By) -> tuple[Stratum, ...]:
    """Return the strata of a recipe, which cover all its faults without overlap; those without faults are not among them.

    By `bit`, tensors of different element types are apart, since bit 30 of a float32 is not what bit 30 of an int32 is. A model
    that does not choose bits has strata by tensor only.
    """
    positions = [int(position) for position in table(recipe).positions]
    bitwise = recipe.fault.kind in models.ONE_BIT or recipe.fault.kind == "burst"
    if not bitwise:
        by = "tensor" if by != "bit" else by
    parts: list[tuple[tuple[int, ...], tuple[int, ...]]]
    match by:
        case "tensor":
            parts = [((position,), ()) for position in positions]
        case "tensor_bit":
            parts = [((p,), (bit,)) for p in positions for bit in models.choices(recipe.fault, recipe.tensors[p].dtype)]
        case "bit":
            parts = _by_bit(recipe, positions) if bitwise else [(tuple(positions), ())]
        case _:
            assert_never(by)
    return tuple(Stratum(number, tensors, bits) for number, (tensors, bits) in enumerate(parts))


def _by_bit(recipe: Recipe, positions: list[int]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    types = dict.fromkeys(recipe.tensors[position].dtype for position in positions)
    return [
        (tuple(p for p in positions if recipe.tensors[p].dtype == dtype), (bit,))
        for dtype in types
        for bit in models.choices(recipe.fault, dtype)
    ]


def weight(recipe: Recipe, stratum: Stratum) -> float:
    """Return the chance that a fault of the recipe, drawn without strata, lies in the stratum."""
    every, part = table(recipe), stratum_table(recipe, stratum)
    of_tensor = np.ones(len(every.places)) if recipe.unit == "tensor" else every.places.astype(np.float64)
    of_tensor /= of_tensor.sum()
    rows = np.searchsorted(every.positions, part.positions)
    return float((of_tensor[rows] * part.choices / every.choices[rows]).sum())


def stratum_population(recipe: Recipe, stratum: Stratum) -> int:
    """Return the number of different (place, bit) of a stratum, inputs not counted; for kinds without bits, of places."""
    part = stratum_table(recipe, stratum)
    return int((part.places * part.choices).sum())


def stratum_key(recipe: Recipe, stratum: Stratum) -> int:
    """Return the state that the stratum's stream starts from: a function of the seed, its tensors and its bits."""
    return counter.key_of(recipe.seed, len(stratum.tensors), *stratum.tensors, *stratum.bits)


@lru_cache(maxsize=1 << 14)
def stratum_table(recipe: Recipe, stratum: Stratum) -> Table:
    """Return the table of a stratum's tensors."""
    return make_table(recipe, lambda _: stratum.bits or None, stratum.tensors)
