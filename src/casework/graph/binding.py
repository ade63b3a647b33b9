"""What a record is bound to: the digests of the repository as it is now, and in what a record differs from them.

Files are taken as they lie there, never by the digests that a card claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from casework.artifact.digest import NotCanonicalError, closure_digest, jcs_digest
from casework.graph.case import Case
from casework.graph.fingerprint import meaning
from casework.model.catalogue import GENERATORS, file_role
from casework.model.learning import Dataset, Evidence, ModelCard
from casework.model.node import LONGEST_PATH, REL_PATH_PATTERN, Node
from casework.model.result import ResultRecord
from casework.model.verdict import FileFact, ManifestFact, Verdict

N = TypeVar("N", bound=Node)

_FILES: Final = {file_role(name): name for one in GENERATORS.values() for name in one.files}
"""Role to the option that names the file."""

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
    "external",
    "reference_external",
    *sorted(_FILES),
)
"""Roles of the digests that bind a record to the repository; `outcome` is a result and binds nothing."""

_NAMES: Final = {
    "model": "model", "reference": "reference model", "data": "data", "reference_data": "reference data",
    "odd": "operational design domain", "options": "options", "signature": "signature", "public_key": "signing key",
    "interface": "interface of the model card", "reference_interface": "interface of the reference's card",
    "external": "external weights", "reference_external": "external weights of the reference",
    **{role: f"file of option {name}" for role, name in _FILES.items()},
}  # fmt: skip
_NOW: Final = {
    "model": "the file is", "reference": "the file is", "data": "the manifest is", "reference_data": "the manifest is",
    "odd": "it is now", "options": "the plan's are", "signature": "the file is", "public_key": "the file is",
    "interface": "it is now", "reference_interface": "it is now",
    "external": "the files of the model card are", "reference_external": "the files of its card are",
    **dict.fromkeys(_FILES, "the file is"),
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


def planned_options(evidence: Evidence) -> dict[str, Any]:
    """Return what the record's `options` digest covers: the authored options, the split and the seed."""
    return {"options": evidence.options, "split": evidence.split, "seed": evidence.seed}


def option_files(evidence: Evidence) -> dict[str, str]:
    """Return the path by role of each file that the options of a plan name; an empty one where an option names none."""
    spec = GENERATORS.get(evidence.generator)
    given = {name: evidence.options.get(name) for name in (spec.files if spec else ())}
    return {file_role(n): _as_path(value) for n, value in sorted(given.items()) if value is not None}


def _as_path(value: Any) -> str:
    """Return the path that an option names where it can be one of a file in a case, else an empty text."""
    fits = isinstance(value, str) and len(value) <= LONGEST_PATH and re.fullmatch(REL_PATH_PATTERN, value)
    return str(value) if fits else ""


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
    found = case.interfaces.get(key)
    if found is None:
        said = meaning(case.data(key))
        found = case.interfaces[key] = jcs_digest({name: said[name] for name in _INTERFACE if name in said})
    return found


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
    evidence = full_node(case, key, Evidence)
    if evidence is None:
        return ()
    made: list[Binding] = [_options(evidence)]
    made.extend(_file(path, role, files) for role, path in option_files(evidence).items())
    subjects = [edge.target for edge in case.out(key, "subject")]
    cards = [k for k in subjects if case.entries[k].type == "model_card"]
    made.extend(_model(case, k, "model", files) for k in cards)
    made.extend(one for k in cards for one in _external(case, k, "external", files))
    made.extend(Binding("interface", interface_digest(case, k)) for k in cards)
    if evidence.generator == "model-signature":
        signed = [full_node(case, k, ModelCard) for k in subjects]
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
            made.extend(_external(case, edge.target, "reference_external", files))
            made.append(Binding("reference_interface", interface_digest(case, edge.target)))
        else:
            made.append(_manifest(case, edge.target, "reference_data", manifests))
    return tuple(sorted(made, key=lambda b: b.role))


def full_node(case: Case, key: str, cls: type[N]) -> N | None:
    """Return the full node of a key if there is one, it is valid and of the class; else None."""
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
    card = full_node(case, key, ModelCard)
    if card is None:
        return Binding(role, "", f"{key} is no valid model card")
    fact = files.get(card.file.path)
    if fact is None or not fact.exists or not fact.sha256:
        return Binding(role, "", f"the file {card.file.path} is missing")
    return Binding(role, fact.sha256)


def _external(case: Case, key: str, role: str, files: Mapping[str, FileFact]) -> Iterator[Binding]:
    """Yield the binding to the files that a card names beside the model file, if it names any."""
    card = full_node(case, key, ModelCard)
    if card is None or not card.external:
        return
    found: dict[str, str] = {}
    for location, one in card.locations():
        fact = files.get(one.path)
        if fact is None or not fact.exists or not fact.sha256:
            yield Binding(role, "", f"the file {one.path} is missing")
            return
        found[location] = fact.sha256
    yield Binding(role, closure_digest(found))


def _file(path: str, role: str, files: Mapping[str, FileFact]) -> Binding:
    if not path:
        return Binding(role, "", "the plan names no path of a file")
    fact = files.get(path)
    if fact is not None and fact.problem:
        return Binding(role, "", f"the file {path} cannot be used: {fact.problem}")
    if fact is None or not fact.exists or not fact.sha256:
        return Binding(role, "", f"the file {path} is missing")
    return Binding(role, fact.sha256)


def _manifest(case: Case, key: str, role: str, manifests: Mapping[str, ManifestFact]) -> Binding:
    dataset = full_node(case, key, Dataset)
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
    evidence, statement = full_node(case, key, Evidence), verdict.statement
    if evidence is None or statement is None:
        return ("there is nothing to compare",)
    record = statement.predicate
    found = [
        *_identity(key, evidence, record),
        *(() if verdict.figures_fit else ("the figures are not those that the record's outcome digest is of",)),
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
    for name, value in evidence.options.items():
        if record.options.get(name) != value:
            yield f"option mismatch: evidence was made with {name}={record.options.get(name)!r:.60}, the plan's is {value!r:.60}"
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
            yield f"requirement {target} has changed since; it is {case.fingerprint(target)[:8]} now"
    for target in record.requirements:
        if target not in verified:
            yield f"requirement {target} was spoken of by the record, but the plan does not verify it"


def _short(digest: str) -> str:
    return f"{digest[:8]}..."
