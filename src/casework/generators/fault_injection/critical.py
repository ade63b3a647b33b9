"""Which bits of stored elements are critical, by binary search (BinFI), with a check of the assumption that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.generators.protocol import GeneratorProblem
from casework.generators.record import Finds, census, metric, table
from casework.injection.campaign.conduct import Campaign
from casework.injection.campaign.lab import Lab
from casework.injection.faults import bits
from casework.injection.faults.fault_list import OPS, FaultList
from casework.injection.faults.recipe import Recipe
from casework.injection.outcomes.flags import DETECTED, DUE, SDC
from casework.injection.sampling.critical import Checked, Critical, search, spot_check
from casework.model.result import SelfCheck

Array = NDArray[Any]

MOST: Final = 2_000_000
"""Most elements searched at once: their bits are held in memory, several bytes each."""

WRONG: Final = 0.01
"""Share of wrong inferences above which the assumption of the search does not hold, and its figures stand for nothing."""

Run = Callable[[FaultList, int], Campaign]


@dataclass(frozen=True, slots=True)
class Searched:
    """What the search found.

    Attributes:
        critical: Bits found critical, over all elements of all tensors in order.
        checked: How inferred bits fared that were injected after all.
        ends: int64 [T]: where each tensor's elements end.
        names: Of the tensors, in the model file.
        campaigns: The rounds of the search, and the check.
    """

    critical: Critical
    checked: Checked
    ends: Array
    names: tuple[str, ...]
    campaigns: tuple[Campaign, ...]


def search_critical(run: Run, lab: Lab, recipe: Recipe, audit: int, checks: int, confidence: float) -> Searched:
    """Search the critical bits of all elements of a recipe's tensors, each on one input.

    A bit is critical if flipping it corrupts the result: silently, or so that outputs are no numbers.

    Args:
        run: Puts faults in and audits so many of them.
        lab: Model and golden run.
        recipe: Tensors, inputs, seed.
        audit: Predictions of the check that the oracle repeats.
        checks: Inferred bits that are injected after all.
        confidence: Two-sided, of the share of wrong inferences.

    Raises:
        GeneratorProblem: The tensors are not stored, of several element types, or too large.
    """
    targets = [lab.network.target(t.name) for t in recipe.tensors]
    types = {t.dtype for t in targets}
    elements = sum(t.elements for t in targets)
    if not all(t.stored for t in targets) or recipe.fault.kind != "bitflip" or not recipe.samples:
        raise GeneratorProblem(
            "mode=critical_bits searches the bits of stored elements, each on one input",
            "Use target=weights, biases or stored, with fault=bitflip and inputs_per_fault=1.",
        )
    if len(types) != 1 or elements > MOST:
        raise GeneratorProblem(
            f"the {elements} elements chosen are of the types {', '.join(sorted(types))}",
            f"Choose at most {MOST} elements of one type, by option tensors.",
        )
    (dtype,) = types
    ends = np.cumsum([t.elements for t in targets]).astype(np.int64)
    sample = np.random.Generator(np.random.Philox(recipe.seed)).integers(0, lab.samples, elements)
    campaigns: list[Campaign] = []

    def inject(element: Array, bit: Array, audited: int = 0) -> Array:
        order = np.argsort(element * 64 + bit)
        faults = _flips(recipe, ends, element[order], bit[order], sample)
        campaigns.append(run(faults, audited))
        event = np.zeros(len(element), bool)
        event[order] = (campaigns[-1].flags & (SDC | DUE) != 0) & (campaigns[-1].flags & DETECTED == 0)
        return event

    found = search(_patterns(lab, [t.name for t in targets]), bits.width(dtype), inject, sign=bits.is_float(dtype))
    checked = spot_check(
        found, lambda e, b: inject(e, b, audit), max(1, checks), seed=recipe.seed, confidence=confidence
    )
    return Searched(found, checked, ends, tuple(t.original for t in targets), tuple(campaigns))


def _flips(recipe: Recipe, ends: Array, element: Array, bit: Array, sample: Array) -> FaultList:
    tensor = np.searchsorted(ends, element, side="right").astype(np.int32)
    first = np.concatenate([[0], ends[:-1]])
    ids = element * 64 + bit
    return FaultList(
        recipe.model, recipe.tensors, ids, tensor, np.arange(len(ids) + 1, dtype=np.int64), element - first[tensor],
        np.uint64(1) << bit.astype(np.uint64), np.full(len(ids), OPS.index("xor"), np.uint8), sample[element], ids, recipe.persistence,
    )  # fmt: skip


def _patterns(lab: Lab, names: Sequence[str]) -> Array:
    from onnx import numpy_helper

    held = {value.name: value for value in lab.network.proto.graph.initializer}
    parts = []
    for name in names:
        values = np.ascontiguousarray(numpy_helper.to_array(held[name])).reshape(-1)
        parts.append(values.view(bits.pattern_type(values.dtype.name)).astype(np.uint64))
    return np.concatenate(parts)


def report_critical(searched: Searched, finds: Finds) -> None:
    """Fill the finds with the share of critical bits, tables by tensor and bit, and how the assumption fared."""
    found, checked = searched.critical, searched.checked
    flips, width = found.bits.size, found.bits.shape[1]
    finds.metrics += [
        metric("critical_rate", found.rate, n=flips),
        census("injected_predictions", sum(len(c.flags) for c in searched.campaigns)),
        census("faults", found.trials, n=flips),
    ]
    rows = []
    for start, end, name in zip([0, *searched.ends[:-1]], searched.ends, searched.names, strict=True):
        part, tried = found.bits[start:end], found.tried[start:end]
        rows.append((name, int(end - start), int(part.size), int(tried.sum()), int(part.sum()), float(part.mean())))
    finds.tables += [
        table("critical bits by tensor", ("tensor", "elements", "flips", "injected", "critical", "critical_rate"), rows),
        table(
            "critical bits by bit", ("bit", "elements", "injected", "critical"),
            [(b, len(found.bits), int(found.tried[:, b].sum()), int(found.bits[:, b].sum())) for b in range(width)],
        ),
    ]  # fmt: skip
    wrong, errors = checked.wrong, checked.missed + checked.alarms
    if checked.checked:
        finds.metrics.append(
            metric(
                "wrong_inference_rate", wrong.value, n=checked.checked, k=errors, ci_low=wrong.low, ci_high=wrong.high,
                confidence=0.95, method="exact" if wrong.low == wrong.high else "wilson",
            )
        )  # fmt: skip
    detail = (
        f"{checked.checked} inferred flips injected after all: {checked.missed} critical that were taken for harmless, {checked.alarms} "
        "harmless that were taken for critical"
    )
    outcome: Literal["passed", "failed"] = "failed" if wrong.value > WRONG else "passed"
    finds.self_checks.append(SelfCheck(name="monotonicity", outcome=outcome, detail=detail))
    finds.limitations.append(
        "Critical bits are found by binary search: of flips of one element in one direction a greater change is taken to do at least the "
        "harm of a smaller one. wrong_inference_rate says how often that was wrong; the audit fell on that check."
    )
