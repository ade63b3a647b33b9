"""How regions travel from a target through the graph, where they may leave for the whole rest, and what each way costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from numpy.typing import NDArray

from casework.injection.engines.regions.graph import GraphView, kernel_of
from casework.injection.engines.regions.kernels import Kernel
from casework.injection.network.wiring import after, read_by

Array = NDArray[Any]

Sizes = Mapping[str, tuple[int, int]]

MOVE: Final = 30.0
"""Multiplications in whose time one element of a window is gathered, put in and compared, about. Part of a fixed cost model: which way
a fault goes must not depend on how fast the machine happens to be."""

SURVIVE: Final = 0.8
"""Share of differences that are taken to outlive an operator that can mask them, up to the first convolution: what gets through that
seldom vanishes later. It has a say in the way that is taken, none in what is found."""

STAY: Final = 1.15
"""How much more the way by windows may cost before it is left: the rest of the graph then starts at few places, and needs few sessions."""


@dataclass(frozen=True, slots=True)
class Step:
    """A kernel on the way.

    Attributes:
        kernel: What it computes.
        reads: Its operands, in order; some differ from the golden run, others do not.
        result: What it makes.
        nodes: Positions of the nodes that it stands for.
    """

    kernel: Kernel
    reads: tuple[str, ...]
    result: str
    nodes: tuple[int, ...]


@dataclass(slots=True)
class Plan:
    """The way of faults in one target.

    Attributes:
        graph: The graph.
        target: Name of the target.
        steps: Kernels, in order.
        frontiers: For each number of steps done, the differing tensors that are still read, or are outputs; one more than steps.
        rest: For each number of steps done, the multiplications of what is left, for one sample.
    """

    graph: GraphView
    target: str
    steps: list[Step]
    frontiers: list[tuple[str, ...]] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)
    _masking: set[int] = field(default_factory=set)
    _best: dict[tuple[int, tuple[tuple[str, tuple[int, int]], ...]], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._measure()

    def _measure(self) -> None:
        """Find frontiers and costs for the present steps."""
        nodes = self.graph.nodes
        dependent = after(nodes, [self.target])
        done: set[int] = set()
        made = [self.target]
        self.frontiers, self.rest = [], []
        self._best.clear()
        for step in [None, *self.steps]:
            if step is not None:
                done |= set(step.nodes)
                made.append(step.result)
            left = [p for p in dependent if p not in done]
            wanted = {name for p in left for name in read_by(nodes[p])} | set(self.graph.outputs)
            self.frontiers.append(tuple(name for name in made if name in wanted))
            self.rest.append(sum(self.graph.macs[p] for p in left))
        first = next((k for k, step in enumerate(self.steps) if step.kernel.macs), len(self.steps))
        self._masking = {k for k, step in enumerate(self.steps[: first + 1]) if step.kernel.masks}

    def shorten(self, steps: int) -> None:
        """Keep the first steps only: the kernel after them does not give the bits of the whole."""
        del self.steps[steps:]
        self._measure()

    def left(self, steps: int) -> list[int]:
        """Return the positions of the nodes that are left after some steps."""
        done = {p for step in self.steps[:steps] for p in step.nodes}
        return [p for p in after(self.graph.nodes, [self.target]) if p not in done]

    def sizes_after(self, position: int, sizes: Sizes) -> dict[str, tuple[int, int]]:
        """Return the windows after a step, from those before it; what is not read any more is dropped."""
        step = self.steps[position]
        grown = dict(sizes)
        if any(name in sizes for name in step.reads):
            height, width = joined(step, sizes)
            down, across = step.kernel.frame
            grown[step.result] = (down.length(height), across.length(width))
        return {name: grown[name] for name in self.frontiers[position + 1] if name in grown}

    def cost(self, position: int, sizes: Sizes) -> float:
        """Return the cost of one window through one step, in multiplications."""
        step = self.steps[position]
        if not any(name in sizes for name in step.reads):
            return 0.0
        height, width = joined(step, sizes)
        down, across = step.kernel.frame
        tall, wide = down.length(height), across.length(width)
        read = down.read(tall) * across.read(wide)
        channels = sum(image[0] for name in step.reads if (image := self.graph.image(name)) is not None)
        return step.kernel.macs * tall * wide + MOVE * (read * channels + tall * wide * step.kernel.shape[0])

    def leave(self, position: int) -> float:
        """Return the cost of computing all that is left after some steps, for one sample, in multiplications."""
        inserted = sum(math.prod(self.graph.image(name) or (1,)) for name in self.frontiers[position])
        return self.rest[position] + inserted

    def best(self, position: int, sizes: Sizes) -> float:
        """Return the least cost from some steps on: by leaving now or by going on and leaving at the best step after."""
        key = (position, tuple(sorted(sizes.items())))
        if key not in self._best:
            go_on = math.inf
            if position < len(self.steps):
                onward = self.best(position + 1, self.sizes_after(position, sizes))
                go_on = self.cost(position, sizes) + onward * (SURVIVE if position in self._masking else 1.0)
            self._best[key] = min(go_on, self.leave(position))
        return self._best[key]

    def way(self, size: tuple[int, int]) -> list[str]:
        """Return the tensors that windows of a size in the target are compared with or cut from, until they leave."""
        sizes: dict[str, tuple[int, int]] = {self.target: size}
        found = {self.target: None}
        for position, step in enumerate(self.steps):
            if not self.goes_on(position, sizes):
                break
            found |= dict.fromkeys((*step.reads, step.result))
            sizes = self.sizes_after(position, sizes)
        return list(found)

    def goes_on(self, position: int, sizes: Sizes) -> bool:
        """Return whether to take the next step as windows, rather than to compute all that is left."""
        return position < len(self.steps) and self.best(position, sizes) < STAY * self.leave(position)


def joined(step: Step, sizes: Sizes) -> tuple[int, int]:
    """Return the size of a window that holds those of all differing operands where they lie about the same place."""
    found = [sizes[name] for name in step.reads if name in sizes]
    return max(height for height, _ in found), max(width for _, width in found)


def plan_for(graph: GraphView, target: str) -> Plan:
    """Return the way from a target to the first operator that windows cannot pass."""
    steps: list[Step] = []
    differing = {target}
    taken: set[int] = set()
    for position in after(graph.nodes, [target]):
        if position in taken:
            continue
        found = kernel_of(graph, position)
        if found is None:
            break
        kernel, reads, nodes = found
        result = graph.nodes[nodes[-1]].output[0]
        if not any(name in differing for name in reads):
            break
        steps.append(Step(kernel, reads, result, tuple(nodes)))
        taken |= set(nodes)
        differing.add(result)
    return Plan(graph, target, steps)


def insertable(plan: Plan, frontiers: Sequence[tuple[str, ...]]) -> str:
    """Return why the rest of the graph cannot be run from a plan's frontiers; empty where it can."""
    network = plan.graph.network
    if network.batch:
        return "the model takes one sample at a time"
    for steps, frontier in enumerate(frontiers):
        left = plan.left(steps)
        made = {name for p in left for name in plan.graph.nodes[p].output}
        wanted = {name for p in left for name in read_by(plan.graph.nodes[p])} - made - set(plan.graph.stored)
        for name in sorted(wanted | set(frontier)):
            if plan.graph.rows(name) is None:
                return f"what follows reads {name}, which does not hold one sample in each row"
    return ""


__all__ = ["MOVE", "Plan", "Step", "insertable", "joined", "plan_for"]
