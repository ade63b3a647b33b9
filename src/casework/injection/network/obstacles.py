"""What of a model file stands in the way of a campaign, told before one is run: outputs that cannot be compared, types not computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from casework.injection.network.listing import carriers
from casework.injection.network.wiring import after, read_by
from casework.injection.problem import InjectionProblem

_STRING: Final = 8
"""TensorProto.STRING."""

_BFLOAT16: Final = 16
"""TensorProto.BFLOAT16."""

_SHIFTING: Final = frozenset({"Compress", "NonMaxSuppression", "NonZero", "Unique"})
"""Operators whose output has a size that its input's values set (ONNX operator reference)."""

_SIZES: Final[dict[str, tuple[int, ...]]] = {
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "OneHot": (1,),
    "Pad": (1,),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (2, 3),
    "Slice": (1, 2, 4),
    "Tile": (1,),
    "TopK": (1,),
    "Upsample": (1,),
}
"""Inputs of other operators that set the size of their output; they do so by values where these are computed."""

_CUT: Final = "Cut it off: onnx.utils.extract_model(model, new, input_names, output_names) with the other outputs."


def refused_fix(proto: Any) -> str:
    """Return what to do about a model that the runtime does not run."""
    held = {value.data_type for value in proto.graph.initializer}
    held |= {value.type.tensor_type.elem_type for value in (*proto.graph.input, *proto.graph.output)}
    held |= {a.i for node in proto.graph.node if node.op_type == "Cast" for a in node.attribute if a.name == "to"}
    if _BFLOAT16 in held:
        return (
            "It holds bfloat16 tensors, and onnxruntime computes few operators in bfloat16 on a CPU: convert them to float32, which "
            "holds every bfloat16 value."
        )
    return "Export it for an operator set that onnxruntime supports, and give inputs that it takes."


def refuse_outputs(proto: Any, name: str) -> None:
    """Refuse outputs that are no tensors of numbers.

    Raises:
        InjectionProblem: There is one.
    """
    for value in proto.graph.output:
        kind = value.type.WhichOneof("value") or "tensor_type"
        if kind != "tensor_type":
            raise InjectionProblem(
                f"output {value.name} of {name} is a {kind.removesuffix('_type')}, not a tensor: it cannot be compared element by "
                "element",
                f"Export without it (converters of scikit-learn models: option zipmap=False). {_CUT}",
            )
        if value.type.tensor_type.elem_type == _STRING:
            raise InjectionProblem(
                f"output {value.name} of {name} holds strings: faults are judged by outputs of numbers",
                f"Export class numbers or scores in its place. {_CUT}",
            )


def refuse_shifting(proto: Any, session: Any, outputs: Sequence[str], name: str) -> None:
    """Refuse outputs whose size a fault can change.

    Args:
        proto: The graph.
        session: A session of it, which tells the sizes that it can be sure of.
        outputs: Its own outputs.
        name: Of the model.

    Raises:
        InjectionProblem: There is one.
    """
    shifting = _shifting(proto)
    if not shifting:
        return
    open_sizes = {value.name: _unsure(value.shape) for value in session.get_outputs()}
    for output in outputs:
        if output in shifting and open_sizes.get(output):
            raise InjectionProblem(
                f"output {output} of {name} has a size that depends on the values of the input (by operator {shifting[output]}): "
                "a fault may change it, and outputs are compared element by element",
                f"Give a model that ends before it. {_CUT}",
            )


def _unsure(shape: Iterable[Any]) -> bool:
    return any(not isinstance(size, int) and not (isinstance(size, str) and size == "batch") for size in shape)


def _shifting(proto: Any) -> dict[str, str]:
    """Return the tensors that depend on one whose size depends on values, each with the operator that makes it so."""
    carrying = carriers(proto.graph)
    found: dict[str, str] = {}
    nodes = proto.graph.node
    for node in nodes:
        sizes = [node.input[place] for place in _SIZES.get(node.op_type, ()) if place < len(node.input)]
        if any(name in carrying for name in ([*read_by(node)] if node.op_type in _SHIFTING else sizes)):
            reached = {output for position in after(nodes, node.output) for output in nodes[position].output}
            for output in {*node.output, *reached}:
                found.setdefault(output, node.op_type)
    return found
