"""What there is to sign in a case: sealed evidence that lacks signatures, and reviews and waivers.

A record is offered for signing only if it is verified but for the signatures that it still lacks, and speaks of the case as it
is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from casework.graph.assessment import Assessment, Today
from casework.graph.binding import mismatches
from casework.model.act import ActRecord
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.model.verdict import Signer, Verdict
from casework.store.working_tree import WorkingTree
from casework.workflow.evidence.signing_view import Says, says_of_act, says_of_record
from casework.workflow.judging.assess import assess
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.sealed import act_nodes, find_sealed
from casework.workflow.judging.trusting import NO_PINS, end_of, open_trust

if TYPE_CHECKING:
    from casework.attest.act import ActNode, ActVerdict
    from casework.attest.opening import Anchors
    from casework.store.cache import Cache

Kind = Literal["evidence", "review", "waiver"]

# What more signatures, or a time stamp, can still mend; everything else about a record must hold before it is signed.
_MENDABLE: Final = frozenset({"SIG-005", "SIG-006", "IND-002", "TIM-001"})


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing of a case that can be signed.

    Attributes:
        key: Node: evidence, review or waiver.
        kind: Its type.
        path: File that a signature goes into, relative to the root; a folder, ending in a slash, where it is made anew.
        says: What is signed, in words.
        signers: Whose signatures it has.
        wanted: Role to the number of persons who must have signed in it, by the trust policy and the plan.
        speaks_for: Person in whose name a review or waiver speaks, who must have signed it; empty for evidence.
        timestamp: True where the trust policy demands proof of the time of each signature.
        payload: Statement that is signed; empty for an act that is not sealed yet.
        before: Content of the file now; None where it is not there.
        problem: Why it must not be signed; empty where it may.
    """

    key: str
    kind: Kind
    path: str = ""
    says: Says = ()
    signers: tuple[Signer, ...] = ()
    wanted: Mapping[str, int] = field(default_factory=dict)
    speaks_for: str = ""
    timestamp: bool = False
    payload: bytes = b""
    before: bytes | None = None
    problem: str = ""


@dataclass(frozen=True)
class Desk:
    """A case opened for signing.

    Attributes:
        root: Root of the case.
        assessment: The case as it stands.
        anchors: What signatures are checked with.
        policy: The trust policy.
        today: Day of signing.
        folder: Folder of the evidence.
        files: Folder and payload digest to the files that carry it.
    """

    root: Path
    assessment: Assessment
    anchors: Anchors
    policy: TrustPolicy
    today: date
    folder: str
    files: Mapping[tuple[str, str], tuple[str, ...]]


def open_desk(root: Path, today: date, cache: Cache | None = None) -> Desk:
    """Open a case for signing.

    Raises:
        CallProblem: Its trust policy cannot be opened, so no signature could count.
    """
    tree = WorkingTree(root)
    assessment = assess(tree, today, cache).assessment
    project = assessment.project
    opened, anchors = open_trust(tree, assessment.case, project, Today(today), Inputs(), NO_PINS)
    if opened is None or anchors is None or opened.trust is None:
        why = "; ".join(f"{one.code} {one.message}" for one in opened.findings) if opened else "there is none"
        raise CallProblem(f"the trust policy cannot be opened, so no signature would count: {why}")
    sealed = find_sealed(tree, project, Inputs())
    files = {name: tuple(seen.path for seen in found) for name, found in {**sealed.records, **sealed.acts}.items()}
    return Desk(root, assessment, anchors, opened.trust.policy, today, project.evidence, files)


def offers(desk: Desk, keys: Sequence[str]) -> list[Offer]:
    """Return what can be signed of some nodes, in their order; of all, where something is lacking, if none is named.

    Raises:
        CallProblem: A named node is none that can be signed.
    """
    case = desk.assessment.case
    nodes = act_nodes(case)
    if keys:
        return [_offer(desk, key, nodes) for key in dict.fromkeys(map(_key, keys))]
    wanted = [key for key in sorted(nodes) if nodes[key].kind in desk.policy.acts or nodes[key].retires]
    acts = [key for key in wanted if key not in desk.assessment.sealed_acts]
    found = [_offer(desk, key, nodes) for key in [*case.keys("evidence"), *acts] if case.entries[key].valid]
    return [one for one in found if one.path and lacking(one, one.signers, desk.policy)]


def _key(named: str) -> str:
    """Return the key that a user means; a review's file is named by its id."""
    return named.rpartition("/")[2].removesuffix(".yaml") if named.endswith(".yaml") else named


def _offer(desk: Desk, key: str, nodes: Mapping[str, ActNode]) -> Offer:
    case = desk.assessment.case
    entry = case.entries.get(key)
    if entry is None:
        raise CallProblem(f"there is no node {key}")
    if not entry.valid:
        raise CallProblem(f"{key} is not valid; `casework check` says why")
    if key in nodes:
        return _offer_act(desk, key, nodes[key])
    if entry.type != "evidence":
        raise CallProblem(f"{key} is a {entry.type}; evidence, reviews and waivers are signed")
    return _offer_evidence(desk, key)


# Evidence


def _offer_evidence(desk: Desk, key: str) -> Offer:
    verdict = _record_to_sign(desk, key)
    plan = desk.assessment.case.node(key)
    if verdict is None or not isinstance(plan, Evidence):
        return Offer(key, "evidence", problem="there is no sealed record; `casework run` makes one")
    if verdict.statement is None:
        return Offer(key, "evidence", verdict.path, problem=_told(verdict) or "it cannot be read")
    from casework.attest.codes import report
    from casework.attest.opening import open_record

    contents = _contents(desk, verdict.path)
    opened = open_record(contents, desk.anchors)
    path = _envelope_path(verdict.path, opened.digest)
    rule = desk.policy.rule_for(verdict.statement.predicate.generator.name)
    wanted = {**dict.fromkeys(plan.signed_by, 1), **(rule.require if rule else {})}
    broken = [report(one.code, one.message) for one in opened.problems]
    problem = _obstacle(desk, key, plan, replace(verdict, statement=opened.statement), broken)
    if not problem and opened.digest != verdict.digest:
        problem = "the record changed while it was looked at; try again"
    says = says_of_record(desk.assessment, key, verdict.statement.predicate)
    return Offer(
        key, "evidence", path, (("payload sha256", opened.digest), *says), verdict.signers, wanted,
        timestamp=bool(rule and (rule.timestamp or rule.sign_within_hours)), payload=opened.payload,
        before=dict(contents).get(path), problem=problem,
    )  # fmt: skip


def _record_to_sign(desk: Desk, key: str) -> Verdict | None:
    """Return the newest record of what is here now that lacks nothing but signatures; else the one that counts; else the newest."""
    about = desk.assessment
    appraisal = about.appraisals.get(key)
    counts = appraisal.verdict if appraisal is not None and appraisal.state in ("current", "unfinished") else None
    folder = f"{desk.folder}/{key.replace('::', '__')}/"
    found = sorted((one for one in about.verdicts if one.path.startswith(folder)), key=_age, reverse=True)
    newer = [one for one in found if counts is None or _age(one) > _age(counts)]
    for one in newer:
        signable = one.statement is not None and all(f.code in _MENDABLE for f in one.findings if f.severity == "error")
        if signable and not mismatches(
            about.case, key, one, about.files, about.manifests, about.project.trust.model_key
        ):
            return one
    return counts or next(iter(found), None)


def _age(verdict: Verdict) -> tuple[str, str]:
    return verdict.statement.predicate.started if verdict.statement else "", verdict.digest


def _obstacle(desk: Desk, key: str, plan: Evidence, verdict: Verdict, broken: Sequence[Finding]) -> str:
    """Return why a record must not be countersigned: it is broken, or not of the case as it is now."""
    # What the bytes show now counts, also where the verdict is of bytes that were looked at a moment ago.
    lasting = [one for one in verdict.findings if one.code not in _MENDABLE]
    told = dict.fromkeys(f"{one.code} {one.message}" for one in (*broken, *lasting) if one.severity == "error")
    if told:
        return f"it does not verify: {'; '.join(told)}"
    about = desk.assessment
    stale = mismatches(about.case, key, verdict, about.files, about.manifests, about.project.trust.model_key)
    if stale:
        return f"it is stale: {'; '.join(stale)}"
    record = verdict.statement.predicate if verdict.statement else None
    rule = desk.policy.rule_for(record.generator.name) if record else None
    ages = [days for days in (plan.max_age_days, rule.max_age_days if rule else None) if days is not None]
    started = date.fromisoformat(record.started[:10]) if record else desk.today
    if ages and (desk.today - started).days > min(ages):
        return f"it is stale: it was started on {started} and counts for {min(ages)} days"
    return ""


def _told(verdict: Verdict) -> str:
    return "; ".join(f"{one.code} {one.message}" for one in verdict.findings)


def _envelope_path(path: str, digest: str) -> str:
    from casework.attest.opening import DSSE_SUFFIX

    return f"{path.rpartition('/')[0]}/{digest}{DSSE_SUFFIX}"


def _contents(desk: Desk, path: str) -> list[tuple[str, bytes]]:
    from casework.attest.opening import record_of_name

    paths = desk.files.get((path.rpartition("/")[0], record_of_name(path)), (path,))
    tree = WorkingTree(desk.root)
    try:
        return [(one, tree.read(one)) for one in paths]
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def lacking(offer: Offer, signers: Iterable[Signer], policy: TrustPolicy) -> tuple[str, ...]:
    """Return in words whose signatures a thing still needs if these have signed it; nothing where it is complete."""
    machines = {name for name, held in policy.persons.items() if held.machine and offer.kind != "evidence"}
    people = [one for one in signers if one.person not in machines]
    has = {role: len({one.person for one in people if role in one.roles}) for role in offer.wanted}
    short = [f"{count - has[role]} in role {role}" for role, count in sorted(offer.wanted.items()) if has[role] < count]
    speaker = offer.speaks_for
    if speaker and speaker not in {one.person for one in people}:
        short.insert(0, f"{speaker}, in whose name it speaks")
    return tuple(short)


# Reviews and waivers


def _offer_act(desk: Desk, key: str, node: ActNode) -> Offer:
    from casework.attest.act import FOLDER
    from casework.attest.opening import open_carriers
    from casework.model.result import PAYLOAD_TYPE

    kind: Literal["review", "waiver"] = "review" if node.kind == "review" else "waiver"
    rule = desk.policy.acts.get(kind)
    made = Offer(
        key, kind, f"{desk.folder}/{FOLDER}/", says_of_act(desk.assessment, key), wanted=dict(rule.require) if rule else {},
        speaks_for=node.by, timestamp=bool(rule and rule.timestamp), problem=_unfit(node, desk.policy),
    )  # fmt: skip
    seals = [one for one in _acts(desk) if one.verified and _is_of(one.record, key, node)]
    best = max(seals, key=lambda one: (len(one.signers), one.digest), default=None)
    if best is None:
        return made
    contents = _contents(desk, best.path)
    payload = open_carriers(contents, desk.anchors, payload_type=PAYLOAD_TYPE).payload
    path = _envelope_path(best.path, best.digest)
    return replace(made, path=path, signers=best.signers, payload=payload, before=dict(contents).get(path))


def _acts(desk: Desk) -> list[ActVerdict]:
    from casework.attest.act import FOLDER, verify_act_files

    folders = {name: paths for name, paths in desk.files.items() if name[0] == f"{desk.folder}/{FOLDER}"}
    now = end_of(Today(desk.today))
    return [verify_act_files(_contents(desk, paths[0]), desk.anchors, now) for paths in folders.values()]


def _is_of(record: ActRecord | None, key: str, node: ActNode) -> bool:
    if record is None or sorted(record.retires) != sorted(node.retires):
        return False
    now = (key, node.kind, node.fingerprint, node.by, node.role)
    return (record.node, record.kind, record.fingerprint, record.by, record.role) == now


def _unfit(node: ActNode, policy: TrustPolicy) -> str:
    person = policy.persons.get(node.by)
    if person is None or person.machine:
        why = "is a machine" if person else "is no person of the trust policy"
        return f"it speaks for {node.by or 'nobody'}, who {why}"
    if node.role is not None and not policy.holds(node.by, node.role):
        return f"{node.by} does not hold the role {node.role}"
    return ""
