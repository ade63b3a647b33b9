"""Editing an ONNX graph: nodes put behind a tensor, nodes that watch it, stored tensors with a check before their use.

The tensors of the parent keep their names and their values: what is inserted comes after them. So a fault list drawn for the parent
strikes the same places of the hardened model, and before and after can be compared fault by fault. Only a tensor that is an output
of the graph cannot keep its name, for there the name belongs to the interface.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

Arguments = Callable[[str], Sequence[str]]
"""Gives the inputs of a node, from the name of the tensor that it is put behind."""

Check = Callable[[tuple[str, ...]], tuple[str, Sequence[str]]]
"""Adds the nodes of a check but for the last, from the names of the copies; gives the type and the inputs of the last."""

LEAST_OPSET: Final = 9
"""Where, IsNaN and shape-free Flatten came with operator set 9."""

_AXES_AS_INPUT: Final = {"ReduceSum": 13, "ReduceMax": 18, "ReduceMin": 18, "ReduceL1": 18}
"""First operator set in which the axes of a reduction are an input; an attribute before."""


class Surgery:
    """A model that is being edited. Not for sharing; `finish` gives the bytes."""

    def __init__(self, content: bytes, name: str) -> None:
        import onnx
        from onnx import inliner

        proto = onnx.load_model_from_string(content)
        if proto.functions:
            proto = inliner.inline_local_functions(proto)
        self.name = name
        self.opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), 0)
        if self.opset < LEAST_OPSET:
            raise InjectionProblem(
                f"{name} is of operator set {self.opset}; hardening needs {LEAST_OPSET} or later",
                "Convert it: onnx.version_converter.convert_version(model, 17).",
            )
        _strip_stored_inputs(proto)
        self._proto = proto
        self._stored = {t.name: t for t in proto.graph.initializer}
        self.inputs: tuple[str, ...] = tuple(v.name for v in proto.graph.input if v.name not in self._stored)
        self.outputs: tuple[str, ...] = tuple(v.name for v in proto.graph.output)
        self._nodes: list[Any] = list(proto.graph.node)
        self._watchers: set[int] = set()
        self._held = dict(self._stored)
        self._raw: dict[str, str] = {}
        self._checked: set[str] = set()
        self._shared_axes: dict[int, str] = {}
        self._names = set(_names(proto.graph))
        self._node_names = {n.name for n in self._nodes}
        self.parents: tuple[Any, ...] = tuple(_copied(n) for n in self._nodes)
        """The nodes of the model before it was edited, in its order; they do not change."""
        self._made_by = {name: node for node in self.parents for name in node.output if name}
        self._live = {id(parent): node for parent, node in zip(self.parents, self._nodes, strict=True)}

    @property
    def metadata(self) -> dict[str, str]:
        """Metadata of the model by key."""
        return {p.key: p.value for p in self._proto.metadata_props}

    def produced(self) -> dict[str, Any]:
        """Return the node of the parent that computes each tensor."""
        return self._made_by

    def readers(self, tensor: str) -> list[Any]:
        """Return the nodes of the parent that read a tensor, themselves or in a subgraph."""
        return [n for n in self.parents if tensor in _reads(n)]

    def input_now(self, parent: Any, place: int) -> str:
        """Return what a node of the parent reads at a place by now, after the insertions so far."""
        return str(self._live[id(parent)].input[place])

    def stored(self, name: str) -> Array | None:
        """Return what the parent stores under a name, also in a Constant node; None for what is computed."""
        from onnx import numpy_helper

        if name in self._held:
            return np.asarray(numpy_helper.to_array(self._held[name]))
        node = self._made_by.get(name)
        if node is None or node.op_type != "Constant":
            return None
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        return None if value is None else np.asarray(numpy_helper.to_array(value))

    def store(self, stem: str, value: Array) -> str:
        """Add a stored tensor and return its name."""
        from onnx import numpy_helper

        name = self._fresh(stem)
        self._stored[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def set_stored(self, name: str, value: Array) -> None:
        """Give a stored tensor that was added another value."""
        from onnx import numpy_helper

        self._stored[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)

    def source(self, tensor: str) -> str:
        """Return the name under which what a tensor held in the parent is now to be read."""
        return self._raw.get(tensor, tensor)

    def add(self, operator: str, inputs: Sequence[str], stem: str, *, watch: bool = False, **attributes: Any) -> str:
        """Add a node and return its output. A watcher keeps reading what it reads when more is inserted there later."""
        return self._add(operator, inputs, self._fresh(stem), attributes, watch=watch)

    def _add(
        self, operator: str, inputs: Sequence[str], output: str, attributes: dict[str, Any], *, watch: bool = False
    ) -> str:
        from onnx import helper

        name = _unused(output, self._node_names)
        self._node_names.add(name)
        node = helper.make_node(operator, list(inputs), [output], name=name, **attributes)
        self._nodes.append(node)
        if watch:
            self._watchers.add(id(node))
        return output

    def copy(self, node: Any, inputs: Sequence[str], stem: str) -> str:
        """Add a copy of a node of one output with other inputs, and return its output."""
        made = _copied(node)
        output = self._fresh(stem)
        made.name = _unused(output, self._node_names)
        self._node_names.add(made.name)
        del made.input[:], made.output[:]
        made.input.extend(inputs)
        made.output.append(output)
        self._nodes.append(made)
        return output

    def reduce(self, operator: str, tensor: str, stem: str, *, axis: int = 1, keep: bool = False) -> str:
        """Add a watching reduction over one axis, with the axes as this operator set wants them."""
        if self.opset < _AXES_AS_INPUT[operator]:
            return self.add(operator, [tensor], stem, watch=True, axes=[axis], keepdims=int(keep))
        return self.add(operator, [tensor, self._axes(axis)], stem, watch=True, keepdims=int(keep))

    def _axes(self, axis: int) -> str:
        if axis not in self._shared_axes:
            self._shared_axes[axis] = self.store("casework.axis", np.array([axis], np.int64))
        return self._shared_axes[axis]

    def insert(self, tensor: str, stem: str, operator: str, arguments: Arguments, **attributes: Any) -> str:
        """Put a node behind a tensor: all that read the tensor read the node's output instead, but for watchers.

        Args:
            tensor: Tensor of the parent.
            stem: Name to make the new tensor's name from.
            operator: Its type.
            arguments: Gives its inputs.
            attributes: Attributes of the node.

        Returns:
            The name of what is read from now on.
        """
        if tensor in self.outputs and tensor not in self._raw:
            self._raw[tensor] = self._move(tensor)
            return self._add(operator, arguments(self._raw[tensor]), tensor, attributes)
        source = self.source(tensor)
        inputs = arguments(source)
        made = self._fresh(stem)
        for node in self._nodes:
            if id(node) not in self._watchers:
                _rename_reads(node, source, made)
        return self._add(operator, inputs, made, attributes)

    def _move(self, tensor: str) -> str:
        """Give what is computed as an output of the graph another name; watchers follow it, all others stay with the output."""
        raw = self._fresh(f"{tensor}.raw")
        for node in self._nodes:
            node.output[:] = [raw if o == tensor else o for o in node.output]
            if id(node) in self._watchers:
                _rename_reads(node, tensor, raw)
        return raw

    def check_stored(self, name: str, copies: int, build: Check) -> tuple[str, ...]:
        """Put a check between a stored tensor and its readers; what the check gives takes the tensor's name.

        Args:
            name: The stored tensor.
            copies: How often it is stored from now on.
            build: Adds the check.

        Returns:
            The names of the copies.
        """
        value = self.stored(name)
        if value is None:
            raise InjectionProblem(f"{self.name} stores no tensor {name}", "Name a weight, as the graph does.")
        if name in self._checked:
            raise InjectionProblem(
                f"{self.name}: stored tensor {name} has a check by an earlier measure already",
                "Choose one measure for it.",
            )
        self._checked.add(name)
        names = tuple(self.store(f"{name}.stored{i + 1 if copies > 1 else ''}", value) for i in range(copies))
        self._stored.pop(name, None)
        for node in [n for n in self._nodes if n.op_type == "Constant" and name in n.output]:
            self._nodes.remove(node)
        operator, inputs = build(names)
        self._add(operator, inputs, name, {})
        return names

    def add_output(self, tensor: str, stem: str, batch: str | int) -> str:
        """Make a boolean [N] tensor an output of the graph and return the output's name."""
        from onnx import TensorProto, helper

        name = self._fresh(stem)
        self._add("Identity", [tensor], name, {}, watch=True)
        self._proto.graph.output.append(helper.make_tensor_value_info(name, TensorProto.BOOL, [batch]))
        return name

    @property
    def batch(self) -> str | int:
        """The batch axis of the first input as the graph declares it: a word, or a fixed length."""
        first = next((v for v in self._proto.graph.input if v.name in self.inputs), None)
        dims = first.type.tensor_type.shape.dim if first is not None else []
        if not dims:
            return "N"
        return int(dims[0].dim_value) or str(dims[0].dim_param) or "N"

    def finish(self, metadata: dict[str, str]) -> bytes:
        """Return the bytes of the edited model, checked; the same edits give the same bytes.

        Args:
            metadata: Keys to set in the model's metadata.

        Raises:
            InjectionProblem: The result is no valid graph.
        """
        import onnx

        graph = self._proto.graph
        nodes = _ordered(self._nodes)
        kept = list(self._stored.values())
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend(kept)
        held = self.metadata | metadata
        del self._proto.metadata_props[:]
        for key in sorted(held):
            self._proto.metadata_props.add(key=key, value=held[key])
        try:
            onnx.checker.check_model(self._proto)
        except (onnx.checker.ValidationError, ValueError) as error:
            raise InjectionProblem(
                f"{self.name} cannot be hardened so: {str(error).strip().splitlines()[0]}", "Leave the measure out."
            ) from error
        return bytes(self._proto.SerializeToString(deterministic=True))

    def _fresh(self, stem: str) -> str:
        name = _unused(stem, self._names)
        self._names.add(name)
        return name


def _strip_stored_inputs(proto: Any) -> None:
    """Take what is stored off the inputs, where models of IR version 3 must list it, and where it could be overridden.

    A check of a stored tensor is only one if nothing else can be put in its place.
    """
    stored = {t.name for t in proto.graph.initializer}
    listed = [v for v in proto.graph.input if v.name in stored]
    for value in listed:
        proto.graph.input.remove(value)
    proto.ir_version = max(proto.ir_version, 4)  # the first in which stored tensors need not be inputs


def _copied(node: Any) -> Any:
    import onnx

    made = onnx.NodeProto()
    made.CopyFrom(node)
    return made


def _unused(stem: str, taken: set[str]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}.{number}", number + 1
    return name


def _graphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _names(graph: Any) -> Iterator[str]:
    """Yield every tensor name of a graph and its subgraphs."""
    yield from (v.name for v in (*graph.input, *graph.output))
    yield from (t.name for t in graph.initializer)
    for node in graph.node:
        yield from node.input
        yield from node.output
        for inner in _graphs(node):
            yield from _names(inner)


def _reads(node: Any) -> Iterator[str]:
    """Yield what a node reads, its subgraphs included."""
    yield from (name for name in node.input if name)
    for inner in _graphs(node):
        yield from (v.name for v in inner.output)
        for one in inner.node:
            yield from _reads(one)


def _rename_reads(node: Any, old: str, new: str) -> None:
    for place, name in enumerate(node.input):
        if name == old:
            node.input[place] = new
    for inner in _graphs(node):
        for value in inner.output:
            if value.name == old:
                value.name = new
        for one in inner.node:
            _rename_reads(one, old, new)


def _ordered(nodes: Sequence[Any]) -> list[Any]:
    """Return nodes in topological order; among those that are ready, in the order given."""
    made_by = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    needs = [{made_by[name] for name in _reads(node) if name in made_by} - {place} for place, node in enumerate(nodes)]
    waiting: list[list[int]] = [[] for _ in nodes]
    for place, needed in enumerate(needs):
        for other in needed:
            waiting[other].append(place)
    open_needs = [len(needed) for needed in needs]
    ready = [place for place, count in enumerate(open_needs) if count == 0]
    heapq.heapify(ready)
    found: list[Any] = []
    while ready:
        place = heapq.heappop(ready)
        found.append(nodes[place])
        for other in waiting[place]:
            open_needs[other] -= 1
            if open_needs[other] == 0:
                heapq.heappush(ready, other)
    return found
