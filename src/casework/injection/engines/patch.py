"""The patch engine: faults in image-like tensors travel as the small windows that can differ, and only what is left runs as a whole.

Exactness. Every operator on the way is computed by onnxruntime's own kernel over windows cut from the golden tensors, with sums in
the order that it takes over the whole tensor (`regions.products`); before an operator is used so, golden windows are put through it
and must come out with the golden bits, or the windows end there. A window that equals the golden one bit by bit is hence masked in
truth, and is dropped: there is no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.regions.finish import Finisher, Rests
from casework.injection.engines.regions.golden import Scenes
from casework.injection.engines.regions.graph import GraphView
from casework.injection.engines.regions.plan import Plan, insertable, plan_for
from casework.injection.engines.regions.travel import Travel, first_unlike
from casework.injection.engines.regions.windows import Backdrop, Patch
from casework.injection.faults.bits import strike
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.target import Target

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network

Array = NDArray[Any]

ROWS: Final = 8192
"""Faulty inferences that set out together at most."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Where faults strike an image-like tensor.

    Attributes:
        top: int64 [F]: first row that a fault strikes.
        left: int64 [F]: first column.
        size: Height and width that hold the strikes of any of the faults.
    """

    top: Array
    left: Array
    size: tuple[int, int]


class PatchEngine:
    """Windows for activations and inputs of networks over images."""

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._graph = GraphView(network)
        self._plans: dict[str, Plan] = {}
        self._proven: set[str] = set()
        self._rests = Rests(golden)
        self._scenes = Scenes(self._graph, golden)

    @property
    def name(self) -> str:
        """Name in records."""
        return "patch"

    @property
    def exactness(self) -> Exactness:
        """Bit by bit: see above."""
        return "bit-exact"

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take these faults of this target; empty where it can."""
        if target.stored:
            return "it takes activations and inputs only"
        if self._graph.image(target.name) is None:
            return "the tensor does not hold a float32 image [C, H, W] for each sample"
        if bool((np.diff(np.sort(faults.group)) == 0).any()):
            return "faults strike in groups"
        plan = self._plan(target.name)
        reason = insertable(plan, plan.frontiers)
        if reason:
            return reason
        size = self._boxes(target, faults).size
        if not plan.goes_on(0, {target.name: size}):
            return "windows would cost more than the whole rest of the graph"
        return ""

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see the protocol."""
        flags = np.zeros(len(fault), np.uint16)
        plan = self._plan(target.name)
        boxes = self._boxes(target, faults)
        placed = self._placed(target, faults, boxes)
        finisher = Finisher(plan, self._golden, self._rests)
        finisher.begin(judge, flags)
        proven = target.name in self._proven
        for rows, samples in self._scenes.portions(plan, boxes.size, sample):
            backdrop = self._scenes.backdrop(plan, boxes.size, samples)
            travel = Travel(plan, backdrop, finisher, samples)
            if not proven:
                proven = self._prove(plan, backdrop, target.name)
            for start in range(0, len(rows), ROWS):
                part = rows[start : start + ROWS]
                slot = np.searchsorted(samples, sample[part])
                patch = self._struck(target, placed, boxes, fault[part], slot, backdrop)
                travel.send(part, slot, {target.name: patch})
        finisher.finish()
        return flags

    def _plan(self, name: str) -> Plan:
        if name not in self._plans:
            self._plans[name] = plan_for(self._graph, name)
        return self._plans[name]

    def _prove(self, plan: Plan, backdrop: Backdrop, name: str) -> bool:
        """Put golden windows through every kernel; cut the plan before the first that does not give golden bits."""
        plan.shorten(first_unlike(plan, backdrop))
        self._proven.add(name)
        return True

    def _boxes(self, target: Target, faults: FaultList) -> Boxes:
        _, height, width = target.shape
        place = faults.index % (height * width)
        row, column = place // width, place % width
        if faults.single:
            return Boxes(row, column, (1, 1))
        starts = faults.starts[:-1]
        top, left = np.minimum.reduceat(row, starts), np.minimum.reduceat(column, starts)
        tall = int((np.maximum.reduceat(row, starts) - top).max(initial=0)) + 1
        wide = int((np.maximum.reduceat(column, starts) - left).max(initial=0)) + 1
        return Boxes(np.minimum(top, height - tall), np.minimum(left, width - wide), (tall, wide))

    def _placed(self, target: Target, faults: FaultList, boxes: Boxes) -> FaultList:
        """Return the faults with indices into the window [C, h, w] of each, instead of into the tensor."""
        _, height, width = target.shape
        tall, wide = boxes.size
        channel, place = faults.index // (height * width), faults.index % (height * width)
        sites = np.diff(faults.starts)
        top = boxes.top if faults.single else np.repeat(boxes.top, sites)
        left = boxes.left if faults.single else np.repeat(boxes.left, sites)
        index = (channel * tall + place // width - top) * wide + place % width - left
        return replace(faults, index=index)

    def _struck(
        self, target: Target, placed: FaultList, boxes: Boxes, fault: Array, slot: Array, backdrop: Backdrop
    ) -> Patch:
        """Return the windows of the target with a fault in each."""
        top, left = boxes.top[fault], boxes.left[fault]
        golden = backdrop.windows(target.name, slot, top, left, boxes.size)
        rows = np.ascontiguousarray(np.moveaxis(golden, 3, 0))
        strike(rows, placed, fault)
        return Patch(np.ascontiguousarray(np.moveaxis(rows, 0, 3)), top, left)
