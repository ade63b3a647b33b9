"""What storage does about faults before they reach the model: a hardened model's own protections, as its metadata name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.generators.protocol import GeneratorProblem
from casework.injection.campaign.blocks import rows_of
from casework.injection.campaign.conduct import Campaign
from casework.injection.campaign.lab import Lab
from casework.injection.faults.fault_list import FaultList
from casework.injection.hardening.storage import Protection, screen
from casework.injection.outcomes.flags import DETECTED

Array = NDArray[Any]


def stored_values(lab: Lab) -> Callable[[str], Array]:
    """Return what gives the fault-free content of a stored tensor by its name."""
    from onnx import numpy_helper

    held = {value.name: value for value in lab.network.proto.graph.initializer}
    return lambda name: np.asarray(numpy_helper.to_array(held[name]))


def through_storage(
    run: Callable[[FaultList], Campaign], lab: Lab, faults: FaultList, protections: Sequence[Protection]
) -> Campaign:
    """Put in what storage lets through, and count the rest as what it is: undone faults are masked, others detected.

    Args:
        run: Carries out a campaign.
        lab: Model and golden run.
        faults: The faults as they strike.
        protections: What storage does.

    Returns:
        The campaign over all faults, in their order.
    """
    if any(not lab.network.target(t.name).stored for t in faults.tensors):
        raise GeneratorProblem(
            "the model's storage is protected, and some of the faults hit what an inference computes",
            "Put faults into stored tensors and into others in campaigns of their own (option target).",
        )
    found = screen(faults, protections, stored_values(lab))
    through = np.flatnonzero(found.left & ~found.detected)
    ran = run(found.faults.take(through))
    fault, sample = rows_of(faults, lab.samples)
    flags = np.zeros(len(fault), np.uint16)
    flags[found.detected[fault]] = DETECTED
    flags[np.isin(fault, through)] = ran.flags
    return replace(ran, faults=faults, fault=fault, sample=sample, flags=flags)
