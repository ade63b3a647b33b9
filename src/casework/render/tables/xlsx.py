"""Threads as a workbook; the same gaps give the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

from casework.render.findings.terminal import one_line
from casework.render.report.figures import share
from casework.render.tables.gaps import COLUMNS, Gaps, cells

_FIXED = (1980, 1, 1, 0, 0, 0)
_WIDTHS = (12, 12, 32, 44, 12, 12, 44, 14)
_HEAD = "E4E8ED"
_FILLS = {"supported": "EAF2FB", "open": "F3F4F6", "doubted": "FFF1D1", "defeated": "FBE3E1"}


def render(found: Gaps) -> bytes:
    """Return a workbook with the sheets Coverage, Forward and Backward.

    Every cell is text, so that nothing from the case can be a formula. Time stamps in the file are fixed.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator = "casework"
    book.properties.title = one_line(f"Coverage of {found.name}")
    book.properties.created = book.properties.modified = datetime(1980, 1, 1)  # noqa: DTZ001 - the format has no zone
    sheet: Any = book.active
    sheet.title = "Coverage"
    rows = [
        (x.name.replace("_", " "), *(share(n, x.total) for n in (x.shallow, x.deep, x.supported)), ", ".join(x.lacking))
        for x in found.levels
    ]
    _fill(sheet, ("level", "shallow", "deep", "supported", "not supported"), rows, (18, 20, 20, 20, 100))
    _page(sheet, "B2")
    for title, threads in (("Forward", found.forward), ("Backward", found.backward)):
        made = book.create_sheet(title)
        _fill(made, COLUMNS, [cells(thread) for thread in threads], _WIDTHS)
        # Hazard and safety goal stay in sight while one scrolls to the hole.
        _page(made, "C2")
    buffer = io.BytesIO()
    book.save(buffer)
    return _fixed(buffer.getvalue())


def _fill(sheet: Any, head: tuple[str, ...], rows: list[tuple[str, ...]], widths: tuple[int, ...]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for number, title in enumerate(head, start=1):
        cell = sheet.cell(row=1, column=number, value=title.capitalize())
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(number)].width = widths[number - 1]
    for at, row in enumerate(rows, start=2):
        for number, text in enumerate(row, start=1):
            cell = sheet.cell(row=at, column=number)
            # An explicit string: openpyxl would otherwise make a formula of "=...". Spreadsheets honour the type, and
            # the quote prefix keeps it text when the cell is edited.
            cell.value = one_line(text)[:32_767]
            cell.data_type = "s"
            cell.quotePrefix = True
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if text in _FILLS:
                cell.fill = PatternFill("solid", fgColor=_FILLS[text])
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{len(rows) + 1}"


def _page(sheet: Any, first: str) -> None:
    """Freeze what is above and left of a cell, and set the sheet up to print on landscape pages that read by themselves."""
    sheet.freeze_panes = first
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.center.text = "&A, page &P of &N"


def _fixed(data: bytes) -> bytes:
    """Return the archive with fixed time stamps, and with the time of saving taken out of its core properties."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            info = zipfile.ZipInfo(name, _FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            content = source.read(name)
            target.writestr(info, _without_time(content) if name == "docProps/core.xml" else content)
    return out.getvalue()


def _without_time(core: bytes) -> bytes:
    import re

    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)", rb"\g<1>1980-01-01T00:00:00Z\g<2>", core)
