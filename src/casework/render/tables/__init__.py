"""Coverage gaps: every thread from hazard to evidence and back, with each hole named as a row.

`gaps` gathers the rows; `FORMATS` sets them as text, HTML, CSV and JSON; `xlsx.render` gives the bytes of a workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from casework.render.tables import csv_format, html, json_format, text, xlsx
from casework.render.tables.gaps import Gaps, Level, Thread, gaps

FORMATS: Final[Mapping[str, Callable[[Gaps], str]]] = MappingProxyType(
    {"text": text.render, "html": html.render, "csv": csv_format.render, "json": json_format.render}
)
"""Renderers of text formats by name."""

to_xlsx: Final = xlsx.render

__all__ = ["FORMATS", "Gaps", "Level", "Thread", "gaps", "to_xlsx"]
