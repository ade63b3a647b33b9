"""Before and after a hardening measure: paired bars with intervals, and the factor between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR
from typing import Final

from casework.model.result import Metric
from casework.render.charts import colour
from casework.render.charts.axis import Axis, Way, axis
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, Figure, box, empty, keys, stroke, text, whisker
from casework.render.charts.rows import FEW
from casework.render.charts.tables import Campaign, Rate
from casework.render.charts.words import between, count, factor, in_percent, interval_words, labels, share, tick
from casework.render.gsn.svg import number

NAME: Final = "before-after"
LAYERS: Final = "before-after-layers"
COMPARED: Final = {
    "sdc_rate": "silent corruption (SDC)",
    "sdc5_rate": "golden class not in the best five",
    "lost_rate": "detections lost",
    "ghost_rate": "ghost detections",
    "confidence_drop_10_rate": "confidence down by 10 points",
    "confidence_drop_20_rate": "confidence down by 20 points",
    "deviation_1_rate": "off by more than threshold 1",
    "deviation_2_rate": "off by more than threshold 2",
    "deviation_3_rate": "off by more than threshold 3",
    "deviation_4_rate": "off by more than threshold 4",
    "due_rate": "unusable (DUE)",
    "detected_rate": "detected by a guard",
}
"""The figures that are compared, in the order in which they stand."""
_TENSORS: Final = 24
_LEFT: Final = 190.0
_RIGHT: Final = 196.0
_ROW: Final = 31.0
_BAR: Final = 11.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure before and after, with its counts in words; None where it was not measured."""

    name: str
    before: Rate | None
    after: Rate | None
    counts: tuple[str, str] = ("", "")


def before_after(
    before: Campaign, after: Campaign, way: Way = "auto", doubts: Sequence[str] = ()
) -> tuple[Figure, ...]:
    """Return the comparison of two records: their rates, and SDC by tensor where both name the same tensors.

    Args:
        before: Record of the model before hardening.
        after: Record of the model after it.
        way: Whether scales are logarithmic.
        doubts: Why the two may not be before and after of one hardening; said in each caption.
    """
    found = [pair_of(name, before.metric(key), after.metric(key)) for key, name in COMPARED.items()]
    pairs = [pair for pair in found if pair is not None and _shows(pair)]
    title = f"Before and after: {before.label} against {after.label}"
    if not pairs:
        return (empty(NAME, title, "The two records share no rate above 0, so there is nothing to compare."),)
    warned = f"Compare with care: {'; '.join(doubts)}. " if doubts else ""
    said = (
        f"{warned}Two records of models under faults. Before: {before.label}, {_sample(before)}; after: {after.label}, "
        f"{_sample(after)}. Shares of injected predictions in percent",
        f". Whiskers: {_methods(before, after)}. In brackets: the lower limit of the factor, from both intervals (MOVER).",
    )
    differ = _differing(before, after)
    note = f" The options differ: {', '.join(differ)}." if differ else " Options and seed are the same."
    figures = [paired(NAME, title, pairs, way, (said[0], said[1] + note))]
    by_name = {layer.tensor: layer for layer in after.layers if layer.predictions >= FEW}
    both = [x for x in before.layers if x.predictions >= FEW and x.tensor in by_name]
    worst = sorted(both, key=lambda one: -one.rate.value)[:_TENSORS]
    rows = [Pair(x.tensor, x.rate, by_name[x.tensor].rate) for x in both if x in worst and x.rate.value > 0]
    if rows:
        more = f" The {len(rows)} tensors with most SDC before, of {len(both)} with at least {FEW} predictions in both records.{note}"
        figures.append(paired(LAYERS, f"{title}: SDC by tensor", rows, way, (said[0], said[1] + more)))
    return tuple(figures)


def pair_of(name: str, before: Metric | None, after: Metric | None) -> Pair | None:
    """Return two measured rates as a pair; None where one of them is missing."""
    if before is None or after is None:
        return None
    return Pair(name, _rate(before), _rate(after), (_counts(before), _counts(after)))


def _rate(metric: Metric) -> Rate:
    low = metric.value if metric.ci_low is None else min(metric.ci_low, metric.value)
    high = metric.value if metric.ci_high is None else max(metric.ci_high, metric.value)
    return Rate(metric.value, max(low, 0.0), min(high, 1.0))


def _shows(pair: Pair) -> bool:
    return any(rate is not None and rate.value > 0 for rate in (pair.before, pair.after))


def _counts(metric: Metric) -> str:
    return f"{count(metric.k)} of {count(metric.n)}" if metric.k is not None and metric.n is not None else ""


def paired(name: str, title: str, pairs: Sequence[Pair], way: Way, caption: tuple[str, str]) -> Figure:
    """Return paired bars with whiskers and factors; what is said of the scale stands between the halves of the caption."""
    rates = [rate for pair in pairs for rate in (pair.before, pair.after) if rate is not None]
    values = [rate.value for rate in rates] + [rate.low for rate in rates if rate.low > 0 and rate.value > 0]
    line = axis([*values, *(rate.high for rate in rates)], _LEFT, WIDTH - MARGIN - _RIGHT, way=way)
    bottom = 18.0 + _ROW * len(pairs)
    body = [*_marks(line, bottom)]
    short = labels([pair.name for pair in pairs], _LEFT - MARGIN - 10, SMALL)
    for place, pair in enumerate(pairs):
        body.extend(_two(line, pair, short[place], 18.0 + _ROW * place))
    body.append(text("of the injected predictions", (line.start + line.end) / 2, bottom + 25, SMALL, align="middle"))
    swatches = [
        (box(0, 0, 12, 10, colour.BEFORE), "before"),
        (box(0, 0, 12, 10, colour.AFTER), "after"),
        (whisker(0, 12, 5), "interval"),
    ]
    body.append(keys(swatches, _LEFT, bottom + 42))
    scale = " on a logarithmic scale, on which the ends of the bars count and not their lengths" if line.log else ""
    columns = ("Figure", "Before", "Interval before", "After", "Interval after", "Factor")
    rows = tuple(_listed(pair) for pair in pairs)
    return Figure(
        name, title, f"{caption[0]}{scale}{caption[1]}", _alt(pairs), "".join(body), bottom + 50, columns, rows
    )


def _marks(line: Axis, bottom: float) -> Iterator[str]:
    shown = -100.0
    for value in line.ticks():
        x = line.at(value)
        yield stroke(f"M {number(x)} 14 V {number(bottom)}", colour.GRID, 0.8)
        if x - shown > 44:
            yield text(f"{tick(value)} %", x, bottom + 12, 8.5, align="middle", fill=colour.SOFT)
            shown = x


def _two(line: Axis, pair: Pair, short: str, y: float) -> Iterator[str]:
    yield text(short, _LEFT - 7, y + 14.5, SMALL, align="right")
    right = line.end + 10
    for at, (rate, ink, word) in enumerate(
        ((pair.before, colour.BEFORE, "before"), (pair.after, colour.AFTER, "after"))
    ):
        if rate is None:
            continue
        top = y + 1 + at * (_BAR + 1)
        tip = f"{pair.name}, {word}: {share(rate.value)} {between(rate)} {pair.counts[at]}".strip()
        wide = line.at(rate.value) - line.start if rate.value > 0 else 0.0
        yield box(line.start, top, max(wide, 0.6), _BAR, ink, tip)
        if rate.high > rate.low:
            low = line.at(max(rate.low, line.low)) if rate.low > 0 else line.start
            yield whisker(low, line.at(rate.high), top + _BAR / 2)
        said = f"{in_percent(rate.value)} %" + (f"  {between(rate).removesuffix(' %')}" if rate.high > rate.low else "")
        yield text(said, right, top + 9, 8.5, fill=colour.SOFT if at == 0 else colour.INK)
    said = change(pair.before, pair.after)
    yield text(said, WIDTH - MARGIN, y + 15, SMALL, align="right", bold=True)


def least_ratio(more: Rate, less: Rate) -> float:
    """Return the lower limit of the ratio of two rates, from the limits of both (MOVER), at the confidence that these have.

    It solves `more - r less - sqrt((more - more.low)^2 + r^2 (less.high - less)^2) = 0` for r. The rates are taken as
    independent; of two runs of the same faults it is then rather too low. Source: A. Donner and G. Y. Zou, "Closed-form
    confidence intervals for functions of the normal mean and standard deviation", Stat. Methods Med. Res. 21 (2012), 347-359.
    """
    square = less.high * (2 * less.value - less.high)
    product, rest = more.value * less.value, more.low * (2 * more.value - more.low)
    if abs(square) < 1e-18:
        return rest / (2 * product) if product > 0 else 0.0
    return (product - math.sqrt(max(product**2 - square * rest, 0.0))) / square


def change(before: Rate | None, after: Rate | None) -> str:
    """Return the factor between two rates, such as `÷ 28 (≥ 11)`; its lower limit stands in brackets."""
    if before is None or after is None or before.value == after.value == 0:
        return ""
    if before.value == after.value:
        return "same"
    sign, more, less = ("÷", before, after) if before.value > after.value else ("×", after, before)
    least = least_ratio(more, less)
    sure = (
        f" (≥ {factor(least, ROUND_FLOOR)})"
        if least > 1
        else " (not shown)"
        if more.high > more.low or less.high > less.low
        else ""
    )
    return (
        f"{sign} {factor(more.value / less.value)}{sure}"
        if less.value > 0
        else f"to 0{sure}"
        if sign == "÷"
        else f"from 0{sure}"
    )


def _listed(pair: Pair) -> tuple[str, ...]:
    made = [pair.name]
    for rate, counts in ((pair.before, pair.counts[0]), (pair.after, pair.counts[1])):
        made.append("–" if rate is None else f"{share(rate.value)}{f' ({counts})' if counts else ''}")
        made.append(between(rate) if rate is not None and rate.high > rate.low else "–")
    return (*made, change(pair.before, pair.after) or "–")


def _sample(campaign: Campaign) -> str:
    found = campaign.metric("sdc_rate")
    return f"n = {count(found.n)}" if found is not None and found.n is not None else "n not told"


def _methods(before: Campaign, after: Campaign) -> str:
    words = interval_words(before), interval_words(after)
    return words[0] if words[0] == words[1] else f"before {words[0]}, after {words[1]}"


def _differing(before: Campaign, after: Campaign) -> list[str]:
    one, two = before.record.options, after.record.options
    made = [key for key in sorted(one.keys() | two.keys()) if one.get(key) != two.get(key)]
    return [*made, *(["seed"] if before.record.seed != after.record.seed else [])]


def _alt(pairs: Sequence[Pair]) -> str:
    known = [(pair.name, pair.before, pair.after) for pair in pairs[:6]]
    said = [f"{name} {share(one.value)} before, {share(two.value)} after" for name, one, two in known if one and two]
    return f"Paired bars. {'; '.join(said)}."
