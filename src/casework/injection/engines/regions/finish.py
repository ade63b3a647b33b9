"""The whole rest of the graph for faulty inferences whose windows have grown too large: golden rows with the windows put in."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Judge
from casework.injection.engines.regions.plan import Plan
from casework.injection.engines.regions.windows import Patch
from casework.injection.network.sessions import open_session
from casework.injection.network.wiring import extract, read_by

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden

Array = NDArray[Any]

ROOM: Final = 24 << 20
"""Bytes of golden rows and windows that are run together, about."""

WEIGHTS: Final = 768 << 20
"""Bytes of weights in sessions that are kept, about."""

MOST: Final = 2048
"""Rows that are run together at most."""


class Rest:
    """What is left of the graph after some steps of a plan."""

    def __init__(self, plan: Plan, steps: int, golden: Golden) -> None:
        self.frontier = plan.frontiers[steps]
        self._golden = golden
        self._network = plan.graph.network
        left = plan.left(steps)
        nodes = [plan.graph.nodes[p] for p in left]
        made = {name for node in nodes for name in node.output if name}
        wanted = dict.fromkeys(name for node in nodes for name in read_by(node))
        self._live = tuple(n for n in wanted if n not in made and n not in plan.graph.stored and n not in self.frontier)
        # An output without batch axis depends on no sample's values: it is golden.
        layouts = self._network.layouts
        self._results = tuple(name for name in plan.graph.outputs if name in made and layouts[name] is not None)
        self._outputs = plan.graph.outputs
        self._ports = {port.name: port for port in self._network.outputs}
        self._left = left
        held = {name for node in nodes for name in node.input if name in plan.graph.stored}
        self.weights = sum(4 * math.prod(plan.graph.stored[name].dims) for name in held)
        self._session: Any = None
        shapes = [plan.graph.rows(name) or (1,) for name in (*self.frontier, *self._live)]
        each = sum(int(np.prod(shape)) for shape in shapes) * 4
        self.channel_bytes = 4 * int(np.prod(shapes[0][1:]))
        self.most = max(1, min(MOST, ROOM // max(each, 1)))

    def run(self, parts: Mapping[str, Array], samples: Array) -> list[Array]:
        """Return all graph outputs [R, ...].

        Args:
            parts: Tensors of the frontier in rows [R, ...].
            samples: int64 [R].
        """
        found: dict[str, Array] = {name: parts[name] for name in self.frontier if name in self._outputs}
        if self._results:
            feeds = {name: parts[name] for name in self.frontier}
            if self._live:
                feeds |= self._golden.values(list(self._live), samples)
            made = self._opened(feeds).run(list(self._results), self._read(feeds))
            found |= {
                name: self._ports[name].rows(value, len(samples))
                for name, value in zip(self._results, made, strict=True)
            }
        missing = [position for position, name in enumerate(self._outputs) if name not in found]
        for position in missing:
            found[self._outputs[position]] = self._golden.outputs[position][samples]
        return [found[name] for name in self._outputs]

    def _read(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return {value.name: feeds[value.name] for value in self._session.get_inputs()}

    def _opened(self, feeds: Mapping[str, Array]) -> Any:
        from onnx import helper

        if self._session is None:
            nodes = [self._network.proto.graph.node[p] for p in self._left]
            read = {name for node in nodes for name in read_by(node)}
            inputs = [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(value.dtype), ["batch", *value.shape[1:]]
                )
                for name, value in feeds.items()
                if name in read
            ]
            outputs = [value for value in self._network.proto.graph.output if value.name in self._results]
            part = extract(self._network.proto, self._left, inputs, outputs)
            self._session = open_session(part.SerializeToString(), level=self._network.level)
        return self._session


class Rests:
    """What is left of the graph from several frontiers, the last used kept while their weights fit; plans share them."""

    def __init__(self, golden: Golden) -> None:
        self._golden = golden
        self._held: OrderedDict[tuple[tuple[str, ...], tuple[int, ...]], Rest] = OrderedDict()

    def of(self, plan: Plan, steps: int) -> Rest:
        """Return what is left after some steps of a plan."""
        key = (plan.frontiers[steps], tuple(plan.left(steps)))
        if key not in self._held:
            self._held[key] = Rest(plan, steps, self._golden)
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(rest.weights for rest in self._held.values()) > WEIGHTS:
            self._held.popitem(last=False)
        return self._held[key]


class Finisher:
    """Collects inferences that leave their windows, by the step at which they do, and runs them in batches."""

    def __init__(self, plan: Plan, golden: Golden, rests: Rests) -> None:
        self._plan = plan
        self._golden = golden
        self._rests = rests
        self._waiting: dict[int, list[tuple[Array, Array, Mapping[str, Patch]]]] = {}
        self._judge: Judge | None = None
        self._flags: Array = np.zeros(0, np.uint16)

    def begin(self, judge: Judge, flags: Array) -> None:
        """Set who judges, and where flags uint16 [R] go."""
        self._judge, self._flags = judge, flags

    def add(self, steps: int, rows: Array, samples: Array, patches: Mapping[str, Patch]) -> None:
        """Take inferences that have done some steps.

        Args:
            steps: Number of steps done.
            rows: int64 [K]: their positions among the flags.
            samples: int64 [K].
            patches: Their windows; what of the frontier is not among them is golden.
        """
        if not len(rows):
            return
        waiting = self._waiting.setdefault(steps, [])
        waiting.append((rows, samples, patches))
        if sum(len(entry[0]) for entry in waiting) >= self._rest(steps).most:
            self._run(steps)

    def finish(self) -> None:
        """Run what waits."""
        for steps in sorted(self._waiting):
            self._run(steps)

    def _rest(self, steps: int) -> Rest:
        return self._rests.of(self._plan, steps)

    def _run(self, steps: int) -> None:
        rest = self._rest(steps)
        waiting = self._waiting.pop(steps, [])
        while waiting:
            batch, count = [], 0
            while waiting and count < rest.most:
                rows, samples, patches = waiting.pop(0)
                fits = min(len(rows), rest.most - count)
                if fits < len(rows):
                    ahead = {name: patch.rows(slice(fits, None)) for name, patch in patches.items()}
                    waiting.insert(0, (rows[fits:], samples[fits:], ahead))
                    patches = {name: patch.rows(slice(0, fits)) for name, patch in patches.items()}
                batch.append((rows[:fits], samples[:fits], patches))
                count += fits
            self._run_batch(rest, batch)

    def _run_batch(self, rest: Rest, batch: Sequence[tuple[Array, Array, Mapping[str, Patch]]]) -> None:
        if self._judge is None:
            raise RuntimeError("finish before begin")
        samples = np.concatenate([entry[1] for entry in batch])
        parts = self._golden.values(list(rest.frontier), samples)
        for name, part in parts.items():
            first = 0
            for rows, _, patches in batch:
                if name in patches:
                    insert(part[first : first + len(rows)], patches[name])
                first += len(rows)
        flags = self._judge(rest.run(parts, samples), samples)
        self._flags[np.concatenate([entry[0] for entry in batch])] = flags


def insert(rows: Array, patch: Patch) -> None:
    """Put windows into whole tensors.

    Args:
        rows: [R, C, H, W], contiguous: written to.
        patch: Windows of R inferences.
    """
    count, channels, tall, wide = rows.shape
    height, width = patch.size
    if (height, width) == (tall, wide):
        rows[...] = patch.values.transpose(3, 0, 1, 2)
        return
    if channels * height * width > 2048:
        for row in range(count):
            top, left = int(patch.top[row]), int(patch.left[row])
            rows[row, :, top : top + height, left : left + width] = patch.values[..., row]
        return
    place = (np.arange(height)[:, None, None] + patch.top) * wide + np.arange(width)[None, :, None] + patch.left
    place = place + np.arange(count) * (channels * tall * wide)
    whole = np.arange(channels)[:, None, None, None] * (tall * wide) + place
    rows.reshape(-1)[whole.reshape(-1)] = patch.values.reshape(-1)
