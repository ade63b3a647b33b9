"""A record of fault injection as text for a terminal: what matters first, in figures that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from casework.model.interval import lower_bound
from casework.model.result import Metric, ResultRecord, Table

MEANINGS: Final = {
    "sdc_rate": "silent data corruption: another decision",
    "due_rate": "no usable result: NaN or infinite",
    "detected_rate": "an alarm of the model tells",
    "benign_rate": "other outputs, the same decision",
    "masked_rate": "not a bit of the outputs differs",
}
"""The five kinds of outcome, worst first: together they are all injected predictions."""

COMPARED: Final = {
    "parent_sdc_rate": "the same faults in the parent: silent data corruption",
    "parent_due_rate": "the same faults in the parent: no usable result",
    "sdc_prevented_rate": "of those silent in the parent, no longer silent",
    "sdc_added_rate": "of those not silent in the parent, silent now",
}
"""What a hardened model's record says of its parent."""

_CORRUPT: Final = {
    "classification": "silent data corruption: another class",
    "detection": "silent data corruption: an object lost or made up",
    "segmentation": "silent data corruption: another mask",
    "regression": "silent data corruption: beyond the first threshold",
}

_GUESSED: Final = "The decision was taken to be "
"""How the limitation begins that a record has where neither a model card nor an option says what the outputs mean."""

_SHOWN: Final = 10
_WIDEST: Final = 72
_TOLD: Final = (
    "faults",
    "injected_predictions",
    "audited",
    "audit_disagreements",
    "overhead_vs_batch1",
    "overhead_vs_batched",
    "overhead_of_campaign",
)
_ORDER: Final = (
    "hardening", "rates by number of faults", "rates by tensor", "rates by bit", "sdc by tensor and bit", "worst faults",
    "rates by class", "rates by input",
)  # fmt: skip

Row = Mapping[str, Any]


def injection_text(record: ResultRecord, defaults: Mapping[str, Any]) -> list[str]:
    """Return the lines behind the first: headline, tables with the worst rows first, self-checks, limits, digests.

    Args:
        record: Of the generator fault-injection.
        defaults: Options to what they are where they are not given; they are not shown.
    """
    lines = _headline(record)
    for table in sorted(record.tables, key=_place):
        told = _table(table)
        lines += ["", *told] if told else []
    lines += ["", *(f"limit: {text}" for text in record.limitations)] if record.limitations else []
    lines += ["", *_files(record, defaults)]
    return lines


def percent(share: float) -> str:
    """Return a share in per cent, in three digits; never rounded to a whole that it is not."""
    text = f"{100 * share:.3g}"
    if float(text) in (0, 100) and share not in (0, 1):
        text = f"{100 * share:.8g}"
    return f"{text} %"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of equal length as lines, each column as wide as its widest cell."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _headline(record: ResultRecord) -> list[str]:
    shown = [m for m in record.metrics if m.slice == "all" or m.slice.startswith("amount=")]
    first = (*MEANINGS, *COMPARED)
    rates = [m for name in first for m in shown if m.name == name]
    meanings = (
        MEANINGS | COMPARED | {"sdc_rate": _CORRUPT.get(str(record.options.get("decision")), MEANINGS["sdc_rate"])}
    )
    several = any(m.slice != "all" for m in rates)
    rows = [
        (m.name, *([m.slice] if several else []), percent(m.value), _interval(m), _count(m), meanings[m.name])
        for m in rates
    ]
    lines = [*_put(record, shown), *(["", *aligned(rows)] if rows else [])]
    lines += ["", f"  decision: {_decision(record)}", *_overhead(shown)]
    lines += [f"  {c.name}: {c.outcome}: {c.detail}" for c in record.self_checks]
    others = [m for m in shown if m.name not in (*first, *_TOLD)]
    others += [m for m in record.metrics if m.slice.startswith("kind=")]
    if others:
        lines += ["", *aligned([(m.name, m.slice, _value(m), _interval(m), _count(m)) for m in others])]
    left = len(record.metrics) - len(rates) - len(others) - sum(m.name in _TOLD for m in shown)
    return [*lines, f"  … {left} more figures, of parts: --format json shows them all"] if left else lines


def _decision(record: ResultRecord) -> str:
    """Say what the model was taken to decide, and who said so: where nobody did, the rates may mean nothing."""
    decision = str(record.options.get("decision", "unknown"))
    if any(text.startswith(_GUESSED) for text in record.limitations):
        return f"{decision}, guessed from the outputs; if they mean something else, say option decision=…"
    who = f"card {record.files.get('model', '')}" if record.evidence else "as the options say"
    return f"{decision} ({who})"


def _put(record: ResultRecord, metrics: Sequence[Metric]) -> list[str]:
    """Say how many faults were put in; of a campaign that goes on until its interval is narrow enough, whether it is."""
    lines = []
    for faults in (m for m in metrics if m.name == "faults"):
        held = {m.name: m for m in metrics if m.slice == faults.slice}
        where = "" if faults.slice == "all" else f" for {faults.slice}"
        text = f"  {faults.value:.0f} faults{where}"
        if "injected_predictions" in held:
            text += f", {held['injected_predictions'].value:.0f} injected predictions"
        rate = held.get("sdc_rate")
        if rate is not None and rate.confidence is not None and rate.method != "exact":
            text += f"; intervals at {100 * rate.confidence:g} %"
        lines.append(text + _reached(record, rate, faults.value))
    return lines


def _reached(record: ResultRecord, rate: Metric | None, put: float) -> str:
    asked = record.options.get("interval")
    if not isinstance(asked, float) or rate is None or rate.ci_low is None or rate.ci_high is None:
        return ""
    half = (rate.ci_high - rate.ci_low) / 2
    if half > asked:
        return f"; the interval is +-{percent(half)}, wider than the +-{percent(asked)} asked for: allow more faults"
    most = str(record.options.get("faults"))
    if most.isdecimal() and put >= int(most):
        return f"; reached +-{percent(half)} with all {most} faults, and +-{percent(asked)} was asked for"
    return (
        f"; stopped before the {most} allowed: the interval is +-{percent(half)}, and +-{percent(asked)} was asked for"
    )


def _overhead(metrics: Sequence[Metric]) -> list[str]:
    held = {m.name: m.value for m in metrics if m.slice == "all"}
    if "overhead_vs_batch1" not in held or "overhead_vs_batched" not in held:
        return []
    whole = held.get("overhead_of_campaign")
    also = "" if whole is None else f"; the whole command with start, canaries and audit: {whole:.3g} times one alone"
    return [
        f"  overhead: an injected prediction cost {held['overhead_vs_batch1']:.3g} times a fault-free one alone, "
        f"{held['overhead_vs_batched']:.3g} times one in a batch",
        f"    (putting in, running and judging{also})",
    ]


def _value(metric: Metric) -> str:
    if metric.unit == "ratio":
        return percent(metric.value)
    figure = f"{metric.value:.0f}" if metric.unit == "count" else f"{metric.value:.3g}"
    return f"{figure} {metric.unit}" if metric.unit not in ("count", "") else figure


def _interval(metric: Metric) -> str:
    if metric.ci_low is None or metric.ci_high is None:
        return ""
    if metric.unit == "ratio":
        return f"[{percent(metric.ci_low)}, {percent(metric.ci_high)}]"
    return f"[{metric.ci_low:.4g}, {metric.ci_high:.4g}]"


def _count(metric: Metric) -> str:
    if metric.k is not None:
        return f"{metric.k} of {metric.n}"
    return f"of {metric.n}" if metric.n is not None else ""


def _place(table: Table) -> int:
    return _ORDER.index(table.name) if table.name in _ORDER else len(_ORDER)


def _table(table: Table) -> list[str]:
    """Return a table's title and rows; nothing of one in which nothing is amiss and which is shown for that alone."""
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    title, key, chosen = _VIEWS.get(table.name, ("", None, None))
    kept = rows if chosen is None else [row for row in rows if chosen(row)]
    if table.name == "canaries" and not kept:
        return []  # all moved an output, as the self-check says
    ordered = kept if key is None else sorted(kept, key=key)
    shown, left = ordered[:_SHOWN], [*ordered[_SHOWN:], *(row for row in rows if row not in kept)]
    columns = [c for c in _columns(table.columns) if c not in _HIDDEN.get(table.name, ())]
    body = aligned([columns, *([_cell(row, column) for column in columns] for row in shown)]) if shown else []
    none = [] if body or left else ["  none"]
    return [f"{table.name} ({title})" if title else table.name, *body, *none, *_left_out(left)]


def _left_out(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    harmless = all(row.get("sdc") == 0 and row.get("due") == 0 for row in rows)
    none = ", all without sdc and due" if harmless else ""
    return [f"  … {len(rows)} more {'row' if len(rows) == 1 else 'rows'}{none}: --format json shows them all"]


def _columns(columns: Sequence[str]) -> list[str]:
    """Return the columns with both limits in one, and the rate with it behind what the row is about."""
    if not {"sdc_rate", "ci_low", "ci_high"} <= set(columns):
        return list(columns)
    rest = [c for c in columns if c not in ("sdc_rate", "ci_low", "ci_high")]
    first = next(i for i, c in enumerate(rest) if c in ("depth", "elements", "faults", "predictions"))
    return [*rest[:first], "sdc_rate", "interval", *rest[first:]]


def _cell(row: Row, column: str) -> str:
    if column == "interval":
        low, high = row["ci_low"], row["ci_high"]
        return "" if low is None or high is None else f"[{percent(low)}, {percent(high)}]"
    value = row[column]
    if isinstance(value, float):
        return percent(value) if column.endswith(("_rate", "_before", "_after")) else f"{value:.4g}"
    text = "" if value is None else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _by_rate(row: Row) -> tuple[float, ...]:
    return (-(row["sdc_rate"] or 0), -row["due"] / max(row["predictions"], 1), -row.get("bit", 0))


def _by_limit(row: Row) -> tuple[float, ...]:
    """Cells of few predictions have rates of 0 or 1 by chance: what is surely bad comes first."""
    k, n = row["sdc"], row["predictions"]
    return (-lower_bound(k, n, 0.975) if k else 0, -row["due"] / max(n, 1), -row["bit"])


def _struck(row: Row) -> bool:
    return bool(row["sdc"] or row["due"])


def _silent(row: Row) -> bool:
    return str(row["moved"]).startswith("0 ")


def _critical(row: Row) -> tuple[float, ...]:
    return (-row["critical"], -row.get("bit", 0))


class _View(NamedTuple):
    """How a table is shown: in which order, in words and as a key, and which rows of it."""

    title: str
    key: Callable[[Row], tuple[float, ...]] | None
    chosen: Callable[[Row], bool] | None = None


_VIEWS: Final[dict[str, _View]] = {
    "rates by tensor": _View("highest sdc_rate first", _by_rate),
    "rates by bit": _View("highest sdc_rate first", _by_rate),
    "rates by class": _View("highest sdc_rate first", _by_rate),
    "sdc by tensor and bit": _View("highest lower limit of sdc among predictions first", _by_limit, _struck),
    "critical bits by tensor": _View("most critical first", _critical),
    "critical bits by bit": _View("most critical first", _critical),
    "canaries": _View("those that moved no output", None, _silent),
}
"""Tables that are not shown whole, in the order of the record."""

_HIDDEN: Final[dict[str, tuple[str, ...]]] = {"rates by tensor": ("depth", "faults", "elements", "dtype")}


def _files(record: ResultRecord, defaults: Mapping[str, Any]) -> list[str]:
    given = {k: v for k, v in sorted(record.options.items()) if k not in defaults or v != defaults[k]}
    lines = [
        f"  {role:<15} {sha[:16]}…  {record.files.get(role, '')}".rstrip()
        for role, sha in sorted(record.digests.items())
        if role != "options"
    ]
    if given:
        told = ", ".join(f"{k}={v}" for k, v in given.items())
        lines.append(f"  options         {told}; the others are at their defaults")
    return lines
