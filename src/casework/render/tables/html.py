"""The traceability matrix both ways as one self-contained page with a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from casework.render.report.figures import share
from casework.render.report.words import SYMBOL, TONE
from casework.render.tables.gaps import Gaps, Thread
from casework.render.templates import environment


def render(found: Gaps) -> str:
    """Return the page; its only script is its own, allowed by digest, and filters rows."""
    template = environment().get_template("gaps.html.j2")
    levels = [
        {
            "name": level.name.replace("_", " "),
            "shallow": share(level.shallow, level.total),
            "deep": share(level.deep, level.total),
            "supported": share(level.supported, level.total),
            "whole": not level.lacking,
            "lacking": list(level.lacking),
        }
        for level in found.levels
    ]
    matrices = [
        {"title": "From hazards to evidence", "id": "forward", "rows": _rows(found.forward, _forward)},
        {"title": "From evidence to hazards", "id": "backward", "rows": _rows(found.backward, _backward)},
    ]
    return template.render(
        name=found.name,
        levels=levels,
        matrices=matrices,
        holes=found.holes,
        way=_way,
        titles=dict(found.titles),
        symbols=SYMBOL,
        tones=TONE,
    )


def _rows(threads: Iterable[Thread], start: Callable[[Thread], tuple[str, ...]]) -> list[tuple[Thread, bool]]:
    """Return each thread with whether it starts as the one before."""
    made: list[tuple[Thread, bool]] = []
    for thread in threads:
        made.append((thread, bool(made) and start(made[-1][0]) == start(thread)))
    return made


def _forward(thread: Thread) -> tuple[str, ...]:
    return thread.hazard, thread.goal


def _backward(thread: Thread) -> tuple[str, ...]:
    return (thread.evidence,)


def _way(thread: Thread) -> list[str]:
    return [key for key in (thread.hazard, thread.goal, *thread.requirements, thread.evidence) if key]
