"""Fault lists and judges for the tests of engines."""

from __future__ import annotations

from typing import Any

import numpy as np

from casework.injection.faults.bits import width
from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor


def flips(network: Any, name: str, count: int, samples: int, seed: int = 0) -> FaultList:
    """Return single bit flips anywhere in a target."""
    target = network.target(name)
    draw = np.random.default_rng(seed)
    bits = draw.integers(0, width(target.dtype), count).astype(np.uint64)
    return listed(
        network, name, draw.integers(0, target.elements, count), np.uint64(1) << bits, draw.integers(0, samples, count)
    )


def listed(
    network: Any, name: str, index: Any, operand: Any, sample: Any, op: str = "xor", starts: Any = None
) -> FaultList:
    """Return faults of one target as given; one site each unless `starts` says otherwise."""
    target = network.target(name)
    starts = np.arange(len(index) + 1) if starts is None else np.asarray(starts)
    count = len(starts) - 1
    tensor = FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)
    return FaultList(
        network.sha256, (tensor,), np.arange(count), np.zeros(count, np.int32), starts.astype(np.int64), np.asarray(index, np.int64),
        np.asarray(operand, np.uint64), np.full(count, OPS.index(op), np.uint8), np.asarray(sample, np.int64), np.arange(count),
    )  # fmt: skip


class Fingerprints:
    """A judge that tells outputs apart by their bits: 0 for golden ones, else 15 bits of a checksum with the lowest set."""

    def __init__(self, golden: Any) -> None:
        self.golden = golden
        self.calls = 0

    def __call__(self, outputs: Any, samples: Any) -> Any:
        import zlib

        self.calls += 1
        found = np.zeros(len(samples), np.uint16)
        for row, sample in enumerate(samples):
            bits = b"".join(np.ascontiguousarray(values[row]).tobytes() for values in outputs)
            golden = b"".join(np.ascontiguousarray(values[sample]).tobytes() for values in self.golden.outputs)
            found[row] = 0 if bits == golden else (zlib.crc32(bits) & 0xFFFF) | 1
        return found
