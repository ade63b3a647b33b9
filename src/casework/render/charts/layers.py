"""What became of the faults in each tensor: silent corruption with its interval, unusable results, and what a guard detected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from casework.render.charts import colour
from casework.render.charts.axis import Axis, axis
from casework.render.charts.figure import (
    MARGIN,
    SMALL,
    WIDTH,
    Figure,
    box,
    empty,
    hatch,
    keys,
    stripes,
    stroke,
    text,
    whisker,
)
from casework.render.charts.rows import (
    FEW,
    HEAD,
    LEFT,
    UNHIT,
    first_amount,
    in_parts,
    is_sparse,
    kind_of,
    left_column,
    named,
    noted,
    part_of,
    rows_of,
    short_names,
    size_of,
)
from casework.render.charts.tables import Campaign, Cell, Layer
from casework.render.charts.words import between, count, in_percent, plural, share, tick, whisker_words
from casework.render.gsn.svg import number, tag

NAME: Final = "layers"
TITLE: Final = "What becomes of a fault, by tensor"
ROWS: Final = 48
"""Rows of one figure, so that it stays on a page."""
_ROW: Final = 15.0
_RIGHT: Final = 188.0
_GUARD: Final = WIDTH - MARGIN - 38.0
"""Right edge of the shares that a guard detected."""
_WIDEST: Final = 3.0
"""Times that the axis may be as long as SDC and DUE need, so that it holds what was detected too."""


def layer_bars(campaign: Campaign, most: int = ROWS, least: int = 0) -> tuple[Figure, ...]:
    """Return a bar for each tensor, in as many figures as it takes; one sentence where the record has no rates by tensor.

    Args:
        campaign: The record.
        most: Rows of one figure.
        least: Faults below which tensors share one line.
    """
    if not campaign.layers:
        why = "The record holds no rates by tensor, as where faults strike several tensors at once, so there is nothing to compare."
        return (empty(NAME, TITLE, why, needless="rates by tensor" not in campaign.held),)
    found = rows_of(campaign, least)
    layers, cells = found.layers, found.cells
    if not layers:
        why = f"No tensor was hit by as many as {least} faults, so that tensors cannot be compared. "
        return (empty(NAME, TITLE, why + " ".join(found.notes), needless=True),)
    shares = [_shares(layer, cells.get(layer.tensor, {})) for layer in layers]
    hit = [at for at, layer in enumerate(layers) if layer.predictions]
    sure = [at for at in hit if not is_sparse(layers[at])] or hit
    ends = [max(shares[at][0] + shares[at][1], layers[at].rate.high) for at in sure] or [1.0]
    whole = max((sum(shares[at]) for at in sure), default=1.0)
    if whole <= _WIDEST * max(ends):  # what guards detect may be all; it must not flatten what they do not
        ends.append(whole)
    line = axis(ends, LEFT, WIDTH - MARGIN - _RIGHT)
    rows = list(zip(layers, shares, short_names(layers), strict=True))
    parts = in_parts(rows, most)
    last = len(parts) - 1
    return tuple(
        _part(campaign, line, part, part_of(NAME, TITLE, at, len(parts)), found.notes if at == last else (), layers)
        for at, part in enumerate(parts)
    )


def _shares(layer: Layer, cells: Mapping[int, Cell]) -> tuple[float, float, float]:
    """Return SDC, DUE and detected as shares of one layer.

    Where faults were spread unevenly over the bits, the rate of SDC is weighted and the counts are not: DUE is then the mean
    over the bits, each of which has as many elements.
    """
    whole = layer.predictions or 1
    even = abs(layer.rate.value - layer.sdc / whole) <= 1e-9 + 1e-6 * layer.rate.value
    seen = [cell.due / cell.predictions for cell in cells.values() if cell.predictions]
    due = layer.due / whole if even or not seen else sum(seen) / len(seen)
    detected = layer.detected / whole
    return (
        layer.rate.value,
        due if layer.due_rate is None else layer.due_rate,
        detected if layer.detected_rate is None else layer.detected_rate,
    )


_Bar = tuple[Layer, tuple[float, float, float], str]


def _part(
    campaign: Campaign,
    line: Axis,
    rows: Sequence[_Bar],
    which: tuple[str, str],
    notes: Sequence[str],
    layers: Sequence[Layer],
) -> Figure:
    bottom = 18.0 + _ROW * len(rows)
    guarded = any(layer.detected for layer in campaign.layers)
    body = [
        hatch(),
        stripes(colour.DETECTED),
        text(HEAD, MARGIN, 10, SMALL, bold=True),
        text("SDC with interval, %", WIDTH - MARGIN - _RIGHT + 10, 10, SMALL, bold=True),
        text("det. %" if guarded else "", _GUARD, 10, SMALL, align="right", bold=True),
        text("n", WIDTH - MARGIN, 10, SMALL, align="right", bold=True),
        *grid(line, 16.0, bottom),
    ]
    for place, row in enumerate(rows):
        body.extend(_drawn(line, row, 18.0 + _ROW * place, guarded=guarded))
    body.append(text("of the injected predictions", (line.start + line.end) / 2, bottom + 25, SMALL, align="middle"))
    drawn, below = noted(notes, bottom + 28)
    body += [drawn, keys(_meanings(campaign, [layer for layer, *_ in rows]), LEFT, below + 14)]
    columns = (
        "Tensor", "Kind", "Operator", "Elements", "Faults", "Predictions", "SDC", "DUE", "Detected", "SDC rate", "Interval", "Engine",
    )  # fmt: skip
    table = tuple(_listed(layer) for layer, *_ in rows)
    name, title = which
    alt = " ".join((_alt(rows), *notes))
    return Figure(name, title, _caption(campaign, layers), alt, "".join(body), below + 22, columns, table)


def grid(line: Axis, top: float, bottom: float) -> Iterator[str]:
    """Draw the marks of a horizontal axis of shares as thin lines with their figures below."""
    for value in line.ticks():
        x = line.at(value)
        yield stroke(f"M {number(x)} {number(top)} V {number(bottom)}", colour.GRID, 0.8)
        yield text(f"{tick(value)} %", x, bottom + 12, 8.5, align="middle", fill=colour.SOFT)


def _drawn(line: Axis, row: _Bar, y: float, *, guarded: bool) -> Iterator[str]:
    layer, shares, short = row
    name, kind = named(layer), kind_of(layer)
    told = f"{name}: {kind}, {size_of(layer)}, engine {layer.engine or 'not told'}"
    yield from left_column(short, kind, told, y, _ROW)
    right, base = WIDTH - MARGIN - _RIGHT + 10, y + 10.6
    if not layer.predictions:
        yield box(
            line.start, y + 2.5, line.end - line.start, _ROW - 5, "url(#hatch)", f"{name}: {UNHIT}, nothing is known"
        )
        yield text(UNHIT, right, base, SMALL, fill=colour.SOFT)
        yield text("0", WIDTH - MARGIN, base, 8.2, align="right", fill=colour.SOFT)
        return
    yield from _bar(line, row, y)
    few = is_sparse(layer)
    sure = layer.merged == 1 and layer.rate.high > layer.rate.low
    if sure:
        ends = line.at(layer.rate.low), line.at(layer.rate.high)
        beyond = layer.rate.high > line.high
        yield whisker(*ends, y + _ROW / 2, ink=colour.FAINT if few else colour.INK, beyond=beyond)
    said = in_percent(layer.rate.value) + (f"  {between(layer.rate).removesuffix(' %')}" if sure else "")
    yield text(said, right, base, SMALL, fill=colour.SOFT if few else colour.INK)
    if guarded:
        said = f"{shares[2] * 100:.3g}" if shares[2] <= 0.999 or shares[2] == 1 else in_percent(shares[2])
        yield text(said, _GUARD, base, 8.2, align="right", fill=colour.SOFT)
    yield text(count(layer.predictions), WIDTH - MARGIN, base, 8.2, align="right", fill=colour.SOFT)


def _bar(line: Axis, row: _Bar, y: float) -> Iterator[str]:
    layer, shares, _short = row
    done = 0.0
    names = ("SDC", layer.sdc), ("DUE", layer.due), ("detected", layer.detected)
    for part, (word, k), ink in zip(shares, names, (colour.SDC, colour.DUE, "url(#stripes)"), strict=True):
        x = line.at(done)
        if part > 0:
            tip = f"{named(layer)}: {word} {share(part)} ({count(k)} of {count(layer.predictions)} predictions)"
            faint = 0.35 if is_sparse(layer) else None
            yield box(x, y + 2.5, line.at(done + part) - x, _ROW - 5, ink, tip, fill_opacity=faint)
        done += part
    if done > line.high * (1 + 1e-9):
        yield _cut(line.end, y + _ROW / 2)


def _cut(x: float, y: float) -> str:
    """Draw the sign that a bar goes on beyond the axis."""
    return tag("path", d=f"M {number(x + 1)} {number(y - 4)} l 5 4 l -5 4 Z", fill=colour.INK)


def _meanings(campaign: Campaign, shown: Sequence[Layer]) -> list[tuple[str, str]]:
    made = [
        (box(0, 0, 12, 10, colour.SDC), "silent corruption (SDC)"),
        (box(0, 0, 12, 10, colour.DUE), "NaN or infinity (DUE)"),
    ]
    if any(layer.detected for layer in campaign.layers):
        made.append((box(0, 0, 12, 10, "url(#stripes)"), "detected by a guard"))
    if any(not layer.predictions for layer in shown):
        made.append((box(0, 0, 12, 10, "url(#hatch)"), UNHIT))
    limited = any(layer.merged == 1 and layer.rate.high > layer.rate.low for layer in shown if layer.predictions)
    return [*made, *([(whisker(0, 12, 5), "interval of SDC")] if limited else [])]


def _listed(layer: Layer) -> tuple[str, ...]:
    return (
        named(layer), layer.kind, layer.operator, count(layer.elements), count(layer.faults), count(layer.predictions),
        count(layer.sdc), count(layer.due), count(layer.detected), share(layer.rate.value) if layer.predictions else "–",
        between(layer.rate) if layer.predictions and layer.merged == 1 and layer.rate.high > layer.rate.low else "–", layer.engine,
    )  # fmt: skip


def _caption(campaign: Campaign, shown: Sequence[Layer]) -> str:
    total = sum(layer.predictions for layer in campaign.layers)
    guarded = "det. %: share that a guard detected. " if any(layer.detected for layer in campaign.layers) else ""
    return (
        f"Shares of the injected predictions in each tensor, in percent; {plural(total, 'prediction')} in all. SDC: the decision differs, "
        "no guard spoke and all outputs are finite; DUE: NaN or infinity. What is not drawn did not change "
        f"the decision. {guarded}n: predictions with a fault in the tensor. {whisker_words(campaign, ' of SDC')}"
        f"{_few(shown)}{first_amount(campaign)}"
    )


def _few(shown: Sequence[Layer]) -> str:
    found = sum(layer.predictions > 0 and is_sparse(layer) for layer in shown)
    pale = f" Pale: fewer than {FEW} faults ({plural(found, 'tensor')})." if found else ""
    return f"{pale} What ends with an arrow goes on beyond the axis."


def _alt(rows: Sequence[_Bar]) -> str:
    found = sorted((layer for layer, *_ in rows if layer.predictions), key=lambda one: (-one.rate.value, one.depth))
    said = [f"{one.tensor} {share(one.rate.value)} {between(one.rate)}" for one in found[:5]]
    return f"Bars for {plural(len(rows), 'tensor')}. Highest SDC: {'; '.join(said) or 'none was sampled'}."
