"""`Finding`: the one currency in which every stage reports what a user may have to mend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning", "info"]
Route = tuple[str | int, ...]

_RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody may have to mend.

    Rules name the node and the field (a route of YAML keys and list indices); the line and column are looked up later.

    Attributes:
        code: Registered code such as `TRC-001`; for ever.
        severity: `error` blocks, `warning` and `info` do not.
        node: Key of the node at fault, or an empty string where a file as a whole is at fault.
        field: Route to the field at fault, outermost key first.
        message: The fact, with ids.
        fix: The act that mends it.
        file: Path relative to the case's root, with forward slashes; empty if no file is to blame.
        line: 1-based line, 0 if unknown.
        column: 1-based column, 0 if unknown.
        new: False where a comparison revision already had the finding.
    """

    code: str
    severity: Severity
    node: str
    field: Route
    message: str
    fix: str
    file: str = ""
    line: int = 0
    column: int = 0
    new: bool = True

    @property
    def field_path(self) -> str:
        """The route as people write it, such as `acceptance[0].bound`."""
        text = ""
        for step in self.field:
            text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
        return text

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: by place, then by code, so that output never depends on the order of discovery."""
        return (self.file, self.line, self.column, self.code, self.node, self.field_path, self.message)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two findings of two revisions the same: everything but the place, which moves with edits."""
        return (self.code, self.node, self.field_path, self.message)

    def at(self, file: str, line: int, column: int) -> Finding:
        """Return the same finding with its place filled in."""
        return replace(self, file=file, line=line, column=column)


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Severity | None:
    """Return the gravest severity among the findings, or None where there are none."""
    return min((f.severity for f in findings), key=_RANK.__getitem__, default=None)
