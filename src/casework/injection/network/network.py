"""A model made ready for faults: folded once, its batch axis free, its tensors listed, cut where it can be cut."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.faults.bits import numpy_type
from casework.injection.network.cuts import Cut, make_cut, uncuttable
from casework.injection.network.folding import cleaned, parsed
from casework.injection.network.layouts import Layout
from casework.injection.network.listing import list_targets
from casework.injection.network.ports import Port
from casework.injection.network.sessions import Level, open_session, refusals
from casework.injection.network.settling import Settled, settle
from casework.injection.network.target import Target
from casework.injection.network.wiring import HEAVY, handed, lightened
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

SESSION_BYTES: Final = 1 << 30
"""Bytes of weights that kept sessions may hold, about."""

_WIDENED: Final = "InsertedPrecisionFreeCast_"


@dataclass(frozen=True)
class Network:
    """A folded model and what can be hit in it. Frozen and picklable.

    Attributes:
        name: Of the model, for people.
        original: The model file.
        sha256: SHA-256 of the model file.
        content: The folded graph, the one that runs.
        folded_sha256: SHA-256 of the folded graph.
        level: Level of rewriting at which it runs; cuts of it run at the same.
        batch: 0: samples may be run together in any number; 1: one at a time.
        batch_reason: Why it takes one at a time only; else empty.
        inputs: Graph inputs.
        constants: Inputs of the model file that are the same for all samples, by name: written into the folded graph.
        outputs: Graph outputs.
        targets: What faults can strike, in the order of the graph.
        left_out: Other tensors, each with the reason why it is no target.
        layouts: How computed tensors and inputs hold samples; None: they hold none (shapes, constants, shared inputs).
        dtypes: numpy names of element types of computed tensors and inputs.
        broken: Tensors from which samples cannot be taken apart, each with the reason.
    """

    name: str
    original: bytes = field(repr=False)
    sha256: str
    content: bytes = field(repr=False)
    folded_sha256: str
    level: Level
    batch: int
    batch_reason: str
    inputs: tuple[Port, ...]
    constants: dict[str, Array] = field(repr=False)
    outputs: tuple[Port, ...]
    targets: tuple[Target, ...] = field(repr=False)
    left_out: dict[str, str] = field(repr=False)
    layouts: dict[str, Layout | None] = field(repr=False)
    dtypes: dict[str, str] = field(repr=False)
    broken: dict[str, str] = field(repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}

    @cached_property
    def proto(self) -> Any:
        """The folded graph, parsed. Not to be changed."""
        return parsed(self.content, self.name)

    @cached_property
    def light(self) -> Any:
        """The folded graph with its larger initialisers declared external, as `open` takes it. Not to be changed."""
        return lightened(self.proto, HEAVY)

    @cached_property
    def _heavy(self) -> dict[str, Any]:
        import onnxruntime

        return {name: onnxruntime.OrtValue.ortvalue_from_numpy(self.stored(name)) for name in handed(self.light)}

    @cached_property
    def _initialisers(self) -> dict[str, Any]:
        return {value.name: value for value in self.proto.graph.initializer}

    def stored(self, name: str) -> Array:
        """Return the value of a stored tensor, a fresh array."""
        from onnx import numpy_helper

        return np.array(numpy_helper.to_array(self._initialisers[name]), order="C")

    def open(self, content: bytes, edited: Mapping[str, Array] | None = None) -> Any:
        """Return a session, at the network's level, of a part of its graph.

        Args:
            content: The part; initialisers that it declares external are handed over, not copied.
            edited: Values for some of these in place of the graph's; they must outlive the session.
        """
        import onnxruntime

        names = handed(parsed(content, self.name))
        values = {name: self._heavy[name] for name in names}
        for name, value in (edited or {}).items():
            values[name] = onnxruntime.OrtValue.ortvalue_from_numpy(value)
        try:
            return open_session(content, level=self.level, held=values)
        except refusals() as error:
            if "ShapeInferenceError" not in str(error):
                raise
        return open_session(self._with_shapes(content), level=self.level, held=values)

    def _with_shapes(self, content: bytes) -> bytes:
        """Return a part of the graph with the shapes of its tensors declared, as seen in runs of one sample.

        Where operators that write faults stand between two others, onnxruntime loses shapes, and infers some wrongly from what is
        lost (Attention, seen with 1.32).
        """
        from onnx import helper

        proto = parsed(content, self.name)
        declared = {value.name for part in (proto.graph.input, proto.graph.output) for value in part}
        for name in dict.fromkeys(output for node in proto.graph.node for output in node.output):
            layout = self.layouts.get(name)
            if name in declared or layout is None or layout.axis < 0:
                continue
            kind = helper.np_dtype_to_tensor_dtype(numpy_type(self.dtypes[name]))
            sizes: list[int | None] = [*layout.split]
            sizes[layout.axis] = None
            proto.graph.value_info.append(helper.make_tensor_value_info(name, kind, sizes))
        made: bytes = proto.SerializeToString()
        return made

    @cached_property
    def uncuttable(self) -> dict[str, str]:
        """Targets at which the graph cannot be cut, each with the reason."""
        return uncuttable(self.proto, [target.name for target in self.targets], self.layouts, self.broken)

    @cached_property
    def _by_name(self) -> dict[str, Target]:
        return {target.original: target for target in self.targets} | {target.name: target for target in self.targets}

    def target(self, name: str) -> Target:
        """Return a target by its name in the folded graph or in the model file.

        Raises:
            InjectionProblem: There is none of that name.
        """
        found = self._by_name.get(name)
        if found is not None:
            return found
        if name in self.left_out:
            raise InjectionProblem(
                f"{self.name}: tensor {name} is no target: {self.left_out[name]}", "Choose another tensor."
            )
        near = difflib.get_close_matches(name, self._by_name, 3, 0.4)
        told = (
            f"Did you mean {' or '.join(near)}?" if near else f"Its tensors are: {', '.join(list(self._by_name)[:12])}."
        )
        raise InjectionProblem(f"{self.name} has no tensor {name}", told)

    @property
    def sessions(self) -> int:
        """How many sessions of parts of the graph are worth keeping: each may hold a packed copy of the weights."""
        return max(2, min(8, SESSION_BYTES // max(len(self.content), 1)))

    def itemsize(self, name: str) -> int:
        """Return the bytes of an element of a computed tensor or input."""
        return int(numpy_type(self.dtypes[name]).itemsize)

    def cut(self, name: str) -> Cut:
        """Return the part of the graph after a target.

        Raises:
            InjectionProblem: The graph cannot be cut there; see `uncuttable`.
        """
        target = self.target(name)
        reason = self.uncuttable.get(target.name)
        if reason:
            raise InjectionProblem(
                f"{self.name} cannot be cut at {target.name}: {reason}", "Use engine promoted or rebuild for it."
            )
        return make_cut(self.light, target.name, self.layouts, self.dtypes, stored=target.stored, batch=self.batch)


def prepare(
    content: bytes, name: str, *, level: Level = "extended", inputs: Mapping[str, Array] | None = None
) -> Network:
    """Fold a model and list what can be hit in it.

    Args:
        content: The model file, weights inside.
        name: Of the model, for people.
        level: How far onnxruntime may rewrite what runs: `none`, `basic` or `extended`; a lower level is taken where exposing
            tensors at this one would change the outputs. `all` is refused: its kernels round differently after a cut.
        inputs: Samples by input, [N, ...]: they fix the sizes that the model leaves open (but the batch), and are what the graph is
            tried on. Without them random values are used, and all sizes must be fixed.

    Raises:
        InjectionProblem: The model cannot be loaded or run, is not deterministic, or has open sizes and no inputs are given.
    """
    if level == "all":
        raise InjectionProblem(
            "level all is not for injection: its kernels round differently after a cut", "Use level extended."
        )
    before = parsed(content, name)
    settled = settle(cleaned(before), name, level, inputs)
    originals = _originals(before, settled.proto)
    targets, left_out = list_targets(settled.proto, settled.layouts | _unknown(settled), settled.dtypes, originals)
    left_out |= dict.fromkeys(settled.constants, "an input without a batch axis, the same for all samples")
    folded = settled.proto.SerializeToString(deterministic=True)
    return Network(
        name, content, hashlib.sha256(content).hexdigest(), folded, hashlib.sha256(folded).hexdigest(),
        settled.level, settled.batch, settled.reason, settled.inputs, settled.constants, settled.outputs,
        targets, left_out, settled.layouts, settled.dtypes, settled.broken,
    )  # fmt: skip


def _unknown(settled: Settled) -> dict[str, Layout | None]:
    """Return the shapes of one sample of tensors that hold samples in a way that cannot be taken apart."""
    return {name: Layout(-1, 1, shape) for name, shape in settled.shapes.items() if name in settled.broken}


def _originals(before: Any, after: Any) -> dict[str, str]:
    """Return names in the model file of stored tensors that folding renamed: the node of that name reads them in that place."""
    known = {value.name for value in before.graph.initializer} | {n for node in before.graph.node for n in node.output}
    readers = {node.name: list(node.input) for node in before.graph.node if node.name}
    # onnxruntime computes half floats in float32 on a CPU and names the results so.
    made = [name for node in after.graph.node for name in node.output if name.startswith(_WIDENED)]
    found = {name: name.removeprefix(_WIDENED) for name in made if name.removeprefix(_WIDENED) in known}
    for node in after.graph.node:
        for name, source in zip(node.input, readers.get(node.name, ()), strict=False):
            if name not in known and source in known:
                found.setdefault(name, source)
    return found
