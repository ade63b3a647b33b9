"""The appendix: every figure that a record holds, once, by evidence and metric; and the tables of the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casework.model.learning import Evidence
from casework.model.result import Metric, ResultRecord
from casework.model.result import Table as RecordTable
from casework.render.charts import is_campaign
from casework.render.report.document import (
    Block,
    Cell,
    Column,
    Paragraph,
    Row,
    Section,
    Table,
    anchor_of,
    cell,
    group,
    line,
    muted,
    plain,
    strong,
    to_anchor,
)
from casework.render.report.figures import figure, limits, percent, sample, worse_side
from casework.render.report.view import View

_ROWS = 50
"""Rows of a record's own table that the report shows."""
_BREADTH = 110
"""Characters of a row of small print; tables of few short columns are set side by side up to it."""
_BETWEEN = 3
"""Characters that stand for the space between two columns."""


def anchor_of_figures(key: str) -> str:
    """Return the anchor at which the figures of a piece of evidence are listed."""
    return f"figures-{anchor_of(key)}"


def section(view: View) -> Section:
    """Return the appendix."""
    intro = Paragraph(
        line(
            "Each record's figures by metric, and by slice where there is more than one; k/n or n is the sample, the "
            "interval is two-sided, as recorded, rounded outwards. Figures have at most six digits, rounded to the "
            "worse side. What requirements ask for is judged in ",
            to_anchor("vv", "the verification results"),
            ", not here.",
        )
    )
    parts = []
    for key, node in view.case.nodes(Evidence, "evidence"):
        item = view.assessment.appraisals.get(key)
        if item is not None and item.record is not None:
            blocks = (_figures(key, item.record, believed=item.state == "current"), *_tables(key, item.record))
            title = f"{key} {node.title or ''}".rstrip()
            parts.append(Section(title, anchor_of_figures(key), blocks))
    none = () if parts else (Paragraph(line("There is no record, so there is no figure to show.")),)
    title = "Appendix: all measured figures"
    return Section(title, "appendix", (intro, *none), tuple(parts), new_page=True)


def _figures(key: str, record: ResultRecord, *, believed: bool) -> Table:
    by_name: dict[str, list[Metric]] = {}
    for metric in record.metrics:
        by_name.setdefault(metric.name, []).append(metric)
    single = [found[0] for found in by_name.values() if len(found) == 1]
    heads = (Column("Metric or slice", 1.8), Column("Value", 1.2), Column("k/n", 1), Column("Interval", 2.75))
    rows: list[Row] = []
    if single:
        rows += [group(line(strong("Metrics of one figure")))] if len(single) < len(record.metrics) else []
        rows += _paired([_single(metric) for metric in single])
    for name, found in by_name.items():
        if len(found) > 1:
            rows.append(group(line(strong(name), f" by slice, {found[0].unit}{_method(found)}")))
            rows += _paired([_sliced(metric, found) for metric in found])
    caption = (
        f"Figures of {key}" if believed else f"Figures of {key}: these do NOT count, for the evidence is not current"
    )
    source = "the record's metrics"
    return Table(caption, source, (*heads, *heads), tuple(rows), "The record holds no figure.", dense=True)


def _paired(cells: Sequence[tuple[Cell, ...]]) -> list[Row]:
    """Return rows of two figures each, to be read down the left side first."""
    half = -(-len(cells) // 2)
    empty: tuple[Cell, ...] = ((), (), (), ())
    return [Row((*cells[at], *(cells[at + half] if at + half < len(cells) else empty))) for at in range(half)]


def _single(metric: Metric) -> tuple[Cell, ...]:
    where = line(metric.name) if metric.slice == "all" else line(metric.name, muted(f" of {metric.slice}"))
    known = _method([metric]).removeprefix(", ")
    between = [limits(metric)] * (metric.ci_low is not None)
    return (
        cell(where),
        cell(f"{_value(metric)} {metric.unit}"),
        cell(_sample(metric)),
        cell(" ".join([*between, known])),
    )


def _sliced(metric: Metric, found: Sequence[Metric]) -> tuple[Cell, ...]:
    unit = "" if metric.unit == found[0].unit else f" {metric.unit}"
    odd = "" if _way(metric) == _way(found[0]) else f" {_method([metric]).removeprefix(', ')}"
    what = strong(metric.slice) if metric.slice == "all" else plain(metric.slice)
    between = limits(metric) if metric.ci_low is not None else ""
    return (
        cell(line(what)),
        cell(f"{_value(metric)}{unit}"),
        cell(_sample(metric)),
        cell(f"{between}{odd}".strip()),
    )


def _way(metric: Metric) -> tuple[str, float | None]:
    return metric.method, metric.confidence


def _method(found: Sequence[Metric]) -> str:
    first = found[0]
    if first.method == "exact":
        return ", exact"
    sure = f"{percent(first.confidence)} " if first.confidence is not None else ""
    return f", {sure}{first.method}" if first.method != "none" else ", no interval"


def _value(metric: Metric) -> str:
    return figure(metric.value, worse_side(metric.name))


def _sample(metric: Metric) -> str:
    return sample(metric).replace(" of ", "/").replace("n = ", "n=")


def _tables(key: str, record: ResultRecord) -> Iterator[Block]:
    drawn = is_campaign(record)
    for table in record.tables:
        if drawn and len(table.rows) > _ROWS:
            yield Paragraph(
                line(muted(f"{key}: {table.name}: {len(table.rows)} rows, which stand in the record alone."))
            )
        elif table.rows:
            yield _table(key, table, brief=drawn)
    empty = [table.name for table in record.tables if not table.rows]
    if empty:
        yield Paragraph(line(muted(f"Tables of the record without a row: {'; '.join(empty)}.")))


def _table(key: str, table: RecordTable, *, brief: bool = False) -> Table:
    cut = f" (the first {_ROWS} of {len(table.rows)} rows; the record holds all)" if len(table.rows) > _ROWS else ""
    texts = [tuple(_text(value, brief=brief) for value in row) for row in table.rows[:_ROWS]]
    longest = [
        max(len(title), *(len(row[at]) for row in texts if at < len(row)), 1) for at, title in enumerate(table.columns)
    ]
    columns = tuple(Column(title, max(4, size) ** 0.7) for title, size in zip(table.columns, longest, strict=True))
    breadth = sum(longest) + _BETWEEN * len(longest)
    times = max(1, min(_BREADTH // breadth, len(texts) // 4, 4))
    rows = _beside(texts, len(columns), times)
    return Table(f"{key}: {table.name}{cut}", "a table of the record", columns * times, rows, dense=True)


def _beside(texts: Sequence[tuple[str, ...]], width: int, times: int) -> tuple[Row, ...]:
    """Return rows of several records each, to be read down each part from left to right."""
    height = -(-len(texts) // times)
    empty = ("",) * width
    made = []
    for at in range(height):
        parts = [texts[at + height * part] if at + height * part < len(texts) else empty for part in range(times)]
        made.append(Row(tuple(cell(text) for part in parts for text in part)))
    return tuple(made)


def _text(value: str | int | float | bool | None, *, brief: bool = False) -> str:
    """Return a value of a table; floats with every digit, or with six where a record holds many of them."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return figure(float(f"{value:.6g}") if brief else value)
    return str(value)
