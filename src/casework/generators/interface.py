"""The interface of a model: task, input layout, preprocessing, decoder and classes.

It comes from the model card where there is one, from the graph otherwise; options win over both, as the record says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from casework.artifact.onnx_model import OpenedModel, TensorInfo
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, ModelSource

Task = Literal["detection", "classification"]
Layout = Literal["NCHW", "NHWC", "features"]
Channels = Literal["RGB", "BGR", "gray"]

INTERFACE_OPTIONS: Final = (
    OptionSpec("task", "text", None, "What the model does.", ("detection", "classification")),
    OptionSpec("decoder", "text", None, "How raw outputs become predictions.", ("center", "boxes", "softmax")),
    OptionSpec("layout", "text", None, "Axis order of the input.", ("NCHW", "NHWC", "features")),
    OptionSpec("channels", "text", None, "Channel order of the input.", ("RGB", "BGR", "gray")),
    OptionSpec("scale", "float", None, "Factor on the pixel value; 1/255 for 8-bit images, 1 for floats."),
    OptionSpec("mean", "floats", None, "Subtracted a channel, after scaling."),
    OptionSpec("std", "floats", None, "Divided by, a channel.", low=1e-12),
    OptionSpec("classes", "texts", None, "Class names in the order of the outputs."),
    OptionSpec("stride", "float", None, "Pixels of the input a cell of the heat map (decoder center).", low=1e-6),
    OptionSpec("topk", "int", None, "Detections kept an image, best first; 100.", low=1, high=10_000),
    OptionSpec("box_format", "text", None, "Form of the boxes (decoder boxes).", ("xyxy", "xywh", "cxcywh")),
    OptionSpec("normalised", "bool", None, "True where box coordinates are shares of the input (decoder boxes)."),
)
"""Options of every generator that runs a model."""

DEPLOYED_OPTIONS: Final = (
    OptionSpec(
        "score_threshold",
        "float",
        None,
        "Score at and above which a detection counts, as deployed; 0.5.",
        low=0,
        high=1,
    ),
    OptionSpec("iou", "float", None, "Least intersection over union of a found object; 0.5.", low=0.01, high=1),
)
"""Options of the operating point of a detector."""

_DECODERS: Final[dict[Task, tuple[str, ...]]] = {"detection": ("center", "boxes"), "classification": ("softmax",)}


@dataclass(frozen=True, slots=True)
class Interface:
    """How images become predictions.

    Attributes:
        task: detection or classification.
        layout: Axis order of the input; `features` for rows of numbers.
        channels: Channel order.
        scale: Factor on the pixel value; None for the kind's own: 1/255 for 8-bit images, 1 for floats.
        mean: Subtracted a channel, after scaling; empty for none.
        std: Divided by, a channel; empty for none.
        decoder: center, boxes or softmax.
        outputs: Names of the outputs that the decoder reads, in its order.
        classes: Class names in the order of the outputs; empty where only the data can tell.
        input_name: Name of the input.
        input_dtype: Element type of the input.
        size: Height and width in pixels that the model takes; the length of a row for `features`.
        batch: Fixed length of the batch axis; 0 where it is free.
        score_threshold: Score at and above which a detection counts, as deployed.
        iou: Least intersection over union of a found object.
        stride: Pixels a cell of the heat map.
        topk: Detections kept an image.
        box_format: Form of the boxes.
        normalised: True where box coordinates are shares of the input.
    """

    task: Task
    layout: Layout
    channels: Channels
    scale: float | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    decoder: str
    outputs: tuple[str, ...]
    classes: tuple[str, ...]
    input_name: str
    input_dtype: str
    size: tuple[int, ...]
    batch: int
    score_threshold: float
    iou: float
    stride: float
    topk: int
    box_format: str
    normalised: bool

    def as_options(self) -> dict[str, Any]:
        """Return it as plain values for the record."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def find_interface(
    model: OpenedModel, source: ModelSource, options: Mapping[str, Any]
) -> tuple[Interface, tuple[str, ...]]:
    """Return the interface of a model, and remarks for the record's limitations.

    Args:
        model: The opened model.
        source: Its card, if any.
        options: Read options; None means not given.

    Raises:
        GeneratorProblem: The model cannot be fed or read: inputs, dynamic axes, element type, outputs.
    """
    planned, remarks = _planned(source, options)
    if len(model.inputs) != 1:
        names = ", ".join(t.name for t in model.inputs) or "none"
        raise GeneratorProblem(
            f"{source.name} has {len(model.inputs)} inputs ({names}), and one image input is needed",
            "Export it with one input.",
        )
    entry = model.inputs[0]
    layout, size = _layout(source.name, entry, planned.get("layout"))
    decoder, task = _decoder(source.name, model, planned)
    outputs = _outputs(source.name, model, decoder)
    channels: Channels = planned.get("channels") or (
        "gray" if layout != "features" and _depth(entry, layout) == 1 else "RGB"
    )
    interface = Interface(
        task=task,
        layout=layout,
        channels=channels,
        scale=planned.get("scale"),
        mean=tuple(planned.get("mean") or ()),
        std=tuple(planned.get("std") or ()),
        decoder=decoder,
        outputs=tuple(t.name for t in outputs),
        classes=tuple(planned.get("classes") or ()),
        input_name=entry.name,
        input_dtype=_input_dtype(source.name, entry),
        size=size,
        batch=entry.shape[0] if isinstance(entry.shape[0], int) else 0,
        score_threshold=float(planned.get("score_threshold", 0.5)),
        iou=float(planned.get("iou", 0.5)),
        stride=float(planned.get("stride") or _stride(layout, size, outputs[0])),
        topk=int(planned.get("topk") or 100),
        box_format=planned.get("box_format") or "xyxy",
        normalised=bool(planned.get("normalised")),
    )
    _check_channels(source.name, interface, _depth(entry, layout))
    return interface, remarks


def _planned(source: ModelSource, options: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the card's interface with the options laid over it, and a remark for each value so replaced."""
    names = {spec.name for spec in (*INTERFACE_OPTIONS, *DEPLOYED_OPTIONS)}
    given = {k: v for k, v in options.items() if k in names and v is not None}
    card = source.card
    if card is None:
        return given, ()
    plan: dict[str, Any] = {
        "task": card.task,
        "classes": card.classes,
        "layout": card.preprocessing.layout,
        "channels": card.preprocessing.channels,
        "scale": card.preprocessing.scale,
        "mean": card.preprocessing.mean,
        "std": card.preprocessing.std,
    }
    if card.decoder is not None:
        unknown = sorted(
            set(card.decoder.parameters) - {"stride", "topk", "score_threshold", "box_format", "normalised", "iou"}
        )
        if unknown:
            raise GeneratorProblem(
                f"{source.name}: decoder parameter {unknown[0]!r} is not known",
                "Use stride, topk, score_threshold, iou, box_format and normalised.",
            )
        plan |= {"decoder": card.decoder.name, **card.decoder.parameters}
    if not card.preprocessing.mean:
        plan.pop("mean")
    changed = [k for k, v in given.items() if k in plan and _list(plan[k]) != _list(v)]
    remarks = tuple(
        f"Option {k} = {given[k]!r} replaces {plan[k]!r} of the model card: the figures are not those of the deployed "
        "configuration."
        for k in changed
    )
    return plan | given, remarks


def _list(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


def _layout(name: str, entry: TensorInfo, wanted: str | None) -> tuple[Layout, tuple[int, ...]]:
    shape = entry.shape
    if len(shape) == 2:
        return "features", _fixed(name, entry, shape[1:])
    if len(shape) != 4:
        raise GeneratorProblem(
            f"{name}: input {entry.name} has shape {list(shape)}; an image input has four axes, a row of features two",
            "Export the model with input [N, C, H, W], [N, H, W, C] or [N, F].",
        )
    if wanted == "NHWC" or (wanted is None and shape[3] in (1, 3) and shape[1] not in (1, 3)):
        return "NHWC", _fixed(name, entry, shape[1:3])
    return "NCHW", _fixed(name, entry, shape[2:])


def _fixed(name: str, entry: TensorInfo, axes: tuple[int | str, ...]) -> tuple[int, ...]:
    fixed = tuple(a for a in axes if isinstance(a, int) and a > 0)
    if len(fixed) != len(axes):
        raise GeneratorProblem(
            f"{name}: input {entry.name} has dynamic axes {list(entry.shape)} beyond the batch axis",
            "Export the model with the fixed size that is deployed.",
        )
    return fixed


def _depth(entry: TensorInfo, layout: Layout) -> int:
    axis = entry.shape[{"NCHW": 1, "NHWC": 3, "features": 1}[layout]]
    return axis if isinstance(axis, int) else 0


def _check_channels(name: str, interface: Interface, depth: int) -> None:
    if interface.layout == "features":
        return
    wanted = 1 if interface.channels == "gray" else 3
    if depth != wanted:
        raise GeneratorProblem(
            f"{name}: the input has {depth or 'dynamic'} channels, {interface.channels} has {wanted}",
            "Give layout and channels of the input, as options or in the card's preprocessing.",
        )
    for what, values in (("mean", interface.mean), ("std", interface.std)):
        if len(values) not in (0, 1, wanted):
            raise GeneratorProblem(
                f"{name}: {what} has {len(values)} values for {wanted} channels", f"Give {wanted} values."
            )


def _input_dtype(name: str, entry: TensorInfo) -> str:
    if entry.dtype not in ("float32", "float16", "float64", "uint8"):
        raise GeneratorProblem(
            f"{name}: input {entry.name} is of type {entry.dtype}", "Export it with a float32 or uint8 input."
        )
    return entry.dtype


def _decoder(name: str, model: OpenedModel, planned: Mapping[str, Any]) -> tuple[str, Task]:
    decoder, task = planned.get("decoder"), planned.get("task")
    if decoder is None:
        decoder = _guess_decoder(model)
    if decoder is None and task is not None:
        decoder = _DECODERS[task][-1]
    found: Task | None = next((t for t, names in _DECODERS.items() if decoder in names), None)
    if found is None or decoder is None:
        outputs = ", ".join(f"{t.name}{list(t.shape)}" for t in model.outputs)
        raise GeneratorProblem(
            f"{name}: no decoder is known for the outputs {outputs}"
            if decoder is None
            else f"{name}: decoder {decoder!r} is not known",
            "Name one: center (heat, size, offset), boxes (boxes, scores, labels) or softmax (a row of scores).",
        )
    if task is not None and task != found:
        raise GeneratorProblem(
            f"{name}: decoder {decoder} is for {found}, the task is {task}", "Name a decoder of the task."
        )
    return decoder, found


def _guess_decoder(model: OpenedModel) -> str | None:
    names = {t.name.lower() for t in model.outputs}
    if {"heat", "size", "offset"} <= names:
        return "center"
    if {"boxes", "scores"} <= names:
        return "boxes"
    return "softmax" if _scores(model) is not None else None


def _scores(model: OpenedModel) -> TensorInfo | None:
    rows = [t for t in model.outputs if len(t.shape) == 2 and t.dtype.startswith("float")]
    return rows[0] if len(rows) == 1 else None


def _outputs(name: str, model: OpenedModel, decoder: str) -> tuple[TensorInfo, ...]:
    """Return the outputs that a decoder reads, by name where the names are known, by position otherwise."""
    if decoder == "softmax":
        scores = _scores(model)
        if scores is None:
            raise GeneratorProblem(
                f"{name}: softmax needs one output of shape [N, classes]", "Export the class scores."
            )
        return (scores,)
    wanted = ("heat", "size", "offset") if decoder == "center" else ("boxes", "scores", "labels")
    by_name = {t.name.lower(): t for t in model.outputs}
    if all(w in by_name for w in wanted):
        found = tuple(by_name[w] for w in wanted)
    elif decoder == "boxes" and {"boxes", "scores"} <= by_name.keys():
        found = (by_name["boxes"], by_name["scores"])
    elif len(model.outputs) >= 3:
        found = model.outputs[:3]
    else:
        raise GeneratorProblem(
            f"{name}: decoder {decoder} needs the outputs {', '.join(wanted)}", "Export them, in this order."
        )
    if decoder == "center" and any(len(t.shape) != 4 for t in found):
        raise GeneratorProblem(
            f"{name}: the maps of decoder center must have four axes", "Export heat, size and offset as maps."
        )
    return found


def _stride(layout: Layout, size: tuple[int, ...], heat: TensorInfo) -> float:
    """Return the input's height over the heat map's, where both are known; 4 otherwise."""
    rows = heat.shape[2] if len(heat.shape) == 4 and layout != "features" else None
    return size[0] / rows if isinstance(rows, int) and rows > 0 else 4.0
