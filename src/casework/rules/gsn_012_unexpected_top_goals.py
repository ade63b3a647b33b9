"""The argument has more or fewer top goals than the project says.

## What it does
Counts the goals that nothing rests on and compares the number with `top_goals` of `casework.yaml`, where it is set.
Left out are challengers, goals that other modules rely on, and goals that argue confidence.

## Why it matters
A second top goal is often a goal whose link upwards was lost: it is argued well, and nothing depends on it.

## Bad
This rule needs `casework.yaml`, so the example has no test of its own page: `top_goals: 1`, and two goals that
nothing names.

## Good
`top_goals: 1`, and one goal that nothing names.

## References
GSN v3 glossary (`top goal`), 2:7.4.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules.gsn_argument import top_goals
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-012",
    "unexpected-top-goals",
    "error",
    "Link the goals that belong together, or mend `top_goals` in casework.yaml.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding if the number of top goals is not the expected one."""
    expected = assessment.project.top_goals
    if expected is None:
        return
    found = top_goals(assessment.case)
    if len(found) > expected:
        message = f"the argument has {len(found)} top goals, {', '.join(found)}; casework.yaml says {expected}"
        yield RULE.at(found[-1], (), message)
    elif len(found) < expected:
        message = (
            f"the argument has {len(found)} top goals ({', '.join(found) or 'none'}); casework.yaml says {expected}"
        )
        yield replace(RULE.at("", ("top_goals",), message), file="casework.yaml")
