"""The certificates of a Sigstore instance of our own: its authorities, and what a signing certificate says of its holder.

Source: certificate extensions, https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from doubles.sigstore_logs import ec_key
from doubles.tsa import tlv

ARC: Final = "1.3.6.1.4.1.57264.1"


def name_of(claims: dict[str, Any]) -> x509.GeneralName:
    if "job_workflow_ref" in claims:
        return x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
    return x509.RFC822Name(claims["email"])


def extensions_of(claims: dict[str, Any]) -> list[tuple[int, bytes]]:
    """The extensions of a certificate, by their last number."""
    issuer = claims["iss"]
    found = [(1, issuer.encode()), (8, utf8_string(issuer))]
    if "job_workflow_ref" not in claims:
        return found
    forge = "https://github.com"
    texts = {
        9: f"{forge}/{claims['job_workflow_ref']}",
        11: claims["runner_environment"],
        12: f"{forge}/{claims['repository']}",
        13: claims["sha"],
        14: claims["ref"],
        15: claims["repository_id"],
        16: f"{forge}/{claims['repository'].split('/')[0]}",
        17: claims["repository_owner_id"],
        20: claims["event_name"],
        21: f"{forge}/{claims['repository']}/actions/runs/{claims['run_id']}/attempts/1",
        22: claims["repository_visibility"],
    }
    return [
        *found,
        (2, claims["event_name"].encode()),
        *((number, utf8_string(text)) for number, text in texts.items()),
    ]


def utf8_string(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def authority(
    seed: str, what: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec_key(seed, f"authority {what}")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{seed} {what}")])
    signer = issuer[1] if issuer else key
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(f"{seed} {what}".encode()).digest()[:15], "big"))
        .not_valid_before(datetime(2015, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made, key


def usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
