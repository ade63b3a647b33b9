"""The generators and the metrics that they yield: names, versions, units and ranges.

Light on purpose: `check` reads it to judge freshness and requirements without importing a generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric: its unit, its possible range, and which way is better."""

    unit: str
    low: float | None
    high: float | None
    better: Literal["higher", "lower", "neither"]
    meaning: str


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """A generator: its own version (a change makes its evidence stale), and what it yields.

    Attributes:
        version: Raised whenever the same inputs could give other figures.
        summary: One line for lists.
        subject: Node type that it examines.
        needs: Roles beside the subject that it cannot do without: data, reference.
        metrics: By name.
        files: Options that name a file: evidence is bound to what lies there.
    """

    version: int
    summary: str
    subject: Literal["model_card", "dataset"]
    needs: tuple[str, ...]
    metrics: dict[str, MetricSpec]
    files: tuple[str, ...] = ()


_RATIO = ("ratio", 0.0, 1.0)


def _ratio(better: Literal["higher", "lower", "neither"], meaning: str) -> MetricSpec:
    return MetricSpec("ratio", 0.0, 1.0, better, meaning)


def _count(meaning: str) -> MetricSpec:
    return MetricSpec("count", 0.0, None, "lower", meaning)


def _effort(meaning: str) -> MetricSpec:
    return MetricSpec("count", 0.0, None, "higher", meaning)


GENERATORS: Final[dict[str, GeneratorSpec]] = {
    "validation": GeneratorSpec(
        1, "Task metrics on labelled data, by slice, each with its sample and interval.", "model_card", ("data",),
        {
            "map": _ratio("higher", "COCO mean average precision over IoU 0.50 to 0.95"),
            "map50": _ratio("higher", "COCO mean average precision at IoU 0.50"),
            "recall": _ratio("higher", "objects found of objects present, at the deployed score threshold and IoU"),
            "precision": _ratio("higher", "correct detections of all detections"),
            "fnr": _ratio("lower", "objects missed of objects present; 1 - recall"),
            "fppi": MetricSpec("1/image", 0.0, None, "lower", "false detections an image"),
            "accuracy": _ratio("higher", "items classified right of all items"),
            "macro_f1": _ratio("higher", "mean over classes of the F1 score"),
        },
    ),
    "quantization": GeneratorSpec(
        1, "The quantised model against its float parent, paired item by item.", "model_card", ("data", "reference"),
        {
            "metric_drop": MetricSpec("pp", -100.0, 100.0, "lower", "float minus quantised recall (or accuracy), in percentage points"),
            "map50_drop": MetricSpec("pp", -100.0, 100.0, "lower", "float minus quantised mAP50, in percentage points"),
            "flip_rate": _ratio("lower", "items whose outcome differs between the two models"),
            "negative_flip_rate": _ratio("lower", "items that the float model has right and the quantised one wrong"),
            "min_sqnr": MetricSpec("dB", None, None, "higher", "smallest signal-to-quantisation-noise ratio over the layers"),
        },
    ),
    "dataset": GeneratorSpec(
        1, "Integrity, labels, duplicates, leakage and coverage of a dataset.", "dataset", (),
        {
            "unreadable_files": _count("files that do not decode, or whose size is not the manifest's"),
            "digest_mismatches": _count("files whose bytes are not the manifest's"),
            "bad_labels": _count("boxes outside the image or empty, unknown classes"),
            "unlabelled_items": _count("items without an object, where the task needs one"),
            "exact_duplicates": _count("items whose bytes equal another item's"),
            "near_duplicates": _count("pairs within one split at pHash Hamming distance up to the radius"),
            "leaked_items": _count("items with an exact twin in another split or dataset"),
            "near_leaked_items": _count("items with a near twin in another split or dataset"),
            "group_leaked_items": _count("items whose group also occurs in another split or dataset"),
            "tway_coverage": _ratio("higher", "t-way combinations of the ODD that hold an item, of those that are possible"),
            "min_support": MetricSpec("count", 0.0, None, "higher", "fewest items in any possible t-way combination"),
            "items": MetricSpec("count", 0.0, None, "higher", "items examined"),
            "min_class_objects": MetricSpec("count", 0.0, None, "higher", "objects of the rarest class"),
        },
    ),
    "model-signature": GeneratorSpec(
        2, "Digests and OpenSSF signature of the model file, and of the files that it keeps weights in.", "model_card", (),
        {
            "signature_failures": _count("files whose OpenSSF model signature does not verify"),
            "digest_mismatches": _count("files of the model whose bytes are not the model card's, or that it does not pin"),
            "unsafe_operators": _count("operators outside the allow-listed ONNX domains"),
            "external_data_files": _count("files of weights outside the model file; n counts the model files examined"),
        },
    ),
    "fault-injection": GeneratorSpec(
        1, "Faults put into the running model: how often they corrupt its result, unseen or seen.", "model_card", ("data",),
        {
            "injected_predictions": _effort("predictions made with a fault in place"),
            "faults": _effort("faults put in"),
            "settled_by_storage": _effort("predictions not run: protected storage undid their fault or told of it"),
            "sdc_rate": _ratio("lower", "injected predictions whose decision differs from the golden run's, unseen by any guard"),
            "sdc5_rate": _ratio("lower", "injected predictions whose golden class is not among the five best"),
            "confidence_drop_10_rate": _ratio("lower", "injected predictions with 10 or more points less confidence in the golden class"),
            "confidence_drop_20_rate": _ratio("lower", "injected predictions with 20 or more points less confidence in the golden class"),
            "due_rate": _ratio("lower", "injected predictions with NaN or infinite outputs, or refused by the runtime, unseen by a guard"),
            "detected_rate": _ratio("neither", "injected predictions in which a guard of the model spoke"),
            "masked_rate": _ratio("neither", "injected predictions whose outputs equal the golden run's bit for bit"),
            "benign_rate": _ratio("neither", "injected predictions with other outputs and the same decision"),
            "critical_rate": _ratio("lower", "bit flips that corrupt the result, of all of the elements searched"),
            "wrong_inference_rate": _ratio("lower", "bits that the search for critical bits inferred wrongly, of those checked"),
            "lost_rate": _ratio("lower", "injected predictions in which a golden detection is gone"),
            "ghost_rate": _ratio("lower", "injected predictions with a detection that the golden run does not make"),
            "deviation_1_rate": _ratio("lower", "injected predictions whose output is off by more than the first threshold"),
            "deviation_2_rate": _ratio("lower", "injected predictions whose output is off by more than the second threshold"),
            "deviation_3_rate": _ratio("lower", "injected predictions whose output is off by more than the third threshold"),
            "deviation_4_rate": _ratio("lower", "injected predictions whose output is off by more than the fourth threshold"),
            "listed_sdc": _count("predictions of a fault list or profile that end in silent corruption (as sdc_rate counts)"),
            "listed_due": _count("predictions of a fault list or profile that end in NaN, infinity or refusal (as due_rate counts)"),
            "near_tie_rate": _ratio("neither", "injected predictions decided by less than the noise of floating-point sums"),
            "parent_sdc_rate": _ratio("lower", "sdc_rate of the same faults in the model that this one was hardened from"),
            "parent_due_rate": _ratio("lower", "due_rate of the same faults in the model that this one was hardened from"),
            "sdc_prevented_rate": _ratio("higher", "of the faults that corrupt the parent silently, those that do not corrupt this model"),
            "sdc_added_rate": _ratio("lower", "of the faults that do not corrupt the parent, those that corrupt this model silently"),
            "clean_flips": _count("inputs that this model and its parent decide otherwise without faults"),
            "audited": _effort("injected predictions repeated by the oracle: rebuild the model with the fault, run it whole"),
            "audit_disagreements": _count("audited predictions in which the engine and the oracle differ"),
            "deployed_flips": _count("inputs whose fault-free decision differs between the folded model and the session as deployed"),
            "cpu_seconds": MetricSpec("s", 0.0, None, "lower", "processor time of the whole campaign, all processes"),
            "batch1_ms": MetricSpec("ms", 0.0, None, "lower", "processor time of one fault-free prediction of the deployed session"),
            "overhead_vs_batch1": MetricSpec("x", 0.0, None, "lower", "processor time of an injected over a fault-free prediction"),
            "overhead_vs_batched": MetricSpec("x", 0.0, None, "lower", "the same, over that of a fault-free prediction in the best batch"),
            "overhead_of_campaign": MetricSpec("x", 0.0, None, "lower", "the first, with folding, golden run, canaries and audit"),
        },
        files=("fault_list", "pages"),
    ),
}  # fmt: skip


STATISTICAL: Final[frozenset[str]] = frozenset(
    name
    for generator in GENERATORS.values()
    if "data" in generator.needs
    for name, metric in generator.metrics.items()
    if metric.unit not in ("count", "dB")
)
"""Metrics estimated from a sample. Counts, and what a generator finds by looking at everything, are exact."""


def file_role(option: str) -> str:
    """Return the role in a record's digests of the file that an option names."""
    return f"file_{option}"


def metric_spec(name: str) -> MetricSpec | None:
    """Return the specification of a metric by name, or None if no generator yields it."""
    for generator in GENERATORS.values():
        if name in generator.metrics:
            return generator.metrics[name]
    return None
