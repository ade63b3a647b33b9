"""From what, how, and by which chances the faults of a campaign are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from casework.injection.faults import bits, models
from casework.injection.faults.bits import numpy_type
from casework.injection.faults.fault_list import Array, FaultTensor, Persistence
from casework.injection.faults.models import BITFLIP, FaultModel
from casework.injection.problem import InjectionProblem

Unit = Literal["tensor", "element"]

_MOST: Final = 1 << 32
"""Places that can be drawn from: the reach of `counter.below`."""
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a drawn fault list follows from; it can be hashed and sent to workers.

    Attributes:
        model: SHA-256 of the original model file.
        tensors: Tensors that may be hit, in the order of the folded graph.
        fault: What happens there.
        unit: `tensor`: each tensor is hit equally often, and within it each place; `element`: each place of all tensors is. The two
            give different rates, so that a rate without its sampling unit means nothing.
        samples: Number of inputs; each fault strikes one, drawn uniformly. 0: each fault is there for every input.
        seed: Seed.
        persistence: What the faults model.
    """

    model: str
    tensors: tuple[FaultTensor, ...]
    fault: FaultModel = BITFLIP
    unit: Unit = "tensor"
    samples: int = 0
    seed: int = 0
    persistence: Persistence = "transient"

    def __post_init__(self) -> None:
        """Refuse what has no fault to draw.

        Raises:
            InjectionProblem: No tensor is selected or none fits the model, or a chosen bit exists in none.
        """
        if not self.tensors:
            raise InjectionProblem("no tensor is selected", "Widen target, tensors or operators.")
        _refuse_alien_bits(self)
        left = left_out(self)
        if len(left) == len(self.tensors):
            name, reason = next(iter(left.items()))
            more = f", and {len(left) - 1} others" if len(left) > 1 else ""
            raise InjectionProblem(
                f"no selected tensor can have the fault {self.fault.kind}: {name}: {reason}{more}",
                "Choose other tensors, or change the fault's parameters.",
            )
        if self.fault.kind == "rowhammer":
            _refuse_alien_pages(self)
        elif sum(models.places(self.fault, t) for t in self.tensors) > _MOST:
            raise InjectionProblem("the selected tensors have more than 2^32 elements", "Choose fewer tensors.")

    def as_options(self) -> dict[str, Any]:
        """Return the recipe as JSON values, without what is at its default: equal recipes have equal forms."""
        plain: dict[str, Any] = {
            "fault": self.fault.kind,
            "unit": self.unit,
            "samples": self.samples,
            "seed": self.seed,
        }
        for parameter in fields(self.fault):
            value = getattr(self.fault, parameter.name)
            if value != parameter.default:
                plain[parameter.name] = _plain(value)
        plain.pop("kind", None)
        plain["fault"] = self.fault.kind
        if "bits" in plain:
            plain["bits"] = ";".join(str(bit) for bit in sorted(set(self.fault.bits)))
        plain["persistence"] = self.persistence
        plain["tensors"] = [tensor.name for tensor in self.tensors]
        plain["model"] = self.model
        return plain


def _plain(value: Any) -> Any:
    """Return a parameter as a JSON value: what is not finite as text, pairs as lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [list(pair) if isinstance(pair, tuple) else pair for pair in value] if isinstance(value, tuple) else value


def left_out(recipe: Recipe) -> dict[str, str]:
    """Return the selected tensors that the fault model has no fault in, with the reason of each; for the record."""
    reasons = {tensor.name: models.unfit(recipe.fault, tensor) for tensor in recipe.tensors}
    return {name: reason for name, reason in reasons.items() if reason}


def population(recipe: Recipe) -> int:
    """Return how many different faults there are, inputs not counted, for kinds that can be listed.

    Raises:
        InjectionProblem: The model draws values or sets, which are not listed.
    """
    return sum(tensor_population(recipe, position) for position in table(recipe).positions)


def tensor_population(recipe: Recipe, position: int) -> int:
    """Return how many different faults `recipe.tensors[position]` has, inputs not counted."""
    model, tensor = recipe.fault, recipe.tensors[position]
    if not listable(recipe):
        raise InjectionProblem(
            f"the fault model {model.kind} has too many faults to go through them all",
            "Choose a number of faults, or a model of one site: bitflip, field, burst, stuck_at_0, stuck_at_1, zeros, set, row, "
            "column, channel, with amount 1.",
        )
    if models.unfit(model, tensor):
        return 0
    return models.places(model, tensor) * len(models.choices(model, tensor.dtype))


def listable(recipe: Recipe) -> bool:
    """True where a fault is a place and at most one choice of bits, so that all can be gone through."""
    model = recipe.fault
    kinds = (*models.ONE_BIT, "burst", "zeros", "set", *models.SLICES)
    return model.kind in kinds and model.amount == 1 and model.percent is None


class Table(NamedTuple):
    """What drawing needs of the tensors that fit, as arrays over them.

    Attributes:
        positions: int64 [T]: index into `recipe.tensors`.
        places: uint64 [T].
        ends: int64 [T]: running sum of places.
        choices: uint64 [T]: number of choices an element offers.
        masks: uint64 [T, most choices]: operand of each choice, for kinds of one bit or one burst.
    """

    positions: Array
    places: Array
    ends: Array
    choices: Array
    masks: Array


@lru_cache(maxsize=64)
def table(recipe: Recipe) -> Table:
    """Return the table of the tensors that fit."""
    return make_table(recipe, lambda _: None)


def make_table(recipe: Recipe, left: Callable[[str], tuple[int, ...] | None], only: tuple[int, ...] = ()) -> Table:
    """Return the table of the tensors that fit; of those in `only` where it is given.

    Args:
        recipe: The recipe.
        left: Maps an element type to the choices that are left of those of the fault model; None for all.
        only: Positions of tensors.
    """
    model, out = recipe.fault, left_out(recipe)
    positions = [i for i, t in enumerate(recipe.tensors) if t.name not in out and (not only or i in only)]
    found = [_chosen(model, recipe.tensors[i].dtype, left) for i in positions]
    kept = [(i, masks) for i, masks in zip(positions, found, strict=True) if len(masks)]
    places = np.array([models.places(model, recipe.tensors[i]) for i, _ in kept], np.uint64)
    rows = np.zeros((len(kept), max((len(masks) for _, masks in kept), default=0)), np.uint64)
    for row, (_, masks) in zip(rows, kept, strict=True):
        row[: len(masks)] = masks
    return Table(
        np.array([i for i, _ in kept], np.int64), places, np.cumsum(places).astype(np.int64),
        np.array([len(masks) for _, masks in kept], np.uint64), rows,
    )  # fmt: skip


def _chosen(model: FaultModel, dtype: str, left: Callable[[str], tuple[int, ...] | None]) -> Array:
    wanted = left(dtype)
    every = (
        models.masks(model, dtype) if model.kind in models.ONE_BIT or model.kind == "burst" else np.zeros(1, np.uint64)
    )
    if wanted is None:
        return every
    return every[[n for n, choice in enumerate(models.choices(model, dtype)) if choice in wanted]]


def stored_bytes(recipe: Recipe) -> int:
    """Return the bytes of the recipe's tensors, laid one after the other."""
    return sum(_bytes(tensor) for tensor in recipe.tensors)


def _bytes(tensor: FaultTensor) -> int:
    return math.prod(tensor.shape) * numpy_type(tensor.dtype).itemsize


def _refuse_alien_bits(recipe: Recipe) -> None:
    """Each chosen bit must exist in some selected tensor: a typing slip would otherwise shrink the campaign unseen."""
    model = recipe.fault
    if not model.bits:
        return
    known = [t for t in recipe.tensors if t.dtype in bits.dtypes()]
    widest = 32 if model.kind == "fixed_point" else max((bits.width(t.dtype) for t in known), default=0)
    alien = sorted(bit for bit in set(model.bits) if bit >= widest)
    if alien:
        raise InjectionProblem(
            f"bit {alien[0]} is beyond what is selected: {'; '.join(_held_bits(recipe)[:_SHOWN])}",
            f"Choose bits of 0 to {widest - 1}, 0 the lowest, such as {_example(widest)}."
            if widest
            else "Choose tensors that faults can be put into.",
        )


def _held_bits(recipe: Recipe) -> list[str]:
    """Return, for each element type that is selected, the bits that it has and the tensors that are of it."""
    named: dict[str, list[str]] = {}
    for tensor in recipe.tensors:
        named.setdefault(tensor.dtype, []).append(tensor.original)
    found = []
    for dtype, names in sorted(named.items()):
        if recipe.fault.kind == "fixed_point":
            has = "bits 0 to 31 as fixed point"
        else:
            has = f"bits 0 to {bits.width(dtype) - 1}" if dtype in bits.dtypes() else "no bits that can be hit"
        some = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        found.append(f"{dtype} has {has} ({some})")
    return found


def _example(width: int) -> str:
    return f"bits={width - 1}" if width < 16 else f"bits=0-7;{width - 2}"


def _refuse_alien_pages(recipe: Recipe) -> None:
    total, page_bits = stored_bytes(recipe) * 8, recipe.fault.page_bytes * 8
    for page, bit in recipe.fault.pages:
        if page * page_bits + bit >= total:
            raise InjectionProblem(
                f"the rowhammer profile lists bit {bit} of page {page}, and the selected tensors end in page "
                f"{max(total - 1, 0) // page_bits}",
                "Drop the bit, or select more stored tensors.",
            )
