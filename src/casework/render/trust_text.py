"""A trust policy for a terminal: who may sign what until when, in aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from casework.render.findings.terminal import columns, one_line, pad, paint, wrap

_SOON: Final = 30
"""Days before the end from which it is said in another colour."""
_LEAST: Final = 20
"""Columns that the last column of a table gets at least, also where the terminal is narrower."""
_STATE_STYLE: Final = {
    "valid": "good", "not yet valid": "warning", "expired": "warning", "revoked": "warning", "compromised": "error",
}  # fmt: skip


def to_text(facts: Mapping[str, Any], *, colour: bool = False, width: int = 100) -> str:
    """Return the facts of a trust policy (`casework/trust/v1`) as text.

    Args:
        facts: As gathered; texts in it may be hostile and are made harmless.
        colour: Whether to colour.
        width: Columns to lay out for; the last column of each table is wrapped.
    """
    lines = [*_head(facts, colour)]
    for title, rows in _tables(facts):
        if len(rows) > 1:
            lines += ["", paint(title, "bold", colour), *_aligned(rows, width, colour)]
    return "\n".join(lines) + "\n"


def _head(facts: Mapping[str, Any], colour: bool) -> Iterator[str]:
    demo = ", for demonstration only" if facts["demo"] else ""
    state = facts["state"]
    style = {"in force": "good", "draft": "warning"}.get(state, "error")
    title = f"Trust policy {one_line(facts['name'])}, version {facts['version']}"
    yield f"{paint(title, 'bold', colour)}: {paint(state, style, colour)}{paint(demo, 'warning', colour) if demo else ''}"
    yield f"  digest   {facts['digest']}"
    yield f"  expires  {paint(*_expiry(facts), colour)}"
    root = facts["root"]
    yield f"  root     {root['threshold']} of {len(root['keys'])} keys: {', '.join(root['keys'])}"
    if root["file_sha256"]:
        yield f"  root.pub {root['file_sha256']}"
    for one in facts["signatures"]:
        yield "  " + _quorum(one, colour)
    for one in facts["findings"]:
        word = f"{one['severity']}[{one['code']}]"
        yield f"  {paint(word, one['severity'], colour)} {one_line(one['message'])}"


def _expiry(facts: Mapping[str, Any]) -> tuple[str, str]:
    left = facts["days_left"]
    if left < 0:
        return f"{facts['expires']}, {-left} days ago", "error"
    days = "1 day" if left == 1 else f"{left} days"
    return f"{facts['expires']}, in {days}", "warning" if left < _SOON else "good"


def _quorum(one: Mapping[str, Any], colour: bool) -> str:
    done = len(one["signed"])
    style = "good" if done >= one["needed"] else "warning"
    text = paint(f"{done} of {one['needed']} signatures for the root of {one['root']}", style, colour)
    signed = f"; signed by {', '.join(one['signed'])}" if done else ""
    left = f"; may sign: {', '.join(one['open'])}" if done < one["needed"] and one["open"] else ""
    return text + signed + left


Rows = list[Sequence[str]]


def _tables(facts: Mapping[str, Any]) -> Iterator[tuple[str, Rows]]:
    yield "Persons", [("id", "name", "roles"), *_persons(facts["persons"])]
    yield "Keys", [("name", "person", "state", "from", "to", "key", "roles"), *map(_key, facts["keys"])]
    yield (
        "Sigstore identities",
        [
            ("name", "person", "state", "from", "to", "roles", "identity"),
            *map(_identity, facts["identities"]),
        ],
    )
    yield "Evidence needs", [("generator", "signers", "conditions"), *map(_rule, facts["evidence_types"])]
    yield "Acts that count only when sealed", [("act", "signers", "conditions"), *map(_rule, facts["acts"])]
    yield (
        "Time-stamp authorities",
        [
            ("name", "key", "certificates"),
            *((one["name"], one["keyid"][:12], str(one["certificates"])) for one in facts["time_stamp_authorities"]),
        ],
    )
    yield "Evidence log", [("origin", "key", "witnesses"), *_log(facts["log"])]
    yield "Versions", [("version", "expires", "signed by", "digest"), *_versions(facts["versions"])]


def _persons(persons: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    for one in persons:
        name = one["name"] + (" (machine)" if one["machine"] and "machine" not in one["name"].lower() else "")
        yield one["id"], name, ", ".join(one["roles"]) or "-"


def _key(one: Mapping[str, Any]) -> Sequence[str]:
    roles = [*(["root"] if one["root"] else []), *one["roles"]]
    state, begin, end = _dates(one)
    kind = f"{one['algorithm'].partition('-sha')[0]} {one['keyid'][:12]}"
    return one["name"], one["person"], state, begin, end, kind, ", ".join(roles) or "-"


def _identity(one: Mapping[str, Any]) -> Sequence[str]:
    state, begin, end = _dates(one)
    run = [
        f"{word} {one[field]}"
        for word, field in (
            ("repository", "source_repository_id"), ("ref", "source_repository_ref"), ("on", "build_trigger"),
        )
        if one[field]
    ]  # fmt: skip
    said = ", ".join([f"{one['identity']} by {one['issuer']}", *run])
    return one["name"], one["person"], state, begin, end, ", ".join(one["roles"]) or "-", said


def _dates(one: Mapping[str, Any]) -> tuple[str, str, str]:
    ends = [day for day in (one["valid_to"], one["revoked_at"]) if day]
    return one["state"], one["valid_from"], min(ends) if ends else "open"


def _rule(one: Mapping[str, Any]) -> Sequence[str]:
    signers = ", ".join(f"{count} {role}" for role, count in one["require"].items()) or "the person that it names"
    conditions = [
        word
        for field, word in (
            ("independent", "no author of the requirement"),
            ("separate_roles", "different persons"),
            ("timestamp", "time stamp"),
        )
        if one.get(field)
    ]
    if one.get("max_age_days"):
        conditions.append(f"at most {one['max_age_days']} days old")
    if one.get("sign_within_hours"):
        conditions.append(f"signed within {one['sign_within_hours']} h")
    kind = "any other (*)" if one["kind"] == "*" else one["kind"]
    return kind, signers, ", ".join(conditions) or "-"


def _log(log: Mapping[str, Any] | None) -> Iterator[Sequence[str]]:
    if log is not None:
        witnesses = ", ".join(log["witnesses"])
        said = f"{log['witness_threshold']} of {len(log['witnesses'])}: {witnesses}" if witnesses else "none"
        yield log["origin"], log["keyid"][:12], said


def _versions(versions: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    for one in versions:
        pinned = " (pinned root)" if one["by_pinned_root"] else ""
        yield str(one["version"]), one["expires"], ", ".join(one["signed_by"]) + pinned, one["digest"][:12]


def _aligned(rows: Rows, width: int, colour: bool) -> Iterator[str]:
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(columns(row[index]) for row in shown) for index in range(len(shown[0]) - 1)]
    for number, row in enumerate(shown):
        first = "  " + "".join(f"{pad(cell, size)}  " for cell, size in zip(row[:-1], widths, strict=True))
        room = max(width, columns(first) + _LEAST)
        for line in wrap(row[-1], room, first, " " * columns(first)):
            yield paint(line, "faint", colour) if number == 0 else _coloured(line, row, colour)


def _coloured(line: str, row: Sequence[str], colour: bool) -> str:
    state = row[2] if len(row) > 2 else ""
    style = _STATE_STYLE.get(state, "")
    return line.replace(f"  {state}", f"  {paint(state, style, colour)}", 1) if style and colour else line
