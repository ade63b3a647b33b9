"""What the hazard rules share: computed ASILs, read from the light fields of the graph."""

from __future__ import annotations

from casework.graph.case import Case, Entry
from casework.model.standards import ASIL_RANK, Asil, asil_of


def event_asil(entry: Entry) -> Asil | None:
    """Return the computed ASIL of a hazardous event, or None where the node is invalid or of another type."""
    if entry.type != "hazardous_event" or not entry.valid:
        return None
    light = entry.light
    return asil_of(light["severity"]["level"], light["exposure"]["level"], light["controllability"]["level"])


def goal_asil(case: Case, key: str) -> Asil | None:
    """Return the highest ASIL of the hazardous events that a safety goal addresses, or None where none is known."""
    levels = [
        level for edge in case.out(key, "addresses") if (level := event_asil(case.entries[edge.target])) is not None
    ]
    return max(levels, key=ASIL_RANK.__getitem__, default=None)


def needs_asil(level: str | None) -> bool:
    """Return True for ASIL A to D."""
    return level is not None and ASIL_RANK[level] > 0
