"""What a record of fault injection says of itself in words: what was put in, where, how it was drawn, and who checked the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casework.model.result import ResultRecord
from casework.render.charts.tables import Campaign, Value
from casework.render.charts.words import count, plural

_UNITS: Final = {
    "element": "every element is as likely as any other",
    "tensor": "every tensor is as likely as any other, and within it every element",
}
_ALLOCATIONS: Final = {
    "simple": "drawn at random",
    "proportional": "spread over tensors and bits in proportion to their size",
    "neyman": "spread over tensors and bits by their size and their scatter in a pilot (Neyman), and weighted accordingly",
}


_FAULTS: Final = {
    "bitflip": "one bit flipped (bitflip)",
    "multi": "several bits of one word flipped (multi)",
    "burst": "adjacent bits flipped (burst)",
    "field": "a bit of one part of a float flipped (field)",
    "stuck_at_0": "a bit stuck at 0",
    "stuck_at_1": "a bit stuck at 1",
    "zeros": "values set to zero (zeros)",
    "random": "a value replaced by a random one (random)",
    "set": "a value replaced by a given one (set)",
    "fixed_point": "a bit of a fixed-point image flipped, as TensorFI 1 does (fixed_point)",
}
_TARGETS: Final = {
    "all": "all tensors",
    "stored": "weights, biases, scales and zero points",
    "zero_points": "zero points",
}


@dataclass(frozen=True, slots=True)
class Engine:
    """A row of the table `engines`."""

    name: str
    exactness: str
    tensors: str
    predictions: str
    audited: str
    disagreements: str
    near_ties: str
    note: str


def fault_model(record: ResultRecord) -> str:
    """Return what was put in, and where, from the options of the record."""
    options = record.options
    fault = str(options.get("fault", "faults as recorded"))
    what = [_FAULTS.get(fault, fault.replace("_", " "))]
    for name in ("field", "bits", "amount", "amounts", "percent", "value", "low", "high", "rate"):
        value = options.get(name)
        if value is not None and _matters(name, options):
            what.append(f"{name} {_said(value)}")
    target = str(options.get("target") or "")
    where = [_TARGETS.get(target, target)] if target else []
    where += [f"{name} {_said(options[name])}" for name in ("tensors", "operators") if options.get(name)]
    mode = f"; mode {options['mode']}" if options.get("mode") not in (None, "single") else ""
    return ", ".join(what) + (f" in {', '.join(where)}" if where else "") + mode


def corrupted(record: ResultRecord) -> str:
    """Return when a decision counts as corrupted, from the options of the record; nothing where these do not say."""
    options = record.options
    bounds = options.get("thresholds")
    match options.get("decision"):
        case "classification":
            return "the class of the greatest score is another"
        case "detection":
            return "an object of the fault-free run is lost, or one is reported besides"
        case "segmentation":
            return f"the mean overlap (IoU) with the fault-free mask is below {_said(options.get('iou_bound', 'the bound'))}"
        case "regression":
            by = f" {_said(bounds[0])}" if isinstance(bounds, list | tuple) and bounds else " the first threshold"
            return f"some element is off by more than{by}, in units of the output"
        case _:
            return ""


def _matters(name: str, options: Mapping[str, Any]) -> bool:
    """Tell whether an option had a say: `low` and `high` are of `random`, the rate of the modes that draw by it."""
    match name:
        case "low" | "high":
            return options.get("fault") == "random"
        case "rate":
            return options.get("mode") in ("error_rate", "dynamic_instance")
        case "amount":
            return options.get("amount") not in (1, 1.0) and not options.get("amounts")
        case _:
            return True


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(_said(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def sampling(campaign: Campaign) -> str:
    """Return how faults were drawn: sampling unit, allocation, inputs for each fault."""
    options = campaign.record.options
    if options.get("fault_list"):
        return f"none: the faults are those of a list, {options['fault_list']}"
    if options.get("faults") == "exhaustive":
        return "none: every bit of every element that was chosen was hit"
    said = [_UNITS.get(_unit(campaign), f"unit {_unit(campaign)}")]
    if options.get("allocation"):
        said.append(_ALLOCATIONS.get(str(options["allocation"]), str(options["allocation"])))
    each = options.get("inputs_per_fault")
    if each is not None:
        said.append("each fault is tried on every input" if str(each) == "all" else f"{_inputs(each)} for each fault")
    return f"{'; '.join(said)}; seed {campaign.record.seed}"


def _unit(campaign: Campaign) -> str:
    """Return the sampling unit; where the plan leaves it open it is the element of what is stored, else the tensor."""
    given = campaign.record.options.get("unit")
    stored = all(layer.kind in ("weight", "bias", "scale", "zero_point") for layer in campaign.layers)
    single = campaign.record.options.get("mode", "single") == "single"
    return str(given) if given else "element" if stored and single else "tensor"


def _inputs(each: object) -> str:
    return "one input" if str(each) == "1" else f"{each} inputs"


def engines(campaign: Campaign) -> tuple[Engine, ...]:
    """Return the engines of a campaign with what the audit said of each."""
    columns, rows = campaign.rows("engines")
    made = []
    for row in rows:
        named = dict(zip(columns, row, strict=False))
        names = ("engine", "exactness", "tensors", "predictions", "audited", "disagreements", "near_ties", "note")
        made.append(Engine(*(written(named.get(name)) for name in names)))
    return tuple(made)


def audit(campaign: Campaign) -> str:
    """Return in a sentence what the audit found."""
    audited, against = campaign.metric("audited"), campaign.metric("audit_disagreements")
    if audited is None or not audited.value:
        return "No prediction was audited against the oracle."
    found = int(against.value) if against is not None else None
    said = "the number of disagreements is not recorded" if found is None else (
        "no disagreement" if found == 0 else plural(found, "DISAGREEMENT")
    )  # fmt: skip
    whole = campaign.metric("injected_predictions")
    of = f" of {count(int(whole.value))}" if whole is not None else ""
    done = int(audited.value)
    return f"{count(done)}{of} injected predictions were repeated by the oracle (the model rebuilt with the fault and run whole): {said}."


def written(value: Value) -> str:
    """Return a value of a table as it is written."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return f"{value:.6g}" if isinstance(value, float) else value
