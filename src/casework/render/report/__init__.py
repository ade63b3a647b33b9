"""The safety-case report: one self-contained HTML file and one PDF, both from the same values.

`build` turns an assessment and a decision into a `Report` of sections, tables and pictures; `to_html` and `to_pdf`
set it. Text of the case is only ever a value in those blocks: no template or markup is made from it.
"""

from __future__ import annotations

from casework.render.report.build import Baseline, build
from casework.render.report.changes import Change, Changes
from casework.render.report.document import Report
from casework.render.report.html import to_html
from casework.render.report.pdf import to_pdf

__all__ = ["Baseline", "Change", "Changes", "Report", "build", "to_html", "to_pdf"]
