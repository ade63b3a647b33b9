"""What a gate and a release say to others: the Simple Verification Result, and the predicate `release/v1`.

Sources: in-toto Attestation Framework, Statement v1, ResourceDescriptor v1, and the predicate SVR v0.2,
https://github.com/in-toto/attestation. Our own statements are read as closed schemas, although the framework's parsing rules
let a reader ignore what it does not know: nobody is to rely on something that another reader never saw.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from casework.model.node import Sha256, Value

SVR_PREDICATE_TYPE: Final = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER_ID: Final = "https://casework.dev/verifier/check/v1"
"""Who verified: `casework check`. The number rises whenever one of the properties comes to mean something else."""

CASE_PASSED: Final = "CASEWORK_CASE_PASSED"
EVIDENCE_COMPLETE: Final = "CASEWORK_EVIDENCE_COMPLETE"
NO_WAIVERS: Final = "CASEWORK_NO_WAIVERS"
RELEASE: Final = "CASEWORK_RELEASE"
PROPERTIES: Final[dict[str, str]] = {
    CASE_PASSED: "The gate passed: no error was found that no valid waiver covers.",
    EVIDENCE_COMPLETE: "There is evidence, and all that is planned is there: verified, complete and bound to what is here now.",
    NO_WAIVERS: "No finding was covered by a waiver.",
    RELEASE: "Nothing forbids a release: no demo keys, root key pinned, sign-offs there, all files committed.",
}
"""Property to what it says of the subjects at the time of the statement."""

RELEASE_PREDICATE_TYPE: Final = "https://casework.dev/release/v1"
MANIFEST: Final = "manifest.json"
SEAL: Final = "seal.dsse.json"

Instant = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
GitCommit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class DigestSet(Value):
    """in-toto digest set: a file by SHA-256, or a commit by git's own id; exactly one of the two."""

    sha256: Annotated[Sha256 | None, Field(description="SHA-256 of the bytes.")] = None
    git_commit: Annotated[GitCommit | None, Field(alias="gitCommit", description="Commit id.")] = None


class Descriptor(Value):
    """in-toto resource descriptor."""

    name: Annotated[Text, Field(description="Name within the statement, for people.")]
    digest: Annotated[DigestSet, Field(description="What it is.")]
    uri: Annotated[Text | None, Field(description="What identifies it everywhere.")] = None


class Verifier(Value):
    """Who verified, and by which policies."""

    id: Annotated[Text, Field(description="URI of the verifier, with its version.")]
    policies: Annotated[tuple[Descriptor, ...], Field(strict=False, description="Trust policy that was used.")]


class SvrResult(Value):
    """Predicate `svr/v0.2`."""

    verifier: Annotated[Verifier, Field(description="Who verified.")]
    time_created: Annotated[Instant, Field(alias="timeCreated", description="When, UTC, RFC 3339.")]
    properties: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")], ...],
        Field(strict=False, min_length=1, max_length=50, description="What holds; sorted."),
    ]


class SvrStatement(Value):
    """in-toto Statement v1 with the predicate `svr/v0.2`."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[tuple[Descriptor, ...], Field(strict=False, min_length=1, max_length=1000)]
    predicate_type: Annotated[Literal["https://in-toto.io/attestation/svr/v0.2"], Field(alias="predicateType")]
    predicate: SvrResult


class ReleasedCase(Value):
    """Which case."""

    name: Annotated[Text, Field(description="Name of the case, from casework.yaml.")]
    version: Annotated[str | None, Field(max_length=100, description="Its version, from casework.yaml.")] = None


class ReleasedPolicy(Value):
    """Under which trust policy."""

    name: Annotated[Text, Field(description="Name of the trust domain.")]
    version: Annotated[int, Field(ge=1, lt=2**53)]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the sealed policy's payload.")]


class ReleasedLog(Value):
    """At which state of the evidence log."""

    origin: Annotated[Text, Field(description="Name of the log.")]
    size: Annotated[int, Field(ge=0, lt=2**53, description="Number of entries.")]
    root: Annotated[Sha256, Field(description="Root of the tree (RFC 6962, 2.1), hexadecimal.")]


class ReleaseRecord(Value):
    """Predicate `release/v1`: a person seals a case with all that is needed to judge it later."""

    case: Annotated[ReleasedCase, Field(description="Which case.")]
    commit: Annotated[GitCommit, Field(description="Commit whose files are sealed.")]
    decision: Annotated[Literal["pass", "blocked"], Field(description="What the gate said on the day of judgement.")]
    release: Annotated[bool, Field(description="True where nothing forbade a release.")]
    grounds: Annotated[
        tuple[Annotated[str, StringConstraints(max_length=500)], ...],
        Field(strict=False, description="Why it is no release; empty where it is one."),
    ] = ()
    draft: Annotated[
        bool, Field(description="True where it was sealed although it is no release: for reading only.")
    ] = False
    waivers: Annotated[int, Field(ge=0, lt=2**53, description="How many findings waivers covered.")] = 0
    judged: Annotated[Day, Field(description="Day of judgement.")]
    sealed: Annotated[Instant, Field(description="Time of sealing as its maker states it, UTC, RFC 3339.")]
    policy: Annotated[ReleasedPolicy | None, Field(description="Trust policy; null where there was none.")] = None
    log: Annotated[ReleasedLog | None, Field(description="Evidence log; null where the policy has none.")] = None
    verifier: Annotated[
        dict[Annotated[str, StringConstraints(max_length=200)], Annotated[str, StringConstraints(max_length=200)]],
        Field(min_length=1, max_length=500, description="Package to version: what judged, and what judges it again."),
    ]


class ReleaseSubject(Value):
    """in-toto resource descriptor of the manifest, which lists every other file of the bundle."""

    name: Literal["manifest.json"]
    digest: Annotated[dict[Literal["sha256"], Sha256], Field(min_length=1, max_length=1)]


class ReleaseStatement(Value):
    """in-toto Statement v1 with the predicate `release/v1`."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[tuple[ReleaseSubject, ...], Field(strict=False, min_length=1, max_length=1)]
    predicate_type: Annotated[Literal["https://casework.dev/release/v1"], Field(alias="predicateType")]
    predicate: ReleaseRecord


class ListedFile(Value):
    """A line of the manifest."""

    size: Annotated[int, Field(ge=0, lt=2**53, description="Bytes.")]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the bytes.")]


class ReleaseManifest(Value):
    """`manifest.json` of a release bundle."""

    schema_: Annotated[Literal["casework/release-manifest/v1"], Field(alias="schema", description="Form of this file.")]
    files: Annotated[
        dict[str, ListedFile], Field(description="Every file of the bundle but this one and the seal, by its path.")
    ]
    outside: Annotated[
        dict[str, ListedFile],
        Field(description="Data files of the case that the bundle leaves out, by their path in the case."),
    ] = {}
