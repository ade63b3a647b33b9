"""Gaps as JSON, schema `casework/gaps/v1`: `case`, `levels`, `forward`, `backward`, `holes` (their number)."""

from __future__ import annotations

from dataclasses import asdict

from casework.render.plain_json import json_text
from casework.render.tables.gaps import Gaps


def render(found: Gaps) -> str:
    """Return the gaps as JSON; keys keep their order, lines end in LF."""
    data = {
        "schema": "casework/gaps/v1",
        "case": found.name,
        "levels": [asdict(level) for level in found.levels],
        "forward": [asdict(thread) for thread in found.forward],
        "backward": [asdict(thread) for thread in found.backward],
        "holes": len(found.holes),
    }
    return json_text(data)
