"""From the campaigns of a plan to metrics, tables, self-checks and limits of its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.fault_injection import tables
from casework.generators.fault_injection.critical import report_critical
from casework.generators.fault_injection.decisions import DecisionMaker
from casework.generators.fault_injection.design import Designed, Part
from casework.generators.fault_injection.estimates import Design, rates_of
from casework.generators.fault_injection.inputs import Inputs
from casework.generators.fault_injection.worst import worst_faults
from casework.generators.protocol import GeneratorProblem
from casework.generators.record import Finds, census, metric
from casework.injection.campaign.audit import Audited
from casework.injection.campaign.baseline import Baseline
from casework.injection.campaign.lab import Lab
from casework.injection.outcomes.classification import ClassificationJudge
from casework.model.result import Metric, SelfCheck

Array = NDArray[Any]

CLASSES: Final = 100_000
"""Most classes whose rates are told apart."""

SLICES: Final = 200
"""Most tensors whose rates become metrics; the table holds all."""


def report(
    options: dict[str, Any], designed: Designed, lab: Lab, inputs: Inputs, maker: DecisionMaker, baseline: Baseline,
    spent: float, finds: Finds,
) -> None:  # fmt: skip
    """Fill the finds.

    Args:
        options: As read.
        designed: The campaigns.
        lab: Where they were run.
        inputs: On what.
        maker: What was decided.
        baseline: Cost of a fault-free prediction.
        spent: Processor seconds of all, in all processes, but for the timing of the baseline.
        finds: To fill.

    Raises:
        GeneratorProblem: The audit found a prediction in which engine and oracle disagree: there is no result then.
    """
    _audit(designed, finds)
    if designed.searched is not None:
        report_critical(designed.searched, finds)
    else:
        _outcomes(options, designed, lab, inputs, maker, finds)
    finds.metrics += _costs(designed, baseline, spent)
    finds.limitations += _guessed(maker)
    _remarks(designed, lab, finds)
    finds.limitations += _stopped(options, designed, finds)


def _outcomes(
    options: dict[str, Any], designed: Designed, lab: Lab, inputs: Inputs, maker: DecisionMaker, finds: Finds
) -> None:
    classes = _classes(lab, inputs)
    single = len(designed.parts) == 1
    for part in designed.parts:
        where = "all" if single else f"amount={part.amount:g}"
        finds.metrics += _rates(part, lab, maker, where)
    first = designed.parts[0]
    finds.metrics += _slices(first, lab, classes, inputs.classes) if single else []
    _tables(options, designed, lab, inputs, classes, finds)


def _audit(designed: Designed, finds: Finds) -> None:
    audits = [a for c in designed.campaigns for a in c.audits]
    wrong = [a for a in audits if a.disagreements]
    audited, disagreements = sum(a.audited for a in audits), sum(a.disagreements for a in audits)
    if wrong:
        raise _failed(wrong, audited)
    finds.metrics += [
        census("audited", audited),
        census("audit_disagreements", disagreements, n=audited, k=disagreements),
    ]
    detail = f"{audited} injected predictions repeated by the oracle, {disagreements} disagreements"
    if designed.protected:
        told = f"{designed.predictions - designed.ran} of {designed.predictions} predictions were settled by storage, and not run"
        finds.self_checks.append(SelfCheck(name="storage", outcome="passed", detail=told))
        finds.metrics.append(census("settled_by_storage", designed.predictions - designed.ran, n=designed.predictions))
        detail += "" if designed.ran else "; storage undid or told every fault, so that none reached the model"
    finds.self_checks.append(
        SelfCheck(name="audit", outcome="passed", detail=detail)
        if audited or not designed.ran
        else SelfCheck(name="audit", outcome="skipped", detail="option audit is 0")
    )
    sung = {(c.target, c.engine): c for campaign in designed.campaigns for c in campaign.canaries}
    inert = sum(c.verdict == "inert" for c in sung.values())
    detail = f"{len(sung)} pairs of tensor and engine tried, {len(sung) - inert} moved the outputs"
    detail += f", of {inert} the oracle agrees that they cannot" if inert else ""
    compared = sum(c.compared for c in sung.values())
    detail += f"; {compared} of their faults were repeated by the oracle, flag by flag" if compared else ""
    finds.self_checks.append(SelfCheck(name="canaries", outcome="passed", detail=detail))


def _failed(wrong: list[Audited], audited: int) -> GeneratorProblem:
    """Return the finding of an audit that failed: it tells apart what disagreed, for the remedies differ."""
    told = ", ".join(f"{a.target} by {a.engine}: {a.disagreements} of {a.audited}" for a in wrong)
    disagreements = sum(a.disagreements for a in wrong)
    if any(a.inputs for a in wrong):
        who = "the oracle without faults does not give the golden outputs"
        fix = "The golden run is not that of the inputs, and no result is given: report it, with the model and the inputs."
    elif any(a.judges for a in wrong):
        who = "two judges disagree about the same outputs"
        fix = "One of the judges is wrong, and no result is given: report it, with the model and the inputs."
    else:
        who = "engine and oracle disagree"
        fix = (
            "This is a fault of an engine, and no result is given: report it, and use option engine=rebuild meanwhile."
        )
    return GeneratorProblem(
        f"the audit failed: {who} in {disagreements} of {audited} injected predictions ({told})", fix, "error"
    )


def _classes(lab: Lab, inputs: Inputs) -> Array:
    """Return the class of each input, int64 [N]: its label, else what the golden run says; -1 where there is none."""
    if inputs.labels and inputs.classes:
        return np.array([inputs.classes.index(label) if label in inputs.classes else -1 for label in inputs.labels])
    found = np.asarray(getattr(lab.judge, "classes", np.full(lab.samples, -1)))
    # Labels far apart are no numbers of classes.
    return found if len(found) and found.min() >= -1 and found.max() < CLASSES else np.full(lab.samples, -1)


def _rates(part: Part, lab: Lab, maker: DecisionMaker, where: str) -> list[Metric]:
    trials, ranks = part.trials, ranked(lab)
    found = [trials.rate(name, where) for name in rates_of(maker.kind, ranks, len(maker.thresholds))]
    return [
        *(f for f in found if f is not None),
        census("injected_predictions", sum(c.ran for c in part.campaigns), where=where),
        census("faults", int(np.count_nonzero(np.diff(trials.faults.starts))), where=where),
    ]


def ranked(lab: Lab) -> int:
    """Return how many classes the deciding output gives scores to; 0 where it is no row of scores."""
    judge = lab.judge
    return int(judge.golden.shape[1]) if isinstance(judge, ClassificationJudge) and judge.scores != "labels" else 0


def _slices(part: Part, lab: Lab, classes: Array, names: Sequence[str]) -> list[Metric]:
    """Return sdc_rate and due_rate by class, by kind of tensor and by tensor."""
    trials, faults = part.trials, part.trials.faults
    most = int(classes.max(initial=-1)) + 2
    by_class = trials.counts(classes[trials.sample] + 1, most)
    cuts = [(f"class={names[c] if c < len(names) else c}", by_class, c + 1) for c in range(most - 1)]
    if part.alone:
        held = np.flatnonzero(np.bincount(faults.tensor))
        targets = {int(i): lab.network.target(faults.tensors[int(i)].name) for i in held}
        kinds = sorted({t.kind for t in targets.values()})
        number = np.array([kinds.index(targets[i].kind) if i in targets else 0 for i in range(len(faults.tensors))])
        tensor = faults.tensor[trials.fault]
        by_kind = trials.counts(number[tensor], len(kinds))
        cuts += [(f"kind={kind}", by_kind, at) for at, kind in enumerate(kinds)]
        if len(held) <= SLICES:
            by_tensor = trials.counts(tensor, len(faults.tensors))
            cuts += [(f"tensor={targets[int(i)].original}", by_tensor, int(i)) for i in held]
    found: dict[tuple[str, str], Metric] = {}
    for where, counts, at in cuts:
        for name in ("sdc_rate", "due_rate"):
            one = trials.rate_at(name, where, counts, at)
            if one is not None and len(where) <= 300:
                found.setdefault((name, where), one)
    return list(found.values())


def _tables(
    options: dict[str, Any], designed: Designed, lab: Lab, inputs: Inputs, classes: Array, finds: Finds
) -> None:
    first, campaigns = designed.parts[0], designed.campaigns
    engine_of = {t: e for c in campaigns for t, e in c.engine_of.items()}
    if first.alone:
        finds.tables += [
            tables.by_tensor(first.trials, lab.network, engine_of),
            *tables.by_bit(first.trials, lab.network),
        ]
    by_class = tables.by_class(first.trials, classes, inputs.classes)
    finds.tables += [by_class] if by_class is not None else []
    finds.tables.append(tables.by_input(first.trials, inputs.names))
    if len(designed.parts) > 1:
        finds.tables.append(tables.by_amount([(part.amount, part.trials) for part in designed.parts]))
    used = {name for c in campaigns for name in c.engine_of.values()}
    exactness = {name: lab.engine(name).exactness for name in used}
    finds.tables += [tables.engines(campaigns, exactness), tables.canaries(campaigns)]
    if options["worst"] and first.alone:
        finds.tables.append(worst_faults(first.trials, engine_of, lab, inputs.names, inputs.classes, options["worst"]))


def _costs(designed: Designed, baseline: Baseline, spent: float) -> list[Metric]:
    predictions = max(designed.ran, 1)
    each = designed.injecting * 1000 / predictions
    return [
        metric("cpu_seconds", spent),
        metric("batch1_ms", baseline.batch1),
        metric("overhead_vs_batch1", each / baseline.batch1, n=predictions),
        metric("overhead_vs_batched", each / baseline.batched, n=predictions),
        metric("overhead_of_campaign", spent * 1000 / predictions / baseline.batch1, n=predictions),
    ]


_ON_INTERVALS: Final[dict[Design, str]] = {
    "simple": "Intervals are Wilson's, exact (Clopper-Pearson) where no or every fault had the effect: one input a fault, so that "
    "injected predictions are independent.",
    "cluster": "Intervals take the faults as clusters of inputs: inputs under one fault are not independent.",
    "exhaustive": "Every fault of the selection was put in: over these inputs the rates are facts; for other inputs they are not.",
    "stratified": "Rates are weighted means over strata, tensor and bit, in which faults were drawn apart.",
    "given": "Rates of a given list have no interval: it is no sample of anything.",
}


def _guessed(maker: DecisionMaker) -> list[str]:
    if not maker.guess:
        return []
    return [
        f"The decision was taken to be {maker.kind} because {maker.guess}, and no model card or option says what it is; if it is "
        "something else, the rates mean nothing: say option decision=classification, detection, segmentation or regression."
    ]


def _stopped(options: dict[str, Any], designed: Designed, finds: Finds) -> list[str]:
    """Say whether a campaign that was to go on until its interval is narrow enough reached that."""
    asked = options["interval"]
    drawn = designed.searched is None and options["fault_list"] is None and options["faults"] != "exhaustive"
    if asked is None or not drawn:
        return []
    said = []
    for part in designed.parts:
        where = "all" if len(designed.parts) == 1 else f"amount={part.amount:g}"
        rates = [m for m in finds.metrics if (m.name, m.slice) == ("sdc_rate", where)]
        if not rates or rates[0].ci_low is None or rates[0].ci_high is None:
            continue
        half, put, most = (rates[0].ci_high - rates[0].ci_low) / 2, len(part.trials.faults), int(options["faults"])
        of = "" if where == "all" else f" for {where}"
        if half <= asked and put >= most:
            said.append(
                f"The campaign put in{of} all {most} faults that it was allowed: half the interval of sdc_rate is {half:.3g}, no more "
                f"than the {asked:g} that option interval asks for."
            )
        elif half <= asked:
            said.append(
                f"The campaign stopped{of} after {put} of at most {most} faults: half the interval of sdc_rate is {half:.3g}, no "
                f"more than the {asked:g} that option interval asks for."
            )
        else:
            said.append(
                f"The campaign put in{of} {put} of at most {most} faults, and half the interval of sdc_rate is {half:.3g}, more than "
                f"the {asked:g} that option interval asks for: allow more faults."
            )
    return said


def _remarks(designed: Designed, lab: Lab, finds: Finds) -> None:
    said = [designed.population] if designed.population else []
    first = designed.parts[0]
    if first.alone and designed.searched is None:
        tensors = first.trials.faults
        without = [
            t.original for i, t in enumerate(tensors.tensors) if not (np.bincount(tensors.tensor, minlength=i + 1)[i])
        ]
        if without:
            drawn = first.trials.design != "given"
            said.append(
                f"{'By chance no' if drawn else 'No'} fault fell on {len(without)} tensors, such as {without[0]}: nothing is known of "
                "each of them alone."
            )
    if designed.left_out:
        name, reason = next(iter(designed.left_out.items()))
        said.append(
            f"{len(designed.left_out)} of the chosen tensors can have no such fault and are left out, such as {name}: {reason}."
        )
    if designed.searched is None:
        said.append(_ON_INTERVALS[designed.parts[0].trials.design])
    if designed.protected:
        said.append(
            "The model's storage is protected as its metadata say; what the protection does to each fault is computed, not measured."
        )
    if any(port.dtype == "float16" for port in lab.network.inputs) or _computed_wider(lab):
        said.append(
            "The runtime computes float16 values in 32 bits on this processor: faults in activations hit the 32-bit values, which "
            "a processor of 16-bit arithmetic does not have."
        )
    if lab.network.uncuttable:
        name, reason = next(iter(lab.network.uncuttable.items()))
        said.append(f"{len(lab.network.uncuttable)} tensors cannot be cut at, such as {name}: {reason}.")
    finds.limitations += said


def _computed_wider(lab: Lab) -> bool:
    """Tell whether the runtime put casts of 16-bit values into the graph that it runs."""
    return any(target.name.startswith("InsertedPrecisionFreeCast") for target in lab.network.targets)
