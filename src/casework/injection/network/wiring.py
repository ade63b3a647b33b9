"""Who makes and who reads the tensors of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

HEAVY: Final = 1 << 16
"""Bytes from which an initialiser is handed to sessions instead of being written into each part of the graph."""

_HANDED: Final = (1, 2, 3, 6, 7, 10, 11)
"""Element types (ONNX TensorProto.DataType) that onnxruntime takes from numpy: float, uint8, int8, int32, int64, float16, double."""


def subgraphs(node: Any) -> Iterator[Any]:
    """Yield the graphs that a node carries (branches of If, bodies of Loop and Scan)."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def read_by(node: Any) -> list[str]:
    """Return the tensors that a node reads, in its order, with those that its inner graphs capture from outside."""
    names = [name for name in node.input if name]
    for graph in subgraphs(node):
        names += captured(graph)
    return names


def captured(graph: Any) -> list[str]:
    """Return the tensors that an inner graph reads from outside it."""
    own = {value.name for value in graph.input} | {held.name for held in graph.initializer}
    own |= {name for node in graph.node for name in node.output}
    wanted = [name for node in graph.node for name in read_by(node)] + [value.name for value in graph.output]
    return [name for name in dict.fromkeys(wanted) if name not in own]


def after(nodes: Iterable[Any], names: Iterable[str]) -> list[int]:
    """Return the positions of the nodes that depend on tensors, in order. The nodes must be sorted, as ONNX demands."""
    reached = set(names)
    positions = []
    for position, node in enumerate(nodes):
        if any(name in reached for name in read_by(node)):
            positions.append(position)
            reached.update(name for name in node.output if name)
    return positions


def before(nodes: Iterable[Any], names: Iterable[str]) -> list[int]:
    """Return the positions of the nodes that tensors depend on, in order."""
    wanted = set(names)
    positions = []
    for position, node in reversed(list(enumerate(nodes))):
        if any(name in wanted for name in node.output):
            positions.append(position)
            wanted.update(read_by(node))
    return positions[::-1]


def extract(proto: Any, positions: Iterable[int], inputs: Iterable[Any], outputs: Iterable[Any]) -> Any:
    """Return a model of some nodes of another, with the initialisers that they read; inputs and outputs as given."""
    import onnx

    chosen = [proto.graph.node[position] for position in positions]
    inputs = list(inputs)
    fed = {value.name for value in inputs}
    wanted = {name for node in chosen for name in read_by(node)} - fed
    made = onnx.ModelProto(ir_version=proto.ir_version, producer_name=proto.producer_name)
    made.opset_import.extend(proto.opset_import)
    made.functions.extend(proto.functions)
    made.graph.name = "part"
    made.graph.node.extend(chosen)
    made.graph.input.extend(inputs)
    made.graph.output.extend(outputs)
    made.graph.initializer.extend(held for held in proto.graph.initializer if held.name in wanted)
    return made


def lightened(proto: Any, least: int) -> Any:
    """Return a model whose initialisers of at least so many bytes are declared external, to be handed to its sessions."""
    import onnx

    made = onnx.ModelProto(ir_version=proto.ir_version, producer_name=proto.producer_name)
    made.opset_import.extend(proto.opset_import)
    made.functions.extend(proto.functions)
    made.graph.name = proto.graph.name
    for part in ("node", "input", "output"):
        getattr(made.graph, part).extend(getattr(proto.graph, part))
    for value in proto.graph.initializer:
        if len(value.raw_data) < least or value.data_type not in _HANDED:
            made.graph.initializer.append(value)
            continue
        outside = made.graph.initializer.add(name=value.name, data_type=value.data_type, dims=value.dims)
        outside.data_location = onnx.TensorProto.EXTERNAL
        outside.external_data.add(key="location", value="handed over")
    return made


def handed(proto: Any) -> list[str]:
    """Return the initialisers that a model declares external."""
    return [value.name for value in proto.graph.initializer if value.data_location == 1]


def exposed(proto: Any, names: Iterable[str]) -> bytes:
    """Return a model with further tensors among its outputs, after its own, in the order given; their types are inferred."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(proto)
    held = {value.name for value in proto.graph.output}
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in held)
    content: bytes = made.SerializeToString()
    return content
