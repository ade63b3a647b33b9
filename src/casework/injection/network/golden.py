"""The run without faults: outputs of all samples, and the tensors inside where a cut needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.compute import keepable_bytes
from casework.injection.faults.bits import numpy_type
from casework.injection.network.layouts import same_bits
from casework.injection.network.network import Network
from casework.injection.network.ports import fitted
from casework.injection.network.sessions import Sessions, deployed_session, refused_as
from casework.injection.network.wiring import before, exposed, extract
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

TOGETHER: Final = 32
"""Samples in one golden run."""

AGAIN: Final = 4
"""Samples that are run a second time: together, and all but one of them alone."""

_FIX: Final = "Export the model in evaluation mode, without random operators."


Decides = Callable[[list[Array], Array], bool]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the folded graph agrees with the model file in the default session of onnxruntime.

    Attributes:
        samples: Samples compared.
        largest: Largest absolute difference of an output.
        flips: Samples that are decided otherwise.
    """

    samples: int
    largest: float
    flips: int


class Golden:
    """Golden run of a network on samples. All values are rows: [R, *shape of one sample]."""

    def __init__(self, network: Network, inputs: Mapping[str, Array], *, budget: int | None = None) -> None:
        """Run the network on all samples, and some of them twice.

        Args:
            network: The network.
            inputs: By graph input: [N, *shape of one sample], or whole where it has no batch axis.
            budget: Bytes of tensors that may be kept; None for this process's share of the machine's memory.

        Raises:
            InjectionProblem: The inputs do not fit; an output is NaN; the outputs differ between runs or batch sizes.
        """
        self.network = network
        self.inputs, self.samples = fitted(network.inputs, _varying(network, inputs), network.name)
        self._budget = keepable_bytes() if budget is None else budget
        self._sessions = Sessions(network.sessions)
        self._tables: dict[str, tuple[Array, Array]] = {}
        self._shared: dict[tuple[str, int], Array] = {}
        self.together = 1 if network.batch else TOGETHER
        whole = network.open(network.light.SerializeToString())
        self.outputs = self._run_all(whole)
        self._check(whole)

    def feed(self, samples: Array) -> dict[str, Array]:
        """Return what the whole graph is fed for samples int64 [R], in its own form."""
        return {
            port.name: self.inputs[port.name]
            if port.layout is None
            else port.layout.from_rows(np.ascontiguousarray(self.inputs[port.name][samples]))
            for port in self.network.inputs
        }

    def values(self, names: Sequence[str], samples: Array) -> dict[str, Array]:
        """Return tensors for samples int64 [R], fresh copies: [R, *shape], those without batch axis as in a run of R samples."""
        samples = np.asarray(samples)
        layouts = self.network.layouts
        rows = [name for name in names if layouts[name] is not None]
        self._fill(rows, samples)
        found = {name: self._table(name)[samples] for name in rows}
        found |= self._without_axis([name for name in names if layouts[name] is None], len(samples))
        return {name: found[name] for name in names}

    def elements(self, name: str, samples: Array, index: Array) -> Array:
        """Return single elements of a tensor with batch axis, of samples and flat indices that are broadcast; a fresh array."""
        samples = np.asarray(samples)
        self._fill([name], samples)
        table = self._table(name)
        return np.asarray(table.reshape(len(table), -1)[samples, index])

    def row(self, name: str, sample: int) -> Array | None:
        """Return a tensor of one sample, [*shape], where all of all samples are kept; not to be written to."""
        if not self.whole:
            return None
        if name not in self._tables:
            self._fill([name], np.array([sample]))
        found: Array = self._table(name)[sample]
        return found

    def tile(self, names: Sequence[str], sample: int, rows: int) -> dict[str, Array]:
        """Return tensors of one sample repeated in `rows` rows."""
        return self.values(names, np.full(rows, sample, np.int64))

    def agreement_with_deployed(self, most: int = 256, decides: Decides | None = None) -> Agreement:
        """Compare with the model file in the default session of onnxruntime, one sample at a time.

        Args:
            most: Samples compared at most, evenly over all.
            decides: Tells from outputs [1, ...] in the order of the graph and their sample int64 [1] whether the decision is another
                than the golden one; None to compare the largest entry along the last axis of each output.

        Raises:
            InjectionProblem: The default session cannot run the model file.
        """
        chosen = np.unique(np.linspace(0, self.samples - 1, min(most, self.samples)).astype(np.int64))
        names = [port.name for port in self.network.outputs]
        largest, flips = 0.0, 0
        with refused_as(
            f"the default session cannot run {self.network.name}", "Give inputs that the model file takes."
        ):
            session = deployed_session(self.network.original)
            for sample in chosen:
                made = session.run(names, self.feed(np.array([sample])) | self.network.constants)
                found = [
                    np.ascontiguousarray(one).reshape(1, *port.shape)
                    for one, port in zip(made, self.network.outputs, strict=True)
                ]
                moved, flipped = _compared(found, [values[sample] for values in self.outputs])
                if decides is not None:
                    flipped = decides(found, np.array([sample]))
                largest, flips = max(largest, moved), flips + flipped
        return Agreement(len(chosen), largest, flips)

    def _run_all(self, whole: Any) -> tuple[Array, ...]:
        parts = [
            self._rows(whole, np.arange(k, min(k + self.together, self.samples)))
            for k in range(0, self.samples, self.together)
        ]
        return tuple(np.concatenate([part[k] for part in parts]) for k in range(len(self.network.outputs)))

    def _rows(self, whole: Any, samples: Array) -> list[Array]:
        """Run the whole graph and return its outputs as rows; outputs without batch axis are repeated."""
        with refused_as(f"{self.network.name} does not run on the inputs", "Give inputs that the model takes."):
            found = whole.run([port.name for port in self.network.outputs], self.feed(samples))
        return [port.rows(value, len(samples)) for port, value in zip(self.network.outputs, found, strict=True)]

    def _check(self, whole: Any) -> None:
        for port, values in zip(self.network.outputs, self.outputs, strict=True):
            if values.dtype.kind == "f" and np.isnan(values).any():
                sample = int(np.argwhere(np.isnan(values))[0][0])
                raise InjectionProblem(
                    f"output {port.name} of {self.network.name} is NaN for sample {sample} without any fault",
                    "Give inputs that the model can handle.",
                )
        first = np.arange(min(self.together, self.samples, AGAIN))
        if not all(same_bits(a, b[first]) for a, b in zip(self._rows(whole, first), self.outputs, strict=True)):
            raise InjectionProblem(
                f"{self.network.name} is not deterministic: two runs on the same inputs differ", _FIX
            )
        for sample in np.unique(np.linspace(0, self.samples - 1, min(AGAIN - 1, self.samples)).astype(np.int64)):
            alone = self._rows(whole, np.array([sample]))
            if not all(same_bits(a, b[[sample]]) for a, b in zip(alone, self.outputs, strict=True)):
                raise InjectionProblem(
                    f"{self.network.name} gives sample {int(sample)} another output when it runs in a batch",
                    "Prepare it with these inputs.",
                )

    def _table(self, name: str) -> Array:
        return self.inputs[name] if name in self.inputs else self._tables[name][0]

    @cached_property
    def _all_names(self) -> list[str]:
        return [name for name, layout in self.network.layouts.items() if layout is not None and name not in self.inputs]

    @cached_property
    def whole(self) -> bool:
        """Whether all tensors of all samples are kept, and so computed once."""
        return self.samples * sum(self._bytes(name) for name in self._all_names) <= self._budget

    def _bytes(self, name: str) -> int:
        layout = self.network.layouts[name]
        return math.prod(layout.shape) * self.network.itemsize(name) if layout else 0

    def _fill(self, names: Sequence[str], samples: Array) -> None:
        """Have the tables hold tensors for some samples: of all tensors at once where that is affordable."""
        computed = [name for name in names if name not in self.inputs]
        lacking = [name for name in computed if name not in self._tables]
        if not self.whole:
            samples = np.unique(samples)
            lacking += [name for name in computed if name in self._tables and not self._tables[name][1][samples].all()]
        if not lacking:
            return
        if self.whole:
            lacking, samples = self._all_names, np.arange(self.samples)
            session = self.network.open(exposed(self.network.light, lacking))
        else:
            self._make_room(computed)
            session = self._part(tuple(lacking))
        for name in lacking:
            layout = self.network.layouts[name]
            if name not in self._tables and layout is not None:
                shape = (self.samples, *layout.shape)
                self._tables[name] = (
                    np.empty(shape, numpy_type(self.network.dtypes[name])),
                    np.zeros(self.samples, np.bool_),
                )
        fed = {value.name for value in session.get_inputs()}
        for start in range(0, len(samples), self.together):
            chosen = samples[start : start + self.together]
            found = session.run(lacking, {k: v for k, v in self.feed(chosen).items() if k in fed})
            for name, value in zip(lacking, found, strict=True):
                layout = self.network.layouts[name]
                table, have = self._tables[name]
                if layout is not None:
                    table[chosen] = layout.to_rows(value)
                have[chosen] = True

    def _make_room(self, keep: Sequence[str]) -> None:
        wanted = sum(self._bytes(name) * self.samples for name in keep)
        for name in list(self._tables):
            held = sum(table.nbytes for table, _ in self._tables.values())
            if held + wanted <= self._budget:
                return
            if name not in keep:
                del self._tables[name]

    def _part(self, names: tuple[str, ...]) -> Any:
        """Return a session of the part of the graph before some tensors."""

        def make() -> Any:
            import onnx

            graph = self.network.light
            positions = before(graph.graph.node, names)
            made = [onnx.ValueInfoProto(name=name) for name in names]
            part = extract(graph, positions, graph.graph.input, made)
            return self.network.open(part.SerializeToString())

        return self._sessions.get(names, make)

    def _without_axis(self, names: Sequence[str], rows: int) -> dict[str, Array]:
        computed = tuple(name for name in names if name not in self.inputs)
        if any((name, rows) not in self._shared for name in computed):
            found = self._part(computed).run(list(computed), self.feed(np.zeros(rows, np.int64)))
            self._shared.update({(name, rows): value for name, value in zip(computed, found, strict=True)})
        return {name: self.inputs[name] if name in self.inputs else self._shared[name, rows] for name in names}


def _varying(network: Network, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return the inputs that differ between samples. Raises InjectionProblem where one that may not is not as it was prepared."""
    for name, value in network.constants.items():
        if name in inputs and not same_bits(np.asarray(inputs[name]), value):
            raise InjectionProblem(
                f"input {name} of {network.name} is not what the model was prepared with",
                "Prepare the model with these inputs.",
            )
    return {name: value for name, value in inputs.items() if name not in network.constants}


def _compared(found: Sequence[Array], golden: Sequence[Array]) -> tuple[float, bool]:
    """Return the largest absolute difference of one sample's outputs, and whether a largest entry is another one."""
    largest, flipped = 0.0, False
    for there, here in zip(found, golden, strict=True):
        left, right = np.asarray(there, np.float64).reshape(here.shape), here.astype(np.float64)
        largest = max(largest, float(np.abs(left - right).max(initial=0.0)))
        flipped |= right.ndim in (1, 2) and here.shape[-1] > 1 and bool((left.argmax(-1) != right.argmax(-1)).any())
    return largest, flipped
