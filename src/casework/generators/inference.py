"""Running a model on samples: preprocessing, batches and sessions, the same numbers for any number of workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem

BATCH: Final = 32
"""Samples a batch, fixed: kernels may sum in another order for another batch length."""

Array = NDArray[Any]

_DTYPES: Final = {"float32": np.float32, "float16": np.float16, "float64": np.float64, "uint8": np.uint8}


@lru_cache(maxsize=4)
def open_session(content: bytes) -> Any:
    """Return an onnxruntime session of a model's bytes: one thread, deterministic kernels, CPU.

    Raises:
        GeneratorProblem: onnxruntime cannot run the model.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4
    with runtime_errors(
        "onnxruntime cannot load the model", "Export it for an operator set that onnxruntime supports."
    ):
        return onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])


@contextmanager
def runtime_errors(message: str, fix: str) -> Iterator[None]:
    """Turn what onnxruntime raises into a `GeneratorProblem`."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds = tuple(
        getattr(state, name)
        for name in (
            "Fail",
            "InvalidArgument",
            "InvalidGraph",
            "InvalidProtobuf",
            "NotImplemented",
            "RuntimeException",
            "EPFail",
        )
        if hasattr(state, name)
    )
    try:
        yield
    except kinds as error:
        raise GeneratorProblem(f"{message}: {str(error).strip().splitlines()[0]}", fix) from error


def to_inputs(images: Sequence[Array], interface: Interface) -> Array:
    """Return the input batch of images or feature rows.

    Args:
        images: uint8 or float [H, W, C], [C, H, W] or [H, W], or rows [F].
        interface: `(pixel * scale - mean) / std`, in float32; images of another size are stretched (bilinear, or area
            where they shrink); 8-bit images are scaled by 1/255 and float ones by 1 where no scale is given.

    Returns:
        Array [N, ...] in the input's layout and element type.

    Raises:
        GeneratorProblem: The data do not fit the input.
    """
    if interface.layout == "features":
        rows = np.stack([np.asarray(image).reshape(-1) for image in images])
        if rows.shape[1:] != interface.size:
            raise GeneratorProblem(
                f"the model takes rows of {interface.size[0]} features, the data have {rows.shape[1]}",
                "Give data of this length.",
            )
        return _scaled(rows, interface, images[0].dtype, axis=None)
    stacked = np.stack([_fit(_channels_last(image), interface) for image in images])
    scaled = _scaled(stacked, interface, images[0].dtype, axis=-1)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)) if interface.layout == "NCHW" else scaled


def _channels_last(image: Array) -> Array:
    if image.ndim == 2:
        return image[..., None]
    if image.ndim != 3:
        raise GeneratorProblem(
            f"an image has shape {image.shape}; it needs two or three axes", "Give [H, W, C] or [C, H, W]."
        )
    if image.shape[2] not in (1, 3) and image.shape[0] in (1, 3):
        return image.transpose(1, 2, 0)
    return image


def _fit(image: Array, interface: Interface) -> Array:
    """Return an image in the channels and the size of the input, [H, W, C], element type kept."""
    import cv2

    depth = image.shape[2]
    if interface.channels == "gray" and depth == 3:
        image = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)[..., None]
    elif interface.channels != "gray" and depth == 1:
        image = np.repeat(image, 3, axis=2)
    elif depth not in (1, 3):
        raise GeneratorProblem(f"an image has {depth} channels; 1 or 3 can be used", "Give RGB or gray images.")
    if interface.channels == "BGR":
        image = image[..., ::-1]
    height, width = interface.size
    if image.shape[:2] != (height, width):
        smaller = height < image.shape[0] and width < image.shape[1]
        kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        image = cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=kind).reshape(height, width, -1)
    return image


def _scaled(values: Array, interface: Interface, dtype: Any, axis: int | None) -> Array:
    kind = _DTYPES[interface.input_dtype]
    if kind is np.uint8:
        return values.astype(np.uint8)
    scale = interface.scale
    if scale is None:
        scale = 1 / 255 if dtype == np.uint8 and axis is not None else 1.0
    # A division is exact where a product by the rounded 1/255 is not; both are within 1 ulp of each other.
    result: Array = (
        values.astype(np.float32) / np.float32(255.0)
        if scale == 1 / 255
        else values.astype(np.float32) * np.float32(scale)
    )
    if interface.mean:
        result = result - np.asarray(interface.mean, np.float32)
    if interface.std:
        result = result / np.asarray(interface.std, np.float32)
    return np.ascontiguousarray(result, dtype=kind)


def run_batches(content: bytes, interface: Interface, inputs: Array, names: Sequence[str]) -> list[Array]:
    """Run a model on a batch and return its named outputs, each [N, ...].

    Raises:
        GeneratorProblem: onnxruntime refuses the input.
    """
    session = open_session(content)
    step = interface.batch or BATCH
    parts: list[list[Array]] = []
    with runtime_errors("the model cannot be run on the data", "Check the input's layout and size."):
        for start in range(0, len(inputs), step):
            piece = inputs[start : start + step]
            missing = interface.batch - len(piece) if interface.batch else 0
            fed = np.concatenate([piece, np.repeat(piece[-1:], missing, axis=0)]) if missing > 0 else piece
            parts.append([np.asarray(o)[: len(piece)] for o in session.run(list(names), {interface.input_name: fed})])
    return [np.concatenate([part[i] for part in parts]) for i in range(len(names))]


def run_once(content: bytes, interface: Interface, inputs: Array, names: Sequence[str]) -> list[Array]:
    """Run a model on one batch and return its named outputs as they are, for tensors without a batch axis.

    Raises:
        GeneratorProblem: onnxruntime refuses the input.
    """
    session = open_session(content)
    fed = np.repeat(inputs[:1], interface.batch or 1, axis=0)
    with runtime_errors("the model cannot be run on the data", "Check the input's layout and size."):
        return [np.asarray(o) for o in session.run(list(names), {interface.input_name: fed})]
