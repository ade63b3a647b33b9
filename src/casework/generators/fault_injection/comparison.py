"""Before and after: the same faults in a model and in its hardened child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel
from casework.generators.fault_injection.decisions import DecisionMaker, metadata
from casework.generators.fault_injection.design import Designed, Part, runner_of, trials_of
from casework.generators.fault_injection.estimates import EVENTS, Trials
from casework.generators.protocol import GeneratorProblem, Progress, Request
from casework.generators.record import Finds, census, table
from casework.injection.campaign.lab import Lab, Setting, lab_of
from casework.injection.engines.protocol import Judge
from casework.injection.faults.fault_list import FaultTensor
from casework.injection.hardening.comparing import COLUMNS, Lineage, carried, hardening_row, lineage_of
from casework.injection.hardening.reproducing import reproduce
from casework.injection.outcomes.flags import SDC
from casework.model.result import Metric, SelfCheck

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Before:
    """What the faults did to the parent.

    Attributes:
        designed: Its campaigns.
        lineage: What the child says of where it comes from.
        flips: Inputs that parent and child decide otherwise without faults.
        missing: Tensors of the parent that the child does not have, with their number of faults.
    """

    designed: Designed
    lineage: Lineage
    flips: int
    missing: dict[str, int]


def lineage_to(parent_sha256: str, parent: str, child: str, content: bytes) -> Lineage:
    """Return the lineage of a hardened model to a parent.

    Raises:
        GeneratorProblem: It was not hardened, or from another file.
    """
    found = lineage_of(metadata(content))
    if found is None:
        raise GeneratorProblem(
            f"{child} does not say that it was hardened, so {parent} is no parent whose faults it can be given",
            "Compare a model that casework harden wrote with the model that it was made from.",
        )
    if found.parent != parent_sha256:
        raise GeneratorProblem(
            f"{child} was hardened from the model {found.parent[:12]}..., and {parent} is {parent_sha256[:12]}...",
            "Name the parent, or harden that model anew.",
        )
    return found


def verify_lineage(parent: OpenedModel, child: Setting, finds: Finds) -> None:
    """Note whether the measures that a hardened model names, taken anew on its parent, give the model."""
    found = reproduce(parent.content, parent.sha256, child.content, metadata(child.content), child.inputs)
    finds.self_checks.append(SelfCheck(name="lineage", outcome=found.outcome, detail=found.detail))
    finds.limitations += found.unverified


@dataclass(frozen=True, slots=True)
class Parent:
    """What is kept of a parent's golden run when its campaigns are done; the rest of its lab is let go.

    Attributes:
        outputs: Names of its outputs.
        judge: Its judge.
        samples: Number of inputs.
    """

    outputs: tuple[str, ...]
    judge: Judge
    samples: int


def parent_of(lab: Lab) -> Parent:
    """Return what is kept of a parent's lab."""
    return Parent(tuple(port.name for port in lab.network.outputs), lab.judge, lab.samples)


def after(
    request: Request, options: dict[str, Any], before: Designed, lineage: Lineage, parent: Parent, setting: Setting,
    progress: Progress,
) -> tuple[Designed, Before]:  # fmt: skip
    """Put the parent's faults into the child.

    Args:
        request: As asked.
        options: As read.
        before: The parent's campaigns.
        lineage: Of the child.
        parent: What is left of the parent's lab.
        setting: Of the child.
        progress: Is told how far it is.

    Returns:
        The child's campaigns; and the parent's over the same faults: those whose tensors the child has.

    Raises:
        GeneratorProblem: The campaigns are of a kind that has no before and after.
    """
    lab, made, kept = lab_of(setting), [], []
    runner = runner_of(request, options, setting, progress)
    names = {t.name for t in lab.network.targets}
    stored = [FaultTensor(t.name, t.original, t.kind, t.dtype, t.shape) for t in lab.network.targets if t.stored]
    missing: dict[str, int] = {}
    if before.searched is not None:
        raise GeneratorProblem(
            "a search for critical bits has no before and after", "Use mode=single, or drop `against`."
        )
    for part in before.parts:
        moved = carried(part.trials.faults, lineage, lab.network.sha256, names, stored)
        if not len(moved.faults):
            raise GeneratorProblem(
                f"the hardened model has none of the tensors that the faults hit in its parent, such as {min(moved.missing)}",
                "Name tensors that both models have (option tensors).",
            )
        missing |= moved.missing
        trials = _without(part.trials, set(moved.missing)) if moved.missing else part.trials
        if trials.design == "stratified" and moved.missing:
            raise GeneratorProblem(
                f"{', '.join(moved.missing)} are not in the hardened model, so that the strata have no weights there",
                "Draw the faults alike (allocation=simple), or name tensors that both models have.",
            )
        campaign = runner.run(moved.faults, -(-options["audit"] // len(before.parts)), grouped=not part.alone)
        kept.append(Part(part.amount, trials, part.campaigns))
        found = trials_of([campaign], trials.design, trials.confidence, trials.stratum, trials.weights)
        made.append(Part(part.amount, found, (campaign,)))
    flips = _clean_flips(parent, lab)
    return Designed(tuple(made), None, before.left_out, before.population, bool(runner.protections)), Before(
        Designed(tuple(kept)), lineage, flips, missing
    )


def _without(trials: Trials, names: set[str]) -> Trials:
    """Return trials without the faults of some tensors."""
    there = np.array([t.name not in names for t in trials.faults.tensors])
    positions = np.flatnonzero(there[trials.faults.tensor])
    number = np.full(len(trials.faults), -1)
    number[positions] = np.arange(len(positions))
    rows = number[trials.fault] >= 0
    return Trials(
        trials.faults.take(positions), number[trials.fault[rows]], trials.sample[rows], trials.flags[rows], trials.design,
        trials.stratum, trials.weights, trials.confidence,
    )  # fmt: skip


def _clean_flips(parent: Parent, child: Lab) -> int:
    """Return the number of inputs that the two decide otherwise without faults."""
    names = [port.name for port in child.network.outputs]
    outputs = [child.golden.outputs[names.index(name)] for name in parent.outputs if name in names]
    if len(outputs) != len(parent.outputs):
        raise GeneratorProblem("the hardened model lacks outputs of its parent", "Harden the model anew.")
    flags = parent.judge(outputs, np.arange(parent.samples))
    return int((flags & SDC != 0).sum())


def report_before(before: Before, designed: Designed, maker: DecisionMaker, target: str, finds: Finds) -> None:
    """Add to the finds what the same faults did before hardening, and what hardening prevented and added."""
    single = len(designed.parts) == 1
    rows = []
    for was, now in zip(before.designed.parts, designed.parts, strict=True):
        where = "all" if single else f"amount={now.amount:g}"
        finds.metrics += _paired(was.trials, now.trials, where)
        rows.append(_row(before, was.trials, now.trials, target if single else f"{target}, amount {now.amount:g}"))
    finds.metrics.append(census("clean_flips", before.flips, n=len(np.unique(designed.parts[0].trials.sample))))
    finds.tables.append(table("hardening", COLUMNS, rows))
    if before.missing:
        finds.limitations.append(
            f"{sum(before.missing.values())} faults of {len(before.missing)} tensors are left out on both sides: the hardened model "
            f"does not have {', '.join(sorted(before.missing))} (merged with what was inserted behind)."
        )


def _paired(was: Trials, now: Trials, where: str) -> list[Metric]:
    corrupt = EVENTS["sdc_rate"]
    before, after_ = corrupt(was.flags), corrupt(now.flags)
    found = [
        was.share("parent_sdc_rate", before, where, None),
        was.share("parent_due_rate", EVENTS["due_rate"](was.flags), where, None),
        now.share("sdc_prevented_rate", ~after_, where, before) if before.any() else None,
        now.share("sdc_added_rate", after_, where, ~before),
    ]
    return [one for one in found if one is not None]


def _row(before: Before, was: Trials, now: Trials, target: str) -> tuple[Any, ...]:
    names = ("sdc_rate", "due_rate", "detected_rate")
    rates = [{name: one.value for name in names if (one := t.rate(name)) is not None} for t in (was, now)]
    return hardening_row(before.lineage.measures, target, rates[0], rates[1], before.flips)
