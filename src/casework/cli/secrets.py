"""Signing keys, passphrases and PINs: from the environment, else asked on the terminal."""

from __future__ import annotations

import os
import re
import sys


def secret_of(spec: str) -> bytes | None:
    """Return the passphrase (CASEWORK_PASSPHRASE) or PIN (CASEWORK_PIN) of a key; ask for it where there is a terminal.

    Args:
        spec: The key as the user named it.
    """
    token = spec.startswith("pkcs11:")
    held = os.environ.get("CASEWORK_PIN" if token else "CASEWORK_PASSPHRASE", "")
    if not held and sys.stdin.isatty():
        import getpass

        name = spec.partition("?")[0]
        held = getpass.getpass(f"{'PIN' if token else 'Passphrase'} of {name}: ")
    return held.encode() or None


def keys_of_environment() -> list[str]:
    """Return the keys that CASEWORK_KEYS names, joined by the system's separator of paths.

    A colon that belongs to a name is none: after `ssh`, `pkcs11`, and `file` within a URI.
    """
    own = r"(?<!^ssh)(?<![:;]ssh)(?<!^pkcs11)(?<![:;]pkcs11)(?<!=file)"
    return [key for key in re.split(own + re.escape(os.pathsep), os.environ.get("CASEWORK_KEYS", "")) if key]
