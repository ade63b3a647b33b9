"""Findings as SARIF 2.1.0 (OASIS), for code-scanning services and editors.

Fingerprints are taken from what makes two findings the same (code, node, field, message), never from the line, so
that an edit above a finding does not make it new. Waived findings stay in the log, suppressed, with the waiver as
justification.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from casework.artifact.digest import jcs_digest
from casework.model.decision import Decision, Waived
from casework.model.finding import Finding, Severity
from casework.render.findings.options import Options, release_line, verdict_line
from casework.render.plain_json import json_text

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
_LEVEL: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}


def render(decision: Decision, sources: Callable[[str], str | None], options: Options) -> str:
    """Return the decision as a SARIF 2.1.0 log."""
    del sources  # the viewer opens the file itself
    ordered = sorted(decision.findings, key=lambda f: f.order)
    waived = sorted(decision.waived, key=lambda w: w.finding.order)
    codes = sorted({f.code for f in ordered} | {w.finding.code for w in waived} | set(options.rules))
    index = {code: n for n, code in enumerate(codes)}
    seen: Counter[tuple[str, ...]] = Counter()
    results = [_result(f, index, seen, options) for f in ordered]
    results += [_result(w.finding, index, seen, options) | {"suppressions": [_suppression(w)]} for w in waived]
    driver: dict[str, Any] = {"name": "casework", "rules": [_rule(code, options) for code in codes]}
    if options.version:
        driver["version"] = options.version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the safety case."}}},
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if decision.word == "pass" else 1}],
        "results": results,
        "properties": {
            "decision": decision.word,
            "release": decision.release and decision.word == "pass",
            "inWords": f"{verdict_line(decision)} {release_line(decision)}",
        },
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, options: Options) -> dict[str, Any]:
    fact = options.rules.get(code)
    made: dict[str, Any] = {"id": code}
    if fact is None:
        return made
    made["name"] = fact.name
    made["shortDescription"] = {"text": fact.summary or fact.name}
    made["help"] = {"text": f"{fact.fix} See `casework rule {code}`.".lstrip()}
    made["defaultConfiguration"] = {"level": _LEVEL[fact.severity]}
    if fact.url.startswith("https://"):
        made["helpUri"] = fact.url
    return made


def _result(
    finding: Finding, index: dict[str, int], seen: Counter[tuple[str, ...]], options: Options
) -> dict[str, Any]:
    nth = seen[finding.identity]
    seen[finding.identity] += 1
    fix = f" {finding.fix}" if finding.fix else ""
    made: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVEL[finding.severity],
        "message": {"text": f"{finding.message}{fix}"},
        "partialFingerprints": {"caseworkIdentity/v1": jcs_digest([*finding.identity, nth])},
    }
    location = _location(finding)
    if location:
        made["locations"] = [location]
    if options.base:
        made["baselineState"] = "new" if finding.new else "unchanged"
    return made


def _location(finding: Finding) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if finding.file:
        made["physicalLocation"] = {"artifactLocation": {"uri": quote(finding.file, safe="/"), "uriBaseId": ROOT}}
        if finding.line:
            region = {"startLine": finding.line}
            if finding.column:
                region["startColumn"] = finding.column
            made["physicalLocation"]["region"] = region
    if finding.node:
        full = f"{finding.node}.{finding.field_path}" if finding.field else finding.node
        made["logicalLocations"] = [{"name": finding.node, "fullyQualifiedName": full, "kind": "element"}]
    return made


def _suppression(waived: Waived) -> dict[str, str]:
    words = f"Waived by {waived.by} ({waived.waiver}) until {waived.expires}: {waived.reason}"
    return {"kind": "external", "status": "accepted", "justification": words}
