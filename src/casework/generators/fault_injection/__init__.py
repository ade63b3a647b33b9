"""`fault-injection`: faults in weights, activations and inputs of the running model, and what becomes of its results."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.digest import sha256_bytes
from casework.generators.fault_injection.comparison import (
    Before,
    after,
    lineage_to,
    parent_of,
    report_before,
    verify_lineage,
)
from casework.generators.fault_injection.decisions import DecisionMaker, decision_of
from casework.generators.fault_injection.design import Designed, design
from casework.generators.fault_injection.estimates import COMMON, RATES
from casework.generators.fault_injection.inputs import Inputs, read_inputs
from casework.generators.fault_injection.listed import listed
from casework.generators.fault_injection.options import OPTIONS
from casework.generators.fault_injection.report import report
from casework.generators.fault_injection.selection import MODE_TARGETS
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, ModelSource, Progress, Request, silent
from casework.generators.record import Finds, census, open_source, run_body
from casework.injection.campaign.baseline import measure
from casework.injection.campaign.lab import Lab, Setting, lab_of
from casework.injection.faults.fault_list import FaultList
from casework.injection.outcomes.flags import NEAR_TIE, SDC
from casework.model.result import ResultRecord, SelfCheck

__all__ = ["COMMON", "GENERATOR", "RATES", "FaultInjection"]

Array = NDArray[Any]


class FaultInjection:
    """The generator `fault-injection`."""

    name = "fault-injection"
    options: tuple[OptionSpec, ...] = OPTIONS

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Put faults into the model of the request while it runs on the data, and report what became of its results."""
        return run_body(self.name, OPTIONS, _body, request, progress)


def _body(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
    start = time.process_time()
    if request.model is None or request.data is None:
        raise GeneratorProblem(
            "fault injection needs a model and data",
            "Name them: casework try fault-injection MODEL --data inputs.npy --option target=weights.",
        )
    progress(0, 0, "opening the model")
    model = open_source("model", request.model, finds)
    inputs = read_inputs(model, request.model, request.data, options, finds)
    maker = decision_of(model, request.model, inputs, options)
    finds.options |= maker.told()
    if options["mode"] in MODE_TARGETS and options["fault_list"] is None:
        finds.options["target"] = options["target"] = MODE_TARGETS[options["mode"]]
    progress(0, 0, "preparing the model and its golden run")
    setting, inputs = _laboratory(model.content, request, inputs, maker, options, finds)
    finds.limitations += [
        "A processor's registers, control flow and memory outside of the model's tensors are not hit.",
        f"What a corrupted result is, is judged against the fault-free result on {len(inputs)} inputs, not against the truth.",
    ]
    before: Before | None = None
    if request.reference is None:
        designed = design(request, options, setting, lab_of(setting), progress)
    else:
        designed, before = _against(request, request.reference, options, setting, inputs, progress, finds)
    lab = lab_of(setting)
    started = time.process_time()
    progress(0, 0, "timing fault-free predictions")
    baseline = measure(model.content, lambda batch: _feed(lab, batch))
    timing = time.process_time() - started
    spent = time.process_time() - start - timing + designed.outside
    try:
        report(options, designed, lab, inputs, maker, baseline, spent, finds)
    except GeneratorProblem:
        # What an engine got wrong is not gone on with.
        _discard(designed)
        raise
    finds.metrics += listed(designed)
    if before is not None:
        report_before(before, designed, maker, options["target"], finds)
    _deployed(lab, finds)
    _finish(designed, request, finds)


def _against(
    request: Request,
    source: ModelSource,
    options: dict[str, Any],
    child: Setting,
    inputs: Inputs,
    progress: Progress,
    finds: Finds,
) -> tuple[Designed, Before]:
    """Put the same faults into the parent of a hardened model, and then into the model; one lab is held at a time."""
    parent = open_source("reference", source, finds)
    name = "" if request.model is None else request.model.name
    lineage = lineage_to(parent.sha256, source.name, name, child.content)
    progress(0, 0, "taking the measures anew")
    verify_lineage(parent, child, finds)
    maker = decision_of(parent, source, inputs, options)
    setting = Setting(parent.content, source.name, inputs.arrays, maker)
    made = design(request, options, setting, lab_of(setting), progress)
    return after(request, options, made, lineage, parent_of(lab_of(setting)), child, progress)


def _laboratory(
    content: bytes, request: Request, inputs: Inputs, maker: DecisionMaker, options: dict[str, Any], finds: Finds
) -> tuple[Setting, Inputs]:
    name = "" if request.model is None else request.model.name
    setting = Setting(content, name, inputs.arrays, maker)
    lab = lab_of(setting)
    if not options["correct_only"]:
        return setting, inputs
    classes = getattr(lab.judge, "classes", None)
    if not inputs.labels or classes is None or maker.kind != "classification":
        raise GeneratorProblem("correct_only needs labels of a classifier", "Give labelled data, or drop the option.")
    wanted = np.array([inputs.classes.index(label) if label in inputs.classes else -1 for label in inputs.labels])
    right = np.flatnonzero(classes == wanted)
    if not len(right):
        raise GeneratorProblem(
            "the model has no input right without faults", "Check preprocessing, labels and classes."
        )
    finds.limitations.append(f"Of {len(inputs)} inputs the {len(right)} that the model has right are used.")
    inputs = inputs.take(right)
    setting = replace(setting, inputs=inputs.arrays)
    return setting, inputs


def _feed(lab: Lab, batch: int) -> dict[str, Array]:
    """Return the inputs of a batch of the deployed session."""
    return {**lab.golden.feed(np.arange(batch) % lab.samples), **lab.network.constants}


def _deployed(lab: Lab, finds: Finds) -> None:
    """Compare the model that was injected into, folded, with the session as deployed."""
    found = lab.golden.agreement_with_deployed(
        decides=lambda outputs, sample: bool(lab.judge(outputs, sample)[0] & (SDC | NEAR_TIE) == SDC)
    )
    finds.metrics.append(census("deployed_flips", found.flips, n=found.samples, k=found.flips))
    finds.self_checks.append(
        SelfCheck(
            name="golden run as deployed",
            outcome="failed" if found.flips else "passed",
            detail=f"{found.samples} inputs in the runtime's default session: {found.flips} decided otherwise, outputs off by "
            f"{found.largest:.2g} at most",
        )
    )


def _unsorted(faults: FaultList) -> bool:
    return bool((np.diff(faults.ids) < 0).any())


def _finish(designed: Designed, request: Request, finds: Finds) -> None:
    """Note the digests of the faults and of what became of them, keep what was asked for, and drop the checkpoints."""
    from casework.generators.fault_injection.kept import keep
    from casework.injection.faults.formats import digest

    parts = designed.parts
    lists = [part.trials.faults for part in parts]
    digests = [
        digest(faults.take(np.argsort(faults.ids, kind="stable")) if _unsorted(faults) else faults) for faults in lists
    ]
    finds.digests["fault_list"] = digests[0] if len(digests) == 1 else sha256_bytes("\n".join(digests).encode())
    flags = [np.ascontiguousarray(part.trials.flags, "<u2").tobytes() for part in parts]
    finds.digests["fault_outcomes"] = sha256_bytes(b"".join(flags))
    if request.keep is not None:
        keep(request.keep, designed)
    _discard(designed)


def _discard(designed: Designed) -> None:
    for store in designed.stores:
        store.discard()


GENERATOR: Final = FaultInjection()
