"""The report as one self-contained HTML file: no script, nothing loaded, everything escaped."""

from __future__ import annotations

from casework.render.report.document import Report
from casework.render.report.setting import resolve
from casework.render.templates import environment


def to_html(report: Report) -> str:
    """Return the report as HTML; the same report gives the same text."""
    return environment().get_template("report.html.j2").render(report=resolve(report))
