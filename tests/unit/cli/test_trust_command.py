"""`casework trust`, from the key ceremony to rotation, each path with good and bad input."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from casework.cli import trust_command
from casework.cli.trust_changes import CHANGES
from casework.model.problem import CallProblem
from casework.workflow.trust import drafts as workflow
from doubles.tsa import Tsa

DAY = "2026-06-01"
HOLDERS = ("ana", "ben", "cai", "ci", "ana-root", "ben-root", "cai-root", "log", "witness", "stranger")


@dataclass
class World:
    """A case, keys beside it, and the command."""

    case: Path
    keys: Path
    capture: pytest.CaptureFixture[str]
    said: str = ""

    def __call__(self, *words: str, expect: int = 0, now: str = DAY) -> str:
        parser = argparse.ArgumentParser()
        trust_command.configure(parser)
        args = parser.parse_args([*words, "--root", str(self.case), "--now", now])
        try:
            code = trust_command.run(args)
        except CallProblem as problem:
            code, message = 2, str(problem)
            assert expect == 2, message
            self.capture.readouterr()
            return message
        out = self.capture.readouterr().out
        assert code == expect, out
        return out

    def key(self, name: str) -> str:
        return str(self.keys / f"{name}.pem")

    def pub(self, name: str) -> str:
        return str(self.keys / f"{name}.pub")

    @property
    def folder(self) -> Path:
        return self.case / "evidence" / "trust"

    def facts(self, *words: str, now: str = DAY) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("show", "--format", "json", *words, now=now))
        return found

    def files(self) -> dict[str, bytes]:
        return {p.relative_to(self.case).as_posix(): p.read_bytes() for p in self.case.rglob("*") if p.is_file()}


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("CASEWORK_PASSPHRASE", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    case, keys = tmp_path / "case", tmp_path / "keys"
    case.mkdir()
    keys.mkdir()
    (case / "casework.yaml").write_text("schema: casework/v1\nname: Lab\n")
    for name in HOLDERS:
        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"test key {name}".encode()).digest())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (keys / f"{name}.pem").write_bytes(pem)
        (keys / f"{name}.pem").chmod(0o600)
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (keys / f"{name}.pub").write_bytes(public)
    return World(case, keys, capsys)


def init(world: World, *more: str, roots: tuple[str, ...] = ("ana", "ben"), expect: int = 0) -> str:
    return world(
        "init", "--name", "lab",
        "--person", "ana=Ana A., safety manager", "--person", "ben=Ben B., verifier", "--machine", "ci=CI runner",
        "--role", "safety_manager=ana", "--role", "verifier=ben", "--role", "ci=ci",
        *(word for name in roots for word in ("--root-key", f"{name}={world.pub(f'{name}-root')}")),
        *(word for name in ("ana", "ben", "ci") for word in ("--signer", f"{name}={world.pub(name)}")),
        *more, expect=expect,
    )  # fmt: skip


@pytest.fixture
def world(empty: World) -> World:
    init(empty)
    empty("sign", "--key", empty.key("ana-root"), "--key", empty.key("ben-root"))
    return empty


# The ceremony


def test_the_ceremony_ends_with_a_policy_in_force(empty: World) -> None:
    said = init(empty)
    assert "not in force until it is signed" in said
    root = (empty.folder / "root.pub").read_bytes()
    assert hashlib.sha256(root).hexdigest() in said
    assert not (empty.folder / "policy.dsse.json").exists()
    draft = empty.facts("--draft")
    assert draft["state"] == "draft"
    assert draft["findings"] == []
    assert draft["expires"] == "2027-06-01"
    assert draft["root"]["threshold"] == 2
    assert [one["needed"] for one in draft["signatures"]] == [2, 2]
    assert "not in force yet" in empty("sign", "--key", empty.key("ana-root"))
    assert not (empty.folder / "policy.dsse.json").exists()
    assert empty.facts("--draft")["signatures"][0]["signed"] == ["ana"]
    assert "version 1 is in force" in empty("sign", "--key", empty.key("ben-root"))
    assert sorted(path.name for path in empty.folder.iterdir()) == ["policy.dsse.json", "root.pub"]
    facts = empty.facts()
    assert (facts["state"], facts["version"]) == ("in force", 1)
    assert facts["versions"][0]["signed_by"] == ["ana-root", "ben-root"]
    assert facts["digest"] == draft["digest"]
    rules = {one["kind"]: one for one in facts["evidence_types"]}
    assert rules["*"]["require"] == {"ci": 1, "verifier": 1}
    assert rules["*"]["independent"]
    assert rules["*"]["separate_roles"]
    assert rules["dataset"]["require"] == {"ci": 1}
    assert facts["acts"] == [
        {"kind": "release", "require": {"safety_manager": 1, "verifier": 1}, "separate_roles": True, "timestamp": False}
    ]


def test_a_ceremony_may_leave_gaps_and_says_what_is_to_mend(empty: World) -> None:
    said = empty("init", "--name", "lab", "--person", "ana=Ana", "--root-key", f"ana={empty.pub('ana-root')}")
    assert "to mend before it can be signed: POL-005" in said
    before = empty.files()
    assert "POL-005" in empty("sign", "--key", empty.key("ana-root"), expect=2)
    assert empty.files() == before
    empty("add-person", "ana", "--roles", "ci,verifier,safety_manager")
    empty("add-key", "ana", "--pem", empty.pub("ana"), "--person", "ana")
    assert "POL-006" in empty("set", "--expires", "2027-01-01")  # one person in separate roles
    empty("add-person", "ben", "--name", "Ben", "--roles", "verifier")
    assert "to mend" not in empty("add-key", "ben", "--pem", empty.pub("ben"), "--person", "ben")
    assert "version 1 is in force" in empty("sign", "--key", empty.key("ana-root"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--role", "verifier=ana"), "given twice"),
        (("--person", "ana=Other"), "given twice"),
        (("--machine", "ana=Ana"), "as a person and as a machine"),
        (("--role", "auditor=zoe"), "zoe, who is no person"),
        (("--root-key", "cai={cai-root.pub}"), "cai, who is no person"),
        (("--root-key", "ana={ana-root.pem}"), "private key"),
        (("--root-key", "ana={missing.pub}"), "cannot be read"),
        (("--root-key", "ana"), "--generate"),
        (("--root-key", "ana="), "write PERSON=FILE"),
        (("--signer", "ana={../case/casework.yaml}"), "cannot be used"),
        (("--threshold", "200"), "threshold"),
        (("--name", "x" * 101), "name"),
        (("--person", "a b=A"), "persons"),
    ],
)
def test_answers_that_do_not_fit_write_nothing(empty: World, words: tuple[str, str], message: str) -> None:
    before = empty.files()
    text = words[1]
    if "{" in text:
        head, _, name = text.partition("{")
        text = head + str(empty.keys / name.rstrip("}"))
    assert message in init(empty, words[0], text, expect=2)
    assert empty.files() == before


def test_a_ceremony_is_not_held_twice(world: World) -> None:
    before = world.files()
    assert "already" in init(world, expect=2)
    assert world.files() == before


def test_a_draft_or_another_root_is_not_overwritten(empty: World) -> None:
    init(empty)
    before = empty.files()
    assert "draft" in init(empty, expect=2)
    assert "other root keys" in init(empty, roots=("ana",), expect=2)
    assert empty.files() == before


def test_keys_are_made_encrypted_outside_the_case_and_never_over_others(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = empty.keys / "made"
    words = (
        "init", "--name", "lab", "--person", "ana=Ana", "--machine", "ci=CI", "--role", "ci=ci",
        "--root-key", "ana", "--signer", "ci", "--algorithm", "p256",
    )  # fmt: skip
    assert "CASEWORK_PASSPHRASE" in empty(*words, "--generate", str(folder), expect=2)
    monkeypatch.setenv("CASEWORK_PASSPHRASE", "battery staple")
    assert "lies in the case" in empty(*words, "--generate", str(empty.case / "keys"), expect=2)
    assert not (empty.case / "evidence").exists()
    assert "would be written twice" in empty(*words, "--signer", "ci", "--generate", str(folder), expect=2)
    assert not folder.exists()
    empty(*words, "--generate", str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["ana-root.pem", "ana-root.pub", "ci.pem", "ci.pub"]
    for name in ("ana-root", "ci"):
        path = folder / f"{name}.pem"
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (folder / "ana-root.pub").read_bytes() in (empty.folder / "root.pub").read_bytes()
    kept = (folder / "ci.pem").read_bytes()
    empty("discard")
    assert "exists already" in empty(*words, "--generate", str(folder), expect=2)
    assert (folder / "ci.pem").read_bytes() == kept
    # What was made signs.
    for kind in ("*", "dataset", "model-signature"):
        os.remove(empty.folder / "root.pub") if kind == "*" else None
    other = str(empty.keys / "second")
    empty(*words, "--generate", other)
    empty("set-act", "release", "--remove")
    empty("set-evidence", "*", "--require", "ci")
    assert "in force" in empty("sign", "--key", f"{other}/ana-root.pem")


def test_a_holder_makes_their_own_key(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CASEWORK_PASSPHRASE" in empty("new-key", str(empty.keys / "zoe"), expect=2)
    monkeypatch.setenv("CASEWORK_PASSPHRASE", "battery staple")
    assert "zoe.pem" in empty("new-key", str(empty.keys / "zoe"), "--algorithm", "p384")
    assert b"ENCRYPTED" in (empty.keys / "zoe.pem").read_bytes()
    assert b"PUBLIC" in (empty.keys / "zoe.pub").read_bytes()
    assert "exists already" in empty("new-key", str(empty.keys / "zoe"), expect=2)
    assert "exists already" in empty("new-key", str(empty.keys / "ana"), expect=2)
    assert "lies in the case" in empty("new-key", str(empty.case / "zoe"), expect=2)


# Changing


def test_every_change_is_drafted_shown_and_without_effect_until_signed(world: World) -> None:
    sealed = (world.folder / "policy.dsse.json").read_bytes()
    said = world("revoke", "ben", "--on", "2026-07-01")
    assert "+ keys.ben.revoked_at: 2026-07-01" in said
    assert "~ version: 1 -> 2" in said
    assert (world.folder / "policy.dsse.json").read_bytes() == sealed
    assert "A draft is under way" in world("show")
    world("sign", "--key", world.key("ana-root"))
    assert "1 signatures of the draft as it was are void" in world("set", "--expires", "2028-01-01")
    world("sign", "--key", world.key("ana-root"))
    assert "version 2 is in force" in world("sign", "--key", world.key("ben-root"))
    assert (world.folder / "policies" / "1.dsse.json").read_bytes() == sealed
    facts = world.facts()
    assert [one["version"] for one in facts["versions"]] == [1, 2]
    assert facts["expires"] == "2028-01-01"
    assert {one["name"]: one["state"] for one in facts["keys"]}["ben"] == "valid"
    assert {one["name"]: one["state"] for one in world.facts(now="2026-07-01")["keys"]}["ben"] == "revoked"
    assert not (world.folder / "policy.draft.json").exists()


def test_nothing_changed_writes_no_draft(world: World) -> None:
    assert world("set", "--expires", "2027-06-01") == "nothing changed\n"
    assert not (world.folder / "policy.draft.json").exists()


def test_a_compromised_key_is_void(world: World) -> None:
    world("revoke", "ci", "--compromised")
    said = world("show", "--draft")
    assert "compromised" in said
    assert "POL-006" in world("sign", "--key", world.key("ana-root"), expect=2)  # nobody is left to sign
    world("add-key", "ci-2", "--pem", world.pub("stranger"), "--person", "ci")
    world("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"))
    states = {one["name"]: one["state"] for one in world.facts()["keys"]}
    assert (states["ci"], states["ci-2"]) == ("compromised", "valid")


def test_a_revocation_is_not_moved_later(world: World) -> None:
    world("revoke", "ben", "--on", "2026-07-01")
    assert "not moved to a later day" in world("revoke", "ben", "--on", "2026-07-02", expect=2)
    assert "~" in world("revoke", "ben", "--on", "2026-06-15")


def test_rotation_one_two_three(world: World) -> None:
    world("add-person", "cai", "--name", "Cai C.")
    world("rotate", "--add", f"cai={world.pub('cai-root')}", "--remove", "ana-root")
    draft = world.facts("--draft")
    assert draft["root"]["keys"] == ["ben-root", "cai-root"]
    assert "ana-root" not in {one["name"] for one in draft["keys"]}
    said = world("sign", "--key", world.key("cai-root"), "--key", world.key("ben-root"))
    assert "1 of 2 signatures for the root of version 1: ben; may sign: ana" in said
    assert "2 of 2 signatures for the root of the draft: ben, cai" in said
    assert "not in force yet" in said
    assert "version 2 is in force" in world("sign", "--key", world.key("ana-root"))
    anchor = (world.folder / "root.pub").read_bytes()
    # From now on the new root changes the policy; the old one cannot.
    world("rotate", "--threshold", "1")
    assert "no root key" in world("sign", "--key", world.key("ana-root"), expect=2)
    world("sign", "--key", world.key("cai-root"))
    assert "version 3 is in force" in world("sign", "--key", world.key("ben-root"))
    assert (world.folder / "root.pub").read_bytes() == anchor
    assert world.facts()["root"]["threshold"] == 1
    assert "chain of versions: 1 -> 2 -> 3" in world("verify")
    (world.folder / "policies" / "2.dsse.json").unlink()
    assert "POL-008" in world("verify", expect=1)


def test_a_root_that_could_never_sign_again_is_not_signed(world: World) -> None:
    said = world("rotate", "--threshold", "3")
    assert "POL-006: `root` demands 3 persons; its usable keys are of 2" in said
    assert "POL-006" in world("sign", "--key", world.key("ana-root"), expect=2)
    world("discard")
    assert "usable keys are of 1" in world("revoke", "ben-root", "--compromised")


def test_two_of_three_roots(empty: World) -> None:
    init(empty, "--person", "cai=Cai", roots=("ana", "ben", "cai"))
    assert empty.facts("--draft")["root"] == {
        "threshold": 2, "keys": ["ana-root", "ben-root", "cai-root"],
        "file_sha256": hashlib.sha256((empty.folder / "root.pub").read_bytes()).hexdigest(),
    }  # fmt: skip
    empty("sign", "--key", empty.key("cai-root"))
    empty("sign", "--key", empty.key("cai-root"))  # again is once
    assert not (empty.folder / "policy.dsse.json").exists()
    empty("sign", "--key", empty.key("ana-root"))
    assert empty.facts()["versions"][0]["signed_by"] == ["ana-root", "cai-root"]


def test_the_rest_can_be_set(world: World, tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_text(Tsa().pem)
    root = world.folder / "trusted_root.json"
    root.write_text("{}\n")
    world("set-evidence", "validation", "--require", "ci,verifier:1", "--independent", "--separate-roles",
          "--max-age-days", "365", "--timestamp", "--sign-within-hours", "48")  # fmt: skip
    world("set-act", "waiver")
    world("set-act", "review", "--require", "verifier", "--timestamp")
    world("add-tsa", "acme", "--chain", str(chain))
    world("set-log", "--origin", "example.org/lab", "--key", world.pub("log"), "--witness", f"v={world.pub('witness')}",
          "--witness-threshold", "1")  # fmt: skip
    world("add-identity", "keyless", "--person", "ci", "--issuer", "https://issuer.example", "--identity",
          "https://forge.example/acme/.workflow@refs/heads/main", "--repository-id", "4711", "--ref", "refs/heads/main",
          "--trigger", "push", "--trusted-root", str(root))  # fmt: skip
    shown = " ".join(world("show", "--draft").split())
    for text in ("acme", "example.org/lab", "1 of 1: v", "keyless", "signed within 48 h", "at most 365 days old"):
        assert text in shown
    # The root that the draft pins must lie there when it comes into force.
    root.write_text("{ }\n")
    both = ("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"))
    assert "is not the one that the draft pins" in world(*both, expect=2)
    root.unlink()
    assert "is missing" in world(*both, expect=2)
    root.write_text("{}\n")
    assert "version 2 is in force" in world(*both)
    facts = world.facts()
    assert facts["log"]["witness_threshold"] == 1
    assert [one["name"] for one in facts["time_stamp_authorities"]] == ["acme"]
    assert facts["identities"][0]["roles"] == ["ci"]
    assert facts["trusted_root_sha256"] == hashlib.sha256(b"{}\n").hexdigest()
    assert [one["kind"] for one in facts["acts"]] == ["release", "review", "waiver"]
    world("set-act", "review", "--remove")
    world("add-tsa", "acme", "--remove")
    world("set-evidence", "validation", "--remove")
    root.write_text("{  }\n")
    world("set", "--trusted-root", str(root))
    world("revoke", "keyless", "--on", "2026-06-15")
    assert "version 3 is in force" in world(*both)
    assert world.facts()["time_stamp_authorities"] == []


def test_roles_that_are_taken_from_a_person_are_taken_from_the_keys(world: World) -> None:
    said = world("add-person", "ben", "--roles", "auditor")
    assert "~ roles.verifier: ben -> none" in said
    assert "to mend before it can be signed: POL-006" in said
    world(
        "add-key",
        "ben-2",
        "--pem",
        world.pub("stranger"),
        "--person",
        "ben",
        "--from",
        "2026-07-01",
        "--to",
        "2026-12-31",
    )
    facts = world.facts("--draft")
    assert {one["name"]: one["roles"] for one in facts["keys"]}["ben-2"] == ["auditor"]
    assert {one["name"]: one["state"] for one in facts["keys"]}["ben-2"] == "not yet valid"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("revoke", "ghost", "--on", "2026-07-01"), "no key or identity ghost"),
        (("revoke", "ben"), "--on DAY"),
        (("add-key", "ben", "--pem", "{stranger.pub}", "--person", "ben"), "never used again"),
        (("add-key", "k", "--pem", "{stranger.pub}", "--person", "zoe"), "zoe is no person"),
        (("add-key", "k", "--pem", "{stranger.pem}", "--person", "ben"), "private key"),
        (("add-key", "k", "--pem", "{none.pub}", "--person", "ben"), "cannot be read"),
        (("add-key", "k", "--pem", "{stranger.pub}", "--person", "ben", "--roles", "ci"), "does not hold role ci"),
        (("add-key", "k", "--pem", "{stranger.pub}", "--person", "ben", "--from", "2026-02-01", "--to", "2026-01-01"),
         "before the first"),
        (("add-key", "no name", "--pem", "{stranger.pub}", "--person", "ben"), "keys"),
        (("add-person", "zoe"), "give --name"),
        (("rotate",), "say what changes"),
        (("rotate", "--remove", "ben"), "no root key"),
        (("rotate", "--add", "zoe={stranger.pub}"), "zoe is no person"),
        (("rotate", "--remove", "ana-root", "--remove", "ben-root"), "root.keys"),
        (("set",), "say what to set"),
        (("set", "--trusted-root", "{stranger.pub}"), "no Sigstore identities"),
        (("set-evidence", "validation"), "say who must sign"),
        (("set-evidence", "validation", "--require", "ci,ci"), "each once"),
        (("set-evidence", "validation", "--require", "ci:0"), "ROLE:NUMBER"),
        (("set-evidence", "validation", "--remove"), "no rule for validation"),
        (("set-act", "review", "--remove"), "no rule for review"),
        (("add-tsa", "acme"), "give --chain"),
        (("add-tsa", "acme", "--remove"), "no time-stamp authority acme"),
        (("set-log", "--origin", "No Origin", "--key", "{log.pub}"), "log.origin"),
        (("set-log", "--origin", "a.example", "--key", "{log.pem}"), "private key"),
        (("add-identity", "i", "--person", "ben", "--issuer", "https://i.example", "--identity", "ben@i.example"),
         "--trusted-root"),
        (("sign", "--key", "{ana-root.pem}"), "there is no draft"),
        (("show", "--draft"), "there is no draft"),
    ],
)  # fmt: skip
def test_changes_that_do_not_fit_write_nothing(world: World, words: tuple[str, ...], message: str) -> None:
    before = world.files()
    filled = [str(world.keys) + "/" + word[1:-1] if word.startswith("{") else word for word in words]
    filled = [
        f"{w.partition('={')[0]}={world.keys}/{w.partition('={')[2].rstrip('}')}" if "={" in w else w for w in filled
    ]
    assert message in world(*filled, expect=2)
    assert world.files() == before


@pytest.mark.parametrize(
    "words",
    [
        ("revoke", "ben", "--on", "1.7.2026"),
        ("revoke", "ben", "--on", "20260701"),
        ("revoke", "ben", "--on", "2026-02-30"),
        ("rotate", "--add", "ana"),
        ("rotate", "--threshold", "0"),
        ("set-act", "promise"),
        ("sign",),
        ("nonsense",),
        (),
    ],
)
def test_calls_that_are_wrong_are_refused_by_the_parser(world: World, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        world(*words)
    assert stop.value.code == 2


# Signing


def test_whoever_signs_sees_what_changes_and_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = world.keys / "one.pem", world.keys / "two.pem"
    one.write_text(Tsa().pem)
    two.write_text(Tsa(seed="another").pem)
    both = ("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"))
    world("add-tsa", "acme", "--chain", str(one))
    said = world(*both)
    assert "+ tsa.acme: 2 certificates, SHA-256 " in said
    world("add-tsa", "acme", "--chain", str(two))  # as long as the other, and not the same
    before = world.files()
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert "~ tsa.acme: 2 certificates, SHA-256 " in world(*both, expect=1)
    assert world.files() == before
    monkeypatch.setattr("sys.stdin", Terminal(""))
    world(*both, expect=1)
    world(*both, "--yes")
    assert world.facts()["version"] == 3


class Terminal(io.StringIO):
    """Standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_strangers_key_signs_nothing(world: World) -> None:
    world("set", "--expires", "2028-01-01")
    before = world.files()
    message = world("sign", "--key", world.key("stranger"), expect=2)
    assert "no root key; those that may sign are ana-root, ben-root" in message
    assert world.files() == before


def test_a_draft_that_was_edited_by_hand_loses_its_signatures(world: World) -> None:
    world("set", "--expires", "2028-01-01")
    world("sign", "--key", world.key("ana-root"))
    draft = world.folder / "policy.draft.json"
    draft.write_text(draft.read_text().replace("2028-01-01", "2029-01-01"))
    assert world.facts("--draft")["signatures"][0]["signed"] == []
    said = world("sign", "--key", world.key("ben-root"))
    assert "1 signatures did not fit the draft as it is now, and were dropped" in said
    assert "not in force yet" in said


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "policy.draft.json"),
        (lambda _text: "", "policy.draft.json"),
        (lambda _text: "[]", "no draft of a trust policy"),
        (lambda text: text.replace('"version": 2', '"version": 3'), "draft of version 3, and version 1 is in force"),
        (lambda text: text.replace('"version": 2', '"version": "2"'), "version"),
        (lambda text: text.replace('"name": "lab"', '"name": "lab", "extra": 1'), "extra"),
        (lambda text: text.replace('"signatures": []', '"signatures": [{"keyid": 1}]'), "signatures"),
        (lambda text: text.replace('"signatures": []', '"signatures": 7'), "signatures"),
        (lambda text: text.replace("2028-01-01", "2026-05-31"), "POL-003"),
    ],
)
def test_a_draft_that_cannot_be_read_or_follow_is_refused(
    world: World, change: Callable[[str], str], message: str
) -> None:
    world("set", "--expires", "2028-01-01")
    draft = world.folder / "policy.draft.json"
    draft.write_text(change(draft.read_text()))
    before = world.files()
    assert message in world("sign", "--key", world.key("ana-root"), expect=2)
    assert world.files() == before


def test_an_expired_policy_can_be_renewed_by_its_root(world: World) -> None:
    late = "2027-09-01"
    assert "POL-003" in world("verify", now=late, expect=1)
    assert "ago" in world("show", now=late, expect=1)
    world("set", "--expires", "2028-01-01", now=late)
    world("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"), now=late)
    assert "holds" in world("verify", now=late)


def test_a_policy_that_does_not_open_is_no_ground_for_a_draft(world: World) -> None:
    (world.case / "casework.yaml").write_text(f"schema: casework/v1\ntrust:\n  root_sha256: {'a' * 64}\n")
    assert "does not open" in world("revoke", "ben", "--compromised", expect=2)
    assert "POL-000" in world("verify", expect=1)
    (world.case / "casework.yaml").write_text("schema: [\n")
    assert "mend casework.yaml" in world("show", expect=2)


def test_a_cut_between_any_two_writes_leaves_a_policy_that_opens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world("set", "--expires", "2028-01-01")
    real = workflow._replace
    for allowed in range(3):
        done: list[Path] = []

        def replace(
            target: Path, data: bytes, mode: int = 0o644, *, done: list[Path] = done, allowed: int = allowed
        ) -> None:
            if len(done) == allowed:
                raise CallProblem("the disk is full")
            done.append(target)
            real(target, data, mode)

        monkeypatch.setattr(workflow, "_replace", replace)
        both = ("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"))
        said = world(*both, expect=2 if allowed < 2 else 0)
        monkeypatch.setattr(workflow, "_replace", real)
        assert ("disk" in said) is (allowed < 2)
        assert "holds" in world("verify")
        assert world.facts()["version"] == (1 if allowed < 2 else 2)


def test_a_draft_left_by_a_cut_installation_is_told(world: World) -> None:
    world("set", "--expires", "2028-01-01")
    draft = (world.folder / "policy.draft.json").read_bytes()
    world("sign", "--key", world.key("ana-root"), "--key", world.key("ben-root"))
    (world.folder / "policy.draft.json").write_bytes(draft)
    assert "remove the draft" in world("sign", "--key", world.key("ana-root"), expect=2)
    assert "removed" in world("discard")
    assert "no draft" in world("discard")


# Showing and verifying


def test_verify_takes_the_root_from_outside(world: World) -> None:
    pinned = world.keys / "pinned.pub"
    pinned.write_bytes((world.folder / "root.pub").read_bytes())
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    assert str(pinned) in world("verify", "--root-key", str(pinned), "--root-sha256", digest, "--policy-floor", "1")
    # Whoever can write the case makes a trust of their own; the root from outside tells.
    (world.folder / "policy.dsse.json").unlink()
    (world.folder / "root.pub").unlink()
    init(world, roots=("ana",))
    world("sign", "--key", world.key("ana-root"))
    assert "holds" in world("verify")
    assert "POL-002" in world("verify", "--root-key", str(pinned), expect=1)
    assert "not those that are pinned" in world("verify", "--root-sha256", digest, expect=1)
    assert "POL-001" in world("verify", "--policy-floor", "2", expect=1)
    assert "cannot be read" in world("verify", "--root-key", str(world.keys / "none"), expect=2)
    assert json.loads(world("verify", "--format", "json"))["state"] == "in force"
    assert json.loads(world("verify", "--format", "json", "--policy-floor", "2", expect=1))["state"] == "refused"


def test_without_a_policy_there_is_nothing_to_show(empty: World) -> None:
    for words in (("show",), ("verify",), ("revoke", "x", "--compromised"), ("sign", "--key", empty.key("ana-root"))):
        message = empty(*words, expect=2)
        assert "casework trust" in message
    init(empty)
    assert "sign its draft" in empty("show", expect=2)


def test_junk_in_place_of_the_policy_is_told(world: World) -> None:
    for junk in (b"", b"{}", b"\xff\xfe", b"[" * 100_000):
        (world.folder / "policy.dsse.json").write_bytes(junk)
        assert "cannot be read" in world("show", expect=2)
        assert "cannot be read" in world("verify", expect=2)


def test_show_is_aligned_harmless_and_coloured_on_demand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.files()
    assert "reordering characters" in world("add-person", "ben", "--name", "Ben \u202eB", expect=2)
    assert world.files() == before
    plain = world("show")
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = world("show")
    assert "\x1b[1;32m" in coloured
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[0m", "\x1b[1;32m", "\x1b[1;33m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain
    rows = [line for line in plain.splitlines() if "ed25519" in line]
    assert len(rows) == 5
    assert len({line.index("ed25519") for line in rows}) == 1


def test_show_writes_to_a_file(world: World, tmp_path: Path) -> None:
    world("show", "--output", str(tmp_path / "trust.txt"))
    assert "Trust policy lab, version 1: in force" in (tmp_path / "trust.txt").read_text()


def test_every_subcommand_has_help_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="casework trust")
    trust_command.configure(parser)
    names = ["init", "new-key", "show", *(one[0] for one in CHANGES), "sign", "discard", "verify"]
    for name in names:
        with pytest.raises(SystemExit):
            parser.parse_args([name, "--help"])
        text = capsys.readouterr().out
        assert f"casework trust {name}" in text.partition("example")[2]
