"""The traceability matrix both ways as one self-contained page with a filter."""

from __future__ import annotations

from casework.render.report.figures import share
from casework.render.report.words import SYMBOL, TONE
from casework.render.tables.gaps import Gaps
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
        {"title": "From hazards to evidence", "id": "forward", "threads": found.forward},
        {"title": "From evidence to hazards", "id": "backward", "threads": found.backward},
    ]
    return template.render(
        name=found.name,
        levels=levels,
        matrices=matrices,
        holes=found.holes,
        titles=dict(found.titles),
        symbols=SYMBOL,
        tones=TONE,
    )
