"""What `casework log` prints, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casework.attest.log.entries import Entry
    from casework.attest.log.judge import LogReading
    from casework.model.finding import Finding
    from casework.workflow.log.desk import Desk
    from casework.workflow.log.keeping import Update
    from casework.workflow.log.witnessing import Continuation

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def reading_text(desk: Desk, reading: LogReading, findings: Sequence[Finding], form: str) -> str:
    """Return size, root, signers, stamps and findings."""
    signers = [
        {"name": one.name, "kind": one.kind, "at": one.at.strftime(_TIME) if one.at else None}
        for one in reading.signers
    ]
    stamps = [{"size": one.size, "at": one.at.strftime(_TIME)} for one in desk.book.dates.stamps]
    if form == "json":
        return _json(
            {
                "origin": desk.log.origin,
                "size": reading.size,
                "root": reading.root.hex(),
                "signers": signers,
                "stamps": stamps,
                "policy_floor": reading.floor,
                "findings": [
                    {"code": one.code, "severity": one.severity, "node": one.node, "message": one.message,
                     "fix": one.fix, "file": one.file, "line": one.line}
                    for one in findings
                ],
            }
        )  # fmt: skip
    by = [f"{one['name']} ({one['kind']}{', ' + str(one['at']) if one['at'] else ''})" for one in signers]
    dated = [f"{one['size']} entries by {one['at']}" for one in stamps]
    lines = [
        f"log      {desk.log.origin}",
        f"entries  {reading.size}",
        f"root     {reading.root.hex()}",
        f"signed   {', '.join(by) or 'by nobody whom the trust policy names'}",
        f"stamped  {', '.join(dated) or 'never'}",
    ]
    for one in findings:
        place = f"{one.file}:{one.line}: " if one.line else f"{one.file}: " if one.file else ""
        lines += [f"{one.severity} {one.code} {place}{one.message}", f"  {one.fix}"]
    count = len(findings)
    lines.append("the log holds" if not count else f"{count} finding{'s' if count != 1 else ''}")
    return "\n".join(lines) + "\n"


def proof(found: Continuation, form: str) -> str:
    """Return the two states, the hashes of the proof, and whether it holds."""
    if form == "json":
        return _json(asdict(found))
    lines = [
        f"earlier  {found.first} entries, root {found.first_root or 'unknown'}",
        f"later    {found.second} entries, root {found.second_root or 'unknown'}",
        *(f"proof    {one}" for one in found.proof),
        _outcome(found),
    ]
    return "\n".join(lines) + "\n"


def _outcome(found: Continuation) -> str:
    if found.holds:
        return "consistent: the later state continues the earlier one"
    return f"{'NOT CONSISTENT' if found.decided else 'NOT PROVEN'}: {found.problem}"


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def update_text(made: Update, form: str, *, dry: bool) -> str:
    """Return what was appended, and what was left out."""
    if form == "json":
        value = {
            "size": made.size,
            "added": made.added,
            "unfit": made.unfit,
            "dropped": made.dropped,
            "written": not dry,
        }
        return _json(value)
    lines = [f"+ {line}" for line in made.added]
    lines += [f"not logged, because no known key vouches for it or it cannot be read: {path}" for path in made.unfit]
    lines += [f"left out of this branch's own log, which does not hold: {line}" for line in made.dropped]
    what = f"{_entries(len(made.added))} {'would be ' if dry else ''}appended" if made.added else "nothing to append"
    return "\n".join([*lines, f"{what}; the log has {_entries(made.size)}"]) + "\n"


def listing(desk: Desk, kind: str | None, form: str) -> str:
    """Return the entries with the dates that stamps prove."""
    reading, dates = desk.book.reading, desk.book.dates
    rows = [
        (place, entry, at.strftime(_TIME) if (at := dates.at(place)) else "")
        for entry, place in zip(reading.entries, reading.places, strict=True)
        if kind in (None, entry.kind)
    ]
    if form == "json":
        return _json([_row(place, entry, at) for place, entry, at in rows])
    lines = [f"{place:>7}  {at or '-':<20}  {entry.line}" for place, entry, at in rows]
    return "\n".join([*lines, f"{len(rows)} of {reading.size} entries"]) + "\n"


def _row(place: int, entry: Entry, at: str) -> dict[str, Any]:
    held = {name: value for name, value in asdict(entry).items() if value}
    return {"index": place, **held, "proven_by": at or None}
