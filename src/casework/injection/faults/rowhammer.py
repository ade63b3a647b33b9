"""Rowhammer: a profile of the bits that flip in pages of memory, laid over the stored tensors."""

from __future__ import annotations

import numpy as np

from casework.injection.faults.bits import numpy_type
from casework.injection.faults.fault_list import EVERY_SAMPLE, FaultList
from casework.injection.faults.recipe import Recipe
from casework.injection.problem import InjectionProblem


def rowhammer(recipe: Recipe, ids: range) -> FaultList:
    """Return the faults of these positions in the profile: one flip each, there for every input.

    The recipe's tensors lie one after the other in memory, from the start of page 0, without gaps, little-endian.

    Raises:
        InjectionProblem: The profile has fewer bits.
    """
    model = recipe.fault
    if ids and ids[-1] >= len(model.pages):
        raise InjectionProblem(
            f"fault {ids[-1]} is wanted, and the rowhammer profile lists {len(model.pages)} bits",
            f"Set faults to {len(model.pages)} or fewer.",
        )
    sizes = np.array([numpy_type(t.dtype).itemsize for t in recipe.tensors], np.int64)
    shapes = np.array([np.prod(t.shape, dtype=np.int64) for t in recipe.tensors], np.int64)
    ends = np.cumsum(sizes * shapes)
    numbers = np.arange(ids.start, ids.stop, ids.step, dtype=np.int64)
    pages = np.array([model.pages[i] for i in ids], np.int64).reshape(-1, 2)
    at = pages[:, 0] * model.page_bytes * 8 + pages[:, 1]
    tensor = np.searchsorted(ends, at // 8, side="right")
    bit = at - (ends - sizes * shapes)[tensor] * 8
    index, shift = np.divmod(bit, sizes[tensor] * 8)
    return FaultList(
        recipe.model, recipe.tensors, numbers, tensor.astype(np.int32), np.arange(len(at) + 1, dtype=np.int64), index,
        np.uint64(1) << shift.astype(np.uint64), np.zeros(len(at), np.uint8), np.full(len(at), EVERY_SAMPLE, np.int64),
        numbers, recipe.persistence,
    )  # fmt: skip
