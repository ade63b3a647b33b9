"""Everything about one node: fields, links both ways, acceptance, evidence, sign-offs, findings, and its status.

`describe` gathers it as plain data (schema `casework/show/v1`), `to_text` writes that for a terminal, `to_json` for
programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from casework.graph.assessment import Assessment
from casework.graph.case import Edge
from casework.graph.criteria import acceptance_of
from casework.graph.status import blame
from casework.model.finding import Finding
from casework.model.hazard import HazardousEvent, SafetyGoal
from casework.model.process import Review, Tool
from casework.model.requirement import Criterion, Requirement
from casework.model.result import Metric
from casework.model.verdict import Appraisal, CriterionResult
from casework.render.findings.terminal import one_line, pad, paint, safe, wrap
from casework.render.plain_json import json_text
from casework.render.report.figures import criterion_words, interval, measured, sample
from casework.render.report.levels import goal_asil
from casework.render.report.words import signed

SCHEMA = "casework/show/v1"


def describe(assessment: Assessment, key: str, findings: Iterable[Finding] = ()) -> dict[str, Any]:
    """Return everything about a node as plain data.

    Args:
        assessment: All that is known of the case.
        key: Key of the node, such as `REQ-1` or `M::G-1`.
        findings: All findings of the case; those of the node are picked.

    Returns:
        `schema`, `key`, `type`, `title`, `file`, `valid`, `status` (word, reason, path), `computed` (levels),
        `fingerprint`, `fields`, `links`, `named_by`, `acceptance`, `evidence`, `reviews`, `findings`.

    Raises:
        KeyError: The case has no such node.
    """
    case = assessment.case
    entry = case.entries[key]
    return {
        "schema": SCHEMA,
        "key": key,
        "type": entry.type,
        "title": entry.title,
        "file": entry.file,
        "valid": entry.valid,
        "status": _status(assessment, key),
        "computed": _computed(assessment, key),
        "fingerprint": case.fingerprint(key),
        "fields": {
            name: value for name, value in case.data(key).items() if name not in ("type", "id", "title", "acceptance")
        },
        "links": [_link(assessment, edge, edge.target) for edge in case.out(key)],
        "dangling": [{"field": d.field, "target": d.target} for d in case.dangling if d.source == key],
        "named_by": [_link(assessment, edge, edge.source) for edge in case.into(key)],
        "acceptance": _acceptance(assessment, key),
        "evidence": [
            _appraisal(assessment.appraisals[k], k, _asked(assessment, key, k)) for k in _evidence(assessment, key)
        ],
        "reviews": _reviews(assessment, key),
        "findings": [
            {"code": f.code, "severity": f.severity, "field": f.field_path, "message": f.message, "fix": f.fix}
            for f in sorted(findings, key=lambda f: f.order)
            if f.node == key
        ],
    }


def to_json(description: Mapping[str, Any]) -> str:
    """Return a description as JSON."""
    return json_text(description, default=str)


def _status(assessment: Assessment, key: str) -> dict[str, Any] | None:
    status = assessment.statuses.get(key)
    if status is None:
        return None
    path = blame(assessment.statuses, key)
    steps = [{"key": k, **_cause(assessment, k)} for k in path]
    return {"word": status.word, "reason": status.reason, "path": steps}


def _cause(assessment: Assessment, key: str) -> dict[str, Any]:
    status = assessment.statuses.get(key)
    entry = assessment.case.entries.get(key)
    return {
        "word": status.word if status else None,
        "reason": status.reason if status else "",
        "file": entry.file if entry else "",
    }


def _computed(assessment: Assessment, key: str) -> dict[str, str]:
    case = assessment.case
    if not case.entries[key].valid:
        return {}
    node = case.node(key)
    if isinstance(node, HazardousEvent):
        return {"ASIL": node.asil}
    if isinstance(node, Tool):
        return {"TCL": node.tcl}
    if isinstance(node, SafetyGoal):
        return {"ASIL": goal_asil(case, key)}
    return {}


def _link(assessment: Assessment, edge: Edge, other: str) -> dict[str, Any]:
    entry = assessment.case.entries[other]
    status = assessment.statuses.get(other)
    word = status.word if status else None
    return {"field": edge.field, "key": other, "type": entry.type, "title": entry.title, "status": word}


def _acceptance(assessment: Assessment, key: str) -> list[dict[str, Any]]:
    case = assessment.case
    if not case.entries[key].valid:
        return []
    node = case.node(key)
    if not isinstance(node, Requirement):
        return []
    judged = assessment.results.get(key, ())
    return [_criterion(i, c, [r for r in judged if r.index == i], assessment) for i, c in enumerate(node.acceptance)]


def _criterion(
    index: int, criterion: Criterion, judged: list[CriterionResult], assessment: Assessment
) -> dict[str, Any]:
    return {
        "index": index,
        "criterion": criterion_words(criterion),
        "judgements": [
            {
                "evidence": r.evidence,
                "outcome": r.judgement.outcome,
                "got": r.judgement.got,
                "reason": r.judgement.reason,
            }
            for r in judged
        ],
    }


def _evidence(assessment: Assessment, key: str) -> list[str]:
    """Return the evidence that is the node itself, or that speaks for, of, or on it."""
    own = [key] if assessment.case.entries[key].type == "evidence" else []
    near = {e.source for e in assessment.case.into(key, "verifies", "subject", "data", "against")}
    near |= {e.target for e in assessment.case.out(key, "cites")}
    return [k for k in [*own, *sorted(near)] if k in assessment.appraisals]


def _asked(assessment: Assessment, key: str, evidence: str) -> frozenset[tuple[str, str]]:
    """Return metric and slice of what is asked of evidence: by the node if it is a requirement, else by all it verifies."""
    case = assessment.case
    verified = [edge.target for edge in case.out(evidence, "verifies")]
    asking = [key] if case.entries[key].type == "requirement" else verified
    return frozenset((c.metric, c.slice) for k in asking for c in acceptance_of(case, k))


def _appraisal(appraisal: Appraisal, key: str, asked: frozenset[tuple[str, str]]) -> dict[str, Any]:
    record, verdict = appraisal.record, appraisal.verdict
    made: dict[str, Any] = {"key": key, "state": appraisal.state, "reasons": list(appraisal.reasons)}
    if verdict is not None:
        signers = [
            {"person": s.person, "roles": sorted(s.roles), "key": s.key, "signed_at": s.signed_at, "proof": s.proof}
            for s in verdict.signers
        ]
        made |= {"file": verdict.path, "sha256": verdict.digest, "verified": verdict.verified, "signers": signers}
    if record is not None:
        made |= {
            "generator": f"{record.generator.name}@{record.generator.version}",
            "status": record.status,
            "started": record.started,
            "command": record.command,
            "figures": [_figure(m, asked) for m in record.metrics],
            "limitations": list(record.limitations),
        }
    return made


def _figure(metric: Metric, asked: frozenset[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": metric.name,
        "slice": metric.slice,
        "value": measured(metric),
        "sample": sample(metric),
        "interval": interval(metric),
        "asked": (metric.name, metric.slice) in asked,
    }


def _reviews(assessment: Assessment, key: str) -> list[dict[str, Any]]:
    case = assessment.case
    made: list[dict[str, Any]] = []
    for edge in case.into(key, "of"):
        if not case.entries[edge.source].valid:
            continue
        review = case.node(edge.source)
        if isinstance(review, Review):
            made.append(
                {
                    "key": edge.source,
                    "meaning": review.meaning,
                    "by": review.by,
                    "role": review.role,
                    "on": review.on.isoformat(),
                    "of_this_state": review.fingerprints.get(key) == case.fingerprint(key),
                    "remarks": review.remarks,
                }
            )
    return sorted(made, key=lambda r: (r["on"], r["key"]))


def to_text(description: Mapping[str, Any], *, width: int = 100, colour: bool = False) -> str:
    """Return a description as text for a terminal of a width; escapes in the case are shown, not obeyed."""
    d = description
    head = f"{safe(d['key'])}  {safe(d['type'].replace('_', ' '))}  {one_line(d['title'])}"
    lines = [paint(head.rstrip(), "bold", colour)]
    lines.append(f"  in {safe(d['file'])}{'' if d['valid'] else ', which does not validate'}")
    lines.append(f"  fingerprint {d['fingerprint']}")
    lines += [f"  {name} {value} (computed)" for name, value in d["computed"].items()]
    sections = (
        ("Status", [*_status_lines(d["status"], width, colour), *_challenge_lines(d)]),
        ("Fields", _field_lines(d["fields"], width)),
        ("Acceptance", _acceptance_lines(d["acceptance"], width)),
        (
            "Names",
            [
                *_link_lines(d["links"], "→"),
                *(f"  {x['field']} → {safe(x['target'])}, not defined" for x in d["dangling"]),
            ],
        ),
        ("Is named by", _link_lines(d["named_by"], "←")),
        ("Evidence", _evidence_lines(d["evidence"], width)),
        ("Sign-offs", _review_lines(d["reviews"], width)),
        ("Findings", _finding_lines(d["findings"], width, colour)),
    )
    for heading, body in sections:
        found = list(body)
        if found:
            lines += ["", paint(heading, "bold", colour), *found]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _status_lines(status: Mapping[str, Any] | None, width: int, colour: bool) -> Iterator[str]:
    if status is None:
        yield "  none: nodes of this type claim nothing"
        return
    first = f"  {signed(status['word'])}: "
    body = wrap(f"{first.strip()} {status['reason']}", width, "  ", "      ")
    yield paint(body[0], status["word"], colour)
    yield from body[1:]
    for depth, step in enumerate(status["path"][1:]):
        word = f" is {step['word']}" if step["word"] else ""
        yield from wrap(f"because {step['key']}{word}: {step['reason']}", width, "  " * (depth + 2), "  " * (depth + 4))
    if len(status["path"]) > 1:
        yield from wrap(f"(the cause lies in {status['path'][-1]['file'] or 'no file'})", width, "    ", "    ")


def _challenge_lines(description: Mapping[str, Any]) -> Iterator[str]:
    """Say of a challenge that it holds where it is supported, which is bad news for what it challenges."""
    challenged = [link["key"] for link in description["links"] if link["field"] == "challenges"]
    if challenged and description["status"] and description["status"]["word"] == "supported":
        yield f"  it challenges {', '.join(map(safe, challenged))}: supported means that the challenge holds"


def _field_lines(fields: Mapping[str, Any], width: int) -> Iterator[str]:
    for name, value in fields.items():
        yield from wrap(f"{name}: {_plain(value)}", width, "  ", "      ")


def _plain(value: Any) -> str:
    """Return an authored value as people read it; what is nested deeper is JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    if isinstance(value, dict) and all(isinstance(v, str | int | float) for v in value.values()):
        return "; ".join(f"{k}: {v}" for k, v in value.items())
    return json.dumps(value, ensure_ascii=False, default=str)


def _acceptance_lines(criteria: list[dict[str, Any]], width: int) -> Iterator[str]:
    for criterion in criteria:
        yield from wrap(f"[{criterion['index']}] {criterion['criterion']}", width, "  ", "      ")
        if not criterion["judgements"]:
            yield "      ○ missing: no evidence speaks for it"
        for found in criterion["judgements"]:
            by = f" by {found['evidence']}" if found["evidence"] else ""
            words = f"{signed(found['outcome'])}{by}: got {found['got']}; {found['reason']}"
            yield from wrap(words, width, "      ", "        ")


def _link_lines(links: list[dict[str, Any]], arrow: str) -> list[str]:
    names = max((len(x["field"]) for x in links), default=0)
    keys = max((len(safe(x["key"])) for x in links), default=0)
    made = []
    for link in links:
        status = f"  {signed(link['status'])}" if link["status"] else ""
        kind = safe(link["type"].replace("_", " "))
        title = f"  {one_line(link['title'])}" if link["title"] else ""
        made.append(f"  {pad(link['field'], names)} {arrow} {pad(safe(link['key']), keys)}  {kind}{title}{status}")
    return made


def _evidence_lines(evidence: list[dict[str, Any]], width: int) -> Iterator[str]:
    for item in evidence:
        reasons = f": {'; '.join(item['reasons'])}" if item["reasons"] else ""
        yield from wrap(f"{item['key']} {signed(item['state'])}{reasons}", width, "  ", "      ")
        if "file" in item:
            who = ", ".join(f"{s['person']} ({', '.join(s['roles'])})" for s in item["signers"]) or "nobody"
            yield from wrap(f"{item['file']}, signed by {who}", width, "    ", "      ")
        if "generator" in item:
            yield from wrap(
                f"{item['generator']}, {item['status']}, started {item['started']}", width, "    ", "      "
            )
            yield from wrap(f"command: {item['command']}", width, "    ", "      ")
        yield from _figure_lines(item, width)
        for limit in item.get("limitations", ()):
            yield from wrap(f"limit: {limit}", width, "    ", "      ")


def _figure_lines(item: Mapping[str, Any], width: int) -> Iterator[str]:
    """Yield the figures that criteria ask for, or those over all data where none is asked for, and how to see the rest."""
    every = item.get("figures", ())
    asked = [figure for figure in every if figure["asked"]]
    figures = asked or [figure for figure in every if figure["slice"] == "all"]
    for figure in figures:
        where = "" if figure["slice"] == "all" else f" of {figure['slice']}"
        beside = ", ".join(x for x in (figure["sample"], figure["interval"]) if x)
        yield from wrap(f"{figure['name']}{where} = {figure['value']} ({beside})", width, "    ", "      ")
    if len(figures) < len(every):
        which = "those that criteria name" if asked else "those over all data, for no criterion names one"
        said = (
            f"({len(figures)} of {len(every)} figures, {which}; `casework show {item['key']} --format json` lists all)"
        )
        yield from wrap(said, width, "    ", "      ")


def _review_lines(reviews: list[dict[str, Any]], width: int) -> Iterator[str]:
    for review in reviews:
        role = f" as {review['role']}" if review["role"] else ""
        held = "of this state" if review["of_this_state"] else "of another state than this one: it does not count"
        remarks = f" {review['remarks']}" if review["remarks"] else ""
        words = f"{review['meaning']} by {review['by']}{role} on {review['on']} ({review['key']}), {held}.{remarks}"
        yield from wrap(words, width, "  ", "      ")


def _finding_lines(findings: list[dict[str, Any]], width: int, colour: bool) -> Iterator[str]:
    for finding in findings:
        at = f" at {finding['field']}" if finding["field"] else ""
        body = wrap(f"{finding['severity']}[{finding['code']}]{at}: {finding['message']}", width, "  ", "      ")
        yield paint(body[0], finding["severity"], colour)
        yield from body[1:]
        yield from wrap(f"help: {finding['fix']}", width, "      ", "        ")
