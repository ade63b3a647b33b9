"""t-way coverage of an operational design domain: which combinations of t dimensions hold items.

A combination of t values is possible if some full assignment of the domain that no exclusion matches contains it.
Coverage is the share of possible combinations that hold at least one item (Kuhn, Kacker, Lei, Practical Combinatorial
Testing, NIST SP 800-142, 2010).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from casework.generators.dataset.inspection import Entry
from casework.generators.protocol import GeneratorProblem
from casework.generators.record import Finds, census, table
from casework.generators.slices import excluded
from casework.model.hazard import Odd

FULL_LIMIT: Final = 200_000
"""Assignments that are enumerated to decide what is possible; beyond, only what one exclusion matches is impossible."""

Combination = tuple[tuple[str, str], ...]


def odd_coverage(odd: Odd, subject: Sequence[Entry], options: dict[str, Any], finds: Finds) -> None:
    """Fill in tway_coverage, min_support and the table of uncovered and ill-supported combinations.

    Raises:
        GeneratorProblem: Nothing in the domain is possible.
    """
    t = min(options["t"], len(odd.dimensions))
    if t < options["t"]:
        finds.limitations.append(f"The ODD has {t} dimensions, so they were taken {t} together, not {options['t']}.")
    inside, outside, unknown = _classified(odd, subject)
    support = tway_support(odd, inside, t)
    if not support:
        raise GeneratorProblem("the exclusions leave nothing of the ODD", "Mend the exclusions.")
    covered = sum(v > 0 for v in support.values())
    finds.metrics.append(census("tway_coverage", covered / len(support), n=len(support), k=covered))
    finds.metrics.append(census("min_support", min(support.values()), n=len(support)))
    weak = sorted((v, c) for c, v in support.items() if v < options["min_support"] or v == 0)
    rows = [(", ".join(f"{k}={v}" for k, v in c), count) for count, c in weak]
    finds.tables.append(
        table(f"{t}-way combinations below {options['min_support']}", ("combination", "items"), rows[: options["rows"]])
    )
    levels = Counter((k, v) for conditions in inside for k, v in conditions.items())
    every = [(d.name, v, levels[(d.name, v)]) for d in odd.dimensions for v in d.values]
    finds.tables.append(table("items by condition", ("dimension", "value", "items"), every))
    if outside:
        finds.limitations.append(f"{outside} items lie in excluded conditions and do not count towards coverage.")
    if unknown:
        finds.limitations.append(
            f"{unknown} items lack a dimension or have a value that the ODD does not name; they do not count."
        )
    finds.options["items_inside_odd"] = len(inside)


def _classified(odd: Odd, subject: Sequence[Entry]) -> tuple[list[dict[str, str]], int, int]:
    """Return the conditions of items inside the domain, and how many are excluded and how many not described."""
    allowed = {d.name: set(d.values) for d in odd.dimensions}
    inside: list[dict[str, str]] = []
    outside = unknown = 0
    for entry in subject:
        conditions = {name: entry.odd.get(name, "") for name in allowed}
        if any(value not in allowed[name] for name, value in conditions.items()):
            unknown += 1
        elif excluded(entry.odd, odd):
            outside += 1
        else:
            inside.append(conditions)
    return inside, outside, unknown


def tway_support(odd: Odd, items: Sequence[Mapping[str, str]], t: int) -> dict[Combination, int]:
    """Return the number of items in every possible t-way combination.

    Args:
        odd: Dimensions and exclusions.
        items: Conditions of items inside the domain.
        t: Dimensions taken together.
    """
    support: dict[Combination, int] = dict.fromkeys(_possible(odd, t), 0)
    names = [d.name for d in odd.dimensions]
    for chosen in itertools.combinations(names, t):
        for combination, count in Counter(tuple((n, c[n]) for n in chosen) for c in items).items():
            if combination in support:
                support[combination] += count
    return support


def _possible(odd: Odd, t: int) -> list[Combination]:
    dimensions = odd.dimensions
    if math.prod(len(d.values) for d in dimensions) > FULL_LIMIT:
        return [
            tuple(zip((d.name for d in chosen), values, strict=True))
            for chosen in itertools.combinations(dimensions, t)
            for values in itertools.product(*(d.values for d in chosen))
            if not excluded(dict(zip((d.name for d in chosen), values, strict=True)), odd)
        ]
    names = [d.name for d in dimensions]
    found: dict[Combination, None] = {}
    for values in itertools.product(*(d.values for d in dimensions)):
        full = tuple(zip(names, values, strict=True))
        if not excluded(dict(full), odd):
            found.update(dict.fromkeys(itertools.combinations(full, t)))
    return sorted(found)
