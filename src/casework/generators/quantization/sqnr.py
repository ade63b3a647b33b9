"""Signal-to-quantisation-noise ratio of every layer: 10 log10(sum x^2 / sum (x - x')^2), in dB.

x is a tensor of the float parent, x' the same tensor after the quantise-dequantise pair of the quantised model, both on
the same inputs; so the noise of all layers before it is in it. Weights are compared directly. A tensor that only a Relu
or Clip reads is listed but does not count towards `min_sqnr`: quantisers give it the range after the clamp, and what
the clamp cuts off is lost in both models alike.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import (
    OpenedModel,
    clamped_tensors,
    initialisers,
    quantised_tensors,
    tensor_names,
    with_outputs,
)
from casework.generators.inference import run_batches, run_once, to_inputs
from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem
from casework.generators.record import Finds, metric, table
from casework.generators.samples import SampleSet, load_pixels
from casework.model.result import SelfCheck

Array = NDArray[Any]
Party = tuple[OpenedModel, Interface]

CEILING: Final = 200.0
"""dB given where there is no noise at all; beyond what float32 can tell apart."""

BEFORE_CLAMP: Final = "before clamp"

LINEAGE_LIMIT: Final = 10.0
"""dB below which weights count as not those of the parent."""

_BATCH: Final = 16


def layer_noise(parent: Party, child: Party, data: SampleSet, items: int, finds: Finds) -> None:
    """Measure the noise of every tensor that both models have, and fill in the table and `min_sqnr`.

    Args:
        parent: Float model and its interface.
        child: Quantised model and its interface.
        data: Samples; the first `items` are used.
        items: How many.
        finds: Receives metric, table and remarks.
    """
    pairs = _pairs(parent[0], child[0])
    own = {t.name for t in parent[0].outputs}
    inner = [p for p in pairs if p[0] not in own]
    if not inner:
        finds.limitations.append(
            "No inner tensor of the two models goes by the same name: activations are compared at the outputs only."
        )
    rows: list[tuple[str, str, float]] = []
    if pairs:
        signal, noise = _sums(parent, child, pairs, data, items)
        clamped = clamped_tensors(parent[0])
        for (name, _), s, d in zip(pairs, signal, noise, strict=True):
            rows.append((BEFORE_CLAMP if name in clamped else "activation", name, _ratio(s, d)))
    rows += _weights(parent[0], child, data)
    if not rows:
        raise GeneratorProblem("the two models share no tensor", "Compare a model with its float parent.")
    finds.self_checks.append(_lineage(rows))
    rows.sort(key=lambda r: (r[0] == BEFORE_CLAMP, r[2], r[1]))
    lowest = min((r[2] for r in rows if r[0] != BEFORE_CLAMP), default=rows[0][2])
    finds.metrics.append(metric("min_sqnr", lowest, n=min(items, len(data.samples)), method="none"))
    finds.tables.append(table("layers by SQNR", ("kind", "tensor", "SQNR dB"), list(rows)))


def _pairs(parent: OpenedModel, child: OpenedModel) -> list[tuple[str, str]]:
    """Return (name in the parent, name in the child) of activations to compare, in the order of the child's graph."""
    computed, _ = tensor_names(parent)
    pairs = {t.name: t.dequantised for t in quantised_tensors(child) if not t.weight and t.name in computed}
    if not pairs:
        shared, _ = tensor_names(child)
        pairs = {n: n for n in sorted(computed & shared)} if not child.quantized else {}
    outputs = {t.name for t in child.outputs}
    return list((pairs | {t.name: t.name for t in parent.outputs if t.name in outputs}).items())


def _sums(
    parent: Party, child: Party, pairs: list[tuple[str, str]], data: SampleSet, items: int
) -> tuple[Array, Array]:
    """Return the sums of x^2 and of (x - x')^2 of every pair."""
    names = [p[0] for p in pairs], [p[1] for p in pairs]
    tapped = with_outputs(parent[0], tuple(names[0])), with_outputs(child[0], tuple(names[1]))
    signal, noise = np.zeros(len(pairs)), np.zeros(len(pairs))
    count = min(items, len(data.samples))
    for start in range(0, count, _BATCH):
        images = load_pixels(replace(data, samples=data.samples[start : min(start + _BATCH, count)]))
        exact = run_batches(tapped[0], parent[1], to_inputs(images, parent[1]), names[0])
        coarse = run_batches(tapped[1], child[1], to_inputs(images, child[1]), names[1])
        for index, (x, y) in enumerate(zip(exact, coarse, strict=True)):
            if x.shape != y.shape:
                raise GeneratorProblem(
                    f"tensor {names[0][index]} has shape {x.shape[1:]} in the parent and {y.shape[1:]} in the model",
                    "Compare a model with its float parent.",
                )
            x64 = x.astype(np.float64)
            signal[index] += float((x64**2).sum())
            noise[index] += float(((x64 - y.astype(np.float64)) ** 2).sum())
    return signal, noise


def _ratio(signal: float, noise: float) -> float:
    if noise <= 0.0:
        return CEILING
    return min(CEILING, 10 * math.log10(signal / noise)) if signal > 0 else -CEILING


def _weights(parent: OpenedModel, child: Party, data: SampleSet) -> list[tuple[str, str, float]]:
    """Return the noise of the stored weights after their dequantisation, against the parent's."""
    quantised = [t for t in quantised_tensors(child[0]) if t.weight]
    exact = initialisers(parent, frozenset(t.name for t in quantised))
    shared = [t for t in quantised if t.name in exact]
    if not shared:
        return []
    names = [t.dequantised for t in shared]
    inputs = to_inputs(load_pixels(replace(data, samples=data.samples[:1])), child[1])
    rows = []
    coarse = run_once(with_outputs(child[0], tuple(names)), child[1], inputs, names)
    for tensor, values in zip(shared, coarse, strict=True):
        x = exact[tensor.name].astype(np.float64)
        if x.shape == values.shape:
            kind = "weight" if x.ndim > 1 else "bias"
            rows.append((kind, tensor.name, _ratio(float((x**2).sum()), float(((x - values) ** 2).sum()))))
    return rows


def _lineage(rows: list[tuple[str, str, float]]) -> SelfCheck:
    """Return whether the weights are those of the parent: 8 bits leave some 40 dB, foreign weights about 0 dB."""
    ratios = sorted(r[2] for r in rows if r[0] == "weight")
    if not ratios:
        return SelfCheck(name="same-lineage", outcome="skipped", detail="the models share no stored weight by name")
    median = ratios[len(ratios) // 2]
    outcome: Literal["passed", "failed"] = "passed" if median >= LINEAGE_LIMIT else "failed"
    detail = f"median SQNR of {len(ratios)} stored weights is {median:.1f} dB; a child has {LINEAGE_LIMIT:g} or more"
    return SelfCheck(name="same-lineage", outcome=outcome, detail=detail)
