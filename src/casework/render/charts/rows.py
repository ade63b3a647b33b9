"""Rows of tensors, which the heat map and the bars share: which tensors have one, in how many figures, and how each begins."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from casework.model.result import ResultRecord
from casework.render.charts import colour
from casework.render.charts.figure import MARGIN, SMALL, WIDTH, box, text
from casework.render.charts.tables import Campaign, Cell, Layer, Rate
from casework.render.charts.words import count, labels, plural, shortened
from casework.render.gsn.text import wrap

MOST: Final = 200
"""Tensors above which neighbours share a row."""
FEW: Final = 20
"""Faults, or predictions, below which a share says little: it is drawn as such, and sets no axis."""
LEFT: Final = 256.0
"""Where the drawing begins, right of names and kinds."""
HEAD: Final = "Tensor, in the order of the graph"
UNHIT: Final = "no fault fell here"
_KINDS: Final = 104.0
_KIND: Final = 7.8
_NOTE: Final = 12.0
_SHORT: Final = {"DequantizeLinear": "Dequantize", "QuantizeLinear": "Quantize", "DynamicQuantizeLinear": "Quantize"}
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Rows:
    """The tensors that have a row, and lines about those that have none.

    Attributes:
        layers: In the order of the graph.
        cells: Tensor to bit to counts.
        notes: Below the rows; none where every tensor has its own.
    """

    layers: tuple[Layer, ...]
    cells: Mapping[str, Mapping[int, Cell]]
    notes: tuple[str, ...]


def rows_of(campaign: Campaign, least: int = 0) -> Rows:
    """Return the rows of a campaign; tensors with fewer than `least` faults share a line, those without any another.

    With `least` 0 every tensor that the record names has a row, those on which no fault fell too.
    """
    kept = tuple(layer for layer in campaign.layers if layer.faults >= least)
    few = [layer for layer in campaign.layers if 0 < layer.faults < least]
    unhit = unnamed(campaign.record) + sum(not layer.faults for layer in campaign.layers) * (least > 0)
    notes = [_few(few, least)] if few else []
    if unhit:
        who = plural(unhit, "further tensor") + ("" if least else ", not named by the record")
        notes.append(f"{who}: {UNHIT}; nothing is known of each of them alone.")
    layers, cells = merged(kept, campaign.cells)
    return Rows(layers, cells, tuple(notes))


def _few(layers: Sequence[Layer], least: int) -> str:
    sdc, predictions = sum(layer.sdc for layer in layers), sum(layer.predictions for layer in layers)
    worst = max(layers, key=lambda layer: (layer.sdc, layer.rate.value))
    most = f", most in {worst.tensor} ({count(worst.sdc)} of {count(worst.predictions)})" if sdc else ""
    return (
        f"{plural(len(layers), 'further tensor')} with fewer than {least} faults each: "
        f"{plural(sum(layer.faults for layer in layers), 'fault')}, SDC in {count(sdc)} of "
        f"{plural(predictions, 'prediction')}{most}."
    )


def unnamed(record: ResultRecord) -> int:
    """Return how many tensors a record says were missed by chance without naming each of them in a row."""
    found = (re.match(r"(?:By chance no|No) fault fell on (\d+) tensors", said) for said in record.limitations)
    told = sum(int(one[1]) for one in found if one)
    tensors = next((t for t in record.tables if t.name == "rates by tensor"), None)
    if not told or tensors is None or "faults" not in tensors.columns:
        return told
    at = tensors.columns.index("faults")
    return max(0, told - sum(not row[at] for row in tensors.rows))


def merged(
    layers: tuple[Layer, ...], cells: Mapping[str, Mapping[int, Cell]]
) -> tuple[tuple[Layer, ...], Mapping[str, Mapping[int, Cell]]]:
    """Return tensors and their counts by bit; of more than `MOST` tensors, neighbours of one kind and type together.

    A row made from several has their counts, the mean of their rates by predictions, and no interval.
    """
    if len(layers) <= MOST:
        return layers, cells
    size = math.ceil(len(layers) / MOST) + 1
    by_kind: dict[tuple[str, str], list[Layer]] = {}
    for layer in layers:
        by_kind.setdefault((layer.kind, layer.dtype), []).append(layer)
    groups = [found[at : at + size] for found in by_kind.values() for at in range(0, len(found), size)]
    places = {layer.tensor: place for place, layer in enumerate(layers)}
    groups.sort(key=lambda group: (group[0].depth, places[group[0].tensor]))
    together = {g[0].tensor: _summed(cells.get(layer.tensor, {}) for layer in g) for g in groups}
    return tuple(_one(group) for group in groups), together


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


def in_parts(items: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    """Return items in as few parts as possible of at most `most`, of about equal size; of nothing, one empty part."""
    parts = max(1, math.ceil(len(items) / most))
    size = math.ceil(len(items) / parts) if items else 1
    return [items[at : at + size] for at in range(0, len(items), size)] or [items]


def part_of(name: str, title: str, at: int, parts: int) -> tuple[str, str]:
    """Return name and title of one of several figures, which say which part it is."""
    return (name, title) if parts == 1 else (f"{name}-{at + 1}", f"{title} ({at + 1} of {parts})")


def named(layer: Layer) -> str:
    """Return the name of a row: of its tensor, or of the first of those that it was made from."""
    return layer.tensor if layer.merged == 1 else f"{layer.tensor} and {layer.merged - 1} more"


def kind_of(layer: Layer) -> str:
    """Return what a tensor is, and of which operator."""
    kind = layer.kind.replace("_", " ")
    return f"{kind} · {_SHORT.get(layer.operator, layer.operator)}" if layer.operator else kind


def size_of(layer: Layer) -> str:
    """Return how many elements a tensor has and how many predictions were made with a fault in it."""
    made = plural(layer.predictions, "prediction") if layer.predictions else UNHIT
    return f"{plural(layer.elements, 'element')}, {made}"


def is_sparse(layer: Layer) -> bool:
    """Tell whether too few faults hit a tensor for its share to say much; many inputs under one fault do not make up for it."""
    return min(layer.faults, layer.predictions) < FEW


def short_names(layers: Sequence[Layer]) -> list[str]:
    """Return names as they fit beside their kind, in the left column."""
    return labels([named(layer) for layer in layers], LEFT - MARGIN - 8 - _KINDS, SMALL)


def left_column(short: str, kind: str, tip: str, y: float, height: float, *, bold: bool = False) -> Iterator[str]:
    """Draw the name and kind of a tensor at the left of its row, with what a pointer is told."""
    yield box(MARGIN, y, LEFT - MARGIN, height, colour.PAPER, tip)
    yield text(short, MARGIN, y + height / 2 + 3.2, SMALL, bold=bold)
    said = shortened(kind, _KINDS - 6, _KIND)
    yield text(said, LEFT - 6, y + height / 2 + 3.2, _KIND, align="right", fill=colour.SOFT)


def noted(notes: Sequence[str], y: float) -> tuple[str, float]:
    """Return lines about tensors without a row, drawn from `y` down, and where what follows begins."""
    lines = [part for note in notes for part in wrap(note, WIDTH - 2 * MARGIN, SMALL)]
    drawn = [text(said, MARGIN, y + _NOTE * (at + 1), SMALL) for at, said in enumerate(lines)]
    return "".join(drawn), y + _NOTE * len(lines) + (4 if lines else 0)


def first_amount(campaign: Campaign) -> str:
    """Return what figures of a campaign with several numbers of faults are of, for captions; nothing for others."""
    given = campaign.record.options.get("amounts")
    if len(campaign.amounts) < 2 or not isinstance(given, list | tuple) or not given:
        return ""
    return f" These are the predictions with {given[0]:g} {'fault' if given[0] == 1 else 'faults'} at once; the curve has the others."
