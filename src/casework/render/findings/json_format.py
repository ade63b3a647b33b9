"""Findings as JSON, schema `casework/check/v1`.

An object with the keys, in this order:

* `schema`: `casework/check/v1`.
* `decision`: `pass` or `blocked`.
* `release`: whether the decision may carry a release; false whenever it is blocked.
* `base`: the revision compared with, or null.
* `findings`: in the order of files and lines, each with `code`, `name` (null if unknown), `severity` (`error`,
  `warning`, `info`), `node` (key, or an empty string), `field` (route such as `acceptance[0].bound`), `file`
  (relative to the case's root), `line` and `column` (1-based, 0 if unknown), `message`, `fix`, `new` (false where the
  base already had it).
* `waived`: findings covered by a waiver: `finding` (as above), `waiver`, `by`, `reason`, `expires`.
* `summary`: `errors`, `warnings`, `infos`, `waived`, `new`, `codes` (code to count), `counts` (what the gate counted).

Lines end in LF; keys keep this order; text is UTF-8 with non-ASCII characters as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from casework.model.decision import Decision
from casework.model.finding import Finding
from casework.render.findings.options import Options, by_severity, codes
from casework.render.plain_json import json_text

SCHEMA = "casework/check/v1"


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision as JSON; see the module's docstring for the schema."""
    del sources  # the format quotes no lines
    return json_text(as_data(decision, options))


def as_data(decision: Decision, options: Options) -> dict[str, Any]:
    """Return the decision as plain data."""
    found = by_severity(decision.findings)
    return {
        "schema": SCHEMA,
        "decision": decision.word,
        "release": decision.release and decision.word == "pass",
        "base": options.base or None,
        "findings": [finding_data(f, options) for f in sorted(decision.findings, key=lambda f: f.order)],
        "waived": [
            {
                "finding": finding_data(w.finding, options),
                "waiver": w.waiver,
                "by": w.by,
                "reason": w.reason,
                "expires": w.expires,
            }
            for w in decision.waived
        ],
        "summary": {
            "errors": len(found["error"]),
            "warnings": len(found["warning"]),
            "infos": len(found["info"]),
            "waived": len(decision.waived),
            "new": sum(f.new for f in decision.findings),
            "codes": dict(sorted(codes(decision.findings))),
            "counts": dict(decision.summary),
        },
    }


def finding_data(finding: Finding, options: Options) -> dict[str, Any]:
    """Return one finding as plain data."""
    return {
        "code": finding.code,
        "name": options.name(finding.code) or None,
        "severity": finding.severity,
        "node": finding.node,
        "field": finding.field_path,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "fix": finding.fix,
        "new": finding.new,
    }
