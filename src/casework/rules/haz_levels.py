"""What the hazard rules share: which computed levels ask for measures."""

from __future__ import annotations

from casework.model.standards import ASIL_RANK


def needs_asil(level: str | None) -> bool:
    """Return True for ASIL A to D."""
    return level is not None and ASIL_RANK[level] > 0
