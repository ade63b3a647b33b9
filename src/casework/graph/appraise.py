"""Where each piece of evidence stands: does a verified record exist that speaks of what lies in the repository now?

A record is believed only if it is verified, and it counts only if everything it was bound to is still the same: the
model and data files as they lie there (never the digests that a card claims), the plan's options, the generator's own
version and the fingerprint of each requirement it speaks for. Any difference makes it stale, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from casework.artifact.digest import NotCanonicalError, jcs_digest
from casework.graph.assessment import Today
from casework.graph.case import Case
from casework.graph.fingerprint import meaning
from casework.model.acceptance import Judgement, find_metric, judge
from casework.model.catalogue import GENERATORS
from casework.model.learning import Dataset, Evidence, ModelCard
from casework.model.node import Node
from casework.model.requirement import Criterion, Requirement
from casework.model.result import Metric, ResultRecord, outcome_of
from casework.model.verdict import Appraisal, CriterionResult, FileFact, ManifestFact, Verdict

N = TypeVar("N", bound=Node)

BOUND_ROLES: Final = (
    "model",
    "reference",
    "data",
    "reference_data",
    "odd",
    "options",
    "signature",
    "public_key",
    "interface",
    "reference_interface",
)
"""Roles of the digests that bind a record to the repository; `outcome` is a result and binds nothing."""

_NAMES: Final = {
    "model": "model", "reference": "reference model", "data": "data", "reference_data": "reference data",
    "odd": "operational design domain", "options": "options", "signature": "signature", "public_key": "signing key",
    "interface": "interface of the model card", "reference_interface": "interface of the reference's card",
}  # fmt: skip
_NOW: Final = {
    "model": "the file is", "reference": "the file is", "data": "the manifest is", "reference_data": "the manifest is",
    "odd": "it is now", "options": "the plan's are", "signature": "the file is", "public_key": "the file is",
    "interface": "it is now", "reference_interface": "it is now",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Binding:
    """What a record must be bound to in one role.

    Attributes:
        role: One of `BOUND_ROLES`.
        sha256: The digest as of now, or an empty string where there is none to be had.
        problem: Why there is none.
    """

    role: str
    sha256: str
    problem: str = ""


def folder_key(folder: str) -> str:
    """Return the evidence key that a folder under `evidence/` stands for: `M__EV-1` is `M::EV-1`."""
    return folder.replace("__", "::", 1)


def _folder(key: str) -> str:
    return key.replace("::", "__", 1)


def planned_options(evidence: Evidence) -> dict[str, Any]:
    """Return what the record's `options` digest covers: the authored options, the split and the seed."""
    return {"options": evidence.options, "split": evidence.split, "seed": evidence.seed}


def examined_dataset(case: Case, key: str) -> str | None:
    """Return the key of the dataset that a piece of evidence runs on: its subject if that is one, else its `data`."""
    for edge in [*case.out(key, "subject"), *case.out(key, "data")]:
        if case.entries[edge.target].type == "dataset":
            return edge.target
    return None


def odd_digest(case: Case, dataset: str) -> str | None:
    """Return the digest of the operational design domain that a dataset covers, or None if it covers none.

    For one domain it is its fingerprint; for several, the digest of their sorted fingerprints.
    """
    prints = sorted(case.fingerprint(edge.target) for edge in case.out(dataset, "covers"))
    if not prints:
        return None
    return prints[0] if len(prints) == 1 else jcs_digest(prints)


_INTERFACE: Final = ("task", "classes", "inputs", "outputs", "preprocessing", "decoder", "precision")


def interface_digest(case: Case, key: str) -> str:
    """Return the digest of what a model card says of the use of its model: what goes in, and how what comes out is read."""
    said = meaning(case.data(key))
    return jcs_digest({name: said[name] for name in _INTERFACE if name in said})


def bindings(
    case: Case,
    key: str,
    files: Mapping[str, FileFact],
    manifests: Mapping[str, ManifestFact],
    model_key: str | None = None,
) -> tuple[Binding, ...]:
    """Return what a record of an evidence node must be bound to, as the repository is now; sorted by role.

    Evidence on a model's signature is bound to the signature and to the key at `model_key` as well.
    """
    evidence = _full(case, key, Evidence)
    if evidence is None:
        return ()
    made: list[Binding] = [_options(evidence)]
    subjects = [edge.target for edge in case.out(key, "subject")]
    cards = [k for k in subjects if case.entries[k].type == "model_card"]
    made.extend(_model(case, k, "model", files) for k in cards)
    made.extend(Binding("interface", interface_digest(case, k)) for k in cards)
    if evidence.generator == "model-signature":
        signed = [_full(case, k, ModelCard) for k in subjects]
        made.extend(_file(card.signature, "signature", files) for card in signed if card and card.signature)
        made.extend(_file(path, "public_key", files) for path in [model_key] if path)
    dataset = examined_dataset(case, key)
    if dataset is not None:
        made.append(_manifest(case, dataset, "data", manifests))
        odd = odd_digest(case, dataset)
        if odd is not None:
            made.append(Binding("odd", odd))
    for edge in case.out(key, "against"):
        if case.entries[edge.target].type == "model_card":
            made.append(_model(case, edge.target, "reference", files))
            made.append(Binding("reference_interface", interface_digest(case, edge.target)))
        else:
            made.append(_manifest(case, edge.target, "reference_data", manifests))
    return tuple(sorted(made, key=lambda b: b.role))


def _full(case: Case, key: str, cls: type[N]) -> N | None:
    entry = case.entries.get(key)
    if entry is None or not entry.valid:
        return None
    node = case.node(key)
    return node if isinstance(node, cls) else None


def _options(evidence: Evidence) -> Binding:
    try:
        return Binding("options", jcs_digest(planned_options(evidence)))
    except NotCanonicalError as error:
        return Binding("options", "", f"the plan's options cannot be digested ({error})")


def _model(case: Case, key: str, role: str, files: Mapping[str, FileFact]) -> Binding:
    card = _full(case, key, ModelCard)
    if card is None:
        return Binding(role, "", f"{key} is no valid model card")
    fact = files.get(card.file.path)
    if fact is None or not fact.exists or not fact.sha256:
        return Binding(role, "", f"the file {card.file.path} is missing")
    return Binding(role, fact.sha256)


def _file(path: str, role: str, files: Mapping[str, FileFact]) -> Binding:
    fact = files.get(path)
    if fact is None or not fact.exists or not fact.sha256:
        return Binding(role, "", f"the file {path} is missing")
    return Binding(role, fact.sha256)


def _manifest(case: Case, key: str, role: str, manifests: Mapping[str, ManifestFact]) -> Binding:
    dataset = _full(case, key, Dataset)
    if dataset is None:
        return Binding(role, "", f"{key} is no valid dataset")
    fact = manifests.get(dataset.manifest.path)
    if fact is None or not fact.sha256:
        return Binding(role, "", f"the manifest {dataset.manifest.path} is missing")
    spoilt = len(fact.changed) + len(fact.missing)
    if spoilt:
        return Binding(
            role, "", f"{spoilt} of the files of {dataset.manifest.path} are missing or not those of the manifest"
        )
    return Binding(role, fact.sha256)


def mismatches(
    case: Case,
    key: str,
    verdict: Verdict,
    files: Mapping[str, FileFact],
    manifests: Mapping[str, ManifestFact],
    model_key: str | None = None,
) -> tuple[str, ...]:
    """Return in words, sorted, everything that a record was bound to and that is no longer so; nothing if it counts."""
    evidence, statement = _full(case, key, Evidence), verdict.statement
    if evidence is None or statement is None:
        return ("there is nothing to compare",)
    record = statement.predicate
    found = [
        *_identity(key, evidence, record),
        *_digests(bindings(case, key, files, manifests, model_key), record),
        *_requirements(case, key, record),
    ]
    subject = record.digests.get("model") or record.digests.get("data")
    if statement.subject[0].digest.get("sha256") != subject:
        found.append("the statement's subject is not the model or dataset that its record names")
    return tuple(sorted(found))


def _identity(key: str, evidence: Evidence, record: ResultRecord) -> Iterator[str]:
    if record.evidence != key:
        yield f"the record was made for {record.evidence or 'no evidence node'}, not for {key}"
    made = record.generator
    if made.name != evidence.generator:
        yield f"generator mismatch: evidence was made by {made.name}, the plan names {evidence.generator}"
        return
    spec = GENERATORS.get(made.name)
    if spec is None:
        yield f"the generator {made.name} is not known, so its version cannot be judged"
    elif spec.version != made.version:
        is_now = f"it is now version {spec.version}"
        yield f"generator mismatch: evidence was made by {made.name} version {made.version}, {is_now}"
    if "outcome" in record.digests and record.digests["outcome"] != jcs_digest(
        outcome_of(record.metrics, record.tables)
    ):
        yield "the figures are not those that the record's outcome digest is of"
    if record.seed != evidence.seed:
        yield f"seed mismatch: evidence was made with seed {record.seed}, the plan's is {evidence.seed}"


def _digests(expected: tuple[Binding, ...], record: ResultRecord) -> Iterator[str]:
    for binding in expected:
        name, got = _NAMES[binding.role], record.digests.get(binding.role)
        if not binding.sha256:
            yield f"{name} mismatch: {binding.problem}"
        elif got is None:
            yield f"{name} mismatch: evidence was bound to none"
        elif got != binding.sha256:
            now = f"{_NOW[binding.role]} {_short(binding.sha256)}"
            yield f"{name} mismatch: evidence was made for {_short(got)}, {now}"
    planned = {b.role for b in expected}
    for role in BOUND_ROLES:
        if role in record.digests and role not in planned:
            yield f"{_NAMES[role]} mismatch: evidence was made for {_short(record.digests[role])}, the plan names none"


def _requirements(case: Case, key: str, record: ResultRecord) -> Iterator[str]:
    verified = {edge.target for edge in case.out(key, "verifies")}
    for target in verified:
        seen = record.requirements.get(target)
        if seen is None:
            yield f"requirement {target} is verified by the plan, but the record does not speak of it"
        elif seen != case.fingerprint(target):
            yield f"requirement {target} has changed since"
    for target in record.requirements:
        if target not in verified:
            yield f"requirement {target} was spoken of by the record, but the plan does not verify it"


def _short(digest: str) -> str:
    return f"{digest[:8]}..."


def appraise(
    case: Case,
    verdicts: Iterable[Verdict],
    files: Mapping[str, FileFact],
    manifests: Mapping[str, ManifestFact],
    today: Today,
    model_key: str | None = None,
) -> dict[str, Appraisal]:
    """Say of every evidence node where it stands, by key, sorted.

    Of the verified records that are bound to the repository as it is, the newest counts, also when an older one is
    better: whoever runs evidence again answers for the new result. Records of one instant are ordered by digest.

    Args:
        case: The graph.
        verdicts: Every sealed record found, verified or not.
        files: Facts of the files as they lie there, by path.
        manifests: Facts of the manifests as they lie there, by path.
        today: The day of judgement, for the plan's `max_age_days`.
        model_key: Path of the key that must have signed the models, from the configuration.
    """
    by_evidence: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_evidence.setdefault(_folder(verdict.evidence), []).append(verdict)
    made: dict[str, Appraisal] = {}
    for key, evidence in case.nodes(Evidence, "evidence"):
        found = sorted(by_evidence.get(_folder(key), ()), key=_age, reverse=True)
        made[key] = _appraise(case, key, evidence, found, files, manifests, today, model_key)
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
    return _judge_bound(key, evidence, bound, _others(found, bound), today)


def _judge_bound(key: str, evidence: Evidence, bound: Verdict, others: tuple[str, ...], today: Today) -> Appraisal:
    roles = frozenset[str]().union(*(s.roles for s in bound.signers))
    lacking = tuple(f"no signature in the role {r}" for r in sorted(set(evidence.signed_by) - roles))
    if lacking:
        return Appraisal(key, "unverifiable", lacking, bound, others)
    record = bound.statement.predicate if bound.statement else None
    if record is None:
        return Appraisal(key, "unverifiable", ("the record cannot be read",), bound, others)
    aged = _aged(record, evidence.max_age_days, today)
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


def acceptance_of(case: Case, key: str) -> tuple[Criterion, ...]:
    """Return the acceptance criteria of a requirement; none if it is not valid.

    Where the light fields tell that there are none, the full node is not built.
    """
    entry = case.entries[key]
    if "acceptance" in Requirement.light and not entry.light.get("acceptance"):
        return ()
    requirement = _full(case, key, Requirement)
    return requirement.acceptance if requirement else ()


def results(case: Case, appraisals: Mapping[str, Appraisal]) -> dict[str, tuple[CriterionResult, ...]]:
    """Judge every acceptance criterion by every current piece of evidence that verifies its requirement.

    If several hold the figure, each is judged and all must be met. If none does, the criterion has one result `missing`
    with an empty evidence key.

    Returns:
        Requirement key to its results, by criterion and then by evidence; only requirements that have criteria.
    """
    made: dict[str, tuple[CriterionResult, ...]] = {}
    for key in case.keys("requirement"):
        criteria = () if case.entries[key].light.get("status") == "retired" else acceptance_of(case, key)
        if criteria:
            current = _current(case, key, appraisals)
            made[key] = tuple(r for i, c in enumerate(criteria) for r in _judged(key, i, c, current))
    return made


def _sampled(criterion: Criterion, metric: Metric | None) -> Judgement:
    """Judge a figure; one of no sample (n = 0) shows nothing, whatever its value."""
    judgement = judge(criterion, metric)
    if metric is None or metric.n != 0:
        return judgement
    return Judgement("missing", judgement.expected, judgement.got, "the figure rests on no sample")


def _current(case: Case, key: str, appraisals: Mapping[str, Appraisal]) -> list[tuple[str, ResultRecord]]:
    found = []
    for source in sorted({edge.source for edge in case.into(key, "verifies")}):
        appraisal = appraisals.get(source)
        if appraisal and appraisal.state == "current" and appraisal.record:
            found.append((source, appraisal.record))
    return found


def _judged(
    key: str, index: int, criterion: Criterion, current: list[tuple[str, ResultRecord]]
) -> Iterator[CriterionResult]:
    held = False
    for source, record in current:
        if any(m.name == criterion.metric and m.slice == criterion.slice for m in record.metrics):
            held = True
            yield CriterionResult(key, index, source, _sampled(criterion, find_metric(record.metrics, criterion)))
    if not held:
        yield CriterionResult(key, index, "", judge(criterion, None))
