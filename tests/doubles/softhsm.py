"""SoftHSM, a PKCS#11 token in software: found on this machine, or fetched from the distribution's own packages.

`python tests/doubles/softhsm.py` prints the module's path. Fetching needs no root: `apt-get download` (which checks the
package against the distribution's signed lists) and `dpkg -x` into a folder of the user's cache. CASEWORK_NO_DOWNLOAD=1
forbids it; SOFTHSM2_MODULE names a module that lies elsewhere.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = ("softhsm2", "libsofthsm2", "softhsm2-common")
PIN: Final = "927361"
_PLACES: Final = (
    "usr/lib/softhsm/libsofthsm2.so",
    "usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "usr/lib64/pkcs11/libsofthsm2.so",
    "usr/local/lib/softhsm/libsofthsm2.so",
    "opt/homebrew/lib/softhsm/libsofthsm2.so",
)


class NotThereError(RuntimeError):
    """There is no SoftHSM, and why."""


@dataclass(frozen=True)
class SoftHsm:
    """Where SoftHSM lies: its module, and the program that makes tokens."""

    module: Path
    tool: str

    def new_token(self, folder: Path, label: str, configure: Any) -> None:
        """Make a token with the user PIN `PIN` in a folder; `configure(name, value)` sets the environment."""
        tokens = folder / "tokens"
        tokens.mkdir(parents=True, exist_ok=True)
        settings = folder / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        configure("SOFTHSM2_CONF", str(settings))
        command = [self.tool, "--module", str(self.module), "--init-token", "--free", "--label", label]
        # The program is linked to no library of its own; the module is given.
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", "8273645"],
            check=True, capture_output=True, env={**os.environ, "SOFTHSM2_CONF": str(settings)},
        )  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """A token with keys, for the whole process: a module reads its settings once.

    Attributes:
        module: Path of the module.
        token: Label of the token.
    """

    module: Path
    token: str

    def uri(self, key: str, more: str = "") -> str:
        return f"pkcs11:token={self.token};object={key}{more}?module-path={self.module}"


@cache
def bench() -> Bench:
    """Return a token with the keys `p256`, `p384`, `ed25519`, `always` (PIN for each signature), `p521`, `rsa`, two of the
    name `twin`, and `lonely` (no public half).

    Raises:
        NotThereError: There is no SoftHSM, or no python-pkcs11.
    """
    try:
        import pkcs11
    except ImportError:
        raise NotThereError("python-pkcs11 is not installed") from None
    found = obtain()
    folder = Path(tempfile.mkdtemp(prefix="casework-softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    found.new_token(folder, "bench", os.environ.__setitem__)
    with pkcs11.lib(str(found.module)).get_token(token_label="bench").open(rw=True, user_pin=PIN) as session:
        _make_keys(session)
    return Bench(found.module, "bench")


def _make_keys(session: Any) -> None:
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    curves = {
        "p256": "secp256r1",
        "p384": "secp384r1",
        "p521": "secp521r1",
        "always": "secp256r1",
        "lonely": "secp256r1",
    }
    for number, (label, curve) in enumerate(curves.items(), 1):
        settings = session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
        )
        private = {Attribute.ALWAYS_AUTHENTICATE: True} if label == "always" else {}
        public, _ = settings.generate_keypair(store=True, label=label, id=bytes([number]), private_template=private)
        if label == "lonely":
            public.destroy()
    edwards = session.create_domain_parameters(
        KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: b"\x13\x0cedwards25519"}, local=True
    )
    edwards.generate_keypair(store=True, label="ed25519", id=b"\x65", mechanism=_edwards())
    session.generate_keypair(KeyType.RSA, 2048, store=True, label="rsa", id=b"\x72")
    for number in (0x74, 0x75):
        settings = session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        settings.generate_keypair(store=True, label="twin", id=bytes([number]))


def _edwards() -> Any:
    from pkcs11 import Mechanism

    return Mechanism.EC_EDWARDS_KEY_PAIR_GEN


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "casework-tests" / "softhsm"


def find(unpacked: Path | None = None) -> SoftHsm | None:
    """Return SoftHSM where it is installed or unpacked; None where it is not."""
    named = os.environ.get("SOFTHSM2_MODULE")
    roots = [Path("/"), unpacked or cache_folder()]
    found = [Path(named)] if named else [root / place for root in roots for place in _PLACES]
    module = next((path for path in found if path.is_file()), None)
    tools = [shutil.which("softhsm2-util"), *(str(root / "usr/bin/softhsm2-util") for root in roots)]
    tool = next((one for one in tools if one and os.path.isfile(one)), None)
    return SoftHsm(module, tool) if module and tool else None


def obtain() -> SoftHsm:
    """Return SoftHSM, fetched where need be.

    Raises:
        NotThereError: It is not installed and cannot be fetched.
    """
    found = find()
    if found:
        return found
    if os.environ.get("CASEWORK_NO_DOWNLOAD"):
        raise NotThereError("SoftHSM is not installed, and CASEWORK_NO_DOWNLOAD forbids fetching it")
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NotThereError(
            "SoftHSM is not installed, and there is no apt to fetch it with (packages softhsm2, libsofthsm2)"
        )
    folder = cache_folder()
    try:
        _fetch(folder)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise NotThereError(
            f"SoftHSM could not be fetched: {said.decode(errors='replace').strip()[-300:] or error}"
        ) from error
    found = find()
    if not found:
        raise NotThereError(f"the packages of SoftHSM hold no module where one is expected, below {folder}")
    return found


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    quick = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        work = Path(made)
        subprocess.run(
            ["apt-get", *quick, "download", *PACKAGES], cwd=work, check=True, capture_output=True, timeout=90
        )
        for package in sorted(work.glob("*.deb")):
            subprocess.run(
                ["dpkg", "-x", str(package), str(work / "root")], check=True, capture_output=True, timeout=60
            )
        if not folder.exists():  # another process may have been faster
            os.replace(work / "root", folder)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{obtain().module}\n")
    except NotThereError as reason:
        sys.exit(str(reason))
