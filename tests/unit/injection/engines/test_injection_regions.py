"""Windows on axes and planes, the order of sums, and the way through a graph, each against a plain reckoning."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.injection.engines.regions.finish import insert
from casework.injection.engines.regions.graph import GraphView
from casework.injection.engines.regions.plan import plan_for
from casework.injection.engines.regions.products import block_depth, grouping, like_columns
from casework.injection.engines.regions.windows import Backdrop, Patch, Reach, boxes, differing, paste
from casework.injection.network.network import prepare
from doubles import injection_models as models


@st.composite
def reaches(draw: st.DrawFn) -> Reach:
    kernel, stride, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    pad, behind = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    span = (kernel - 1) * dilation + 1
    inside = draw(st.integers(max(1, span - pad - behind), 24))
    outside = (inside + pad + behind - span) // stride + 1
    return Reach(kernel, stride, pad, dilation, inside, outside)


@given(reaches(), st.data())
@settings(max_examples=200)
def test_a_window_holds_all_outputs_that_read_it(reach: Reach, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, reach.inside))
    first = data.draw(st.integers(0, reach.inside - size))
    reading = {
        output
        for output in range(reach.outside)
        for tap in range(reach.kernel)
        if first <= output * reach.stride - reach.pad + tap * reach.dilation < first + size
    }
    length = reach.length(size)
    origin = int(reach.origin(np.array([first]), length)[0])
    assert origin >= 0
    assert origin + length <= reach.outside
    assert reading <= set(range(origin, origin + length))


@given(reaches(), st.integers(1, 5))
def test_what_outputs_read_is_the_span_of_their_taps(reach: Reach, size: int) -> None:
    read = {output * reach.stride + tap * reach.dilation for output in range(size) for tap in range(reach.kernel)}
    assert reach.read(size) == max(read) + 1


def patches(rows: int = 7, size: tuple[int, int] = (2, 3), plane: tuple[int, int] = (9, 8)) -> Patch:
    generator = np.random.default_rng(1)
    values = generator.standard_normal((4, *size, rows)).astype(np.float32)
    return Patch(
        values, generator.integers(0, plane[0] - size[0] + 1, rows), generator.integers(0, plane[1] - size[1] + 1, rows)
    )


@pytest.mark.parametrize("samples", [1, 3])
def test_golden_windows_are_cut_where_they_lie_with_filling_beyond(samples: int) -> None:
    golden = np.random.default_rng(0).standard_normal((samples, 4, 9, 8)).astype(np.float32)
    backdrop = Backdrop(samples, lambda _, slot: golden[slot])
    slot, top, left = np.arange(6) % samples, np.array([-2, 0, 3, 6, 8, -1]), np.array([-1, 0, 4, 6, -3, 7])
    found = backdrop.windows("t", slot, top, left, (4, 5), -7.0)
    padded = np.pad(golden, ((0, 0), (0, 0), (5, 5), (5, 5)), constant_values=-7.0)
    for row in range(6):
        wanted = padded[slot[row], :, top[row] + 5 : top[row] + 9, left[row] + 5 : left[row] + 10]
        assert np.array_equal(found[..., row], wanted)
    assert np.array_equal(
        backdrop.windows("t", slot, np.zeros(6, int), np.zeros(6, int), (9, 8))[..., 2], golden[slot[2]]
    )


@pytest.mark.parametrize("shift", [(-2, -1), (0, 0), (-3, -3), (1, 1)])
def test_pasting_leaves_away_what_falls_outside(shift: tuple[int, int]) -> None:
    patch = patches()
    window = np.zeros((4, 4, 4, 7), np.float32)
    top, left = patch.top + shift[0], patch.left + shift[1]
    top[3] -= 1
    paste(window, patch, top, left)
    for row in range(7):
        plane = np.zeros((4, 30, 30), np.float32)
        down, right = 10 + patch.top[row], 10 + patch.left[row]
        plane[:, down : down + 2, right : right + 3] = patch.values[..., row]
        assert np.array_equal(
            window[..., row], plane[:, 10 + top[row] : 14 + top[row], 10 + left[row] : 14 + left[row]]
        )


@pytest.mark.parametrize("size", [(2, 3), (9, 8), (8, 8)])
@pytest.mark.parametrize("channels", [4, 64])
def test_windows_are_put_into_whole_tensors(size: tuple[int, int], channels: int) -> None:
    patch = patches(size=size)
    patch = Patch(np.tile(patch.values, (channels // 4, 1, 1, 1)), patch.top, patch.left)
    golden = np.random.default_rng(2).standard_normal((7, channels, 9, 8)).astype(np.float32)
    rows = golden.copy()
    insert(rows, patch)
    for row in range(7):
        wanted = golden[row].copy()
        wanted[:, patch.top[row] : patch.top[row] + size[0], patch.left[row] : patch.left[row] + size[1]] = (
            patch.values[..., row]
        )
        assert np.array_equal(rows[row], wanted)


def test_boxes_and_smaller_windows_hold_what_differs() -> None:
    golden = np.zeros((2, 5, 6, 3), np.float32)
    values = golden.copy()
    values[1, 2, 3, 0] = 1.0
    values[0, 0, 5, 1] = values[1, 4, 0, 1] = np.nan
    values[:, 1, 1, 2] = -0.0
    mask = differing(values, golden)
    top, left, height, width = boxes(mask)
    assert (top.tolist(), left.tolist(), height.tolist(), width.tolist()) == (
        [2, 0, 1],
        [3, 0, 1],
        [1, 5, 1],
        [1, 6, 1],
    )
    patch = Patch(values, np.array([10, 20, 30]), np.array([1, 2, 3]))
    small = patch.within(np.array([2, 1]), np.array([3, 0]), (2, 2), np.array([0, 2]))
    assert (small.top.tolist(), small.left.tolist(), small.size) == ([12, 31], [4, 3], (2, 2))
    assert np.array_equal(small.values[..., 0], values[:, 2:4, 3:5, 0])
    assert np.array_equal(small.values[..., 1], values[:, 1:3, 0:2, 2])


@given(st.integers(1, 300), st.integers(1, 6000))
def test_as_many_columns_as_are_allowed_add_up_alike(columns: int, depth: int) -> None:
    first, last = like_columns(columns, depth)
    assert first <= columns <= (last or columns)
    for count in range(first, (last or 400) + 1):
        assert block_depth(count, depth) == block_depth(columns, depth)


@given(st.integers(1, 200), st.integers(1, 60), st.sampled_from([(2, 16), (17, 32), (33, 64), (65, None), (2, None)]))
def test_windows_are_spread_over_products_of_allowed_width(
    rows: int, outputs: int, limits: tuple[int, int | None]
) -> None:
    fewest, most = limits
    if most is not None and outputs > most:
        return
    products, each = grouping(rows, outputs, limits)
    assert products * each >= rows
    assert fewest <= each * outputs
    assert most is None or each * outputs <= most


@lru_cache
def residual() -> GraphView:
    return GraphView(prepare(models.residual(), "residual", inputs={"x": models.images(2, (3, 16, 16))}))


def test_a_way_ends_at_what_windows_cannot_pass() -> None:
    graph = residual()
    plan = plan_for(graph, "x")
    assert plan.frontiers[0] == ("x",)
    assert len(plan.frontiers[-1]) == 1
    assert [graph.nodes[p].op_type for p in plan.left(len(plan.steps))] == ["GlobalAveragePool", "Flatten", "Gemm"]
    assert any(len(frontier) == 2 for frontier in plan.frontiers)
    assert all(later <= earlier for earlier, later in zip(plan.rest, plan.rest[1:], strict=False))


def test_the_choice_between_windows_and_the_whole_rests_on_a_fixed_model() -> None:
    plan = plan_for(residual(), "x")
    assert plan.goes_on(0, {"x": (1, 1)})
    assert not plan.goes_on(len(plan.steps), {plan.frontiers[-1][0]: (1, 1)})
    assert plan.best(0, {"x": (1, 1)}) <= plan.best(0, {"x": (5, 5)}) <= plan.leave(0)
    again = plan_for(residual(), "x")
    assert [again.best(0, {"x": (k, k)}) for k in range(1, 17)] == [plan.best(0, {"x": (k, k)}) for k in range(1, 17)]
