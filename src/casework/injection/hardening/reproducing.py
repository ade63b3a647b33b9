"""Lineage made sure of: the measures that a hardened model names, taken anew on the parent that it names, must give the model.

A hardened model says of itself where it comes from. What it says decides whose faults it is given and what its storage is believed
to do, so it is not taken on trust. Hardening is a function of parent, measures and data. Bounds are held by the lineage; limits of
redundant computation come from data that need not be at hand: these alone may differ, and what they are is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.bounds import BATCH, data_digest
from casework.injection.hardening.harden import LINEAGE, Hardened, harden
from casework.injection.hardening.registry import Measure, told_measure
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

_SELF_TOLD: Final = ("casework", "data")
"""What a lineage says that cannot be found again: the version that hardened, and the data."""


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What came of taking the measures anew.

    Attributes:
        outcome: `passed`: the same model came out; `failed`: another one did; `skipped`: the measures could not be taken.
        detail: In words.
        unverified: What the lineage says that was not verified, in sentences.
    """

    outcome: Literal["passed", "failed", "skipped"]
    detail: str
    unverified: tuple[str, ...] = ()


def reproduce(
    parent: bytes, sha256: str, child: bytes, metadata: Mapping[str, str], inputs: Mapping[str, Array]
) -> Reproduced:
    """Take the measures that a hardened model names on its parent, and compare what comes out with the model.

    Args:
        parent: The parent, an ONNX file of one piece.
        sha256: Of the parent's file.
        child: The hardened model.
        metadata: The child's, with a lineage that can be read.
        inputs: Array [N, ...] by graph input. Where they are the data that the lineage names, everything is found again.
    """
    told = json.loads(metadata[LINEAGE])
    same = data_digest(inputs) == told["data"]["sha256"]
    used = inputs if same else {name: rows[:BATCH] for name, rows in inputs.items()}
    try:
        return _reproduced(_Claim(parent, sha256, child, told, used, same))
    except InjectionProblem as problem:
        said = f"the measures that the model names cannot be taken on the parent that it names: {problem.message}"
        return Reproduced("failed", said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Reproduced("failed", f"the lineage does not hold what a hardened model's does: {error!r:.80}")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Parent and its digest, child, what its lineage says, inputs, and whether they are the data that it names."""

    parent: bytes
    sha256: str
    child: bytes
    told: Mapping[str, Any]
    inputs: Mapping[str, Array]
    same: bool


def _reproduced(claim: _Claim) -> Reproduced:
    entries = claim.told["measures"]
    bounds = [_bounds_of(entry) for entry in entries]
    measures = [_measure(claim.parent, entry, claim.inputs, own) for entry, own in zip(entries, bounds, strict=True)]
    anew = f"{', '.join(m.name for m in measures)}, taken anew on the parent, "
    if claim.same:
        fresh = harden(claim.parent, "the parent", measures, claim.inputs, parent=claim.sha256)
        if fresh.content == claim.child:
            return Reproduced("passed", f"{anew}gives the model byte for byte")
        if not _near([dict(a.details) for a in fresh.applied], bounds):
            return Reproduced("failed", f"{anew}gives another model: its bounds are not those that its data show")
    again = harden(claim.parent, "the parent", measures, claim.inputs, parent=claim.sha256, bounds=bounds)
    different, limits = _differences(again, claim.child, _ALARMS if claim.same else None)
    if different:
        by = f" (it was hardened by Casework {claim.told['casework']})" if "casework" in claim.told else ""
        return Reproduced("failed", f"{anew}gives another model{by}: {different}")
    return Reproduced("passed", f"{anew}gives the model node for node", (_unverified(claim, limits),))


_PROCESSORS: Final = 2.0**-9
"""Share by which bounds may differ that two processors take from the same data: four steps of the 11 bits that they keep."""


_ALARMS: Final = 4.0
"""Factor by which limits of alarms may differ that two processors take from the same data: they are measures of rounding."""


def _near(fresh: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, tuple[float, float]]]) -> bool:
    """Return True where bounds are those that the data show, but for what processors round."""
    for own, theirs in zip(fresh, held, strict=True):
        found = _bounds_of(own)
        if found.keys() != theirs.keys():
            return False
        if any(not np.allclose(found[name], theirs[name], rtol=_PROCESSORS, atol=0) for name in found):
            return False
    return True


def _unverified(claim: _Claim, limits: Sequence[str]) -> str:
    data = claim.told["data"]
    if claim.same:
        said = "Bounds of the hardened model are those that its data show, but for the rounding of processors."
    else:
        named = f"{data['samples']} inputs, {data['sha256'][:12]}"
        said = f"That the hardened model's bounds are those of the data that it names ({named}) was not "
        said += "verified: the data of this campaign are others."
    if limits:
        said += f" Not verified are {len(limits)} limits of its alarms, such as {limits[0]}: they were taken as the model has them."
    return said


def _bounds_of(entry: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the bounds that a measure's entry holds. Raises ValueError where they are no pairs of numbers."""
    found = {}
    for tensor, pair in entry.get("bounds", {}).items():
        low, high = (float(one) for one in pair)
        found[tensor] = (low, high)
    return found


def _measure(
    parent: bytes,
    entry: Mapping[str, Any],
    inputs: Mapping[str, Array],
    bounds: Mapping[str, tuple[float, float]] | None,
) -> Measure:
    """Return the measure of an entry, with targets that choose the places that the entry names.

    A lineage holds the places and not how they were chosen: as all there are, or one by one; outputs come by themselves.

    Raises:
        InjectionProblem: The measure cannot be taken at these places.
    """
    name, parameters, places = str(entry["measure"]), dict(entry["parameters"]), tuple(str(p) for p in entry["places"])
    outputs = _outputs(parent)
    chosen = [places, tuple(p for p in places if p not in outputs)]
    problem = InjectionProblem(f"{name} does not act on {', '.join(places[:3]) or 'nothing'}", "Harden the model anew.")
    for targets in chosen if parameters.get("top") else [(), *chosen]:
        measure = told_measure(name, targets, parameters)
        try:
            made = harden(parent, "the parent", [measure], inputs, bounds=None if bounds is None else [bounds])
        except InjectionProblem as found:
            problem = found
            continue
        if made.applied[0].places == places:
            return measure
    raise problem


def _outputs(content: bytes) -> set[str]:
    import onnx

    return {str(one.name) for one in onnx.load_model_from_string(content).graph.output}


def _differences(again: Hardened, child: bytes, near: float | None) -> tuple[str, list[str]]:
    """Return the first difference between what came out and a model, in words, and the measured limits that differ.

    Args:
        again: What came out.
        child: The model.
        near: Factor by which measured limits may differ, where they were measured on the same data; None for any.
    """
    import onnx

    made, held = onnx.load_model_from_string(again.content), onnx.load_model_from_string(child)
    limits = list(_limits(made, held, frozenset(again.measured), near))
    said = next(_told_apart(made, held, limits), "")
    if said:
        return said, limits
    # Whatever else a file may hold: with what may differ put in, it must be the same file.
    for own, theirs in zip(made.graph.initializer, held.graph.initializer, strict=True):
        if own.name in limits:
            own.CopyFrom(theirs)
    del made.metadata_props[:]
    made.metadata_props.extend(held.metadata_props)
    equal = made.SerializeToString(deterministic=True) == held.SerializeToString(deterministic=True)
    return "" if equal else "what the file holds beside its graph differs", limits


def _limits(made: Any, held: Any, measured: frozenset[str], near: float | None) -> Iterator[str]:
    """Yield the names of measured limits that differ and are limits all the same: one finite number above zero each."""
    from onnx import numpy_helper

    theirs = {one.name: one for one in held.graph.initializer}
    for own in made.graph.initializer:
        other = theirs.get(own.name)
        if own.name not in measured or other is None or own.SerializeToString() == other.SerializeToString():
            continue
        value = numpy_helper.to_array(other)
        alike = (own.data_type, list(own.dims)) == (other.data_type, list(other.dims))
        fresh = numpy_helper.to_array(own)
        if alike and near is not None and not bool(((value <= fresh * near) & (fresh <= value * near)).all()):
            continue  # on the same data an alarm cannot have come out so much wider or narrower
        if (
            alike
            and not other.external_data
            and value.size == 1
            and bool(np.isfinite(value).all() and (value > 0).all())
        ):
            yield str(own.name)


def _told_apart(made: Any, held: Any, limits: Sequence[str]) -> Iterator[str]:
    """Yield the differences of two models, but for limits that may differ, in words."""
    for own, theirs in zip(made.graph.node, held.graph.node, strict=False):
        if own != theirs:
            yield f"the node {theirs.name or theirs.output[0]} ({theirs.op_type}) is not the one that comes out"
    if len(made.graph.node) != len(held.graph.node):
        yield f"it has {len(held.graph.node)} nodes, and {len(made.graph.node)} come out"
    for own, theirs in zip(made.graph.initializer, held.graph.initializer, strict=False):
        if own != theirs and theirs.name not in limits:
            yield f"the stored tensor {theirs.name} is not the one that comes out"
    if len(made.graph.initializer) != len(held.graph.initializer):
        yield f"it stores {len(held.graph.initializer)} tensors, and {len(made.graph.initializer)} come out"
    for part in ("input", "output"):
        if list(getattr(made.graph, part)) != list(getattr(held.graph, part)):
            yield f"its {part}s are not those that come out"
    yield from _metadata_apart(made, held)


def _metadata_apart(made: Any, held: Any) -> Iterator[str]:
    own, theirs = ({p.key: p.value for p in one.metadata_props} for one in (made, held))
    for key in sorted({*own, *theirs} - {LINEAGE}):
        if own.get(key) != theirs.get(key):
            yield f"its metadata {key} are not those that come out"
    lineages = [{k: v for k, v in json.loads(one[LINEAGE]).items() if k not in _SELF_TOLD} for one in (own, theirs)]
    if lineages[0] != lineages[1]:
        yield "what it says of its measures is not what comes out"
