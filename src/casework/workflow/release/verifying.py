"""Verifying a release bundle, offline and with nothing but Casework: what it says is believed only as far as it is shown anew.

Three things are pinned from outside the bundle: the root key of its trust policy, and, where the reader has them, an earlier
checkpoint of its log and the lowest policy version that counts. All else follows from these: the policy from the root, the
seal from the policy, the content from the seal. Then the case is judged anew from the archive, as of the moment at which the
release took effect: proven by time stamps over the seal's signatures, or, where there are none, as the seal states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from casework.artifact.digest import sha256_bytes
from casework.attest.carrier import Problem
from casework.attest.codes import report
from casework.attest.release import UNDATED, Seal, judge_seal
from casework.model.finding import Finding
from casework.model.problem import CallProblem
from casework.model.project import Project
from casework.model.release import SEAL, ReleaseRecord
from casework.model.verification import Check, Outcome, Verification
from casework.model.version import __version__
from casework.workflow.judging.trusting import NO_PINS, Pins, open_trust, read_of, version_of
from casework.workflow.release.bundle_contents import Contents, open_bundle
from casework.workflow.release.hindsight import hindsight

if TYPE_CHECKING:
    from casework.attest.opening import Anchors
    from casework.store.archive_tree import ArchiveTree
    from casework.workflow.judging.assess import Assessed

Progress = Callable[[str], None]
_CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Known:
    """What the reader knows from elsewhere than the bundle.

    Attributes:
        root_key: Root public keys, PEM; None where only their digest is known.
        root_sha256: SHA-256 of the file of root public keys; empty where the keys themselves are given.
        checkpoint: A checkpoint of the log that was seen earlier; None where there is none.
        floor: Lowest version of the trust policy that counts.
        policy: A newer sealed trust policy of the same root; None where there is none.
        policies: Sealed versions between the bundle's policy and the newer one.
    """

    root_key: bytes | None = None
    root_sha256: str = ""
    checkpoint: bytes | None = None
    floor: int = 0
    policy: bytes | None = None
    policies: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Protocol:
    """What was looked at so far."""

    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def note(self, what: str, outcome: Outcome, said: str) -> None:
        self.checks.append(Check(what, outcome, said))

    def fail(self, what: str, said: str, findings: Sequence[Finding]) -> None:
        self.note(what, "bad", said)
        self.findings += findings


def verify_bundle(path: Path, known: Known, now: datetime, progress: Progress | None = None) -> Verification:
    """Verify a release bundle.

    Args:
        path: The bundle.
        known: What the reader knows from elsewhere; without a root key nothing can be verified.
        now: Present moment, with a time zone. It has no say in what was valid, only in what lies in the future, and in keys
            whose signatures nothing dates.
        progress: Told in a word what is being done.

    Raises:
        CallProblem: No root is given, or it is of no use; or there is no such file.
    """
    tell = progress or (lambda _text: None)
    _refuse_call(path, known)
    protocol = _Protocol()
    tell("reading the archive")
    contents = open_bundle(path)
    if not isinstance(contents, Contents):
        protocol.fail(_CONTENT, "the archive is not what was sealed, or is no bundle", contents)
        return _answer(protocol)
    with contents.archive:
        protocol.note(
            _CONTENT, "good", f"safe archive; all {len(contents.manifest.files)} files are those that the seal covers"
        )
        return _judged(contents, known, now, protocol, tell)


def _refuse_call(path: Path, known: Known) -> None:
    from casework.attest.keys import KeyRefusedError, load_public_keys

    if not path.is_file():
        raise CallProblem(f"{path}: there is no such file")
    if known.root_key is None and not known.root_sha256:
        raise CallProblem(
            "give the root key that you trust: --root-key FILE or --root-sha256 HEX; the one inside proves nothing"
        )
    if known.root_key is not None:
        try:
            load_public_keys(known.root_key)
        except KeyRefusedError as error:
            raise CallProblem(f"the root key cannot be used: {error}") from error


def _answer(protocol: _Protocol, record: ReleaseRecord | None = None, seal: Seal | None = None) -> Verification:
    sound = seal is not None and seal.sealed_at is not None and not any(c.outcome == "bad" for c in protocol.checks)
    errors = any(f.severity == "error" for f in protocol.findings)
    return Verification(
        "verified" if sound and not errors else "refused",
        seal.sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seal and seal.sealed_at else "",
        seal.proven if seal else False,
        record,
        tuple(_signers(seal)) if seal else (),
        tuple(protocol.checks),
        tuple(sorted(protocol.findings, key=lambda f: f.order)),
    )


def _signers(seal: Seal) -> Iterator[tuple[str, str, str, str]]:
    for one in seal.principals:
        at = one.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if one.signed_at else ""
        yield one.name, one.person, ", ".join(sorted(one.roles)), at


def _judged(contents: Contents, known: Known, now: datetime, protocol: _Protocol, tell: Progress) -> Verification:
    from casework.workflow.judging.configuration import read_project

    tree, record = contents.tree(), contents.statement.predicate
    project = read_project(tree)[0]
    tell("verifying the seal")
    pins = _pins(tree, project, known, protocol)
    anchors = _trust(tree, project, pins, date.fromisoformat(record.judged), protocol)
    if anchors is None:
        return _answer(protocol, record)
    seal = judge_seal(contents.seal, anchors, now)
    if not isinstance(seal, Seal):
        protocol.fail("seal", "it cannot be read", _sealing(seal))
        return _answer(protocol, record)
    _note_seal(seal, protocol)
    day = seal.sealed_at.astimezone(UTC).date() if seal.sealed_at else date.fromisoformat(record.judged)
    tell("judging the case anew")
    assessed = _assess(tree, day, pins, tell)
    _compare(record, assessed, day, protocol)
    _compare_state(record, tree, project, anchors, protocol)
    if known.policy is not None and anchors.trust is not None:
        roots = known.root_key if known.root_key is not None else read_of(tree, project.trust.root_key)
        said, found = hindsight(
            known.policy, roots, anchors.trust, seal, assessed, now, history=_versions(tree, project, known)
        )
        protocol.findings += found
        protocol.note("later revocations", "bad" if found else "good", said)
    _note_limits(contents, known, record, seal, protocol)
    return _answer(protocol, record, seal)


def _versions(tree: ArchiveTree, project: Project, known: Known) -> tuple[bytes, ...]:
    """Return every sealed version of the trust policy before the newer one, oldest first, each once."""
    folder = project.trust.policy.rpartition("/")[0]
    enclosed = (
        read_of(tree, one.path) for one in sorted(tree.list(f"{folder}/policies", (".dsse.json",)), key=version_of)
    )
    every = [*enclosed, read_of(tree, project.trust.policy), *known.policies]
    return tuple(dict.fromkeys(one for one in every if one is not None and one != known.policy))


def _assess(tree: ArchiveTree, day: date, pins: Pins, tell: Progress) -> Assessed:
    from casework.workflow.judging.assess import assess

    return assess(tree, day, None, tell, pins=pins)


def _pins(tree: ArchiveTree, project: Project, known: Known, protocol: _Protocol) -> Pins:
    """Return the pins from outside; the enclosed root keys stand for the given ones where both are the same keys."""
    from casework.attest.keys import KeyRefusedError, load_public_keys

    checkpoints = (known.checkpoint,) if known.checkpoint is not None else ()
    pins = replace(NO_PINS, root_sha256=known.root_sha256, floor=known.floor, checkpoints=checkpoints)
    enclosed = read_of(tree, project.trust.root_key)
    if known.root_key is None:
        fits = enclosed is not None and sha256_bytes(enclosed) == known.root_sha256
    else:
        try:
            given = {key.keyid for key in load_public_keys(known.root_key)}
            fits = enclosed is not None and {key.keyid for key in load_public_keys(enclosed)} == given
        except KeyRefusedError:
            fits = False
    if fits:
        protocol.note("root key", "good", "the bundle's trust policy hangs on the root key that you gave")
        return pins
    said = "the root key inside is not the one that you gave"
    protocol.fail("root key", said, [report("ART-016", said, file=project.trust.root_key)])
    return replace(pins, root=known.root_key)


def _trust(tree: ArchiveTree, project: Project, pins: Pins, day: date, protocol: _Protocol) -> Anchors | None:
    from casework.graph.assessment import Today
    from casework.store.tree import case_from_texts
    from casework.workflow.judging.inputs import Inputs

    opened, anchors = open_trust(tree, case_from_texts({})[0], project, Today(day), Inputs(), pins)
    if opened is not None and opened.trust is not None and anchors is not None:
        policy = opened.trust.policy
        protocol.note("trust policy", "good", f"{policy.name} version {policy.version}, signed by its root")
        return anchors
    found = opened.findings if opened else (report("POL-000", "there is no trust policy"),)
    protocol.fail("trust policy", "it cannot be opened, so no signature can be judged", found)
    return None


def _sealing(problems: Sequence[Problem]) -> list[Finding]:
    return [report(one.code, one.message, file=SEAL, line=one.line, column=one.column) for one in problems]


def _note_seal(seal: Seal, protocol: _Protocol) -> None:
    if seal.problems or seal.sealed_at is None:
        why = [*_sealing(seal.problems), report("ART-016", "the seal does not hold under the trust policy", file=SEAL)]
        protocol.fail("seal", "not signed as the trust policy demands", why)
    else:
        protocol.note(
            "seal",
            "good",
            f"signed by {', '.join(sorted({one.person for one in seal.principals}))}, as the trust policy demands",
        )
    if seal.sealed_at is not None and seal.proven:
        protocol.note("time of sealing", "good", "proven by time stamps of authorities that the trust policy pins")
    elif not any(remark.startswith(UNDATED) for remark in seal.remarks):
        protocol.note(
            "time of sealing", "open", "nothing proves it; all was judged as of the time that the seal states"
        )
    for remark in seal.remarks:
        protocol.note("time of sealing" if remark.startswith(UNDATED) else "seal", "open", remark)


def _compare(record: ReleaseRecord, assessed: Assessed, day: date, protocol: _Protocol) -> None:
    """Compare the decision that is sealed with the one that comes out now."""
    decision = assessed.decision
    released = decision.word == "pass" and decision.release
    sealed = f"{record.decision}, {'a release' if record.release else 'no release'}"
    anew = f"{decision.word}, {'a release' if released else 'no release'}"
    errors = [f for f in decision.findings if f.severity == "error"]
    was = record.verifier.get("casework", "?")
    if was != __version__:
        anew += f" (it was sealed with Casework {was}, and judged anew with {__version__})"
    if (decision.word, released) != (record.decision, record.release):
        said = f"the seal says {sealed}; judged anew as of {day.isoformat()} it is {anew}"
        protocol.fail("decision", said, [report("ART-016", said), *errors])
    elif record.draft or not released:
        said = f"what was sealed is no release; judged anew it is the same: {anew}"
        protocol.fail("release", said, [report("ART-016", "this is a draft and no release"), *errors])
    else:
        protocol.note("decision", "good", f"judged anew as of {day.isoformat()} it is the same as sealed: {anew}")
    if len(decision.waived) != record.waivers:
        said = f"the seal says {record.waivers} waived findings; judged anew there are {len(decision.waived)}"
        protocol.fail("waivers", said, [report("ART-016", said)])
    elif record.waivers:
        protocol.note("waivers", "good", f"{record.waivers} findings are covered by waivers, as the seal says")


def _compare_state(
    record: ReleaseRecord, tree: ArchiveTree, project: Project, anchors: Anchors, protocol: _Protocol
) -> None:
    from casework.workflow.release.releasing import log_state

    trust = anchors.trust
    if trust is not None:
        policy = (trust.policy.name, trust.policy.version, trust.digest)
        sealed = record.policy
        if sealed is None or (sealed.name, sealed.version, sealed.sha256) != policy:
            said = "the seal names another trust policy than the one enclosed"
            protocol.fail("trust policy", said, [report("ART-016", said, file=project.trust.policy)])
    log = log_state(tree, project.evidence, trust.policy if trust else None)
    if log != record.log:
        said = "the seal names another state of the evidence log than the one enclosed"
        protocol.fail("evidence log", said, [report("ART-016", said, file=f"{project.evidence}/log/checkpoint")])
    elif log is not None:
        protocol.note("evidence log", "good", f"{log.origin} with {log.size} entries, root {log.root[:16]}…")
    if (project.name, project.version) != (record.case.name, record.case.version):
        said = f"the seal is of {record.case.name} {record.case.version or ''}; the case calls itself otherwise"
        protocol.fail("name", said, [report("ART-016", said, file="casework.yaml")])


def _note_limits(contents: Contents, known: Known, record: ReleaseRecord, seal: Seal, protocol: _Protocol) -> None:
    """Say what could not be checked."""
    from casework.workflow.release.pinning import verifier_versions

    protocol.note(
        "commit",
        "open",
        f"that these are the files of commit {record.commit[:12]}: the sealers vouch for it, and git is not here",
    )
    protocol.note(
        "documents",
        "open",
        "bound to the seal by their digests, and not written anew; where they and the case differ, the case holds",
    )
    if contents.manifest.outside:
        protocol.note(
            "data",
            "open",
            f"{len(contents.manifest.outside)} data files are left out; the sealers vouch for their digests",
        )
    if record.log is None and known.checkpoint is not None:
        said = "you have a checkpoint of its log, and the bundle has no log"
        protocol.fail("earlier log", said, [report("LOG-001", said)])
    elif record.log is None:
        said = "the trust policy has no log, so what was removed before sealing leaves no trace"
        protocol.note("removed evidence", "open", said)
    elif known.checkpoint is None:
        protocol.note(
            "earlier log",
            "open",
            "no earlier checkpoint was given, so a log written anew before sealing would not show",
        )
    until = f"{seal.sealed_at:%Y-%m-%d}" if seal.sealed_at else record.judged
    if known.policy is None:
        said = f"keys that were revoked or found stolen after {until}: give a newer trust policy of the same root (--policy)"
        protocol.note("later revocations", "open", said)
    protocol.note("later releases", "open", f"whether this release was replaced after {until}: ask its maker")
    here = verifier_versions()
    other = sorted(name for name, version in record.verifier.items() if here.get(name) != version)
    if other:
        named = ", ".join(f"{name} {record.verifier[name]} (here {here.get(name, 'none')})" for name in other[:6])
        more = f" and {len(other) - 6} more" if len(other) > 6 else ""
        protocol.note(
            "verifier", "open", f"it was judged with {named}{more}; `verifier/requirements.txt` pins them all"
        )
    else:
        protocol.note(
            "verifier",
            "good",
            f"the same versions judged: Casework {record.verifier.get('casework')} and all it rests on",
        )
