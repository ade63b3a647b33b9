"""Two records give figures of the same thing that cannot both be near the truth.

## What it does
Compares the figures that several current records of one generator give for the same model, data, split, metric and
slice: each estimate lies outside the other's interval at 95 %.

## Why it matters
Both are judged, so no bound is missed by it. But something differs that neither figure tells: the options, or the run.

## Bad
EV-1 gives `recall` 0.98 [0.969, 0.988] and EV-2 gives 0.91 [0.891, 0.927].

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
- type: evidence
  id: EV-2
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
  seed: 1
```

## Good
EV-1 gives `recall` 0.98 [0.969, 0.988] and EV-2 gives 0.975 [0.963, 0.984].

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
- type: evidence
  id: EV-2
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
  seed: 1
```

## References
Clopper and Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.interval import lower_bound, upper_bound
from casework.model.result import Metric
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-007",
    "contradicting-evidence",
    "warning",
    "Find out in what the two runs differ; give the figure of one, or say why both hold.",
    "assessment",
)


_Place = tuple[str, ...]
_Figure = tuple[float, float | None, float | None]
"""Point estimate and limits."""


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each pair of figures that contradict each other, at the later key."""
    seen: dict[_Place, dict[_Figure, str]] = {}
    for key, record in records.current(assessment):
        digests = record.digests
        split = str(assessment.case.data(key).get("split"))
        # What of a model is hit, and how, is told by the options of fault injection: other options, another figure.
        options = str(assessment.case.data(key).get("options")) if record.generator.name == "fault-injection" else ""
        run = (record.generator.name, digests.get("model", ""), digests.get("data", ""), split, options)
        for metric in record.metrics:
            # Equal figures are compared once, however many records give them.
            known = seen.setdefault((*run, metric.name, metric.slice), {})
            figure = (metric.value, *_interval(metric))
            if figure in known:
                continue
            for other, by in known.items():
                if by != key and _outside(figure, other) and _outside(other, figure):
                    told = f"{other[0]:.6g} by {by} and {figure[0]:.6g} by {key}"
                    yield RULE.at(key, (), f"{records.figure(metric)} of one model is {told}")
            known[figure] = key


def _outside(figure: _Figure, other: _Figure) -> bool:
    _value, low, high = other
    return low is not None and high is not None and not low <= figure[0] <= high


def _interval(metric: Metric) -> tuple[float | None, float | None]:
    if metric.unit == "ratio" and metric.k is not None and metric.n and metric.k <= metric.n:
        return lower_bound(metric.k, metric.n, 0.975), upper_bound(metric.k, metric.n, 0.975)
    return metric.ci_low, metric.ci_high
