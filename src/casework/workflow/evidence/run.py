"""Producing evidence: plan -> generator -> statement -> seal -> one new file.

Each result is written whole, under a name that is its digest, as soon as it is there. So an interrupted run loses at most
the result in the making, and running again goes on with what is still missing or stale.
"""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from casework.graph.appraise import examined_dataset, interface_digest, odd_digest, planned_options
from casework.graph.binding import mismatches
from casework.model.catalogue import GENERATORS
from casework.model.hazard import Odd
from casework.model.learning import Dataset, Evidence, ModelCard
from casework.model.node import Node
from casework.model.problem import CallProblem
from casework.model.result import ResultRecord
from casework.workflow.evidence.sealing import require_signers, sealed_files, statement_of, write_sealed

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.attest.opening import Anchors
    from casework.generators.protocol import Progress, Request
    from casework.graph.assessment import Assessment
    from casework.workflow.evidence.keyless import Keyless

__all__ = ["awaits_signatures", "due", "produce", "request_of", "statement_of", "write_sealed"]


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
        lacks: Signatures that the trust policy still wants, in words; nothing is known of them where an identity signs.
    """

    evidence: str
    path: str
    record: ResultRecord | None
    problem: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Means:
    """With what evidence is produced; nothing of it has a say in a result.

    Attributes:
        workers: Processes for generators that can use them.
        cluster: Address of a Dask scheduler, or `local`; None for processes of its own.
        checkpoints: Folder in which long runs keep what is done; None for nowhere.
    """

    workers: int = 1
    cluster: str | None = None
    checkpoints: Path | None = None


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
    return [k for k in chosen if force or not (_is_current(assessment, k) or awaits_signatures(assessment, k))]


def _is_current(assessment: Assessment, key: str) -> bool:
    appraisal = assessment.appraisals.get(key)
    return appraisal is not None and appraisal.state == "current"


_SIGNABLE: Final = frozenset({"SIG-005", "SIG-006", "IND-002", "TIM-001"})
"""What is wrong with a record that further signatures or a time stamp mend."""


def awaits_signatures(assessment: Assessment, key: str) -> bool:
    """Tell whether a piece of evidence has a record of what is here now that only lacks signatures, or proof of their time."""
    appraisal = assessment.appraisals.get(key)
    verdict = appraisal.verdict if appraisal is not None and appraisal.state == "unverifiable" else None
    if verdict is None or verdict.statement is None or not verdict.signers:
        return False
    if any(one.code not in _SIGNABLE for one in verdict.findings if one.severity == "error"):
        return False
    pinned = assessment.project.trust.model_key
    return not mismatches(assessment.case, key, verdict, assessment.files, assessment.manifests, pinned)


def produce(
    assessment: Assessment, root: Path, keys: Sequence[str], signers: Sequence[SigningKey], clock: Callable[[], str], commit: str,
    means: Means, progress: Callable[[str], Progress], keyless: tuple[Keyless, Anchors] | None = None,
) -> Iterator[Ran]:  # fmt: skip
    """Make, seal and write the evidence of each key, one after the other, and tell of each as soon as it is there.

    Args:
        assessment: The case as it stands.
        root: Root of the case.
        keys: Evidence nodes.
        signers: Keys that sign.
        clock: Returns the present moment, UTC, RFC 3339.
        commit: Commit of the tree, recorded for people.
        means: Processes, cluster, checkpoints.
        progress: Returns the progress callback of one piece of evidence.
        keyless: Identity that signs too, and what its signature is checked with; None for keys alone.

    Raises:
        CallProblem: A library of the generators is missing, or the keys cannot satisfy the trust policy; nothing has been
            written then.
    """
    require_libraries()
    lacks = {key: require_signers(assessment, key, signers, keyless=keyless is not None) for key in keys}
    for key in keys:
        entry = assessment.case.entries[key]
        if not entry.valid:
            yield Ran(key, "", None, "the evidence node is not valid; `casework check` says why")
            continue
        try:
            request = request_of(assessment, root, key, clock(), commit, means)
        except CallProblem as problem:
            yield Ran(key, "", None, str(problem))
            continue
        ran = _one(assessment, root, key, request, signers, progress(key), keyless)
        yield replace(ran, lacks=lacks[key]) if ran.path and keyless is None else ran


def require_libraries() -> None:
    """Raise CallProblem where the generators' libraries are not installed: no result is better than a useless one."""
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise CallProblem(f"generators need {', '.join(missing)}; install them with: pip install 'casework[evidence]'")


def _one(
    assessment: Assessment,
    root: Path,
    key: str,
    request: Request,
    signers: Sequence[SigningKey],
    progress: Progress,
    keyless: tuple[Keyless, Anchors] | None,
) -> Ran:
    from casework.generators.protocol import GeneratorProblem, load

    try:
        record = load(request.generator).run(request, progress)
    except GeneratorProblem as problem:
        return Ran(key, "", None, f"{problem.message} {problem.fix}")
    if not {"model", "data"} & record.digests.keys():
        return Ran(key, "", record, record.reason or "nothing could be read, so there is nothing to seal")
    record = record.model_copy(update={"digests": {**record.digests, **request.digests}})
    try:
        files = sealed_files(record, signers, keyless)
        paths = [write_sealed(root, assessment.project.evidence, key, data, name) for name, data in files]
    except (ValueError, CallProblem) as error:
        return Ran(key, "", record, str(error))
    except OSError as error:
        return Ran(key, "", record, f"the result cannot be written: {error.strerror or error}")
    return Ran(key, paths[0], record)


def request_of(assessment: Assessment, root: Path, key: str, started: str, commit: str, means: Means) -> Request:
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
        workers=means.workers,
        cluster=means.cluster,
        base=root,
        checkpoints=means.checkpoints,
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
