"""What a trust policy pins besides signers: the key of the log, its witnesses, and time-stamp authorities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from casework.attest.carrier import Problem
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.model.policy import Log, TrustPolicy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MIN_RSA_BITS: Final = 2048


def pinned_keys(policy: TrustPolicy) -> tuple[dict[str, str], list[Problem]]:
    """Return the pinned keys as words to key id, and what is wrong with the pins.

    Found are keys and certificates that cannot be used (SIG-010), one key for two of log and witnesses (POL-004), and more
    witnesses demanded than there are (POL-006).
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    if policy.log is not None:
        problems += _log_problems(policy.log, found)
    for name, chain in sorted((policy.tsa or {}).items()):
        try:
            found[f"time-stamp authority {name}"] = _leaf_keyid(chain)
        except KeyRefusedError as error:
            problems.append(Problem("SIG-010", f"time-stamp authority {name} of the trust policy: {error}"))
    return found, problems


def _log_problems(log: Log, found: dict[str, str]) -> Iterable[Problem]:
    pems = {"the log": log.key, **{f"witness {name}": pem for name, pem in sorted(log.witnesses.items())}}
    for what, pem in pems.items():
        try:
            keyid = _note_key(pem).keyid
        except KeyRefusedError as error:
            yield Problem("SIG-010", f"the key of {what} in the trust policy: {error}")
            continue
        for other, held in found.items():
            if held == keyid:
                yield Problem("POL-004", f"{other} and {what} of the trust policy have the same key")
        found[what] = keyid
    if log.witness_threshold > len(log.witnesses):
        yield Problem(
            "POL-006", f"the log demands {log.witness_threshold} witnesses; the trust policy names {len(log.witnesses)}"
        )


def _note_key(pem: str) -> PublicKey:
    # Signed notes know Ed25519 for logs and for cosignatures (C2SP signed-note and tlog-cosignature, v1).
    key = load_public_key(pem.encode("utf-8"))
    if key.algorithm != "ed25519":
        raise KeyRefusedError(f"{key.algorithm}; Ed25519 is expected")
    return key


def _leaf_keyid(pem: str) -> str:
    """Return the key id of an authority's signing certificate.

    Raises:
        KeyRefusedError: No certificates, not one chain that ends in its root, weak keys, or not for time stamps alone
            (RFC 3161, 2.3).
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        chain = x509.load_pem_x509_certificates(pem.encode("utf-8"))
        for certificate in chain:
            _refuse_weak(certificate)
        _refuse_other_use(chain[0])
        for certificate, issuer in zip(chain, [*chain[1:], chain[-1]], strict=True):
            certificate.verify_directly_issued_by(issuer)
        return _keyid(chain[0])
    except InvalidSignature:
        raise KeyRefusedError("a certificate is not signed by the one after it, or the last not by itself") from None
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as e:
        raise KeyRefusedError(f"the certificate is not fit for time stamps: {str(e)[:100]}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if isinstance(error, KeyRefusedError):
            raise
        raise KeyRefusedError(f"no chain of certificates in PEM: {str(error)[:100]}") from None


def _refuse_weak(certificate: Certificate) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise KeyRefusedError(f"an RSA key of {key.key_size} bits; at least {_MIN_RSA_BITS} are expected")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
        raise KeyRefusedError(f"an elliptic-curve key on {key.curve.name}; P-256, P-384 or P-521 is expected")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise KeyRefusedError(f"a key of kind {type(key).__name__}; RSA, ECDSA or Ed25519 is expected")


def _refuse_other_use(certificate: Certificate) -> None:
    from cryptography.x509 import ExtendedKeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise KeyRefusedError(
            "its certificate is not for time stamps alone: extended key usage, critical (RFC 3161, 2.3)"
        )


def _keyid(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from casework.artifact.digest import sha256_bytes

    return sha256_bytes(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
