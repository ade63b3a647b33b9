"""Threads as CSV (RFC 4180 with LF), with formulas disarmed for the spreadsheet that will open it."""

from __future__ import annotations

import csv
import io

from casework.render.findings.terminal import one_line
from casework.render.tables.gaps import COLUMNS, Gaps, cells

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def disarm(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: a leading sign is preceded by an apostrophe.

    Source: OWASP, "CSV Injection". Control characters are made visible.
    """
    return one_line(f"'{text}" if text.lstrip().startswith(_FORMULA) else text)


def render(found: Gaps) -> str:
    """Return all threads as CSV; the first column tells the direction."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("direction", *COLUMNS))
    for direction, threads in (("forward", found.forward), ("backward", found.backward)):
        writer.writerows((direction, *(disarm(text) for text in cells(thread))) for thread in threads)
    return out.getvalue()
