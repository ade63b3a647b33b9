"""Findings as JUnit XML: a suite for each scope of codes, a test case for each rule, and one for the decision.

A rule passes where it found no error; warnings and waived findings are written into its output. Because the decision
is a test case, a blocked case can never show as green, whatever was listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.render.findings.options import Options, place, plural, release_line, verdict_line
from casework.render.findings.terminal import safe

_ILLEGAL = re.compile("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (W3C XML 1.0, 2.2)."""


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision as JUnit XML."""
    del sources  # the format quotes no lines
    found: dict[str, list[Finding]] = {code: [] for code in options.rules}
    for finding in sorted(decision.findings, key=lambda f: f.order):
        found.setdefault(finding.code, []).append(finding)
    waived: dict[str, list[Waived]] = {}
    for item in decision.waived:
        waived.setdefault(item.finding.code, []).append(item)
        found.setdefault(item.finding.code, [])
    scopes: dict[str, list[str]] = {}
    for code in sorted(found):
        scopes.setdefault(code.partition("-")[0], []).append(code)
    suites = [_decision(decision, options)]
    for scope, codes in scopes.items():
        cases = [_case(code, found[code], waived.get(code, []), options) for code in codes]
        suites.append(_suite(scope, cases))
    tests = 1 + len(found)
    failures = sum("<failure" in suite for suite in suites[:1]) + sum(
        any(_blocks(f) for f in found[code]) for code in found
    )
    head = f'<testsuites name="casework" tests="{tests}" failures="{failures}" errors="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]) + "\n"


def _blocks(finding: Finding) -> bool:
    return finding.severity == "error" and finding.new


def _suite(name: str, cases: list[str]) -> str:
    failures = sum("<failure" in case for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="0"'
    head = f"  <testsuite name={_attribute('casework.' + name)} {counts}>"
    return "\n".join([head, *cases, "  </testsuite>"])


def _decision(decision: Decision, options: Options) -> str:
    words = f"{verdict_line(decision)}\n{release_line(decision)}"
    lines = ['    <testcase classname="casework" name="decision">']
    if decision.word == "blocked":
        lines.append(
            f'      <failure type="blocked" message={_attribute(verdict_line(decision))}>{_text(words)}</failure>'
        )
    counts = "\n".join([words, *(f"{name}: {count}" for name, count in decision.summary)])
    if options.version:
        counts += f"\ncasework {options.version}"
    lines.extend([f"      <system-out>{_text(counts)}</system-out>", "    </testcase>"])
    return _suite("decision", ["\n".join(lines)])


def _case(code: str, findings: list[Finding], waived: list[Waived], options: Options) -> str:
    scope = code.partition("-")[0]
    lines = [f"    <testcase classname={_attribute('casework.' + scope)} name={_attribute(options.headline(code))}>"]
    errors = [f for f in findings if _blocks(f)]
    others = [f for f in findings if not _blocks(f)]
    if errors:
        message = (
            errors[0].message
            if len(errors) == 1
            else f"{plural(len(errors), 'finding')}; the first: {errors[0].message}"
        )
        body = "\n".join(_line(f) for f in errors)
        lines.append(f"      <failure type={_attribute(code)} message={_attribute(message)}>{_text(body)}</failure>")
    notes = [_line(f) for f in others]
    notes += [f"waived by {w.by} ({w.waiver}) until {w.expires}: {w.reason}\n  {_line(w.finding)}" for w in waived]
    if notes:
        lines.append(f"      <system-out>{_text(chr(10).join(notes))}</system-out>")
    return "\n".join([*lines, "    </testcase>"])


def _line(finding: Finding) -> str:
    known = "" if finding.new else " (already in the base)"
    return f"{finding.severity} {place(finding)}{known}: {finding.message} Fix: {finding.fix}"


def _text(text: str) -> str:
    return escape(_clean(text))


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;"})


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _ILLEGAL.sub("\ufffd", "\n".join(safe(line) for line in lines))
