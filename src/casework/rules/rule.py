"""What a rule is.

A rule is one module: its docstring is its page (what it does, why it matters, bad, good, references), `RULE` holds its
code, name, severity and fix hint, and `check` yields findings: of a key and its node, of a `Case` or of an `Assessment`, by
the rule's scope. The Bad and Good YAML of the page are its test: Bad fires
this rule only, Good fires none of all rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.model.finding import Finding, Route, Severity

Scope = Literal["node", "case", "assessment", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Identity of a rule.

    Attributes:
        code: `XXX-NNN`; for ever.
        name: States the offence, such as `unsupported-goal`.
        severity: Of its findings, unless the project's configuration changes it.
        fix: The act that mends it.
        scope: `node` looks at one node (and is cached with its file); `case` at the graph; `assessment` also at evidence,
            files, persons and time; `elsewhere` is found by another room (reading, verification) and has only its page here.
        types: Node types that a `node` rule looks at.
    """

    code: str
    name: str
    severity: Severity
    fix: str
    scope: Scope
    types: tuple[str, ...] = ()

    def at(self, node: str, route: Route, message: str, fix: str | None = None) -> Finding:
        """Return a finding of this rule; its place is looked up later from the node and the field's route."""
        return Finding(self.code, self.severity, node, route, message, fix or self.fix)
