"""The result record: what a generator yields, as the predicate of an in-toto Statement.

The record never says pass or fail: those are the gate's words, from the requirement's own bound.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from casework.model.node import Sha256, Value

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://casework.dev/evidence-result/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

RecordStatus = Literal["complete", "inconclusive", "error", "not_evaluable"]
Method = Literal["clopper-pearson", "wilson", "stratified", "cluster", "bootstrap", "exact", "none"]

TIMES: Final = frozenset({"s", "ms", "x"})
"""Units of measured time and of ratios of times: no two runs give the same, so they have no say in the digest of the outcome."""


class Metric(Value):
    """One measured figure with its sample and interval."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="Metric name, as in the catalogue.")]
    slice: Annotated[
        str, Field(min_length=1, max_length=300, description="`all`, or `dimension=value` pairs joined by commas.")
    ] = "all"
    value: Annotated[float, Field(allow_inf_nan=False, description="Point estimate, in the unit given.")]
    unit: Annotated[str, Field(description="ratio, pp, dB, count, 1/image, s, ms, x (a ratio of times), MB.")]
    n: Annotated[
        int | None, Field(ge=0, lt=2**53, description="Sample size: trials, objects or images, as the metric defines.")
    ] = None
    k: Annotated[
        int | None, Field(ge=0, lt=2**53, description="Number of events among n, where the metric is k / n.")
    ] = None
    ci_low: Annotated[
        float | None, Field(allow_inf_nan=False, description="Lower limit of the two-sided interval.")
    ] = None
    ci_high: Annotated[
        float | None, Field(allow_inf_nan=False, description="Upper limit of the two-sided interval.")
    ] = None
    confidence: Annotated[
        float | None, Field(gt=0, lt=1, description="Two-sided confidence of the interval, such as 0.95.")
    ] = None
    method: Annotated[Method, Field(description="How the interval was made; `exact` for counts of a census.")] = "none"


class Table(Value):
    """A small table that belongs to the result, such as a confusion matrix or a list of the worst cases."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    columns: Annotated[tuple[str, ...], Field(strict=False)]
    rows: Annotated[
        tuple[Annotated[tuple[str | int | float | bool | None, ...], Field(strict=False)], ...], Field(strict=False)
    ]


class SelfCheck(Value):
    """A check that the generator made of itself, such as a reference run or a noise control."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    outcome: Literal["passed", "failed", "skipped"]
    detail: str


class GeneratorId(Value):
    """The generator that made a record, with its own version (not the package's)."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    version: Annotated[int, Field(ge=1)]


class ResultRecord(Value):
    """Predicate `evidence-result/v1`: one run of one generator."""

    evidence: Annotated[str | None, Field(description="Key of the evidence node; null for a run without a case.")] = (
        None
    )
    generator: GeneratorId
    requirements: Annotated[dict[str, Sha256], Field(description="Requirement key to its fingerprint.")] = {}
    digests: Annotated[
        dict[str, Sha256],
        Field(
            description="SHA-256 by role: model and reference (the model files), external and reference_external (JCS of the "
            "files that hold weights of these, `[{algorithm, digest, name}]` sorted by name, where there are any), data "
            "(manifest), reference_data, odd, options (JCS), interface and reference_interface (JCS of what the model card "
            "says of the model's use), signature and public_key (files), file_NAME (the file that the option NAME names), and outcome "
            "(JCS of the metrics that measure no time, and of the tables: equal outcomes of two runs have equal digests); of fault "
            "injection also fault_list (the faults put in) and fault_outcomes (what became of each, in their order)."
        ),
    ]
    files: Annotated[dict[str, str], Field(description="Path or node key by role, for people.")] = {}
    options: Annotated[dict[str, Any], Field(description="Every option that had a say, with defaults filled in.")] = {}
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 0
    environment: Annotated[
        dict[str, str | int], Field(description="Python, packages, CPU, threads, execution provider.")
    ] = {}
    commit: Annotated[str | None, Field(description="Commit at which it ran; no staleness input.")] = None
    started: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            description="Start, UTC, RFC 3339.",
        ),
    ]
    duration_s: Annotated[float, Field(ge=0, allow_inf_nan=False, description="Wall seconds.")]
    status: RecordStatus
    reason: Annotated[str, Field(description="Why the status is not `complete`; empty otherwise.")] = ""
    metrics: Annotated[tuple[Metric, ...], Field(strict=False)] = ()
    tables: Annotated[tuple[Table, ...], Field(strict=False)] = ()
    self_checks: Annotated[tuple[SelfCheck, ...], Field(strict=False)] = ()
    limitations: Annotated[tuple[str, ...], Field(strict=False)] = ()
    command: Annotated[str, Field(description="Command that reproduces the run.")] = ""


def outcome_of(metrics: tuple[Metric, ...], tables: tuple[Table, ...]) -> dict[str, Any]:
    """Return what the digest `outcome` of a record is of: its metrics but for times, and its tables, as JSON has them."""
    return {
        "metrics": [m.model_dump(mode="json") for m in metrics if m.unit not in TIMES],
        "tables": [t.model_dump(mode="json") for t in tables],
    }


class Subject(Value):
    """in-toto resource descriptor of what the statement speaks about."""

    name: Annotated[str, Field(min_length=1)]
    digest: Annotated[dict[Literal["sha256"], Sha256], Field(min_length=1, max_length=1)]


class Statement(Value):
    """in-toto Statement v1 with our predicate."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[tuple[Subject, ...], Field(strict=False, min_length=1, max_length=1)]
    predicate_type: Annotated[Literal["https://casework.dev/evidence-result/v1"], Field(alias="predicateType")]
    predicate: ResultRecord
