"""The part of a graph after a tensor, as a model of its own whose inputs are rows of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casework.injection.faults.bits import numpy_type
from casework.injection.network.layouts import Layout
from casework.injection.network.wiring import after, extract, read_by

LIVE: str = ".rows"
"""What is added to the name of a tensor that the graph holds otherwise than in rows."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of the graph after a target.

    Attributes:
        target: Name of the target.
        live: Tensors that the part needs, by name, in the order of the suffix's inputs; the target first unless it is stored.
        outputs: Names of the graph outputs that depend on the target, in the order of the suffix's outputs.
        positions: Positions of these among the graph's outputs; the others are golden whatever happens.
        suffix: The part as a model: its inputs are `live`, each [R, *shape of one sample] (those without batch axis as they are in
            a run of R samples), its outputs are `outputs`, each [R, *shape of one sample].
        layouts: How the graph holds samples in each live tensor; None: it holds none, and the tensor must come from a golden run
            of R samples.
    """

    target: str
    live: tuple[str, ...]
    outputs: tuple[str, ...]
    positions: tuple[int, ...]
    suffix: bytes = field(repr=False)
    layouts: Mapping[str, Layout | None] = field(repr=False)

    def layout(self, name: str) -> Layout | None:
        """Return how the graph holds samples in a live tensor; None where it holds none."""
        return self.layouts[name]


def uncuttable(
    proto: Any, names: Sequence[str], layouts: Mapping[str, Layout | None], broken: Mapping[str, str]
) -> dict[str, str]:
    """Return the tensors at which the graph cannot be cut, each with the reason."""
    reasons: dict[str, str] = {}
    held = {value.name for value in proto.graph.initializer}
    for name in names:
        positions = after(proto.graph.node, [name])
        reason = broken.get(name) or _no_rows(proto, name, positions, layouts, stored=name in held)
        if reason:
            reasons[name] = reason
            continue
        for live in _live(proto, positions, name):
            if live not in held and live not in layouts:
                reasons[name] = f"what follows needs {live}: {broken.get(live, 'it was not seen in a run')}"
                break
    return reasons


def _no_rows(
    proto: Any, name: str, positions: Sequence[int], layouts: Mapping[str, Layout | None], *, stored: bool
) -> str:
    """Return what is against outputs in rows: one that a stored tensor reaches holds no samples, or no output holds any."""
    outputs = _reached(proto, name, positions)
    shared = [output for output in outputs if layouts.get(output) is None]
    if stored and shared:
        return f"output {shared[0]}, which it reaches, is the same for all samples"
    return "" if len(outputs) > len(shared) else "no output depends on its values"


def _reached(proto: Any, name: str, positions: Sequence[int]) -> list[str]:
    """Return the graph outputs behind a tensor."""
    made = {output for p in positions for output in proto.graph.node[p].output} | {name}
    return [value.name for value in proto.graph.output if value.name in made]


def make_cut(
    proto: Any, name: str, layouts: Mapping[str, Layout | None], dtypes: Mapping[str, str], *, stored: bool, batch: int
) -> Cut:
    """Return the part after a tensor. It must be cuttable."""
    positions = after(proto.graph.node, [name])
    held = {value.name for value in proto.graph.initializer}
    live = [n for n in _live(proto, positions, name) if n not in held]
    if not stored:
        live = [name, *live]
    # An output without batch axis depends on no sample's values, but at most on the shape of what is computed.
    reached = {output for output in _reached(proto, name, positions) if layouts[output] is not None}
    outputs = [(p, value) for p, value in enumerate(proto.graph.output) if value.name in reached]
    suffix = _suffix(proto, positions, _Inputs(tuple(live), layouts, dtypes, batch), [value for _, value in outputs])
    return Cut(
        name, tuple(live), tuple(value.name for _, value in outputs), tuple(p for p, _ in outputs),
        suffix.SerializeToString(), {n: layouts[n] for n in live},
    )  # fmt: skip


def _live(proto: Any, positions: Sequence[int], name: str) -> list[str]:
    """Return what some nodes read and do not make, the cut tensor left out."""
    nodes = [proto.graph.node[p] for p in positions]
    made = {output for node in nodes for output in node.output} | {name}
    return [n for n in dict.fromkeys(n for node in nodes for n in read_by(node)) if n not in made]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What a suffix takes: names, how the graph holds them, their element types; batch 0 for any."""

    live: tuple[str, ...]
    layouts: Mapping[str, Layout | None]
    dtypes: Mapping[str, str]
    batch: int

    def infos(self) -> list[Any]:
        """Return the declarations of the inputs."""
        from onnx import helper

        made = []
        for name in self.live:
            layout = self.layouts[name]
            kind = helper.np_dtype_to_tensor_dtype(numpy_type(self.dtypes[name]))
            shape = None if layout is None else [self.batch or "batch", *layout.shape]
            made.append(helper.make_tensor_value_info(name, kind, shape))
        return made


def _suffix(proto: Any, positions: Sequence[int], fed: _Inputs, outputs: Sequence[Any]) -> Any:
    """Return the model: tensors that the graph holds otherwise than in rows are brought into its form and back by added nodes."""
    import onnx
    from onnx import helper

    before: list[Any] = []
    behind: list[Any] = []
    constants: list[Any] = []
    renamed: dict[str, str] = {}
    for name in fed.live:
        layout = fed.layouts[name]
        if layout is not None and not layout.plain:
            renamed[name] = name + LIVE
            before += _into_graph(name, name + LIVE, layout, constants)
    made: list[Any] = []
    for value in outputs:
        layout = fed.layouts[value.name]
        plain = layout is None or layout.plain
        source = renamed.get(value.name, value.name)
        given = value.name if plain and value.name not in fed.live else value.name + ".out"
        if layout is not None and not plain:
            behind += _into_rows(source, given, layout, constants)
        elif given != value.name:
            behind.append(helper.make_node("Identity", [source], [given], name=f"{given}.same"))
        made.append(onnx.ValueInfoProto(name=given))
    suffix = extract(proto, positions, fed.infos(), made)
    _rename(suffix.graph, renamed)
    nodes = [*before, *suffix.graph.node, *behind]
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del suffix.graph.node[:]
    suffix.graph.node.extend(nodes)
    suffix.graph.initializer.extend(constants)
    return suffix


def _rename(graph: Any, renamed: Mapping[str, str]) -> None:
    """Have the nodes, and the graphs inside them, read other tensors."""
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name in renamed:
                node.input[position] = renamed[name]
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                own = {o for n in inner.node for o in n.output} | {v.name for v in inner.input}
                _rename(inner, {old: new for old, new in renamed.items() if old not in own})


def _into_graph(source: str, made: str, layout: Layout, constants: list[Any]) -> list[Any]:
    """Return nodes that bring [R, *shape] into the form of the graph."""
    from onnx import helper

    if layout.axis < 0:
        return [_reshape(source, made, layout.shape, constants)]
    whole = layout.split
    apart, moved = f"{made}.apart", f"{made}.moved"
    order = [*range(1, layout.axis + 1), 0, *range(layout.axis + 1, len(whole) + 1)]
    return [
        _reshape(source, apart, (-1, *whole), constants),
        helper.make_node("Transpose", [apart], [moved], name=moved, perm=order),
        _reshape(moved, made, (*whole[: layout.axis], -1, *whole[layout.axis + 1 :]), constants),
    ]


def _into_rows(source: str, made: str, layout: Layout, constants: list[Any]) -> list[Any]:
    """Return nodes that bring the form of the graph into [R, *shape]."""
    from onnx import helper

    if layout.axis < 0:
        return [_reshape(source, made, (1, *layout.shape), constants)]
    whole = layout.split
    apart, moved = f"{made}.apart", f"{made}.moved"
    order = [layout.axis, *range(layout.axis), *range(layout.axis + 1, len(whole) + 1)]
    return [
        _reshape(source, apart, (*whole[: layout.axis], -1, *whole[layout.axis :]), constants),
        helper.make_node("Transpose", [apart], [moved], name=moved, perm=order),
        _reshape(moved, made, (-1, *layout.shape), constants),
    ]


def _reshape(source: str, made: str, shape: Sequence[int], constants: list[Any]) -> Any:
    import numpy as np
    from onnx import helper, numpy_helper

    constants.append(numpy_helper.from_array(np.array(shape, np.int64), f"{made}.shape"))
    return helper.make_node("Reshape", [source, f"{made}.shape"], [made], name=f"{made}.reshape")
