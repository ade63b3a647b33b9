"""What a trust policy pins besides signers: the key of the log, its witnesses, and time-stamp authorities."""

from __future__ import annotations

from collections.abc import Iterable

from casework.artifact.digest import sha256_bytes
from casework.attest.carrier import Problem
from casework.attest.dating.authorities import load_authorities
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.model.policy import Log, TrustPolicy


def pinned_keys(policy: TrustPolicy) -> tuple[dict[str, str], list[Problem]]:
    """Return the pinned keys as words to key id, and what is wrong with the pins.

    Found are keys and certificates that cannot be used (SIG-010), one key for two of log and witnesses and one authority under
    two names (POL-004), and more witnesses demanded than there are (POL-006).
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    if policy.log is not None:
        problems += _log_problems(policy.log, found)
    authorities, unfit = load_authorities(policy.tsa)
    found |= {f"time-stamp authority {one.name}": _leaf_keyid(one.certificates[0]) for one in authorities}
    return found, [*problems, *unfit]


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


def _leaf_keyid(certificate: bytes) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(certificate).public_key()
    return sha256_bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
