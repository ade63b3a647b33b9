"""Findings as workflow commands, which GitHub shows beside the lines of a change.

Escaping follows the toolkit's rules: `%`, CR and LF in messages, also `:` and `,` in properties. GitHub shows at most
ten annotations of a kind for a step, so the gravest and new ones come first and the last command carries all counts.
Source: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from casework.model.decision import Decision
from casework.model.finding import Finding, Severity
from casework.render.findings.options import SEVERITIES, Options, by_severity, plural, release_line, verdict_line
from casework.render.findings.terminal import safe

_COMMAND: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "notice"}


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision as workflow commands, one a line."""
    del sources  # GitHub shows the lines itself
    ranked = sorted(decision.findings, key=lambda f: (SEVERITIES.index(f.severity), not f.new, f.order))
    lines = [_command(_COMMAND[f.severity], _place(f, options), _message(f)) for f in ranked]
    for item in decision.waived:
        words = f"Waived by {item.by} ({item.waiver}) until {item.expires}: {item.reason}\n{item.finding.message}"
        lines.append(_command("notice", _place(item.finding, options), words))
    counts = ", ".join(plural(len(found), severity) for severity, found in by_severity(decision.findings).items())
    words = f"{verdict_line(decision)} {counts}, {len(decision.waived)} waived. {release_line(decision)}"
    kind = "error" if decision.word == "blocked" else "notice"
    lines.append(_command(kind, [("title", f"casework {'BLOCKED' if decision.word == 'blocked' else 'PASS'}")], words))
    return "\n".join(lines) + "\n"


def _place(finding: Finding, options: Options) -> list[tuple[str, str]]:
    made = [("file", finding.file)] if finding.file else []
    if finding.file and finding.line:
        made.append(("line", str(finding.line)))
        if finding.column:
            made.append(("col", str(finding.column)))
    return [*made, ("title", options.headline(finding.code))]


def _message(finding: Finding) -> str:
    known = "" if finding.new else " (already in the base)"
    return f"{finding.message}{known}\n{finding.fix}".rstrip("\n")


def _command(kind: str, properties: list[tuple[str, str]], message: str) -> str:
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties)
    return f"::{kind} {listed}::{_data(message)}"


def _data(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(safe(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
