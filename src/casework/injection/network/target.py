"""A tensor that can be hit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["weight", "bias", "activation", "input", "output", "scale", "zero_point"]


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor of the folded graph that faults can strike.

    Attributes:
        index: Position in the table of targets; order of the folded graph, stored tensors by their first consumer.
        name: Name in the folded graph.
        original: Name in the model file, where it has one there; else the same.
        kind: What it is.
        dtype: numpy name of its element type.
        shape: Of one sample for what an inference computes (no batch axis), whole for what is stored.
        operator: Type of the operator that makes it (activations, outputs) or first uses it (stored tensors, inputs).
        node: Name of that node, or its first output where it has none.
        depth: Position of that node in topological order.
    """

    index: int
    name: str
    original: str
    kind: TargetKind
    dtype: str
    shape: tuple[int, ...]
    operator: str
    node: str
    depth: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def stored(self) -> bool:
        """True for what lies in memory between inferences: weights, biases, scales, zero points."""
        return self.kind in ("weight", "bias", "scale", "zero_point")
