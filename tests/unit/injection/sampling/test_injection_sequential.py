from __future__ import annotations

import numpy as np
import pytest

from casework.injection.sampling.sequential import look, looks_of


def test_looks_are_where_the_plan_says_and_nowhere_else():
    plan = looks_of(1200, 0.01)
    assert plan.totals == (500, 1000, 1200)
    with pytest.raises(ValueError, match="no look after 700"):
        look(plan, np.zeros(700))


def test_a_wide_interval_goes_on_and_a_narrow_one_stops():
    plan = looks_of(2000, 0.02)
    wide = look(plan, np.arange(500) % 2)
    assert (wide.reached, wide.total) == (False, 1000)
    narrow = look(plan, np.zeros(500))
    assert (narrow.reached, narrow.total) == (True, None)
    end = look(plan, np.arange(2000) % 2)
    assert (end.reached, end.total) == (False, None)


def test_faults_with_several_inputs_are_clusters():
    plan = looks_of(2000, 0.02)
    agree = np.where(np.arange(500) % 5 == 0, 10, 0)
    assert look(plan, agree, inputs=10).estimate.half_width == pytest.approx(
        look(plan, agree // 10).estimate.half_width, rel=0.01
    )


@pytest.mark.parametrize(("most", "half_width", "step"), [(0, 0.1, 5), (5, 0, 5), (5, 0.1, 0)])
def test_plans_of_nonsense_are_refused(most, half_width, step):
    with pytest.raises(ValueError, match="no looks"):
        looks_of(most, half_width, step=step)


def test_stopping_by_width_keeps_the_coverage():
    rng = np.random.default_rng(0)
    plan, p, held, sizes = looks_of(40_000, 0.002), 0.0093, 0, []
    for _ in range(400):
        events = rng.random(40_000) < p
        total = plan.totals[0]
        while total is not None:
            found = look(plan, events[:total])
            sizes.append(total) if found.total is None else None
            total = found.total
        held += found.estimate.low <= p <= found.estimate.high
        assert found.reached
    assert held / 400 >= 0.925
    assert np.mean(sizes) == pytest.approx(9000, rel=0.05)
