"""What a renderer of findings is told beside the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from casework.model.decision import Decision
from casework.model.finding import Finding, Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class RuleFact:
    """What a report says of a rule; taken from the registry by whoever calls.

    Attributes:
        code: Such as `TRC-001`.
        name: Such as `dangling-link`.
        severity: Of its findings, unless the project changes it.
        summary: One sentence: the first line of the rule's page.
        fix: The act that mends it.
        url: Address of the rule's page, or empty.
    """

    code: str
    name: str
    severity: Severity = "error"
    summary: str = ""
    fix: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How findings are to be shown.

    Attributes:
        rules: Facts of rules by code; codes that are missing here are shown without a name.
        colour: True to colour text for a terminal.
        width: Columns of the terminal.
        limit: Findings of one code that text shows in full; the rest take a line each. 0 shows all in full.
        lines: Findings of one code that text shows at all; the rest are counted. 0 shows all.
        see_all: Command that shows what was left out.
        base: Revision that the findings were compared with, or empty.
        version: Version of Casework.
        size: Most characters that a pull-request comment may have.
    """

    rules: Mapping[str, RuleFact] = field(default_factory=dict)
    colour: bool = False
    width: int = 100
    limit: int = 5
    lines: int = 25
    see_all: str = "casework check --all"
    base: str = ""
    version: str = ""
    size: int = 65_000

    def name(self, code: str) -> str:
        """Return the name of a rule, or an empty string."""
        fact = self.rules.get(code)
        return fact.name if fact else ""

    def headline(self, code: str) -> str:
        """Return code and name, such as `TRC-001 dangling-link`."""
        return f"{code} {self.name(code)}".rstrip()


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, such as `1 error` or `2 errors`."""
    return f"{count} {noun}" if count == 1 or noun == "info" else f"{count} {noun}s"


def by_severity(findings: Iterable[Finding]) -> dict[Severity, list[Finding]]:
    """Return the findings by severity, gravest first; every severity is a key."""
    made: dict[Severity, list[Finding]] = {severity: [] for severity in SEVERITIES}
    for finding in findings:
        made[finding.severity].append(finding)
    return made


def codes(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """Return how often each code occurs, most frequent first, then by code."""
    counted = Counter(finding.code for finding in findings)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def place(finding: Finding) -> str:
    """Return `file:line:column` as far as it is known; the node where no file is."""
    if not finding.file:
        return finding.node
    parts = [finding.file]
    if finding.line:
        parts.append(str(finding.line))
        if finding.column:
            parts.append(str(finding.column))
    return ":".join(parts)


def verdict_line(decision: Decision) -> str:
    """Return the decision in one sentence."""
    errors = [f for f in decision.findings if f.severity == "error"]
    if decision.word == "blocked":
        if not errors:
            return "BLOCKED: no error is listed, yet the gate did not pass the case."
        stand = "stands" if len(errors) == 1 else "stand"
        return f"BLOCKED: {plural(len(errors), 'error')} {stand} between this case and a pass."
    known = f" {plural(len(errors), 'error')} already in the base did not block it." if errors else ""
    return f"PASS: nothing new blocks this case.{known}" if errors else "PASS: nothing blocks this case."


def release_line(decision: Decision) -> str:
    """Return whether the decision may carry a release, in one sentence."""
    grounds = decision.grounds or (() if decision.release else ("a ground that was not told forbids it",))
    if decision.word == "blocked":
        return f"No release: {'; '.join(('the case is blocked', *grounds))}."
    return (
        f"No release: {'; '.join(grounds)}."
        if grounds
        else "Release: nothing found here forbids one; whether every file is committed is for `casework report` to say."
    )
