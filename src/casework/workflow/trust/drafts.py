"""The trust policy as files: opened as it is in force, drafted anew, signed by its roots, and put in force.

Beside the policy (`evidence/trust/policy.dsse.json`) lie its superseded versions (`policies/<version>.dsse.json`) and, while a
change is under way, the draft (`policy.draft.json`). A draft has no effect until enough root persons have signed it; each
change of it voids the signatures that it has so far.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from casework.artifact.digest import sha256_bytes
from casework.artifact.strict_json import read_json
from casework.attest.dsse import Signature
from casework.attest.keys import KeyRefusedError, PublicKey, SigningFailedError, SigningKey, load_public_keys
from casework.attest.trust.drafting import (
    DRAFT_NAME,
    Quorum,
    draft_envelope,
    draft_findings,
    fitting,
    quorums,
    root_keys,
    signature_of,
)
from casework.attest.trust.policy import Trust, TrustReading, open_policy
from casework.model.finding import Finding
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.store.working_tree import Tree, WorkingTree
from casework.workflow.judging.configuration import read_project

DRAFT_SCHEMA: Final = "casework/trust-draft/v1"
TRUSTED_ROOT: Final = "trusted_root.json"
_OLD_NAME: Final = re.compile(r"([1-9][0-9]{0,15})\.dsse\.json")


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """The files that trust rests on, as they are.

    Attributes:
        root: Root folder of the case.
        policy_path: Path of the policy, relative to the root; the others lie beside it.
        root_path: Path of the root's public keys, relative to the root.
        policy: Sealed policy in force; None where there is none.
        roots: Root public keys, PEM; None where there are none, or not those that `casework.yaml` pins.
        history: Superseded sealed versions, oldest first.
        unpinned: True where `casework.yaml` pins other root keys than lie there.
    """

    root: Path
    policy_path: str
    root_path: str
    policy: bytes | None = field(repr=False)
    roots: bytes | None = field(repr=False)
    history: tuple[bytes, ...] = field(repr=False)
    unpinned: bool = False

    @property
    def folder(self) -> str:
        """Folder of the policy, relative to the root."""
        return self.policy_path.rpartition("/")[0] or "."

    @property
    def draft_path(self) -> str:
        """Path of the draft, relative to the root."""
        return f"{self.folder}/{DRAFT_NAME}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that is not in force yet, and who has signed it so far."""

    policy: TrustPolicy
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class Signing:
    """What signing a draft gave.

    Attributes:
        draft: The draft with all signatures that fit.
        quorums: For each root that must sign: whether enough have.
        dropped: How many signatures were dropped because the draft was changed since.
        installed: Path of the policy, if it is in force now; else empty.
        findings: Warnings that come with it.
    """

    draft: Draft
    quorums: tuple[Quorum, ...]
    dropped: int
    installed: str = ""
    findings: tuple[Finding, ...] = ()


def superseded(tree: Tree, folder: str) -> list[str]:
    """Return the paths of the superseded versions of a policy, oldest first; other names in their folder are left out."""
    found = [
        (int(match[1]), seen.path)
        for seen in tree.list(f"{folder}/policies", (".dsse.json",))
        if (match := _OLD_NAME.fullmatch(seen.path.rpartition("/")[2])) and not seen.problem
    ]
    return [path for _, path in sorted(found)]


def trust_files(root: Path) -> TrustFiles:
    """Read the files that trust rests on. Raises CallProblem if the configuration or one of them cannot be read."""
    tree = WorkingTree(root)
    project, findings = read_project(tree)
    wrong = [finding.message for finding in findings if finding.severity == "error"]
    if wrong:
        raise CallProblem(f"{wrong[0]}; mend casework.yaml first")
    trust = project.trust
    folder = trust.policy.rpartition("/")[0] or "."
    roots = _optional(tree, trust.root_key)
    unpinned = bool(trust.root_sha256) and roots is not None and sha256_bytes(roots) != trust.root_sha256
    policy = _optional(tree, trust.policy)
    history = tuple(_required(tree, path) for path in superseded(tree, folder))
    kept = tuple(one for one in history if one != policy)  # the other is left by an installation that was cut short
    return TrustFiles(root, trust.policy, trust.root_key, policy, roots, kept, unpinned)


def _optional(tree: Tree, path: str) -> bytes | None:
    return _required(tree, path) if tree.look(path) is not None else None


def _required(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path)
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def open_trust(files: TrustFiles, today: date, *, roots: bytes | None = None, floor: int = 0) -> TrustReading:
    """Open the policy in force.

    Args:
        files: As read.
        today: Day of judgement.
        roots: Root public keys that are pinned elsewhere; those of the case if None.
        floor: Highest version seen before.
    """
    pinned = roots if roots is not None else None if files.unpinned else files.roots
    return open_policy(files.policy, pinned, today, history=files.history, floor=floor, path=files.policy_path)


def in_force(files: TrustFiles, today: date) -> Trust:
    """Return the opened policy in force, also where it has expired, so that it can be renewed. Raises CallProblem."""
    reading = open_trust(files, today)
    if reading.trust is None and {one.code for one in reading.findings} == {"POL-003"}:
        reading = open_trust(files, date.min)
    if reading.trust is None:
        why = "; ".join(f"{one.message} ({one.code})" for one in reading.findings)
        raise CallProblem(f"the trust policy in force does not open, so nothing can follow it: {why}")
    return reading.trust


def read_draft(files: TrustFiles) -> Draft | None:
    """Return the draft, or None where there is none. Raises CallProblem if it cannot be read."""
    tree = WorkingTree(files.root)
    data = _optional(tree, files.draft_path)
    if data is None:
        return None
    reading = read_json(data)
    where = f"{files.draft_path}:{reading.problem.line}" if reading.problem else files.draft_path
    if reading.problem is not None:
        raise CallProblem(f"{where}: {reading.problem.message}")
    value = reading.value
    if not isinstance(value, dict) or value.get("schema") != DRAFT_SCHEMA or set(value) != _DRAFT_FIELDS:
        raise CallProblem(f"{where} is no draft of a trust policy ({DRAFT_SCHEMA})")
    return Draft(policy_of(value["policy"], where), _signatures(value["signatures"], where))


_DRAFT_FIELDS: Final = frozenset({"schema", "policy", "signatures"})


def _signatures(value: Any, where: str) -> tuple[Signature, ...]:
    try:
        return tuple(Signature(str(one["keyid"]), bytes.fromhex(one["sig"])) for one in value)
    except (TypeError, ValueError, KeyError) as error:
        raise CallProblem(f"{where}: `signatures` is no list of key ids and signatures in hex digits") from error


def policy_of(value: object, where: str) -> TrustPolicy:
    """Return a policy of plain data. Raises CallProblem with the fields that do not fit."""
    try:
        return TrustPolicy.model_validate(value)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[:5]
        said = "; ".join(f"`{'.'.join(map(str, one['loc']))}`: {one['msg'].lower()}" for one in wrong)
        raise CallProblem(f"{where}: {said}") from error


def plain(policy: TrustPolicy) -> dict[str, Any]:
    """Return a policy as plain data, without fields that are not given."""
    value: dict[str, Any] = policy.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def next_draft(files: TrustFiles, today: date) -> Draft:
    """Return the draft under way, or one that repeats the policy in force as its next version.

    Raises:
        CallProblem: There is neither, or the draft does not follow the policy in force.
    """
    draft = read_draft(files)
    if draft is not None and files.policy is None:
        return _first(draft, files)
    if files.policy is None:
        raise CallProblem(f"there is no trust policy at {files.policy_path}; begin with `casework trust init`")
    trust = in_force(files, today)
    version = trust.policy.version + 1
    if draft is None:
        return Draft(trust.policy.model_copy(update={"version": version}))
    if draft.policy.version != version:
        raise CallProblem(
            f"{files.draft_path} is a draft of version {draft.policy.version}, and version {version - 1} is in force; "
            "remove the draft and make the change anew"
        )
    return draft


def _first(draft: Draft, files: TrustFiles) -> Draft:
    if draft.policy.version != 1:
        raise CallProblem(f"{files.draft_path} is of version {draft.policy.version}, and there is no version before it")
    return draft


def write_draft(files: TrustFiles, draft: Draft) -> None:
    """Write a draft, whole or not at all. Raises CallProblem if it cannot be written, or not be read back."""
    _replace(files.root / files.draft_path, _draft_bytes(draft))


def _draft_bytes(draft: Draft) -> bytes:
    value = {
        "schema": DRAFT_SCHEMA,
        "policy": plain(draft.policy),
        "signatures": [{"keyid": one.keyid, "sig": one.sig.hex()} for one in draft.signatures],
    }
    data = (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
    problem = read_json(data).problem
    if problem is not None:
        raise CallProblem(f"the draft could not be read back, so it is not written: {problem.message}")
    return data


def _replace(target: Path, data: bytes, mode: int = 0o644) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallProblem(f"{target} cannot be written: {error.strerror or error}") from error


def start(files: TrustFiles, policy: TrustPolicy, roots: bytes) -> None:
    """Write the draft of a first policy, and the root's public keys as the anchor of all later ones.

    Raises:
        CallProblem: There is a policy already, or there are other root keys.
    """
    if files.policy is not None or files.history:
        raise CallProblem(
            f"there is a trust policy at {files.policy_path} already; change it with the other subcommands"
        )
    if files.roots is not None and files.roots != roots:
        raise CallProblem(f"{files.root_path} holds other root keys; remove it if no policy of theirs is in use")
    if read_draft(files) is not None:
        raise CallProblem(f"there is a draft at {files.draft_path} already; sign it, or remove it")
    data = _draft_bytes(Draft(policy))
    _replace(files.root / files.root_path, roots)
    _replace(files.root / files.draft_path, data)


def discard(files: TrustFiles) -> bool:
    """Remove the draft; False where there is none. Raises CallProblem if it cannot be removed."""
    try:
        (files.root / files.draft_path).unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CallProblem(f"{files.draft_path} cannot be removed: {error.strerror or error}") from error
    return True


def judge_draft(files: TrustFiles, draft: Draft, today: date) -> tuple[Finding, ...]:
    """Return why a draft would not open once it is signed; empty if it would."""
    return draft_findings(draft.policy, today, files.draft_path)


def quorums_of(files: TrustFiles, draft: Draft) -> tuple[Quorum, ...]:
    """Return for each root that must sign a draft whether enough have. Signatures that do not fit do not count."""
    envelope = draft_envelope(draft.policy, draft.signatures)
    kept = fitting(envelope, _known(files, draft))
    return quorums(files.policy, draft.policy, replace(envelope, signatures=kept), _pinned(files))


def sign_draft(files: TrustFiles, keys: Sequence[SigningKey], today: date) -> Signing:
    """Sign the draft; put it in force as soon as enough have signed.

    The version in force moves to `policies/` first. If that is cut short, the policy in force stays in force.

    Raises:
        CallProblem: There is no draft, a key is of none of the roots, or the draft would not open (with its findings).
    """
    if read_draft(files) is None:
        raise CallProblem(
            f"there is no draft at {files.draft_path}; change something first, such as `casework trust revoke`"
        )
    draft = next_draft(files, today)
    wrong = judge_draft(files, draft, today)
    if wrong:
        said = "\n".join(f"  {one.code}: {one.message}. {one.fix}" for one in wrong)
        raise CallProblem(f"the draft would not open once it is signed, so it is not signed:\n{said}")
    known = _known(files, draft)
    for key in keys:
        if key.keyid not in known:
            roots = ", ".join(sorted({name for name, _ in _roots(files, draft).values()}))
            raise CallProblem(f"key {key.keyid[:12]}… is no root key; those that may sign are {roots}")
    envelope = draft_envelope(draft.policy, draft.signatures)
    kept = fitting(envelope, known)
    try:
        added = {one.keyid: one for one in (*kept, *(signature_of(envelope, key) for key in keys))}
    except SigningFailedError as error:
        raise CallProblem(f"the draft is not signed: {error}") from error
    signed = Draft(draft.policy, tuple(added[keyid] for keyid in sorted(added)))
    outcome = Signing(signed, quorums_of(files, signed), len(draft.signatures) - len(kept))
    if all(one.met for one in outcome.quorums):
        return _install(files, outcome, today)
    write_draft(files, signed)
    return outcome


def _install(files: TrustFiles, outcome: Signing, today: date) -> Signing:
    data = draft_envelope(outcome.draft.policy, outcome.draft.signatures).to_bytes()
    history = (*files.history, files.policy) if files.policy is not None else ()
    after = replace(files, policy=data, history=history)
    reading = open_trust(after, today)
    if reading.trust is None:
        said = "; ".join(f"{one.message} ({one.code})" for one in reading.findings)
        raise CallProblem(f"the signed policy does not open, so the one in force stays: {said}")
    _check_trusted_root(files, outcome.draft.policy)
    if files.policy is not None:
        number = outcome.draft.policy.version - 1
        _replace(files.root / files.folder / "policies" / f"{number}.dsse.json", files.policy)
    _replace(files.root / files.policy_path, data)
    (files.root / files.draft_path).unlink(missing_ok=True)
    return replace(outcome, installed=files.policy_path, findings=reading.findings)


def _check_trusted_root(files: TrustFiles, policy: TrustPolicy) -> None:
    if policy.sigstore is None:
        return
    path = f"{files.folder}/{TRUSTED_ROOT}"
    data = _optional(WorkingTree(files.root), path)
    if data is None or sha256_bytes(data) != policy.sigstore.trusted_root_sha256:
        lies = "is not the one" if data is not None else "is missing; put the one there"
        raise CallProblem(f"{path} {lies} that the draft pins (SHA-256 {policy.sigstore.trusted_root_sha256[:12]}…)")


def _pinned(files: TrustFiles) -> tuple[PublicKey, ...]:
    if files.unpinned:
        raise CallProblem(f"{files.root_path} is not the file that `trust.root_sha256` in casework.yaml pins")
    if files.roots is None:
        raise CallProblem(f"there are no root keys at {files.root_path}")
    try:
        return load_public_keys(files.roots)
    except KeyRefusedError as error:
        raise CallProblem(f"{files.root_path}: {error}") from error


def _roots(files: TrustFiles, draft: Draft) -> dict[str, tuple[str, PublicKey]]:
    """Return the root keys of the draft and of the version in force."""
    found = root_keys(draft.policy)
    if files.policy is not None:
        from casework.attest.trust.chain import SealedPolicy, read_sealed_policy

        before = read_sealed_policy(files.policy)
        found = {**(root_keys(before.policy) if isinstance(before, SealedPolicy) else {}), **found}
    return found


def _known(files: TrustFiles, draft: Draft) -> dict[str, PublicKey]:
    found = {keyid: key for keyid, (_, key) in _roots(files, draft).items()}
    if files.policy is None:
        found |= {key.keyid: key for key in _pinned(files)}
    return found
