"""A hardened model: measures taken one after the other, alarms joined, lineage written into the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.injection.hardening import storage
from casework.injection.hardening.bounds import check_inputs, data_digest, observe, outwards
from casework.injection.hardening.registry import MEASURES, Measure
from casework.injection.hardening.surgery import Surgery
from casework.injection.hardening.work import Applied, Work, above
from casework.injection.outcomes.guards import KEY as GUARDS
from casework.injection.problem import InjectionProblem
from casework.model.version import __version__

Array = NDArray[Any]

LINEAGE: Final = "casework.hardening"
"""Key of a hardened model's metadata: its parent, the measures with their parameters, the data of the bounds, as JSON."""


@dataclass(frozen=True, slots=True)
class Hardened:
    """A hardened model.

    Attributes:
        content: The ONNX file; the same parent, measures and data give the same bytes.
        sha256: Its digest.
        parent: Digest of the parent.
        data: Digest of the arrays that bounds come from.
        samples: Number of inputs in them.
        applied: What each measure did.
        alarms: Names of the boolean [N] outputs that tell of detected faults.
        measured: Names of stored limits that come from the data, and that the lineage does not hold.
    """

    content: bytes
    sha256: str
    parent: str
    data: str
    samples: int
    applied: tuple[Applied, ...]
    alarms: tuple[str, ...]
    measured: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, by measure."""
        return tuple(f"{a.measure}: {note}" for a in self.applied for note in a.notes)


def harden(
    content: bytes, name: str, measures: Sequence[Measure], inputs: Mapping[str, Array], *,
    ranking: Sequence[tuple[str, float]] = (), parent: str | None = None,
    bounds: Sequence[Mapping[str, tuple[float, float]]] | None = None,
) -> Hardened:  # fmt: skip
    """Return a model with measures against faults.

    Args:
        content: The parent, an ONNX file of one piece.
        name: For messages.
        measures: Taken in this order; where two act on one tensor, the later one acts first on the value.
        inputs: Array [N, ...] by graph input: development data, from which bounds are taken.
        ranking: Tensors with their share of silent corruptions, for measures that take the worst.
        parent: SHA-256 of the parent's file, where `content` is not its bytes.
        bounds: For each measure, bounds by tensor that are used in place of what the data show; None to take them from the data.

    Raises:
        InjectionProblem: A measure cannot be taken on this model, or the data do not fit it.
    """
    if not measures:
        raise InjectionProblem("no measure is named", f"Name one: {', '.join(MEASURES)}.")
    samples = check_inputs(content, inputs, name)
    surgery = Surgery(content, name)
    if LINEAGE in surgery.metadata:
        raise InjectionProblem(
            f"{name} is a hardened model already", "Name all measures in one call, on the model that it came from."
        )
    work = Work(surgery, content, inputs, ranking)
    applied = []
    for at, measure in enumerate(measures):
        work.bounds = None if bounds is None else bounds[at]
        applied.append(MEASURES[measure.name].act(work, measure.targets, dict(measure.parameters)))
    work.close()
    alarms = tuple(_joined(work, alarm) for alarm in sorted(work.alarms))
    if work.limits:
        _set_limits(work, name)
    sha256, data = parent or sha256_bytes(content), data_digest(inputs)
    lineage = {
        "format": "casework/hardening/v1",
        "parent": sha256,
        "data": {"sha256": data, "samples": samples},
        "measures": [_told(a) for a in applied],
        "casework": __version__,
    }
    metadata = {LINEAGE: jcs_bytes(lineage).decode()}
    if alarms:
        held = surgery.metadata.get(GUARDS, "")
        metadata[GUARDS] = ",".join([*filter(None, held.split(",")), *alarms])
    if work.protections:
        metadata[storage.KEY] = storage.to_metadata(work.protections)
    made = surgery.finish(metadata)
    measured = (*work.measured, *work.limits)
    return Hardened(made, sha256_bytes(made), sha256, data, samples, tuple(applied), alarms, measured)


def _told(applied: Applied) -> dict[str, Any]:
    return {
        "measure": applied.measure, "parameters": applied.parameters, "places": list(applied.places), **applied.details,
    }  # fmt: skip


def _joined(work: Work, alarm: str) -> str:
    """Make one output of all tensors of an alarm and return its name."""
    parts = work.alarms[alarm]
    joined = parts[0]
    for part in parts[1:]:
        joined = work.surgery.add("Or", [joined, part], f"alarm.{alarm}", watch=True)
    return work.surgery.add_output(joined, f"alarm_{alarm}", work.surgery.batch)


def _set_limits(work: Work, name: str) -> None:
    """Set the limits that come from the edited graph itself: the greatest value on the data, times a factor."""
    draft = work.surgery.finish({})
    tensors = sorted({tensor for tensor, _factor in work.limits.values()})
    seen = observe(draft, name, work.inputs, tensors)
    for limit, (tensor, factor) in work.limits.items():
        one = seen[tensor]
        if not one.finite:
            raise InjectionProblem(
                f"{tensor} is not finite on the fault-free data, so that no limit can be set",
                "Leave the measure out for that layer.",
            )
        work.surgery.set_stored(limit, above(outwards(float(one.highs.max()) * factor, +1), one.dtype))
