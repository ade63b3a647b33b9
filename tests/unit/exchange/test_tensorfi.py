"""Plans of TensorFI become plans of ours that the generator accepts, and nothing is lost without a word."""

from __future__ import annotations

import itertools
import shlex
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.artifact.yaml_reader import read_stream
from casework.artifact.yaml_writer import dump
from casework.exchange import tensorfi_one
from casework.exchange.tensorfi import CODES, Translation, command, nodes, translate
from casework.generators.fault_injection.options import OPTIONS
from casework.generators.fault_injection.selection import parse_bits
from casework.generators.options import parse_options, read_options
from casework.injection.faults.bits import faulty_values
from casework.injection.faults.fault_list import FaultTensor
from casework.injection.faults.generate import exhaustive
from casework.injection.faults.models import FaultModel
from casework.injection.faults.recipe import Recipe
from casework.store.nodes import validate

ONE = {
    "ScalarFaultType": "None",
    "TensorFaultType": "bitFlip-element",
    "Ops": ["ALL = 1.0"],
    "InjectMode": "errorRate",
}
TWO: dict[str, Any] = {"Target": "layer_states", "Mode": "single", "Type": "bitflips", "Amount": 10, "Bit": "N"}


def text(values: dict[str, Any]) -> bytes:
    lines = []
    for key, value in values.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {item}" for item in value)]
        else:
            lines.append(f"{key}: {value}")
    return ("\n".join(lines) + "\n").encode()


def one(**changes: Any) -> Translation:
    return translate(text({k: v for k, v in (ONE | changes).items() if v is not None}), "conf.yaml")


def two(**changes: Any) -> Translation:
    return translate(text({k: v for k, v in (TWO | changes).items() if v is not None}), "conf.yaml")


def options(made: Translation) -> dict[str, Any]:
    (plan,) = made.plans
    return plan.options


def told(made: Translation) -> list[tuple[str, str]]:
    return [(f.code, f.field_path) for f in made.findings]


# TensorFI 1


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("bitFlip-element", {"fault": "fixed_point", "bits": "10-31"}),
        ("bitFlip-tensor", {"fault": "fixed_point", "bits": "10-31", "percent": 100.0}),
        ("Rand", {"fault": "random", "low": 0.0, "high": 1.0, "percent": 100.0}),
        ("Rand-element", {"fault": "random", "low": 0.0, "high": 1.0}),
        ("Zero", {"fault": "zeros", "percent": 100.0}),
    ],
)
def test_each_fault_type_of_tensors(kind: str, wanted: dict[str, Any]) -> None:
    made = one(TensorFaultType=kind)
    assert made.tool == "TensorFI 1"
    assert options(made) == {"target": "activations", "mode": "error_rate", "rate": 1.0, "rate_of": "tensor"} | wanted


@pytest.mark.parametrize(("mode", "ours"), tensorfi_one.MODES.items())
def test_each_mode(mode: str, ours: str) -> None:
    found = options(one(InjectMode=mode, Ops=["CONV2D = 0.25", "RELU = 0.25"]))
    assert found["mode"] == ours
    assert found["operators"] == ["Conv", "Relu"]
    assert found.get("rate") == (0.25 if mode == "errorRate" else None)


def test_different_rates_become_different_campaigns() -> None:
    made = one(Ops=["CONV2D = 0.5", "RELU = 0.1", "MAX-POOL = 0.5", "TANH = 0"])
    assert [(p.part, p.options["rate"], p.options["operators"]) for p in made.plans] == [
        ("rate 0.5", 0.5, ["Conv", "MaxPool"]),
        ("rate 0.1", 0.1, ["Relu"]),
    ]
    assert ("IMP-002", "Ops") in told(made)
    assert ("IMP-004", "Ops") in told(made)
    assert [n["id"] for n in nodes([made], "MDL-1", "DS-1")[0]] == ["EV-FI-CONF", "EV-FI-CONF-2"]


def test_every_operator_is_known_and_most_have_a_counterpart() -> None:
    for name, ours in tensorfi_one.OPERATORS.items():
        made = one(Ops=[f"{name} = 1.0"])
        if ours:
            assert options(made)["operators"] == list(ours)
        else:
            assert made.failed
            assert ("IMP-001", "Ops[0]") in told(made)


def test_operators_and_instances_are_held_against_the_model() -> None:
    said = text(ONE | {"InjectMode": "oneFaultPerRun", "Ops": ["CONV2D = 1", "LRN = 1", "RELU = 1"], "Instances": ["CONV2D = 2", "RELU = 3"]})  # fmt: skip
    made = translate(said, "conf.yaml", {"Conv": 2, "Relu": 4, "Gemm": 3})
    assert options(made)["operators"] == ["Conv", "Relu"]
    by_place = {(f.code, f.field_path): f.message for f in made.findings}
    assert by_place["IMP-001", "Ops[1]"] == "the model has no LRN, which LRN becomes in ONNX"
    assert by_place["IMP-002", "Instances[1]"] == "the file says 3 of RELU, and the model has 4"
    assert ("IMP-002", "Instances[0]") not in by_place


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"SkipCount": 2}, "IMP-001", "SkipCount"),
        ({"Seed": 1000}, "IMP-002", "Seed"),
        ({"Seed": -1}, "IMP-001", "Seed"),
        ({"ScalarFaultType": "Rand"}, "IMP-001", "ScalarFaultType"),
        ({"Instances": ["ADD = 3"]}, "IMP-004", "Instances"),
        ({"InjectMode": "dynamicInstance", "Instances": ["ADD = 3"]}, "IMP-004", "Instances"),
        ({"Opps": 1}, "IMP-004", "Opps"),
        ({"Ops": ["ALL = 1.0", "DIV = 0.0"]}, "IMP-004", "Ops[1]"),
        ({"TensorFaultType": "Rand-element"}, "IMP-002", "TensorFaultType"),
    ],
)
def test_what_is_lost_or_differs_is_told(changes: dict[str, Any], code: str, field: str) -> None:
    made = one(**changes)
    assert not made.failed
    assert (code, field) in told(made)


def test_a_seed_is_taken_over() -> None:
    assert one(Seed=1000).plans[0].seed == 1000
    assert one(Seed=-1).plans[0].seed == 0


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"InjectMode": None}, "", "without `InjectMode` TensorFI 1 injects nothing"),
        ({"InjectMode": "errorrate"}, "InjectMode", "`InjectMode` is 'errorrate'"),
        ({"TensorFaultType": "None", "ScalarFaultType": "Rand"}, "TensorFaultType", "faults in scalars alone"),
        ({"TensorFaultType": "bitflip"}, "TensorFaultType", "`TensorFaultType` is 'bitflip'"),
        ({"Ops": None}, "", "no operator is chosen"),
        ({"Ops": ["SUB = -0.5"]}, "Ops[0]", "the probability of SUB is '-0.5'"),
        ({"Ops": ["SUB = high"]}, "Ops[0]", "the probability of SUB is 'high'"),
        ({"Ops": ["SUB"]}, "Ops[0]", "'SUB' is not NAME = value"),
        ({"Ops": "ALL"}, "Ops", "`Ops` is no list"),
        ({"Ops": ["ALL = 0"]}, "Ops", "every operator has the probability 0"),
    ],
)
def test_what_tensorfi_1_would_not_run_is_refused_at_its_place(
    changes: dict[str, Any], field: str, message: str
) -> None:
    made = one(**changes)
    assert made.failed
    (error,) = [f for f in made.findings if f.severity == "error"]
    assert (error.code, error.field_path) == ("IMP-003", field)
    assert message in error.message
    assert error.line >= 1


def test_the_faults_are_those_that_tensorfi_1_makes_of_a_float32() -> None:
    """Its split into integer and fraction is made for Python floats; a float32 is none, so the sign and 21 integer bits are drawn."""
    assert not isinstance(np.float32(1), float)
    found = options(one())
    model = FaultModel(kind=found["fault"], bits=parse_bits(found["bits"]))
    tensor = FaultTensor("t", "t", "activation", "float32", (1,))
    (listed,) = exhaustive(Recipe("0" * 64, (tensor,), model), 0)
    value = np.float32(5.25)
    made = faulty_values(np.array([value]), listed)
    bits = [5 >> k & 1 for k in range(21)]
    expected = [-value, *(value - 2**k if bit else value + 2**k for k, bit in enumerate(bits))]
    assert sorted(made.tolist()) == sorted(float(v) for v in expected)


# TensorFI 2


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"fault": "bitflip", "amount": 10}),
        ({"Bit": 30}, {"fault": "bitflip", "amount": 10, "bits": "30"}),
        ({"Type": "random", "Bit": None}, {"fault": "random", "low": 0.0, "high": 1.0, "amount": 10}),
        ({"Type": "zeros", "Bit": None}, {"fault": "zeros", "percent": 10.0}),
    ],
)
@pytest.mark.parametrize(
    ("target", "mode"),
    [
        ("layer_states", {"mode": "layer_states", "inputs_per_fault": "all"}),
        ("layer_outputs", {"mode": "layer_outputs"}),
    ],
)
def test_each_type_and_target(
    changes: dict[str, Any], wanted: dict[str, Any], target: str, mode: dict[str, str]
) -> None:
    made = two(Target=target, **changes)
    assert made.tool == "TensorFI 2"
    assert options(made) == mode | wanted
    assert not any(f.severity == "error" for f in made.findings)


@pytest.mark.parametrize(("target", "ours"), [("layer_states", "weights"), ("layer_outputs", "activations")])
def test_multiple_hits_each_tensor_in_every_inference(target: str, ours: str) -> None:
    found = options(two(Target=target, Mode="multiple"))
    assert found.pop("inputs_per_fault", "1") == ("all" if ours == "weights" else "1")
    assert found == {
        "target": ours, "mode": "error_rate", "rate": 1.0, "rate_of": "tensor", "fault": "bitflip", "amount": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"Mode": "multiple"}, "IMP-002", "Mode"),
        ({"Target": "layer_outputs", "Mode": "multiple"}, "IMP-002", "Mode"),
        ({"Type": "zeros", "Mode": "multiple"}, "IMP-002", "Type"),
        ({"Target": "layer_state"}, "IMP-002", "Target"),
        ({"Type": "zeros"}, "IMP-004", "Bit"),
        ({"Type": "zeros"}, "IMP-002", "Amount"),
        ({"Seed": 3}, "IMP-004", "Seed"),
    ],
)
def test_what_differs_from_tensorfi_2_is_told(changes: dict[str, Any], code: str, field: str) -> None:
    made = two(**changes)
    assert not made.failed
    assert (code, field) in told(made)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Target": "weights"}, "Target"),
        ({"Mode": None}, ""),
        ({"Type": "bitflip"}, "Type"),
        ({"Amount": 0}, "Amount"),
        ({"Amount": 1.5}, "Amount"),
        ({"Amount": "true"}, "Amount"),
        ({"Type": "zeros", "Amount": 101}, "Amount"),
        ({"Bit": None}, ""),
        ({"Bit": 32}, "Bit"),
        ({"Bit": "n"}, "Bit"),
    ],
)
def test_what_tensorfi_2_would_not_run_is_refused_at_its_place(changes: dict[str, Any], field: str) -> None:
    made = two(**changes)
    assert made.failed
    assert [(f.code, f.field_path) for f in made.findings if f.severity == "error"] == [("IMP-003", field)]


# Both


def test_findings_name_line_and_column() -> None:
    made = translate(b"# a plan\nTarget: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: 40\n", "a/b.yaml")
    (error,) = [f for f in made.findings if f.severity == "error"]
    assert (error.file, error.line, error.column) == ("a/b.yaml", 6, 1)
    listed = translate(b"InjectMode: errorRate\nTensorFaultType: Zero\nOps:\n  - ALL = 1.0\n  - SUB = 2\n", "b.yaml")
    (error,) = [f for f in listed.findings if f.severity == "error"]
    assert (error.line, error.column) == (5, 5)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"Target: layer_states\nTarget: layer_outputs\n", "FMT-002"),
        (b"Target: [\n", "FMT-001"),
        (b"", "IMP-003"),
        (b"- 1\n", "IMP-003"),
        (b"Target: layer_states\n---\nMode: single\n", "IMP-003"),
        (b"name: something else\n", "IMP-003"),
        (b"Target: &a layer_states\n", "FMT-007"),
        (b"\xff\xfeT", "FMT-009"),
    ],
)
def test_what_is_no_such_file_is_told(data: bytes, code: str) -> None:
    made = translate(data, "x.yaml")
    assert made.failed
    assert [f.code for f in made.findings] == [code]


values = st.one_of(
    st.sampled_from([*tensorfi_one.FAULT_TYPES, *tensorfi_one.MODES, "layer_states", "single", "zeros", "N", "[]", "{}", "1", "-1", "0.5", "", "null"]),
    st.integers(-5, 200).map(str),
)  # fmt: skip
lists = st.lists(st.sampled_from(["ALL = 1.0", "CONV2D=0.5", "X", "RELU = a", "a = b = c", "3"]), max_size=3)


@given(st.dictionaries(st.sampled_from([*tensorfi_one.FIELDS, *TWO, "Other"]), values | lists, max_size=7))
def test_whatever_is_written_there_is_a_plan_that_fits_or_an_error_with_a_place(said: dict[str, Any]) -> None:
    made = translate(text(said), "any.yaml")
    assert made.failed == any(f.severity == "error" for f in made.findings)
    for plan in made.plans:
        read_options(OPTIONS, plan.options)
    for finding in made.findings:
        assert finding.code in CODES or finding.code.startswith("FMT-")
        assert finding.message
        assert finding.fix


ALL_KINDS = [
    *(one(TensorFaultType=kind, InjectMode=mode) for kind in tensorfi_one.FAULT_TYPES[1:] for mode in tensorfi_one.MODES),
    *(two(Target=t, Type=k, Mode=m) for t in ("layer_states", "layer_outputs") for k in ("zeros", "random", "bitflips") for m in ("single", "multiple")),
    one(Ops=["CONV2D = 0.3333333333333333", "MATMUL = 0.1"], Seed=7),
]  # fmt: skip


@pytest.mark.parametrize("made", ALL_KINDS)
def test_nodes_are_valid_and_the_command_says_the_same(made: Translation) -> None:
    (written,) = nodes([made], "MDL-1", "DS-1")
    assert len(written) == len(made.plans) >= 1
    for node, plan in zip(written, made.plans, strict=True):
        stream = read_stream(dump([node]).encode())
        assert stream.documents == [[node]]
        assert not stream.problems
        _entry, valid, findings = validate(node, "", 0)
        assert valid is not None, findings
        words = shlex.split(command(plan, "m.onnx", "x.npy"))
        given = [word for before, word in itertools.pairwise(words) if before == "--option"]
        assert parse_options(OPTIONS, given) == {
            k: v for k, v in read_options(OPTIONS, plan.options).items() if k in plan.options
        }


def test_ids_are_unique_among_files() -> None:
    found = [n["id"] for written in nodes([one(), two(), one()], "M", "D") for n in written]
    assert found == ["EV-FI-CONF", "EV-FI-CONF-2", "EV-FI-CONF-3"]
