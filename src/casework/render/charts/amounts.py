"""The curve by number of faults: how silent corruption grows when more faults strike at once."""

from __future__ import annotations

from typing import Final

from casework.render.charts import colour
from casework.render.charts.axis import Axis, Way, axis, wants_log
from casework.render.charts.bits import alt_of, listed, marked, meanings, rungs
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, Figure, empty, keys, stroke, text
from casework.render.charts.tables import Bin, Campaign
from casework.render.charts.words import interval_words, plural
from casework.render.gsn.svg import number, tag

NAME: Final = "amounts"
TITLE: Final = "Silent corruption by number of faults"
_LEFT: Final = 62.0
_TOP: Final = 24.0
_BOTTOM: Final = 268.0


def amount_curve(campaign: Campaign) -> Figure:
    """Return the rate of SDC by number of faults with its intervals; a sentence where there is one number only."""
    rows = [b for b in campaign.amounts if b.at > 0 and b.predictions]
    if len(rows) < 2:
        why = "The campaign had one number of faults only, so there is no curve over it." if rows else (
            "The record holds no rates by number of faults."
        )  # fmt: skip
        return empty(NAME, TITLE, why, needless="rates by number of faults" not in campaign.held)
    line = axis([max(row.rate.high, row.rate.value) for row in rows], _BOTTOM, _TOP)
    across = _across([row.at for row in rows])
    places = [across.at(row.at) for row in rows]
    body = [*rungs(line, _LEFT, WIDTH - MARGIN), _band(rows, places, line)]
    path = " L ".join(f"{number(x)} {number(line.at(r.rate.value))}" for x, r in zip(places, rows, strict=True))
    body.append(stroke(f"M {path}", colour.SDC, 1.6, stroke_linejoin="round"))
    shown = -100.0
    for x, row in zip(places, rows, strict=True):
        body.extend(marked(row, x, line, f"{row.name} faults"))
        if x - shown > 24:
            body.append(text(row.name, x, _BOTTOM + 14, 8.5, align="middle", fill=colour.SOFT))
            shown = x
    said = "Faults at once" + (", logarithmic" if across.log else "")
    body.append(text(said, (WIDTH + _LEFT) / 2, _BOTTOM + 30, SMALL, align="middle"))
    body.append(keys(meanings()[:1], _LEFT, _BOTTOM + 48))
    columns = ("Faults at once", "Predictions", "SDC", "DUE", "SDC rate", "Interval")
    table = tuple(listed(row) for row in rows)
    return Figure(NAME, TITLE, _caption(campaign, rows), _alt(rows), "".join(body), _BOTTOM + 56, columns, table)


def _across(amounts: list[float]) -> Axis:
    way: Way = "log" if wants_log(amounts, "auto") else "linear"
    left, right = _LEFT + 14, WIDTH - MARGIN - 14
    if way == "log":
        return Axis(amounts[0], amounts[-1], left, right, log=True, zero=left)
    return Axis(0.0, amounts[-1], left, right)


def _band(rows: list[Bin], places: list[float], line: Axis) -> str:
    above = [f"{number(x)} {number(line.at(r.rate.high))}" for x, r in zip(places, rows, strict=True)]
    below = [f"{number(x)} {number(line.at(r.rate.low))}" for x, r in zip(places, rows, strict=True)]
    return tag("path", d=f"M {' L '.join([*above, *reversed(below)])} Z", fill=colour.SDC, fill_opacity=0.16)


def _caption(campaign: Campaign, rows: list[Bin]) -> str:
    total = sum(row.predictions for row in rows)
    return (
        "Share of injected predictions with silent corruption, in percent, when the given number of faults strikes one prediction "
        f"({plural(total, 'injected prediction')}). Whiskers and band: {interval_words(campaign)}; between points the band is a guess."
    )


def _alt(rows: list[Bin]) -> str:
    first, last = rows[0], rows[-1]
    return f"Curve from {first.name} to {last.name} faults. {alt_of([first], 'with')} {alt_of([last], 'with')}"
