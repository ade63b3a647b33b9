"""Records of fault injection as plain values, shaped as real ones are: bit 30 corrupts most, the mantissa nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from casework.artifact.digest import jcs_digest
from casework.model.result import GeneratorId, Metric, ResultRecord, SelfCheck, Table, outcome_of

LENET = (
    ("conv1.weight", "weight", "Conv", 0, 150), ("conv1.bias", "bias", "Conv", 0, 6), ("relu1", "activation", "Relu", 1, 4704),
    ("conv2.weight", "weight", "Conv", 3, 2400), ("conv2.bias", "bias", "Conv", 3, 16), ("relu2", "activation", "Relu", 4, 1600),
    ("fc1.weight", "weight", "Gemm", 7, 48000), ("fc1.bias", "bias", "Gemm", 7, 120), ("fc2.weight", "weight", "Gemm", 9, 10080),
    ("fc2.bias", "bias", "Gemm", 9, 84), ("fc3.weight", "weight", "Gemm", 11, 840), ("fc3.bias", "bias", "Gemm", 11, 10),
)  # fmt: skip

BY_BIT = {30: 0.295, 31: 0.00004, 29: 0.0007, 28: 0.0006, 27: 0.0005, 26: 0.0005, 25: 0.0004, 24: 0.0003, 23: 0.0001}


def wilson(k: int, n: int) -> tuple[float, float]:
    z, p = 1.959964, k / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return low if k else 0.0, high if k < n else 1.0


def rate_of(k: int, n: int) -> tuple[float | None, float | None, float | None]:
    return (k / n, *wilson(k, n)) if n else (None, None, None)


def _metric(name: str, k: int, n: int) -> Metric:
    low, high = wilson(k, n)
    return Metric(
        name=name, value=k / n, unit="ratio", n=n, k=k, ci_low=low, ci_high=high, confidence=0.95, method="wilson"
    )


def tables(layers: Sequence[tuple[str, str, str, int, int]], each: int, ease: float, dtype: str = "") -> list[Table]:
    """Return the tables by tensor and bit: `each` predictions a cell, rates `ease` times those of `BY_BIT`."""
    by_tensor: list[tuple[Any, ...]] = []
    by_cell: list[tuple[Any, ...]] = []
    whole: dict[int, list[int]] = {}
    for place, (name, kind, operator, depth, elements) in enumerate(layers):
        sdc = due = 0
        bits = [b for b in range(32) if not (kind == "bias" and b < 8)]
        for bit in bits:
            lift = 0.6 + 0.8 * ((place * 7 + bit * 3) % 11) / 10
            k = round(each * min(1.0, BY_BIT.get(bit, 0.0) * ease * lift))
            d = round(each * 0.006 * lift) if bit == 30 else 0
            by_cell.append((name, bit, each, k, d))
            found = whole.setdefault(bit, [0, 0, 0])
            found[0], found[1], found[2] = found[0] + each, found[1] + k, found[2] + d
            sdc, due = sdc + k, due + d
        n = each * len(bits)
        row: tuple[Any, ...] = (
            name,
            kind,
            operator,
            depth,
            elements,
            n,
            n,
            sdc,
            due,
            0,
            n - sdc - due,
            *rate_of(sdc, n),
            "channel" if kind != "activation" else "suffix",
        )
        by_tensor.append((*row, dtype) if dtype else row)
    columns = (
        "tensor",
        "kind",
        "operator",
        "depth",
        "elements",
        "faults",
        "predictions",
        "sdc",
        "due",
        "detected",
        "masked",
        "sdc_rate",
        "ci_low",
        "ci_high",
        "engine",
    )
    rates = ("predictions", "sdc", "due", "sdc_rate", "ci_low", "ci_high")
    bits_rows = tuple((bit, n, k, d, *rate_of(k, n)) for bit, (n, k, d) in sorted(whole.items()))
    return [
        Table(name="rates by tensor", columns=(*columns, "dtype") if dtype else columns, rows=tuple(by_tensor)),
        Table(name="sdc by tensor and bit", columns=("tensor", "bit", "predictions", "sdc", "due"), rows=tuple(by_cell)),
        Table(name="rates by bit", columns=("bit", *rates), rows=bits_rows),
    ]  # fmt: skip


def record(
    *,
    each: int = 20_000,
    ease: float = 1.0,
    layers: Sequence[tuple[str, str, str, int, int]] = LENET,
    more: Sequence[Table] | None = None,
    digest: str = "ab" * 32,
    **changes: Any,
) -> ResultRecord:
    """Return a record of a campaign of single bit flips in a small classifier.

    Args:
        each: Predictions in each bit of each tensor.
        ease: Factor on all rates of SDC, such as 0.02 for a hardened model.
        layers: Name, kind, operator, depth, elements of each tensor.
        more: Further tables; by default by class, by number of faults, engines, canaries and worst faults.
        digest: SHA-256 of the model.
    """
    made = tables(layers, each, ease)
    made += list(others(ease) if more is None else more)
    n = sum(int(row[6]) for row in made[0].rows)  # type: ignore[arg-type]
    sdc, due = sum(int(row[7]) for row in made[0].rows), sum(int(row[8]) for row in made[0].rows)  # type: ignore[arg-type]
    metrics = (
        Metric(name="injected_predictions", value=n, unit="count", method="exact"),
        Metric(name="faults", value=n, unit="count", method="exact"),
        _metric("sdc_rate", sdc, n), _metric("due_rate", due, n), _metric("masked_rate", (n - sdc - due) // 2, n),
        Metric(name="audited", value=200, unit="count", method="exact"), Metric(name="audit_disagreements", value=0, unit="count", n=200, method="exact"),
        Metric(name="cpu_seconds", value=7.4, unit="s"), Metric(name="overhead_vs_batch1", value=0.0141, unit="x"),
    )  # fmt: skip
    fields: dict[str, Any] = {
        "generator": GeneratorId(name="fault-injection", version=1),
        "digests": {"model": digest, "data": "cd" * 32, "options": "11" * 32, "fault_list": "ef" * 32, "fault_outcomes": "12" * 32, "outcome": jcs_digest(outcome_of(metrics, tuple(made)))},
        "files": {"model": "lenet.onnx", "data": "digits.npz"},
        "options": {"target": "all", "fault": "bitflip", "mode": "single", "faults": str(n), "unit": "element", "allocation": "proportional", "inputs_per_fault": "1", "amount": 1, "audit": 200},
        "seed": 1,
        "environment": {"python": "3.11.9", "onnxruntime": "1.32.0", "threads": 1, "cpu": "x86_64"},
        "started": "2026-11-20T10:00:00Z",
        "duration_s": 8.2,
        "status": "complete",
        "metrics": metrics,
        "tables": tuple(made),
        "self_checks": (
            SelfCheck(name="audit", outcome="passed", detail="200 of 200 predictions agree with the oracle"),
            SelfCheck(name="canaries", outcome="passed", detail="a huge value in each of the 12 tensors moved the outputs"),
        ),
        "limitations": ("Faults are put into tensors of the folded graph; registers and control flow are not hit.", "Rates hold for these inputs."),
        "command": "casework try fault-injection lenet.onnx --data digits.npz --option target=all --seed 1",
    }  # fmt: skip
    return ResultRecord(**{**fields, **changes})


def others(ease: float) -> tuple[Table, ...]:
    rates = ("predictions", "sdc", "due", "sdc_rate", "ci_low", "ci_high")
    amounts = ((1, 0.028), (2, 0.055), (5, 0.128), (10, 0.230), (20, 0.335), (50, 0.481), (100, 0.584))
    classes = (0.0082, 0.0150, 0.0091, 0.0101, 0.0078, 0.0066, 0.0070, 0.0088, 0.0107, 0.0095)
    engine_rows = (
        ("channel", "bit for bit (Conv), same class (Gemm)", 10, 5_800_000, 150, 0, 3, ""),
        ("suffix", "bit for bit", 2, 1_280_000, 50, 0, 0, "extended optimisation"),
    )
    worst = tuple((i, "conv1.weight", 12 + i, 30, i % 7, i % 10, (i * 3 + 1) % 10, 11.25 - i) for i in range(5))
    return (
        Table(name="rates by class", columns=("class", *rates), rows=tuple((str(c), 20_000, round(20_000 * p * ease), 40, *rate_of(round(20_000 * p * ease), 20_000)) for c, p in enumerate(classes))),
        Table(name="rates by number of faults", columns=("amount", *rates), rows=tuple((a, 4_000, round(4_000 * p * ease), 12, *rate_of(round(4_000 * p * ease), 4_000)) for a, p in amounts)),
        Table(name="engines", columns=("engine", "exactness", "tensors", "predictions", "audited", "disagreements", "near_ties", "note"), rows=engine_rows),
        Table(name="canaries", columns=("tensor", "engine", "moved"), rows=tuple((name, "channel" if kind != "activation" else "suffix", True) for name, kind, *_ in LENET)),
        Table(name="worst faults", columns=("id", "tensor", "index", "bit", "input", "golden", "faulty", "margin"), rows=worst),
    )  # fmt: skip


def wide_network(tensors: int = 200) -> tuple[tuple[str, str, str, int, int], ...]:
    """Return tensors of a deep network with the long names that exporters give."""
    return tuple(
        (
            f"model/backbone/stage{i // 20}/block{i // 4 % 5}/residual_unit_{i}/convolution_{i % 4}/{'weight' if i % 2 == 0 else 'bias'}",
            "weight" if i % 2 == 0 else "bias", ("Conv", "QLinearConv", "Gemm")[i // 70 % 3], i // 2, 64 * (i + 1),
        )
        for i in range(tensors)
    )  # fmt: skip
