"""Holds a fault list against the model it is to strike."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from casework.injection.faults import bits
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, Array, FaultList, FaultTensor
from casework.injection.problem import InjectionProblem


class Hittable(Protocol):
    """What is asked of a tensor of the model; targets of the network have it, and so have tensors of fault lists."""

    @property
    def name(self) -> str:
        """Name in the folded graph."""

    @property
    def original(self) -> str:
        """Name in the model file."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def dtype(self) -> str:
        """Numpy name of its element type."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample for what an inference computes, whole for what is stored."""


def fault_tensor(target: Hittable) -> FaultTensor:
    """Return a target as a tensor of a fault list."""
    return FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)


def check(faults: FaultList, targets: Sequence[Hittable], samples: int, model: str, source: str = "") -> FaultList:
    """Return the list with its tensors as the model has them; refuse one that does not fit.

    Args:
        faults: The list, read from a file or made.
        targets: All tensors that can be hit.
        samples: Number of inputs.
        model: SHA-256 of the model file.
        source: File that the list comes from, for messages: `faults.jsonl` gives `faults.jsonl:17`.

    Raises:
        InjectionProblem: The list is of another model; a tensor is not known or of another type; ids do not ascend; an index, a
            bit or an input is out of range; an element stands twice in one fault.
    """
    if faults.model != model:
        raise InjectionProblem(
            f"{source or 'the fault list'} is for the model {_short(faults.model)}, and this is {_short(model)}",
            "Draw a new list for this model, or choose the model that the list was drawn for; if this model was hardened from "
            "that one, name that one by option against=PARENT.",
        )
    where = _Places(faults, source)
    found = _resolved(faults, targets, where)
    where.refuse_first(
        np.flatnonzero(np.diff(faults.ids) <= 0) + 1,
        lambda f: f"the id {faults.ids[f]} does not ascend",
        "Number faults upwards.",
    )
    where.refuse_first(
        np.flatnonzero((faults.sample < EVERY_SAMPLE) | (faults.sample >= samples)),
        lambda f: f"input {faults.sample[f]} is struck, and there are {samples} inputs, numbered from 0", "Mend the sample.",
    )  # fmt: skip
    where.refuse_first(
        np.flatnonzero(faults.op >= len(OPS)), lambda f: f"operation {faults.op[f]} is not known", "Mend it."
    )
    _check_sites(faults, found, where)
    return replace(faults, tensors=found)


def _short(digest: str) -> str:
    return digest[:12] or "without a digest"


@dataclass(frozen=True, slots=True)
class _Places:
    """Where faults stand, for messages."""

    faults: FaultList
    source: str

    def of(self, position: int) -> str:
        if self.source.endswith(".parquet"):
            return f"{self.source}, row {position}: "
        return f"{self.source}:{position + 2}: " if self.source else f"fault {self.faults.ids[position]}: "

    def refuse_first(self, positions: Array, message: Callable[[int], str], fix: str) -> None:
        if len(positions):
            first = int(positions[0])
            raise InjectionProblem(self.of(first) + message(first), fix)


def _resolved(faults: FaultList, targets: Sequence[Hittable], where: _Places) -> tuple[FaultTensor, ...]:
    """Return the list's tensors as the model has them, by their name in the folded graph or else in the file."""
    named = {target.name: target for target in targets}
    originals: dict[str, list[Hittable]] = {}
    for target in targets:
        originals.setdefault(target.original, []).append(target)
    found = []
    for number, tensor in enumerate(faults.tensors):
        known = named.get(tensor.name) or next(iter(originals.get(tensor.name, ())), None)
        hit = np.flatnonzero(faults.tensor == number)
        if known is None:
            if len(hit):
                _refuse_name(tensor.name, [*named, *originals], where.of(int(hit[0])))
            found.append(tensor)
            continue
        if known.dtype != tensor.dtype and len(hit):
            raise InjectionProblem(
                f"{where.of(int(hit[0]))}{tensor.name} has elements of type {known.dtype}, and the list says {tensor.dtype}",
                "Mend the dtype and the operands, or draw a new list.",
            )
        found.append(fault_tensor(known))
    return tuple(found)


def _refuse_name(name: str, known: list[str], place: str) -> None:
    near = difflib.get_close_matches(name, dict.fromkeys(known), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Choose one of the model's {len(set(known))} tensors."
    raise InjectionProblem(f"{place}the model has no tensor {name}", hint)


def _check_sites(faults: FaultList, tensors: tuple[FaultTensor, ...], where: _Places) -> None:
    counts = np.diff(faults.starts)
    fault = np.arange(len(faults)) if faults.single else np.repeat(np.arange(len(faults)), counts)
    elements = np.array([math.prod(t.shape) for t in tensors] or [0], np.int64)[faults.tensor[fault]]
    beyond = np.flatnonzero((faults.index < 0) | (faults.index >= elements))
    if len(beyond):
        site = int(beyond[0])
        name = tensors[int(faults.tensor[fault[site]])].name
        raise InjectionProblem(
            f"{where.of(int(fault[site]))}index {faults.index[site]} is beyond {name}, which has {elements[site]} elements",
            f"Choose an index of 0 to {elements[site] - 1}.",
        )
    _check_operands(faults, tensors, fault, where)
    if not faults.single:
        twice = _twice(faults.index, fault)
        where.refuse_first(twice, lambda _: "an element stands twice in one fault", "Merge its operands into one.")


def _check_operands(faults: FaultList, tensors: tuple[FaultTensor, ...], fault: Array, where: _Places) -> None:
    """Refuse bits that the element does not have. `and` masks may have ones in all of the memory that an element takes."""
    known = [tensor.dtype in bits.dtypes() for tensor in tensors]
    struck = np.flatnonzero(~np.array(known or [True])[faults.tensor])
    where.refuse_first(
        struck,
        lambda f: f"faults cannot be put into elements of type {tensors[faults.tensor[f]].dtype}",
        "Drop the fault.",
    )
    logical = np.array([bits.width(t.dtype) if ok else 64 for t, ok in zip(tensors, known, strict=True)] or [64])
    memory = np.array(
        [8 * bits.numpy_type(t.dtype).itemsize if ok else 64 for t, ok in zip(tensors, known, strict=True)] or [64]
    )
    op, of = faults.op[fault], faults.tensor[fault]
    width = np.where(op == OPS.index("and"), memory[of], logical[of])
    width = np.where(op == OPS.index("fixed_xor"), 32, np.where(op >= OPS.index("add"), 64, width))
    beyond = np.flatnonzero((width < 64) & (faults.operand >> np.minimum(width, 63).astype(np.uint64) != 0))
    if len(beyond):
        site = int(beyond[0])
        position = int(fault[site])
        struck_one = tensors[int(faults.tensor[position])]
        raise InjectionProblem(
            f"{where.of(position)}bit {int(faults.operand[site]).bit_length() - 1} is beyond an element of {struck_one.original}, of "
            f"type {struck_one.dtype}, which has {width[site]} bits for {OPS[int(op[site])]}",
            f"Choose bits of 0 to {width[site] - 1}.",
        )


def _twice(index: Array, fault: Array) -> Array:
    """Return the faults that name an element more than once."""
    if bool(((np.diff(index) > 0) | (np.diff(fault) > 0)).all()):
        return np.empty(0, np.int64)
    order = np.lexsort((index, fault))
    same = (np.diff(fault[order]) == 0) & (np.diff(index[order]) == 0)
    return np.asarray(fault[order][1:][same])
