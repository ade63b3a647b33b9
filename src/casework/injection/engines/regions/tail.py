"""The rest of the graph for single faulty channels: golden rows of a sample, one channel put into each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Judge
from casework.injection.engines.regions.finish import Rest

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden

Array = NDArray[Any]

WAITING: Final = 32768
"""Channels of one sample that are collected before the rest of the graph runs: equal ones among them run once."""

ROOM: Final = 4 << 20
"""Bytes of channels of one sample that are collected, about."""


@dataclass(slots=True)
class Pending:
    """Changed channels of one sample: rows int64 [K] among the flags, channel int64 [K], values [K, ...]; in pieces."""

    rows: list[Array] = field(default_factory=list)
    channel: list[Array] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    count: int = 0


class Tail:
    """Judges faulty channels: those that equal the golden ones are masked, the others run through the rest of the graph."""

    def __init__(self, rest: Rest, golden: Golden, judge: Judge, flags: Array) -> None:
        self._rest = rest
        self._name = rest.frontier[0]
        self._golden = golden
        self._judge = judge
        self._flags = flags
        self._pending: dict[int, Pending] = {}
        self._mixed: list[tuple[Array, Array, Array, Array]] = []
        self._waiting = 0
        self._whole: dict[int, Array] = {}
        self._most = max(rest.most, min(WAITING, ROOM // rest.channel_bytes))

    def add(self, sample: int, rows: Array, channel: Array, values: Array) -> None:
        """Take channels of one sample.

        Args:
            sample: The sample.
            rows: int64 [K]: their positions among the flags.
            channel: int64 [K].
            values: [K, ...]: the channel with the fault.
        """
        golden = self._of(sample)
        pattern = f"u{values.dtype.itemsize}"
        unequal = values.view(pattern) != golden.view(pattern)[channel]
        changed = np.flatnonzero(unequal.any(axis=tuple(range(1, values.ndim))) if values.ndim > 1 else unequal)
        if not len(changed):
            return
        pending = self._pending.setdefault(sample, Pending())
        pending.rows.append(rows[changed])
        pending.channel.append(channel[changed])
        pending.values.append(values[changed])
        pending.count += len(changed)
        if pending.count >= self._most:
            self._run(sample)

    def add_mixed(self, samples: Array, rows: Array, channel: Array, values: Array) -> None:
        """Take channels of several samples, few of each: their rows are gathered, where `add` tiles one sample.

        Args:
            samples: int64 [K].
            rows: int64 [K]: their positions among the flags.
            channel: int64 [K].
            values: [K, ...]: the channel with the fault.
        """
        unlike, place = np.unique(samples, return_inverse=True)
        golden = self._golden.values([self._name], unlike)[self._name]
        pattern = f"u{values.dtype.itemsize}"
        unequal = values.view(pattern) != golden.view(pattern)[place, channel]
        changed = np.flatnonzero(unequal.any(axis=tuple(range(1, values.ndim))) if values.ndim > 1 else unequal)
        if len(changed):
            self._mixed.append((samples[changed], rows[changed], channel[changed], values[changed]))
            self._waiting += len(changed)
        if self._waiting >= self._most:
            self._run_mixed()

    def finish(self) -> None:
        """Run what waits."""
        for sample in sorted(self._pending):
            self._run(sample)
        self._run_mixed()

    def _run_mixed(self) -> None:
        if not self._mixed:
            return
        samples, rows, channel, values = (np.concatenate(parts) for parts in zip(*self._mixed, strict=True))
        self._mixed, self._waiting = [], 0
        for start in range(0, len(rows), self._rest.most):
            part = slice(start, start + self._rest.most)
            buffer = self._golden.values([self._name], samples[part])[self._name]
            buffer[np.arange(len(buffer)), channel[part]] = values[part]
            self._flags[rows[part]] = self._judge(self._rest.run({self._name: buffer}, samples[part]), samples[part])

    def _of(self, sample: int) -> Array:
        if sample not in self._whole:
            if len(self._whole) > 64:
                self._whole.clear()
            self._whole[sample] = np.ascontiguousarray(
                self._golden.values([self._name], np.array([sample]))[self._name][0]
            )
        return self._whole[sample]

    def _run(self, sample: int) -> None:
        pending = self._pending.pop(sample)
        rows, channel = np.concatenate(pending.rows), np.concatenate(pending.channel)
        values = np.concatenate(pending.values)
        if values.ndim > 1:
            self._flags[rows] = self._judged(sample, channel, values)
            return
        # Faults of low bits often give the same value: each value of a channel is computed once.
        key = (channel.astype(np.uint64) << np.uint64(32)) | values.view(np.uint32)
        order = np.argsort(key)
        ordered = key[order]
        first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        unlike = order[first]
        flags = self._judged(sample, channel[unlike], values[unlike])
        self._flags[rows[order]] = flags[np.cumsum(first) - 1]

    def _judged(self, sample: int, channel: Array, values: Array) -> Array:
        golden = self._of(sample)
        most = min(self._rest.most, len(channel))
        buffer = np.empty((most, *golden.shape), golden.dtype)
        buffer[...] = golden
        line = np.arange(most)
        samples = np.full(most, sample, np.int64)
        flags = np.empty(len(channel), np.uint16)
        for start in range(0, len(channel), most):
            part = slice(start, min(start + most, len(channel)))
            count = part.stop - start
            buffer[line[:count], channel[part]] = values[part]
            outputs = self._rest.run({self._name: buffer[:count]}, samples[:count])
            flags[part] = self._judge(outputs, samples[:count])
            buffer[line[:count], channel[part]] = golden[channel[part]]
        return flags
