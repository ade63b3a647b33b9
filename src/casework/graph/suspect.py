"""Suspect links: what a person signed off, and what has changed since.

A review records the fingerprint of each node that it signs off and of each node that those link to. The latest review
of a node decides (by date, then by id). A link is suspect while the far node's fingerprint differs from the recorded
one; the node itself has changed while its own differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from casework.graph.case import Case, Edge, Entry


@dataclass(frozen=True, slots=True)
class SignOff:
    """One person's sign-off of one node.

    Attributes:
        review: Key of the review.
        node: Key of the node signed off.
        by: Person, as written.
        on: Date, YYYY-MM-DD.
        meaning: `reviewed`, `approved` or `rejected`.
        fingerprints: Fingerprint by key, as recorded.
    """

    review: str
    node: str
    by: str
    on: str
    meaning: str
    fingerprints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A link whose far end has changed since the near end was signed off."""

    link: Edge
    sign_off: SignOff


def _recorded(case: Case, entry: Entry) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, digest in (entry.light.get("fingerprints") or {}).items():
        key = name if name in case else case.resolve(entry, name)
        if key is not None:
            found[key] = digest
    return found


def sign_offs(case: Case) -> Iterator[SignOff]:
    """Yield every sign-off of every valid review, in the order of the reviews' keys."""
    for review in case.keys("review"):
        entry = case.entries[review]
        if not entry.valid:
            continue
        light = entry.light
        recorded = _recorded(case, entry)
        for edge in case.out(review, "of"):
            yield SignOff(
                review, edge.target, light["by"], str(light["on"]), light.get("meaning", "reviewed"), recorded
            )


def _order(sign_off: SignOff) -> tuple[str, list[tuple[int, str]]]:
    """Return the key by which sign-offs of one node are ordered: by date, then by id, where `-10` comes after `-9`."""
    parts = re.split(r"([0-9]+)", sign_off.review)
    return sign_off.on, [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


def latest(case: Case) -> dict[str, SignOff]:
    """Return the sign-off that decides for each node that has one, by the node's key."""
    found: dict[str, SignOff] = {}
    for sign_off in sign_offs(case):
        before = found.get(sign_off.node)
        if before is None or _order(before) < _order(sign_off):
            found[sign_off.node] = sign_off
    return {key: found[key] for key in sorted(found)}


def suspects(case: Case) -> Iterator[Suspect]:
    """Yield every suspect link of nodes whose latest review does not reject them.

    A link that the review did not see is not suspect: it was added since, so the node itself has changed.
    """
    for key, sign_off in latest(case).items():
        if sign_off.meaning == "rejected" or not case.entries[key].valid:
            continue
        for edge in case.out(key):
            recorded = sign_off.fingerprints.get(edge.target) if case.entries[edge.target].valid else None
            if recorded is not None and edge.target != key and recorded != case.fingerprint(edge.target):
                yield Suspect(edge, sign_off)


def changed(case: Case) -> Iterator[SignOff]:
    """Yield the latest sign-off of every node that has changed since, or whose fingerprint the review does not hold."""
    for key, sign_off in latest(case).items():
        if not case.entries[key].valid:
            continue  # what cannot be read is a finding of its own, and has not therefore changed
        if sign_off.meaning != "rejected" and sign_off.fingerprints.get(key) != case.fingerprint(key):
            yield sign_off
