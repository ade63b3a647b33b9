"""Measures for stored weights: range check, three copies with a vote, and protection by the memory itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.places import STATEFUL, chosen, no_such, stored_source, weighted
from casework.injection.hardening.storage import Protection, Scheme, apply_bit_protection
from casework.injection.hardening.work import Applied, Work, plain
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

_FLOATS: Final = ("float16", "float32", "float64")

LOADING: Final = (
    "onnxruntime computes the check once, while it loads the model: it withstands faults in the stored file and in what is read "
    "from it, not faults in memory after loading; when=run checks in every inference"
)


def weights_of(work: Work, targets: Sequence[str]) -> tuple[str, ...]:
    """Return the stored tensors that layers read, in graph order; of quantised layers the integer tensors.

    Raises:
        InjectionProblem: A name fits none.
    """
    surgery = work.surgery
    nodes = [*weighted(surgery), *(n for n in surgery.parents if n.op_type in STATEFUL)]
    if targets:
        nodes = chosen(surgery, surgery.parents, targets)
    found: dict[str, None] = {}
    for node in nodes:
        for tensor in node.input:
            source = stored_source(surgery, tensor) if tensor else None
            if source is not None and (not targets or _named(node, tensor, source, targets)):
                found[source] = None
    return tuple(found)


def _named(node: Any, tensor: str, source: str, targets: Sequence[str]) -> bool:
    """Return True if a target names the layer, or this tensor of it."""
    from fnmatch import fnmatchcase

    own = {node.name, *node.output}
    return any(fnmatchcase(name, pattern) for pattern in targets for name in {tensor, source, *own} if name)


def scrub(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Set stored weights that lie outside the range of their tensor, or are NaN, to zero.

    The bounds are the least and greatest weight of each tensor as it is in the parent, so that a fault-free model is unchanged.
    """
    surgery = work.surgery
    bounds: dict[str, list[float | int]] = {}
    whole = []
    for name in weights_of(work, targets):
        value = surgery.stored(name)
        if value is None or value.dtype.name not in _FLOATS or not value.size or not np.isfinite(value).all():
            whole.append(name)
            continue
        _check_range(work, name, value, parameters["when"])
        bounds[name] = [plain(value.min()), plain(value.max())]
    if not bounds:
        raise InjectionProblem(
            f"{surgery.name} stores no floating-point weights whose range could be checked",
            "Integer weights use the whole range of their type; use triplicate or bit-protect for them.",
        )
    notes = [f"left out, for they are no finite floating-point weights: {', '.join(whole)}"] if whole else []
    if parameters["when"] == "load":
        kept = {k: (float(v[0]), float(v[1])) for k, v in bounds.items()}
        work.protections.append(Protection("scrub", tuple(kept), bounds=kept))
        notes.append(LOADING)
    return Applied("scrub", parameters, tuple(bounds), {"bounds": bounds}, tuple(notes))


def _check_range(work: Work, name: str, value: Array, when: str) -> None:
    surgery = work.surgery
    if surgery.opset < 12:
        raise InjectionProblem(
            f"{surgery.name} is of operator set {surgery.opset}; this measure needs 12 or later",
            "Convert it: onnx.version_converter.convert_version(model, 17).",
        )
    low, high = surgery.store(f"{name}.least", value.min()), surgery.store(f"{name}.greatest", value.max())
    zero = surgery.store(f"{name}.zero", np.zeros((), value.dtype))
    if when == "run":
        low, high = (surgery.add("Add", [b, _never(work, value.dtype)], f"{b}.now") for b in (low, high))

    def build(copies: tuple[str, ...]) -> tuple[str, Sequence[str]]:
        above = surgery.add("GreaterOrEqual", [copies[0], low], f"{name}.above")
        below = surgery.add("LessOrEqual", [copies[0], high], f"{name}.below")
        return "Where", [surgery.add("And", [above, below], f"{name}.inside"), copies[0], zero]

    surgery.check_stored(name, 1, build)


def _never(work: Work, dtype: Any) -> str:
    """Return the zero that no optimiser knows, in an element type."""
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return work.surgery.add("Cast", [work.never()], "casework.never.cast", to=kind)


def triplicate(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Store weights three times; where the first two copies agree they are used, else the third.

    Any fault that hits one copy only is outvoted, whatever it does to the value.
    """
    surgery = work.surgery
    names = weights_of(work, targets or _worst(work, parameters["top"]))
    extra = 0
    for name in names:
        value = surgery.stored(name)
        if value is not None:
            extra += 2 * value.nbytes
            _vote(work, name, value, parameters["when"])
    if parameters["when"] == "load":
        work.protections.append(Protection("copies", names))
    notes = (LOADING,) if parameters["when"] == "load" else ()
    return Applied("triplicate", parameters, names, {"bytes": extra}, notes)


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
        # Equal takes few integer types, and no optimiser may know in advance what two stored tensors compare to.
        made = surgery.add("Cast", [tensor], f"{tensor}.wide", to=TensorProto.FLOAT) if integer else tensor
        if when != "run":
            return made
        kind = np.float32 if integer else value.dtype
        return surgery.add("Add", [made, _never(work, kind)], f"{tensor}.now")

    def build(copies: tuple[str, ...]) -> tuple[str, Sequence[str]]:
        same = surgery.add("Equal", [compared(copies[0]), compared(copies[1])], f"{name}.agree")
        return "Where", [same, copies[0], copies[2]]

    surgery.check_stored(name, 3, build)


def bit_protect(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """State that the memory protects chosen bits of stored weights; the graph is not changed.

    Recorded with the model, so that a campaign on it counts what the memory corrects or detects. The memory has to do it.
    """
    names = weights_of(work, targets)
    if not names:
        raise no_such(work.surgery.name, "stored weight", ",".join(targets) or "*", ())
    dtypes = sorted({str(v.dtype) for n in names if (v := work.surgery.stored(n)) is not None})
    scheme: Scheme = parameters["scheme"]
    bits = () if scheme == "secded" else apply_bit_protection(parameters["bits"], dtypes)
    protection = Protection(scheme, names, bits, parameters["word"], parameters["restore"])
    work.protections.append(protection)
    overhead = {dtype: round(protection.overhead(dtype), 6) for dtype in dtypes}
    note = "the graph is unchanged: the memory that holds the weights has to provide this protection"
    return Applied("bit-protect", parameters, names, {"storage_overhead": overhead}, (note,))
