"""All figures of one or more records as one page: no script, nothing loaded, each figure with its table, the record's digests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from casework.model.result import Metric, ResultRecord
from casework.render.charts.facts import audit, corrupted, fault_model, sampling, written
from casework.render.charts.figure import Figure, svg
from casework.render.charts.kinship import differences
from casework.render.charts.tables import Campaign, Rate
from casework.render.charts.words import METHODS, between, count, share
from casework.render.templates import environment

_LISTED: Final = ("engines", "canaries", "worst faults")
"""Tables that are shown as they are, below the figures."""
_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A record on the page.

    Attributes:
        campaign: The record.
        figures: Its figures.
        origin: Where the record came from and what is known of its signatures, in a sentence.
        compared: Figures that set it against another record.
        before: That record; None where there is no comparison.
        before_origin: Where that came from.
    """

    campaign: Campaign
    figures: tuple[Figure, ...]
    origin: str
    compared: tuple[Figure, ...] = ()
    before: Campaign | None = None
    before_origin: str = ""


def to_html(shown: Sequence[Shown]) -> str:
    """Return the page; the same records give the same text."""
    return environment().get_template("charts.html.j2").render(
        title=", ".join(one.campaign.label for one in shown),
        records=[_record(number, one) for number, one in enumerate(shown, start=1)],
    )  # fmt: skip


def _record(number: int, shown: Shown) -> dict[str, Any]:
    campaign, record = shown.campaign, shown.campaign.record
    figures = [*shown.compared, *shown.figures]
    return {
        "id": f"r{number}",
        "label": campaign.label,
        "origin": shown.origin,
        "facts": _facts(campaign),
        "rates": [_rate(metric) for metric in campaign.overall()],
        "figures": [_figure(f"r{number}-{figure.name}", figure) for figure in figures],
        "tables": [_table(campaign, name) for name in _LISTED if campaign.rows(name)[1]],
        "digests": sorted(record.digests.items()),
        "before": _before(shown),
        "limits": record.limitations,
        "checks": [(c.name, c.outcome, c.detail) for c in record.self_checks],
    }


def _facts(campaign: Campaign) -> list[tuple[str, str]]:
    record = campaign.record
    made = [
        ("Model", record.files.get("model", "not named")),
        ("Data", record.files.get("data", "not named")),
        ("Fault model", fault_model(record)),
        ("Corrupted (SDC) if", corrupted(record)),
        ("Sampling unit", sampling(campaign)),
        ("Audit", audit(campaign)),
        ("Generator", f"{record.generator.name}, version {record.generator.version}"),
        ("Status", f"{record.status}{': ' + record.reason if record.reason else ''}"),
        ("Run", f"{record.started}, {record.duration_s:.1f} s"),
        ("Environment", _joined(record)),
        ("Command", record.command or "not recorded"),
    ]
    return [(name, said) for name, said in made if said]


def _before(shown: Shown) -> dict[str, Any] | None:
    if shown.before is None:
        return None
    digests = sorted(shown.before.record.digests.items())
    doubts = "; ".join(differences(shown.before, shown.campaign))
    return {"label": shown.before.label, "origin": shown.before_origin, "digests": digests, "doubts": doubts}


def _joined(record: ResultRecord) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(record.environment.items()))


def _rate(metric: Metric) -> tuple[str, str, str, str, str]:
    ratio = metric.unit == "ratio" and 0 <= metric.value <= 1
    whole = metric.value.is_integer() and abs(metric.value) < 2**53
    plain = count(int(metric.value)) if whole else f"{metric.value:.6g}"
    value = share(metric.value) if ratio else plain if metric.unit == "count" else f"{plain} {metric.unit}"
    sample = f"{count(metric.k)} of {count(metric.n)}" if metric.k is not None and metric.n is not None else (
        f"n = {count(metric.n)}" if metric.n is not None else ""
    )  # fmt: skip
    limits = ""
    if metric.ci_low is not None and metric.ci_high is not None:
        found = Rate(metric.value, metric.ci_low, metric.ci_high)
        limits = between(found) if ratio else f"[{metric.ci_low:.6g}, {metric.ci_high:.6g}]"
    method = METHODS.get(metric.method, metric.method) if metric.method != "none" else ""
    sure = f"{metric.confidence * 100:g} % " if metric.confidence is not None and limits else ""
    return metric.name, value, sample, limits, f"{sure}{method}"


def _figure(name: str, figure: Figure) -> dict[str, Any]:
    from markupsafe import Markup

    drawn = svg(figure, prefix=name, captioned=False).strip() if figure.body else ""
    return {
        "id": name,
        "title": figure.title,
        "caption": figure.caption,
        "svg": Markup(drawn),  # noqa: S704 - every text in it was escaped where it was written
        "columns": figure.columns,
        "rows": figure.rows,
    }


def _table(campaign: Campaign, name: str) -> dict[str, Any]:
    columns, rows = campaign.rows(name)
    cut = f"The first {_ROWS} of {len(rows)} rows; the record holds all." if len(rows) > _ROWS else ""
    return {
        "name": name,
        "columns": [re.sub("_", " ", column) for column in columns],
        "rows": [[written(value) for value in row] for row in rows[:_ROWS]],
        "cut": cut,
    }
