"""Sealing a release: one archive that holds a case and all that is needed to judge it again, without us.

What is sealed is a commit, never a working tree: it is judged, enclosed and rendered from git's own objects. The archive is
deterministic, so two who seal the same commit with the same software on the same second get the same bytes but for
signatures, and a second person's signature replaces nothing but the seal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casework.artifact.digest import sha256_bytes
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.model.release import (
    MANIFEST,
    SEAL,
    ListedFile,
    ReleasedCase,
    ReleasedLog,
    ReleasedPolicy,
    ReleaseManifest,
    ReleaseRecord,
)
from casework.model.version import __version__
from casework.workflow.release.bundle_contents import CASE
from casework.workflow.release.enclosing import DataChoice, Enclosed, NotingTree, enclose

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.attest.opening import Anchors
    from casework.model.decision import Decision
    from casework.store.working_tree import Tree
    from casework.workflow.judging.assess import Assessed

Progress = Callable[[str], None]
WANTING: Final = frozenset({"SIG-005", "SIG-006", "IND-002", "TIM-001"})
"""What a further signature or time stamp mends; with any other problem a signature counts for nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sealed.

    Attributes:
        revision: Revision whose commit is sealed.
        today: Day of judgement.
        sealed: Time of sealing, UTC, `YYYY-MM-DDThh:mm:ssZ`.
        draft: True to seal also what is no release, marked as a draft.
        data: Whether data files go along.
    """

    revision: str
    today: date
    sealed: str
    draft: bool = False
    data: DataChoice = "small"


@dataclass(frozen=True, slots=True)
class Bundled:
    """A sealed bundle.

    Attributes:
        data: The archive.
        record: What its seal says.
        members: Number of files in it.
        payload_sha256: SHA-256 of the seal's payload, by which the log knows the release.
        wanting: What the trust policy still demands of signatures, in words; empty where the seal is complete.
        remarks: What else is to be said.
    """

    data: bytes
    record: ReleaseRecord
    members: int
    payload_sha256: str
    wanting: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotReleased:
    """Why nothing was sealed: the decision, and the grounds against a release."""

    decision: Decision
    grounds: tuple[str, ...]


def seal_bundle(
    root: Path, order: Order, keys: Sequence[SigningKey], tsa: str | None = None, progress: Progress | None = None
) -> Bundled | NotReleased:
    """Seal the case below a root as of a commit.

    Args:
        root: Root of the case.
        order: What is to be sealed.
        keys: Keys that sign; at least one.
        tsa: Address of a time-stamp authority that is asked for a token over each signature, if given.
        progress: Told in a word what is being done.

    Raises:
        CallProblem: There is no such commit, no trust policy, a key counts for nothing, or a file cannot be enclosed.
    """
    from casework.store.history import Revision
    from casework.workflow.judging.assess import assess

    tell = progress or (lambda _text: None)
    revision = Revision.open(root, order.revision)
    noting = NotingTree(revision)
    assessed = assess(noting, order.today, None, tell)
    assessed = replace(assessed, assessment=replace(assessed.assessment, commit=revision.commit))
    decision = assessed.decision
    if not order.draft and (decision.word != "pass" or not decision.release):
        return NotReleased(decision, decision.grounds)
    anchors = anchors_of(noting, order.today)
    if anchors is None or anchors.trust is None:
        raise CallProblem("there is no trust policy that can be opened, so nobody could tell whose seal counts")
    enclosed = enclose(noting, assessed.assessment, order.data)
    record = _record(assessed, order, anchors, noting)
    tell("writing documents")
    members = {f"{CASE}/{path}": data for path, data in enclosed.files.items()}
    members |= {f"documents/{name}": data for name, data in _documents(root, assessed, order.today, tell)}
    members |= _leaflets(record, assessed, enclosed)
    tell("sealing")
    return _sealed(members, enclosed, record, keys, anchors, tsa)


def anchors_of(tree: Tree, today: date) -> Anchors | None:
    """Return what signatures are checked with, from the trust policy of a case; None where there is none."""
    from casework.graph.assessment import Today
    from casework.store.tree import case_from_texts
    from casework.workflow.judging.configuration import read_project
    from casework.workflow.judging.inputs import Inputs
    from casework.workflow.judging.trusting import NO_PINS, open_trust

    return open_trust(tree, case_from_texts({})[0], read_project(tree)[0], Today(today), Inputs(), NO_PINS)[1]


def _record(assessed: Assessed, order: Order, anchors: Anchors, tree: Tree) -> ReleaseRecord:
    from casework.workflow.release.pinning import verifier_versions

    decision, project = assessed.decision, assessed.assessment.project
    trust = anchors.trust
    policy = None
    if trust is not None:
        policy = ReleasedPolicy(name=trust.policy.name, version=trust.policy.version, sha256=trust.digest)
    released = decision.word == "pass" and decision.release
    return ReleaseRecord(
        case=ReleasedCase(name=project.name, version=project.version),
        commit=assessed.assessment.commit,
        decision=decision.word,
        release=released,
        grounds=decision.grounds,
        draft=not released,
        waivers=len(decision.waived),
        judged=order.today.isoformat(),
        sealed=order.sealed,
        policy=policy,
        log=log_state(tree, project.evidence, trust.policy if trust else None),
        verifier=verifier_versions(),
    )


def log_state(tree: Tree, evidence: str, policy: TrustPolicy | None) -> ReleasedLog | None:
    """Return the state of the evidence log as its checkpoint has it; None where the policy has no log, or it cannot be read."""
    from casework.attest.carrier import Problem
    from casework.attest.log.note import read_checkpoint
    from casework.workflow.judging.trusting import read_of

    if policy is None or policy.log is None:
        return None
    data = read_of(tree, f"{evidence}/log/checkpoint")
    found = read_checkpoint(data) if data is not None else None
    if found is None or isinstance(found, Problem):
        return None
    return ReleasedLog(origin=found.origin, size=found.size, root=found.root.hex())


def _documents(root: Path, assessed: Assessed, today: date, tell: Progress) -> Iterator[tuple[str, bytes]]:
    """Yield the rendered documents: report, pictures of the argument, gaps, findings."""
    from casework.render.findings import FORMATS, Options
    from casework.workflow.publish import Scene, gaps, gsn_files, report_files

    scene = Scene(assessed, today)
    yield from report_files(scene, root, "both", None, tell)
    if any(True for _ in assessed.assessment.case.keys("goal")):
        for name, data in gsn_files(scene, "svg", None, 30, 1.0, tell, lambda _text: None):
            yield f"argument/{name}", data
    for form in ("html", "json"):
        found = gaps(scene, form, colour=False)
        yield f"gaps.{form}", found.encode() if isinstance(found, str) else found
    yield (
        "findings.json",
        FORMATS["json"](assessed.decision, lambda _path: None, Options({}, version=__version__)).encode(),
    )


def _leaflets(record: ReleaseRecord, assessed: Assessed, enclosed: Enclosed) -> dict[str, bytes]:
    from casework.render.bundle_text import DRAFT_LINE, instructions
    from casework.workflow.release.pinning import pinned_verifier

    trust = assessed.assessment.project.trust
    text = instructions(record, root_key=trust.root_key, policy=trust.policy, outside=len(enclosed.outside))
    made = {"VERIFY.md": text.encode()}
    made |= {f"verifier/{name}": data for name, data in pinned_verifier().items()}
    if record.draft:
        made["DRAFT-NO-RELEASE.txt"] = f"{DRAFT_LINE}\n".encode()
    return made


def _sealed(
    members: dict[str, bytes], enclosed: Enclosed, record: ReleaseRecord, keys: Sequence[SigningKey], anchors: Anchors,
    tsa: str | None,
) -> Bundled:  # fmt: skip
    from casework.artifact.archive import write_archive
    from casework.attest.release import MANIFEST_SCHEMA, manifest_bytes, release_statement, seal_release

    files = {path: ListedFile(size=len(data), sha256=sha256_bytes(data)) for path, data in members.items()}
    manifest = manifest_bytes(
        ReleaseManifest.model_validate({"schema": MANIFEST_SCHEMA, "files": files, "outside": enclosed.outside})
    )
    try:
        seal = seal_release(release_statement(sha256_bytes(manifest), record), keys)
    except ValueError as error:
        raise CallProblem(str(error)) from error
    seal = stamped(seal, tsa, anchors) if tsa else seal
    wanting, remarks = judged_seal(seal, anchors, datetime.fromisoformat(record.sealed))
    try:
        data = write_archive({**members, MANIFEST: manifest, SEAL: seal})
    except ValueError as error:
        raise CallProblem(f"the bundle cannot be written: {error}") from error
    return Bundled(data, record, len(members) + 2, _payload_sha256(seal), wanting, remarks)


def _payload_sha256(seal: bytes) -> str:
    from casework.attest.carrier import Problem
    from casework.attest.dsse import read_envelope

    envelope = read_envelope(seal)
    return "" if isinstance(envelope, Problem) else sha256_bytes(envelope.payload)


def stamped(seal: bytes, tsa: str, anchors: Anchors) -> bytes:
    """Return a seal with a time-stamp token over each signature that has none yet, asked of an authority over HTTP.

    Raises:
        CallProblem: There is no such token, or the trust policy does not pin the authority.
    """
    from casework.attest.carrier import Problem
    from casework.attest.dating.stamps import judge_tokens
    from casework.attest.dsse import read_envelope
    from casework.workflow.evidence.stamping import fetch_token

    envelope = read_envelope(seal)
    if isinstance(envelope, Problem):
        raise CallProblem(f"the seal cannot be read: {envelope.message}")
    if not anchors.authorities:
        raise CallProblem("the trust policy pins no time-stamp authority (`tsa`), so no time stamp would count")
    signatures = [one.sig for one in envelope.signatures]
    times, _problems = judge_tokens(envelope.timestamps, signatures, anchors.authorities)
    tokens = [fetch_token(tsa, sig, anchors.authorities) for sig in signatures if sig not in times]
    return replace(envelope, timestamps=(*envelope.timestamps, *tokens)).to_bytes()


def judged_seal(seal: bytes, anchors: Anchors, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a seal still wants of signatures, and what else is to be said of it.

    Raises:
        CallProblem: A signature counts for nothing, and no further one would mend that.
    """
    from casework.attest.release import Seal, judge_seal

    found = judge_seal(seal, anchors, now)
    problems = found.problems if isinstance(found, Seal) else found
    grave = [one for one in problems if one.code not in WANTING]
    if grave:
        raise CallProblem(f"the seal would not count: {'; '.join(f'{one.code} {one.message}' for one in grave)}")
    remarks = found.remarks if isinstance(found, Seal) else ()
    return tuple(one.message for one in problems), remarks


def countersign_bundle(path: Path, keys: Sequence[SigningKey], now: datetime, tsa: str | None = None) -> Bundled:
    """Add signatures to the seal of a bundle; every other file stays as it is.

    The bundle is checked to be what its seal covers, and the keys to be of its trust policy. Whether its decision and its root
    are to be believed is for `verify`: run that first, so that you know what you put your name to.

    Args:
        path: The bundle.
        keys: Keys that sign; at least one.
        now: Present moment, with a time zone.
        tsa: Address of a time-stamp authority that is asked for a token over each signature without one.

    Raises:
        CallProblem: The bundle is not as sealed, a key has signed already, or a signature would count for nothing.
    """
    from casework.artifact.archive import write_archive
    from casework.attest.dsse import countersign
    from casework.workflow.release.bundle_contents import Contents, open_bundle

    contents = open_bundle(path)
    if not isinstance(contents, Contents):
        raise CallProblem(f"{path} is not as sealed: {'; '.join(f'{f.code} {f.message}' for f in contents)}")
    with contents.archive as archive:
        record = contents.statement.predicate
        anchors = anchors_of(contents.tree(), date.fromisoformat(record.judged))
        if anchors is None or anchors.trust is None:
            raise CallProblem(f"{path} holds no trust policy that can be opened, so no signature would count")
        seal = contents.seal
        for key in keys:
            try:
                seal = countersign(seal, key)
            except ValueError as error:
                raise CallProblem(str(error)) from error
        seal = stamped(seal, tsa, anchors) if tsa else seal
        wanting, remarks = judged_seal(seal, anchors, now)
        members = {name: archive.read(name) for name in archive.members}
    data = write_archive({**members, SEAL: seal})
    return Bundled(data, record, len(members), _payload_sha256(seal), wanting, remarks)
