"""Where each piece of evidence stands: does a verified record exist that speaks of what lies in the repository now?

A record is believed only if it is verified, and it counts only if everything it was bound to is still the same: the
model and data files as they lie there (never the digests that a card claims), the plan's options, the generator's own
version and the fingerprint of each requirement it speaks for. Any difference makes it stale, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from casework.graph.assessment import Today
from casework.graph.binding import (
    BOUND_ROLES,
    Binding,
    bindings,
    examined_dataset,
    full_node,
    interface_digest,
    mismatches,
    odd_digest,
    planned_options,
)
from casework.graph.case import Case
from casework.graph.criteria import acceptance_of, results
from casework.model.learning import Evidence
from casework.model.result import ResultRecord
from casework.model.verdict import Appraisal, FileFact, ManifestFact, Verdict

if TYPE_CHECKING:
    from casework.model.policy import TrustPolicy

__all__ = [
    "BOUND_ROLES",
    "Binding",
    "acceptance_of",
    "appraise",
    "bindings",
    "examined_dataset",
    "folder_key",
    "interface_digest",
    "mismatches",
    "odd_digest",
    "planned_options",
    "results",
]


def folder_key(folder: str) -> str:
    """Return the evidence key that a folder under `evidence/` stands for: `M__EV-1` is `M::EV-1`."""
    return folder.replace("__", "::", 1)


def appraise(
    case: Case,
    verdicts: Iterable[Verdict],
    files: Mapping[str, FileFact],
    manifests: Mapping[str, ManifestFact],
    today: Today,
    model_key: str | None = None,
    policy: TrustPolicy | None = None,
    before: Case | None = None,
) -> dict[str, Appraisal]:
    """Say of every evidence node where it stands, by key, sorted.

    Of the verified records that are bound to the repository as it is, the newest counts, also when an older one is
    better: whoever runs evidence again answers for the new result. Records of one instant are ordered by digest.

    Args:
        case: The graph.
        verdicts: Every sealed record found, verified or not.
        files: Facts of the files as they lie there, by path.
        manifests: Facts of the manifests as they lie there, by path.
        today: The day of judgement, for `max_age_days` of the plan and of the trust policy.
        model_key: Path of the key that must have signed the models, from the configuration.
        policy: The trust policy; None where none could be opened.
        before: The case that a change is judged by: what its plans demand holds too. None where there is none.
    """
    by_evidence: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        key = verdict.evidence if verdict.evidence in case.entries else folder_key(verdict.evidence)
        by_evidence.setdefault(key, []).append(verdict)
    made: dict[str, Appraisal] = {}
    for key, evidence in case.nodes(Evidence, "evidence"):
        found = sorted(by_evidence.get(key, ()), key=_age, reverse=True)
        rule = policy.rule_for(evidence.generator) if policy else None
        plans = [evidence, *([old] if before and (old := full_node(before, key, Evidence)) else [])]
        given = [*(one.max_age_days for one in plans), rule.max_age_days if rule else None]
        ages = [days for days in given if days is not None]
        evidence = evidence.model_copy(update={"signed_by": tuple(sorted({r for one in plans for r in one.signed_by}))})
        made[key] = _appraise(case, key, evidence, found, files, manifests, today, model_key, min(ages, default=None))
    return made


def _age(verdict: Verdict) -> tuple[str, str, str]:
    started = verdict.statement.predicate.started if verdict.statement else ""
    return started, verdict.digest, verdict.path


def _appraise(
    case: Case,
    key: str,
    evidence: Evidence,
    found: list[Verdict],
    files: Mapping[str, FileFact],
    manifests: Mapping[str, ManifestFact],
    today: Today,
    model_key: str | None,
    max_age_days: int | None,
) -> Appraisal:
    verified = [v for v in found if v.verified and v.statement is not None]
    if not verified:
        if not found:
            return Appraisal(key, "missing", ("there is no sealed record",))
        reasons = {f"{f.code}: {f.message}" for f in found[0].findings} or {f"{found[0].path} is not verified"}
        return Appraisal(key, "unverifiable", tuple(sorted(reasons)), found[0], _others(found, found[0]))
    bound = next((v for v in verified if not mismatches(case, key, v, files, manifests, model_key)), None)
    if bound is None:
        nearest = verified[0]
        reasons_of = mismatches(case, key, nearest, files, manifests, model_key)
        return Appraisal(key, "stale", reasons_of, nearest, _others(found, nearest))
    return _judge_bound(key, evidence, bound, _others(found, bound), today, max_age_days)


def _judge_bound(
    key: str, evidence: Evidence, bound: Verdict, others: tuple[str, ...], today: Today, max_age_days: int | None
) -> Appraisal:
    roles = frozenset[str]().union(*(s.roles for s in bound.signers))
    lacking = tuple(f"no signature in the role {r}" for r in sorted(set(evidence.signed_by) - roles))
    if lacking:
        return Appraisal(key, "unverifiable", lacking, bound, others)
    record = bound.statement.predicate if bound.statement else None
    if record is None:
        return Appraisal(key, "unverifiable", ("the record cannot be read",), bound, others)
    aged = _aged(record, max_age_days, today)
    if aged:
        return Appraisal(key, "stale", aged, bound, others)
    if record.status != "complete":
        why = f": {record.reason}" if record.reason else ""
        return Appraisal(key, "unfinished", (f"its status is {record.status}{why}",), bound, others)
    return Appraisal(key, "current", (), bound, others)


def _others(found: list[Verdict], chosen: Verdict) -> tuple[str, ...]:
    return tuple(sorted(v.path for v in found if v is not chosen))


def _aged(record: ResultRecord, max_age_days: int | None, today: Today) -> tuple[str, ...]:
    """Judge the age of a record; one day of grace ahead, because its clock is UTC and the day of judgement is local."""
    try:
        started = date.fromisoformat(record.started[:10])
    except ValueError:
        return (f"its start, {record.started}, is no date",)
    if started > date.min + timedelta(days=2) and not today.after(started - timedelta(days=2)):
        return (f"it was started on {started}, which lies ahead",)
    if max_age_days is None:
        return ()
    try:
        last = started + timedelta(days=max_age_days)
    except OverflowError:
        return ()
    if not today.after(last):
        return ()
    return (f"it was started on {started} and counts for {max_age_days} days, until {last}",)
