"""Sigstore bundles: the carrier of a statement that was signed under an identity, or with a managed key.

Verification is offline, against exactly the trusted root that is handed in and that the trust policy pins by digest. The
`sigstore` package checks certificate, log entry, time and signature; it is imported only when a bundle is met. Around it
stands what it leaves to its caller: strict shape, validity windows, the identity in all that the policy states, the
proven time, and bundles signed with a key, which it cannot verify.

The payload is returned as it was signed. Its type, predicate and subject are judged where those of every carrier are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

from casework.attest.carrier import Opened, Principal, Problem, Proof
from casework.attest.codes import shown
from casework.attest.dsse import pae
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.attest.sigstore.entry import body_problem, inclusion_problem, size_problem
from casework.attest.sigstore.identity import read_claims, whose
from casework.attest.sigstore.root import Root, claimed_at, read_root, root_at, said, stamped_at, verifier_at
from casework.attest.sigstore.shape import OLDER, V03, Bundle, LogEntry, read_bundle
from casework.model.policy import TrustPolicy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.hashes import Hashed


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file that a bundle is to have signed.

    Attributes:
        sha256: Its digest.
        content: Its bytes; None where only the digest is at hand (then Ed25519 signatures cannot be judged).
    """

    sha256: bytes
    content: bytes | None = None


def open_bundle(data: bytes, trusted_root: bytes, policy: TrustPolicy) -> Opened:
    """Open a Sigstore bundle of version 0.3 that holds a DSSE envelope, and tell who vouches for its payload.

    Args:
        data: Bytes of the bundle.
        trusted_root: Bytes of `trusted_root.json`; they must be those that the policy pins. Empty where there is none: then
            only a bundle signed with a key of the policy, without log entry and time stamp, can be opened.
        policy: The trust policy, opened.

    Returns:
        Payload type and payload as signed, the principal with its proven time, and what is wrong: `SIG-011` to `SIG-015`,
        `SIG-003` or `SIG-004` for managed keys, and those of shape. Never raises, whatever the bytes.
    """
    bundle = read_bundle(data)
    if isinstance(bundle, Problem):
        return Opened("", b"", (), (bundle,))
    if bundle.dsse_envelope is None:
        return Opened("", b"", (), (Problem("PRS-007", "the bundle signs a file and carries no statement"),))
    return _judged(bundle, data, trusted_root, policy, None)


def open_file_bundle(data: bytes, trusted_root: bytes, policy: TrustPolicy, file: SignedFile) -> Opened:
    """Open a Sigstore bundle of any version over a file: a signature of the file, or an envelope with a statement.

    It is what other verifiers do with bundles; evidence goes through `open_bundle`.

    Args:
        data: Bytes of the bundle.
        trusted_root: As for `open_bundle`.
        policy: The trust policy, opened.
        file: The file. Where the bundle holds an envelope, the caller compares it with the statement's subjects.

    Returns:
        As for `open_bundle`; type and payload are empty where it holds a signature of the file. Never raises.
    """
    bundle = read_bundle(data, V03 | OLDER)
    if isinstance(bundle, Problem):
        return Opened("", b"", (), (bundle,))
    stated = bundle.message_signature.message_digest if bundle.message_signature is not None else None
    if stated is not None and (stated.algorithm, stated.digest) != ("SHA2_256", file.sha256):
        return Opened("", b"", (), (Problem("SIG-014", "the bundle states another digest than the file has"),))
    return _judged(bundle, data, trusted_root, policy, file)


def check_signed(data: bytes, trusted_root: bytes, payload_type: str, payload: bytes) -> Problem | None:
    """Return why a bundle just signed does not verify over a payload, under whatever identity; None where it does.

    Nothing may be trusted by it: it is for whoever has signed, to see that the services returned what was asked for.
    """
    bundle, root = read_bundle(data), read_root(trusted_root)
    if isinstance(bundle, Problem):
        return bundle
    if isinstance(root, Problem):
        return root
    envelope = bundle.dsse_envelope
    if envelope is None or (envelope.payload_type, envelope.payload) != (payload_type, payload):
        return Problem("SIG-014", "the bundle holds another payload than was to be signed")
    try:
        found = _verified(bundle, data, root, None)
    except Exception as error:  # noqa: BLE001 - as in `_judged`
        found = Problem("SIG-014", said(error))
    return found if isinstance(found, Problem) else None


def _judged(bundle: Bundle, data: bytes, trusted_root: bytes, policy: TrustPolicy, file: SignedFile | None) -> Opened:
    envelope = bundle.dsse_envelope
    payload_type, payload = (envelope.payload_type, envelope.payload) if envelope is not None else ("", b"")
    root = _pinned(trusted_root, policy)
    try:
        with catch_warnings():
            simplefilter("ignore")  # what a library thinks of foreign certificates is no message to the user
            if bundle.verification_material.public_key is not None:
                found = _managed(bundle, root, policy, file)
            else:
                found = root if isinstance(root, Problem) else _keyless(bundle, data, root, policy, file)
    except Exception as error:  # noqa: BLE001 - whatever a library raises at foreign bytes, the bundle does not verify
        found = Problem("SIG-014", f"the bundle does not verify: {said(error)}")
    if isinstance(found, Problem):
        return Opened(payload_type, payload, (), (found,))
    return Opened(payload_type, payload, (found,))


def _pinned(trusted_root: bytes, policy: TrustPolicy) -> Root | Problem:
    if policy.sigstore is None or not trusted_root:
        return Problem("SIG-011", "the trust policy pins no Sigstore trusted root, or the root is missing")
    digest = hashlib.sha256(trusted_root).hexdigest()
    if digest != policy.sigstore.trusted_root_sha256:
        pinned = policy.sigstore.trusted_root_sha256
        return Problem(
            "SIG-011", f"the trusted root has SHA-256 {digest[:12]}…, and the trust policy pins {pinned[:12]}…"
        )
    return read_root(trusted_root)


# Signed under an identity


def _keyless(
    bundle: Bundle, data: bytes, root: Root, policy: TrustPolicy, file: SignedFile | None
) -> Principal | Problem:
    verified = _verified(bundle, data, root, file)
    if isinstance(verified, Problem):
        return verified
    certificate, proven = verified
    claims = read_claims(certificate)
    if isinstance(claims, Problem):
        return claims
    found = whose(claims, policy)
    if isinstance(found, Problem):
        return found
    name, identity = found
    return Principal(name, identity.person, policy.roles_of_key(name), identity, *proven)


def _verified(
    bundle: Bundle, data: bytes, root: Root, file: SignedFile | None
) -> tuple[Certificate, tuple[datetime | None, Proof]] | Problem:
    times = _claimed(bundle)
    if not times:
        return Problem("SIG-014", "neither a time stamp nor a promise of the log says when the bundle was signed")
    proven = _proven(bundle, root)
    if isinstance(proven, Problem):
        return proven
    certificate = _certificate(bundle, data, root, times, file)
    return certificate if isinstance(certificate, Problem) else (certificate, proven)


class _Seen:
    """Stands in for the library's policy: it keeps the certificate that was verified, and nothing else decides by it."""

    certificate: Certificate | None = None

    def verify(self, cert: Certificate) -> None:
        self.certificate = cert


def _certificate(
    bundle: Bundle, data: bytes, root: Root, times: tuple[datetime, ...], file: SignedFile | None
) -> Certificate | Problem:
    from sigstore.models import Bundle as LibraryBundle

    chain = bundle.verification_material.x509_certificate_chain
    if chain is not None and any(_is_authority(one.raw_bytes) for one in chain.certificates):
        return Problem(
            "SIG-014", "the bundle brings the certificate of an authority; only the trusted root may name one"
        )
    for entry in bundle.verification_material.tlog_entries:
        problem = size_problem(entry)
        if problem is not None:
            return problem
    read, seen = LibraryBundle.from_json(data), _Seen()
    verifier = verifier_at(root, times, _logged(read.signing_certificate))
    if bundle.dsse_envelope is not None:
        verified = verifier.verify_dsse(read, seen)
        if verified != (bundle.dsse_envelope.payload_type, bundle.dsse_envelope.payload):
            return Problem("SIG-014", "two readers of the bundle see different payloads")
    elif file is not None:
        verifier.verify_artifact(_hashed(file), read, seen)
    return seen.certificate or Problem("SIG-014", "the bundle holds nothing that could be verified")


def _hashed(file: SignedFile) -> Hashed:
    from sigstore.hashes import Hashed
    from sigstore_models.common.v1 import HashAlgorithm

    return Hashed(algorithm=HashAlgorithm.SHA2_256, digest=file.sha256)


def _is_authority(der: bytes) -> bool:
    from cryptography.x509 import BasicConstraints, ExtensionNotFound, load_der_x509_certificate

    certificate = load_der_x509_certificate(der)
    try:
        authority: bool = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False
    return authority and certificate.issuer == certificate.subject


def _logged(certificate: Certificate) -> tuple[datetime, ...]:
    """When the certificate was logged, as its embedded timestamps state (RFC 6962, 3.2)."""
    from cryptography.x509 import ExtensionNotFound, PrecertificateSignedCertificateTimestamps

    try:
        stamps = certificate.extensions.get_extension_for_class(PrecertificateSignedCertificateTimestamps).value
    except ExtensionNotFound:
        return ()
    return tuple(one.timestamp.replace(tzinfo=UTC) for one in stamps)


# Signed with a managed key


def _managed(bundle: Bundle, root: Root | Problem, policy: TrustPolicy, file: SignedFile | None) -> Principal | Problem:
    found = _signing_key(bundle, policy, file)
    if isinstance(found, Problem):
        return found
    name, key = found
    proven: tuple[datetime | None, Proof] = (None, "")
    entries = bundle.verification_material.tlog_entries
    if entries or bundle.tokens:
        if isinstance(root, Problem):
            return root
        problem = _entries_problem(entries, root, bundle, key, file)
        if problem is not None:
            return problem
        dated = _proven(bundle, root)
        if isinstance(dated, Problem):
            return dated
        proven = dated
    held = policy.keys[name]
    return Principal(name, held.person, policy.roles_of_key(name), held, *proven)


def _signing_key(bundle: Bundle, policy: TrustPolicy, file: SignedFile | None) -> tuple[str, PublicKey] | Problem:
    """Find the key of the policy that has signed. The hint decides nothing: it only tells forgery from a foreign key."""
    hint = bundle.verification_material.public_key.hint if bundle.verification_material.public_key is not None else ""
    meant = ""
    for name, entry in sorted(policy.keys.items()):
        try:
            key = load_public_key(entry.public_key_pem.encode("utf-8"))
        except KeyRefusedError:
            continue  # opening the policy reports it, SIG-010
        if _fits(bundle, key, file):
            return name, key
        meant = name if hint and hint in _hints(name, key) else meant
    if meant:
        return Problem("SIG-003", f"the signature of key {meant} does not fit the content")
    return Problem("SIG-004", f"key {shown(hint, 60) or '(no hint)'} is not in trust policy {shown(policy.name)}")


def _hints(name: str, key: PublicKey) -> tuple[str, ...]:
    import base64

    return name, key.keyid, base64.b64encode(bytes.fromhex(key.keyid)).decode("ascii")


def _fits(bundle: Bundle, key: PublicKey, file: SignedFile | None) -> bool:
    envelope = bundle.dsse_envelope
    if envelope is not None:
        return key.fits_plainly(pae(envelope.payload_type, envelope.payload), bundle.signature)
    if file is None:
        return False
    if file.content is not None:
        return key.fits_plainly(file.content, bundle.signature)
    return key.algorithm == "ecdsa-p256-sha256" and _fits_digest(key, file.sha256, bundle.signature)


def _fits_digest(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key(key.pem)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    try:
        public.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def _entries_problem(
    entries: tuple[LogEntry, ...], root: Root, bundle: Bundle, key: PublicKey, file: SignedFile | None
) -> Problem | None:
    envelope = bundle.dsse_envelope
    if envelope is not None:
        signed: tuple[bytes | str, ...] = (envelope.payload, pae(envelope.payload_type, envelope.payload))
    else:
        signed = (file.sha256.hex(),) if file is not None else ()
    library = root_at(root, _claimed(bundle), ())
    for entry in entries:
        problem = (
            size_problem(entry)
            or inclusion_problem(entry, library)
            or body_problem(entry, key, bundle.signature, signed)
        )
        if problem is not None:
            return problem
    return None


# Time


def _promised(bundle: Bundle) -> list[datetime]:
    """Times at which logs promised to take an entry; without the promise, the time is not signed and says nothing."""
    return [
        datetime.fromtimestamp(entry.integrated_time, tz=UTC)
        for entry in bundle.verification_material.tlog_entries
        if entry.integrated_time and entry.inclusion_promise is not None
    ]


def _claimed(bundle: Bundle) -> tuple[datetime, ...]:
    """All times that the bundle states and that its verification proves."""
    stamped = [claimed_at(token) for token in bundle.tokens]
    return tuple(time for time in (*stamped, *_promised(bundle)) if time is not None)


def _proven(bundle: Bundle, root: Root) -> tuple[datetime | None, Proof] | Problem:
    """Return the earliest time by a token, else by the log; that of the log holds once its entry has been verified.

    The library passes over tokens that do not fit where the log gives a time; here each token must fit.
    """
    stamped: list[datetime] = []
    for index, token in enumerate(bundle.tokens):
        time = stamped_at(token, bundle.signature, root)
        if time is None:
            what = "is not over its signature, or not by an authority of the trusted root at a time when that was valid"
            return Problem("SIG-014", f"time stamp {index + 1} of the bundle {what}")
        stamped.append(time)
    if stamped:
        return min(stamped), "token"
    promised = _promised(bundle)
    return (min(promised), "log") if promised else (None, "")
