"""Fingerprints of a node's meaning: what makes links suspect and evidence stale.

The fingerprint covers every authored field but the presentation ones (`title`, `tags`, `notes`). Text is compared with its
white space folded, and lists of links without regard to order, so re-formatting the YAML changes nothing and changing a
bound does. Fields left at their default do not count, so that a newer Casework with one more field changes nothing either.
"""

from __future__ import annotations

from typing import Any

from casework.artifact.digest import jcs_digest
from casework.model.node import PRESENTATION
from casework.model.vocabulary import NODE_TYPES, links_of


def meaning(data: dict[str, Any]) -> dict[str, Any]:
    """Return the meaningful part of a node's authored fields in canonical form."""
    node_type = str(data.get("type", ""))
    known = node_type in NODE_TYPES
    links = links_of(node_type) if known else {}
    fields = NODE_TYPES[node_type].model_fields if known else {}
    made: dict[str, Any] = {}
    for name, value in data.items():
        if name in PRESENTATION or value is None or value in ([], {}):
            continue
        if name in fields and value == fields[name].get_default():
            continue
        folded = _fold(value)
        made[name] = sorted(folded) if name in links and not links[name].key and isinstance(folded, list) else folded
    return made


def _fold(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return {str(k): _fold(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_fold(v) for v in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def fingerprint(data: dict[str, Any]) -> str:
    """Return the SHA-256 (64 hex digits) of the canonical JSON (RFC 8785) of a node's meaning."""
    return jcs_digest(meaning(data))
