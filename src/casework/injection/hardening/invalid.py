"""Guards against NaN and infinities."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from casework.injection.hardening.places import places
from casework.injection.hardening.work import Applied, Work
from casework.injection.problem import InjectionProblem

_FLOATS: Final = ("float16", "float32", "float64")


def guard_invalid(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Raise an alarm where an output is NaN or infinite (mode alarm), set NaN to zero behind activation operators (mode zero), or both.

    The alarm turns an unusable result into a detected one and changes no value. Zeros make the result usable again and may make
    it wrong; with both, the alarm also tells of every NaN that was set to zero.
    """
    mode = parameters["mode"]
    zeroed = _zero(work, targets, parameters, alarm=mode == "both") if mode in ("zero", "both") else ()
    watched, notes = _watch_outputs(work) if mode in ("alarm", "both") else ((), ())
    if mode == "zero":
        notes = (
            "NaN become 0 without a word: a result that was unusable can become one that is wrong; mode=both also tells",
        )
    return Applied("nan-guard", parameters, (*zeroed, *watched), {}, notes)


def _zero(work: Work, targets: tuple[str, ...], parameters: dict[str, Any], *, alarm: bool) -> tuple[str, ...]:
    surgery = work.surgery
    found = places(surgery, targets, every=parameters["after"] == "all")
    seen = work.observe([p.tensor for p in found])
    kept = [p for p in found if seen[p.tensor].dtype in _FLOATS]
    if not kept:
        raise InjectionProblem(
            f"{surgery.name} has no floating-point tensor behind an activation operator that could become NaN",
            "Use mode=alarm, which watches the outputs.",
        )
    for place in kept:
        zero = surgery.store(f"{place.tensor}.zero", np.zeros((), seen[place.tensor].dtype))
        if alarm and seen[place.tensor].by_input:
            _watch(work, place.tensor, seen[place.tensor].dtype)
        stem = place.tensor

        def arguments(x: str, stem: str = stem, zero: str = zero) -> list[str]:
            return [surgery.add("IsNaN", [x], f"{stem}.isnan", watch=True), zero, x]

        surgery.insert(place.tensor, f"{place.tensor}.valid", "Where", arguments)
    return tuple(p.tensor for p in kept)


def _watch_outputs(work: Work) -> tuple[tuple[str, ...], tuple[str, ...]]:
    seen = work.observe([name for name in work.surgery.outputs if name not in work.surgery.inputs])
    watched = tuple(n for n, s in seen.items() if s.dtype in _FLOATS and s.by_input)
    if not watched:
        raise InjectionProblem(
            f"{work.surgery.name} has no floating-point output whose first axis is the batch",
            "Use nan-guard:mode=zero, or leave the measure out.",
        )
    for name in watched:
        _watch(work, name, seen[name].dtype)
    others = [n for n in seen if n not in watched]
    return watched, (
        (f"not watched, for they are integers or without a batch axis: {', '.join(others)}",) if others else ()
    )


def _watch(work: Work, tensor: str, dtype: str) -> None:
    """Raise an alarm where a row holds NaN or an infinity: its sum s does, and then s - s is NaN, and 0 for every finite s."""
    from onnx import TensorProto

    surgery, stem = work.surgery, f"{tensor}.finite"
    source = surgery.source(tensor)
    if dtype == "float16":  # its greatest value is 65504, so that a sum of fault-free values could overflow
        source = surgery.add("Cast", [source], f"{stem}.wide", watch=True, to=TensorProto.FLOAT)
    total = surgery.reduce("ReduceSum", work.rows(source, stem), f"{stem}.sum")
    difference = surgery.add("Sub", [total, total], f"{stem}.difference", watch=True)
    work.raise_alarm("nan", surgery.add("IsNaN", [difference], f"{stem}.alarm", watch=True))
