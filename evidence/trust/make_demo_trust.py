"""Make the demo trust of this repository: keys, root key and signed policy.

It always writes the same bytes. The private keys are derived from their names, which stand below: anybody can make
them. That is their point (see README.md).

Run from the repository's root: `python evidence/trust/make_demo_trust.py [FOLDER]`.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from casework.attest.keys import FileKey, load_private_key
from casework.attest.seal import seal_policy
from casework.model.policy import TrustPolicy

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

COUNTERSIGNED = {"require": {"ci": 1, "verifier": 1}, "independent": True, "separate_roles": True}
EVIDENCE_TYPES = {"*": {"require": {"ci": 1}}, "quantization": COUNTERSIGNED, "validation": COUNTERSIGNED}

NOTICE = "Casework DEMO root key: its private half is published in demo-keys/. Never trust it for a release.\n"


def private_pem(name: str) -> bytes:
    """Return the demo private key of a name, PKCS#8 PEM."""
    seed = hashlib.sha256(f"casework demo key, published on purpose: {name}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def demo_policy(keys: dict[str, FileKey]) -> TrustPolicy:
    """Return the demo policy over these keys."""
    return TrustPolicy.model_validate(
        {
            "schema": "casework/trust-policy/v1",
            "name": "demo",
            "version": 1,
            "expires": date(2036, 12, 31),
            "demo": True,
            "root": {"threshold": 1, "keys": ["demo-root"]},
            "keys": {
                name: {
                    "public_key_pem": key.public.pem.decode("ascii"),
                    "person": HOLDERS[name],
                    "valid_from": date(2026, 1, 1),
                }
                for name, key in keys.items()
            },
            "persons": {
                person: {"name": name, "roles": list(roles), "machine": machine}
                for person, (name, roles, machine) in PERSONS.items()
            },
            "roles": ROLES,
            "evidence_types": EVIDENCE_TYPES,
        }
    )


def make(folder: Path) -> None:
    """Write keys, root key and policy below a folder."""
    (folder / "demo-keys").mkdir(parents=True, exist_ok=True)
    pems = {name: private_pem(name) for name in sorted(HOLDERS)}
    keys = {name: load_private_key(pem) for name, pem in pems.items()}
    for name, pem in pems.items():
        (folder / "demo-keys" / f"{name}.pem").write_bytes(pem)
    (folder / "root.pub").write_bytes(NOTICE.encode("ascii") + keys["demo-root"].public.pem)
    (folder / "policy.dsse.json").write_bytes(seal_policy(demo_policy(keys), [keys["demo-root"]]))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
