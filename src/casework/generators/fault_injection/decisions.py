"""What the model decides, and so when a fault has corrupted it: the judge of a campaign, made from options, card and graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, assert_never

from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel
from casework.generators.detections import decode_boxes, decode_center
from casework.generators.fault_injection.inputs import Inputs
from casework.generators.interface import Interface, find_interface
from casework.generators.protocol import GeneratorProblem, ModelSource
from casework.injection.engines.protocol import Judge
from casework.injection.outcomes import classification, detection, regression, screens, segmentation
from casework.injection.outcomes.guards import KEY, decisive_position, guard_positions

Array = NDArray[Any]

_DECODED: Final = {"center": (4, 3), "boxes": (3, 2)}
"""Decoder of detections to the axes of its first output, and the fewest outputs that it reads."""

Decision = Literal["classification", "detection", "segmentation", "regression"]


@dataclass(frozen=True, slots=True)
class DecisionMaker:
    """Makes the judge; picklable.

    Attributes:
        kind: What the outputs mean.
        output: Position of the output that decides (not of detectors).
        guards: Positions of alarms.
        interface: Decoder and operating point of a detector.
        thresholds: Of a regression.
        iou_bound: Of a segmentation.
        guess: Why the outputs were taken to mean this, where neither a model card nor an option says so; empty otherwise.
    """

    kind: Decision
    output: int
    guards: tuple[int, ...]
    interface: Interface | None
    thresholds: tuple[float, ...]
    iou_bound: float
    guess: str = ""

    def __call__(self, outputs: Mapping[str, Array]) -> Judge:
        """Return the judge for golden outputs."""
        golden = list(outputs.values())
        match self.kind:
            case "classification":
                return classification.judge_of(golden, decisive=self.output, guards=self.guards)
            case "segmentation":
                return segmentation.judge_of(golden, bound=self.iou_bound, decisive=self.output, guards=self.guards)
            case "regression":
                return regression.judge_of(golden, self.thresholds, decisive=self.output, guards=self.guards)
            case "detection":
                return _detector(golden, list(outputs), self.interface, self.guards)
            case _:
                assert_never(self.kind)

    def told(self) -> dict[str, Any]:
        """Return what of it the record should hold."""
        found: dict[str, Any] = {"decision": self.kind}
        match self.kind:
            case "regression":
                found |= {"thresholds": list(self.thresholds)}
            case "segmentation":
                found |= {"iou_bound": self.iou_bound}
            case "detection":
                found |= {"interface": self.interface.as_options() if self.interface else {}}
            case "classification":
                pass
            case _:
                assert_never(self.kind)
        return found


def _detector(golden: list[Array], names: list[str], interface: Interface | None, guards: tuple[int, ...]) -> Judge:
    if interface is None:
        raise GeneratorProblem("a detector needs a decoder", "Name it: option decoder=center or decoder=boxes.")
    if interface.decoder not in _DECODED:
        raise GeneratorProblem(
            f"decoder {interface.decoder} gives no detections",
            "Name one that does: option decoder=center or decoder=boxes.",
        )
    reads = [names.index(name) for name in interface.outputs]
    read = [golden[position] for position in reads]
    wanted = _DECODED[interface.decoder]
    if len(read) < wanted[1] or any(r.ndim > 4 for r in read) or read[0].ndim != wanted[0]:
        shapes = ", ".join(f"{name}{list(o.shape)}" for name, o in zip(names, golden, strict=True))
        raise GeneratorProblem(
            f"decoder {interface.decoder} does not read the outputs {shapes}",
            "Name a decoder of these outputs, or another decision.",
        )
    threshold, iou, topk = interface.score_threshold, interface.iou, interface.topk
    if interface.decoder == "center":
        decode = partial(decode_center, interface=interface)
        screen = screens.center_screen(read, threshold, iou=iou, topk=topk)
    else:
        decode = partial(decode_boxes, interface=interface)
        screen = screens.boxes_screen(read, threshold, iou=iou, topk=topk, form=interface.box_format)  # type: ignore[arg-type]
    return detection.judge_of(golden, decode, reads=reads, threshold=threshold, iou=iou, screen=screen, guards=guards)


def decision_of(model: OpenedModel, source: ModelSource, inputs: Inputs, options: dict[str, Any]) -> DecisionMaker:
    """Return what makes the judge of a campaign.

    Args:
        model: The opened model.
        source: Its card, if any.
        inputs: The samples, whose interface may say what the outputs mean.
        options: As read: decision, output, thresholds, iou_bound and the options of the interface.

    Raises:
        GeneratorProblem: The outputs cannot be judged so.
        InjectionProblem: A guard or output is named that does not exist.
    """
    names = [t.name for t in model.outputs]
    guards = guard_positions(names, metadata(model.content))
    interface = inputs.interface
    kind, guess = (options["decision"], "") if options["decision"] else _kind(interface, model, source, options)
    if kind == "detection" and interface is None:
        interface = find_interface(model, source, options)[0]
    if kind == "detection":
        return DecisionMaker(kind, 0, guards, interface, (), options["iou_bound"], guess)
    wanted = options["output"]
    if wanted is None and interface is not None and kind == "classification":
        wanted = interface.outputs[0]
    output = decisive_position(names, guards, wanted)
    thresholds = tuple(options["thresholds"] or ())
    if kind == "regression" and not thresholds:
        raise GeneratorProblem(
            "a regression is corrupted beyond a threshold, and none is given",
            "Give up to four, ascending, in units of the output: --option thresholds=15,30,60,120.",
        )
    return DecisionMaker(kind, output, guards, None, thresholds, options["iou_bound"], guess)


def metadata(content: bytes) -> dict[str, str]:
    """Return the metadata of a model file's bytes."""
    import onnx

    proto = onnx.load_model_from_string(content)
    return {p.key: p.value for p in proto.metadata_props if p.key == KEY or p.key.startswith("casework.")}


def _kind(
    interface: Interface | None, model: OpenedModel, source: ModelSource, options: dict[str, Any]
) -> tuple[Decision, str]:
    """Return what the outputs mean, and why it was taken so where nobody said it."""
    if source.card is not None:
        return (source.card.task if interface is None else interface.task), ""
    shapes = ", ".join(f"{t.name} [{', '.join(str(axis) for axis in t.shape)}]" for t in model.outputs)
    outputs = f"the output is {shapes}" if len(model.outputs) == 1 else f"the outputs are {shapes}"
    if interface is not None:
        said = options.get("task")
        return interface.task, "" if said or options["decoder"] else outputs
    if options["decoder"] in ("center", "boxes"):
        return "detection", ""
    if options["thresholds"]:
        return "regression", ""
    names = {t.name.lower() for t in model.outputs}
    if {"heat", "size", "offset"} <= names or {"boxes", "scores"} <= names:
        return "detection", outputs
    rows = [t for t in model.outputs if len(t.shape) <= 2 and t.shape[1:] != (1,)]
    if not rows and options["output"] is None:
        raise GeneratorProblem(
            f"the outputs {shapes} may be class scores, a mask, values or boxes",
            "Say how they are judged: option decision=classification, segmentation, regression (with thresholds) or detection.",
        )
    return "classification", outputs
