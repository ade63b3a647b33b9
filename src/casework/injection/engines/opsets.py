"""Raises the operator set of a graph, so that operators of a newer one can be added to it."""

from __future__ import annotations

from typing import Any, Final

BITWISE: Final = 26
"""Operator set that has BitCast."""


def raised(proto: Any, version: int) -> Any | None:
    """Return a copy of a model at a newer operator set, or None where some operator means something else there.

    An operator stays as it is where the newer schema has all its inputs and attributes with the same defaults; what the definitions
    do not tell must show in a run against the golden outputs. Where one does not, the converter of onnx is asked.
    """
    import onnx

    held = next((entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if held >= version:
        return proto
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    if all(_unchanged(node, held, version) for node in _all_nodes(copy.graph)) and not copy.functions:
        for entry in copy.opset_import:
            if entry.domain in ("", "ai.onnx"):
                entry.version = version
        _name_parts(copy.graph)
        copy.ir_version = max(copy.ir_version, 10)
        return copy
    return _converted(proto, version)


def _name_parts(graph: Any) -> None:
    """Say into how many parts a Split divides: it has to be said from operator set 18 on, where sizes are not given."""
    from onnx import helper

    for node in _all_nodes(graph):
        told = any(attribute.name == "num_outputs" for attribute in node.attribute)
        if node.op_type == "Split" and node.domain in ("", "ai.onnx") and not told and not any(node.input[1:]):
            node.attribute.append(helper.make_attribute("num_outputs", len(node.output)))


def _converted(proto: Any, version: int) -> Any | None:
    from onnx import version_converter

    try:
        return version_converter.convert_version(proto, version)
    except (version_converter.ConvertError, RuntimeError, ValueError):  # operators that it does not know
        return None


def _all_nodes(graph: Any) -> list[Any]:
    from casework.injection.network.wiring import subgraphs

    return [*graph.node, *(inner for node in graph.node for part in subgraphs(node) for inner in _all_nodes(part))]


def _unchanged(node: Any, held: int, version: int) -> bool:
    """True where the definition of a node's operator has only been widened."""
    from onnx import defs

    if node.domain not in ("", "ai.onnx"):
        return True
    try:
        old, new = (defs.get_schema(node.op_type, at, "") for at in (held, version))
    except defs.SchemaError:
        return False
    if new.deprecated:
        return False
    same = all(
        name in new.attributes and attribute.default_value == new.attributes[name].default_value
        for name, attribute in old.attributes.items()
    )
    required = [name for name, attribute in new.attributes.items() if attribute.required and name not in old.attributes]
    return (
        same
        and not required
        and new.max_input >= old.max_input
        and new.min_input <= max(old.min_input, len(node.input))
    )
