"""Make the demo trust of this repository: keys, root key, certificates and the signed policy with its earlier version.

It always writes the same bytes. The private keys are derived from their names, which stand below: anybody can make
them. That is their point (see README.md).

Run from the repository's root: `python evidence/trust/make_demo_trust.py [FOLDER] [--version N]`.

Version 2 adds the evidence log, a time-stamp authority, and acts that count only when sealed. It is signed by the same root,
and version 1 is kept in `policies/`.
"""

from __future__ import annotations

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import sign_envelope
from casework.attest.keys import FileKey, load_private_key
from casework.attest.seal import seal_policy
from casework.model.policy import POLICY_PAYLOAD_TYPE, TrustPolicy

CURRENT: Final = 2
"""Version that is in force in this repository."""

PERSONS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "a.keller": ("A. Keller, ML engineer (fictional)", ("ml_engineer",), False),
    "ci": ("CI runner (machine)", ("ci",), True),
    "j.lindqvist": ("J. Lindqvist, independent verifier (fictional)", ("verifier",), False),
    "m.osei": ("M. Osei, safety engineer (fictional)", ("safety_engineer",), False),
    "r.duarte": ("R. Duarte, data engineer (fictional)", ("data_engineer",), False),
    "s.tanaka": ("S. Tanaka, safety manager (fictional)", ("safety_manager",), False),
}
"""Person to name, roles held, and whether it is a machine."""

HOLDERS: dict[str, str] = {
    "demo-ci": "ci",
    "demo-data-engineer": "r.duarte",
    "demo-ml-engineer": "a.keller",
    "demo-root": "s.tanaka",
    "demo-safety-engineer": "m.osei",
    "demo-safety-manager": "s.tanaka",
    "demo-verifier": "j.lindqvist",
}
"""Key to the person who holds it."""

ROLES: dict[str, list[str]] = {
    "ci": ["demo-ci"],
    "data_engineer": ["demo-data-engineer"],
    "ml_engineer": ["demo-ml-engineer"],
    "safety_engineer": ["demo-safety-engineer"],
    "safety_manager": ["demo-safety-manager"],
    "verifier": ["demo-verifier"],
}

BY_MACHINE = {"require": {"ci": 1}, "independent": False, "separate_roles": False}
COUNTERSIGNED = {"require": {"ci": 1, "verifier": 1}, "independent": True, "separate_roles": True}
EVIDENCE_TYPES = {"*": BY_MACHINE, "quantization": COUNTERSIGNED, "validation": COUNTERSIGNED}
ACTS = {
    "release": {"require": {"safety_manager": 1, "verifier": 1}, "separate_roles": True},
    "waiver": {"require": {}},
}
LOG_KEY, TSA_KEY, TSA_ROOT_KEY = "demo-log", "demo-tsa", "demo-tsa-root"
LOG_ORIGIN = "casework.example/roadside-sign"

NOTICE = "Casework DEMO root key: its private half is published in demo-keys/. Never trust it for a release.\n"


def _seed(name: str) -> bytes:
    return hashlib.sha256(f"casework demo key, published on purpose: {name}".encode()).digest()


def private_pem(name: str) -> bytes:
    """Return the demo private key of a name, PKCS#8 PEM: P-256 for the time-stamp authority, else Ed25519."""
    key = _curve_key(name) if name in (TSA_KEY, TSA_ROOT_KEY) else Ed25519PrivateKey.from_private_bytes(_seed(name))
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_seed(name)[:31], "big"), ec.SECP256R1())


def _certificate(name: str, subject: str, issuer: str) -> x509.Certificate:
    root = subject == issuer
    key, issuer_key = _curve_key(name), _curve_key(TSA_ROOT_KEY)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(int.from_bytes(_seed(f"serial of {name}")[:15], "big"))
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2056, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=root, path_length=0 if root else None), critical=True)
        .add_extension(_key_usage(root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)


def _key_usage(root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not root, content_commitment=not root, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=root, crl_sign=root, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def tsa_chain() -> bytes:
    """Return the certificates of the demo time-stamp authority: its own, then its root's; PEM."""
    root = "Casework DEMO time-stamp root, never trust it"
    signer = _certificate(TSA_KEY, "Casework DEMO time-stamp authority, never trust it", root)
    return b"".join(one.public_bytes(Encoding.PEM) for one in (signer, _certificate(TSA_ROOT_KEY, root, root)))


def first_policy(keys: dict[str, FileKey]) -> dict[str, Any]:
    """Return version 1 as it was sealed, field by field: what later forms of the policy add is not in it."""
    return {
        "schema": "casework/trust-policy/v1",
        "name": "demo",
        "version": 1,
        "expires": "2036-12-31",
        "demo": True,
        "root": {"threshold": 1, "keys": ["demo-root"]},
        "keys": {
            name: {
                "public_key_pem": keys[name].public.pem.decode("ascii"),
                "person": person,
                "valid_from": "2026-01-01",
                "compromised": False,
            }
            for name, person in HOLDERS.items()
        },
        "persons": {
            person: {"name": name, "roles": list(roles), "machine": machine}
            for person, (name, roles, machine) in PERSONS.items()
        },
        "roles": ROLES,
        "evidence_types": EVIDENCE_TYPES,
    }


def second_policy(keys: dict[str, FileKey]) -> TrustPolicy:
    """Return version 2: version 1 with a log, a time-stamp authority, and acts that must be sealed."""
    return TrustPolicy.model_validate(
        first_policy(keys)
        | {
            "version": 2,
            "acts": ACTS,
            "tsa": {TSA_KEY: tsa_chain().decode("ascii")},
            "log": {"origin": LOG_ORIGIN, "key": keys[LOG_KEY].public.pem.decode("ascii")},
        }
    )


def make(folder: Path, version: int = CURRENT) -> None:
    """Write keys, root key, certificates and the policy up to a version below a folder."""
    (folder / "demo-keys").mkdir(parents=True, exist_ok=True)
    pems = {name: private_pem(name) for name in sorted((*HOLDERS, LOG_KEY, TSA_KEY, TSA_ROOT_KEY))}
    keys = {name: load_private_key(pem) for name, pem in pems.items()}
    for name, pem in pems.items():
        (folder / "demo-keys" / f"{name}.pem").write_bytes(pem)
    (folder / "demo-tsa-chain.pem").write_bytes(tsa_chain())
    (folder / "root.pub").write_bytes(NOTICE.encode("ascii") + keys["demo-root"].public.pem)
    root = [keys["demo-root"]]
    first = sign_envelope(POLICY_PAYLOAD_TYPE, jcs_bytes(first_policy(keys)), root)
    if version == 1:
        (folder / "policy.dsse.json").write_bytes(first)
        return
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "1.dsse.json").write_bytes(first)
    (folder / "policy.dsse.json").write_bytes(seal_policy(second_policy(keys), root))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent, help="where to (default: here)")
    parser.add_argument("--version", type=int, choices=(1, 2), default=CURRENT, help="version of the policy in force")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.version)
