"""Whose a Sigstore certificate is: all that the trust policy states about an identity, compared exactly.

A name alone identifies nobody. Another issuer of the same root can vouch for the same e-mail address; a reusable
workflow that a fork calls, and a run for a pull request, have the project's own workflow as their name. Only the
extensions of the certificate tell those apart.

Source: Fulcio, certificate extensions, https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.model.policy import Identity, TrustPolicy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ARC: Final = "1.3.6.1.4.1.57264.1"
_ISSUER_RAW: Final = f"{_ARC}.1"
_OTHER_NAME: Final = f"{_ARC}.7"
_ISSUER: Final = f"{_ARC}.8"
_REF: Final = f"{_ARC}.14"
_REPOSITORY_ID: Final = f"{_ARC}.15"
_TRIGGER: Final = f"{_ARC}.20"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a certificate says of its holder; empty where it is silent.

    Attributes:
        issuer: OpenID Connect issuer.
        identity: Its one subject alternative name.
        repository_id: Numeric id of the repository whose workflow ran, not of the one that holds the workflow.
        ref: Ref that the workflow ran for.
        trigger: Event that started it.
    """

    issuer: str
    identity: str
    repository_id: str = ""
    ref: str = ""
    trigger: str = ""


def read_claims(certificate: Certificate) -> Claims | Problem:
    """Read what a verified certificate says of its holder.

    Returns:
        The claims; or `SIG-014` where it has several names, several issuers, or extensions that cannot be read.
    """
    try:
        issuers = {_plain(certificate, _ISSUER_RAW), _text(certificate, _ISSUER)} - {""}
        names = _names(certificate)
        claims = [_text(certificate, oid) for oid in (_REPOSITORY_ID, _REF, _TRIGGER)]
    except Exception as error:  # noqa: BLE001 - readers of DER raise many kinds
        return Problem("SIG-014", f"the certificate's extensions cannot be read: {shown(str(error), 150)}")
    if len(issuers) != 1 or len(names) != 1:
        return Problem(
            "SIG-014", f"the certificate states {len(issuers)} issuers and {len(names)} names; one of each is expected"
        )
    return Claims(issuers.pop(), names[0], *claims)


def whose(claims: Claims, policy: TrustPolicy) -> tuple[str, Identity] | Problem:
    """Find the identity of the trust policy that a certificate's claims fit, in all that it states.

    Returns:
        Its name and entry, the one that states most where several fit; or `SIG-015` (no such name under that issuer), `SIG-012`
        (another repository), `SIG-013` (another ref or trigger).
    """
    known = policy.sigstore.identities if policy.sigstore is not None else {}
    named = [
        (name, one)
        for name, one in sorted(known.items())
        if one.issuer == claims.issuer and one.identity == claims.identity
    ]
    who = f"`{shown(claims.identity, 120)}`, vouched for by `{shown(claims.issuer, 120)}`,"
    if not named:
        return Problem("SIG-015", f"{who} is no identity of trust policy {shown(policy.name)}")
    own = [(name, one) for name, one in named if one.source_repository_id in (None, claims.repository_id)]
    if not own:
        given = f"repository {shown(claims.repository_id)}" if claims.repository_id else "no repository that it names"
        return Problem("SIG-012", f"{who} signed in a run of {given}; {_stated(named, 'source_repository_id')}")
    fitting = [
        (name, one)
        for name, one in own
        if one.source_repository_ref in (None, claims.ref) and one.build_trigger in (None, claims.trigger)
    ]
    if not fitting:
        run = f"for ref `{shown(claims.ref, 100)}` started by `{shown(claims.trigger, 60)}`"
        pins = f"{_stated(own, 'source_repository_ref')}, {_stated(own, 'build_trigger')}"
        return Problem("SIG-013", f"{who} signed in a run {run}; {pins}")
    return max(fitting, key=lambda pair: _pins(pair[1]))


def _stated(named: list[tuple[str, Identity]], field: str) -> str:
    values = sorted({str(getattr(one, field)) for _, one in named if getattr(one, field) is not None})
    return f"{field.replace('_', ' ')} {' or '.join(shown(value, 100) for value in values) or 'any'} is trusted"


def _pins(one: Identity) -> int:
    return sum(pin is not None for pin in (one.source_repository_id, one.source_repository_ref, one.build_trigger))


def _names(certificate: Certificate) -> list[str]:
    from cryptography.x509 import (
        ObjectIdentifier,
        OtherName,
        RFC822Name,
        SubjectAlternativeName,
        UniformResourceIdentifier,
    )

    names: list[str] = []
    for name in certificate.extensions.get_extension_for_class(SubjectAlternativeName).value:
        if isinstance(name, RFC822Name | UniformResourceIdentifier):
            names.append(name.value)
        elif isinstance(name, OtherName) and name.type_id == ObjectIdentifier(_OTHER_NAME):
            names.append(_utf8_string(name.value))
        else:
            raise ValueError(f"a name of kind {type(name).__name__}")
    return names


def _extension(certificate: Certificate, oid: str) -> bytes:
    from cryptography.x509 import ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension

    try:
        value = certificate.extensions.get_extension_for_oid(ObjectIdentifier(oid)).value
    except ExtensionNotFound:
        return b""
    if not isinstance(value, UnrecognizedExtension):
        raise TypeError(f"extension {oid}")
    return value.value


def _plain(certificate: Certificate, oid: str) -> str:
    return _extension(certificate, oid).decode("utf-8", "strict")


def _text(certificate: Certificate, oid: str) -> str:
    value = _extension(certificate, oid)
    return _utf8_string(value) if value else ""


def _utf8_string(value: bytes) -> str:
    """Decode a UTF8String in DER (X.690, 8.14 and 10.1) that fills its bytes exactly."""
    if len(value) < 2 or value[0] != 0x0C:
        raise ValueError("no UTF8String")
    size, start = value[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(value[2:start], "big")
    if len(value) != start + size:
        raise ValueError("a UTF8String with more behind it")
    return value[start:].decode("utf-8", "strict")
