"""The curve by bit: how much a flip of each bit does, over all tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from casework.render.charts import colour
from casework.render.charts.axis import Axis, Way, axis
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, Figure, box, empty, hatch, keys, stroke, text, upright
from casework.render.charts.formats import field_of, fields_of, width_of
from casework.render.charts.rows import FEW
from casework.render.charts.tables import Bin, Campaign
from casework.render.charts.words import between, count, plural, share, tick, whisker_words
from casework.render.gsn.svg import number, quoted, tag

NAME: Final = "bits"
TITLE: Final = "Silent corruption by bit"
_LEFT: Final = 62.0
_TOP: Final = 34.0
_BOTTOM: Final = 268.0
_LANE: Final = 20.0


def bit_curve(campaign: Campaign, way: Way = "auto") -> Figure:
    """Return the rate of SDC by bit, highest bit first; a sentence where the record has no rates by bit."""
    rows = list(campaign.bits)
    if not any(row.predictions for row in rows):
        why = "The record holds no rates by bit: its faults were not flips of chosen bits, or none was put in."
        return empty(NAME, TITLE, why, needless="rates by bit" not in campaign.held)
    dtypes = {layer.dtype for layer in campaign.layers}
    dtype = next(iter(dtypes)) if len(dtypes) == 1 else ""
    seen = [row.rate for row in rows if row.predictions >= FEW] or [row.rate for row in rows if row.predictions]
    line = upward([x for rate in seen for x in (rate.low, rate.value, rate.high)], way, _TOP, _BOTTOM)
    size = max(*(width_of(name) for name in dtypes), *(int(b.at) + 1 for b in rows))
    step = (WIDTH - MARGIN - _LEFT) / size
    body = [hatch(), *_ground(dtype, size, step), *rungs(line, _LEFT, WIDTH - MARGIN)]
    places = {b.at: _LEFT + (size - 0.5 - b.at) * step for b in rows}
    missed = sorted(set(range(size)) - {int(b.at) for b in rows if b.predictions})
    body += [_missed(bit, _LEFT + (size - 1 - bit) * step, step) for bit in missed]
    body += _linked(rows, places, line, dtype)
    for row in rows:
        body.extend(marked(row, places[row.at], line, f"bit {row.name}"))
    every = 1 if size <= 32 else 4
    for bit in range(0, size, every):
        x = _LEFT + (size - bit - 0.5) * step
        body.append(text(str(bit), x, _BOTTOM + _LANE + 14, 8.5, align="middle", fill=colour.SOFT))
    body.append(text("Bit, highest first", (WIDTH + _LEFT) / 2, _BOTTOM + _LANE + 30, SMALL, align="middle"))
    never = [(box(0, 0, 12, 10, "url(#hatch)"), "not sampled")] if missed else []
    body.append(keys([*meanings(), *never], _LEFT, _BOTTOM + _LANE + 48))
    columns = ("Bit", "Predictions", "SDC", "DUE", "SDC rate", "Interval")
    table = tuple(listed(row) for row in reversed(rows))
    return Figure(
        NAME,
        TITLE,
        _caption(campaign, line, rows),
        alt_of(rows, "bit"),
        "".join(body),
        _BOTTOM + _LANE + 56,
        columns,
        table,
    )


def _missed(bit: int, x: float, wide: float) -> str:
    """Draw that a bit was not sampled: neither 0 nor anything else is known of it."""
    return box(x + 0.5, _BOTTOM, wide - 1, _LANE, "url(#hatch)", f"bit {bit}: not sampled")


def upward(values: Sequence[float], way: Way, top: float, bottom: float) -> Axis:
    """Return an axis that runs up; on a logarithmic one, 0 has a lane of its own below."""
    return axis(values, bottom, top, way=way, zero=bottom + _LANE * 0.6)


def rungs(line: Axis, left: float, right: float) -> Iterator[str]:
    """Draw the marks of an axis that runs up, with their figures."""
    for value in line.ticks():
        y = line.at(value)
        yield stroke(f"M {number(left)} {number(y)} H {number(right)}", colour.GRID, 0.8)
        yield text(tick(value), left - 6, y + 3, 8.5, align="right", fill=colour.SOFT)
    if line.log:
        yield stroke(
            f"M {number(left)} {number(line.zero)} H {number(right)}", colour.GRID, 0.8, stroke_dasharray="2 3"
        )
        yield text("0", left - 6, line.zero + 3, 8.5, align="right", fill=colour.SOFT)
    yield text(
        "SDC, % of the injected predictions" + (", logarithmic" if line.log else ""), MARGIN, 12, SMALL, bold=True
    )


def marked(row: Bin, x: float, line: Axis, what: str) -> Iterator[str]:
    """Draw a rate as a point with its whisker; a hollow one where no SDC was seen."""
    if not row.predictions:
        return
    y, tip = line.at(row.rate.value), f"{what}: SDC {share(row.rate.value)} {between(row.rate)}"
    tip += f" ({count(row.sdc)} of {count(row.predictions)} predictions)"
    top, beyond = line.at(row.rate.high), row.rate.high > line.high * (1 + 1e-9)
    if row.rate.high > row.rate.low:
        if row.rate.value > 0:
            yield upright(x, line.at(max(row.rate.low, line.low)), top, ink=colour.SOFT)
        else:
            yield stroke(f"M {number(x)} {number(y)} V {number(top)}", "#b3bac3", 0.8, stroke_dasharray="1 3")
            yield "" if beyond else stroke(f"M {number(x - 3.5)} {number(top)} h 7", colour.SOFT, 1.1)
    if beyond:
        yield stroke(f"M {number(x - 3.5)} {number(top + 4.5)} l 3.5 -4.5 l 3.5 4.5", colour.SOFT, 1.1)
    fill = colour.SDC if row.rate.value > 0 else colour.PAPER
    yield tag("circle", tag("title", quoted(tip)), cx=x, cy=y, r=3.6, fill=fill, stroke=colour.SDC, stroke_width=1.2)


def meanings() -> list[tuple[str, str]]:
    """Return the legend of points with whiskers."""
    point = tag("circle", cx=6, cy=5, r=3.6, fill=colour.SDC)
    hollow = tag("circle", cx=6, cy=5, r=3.6, fill=colour.PAPER, stroke=colour.SDC, stroke_width=1.2)
    return [
        (upright(6, 0, 10, ink=colour.SOFT) + point, "SDC with its interval"),
        (hollow + stroke("M 2.5 -3 h 7", colour.SOFT, 1.1), "no SDC seen; at most the line"),
    ]


def _linked(rows: Sequence[Bin], places: dict[float, float], line: Axis, dtype: str) -> list[str]:
    """Draw a thin line between neighbouring bits of one part that both show SDC."""
    made = []
    for one, two in pairwise(rows):
        same = field_of(dtype, int(one.at)) == field_of(dtype, int(two.at))
        if two.at == one.at + 1 and same and one.rate.value > 0 and two.rate.value > 0:
            start, end = (f"{number(places[b.at])} {number(line.at(b.rate.value))}" for b in (one, two))
            made.append(stroke(f"M {start} L {end}", colour.SDC, 0.8))
    return made


def _ground(dtype: str, size: int, step: float) -> Iterator[str]:
    for at, one in enumerate(fields_of(dtype)):
        x, wide = _LEFT + (size - 1 - one.high) * step, step * (one.high - one.low + 1)
        fill = colour.PALE if at % 2 else colour.PAPER
        yield box(x, _TOP - 14, wide, _BOTTOM + _LANE - _TOP + 14, fill, stroke=colour.GRID, stroke_width=0.7)
        said = f"{one.name} ({dtype})" if one.name in ("mantissa", "value") else one.name
        yield text(said if wide > 40 else "s", x + wide / 2, _TOP - 4, SMALL, align="middle", fill=colour.SOFT)


def listed(row: Bin) -> tuple[str, ...]:
    """Return a row of rates for the table below a figure."""
    known = row.predictions > 0
    limited = known and row.rate.high > row.rate.low
    return (
        row.name, count(row.predictions), count(row.sdc), count(row.due), share(row.rate.value) if known else "–",
        between(row.rate) if limited else "–",
    )  # fmt: skip


def _caption(campaign: Campaign, line: Axis, rows: Sequence[Bin]) -> str:
    total = sum(row.predictions for row in rows)
    types = sorted({layer.dtype for layer in campaign.layers if layer.dtype})
    mixed = (
        f" The tensors are of several types ({', '.join(types)}), so that a bit has several meanings."
        if len(types) > 1
        else ""
    )
    scale = " on a logarithmic scale, with a lane for 0 below" if line.log else ""
    limits = (
        " Without SDC, a line at the upper limit; an arrow says that it goes on beyond the axis, which bits with fewer than "
        f"{FEW} predictions do not set."
        if any(row.rate.high > row.rate.low for row in rows)
        else ""
    )
    return (
        f"Share of injected predictions with silent corruption after a fault in the bit, in percent{scale}, over all tensors "
        f"({plural(total, 'injected prediction')}). {whisker_words(campaign)}{limits}{mixed}"
    )


def alt_of(rows: Sequence[Bin], what: str) -> str:
    """Return in words which rows are worst, and how many show no SDC."""
    seen = [row for row in rows if row.predictions]
    hit = sorted((row for row in seen if row.rate.value > 0), key=lambda row: (-row.rate.value, row.name))
    said = "; ".join(f"{what} {row.name} {share(row.rate.value)} {between(row.rate)}" for row in hit[:4])
    rest = f"{plural(len(seen) - len(hit), what)} sampled without SDC." if what != "class" else ""
    return f"{f'Highest: {said}. ' if said else 'No SDC was seen. '}{rest}".strip()
