"""A hardened model is what its parent and its measures give, or it is told that it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from casework.artifact.digest import sha256_bytes
from casework.injection.hardening.harden import LINEAGE, harden
from casework.injection.hardening.registry import parse_measure
from casework.injection.hardening.reproducing import Reproduced, reproduce
from casework.injection.hardening.storage import KEY
from doubles import injection_models as models

LENET = models.lenet()
DATA = {"x": models.images(24, (1, 32, 32))}
OTHERS = {"x": models.images(24, (1, 32, 32), seed=9)}


def metadata(content: bytes) -> dict[str, str]:
    return {p.key: p.value for p in onnx.load_model_from_string(content).metadata_props}


def hardened(*measures: str, parent: bytes = LENET) -> bytes:
    return harden(
        parent, "m", [parse_measure(text) for text in measures], DATA, ranking=[("c2.w", 0.4), ("f1.w", 0.3)]
    ).content


def verified(child: bytes, inputs: dict[str, Any] = DATA, parent: bytes = LENET) -> Reproduced:
    return reproduce(parent, sha256_bytes(parent), child, metadata(child), inputs)


WEIGHTS = [t.name for t in onnx.load_model_from_string(LENET).graph.initializer]
LAYERS = [n.name or n.output[0] for n in onnx.load_model_from_string(LENET).graph.node if n.op_type in ("Conv", "Gemm")]
HONEST = [
    ("range",),
    ("range:percentile=99,margin=0.1",),
    ("range:after=all",),
    (f"range:{LAYERS[0]}",),
    ("range-guard",),
    ("nan-guard",),
    ("nan-guard:mode=zero",),
    ("nan-guard:mode=both",),
    ("scrub",),
    ("scrub:when=run",),
    ("triplicate",),
    (f"triplicate:{WEIGHTS[0]}",),
    ("bit-protect:scheme=parity,restore=yes",),
    (f"duplicate:{LAYERS[0]}",),
    ("checksum",),
    ("range", "nan-guard", "scrub"),
    ("range:margin=0.2", "range-guard:margin=0.5"),
    (f"duplicate:{LAYERS[-1]}", "range", f"bit-protect:{WEIGHTS[0]},scheme=secded"),
]


@pytest.mark.parametrize("measures", HONEST, ids=" ".join)
def test_an_honest_child_comes_out_again(measures: tuple[str, ...]) -> None:
    child = hardened(*measures)
    with_its_data = verified(child)
    assert with_its_data.outcome == "passed", with_its_data.detail
    assert "byte for byte" in with_its_data.detail
    assert with_its_data.unverified == ()
    with_others = verified(child, OTHERS)
    assert with_others.outcome == "passed", with_others.detail
    assert "node for node" in with_others.detail
    assert "was not verified" in with_others.unverified[0]


@pytest.mark.parametrize("measure", ["duplicate:*", "triplicate", "range:percentile=50", "bit-protect"])
@pytest.mark.parametrize("inputs", [DATA, OTHERS], ids=["its data", "other data"])
def test_an_honest_quantised_child_comes_out_again(measure: str, inputs: dict[str, Any]) -> None:
    parent = models.quantised()
    found = verified(hardened(measure, parent=parent), inputs, parent)
    assert found.outcome == "passed", found.detail


def bent(child: bytes, change: Callable[[Any], None]) -> bytes:
    model = onnx.load_model_from_string(child)
    change(model)
    return bytes(model.SerializeToString(deterministic=True))


def told(model: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(next(p.value for p in model.metadata_props if p.key == LINEAGE))
    return value


def tell(model: Any, value: dict[str, Any]) -> None:
    next(p for p in model.metadata_props if p.key == LINEAGE).value = json.dumps(value)


def other_weights(model: Any) -> None:
    tensor = next(t for t in model.graph.initializer if t.name == WEIGHTS[0])
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.01), tensor.name))


def wider_bounds(model: Any) -> None:
    tensor = next(t for t in model.graph.initializer if t.name.endswith(".high"))
    tensor.CopyFrom(numpy_helper.from_array(np.array(1e30, np.float32), tensor.name))


def other_bounds_told(model: Any) -> None:
    value = told(model)
    bounds = value["measures"][0]["bounds"]
    bounds[min(bounds)][1] *= 2
    tell(model, value)


def another_measure_told(model: Any) -> None:
    value = told(model)
    value["measures"].append(
        {"measure": "nan-guard", "parameters": {"mode": "alarm", "after": "activations"}, "places": ["y"]}
    )
    tell(model, value)


def unknown_measure_told(model: Any) -> None:
    value = told(model)
    value["measures"][0]["measure"] = "magic"
    tell(model, value)


def no_measure_told(model: Any) -> None:
    tell(model, told(model) | {"measures": []})


def malformed_measures_told(model: Any) -> None:
    tell(model, told(model) | {"measures": [{"measure": "range", "parameters": 3, "places": 7}]})


def protection_told(model: Any) -> None:
    model.metadata_props.add(key=KEY, value='[{"scheme":"secded","tensors":["*"]}]')


def guard_told(model: Any) -> None:
    model.metadata_props.add(key="casework.guards", value="y")


def one_node_less(model: Any) -> None:
    clip = next(n for n in model.graph.node if n.op_type == "Clip")
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name == clip.output[0]:
                node.input[place] = clip.input[0]
    model.graph.node.remove(clip)


def another_output(model: Any) -> None:
    model.graph.output.append(helper.make_tensor_value_info("r1", onnx.TensorProto.FLOAT, None))


def another_opset(model: Any) -> None:
    model.opset_import[0].version += 1


LIES = [
    other_weights, wider_bounds, other_bounds_told, another_measure_told, unknown_measure_told, no_measure_told,
    malformed_measures_told, protection_told, guard_told, one_node_less, another_output, another_opset,
]  # fmt: skip


@pytest.mark.parametrize("inputs", [DATA, OTHERS], ids=["its data", "other data"])
@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_is_not_what_it_says_is_told(lie: Callable[[Any], None], inputs: dict[str, Any]) -> None:
    child = bent(hardened("range"), lie)
    found = verified(child, inputs)
    assert found.outcome == "failed"
    assert found.detail


def test_a_limit_of_an_alarm_may_differ_only_as_a_limit() -> None:
    child = hardened(f"duplicate:{LAYERS[0]}")
    name = next(t.name for t in onnx.load_model_from_string(child).graph.initializer if t.name.endswith(".unit"))

    def set_to(value: Any) -> bytes:
        def change(model: Any) -> None:
            tensor = next(t for t in model.graph.initializer if t.name == name)
            tensor.CopyFrom(numpy_helper.from_array(np.asarray(value, np.float32), name))

        return bent(child, change)

    assert verified(set_to(123.0), OTHERS).outcome == "passed"
    assert name in verified(set_to(123.0), OTHERS).unverified[0]
    own = next(
        float(numpy_helper.to_array(t)) for t in onnx.load_model_from_string(child).graph.initializer if t.name == name
    )
    assert verified(set_to(2 * own)).outcome == "passed"
    assert verified(set_to(1e30)).outcome == "failed", "on its own data an alarm is not so deaf"
    for bad in (0.0, -1.0, np.inf, np.nan, [1.0, 2.0]):
        assert verified(set_to(bad), OTHERS).outcome == "failed", bad


def test_bounds_that_are_a_little_off_are_the_processors_and_others_are_a_lie() -> None:
    """A child whose constants and metadata agree with each other, and not with the data that it names."""

    def scaled(factor: float) -> bytes:
        child = onnx.load_model_from_string(hardened("range"))
        value = told(child)
        for name, pair in value["measures"][0]["bounds"].items():
            pair[1] = float(np.float32(pair[1] * factor))
            high = next(t for t in child.graph.initializer if t.name == f"{name}.high")
            high.CopyFrom(numpy_helper.from_array(np.array(pair[1], np.float32), high.name))
        tell(child, value)
        return bytes(child.SerializeToString(deterministic=True))

    assert verified(scaled(1.0005)).outcome == "passed"
    assert "rounding of processors" in verified(scaled(1.0005)).unverified[0]
    assert verified(scaled(2.0)).outcome == "failed"
    assert "not those that its data show" in verified(scaled(2.0)).detail
    assert verified(scaled(2.0), OTHERS).outcome == "passed"


def test_a_child_of_another_parent_is_told() -> None:
    found = verified(hardened("range"), parent=models.lenet(seed=7))
    assert found.outcome == "failed"
    assert "is not the one that comes out" in found.detail or "another model" in found.detail
