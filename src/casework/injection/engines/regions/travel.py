"""Windows on their way: through one kernel after the other, compared with the golden run after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.regions.finish import Finisher, insert
from casework.injection.engines.regions.kernels import LargestPool
from casework.injection.engines.regions.plan import Plan, Step, joined
from casework.injection.engines.regions.windows import Backdrop, Patch, boxes, cells, differing, paste

Array = NDArray[Any]

ROOM: Final = 24 << 20
"""Bytes of windows that one kernel reads and writes, about: more inferences than fit are split."""


@dataclass(slots=True)
class Party:
    """Faulty inferences that travel together.

    Attributes:
        rows: int64 [R]: their positions among the flags.
        slot: int64 [R]: sample of each, as a position in the backdrop.
        patches: Their windows, by tensor.
    """

    rows: Array
    slot: Array
    patches: dict[str, Patch]

    def take(self, chosen: Array | slice) -> Party:
        """Return some of them."""
        return Party(self.rows[chosen], self.slot[chosen], {name: p.rows(chosen) for name, p in self.patches.items()})

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Size of the windows, by tensor."""
        return {name: patch.size for name, patch in self.patches.items()}


class Travel:
    """Sends parties along a plan."""

    def __init__(self, plan: Plan, backdrop: Backdrop, finisher: Finisher, samples: Array) -> None:
        self._plan = plan
        self._backdrop = backdrop
        self._finisher = finisher
        self._samples = samples

    def send(self, rows: Array, slot: Array, patches: Mapping[str, Patch]) -> None:
        """Send inferences off from the target; those that come out changed reach the finisher."""
        start = self._compared(Party(rows, slot, dict(patches)), self._plan.target)
        waiting = [(0, party) for party in start]
        while waiting:
            position, party = waiting.pop()
            if not self._plan.goes_on(position, party.sizes):
                self._leave(position, party)
                continue
            if not any(name in party.patches for name in self._plan.steps[position].reads):
                waiting.append((position + 1, self._kept(position, party)))
                continue
            most = self._most(position, party)
            if len(party.rows) > most:
                half = len(party.rows) // 2
                waiting += [(position, party.take(slice(half, None))), (position, party.take(slice(0, half)))]
                continue
            waiting += [(position + 1, next_party) for next_party in self._step(position, party)]

    def _most(self, position: int, party: Party) -> int:
        """Return how many inferences fit through a kernel together."""
        step = self._plan.steps[position]
        down, across = step.kernel.frame
        height, width = joined(step, party.sizes)
        tall, wide = down.length(height), across.length(width)
        channels = sum(image[0] for name in step.reads if (image := self._plan.graph.image(name)) is not None)
        each = 4 * (channels * down.read(tall) * across.read(wide) + 2 * step.kernel.shape[0] * tall * wide)
        return max(1, ROOM // each)

    def _leave(self, position: int, party: Party) -> None:
        patches = {name: party.patches[name] for name in self._plan.frontiers[position] if name in party.patches}
        self._finisher.add(position, party.rows, self._samples[party.slot], patches)

    def _kept(self, position: int, party: Party) -> Party:
        """Return a party of which no window is read by a step, without the windows that nothing reads any more."""
        wanted = self._plan.frontiers[position + 1]
        return Party(party.rows, party.slot, {name: p for name, p in party.patches.items() if name in wanted})

    def _step(self, position: int, party: Party) -> list[Party]:
        step = self._plan.steps[position]
        windows, top, left = gathered(step, party.patches, self._backdrop, party.slot)
        made = Patch(step.kernel(windows), top, left)
        if isinstance(step.kernel, LargestPool):
            name = step.reads[0]
            mend(step.kernel, party.patches[name], made, self._backdrop, name, party.slot)
        onward = self._kept(position, Party(party.rows, party.slot, {**party.patches, step.result: made}))
        return self._compared(onward, step.result)

    def _compared(self, party: Party, name: str) -> list[Party]:
        """Part inferences in which a tensor is golden again from the others, whose windows are made as small as what differs.

        Those that have no other tensor that differs are masked, and dropped.
        """
        patch = party.patches.get(name)
        if patch is None:
            return [party] if party.patches else []
        golden = self._backdrop.windows(name, party.slot, patch.top, patch.left, patch.size)
        mask = differing(patch.values, golden)
        alive = np.asarray(mask.any(axis=(0, 1)))
        if alive.all():
            return [self._tightened(party, name, mask, np.arange(len(alive)))]
        rows, same = np.flatnonzero(alive), np.flatnonzero(~alive)
        parties = [self._tightened(party, name, mask[..., rows], rows)] if len(rows) else []
        if len(party.patches) > 1:
            others = {n: p for n, p in party.patches.items() if n != name}
            parties.append(Party(party.rows, party.slot, others).take(same))
        return parties

    def _tightened(self, party: Party, name: str, mask: Array, rows: Array) -> Party:
        patch = party.patches[name]
        down, right, tall, wide = boxes(mask)
        size = (int(tall.max()), int(wide.max()))
        if size == patch.size:
            return party if len(rows) == len(party.rows) else party.take(rows)
        down, right = np.minimum(down, patch.size[0] - size[0]), np.minimum(right, patch.size[1] - size[1])
        others = {n: p if len(rows) == len(party.rows) else p.rows(rows) for n, p in party.patches.items() if n != name}
        return Party(party.rows[rows], party.slot[rows], {**others, name: patch.within(down, right, size, rows)})


def gathered(
    step: Step, patches: Mapping[str, Patch], backdrop: Backdrop, slot: Array
) -> tuple[list[Array], Array, Array]:
    """Return the windows that a kernel reads, and where the window that it makes begins: top and left, int64 [R]."""
    down, across = step.kernel.frame
    met = [patches[name] for name in dict.fromkeys(step.reads) if name in patches]
    if len(met) == 1 and len(step.reads) == 1 and down.pointwise and across.pointwise:
        return [met[0].values], met[0].top, met[0].left
    first_row, height = _hull([(p.top, p.size[0]) for p in met], down.inside)
    first_column, width = _hull([(p.left, p.size[1]) for p in met], across.inside)
    tall, wide = down.length(height), across.length(width)
    top, left = down.origin(first_row, tall), across.origin(first_column, wide)
    size = (down.read(tall), across.read(wide))
    row, column = top * down.stride, left * across.stride
    windows = []
    for name in step.reads:
        patch = patches.get(name)
        if patch is not None and size == patch.size and _at(patch, row - down.pad, column - across.pad):
            windows.append(patch.values)
            continue
        window = backdrop.windows(name, slot, row - down.pad, column - across.pad, size, step.kernel.fill)
        if patch is not None:
            paste(window, patch, row - down.pad, column - across.pad)
        windows.append(window)
    return windows, top, left


def mend(kernel: LargestPool, patch: Patch, made: Patch, backdrop: Backdrop, name: str, slot: Array) -> None:
    """Pool the planes that hold what is not finite as a whole, and put the result into what was made of windows.

    Args:
        kernel: The pooling.
        patch: What it read.
        made: What it made: is written to.
        backdrop: The golden tensors.
        name: Of the tensor that it reads.
        slot: int64 [R]: sample of each inference.
    """
    finite = np.isfinite(patch.values)
    if finite.all():
        return
    channels, rows = np.nonzero(~finite.all(axis=(1, 2)))
    tall, wide = backdrop.plain(name, int(slot[0])).shape[1:]
    together = max(1, ROOM // (4 * tall * wide))
    for start in range(0, len(rows), together):
        channel, row = channels[start : start + together], rows[start : start + together]
        planes = np.stack([backdrop.plain(name, int(slot[r]))[c] for r, c in zip(row, channel, strict=True)])[:, None]
        insert(
            planes, Patch(patch.values[channel, :, :, row].transpose(1, 2, 0)[None], patch.top[row], patch.left[row])
        )
        pooled = kernel.planes(planes)
        area, width = pooled.shape[2] * pooled.shape[3], pooled.shape[3]
        place = cells(made.top[row], made.left[row], made.size, width) + np.arange(len(row)) * area
        made.values[channel, :, :, row] = pooled.reshape(-1)[place].transpose(2, 0, 1)


def _at(patch: Patch, top: Array, left: Array) -> bool:
    return bool((patch.top == top).all() and (patch.left == left).all())


def _hull(spans: Sequence[tuple[Array, int]], inside: int) -> tuple[Array, int]:
    """Return where windows of one size begin that hold all spans (begin, size) of each inference, and that size."""
    if len(spans) == 1:
        return spans[0]
    first = np.minimum.reduce([begin for begin, _ in spans])
    last = np.maximum.reduce([begin + size for begin, size in spans])
    size = int((last - first).max())
    return np.minimum(first, inside - size), size


def first_unlike(plan: Plan, backdrop: Backdrop) -> int:
    """Put golden windows through the kernels of a plan and return the position of the first that does not give golden bits."""
    proven = plan.graph.proven
    for position, step in enumerate(plan.steps):
        if step.nodes[0] not in proven:
            proven[step.nodes[0]] = _gives_golden(step, backdrop)
        if not proven[step.nodes[0]]:
            return position
    return len(plan.steps)


def _gives_golden(step: Step, backdrop: Backdrop) -> bool:
    height, width = step.kernel.shape[1:]
    size = (min(3, height), min(3, width))
    top, left = _spread(height - size[0]), _spread(width - size[1])
    slot = np.zeros(len(top), np.int64)
    down, across = step.kernel.frame
    row, column = top * down.stride - down.pad, left * across.stride - across.pad
    read = (down.read(size[0]), across.read(size[1]))
    windows = [backdrop.windows(name, slot, row, column, read, step.kernel.fill) for name in step.reads]
    golden = backdrop.windows(step.result, slot, top, left, size)
    return not differing(step.kernel(windows), golden).any()


def _spread(last: int) -> Array:
    """Return 11 places from 0 to `last`, in an order that has row and column meet unlike ones."""
    return np.linspace(0, last, 11).astype(np.int64)
