"""What a campaign on a hardened model says of its parent: the same faults in both, before and after."""

from __future__ import annotations

from typing import Final

from casework.model.result import Metric
from casework.render.charts.axis import Way
from casework.render.charts.figure import Figure
from casework.render.charts.hardening import COMPARED, Pair, pair_of, paired
from casework.render.charts.tables import Campaign, Comparison, Rate
from casework.render.charts.words import METHODS, between, plural, share

NAME: Final = "hardening"
TITLE: Final = "The same faults before and after hardening"
_COLUMNS: Final = (
    "Measures", "Target", "SDC before", "SDC after", "DUE before", "DUE after", "Detected after", "Clean flips",
)  # fmt: skip


def measures(campaign: Campaign, way: Way = "auto") -> Figure | None:
    """Return the comparison that a record holds of its model and the parent; None where it holds none."""
    rows = campaign.hardening
    if not rows:
        return None
    table = tuple(_listed(row) for row in rows)
    pairs = _measured(campaign) or _bare(rows)
    if not pairs:
        why = "Neither model shows a corruption or an unusable result, so there is nothing to draw."
        return Figure(NAME, TITLE, why, columns=_COLUMNS, rows=table)
    names = ", ".join(dict.fromkeys(row.measure for row in rows))
    start = (
        f"The same faults in the parent and in the model hardened by {names}. Shares of injected predictions in percent"
    )
    made = paired(NAME, TITLE, pairs, way, (start, _rest(campaign)))
    return Figure(NAME, TITLE, made.caption, made.alt, made.body, made.height, _COLUMNS, table)


def _measured(campaign: Campaign) -> list[Pair]:
    """Return the pairs for which the record holds figures with intervals, by slice."""
    by_name = {(metric.name, metric.slice): metric for metric in campaign.record.metrics}
    made = []
    for where in dict.fromkeys(metric.slice for metric in campaign.record.metrics if metric.name == "parent_sdc_rate"):
        of = "" if where == "all" else f", {where.replace('=', ' ')}"
        for name in ("sdc_rate", "due_rate"):
            pair = pair_of(f"{COMPARED[name]}{of}", by_name.get((f"parent_{name}", where)), by_name.get((name, where)))
            if pair is not None and any(rate is not None and rate.value > 0 for rate in (pair.before, pair.after)):
                made.append(pair)
    return made


def _bare(rows: tuple[Comparison, ...]) -> list[Pair]:
    """Return the pairs of the table, which holds no intervals."""
    return [
        Pair(
            f"{row.measure}{f' on {row.target}' if row.target else ''}: {what}",
            Rate(before, before, before),
            Rate(after, after, after),
        )
        for row in rows
        for what, before, after in (("SDC", row.sdc_before, row.sdc_after), ("DUE", row.due_before, row.due_after))
        if before is not None and after is not None and 0 <= before <= 1 and 0 <= after <= 1 and (before or after)
    ]


_FATES: Final = {
    "sdc_prevented_rate": "of the faults that corrupt the parent do so no more",
    "sdc_added_rate": "of the others corrupt this model alone",
}


def _rest(campaign: Campaign) -> str:
    if not _measured(campaign):
        return ", as the record states them, without intervals."
    found = [(campaign.metric(name), what) for name, what in _FATES.items()]
    said = [
        f" {share(one.value)} {_limits(one)} {what}." for one, what in found if one is not None and 0 <= one.value <= 1
    ]
    before = campaign.metric("parent_sdc_rate")
    how = f" ({METHODS.get(before.method, before.method)})" if before is not None else ""
    size = f"; {plural(before.n, 'injected prediction')} in each" if before is not None and before.n is not None else ""
    return (
        f"{size}. Whiskers: intervals as recorded{how}. In brackets: the lower limit of the factor, from both intervals (MOVER)."
        f"{''.join(said)}"
    )


def _limits(metric: Metric) -> str:
    if metric.ci_low is None or metric.ci_high is None:
        return ""
    return between(Rate(metric.value, max(metric.ci_low, 0.0), min(metric.ci_high, 1.0)))


def _listed(row: Comparison) -> tuple[str, ...]:
    figures = (row.sdc_before, row.sdc_after, row.due_before, row.due_after, row.detected_after)
    said = ["–" if x is None else share(x) if 0 <= x <= 1 else f"{x:g}" for x in figures]
    return (row.measure, row.target, *said, "–" if row.clean_flips is None else f"{row.clean_flips:g}")
