"""Bounds of tensors from data: what the parent computes on fault-free inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.digest import jcs_digest, sha256_bytes
from casework.injection.network.sessions import Level, open_session, refused_as
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

BATCH: Final = 16
"""Inputs a run while bounds are taken; fixed, for kernels may round by it."""

_KEPT_BITS: Final = 11


@dataclass(frozen=True, slots=True)
class Observed:
    """What a tensor held on the data.

    Attributes:
        name: The tensor.
        dtype: numpy name of its element type.
        lows: float64: least element of each input; of each run, for a tensor without batch axis.
        highs: float64: greatest element, likewise.
        sums: float64: sum of the magnitudes, likewise.
        finite: False where it held NaN or an infinity.
        by_input: True where the first axis is the batch.
    """

    name: str
    dtype: str
    lows: Array
    highs: Array
    sums: Array
    finite: bool
    by_input: bool


def data_digest(inputs: Mapping[str, Array]) -> str:
    """Return the digest of input arrays: SHA-256 of the canonical JSON of {name: {dtype, shape, sha256 of the bytes}}."""
    return jcs_digest(
        {
            name: {
                "dtype": str(value.dtype), "shape": list(value.shape), "sha256": sha256_bytes(np.ascontiguousarray(value).tobytes()),
            }
            for name, value in inputs.items()
        }
    )  # fmt: skip


def check_inputs(content: bytes, inputs: Mapping[str, Array], name: str) -> int:
    """Return the number of inputs after checking that they fit the model.

    Raises:
        InjectionProblem: A graph input has no array, or one of another shape or type; there is no input at all.
    """
    session = open_plain(content, name)
    wanted = {v.name: v for v in session.get_inputs()}
    for missing in sorted(wanted.keys() - inputs.keys()):
        raise InjectionProblem(
            f"{name} has an input {missing} for which there are no data", "Give data for every input."
        )
    for extra in sorted(inputs.keys() - wanted.keys()):
        raise InjectionProblem(
            f"{name} has no input {extra}", f"Name the data after the inputs: {', '.join(sorted(wanted))}."
        )
    lengths = {len(value) if value.ndim else 0 for value in inputs.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise InjectionProblem(
            "the arrays of the inputs hold different numbers of samples, or none", "Give [N, ...] for each."
        )
    for key, value in inputs.items():
        _check_input(name, wanted[key], value)
    return lengths.pop()


def _check_input(name: str, declared: Any, value: Array) -> None:
    shape = list(declared.shape)
    fits = len(shape) == value.ndim and all(
        not isinstance(axis, int) or axis == length for axis, length in zip(shape[1:], value.shape[1:], strict=False)
    )
    if not fits:
        raise InjectionProblem(
            f"{name}: input {declared.name} takes {shape}, the data are {list(value.shape)}",
            "Give arrays of that shape.",
        )
    dtype = _DTYPES.get(declared.type)
    if dtype != str(value.dtype):
        raise InjectionProblem(
            f"{name}: input {declared.name} is of {dtype or declared.type}, the data are {value.dtype}",
            "Give arrays of that type.",
        )


_DTYPES: Final = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(uint8)": "uint8",
    "tensor(int8)": "int8", "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(bool)": "bool",
    "tensor(uint16)": "uint16", "tensor(int16)": "int16",
}  # fmt: skip


def open_plain(content: bytes, name: str, level: Level = "all") -> Any:
    """Return a session, by default as an application would open it.

    Raises:
        InjectionProblem: onnxruntime refuses the model.
    """
    with refused_as(
        f"onnxruntime cannot load {name}", "Export the model for an operator set that onnxruntime supports."
    ):
        return open_session(content, level=level)


def batches(session: Any, inputs: Mapping[str, Array]) -> Iterator[tuple[int, dict[str, Array]]]:
    """Yield the inputs in batches with the number of true samples; where the batch is fixed, the last sample fills the rest."""
    fixed = _fixed_length(session)
    step = fixed or BATCH
    total = len(next(iter(inputs.values())))
    for start in range(0, total, step):
        piece = {k: v[start : start + step] for k, v in inputs.items()}
        true = min(step, total - start)
        if fixed and true < fixed:
            piece = {k: np.concatenate([v, np.repeat(v[-1:], fixed - true, axis=0)]) for k, v in piece.items()}
        yield true, piece


def run_all(
    session: Any, names: Sequence[str], inputs: Mapping[str, Array], what: str
) -> Iterator[tuple[int, list[Array]]]:
    """Yield the named outputs batch by batch, with the number of true samples in each.

    Raises:
        InjectionProblem: onnxruntime refuses the data.
    """
    for true, piece in batches(session, inputs):
        with refused_as(f"{what} cannot be run on the data", "Check shapes and layout."):
            values = [np.asarray(v) for v in session.run(list(names), piece)]
        yield true, values


def observe(content: bytes, name: str, inputs: Mapping[str, Array], tensors: Sequence[str]) -> dict[str, Observed]:
    """Return what tensors of a model hold on data.

    Args:
        content: The model.
        name: For messages.
        inputs: Array [N, ...] by graph input.
        tensors: Names of computed tensors.

    Raises:
        InjectionProblem: The model cannot be run on the data.
    """
    if not tensors:
        return {}
    session = open_plain(_with_outputs(content, tensors), name)
    parts: dict[str, list[_Part]] = {t: [] for t in tensors}
    for true, values in run_all(session, tensors, inputs, name):
        for tensor, value in zip(tensors, values, strict=True):
            parts[tensor].append(_extremes(value, true, _fixed_length(session) or true))
    return {t: _joined(t, found) for t, found in parts.items()}


def _fixed_length(session: Any) -> int:
    return next((int(v.shape[0]) for v in session.get_inputs() if v.shape and isinstance(v.shape[0], int)), 0)


_Part = tuple[Array, Array, Array, bool, bool, str]


def _extremes(value: Array, true: int, length: int) -> _Part:
    by_input = value.ndim > 0 and len(value) == length
    rows = value[:true].reshape(true, -1) if by_input else value.reshape(1, -1)
    if rows.shape[1] == 0:
        rows = np.zeros((len(rows), 1), value.dtype)
    wide = rows.astype(np.float64) if rows.dtype == np.float16 else rows
    finite = bool(np.isfinite(wide).all()) if np.issubdtype(wide.dtype, np.floating) else True
    sums = np.abs(wide.astype(np.float64)).sum(axis=1)
    lows, highs = (v.astype(np.float64) for v in (wide.min(axis=1), wide.max(axis=1)))
    return lows, highs, sums, finite, by_input, str(value.dtype)


def _joined(name: str, parts: Sequence[_Part]) -> Observed:
    lows, highs, sums = (np.concatenate(column) for column in ([p[i] for p in parts] for i in range(3)))
    return Observed(name, parts[0][5], lows, highs, sums, all(p[3] for p in parts), all(p[4] for p in parts))


def _with_outputs(content: bytes, tensors: Sequence[str]) -> bytes:
    import onnx

    proto = onnx.load_model_from_string(content)
    present = {v.name for v in proto.graph.output}
    for tensor in tensors:
        if tensor not in present:
            proto.graph.output.add(name=tensor)
    return bytes(proto.SerializeToString())


def bounds_of(seen: Observed, percentile: float, margin: float) -> tuple[Any, Any]:
    """Return the bounds of a tensor in its own element type, rounded outwards.

    Args:
        seen: What it held.
        percentile: 100 for the least and greatest of all; below, the percentile of the inputs' greatest elements, and its
            mirror image of the least.
        margin: Share of the distance between the bounds by which they are widened on either side.

    Returns:
        Two numpy scalars. Floats keep 11 significant bits, rounded outwards, so that the last bits in which processors
        differ have no say in the bytes of the model, and no clean value is cut off for them; integers are one step wider.

    Raises:
        InjectionProblem: The tensor held NaN or infinities.
    """
    if not seen.finite:
        raise InjectionProblem(
            f"tensor {seen.name} holds NaN or infinite values on the fault-free data, so it has no bounds",
            "Mend the model or the data first.",
        )
    low, high = float(np.percentile(seen.lows, 100 - percentile)), float(np.percentile(seen.highs, percentile))
    wider = (high - low) * margin
    kind = np.dtype(seen.dtype)
    if np.issubdtype(kind, np.integer):
        limits = np.iinfo(kind)
        return (
            kind.type(max(limits.min, int(np.floor(low - wider)) - 1)),
            kind.type(min(limits.max, int(np.ceil(high + wider)) + 1)),
        )
    return kind.type(outwards(low - wider, -1)), kind.type(outwards(high + wider, +1))


def outwards(value: float, direction: int) -> float:
    """Return a value rounded to 11 significant bits, away from the middle: down for direction -1, up for +1. Zero stays."""
    if value == 0:
        return 0.0
    mantissa, exponent = np.frexp(value)
    scaled = mantissa * (1 << _KEPT_BITS)
    return float(np.ldexp(np.floor(scaled) if direction < 0 else np.ceil(scaled), int(exponent) - _KEPT_BITS))
