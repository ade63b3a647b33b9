"""Draws faults by counter, within strata too, and goes through all there are.

Fault i owns the outputs 4 i to 4 i + 3 of the SplitMix64 generator that starts from `key_of(seed)`: number 0 chooses the tensor (upper
half, with the sampling unit `tensor`) and the input (lower half), number 1 the place in the tensor, or among all places with the
unit `element`, number 2 the bit (upper half); number 3 is the start of a stream of its own for faults that need more. So a fault
depends on the seed and its number alone: lists can be drawn in parts, in any order, and made longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from casework.artifact.digest import jcs_digest
from casework.injection.faults import counter, models
from casework.injection.faults.fault_list import EVERY_SAMPLE, Array, FaultList, concat
from casework.injection.faults.recipe import Recipe, Table, population, stored_bytes, table, tensor_population
from casework.injection.faults.rowhammer import rowhammer
from casework.injection.faults.strata import Stratum, stratum_key, stratum_table

__all__ = ["Recipe", "Stratum", "exhaustive", "exhaustive_digest", "generate", "generate_in", "stored_bytes"]

_WORDS: Final = 4
_BLOCK: Final = 1 << 14
"""Faults drawn at a time: the words of a block stay in the processor's second-level cache."""
_STRATUM_IDS: Final = 32
CHUNK: Final = 1 << 18


def generate(recipe: Recipe, ids: range) -> FaultList:
    """Return the faults of these numbers; each is the same in whatever range it is drawn.

    Raises:
        InjectionProblem: A rowhammer profile has fewer bits than that.
    """
    if recipe.fault.kind == "rowhammer":
        return rowhammer(recipe, ids)
    return _drawn(recipe, table(recipe), counter.key_of(recipe.seed), ids, 0)


def generate_in(recipe: Recipe, strata: Sequence[Stratum], ranges: Sequence[range]) -> FaultList:
    """Return faults of strata: of each stratum those numbered by its range.

    Fault j of a stratum depends on the seed, the stratum's tensors and bits, and j alone. Its id is
    `stratum.number * 2^32 + j`, so that parts drawn in stages do not clash.
    """
    parts = [
        _drawn(
            recipe, stratum_table(recipe, stratum), stratum_key(recipe, stratum), ids, stratum.number << _STRATUM_IDS
        )
        for stratum, ids in zip(strata, ranges, strict=True)
        if len(ids)
    ]
    return concat(parts) if parts else generate(recipe, range(0))


def exhaustive(recipe: Recipe, position: int, chunk: int = CHUNK) -> Iterator[FaultList]:
    """Go through all faults of `recipe.tensors[position]`, each for every input, by place and then by bit.

    Ids number the faults of all tensors in order. Nothing is yielded for a tensor that the model does not fit.

    Raises:
        InjectionProblem: The fault model draws values or sets, which cannot be gone through.
    """
    first = sum(tensor_population(recipe, before) for before in range(position))
    total = tensor_population(recipe, position)
    for start in range(0, total, chunk):
        yield _listed(recipe, position, first, range(start, min(start + chunk, total)))


def exhaustive_digest(recipe: Recipe) -> str:
    """Return a SHA-256 that names the list of all faults of a recipe without listing it.

    Hashed is the canonical JSON (RFC 8785) of what `exhaustive` follows from: model, fault model, persistence, and the tensors with their
    element types and shapes. Seed, sampling unit and inputs have no say.
    """
    plain = recipe.as_options()
    for drawn in ("seed", "unit", "samples"):
        del plain[drawn]
    tensors = [[t.name, t.original, t.kind, t.dtype, list(t.shape)] for t in recipe.tensors]
    named = {"format": "casework/fault-list/exhaustive/v1", "faults": population(recipe)}
    return jcs_digest(plain | named | {"tensors": tensors})


def _listed(recipe: Recipe, position: int, first: int, numbers: range) -> FaultList:
    model, tensor = recipe.fault, recipe.tensors[position]
    number = np.arange(numbers.start, numbers.stop, dtype=np.int64)
    per_place = len(models.choices(model, tensor.dtype))
    place, choice = (number, None) if per_place == 1 else np.divmod(number, per_place)
    ids = number + first
    if model.kind in models.BITWISE:
        masks = models.masks(model, tensor.dtype)
        operand = np.full(len(number), masks[0], np.uint64) if choice is None else masks[choice]
        sites = models.Sites(np.ones(len(number), np.int64), place, operand)
    else:
        sites = models.compile_sites(model, tensor, place, np.zeros(len(number), np.uint64))
    every = np.full(len(number), EVERY_SAMPLE, np.int64)
    return _assembled(recipe, ids, np.full(len(number), position, np.int32), sites, every)


def _assembled(recipe: Recipe, ids: Array, tensor: Array, sites: models.Sites, sample: Array) -> FaultList:
    starts = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(sites.counts, out=starts[1:])
    op = np.full(len(ids), recipe.fault.op, np.uint8)
    return FaultList(
        recipe.model,
        recipe.tensors,
        ids,
        tensor,
        starts,
        sites.index,
        sites.operand,
        op,
        sample,
        ids,
        recipe.persistence,
    )


class _Draw:
    """What a block of faults is drawn with, made once."""

    def __init__(self, recipe: Recipe, found: Table, key: int, step: int) -> None:
        self.recipe = recipe
        self.table = found
        self.key = key
        self.steps = np.arange(_BLOCK, dtype=np.uint64) * np.uint64(step * _WORDS * counter.GAMMA & (1 << 64) - 1)
        self.spare = np.empty(_BLOCK, np.uint64)
        self.one_row = len(np.unique(found.choices)) == 1 and bool((found.masks == found.masks[0]).all())

    def words(self, first: int, size: int, number: int) -> Array:
        """Return output `number` of the faults first, first + step, ..."""
        state = self.key + (_WORDS * first + number + 1) * counter.GAMMA
        words = self.steps[:size] + np.uint64(state & (1 << 64) - 1)
        return counter.mix(words, self.spare[:size])

    def where(self, first: int, size: int, chance: Array) -> tuple[Array, Array]:
        """Return (row of the table, place) of a block, given its words 0."""
        found, place = self.table, self.words(first, size, 1)
        if len(found.positions) == 1:
            return np.zeros(size, np.int64), counter.below(place, int(found.places[0])).view(np.int64)
        if self.recipe.unit == "tensor":
            row = counter.below_by_high_half(chance, len(found.positions)).view(np.int64)
            return row, counter.below(place, found.places[row]).view(np.int64)
        at = counter.below(place, int(found.ends[-1])).view(np.int64)
        row = np.searchsorted(found.ends, at, side="right")
        at -= (found.ends - found.places.view(np.int64))[row]
        return row, at

    def samples(self, chance: Array) -> Array | int:
        """Return the inputs struck, given words 0."""
        if not self.recipe.samples:
            return EVERY_SAMPLE
        return counter.below_by_low_half(chance, self.recipe.samples).view(np.int64)

    def operands(self, first: int, size: int, row: Array) -> Array:
        """Return the operand of each fault of one bit."""
        word = self.words(first, size, 2)
        if self.one_row:
            choice = counter.below_by_high_half(word, int(self.table.choices[0]))
            return np.asarray(self.table.masks[0].take(choice.view(np.int64)))
        choice = counter.below_by_high_half(word, self.table.choices[row])
        return np.asarray(self.table.masks[row, choice.view(np.int64)])


def _drawn(recipe: Recipe, found: Table, key: int, ids: range, first_id: int) -> FaultList:
    size = len(ids)
    if ids and (ids[0] < 0 or ids.step < 1):
        raise ValueError(f"fault numbers ascend from 0: {ids}")
    tensor, sample = np.empty(size, np.int32), np.empty(size, np.int64)
    single = recipe.fault.single
    index, operand = np.empty(size, np.int64), np.empty(size if single else 0, np.uint64)
    draw = _Draw(recipe, found, key, ids.step)
    positions = found.positions.astype(np.int32)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        block, first = slice(start, stop), ids[start]
        chance = draw.words(first, stop - start, 0)
        row, index[block] = draw.where(first, stop - start, chance)
        positions.take(row, out=tensor[block])
        sample[block] = draw.samples(chance)
        if single:
            operand[block] = draw.operands(first, stop - start, row)
    numbers = np.arange(first_id + ids.start, first_id + ids.stop, ids.step, dtype=np.int64)
    if not single:
        return _with_sites(recipe, draw, ids, numbers, tensor, index, sample)
    op = np.full(size, recipe.fault.op, np.uint8)
    starts = np.arange(size + 1, dtype=np.int64)
    return FaultList(
        recipe.model, recipe.tensors, numbers, tensor, starts, index, operand, op, sample, numbers, recipe.persistence
    )


def _with_sites(
    recipe: Recipe, draw: _Draw, ids: range, numbers: Array, tensor: Array, place: Array, sample: Array
) -> FaultList:
    """Compile faults of several sites: tensor by tensor, then put back into the order of their numbers."""
    keys = np.concatenate(
        [draw.words(ids[s], min(_BLOCK, len(ids) - s), 3) for s in range(0, len(ids), _BLOCK)]
        or [np.empty(0, np.uint64)]
    )
    parts, rows = [], []
    for position in np.unique(tensor):
        mine = np.flatnonzero(tensor == position)
        sites = models.compile_sites(recipe.fault, recipe.tensors[position], place[mine], keys[mine])
        parts.append(_assembled(recipe, numbers[mine], tensor[mine], sites, sample[mine]))
        rows.append(mine)
    if not parts:
        nothing = models.Sites(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint64))
        return _assembled(recipe, numbers, tensor, nothing, sample)
    whole = concat(parts)
    return whole if len(parts) == 1 else whole.take(np.argsort(np.concatenate(rows), kind="stable"))
