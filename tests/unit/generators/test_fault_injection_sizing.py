"""Campaigns whose number of faults follows from a wanted interval or bound, on a small trained model and real digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from casework.generators.fault_injection.options import OPTIONS
from casework.generators.options import OptionProblem, read_options
from casework.generators.protocol import load
from casework.generators.resolve import resolve
from casework.model.acceptance import judge
from casework.model.requirement import Criterion
from casework.model.result import Metric, ResultRecord

MODELS = Path(__file__).parents[2] / "models"
LENET = str(MODELS / "lenet.onnx")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twenty digits as ready inputs: float32 [20, 1, 32, 32]."""
    path = tmp_path_factory.mktemp("digits") / "inputs.npy"
    images = np.load(MODELS / "digits.npz")["images"][:20].astype(np.float32) / 255
    np.save(path, np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None])
    return str(path)


def run(data: str, *options: str, confidence: float = 0.95) -> ResultRecord:
    request = resolve(
        "fault-injection",
        LENET,
        data,
        ("audit=5", *options),
        started="2026-01-01T00:00:00Z",
        seed=1,
        confidence=confidence,
    )
    return load("fault-injection").run(request)


def metric(record: ResultRecord, name: str) -> Metric:
    (found,) = [m for m in record.metrics if (m.name, m.slice) == (name, "all")]
    return found


def said(record: ResultRecord) -> str:
    return " ".join(record.limitations)


def test_a_wanted_interval_gives_the_number_of_the_formula_and_is_reached(inputs: str) -> None:
    """1.6449^2 / 4 / 0.02^2 = 1690.97."""
    record = run(inputs, "target=stored", "faults=within:0.02", confidence=0.9)
    assert record.status == "complete", record.reason
    assert metric(record, "faults").value == 1691
    assert (
        "Their number, 1691, makes the interval of a rate over all of them +-0.02 at 90 %, whatever the rate is"
        in said(record)
    )
    assert "p = 0.5, Leveugle et al., DATE 2009" in said(record)
    rate = metric(record, "sdc_rate")
    assert rate.ci_low is not None
    assert rate.ci_high is not None
    assert (rate.ci_high - rate.ci_low) / 2 <= 0.02


def test_a_guessed_rate_needs_fewer_and_is_named(inputs: str) -> None:
    """3.8415 * 0.02 * 0.98 / 0.01^2 = 752.9, at which Wilson has +-0.01025; at 792 he has +-0.01."""
    record = run(inputs, "target=weights", "faults=within:0.01@0.02")
    assert metric(record, "faults").value == 792
    assert (
        "Their number, 792, makes the interval of a rate over all of them +-0.01 at 95 %, where the rate is 0.02"
        in said(record)
    )


def test_a_finite_population_is_told_though_faults_may_be_drawn_twice(inputs: str) -> None:
    """Six biases of 32 bits on 20 inputs are 3840: 3840 / (1 + 0.0025 * 3839 / 0.9604) = 349.6 of 384.1 would do."""
    record = run(inputs, "target=biases", "tensors=0.bias", "faults=within:0.05")
    assert metric(record, "faults").value == 385
    assert "; 350 would do if none of the 3840 could be drawn twice" in said(record)
    assert "exhaustive" not in said(record)


def test_all_faults_are_proposed_where_they_are_no_more(inputs: str) -> None:
    record = run(inputs, "target=biases", "tensors=0.bias", "bits=30", "faults=within:0.05")
    assert metric(record, "faults").value == 385
    assert "on all 20 inputs, are 120 injected predictions, no more than these: faults=exhaustive" in said(record)


def test_inputs_of_one_fault_count_as_one_trial(inputs: str) -> None:
    record = run(inputs, "target=weights", "inputs_per_fault=all", "inputs=4", "faults=within:0.05")
    assert metric(record, "faults").value == 385
    assert metric(record, "injected_predictions").value == 4 * 385
    assert "each fault taken for one trial, as if its inputs always agreed" in said(record)
    rate = metric(record, "sdc_rate")
    assert rate.ci_low is not None
    assert rate.ci_high is not None
    assert (rate.ci_high - rate.ci_low) / 2 <= 0.05


@pytest.mark.parametrize(
    ("options", "faults", "level"), [((), 299, "95 %"), (("inputs_per_fault=all", "inputs=4"), 368, "97.5 %")]
)
def test_a_wanted_bound_is_shown_if_nothing_happens(
    inputs: str, options: tuple[str, ...], faults: int, level: str
) -> None:
    """Low bits of the mantissa do nothing: 299 faults show at most 1 %, as the gate judges; as clusters ln 0.025 / ln 0.99 = 367.04."""
    record = run(inputs, "target=weights", "bits=0-3", "faults=at-most:0.01", *options)
    assert metric(record, "faults").value == faults
    assert f"Their number, {faults}, shows a rate of at most 0.01 at {level}" in said(record)
    rate = metric(record, "sdc_rate")
    assert rate.value == 0
    criterion = Criterion.model_validate(
        {"metric": "sdc_rate", "slice": "all", "op": "<=", "bound": 0.01, "unit": "ratio", "confidence": 0.95}
    )
    assert judge(criterion, rate).outcome == "met"


@pytest.mark.parametrize(
    ("options", "message", "fix"),
    [
        (["faults=within:2"], "option faults is 'within:2': a half-width of 2", "`within:0.01`"),
        (["faults=at-most:1"], "option faults is 'at-most:1': a bound of 1", "`at-most:0.001`"),
        (["faults=0"], "that is 0 faults", "another number"),
        (["faults=within:0.00001"], "that is 9603647052 faults, and 1 to 20000000", "wider interval"),
        (["faults=within:0.01", "interval=0.01"], "interval=0.01 stops by what is found", "one of the two"),
        (["faults=at-most:0.01", "allocation=neyman"], "allocation=neyman draws within strata", "Drop allocation"),
        (["faults=within:0.01", "fault=rowhammer", "pages=PAGES"], "goes through its profile", "number of bits"),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_to_do(
    inputs: str, options: list[str], message: str, fix: str
) -> None:
    pages = Path(inputs).with_name("pages.txt")
    pages.write_text("0, 5\n")
    record = run(inputs, *(option.replace("PAGES", str(pages)) for option in options))
    assert record.status == "not_evaluable"
    assert message in record.reason
    assert fix in record.reason


def test_a_plan_may_write_a_number_without_quotes() -> None:
    read = read_options(OPTIONS, {"faults": 20_000, "inputs_per_fault": 1, "bits": 30})
    assert (read["faults"], read["inputs_per_fault"], read["bits"]) == ("20000", "1", "30")
    for wrong in ({"faults": True}, {"faults": 2.5}, {"inputs_per_fault": 2}):
        with pytest.raises(OptionProblem, match="option"):
            read_options(OPTIONS, wrong)


def test_populations_of_unlike_chances_are_not_told(inputs: str) -> None:
    """Tensors drawn alike, or many values at once, are no population of which each fault is as likely as any other."""
    for options in (["unit=tensor"], ["fault=random"]):
        record = run(inputs, "target=biases", "faults=within:0.1", *options)
        assert metric(record, "faults").value == 97
        assert "would do" not in said(record)
        assert "exhaustive" not in said(record)


@pytest.mark.parametrize(("half_width", "p"), [(0.01, 0.01), (0.001, 0.001), (0.05, 0.05), (0.01, 0.02), (0.02, 0.5)])
def test_a_guessed_rate_has_the_interval_that_was_asked_for(half_width: float, p: float) -> None:
    from casework.injection.sampling.intervals import wilson
    from casework.injection.sampling.size import faults_for, wilson_faults_for

    count = wilson_faults_for(half_width, 0.95, p)
    assert count >= faults_for(half_width, 0.95, p=p)
    # Wilson's interval of a share of exactly p; counts need not be whole for its formula.
    found, fewer = wilson(p * count, count, 0.95), wilson(p * (count - 1), count - 1, 0.95)
    assert (found.high - found.low) / 2 <= half_width + 1e-12
    assert count == faults_for(half_width, 0.95, p=p) or (fewer.high - fewer.low) / 2 > half_width


@pytest.mark.parametrize("also", ["interval=0.4", "allocation=proportional", "allocation=neyman"])
def test_a_profile_is_no_sample_to_stop_or_to_stratify(inputs: str, tmp_path: Path, also: str) -> None:
    (tmp_path / "pages.txt").write_text("0 1\n0 2\n")
    record = run(inputs, "target=weights", "fault=rowhammer", f"pages={tmp_path / 'pages.txt'}", "faults=2", also)
    assert record.status == "not_evaluable"
    assert "draws nothing" in record.reason


def test_options_that_a_list_makes_void_are_refused(inputs: str, tmp_path: Path) -> None:
    (tmp_path / "faults.jsonl").write_text("{}\n")
    record = run(inputs, f"fault_list={tmp_path / 'faults.jsonl'}", "bits=3", "faults=10")
    assert record.status == "not_evaluable"
    assert "option bits says what is drawn" in record.reason
    assert "Drop bits, faults" in record.reason
