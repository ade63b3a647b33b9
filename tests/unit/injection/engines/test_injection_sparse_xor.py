"""Many sites at many tensors in one inference: bit operators in the graph, pieces of it, and the oracle they are held to."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from casework.injection.engines.grouped.groups import hits_of
from casework.injection.engines.grouped.rebuild_groups import RebuildGroupsEngine
from casework.injection.engines.opsets import BITWISE, raised
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.engines.segments import SegmentsEngine
from casework.injection.engines.sparse_xor import SparseXorEngine
from casework.injection.faults.checking import fault_tensor
from casework.injection.faults.fault_list import OPS, FaultList, concat
from casework.injection.faults.generate import Recipe, generate
from casework.injection.faults.groups import GroupRecipe, generate_groups, group_bounds, group_rows
from casework.injection.faults.models import FaultModel
from casework.injection.network.golden import Golden
from casework.injection.network.network import Network, prepare
from doubles import injection_models as models

SAMPLES = 5
NETS = {
    "mlp": lambda: models.mlp(16), "lenet": models.lenet, "residual": models.residual, "qdq": models.quantised,
    "qoperator": lambda: models.quantised("QOperator"), "recurrent": models.recurrent, "shapes": models.shape_carrying,
}  # fmt: skip


@lru_cache
def prepared(net: str) -> tuple[Network, Golden]:
    content = NETS[net]() if net in NETS else integer_net()
    graph = onnx.load_from_string(content).graph
    shape = [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim][1:]
    inputs = {graph.input[0].name: models.images(SAMPLES, tuple(shape))}
    network = prepare(content, net, inputs=inputs)
    return network, Golden(network, inputs)


class Keeper:
    """A judge that keeps what it is shown; the flag of a prediction is its number, from 1."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, list[bytes]]] = []
        self.rows: list[list[Any]] = []

    def __call__(self, outputs: Any, samples: Any) -> Any:
        for number, sample in enumerate(samples.tolist()):
            self.shown.append((sample, [np.ascontiguousarray(rows[number]).tobytes() for rows in outputs]))
            self.rows.append([rows[number] for rows in outputs])
        return np.arange(len(self.shown) - len(samples) + 1, len(self.shown) + 1).astype(np.uint16)


def drawn(
    network: Network, which: str, mode: Any, fault: FaultModel | None = None, count: int = 6, **how: Any
) -> FaultList:
    targets = [t for t in network.targets if which == "all" or t.stored == (which == "stored")]
    recipe = Recipe(network.sha256, tuple(map(fault_tensor, targets)), fault or FaultModel(), samples=SAMPLES, seed=1)
    return generate_groups(GroupRecipe(recipe, mode, operators=tuple(t.operator for t in targets), **how), range(count))


def outputs_of(engine: Any, faults: FaultList) -> tuple[Keeper, list[int]]:
    bounds = group_bounds(faults)
    group, sample = group_rows(faults, bounds, SAMPLES)
    keeper = Keeper()
    return keeper, engine.run_groups(faults, bounds, group, sample, keeper).tolist()


def assert_same(engine: Any, faults: FaultList, net: str) -> None:
    wanted, order = outputs_of(RebuildGroupsEngine(*prepared(net)), faults)
    found, flags = outputs_of(engine, faults)
    for right, given in zip(order, flags, strict=True):
        assert (right == 0) == (given == 0)
        if right:
            assert found.shown[given - 1] == wanted.shown[right - 1]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine])
def test_computed_values_are_struck_as_the_oracle_strikes_them(net: str, kind: Any) -> None:
    network, golden = prepared(net)
    engine = kind(network, golden)
    faults = drawn(network, "computed", "error_rate", rate=2e-3)
    assert engine.refusal_of_groups(faults) == ""
    assert engine.exactness_for(faults) == "bit-exact"
    assert_same(engine, faults, net)
    faults = drawn(network, "computed", "dynamic_instance")
    assert_same(engine, faults, net)


@pytest.mark.parametrize(
    "model",
    [FaultModel("stuck_at_0"), FaultModel("stuck_at_1"), FaultModel("set", value=-3.0), FaultModel("multi")],
    ids=lambda m: m.kind,
)
def test_every_operation_on_bit_patterns(model: FaultModel) -> None:
    network, golden = prepared("mlp")
    faults = drawn(network, "computed", "amount", model, amount=20)
    for kind in (SparseXorEngine, SegmentsEngine):
        engine = kind(network, golden)
        assert engine.refusal_of_groups(faults) == ""
        assert_same(engine, faults, "mlp")


def test_what_acts_on_values_is_left_to_the_pieces() -> None:
    network, golden = prepared("lenet")
    faults = drawn(network, "computed", "amount", FaultModel("fixed_point"), amount=9)
    assert (
        SparseXorEngine(network, golden).refusal_of_groups(faults)
        == "the operation fixed_xor does not act on bit patterns"
    )
    assert_same(SegmentsEngine(network, golden), faults, "lenet")


@pytest.mark.parametrize("net", ["qdq", "qoperator"])
@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine])
def test_stored_integers_are_struck_exactly(net: str, kind: Any) -> None:
    network, golden = prepared(net)
    faults = drawn(network, "all", "error_rate", rate=1e-3)
    weights = [t.name for t in network.targets if t.stored and t.dtype == "int8"]
    hit = [f for f in range(len(faults)) if faults.tensors[faults.tensor[f]].name in weights]
    assert hit
    assert_same(kind(network, golden), faults.take(np.array(hit)), net)


@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine])
def test_stored_and_computed_together_agree_to_rounding(kind: Any) -> None:
    network, golden = prepared("lenet")
    engine = kind(network, golden)
    faults = drawn(network, "all", "amount", FaultModel(bits=(20, 22, 31)), amount=40, count=8)
    assert engine.exactness_for(faults) == "rounding"
    wanted, order = outputs_of(RebuildGroupsEngine(network, golden), faults)
    found, flags = outputs_of(engine, faults)
    for right, given in zip(order, flags, strict=True):
        assert np.allclose(found.rows[given - 1][0], wanted.rows[right - 1][0], rtol=1e-4, atol=1e-5)
    again, _ = outputs_of(engine, faults)
    assert again.shown == found.shown


@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine])
def test_a_stored_fault_that_moves_nothing_gives_the_golden_outputs(kind: Any) -> None:
    network, golden = prepared("lenet")
    faults = drawn(network, "stored", "amount", FaultModel("stuck_at_0", bits=(0,)), amount=1, count=1)
    values = next(
        numpy_helper.to_array(v)
        for v in network.proto.graph.initializer
        if v.name == faults.tensors[faults.tensor[0]].name
    )
    same = int(values.reshape(-1)[faults.index[0]].view(np.uint32))
    still = FaultList(
        faults.model,
        faults.tensors,
        faults.ids,
        faults.tensor,
        faults.starts,
        faults.index,
        np.array([same], np.uint64),
        np.array([OPS.index("set")], np.uint8),
        faults.sample,
        faults.group,
    )
    found, flags = outputs_of(kind(network, golden), still)
    assert found.shown[flags[0] - 1][1] == [rows[faults.sample[0]].tobytes() for rows in golden.outputs]


@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine, RebuildGroupsEngine])
def test_a_group_without_a_site_is_not_run(kind: Any) -> None:
    network, golden = prepared("mlp")
    faults = drawn(network, "computed", "error_rate", rate=1e-9)
    assert len(faults.index) == 0
    keeper, flags = outputs_of(kind(network, golden), faults)
    assert flags == [0] * 6
    assert keeper.shown == []


def test_two_faults_at_one_element_strike_in_their_order() -> None:
    network, golden = prepared("mlp")
    target = network.target("h")
    recipe = Recipe(network.sha256, (fault_tensor(target),), FaultModel("set", value=2.0), samples=SAMPLES)
    first, second = (
        generate(recipe, range(1)),
        generate(Recipe(network.sha256, recipe.tensors, samples=SAMPLES), range(1)),
    )
    both = concat(
        [
            first,
            FaultList(
                second.model,
                second.tensors,
                second.ids + 1,
                second.tensor,
                second.starts,
                first.index,
                np.array([1 << 31], np.uint64),
                second.op,
                first.sample,
                first.group,
            ),
        ]
    )
    assert SparseXorEngine(network, golden).refusal_of_groups(both) == "two faults of a group hit the same element"
    assert_same(SegmentsEngine(network, golden), both, "mlp")
    minus = FaultList(
        first.model,
        first.tensors,
        first.ids,
        first.tensor,
        first.starts,
        first.index,
        np.array([0xC0000000], np.uint64),
        first.op,
        first.sample,
        first.group,
    )
    found, _ = outputs_of(SegmentsEngine(network, golden), both)
    alone, _ = outputs_of(SparseXorEngine(network, golden), minus)
    assert found.shown == alone.shown


@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine])
@pytest.mark.parametrize("name", ["x", "r1", "c2", "logits"])
def test_single_faults_are_those_of_the_rebuilt_graph(kind: Any, name: str) -> None:
    network, golden = prepared("lenet")
    target = network.target(name)
    faults = generate(Recipe(network.sha256, (fault_tensor(target),), samples=SAMPLES, seed=4), range(12))
    engine, oracle = kind(network, golden), RebuildEngine(network, golden)
    assert engine.refusal(target, faults) == ""
    keepers = Keeper(), Keeper()
    flags = [
        e.run(target, faults, np.arange(12), faults.sample, k) for e, k in zip((engine, oracle), keepers, strict=True)
    ]
    for given, right in zip(*flags, strict=True):
        assert keepers[0].shown[given - 1] == keepers[1].shown[right - 1]


def integer_net() -> bytes:
    """x [n, 4] -> Gemm -> Relu -> Gemm, all whole numbers, so that numpy computes the same bits."""
    generator = np.random.default_rng(0)
    weights = {
        name: generator.integers(-4, 5, shape).astype(np.float32) for name, shape in (("a", (4, 6)), ("b", (6, 3)))
    }
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["y"]),
    ]
    infos = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["n", size]) for n, size in (("x", 4), ("y", 3))]
    graph = helper.make_graph(
        nodes, "integers", infos[:1], infos[1:], [numpy_helper.from_array(v, k) for k, v in weights.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.mark.parametrize("kind", [SparseXorEngine, SegmentsEngine, RebuildGroupsEngine])
def test_sites_at_three_tensors_are_what_numpy_computes(kind: Any) -> None:
    network, golden = prepared("integers")
    weights = {v.name: numpy_helper.to_array(v) for v in network.proto.graph.initializer}
    targets = [network.target(name) for name in ("x", "a", "h", "r")]
    sites = {"x": (2, 7.0), "a": (5, -3.0), "h": (1, 9.0), "r": (4, 11.0)}
    value = {name: int(np.array([v], np.float32).view(np.uint32)[0]) for name, (_, v) in sites.items()}
    faults = FaultList(
        network.sha256, tuple(map(fault_tensor, targets)), np.arange(4), np.arange(4, dtype=np.int32), np.arange(5),
        np.array([sites[t.name][0] for t in targets]), np.array([value[t.name] for t in targets], np.uint64),
        np.full(4, OPS.index("set"), np.uint8), np.full(4, 3), np.zeros(4, np.int64),
    )  # fmt: skip
    x = golden.inputs["x"][3].copy()
    x[2] = 7
    a = weights["a"].copy()
    a.reshape(-1)[5] = -3
    h = np.round(x @ a, 12)
    h[1] = 9
    r = np.maximum(h, 0)
    r[4] = 11
    found, flags = outputs_of(kind(network, golden), faults)
    assert np.allclose(found.rows[flags[0] - 1][0], r @ weights["b"], rtol=1e-6)
    assert not np.allclose(golden.outputs[0][3], r @ weights["b"], rtol=1e-3)


def test_sites_are_sorted_to_tensors_rows_and_turns() -> None:
    network, _ = prepared("mlp")
    faults = drawn(network, "computed", "amount", amount=30, count=4)
    bounds = group_bounds(faults)
    group = np.array([2, 0, 2])
    hits = hits_of(faults, bounds, group)
    found = sorted(
        (number, row, index)
        for number, h in hits.items()
        for row, index in zip(h.row.tolist(), h.index.tolist(), strict=True)
    )
    wanted = sorted(
        (int(faults.tensor[f]), row, int(site))
        for row, g in enumerate(group) for f in range(bounds[g], bounds[g + 1])
        for site in faults.index[faults.starts[f] : faults.starts[f + 1]]
    )  # fmt: skip
    assert found == wanted
    assert all(not h.turn.any() for h in hits.values())


def test_the_operator_set_is_raised_only_where_all_stays() -> None:
    network, _ = prepared("lenet")
    higher = raised(network.proto, BITWISE)
    assert higher is not None
    assert {o.domain: o.version for o in higher.opset_import}[""] == BITWISE
    assert {o.domain: o.version for o in network.proto.opset_import}[""] < BITWISE
    old = helper.make_model(
        helper.make_graph(
            [helper.make_node("Softmax", ["x"], ["y"])], "old",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2, 3, 4])], [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2, 3, 4])],
        ), opset_imports=[helper.make_opsetid("", 11)], ir_version=6,
    )  # fmt: skip
    converted = raised(old, BITWISE)
    assert converted is not None
    # Before operator set 13, Softmax took all axes from 1 on as one.
    assert [n.op_type for n in converted.graph.node] == ["Shape", "Flatten", "Softmax", "Reshape"]
    alien = helper.make_model(
        helper.make_graph([helper.make_node("Upsample", ["x"], ["y"], mode="nearest", scales=[1.0, 2.0])], "old", [], []),
        opset_imports=[helper.make_opsetid("", 7)], ir_version=6,
    )  # fmt: skip
    assert raised(alien, BITWISE) is None


def test_a_split_in_equal_parts_is_told_their_number() -> None:
    nodes = [helper.make_node("Split", ["x"], ["a", "b"], axis=1), helper.make_node("Sub", ["a", "b"], ["y"])]
    infos = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["n", size]) for n, size in (("x", 8), ("y", 4))]
    content = helper.make_model(
        helper.make_graph(nodes, "split", infos[:1], infos[1:]),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    ).SerializeToString()
    inputs = {"x": models.images(SAMPLES, (8,))}
    network = prepare(content, "split", inputs=inputs)
    engine = SparseXorEngine(network, Golden(network, inputs))
    faults = drawn(network, "computed", "amount", amount=3)
    assert engine.refusal_of_groups(faults) == ""


@pytest.mark.parametrize("engine", [SparseXorEngine, SegmentsEngine])
def test_groups_that_an_engine_refuses_by_themselves_are_handed_on(engine, monkeypatch):
    """A canary asks for one tensor of a list that was taken as a whole."""
    from doubles.foreign_graphs import GRAPHS
    from doubles.injection_faults import Fingerprints, flips

    graph = GRAPHS["attention_operator"]()
    network = prepare(graph.model, "net", inputs=graph.inputs)
    golden = Golden(network, graph.inputs)
    faults = flips(network, "q", 5, 6)
    made = engine(network, golden)
    monkeypatch.setattr(made, "refusal_of_groups", lambda _: "rounds differently")
    call = (faults, np.arange(6), np.arange(5), faults.sample, Fingerprints(golden))
    assert list(made.run_groups(*call)) == list(RebuildGroupsEngine(network, golden).run_groups(*call))
