"""Figures that contradict themselves, each other, or what their metric can be."""

from __future__ import annotations

import pytest
from sealed import GOOD, NEAR, found_in, rate, world

from casework.model.result import Metric

LATER = "2026-02-03T00:00:00Z"
FAR = "distance=far"


def ratio(name: str, value: float, **given: object) -> Metric:
    return Metric.model_validate(
        {"name": name, "value": value, "unit": "ratio", "confidence": 0.95, "method": "bootstrap"} | given
    )


CASES = {
    "NUM-001 more events than trials": ((Metric(name="precision", value=1.0, unit="ratio", n=10, k=11),), "NUM-001"),
    "NUM-001 the value is not k of n": ((Metric(name="precision", value=0.992, unit="ratio", n=1000, k=971),), "NUM-001"),
    "NUM-001 events of no trial": ((Metric(name="precision", value=0.5, unit="ratio", n=0, k=1),), "NUM-001"),
    "NUM-001 rate an image": ((Metric(name="fppi", value=0.5, unit="1/image", n=100, k=120),), "NUM-001"),
    "more events than images": ((Metric(name="fppi", value=1.2, unit="1/image", n=100, k=120),), None),
    "NUM-002 above its interval": ((ratio("map50", 0.99, ci_low=0.95, ci_high=0.97),), "NUM-002"),
    "NUM-002 interval upside down": ((ratio("map50", 0.96, ci_low=0.97, ci_high=0.95),), "NUM-002"),
    "on the edge of its interval": ((ratio("map50", 1.0, ci_low=0.95, ci_high=1.0),), None),
    "NUM-003 percent for a ratio": ((ratio("map50", 97.1),), "NUM-003"),
    "NUM-003 absurd": ((ratio("map50", 1e308),), "NUM-003"),
    "NUM-003 negative": ((Metric(name="fppi", value=-0.1, unit="1/image"),), "NUM-003"),
    "NUM-003 other unit": ((Metric(name="map50", value=0.9, unit="pp"),), "NUM-003"),
    "a metric that the catalogue does not have": ((Metric(name="own_metric", value=99.0, unit="ratio"),), None),
    "NUM-004 misses and finds": ((rate("recall", 300, 500, FAR), rate("fnr", 205, 500, FAR)), "NUM-004"),
    "misses and finds add up": ((rate("recall", 490, 500, FAR), rate("fnr", 10, 500, FAR)), None),
    "NUM-005 slice beyond the whole": ((rate("recall", 1133, 1156, FAR),), "NUM-005"),
    "NUM-005 parts beyond the whole": ((rate("recall", 600, 656, FAR),), "NUM-005"),
    "NUM-005 parts short of the whole": ((rate("recall", 300, 344, FAR),), "NUM-005"),
    "parts of a metric whose trials need not have a place": (
        (rate("precision", 900, 1000), rate("precision", 400, 450, NEAR), rate("precision", 300, 344, FAR)), None
    ),
    "NUM-006 twice": ((rate("precision", 98, 100), rate("precision", 91, 100)), "NUM-006"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_figures_of_one_record(name: str) -> None:
    more, code = CASES[name]
    w = world()
    w.seal("EV-1", (*GOOD["EV-1"], *more), started=LATER)
    assert found_in(w) == ([f"{code} EV-1"] if code else [])


def test_a_judged_figure_given_twice_is_reported_once() -> None:
    w = world()
    w.seal("EV-1", (*GOOD["EV-1"], rate("recall", 999, 1000)), started=LATER)
    assert found_in(w) == ["NUM-006 EV-1"]


@pytest.mark.parametrize(("found", "code"), [(970, []), (950, ["NUM-007 EV-3"])])
def test_figures_of_two_records(found: int, code: list[str]) -> None:
    w = world()
    w.more = "- {type: evidence, id: EV-3, generator: validation, subject: MC-1, data: DS-V, split: test, seed: 1, verifies: [REQ-1]}\n"
    w.seal("EV-1", (rate("recall", 980, 1000), GOOD["EV-1"][1]), started=LATER)
    w.seal("EV-3", (rate("recall", found, 1000),))
    assert found_in(w) == code


def test_figures_of_two_models_may_differ() -> None:
    w = world()
    w.more = "- {type: evidence, id: EV-3, generator: validation, subject: MC-F, data: DS-V, split: test, verifies: [REQ-1]}\n"
    w.seal("EV-3", (rate("recall", 940, 1000),))
    assert found_in(w) == []


@pytest.mark.parametrize(("target", "code"), [("activations", []), ("weights", ["NUM-007 EV-4"])])
def test_figures_of_other_faults_may_differ(target: str, code: list[str]) -> None:
    """What is hit is an option: weights and activations of one model have figures of their own, and weights have one."""
    w = world()
    more = "- {{type: evidence, id: EV-{}, generator: fault-injection, subject: MC-1, data: DS-V, split: test, seed: {}, options: {{target: {}}}, verifies: [REQ-1]}}\n"
    w.more = more.format(3, 1, "weights") + more.format(4, 2, target)
    w.seal("EV-3", (rate("sdc_rate", 2, 1000),), options={"target": "weights"})
    w.seal("EV-4", (rate("sdc_rate", 40, 1000),), options={"target": target})
    assert [f for f in found_in(w) if f.startswith("NUM")] == code
