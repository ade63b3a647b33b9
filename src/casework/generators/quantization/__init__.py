"""`quantization`: the quantised (or pruned, or otherwise reworked) model against its float parent, item by item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from casework.artifact.onnx_model import OpenedModel
from casework.generators.interface import DEPLOYED_OPTIONS, INTERFACE_OPTIONS, Interface, find_interface
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, ModelSource, Progress, Request, silent
from casework.generators.quantization.pairs import compare_classifiers, compare_detectors
from casework.generators.quantization.sqnr import layer_noise
from casework.generators.record import Finds, open_source, run_body
from casework.generators.resample import RESAMPLE_OPTION
from casework.generators.samples import open_samples
from casework.generators.slices import SLICE_OPTION
from casework.generators.validation import with_classes
from casework.model.result import ResultRecord

OPTIONS: Final = (
    *INTERFACE_OPTIONS,
    *DEPLOYED_OPTIONS,
    replace(SLICE_OPTION, default=["all"]),
    RESAMPLE_OPTION,
    OptionSpec("worst", "int", 20, "Rows in the table of the worst flips.", low=0, high=10_000),
    OptionSpec(
        "sqnr_items", "int", 64, "Items on which the noise of each layer is measured; 0 for none.", low=0, high=10_000
    ),
)


class Quantization:
    """The generator `quantization`."""

    name = "quantization"
    options: tuple[OptionSpec, ...] = OPTIONS

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Compare the model of the request with its reference on the data."""
        return run_body(self.name, OPTIONS, _body, request, progress)


def _body(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
    if request.model is None or request.data is None or request.reference is None:
        raise GeneratorProblem(
            "quantization needs a model, its float parent and data",
            "Name them: casework try quantization MODEL --data PATH --option against=PARENT.",
        )
    model, interface = _open("model", request.model, options, finds)
    parent, parent_interface = _open("reference", request.reference, options, finds)
    if (interface.task, interface.size) != (parent_interface.task, parent_interface.size):
        raise GeneratorProblem(
            f"{request.model.name} ({interface.task}, input {list(interface.size)}) and {request.reference.name} "
            f"({parent_interface.task}, input {list(parent_interface.size)}) are no relatives",
            "Compare models of one lineage.",
        )
    data = open_samples(request.data)
    finds.digests["data"], finds.files["data"] = data.digest, request.data.name
    finds.limitations += data.limitations
    interface, parent_interface = with_classes(interface, data), with_classes(parent_interface, data)
    if interface.classes != parent_interface.classes:
        raise GeneratorProblem("the two models name different classes", "Compare models of one lineage.")
    finds.options |= {"interface": interface.as_options(), "reference_interface": parent_interface.as_options()}
    compare = compare_detectors if interface.task == "detection" else compare_classifiers
    compare((parent, parent_interface), (model, interface), data, request, options, finds, progress)
    if options["sqnr_items"]:
        layer_noise((parent, parent_interface), (model, interface), data, options["sqnr_items"], finds)


def _open(role: str, source: ModelSource, options: dict[str, Any], finds: Finds) -> tuple[OpenedModel, Interface]:
    model = open_source(role, source, finds)
    interface, remarks = find_interface(model, source, options)
    finds.limitations += [r for r in remarks if r not in finds.limitations]
    return model, interface


GENERATOR: Final = Quantization()
