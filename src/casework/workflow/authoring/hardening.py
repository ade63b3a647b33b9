"""Hardening a model file: the parent and data in, a new model and its card out, and what it costs without faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.manifest import ManifestProblem
from casework.artifact.onnx_model import ModelProblem, OpenedModel, open_model
from casework.artifact.strict_json import read_json
from casework.artifact.yaml_writer import dump
from casework.generators.options import OptionProblem, describe_options, parse_options, read_options
from casework.generators.protocol import DataSource, GeneratorProblem, ModelSource
from casework.injection.problem import InjectionProblem
from casework.model.learning import ModelCard
from casework.model.problem import CallProblem
from casework.store.nodes import validate
from casework.store.working_tree import WorkingTree, find_root
from casework.workflow.authoring.nodes import fresh_id
from casework.workflow.judging.configuration import read_project
from casework.workflow.judging.reading import read_case

Array = NDArray[Any]
Say = Callable[[str], None]

_TAKEN: Final = (
    "inputs", "decision", "output", "thresholds", "iou_bound", "decoder", "layout", "channels", "scale", "mean", "std", "classes",
    "stride", "topk", "box_format", "normalised", "score_threshold", "iou",
)  # fmt: skip
"""Options of fault injection that also say how the model is fed and judged here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for.

    Attributes:
        model: ONNX file of the parent.
        data: Development data: what `casework try fault-injection` takes.
        split: Split of the data, of a manifest; all that are stored if None.
        measures: As texts, in order.
        output: Where the hardened model goes.
        card: Where its card goes; None for no card.
        parent: Id of the parent's card in the case around `root`; None without a case.
        root: Folder in the case.
        vulnerability: Record of a campaign (JSON) that ranks tensors; None for none.
        options: How the model is fed and judged, `name=value`.
        allow_flips: Inputs whose decision may differ, or for which an alarm may speak, without faults.
    """

    model: str
    data: str
    split: str | None
    measures: tuple[str, ...]
    output: str
    card: str | None
    parent: str | None
    root: str
    vulnerability: str | None
    options: tuple[str, ...]
    allow_flips: int


@dataclass(frozen=True, slots=True)
class Result:
    """The files to write and the report.

    Attributes:
        files: Content by path.
        report: Plain JSON.
    """

    files: dict[str, bytes]
    report: dict[str, Any]


def measure_table() -> str:
    """Return the measures and their parameters, a line each."""
    from casework.injection.hardening.registry import MEASURES

    lines = []
    for name, kind in MEASURES.items():
        lines.append(f"{name}: {kind.summary}")
        for p in kind.parameters:
            choices = f" ({'|'.join(p.choices)})" if p.choices else ""
            default = {True: "yes", False: "no"}.get(p.default, p.default) if p.kind == "bool" else p.default
            lines.append(f"  {p.name}={default}{choices}: {p.help}")
    return "\n".join(lines) + "\n"


def harden_model(plan: Plan, say: Say) -> Result:
    """Harden a model and compare it with its parent on the data, fault-free.

    Raises:
        CallProblem: Something of the call, the model or the data has to be mended first; nothing is to be written.
    """
    try:
        return _harden(plan, say)
    except (InjectionProblem, GeneratorProblem, ModelProblem, OptionProblem, ManifestProblem) as problem:
        raise CallProblem(f"{problem.message.rstrip('.')}. {problem.fix}") from None


def _harden(plan: Plan, say: Say) -> Result:
    from casework.injection.hardening.clean import latencies
    from casework.injection.hardening.harden import harden
    from casework.injection.hardening.registry import parse_measure

    _refuse_overwriting(plan)
    measures = [parse_measure(text) for text in plan.measures]
    options = _options(plan.options)
    source = ModelSource(Path(plan.model), plan.model, _parent_card(plan))
    opened = open_model(source.path, pins=source.pins())
    _same_file(source, opened)
    say("reading data")
    arrays, changed = _data_of(plan, opened, source, options)
    say("taking measures")
    made = harden(
        opened.content, plan.model, measures, arrays, ranking=_ranking(plan.vulnerability), parent=opened.sha256
    )
    say("comparing without faults")
    clean = _clean(plan, opened.content, made, arrays, changed)
    say("timing")
    before, after = latencies([opened.content, made.content], arrays)
    files = {plan.output: made.content}
    report = {
        "model": plan.model,
        "output": plan.output,
        "sha256": made.sha256,
        "parent": made.parent,
        "data": {"path": plan.data, "split": plan.split, "sha256": made.data, "samples": made.samples},
        "measures": [
            {"measure": a.measure, "parameters": a.parameters, "places": list(a.places), **a.details}
            for a in made.applied
        ],
        "alarms": list(made.alarms),
        "clean": clean,
        "batch1_ms": {"before": before, "after": after, "ratio": after / before},
        "notes": list(made.notes),
    }
    if plan.card is not None:
        node = hardened_card(source.card, plan, report)
        files[plan.card] = dump([node]).encode()
        report |= {"card": plan.card, "id": node["id"]}
    return Result(files, report)


def _refuse_overwriting(plan: Plan) -> None:
    for path in filter(None, (plan.output, plan.card)):
        if os.path.lexists(path):
            raise CallProblem(f"{path} exists already; name a new file, for models and cards are not overwritten")
    if plan.card is not None and plan.parent is None:
        raise CallProblem("a card needs the card of the parent: give --parent MDL-...")


def _options(words: Sequence[str]) -> dict[str, Any]:
    from casework.generators.fault_injection.options import OPTIONS

    taken = tuple(spec for spec in OPTIONS if spec.name in _TAKEN)
    try:
        given = parse_options(taken, words)
        return read_options(taken, {"inputs": 0} | given)
    except OptionProblem as problem:
        raise CallProblem(f"{problem.message}. Options are:\n{describe_options(taken)}") from None


def _parent_card(plan: Plan) -> ModelCard | None:
    if plan.parent is None:
        return None
    tree = WorkingTree(find_root(Path(plan.root)))
    project, _findings = read_project(tree)
    case = read_case(tree, project, None).case
    card = next((node for key, node in case.nodes(ModelCard, "model_card") if key == plan.parent), None)
    if card is None:
        known = ", ".join(sorted(key for key, _node in case.nodes(ModelCard, "model_card"))) or "none"
        raise CallProblem(f"the case has no valid model card {plan.parent}; it has {known}")
    return card


def _same_file(source: ModelSource, opened: OpenedModel) -> None:
    if source.card is not None and source.card.file.sha256 != opened.sha256:
        raise CallProblem(
            f"{source.path} has the digest {opened.sha256[:12]}..., the card {source.card.id} pins "
            f"{source.card.file.sha256[:12]}...; give the file that the card pins, or the card of this file"
        )


Changed = Callable[[Mapping[str, Array], Mapping[str, Array]], Array]


def _data_of(
    plan: Plan, opened: OpenedModel, source: ModelSource, options: dict[str, Any]
) -> tuple[dict[str, Array], Changed]:
    """Return the inputs, and what tells whether a decision differs: the judge of a campaign."""
    from casework.generators.fault_injection.decisions import decision_of
    from casework.generators.fault_injection.inputs import read_inputs
    from casework.generators.record import Finds
    from casework.injection.outcomes.flags import SDC

    inputs = read_inputs(opened, source, _source_of(plan), options, Finds())
    maker = decision_of(opened, source, inputs, options)

    def changed(golden: Mapping[str, Array], outputs: Mapping[str, Array]) -> Array:
        samples = np.arange(len(next(iter(golden.values()))))
        flags = maker(golden)([outputs[name] for name in golden], samples)
        return np.asarray(flags & SDC != 0)

    return inputs.arrays, changed


def _source_of(plan: Plan) -> DataSource:
    from casework.generators.resolve import data_source

    return data_source(Path(plan.data), plan.split)


def _ranking(path: str | None) -> tuple[tuple[str, float], ...]:
    from casework.injection.hardening.vulnerability import ranking

    if path is None:
        return ()
    try:
        reading = read_json(Path(path).read_bytes())
    except OSError as error:
        raise CallProblem(f"{path} is no readable record: {error.strerror or error}") from None
    if reading.problem is not None:
        found = reading.problem
        raise CallProblem(f"{path} is no readable record: line {found.line}, column {found.column}: {found.message}")
    if not isinstance(reading.value, dict):
        raise CallProblem(f"{path} is no record; write one with casework try fault-injection --format json -o {path}")
    return ranking(reading.value)


def _clean(plan: Plan, parent: bytes, made: Any, arrays: Mapping[str, Array], changed: Changed) -> dict[str, Any]:
    from casework.injection.hardening.clean import compare_clean

    clean = compare_clean(parent, made.content, made.alarms, arrays, changed)
    for what, count in (("another decision", clean.flips), ("an alarm", clean.alarmed)):
        if count > plan.allow_flips:
            raise CallProblem(
                f"the hardened model gives {what} on {count} of {clean.samples} fault-free inputs; "
                f"widen the bounds (margin, percentile, tolerance), or allow it: --allow-flips {count}"
            )
    return {
        "samples": clean.samples, "identical": clean.identical, "identical_unfused": clean.identical_unfused,
        "greatest_difference": clean.difference, "flips": clean.flips, "false_alarms": clean.false_alarms,
    }  # fmt: skip


def hardened_card(parent: ModelCard | None, plan: Plan, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of a hardened model: the parent's, with another file, the parent's id, and the measures among the limits.

    It names no target: a hardened model is a candidate, whatever its parent runs on.

    Raises:
        CallProblem: The card would not be valid.
    """
    if parent is None:
        raise CallProblem("a card needs the card of the parent: give --parent MDL-...")
    fields = parent.model_dump(mode="json", exclude_unset=True)
    names = ", ".join(m["measure"] for m in report["measures"])
    # What is not carried over: the signature is of another file, and so are files of weights, which are in this one now; and
    # the parent may run somewhere, a file that was written this minute does not.
    dropped = ("signature", "external", "notes", "tags", "deployed_on")
    values = {k: v for k, v in fields.items() if k not in dropped} | {
        "id": fresh_id("model_card"),
        "title": f"Candidate, hardened by {names}, of {parent.id}" + (f" ({parent.title})" if parent.title else ""),
        "file": {"path": _below_root(plan), "sha256": report["sha256"]},
        "derived_from": parent.id,
        "limits": [*fields.get("limits", []), _candidate(parent), *_card_limits(report)],
    }
    ordered = {name: values[name] for name in ModelCard.model_fields if name in values}
    _entry, node, findings = validate(ordered, "", 0)
    if node is None:
        raise CallProblem("the card is not valid: " + "; ".join(f"{f.message}. {f.fix}" for f in findings))
    return ordered


def _below_root(plan: Plan) -> str:
    root = find_root(Path(plan.root)).resolve()
    try:
        return Path(plan.output).resolve().relative_to(root).as_posix()
    except ValueError:
        raise CallProblem(f"{plan.output} is not below {root}, so no card of the case can name it") from None


def _candidate(parent: ModelCard) -> str:
    return (
        f"A candidate, deployed nowhere: what was shown of {parent.id} and where that runs says nothing of this file. State "
        "deployed_on when it is deployed, and not before evidence examines it."
    )


def _card_limits(report: Mapping[str, Any]) -> list[str]:
    data, clean = report["data"], report["clean"]
    told = [
        f"Hardened from {report['parent'][:12]} against faults of its memory and computation: "
        + "; ".join(_measure_text(m) for m in report["measures"])
        + f". Bounds are from {data['samples']} inputs of {data['path']}"
        + (f" ({data['split']})" if data["split"] else "")
        + f"; on these, {clean['flips']} decisions differ from the parent's without faults."
    ]
    if report["alarms"]:
        told.append(
            f"The further outputs {', '.join(report['alarms'])} hold one boolean an input, true where a fault was detected; whoever "
            "runs the model has to read them, and a detected fault is only harmless if a safe reaction follows."
        )
    return told + [f"{note[0].upper()}{note[1:]}." for note in report["notes"]]


def _measure_text(measure: Mapping[str, Any]) -> str:
    set_ones = ", ".join(f"{k}={v}" for k, v in measure["parameters"].items())
    return f"{measure['measure']} at {len(measure['places'])} places ({set_ones})"


def report_text(report: Mapping[str, Any]) -> str:
    """Return a report for a terminal."""
    clean, time = report["clean"], report["batch1_ms"]
    lines = [f"{report['output']}  {report['sha256'][:16]}…  from {report['model']} {report['parent'][:16]}…"]
    for measure in report["measures"]:
        places = measure["places"]
        shown = ", ".join(places[:4]) + (f", … ({len(places)} in all)" if len(places) > 4 else "")
        lines.append(f"  {measure['measure']:<12} {shown}")
    lines += [f"  alarm        {name}" for name in report["alarms"]]
    lines += [
        f"without faults, {clean['samples']} inputs:",
        f"  decisions that differ   {clean['flips']}",
        f"  bit-identical outputs   {clean['identical']} as deployed, {clean['identical_unfused']} without operator fusion; "
        f"greatest difference {clean['greatest_difference']:.3g}",
        *(f"  false alarms            {count} ({name})" for name, count in clean["false_alarms"].items()),
        f"  batch 1, median CPU     {time['before']:.4g} ms before, {time['after']:.4g} ms after ({time['ratio']:.2f}x)",
    ]
    lines += [f"note: {note}" for note in report["notes"]]
    if "card" in report:
        lines.append(f"card {report['id']}: {report['card']}")
    return "\n".join(lines) + "\n"
