"""Gaps for a terminal: coverage by level, then a row for each hole."""

from __future__ import annotations

from collections.abc import Iterator

from casework.render.findings.options import plural
from casework.render.findings.terminal import clip, columns, one_line, pad, paint, wrap
from casework.render.report.figures import share
from casework.render.report.words import signed
from casework.render.tables.gaps import Gaps, Level, Thread

_LISTED = 12


def render(found: Gaps, *, width: int = 100, colour: bool = False) -> str:
    """Return coverage and holes as text.

    Args:
        found: What to show.
        width: Columns of the terminal.
        colour: True to colour the text.
    """
    lines = [*_levels(found.levels, width, colour), "", *_holes(found, width, colour)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _levels(levels: tuple[Level, ...], width: int, colour: bool) -> Iterator[str]:
    yield paint("Coverage by level (percentages are rounded down: 100 % means all)", "bold", colour)
    yield from wrap(
        "shallow: something stands below it. deep: that goes all the way down to planned evidence or tests. "
        "supported: all that it rests on holds.",
        width, "  ", "  ",
    )  # fmt: skip
    head = ("level", "shallow", "deep", "supported")
    rows = [(x.name.replace("_", " "), *(share(n, x.total) for n in (x.shallow, x.deep, x.supported))) for x in levels]
    widths = [max(columns(row[i]) for row in (head, *rows)) for i in range(4)]
    yield "  " + "  ".join(pad(h, w) for h, w in zip(head, widths, strict=True)) + "  not supported"
    for level, row in zip(levels, rows, strict=True):
        more = f" and {len(level.lacking) - _LISTED} more" if len(level.lacking) > _LISTED else ""
        named = (", ".join(level.lacking[:_LISTED]) or "none") + more
        left = "  " + "  ".join(pad(text, w) for text, w in zip(row, widths, strict=True)) + "  "
        room = max(24, width - columns(left))
        for number, text in enumerate(wrap(named, room)):
            style = "warning" if level.lacking else "good"
            yield paint(left + text, style, colour) if number == 0 else " " * columns(left) + text


def _holes(found: Gaps, width: int, colour: bool) -> Iterator[str]:
    for title, threads in (("From hazards to evidence", found.forward), ("From evidence to hazards", found.backward)):
        holes = [thread for thread in threads if thread.hole]
        yield paint(f"{title}: {plural(len(threads), 'thread')}, {plural(len(holes), 'hole')}", "bold", colour)
        for thread in holes:
            yield from _hole(thread, width, colour, upwards=threads is found.backward)
        yield ""
    count = len(found.holes)
    words = (
        f"{plural(count, 'hole')}: what is named above is missing."
        if count
        else "No hole: every thread reaches evidence that holds."
    )
    yield paint(words, "error" if count else "good", colour)


def _hole(thread: Thread, width: int, colour: bool, *, upwards: bool) -> Iterator[str]:
    steps = [thread.hazard or "(no hazard)", thread.goal, *thread.requirements, thread.evidence]
    named = [one_line(step) for step in steps if step]
    way = " > ".join(reversed(named) if upwards else named)
    state = f"  {signed(thread.status)}" if thread.status else ""
    yield clip(f"  {way}{state}", max(width, 40))
    body = wrap(thread.hole, width, "      ", "      ")
    yield from (paint(line, "error", colour) for line in body)
