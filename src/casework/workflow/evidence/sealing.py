"""Sealing a new record: whether the keys at hand can sign it, its statement, its files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from casework.model.learning import Evidence
from casework.model.problem import CallProblem
from casework.model.result import PREDICATE_TYPE, STATEMENT_TYPE, ResultRecord, Statement, Subject

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.attest.opening import Anchors
    from casework.graph.assessment import Assessment
    from casework.workflow.evidence.keyless import Keyless


def require_signers(
    assessment: Assessment, key: str, signers: Sequence[SigningKey], *, keyless: bool = False
) -> tuple[str, ...]:
    """Return what will still be lacking once the keys at hand have signed, in words.

    Raises:
        CallProblem: None of the keys can sign for this evidence under the trust policy and the plan.
    """
    from casework.attest.keys import load_public_key

    policy, plan = assessment.policy, assessment.case.node(key) if assessment.case.entries[key].valid else None
    if policy is None or not isinstance(plan, Evidence):
        return ()
    given = {signer.keyid for signer in signers}
    held = [
        name for name, entry in policy.keys.items() if load_public_key(entry.public_key_pem.encode()).keyid in given
    ]
    rule = policy.rule_for(plan.generator)
    wanted = {**dict.fromkeys(plan.signed_by, 1), **(rule.require if rule else {})}
    persons = {
        role: {policy.keys[name].person for name in held if name in policy.roles.get(role, ())} for role in wanted
    }
    lacking = tuple(
        f"{count - len(persons[role])} in role {role}"
        for role, count in sorted(wanted.items())
        if len(persons[role]) < count
    )
    if wanted and not any(persons.values()) and not keyless:
        has = ", ".join(f"{name} ({policy.keys[name].person})" for name in held) or "no key of the trust policy"
        raise CallProblem(f"{key} needs {', '.join(lacking)}, and --key gives {has}")
    return lacking


def statement_of(record: ResultRecord) -> Statement:
    """Return the in-toto Statement of a record; its subject is the model, or the data where no model was examined."""
    role = "model" if "model" in record.digests else "data"
    subject = Subject(name=record.files.get(role, role), digest={"sha256": record.digests[role]})
    return Statement.model_validate(
        {"_type": STATEMENT_TYPE, "subject": (subject,), "predicateType": PREDICATE_TYPE, "predicate": record}
    )


def sealed_files(
    record: ResultRecord, signers: Sequence[SigningKey], keyless: tuple[Keyless, Anchors] | None
) -> list[tuple[str, bytes]]:
    """Return name and bytes of each file that carries the record. Raises ValueError or CallProblem; nothing is written."""
    from casework.attest.opening import sealed_name
    from casework.attest.seal import payload_of, seal
    from casework.workflow.evidence.keyless import check_bundle

    statement, files = statement_of(record), []
    if signers:
        sealed = seal(statement, signers)
        files.append((sealed_name(sealed), sealed))
    if keyless is not None:
        identity, anchors = keyless
        name, bundle = identity.sign(payload_of(statement))
        check_bundle(name, bundle, anchors)
        files.append((name, bundle))
    return files


def write_sealed(root: Path, folder: str, key: str, sealed: bytes, name: str = "") -> str:
    """Write a file of a sealed record, whole or not at all, never over another; return its path.

    Args:
        root: Root of the case.
        folder: Folder of the evidence.
        key: Evidence node.
        sealed: Bytes of the file.
        name: Its name; that of a DSSE envelope if empty. What is there already carries the same record, perhaps with more
            signatures, and stays.

    Raises:
        OSError: It cannot be written.
    """
    from casework.attest.opening import sealed_name

    path = f"{folder}/{key.replace('::', '__')}/{name or sealed_name(sealed)}"
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.parent.resolve() != root.resolve() / folder / key.replace("::", "__"):
        raise OSError(f"{target.parent} is reached through a link")
    if target.exists():
        return path
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
