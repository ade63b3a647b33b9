"""The golden run: checked, bit-equal to one sample at a time, within its memory."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from casework.injection.network.sessions import open_session
from casework.injection.problem import InjectionProblem
from doubles.injection_models import ALL, images, lenet, mlp, residual


def made(name, count=6, **settings):
    make, shape = ALL[name]
    inputs = {"x": images(count, shape)}
    network = prepare(make(), name, inputs=inputs)
    return network, Golden(network, inputs, **settings)


@pytest.mark.parametrize("name", sorted(ALL))
def test_outputs_equal_those_of_one_sample_at_a_time(name):
    network, golden = made(name, 40)
    session = open_session(network.content, level=network.level)
    for sample in (0, 17, 39):
        alone = session.run([port.name for port in network.outputs], golden.feed(np.array([sample])))
        for values, port, all_values in zip(alone, network.outputs, golden.outputs, strict=True):
            assert port.layout.to_rows(values).tobytes() == all_values[[sample]].tobytes()


def test_a_small_budget_gives_the_same_values_as_a_large_one():
    network, large = made("residual")
    small = Golden(network, {"x": large.inputs["x"]}, budget=20_000)
    samples = np.array([3, 1, 1, 5])
    for target in network.targets:
        if not target.stored:
            wanted = large.values([target.name], samples)[target.name]
            assert small.values([target.name], samples)[target.name].tobytes() == wanted.tobytes()
    assert sum(table.nbytes for table, _ in small._tables.values()) < 200_000


def test_elements_and_tiles_are_those_of_the_values():
    _, golden = made("lenet")
    values = golden.values(["c2"], np.arange(6))["c2"].reshape(6, -1)
    assert (golden.elements("c2", np.array([1, 4]), np.array([7, 900])) == [values[1, 7], values[4, 900]]).all()
    assert (golden.tile(["c2"], 3, 4)["c2"].reshape(4, -1) == values[3]).all()


def test_values_are_copies():
    _, golden = made("mlp")
    golden.values(["h"], np.arange(3))["h"][...] = 7
    assert not (golden.values(["h"], np.arange(3))["h"] == 7).any()


def test_the_deployed_session_decides_alike():
    for name in ("lenet", "qdq", "residual"):
        agreement = made(name)[1].agreement_with_deployed()
        assert agreement.samples == 6
        assert agreement.flips == 0
        assert agreement.largest < 1e-5


def test_a_nan_without_a_fault_is_refused():
    inputs = {"x": images(3, (784,))}
    inputs["x"][1, 5] = np.nan
    network = prepare(mlp(), "mlp")
    with pytest.raises(InjectionProblem, match="is NaN for sample 1"):
        Golden(network, inputs)


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        ({"x": images(3, (1, 28, 28))}, "has the shape|have the shape"),
        ({"x": images(3, (1, 32, 32)).astype(np.float16)}, "data are float16"),
        ({"x": images(0, (1, 32, 32)) if False else np.zeros((0, 1, 32, 32), np.float32)}, "samples"),
        ({"z": images(3, (1, 32, 32))}, "no input z"),
        ({}, "input x that is not given"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, match):
    with pytest.raises(InjectionProblem, match=match):
        Golden(prepare(lenet(), "lenet"), inputs)


def test_a_graph_of_one_sample_at_a_time_runs_so():
    network = prepare(residual(), "residual")
    assert network.batch == 0
    assert Golden(network, {"x": images(2, (3, 16, 16))}).together > 1
