"""Remaining time is told from what this run has done, and not from what it went on with."""

from __future__ import annotations

from casework.compute import Pace


def test_what_was_resumed_makes_nothing_faster() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.remaining(900, 1000) is None, "900 were kept: there is no pace yet"
    now[0] = 10.0
    assert pace.remaining(910, 1000) == 90.0, "10 in 10 s, and not 910 in 10 s"


def test_a_task_that_begins_anew_has_a_pace_of_its_own() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.remaining(0, 100)
    now[0] = 1.0
    assert pace.remaining(100, 100) == 0.0
    now[0] = 50.0
    assert pace.remaining(0, 100) is None, "the next stage"
    now[0] = 52.0
    assert pace.remaining(20, 100) == 8.0
    assert pace.remaining(30, 400) is None, "another total"
    now[0] = 53.0
    assert pace.remaining(40, 400) == 36.0
