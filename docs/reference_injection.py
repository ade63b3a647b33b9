"""The reference pages of fault injection: the fault list as a file, and options, outcomes, tables and intervals of a campaign."""

# ruff: noqa: E501 - the texts of pages are not wrapped
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Final, get_args

from reference_text import code, table

from casework.generators.fault_injection.estimates import COMMON, EVENTS, FIVE, RATES
from casework.generators.fault_injection.options import ENGINES, FAULTS, MODES, OPTIONS, TARGETS
from casework.generators.fault_injection.selection import KINDS as TARGET_KINDS
from casework.generators.interface import DEPLOYED_OPTIONS, INTERFACE_OPTIONS
from casework.generators.options import OptionSpec
from casework.injection.campaign.canary import TRIES
from casework.injection.campaign.lab import ORDER
from casework.injection.faults import bits
from casework.injection.faults.fault_list import OPS
from casework.injection.faults.formats import FORMAT
from casework.injection.faults.models import BITWISE, ECC_WORD
from casework.injection.hardening import storage
from casework.injection.hardening.comparing import COLUMNS
from casework.injection.network.target import TargetKind
from casework.injection.outcomes import flags, guards
from casework.injection.outcomes.classification import TIE
from casework.injection.sampling.intervals import FEW
from casework.injection.sampling.size import ANY, LEAST, faults_for, faults_for_bound, wilson_faults_for
from casework.model.catalogue import GENERATORS

GROUPS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Where faults strike": (
        "A campaign hits the tensors of its target, narrowed by names and types of operators. Names are those of the folded graph or of the file.",
        ("target", "tensors", "operators"),
    ),
    "What happens there": (
        "",
        ("fault", "bits", "field", "amount", "percent", "amounts", "flips", "value", "low", "high", "pages"),
    ),
    "How the faults of one prediction come about": ("", ("mode", "rate", "rate_of")),
    "How many, and how they are drawn": (
        "",
        ("faults", "interval", "unit", "allocation", "pilot", "inputs", "inputs_per_fault", "correct_only", "fault_list", "checks"),
    ),
    "What counts as corrupted": (
        "Beside these the options of the model's interface (`decoder`, `score_threshold`, `iou`, ...) are those of "
        "[`validation`](generators.md#validation); a model card gives them.",
        ("decision", "output", "thresholds", "iou_bound"),
    ),
    "How it is computed and checked": ("", ("engine", "audit", "worst")),
}  # fmt: skip
"""Every option of the generator that is its own, by what it is for."""

FAULT_MEANINGS: Final = {
    "bitflip": "one bit is inverted",
    "multi": "`flips` different bits of one element are inverted",
    "burst": "`flips` adjacent bits of one element are inverted",
    "field": "one bit of `field` is inverted; the `top` bit is the highest of the exponent, or of an integer",
    "stuck_at_0": "one bit reads 0",
    "stuck_at_1": "one bit reads 1",
    "zeros": "the element is 0; with `percent`, that part of a tensor's elements",
    "random": "the element has a value drawn evenly from [`low`, `high`)",
    "set": "the element has the value `value`",
    "byte": "one byte of the element has another value, each as likely",
    "word": "the element has another bit pattern, each as likely",
    "row": "a line along the last axis reads `value` (0 if not given)",
    "column": "a line along the last but one axis reads `value` (0 if not given)",
    "channel": "a slice of the first axis reads `value` (0 if not given)",
    "rowhammer": "fault i inverts the bit of the i-th line of `pages` (page and bit in it), the stored tensors laid one after the other in pages of "
    "4,096 bytes",
    "ecc": f"`flips` bits of one memory word of {ECC_WORD} bits are inverted: a (72, 64) code corrects one, and detects two without correcting them",
    "fixed_point": "one bit of the fixed-point image of the value is inverted (1 sign, 21 integer, 10 fraction bits), which is what TensorFI 1 does",
}

MODE_MEANINGS: Final = {
    "single": ("one fault a prediction, at `amount` elements of one tensor", "as `unit` says"),
    "one_per_run": ("one fault a prediction, at `amount` elements of one activation, as TensorFI 1 calls it", "tensors alike"),
    "layer_states": ("one fault a prediction, at `amount` elements of one weight or bias tensor, as TensorFI 2 calls it", "tensors alike"),
    "layer_outputs": ("one fault a prediction, at `amount` elements of one activation, as TensorFI 2 calls it", "tensors alike"),
    "model_states": ("`amount` elements over all weights and biases strike one prediction together", "elements alike"),
    "error_rate": ("each value, or (`rate_of=tensor`) each tensor, is hit with probability `rate`; all strike one prediction together", "by the rate"),
    "dynamic_instance": ("of each type of operator one instance is hit, all in one prediction", "instances alike"),
    "critical_bits": ("no rate: which bits of each stored element corrupt the result, by binary search (BinFI)", "each element, on one input"),
}  # fmt: skip

OP_MEANINGS: Final = {
    "xor": "bits of the operand are inverted",
    "and": "bits that are 0 in the operand become 0",
    "or": "bits that are 1 in the operand become 1",
    "set": "the bit pattern is the operand",
    "add": "the operand, a number, is added to the value; integers are rounded and clipped",
    "scale": "the value is multiplied by the operand, a number",
    "fixed_xor": "bits of the fixed-point image (1 sign, 21 integer, 10 fraction bits) are inverted",
}

COLUMN_MEANINGS: Final = (
    ("`id`", "whole number", "unique, ascending"),
    ("`tensor`", "text", "name in the folded graph, or in the model file"),
    ("`original`", "text", "name in the model file; may be missing"),
    ("`dtype`", "text", "element type; may be missing where the header lists the tensor, and must be the model's"),
    ("`kind`", "text", "of the tensor; may be missing, and must be the model's where it stands"),
    ("`indices`", "list of whole numbers", "flat, row-major; of one input for what an inference computes"),
    ("`op`", "text", "what happens, see below"),
    ("`operands`", "list", "one an index: a bit pattern in hexadecimal; of `add` and `scale` a number"),
    (
        "`sample`",
        "whole number or `every`",
        "the input that is struck; `every`: the fault is there for all, as a stuck memory cell is",
    ),
    ("`persistence`", "`transient`, `permanent`", "what is modelled, for people; no say in the arithmetic"),
    ("`group`", "whole number", "faults of one group strike one prediction together; the own id if missing"),
)

EXAMPLE: Final = (
    {"format": FORMAT, "model": "0" * 63 + "1"},
    {
        "id": 0,
        "tensor": "fc1.weight",
        "dtype": "float32",
        "indices": [12],
        "op": "xor",
        "operands": ["0x40000000"],
        "sample": "every",
    },
    {
        "id": 1,
        "tensor": "relu_2",
        "dtype": "float32",
        "indices": [3, 4],
        "op": "set",
        "operands": ["0x0", "0x0"],
        "sample": 17,
    },
)

RECORD_TABLES: Final = (
    ("rates by tensor", "tensor, kind, operator, depth, elements, faults, predictions, sdc, due, detected, masked, sdc_rate, ci_low, ci_high, engine, dtype", "a tensor, in the order of the graph; where a prediction is struck by one fault"),
    ("rates by bit", "bit, predictions, sdc, due, sdc_rate, ci_low, ci_high", "a bit; where each fault is of one bit"),
    ("sdc by tensor and bit", "tensor, bit, predictions, sdc, due", "a tensor and bit: the heat map"),
    ("rates by class", "class, predictions, sdc, due, sdc_rate, ci_low, ci_high", "a class: the label, else what the golden run says"),
    ("rates by input", "input, predictions, sdc, due", "an input, worst first, at most 200"),
    ("rates by number of faults", "amount, predictions, sdc, due, sdc_rate, ci_low, ci_high", "an amount, with `amounts`"),
    ("engines", "engine, exactness, tensors, predictions, audited, disagreements, near_ties, note", "an engine; the note has the reasons of those that refused"),
    ("canaries", "tensor, engine, moved", "a pair of tensor and engine: canaries that changed an output, of those put in"),
    ("worst faults", "id, tensor, index, bit, input, golden, faulty, margin", "one fault of each of the worst tensors and bits, with what the model said and says"),
    ("hardening", ", ".join(COLUMNS), "measures of a hardened model, before and after, with `against`"),
    ("critical bits by tensor", "tensor, elements, flips, injected, critical, critical_rate", "a tensor, with `mode=critical_bits`"),
    ("critical bits by bit", "bit, elements, injected, critical", "a bit, with `mode=critical_bits`"),
)  # fmt: skip

INTERVALS: Final = (
    ("one input a fault", "`wilson`; `clopper-pearson` where no or every prediction had the event", "k of n"),
    ("`inputs_per_fault=all`, or a list with `every`", f"`cluster`: Wilson on the effective number of trials, faults as clusters; with fewer than {FEW} faults that have (or lack) the event, as many trials as faults", "n, no k"),
    ("`allocation=proportional`, `neyman`", "`stratified`: profile likelihood over strata of tensor and bit (of bit alone where these are too many)", "n, no k"),
    ("`faults=exhaustive`", "`exact`: both ends are the rate", "k of n"),
)  # fmt: skip

ENGINE_MEANINGS: Final = {
    "channel": "Computes only the output channel that a faulty weight or bias touches, for many faults in one call, and the rest of the graph for rows that still differ.",
    "patch": "Carries only the window of an image-like tensor that can differ, through convolution, pooling and element-wise operators, and drops rows that equal the golden ones.",
    "suffix": "Runs the part of the graph behind the tensor on golden rows, each with its own fault.",
    "promoted": "Feeds a stored tensor as an input to the part of the graph that reads it.",
    "sparse-xor": "For faults that strike together: operators in the graph overwrite chosen elements with their faulty bit patterns.",
    "segments": "For faults that strike together where the graph takes no bit operators: runs it piece by piece and strikes in between.",
    "rebuild": "The oracle: writes the fault into the graph itself and runs all of it, one prediction at a time.",
}


def injection_pages() -> dict[str, str]:
    """Return the pages by name."""
    return {"fault-list.md": fault_list(), "fault-injection.md": fault_injection()}


def fault_list() -> str:
    """Return the page of the fault list."""
    require(OP_MEANINGS, OPS)
    lines = "\n".join(json.dumps(line) for line in EXAMPLE)
    return "\n".join([
        f"# Fault list: `{FORMAT}`",
        "",
        "Faults as data. `casework try fault-injection` writes the list of a campaign with `--keep`, and the option `fault_list` puts a list in again. What somebody chose is no sample: rates of a given list have no interval, and what became of them is bounded by counts, `listed_sdc` and `listed_due`. Evidence is bound to the bytes of the list (digest `file_fault_list`). "
        "It is JSONL: the first line is the header, every other line a fault. A file that ends in `.parquet` (extra `casework[parquet]`) has the same as columns: "
        "the header as JSON in the metadata key `casework`, operands as uint64 bit patterns (of `add` and `scale`, of a float64), -1 as `sample` for `every`.",
        "",
        "```json",
        "[" + ",\n ".join(lines.splitlines()) + "]",
        "```",
        "",
        "(In the file each object is a line, without brackets and commas.)",
        "",
        "## The header",
        "",
        table(("field", "value", "meaning"), [
            ("`format`", code(FORMAT), ""),
            ("`model`", "SHA-256", "of the model file; the list is refused for any other"),
            ("`persistence`", "`transient`, `permanent`", "of all faults; `transient` if missing"),
            ("`faults`", "whole number", "how many lines follow; may be missing"),
            ("`tensors`", "list", "name, original, kind, dtype and shape of the tensors; may be missing where each fault has its `dtype`"),
        ]),
        "## A fault",
        "",
        table(("field", "value", "meaning"), COLUMN_MEANINGS),
        f"`kind` is one of {', '.join(code(k) for k in get_args(TargetKind))}; element types that can be hit are {', '.join(code(d) for d in bits.dtypes())}.",
        "",
        "## Operations",
        "",
        table(("op", "what happens to each element"), [(code(op), OP_MEANINGS[op]) for op in OPS]),
        "Bit 0 is the least significant. Of float32, bits 0 to 22 are the mantissa, 23 to 30 the exponent, 31 the sign.",
        "",
        "## What is refused",
        "",
        "Each with file and line, before anything runs: a list for another model; a tensor that is not there (the nearest names are offered), or of another kind or element type; "
        "an index beyond the tensor; a bit beyond the element; an input beyond those used; ids that do not ascend; an element twice in one fault; unknown and doubled keys.",
        "",
        "## The digest",
        "",
        "`digests.fault_list` of a record is the SHA-256 of the canonical JSON (RFC 8785) of format, model, persistence, number of faults and the tensors hit (name, original, kind, element "
        "type; ordered by name), a line feed, and the columns as little-endian bytes: ids (int64), tensor (int32, numbered in that order), starts (int64: the sites of fault f "
        "are `starts[f]` to `starts[f + 1]`), index (int64), operand (uint64), op (uint8), sample (int64, -1 for `every`), group (int64). The same faults have the same digest from either format.",
    ])  # fmt: skip


def fault_injection() -> str:
    """Return the page of campaigns."""
    require(TARGET_KINDS, TARGETS)
    require(FAULT_MEANINGS, FAULTS)
    require(MODE_MEANINGS, MODES)
    require(ENGINE_MEANINGS, [name for name in ENGINES if name != "auto"])
    return "\n".join([
        "# Fault injection",
        "",
        GENERATORS["fault-injection"].summary + " What it is for is told by the [explanation](../explanation/fault-injection.md); all options and metrics stand, too, in "
        "[generators](generators.md#fault-injection).",
        "",
        "```sh parse",
        "casework try fault-injection MODEL.onnx --data inputs.npy --option target=activations --option faults=100000 --seed 1",
        "```",
        "",
        *_options(),
        *_lists(),
        *_outcomes(),
        *_record(),
        *_ways(),
    ])  # fmt: skip


def _options() -> list[str]:
    own = {spec.name: spec for spec in OPTIONS}
    elsewhere = {spec.name for spec in (*INTERFACE_OPTIONS, *DEPLOYED_OPTIONS)}
    require([name for _, names in GROUPS.values() for name in names], [name for name in own if name not in elsewhere])
    lines = []
    for title, (text, names) in GROUPS.items():
        lines += [f"## {title}", ""] + ([text, ""] if text else [])
        lines += [table(("option", "default", "meaning"), [_option(own[name]) for name in names])]
    return lines


def _option(spec: OptionSpec) -> tuple[str, str, str]:
    told_below = ("target", "fault", "mode", "engine")
    choices = ", ".join(code(choice) for choice in spec.choices or () if spec.name not in told_below)
    return (
        code(spec.name),
        "" if spec.default is None else code(spec.default),
        f"{spec.meaning} {choices and f'One of {choices}.'}",
    )


def _lists() -> list[str]:
    one = ", ".join(code(k) for k in BITWISE)
    return [
        "## Targets",
        "",
        table(("target", "kinds of tensors"), [(code(t), ", ".join(TARGET_KINDS[t])) for t in TARGETS]),
        "An activation is what an operator of the folded graph computes; `outputs` are those of the graph. Biases are told from weights by the input of the operator that they feed.",
        "",
        "## Fault models",
        "",
        table(("fault", "what happens"), [(code(f), FAULT_MEANINGS[f]) for f in FAULTS]),
        f"`bits` and `field` restrict {one}.",
        "",
        "## Modes",
        "",
        table(("mode", "the faults of one prediction", "drawn"), [(code(m), *MODE_MEANINGS[m]) for m in MODES]),
    ]


def _outcomes() -> list[str]:
    named = {value: name for name, value in vars(flags).items() if isinstance(value, int) and name.isupper()}
    meanings = {
        "CHANGED": "some output differs from the golden run in some bit",
        "SDC": "the decision differs, no guard spoke, all outputs are finite",
        "SDC5": "the golden class is not among the five best",
        "DROP10": "the confidence of the golden class fell by more than 10 points",
        "DROP20": "by more than 20 points",
        "DUE": "an output is NaN or infinite where the golden one is finite",
        "DETECTED": "a guard spoke that was silent in the golden run",
        "NEAR_TIE": "decided by less than the noise of floating-point sums",
        "LOST": "a golden object is gone",
        "GHOST": "an object is reported that the golden run does not report",
    }
    require(meanings, named.values())
    rows = [(str(value), code(name), meanings[name]) for value, name in sorted(named.items())]
    rows += [
        (str(value), f"`BEYOND[{i}]`", f"the output is off by more than threshold {i + 1}")
        for i, value in enumerate(flags.BEYOND)
    ]
    rates = {name: ", ".join(k for k, names in RATES.items() if name in names) for name in EVENTS}
    require([*COMMON, *(n for names in RATES.values() for n in names)], EVENTS)
    return [
        "## Outcomes",
        "",
        "The reference is the golden run: the same model on the same input without a fault. Of each injected prediction exactly one holds:",
        "",
        table(("outcome", "metric", "when"), [
            ("detected", "`detected_rate`", "a guard spoke"),
            ("DUE", "`due_rate`", "no guard spoke, and an output is NaN or infinite"),
            ("SDC", "`sdc_rate`", "neither, and the decision differs"),
            ("benign", "`benign_rate`", "none of these, and some bit of an output differs"),
            ("masked", "`masked_rate`", "the outputs are equal bit for bit"),
        ]),
        table(("decision", "differs when", "metrics beside those above"), [
            ("classification", "the first of the greatest scores is another class", _of(rates, "classification")),
            ("detection", "an object of the golden run is lost, or one is reported besides: matched one to one, same class, at the deployed threshold and overlap", _of(rates, "detection")),
            ("segmentation", "the mean overlap with the golden mask is below `iou_bound`", _of(rates, "segmentation")),
            ("regression", "some element is off by more than the first of `thresholds`", _of(rates, "regression")),
        ]),
        f"`near_tie_rate` is counted beside them: a decision within {TIE:g} of the greater of the two leading scores (of a threshold, for detectors and regression). "
        f"`sdc5_rate` is there where the scores are of more than {FIVE} classes. Where no model card and no option says what the "
        "decision is, it is guessed from the outputs, and the record states that as a limitation. "
        f"Guards are outputs that the model's metadata name (`{guards.KEY}`, separated by commas): any element that is true is an alarm.",
        "",
        "`--keep` writes them as bits of a uint16, several of which may be set:",
        "",
        table(("value", "name", "meaning"), rows),
    ]  # fmt: skip


def _of(rates: dict[str, str], decision: str) -> str:
    return ", ".join(code(name) for name, kinds in rates.items() if decision in kinds and name != "sdc_rate")


def _record() -> list[str]:
    return [
        "## Intervals",
        "",
        table(("design", "method of the metric", "sample given"), INTERVALS),
        *_sizes(),
        "`interval=` adds looks at sizes that are fixed before the first fault; the campaign stops at the first look at which the interval of `sdc_rate` is no wider than twice the half-width. "
        "Rates of clusters and strata have no k, because the gate takes k of n for independent trials; it judges their stated limits instead.",
        "",
        "## Tables of the record",
        "",
        table(("table", "columns", "a row is"), RECORD_TABLES),
        "## Digests",
        "",
        table(("digest", "of"), [
            ("`fault_list`", "the faults, see [fault list](fault-list.md#the-digest); of several amounts, of their digests"),
            ("`fault_outcomes`", "the flags of all injected predictions, in the order of the faults and inputs"),
            ("`outcome`", "metrics and tables, without measured times"),
            ("`file_fault_list`, `file_pages`", "the file that the option names"),
            ("`model`, `data`, `options`", "as for every generator"),
        ]),
        "Seed, options, model and data decide the three of them; processes, blocks, machines of a cluster and times do not.",
        "",
        "## What `--keep` writes",
        "",
        "`faults.jsonl`, the [fault list](fault-list.md), and `outcomes.npy`, a structured array with one entry an injected prediction: `fault` (int64, its id), `input` (int64), `flags` (uint16). "
        "Of several amounts `faults-2.jsonl`, `outcomes-2.npy` and so on.",
        "",
    ]  # fmt: skip


def _sizes() -> list[str]:
    rows = [
        ("`2000`, `20_000`", "so many", "2000, 20000"),
        ("`exhaustive`", "every bit of every element, on every input", "all"),
        (
            "`within:E`",
            "the two-sided interval is +-E or narrower, whatever the rate is: t^2 / (4 E^2), t the normal quantile of the confidence",
            f"{faults_for(0.01, 0.95)} at E = 0.01",
        ),
        (
            "`within:E@P`",
            "it is +-E where the rate is P: t^2 P (1 - P) / E^2, and more until the interval of Wilson is as narrow; nearer to one half it is wider",
            f"{wilson_faults_for(0.01, 0.95, 0.05)} at E = 0.01, P = 0.05",
        ),
        (
            "`at-most:R`",
            "a rate of at most R is shown, one-sided, if none of them has an event: (1 - R)^n <= 1 - confidence",
            f"{faults_for_bound(0.001, 0.95)} at R = 0.001",
        ),
    ]
    return [
        table(("option `faults`", "faults of each amount", "at a confidence of 95 %"), rows),
        f"E and R are at least {LEAST:g} and below {ANY:g}. The formula is that of R. Leveugle et al., Statistical Fault Injection: Quantified Error and Confidence, DATE 2009, without its "
        "correction for a finite population: faults are drawn each by its own number, so that one may come twice. The record says the number with it, and where every fault on every input would "
        "be no more predictions. With `inputs_per_fault=all` each fault counts as one trial, as if its inputs always agreed, and `at-most` is taken at (1 + confidence) / 2, because the gate "
        "judges clusters by their two-sided interval. `within` and `at-most` count faults drawn alike: they go neither with `interval` nor with strata.",
        "",
    ]


def _ways() -> list[str]:
    order = {True: "what is stored", False: "what is computed or given"}
    asked = "; ".join(f"for {order[stored]} {', '.join(code(n) for n in names)}" for stored, names in ORDER.items())
    return [
        "## Engines",
        "",
        table(("engine", "what it does"), [(code(n), t) for n, t in ENGINE_MEANINGS.items()]),
        f"The planner asks in a fixed order: {asked}. The first that does not refuse is used for the tensor; "
        "reasons of the others stand in the table `engines`, with what each engine says of its exactness: `bit-exact` (the bits of the oracle) or `rounding` (up to the order of a sum).",
        "",
        f"Before a pair of tensor and engine is used, up to {TRIES} canaries are put in: one must change an output, or the oracle must agree that none can. After the campaign the audit repeats "
        "a sample of its predictions by the oracle: half of it alike over the tensors hit, the rest random over all predictions. A dead canary, or one disagreement, is an error without a result.",
        "",
        "## Before and after hardening",
        "",
        "With the option `against=PARENT.onnx` (in a case: the field `against`), the model must have been written by `casework harden` from that parent. Faults are drawn for the parent and put "
        "into both; metrics of the record are those of the hardened model, and beside them:",
        "",
        table(("metric", "meaning"), [(code(n), GENERATORS["fault-injection"].metrics[n].meaning) for n in ("parent_sdc_rate", "parent_due_rate", "sdc_prevented_rate", "sdc_added_rate", "clean_flips")]),
        f"What a model's storage does about faults stands in its metadata (`{storage.KEY}`) and is applied to faults in stored tensors before they are put in: corrected ones are masked, told ones "
        "detected. The record says that this was computed.",
        "",
        table(("protection", "meaning"), [(code(f.name), _field(f.name)) for f in fields(storage.Protection)]),
    ]  # fmt: skip


def _field(name: str) -> str:
    return {
        "scheme": ", ".join(code(s) for s in storage.SCHEMES),
        "tensors": "names or patterns of stored tensors",
        "bits": "protected bits of an element; all if empty",
        "word": "data bits of a word (`secded`)",
        "restore": "what parity tells is read again from where it was loaded",
        "bounds": "lower and upper bound of each tensor (`scrub`)",
    }[name]


def require(described: Iterable[str], names: Iterable[str]) -> None:
    """Refuse to write a page that leaves a name of the code out, or describes one that is not there."""
    differ = sorted(set(described) ^ set(names))
    if differ:
        raise SystemExit(f"docs/reference_injection.py: not described, or not there: {differ}")
