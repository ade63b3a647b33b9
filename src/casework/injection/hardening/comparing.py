"""Before and after: a parent's faults in its hardened child, and the figures of two campaigns side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from casework.injection.faults.fault_list import FaultList, FaultTensor
from casework.injection.hardening.harden import LINEAGE
from casework.injection.hardening.storage import held_in
from casework.injection.problem import InjectionProblem

COLUMNS: Final = (
    "measure", "target", "sdc_before", "sdc_after", "due_before", "due_after", "detected_after", "clean_flips",
)  # fmt: skip
"""Columns of the table `hardening` of a record."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a hardened model says of itself.

    Attributes:
        parent: SHA-256 of the parent's file.
        measures: Names of the measures, in order.
        data: Digest of the arrays that bounds come from.
        samples: Inputs in them.
    """

    parent: str
    measures: tuple[str, ...]
    data: str
    samples: int


def lineage_of(metadata: Mapping[str, str]) -> Lineage | None:
    """Return the lineage that a model's metadata hold, or None for a model that was not hardened.

    Raises:
        InjectionProblem: It cannot be read.
    """
    if LINEAGE not in metadata:
        return None
    try:
        held = held_in(metadata, LINEAGE)
        measures = tuple(str(m["measure"]) for m in held["measures"])
        return Lineage(str(held["parent"]), measures, str(held["data"]["sha256"]), int(held["data"]["samples"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InjectionProblem(
            f"the model's metadata {LINEAGE} cannot be read: {error}",
            "Harden the model again; do not edit its metadata.",
        ) from error


@dataclass(frozen=True, slots=True)
class Carried:
    """A parent's fault list for its hardened child.

    Attributes:
        faults: The faults whose tensors are there, for the child.
        missing: Tensors of the parent that the child does not have, with their numbers of faults: the runtime merged the operator
            that made them with what was inserted behind it.
    """

    faults: FaultList
    missing: dict[str, int]


def carried(
    faults: FaultList, lineage: Lineage, child: str, tensors: Collection[str], stored: Collection[FaultTensor] = ()
) -> Carried:
    """Return a parent's faults for its hardened child; tensors keep their names.

    A check of what is stored that the runtime computes while it loads leaves its result in the place of the stored tensor: the
    faults go there, and storage is believed to do the check.

    Args:
        faults: Drawn for the parent.
        lineage: The child's.
        child: SHA-256 of the child's file.
        tensors: Names of the child's targets.
        stored: Those of them that are stored, with their names in the file.

    Raises:
        InjectionProblem: The list is for another model than the child's parent.
    """
    if faults.model != lineage.parent:
        raise InjectionProblem(
            f"the fault list is for the model {faults.model[:12]}..., the hardened model comes from {lineage.parent[:12]}...",
            "Draw the list for the parent that the hardened model names.",
        )
    held = {(t.original, t.dtype, t.shape): t for t in stored}
    faults = replace(faults, tensors=tuple(_there(t, tensors, held) for t in faults.tensors))
    there = np.array([t.name in tensors for t in faults.tensors], bool)
    counts = np.bincount(faults.tensor, minlength=len(faults.tensors))
    kept = faults if bool(there.all()) else faults.take(np.flatnonzero(there[faults.tensor]))
    missing = {t.name: int(n) for t, n, kept_ in zip(faults.tensors, counts, there, strict=True) if not kept_ and n}
    return Carried(replace(kept, model=child), missing)


def _there(
    tensor: FaultTensor, names: Collection[str], held: Mapping[tuple[str, str, tuple[int, ...]], FaultTensor]
) -> FaultTensor:
    """Return the child's tensor that stands for a parent's: of the same name, else stored in the file under its name."""
    return tensor if tensor.name in names else held.get((tensor.original, tensor.dtype, tensor.shape), tensor)


def hardening_row(
    measures: Sequence[str], target: str, before: Mapping[str, float], after: Mapping[str, float], clean_flips: int
) -> tuple[Any, ...]:
    """Return a row of the table `hardening` from the metrics (by name, slice all) of two campaigns."""
    return (
        "+".join(measures), target, before["sdc_rate"], after["sdc_rate"], before["due_rate"], after["due_rate"],
        after["detected_rate"], clean_flips,
    )  # fmt: skip
