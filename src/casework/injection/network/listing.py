"""The list of targets: which tensors of a folded graph faults can strike, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.injection.network.layouts import Layout
from casework.injection.network.target import Target, TargetKind
from casework.injection.network.wiring import read_by

_SCALE: Final[TargetKind] = "scale"
_ZERO: Final[TargetKind] = "zero_point"

# Positions of stored inputs by operator; ONNX operator reference, and the contrib operators of onnxruntime.
_ROLES: Final[dict[str, dict[int, TargetKind]]] = {
    "Conv": {1: "weight", 2: "bias"},
    "ConvTranspose": {1: "weight", 2: "bias"},
    "FusedConv": {1: "weight", 2: "bias", 3: "weight"},
    "Gemm": {0: "weight", 1: "weight", 2: "bias"},
    "FusedGemm": {0: "weight", 1: "weight", 2: "bias"},
    "MatMul": {0: "weight", 1: "weight"},
    "FusedMatMul": {0: "weight", 1: "weight"},
    "LSTM": {1: "weight", 2: "weight", 3: "bias", 5: "weight", 6: "weight", 7: "weight"},
    "GRU": {1: "weight", 2: "weight", 3: "bias", 5: "weight"},
    "RNN": {1: "weight", 2: "weight", 3: "bias", 5: "weight"},
    "BatchNormalization": {1: "weight", 2: "bias", 3: "bias", 4: "weight"},
    "InstanceNormalization": {1: "weight", 2: "bias"},
    "GroupNormalization": {1: "weight", 2: "bias"},
    "LayerNormalization": {1: "weight", 2: "bias"},
    "SkipLayerNormalization": {2: "weight", 3: "bias", 4: "bias"},
    "Add": {0: "bias", 1: "bias"},
    "Sub": {0: "bias", 1: "bias"},
    "PRelu": {1: "weight"},
    "Gather": {0: "weight"},
    "ConvInteger": {1: "weight", 2: "zero_point", 3: "zero_point"},
    "MatMulInteger": {0: "weight", 1: "weight", 2: "zero_point", 3: "zero_point"},
    "QuantizeLinear": {0: "weight", 1: "scale", 2: "zero_point"},
    "DequantizeLinear": {0: "weight", 1: "scale", 2: "zero_point"},
    "QLinearConv": {1: "scale", 2: "zero_point", 3: "weight", 4: "scale", 5: "zero_point", 6: "scale", 7: "zero_point", 8: "bias"},
    "QLinearMatMul": {1: "scale", 2: "zero_point", 3: "weight", 4: "scale", 5: "zero_point", 6: "scale", 7: "zero_point"},
    "QGemm": {1: "scale", 2: "zero_point", 3: "weight", 4: "scale", 5: "zero_point", 6: "bias", 7: "scale", 8: "zero_point"},
    "QLinearAdd": {0: "weight", 1: "scale", 2: "zero_point", 3: "weight", 4: "scale", 5: "zero_point", 6: "scale", 7: "zero_point"},
    "QLinearMul": {0: "weight", 1: "scale", 2: "zero_point", 3: "weight", 4: "scale", 5: "zero_point", 6: "scale", 7: "zero_point"},
    "DynamicQuantizeMatMul": {1: "weight", 2: "scale", 3: "zero_point", 4: "bias"},
    "MatMulIntegerToFloat": {1: "weight", 2: "scale", 3: "scale", 4: "zero_point", 5: "zero_point", 6: "bias"},
}  # fmt: skip
# x, its scale, its zero point, scale and zero point of y.
_ROLES.update({
    name: {1: "scale", 2: "zero_point", 3: "scale", 4: "zero_point"}
    for name in (
        "QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "QLinearReduceMean",
    )
})  # fmt: skip
_TRIPLES: Final[dict[int, TargetKind]] = {3 + 3 * n: _SCALE for n in range(64)} | {4 + 3 * n: _ZERO for n in range(64)}
_ROLES["QLinearConcat"] = {0: _SCALE, 1: _ZERO} | _TRIPLES

_PARAMETERS: Final[dict[str, frozenset[int]]] = {
    "Clip": frozenset({1, 2}),
    "Pad": frozenset({1, 2, 3}),
    "Resize": frozenset({1, 2, 3}),
    "Upsample": frozenset({1}),
    "Dropout": frozenset({1, 2}),
    "OneHot": frozenset({1, 2}),
    "Range": frozenset({0, 1, 2}),
    "NonMaxSuppression": frozenset({2, 3, 4}),
    "TopK": frozenset({1}),
}
"""Stored inputs that set what an operator does; they stand in its code or are held as constants, not in tables of weights."""

_FORMS: Final = frozenset({"Cast", "DequantizeLinear", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})

_CHECKS: Final = frozenset({"Equal", "Greater", "Less"})

_SHAPE_READERS: Final = ("Shape", "Size")


def carriers(graph: Any) -> set[str]:
    """Return the tensors that depend on the values of the inputs, and not on their shapes alone."""
    carrying = {value.name for value in graph.input}
    for node in graph.node:
        if node.op_type not in _SHAPE_READERS and any(name in carrying for name in read_by(node)):
            carrying.update(name for name in node.output if name)
    return carrying


def list_targets(
    proto: Any,
    layouts: Mapping[str, Layout | None],
    dtypes: Mapping[str, str],
    originals: Mapping[str, str],
) -> tuple[tuple[Target, ...], dict[str, str]]:
    """Return the targets in the order of the graph, and the tensors left out, each with its reason.

    Args:
        proto: Folded graph.
        layouts: How each tensor that an inference computes holds samples; absent: it was not seen in a run.
        dtypes: numpy names of element types of computed tensors.
        originals: Names in the model file by names in the folded graph.
    """
    maker = _Maker(proto, layouts, dtypes, originals)
    for value in proto.graph.input:
        maker.fed(value.name)
    for depth, node in enumerate(proto.graph.node):
        for position, name in enumerate(node.input):
            maker.stored(node, depth, position, name)
        for name in read_by(node)[len([n for n in node.input if n]) :]:
            maker.stored(node, depth, -1, name)
        for name in node.output:
            maker.computed(node, depth, name)
    return tuple(maker.targets), maker.left_out


class _Maker:
    def __init__(
        self, proto: Any, layouts: Mapping[str, Layout | None], dtypes: Mapping[str, str], originals: Mapping[str, str]
    ) -> None:
        self.targets: list[Target] = []
        self.left_out: dict[str, str] = {}
        self._layouts, self._dtypes, self._originals = layouts, dtypes, originals
        self._held = {value.name: value for value in proto.graph.initializer}
        self._outputs = {value.name for value in proto.graph.output}
        self._carrying = carriers(proto.graph)
        self._readers: dict[str, tuple[int, Any]] = {}
        for depth, node in enumerate(proto.graph.node):
            for name in read_by(node):
                self._readers.setdefault(name, (depth, node))
        self._done: set[str] = set()
        votes = [node for node in proto.graph.node if self._votes(node, 1)]
        self._chosen = {
            name for node in votes if self._user(node, 1)[0].op_type not in _CHECKS for name in node.input[1:]
        }

    def _add(self, name: str, kind: TargetKind, dtype: str, shape: tuple[int, ...], node: Any, depth: int) -> None:
        original = self._originals.get(name, name)
        self.targets.append(
            Target(len(self.targets), name, original, kind, dtype, shape, node.op_type, node.name, depth)
        )

    def fed(self, name: str) -> None:
        layout = self._layouts.get(name)
        if name not in self._readers:
            self.left_out[name] = "no operator reads it"
        elif layout is None:
            self.left_out[name] = "an input without a batch axis, the same for all samples"
        elif 0 in layout.shape:
            self.left_out[name] = "it has no elements"
        else:
            depth, node = self._readers[name]
            self._add(name, "input", self._dtypes[name], layout.shape, node, depth)

    def stored(self, node: Any, depth: int, position: int, name: str) -> None:
        value = self._held.get(name)
        if value is None or name in self._done:
            return
        reader, place = self._user(node, position)
        if reader.op_type in _CHECKS and name in self._chosen:
            return  # what uses the tensor is behind the check, and comes later
        kind, reason = _role(reader, place, value)
        if kind is None and self._votes(node, position):
            kind = "weight"  # a copy that is compared with another only
        if kind is None:
            self.left_out.setdefault(name, reason)
            return
        self._done.add(name)
        self.left_out.pop(name, None)
        self._add(name, kind, _type_of(value), tuple(value.dims), reader, depth)

    def _user(self, node: Any, position: int) -> tuple[Any, int]:
        """Return the operator that uses a stored tensor, and where: behind casts and checks that only change its form."""
        for _ in range(4):
            passed = (node.op_type in _FORMS and position == 0) or self._votes(node, position)
            if not passed or node.output[0] not in self._readers:
                break
            made = node.output[0]
            reader = self._readers[made][1]
            if made not in reader.input:
                break
            node, position = reader, list(reader.input).index(made)
        return node, position

    def _votes(self, node: Any, position: int) -> bool:
        """Return whether an operator chooses between stored tensors, as a check of them does."""
        return node.op_type == "Where" and position in (1, 2) and all(name in self._held for name in node.input[1:])

    def computed(self, node: Any, depth: int, name: str) -> None:
        if not name:
            return
        reason = self._unfit(name)
        if reason:
            self.left_out[name] = reason
            return
        layout = self._layouts[name]
        kind: TargetKind = "output" if name in self._outputs else "activation"
        self._add(name, kind, self._dtypes[name], layout.shape if layout else (), node, depth)

    def _unfit(self, name: str) -> str:
        if name not in self._carrying:
            return "computed from shapes or constants alone"
        if name not in self._readers and name not in self._outputs:
            return "nothing reads it"
        if self._layouts.get(name) is None:
            return "it holds no sample's values by themselves"
        if self._dtypes[name] in ("object", "str", "complex64", "complex128"):
            return f"its elements are of type {self._dtypes[name]}"
        layout = self._layouts[name]
        return "it has no elements" if layout and 0 in layout.shape else ""


def _type_of(value: Any) -> str:
    from onnx import helper

    return str(helper.tensor_dtype_to_np_dtype(value.data_type).name)


def _role(node: Any, position: int, value: Any) -> tuple[TargetKind | None, str]:
    """Return what a stored input of an operator is; None and the reason where it is no target."""
    if 0 in value.dims:
        return None, "it has no elements"
    if position in _PARAMETERS.get(node.op_type, ()):
        return None, f"a parameter of {node.op_type}"
    role = _ROLES.get(node.op_type, {}).get(position)
    dtype = _type_of(value)
    if dtype == "object":
        return None, "its elements are strings"
    if role is not None:
        return role, ""
    if dtype.startswith(("float", "bfloat")):
        return "weight", ""
    return None, f"a parameter of {node.op_type}: sizes, axes, indices"
