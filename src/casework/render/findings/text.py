"""Findings for people at a terminal: each with the quoted line, the fix, and where to read on; the decision last.

What could not be read comes first, for other findings may follow from it. Else findings stand grouped by file, in the order
of the lines. Of one code the first few are shown in full, further ones
on a line each, and beyond that they are counted, with the command that shows all: nothing is left out without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.render.findings.excerpt import excerpt
from casework.render.findings.options import Options, by_severity, codes, place, plural, release_line, verdict_line
from casework.render.findings.terminal import clip, columns, one_line, paint, safe, wrap

_UNREAD: Final = "FMT"
"""Group of the codes of what could not be read."""


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision and its findings as text for a terminal.

    Args:
        decision: What the gate says.
        sources: Text of a file by its path, for the quoted lines.
        options: Colour, width, and how much to show.
    """
    lines: list[str] = []
    unread = tuple(f for f in decision.findings if f.code.startswith(_UNREAD))
    rest = tuple(f for f in decision.findings if not f.code.startswith(_UNREAD))
    lines.extend(_first(unread, rest, options))
    for findings in (unread, rest):
        full, brief = _split(findings, options)
        lines.extend(_files(full, findings, sources, options))
        lines.extend(_more(brief, options))
    lines.extend(_waived(decision.waived, options))
    lines.extend(_summary(decision, options))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _first(unread: tuple[Finding, ...], rest: tuple[Finding, ...], options: Options) -> Iterator[str]:
    """Yield a line that names the cause, where what could not be read stands beside what may follow from it."""
    errors = sum(finding.severity == "error" for finding in unread)
    if errors and rest:
        it, they = ("it", "it says") if errors == 1 else ("these", "they say")
        said = (
            f"Mend the {plural(errors, 'error')} of {_UNREAD} first: {they} what could not be read, and of the "
            f"{plural(len(rest), 'other finding')} some may follow from {it}."
        )
        yield from (paint(line, "bold", options.colour) for line in wrap(said, options.width))
        yield ""


def _split(findings: tuple[Finding, ...], options: Options) -> tuple[list[Finding], dict[str, list[Finding]]]:
    """Return the findings to show in full, and the others by code."""
    seen: Counter[str] = Counter()
    full: list[Finding] = []
    brief: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: f.order):
        seen[finding.code] += 1
        if options.limit and seen[finding.code] > options.limit:
            brief.setdefault(finding.code, []).append(finding)
        else:
            full.append(finding)
    return full, brief


def _files(
    findings: list[Finding], every: tuple[Finding, ...], sources: Callable[[str], str | None], options: Options
) -> Iterator[str]:
    """Yield the findings in full, a heading before each file that counts every finding in it."""
    current: str | None = None
    text: str | None = None
    for finding in findings:
        if finding.file != current:
            current = finding.file
            text = sources(current) if current else None
            yield _heading(current, [f for f in every if f.file == current], options)
            yield ""
        yield from _one(finding, text, options)
        yield ""


def _heading(file: str, findings: list[Finding], options: Options) -> str:
    counts = ", ".join(plural(len(found), severity) for severity, found in by_severity(findings).items() if found)
    title = f"── {safe(file) or 'The case as a whole'} ({counts}) "
    return paint(title + "─" * max(2, options.width - columns(title)), "faint", options.colour)


def _one(finding: Finding, source: str | None, options: Options) -> Iterator[str]:
    label = f"{finding.severity}[{finding.code}]"
    name = options.name(finding.code)
    head = wrap(f"{label} {name + ': ' if name else ''}{finding.message}", options.width, rest="    ")
    first = head[0].removeprefix(label)
    yield paint(label, finding.severity, options.colour) + paint(first, "bold", options.colour)
    yield from (paint(line, "bold", options.colour) for line in head[1:])
    gutter = len(str(finding.line)) if finding.line else 1
    where = place(finding)
    if finding.file or finding.node:
        yield f"{' ' * gutter}{_ink('-->', options)} {safe(where)}"
    yield from _quote(finding, source, gutter, options)
    yield from _notes(finding, gutter, options)


def _quote(finding: Finding, source: str | None, gutter: int, options: Options) -> Iterator[str]:
    found = excerpt(source, finding.line, finding.column, options.width - gutter - 3)
    if found is None:
        return
    bar = _ink("|", options)
    yield f"{' ' * gutter} {bar}"
    yield f"{_ink(str(finding.line), options)} {bar} {found.line}"
    carets = paint("^" * found.length, finding.severity, options.colour)
    yield f"{' ' * gutter} {bar} {' ' * found.offset}{carets}"


def _notes(finding: Finding, gutter: int, options: Options) -> Iterator[str]:
    notes: list[tuple[str, str]] = []
    if finding.node:
        notes.append(("node", finding.node + (f", field {finding.field_path}" if finding.field else "")))
    if not finding.new and options.base:
        notes.append(("note", f"already found in {options.base}"))
    elif not finding.new:
        notes.append(("note", "already found in the base"))
    if finding.fix:
        notes.append(("help", finding.fix))
    notes.append(("see", f"casework rule {finding.code}"))
    for word, text in notes:
        mark = f"{' ' * gutter} = {word}: "
        body = wrap(text, options.width, first=mark, rest=" " * len(mark))
        yield body[0].replace(f"= {word}:", f"{_ink('=', options)} {paint(f'{word}:', 'bold', options.colour)}", 1)
        yield from body[1:]


def _more(brief: dict[str, list[Finding]], options: Options) -> Iterator[str]:
    """Yield the findings beyond the first few of each code: a line each, then a count."""
    for code in sorted(brief):
        found = brief[code]
        yield paint(f"{len(found)} more {options.headline(code)}:", found[0].severity, options.colour)
        room = max(0, options.lines - options.limit) if options.lines else len(found)
        for finding in found[:room]:
            yield clip(
                f"  {finding.severity} {safe(place(finding))} {one_line(finding.message)}", max(40, options.width)
            )
        if len(found) > room:
            yield f"  … and {len(found) - room} more of {code} that are not listed here; `{options.see_all}` lists all."
        else:
            yield f"  `{options.see_all}` shows these in full."
        yield ""


def _waived(waived: tuple[Waived, ...], options: Options) -> Iterator[str]:
    if not waived:
        return
    yield paint(f"Waived deviations ({len(waived)}): shown, not solved", "warning", options.colour)
    for item in waived:
        finding = item.finding
        on = f" on {finding.node}" if finding.node else ""
        yield from wrap(f"{options.headline(finding.code)}{on}: {finding.message}", options.width, "  ", "    ")
        who = f"waived by {item.by or 'nobody named'} ({item.waiver}) until {item.expires or 'no date'}"
        yield from wrap(f"{who}: {item.reason or 'no reason given'}", options.width, "    ", "    ")
    yield ""


def _summary(decision: Decision, options: Options) -> Iterator[str]:
    for severity, found in by_severity(decision.findings).items():
        if found:
            listed = ", ".join(f"{options.headline(code)} × {count}" for code, count in codes(found))
            lines = wrap(f"{plural(len(found), severity)}: {listed}", options.width, rest="    ")
            yield paint(lines[0], severity, options.colour)
            yield from lines[1:]
    if options.base:
        new = sum(finding.new for finding in decision.findings)
        yield f"Compared with {safe(options.base)}: {new} new, {len(decision.findings) - new} already there."
    if decision.summary:
        yield from wrap(" · ".join(f"{name}: {count}" for name, count in decision.summary), options.width)
    said = wrap(verdict_line(decision), options.width)
    yield from (paint(line, "good" if decision.word == "pass" else "error", options.colour) for line in said)
    style = "good" if decision.word == "pass" and decision.release else "warning"
    yield from (paint(line, style, options.colour) for line in wrap(release_line(decision), options.width))


def _ink(text: str, options: Options) -> str:
    return paint(text, "rule", options.colour)
