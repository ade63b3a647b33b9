"""A small evidence log with real keys, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from casework.attest.keys import FileKey, load_private_key
from casework.attest.log.judge import LogReading, judge_log
from casework.attest.log.merkle import Tree
from casework.attest.log.note import cosign, read_checkpoint, sign_checkpoint
from casework.model.policy import Log

ORIGIN = "example.org/case"
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def pem(name: str) -> bytes:
    """Return the private key that a name stands for, PEM."""
    seed = hashlib.sha256(f"log test key {name}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key(name: str) -> FileKey:
    """Return the key pair that a name stands for."""
    return load_private_key(pem(name))


def digest(text: str) -> str:
    """Return the digest that a text stands for."""
    return hashlib.sha256(text.encode()).hexdigest()


LOG_KEY = key("log")
WITNESSES = {"w1": key("w1"), "w2": key("w2")}


def log_policy(threshold: int = 0, **changes: object) -> Log:
    """Return what a trust policy pins of the log."""
    value = {
        "origin": ORIGIN,
        "key": LOG_KEY.public.pem.decode(),
        "witnesses": {name: one.public.pem.decode() for name, one in WITNESSES.items()},
        "witness_threshold": threshold,
    }
    return Log.model_validate(value | changes)


def signed(
    lines: Sequence[bytes], *, origin: str = ORIGIN, by: FileKey = LOG_KEY, witnesses: Sequence[str] = ()
) -> bytes:
    """Return a signed checkpoint over lines."""
    data = sign_checkpoint(origin, len(lines), Tree(lines).root(), by, by.public)
    for name in witnesses:
        state = read_checkpoint(data)
        data = cosign(state.note, name, WITNESSES[name], WITNESSES[name].public, AT).to_bytes()  # type: ignore[union-attr]
    return data


def written(lines: Sequence[bytes]) -> bytes:
    """Return the file of entries that holds lines."""
    return b"".join(line + b"\n" for line in lines)


@dataclass(frozen=True)
class Lab:
    """A log and the case that it speaks of; honest as made."""

    entries: bytes | None
    checkpoint: bytes | None
    log: Log
    records: frozenset[str]
    nodes: frozenset[tuple[str, str]]
    retired: frozenset[str] = frozenset()
    policy: tuple[int, str] | None = (2, digest("policy 2"))
    older: tuple[bytes, ...] = field(default=())

    def reading(self) -> LogReading:
        """Judge it."""
        return judge_log(
            self.entries, self.checkpoint, self.log, older=self.older, records=self.records, nodes=self.nodes,
            retired=self.retired, policy=self.policy,
        )  # fmt: skip

    def codes(self) -> list[str]:
        """Return the codes found, sorted."""
        return sorted({found.code for found in self.reading().findings})

    def but(self, **changes: object) -> Lab:
        """Return it with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


RECORDS = tuple(digest(f"record {i}") for i in range(5))
NODES = (("hazardous_event", "HE-1"), ("requirement", "REQ-1"), ("requirement", "SYS::REQ-2"), ("goal", "G-DOUBT"))


def honest_lines() -> list[bytes]:
    """Return the lines of the honest log."""
    made = [f"policy {version} {digest(f'policy {version}')}" for version in (1, 2)]
    made += [f"node {kind} {name}" for kind, name in NODES]
    made += [f"record {one} EV-{i}" for i, one in enumerate(RECORDS)]
    made += ["node threat TH-OLD", f"retired TH-OLD {RECORDS[4]}", f"release {digest('release')}"]
    return [line.encode() for line in made]


def honest(threshold: int = 0, witnesses: Sequence[str] = ()) -> Lab:
    """Return an honest log and its case."""
    lines = honest_lines()
    return Lab(
        written(lines), signed(lines, witnesses=witnesses), log_policy(threshold), frozenset(RECORDS), frozenset(NODES),
        frozenset({"TH-OLD"}),
    )  # fmt: skip
