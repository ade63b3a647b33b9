"""Judging one sealed record: shape first, signatures second, time and meaning third.

What is verified: the envelope and the payload have their one canonical form and a closed schema; every signature is
by a key or an identity of the trust policy, fits, and counted at its time (`timing`); the persons that the policy requires
for this kind of evidence have signed; the record belongs to the evidence node in whose folder it lies.

Whether digests match what is in the case, ages, and authors against signers are judged where the case is known; what was
removed is found by the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from casework.attest.carrier import Principal, Problem
from casework.attest.codes import report, shown
from casework.attest.dating.timing import CLOCK_SKEW, Moment, dated, demand_problem, timing_problem
from casework.attest.opening import Anchors, SealedRecord, open_record, sealed_name
from casework.attest.trust.policy import Trust
from casework.attest.trust.thresholds import assignable
from casework.model.policy import EvidenceRule
from casework.model.result import ResultRecord
from casework.model.verdict import Signer, Verdict

_NO_TIMES: Final[Mapping[str, datetime]] = MappingProxyType({})
__all__ = ["CLOCK_SKEW", "judge", "sealed_name", "verify"]


def verify(
    evidence_id: str, path: str, data: bytes, trust: Trust | None, now: datetime, *, generator: str = ""
) -> Verdict:
    """Verify one sealed file that stands alone: `open_record` and `judge` in one.

    Raises:
        ValueError: `now` has no time zone. Nothing else is raised, whatever the bytes.
    """
    return judge(open_record([(path, data)], Anchors(trust)), evidence_id, trust, now, generator=generator)


def judge(
    record: SealedRecord,
    evidence_id: str,
    trust: Trust | None,
    now: datetime,
    *,
    generator: str = "",
    times: Mapping[str, datetime] = _NO_TIMES,
) -> Verdict:
    """Judge an opened record.

    Args:
        record: As opened.
        evidence_id: Key of the evidence node in whose folder it lies.
        trust: Opened trust policy; None where none could be opened (then nothing is verified).
        now: Time of judgement, with a time zone.
        generator: Generator that the evidence node plans; not compared where empty.
        times: SHA-256 of signatures to the time at which a stamped log is proven to have held them.

    Returns:
        The verdict. It is verified only if there is no finding of severity error and the policy's signers are all
        there.

    Raises:
        ValueError: `now` has no time zone. Nothing else is raised.
    """
    if now.tzinfo is None:
        raise ValueError("`now` must have a time zone")
    statement = record.statement
    if statement is None:
        return _verdict(record, evidence_id, record.problems)
    result = statement.predicate
    problems = [*record.problems, *_record_problems(result, evidence_id, generator, now)]
    moment = _moment(result, now)
    accepted: tuple[Principal, ...] = ()
    if moment is not None:
        accepted, untimely = _timely(record.principals, moment, times)
        problems += untimely
        if trust is not None and accepted:
            problems += _rule_problems(trust.policy.rule_for(result.generator.name), result, accepted, moment)
    return _verdict(record, evidence_id, problems, accepted)


def _verdict(
    record: SealedRecord, evidence_id: str, problems: Iterable[Problem], accepted: tuple[Principal, ...] = ()
) -> Verdict:
    findings = sorted(
        (
            report(
                one.code, one.message, node=evidence_id, file=one.file or record.path, line=one.line, column=one.column
            )
            for one in problems
        ),
        key=lambda finding: finding.order,
    )
    signers = tuple(
        Signer(one.name, one.person, one.roles, one.signed_at.isoformat() if one.signed_at else "", one.proof)
        for one in accepted
    )
    sound = bool(signers) and all(finding.severity != "error" for finding in findings)
    return Verdict(
        evidence_id,
        record.path,
        record.digest,
        record.statement,
        record.statement is not None and sound,
        signers,
        tuple(findings),
        record.figures_fit,
    )


def _record_problems(record: ResultRecord, evidence_id: str, generator: str, now: datetime) -> list[Problem]:
    problems: list[Problem] = []
    if record.evidence != evidence_id:
        made_for = shown(record.evidence) if record.evidence else "no evidence node"
        problems.append(Problem("RPL-001", f"the record was made for {made_for}, but it lies with {evidence_id}"))
    if generator and record.generator.name != generator:
        problems.append(
            Problem(
                "BND-006", f"the record was made by {shown(record.generator.name)}; {evidence_id} plans {generator}"
            )
        )
    started = _time(record.started)
    if started is None:
        problems.append(Problem("PRS-007", f"`predicate.started`: {shown(record.started)} is no point in time"))
    elif started > now and started - now > CLOCK_SKEW:
        problems.append(Problem("TIM-003", f"the run started at {record.started}, after the time of judgement"))
    doubled = sorted(
        key for key, count in Counter((metric.name, metric.slice) for metric in record.metrics).items() if count > 1
    )
    problems += [
        Problem("RES-002", f"metric {shown(name)} of slice {shown(part)} is given more than once")
        for name, part in doubled
    ]
    return problems


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _moment(record: ResultRecord, now: datetime) -> Moment | None:
    started = _time(record.started)
    if started is None:
        return None
    try:
        ended = started + timedelta(seconds=record.duration_s)
    except OverflowError:
        ended = datetime.max.replace(tzinfo=UTC)
    return Moment(started, ended, now)


def _timely(
    principals: tuple[Principal, ...], moment: Moment, times: Mapping[str, datetime]
) -> tuple[tuple[Principal, ...], list[Problem]]:
    verdicts = [(one, timing_problem(one, moment)) for one in (dated(one, times) for one in principals)]
    return tuple(one for one, bad in verdicts if bad is None), [bad for _, bad in verdicts if bad is not None]


def _rule_problems(
    rule: EvidenceRule | None, record: ResultRecord, accepted: tuple[Principal, ...], moment: Moment
) -> list[Problem]:
    kind = shown(record.generator.name)
    if rule is None:
        return [Problem("SIG-005", f"the trust policy knows no evidence of generator {kind}, so nobody may sign it")]
    demands = {
        one.name: demand_problem(one, moment, timestamp=rule.timestamp, sign_within_hours=rule.sign_within_hours)
        for one in accepted
        if not one.roles.isdisjoint(rule.require)
    }
    undated = [found for found in demands.values() if found is not None]
    return undated or _role_problems(rule, kind, accepted)


def _role_problems(rule: EvidenceRule, kind: str, accepted: tuple[Principal, ...]) -> list[Problem]:
    persons = {role: frozenset(key.person for key in accepted if role in key.roles) for role in rule.require}
    if not any(persons.values()):
        names = ", ".join(sorted(f"{key.person} ({', '.join(sorted(key.roles)) or 'no role'})" for key in accepted))
        return [Problem("SIG-005", f"evidence of {kind} needs {_needs(rule)}; it is signed by {names}")]
    problems = [
        Problem("SIG-006", f"evidence of {kind} needs {count} in role {role}; {len(persons[role])} signed")
        for role, count in sorted(rule.require.items())
        if len(persons[role]) < count
    ]
    if not problems and rule.separate_roles and not assignable(rule.require, persons):
        problems.append(Problem("IND-002", f"evidence of {kind} needs {_needs(rule)}, all different persons"))
    return problems


def _needs(rule: EvidenceRule) -> str:
    return ", ".join(f"{count} in role {role}" for role, count in sorted(rule.require.items()))
