"""What a record of fault injection holds for people to look at: its tables, read by the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from casework.model.result import Metric, ResultRecord, Table
from casework.render.charts.formats import guessed, width_of

Value = str | int | float | bool | None

TABLES: Final = (
    "rates by tensor", "sdc by tensor and bit", "rates by bit", "rates by class", "rates by input",
    "rates by number of faults", "engines", "canaries", "worst faults", "hardening",
)  # fmt: skip
"""The tables by name; a record holds those that its campaign gave."""


_FIRST: Final = (
    "injected_predictions", "faults", "sdc_rate", "sdc5_rate", "lost_rate", "ghost_rate", "mean_iou", "due_rate", "detected_rate",
    "benign_rate", "masked_rate", "near_tie_rate",
)  # fmt: skip
"""Figures that stand first, in this order."""


class TableProblem(ValueError):  # noqa: N818 - it is a state of the user's file, not an error of ours
    """A table of a record that cannot be read; the message names the table, the row and the column."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of injected predictions with its two-sided interval; all between 0 and 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Layer:
    """A tensor that was hit: a row of `rates by tensor`; of one made from several, `merged` says how many."""

    tensor: str
    kind: str
    operator: str
    depth: int
    elements: int
    faults: int
    predictions: int
    sdc: int
    due: int
    detected: int
    rate: Rate
    engine: str = ""
    dtype: str = ""
    due_rate: float | None = None
    detected_rate: float | None = None
    merged: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of the predictions with a fault in one bit of one tensor, or of several; then with a weighted rate of SDC."""

    predictions: int
    sdc: int
    due: int
    weighted: float | None = None

    @property
    def rate(self) -> float:
        """Share of SDC."""
        return self.sdc / self.predictions if self.weighted is None else self.weighted

    def plus(self, other: Cell) -> Cell:
        """Return the counts of both."""
        return Cell(self.predictions + other.predictions, self.sdc + other.sdc, self.due + other.due)


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of a table of rates: by bit, by class, by number of faults; `at` is the bit or the number, 0 of a class."""

    name: str
    at: float
    predictions: int
    sdc: int
    due: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Comparison:
    """A row of the table `hardening`; what was not measured is None."""

    measure: str
    target: str
    sdc_before: float | None
    sdc_after: float | None
    due_before: float | None
    due_after: float | None
    detected_after: float | None
    clean_flips: float | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A record of fault injection as charts look at it; tables that the record lacks are empty.

    Attributes:
        label: Key of the evidence or name of the file, for headings.
        record: The record itself.
        layers: By depth in the graph, in the order of the record where depths are equal.
        cells: Tensor to bit to counts.
        bits: By bit, lowest first.
        classes: In the order of the record.
        amounts: By number of faults.
        hardening: Rows of the comparison that a hardening run made of itself.
        guessed: Whether the record names no types of elements, so that they are told from the bits that were hit.
    """

    label: str
    record: ResultRecord
    layers: tuple[Layer, ...] = ()
    cells: Mapping[str, Mapping[int, Cell]] = field(default_factory=dict)
    bits: tuple[Bin, ...] = ()
    classes: tuple[Bin, ...] = ()
    amounts: tuple[Bin, ...] = ()
    hardening: tuple[Comparison, ...] = ()
    guessed: bool = False

    @property
    def held(self) -> frozenset[str]:
        """Names of the tables that the record holds."""
        return frozenset(table.name for table in self.record.tables)

    def metric(self, name: str) -> Metric | None:
        """Return a figure of the whole campaign, or None."""
        return next((m for m in self.record.metrics if m.name == name and m.slice == "all"), None)

    def overall(self) -> list[Metric]:
        """Return the figures of the whole campaign: what was done, then rates from the worst outcome on, then the others by name."""
        places = {name: at for at, name in enumerate(_FIRST)}
        found = [metric for metric in self.record.metrics if metric.slice == "all"]
        return sorted(
            found, key=lambda metric: (places.get(metric.name, len(_FIRST)), metric.unit != "ratio", metric.name)
        )

    def rows(self, name: str) -> tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]:
        """Return columns and rows of a table by its name; both are empty where the record has none."""
        found = next((t for t in self.record.tables if t.name == name), None)
        return (found.columns, found.rows) if found else ((), ())


def is_campaign(record: ResultRecord) -> bool:
    """Tell whether a record holds a table that charts can show."""
    return any(table.name in TABLES for table in record.tables)


def read(record: ResultRecord, label: str) -> Campaign:
    """Return a record as charts look at it.

    Raises:
        TableProblem: A table lacks a column, or holds what cannot stand there.
    """
    by_name = {table.name: table for table in record.tables}
    rows = {name: list(_rows(by_name[name])) if name in by_name else [] for name in TABLES}
    layers = [_layer(row) for row in rows["rates by tensor"]]
    cells: dict[str, dict[int, Cell]] = {}
    for row in rows["sdc by tensor and bit"]:
        found = cells.setdefault(row.text("tensor"), {})
        old = found.get(row.bit("bit"), Cell(0, 0, 0))
        found[row.bit("bit")] = old.plus(Cell(row.count("predictions"), row.count("sdc"), row.count("due")))
    layers += [_unlisted(name, by_bit) for name, by_bit in cells.items() if name not in {one.tensor for one in layers}]
    unknown = any(not layer.dtype for layer in layers)
    types = _dtypes(record, layers, cells)
    layers = [replace(layer, dtype=dtype) for layer, dtype in zip(layers, types, strict=True)]
    return Campaign(
        label,
        record,
        tuple(sorted(layers, key=lambda layer: layer.depth)),
        cells,
        tuple(sorted((_bin(row, "bit") for row in rows["rates by bit"]), key=lambda found: found.at)),
        tuple(_bin(row, "class") for row in rows["rates by class"]),
        tuple(sorted((_bin(row, "amount") for row in rows["rates by number of faults"]), key=lambda found: found.at)),
        tuple(_comparison(row) for row in rows["hardening"]),
        unknown,
    )


def _dtypes(record: ResultRecord, layers: Sequence[Layer], cells: Mapping[str, Mapping[int, Cell]]) -> list[str]:
    """Return the types of tensors, told from the bits that were hit where a record does not name them.

    Few faults hit few bits, so those of all tensors of a kind are looked at together. Nothing is said where high bits may
    just not have been hit.
    """
    hit: dict[str, set[int]] = {}
    for layer in layers:
        hit.setdefault(layer.kind, set()).update(cells.get(layer.tensor, ()))
    found = []
    for layer in layers:
        own = cells.get(layer.tensor, {})
        flips = sum(cell.predictions for cell in own.values())
        dtype = layer.dtype or guessed(layer.kind, layer.operator, own, flips, hit[layer.kind])
        unsure = not layer.dtype and bool(record.options.get("bits")) and width_of(dtype) < 32
        found.append("" if unsure else dtype)
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    table: str
    number: int
    values: Mapping[str, Value]

    def text(self, column: str) -> str:
        value = self._value(column)
        return "" if value is None else str(value)

    def count(self, column: str) -> int:
        value = self._value(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._problem(column, value, "a count")
        return value

    def bit(self, column: str) -> int:
        found = self.count(column)
        if found > 63:
            raise self._problem(column, found, "a bit from 0 to 63")
        return found

    def share(self, column: str) -> float:
        found = self.figure(column)
        if found is None or not 0 <= found <= 1:
            raise self._problem(column, self._value(column), "a share from 0 to 1")
        return found

    def figure(self, column: str) -> float | None:
        value = self.values.get(column)
        if value is None:
            return None
        if isinstance(value, bool | str) or value != value or abs(value) == float("inf"):
            raise self._problem(column, value, "a number")
        return float(value)

    def rate(self) -> Rate:
        if self._value("sdc_rate") is None:  # no prediction, so no rate: nothing is known
            return Rate(0.0, 0.0, 1.0)
        value = self.share("sdc_rate")
        low = self.share("ci_low") if self._value("ci_low") is not None else value
        high = self.share("ci_high") if self._value("ci_high") is not None else value
        return Rate(value, min(low, value), max(high, value))

    def _value(self, column: str) -> Value:
        if column not in self.values:
            raise TableProblem(f"the table `{self.table}` has no column `{column}`")
        return self.values[column]

    def _problem(self, column: str, value: Value, wanted: str) -> TableProblem:
        return TableProblem(f"the table `{self.table}`, row {self.number}: `{column}` is {value!r}, not {wanted}")


def _rows(table: Table) -> Iterator[_Row]:
    for number, row in enumerate(table.rows, start=1):
        if len(row) != len(table.columns):
            message = f"the table `{table.name}`, row {number}: {len(row)} values for {len(table.columns)} columns"
            raise TableProblem(message)
        yield _Row(table.name, number, dict(zip(table.columns, row, strict=True)))


def _layer(row: _Row) -> Layer:
    given = row.values
    return Layer(
        row.text("tensor"), row.text("kind"), row.text("operator"), row.count("depth"), row.count("elements"),
        row.count("faults"), row.count("predictions"), row.count("sdc"), row.count("due"), row.count("detected"),
        row.rate(), row.text("engine"), row.text("dtype") if "dtype" in given else "",
        row.figure("due_rate"), row.figure("detected_rate"),
    )  # fmt: skip


def _unlisted(name: str, by_bit: Mapping[int, Cell]) -> Layer:
    """Return a tensor of which a record holds counts by bit alone, behind all others."""
    predictions, sdc, due = (
        sum(getattr(cell, key) for cell in by_bit.values()) for key in ("predictions", "sdc", "due")
    )
    rate = sdc / predictions if predictions else 0.0
    return Layer(name, "", "", 2**53, 0, predictions, predictions, sdc, due, 0, Rate(rate, rate, rate))


def _bin(row: _Row, column: str) -> Bin:
    name, at = row.text(column), 0.0
    if column == "bit":
        at = float(row.bit(column))
    elif column == "amount":
        at = row.figure(column) or 0.0
        name = f"{at:,g}"
    return Bin(name, at, row.count("predictions"), row.count("sdc"), row.count("due"), row.rate())


def _comparison(row: _Row) -> Comparison:
    return Comparison(
        row.text("measure"), row.text("target"), row.figure("sdc_before"), row.figure("sdc_after"),
        row.figure("due_before"), row.figure("due_after"), row.figure("detected_after"), row.figure("clean_flips"),
    )  # fmt: skip
