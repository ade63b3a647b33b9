"""The gate's decision as a sealed statement for others: `casework check --attest FILE --key KEY`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from casework.artifact.digest import sha256_bytes
from casework.model.learning import Dataset, ModelCard
from casework.model.problem import CallProblem
from casework.model.release import Descriptor

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.graph.assessment import Assessment
    from casework.store.working_tree import Tree
    from casework.workflow.judging.assess import Assessed


def sealed_decision(
    root: Path, assessed: Assessed, keys: Sequence[SigningKey], created: str, tree: Tree | None = None
) -> bytes | None:
    """Return the decision on a case as a sealed Simple Verification Result v0.2; None where there is nothing to say.

    Of a blocked case nothing is said: no statement is written, and an older one that lies about is not touched.

    Args:
        root: Root of the case.
        assessed: What came of assessing it, without the cache of answers.
        keys: Keys that sign; at least one.
        created: Time of the decision, UTC, `YYYY-MM-DDThh:mm:ssZ`.
        tree: The tree that was assessed; the working tree by default.

    Raises:
        CallProblem: Files differ from the commit, so that the commit was not what was judged; or the keys cannot sign.
    """
    from casework.attest.svr import commit_subject, seal_svr, svr_statement
    from casework.store.history import Revision, head
    from casework.store.working_tree import WorkingTree

    if assessed.decision.word != "pass":
        return None
    commit, dirty = head(root)
    if dirty:
        raise CallProblem("files of the case differ from the commit, so no statement can name it; commit them first")
    if commit and (strange := Revision.open(root, commit).lacks(assessed.inputs.present)):
        raise CallProblem(
            f"{strange[0]} was judged and is not in the commit, so no statement can name it; commit it first"
        )
    subjects = [*([commit_subject(commit)] if commit else []), *_subjects(assessed.assessment)]
    policies = list(_policies(assessed.assessment, tree or WorkingTree(root)))
    statement = svr_statement(assessed.decision, subjects, policies, created)
    if statement is None:
        return None
    try:
        return seal_svr(statement, keys)
    except ValueError as error:
        raise CallProblem(str(error)) from error


def _subjects(assessment: Assessment) -> Iterator[Descriptor]:
    """Yield the model files, their files of weights, and the manifests of the datasets, as they were read."""
    from casework.attest.svr import file_subject

    for key, card in assessment.case.nodes(ModelCard, "model_card"):
        fact = assessment.files.get(card.file.path)
        if fact is not None and fact.sha256:
            yield file_subject(key, fact.sha256)
        for location, one in card.locations():
            held = assessment.files.get(one.path)
            if held is not None and held.sha256:
                yield file_subject(f"{key} {location}", held.sha256)
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        manifest = assessment.manifests.get(dataset.manifest.path)
        if manifest is not None and manifest.sha256:
            yield file_subject(key, manifest.sha256)


def _policies(assessment: Assessment, tree: Tree) -> Iterator[Descriptor]:
    from casework.attest.carrier import Problem
    from casework.attest.dsse import read_envelope
    from casework.attest.svr import file_subject
    from casework.workflow.judging.trusting import read_of

    data = read_of(tree, assessment.project.trust.policy)
    envelope = read_envelope(data) if data is not None else None
    if assessment.policy is None or envelope is None or isinstance(envelope, Problem):
        return
    name = f"trust policy {assessment.policy.name} version {assessment.policy.version}"
    yield file_subject(name, sha256_bytes(envelope.payload))
