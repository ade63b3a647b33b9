"""Signed notes and checkpoints as C2SP defines them: read strictly, written, and checked against pinned keys.

A note is a text, a blank line, and signature lines `— name base64(key id || signature)`. A checkpoint is a note whose text is
the log's origin, the number of leaves, and the root. The log signs the text itself (type 01); a witness signs the text and the
time at which it had seen nothing else (type 04). Signatures by other keys are ignored.

Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.keys import PublicKey, SigningKey

ED25519: Final = 0x01
"""Signature type: Ed25519 over the note's text."""

COSIGNATURE: Final = 0x04
"""Signature type: Ed25519 over the time and the text of a checkpoint (cosignature/v1)."""

MAX_BYTES: Final = 65_536
MAX_SIGNATURES: Final = 64

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, after which no date can be told."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet verified.

    Attributes:
        name: Name of the key.
        keyid: Key id, 4 bytes.
        value: What follows the key id: the signature, with a time before it where the type has one.
    """

    name: str
    keyid: bytes
    value: bytes

    def line(self) -> str:
        """Return the line, with its line feed."""
        return f"— {self.name} {base64.b64encode(self.keyid + self.value).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the right shape. Nothing in it is verified yet.

    Attributes:
        text: What is signed, with its final line feed.
        signatures: In the order of their lines.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """Return the note as it stands in a file."""
        return f"{self.text}\n{''.join(one.line() for one in self.signatures)}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint of the right shape. Nothing in it is verified yet.

    Attributes:
        origin: Name of the log.
        size: Number of leaves.
        root: Root of the tree, 32 bytes.
        note: The note that says so.
    """

    origin: str
    size: int
    root: bytes
    note: Note


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A key whose signatures on notes are looked for.

    Attributes:
        name: Its name in signature lines.
        type: Signature type: `ED25519` or `COSIGNATURE`.
        public: The key.
    """

    name: str
    type: int
    public: PublicKey

    @property
    def keyid(self) -> bytes:
        """The key id that its signature lines carry, 4 bytes."""
        return key_id(self.name, self.type, raw_key(self.public))

    def to_text(self) -> str:
        """Return the verifier key as tools exchange it: `name+id+base64(type || key)`."""
        material = base64.b64encode(bytes([self.type]) + raw_key(self.public)).decode("ascii")
        return f"{self.name}+{self.keyid.hex()}+{material}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of the signatures of one key on a note.

    Attributes:
        found: How many lines carry its name and id.
        fits: True where there is one and all of them fit.
        at: Time that a cosignature states, the earliest of several; None for other types.
    """

    found: int
    fits: bool
    at: datetime | None = None


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the id of a key in notes: the first 4 bytes of SHA-256(name || LF || type || key).

    Args:
        name: Name of the key.
        kind: Signature type.
        public: Ed25519 public key, 32 bytes (RFC 8032).
    """
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def raw_key(public: PublicKey) -> bytes:
    """Return the 32 bytes of an Ed25519 public key.

    Raises:
        ValueError: It is a key of another kind.
    """
    if public.algorithm != "ed25519":
        raise ValueError(f"{public.algorithm} keys sign no notes; Ed25519 is expected")
    body = b"".join(line for line in public.pem.splitlines() if not line.startswith(b"-----"))
    return base64.b64decode(body)[-32:]  # a SubjectPublicKeyInfo of Ed25519 ends with the key (RFC 8410, 4)


def read_note(data: bytes) -> Note | Problem:
    """Read a note strictly; nothing is verified.

    Returns:
        The note, or the first problem (`LOG-002`). Never raises, whatever the bytes.
    """
    if len(data) > MAX_BYTES:
        return _no_note(f"{len(data)} bytes are more than the {MAX_BYTES} allowed")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _no_note("it is no UTF-8")
    if _CONTROL.search(text):
        return _no_note("it holds control characters")
    body, blank, tail = text.rpartition("\n\n")
    if not blank or not body or not tail.endswith("\n"):
        return _no_note("it is not a text, a blank line, and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        return _no_note(f"{len(lines)} signatures are more than the {MAX_SIGNATURES} allowed")
    signatures = [_signature(line) for line in lines]
    if None in signatures:
        return _no_note(f"line `{shown(lines[signatures.index(None)])}` is no signature line")
    return Note(f"{body}\n", tuple(one for one in signatures if one is not None))


def read_checkpoint(data: bytes) -> Checkpoint | Problem:
    """Read a checkpoint strictly; nothing is verified.

    Returns:
        The checkpoint, or the first problem (`LOG-002`). Never raises, whatever the bytes.
    """
    note = read_note(data)
    if isinstance(note, Problem):
        return note
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or "" in lines:
        return _no_note("its text is not origin, size and root, each on its line")
    if not _SIZE.fullmatch(lines[1]):
        return _no_note(f"`{shown(lines[1])}` is no number of entries")
    root = _unbase64(lines[2])
    if root is None or len(root) != 32:
        return _no_note(f"`{shown(lines[2])}` is no root of a tree")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def check(note: Note, cosigner: Cosigner) -> Checked:
    """Check the signatures of one key on a note. Those by other keys, or by other names, are not looked at.

    Raises:
        ValueError: The key is not Ed25519. Nothing else is raised.
    """
    mine = [one for one in note.signatures if one.name == cosigner.name and one.keyid == cosigner.keyid]
    times: list[datetime] = []
    for one in mine:
        fits, at = _verified(note.text, one.value, cosigner)
        if not fits:
            return Checked(len(mine), fits=False)
        if at is not None:
            times.append(at)
    return Checked(len(mine), bool(mine), min(times, default=None))


def _verified(text: str, value: bytes, cosigner: Cosigner) -> tuple[bool, datetime | None]:
    if cosigner.type == ED25519:
        return len(value) == 64 and cosigner.public.fits_plainly(text.encode(), value), None
    second = int.from_bytes(value[:8], "big")
    if cosigner.type != COSIGNATURE or len(value) != 72 or second > _LAST_SECOND:
        return False, None
    return cosigner.public.fits_plainly(_cosigned(text, second), value[8:]), _EPOCH + timedelta(seconds=second)


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Return the text of a checkpoint, with its final line feed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n"


def sign_checkpoint(origin: str, size: int, root: bytes, key: SigningKey, public: PublicKey) -> bytes:
    """Return a checkpoint signed by the log; the key's name is the origin.

    Args:
        origin: Name of the log.
        size: Number of leaves.
        root: Root of the tree, 32 bytes.
        key: Private key of the log.
        public: Its public half, as pinned.

    Raises:
        ValueError: The two are no pair, or the key is not Ed25519.
    """
    return sign_note(checkpoint_text(origin, size, root), origin, key, public).to_bytes()


def sign_note(text: str, name: str, key: SigningKey, public: PublicKey) -> Note:
    """Return a note over a text that ends in a line feed, signed with an Ed25519 key under a name.

    Raises:
        ValueError: The two are no pair, or the key is not Ed25519.
    """
    keyid = key_id(name, ED25519, raw_key(public))
    return Note(text, (NoteSignature(name, keyid, _made(key, public, text.encode())),))


def cosign(note: Note, name: str, key: SigningKey, public: PublicKey, at: datetime) -> Note:
    """Return a checkpoint's note with a cosignature of a witness added; an earlier one of the same key is replaced.

    It judges nothing: verify the log first, and that it continues what the witness has seen.

    Args:
        note: Note of the checkpoint.
        name: Name of the witness.
        key: Its private key.
        public: The public half, as pinned.
        at: Time that is stated, with a time zone.

    Raises:
        ValueError: The two are no pair, the key is not Ed25519, or the time has no zone or lies before 1970.
    """
    if at.tzinfo is None or at < _EPOCH:
        raise ValueError("the time of a cosignature must have a time zone and not lie before 1970")
    second = int((at - _EPOCH).total_seconds())
    keyid = key_id(name, COSIGNATURE, raw_key(public))
    signature = _made(key, public, _cosigned(note.text, second))
    mine = NoteSignature(name, keyid, second.to_bytes(8, "big") + signature)
    kept = [one for one in note.signatures if (one.name, one.keyid) != (name, keyid)]
    return Note(note.text, (*kept, mine))


def _cosigned(text: str, second: int) -> bytes:
    return f"cosignature/v1\ntime {second}\n{text}".encode()


def _made(key: SigningKey, public: PublicKey, message: bytes) -> bytes:
    if key.keyid != public.keyid:
        raise ValueError(f"the private key {key.keyid[:12]} is not the one pinned, {public.keyid[:12]}")
    signature = key.sign(message)
    if not public.fits_plainly(message, signature):  # ssh-keygen signs something else, and tokens may fail
        raise ValueError("the key gives no plain Ed25519 signature, which notes need; sign with a file or a token")
    return signature


def _signature(line: str) -> NoteSignature | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    value = _unbase64(match[2])
    if value is None or len(value) < 5:
        return None
    return NoteSignature(match[1], value[:4], value[4:])


def _unbase64(text: str) -> bytes | None:
    """Decode base64 with its one canonical spelling (RFC 4648, 3.5)."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value).decode("ascii") == text else None


def _no_note(why: str) -> Problem:
    return Problem("LOG-002", f"no signed checkpoint: {why}")
