"""Opening of ONNX files as foreign bytes: size limits, allow-listed operators, checked structure, no weights unseen.

`scan_model` reads and reports; `open_model` refuses what must not be run. Neither runs a model, lets a library follow a path that
is named in the file, or loads an operator library.

Weights outside the file are read here, once, from plain files below the model's folder, and run only where the caller pins the
model and each such file by name and digest. They are then put into the model's bytes, so that whatever runs it opens no file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from casework.artifact.digest import closure_digest, sha256_bytes
from casework.artifact.onnx_external import ExternalFile, external_files, put_in, refuse_pickles
from casework.artifact.onnx_graph import ModelProblem, holders
from casework.artifact.pickles import is_pickle

__all__ = [
    "ExternalFile",
    "ModelProblem",
    "OpenedModel",
    "QuantisedTensor",
    "TensorInfo",
    "clamped_tensors",
    "initialisers",
    "open_model",
    "quantised_tensors",
    "scan_model",
    "tensor_names",
    "with_outputs",
]

SIZE_LIMIT: Final = 1 << 30
"""Default limit of a model file, bytes; protobuf itself cannot carry 2 GiB."""

ALLOWED_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml"})
ALLOWED_MICROSOFT: Final = frozenset(
    {
        "QuantizeLinear", "DequantizeLinear", "QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu",
        "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearConcat", "QLinearSoftmax", "QGemm",
        "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
    }
)  # fmt: skip
"""Operators of `com.microsoft` that onnxruntime's own quantiser writes and that are part of onnxruntime."""

_QUANTISED: Final = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger"}
)
_RUNTIME_DOMAINS: Final = ("ai.onnx", "com.microsoft", "com.ms.", "org.pytorch.")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output: name, element type such as `float32`, axes; a word for a dynamic axis, `?` if unnamed."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A parsed model and what it declares.

    Attributes:
        path: The file that was read.
        content: Its bytes; all use is made of these, the file is not read twice. After `open_model`, with the weights of external
            files put in.
        sha256: Digest of the file's bytes.
        inputs: Graph inputs that are not initialisers.
        outputs: Graph outputs.
        opsets: Operator set versions by domain, sorted.
        operators: Count of each operator, of subgraphs and functions too, sorted; `domain::Type` if not ai.onnx.
        parameters: Number of weights in the initialisers.
        foreign_operators: Those of `operators` that are outside the allow list.
        external_files: Weights kept outside the file.
        quantized: True where the graph holds operators of quantised arithmetic.
        external: Digest over location and SHA-256 of every external file (`closure_digest`); empty where there is none, or one
            of them cannot be read.
    """

    path: Path
    content: bytes
    sha256: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    opsets: tuple[tuple[str, int], ...]
    operators: tuple[tuple[str, int], ...]
    parameters: int
    foreign_operators: tuple[str, ...]
    external_files: tuple[ExternalFile, ...]
    quantized: bool
    external: str = ""

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 by name of the file and of every external file; empty texts for those that cannot be read."""
        return {**{one.location: one.sha256 for one in self.external_files}, self.path.name: self.sha256}


def open_model(path: Path, limit: int = SIZE_LIMIT, *, pins: Mapping[str, str] | None = None) -> OpenedModel:
    """Open a model that is to be run.

    Args:
        path: ONNX file.
        limit: Greatest size of the file, and of it with all external files, bytes.
        pins: SHA-256 by name that the file and its external files must have, no more and no fewer, from a source that is
            trusted; None where no external file is pinned, and then a model with such a file is refused.

    Raises:
        ModelProblem: As `scan_model`; or it holds operators outside the allow list (`ART-012`), or weights outside the file
            that leave its folder (`ART-010`), or that are not pinned or not as pinned (`ART-011`).
    """
    model = scan_model(path, limit)
    if model.foreign_operators:
        raise ModelProblem(
            f"{path} holds operators outside the allowed domains: {', '.join(model.foreign_operators)}",
            "Export the model with the operators of ai.onnx and ai.onnx.ml only.",
            "ART-012",
        )
    for one in model.external_files:
        if one.problem:
            raise ModelProblem(
                f"{path} keeps weights outside the file, in `{one.location}`: {one.problem}", _ONE_FILE, one.code
            )
    if model.external_files and pins is None:
        names = ", ".join(f.location for f in model.external_files)
        raise ModelProblem(
            f"{path} keeps weights outside the file, in {names}; its digest does not cover them, and nothing else pins them",
            _PIN,
            "ART-011",
        )
    differing = sorted(_differing(model.digests, pins)) if pins is not None else []
    if differing:
        raise ModelProblem(
            f"{path} and its external files are not those that are pinned: {'; '.join(differing)}",
            "Restore the files that were pinned; or pin these by `file` and `external` of the model card, after a review.",
            "ART-011",
        )
    return _self_contained(model) if model.external_files else model


_ONE_FILE: Final = "Save the model as one file: onnx.save_model(model, path, save_as_external_data=False)."
_PIN: Final = (
    "Pin each such file in the field `external` of the model card (`path` and `sha256`), or save the model as one file: "
    "onnx.save_model(model, path, save_as_external_data=False)."
)


def _differing(held: Mapping[str, str], pins: Mapping[str, str]) -> Iterator[str]:
    for name in held.keys() | pins.keys():
        if name not in held:
            yield f"`{name}` is pinned, and the model keeps no weights there"
        elif name not in pins:
            yield f"`{name}` is not pinned"
        elif held[name] != pins[name]:
            yield f"`{name}` has the digest {held[name][:12]}..., not {pins[name][:12]}..."


def scan_model(path: Path, limit: int = SIZE_LIMIT) -> OpenedModel:
    """Parse a model and report what it declares, without refusing foreign operators or external data.

    Raises:
        ModelProblem: The file is missing, unreadable, too large, no ONNX model, or its structure is invalid; or it is a pickle,
            or holds one (`ART-013`).
    """
    content = _read(path, limit)
    proto = _parse(path, content)
    refuse_pickles(path, proto)
    external = external_files(proto, path.parent, limit - len(content))
    if not external:
        _check(path, proto)
    operators = _operators(proto)
    sha256 = sha256_bytes(content)
    readable = {one.location: one.sha256 for one in external if not one.problem}
    initialisers = {t.name for t in proto.graph.initializer}
    return OpenedModel(
        path=path,
        content=content,
        sha256=sha256,
        inputs=tuple(_tensor(v) for v in proto.graph.input if v.name not in initialisers),
        outputs=tuple(_tensor(v) for v in proto.graph.output),
        opsets=tuple(sorted((o.domain, o.version) for o in proto.opset_import)),
        operators=tuple(sorted(operators.items())),
        parameters=sum(math.prod(t.dims) for t in proto.graph.initializer),
        foreign_operators=tuple(sorted(name for name in operators if not _allowed(name))),
        external_files=external,
        quantized=any(name.rpartition("::")[2] in _QUANTISED for name in operators),
        external=closure_digest(readable) if external and len(readable) == len(external) else "",
    )


def _self_contained(model: OpenedModel) -> OpenedModel:
    """Return a model with the weights of its external files put into its bytes, checked as a whole."""
    import onnx

    proto = onnx.load_model_from_string(model.content)
    put_in(proto, model.path, model.external_files)
    _check(model.path, proto)
    return replace(model, content=bytes(proto.SerializeToString(deterministic=True)))


def with_outputs(model: OpenedModel, names: tuple[str, ...]) -> bytes:
    """Return the model's bytes with inner tensors added to its outputs, in the order given, after its own.

    Only for measuring a model from within; the result is not the model.
    """
    import onnx

    proto = onnx.load_model_from_string(model.content)
    present = {v.name for v in proto.graph.output}
    for name in names:
        if name not in present:
            value = onnx.ValueInfoProto()
            value.name = name
            proto.graph.output.append(value)
    return bytes(proto.SerializeToString())


@dataclass(frozen=True, slots=True)
class QuantisedTensor:
    """A tensor of a QDQ graph.

    Attributes:
        name: Name before quantisation, shared with the float parent.
        dequantised: Name of the tensor after the quantise-dequantise pair.
        weight: True for an initialiser.
    """

    name: str
    dequantised: str
    weight: bool


def quantised_tensors(model: OpenedModel) -> tuple[QuantisedTensor, ...]:
    """Return the activations and weights that pass through quantise-dequantise pairs, in graph order.

    A stored weight `W` is recognised by the name that onnxruntime gives its quantised form, `W_quantized`.
    """
    import onnx

    graph = onnx.load_model_from_string(model.content).graph
    quantised_from = {
        n.output[0]: n.input[0] for n in graph.node if n.op_type == "QuantizeLinear" and n.output and n.input
    }
    stored = {t.name for t in graph.initializer}
    found: list[QuantisedTensor] = []
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or not node.input or not node.output:
            continue
        source = node.input[0]
        if source in quantised_from:
            # onnxruntime renames what an output is computed from, for the output itself keeps its name.
            name = quantised_from[source].removesuffix("_QuantizeLinear_Input")
            found.append(QuantisedTensor(name, node.output[0], weight=False))
        elif source in stored and source.endswith("_quantized"):
            found.append(QuantisedTensor(source.removesuffix("_quantized"), node.output[0], weight=True))
    return tuple(found)


def tensor_names(model: OpenedModel) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the computed tensors and of the initialisers of the main graph."""
    import onnx

    graph = onnx.load_model_from_string(model.content).graph
    computed = frozenset(name for node in graph.node for name in node.output if name)
    return computed, frozenset(t.name for t in graph.initializer)


def clamped_tensors(model: OpenedModel) -> frozenset[str]:
    """Return the tensors of the main graph that only a Relu or Clip reads: what these cut off is of no consequence."""
    import onnx

    graph = onnx.load_model_from_string(model.content).graph
    readers: dict[str, set[str]] = {v.name: {"output"} for v in graph.output}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, set()).add(node.op_type)
    return frozenset(name for name, kinds in readers.items() if kinds <= {"Relu", "Clip"})


def initialisers(model: OpenedModel, names: frozenset[str]) -> dict[str, Any]:
    """Return the named initialisers of the main graph as numpy arrays."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(model.content).graph
    return {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.name in names}


def _read(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise ModelProblem(f"{path} is not a file", "Give the path of an ONNX file.")
        size = path.stat().st_size
        if size > limit:
            raise ModelProblem(f"{path} has {size} bytes, more than the limit of {limit}", "Give a smaller model.")
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ModelProblem(f"{path} cannot be read: {error.strerror}", "Make the file readable.") from error
    if not content:
        raise ModelProblem(f"{path} is empty", "Export or fetch the model again; an LFS pointer is not a model.")
    if is_pickle(content):
        raise ModelProblem(
            f"{path} is a pickle, which runs code when it is loaded, and no ONNX model",
            "Export the model to ONNX where it was trained; never load a pickle of others.",
            "ART-013",
        )
    if content.startswith(b"version https://git-lfs"):
        raise ModelProblem(f"{path} is a Git LFS pointer, not a model", "Fetch the file itself: git lfs pull.")
    return content


def _parse(path: Path, content: bytes) -> Any:
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError as error:
        raise ModelProblem(f"{path} cannot be opened: {error}", "Install the package onnx.") from error
    not_onnx = ModelProblem(
        f"{path} is not an ONNX model, or a damaged one",
        "Export the model again, and compare the file's size with the original.",
    )
    try:
        proto = onnx.load_model_from_string(content)
    except (DecodeError, ValueError, RecursionError) as error:
        raise not_onnx from error
    if proto.ir_version <= 0 or not proto.opset_import or not proto.graph.node or not proto.graph.output:
        raise not_onnx
    return proto


def _check(path: Path, proto: Any) -> None:
    import onnx

    try:
        onnx.checker.check_model(proto)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ModelProblem(
            f"{path} is not a valid ONNX graph: {first}", "Export the model again and run onnx.checker on it."
        ) from error


def _operators(proto: Any) -> Counter[str]:
    # Functions that the file itself defines are walked instead. In a runtime's own domains a function could hide the
    # operator that the runtime knows by that name, and that one would run.
    own = {(f.domain, f.name) for f in proto.functions if not f.domain.startswith(_RUNTIME_DOMAINS)}
    counts: Counter[str] = Counter()
    for graph in holders(proto):
        for node in graph.node:
            if (node.domain, node.op_type) not in own:
                counts[node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"] += 1
    return counts


def _allowed(name: str) -> bool:
    domain, _, kind = name.rpartition("::")
    return domain in ALLOWED_DOMAINS or (domain == "com.microsoft" and kind in ALLOWED_MICROSOFT)


def _tensor(value: Any) -> TensorInfo:
    import onnx

    kind = value.type.tensor_type
    names = {number: name.lower() for name, number in onnx.TensorProto.DataType.items()}
    name = names.get(kind.elem_type, "unknown") if value.type.HasField("tensor_type") else "other"
    dtype = {"float": "float32", "double": "float64"}.get(name, name)
    axes = tuple(
        int(d.dim_value) if d.HasField("dim_value") else (d.dim_param or "?") for d in kind.shape.dim
    )  # fmt: skip
    return TensorInfo(value.name, dtype, axes)
