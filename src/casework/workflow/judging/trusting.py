"""Opening the trust policy of a tree: by its own pins, and by what is known from outside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

from casework.artifact.digest import sha256_bytes
from casework.graph.assessment import Today, eve
from casework.graph.case import Case
from casework.model.project import Project
from casework.store.working_tree import Seen, Tree
from casework.workflow.judging.inputs import Inputs

if TYPE_CHECKING:
    from casework.attest.opening import Anchors
    from casework.attest.trust.policy import TrustReading

SEALED: Final = (".dsse.json", ".sigstore.json")
"""How the files of sealed records end."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What is known from outside the tree that is judged, so that the tree cannot choose its own judge.

    Attributes:
        root: Root public keys, concatenated PEM, instead of the tree's; None to take the tree's.
        root_sha256: SHA-256 that the root keys' file must have; empty where only the tree's own pin counts.
        floor: Lowest version of the trust policy that counts.
        seen: Version of the trust policy to the digest of its payload, as seen earlier; the chain must lead through it.
        checkpoints: Signed checkpoints of the log that were seen earlier.
    """

    root: bytes | None = None
    root_sha256: str = ""
    floor: int = 0
    seen: Mapping[int, str] = field(default_factory=dict)
    checkpoints: tuple[bytes, ...] = ()


NO_PINS: Final = Pins()


def open_trust(
    tree: Tree, case: Case, project: Project, today: Today, inputs: Inputs, pins: Pins
) -> tuple[TrustReading | None, Anchors | None]:
    """Open the trust policy; nothing where there is neither one nor anything that would need one."""
    trust = project.trust
    folder = trust.policy.rpartition("/")[0]
    older = tree.list(f"{folder}/policies", (".dsse.json",))
    inputs.note_listing(f"{folder}/policies", (".dsse.json",), older)
    sigstore_root = f"{folder}/trusted_root.json"
    inputs.paths.update((trust.policy, trust.root_key, sigstore_root))
    wanted = tree.look(trust.policy) or tree.list(project.evidence, SEALED) or any(True for _ in case.keys("evidence"))
    if not wanted:
        return None, None
    from casework.attest.opening import Anchors
    from casework.attest.trust.policy import open_policy

    root = pins.root if pins.root is not None else read_of(tree, trust.root_key)
    for pin in (trust.root_sha256 or "", pins.root_sha256):
        if pin and (root is None or sha256_bytes(root) != pin):
            root = pins.root if pins.root is not None else read_of(tree, trust.root_key)
    pinned = pins.root_sha256 or ("" if pins.root is not None else trust.root_sha256 or "")
    if pinned and root is not None and sha256_bytes(root) != pinned:
        inputs.lasting = False
        return _foreign_root(sha256_bytes(root), pinned, trust.root_key), Anchors(None)
    history = [
        data
        for seen in sorted(older, key=version_of)
        if not seen.problem and (data := read_of(tree, seen.path)) is not None
    ]
    opened = open_policy(
        read_of(tree, trust.policy),
        root,
        today.day,
        floor=pins.floor,
        seen=pins.seen,
        path=trust.policy,
        history=history,
    )
    if opened.trust is None:
        inputs.lasting = False  # when it would open again cannot be told
        return opened, Anchors(None)
    _note_days(opened, today)
    return opened, _anchors(opened, read_of(tree, sigstore_root))


def _foreign_root(found: str, pinned: str, path: str) -> TrustReading:
    from casework.attest.codes import report
    from casework.attest.trust.policy import TrustReading

    message = f"the root keys have SHA-256 {found[:12]}…, and {pinned[:12]}… is pinned"
    return TrustReading(None, (report("POL-000", message, file=path),))


def version_of(seen: Seen) -> tuple[int, str]:
    """Return the version that the name of a superseded policy states, to sort by."""
    stem = seen.path.rpartition("/")[2].partition(".")[0]
    return int(stem) if stem.isdecimal() and len(stem) < 16 else 0, seen.path


def _note_days(opened: TrustReading, today: Today) -> None:
    """Tell the day of judgement of every day on which a key or an identity begins or ceases to count."""
    policy = opened.trust.policy if opened.trust else None
    if policy is None:
        return
    today.after(policy.expires)
    for standing in (*policy.keys.values(), *(policy.sigstore.identities.values() if policy.sigstore else ())):
        if standing.valid_to is not None:
            today.after(standing.valid_to)
        if standing.revoked_at is not None:
            today.after(eve(standing.revoked_at))


def _anchors(opened: TrustReading, sigstore_root: bytes | None) -> Anchors:
    from casework.attest.opening import Anchors

    trust = opened.trust
    if trust is None:
        return Anchors(None)
    authorities: tuple[Any, ...] = ()
    if trust.policy.tsa:
        from casework.attest.dating.authorities import load_authorities

        authorities, _problems = load_authorities(trust.policy.tsa)  # opening the policy has told of the problems
    pinned = trust.policy.sigstore.trusted_root_sha256 if trust.policy.sigstore else ""
    fits = sigstore_root is not None and bool(pinned) and sha256_bytes(sigstore_root) == pinned
    return Anchors(trust, authorities, sigstore_root if fits else None)


def read_of(tree: Tree, path: str) -> bytes | None:
    """Return the bytes of a file, or None where it cannot be read."""
    try:
        return tree.read(path)
    except OSError:
        return None


def reader(tree: Tree) -> Callable[[str], bytes | None]:
    """Return a function that reads files of a tree and gives None where it cannot."""
    return lambda path: read_of(tree, path)


def end_of(today: Today) -> datetime:
    """Return the end of the day of judgement: a record of that day is not of the future."""
    return datetime.combine(today.day, time(23, 59, 59), UTC)
