"""Producing evidence: plan -> generator -> statement -> seal -> one new file.

Each result is written whole, under a name that is its digest, as soon as it is there. So an interrupted run loses at most
the result in the making, and running again goes on with what is still missing or stale.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from casework.graph.appraise import examined_dataset, interface_digest, odd_digest, planned_options
from casework.model.catalogue import GENERATORS
from casework.model.hazard import Odd
from casework.model.learning import Dataset, Evidence, ModelCard
from casework.model.node import Node
from casework.model.problem import CallProblem
from casework.model.result import PREDICATE_TYPE, STATEMENT_TYPE, ResultRecord, Statement, Subject
from casework.model.verdict import Appraisal

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.generators.protocol import Progress, Request
    from casework.graph.assessment import Assessment


N = TypeVar("N", bound=Node)

_LIBRARIES = ("cv2", "numpy", "onnxruntime", "pycocotools", "scipy", "sklearn")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one piece of evidence.

    Attributes:
        evidence: Key of the evidence node.
        path: File written, relative to the root; empty where nothing was.
        record: The result, or None where there is none.
        problem: Why nothing was written; empty otherwise.
    """

    evidence: str
    path: str
    record: ResultRecord | None
    problem: str = ""


def due(assessment: Assessment, wanted: Sequence[str], *, force: bool) -> list[str]:
    """Return the keys of the evidence that a run has to make: what is wanted (all if nothing), and missing or stale.

    Raises:
        CallProblem: A wanted key is no evidence node.
    """
    keys = list(assessment.case.keys("evidence"))
    for key in wanted:
        if key not in keys:
            raise CallProblem(f"{key} is no evidence node of this case; there are {', '.join(keys) or 'none'}")
    chosen = [k for k in keys if not wanted or k in wanted]
    return [k for k in chosen if force or _state(assessment.appraisals.get(k)) not in ("current",)]


def _state(appraisal: Appraisal | None) -> str:
    return appraisal.state if appraisal else "missing"


def produce(
    assessment: Assessment, root: Path, keys: Sequence[str], signers: Sequence[SigningKey], clock: Callable[[], str], commit: str,
    workers: int, progress: Callable[[str], Progress],
) -> Iterator[Ran]:  # fmt: skip
    """Make, seal and write the evidence of each key, one after the other, and tell of each as soon as it is there.

    Args:
        assessment: The case as it stands.
        root: Root of the case.
        keys: Evidence nodes.
        signers: Keys that sign.
        clock: Returns the present moment, UTC, RFC 3339.
        commit: Commit of the tree, recorded for people.
        workers: Processes for generators that can use them.
        progress: Returns the progress callback of one piece of evidence.

    Raises:
        CallProblem: A library of the generators is missing, or the keys cannot satisfy the trust policy; nothing has been
            written then.
    """
    require_libraries()
    for key in keys:
        require_signers(assessment, key, signers)
    for key in keys:
        entry = assessment.case.entries[key]
        if not entry.valid:
            yield Ran(key, "", None, "the evidence node is not valid; `casework check` says why")
            continue
        try:
            request = request_of(assessment, root, key, clock(), commit, workers)
        except CallProblem as problem:
            yield Ran(key, "", None, str(problem))
            continue
        yield _one(assessment, root, key, request, signers, progress(key))


def require_libraries() -> None:
    """Raise CallProblem where the generators' libraries are not installed: no result is better than a useless one."""
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise CallProblem(f"generators need {', '.join(missing)}; install them with: pip install 'casework[evidence]'")


def require_signers(assessment: Assessment, key: str, signers: Sequence[SigningKey]) -> None:
    """Raise CallProblem where the keys at hand cannot make evidence that the trust policy and the plan accept."""
    from casework.attest.keys import load_public_key

    policy, plan = assessment.policy, assessment.case.node(key) if assessment.case.entries[key].valid else None
    if policy is None or not isinstance(plan, Evidence):
        return
    given = {signer.keyid for signer in signers}
    held = [
        name for name, entry in policy.keys.items() if load_public_key(entry.public_key_pem.encode()).keyid in given
    ]
    rule = policy.rule_for(plan.generator)
    wanted = {**dict.fromkeys(plan.signed_by, 1), **(rule.require if rule else {})}
    for role, count in sorted(wanted.items()):
        persons = {policy.keys[name].person for name in held if name in policy.roles.get(role, ())}
        if len(persons) < count:
            has = ", ".join(f"{name} ({policy.keys[name].person})" for name in held) or "no key of the trust policy"
            raise CallProblem(
                f"{key} needs {count} signature{'s' if count > 1 else ''} in role {role}, and --key gives {has}"
            )


def _one(
    assessment: Assessment, root: Path, key: str, request: Request, signers: Sequence[SigningKey], progress: Progress
) -> Ran:
    from casework.attest.seal import seal
    from casework.generators.protocol import GeneratorProblem, load

    try:
        record = load(request.generator).run(request, progress)
    except GeneratorProblem as problem:
        return Ran(key, "", None, f"{problem.message} {problem.fix}")
    if not {"model", "data"} & record.digests.keys():
        return Ran(key, "", record, record.reason or "nothing could be read, so there is nothing to seal")
    record = record.model_copy(update={"digests": {**record.digests, **request.digests}})
    try:
        sealed = seal(statement_of(record), signers)
    except ValueError as error:
        return Ran(key, "", record, str(error))
    try:
        return Ran(key, write_sealed(root, assessment.project.evidence, key, sealed), record)
    except OSError as error:
        return Ran(key, "", record, f"the result cannot be written: {error.strerror or error}")


def request_of(assessment: Assessment, root: Path, key: str, started: str, commit: str, workers: int) -> Request:
    """Return what a generator is asked for one evidence node. Raises CallProblem where the plan cannot be carried out."""
    from casework.artifact.digest import jcs_digest
    from casework.generators.protocol import DataSource, ModelSource, Request

    case = assessment.case
    plan = case.node(key)
    if not isinstance(plan, Evidence) or plan.generator not in GENERATORS:
        raise CallProblem(f"{key} names no generator that exists; there are {', '.join(GENERATORS)}")
    model = _target(assessment, key, "subject", ModelCard)
    reference = _target(assessment, key, "against", ModelCard)
    other = _target(assessment, key, "against", Dataset)
    dataset = examined_dataset(case, key)
    held = case.node(dataset) if dataset else None
    odd = next((case.node(e.target) for e in case.out(dataset, "covers")), None) if dataset else None
    digests = {"options": jcs_digest(planned_options(plan))}
    if dataset and (odd_print := odd_digest(case, dataset)):
        digests["odd"] = odd_print
    if model:
        digests["interface"] = interface_digest(case, model[0])
    if reference:
        digests["reference_interface"] = interface_digest(case, reference[0])
    trust = assessment.project.trust
    card = model[1] if model else None
    return Request(
        generator=plan.generator,
        started=started,
        model=ModelSource(root / card.file.path, model[0], card) if model and card else None,
        data=DataSource(root / held.manifest.path, "manifest", dataset or "", plan.split)
        if isinstance(held, Dataset)
        else None,
        reference=ModelSource(root / reference[1].file.path, reference[0], reference[1]) if reference else None,
        reference_data=DataSource(root / other[1].manifest.path, "manifest", other[0]) if other else None,
        odd=odd if isinstance(odd, Odd) else None,
        options=plan.options,
        seed=plan.seed,
        workers=workers,
        signature=root / card.signature if card and card.signature else None,
        public_key=root / trust.model_key if trust.model_key else None,
        evidence=key,
        requirements={e.target: case.fingerprint(e.target) for e in case.out(key, "verifies")},
        digests=digests,
        commit=commit or None,
        command=f"casework run {shlex.quote(key)}",
    )


def _target(assessment: Assessment, key: str, field: str, cls: type[N]) -> tuple[str, N] | None:
    for edge in assessment.case.out(key, field):
        if assessment.case.entries[edge.target].valid:
            node = assessment.case.node(edge.target)
            if isinstance(node, cls):
                return edge.target, node
    return None


def statement_of(record: ResultRecord) -> Statement:
    """Return the in-toto Statement of a record; its subject is the model, or the data where no model was examined."""
    role = "model" if "model" in record.digests else "data"
    subject = Subject(name=record.files.get(role, role), digest={"sha256": record.digests[role]})
    return Statement.model_validate(
        {"_type": STATEMENT_TYPE, "subject": (subject,), "predicateType": PREDICATE_TYPE, "predicate": record}
    )


def write_sealed(root: Path, folder: str, key: str, sealed: bytes) -> str:
    """Write a sealed record under its digest, whole or not at all, never over another; return its path."""
    from casework.attest.verify import sealed_name

    path = f"{folder}/{key.replace('::', '__')}/{sealed_name(sealed)}"
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.parent.resolve() != root.resolve() / folder / key.replace("::", "__"):
        raise OSError(f"{target.parent} is reached through a link")
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # evidence is to be read by everyone
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
