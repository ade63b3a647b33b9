"""Range restriction (Ranger) and its watching form, the range alarm."""

from __future__ import annotations

from typing import Any

import numpy as np

from casework.injection.hardening.bounds import Observed, bounds_of
from casework.injection.hardening.places import Place, places
from casework.injection.hardening.work import Applied, Work, above, plain, some
from casework.injection.problem import InjectionProblem

_INTEGERS = ("int8", "uint8")
_FLOATS = ("float16", "float32", "float64")


def restrict_ranges(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Put a Clip behind activation operators, with the bounds that the data show.

    A value that a fault has blown up is cut to the greatest that fault-free data show there (Chen, Li, Pattabiraman, DSN 2021).
    Clip passes NaN, so a NaN stays one. In a quantise-dequantise graph the integer tensor is cut, between the pair, for that
    is what lies in memory; where the data use the whole range of the type, saturation has done it already.
    """
    chosen, notes = _bounded(work, targets, parameters)
    for place, low, high in chosen:
        _clip(work, place.tensor, low, high)
    return Applied(
        "range", parameters, tuple(p.tensor for p, _l, _h in chosen), {"bounds": _told(chosen)}, notes
    )  # fmt: skip


def watch_ranges(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Raise an alarm for each input for which an activation leaves the bounds that the data show; nothing is changed.

    The alarm is `sum |x - clip(x)| > 0`: unlike a greatest element, a sum cannot miss a NaN.
    """
    chosen, notes = _bounded(work, targets, parameters)
    seen = work.observe([p.tensor for p, _l, _h in chosen])
    kept = [c for c in chosen if seen[c[0].tensor].by_input]
    left_out = [c[0].tensor for c in chosen if not seen[c[0].tensor].by_input]
    for place, low, high in kept:
        _watch(work, place.tensor, low, high, integer=seen[place.tensor].dtype in _INTEGERS)
    if left_out:
        notes = (*notes, f"left out, for their first axis is not the batch: {some(left_out)}")
    if not kept:
        raise InjectionProblem(f"{work.surgery.name}: no tensor is left to watch: {'; '.join(notes)}", "Name others.")
    return Applied("range-guard", parameters, tuple(c[0].tensor for c in kept), {"bounds": _told(kept)}, notes)


Bounded = list[tuple[Place, Any, Any]]


def _told(chosen: Bounded) -> dict[str, list[float | int]]:
    return {place.tensor: [plain(low), plain(high)] for place, low, high in chosen}


def _bounded(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> tuple[Bounded, tuple[str, ...]]:
    found = places(work.surgery, targets, every=parameters["after"] == "all")
    if not found:
        raise InjectionProblem(
            f"{work.surgery.name} has no activation operator", "Give after=all, or name the nodes: range:NODE."
        )
    seen = work.observe([p.tensor for p in found])
    kept: Bounded = []
    saturated, other = [], []
    for place in found:
        one = seen[place.tensor]
        if one.dtype not in _INTEGERS + _FLOATS or (one.dtype in _INTEGERS and work.surgery.opset < 12):
            other.append(f"{place.tensor} ({one.dtype})")
            continue
        found_bounds = _bounds(work, one, parameters)
        if found_bounds is None:
            saturated.append(place.tensor)
            continue
        low, high = found_bounds
        if one.dtype in _INTEGERS and _whole(one, low, high):
            saturated.append(place.tensor)
        else:
            kept.append((place, low, high))
    notes = tuple(
        f"{text}: {some(names)}"
        for text, names in (
            ("the data use the whole range of the integer type, so that saturation bounds these already", saturated),
            ("left out, for Clip does not take their type", other),
        )
        if names
    )
    if not kept:
        raise InjectionProblem(
            f"{work.surgery.name}: no range is left to restrict; {'; '.join(notes)}",
            "Leave the measure out: it would change nothing.",
        )
    return kept, notes


def _bounds(work: Work, seen: Observed, parameters: dict[str, Any]) -> tuple[Any, Any] | None:
    """Return the bounds of a tensor in its element type; None where those that are given do not hold it."""
    if work.bounds is None:
        return bounds_of(seen, parameters["percentile"], parameters["margin"])
    if seen.name not in work.bounds:
        return None
    kind = np.dtype(seen.dtype).type
    low, high = work.bounds[seen.name]
    return kind(low), kind(high)


def _whole(seen: Observed, low: Any, high: Any) -> bool:
    limits = np.iinfo(np.dtype(seen.dtype))
    return int(low) == limits.min and int(high) == limits.max


def _clip(work: Work, tensor: str, low: Any, high: Any) -> str:
    surgery = work.surgery
    if surgery.opset < 11:
        return surgery.insert(
            tensor, f"{tensor}.clipped", "Clip", lambda x: [x], min=float(low), max=float(high)
        )  # fmt: skip
    bounds = [surgery.store(f"{tensor}.low", low), surgery.store(f"{tensor}.high", high)]
    return surgery.insert(tensor, f"{tensor}.clipped", "Clip", lambda x: [x, *bounds])


def _watch(work: Work, tensor: str, low: Any, high: Any, *, integer: bool) -> None:
    surgery = work.surgery
    source, stem = surgery.source(tensor), f"{tensor}.range"
    if integer:
        _watch_integers(work, source, stem, low, high)
        return
    if surgery.opset < 11:
        inside = surgery.add("Clip", [source], f"{stem}.inside", watch=True, min=float(low), max=float(high))
    else:
        bounds = [surgery.store(f"{stem}.low", low), surgery.store(f"{stem}.high", high)]
        inside = surgery.add("Clip", [source, *bounds], f"{stem}.inside", watch=True)
    beyond = surgery.add("Sub", [source, inside], f"{stem}.beyond", watch=True)
    total = surgery.reduce("ReduceL1", work.rows(beyond, stem), f"{stem}.total")
    work.total_beyond("range", total, np.asarray(low).dtype.name)


def _watch_integers(work: Work, source: str, stem: str, low: Any, high: Any) -> None:
    from onnx import TensorProto

    surgery = work.surgery
    rows = work.rows(source, stem)
    for operator, bound, sign in (("ReduceMax", high, 1), ("ReduceMin", low, -1)):
        limits = np.iinfo(np.asarray(bound).dtype)
        if bound == (limits.max if sign > 0 else limits.min):
            continue
        extreme = surgery.reduce(operator, rows, f"{stem}.{operator}")
        number = surgery.add("Cast", [extreme], f"{stem}.number", watch=True, to=TensorProto.FLOAT)
        limit = surgery.store(f"{stem}.limit", above(float(bound) * sign, np.float32))
        if sign < 0:
            number = surgery.add("Neg", [number], f"{stem}.number", watch=True)
        work.alarm_beyond("range", number, limit, stem)
