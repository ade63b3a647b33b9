"""Faults that strike one inference together, at several tensors.

Three ways to choose them. `error_rate`: each value is hit with a probability, or each tensor is (`per`), as each run of an operator is in
TensorFI's mode errorRate. `dynamic_instance`: of each operator type one instance is hit, as in TensorFI's mode dynamicInstance.
`amount`: so many different elements of all tensors together, as TensorFI 2's layer states are when the whole model is the layer.

A group has at most one fault for each tensor, with all its sites there, and one input. A group that chance left without a site has one
fault without sites, so that it still counts as an inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, assert_never

import numpy as np

from casework.injection.faults import counter, models
from casework.injection.faults.fault_list import EVERY_SAMPLE, Array, FaultList, concat
from casework.injection.faults.recipe import Recipe, Table, table
from casework.injection.problem import InjectionProblem

Mode = Literal["error_rate", "dynamic_instance", "amount"]
Per = Literal["value", "tensor"]

_WORDS: Final = 4
_ELEMENTWISE: Final = (*models.BITWISE, "zeros", "random", "set", "byte", "word")


@dataclass(frozen=True, slots=True)
class GroupRecipe:
    """What groups of faults follow from.

    Attributes:
        recipe: Tensors, fault model, inputs and seed. Its sampling unit has no say; its amount is that of each tensor hit.
        mode: How sites are chosen.
        rate: Probability of `error_rate`.
        per: What the rate is of.
        amount: Elements of all tensors together, for `amount`.
        operators: Operator type of each of the recipe's tensors, for `dynamic_instance`.
    """

    recipe: Recipe
    mode: Mode
    rate: float = 0.0
    per: Per = "value"
    amount: int = 1
    operators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no group to draw.

        Raises:
            InjectionProblem: The rate is no probability, or the fault model does not act on single elements.
        """
        if self.mode == "error_rate" and not 0 < self.rate <= 1:
            raise InjectionProblem(f"the error rate is {self.rate:g}", "Set rate to more than 0 and at most 1.")
        if self.flat and self.recipe.fault.kind not in _ELEMENTWISE:
            raise InjectionProblem(
                f"the fault model {self.recipe.fault.kind} does not act on single values",
                f"Choose one of {', '.join(_ELEMENTWISE)}, or hit whole tensors.",
            )
        found = int(table(self.recipe).ends[-1])
        if not 1 <= self.amount <= found:
            raise InjectionProblem(
                f"amount is {self.amount}, and the selected tensors have {found} elements",
                f"Set amount to 1 or more, and at most {found}.",
            )
        if self.flat and (self.recipe.fault.amount != 1 or self.recipe.fault.percent is not None):
            raise ValueError("values that are chosen one by one are hit one by one: the fault model's amount is 1")
        if self.mode == "dynamic_instance" and len(self.operators) != len(self.recipe.tensors):
            raise ValueError("each tensor needs its operator")

    @property
    def flat(self) -> bool:
        """True where sites are chosen among the elements of all tensors as one."""
        return self.mode == "amount" or (self.mode == "error_rate" and self.per == "value")


def generate_groups(plan: GroupRecipe, ids: range) -> FaultList:
    """Return the faults of these groups; group i depends on the seed and i alone. Groups ascend, and within them tensors.

    The id of a fault is `group * number of tensors + position of its tensor`.
    """
    numbers = np.arange(ids.start, ids.stop, ids.step, dtype=np.int64)
    streams = _words(plan.recipe, numbers, 3)
    hit = _flat_faults(plan, numbers, streams) if plan.flat else _tensor_faults(plan, numbers, streams)
    whole = concat([hit, _without_sites(plan.recipe, np.setdiff1d(numbers, hit.group))])
    return _with_inputs(plan.recipe, whole.take(np.argsort(whole.ids, kind="stable")))


def group_bounds(faults: FaultList) -> Array:
    """Return where the groups of a list begin and the last one ends, int64 [G + 1].

    Raises:
        InjectionProblem: Faults of a group are apart, or strike different inputs.
    """
    change = np.diff(faults.group) != 0
    bounds = np.concatenate([[0], np.flatnonzero(change) + 1, [len(faults)]]) if len(faults) else np.zeros(1, np.int64)
    heads = faults.group[bounds[:-1]]
    if len(np.unique(heads)) != len(heads):
        group = int(np.flatnonzero(np.bincount(np.unique(heads, return_inverse=True)[1]) > 1)[0])
        raise InjectionProblem(
            f"the faults of group {np.unique(heads)[group]} do not follow each other", "Sort the list by group."
        )
    mixed = np.flatnonzero(~change & (np.diff(faults.sample) != 0)) if len(faults) else np.empty(0, np.int64)
    if len(mixed):
        raise InjectionProblem(
            f"the faults of group {faults.group[mixed[0]]} strike different inputs", "Give a group one input."
        )
    return bounds.astype(np.int64)


def group_rows(faults: FaultList, bounds: Array, samples: int) -> tuple[Array, Array]:
    """Return the injected predictions of groups: position of the group among `bounds`, and input, both int64 [R].

    A group that is there for every input has as many predictions as there are inputs, in their order.
    """
    struck = faults.sample[bounds[:-1]]
    counts = np.where(struck == EVERY_SAMPLE, samples, 1)
    group = np.repeat(np.arange(len(struck)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(struck) else np.zeros(0, np.int64)
    sample = np.where(struck[group] == EVERY_SAMPLE, np.arange(len(group)) - first[group], struck[group])
    return group, sample.astype(np.int64)


def _words(recipe: Recipe, numbers: Array, word: int) -> Array:
    keys = np.full(len(numbers), counter.key_of(recipe.seed), np.uint64)
    return counter.outputs(keys, numbers * _WORDS + word)


def _with_inputs(recipe: Recipe, faults: FaultList) -> FaultList:
    sample = np.full(len(faults), EVERY_SAMPLE, np.int64)
    if recipe.samples:
        sample = counter.below_by_low_half(_words(recipe, faults.group, 0), recipe.samples).view(np.int64)
    return FaultList(
        faults.model, faults.tensors, faults.ids, faults.tensor, faults.starts, faults.index, faults.operand, faults.op,
        sample, faults.group, faults.persistence,
    )  # fmt: skip


def _listed(recipe: Recipe, group: Array, tensor: Array, sites: models.Sites) -> FaultList:
    starts = np.concatenate([[0], np.cumsum(sites.counts)]).astype(np.int64)
    ids = group * len(recipe.tensors) + tensor
    op = np.full(len(group), recipe.fault.op, np.uint8)
    sample = np.full(len(group), EVERY_SAMPLE, np.int64)
    return FaultList(
        recipe.model, recipe.tensors, ids, tensor.astype(np.int32), starts, sites.index, sites.operand, op, sample, group,
        recipe.persistence,
    )  # fmt: skip


def _without_sites(recipe: Recipe, groups: Array) -> FaultList:
    nothing = models.Sites(np.zeros(len(groups), np.int64), np.empty(0, np.int64), np.empty(0, np.uint64))
    first = int(table(recipe).positions[0])
    return _listed(recipe, groups, np.full(len(groups), first, np.int64), nothing)


def _flat_faults(plan: GroupRecipe, numbers: Array, streams: Array) -> FaultList:
    """Return the faults of groups whose sites are chosen among the elements of all tensors as one."""
    recipe, found = plan.recipe, table(plan.recipe)
    total = int(found.ends[-1])
    keys = counter.outputs(streams, 0)
    if plan.mode == "amount":
        at = counter.distinct(keys, total, plan.amount)
        counts = np.full(len(numbers), at.shape[1], np.int64)
        places = at.reshape(-1)
    else:
        counts, places = _bernoulli(keys, total, plan.rate)
    within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    words = counter.outputs(np.repeat(counter.outputs(streams, 1), counts), within)
    row = np.searchsorted(found.ends, places, side="right")
    index = places - (found.ends - found.places.astype(np.int64))[row]
    tensor, group = found.positions[row], np.repeat(numbers, counts)
    operand = _operands_of(recipe, found, row, words)
    heads = (
        np.flatnonzero(np.r_[True, (np.diff(tensor) != 0) | (np.diff(group) != 0)])
        if len(places)
        else np.empty(0, np.int64)
    )
    sites = models.Sites(np.diff(np.r_[heads, len(places)]), index, operand)
    return _listed(recipe, group[heads], tensor[heads], sites)


def _operands_of(recipe: Recipe, found: Table, row: Array, words: Array) -> Array:
    types = [recipe.tensors[int(position)].dtype for position in found.positions]
    operand = np.empty(len(words), np.uint64)
    for dtype in dict.fromkeys(types):
        mine = np.isin(row, [number for number, other in enumerate(types) if other == dtype])
        operand[mine] = models.operands(recipe.fault, dtype, words[mine])
    return operand


def _bernoulli(keys: Array, total: int, rate: float) -> tuple[Array, Array]:
    """Return how many of `total` places each stream hits where each is hit with probability `rate`, and which, ascending.

    The gaps between hits are geometric: floor(log(u) / log(1 - rate)) places are passed over (Devroye, Non-Uniform Random Variate
    Generation, 1986, X.2).
    """
    if rate >= 1:
        return np.full(len(keys), total), np.tile(np.arange(total), len(keys))
    mean = total * rate
    drawn = int(mean + 6 * np.sqrt(mean) + 8)
    pieces = np.array_split(keys, max(1, len(keys) * drawn >> 20))
    places = [at for piece in pieces for at in _gaps(piece, total, rate, drawn)]
    counts = np.array([len(at) for at in places], np.int64)
    return counts, np.concatenate([*places, np.empty(0, np.int64)])


def _gaps(keys: Array, total: int, rate: float, drawn: int) -> list[Array]:
    chance = 1.0 - counter.unit_interval(counter.outputs(keys[:, None], np.arange(drawn)[None, :]))
    gaps = np.minimum(np.log(chance) / np.log1p(-rate), float(total)).astype(np.int64)
    at = np.cumsum(gaps + 1, axis=1) - 1
    return [
        row[row < total] if row[-1] >= total else _gaps(keys[number : number + 1], total, rate, 2 * drawn)[0]
        for number, row in enumerate(at)
    ]


def _tensor_faults(plan: GroupRecipe, numbers: Array, streams: Array) -> FaultList:
    """Return the faults of groups whose tensors are chosen first."""
    recipe, found = plan.recipe, table(plan.recipe)
    hit = _hit_tensors(plan, found, streams)
    parts = []
    for row, position in enumerate(found.positions):
        mine = np.flatnonzero(hit[:, row])
        keys = counter.outputs(counter.outputs(streams[mine], 1), int(position))
        place = counter.below(counter.outputs(keys, 2), int(found.places[row])).astype(np.int64)
        sites = models.compile_sites(recipe.fault, recipe.tensors[int(position)], place, keys)
        parts.append(_listed(recipe, numbers[mine], np.full(len(mine), position, np.int64), sites))
    return concat(parts)


def _hit_tensors(plan: GroupRecipe, found: Table, streams: Array) -> Array:
    """Return which tensors each group hits, bool [groups, tensors that fit]."""
    keys = counter.outputs(streams, 0)
    match plan.mode:
        case "error_rate":
            words = counter.outputs(keys[:, None], found.positions[None, :])
            return np.asarray(counter.unit_interval(words) < plan.rate)
        case "dynamic_instance":
            types = np.array([plan.operators[int(position)] for position in found.positions])
            hit = np.zeros((len(keys), len(types)), np.bool_)
            for number, name in enumerate(dict.fromkeys(types.tolist())):
                instances = np.flatnonzero(types == name)
                chosen = counter.below(counter.outputs(keys, number), len(instances)).astype(np.int64)
                hit[np.arange(len(keys)), instances[chosen]] = True
            return hit
        case "amount":
            raise ValueError("amounts are chosen among all elements")
        case _:
            assert_never(plan.mode)
