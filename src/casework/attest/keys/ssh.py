"""SSH signatures: those of `ssh-keygen -Y sign`, by keys in files, agents and security keys (FIDO).

What is signed is not the message itself but a structure that names a purpose (the namespace, always `casework-dsse`) and
holds the digest of the message. So no login and no signed commit counts as a seal, nor the other way round. The key inside
a signature must be the very key of the trust policy; it never vouches for itself.

Sources: OpenSSH, PROTOCOL.sshsig (version 1), PROTOCOL.u2f and PROTOCOL.key, https://github.com/openssh/openssh-portable;
RFC 4251, 5 (data types); RFC 5656, 3.1.2 and RFC 8709 (key and signature formats).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from casework.attest.keys.private import SigningFailedError
from casework.attest.keys.public import KeyRefusedError, PublicKey, ecdsa_of, ed25519_of

NAMESPACE: Final = "casework-dsse"
"""The purpose that a signature must name."""

_MAGIC: Final = b"SSHSIG"
_FIRST: Final = b"-----BEGIN SSH SIGNATURE-----"
_LAST: Final = b"-----END SSH SIGNATURE-----"
_PRIVATE: Final = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]{1,20000})-----END OPENSSH PRIVATE KEY-----"
)
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_CURVES: Final[dict[bytes, Literal["P-256", "P-384"]]] = {b"nistp256": "P-256", b"nistp384": "P-384"}
_LIMIT: Final = 8_192
_PRESENT: Final = 0x01  # flag of a security key: somebody touched it (PROTOCOL.u2f, "flags")
_PATIENCE_S: Final = 300.0


class _BrokenError(ValueError):
    """Bytes that are no SSH structure of the kind expected."""


class _Reader:
    """Reads SSH's binary form (RFC 4251, 5) from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if count > len(self._data) - self._at:
            raise _BrokenError("too short")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self) -> int:
        """Return the next uint32."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Return the next string: its length, then its bytes."""
        return self.take(self.number())

    def positive(self) -> int:
        """Return the next mpint, which must be positive and in its shortest form."""
        raw = self.string()
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
            raise _BrokenError("no positive number in shortest form")
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._data):
            raise _BrokenError("bytes left over")


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """A public key in SSH's form.

    Attributes:
        public: The key.
        kind: Its kind, such as `ssh-ed25519`.
        application: What a security key holds it for; None for keys that are no security keys.
    """

    public: PublicKey
    kind: str
    application: bytes | None = None


@dataclass(frozen=True, slots=True)
class SshKey:
    """A private key that `ssh-keygen` signs with: in a file, in an agent, or in a security key.

    Attributes:
        public: The public half.
        path: Absolute path of the private key, or of its public half where an agent holds the private one.
        program: Path of `ssh-keygen`.
    """

    public: PublicKey
    path: str
    program: str

    @property
    def keyid(self) -> str:
        """Id of the public half."""
        return self.public.keyid

    def sign(self, message: bytes) -> bytes:
        """Return the SSH signature of a message, binary. `ssh-keygen` asks for passphrase or touch on the terminal.

        Raises:
            SigningFailedError: It did not sign, or not with this key.
        """
        command = [self.program, "-q", "-Y", "sign", "-n", NAMESPACE, "-f", self.path]
        # On a terminal its requests (touch the key) must be seen at once; elsewhere its words go into our error.
        told = None if sys.stderr.isatty() else subprocess.PIPE
        try:
            done = subprocess.run(
                command, input=message, stdout=subprocess.PIPE, stderr=told, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SigningFailedError(f"ssh-keygen did not sign with {self.path}: {error}") from error
        if done.returncode != 0:
            said = (done.stderr or b"").decode("utf-8", "replace").strip()[:300]
            raise SigningFailedError(f"ssh-keygen did not sign with {self.path}: {said or 'no reason given'}")
        signature = _bare(done.stdout)
        if signature is None or not fits(self.public, message, signature):
            raise SigningFailedError(f"ssh-keygen signed with another key than {self.path} names")
        return signature


def fits(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Tell whether bytes are an SSH signature of a message by this very key, for our purpose. Never raises.

    Accepted: version 1, namespace `casework-dsse`, nothing reserved, SHA-256 or SHA-512; keys Ed25519, P-256, P-384, and
    the security-key kinds of the first two where their flags say that somebody was present and the application is an
    SSH one (`ssh:`).
    """
    bare = _bare(signature)
    if bare is None:
        return False
    try:
        return _fits(key, message, bare)
    except ValueError:  # of a broken structure, or a refused key
        return False


def _fits(key: PublicKey, message: bytes, bare: bytes) -> bool:
    outer = _Reader(bare)
    if outer.take(len(_MAGIC)) != _MAGIC or outer.number() != 1:
        return False
    holder = read_key_blob(outer.string())
    namespace, reserved, name, inner = outer.string(), outer.string(), outer.string(), outer.string()
    outer.end()
    digest = _HASHES.get(name)
    if holder.public.keyid != key.keyid or namespace != NAMESPACE.encode() or reserved or digest is None:
        return False
    signed = _MAGIC + b"".join(map(_string, (namespace, reserved, name, digest(message).digest())))
    return _inner_fits(holder, signed, _Reader(inner))


def _inner_fits(holder: SshPublicKey, signed: bytes, inner: _Reader) -> bool:
    if inner.string() != holder.kind.encode():
        return False
    raw = inner.string()
    if holder.application is not None:
        flags, counter = inner.take(1), inner.take(4)
        if not flags[0] & _PRESENT or not holder.application.startswith(b"ssh:"):
            return False
        signed = b"".join(
            (hashlib.sha256(holder.application).digest(), flags, counter, hashlib.sha256(signed).digest())
        )
    inner.end()
    return holder.public.fits_plainly(signed, raw if holder.public.algorithm == "ed25519" else _der(raw))


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    pair = _Reader(raw)
    r, s = pair.positive(), pair.positive()
    pair.end()
    return encode_dss_signature(r, s)


def _bare(signature: bytes) -> bytes | None:
    """Return the binary form of an SSH signature; None where it is in no form that `ssh-keygen` writes."""
    if len(signature) > _LIMIT:
        return None
    if signature.startswith(_MAGIC):
        return signature
    lines = signature.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    if len(lines) < 3 or lines[0] != _FIRST or lines[-1] != _LAST:
        return None
    text = b"".join(lines[1:-1])
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded) == text and decoded.startswith(_MAGIC) else None


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def read_key_blob(blob: bytes) -> SshPublicKey:
    """Read a public key in SSH's binary form.

    Raises:
        KeyRefusedError: Broken, or a kind that is not accepted.
    """
    try:
        reader = _Reader(blob)
        found = _read_kind(reader.string(), reader)
        reader.end()
    except _BrokenError as error:
        raise KeyRefusedError(f"no SSH public key: {error}") from error
    return found


def _read_kind(kind: bytes, reader: _Reader) -> SshPublicKey:
    match kind:
        case b"ssh-ed25519":
            return SshPublicKey(ed25519_of(reader.string()), kind.decode())
        case b"sk-ssh-ed25519@openssh.com":
            return SshPublicKey(ed25519_of(reader.string()), kind.decode(), reader.string())
        case b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384":
            return SshPublicKey(_point(kind[-8:], reader), kind.decode())
        case b"sk-ecdsa-sha2-nistp256@openssh.com":
            return SshPublicKey(_point(b"nistp256", reader), kind.decode(), reader.string())
        case _:
            named = kind[:40].decode("ascii", "backslashreplace")
            raise KeyRefusedError(f"an SSH key of kind {named}; Ed25519, P-256 or P-384 is expected")


def _point(curve: bytes, reader: _Reader) -> PublicKey:
    if reader.string() != curve:
        raise _BrokenError("a curve that is not that of its kind")
    return ecdsa_of(_CURVES[curve], reader.string())


def load_ssh_public_key(line: bytes) -> PublicKey:
    """Read a public key from one line of OpenSSH: kind, base64, and a comment that is ignored.

    Raises:
        KeyRefusedError: Several lines, unreadable, or a kind that is not accepted.
    """
    lines = [one for one in line.splitlines() if one.strip() and not one.startswith(b"#")]
    if len(lines) != 1:
        raise KeyRefusedError(f"{len(lines)} lines where one OpenSSH public key is expected")
    words = lines[0].split(None, 2)
    if len(words) < 2:
        raise KeyRefusedError("no OpenSSH public key: kind and base64 are expected")
    try:
        found = read_key_blob(base64.b64decode(words[1], validate=True))
    except (binascii.Error, ValueError) as error:
        if isinstance(error, KeyRefusedError):
            raise
        raise KeyRefusedError("no OpenSSH public key: its second word is not base64") from error
    if found.kind.encode() != words[0]:
        raise KeyRefusedError("an OpenSSH public key whose first word is not its kind")
    return found.public


def _public_of_private(data: bytes) -> PublicKey:
    """Read the public half of an OpenSSH private key file, which is never encrypted (PROTOCOL.key)."""
    found = _PRIVATE.search(data)
    if found is None:
        raise KeyRefusedError("no OpenSSH private key, and no public key beside it")
    try:
        reader = _Reader(base64.b64decode(b"".join(found[1].split()), validate=True))
        if reader.take(15) != b"openssh-key-v1\0":
            raise KeyRefusedError("an OpenSSH private key of another version than 1")
        reader.string(), reader.string(), reader.string()  # cipher, key derivation and its options
        if reader.number() != 1:
            raise KeyRefusedError("a file with several OpenSSH private keys")
        return read_key_blob(reader.string()).public
    except KeyRefusedError:
        raise
    except (binascii.Error, ValueError) as error:
        raise KeyRefusedError("the OpenSSH private key is broken") from error


def load_ssh_key(path: str) -> SshKey:
    """Return the key that `ssh-keygen` signs with.

    Args:
        path: The private key, or its public half (`.pub`) where an agent or a security key holds the private one.

    Raises:
        KeyRefusedError: There is no `ssh-keygen`, no such key, or a kind that is not accepted.
        OSError: The file cannot be read.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise KeyRefusedError("there is no ssh-keygen on this machine; install OpenSSH")
    file = Path(path).expanduser().resolve()
    beside = Path(f"{file}.pub")
    if file.suffix != ".pub" and beside.is_file():
        public = load_ssh_public_key(beside.read_bytes())
    elif file.suffix == ".pub":
        public = load_ssh_public_key(file.read_bytes())
    else:
        public = _public_of_private(file.read_bytes())
    return SshKey(public, str(file), program)
