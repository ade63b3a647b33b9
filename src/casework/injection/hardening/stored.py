"""Measures for stored weights: range check, three copies with a vote, and protection by the memory itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.places import chosen, stored_source, weighted
from casework.injection.hardening.storage import Protection, Scheme, apply_bit_protection
from casework.injection.hardening.surgery import Surgery
from casework.injection.hardening.work import Applied, Work, above, plain, some
from casework.injection.network.patterns import fits
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

_FLOATS: Final = ("float16", "float32", "float64")

LOADING: Final = (
    "onnxruntime computes the check once, while it loads the model: it withstands faults in the stored file and in what is read "
    "from it, not faults in memory after loading; when=run checks in every inference"
)

MERGED: Final = 8
"""Elements up to which onnxruntime makes one of stored tensors of equal values, whatever they are called (seen in 1.32)."""

_MERGING: Final = (
    f"onnxruntime keeps equal tensors of up to {MERGED} elements once, so that there would be nothing to vote on"
)


def weights_of(work: Work, targets: Sequence[str]) -> tuple[str, ...]:
    """Return the stored tensors that layers read, in graph order: weights and biases, and of quantised layers scales, zero points.

    Raises:
        InjectionProblem: A name fits none, or there are none.
    """
    surgery = work.surgery
    nodes = chosen(surgery, surgery.parents, targets) if targets else weighted(surgery)
    found: dict[str, None] = {}
    for node in nodes:
        for tensor in filter(None, node.input):
            own = {node.name, tensor, *node.output}
            found |= {s: None for s in _stored_behind(surgery, tensor) if not targets or _fits({s, *own}, targets)}
    if not found:
        raise InjectionProblem(f"{surgery.name} stores no weights of layers", "Leave the measure out.")
    return tuple(found)


def _stored_behind(surgery: Surgery, tensor: str) -> list[str]:
    """Return what is stored behind an input of a layer: itself, or what it is dequantised from with scale and zero point."""
    if stored_source(surgery, tensor) is None:
        return []
    if surgery.stored(tensor) is not None:
        return [tensor]
    return [name for name in surgery.produced()[tensor].input if name and surgery.stored(name) is not None]


def _fits(names: set[str], patterns: Sequence[str]) -> bool:
    return any(fits(name, pattern) for pattern in patterns for name in names if name)


def scrub(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Set stored weights that lie outside the range of their tensor, or are NaN, to zero.

    The bounds are the least and greatest weight of each tensor as it is in the parent, so that a fault-free model is unchanged.
    """
    surgery = work.surgery
    bounds: dict[str, list[float | int]] = {}
    whole = []
    for name in weights_of(work, targets):
        value = surgery.stored(name)
        if value is None or value.dtype.name not in _FLOATS or value.size < 2 or not np.isfinite(value).all():
            whole.append(name)
            continue
        _check_range(work, name, value, parameters["when"])
        bounds[name] = [plain(value.min()), plain(value.max())]
    if not bounds:
        raise InjectionProblem(
            f"{surgery.name} stores no floating-point weights whose range could be checked",
            "Integer weights use the whole range of their type; use triplicate or bit-protect for them.",
        )
    notes = [f"left out, for they are no arrays of finite floating-point numbers: {some(whole)}"] if whole else []
    if parameters["when"] == "load":
        kept = {k: (float(v[0]), float(v[1])) for k, v in bounds.items()}
        work.protections.append(Protection("scrub", tuple(kept), bounds=kept))
        notes.append(LOADING)
    return Applied("scrub", parameters, tuple(bounds), {"bounds": bounds}, tuple(notes))


def _check_range(work: Work, name: str, value: Array, when: str) -> None:
    surgery = work.surgery
    kind, ends = value.dtype, (value.min(), value.max())
    below = np.nextafter(ends[0], kind.type(-np.inf))
    low, high = surgery.store(f"{name}.low", below), surgery.store(f"{name}.high", above(float(ends[1]), kind))
    zero = surgery.store(f"{name}.zero", np.zeros((), value.dtype))
    if when == "run":
        low, high = (surgery.add("Add", [b, _never(work, value.dtype)], f"{b}.now") for b in (low, high))

    def build(copies: tuple[str, ...]) -> tuple[str, Sequence[str]]:
        above = surgery.add("Greater", [copies[0], low], f"{name}.above")
        below = surgery.add("Less", [copies[0], high], f"{name}.below")
        return "Where", [surgery.add("And", [above, below], f"{name}.inside"), copies[0], zero]

    surgery.check_stored(name, 1, build)


def _never(work: Work, dtype: Any) -> str:
    """Return the zero that no optimiser knows, in an element type."""
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return work.surgery.add("Cast", [work.never()], "casework.never.cast", to=kind)


def _false(work: Work) -> str:
    """Return a boolean that is false in every inference and that no optimiser knows before."""
    from onnx import TensorProto

    return work.surgery.add("Cast", [work.never()], "casework.never.bool", to=TensorProto.BOOL)


def triplicate(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Store weights three times; where the first two copies agree they are used, else the third.

    Any fault that hits one copy only is outvoted, whatever it does to the value.
    """
    surgery = work.surgery
    if surgery.opset < 11:  # before, Equal takes no floats
        raise InjectionProblem(
            f"{surgery.name} is of operator set {surgery.opset}; triplicate needs 11 or later",
            "Convert it: onnx.version_converter.convert_version(model, 17).",
        )
    names = weights_of(work, targets or _worst(work, parameters["top"]))
    notes = [LOADING] if parameters["when"] == "load" else []
    if parameters["when"] == "run":
        merged = tuple(name for name in names if (value := surgery.stored(name)) is not None and value.size <= MERGED)
        names = tuple(name for name in names if name not in merged)
        if not names:
            raise InjectionProblem(
                f"none of the stored tensors to triplicate has more than {MERGED} elements: {_MERGING}",
                "Use when=load, which keeps the copies in the file.",
            )
        notes += [f"left out, for {_MERGING}: {some(merged)}"] if merged else []
    extra = 0
    for name in names:
        value = surgery.stored(name)
        if value is not None:
            extra += 2 * value.nbytes
            _vote(work, name, value, parameters["when"])
    if parameters["when"] == "load":
        work.protections.append(Protection("copies", names))
    return Applied("triplicate", parameters, names, {"bytes": extra}, tuple(notes))


def _worst(work: Work, top: int) -> tuple[str, ...]:
    """Return the stored tensors of greatest share among the silent corruptions."""
    if not top:
        return ()
    stored = [t for t, _share in work.ranking if work.surgery.stored(t) is not None][:top]
    if not stored:
        raise InjectionProblem(
            f"top={top} needs a ranking of the stored tensors of {work.surgery.name}, and none was given",
            "Give --vulnerability RECORD.json of a campaign with target=weights.",
        )
    return tuple(stored)


def _vote(work: Work, name: str, value: Array, when: str) -> None:
    from onnx import TensorProto

    surgery = work.surgery
    integer = value.dtype.name in ("int8", "uint8", "int32")

    def compared(tensor: str) -> str:
        made = tensor
        if when == "run":  # the first node that reads the tensor must be one that no optimiser can compute in advance
            made = surgery.add("Where", [_false(work), tensor, tensor], f"{tensor}.now")
        # Equal takes few integer types; a double holds every int32.
        return surgery.add("Cast", [made], f"{tensor}.wide", to=TensorProto.DOUBLE) if integer else made

    def build(copies: tuple[str, ...]) -> tuple[str, Sequence[str]]:
        same = surgery.add("Equal", [compared(copies[0]), compared(copies[1])], f"{name}.agree")
        return "Where", [same, copies[0], copies[2]]

    surgery.check_stored(name, 3, build)


def bit_protect(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """State that the memory protects chosen bits of stored weights; the graph is not changed.

    Recorded with the model, so that a campaign on it counts what the memory corrects or detects. The memory has to do it.
    """
    names = weights_of(work, targets)
    dtypes = sorted({str(v.dtype) for n in names if (v := work.surgery.stored(n)) is not None})
    scheme: Scheme = parameters["scheme"]
    bits = () if scheme == "secded" else apply_bit_protection(parameters["bits"], dtypes)
    protection = Protection(scheme, names, bits, parameters["word"], parameters["restore"])
    work.protections.append(protection)
    overhead = {dtype: round(protection.overhead(dtype), 6) for dtype in dtypes}
    note = "the graph is unchanged: the memory that holds the weights has to provide this protection"
    return Applied("bit-protect", parameters, names, {"storage_overhead": overhead}, (note,))
