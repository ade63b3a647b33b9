"""The generator `fault-injection`, on two small trained models and real digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from casework.generators.protocol import GeneratorProblem, load
from casework.generators.resolve import resolve
from casework.model.result import ResultRecord

MODELS = Path(__file__).parents[2] / "models"
LENET = str(MODELS / "lenet.onnx")
STARTED = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Sixty digits as ready inputs: float32 [60, 1, 32, 32]."""
    path = tmp_path_factory.mktemp("digits") / "inputs.npy"
    np.save(path, _digits()[0])
    return str(path)


def _digits(count: int = 60) -> tuple[Any, Any]:
    held = np.load(MODELS / "digits.npz")
    chosen = np.arange(0, 200, 200 // count)[:count]
    return np.pad(held["images"][chosen], ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32) / 255, held["labels"][
        chosen
    ]


def run(model: str, data: str, *options: str, seed: int = 1, **more: Any) -> ResultRecord:
    request = resolve("fault-injection", model, data, options, started=STARTED, seed=seed, **more)
    return load("fault-injection").run(request)


def value(record: ResultRecord, name: str, where: str = "all") -> float:
    (found,) = [m.value for m in record.metrics if (m.name, m.slice) == (name, where)]
    return found


def rows(record: ResultRecord, name: str) -> list[dict[str, Any]]:
    (found,) = [t for t in record.tables if t.name == name]
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


SMALL = ("faults=600", "audit=20")


@pytest.mark.parametrize("target", ["weights", "activations", "inputs", "all"])
def test_every_target_gives_rates_that_add_up_and_an_audit_that_agrees(inputs: str, target: str) -> None:
    record = run(LENET, inputs, f"target={target}", *SMALL)
    assert (record.status, record.reason) == ("complete", "")
    assert value(record, "injected_predictions") == 600
    assert value(record, "audited") == 20
    assert value(record, "audit_disagreements") == 0
    parts = ("sdc_rate", "due_rate", "detected_rate", "masked_rate", "benign_rate")
    assert sum(value(record, name) for name in parts) == pytest.approx(1)
    assert sum(row["predictions"] for row in rows(record, "rates by tensor")) == 600
    assert value(record, "overhead_vs_batch1") > 0
    assert {"fault_list", "outcome", "fault_outcomes", "model", "data"} <= record.digests.keys()


def test_same_seed_same_digests_whatever_the_workers_and_another_seed_others(inputs: str) -> None:
    one, two = (run(LENET, inputs, "target=activations", "faults=5000", "audit=5", workers=w) for w in (1, 2))
    other = run(LENET, inputs, "target=activations", "faults=5000", "audit=5", seed=2)
    names = ("fault_list", "outcome", "fault_outcomes")
    assert [one.digests[n] for n in names] == [two.digests[n] for n in names]
    assert all(one.digests[n] != other.digests[n] for n in names)


def test_top_bit_of_the_exponent_is_what_corrupts(inputs: str) -> None:
    record = run(LENET, inputs, "target=weights", "faults=3000", "audit=10")
    by_bit = {row["bit"]: row for row in rows(record, "rates by bit")}
    assert by_bit[30]["sdc_rate"] > 0.1
    assert all(by_bit[bit]["sdc"] == 0 for bit in range(15))


def test_every_fault_of_a_tensor_is_put_in_for_every_input(inputs: str) -> None:
    record = run(LENET, inputs, "target=biases", "tensors=*", "faults=exhaustive", "inputs=5", "audit=20")
    elements = sum(row["elements"] for row in rows(record, "rates by tensor"))
    assert value(record, "faults") == elements * 32
    assert value(record, "injected_predictions") == elements * 32 * 5
    (sdc,) = [m for m in record.metrics if (m.name, m.slice) == ("sdc_rate", "all")]
    assert (sdc.method, sdc.ci_low, sdc.ci_high) == ("exact", sdc.value, sdc.value)


def test_inputs_of_one_fault_are_a_cluster(inputs: str) -> None:
    record = run(LENET, inputs, "target=weights", "inputs_per_fault=all", "inputs=10", "faults=300", "audit=10")
    (sdc,) = [m for m in record.metrics if (m.name, m.slice) == ("sdc_rate", "all")]
    assert (sdc.method, sdc.n, sdc.k) == ("cluster", 3000, None)


def test_kept_fault_list_is_put_in_again_with_the_same_outcome(inputs: str, tmp_path: Path) -> None:
    from dataclasses import replace

    asked = resolve("fault-injection", LENET, inputs, ["target=activations", *SMALL], started=STARTED, seed=4)
    first = load("fault-injection").run(replace(asked, keep=tmp_path / "kept"))
    again = run(LENET, inputs, f"fault_list={tmp_path / 'kept' / 'faults.jsonl'}", "audit=20", seed=9)
    assert again.digests["fault_list"] == first.digests["fault_list"]
    assert again.digests["fault_outcomes"] == first.digests["fault_outcomes"]
    outcomes = np.load(tmp_path / "kept" / "outcomes.npy")
    assert len(outcomes) == 600
    assert set(outcomes.dtype.names or ()) == {"fault", "input", "flags"}


def test_amounts_make_one_campaign_each(inputs: str) -> None:
    record = run(LENET, inputs, "mode=layer_states", "amounts=1,10,50", "faults=400", "audit=30")
    table = rows(record, "rates by number of faults")
    assert [row["amount"] for row in table] == [1, 10, 50]
    assert table[0]["sdc_rate"] < table[2]["sdc_rate"]
    assert value(record, "sdc_rate", "amount=50") == pytest.approx(table[2]["sdc_rate"], abs=1e-6)


def test_labels_give_classes_and_correct_only_leaves_out_the_wrong(tmp_path: Path) -> None:
    x, y = _digits()
    np.savez(tmp_path / "digits.npz", x=x, y=y)
    record = run(LENET, str(tmp_path / "digits.npz"), "target=activations", "correct_only=true", *SMALL)
    assert record.status == "complete"
    assert {row["class"] for row in rows(record, "rates by class")} <= {str(i) for i in range(10)}
    assert any("that the model has right are used" in limit for limit in record.limitations)


@pytest.mark.parametrize(
    ("options", "message", "fix"),
    [
        (["tensors=7.weihgt"], "no tensor '7.weihgt'", "Near it: 7.weight"),
        (["operators=Convv"], "no operator 'Convv'", "Near it: Conv; all: Conv, "),
        (["bits=40"], "bit 40 is beyond what is selected: float32 has bits 0 to 31 (0.weight, ", "0 to 31"),
        (["bits=0-3;99"], "bit 99 is beyond what is selected: float32 has bits 0 to 31 (", "0 to 31"),
        (["bits=31-30"], "'31-30'", "0-22;30"),
        (["target=scales"], "no tensor of the model is hit", "widen"),
        (["fault=set"], "needs a value", "value=0"),
        (["fault_list=nowhere.jsonl"], "nowhere.jsonl", ""),
        (["faults=many"], "'many'", "exhaustive"),
        (["decision=regression"], "threshold", "thresholds"),
        (["output=scores"], "'scores'", "logits"),
    ],
)
def test_wrong_plan_is_told_with_what_to_do_before_anything_runs(
    inputs: str, options: list[str], message: str, fix: str
) -> None:
    record = run(LENET, inputs, *options, *(o for o in SMALL if not any(p.startswith(o[:6]) for p in options)))
    assert record.status in ("not_evaluable", "error")
    assert message in record.reason
    assert fix in record.reason
    assert not record.metrics


def test_fault_list_of_another_model_is_refused(inputs: str, tmp_path: Path) -> None:
    from dataclasses import replace

    asked = resolve("fault-injection", LENET, inputs, SMALL, started=STARTED)
    load("fault-injection").run(replace(asked, keep=tmp_path))
    proto = onnx.load(LENET)
    proto.doc_string = "another file"
    other = tmp_path / "other.onnx"
    onnx.save(proto, other)
    record = run(str(other), inputs, f"fault_list={tmp_path / 'faults.jsonl'}")
    assert record.status == "not_evaluable"
    assert "faults.jsonl" in record.reason
    assert "option against=PARENT" in record.reason


def test_index_out_of_range_is_refused_with_its_line(inputs: str, tmp_path: Path) -> None:
    from dataclasses import replace

    asked = resolve("fault-injection", LENET, inputs, ["faults=3", "audit=0"], started=STARTED)
    load("fault-injection").run(replace(asked, keep=tmp_path))
    lines = (tmp_path / "faults.jsonl").read_text().splitlines()
    said = json.loads(lines[2])
    said["indices"] = [10**9]
    lines[2] = json.dumps(said)
    (tmp_path / "bad.jsonl").write_text("\n".join(lines) + "\n")
    record = run(LENET, inputs, f"fault_list={tmp_path / 'bad.jsonl'}")
    assert record.status == "not_evaluable"
    assert "bad.jsonl:3" in record.reason


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 1, 28, 28), np.float32), "[4, 1, 28, 28]"),
        (np.zeros((4, 1, 32, 32), np.uint8), "uint8"),
        (np.zeros((0, 1, 32, 32), np.float32), "no sample"),
        (np.full((4, 1, 32, 32), np.nan, np.float32), "NaN"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    record = run(LENET, str(tmp_path / "x.npy"), *SMALL)
    assert record.status == "not_evaluable"
    assert message in record.reason


def test_model_that_rolls_dice_is_refused(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"], name="dice"),
        helper.make_node("Add", ["x", "noise"], ["y"], name="add"),
    ]
    value_info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 4]) for n in "xy"]
    graph = helper.make_graph(nodes, "dice", value_info[:1], value_info[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "dice.onnx")
    np.save(tmp_path / "x.npy", np.ones((3, 4), np.float32))
    record = run(str(tmp_path / "dice.onnx"), str(tmp_path / "x.npy"), "target=activations", *SMALL)
    assert record.status == "not_evaluable"
    assert "determin" in record.reason


def test_failed_audit_is_an_error_and_no_result(inputs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from casework.injection.engines.suffix import SuffixEngine

    honest = SuffixEngine.run

    def lying(self: Any, target: Any, faults: Any, fault: Any, sample: Any, judge: Any) -> Any:
        return honest(self, target, faults, fault, sample, judge) | (2 if len(fault) > 20 else 0)

    monkeypatch.setattr(SuffixEngine, "run", lying)
    record = run(LENET, inputs, "target=activations", "engine=suffix", *SMALL)
    assert record.status == "error"
    assert "the audit failed" in record.reason
    assert not record.metrics


def test_dead_engine_is_caught_by_its_canary(inputs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from casework.injection.engines.suffix import SuffixEngine

    monkeypatch.setattr(
        SuffixEngine, "run", lambda self, target, faults, fault, sample, judge: np.zeros(len(fault), np.uint16)
    )
    record = run(LENET, inputs, "target=activations", "engine=suffix", *SMALL)
    assert record.status in ("error", "not_evaluable")
    assert "canary" in record.reason
    assert not record.metrics


def test_ready_inputs_are_no_labelled_data_for_others(inputs: str) -> None:
    request = resolve("validation", LENET, inputs, started=STARTED)
    record = load("validation").run(request)
    assert record.status == "not_evaluable"
    assert "without labels" in record.reason


def test_data_are_needed() -> None:
    with pytest.raises(GeneratorProblem, match="needs data"):
        resolve("fault-injection", LENET, None, started=STARTED)


def test_strata_by_a_pilot_give_a_narrower_interval_than_the_same_number_drawn_alike(inputs: str) -> None:
    options = ("target=weights", "inputs=10", "faults=2000", "audit=5")
    alike, strata = (run(LENET, inputs, *options, f"allocation={how}") for how in ("simple", "neyman"))
    widths = []
    for record in (alike, strata):
        (sdc,) = [m for m in record.metrics if (m.name, m.slice) == ("sdc_rate", "all")]
        widths.append((sdc.ci_high or 0) - (sdc.ci_low or 0))
        assert (sdc.ci_low or 0) <= 0.0109 <= (sdc.ci_high or 0)  # the exhaustive truth on ten such digits
    assert widths[1] < 0.6 * widths[0]


def test_campaign_stops_when_its_interval_is_narrow_enough(inputs: str) -> None:
    record = run(LENET, inputs, "target=weights", "interval=0.01", "faults=8000", "audit=5")
    (sdc,) = [m for m in record.metrics if (m.name, m.slice) == ("sdc_rate", "all")]
    assert (sdc.ci_high or 0) - (sdc.ci_low or 0) <= 0.02
    assert 0 < value(record, "faults") < 8000


@pytest.mark.parametrize(
    "options",
    [
        ("mode=error_rate", "target=activations", "rate=0.0001"),
        ("mode=dynamic_instance", "target=activations"),
        ("mode=model_states", "amount=5"),
    ],
)
def test_faults_that_strike_one_inference_together_are_audited_too(inputs: str, options: tuple[str, ...]) -> None:
    record = run(LENET, inputs, *options, "faults=200", "audit=10")
    assert (record.status, record.reason) == ("complete", "")
    assert value(record, "injected_predictions") == 200
    assert value(record, "audited") == 10
    assert not [t for t in record.tables if t.name == "rates by tensor"]


def test_critical_bits_are_searched_with_a_check_of_the_assumption(inputs: str) -> None:
    record = run(LENET, inputs, "target=weights", "tensors=11.*", "mode=critical_bits", "audit=5", "checks=200")
    assert record.status == "complete"
    assert value(record, "faults") < 0.35 * 850 * 32
    assert 0 < value(record, "critical_rate") < 0.05
    assert any(check.name == "monotonicity" and "200 inferred" in check.detail for check in record.self_checks)
    by_bit = {row["bit"]: row for row in rows(record, "critical bits by bit")}
    assert by_bit[30]["critical"] == max(row["critical"] for row in by_bit.values())


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hardened LeNets by measure."""
    from casework.cli.main import main

    folder = tmp_path_factory.mktemp("hardened")
    np.save(folder / "inputs.npy", _digits(100)[0])
    made = {}
    for measure in ("range", "bit-protect", "nan-guard"):
        made[measure] = str(folder / f"{measure}.onnx")
        assert (
            main(["harden", LENET, "--data", str(folder / "inputs.npy"), "--measure", measure, "-o", made[measure]])
            == 0
        )
    return made


def test_same_faults_before_and_after_hardening_are_paired(inputs: str, hardened: dict[str, str]) -> None:
    record = run(hardened["range"], inputs, "target=weights", "faults=4000", "audit=10", f"against={LENET}")
    assert (record.status, record.reason) == ("complete", "")
    assert value(record, "clean_flips") == 0
    assert value(record, "sdc_rate") < 0.5 * value(record, "parent_sdc_rate")
    assert value(record, "sdc_prevented_rate") > 0.5
    (row,) = rows(record, "hardening")
    assert (row["measure"], row["clean_flips"]) == ("range", 0)
    assert {"reference", "model"} <= record.digests.keys()


def test_protected_storage_undoes_what_its_code_corrects(inputs: str, hardened: dict[str, str]) -> None:
    record = run(hardened["bit-protect"], inputs, "target=weights", "faults=4000", "audit=10")
    assert value(record, "sdc_rate") == 0
    assert any("storage is protected" in limit for limit in record.limitations)


def test_guard_turns_unusable_results_into_detected_ones(inputs: str, hardened: dict[str, str]) -> None:
    options = ("target=activations", "bits=30", "faults=3000", "audit=10")
    before, after = (run(model, inputs, *options) for model in (LENET, hardened["nan-guard"]))
    assert value(before, "due_rate") > 0
    assert value(after, "due_rate") == 0
    assert value(after, "detected_rate") > 0


def test_model_that_was_not_hardened_has_no_parent(inputs: str) -> None:
    record = run(LENET, inputs, *SMALL, f"against={MODELS / 'lenet.onnx'}")
    assert record.status == "not_evaluable"
    assert "casework harden" in record.reason


def test_killed_campaign_goes_on_where_it_stopped(inputs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    import casework.injection.campaign.conduct as conduct
    from casework.injection.campaign.blocks import run_block

    asked = resolve(
        "fault-injection", LENET, inputs, ["target=activations", "faults=20000", "audit=0"], started=STARTED
    )
    whole = load("fault-injection").run(asked)
    asked = replace(asked, checkpoints=tmp_path)
    ran: list[str] = []

    def stops(setting: Any, block: Any) -> Any:
        ran.append(block.target)
        if len(ran) == 5:
            raise KeyboardInterrupt
        return run_block(setting, block)

    monkeypatch.setattr(conduct, "run_block", stops)
    with pytest.raises(KeyboardInterrupt):
        load("fault-injection").run(asked)
    canaries = next(len(table.rows) for table in whole.tables if table.name == "canaries")
    assert len(list(tmp_path.rglob("*.shard"))) == canaries + 4
    again = load("fault-injection").run(asked)
    assert len(ran) > 5
    assert again.digests["fault_outcomes"] == whole.digests["fault_outcomes"]
    assert not list(tmp_path.rglob("*.shard"))
    # The four blocks that were kept were not run again: 5 before the stop, one of them lost, and the rest after it.
    blocks = len(ran) - 1
    ran.clear()
    monkeypatch.setattr(
        conduct, "run_block", lambda setting, block: ran.append(block.target) or run_block(setting, block)
    )
    load("fault-injection").run(asked)
    assert len(ran) == blocks


def _linear(path: Path, classes: int) -> tuple[str, str]:
    """Write a model that gives a row of scores of so many classes, and eight inputs for it."""
    from onnx import TensorProto, helper, numpy_helper

    weight = np.eye(8, classes, dtype=np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["scores"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", classes])],
        [numpy_helper.from_array(weight, "w")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (path / "linear.onnx").write_bytes(proto.SerializeToString())
    np.save(path / "x.npy", np.eye(8, dtype=np.float32)[: min(classes, 8)] + np.float32(0.25))
    return str(path / "linear.onnx"), str(path / "x.npy")


@pytest.mark.parametrize(("classes", "told"), [(5, False), (6, True)])
def test_the_five_best_are_told_only_where_there_are_more_classes(tmp_path: Path, classes: int, told: bool) -> None:
    record = run(*_linear(tmp_path, classes), "faults=200", "audit=10")
    assert record.status == "complete"
    assert any(m.name == "sdc5_rate" for m in record.metrics) is told
    assert any(m.name == "confidence_drop_10_rate" for m in record.metrics)


def test_a_decision_that_nobody_stated_is_a_limitation(inputs: str) -> None:
    guessed = run(LENET, inputs, *SMALL)
    (said,) = [limit for limit in guessed.limitations if "taken to be" in limit]
    assert said.startswith(
        "The decision was taken to be classification because the output is logits [batch, 10], and no model card or option says"
    )
    assert "option decision=" in said
    for stated in ("decision=classification", "thresholds=1"):
        assert not any("taken to be" in limit for limit in run(LENET, inputs, stated, *SMALL).limitations)


def test_a_campaign_to_an_interval_says_where_it_stopped(inputs: str) -> None:
    early = run(LENET, inputs, "interval=0.01", "faults=5000", "audit=5")
    put = int(value(early, "faults"))
    assert put < 5000
    (said,) = [limit for limit in early.limitations if limit.startswith("The campaign")]
    assert said.startswith(
        f"The campaign stopped after {put} of at most 5000 faults: half the interval of sdc_rate is 0.00"
    )
    short = run(LENET, inputs, "interval=0.0001", "faults=600", "audit=5")
    (said,) = [limit for limit in short.limitations if limit.startswith("The campaign")]
    assert "put in 600 of at most 600 faults" in said
    assert "allow more faults" in said
    used = run(LENET, inputs, "interval=0.05", "faults=100", "audit=5")
    (said,) = [limit for limit in used.limitations if limit.startswith("The campaign")]
    assert said.startswith(
        "The campaign put in all 100 faults that it was allowed: half the interval of sdc_rate is 0.0"
    )
