"""Bars by class: for which golden decisions a fault does most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from casework.render.charts import colour
from casework.render.charts.axis import Axis, axis
from casework.render.charts.bits import alt_of, listed
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, Figure, box, empty, keys, stroke, text, whisker
from casework.render.charts.layers import grid
from casework.render.charts.rows import first_amount
from casework.render.charts.tables import Bin, Campaign
from casework.render.charts.words import between, count, in_percent, labels, plural, share, whisker_words
from casework.render.fonts import advance
from casework.render.gsn.svg import number

NAME: Final = "classes"
TITLE: Final = "Silent corruption by class"
MOST: Final = 40
"""Classes that are drawn; of more, the worst. The table below the figure holds all."""
_NAMES: Final = 170.0
_LEAST: Final = 124.0
_RIGHT: Final = 168.0
_ROW: Final = 15.0


def class_bars(campaign: Campaign) -> Figure:
    """Return a bar for each class of the golden decision; a sentence where the record has no rates by class."""
    rows = [row for row in campaign.classes if row.predictions]
    if not rows:
        why = "The record holds no rates by class: the model decides no classes, or no fault was put in."
        return empty(NAME, TITLE, why, needless="rates by class" not in campaign.held)
    drawn = rows
    if len(rows) > MOST:
        worst = sorted(rows, key=lambda row: -row.rate.value)[:MOST]
        drawn = [row for row in rows if row in worst]
    short = labels([row.name for row in drawn], _NAMES, SMALL)
    left = max(MARGIN + 10 + max(advance(name, SMALL) for name in short), _LEAST)
    line = axis([max(row.rate.high, row.rate.value) for row in drawn], left, WIDTH - MARGIN - _RIGHT)
    bottom = 18.0 + _ROW * len(drawn)
    right = WIDTH - MARGIN - _RIGHT + 10
    body = [
        text("Class of the golden run", MARGIN, 10, SMALL, bold=True),
        text("SDC with interval, %, and n", right, 10, SMALL, bold=True),
    ]
    body += grid(line, 16.0, bottom)
    body += _mean(campaign, line, bottom)
    for place, row in enumerate(drawn):
        body.append(text(short[place], left - 7, 18.0 + _ROW * place + 10.6, SMALL, align="right"))
        body.extend(_drawn(line, row, 18.0 + _ROW * place, right))
    body.append(
        text("SDC of the injected predictions", (line.start + line.end) / 2, bottom + 25, SMALL, align="middle")
    )
    entries = [(box(0, 0, 12, 10, colour.SDC), "silent corruption (SDC)"), (whisker(0, 12, 5), "interval")]
    if campaign.metric("sdc_rate") is not None:
        entries.append((stroke("M 6 0 V 10", colour.INK, 1.2, stroke_dasharray="3 2"), "all classes"))
    body.append(keys(entries, left, bottom + 42))
    columns = ("Class", "Predictions", "SDC", "DUE", "SDC rate", "Interval")
    caption = _caption(campaign, len(drawn), rows)
    table = tuple(listed(row) for row in rows)
    return Figure(NAME, TITLE, caption, _alt(rows), "".join(body), bottom + 50, columns, table)


def _mean(campaign: Campaign, line: Axis, bottom: float) -> Iterator[str]:
    found = campaign.metric("sdc_rate")
    if found is not None and 0 <= found.value <= line.high:
        x = number(line.at(found.value))
        yield stroke(f"M {x} 16 V {number(bottom)}", colour.INK, 1.0, stroke_dasharray="4 3")


def _drawn(line: Axis, row: Bin, y: float, right: float) -> Iterator[str]:
    tip = f"class {row.name}: SDC {share(row.rate.value)} {between(row.rate)} ({count(row.sdc)} of {count(row.predictions)} predictions)"
    yield box(line.start, y + 2.5, line.at(row.rate.value) - line.start, _ROW - 5, colour.SDC, tip)
    if row.rate.high > row.rate.low:
        yield whisker(line.at(row.rate.low), line.at(row.rate.high), y + _ROW / 2)
    limits = f"  {between(row.rate).removesuffix(' %')}" if row.rate.high > row.rate.low else ""
    said = f"{in_percent(row.rate.value)}{limits}  n = {count(row.predictions)}"
    yield text(said, right, y + 10.6, SMALL)


def _caption(campaign: Campaign, drawn: int, rows: Sequence[Bin]) -> str:
    which = f"The {drawn} worst of {count(len(rows))} classes; the table has all. " if drawn < len(rows) else ""
    return (
        f"{which}Share of injected predictions with silent corruption, in percent, by the class that the model gives without a fault "
        f"({plural(sum(row.predictions for row in rows), 'injected prediction')}). n: predictions of the class. "
        f"{whisker_words(campaign)}"
        f"{first_amount(campaign)}"
    )


def _alt(rows: Sequence[Bin]) -> str:
    low = min(rows, key=lambda row: (row.rate.value, row.name))
    return f"Bars for {len(rows)} classes. {alt_of(rows, 'class')} Lowest: class {low.name} {share(low.rate.value)} {between(low.rate)}."
