"""What verification and appraisal say: values that explain themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.model.acceptance import Judgement
from casework.model.finding import Finding
from casework.model.result import ResultRecord, Statement


@dataclass(frozen=True, slots=True)
class Signer:
    """A principal whose signature was verified, and the roles that the trust policy gives it.

    Attributes:
        key: Name of its key or identity in the trust policy.
        person: Who holds it.
        roles: Roles in which it may sign.
        signed_at: Time, RFC 3339, by which the signature is proven to have existed; empty where nothing proves it.
        proof: `token`, `log`, or empty.
    """

    key: str
    person: str
    roles: frozenset[str]
    signed_at: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification says of one sealed file.

    Attributes:
        evidence: Key of the evidence node, as the folder names it.
        path: File, relative to the case's root; the first of them where a record lies in several carriers.
        digest: SHA-256 of the payload; of the file's bytes where no payload could be read.
        statement: The parsed statement, or None where it could not be parsed. Believe it only if `verified`.
        verified: True if shape and signatures hold under the policy.
        signers: Verified principals.
        findings: Why it is not verified, or what else is to be said.
        figures_fit: False where the figures are not those that the record's own outcome digest is of.
    """

    evidence: str
    path: str
    digest: str
    statement: Statement | None
    verified: bool
    signers: tuple[Signer, ...] = ()
    findings: tuple[Finding, ...] = ()
    figures_fit: bool = True


@dataclass(frozen=True, slots=True)
class FileFact:
    """What is known of one file that a node names: existence, size in bytes, SHA-256."""

    path: str
    exists: bool
    size: int = 0
    sha256: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ManifestFact:
    """What reading a dataset's manifest and looking at its files gave.

    Attributes:
        path: Manifest, relative to the case's root.
        sha256: Of the manifest as it lies there; empty if unreadable.
        splits: Split name to number of items.
        digests: Split name to the SHA-256 digests of its items.
        missing: Files that should be stored but are not.
        changed: Files whose bytes are not those of the manifest.
        problem: Why the manifest could not be read; empty if it could.
    """

    path: str
    sha256: str
    splits: tuple[tuple[str, int], ...] = ()
    digests: tuple[tuple[str, frozenset[str]], ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LogFact:
    """Where the evidence log of a case stands.

    Attributes:
        origin: Its name.
        size: Number of entries.
        root: Root of its tree, 64 hex digits.
        stamped: Number of entries that a time stamp covers.
        signers: Who has signed its checkpoint.
    """

    origin: str
    size: int
    root: str
    stamped: int = 0
    signers: tuple[str, ...] = ()


EvidenceState = Literal["current", "missing", "stale", "unverifiable", "unfinished"]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """Where one evidence node stands.

    Attributes:
        evidence: Key of the evidence node.
        state: `current` (verified, bound to what is here now, complete); `unfinished` (bound and verified, but its status is
            inconclusive, error or not_evaluable); `stale`; `unverifiable`; `missing`.
        reasons: What is stale, or why it is unverifiable or unfinished; sorted.
        verdict: The record that was appraised (the newest of those that come nearest), if any.
        superseded: Older records of the same evidence that no longer count.
    """

    evidence: str
    state: EvidenceState
    reasons: tuple[str, ...] = ()
    verdict: Verdict | None = None
    superseded: tuple[str, ...] = ()

    @property
    def record(self) -> ResultRecord | None:
        """The result record, or None."""
        statement = self.verdict.statement if self.verdict else None
        return statement.predicate if statement else None


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """The judgement of one criterion of one requirement by one evidence node."""

    requirement: str
    index: int
    evidence: str
    judgement: Judgement


StatusWord = Literal["supported", "open", "doubted", "defeated"]


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a node, and the node next on the path to what causes it.

    Attributes:
        word: supported, open, doubted or defeated.
        reason: In one sentence.
        because: Key of the node that causes it; empty where the reason lies here.
    """

    word: StatusWord
    reason: str
    because: str = ""
