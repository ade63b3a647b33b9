"""What became of the faults in each tensor: silent corruption with its interval, unusable results, and what a guard detected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from casework.render.charts import colour
from casework.render.charts.axis import Axis, axis
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, Figure, box, empty, keys, stroke, text, whisker
from casework.render.charts.tables import Campaign, Cell, Layer, Rate
from casework.render.charts.words import (
    between,
    count,
    in_percent,
    interval_words,
    labels,
    plural,
    share,
    shortened,
    tick,
)
from casework.render.gsn.svg import number, tag

NAME: Final = "layers"
TITLE: Final = "What becomes of a fault, by tensor"
MOST: Final = 200
"""Tensors above which neighbours share a row."""
ROWS: Final = 48
"""Rows of one figure, so that it stays on a page."""
_ROW: Final = 15.0
LEFT: Final = 244.0
_RIGHT: Final = 176.0
KINDS: Final = 92.0
FEW: Final = 20
"""Predictions below which a share says little: it is drawn as such, and sets no axis."""
_WIDEST: Final = 3.0
"""Times that the axis may be as long as SDC and DUE need, so that it holds what was detected too."""
_SHORT: Final = {"DequantizeLinear": "Dequantize", "QuantizeLinear": "Quantize", "DynamicQuantizeLinear": "Quantize"}
_Item = TypeVar("_Item")


def in_parts(items: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    """Return items in as few parts as possible of at most `most`, of about equal size."""
    parts = max(1, math.ceil(len(items) / most))
    size = math.ceil(len(items) / parts) if items else 1
    return [items[at : at + size] for at in range(0, len(items), size)]


def part_words(at: int, parts: int) -> str:
    """Return which part of several a figure is, for its title."""
    return "" if parts == 1 else f" ({at + 1} of {parts})"


def merged(campaign: Campaign) -> tuple[tuple[Layer, ...], Mapping[str, Mapping[int, Cell]]]:
    """Return the tensors and their counts by bit; of more than `MOST` tensors, neighbours of one kind and type together.

    A row made from several has their counts, the mean of their rates by predictions, and no interval.
    """
    if len(campaign.layers) <= MOST:
        return campaign.layers, campaign.cells
    size = math.ceil(len(campaign.layers) / MOST) + 1
    by_kind: dict[tuple[str, str], list[Layer]] = {}
    for layer in campaign.layers:
        by_kind.setdefault((layer.kind, layer.dtype), []).append(layer)
    groups = [found[at : at + size] for found in by_kind.values() for at in range(0, len(found), size)]
    groups.sort(key=lambda group: (group[0].depth, campaign.layers.index(group[0])))
    cells = {g[0].tensor: _summed(campaign.cells.get(layer.tensor, {}) for layer in g) for g in groups}
    return tuple(_one(group) for group in groups), cells


def _one(group: Sequence[Layer]) -> Layer:
    first, total = group[0], sum(layer.predictions for layer in group)
    mean = sum(layer.rate.value * layer.predictions for layer in group) / total if total else 0.0
    operators = {layer.operator for layer in group}
    engines = {layer.engine for layer in group}
    return Layer(
        first.tensor, first.kind, first.operator if len(operators) == 1 else "", first.depth,
        sum(x.elements for x in group), sum(x.faults for x in group), total, sum(x.sdc for x in group),
        sum(x.due for x in group), sum(x.detected for x in group), Rate(mean, mean, mean),
        first.engine if len(engines) == 1 else "several", first.dtype, merged=len(group),
    )  # fmt: skip


def _summed(found: Iterable[Mapping[int, Cell]]) -> Mapping[int, Cell]:
    made: dict[int, Cell] = {}
    for cells in found:
        for bit, cell in cells.items():
            made[bit] = made.get(bit, Cell(0, 0, 0)).plus(cell)
    return made


def layer_bars(campaign: Campaign, most: int = ROWS) -> tuple[Figure, ...]:
    """Return a bar for each tensor, in as many figures as it takes; one sentence where the record has no rates by tensor."""
    layers, cells = merged(campaign)
    if not layers:
        return (empty(NAME, TITLE, "The record holds no rates by tensor, so there is nothing to compare."),)
    shares = [_shares(layer, cells.get(layer.tensor, {})) for layer in layers]
    sure = [at for at, layer in enumerate(layers) if layer.predictions >= FEW] or range(len(layers))
    ends = [max(shares[at][0] + shares[at][1], layers[at].rate.high) for at in sure]
    whole = max(sum(shares[at]) for at in sure)
    if whole <= _WIDEST * max(ends):  # what guards detect may be all; it must not flatten what they do not
        ends.append(whole)
    line = axis(ends, LEFT, WIDTH - MARGIN - _RIGHT)
    rows = list(zip(layers, shares, short_names([named(layer) for layer in layers]), strict=True))
    parts = in_parts(rows, most)
    return tuple(_part(campaign, line, part, at, len(parts)) for at, part in enumerate(parts))


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


def _part(campaign: Campaign, line: Axis, rows: Sequence[_Bar], at: int, parts: int) -> Figure:
    bottom = 18.0 + _ROW * len(rows)
    body = [
        text("Tensor, in the order of the graph", MARGIN, 10, SMALL, bold=True),
        text("SDC with interval, %", WIDTH - MARGIN - _RIGHT + 10, 10, SMALL, bold=True),
        text("n", WIDTH - MARGIN, 10, SMALL, align="right", bold=True),
        *grid(line, 16.0, bottom),
    ]
    for place, row in enumerate(rows):
        body.extend(_drawn(line, row, 18.0 + _ROW * place))
    body.append(text("of the injected predictions", (line.start + line.end) / 2, bottom + 25, SMALL, align="middle"))
    body.append(keys(_meanings(campaign), LEFT, bottom + 42))
    name = NAME if parts == 1 else f"{NAME}-{at + 1}"
    columns = (
        "Tensor", "Kind", "Operator", "Elements", "Faults", "Predictions", "SDC", "DUE", "Detected", "SDC rate", "Interval", "Engine",
    )  # fmt: skip
    table = tuple(_listed(layer) for layer, *_ in rows)
    return Figure(
        name, TITLE + part_words(at, parts), _caption(campaign), _alt(rows), "".join(body), bottom + 50, columns, table
    )


def grid(line: Axis, top: float, bottom: float) -> Iterator[str]:
    """Draw the marks of a horizontal axis of shares as thin lines with their figures below."""
    for value in line.ticks():
        x = line.at(value)
        yield stroke(f"M {number(x)} {number(top)} V {number(bottom)}", colour.GRID, 0.8)
        yield text(f"{tick(value)} %", x, bottom + 12, 8.5, align="middle", fill=colour.SOFT)


def named(layer: Layer) -> str:
    """Return the name of a row: of its tensor, or of the first of those that it was made from."""
    return layer.tensor if layer.merged == 1 else f"{layer.tensor} and {layer.merged - 1} more"


def kind_of(layer: Layer) -> str:
    """Return what a tensor is, and of which operator."""
    kind = layer.kind.replace("_", " ")
    return f"{kind} · {_SHORT.get(layer.operator, layer.operator)}" if layer.operator else kind


def short_names(names: Sequence[str]) -> list[str]:
    """Return names as they fit beside their kind, in the left column of figures by tensor."""
    return labels(names, LEFT - MARGIN - 8 - KINDS, SMALL)


def left_column(short: str, kind: str, tip: str, y: float, height: float, *, bold: bool = False) -> Iterator[str]:
    """Draw the name and kind of a tensor at the left of its row, with what a pointer is told."""
    yield box(MARGIN, y, LEFT - MARGIN, height, colour.PAPER, tip)
    yield text(short, MARGIN, y + height / 2 + 3.2, SMALL, bold=bold)
    yield text(shortened(kind, KINDS - 6, 7.8), LEFT - 6, y + height / 2 + 3.2, 7.8, align="right", fill=colour.SOFT)


def _drawn(line: Axis, row: _Bar, y: float) -> Iterator[str]:
    layer, shares, short = row
    name, kind = named(layer), kind_of(layer)
    size = f"{plural(layer.elements, 'element')}, {plural(layer.predictions, 'prediction')}"
    yield from left_column(short, kind, f"{name}: {kind}, {size}, engine {layer.engine or 'not told'}", y, _ROW)
    right = WIDTH - MARGIN - _RIGHT + 10
    if not layer.predictions:
        yield text("not sampled", right, y + 10.6, SMALL, fill=colour.SOFT)
        return
    done = 0.0
    names = ("SDC", layer.sdc), ("DUE", layer.due), ("detected", layer.detected)
    for part, (word, k), ink in zip(shares, names, (colour.SDC, colour.DUE, colour.DETECTED), strict=True):
        x = line.at(done)
        if part > 0:
            tip = f"{name}: {word} {share(part)} ({count(k)} of {count(layer.predictions)} predictions)"
            faint = None if layer.predictions >= FEW else 0.35
            yield box(x, y + 2.5, line.at(done + part) - x, _ROW - 5, ink, tip, fill_opacity=faint)
        done += part
    if done > line.high * (1 + 1e-9):
        yield _cut(line.end, y + _ROW / 2)
    ink = colour.INK if layer.predictions >= FEW else colour.FAINT
    if layer.merged == 1 and layer.rate.high > layer.rate.low:
        yield whisker(
            line.at(layer.rate.low), line.at(layer.rate.high), y + _ROW / 2, ink=ink, beyond=layer.rate.high > line.high
        )
    said = in_percent(layer.rate.value) + (f"  {between(layer.rate).removesuffix(' %')}" if layer.merged == 1 else "")
    yield text(said, right, y + 10.6, SMALL, fill=colour.INK if layer.predictions >= FEW else colour.SOFT)
    yield text(count(layer.predictions), WIDTH - MARGIN, y + 10.6, 8.2, align="right", fill=colour.SOFT)


def _cut(x: float, y: float) -> str:
    """Draw the sign that a bar goes on beyond the axis."""
    return tag("path", d=f"M {number(x + 1)} {number(y - 4)} l 5 4 l -5 4 Z", fill=colour.INK)


def _meanings(campaign: Campaign) -> list[tuple[str, str]]:
    made = [
        (box(0, 0, 12, 10, colour.SDC), "silent corruption (SDC)"),
        (box(0, 0, 12, 10, colour.DUE), "unusable: NaN or infinity (DUE)"),
    ]
    if any(layer.detected for layer in campaign.layers):
        made.append((box(0, 0, 12, 10, colour.DETECTED), "detected by a guard"))
    return [*made, (whisker(0, 12, 5), "interval of SDC")]


def _listed(layer: Layer) -> tuple[str, ...]:
    return (
        named(layer), layer.kind, layer.operator, count(layer.elements), count(layer.faults), count(layer.predictions),
        count(layer.sdc), count(layer.due), count(layer.detected), share(layer.rate.value) if layer.predictions else "–",
        between(layer.rate) if layer.predictions and layer.merged == 1 else "–", layer.engine,
    )  # fmt: skip


def _caption(campaign: Campaign) -> str:
    total = sum(layer.predictions for layer in campaign.layers)
    return (
        f"Shares of the injected predictions in each tensor, in percent; {plural(total, 'prediction')} in all. SDC: the decision differs, "
        "no guard spoke and all outputs are finite; DUE: NaN or infinity, or the runtime refused. What is not drawn did not change "
        f"the decision. Whiskers: {interval_words(campaign)} of SDC.{_few(campaign)}"
    )


def _few(campaign: Campaign) -> str:
    found = sum(0 < layer.predictions < FEW for layer in campaign.layers)
    pale = f" Pale: fewer than {FEW} predictions ({plural(found, 'tensor')})." if found else ""
    return f"{pale} What ends with an arrow goes on beyond the axis."


def _alt(rows: Sequence[_Bar]) -> str:
    found = sorted((layer for layer, *_ in rows if layer.predictions), key=lambda one: (-one.rate.value, one.depth))
    said = [f"{one.tensor} {share(one.rate.value)} {between(one.rate)}" for one in found[:5]]
    return f"Bars for {plural(len(rows), 'tensor')}. Highest SDC: {'; '.join(said) or 'none was sampled'}."
