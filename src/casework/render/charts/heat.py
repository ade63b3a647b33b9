"""The heat map: which bit of which tensor corrupts the result, tensors down in the order of the graph, bits across."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from casework.render.charts import colour
from casework.render.charts.axis import Axis, Way, axis
from casework.render.charts.figure import (
    MARGIN,
    SMALL,
    WIDTH,
    Figure,
    box,
    empty,
    hatch,
    keys,
    stroke,
    text,
)
from casework.render.charts.formats import Field, field_of, fields_of, width_of
from casework.render.charts.rows import (
    FEW,
    HEAD,
    LEFT,
    MOST,
    UNHIT,
    Rows,
    first_amount,
    in_parts,
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
from casework.render.charts.words import count, plural, share, tick
from casework.render.gsn.svg import number

NAME: Final = "heat-map"
TITLE: Final = "Where a fault corrupts the result: tensors by bits"
ROWS: Final = 50
"""Rows of one figure, so that it stays on a page."""
_RIGHT: Final = 74.0
_ROW: Final = 13.5
_WIDEST: Final = 26.0
_FEW: Final = "#e3e7ec"
"""Ground of a cell of few predictions, upon which its colour stands small."""


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    short: str
    tip: str
    kind: str
    cells: Mapping[int, Cell]
    dtype: str
    total: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all parts of a heat map have in common."""

    bits: int
    colours: Axis
    formats: tuple[str, ...]

    @property
    def cell(self) -> float:
        """Width of a bit."""
        return min((WIDTH - MARGIN - LEFT - _RIGHT) / self.bits, _WIDEST)

    @property
    def end(self) -> float:
        """Right edge of bit 0."""
        return LEFT + self.cell * self.bits

    def left(self, bit: int) -> float:
        """Left edge of a bit; the highest stands first."""
        return LEFT + (self.bits - 1 - bit) * self.cell


def heat_maps(campaign: Campaign, way: Way = "auto", most: int = ROWS, least: int = 0) -> tuple[Figure, ...]:
    """Return the heat map in as many parts as it takes; one sentence where the record has no counts by tensor and bit.

    Args:
        campaign: The record.
        way: Whether colours are logarithmic.
        most: Rows of one part.
        least: Faults below which tensors share one line.
    """
    if not campaign.cells:
        why = "The record holds no counts by tensor and bit, so there is no heat map: its faults were not flips of single bits."
        return (empty(NAME, TITLE, why, needless="sdc by tensor and bit" not in campaign.held),)
    found = rows_of(campaign, least)
    rows = _rows(found)
    last = [_whole(campaign)] if campaign.bits else []
    if not rows and not last:
        return (empty(NAME, TITLE, " ".join(found.notes), needless=True),)
    sheet = _sheet(rows, last, way)
    notes = (*_wider(rows, last), *found.notes)
    parts = in_parts(rows, most)
    return tuple(
        _part(campaign, sheet, part, part_of(NAME, TITLE, at, len(parts)), last, notes)
        if at == len(parts) - 1
        else _part(campaign, sheet, part, part_of(NAME, TITLE, at, len(parts)), (), ())
        for at, part in enumerate(parts)
    )


def _wider(rows: Sequence[_Row], last: Sequence[_Row]) -> tuple[str, ...]:
    """Say where bits of all tensors stand that are of tensors without a row."""
    width = max((width_of(row.dtype) for row in rows), default=64)
    beyond = {bit for row in last for bit, cell in row.cells.items() if bit >= width and cell.predictions}
    known = all(row.dtype for row in rows)
    return (
        (f"The bits above {width - 1} of all tensors are of wider tensors that have no row here.",)
        if beyond and known
        else ()
    )


def _rows(found: Rows) -> list[_Row]:
    """Return a row for each tensor of which the record has counts by bit, and for each that was not hit at all."""
    layers = [layer for layer in found.layers if found.cells.get(layer.tensor) or not layer.predictions]
    short = short_names(layers)
    return [_row(layer, name, found.cells.get(layer.tensor, {})) for layer, name in zip(layers, short, strict=True)]


def _row(layer: Layer, short: str, cells: Mapping[int, Cell]) -> _Row:
    name, kind = named(layer), kind_of(layer)
    total = share(layer.rate.value) if layer.predictions else UNHIT
    if 0 < layer.predictions < FEW:
        total = f"{layer.sdc} of {layer.predictions}"
    tip = f"{name}: {kind} {layer.dtype}, {size_of(layer)}" + (f", SDC {total}" if layer.predictions else "")
    return _Row(name, short, tip, kind, cells, layer.dtype, total if layer.predictions else "")


def _sheet(rows: Sequence[_Row], last: Sequence[_Row], way: Way) -> _Sheet:
    seen = [cell for row in rows or last for cell in row.cells.values() if cell.predictions]
    sure = [cell for cell in seen if cell.predictions >= FEW] or seen
    formats = tuple(dict.fromkeys(row.dtype for row in rows or last if row.dtype))
    bits = max([width_of(name) for name in formats] + [max(row.cells) + 1 for row in (*rows, *last) if row.cells])
    return _Sheet(bits, axis([cell.rate for cell in sure] or [1.0], 0.0, 1.0, way=way, zero=0.0), formats)


def _part(
    campaign: Campaign,
    sheet: _Sheet,
    rows: Sequence[_Row],
    which: tuple[str, str],
    last: Sequence[_Row],
    notes: Sequence[str],
) -> Figure:
    body = [hatch(), *_header(sheet)]
    y = 14.0 + _HEAD + 11.0 * len(sheet.formats)
    for row in rows:
        body.extend(_drawn(sheet, row, y))
        y += _ROW
    for row in last:
        y += 5
        body.extend(_drawn(sheet, row, y, bold=True))
        y += _ROW
    drawn, y = noted(notes, y)
    body.append(drawn)
    y += 12
    body.extend(_legend(sheet, y))
    name, title = which
    columns = (
        "Tensor",
        "Kind",
        "Predictions",
        "SDC",
        "Bits with SDC, worst first",
        "Bits sampled, no SDC",
        "Not sampled",
    )
    table = tuple(_listed(row) for row in rows)
    alt = " ".join((_alt(rows), *notes))
    return Figure(name, title, _caption(campaign, sheet), alt, "".join(body), y + 44, columns, table)


_HEAD: Final = 14.0


def _header(sheet: _Sheet) -> Iterator[str]:
    yield text(HEAD, MARGIN, 12, SMALL, bold=True)
    yield text("Bit", LEFT - 6, 12, SMALL, bold=True, align="right")
    yield text("SDC, all bits", sheet.end + 8, 12, SMALL, bold=True)
    size = 7.8 if sheet.cell >= 10 else 7.0
    every = 1 if sheet.cell >= 10 else 4 if sheet.cell >= 4.5 else 8
    for bit in range(sheet.bits):
        if bit % every == 0 or bit == sheet.bits - 1:
            yield text(str(bit), sheet.left(bit) + sheet.cell / 2, 12, size, align="middle", fill=colour.SOFT)
    for line, dtype in enumerate(sheet.formats):
        y = 18.0 + 11.0 * line
        yield text(dtype, LEFT - 6, y + 7, 7.8, align="right", fill=colour.SOFT)
        for one in fields_of(dtype):
            yield from _band(sheet, one, y)


def _band(sheet: _Sheet, one: Field, y: float) -> Iterator[str]:
    tints = {"sign": "#4b5563", "exponent": "#9aa5b1", "mantissa": "#d5dbe2", "value": "#d5dbe2"}
    x, wide = sheet.left(one.high), sheet.cell * (one.high - one.low + 1)
    yield box(x + 0.4, y, wide - 0.8, 9, tints[one.name], f"{one.name}: bits {one.high} to {one.low}")
    said = one.name if wide > 42 else one.name[0] if wide > 6 else ""
    ink = colour.PAPER if one.name == "sign" else colour.INK
    yield text(said, x + wide / 2, y + 7, 7.6, align="middle", fill=ink)


def _drawn(sheet: _Sheet, row: _Row, y: float, *, bold: bool = False) -> Iterator[str]:
    yield from left_column(row.short, row.kind, row.tip, y, _ROW, bold=bold)
    yield from _cells(sheet, row, y)
    yield from _borders(sheet, row, y)
    said, ink = (row.total, colour.INK) if row.total else ("no fault", colour.SOFT)
    yield text(said, sheet.end + 8, y + 10, SMALL, bold=bold, fill=ink)


def _cells(sheet: _Sheet, row: _Row, y: float) -> Iterator[str]:
    width = width_of(row.dtype) or sheet.bits
    gap: list[int] = []
    for bit in range(width - 1, -1, -1):
        cell = row.cells.get(bit)
        if cell is None or not cell.predictions:
            gap.append(bit)
            continue
        yield from _unsampled(sheet, row, gap, y)
        gap = []
        rate = cell.rate
        fill = colour.scale(sheet.colours.at(rate)) if cell.sdc else colour.PAPER
        tip = f"{row.label}, bit {bit}{_part_of(row, bit)}: SDC {share(rate)} ({count(cell.sdc)} of {count(cell.predictions)})"
        tip += f", DUE {count(cell.due)}" if cell.due else ""
        x, wide = sheet.left(bit), sheet.cell
        if cell.predictions < FEW:
            yield box(x, y, wide, _ROW, _FEW, tip, stroke=colour.PAPER, stroke_width=0.5)
            inset = min(2.6, wide / 4)
            yield box(x + inset, y + 2.6, wide - 2 * inset, _ROW - 5.2, fill, tip)
        else:
            yield box(x, y, wide, _ROW, fill, tip, stroke=colour.GRID, stroke_width=0.5)
    yield from _unsampled(sheet, row, gap, y)


def _part_of(row: _Row, bit: int) -> str:
    name = field_of(row.dtype, bit)
    return f" ({name})" if name else ""


def _unsampled(sheet: _Sheet, row: _Row, gap: Sequence[int], y: float) -> Iterator[str]:
    if not gap:
        return
    bits = f"bit {gap[0]}" if len(gap) == 1 else f"bits {gap[0]} to {gap[-1]}"
    why = f"{bits}: not sampled" if row.total else f"all bits: {UNHIT}"
    yield box(sheet.left(gap[0]), y, sheet.cell * len(gap), _ROW, "url(#hatch)", f"{row.label}, {why}")


def _borders(sheet: _Sheet, row: _Row, y: float) -> Iterator[str]:
    """Mark in each row where sign, exponent and mantissa meet; rows of one figure may be of different types."""
    edges = [sheet.left(one.low) + sheet.cell for one in fields_of(row.dtype)[:-1]]
    if edges:
        path = " ".join(f"M {number(x)} {number(y)} v {number(_ROW)}" for x in edges)
        yield stroke(path, colour.INK, 0.9)


def _whole(campaign: Campaign) -> _Row:
    cells = {int(b.at): Cell(b.predictions, b.sdc, b.due, b.rate.value) for b in campaign.bits}
    found = campaign.metric("sdc_rate")
    dtypes = {layer.dtype for layer in campaign.layers}
    dtype = next(iter(dtypes)) if len(dtypes) == 1 else ""
    total = share(found.value) if found and 0 <= found.value <= 1 else "–"
    return _Row("all tensors", "all tensors", "all tensors, by bit", "", cells, dtype, total)


def _legend(sheet: _Sheet, y: float) -> Iterator[str]:
    wide, steps = 240.0, colour.STEPS
    yield text("SDC of the injected predictions", MARGIN, y + 9, SMALL)
    x = LEFT
    for step in range(steps):
        yield box(x + wide * step / steps, y, wide / steps + 0.3, 11, colour.scale(step / (steps - 1)))
    yield box(x, y, wide, 11, "none", stroke=colour.SOFT, stroke_width=0.5)
    for value in sheet.colours.ticks(5):
        at = x + wide * sheet.colours.at(value)
        yield stroke(f"M {number(at)} {number(y + 11)} v 3", colour.SOFT)
        yield text(tick(value), at, y + 22, 8.2, align="middle", fill=colour.SOFT)
    yield text("%, logarithmic" if sheet.colours.log else "%", x + wide + 12, y + 9, SMALL, fill=colour.SOFT)
    none = box(0, 0, 12, 10, colour.PAPER, stroke=colour.SOFT, stroke_width=0.7)
    entries = [
        (none, "sampled, no SDC seen"),
        (box(0, 0, 12, 10, "url(#hatch)", stroke=colour.GRID), "not sampled"),
        (box(0, 0, 12, 10, _FEW) + box(2.4, 2, 7.2, 6, colour.scale(0.55)), f"fewer than {FEW} predictions"),
    ]
    yield keys(entries, LEFT, y + 38)


def _listed(row: _Row) -> tuple[str, ...]:
    seen = {bit: cell for bit, cell in row.cells.items() if cell.predictions}
    hit = sorted((b for b in seen if seen[b].sdc), key=lambda b: (-seen[b].rate, -b))
    width = width_of(row.dtype)
    said = ", ".join(f"{b}: {share(seen[b].rate)} of {count(seen[b].predictions)}" for b in hit)
    return (
        row.label, f"{row.kind}{f' · {row.dtype}' if row.dtype else ''}", count(sum(c.predictions for c in seen.values())),
        row.total or UNHIT, said or "none", ranges(b for b in seen if not seen[b].sdc) or "none",
        ranges(set(range(width)) - set(seen)) or "none",
    )  # fmt: skip


def ranges(bits: Iterator[int] | set[int]) -> str:
    """Return numbers as ranges, highest first, such as `31, 22-0`."""
    made: list[list[int]] = []
    for bit in sorted(bits, reverse=True):
        if made and made[-1][-1] == bit + 1:
            made[-1].append(bit)
        else:
            made.append([bit])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in made)


def _caption(campaign: Campaign, sheet: _Sheet) -> str:
    total = sum(layer.predictions for layer in campaign.layers)
    hit = sum(layer.predictions > 0 for layer in campaign.layers)
    scale = "logarithmic" if sheet.colours.log else "linear"
    guess = (
        " The record names no types; they are told from operators and the bits that were hit."
        if campaign.guessed
        else ""
    )
    more = " Neighbouring tensors of one kind share a row." if len(campaign.layers) > MOST else ""
    return (
        f"Share of injected predictions with silent data corruption (SDC), in percent on a {scale} scale, of "
        f"{plural(total, 'injected prediction')} in {plural(hit, 'tensor')}. White: sampled, no SDC seen; hatched: "
        f"not sampled, nothing is known; small: fewer than {FEW} predictions. Vertical lines part sign (s), exponent and "
        f"mantissa.{more}{guess} Cells are shares without intervals; how many predictions each rests on is told where a pointer "
        f"rests on it, and in the record.{first_amount(campaign)}"
    )


def _alt(rows: Sequence[_Row]) -> str:
    cells = [(r, bit, c) for r in rows for bit, c in r.cells.items() if c.predictions]
    hit = sorted((x for x in cells if x[2].sdc), key=lambda x: (-x[2].rate, x[0].label, -x[1]))
    said = [f"{r.label} bit {bit} {share(c.rate)} of {count(c.predictions)}" for r, bit, c in hit[:5]]
    worst = f"Worst: {'; '.join(said)}. " if said else "No cell shows SDC. "
    return (
        f"Heat map of {plural(len(rows), 'tensor')} by bit. {worst}{plural(len(hit), 'cell')} with SDC, "
        f"{count(len(cells) - len(hit))} sampled without."
    )
