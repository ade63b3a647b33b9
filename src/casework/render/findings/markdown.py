"""Findings as one pull-request comment: the decision first, a table, the details folded.

Text from the case is never markup here: HTML is escaped, Markdown's signs are entities, and whatever would notify a
person, link an issue or a page is broken apart by an empty comment. A comment that would be too long says how much it
leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.render.findings.options import (
    SEVERITIES,
    Options,
    by_severity,
    codes,
    place,
    plural,
    release_line,
    verdict_line,
)  # fmt: skip
from casework.render.findings.terminal import one_line

MARK = "<!-- casework check -->"
"""First line of every comment, by which a job finds the comment that it wrote before."""

_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "\\`*_{}[]()#+-.!|~$^=:<>&\"'"}
_LIVE = re.compile(r"@|#(?=\d)|://|www\.|(?<=\w)#")
_SYMBOL = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision as Markdown of at most `options.size` characters."""
    del sources  # GitHub shows the lines itself
    ranked = sorted(decision.findings, key=lambda f: (SEVERITIES.index(f.severity), not f.new, f.order))
    head, waived = _head(decision, options), _waived(decision, options)
    rows = [_row(f, options) for f in ranked]
    details = [_detail(f, options) for f in ranked]
    shown = _fitting(rows, options.size - len(head) - len(waived) - 700)
    left = options.size - len(head) - len(waived) - 700 - sum(len(row) + 1 for row in rows[:shown])
    explained = _fitting(details[:shown], left)
    parts = [head]
    if rows:
        parts.append("\n".join(["| | Code | Place | Finding |", "|---|---|---|---|", *rows[:shown]]))
    if details[:explained]:
        parts.append(
            "\n".join(["<details><summary>How to mend them</summary>", "", *details[:explained], "", "</details>"])
        )
    if shown < len(rows) or explained < len(rows):
        parts.append(
            f"**Cut to fit a comment**: the table shows {shown} of {plural(len(rows), 'finding')}, "
            f"and {explained} are explained. `{options.see_all}` shows all."
        )
    if waived:
        parts.append(waived)
    return "\n\n".join(parts) + "\n"


def literal(text: str) -> str:
    """Return text of a case as Markdown that shows exactly that text and does nothing else."""
    pieces: list[str] = []
    last = 0
    line = one_line(text)
    for live in _LIVE.finditer(line):
        pieces.append(_entities(line[last : live.end()]))
        last = live.end()
    pieces.append(_entities(line[last:]))
    return "<!-- -->".join(pieces)


def _entities(text: str) -> str:
    return text.translate(_SIGNS)


def _fitting(lines: Sequence[str], room: int) -> int:
    """Return how many of the lines fit into so many characters."""
    used = 0
    for count, line in enumerate(lines):
        used += len(line) + 1
        if used > room:
            return count
    return len(lines)


def _head(decision: Decision, options: Options) -> str:
    symbol = "✅" if decision.word == "pass" else "⛔"
    lines = [MARK, f"## {symbol} Casework: {'PASS' if decision.word == 'pass' else 'BLOCKED'}", ""]
    lines.append(f"{literal(verdict_line(decision))} **{literal(release_line(decision))}**")
    lines.append("")
    for severity, found in by_severity(decision.findings).items():
        if found:
            listed = codes(found)
            named = ", ".join(f"{_code(code)} {literal(options.name(code))} × {count}" for code, count in listed[:40])
            named += f" and {len(listed) - 40} further codes" if len(listed) > 40 else ""
            lines.append(f"- {_SYMBOL[severity]} {plural(len(found), severity)}: {named}")
    if decision.waived:
        lines.append(f"- 📝 {plural(len(decision.waived), 'waived deviation')}, listed below")
    if options.base:
        new = sum(f.new for f in decision.findings)
        lines.append(f"- Compared with {_code(options.base)}: {new} new, {len(decision.findings) - new} already there")
    if decision.summary:
        lines.append("- " + ", ".join(f"{literal(name)}: {count}" for name, count in decision.summary[:40]))
    return "\n".join(lines)


def _row(finding: Finding, options: Options) -> str:
    known = "" if finding.new else " *(already in the base)*"
    code = f"{_code(finding.code)} {literal(options.name(finding.code))}".rstrip()
    severity = f"{_SYMBOL[finding.severity]} {finding.severity}"
    return f"| {severity} | {code} | {_code(place(finding))} | {literal(finding.message)}{known} |"


def _detail(finding: Finding, options: Options) -> str:
    where = f"{finding.node}.{finding.field_path}" if finding.field else finding.node
    told = f"{literal(finding.message)} **{literal(finding.fix)}**"
    return f"- {_code(finding.code)} {_code(where or place(finding))}: {told}"


def _waived(decision: Decision, options: Options) -> str:
    if not decision.waived:
        return ""
    rows = [_waived_row(w, options) for w in decision.waived]
    shown = _fitting(rows, options.size // 3)
    lines = [
        "### Waived deviations: shown, not solved",
        "",
        "| Code | Node | Finding | Waived by | Until | Reason |",
        "|---|---|---|---|---|---|",
    ]
    lines += rows[:shown]
    if shown < len(rows):
        lines += [
            "",
            f"{len(rows) - shown} of {len(rows)} waived deviations are left out here; `{options.see_all}` shows all.",
        ]
    return "\n".join(lines)


def _waived_row(waived: Waived, options: Options) -> str:
    finding = waived.finding
    cells = (
        f"{_code(finding.code)} {literal(options.name(finding.code))}",
        _code(finding.node),
        literal(finding.message),
        f"{literal(waived.by)} ({_code(waived.waiver)})",
        literal(waived.expires),
        literal(waived.reason),
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Return text of a case as inline code, in which nothing is linked and nobody notified."""
    return f"<code>{_entities(one_line(text))}</code>" if text else ""
