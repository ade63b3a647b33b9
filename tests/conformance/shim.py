"""Lets an external suite drive our verifier: the command-line protocol of sigstore-conformance (docs/cli_protocol.md there).

    python shim.py verify-bundle [--staging] --bundle FILE --certificate-identity ID --certificate-oidc-issuer URL
                                 [--trusted-root FILE] FILE_OR_DIGEST
    python shim.py verify-bundle [--staging] --bundle FILE --key FILE [--trusted-root FILE] FILE_OR_DIGEST
    python shim.py sign-bundle --in-toto --identity-token TOKEN --bundle FILE --trusted-root FILE --signing-config FILE FILE

The arguments become a trust policy; what judges is `casework.attest.sigstore.bundle`. Where no trusted root is given, the
one that the `sigstore` package carries for the public instance is taken. Exit 0: verified; 1: refused, with the reason.
"""
# ruff: noqa: T201 - programs that print

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from casework.artifact.strict_json import read_json
from casework.attest.keys import KeyRefusedError, generate_private_pem, load_private_key, load_public_key
from casework.attest.sigstore.bundle import SignedFile, open_file_bundle
from casework.attest.sigstore.sign import KeylessSigningError, sign_keyless
from casework.model.policy import TrustPolicy

IN_TOTO = "application/vnd.in-toto+json"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_STORES = {False: "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", True: "https%3A%2F%2Ftuf-repo-cdn.sigstage.dev"}


@dataclass(frozen=True)
class Outcome:
    """What became of one case: `verified`, and the reason where it is not."""

    verified: bool
    reason: str = ""


@cache
def public_root(staging: bool = False) -> bytes:
    """The trusted root of the public instance, as the `sigstore` package carries it."""
    return resources.files("sigstore._store").joinpath(_STORES[staging], "trusted_root.json").read_bytes()


@cache
def unused_key() -> str:
    return load_private_key(generate_private_pem("ecdsa-p256-sha256")).public.pem.decode("ascii")


def policy_of(trusted_root: bytes, *, key: str = "", identity: str = "", issuer: str = "") -> TrustPolicy:
    """A trust policy that trusts exactly one key or one identity."""
    someone = {"person": "someone", "valid_from": "2000-01-01"}
    value: dict[str, Any] = {
        "schema": "casework/trust-policy/v1",
        "name": "conformance",
        "version": 1,
        "expires": "2999-12-31",
        "root": {"threshold": 1, "keys": ["key"]},
        "keys": {"key": {"public_key_pem": key or unused_key(), **someone}},
        "persons": {"someone": {"name": "Someone", "roles": ["signer"]}},
        "roles": {"signer": ["key", "identity"]},
        "evidence_types": {"*": {"require": {"signer": 1}}},
        "sigstore": {
            "trusted_root_sha256": hashlib.sha256(trusted_root).hexdigest(),
            "identities": {"identity": {"issuer": issuer or "-", "identity": identity or "-", **someone}},
        },
    }
    return TrustPolicy.model_validate(value)


def verify_bundle(bundle: bytes, file: SignedFile, trusted_root: bytes, policy: TrustPolicy) -> Outcome:
    """Verify one bundle over one file."""
    opened = open_file_bundle(bundle, trusted_root, policy, file)
    if opened.problems or not opened.principals:
        return Outcome(False, "; ".join(f"{one.code} {one.message}" for one in opened.problems) or "nobody signed")
    if not opened.payload_type:
        return Outcome(True)
    if opened.payload_type != IN_TOTO:
        return Outcome(False, f"the envelope holds `{opened.payload_type}`, no statement")
    statement = read_json(opened.payload)
    subjects = statement.value.get("subject", []) if isinstance(statement.value, dict) else []
    if file.sha256.hex() not in [one.get("digest", {}).get("sha256") for one in subjects]:
        return Outcome(False, "the file is no subject of the statement")
    return Outcome(True)


def main(argv: list[str]) -> int:
    """Do what one command line asks; print the reason of a refusal to standard error."""
    parser = argparse.ArgumentParser(prog="shim")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify-bundle")
    sign = commands.add_parser("sign-bundle")
    for one in (verify, sign):
        one.add_argument("--staging", action="store_true")
        one.add_argument("--bundle", type=Path, required=True)
        one.add_argument("--trusted-root", type=Path)
        one.add_argument("file")
    for name in ("--certificate-identity", "--certificate-oidc-issuer"):
        verify.add_argument(name, default="")
    verify.add_argument("--key", type=Path)
    sign.add_argument("--in-toto", action="store_true")
    sign.add_argument("--identity-token", required=True)
    sign.add_argument("--signing-config", type=Path)
    given = parser.parse_args(argv)
    outcome = _verify(given) if given.command == "verify-bundle" else _sign(given)
    if not outcome.verified:
        print(outcome.reason, file=sys.stderr)
    return 0 if outcome.verified else 1


def _verify(given: argparse.Namespace) -> Outcome:
    root = given.trusted_root.read_bytes() if given.trusted_root else public_root(given.staging)
    key = given.key.read_text("utf-8") if given.key else ""
    try:
        if key:
            load_public_key(key.encode("utf-8"))
    except KeyRefusedError as error:
        return Outcome(False, f"SIG-010 {error}")
    digest = _DIGEST.fullmatch(given.file)
    if digest and not Path(given.file).exists():
        file = SignedFile(bytes.fromhex(digest[1]))
    else:
        content = Path(given.file).read_bytes()
        file = SignedFile(hashlib.sha256(content).digest(), content)
    policy = policy_of(root, key=key, identity=given.certificate_identity, issuer=given.certificate_oidc_issuer)
    return verify_bundle(given.bundle.read_bytes(), file, root, policy)


def _sign(given: argparse.Namespace) -> Outcome:
    if not (given.in_toto and given.trusted_root and given.signing_config):
        return Outcome(False, "only statements are signed (--in-toto), with --trusted-root and --signing-config given")
    try:
        bundle = sign_keyless(
            IN_TOTO,
            Path(given.file).read_bytes(),
            instance=given.signing_config.read_bytes(),
            trusted_root=given.trusted_root.read_bytes(),
            token=given.identity_token,
        )
    except KeylessSigningError as error:
        return Outcome(False, str(error))
    given.bundle.write_bytes(bundle)
    return Outcome(True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
