"""Signing keys as people name them: a file, `ssh:PATH`, or a `pkcs11:` URI."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey

Secret = Callable[[str], bytes | None]
"""Returns the passphrase or PIN of a key, asked by its name as given; None where there is none."""


def load_signers(specs: Sequence[str], secret: Secret, warn: Callable[[str], None] | None = None) -> list[SigningKey]:
    """Return the signing keys that are named.

    Args:
        specs: Each a file (PEM or OpenSSH private key), `ssh:PATH` (the private key, or its `.pub` where an agent or a
            security key holds the private half; ssh-keygen signs), or a `pkcs11:` URI (RFC 7512).
        secret: Asked only for keys that need a passphrase or PIN.
        warn: Told where a private key or PIN lies open to others; standard error by default.

    Raises:
        CallProblem: A key cannot be used, or is given twice.
    """
    from casework.attest.keys import KeyRefusedError

    made: list[SigningKey] = []
    for spec in specs:
        try:
            key = _load(spec, secret, warn or _to_stderr)
        except OSError as error:
            raise CallProblem(f"the key {spec} cannot be read: {error.strerror or error}") from error
        except KeyRefusedError as error:
            raise CallProblem(f"the key {spec} cannot be used: {error}") from error
        if any(other.keyid == key.keyid for other in made):
            raise CallProblem(f"the key {spec} is given twice")
        made.append(key)
    return made


def _load(spec: str, secret: Secret, warn: Callable[[str], None]) -> SigningKey:
    if spec.startswith("pkcs11:"):
        return _of_token(spec, secret, warn)
    if spec.startswith("ssh:"):
        from casework.attest.keys.ssh import load_ssh_key

        key = load_ssh_key(spec.removeprefix("ssh:"))
        if not key.path.endswith(".pub"):
            _warn_if_open(key.path, "private key", warn)
        return key
    return _of_file(spec, secret, warn)


def _of_file(path: str, secret: Secret, warn: Callable[[str], None]) -> SigningKey:
    from casework.attest.keys import PassphraseNeededError, load_private_key
    from casework.attest.trust.demo import PUBLISHED_KEYIDS

    data = Path(path).read_bytes()
    try:
        key = load_private_key(data)
    except PassphraseNeededError:
        passphrase = secret(path)
        if not passphrase:
            raise
        key = load_private_key(data, passphrase)
    if key.keyid not in PUBLISHED_KEYIDS:  # a demo key is meant to be read by everybody
        _warn_if_open(path, "private key", warn)
    return key


def _of_token(spec: str, secret: Secret, warn: Callable[[str], None]) -> SigningKey:
    from casework.attest.keys import KeyRefusedError
    from casework.attest.keys.pkcs11 import load_token_key, read_uri

    uri = read_uri(spec)
    if uri.pin_file is not None:
        pin: bytes | None = Path(uri.pin_file).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
        _warn_if_open(uri.pin_file, "PIN", warn)
    else:
        pin = secret(spec)
    if not pin:
        raise KeyRefusedError("there is no PIN: set CASEWORK_PIN, or give `pin-source` in the URI")
    try:
        return load_token_key(uri, pin.decode("utf-8"))
    except UnicodeDecodeError:
        raise KeyRefusedError("the PIN is not UTF-8") from None


def _warn_if_open(path: str, what: str, warn: Callable[[str], None]) -> None:
    if os.name != "posix":
        return
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & 0o077:
        warn(f"the {what} in {path} is open to others on this machine (mode {mode:o}); make it yours alone: chmod 600")


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"casework: warning: {text}\n")
