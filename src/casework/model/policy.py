"""The trust policy: whose signature counts for what, and until when.

It is signed by root keys and read from `evidence/trust/policy.dsse.json`. Nothing else gives trust: no key inside
the evidence and no cache of a user. Thresholds count persons, not keys and not signatures (as roles in The Update
Framework count keys).
"""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from casework.model.node import Sha256, Value

POLICY_SCHEMA: Final = "casework/trust-policy/v1"
POLICY_PAYLOAD_TYPE: Final = "application/vnd.casework.trust-policy.v1+json"
ANY_GENERATOR: Final = "*"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    # Lax dates would take a Unix time, and `fromisoformat` takes `20260101` and `2026-W01-1`: one form only.
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    return value


IsoDay = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}$")]
Count = Annotated[int, Field(ge=1, le=100)]


class PolicyKey(Value):
    """A public key, the person who holds it, and the days on which its signatures count."""

    public_key_pem: Annotated[
        str, Field(max_length=2_000, description="Public key, PEM (SubjectPublicKeyInfo): Ed25519, P-256 or P-384.")
    ]
    person: Annotated[Name, Field(description="Who holds the private key: an id of `persons`.")]
    valid_from: Annotated[IsoDay, Field(description="First day on which it may sign, YYYY-MM-DD.")]
    valid_to: Annotated[
        IsoDay | None, Field(description="Last day on which it may sign, YYYY-MM-DD; open if omitted.")
    ] = None
    revoked_at: Annotated[
        IsoDay | None, Field(description="Day from which its signatures no longer count, YYYY-MM-DD.")
    ] = None
    compromised: Annotated[
        bool, Field(description="True where the private key leaked: all that it ever signed is void.")
    ] = False


class Person(Value):
    """A person, or a machine that signs by itself, and the roles held."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="Name for people, as it stands in reports.")]
    roles: Annotated[
        tuple[Name, ...], Field(strict=False, description="Roles in which the person may sign, review or accept.")
    ] = ()
    machine: Annotated[
        bool, Field(description="True for a machine, such as a CI runner; it cannot review or accept.")
    ] = False


class Root(Value):
    """Who may change this policy."""

    threshold: Annotated[Count, Field(description="How many persons must sign the policy.")]
    keys: Annotated[
        tuple[Name, ...], Field(strict=False, min_length=1, description="Names of `keys` that may sign the policy.")
    ]


class EvidenceRule(Value):
    """What one kind of evidence needs before it counts."""

    require: Annotated[
        dict[Name, Count], Field(min_length=1, description="Role to the number of persons who must have signed in it.")
    ]
    independent: Annotated[
        bool, Field(description="True where no signer may be an author of a requirement that it speaks for.")
    ] = False
    separate_roles: Annotated[bool, Field(description="True where nobody may count in two of the required roles.")] = (
        False
    )
    max_age_days: Annotated[
        int | None, Field(ge=1, description="Oldest age at which it still counts, in days from its run.")
    ] = None

    timestamp: Annotated[
        bool,
        Field(
            description="True where the time of each required signature must be proven, by a time stamp or by the log."
        ),
    ] = False
    sign_within_hours: Annotated[
        int | None,
        Field(ge=1, le=24 * 366, description="Longest time from the end of the run to a signature, in hours."),
    ] = None


class ActRule(Value):
    """What one kind of act of persons (a review, a waiver, a release) needs before it counts."""

    require: Annotated[
        dict[Name, Count],
        Field(description="Role to the number of persons who must have signed in it; empty: the person that it names."),
    ] = {}
    separate_roles: Annotated[bool, Field(description="True where nobody may count in two of the required roles.")] = (
        False
    )
    timestamp: Annotated[bool, Field(description="True where the time of each required signature must be proven.")] = (
        False
    )


class Identity(Value):
    """A Sigstore identity: who holds it, and all that the signing certificate must say.

    Extensions of the certificate: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
    """

    person: Annotated[Name, Field(description="Who signs under it: an id of `persons`.")]
    issuer: Annotated[
        str,
        Field(
            min_length=1, max_length=300, description="OpenID Connect issuer that vouched for the identity, exactly."
        ),
    ]
    identity: Annotated[
        str, Field(min_length=1, max_length=500, description="Subject alternative name of the certificate, exactly.")
    ]
    source_repository_id: Annotated[
        str | None,
        Field(max_length=100, description="Numeric id of the repository whose workflow ran, as the forge gives it."),
    ] = None
    source_repository_ref: Annotated[
        str | None, Field(max_length=300, description="Ref that the workflow ran for, such as `refs/heads/main`.")
    ] = None
    build_trigger: Annotated[
        str | None, Field(max_length=100, description="Event that started the workflow, such as `push`.")
    ] = None
    valid_from: Annotated[IsoDay, Field(description="First day on which it may sign, YYYY-MM-DD.")]
    valid_to: Annotated[IsoDay | None, Field(description="Last day on which it may sign, YYYY-MM-DD.")] = None
    revoked_at: Annotated[
        IsoDay | None, Field(description="Day from which its signatures no longer count, YYYY-MM-DD.")
    ] = None
    compromised: Annotated[
        bool, Field(description="True where the account was taken over: all that it ever signed is void.")
    ] = False


class Sigstore(Value):
    """Sigstore identities, and the one trusted root that their certificates are checked with."""

    trusted_root_sha256: Annotated[
        Sha256,
        Field(description="SHA-256 of `trusted_root.json` beside the policy; no other root and no cache counts."),
    ]
    identities: Annotated[dict[Name, Identity], Field(min_length=1, description="Identities by name; roles name them.")]


class Log(Value):
    """The evidence log of the case."""

    origin: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._-]+)*$", max_length=200),
        Field(description="Name of the log: first line of its checkpoints, such as `example.org/shuttle-signs`."),
    ]
    key: Annotated[str, Field(max_length=2_000, description="Public key (PEM, Ed25519) that signs its checkpoints.")]
    witnesses: Annotated[
        dict[Name, Annotated[str, Field(max_length=2_000)]],
        Field(description="Public keys (PEM, Ed25519) by name of those who cosign checkpoints."),
    ] = {}
    witness_threshold: Annotated[int, Field(ge=0, le=100, description="How many witnesses must have cosigned.")] = 0


class TrustPolicy(Value):
    """Whose signature counts for what. Signed by root keys; each change raises `version`."""

    model_config = ConfigDict(title="TrustPolicy")

    schema_: Annotated[Literal["casework/trust-policy/v1"], Field(alias="schema", description="Form of this file.")]
    name: Annotated[str, Field(min_length=1, max_length=100, description="Name of the trust domain.")]
    version: Annotated[
        int, Field(ge=1, lt=2**53, description="Rises with every change; a lower one than seen before is refused.")
    ]
    expires: Annotated[IsoDay, Field(description="Last day on which it holds, YYYY-MM-DD.")]
    demo: Annotated[bool, Field(description="True where the keys are for show: no release can rest on them.")] = False
    root: Annotated[Root, Field(description="Root keys, and how many persons must sign a change.")]
    keys: Annotated[dict[Name, PolicyKey], Field(min_length=1, description="Public keys by name.")]
    persons: Annotated[dict[Name, Person], Field(min_length=1, description="Persons by id.")]
    roles: Annotated[
        dict[Name, Annotated[tuple[Name, ...], Field(strict=False)]],
        Field(description="Role to the names of its keys and Sigstore identities."),
    ]
    evidence_types: Annotated[
        dict[str, EvidenceRule],
        Field(min_length=1, description="Generator to what its evidence needs; `*` for those not named."),
    ]
    acts: Annotated[
        dict[Literal["review", "waiver", "release"], ActRule],
        Field(description="Kinds of acts that count only when sealed, and who must have signed them."),
    ] = {}
    sigstore: Annotated[Sigstore | None, Field(description="Sigstore identities that may sign; none if omitted.")] = (
        None
    )
    tsa: Annotated[
        dict[Name, Annotated[str, Field(max_length=20_000)]] | None,
        Field(
            description="Time-stamp authorities (RFC 3161) by name: PEM of the signing certificate, then of its issuers up to the root."
        ),
    ] = None
    log: Annotated[
        Log | None, Field(description="The evidence log; evidence that is not in it does not count. No log if omitted.")
    ] = None

    def rule_for(self, generator: str) -> EvidenceRule | None:
        """Return what evidence of a generator needs, or None where the policy knows no such evidence."""
        return self.evidence_types.get(generator) or self.evidence_types.get(ANY_GENERATOR)

    def roles_of_key(self, key: str) -> frozenset[str]:
        """Return the roles in which a key, or a Sigstore identity, of this name may sign."""
        return frozenset(role for role, keys in self.roles.items() if key in keys)

    @property
    def signers(self) -> frozenset[str]:
        """Return the names that roles may list: of keys, and of Sigstore identities."""
        return frozenset(self.keys) | frozenset(self.sigstore.identities if self.sigstore else ())

    def holds(self, person: str, role: str) -> bool:
        """Tell whether a person of this policy, or a machine, holds a role."""
        known = self.persons.get(person)
        return known is not None and role in known.roles

    def persons_in(self, role: str) -> frozenset[str]:
        """Return the ids of the persons who hold a role."""
        return frozenset(person for person in self.persons if self.holds(person, role))
