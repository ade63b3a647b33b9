"""Time-stamp authorities: the certificates that a trust policy pins, read once and found fit to verify with."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from casework.attest.carrier import Problem
from casework.attest.codes import shown

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from rfc3161_client import Verifier

T = TypeVar("T")

STRONG_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Object identifiers of the hashes that count: in certificates, in an imprint and in the authority's own signature."""
_MAX_CHAIN: Final = 8
_MIN_RSA_BITS: Final = 2048  # NIST SP 800-131A rev. 2, table 2


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamp authority that the trust policy pins.

    Attributes:
        name: Its name in the policy.
        certificates: The signing certificate, then its issuers up to the root; DER.
        valid_from: First moment at which all of them are valid.
        valid_to: Last moment at which all of them are valid.
    """

    name: str
    certificates: tuple[bytes, ...] = field(repr=False)
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Anchor:
    """An authority, ready to verify with."""

    issuer: Name
    serial: int
    verifier: Verifier


def guarded(call: Callable[[], T]) -> T | None:
    """Call a foreign parser; None where it fails, in whatever way. What it would warn of is not for the terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()
    except Exception:  # noqa: BLE001 - a foreign parser may raise anything on foreign bytes
        return None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # how pyo3 hands on a panic of a parser in Rust
            return None
        raise


def load_authorities(tsa: Mapping[str, str] | None) -> tuple[tuple[Authority, ...], tuple[Problem, ...]]:
    """Read the authorities that a trust policy pins.

    Args:
        tsa: Name to PEM: the signing certificate, then its issuers up to the root.

    Returns:
        Authorities in the order of their names, and `SIG-010` for each that cannot be used, `POL-004` for one that is
        listed twice. Never raises, whatever the texts.
    """
    made: dict[bytes, Authority] = {}
    problems: list[Problem] = []
    for name, pem in sorted((tsa or {}).items()):
        found = _authority(name, pem)
        if isinstance(found, str):
            problems.append(Problem("SIG-010", f"time-stamp authority {shown(name)}: {found}"))
        elif found.certificates[0] in made:
            twin = made[found.certificates[0]].name
            problems.append(Problem("POL-004", f"time-stamp authorities {shown(twin)} and {shown(name)} are the same"))
        else:
            made[found.certificates[0]] = found
    return tuple(made.values()), tuple(problems)


def _authority(name: str, pem: str) -> Authority | str:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    certificates = guarded(lambda: load_pem_x509_certificates(pem.encode("utf-8")))
    if not certificates or pem.count("-----BEGIN ") != len(certificates):
        return "it is not readable as PEM certificates, and only such"
    if len(certificates) > _MAX_CHAIN:
        return f"{len(certificates)} certificates are more than the {_MAX_CHAIN} allowed"
    reason = guarded(lambda: _chain_fault(certificates))
    if reason is None:
        return "its certificates cannot be judged"
    if reason:
        return reason
    return Authority(
        name,
        tuple(one.public_bytes(Encoding.DER) for one in certificates),
        max(one.not_valid_before_utc for one in certificates),
        min(one.not_valid_after_utc for one in certificates),
    )


def _chain_fault(certificates: Sequence[Certificate]) -> str:
    """Say what is wrong with a chain of certificates; empty if nothing is. May raise what their parser raises."""
    for certificate in certificates:
        fault = _key_fault(certificate) or (_hash_fault(certificate) if certificate is not certificates[-1] else "")
        if fault:
            return fault
    for certificate, issuer in zip(certificates, [*certificates[1:], certificates[-1]], strict=True):
        if not _issued_by(certificate, issuer):
            subject = shown(certificate.subject.rfc4514_string())
            return f"`{subject}` is not issued by the certificate after it, or the last is no root"
    return _usage_fault(certificates[0])


def _issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    def check() -> bool:
        certificate.verify_directly_issued_by(issuer)
        return True

    return bool(guarded(check))


def _usage_fault(certificate: Certificate) -> str:
    from cryptography.x509 import ExtendedKeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = guarded(lambda: certificate.extensions.get_extension_for_class(ExtendedKeyUsage))
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return "its first certificate is not for time-stamping, critically and alone (RFC 3161, 2.3)"
    return ""


def _key_fault(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"an RSA key of {key.key_size} bits" if key.key_size < _MIN_RSA_BITS else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = key.curve.name in ("secp256r1", "secp384r1", "secp521r1")
        return "" if known else f"an elliptic-curve key on {key.curve.name}"
    return f"a key of kind {type(key).__name__.strip('_')}; RSA or ECDSA is expected"


def _hash_fault(certificate: Certificate) -> str:
    used = certificate.signature_hash_algorithm
    known = used is not None and used.name in STRONG_HASHES.values()
    return "" if known else f"a certificate is signed with {used.name if used else 'no known hash'}"


@lru_cache(maxsize=64)
def anchor_of(certificates: tuple[bytes, ...]) -> Anchor:
    """Return what the tokens of an authority are verified with; its certificates have been found fit."""
    from cryptography.x509 import load_der_x509_certificate
    from rfc3161_client import VerifierBuilder

    signing, *issuers = (load_der_x509_certificate(one) for one in certificates)
    builder = VerifierBuilder(
        tsa_certificate=signing, intermediates=issuers[:-1], roots=[issuers[-1] if issuers else signing]
    )
    return Anchor(signing.issuer, signing.serial_number, builder.build())
