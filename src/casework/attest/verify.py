"""Verifying one sealed evidence file: shape first, signatures second, meaning third.

What is verified: the envelope and the payload have their one canonical form and a closed schema; every signature is
by a key of the trust policy, fits, and was valid when the run started; the persons that the policy requires for this
kind of evidence have signed; the record belongs to the evidence node in whose folder it lies.

Limits: there is no time stamp yet, so the time of signing is the start time that the record itself states, which the
signers vouch for. Whoever holds an expired or revoked key could back-date a record (mark a leaked key `compromised`,
which voids all it signed). Nothing here notices that a file was deleted. Whether digests match what is in the case,
ages, and authors against signers are judged where the case is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from casework.artifact.digest import sha256_bytes
from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.policy import Trust, TrustedKey
from casework.attest.statement import read_statement
from casework.attest.thresholds import assignable
from casework.model.policy import EvidenceRule
from casework.model.result import PAYLOAD_TYPE, ResultRecord, Statement
from casework.model.verdict import Signer, Verdict

SUFFIX: Final = ".dsse.json"
CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ before a run counts as made in the future."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """Signatures that fit, and what is wrong with the others."""

    keys: tuple[TrustedKey, ...]
    problems: tuple[Problem, ...]


def sealed_name(data: bytes) -> str:
    """Return the name of a sealed file: the SHA-256 of its bytes, and the suffix."""
    return sha256_bytes(data) + SUFFIX


def verify(
    evidence_id: str, path: str, data: bytes, trust: Trust | None, now: datetime, *, generator: str = ""
) -> Verdict:
    """Verify one sealed evidence file.

    Args:
        evidence_id: Key of the evidence node in whose folder the file lies.
        path: The file, relative to the case's root; its name must be `sealed_name(data)`.
        data: Its bytes.
        trust: Opened trust policy; None where none could be opened (then nothing is verified).
        now: Time of judgement, with a time zone.
        generator: Generator that the evidence node plans; not compared where empty.

    Returns:
        The verdict. It is verified only if there is no finding of severity error and the policy's signers are all
        there.

    Raises:
        ValueError: `now` has no time zone. Nothing else is raised, whatever the bytes.
    """
    if now.tzinfo is None:
        raise ValueError("`now` must have a time zone")
    digest = sha256_bytes(data)
    envelope = read_envelope(data, payload_type=PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        return _verdict(evidence_id, path, digest, [envelope])
    checked = _check_signatures(envelope, trust)
    statement = read_statement(envelope.payload)
    problems = [*_name_problems(path, digest), *checked.problems]
    if not isinstance(statement, Statement):
        # A payload that is not as it was signed is broken in any case: one fault, one finding.
        forged = any(one.code == "SIG-003" for one in checked.problems)
        return _verdict(evidence_id, path, digest, problems if forged else [*problems, *statement])
    if envelope.timestamps:
        problems.append(Problem("TIM-000", f"{len(envelope.timestamps)} time stamps are not judged"))
    problems += _record_problems(statement.predicate, evidence_id, generator, now)
    accepted, untimely = _timely(checked.keys, statement.predicate)
    problems += untimely
    if trust is not None and accepted:
        problems += _role_problems(
            trust.policy.rule_for(statement.predicate.generator.name), statement.predicate, accepted
        )
    return _verdict(evidence_id, path, digest, problems, statement, accepted)


def _verdict(
    evidence_id: str,
    path: str,
    digest: str,
    problems: Iterable[Problem],
    statement: Statement | None = None,
    accepted: tuple[TrustedKey, ...] = (),
) -> Verdict:
    findings = sorted(
        (
            report(one.code, one.message, node=evidence_id, file=path, line=one.line, column=one.column)
            for one in problems
        ),
        key=lambda finding: finding.order,
    )
    signers = tuple(Signer(key.name, key.person, key.roles) for key in sorted(accepted, key=lambda key: key.name))
    verified = statement is not None and bool(signers) and all(finding.severity != "error" for finding in findings)
    return Verdict(evidence_id, path, digest, statement, verified, signers, tuple(findings))


def _name_problems(path: str, digest: str) -> list[Problem]:
    name = path.rpartition("/")[2]
    if name == digest + SUFFIX:
        return []
    return [Problem("PTH-005", f"`{shown(name, 100)}` is not named by the digest of its bytes, {digest[:12]}…")]


def _check_signatures(envelope: Envelope, trust: Trust | None) -> _Checked:
    if trust is None:
        return _Checked((), (Problem("POL-000", "no trust policy is open, so no signature can be judged"),))
    message = envelope.signed_bytes
    keys: list[TrustedKey] = []
    problems: list[Problem] = []
    seen: set[str | bytes] = set()
    for one in envelope.signatures:
        if one.keyid in seen or one.sig in seen:
            problems.append(
                Problem("SIG-006", f"key or signature {shown(one.keyid, 15)} is listed twice; it counts once")
            )
            continue
        seen |= {one.keyid, one.sig}
        key = trust.keys.get(one.keyid)
        if key is None:
            problems.append(
                Problem("SIG-004", f"key {shown(one.keyid, 15)} is not in trust policy {shown(trust.policy.name)}")
            )
        elif not key.public.verifies(message, one.sig):
            problems.append(
                Problem("SIG-003", f"the signature of key {key.name} ({key.person}) does not fit the content")
            )
        else:
            keys.append(key)
    return _Checked(tuple(keys), tuple(problems))


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


def _timely(keys: tuple[TrustedKey, ...], record: ResultRecord) -> tuple[tuple[TrustedKey, ...], list[Problem]]:
    started = _time(record.started)
    if started is None:
        return (), []
    verdicts = [(key, _key_problem(key, started.date())) for key in keys]
    return tuple(key for key, bad in verdicts if bad is None), [bad for _, bad in verdicts if bad is not None]


def _key_problem(key: TrustedKey, day: date) -> Problem | None:
    entry, who = key.entry, f"key {key.name} ({key.person})"
    if entry.compromised:
        return Problem("SIG-007", f"{who} is compromised; all that it signed is void")
    if entry.revoked_at is not None and day >= entry.revoked_at:
        return Problem(
            "SIG-007", f"{who} was revoked on {entry.revoked_at.isoformat()}, before the run of {day.isoformat()}"
        )
    if day < entry.valid_from:
        return Problem(
            "SIG-008", f"{who} is valid from {entry.valid_from.isoformat()}, after the run of {day.isoformat()}"
        )
    if entry.valid_to is not None and day > entry.valid_to:
        return Problem(
            "SIG-008", f"{who} was valid to {entry.valid_to.isoformat()}, before the run of {day.isoformat()}"
        )
    return None


def _role_problems(rule: EvidenceRule | None, record: ResultRecord, accepted: tuple[TrustedKey, ...]) -> list[Problem]:
    kind = shown(record.generator.name)
    if rule is None:
        return [Problem("SIG-005", f"the trust policy knows no evidence of generator {kind}, so nobody may sign it")]
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
