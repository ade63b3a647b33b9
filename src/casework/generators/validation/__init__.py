"""`validation`: task metrics of a model on labelled data, by slice, each with its sample and interval."""

from __future__ import annotations

from typing import Any, Final

from casework.generators.interface import DEPLOYED_OPTIONS, INTERFACE_OPTIONS, Interface, find_interface
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, Progress, Request, silent
from casework.generators.record import Finds, open_source, run_body
from casework.generators.resample import RESAMPLE_OPTION
from casework.generators.samples import SampleSet, open_samples
from casework.generators.slices import SLICE_OPTION
from casework.generators.validation.classification import validate_classification
from casework.generators.validation.detection import validate_detection
from casework.model.result import ResultRecord

OPTIONS: Final = (
    *INTERFACE_OPTIONS,
    *DEPLOYED_OPTIONS,
    SLICE_OPTION,
    RESAMPLE_OPTION,
    OptionSpec("worst", "int", 20, "Rows in the table of the worst misses.", low=0, high=10_000),
)


class Validation:
    """The generator `validation`."""

    name = "validation"
    options: tuple[OptionSpec, ...] = OPTIONS

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Measure the model of the request on its data."""
        return run_body(self.name, OPTIONS, _body, request, progress)


def _body(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
    if request.model is None or request.data is None:
        raise GeneratorProblem(
            "validation needs a model and data", "Name both: casework try validation MODEL --data PATH."
        )
    model = open_source("model", request.model, finds)
    interface, remarks = find_interface(model, request.model, options)
    data = open_samples(request.data)
    finds.digests["data"], finds.files["data"] = data.digest, request.data.name
    finds.limitations += [*remarks, *data.limitations]
    interface = with_classes(interface, data)
    finds.options["interface"] = interface.as_options()
    if interface.task == "detection":
        validate_detection(model, interface, data, request, options, finds, progress)
    else:
        validate_classification(model, interface, data, request, options, finds, progress)


def with_classes(interface: Interface, data: SampleSet) -> Interface:
    """Return the interface with the data's classes where the model names none.

    Raises:
        GeneratorProblem: Model and data are for different tasks.
    """
    from dataclasses import replace

    if interface.task != data.task:
        raise GeneratorProblem(
            f"the model is for {interface.task}, the data are for {data.task}",
            "Give data of the model's task, or name the task.",
        )
    return interface if interface.classes else replace(interface, classes=data.classes)


GENERATOR: Final = Validation()
