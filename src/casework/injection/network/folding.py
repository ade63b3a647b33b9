"""A model file cleaned and folded once, so that every later cut of it computes the same bits as the whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.network.sessions import Level, open_session
from casework.injection.network.wiring import captured, read_by, subgraphs
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

OLDEST: Final = 13
"""Operator set that older models are converted to where that can be done: faults are written by operators that came with 11."""

FREE: Final = "batch"
"""Name of a batch axis that was fixed and is made free."""

CHECKED: Final = ".checked"
"""What is added to the name of a stored tensor for what a check of it gives."""


def parsed(content: bytes, name: str) -> Any:
    """Return the ModelProto of a file.

    Raises:
        InjectionProblem: It is no ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(content)
    except DecodeError as error:
        raise InjectionProblem(f"{name} is no ONNX model: {error}", "Give an .onnx file.") from error
    if not proto.graph.node or not proto.graph.output:
        raise InjectionProblem(
            f"{name} has no operators or no outputs", "Give an ONNX model with at least one operator."
        )
    return proto


def cleaned(proto: Any) -> Any:
    """Return a copy that folds well: initialisers are no inputs, constants are initialisers, functions inlined, nodes named."""
    import onnx
    from onnx import inliner

    made = onnx.ModelProto()
    made.CopyFrom(proto)
    if made.functions:
        made = inliner.inline_local_functions(made)
    made = _modern(made)
    graph = made.graph
    del graph.value_info[:]
    held = {value.name for value in graph.initializer}
    fed = [value for value in graph.input if value.name not in held]
    del graph.input[:]
    graph.input.extend(fed)
    _constants_to_initialisers(graph)
    _spread_sparse(graph)
    _drop_unread(graph)
    _name_copies(graph)
    taken = {node.name for node in graph.node}
    for node in graph.node:
        if not node.name:
            first = next((name for name in node.output if name), node.op_type)
            node.name = first if first not in taken else f"{first}.{node.op_type}"
            taken.add(node.name)
    return made


def _modern(proto: Any) -> Any:
    """Return a model of an operator set before `OLDEST` converted to it where the converter can; else as it is."""
    import onnx
    from onnx import version_converter

    version = next((opset.version for opset in proto.opset_import if opset.domain in ("", "ai.onnx")), OLDEST)
    if version >= OLDEST:
        return proto
    try:
        made = version_converter.convert_version(proto, OLDEST)
        onnx.checker.check_model(made)
    except Exception:  # noqa: BLE001 - the converter fails in many ways; the model then stays as it is
        return proto
    return made


def _constants_to_initialisers(graph: Any) -> None:
    from onnx import numpy_helper

    kept = []
    makers: dict[str, Callable[[Any], Array]] = {
        "value_float": lambda a: np.array(a.f, np.float32),
        "value_floats": lambda a: np.array(a.floats, np.float32),
        "value_int": lambda a: np.array(a.i, np.int64),
        "value_ints": lambda a: np.array(a.ints, np.int64),
    }
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        attribute = node.attribute[0] if node.op_type == "Constant" and len(node.attribute) == 1 else None
        if attribute is None or node.output[0] in outputs or attribute.name not in ("value", *makers):
            kept.append(node)
        elif attribute.name == "value":
            attribute.t.name = node.output[0]
            graph.initializer.append(attribute.t)
        else:
            graph.initializer.append(numpy_helper.from_array(makers[attribute.name](attribute), node.output[0]))
    kept = [type(node).FromString(node.SerializeToString()) for node in kept]
    del graph.node[:]
    graph.node.extend(kept)


def _spread_sparse(graph: Any) -> None:
    """Have sparse initialisers be dense ones, as onnxruntime makes of them when it loads a model."""
    from onnx import numpy_helper

    for sparse in graph.sparse_initializer:
        values, places = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
        dense = np.zeros(tuple(sparse.dims), values.dtype)
        if places.ndim == 1:
            dense.reshape(-1)[places] = values
        else:
            dense[tuple(places.T)] = values
        graph.initializer.append(numpy_helper.from_array(dense, sparse.values.name))
    del graph.sparse_initializer[:]


def _name_copies(graph: Any) -> None:
    """Have the stored tensor behind a check bear the name that the check's result has taken over: it is what a parent's faults hit.

    Hardening stores a weight `w` that is checked in every inference as `w.stored`, or as `w.stored1` and further copies, and calls
    what the check gives `w`. Faults that strike `w` in the parent strike the first copy here; the result is `w.checked`.
    """
    made = {name for node in graph.node for name in node.output}
    held = {value.name for value in graph.initializer}
    renamed: dict[str, str] = {}
    for suffix in (".stored", ".stored1"):
        for name in sorted(held):
            plain = name.removesuffix(suffix)
            if plain != name and plain in made and plain + CHECKED not in made | held and plain not in renamed:
                renamed |= {plain: plain + CHECKED, name: plain}
    inside = {name for node in graph.node for inner in subgraphs(node) for name in captured(inner)}
    if renamed.keys() & (inside | {value.name for value in graph.output}):
        return
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    for value in graph.initializer:
        value.name = renamed.get(value.name, value.name)


def _drop_unread(graph: Any) -> None:
    """Drop initialisers that nothing reads: without a place among the inputs onnxruntime takes them for an error."""
    read = {name for node in graph.node for name in read_by(node)} | {value.name for value in graph.output}
    kept = [value for value in graph.initializer if value.name in read]
    if len(kept) < len(graph.initializer):
        kept = [type(value).FromString(value.SerializeToString()) for value in kept]
        del graph.initializer[:]
        graph.initializer.extend(kept)


def folded(proto: Any, level: Level) -> Any:
    """Return the graph as onnxruntime rewrites it at a level.

    Raises:
        Exception: onnxruntime cannot load it; see `sessions.refusals`.
    """
    import onnx

    with tempfile.TemporaryDirectory(prefix="casework-") as folder:
        path = Path(folder, "folded.onnx")
        open_session(proto.SerializeToString(), level=level, saved=str(path))
        made = onnx.load(str(path))
    taken = {node.name for node in made.graph.node}
    for node in made.graph.node:
        if not node.name:
            first = next((output for output in node.output if output), node.op_type)
            node.name = first if first not in taken else f"{first}.{node.op_type}"
            taken.add(node.name)
    del made.graph.value_info[:]
    return made


def with_constants(proto: Any, constants: Mapping[str, Array]) -> Any:
    """Return a copy in which some inputs are initialisers."""
    import onnx
    from onnx import numpy_helper

    made = onnx.ModelProto()
    made.CopyFrom(proto)
    fed = [value for value in proto.graph.input if value.name not in constants]
    del made.graph.input[:]
    made.graph.input.extend(fed)
    made.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    return made


def freed(proto: Any, axes: Mapping[str, int | None], fixed: Mapping[str, tuple[int, ...]], *, reshapes: bool) -> Any:
    """Return a copy whose inputs have a free batch axis and otherwise fixed sizes.

    Args:
        proto: Cleaned model.
        axes: Batch axis of each input; None: it has none.
        fixed: Sizes of each input, by axis; that of the batch axis has no say.
        reshapes: Also make the first size of constant targets of Reshape free where it is 1.
    """
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(proto)
    for value in made.graph.input:
        tensor = value.type.tensor_type
        sizes = fixed.get(value.name)
        if sizes is None:
            continue
        del tensor.shape.dim[:]
        for axis, size in enumerate(sizes):
            if axis == axes.get(value.name):
                tensor.shape.dim.add(dim_param=FREE)
            else:
                tensor.shape.dim.add(dim_value=size)
    for value in made.graph.output:
        value.type.tensor_type.ClearField("shape")
    if reshapes:
        _free_reshapes(made.graph)
        _drop_unread(made.graph)
    return made


def _free_reshapes(graph: Any) -> None:
    from onnx import numpy_helper

    held = {value.name: value for value in graph.initializer}
    for position, node in enumerate(graph.node):
        if node.op_type != "Reshape" or node.input[1] not in held:
            continue
        sizes = numpy_helper.to_array(held[node.input[1]]).copy()
        if sizes.ndim != 1 or len(sizes) == 0 or sizes[0] != 1:
            continue
        sizes[0] = 0 if (sizes[1:] == -1).any() else -1
        name = f"{node.input[1]}.free.{position}"
        graph.initializer.append(numpy_helper.from_array(sizes, name))
        node.input[1] = name
