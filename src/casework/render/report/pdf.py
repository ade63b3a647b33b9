"""The report as PDF, set by Typst from data: text of the case reaches it as JSON strings, never as markup."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from casework.render.fonts import font_folder
from casework.render.report.document import Report
from casework.render.report.setting import resolve
from casework.render.templates import FOLDER


def to_pdf(report: Report) -> bytes:
    """Return the report as PDF; its dates are the report's own, so the same report gives the same bytes.

    Raises:
        ValueError: A picture of the report cannot be set; the message of Typst says why.
    """
    import typst

    day = datetime.combine(date.fromisoformat(report.day), datetime.min.time(), UTC)
    try:
        made = typst.compile(
            str(FOLDER / "report.typ"),
            root=str(FOLDER),
            font_paths=[str(font_folder())],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"report": json.dumps(resolve(report, breaks=True), ensure_ascii=False)},
            timestamp=int(day.timestamp()),
        )
    except typst.TypstError as error:
        raise ValueError(f"the report cannot be set as PDF: {error}") from error
    return bytes(made)
