"""`casework sign`: countersigned evidence and sealed acts, and what is refused before anything is written."""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.keys import generate_private_pem, load_private_key
from casework.attest.opening import bundle_name
from casework.attest.seal import seal_policy
from casework.cli import sign_command
from casework.cli.main import main
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.workflow.evidence.offers import offers, open_desk
from casework.workflow.evidence.signing import sign

PEOPLE = {
    "root": ("ada", []), "ci": ("runner", ["ci"]), "vera": ("vera", ["verifier"]), "vera-2": ("vera", ["verifier"]),
    "max": ("max", ["safety_manager"]), "dev": ("dev", []), "old": ("olga", ["verifier"]),
}  # fmt: skip
NODES = """\
- {type: odd, id: ODD-1, statement: By day., dimensions: [{name: light, values: [day]}]}
- {type: dataset, id: DS-A, statement: Pictures., version: '1', manifest: {path: data/manifest.jsonl, sha256: DIGEST},
   splits: [{name: test, purpose: verification, size: 1}], covers: [ODD-1], provenance: Made., licence: Apache-2.0}
- {type: requirement, id: REQ-1, level: stakeholder, statement: The data shall be readable., rationale: Asked for., owner: OWNER,
   acceptance: [{metric: unreadable_files, op: '==', bound: 0, unit: count}]}
- {type: evidence, id: EV-1, generator: dataset, subject: DS-A, verifies: [REQ-1]}
- {type: review, id: RV-1, of: [REQ-1], by: max, role: safety_manager, on: 2026-05-01, meaning: approved, retires: [HZ-9]}
- {type: waiver, id: GW-1, of: DAT-001, node: DS-A, by: vera, on: 2026-05-01, reason: Small., expires: 2026-12-01}
- {type: waiver, id: GW-2, of: DAT-001, node: DS-A, by: runner, on: 2026-05-01, reason: Small., expires: 2026-12-01}
"""


class World:
    """A case with keys of its own, evidence of one picture, and a policy that wants two persons."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.keys = {name: generate_private_pem("ed25519") for name in PEOPLE}
        for name, pem in self.keys.items():
            self.key(name).write_bytes(pem)
            self.key(name).chmod(0o600)

    def key(self, name: str) -> Path:
        return self.root.parent / f"{name}.pem"

    def trust(self, standing: dict[str, dict[str, Any]] | None = None, **changes: Any) -> None:
        value: dict[str, Any] = {
            "schema": "casework/trust-policy/v1", "name": "bench", "version": 1, "expires": "2099-01-01",
            "root": {"threshold": 1, "keys": ["root"]},
            "keys": {
                name: {
                    "public_key_pem": load_private_key(pem).public.pem.decode(), "person": PEOPLE[name][0],
                    "valid_from": "2026-01-01", **({"valid_to": "2026-02-01"} if name == "old" else {}),
                    **(standing or {}).get(name, {}),
                }
                for name, pem in self.keys.items()
            },
            "persons": {
                person: {"name": person, "roles": roles, "machine": person == "runner"}
                for person, roles in PEOPLE.values()
            },
            "roles": {"ci": ["ci"], "verifier": ["vera", "vera-2", "old"], "safety_manager": ["max"]},
            "evidence_types": {"dataset": {"require": {"ci": 1, "verifier": 1}}},
            "acts": {"review": {"require": {"safety_manager": 1}}, "waiver": {"require": {"safety_manager": 1}}},
        }  # fmt: skip
        folder = self.root / "evidence/trust"
        folder.mkdir(parents=True, exist_ok=True)
        policy = TrustPolicy.model_validate(value | changes)
        (folder / "policy.dsse.json").write_bytes(seal_policy(policy, [load_private_key(self.keys["root"])]))
        (folder / "root.pub").write_bytes(load_private_key(self.keys["root"]).public.pem)

    def nodes(self, text: str = NODES, owner: str = "dev") -> None:
        digest = sha256_bytes((self.root / "data/manifest.jsonl").read_bytes())
        (self.root / "requirements").mkdir(exist_ok=True)
        (self.root / "requirements/a.yaml").write_text(text.replace("DIGEST", digest).replace("OWNER", owner))

    def data(self, colour: int = 7) -> None:
        import cv2
        import numpy as np

        folder = self.root / "data"
        (folder / "test").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "test/0.png"), np.full((8, 8, 3), colour, np.uint8))
        header = {
            "schema": "casework/dataset-manifest/v1", "name": "DS-A", "task": "classification", "classes": ["a", "b"],
            "splits": {"test": {"purpose": "verification", "stored": True}}, "generator": {},
        }  # fmt: skip
        item = {
            "file": "test/0.png", "sha256": sha256_bytes((folder / "test/0.png").read_bytes()), "split": "test",
            "width": 8, "height": 8, "label": "a", "odd": {"light": "day"},
        }  # fmt: skip
        lines = [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in (header, item)]
        (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")

    def record(self) -> Path:
        (found,) = (self.root / "evidence/EV-1").glob("*.json")
        return found

    def signed_by_ci_alone(self) -> Path:
        """Make a record with both signatures, and take the verifier's away: what a run in CI would leave."""
        assert main(["run", "EV-1", "--key", str(self.key("ci")), "--key", str(self.key("vera"))]) == 0
        path = self.record()
        envelope = json.loads(path.read_bytes())
        ci = load_private_key(self.keys["ci"]).keyid
        envelope["signatures"] = [one for one in envelope["signatures"] if one["keyid"] == ci]
        path.write_bytes(jcs_bytes(envelope))
        return path

    def files(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.root)): p.read_bytes() for p in self.root.rglob("*") if p.is_file()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CASEWORK_KEYS", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    (tmp_path / "case").mkdir()
    made = World(tmp_path / "case")
    (made.root / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: []}\n")
    made.data()
    made.nodes()
    made.trust()
    monkeypatch.chdir(made.root)
    return made


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    sign_command.configure(parser)
    return sign_command.run(parser.parse_args(arguments))


def refused(world: World, why: str, *arguments: str) -> None:
    before = world.files()
    with pytest.raises(CallProblem, match=why):
        call(*arguments)
    assert world.files() == before


def codes(capsys: pytest.CaptureFixture[str]) -> set[str]:
    capsys.readouterr()
    main(["check", "--no-cache", "--format", "json"])
    return {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]}


def test_a_record_signed_by_ci_is_countersigned_in_place(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    path = world.signed_by_ci_alone()
    before = json.loads(path.read_bytes())
    assert "SIG-006" in codes(capsys)
    assert call("EV-1", "--key", str(world.key("vera"))) == 0
    out = capsys.readouterr().out
    assert "unreadable_files (all) = 0" in out
    assert "REQ-1: met" in out
    assert "lacking: 1 in role verifier" in out
    assert f"vera signed EV-1: evidence/EV-1/{path.name}" in out
    after = json.loads(path.read_bytes())
    assert after["payload"] == before["payload"]
    assert [one for one in after["signatures"] if one in before["signatures"]] == before["signatures"]
    assert len(after["signatures"]) == 2
    assert world.record() == path
    assert not codes(capsys) & {"SIG-005", "SIG-006", "EVD-001", "EVD-004", "PTH-005"}


def test_list_says_whose_signatures_lack_and_writes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.signed_by_ci_alone()
    before = world.files()
    capsys.readouterr()
    assert call("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "evidence EV-1 lacks 1 in role verifier" in lines
    assert "review RV-1 lacks max, in whose name it speaks; 1 in role safety_manager" in lines
    assert "waiver GW-1 lacks vera, in whose name it speaks; 1 in role safety_manager" in lines
    assert any(line.startswith("waiver GW-2") and "is a machine" in line for line in lines)
    assert call("--list", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["node"] for row in rows] == ["EV-1", "GW-1", "GW-2", "RV-1"]
    assert call("RV-1", "--list") == 0
    assert "retires" in capsys.readouterr().out
    assert world.files() == before


def test_a_review_is_sealed_and_then_counts(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ACT-001" in codes(capsys)
    assert call("RV-1", "--key", str(world.key("max")), "--format", "json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["signed_now"] == ["max"]
    assert row["lacking"] == []
    assert ["retires", "HZ-9"] in row["says"]
    data = (world.root / row["path"]).read_bytes()
    assert row["path"].startswith("evidence/acts/")
    capsys.readouterr()
    main(["check", "--no-cache", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert "RV-1" not in {one["node"] for one in found if one["code"].startswith("ACT-")}
    world.nodes(NODES.replace("meaning: approved", "meaning: reviewed"))
    assert "ACT-002" in codes(capsys)
    world.nodes()
    (world.root / row["path"]).write_bytes(data.replace(b'"payload":"', b'"payload":"A', 1))
    assert codes(capsys) & {"SIG-002", "SIG-003"}


def test_a_waiver_of_two_persons_is_one_seal(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("GW-1", "--key", str(world.key("vera"))) == 0
    assert "still lacking: 1 in role safety_manager" in capsys.readouterr().out
    assert call("GW-1", "--key", str(world.key("max"))) == 0
    (path,) = (world.root / "evidence/acts").iterdir()
    assert len(json.loads(path.read_bytes())["signatures"]) == 2
    assert call("--list") == 0
    assert "GW-1" not in capsys.readouterr().out.splitlines()[-1]
    refused(world, "signed it already", "GW-1", "--key", str(world.key("vera")))


def test_no_text_of_a_node_passes_for_a_line_of_ours(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.nodes(NODES.replace("reason: Small.", 'reason: "Small.\\n  lacking: nothing\\nwaiver GW-9: x"', 1))
    assert call("GW-1", "--list") == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.startswith("  lacking")] == [
        "  lacking: vera, in whose name it speaks; 1 in role safety_manager"
    ]
    assert not any(line.startswith("waiver GW-9") for line in out.splitlines())


def test_what_must_follow_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    log_key = load_private_key(generate_private_pem("ed25519")).public.pem.decode()
    world.trust(
        acts={"review": {"require": {}, "timestamp": True}},
        evidence_types={"dataset": {"require": {"ci": 1, "verifier": 1}, "sign_within_hours": 48}},
        log={"origin": "example.org/t", "key": log_key},
    )
    world.signed_by_ci_alone()
    capsys.readouterr()
    assert call("RV-1", "--key", str(world.key("max"))) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["next: casework stamp acts", "next: casework log update"]
    assert call("EV-1", "--key", str(world.key("vera"))) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "next: casework stamp EV-1"


def test_both_persons_may_sign_at_once(world: World) -> None:
    assert call("GW-1", "RV-1", "--key", str(world.key("max"))) == 0
    refused(world, "one person", "GW-1", "--key", str(world.key("vera")), "--key", str(world.key("vera-2")))
    assert len(list((world.root / "evidence/acts").iterdir())) == 2


def test_who_may_not_sign_is_told_before_anything_is_written(world: World, tmp_path: Path) -> None:
    world.signed_by_ci_alone()
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(generate_private_pem("ed25519"))
    stranger.chmod(0o600)
    for why, *arguments in (
        ("not in trust policy", "EV-1", "--key", str(stranger)),
        ("no role; asked for is ci, verifier", "EV-1", "--key", str(world.key("dev"))),
        ("may sign as safety_manager", "EV-1", "--key", str(world.key("max"))),
        ("signed it already", "EV-1", "--key", str(world.key("ci"))),
        ("not valid today", "EV-1", "--key", str(world.key("old"))),
        ("one person", "EV-1", "--key", str(world.key("vera")), "--key", str(world.key("vera-2"))),
        ("speaks for max, who must sign it, or somebody in role", "RV-1", "--key", str(world.key("vera"))),
        ("a machine cannot", "RV-1", "--key", str(world.key("ci"))),
        ("runner, who is a machine", "GW-2", "--key", str(world.key("max"))),
        ("speaks for max", "EV-1", "RV-1", "--key", str(world.key("vera"))),
        ("no node", "EV-9", "--key", str(world.key("vera"))),
        ("is a requirement", "REQ-1", "--key", str(world.key("vera"))),
        ("needs a key", "EV-1"),
        ("nothing to sign",),
    ):
        refused(world, why, *arguments)


def test_a_revoked_key_signs_nothing(world: World) -> None:
    for change in ({"revoked_at": "2026-02-01"}, {"compromised": True}):
        world.trust(standing={"vera": change})
        refused(world, "key is revoked", "GW-1", "--key", str(world.key("vera")))
    world.trust(standing={"vera": {"valid_from": "2098-01-01"}})
    refused(world, "not valid today", "GW-1", "--key", str(world.key("vera")))


def test_an_author_does_not_countersign_what_verifies_his_own(world: World) -> None:
    world.nodes(owner="vera")
    world.signed_by_ci_alone()
    refused(world, "vera owns REQ-1", "EV-1", "--key", str(world.key("vera")))


def test_a_record_that_does_not_verify_is_not_countersigned(world: World) -> None:
    path = world.signed_by_ci_alone()
    good = path.read_bytes()
    envelope = json.loads(good)
    vera = str(world.key("vera"))
    sig = envelope["signatures"][0]["sig"]
    broken = {
        **envelope,
        "signatures": [{**envelope["signatures"][0], "sig": ("B" if sig[0] == "A" else "A") + sig[1:]}],
    }
    path.write_bytes(jcs_bytes(broken))
    refused(world, "does not verify: SIG-003", "EV-1", "--key", vera)
    path.write_bytes(jcs_bytes({**envelope, "signatures": envelope["signatures"] * 2}))
    refused(world, "does not verify: SIG-006", "EV-1", "--key", vera)
    path.write_bytes(jcs_bytes({**envelope, "timestamps": ["AAAA"]}))
    refused(world, "does not verify: TIM-002", "EV-1", "--key", vera)
    path.write_bytes(b"not json")
    refused(world, "PRS-00", "EV-1", "--key", vera)
    path.write_bytes(good)
    path.rename(path.with_name("a" * 64 + ".dsse.json"))
    refused(world, "does not verify: PTH-005", "EV-1", "--key", vera)
    shutil.rmtree(path.parent)
    refused(world, "no sealed record", "EV-1", "--key", vera)


def test_the_bytes_that_are_signed_are_those_that_were_verified(world: World) -> None:
    path = world.signed_by_ci_alone()
    desk = open_desk(world.root, date(2026, 12, 1))
    good = path.read_bytes()
    (offer,) = offers(desk, ["EV-1"])
    assert offer.problem == ""
    envelope = json.loads(good)
    for one in envelope["signatures"]:
        one["sig"] = ("B" if one["sig"][0] == "A" else "A") + one["sig"][1:]
    path.write_bytes(jcs_bytes(envelope))
    (after,) = offers(desk, ["EV-1"])
    assert "SIG-003" in after.problem
    key = load_private_key(world.keys["vera"])
    with pytest.raises(CallProblem, match="changed by another program"):
        sign(desk, offer, [key], "2026-12-01T00:00:00Z")
    path.write_bytes(b"{}")
    (after,) = offers(desk, ["EV-1"])
    assert "SIG-001" in after.problem
    assert path.read_bytes() == b"{}"


def test_a_stale_record_is_not_countersigned(world: World) -> None:
    world.signed_by_ci_alone()
    world.nodes(NODES.replace("bound: 0", "bound: 1"))
    refused(world, "stale: requirement REQ-1 has changed", "EV-1", "--key", str(world.key("vera")))
    world.data(9)
    world.nodes()
    refused(world, "stale: data mismatch", "EV-1", "--key", str(world.key("vera")))
    world.data()
    world.nodes(NODES.replace("subject: DS-A,", "subject: DS-A, max_age_days: 1,"))
    refused(world, "counts for 1 days", "EV-1", "--now", "2099-01-01", "--key", str(world.key("vera")))


def test_without_trust_nothing_is_signed(world: World) -> None:
    world.signed_by_ci_alone()
    (world.root / "evidence/trust/root.pub").unlink()
    refused(world, "trust policy cannot be opened.*POL-000", "EV-1", "--key", str(world.key("vera")))


def test_on_a_terminal_one_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal:
        def __init__(self, answer: str) -> None:
            self.answer = answer

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.answer

    before = world.files()
    for answer in ("", "n\n", "maybe\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert call("RV-1", "--key", str(world.key("max"))) == 1
        assert "nothing was signed" in capsys.readouterr().err
    assert world.files() == before
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert call("RV-1", "--key", str(world.key("max"))) == 0
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert call("GW-1", "--yes", "--key", str(world.key("max"))) == 0


def test_a_link_in_the_place_of_the_acts_is_not_followed(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (world.root / "evidence/acts").symlink_to(outside)
    with pytest.raises(CallProblem, match="link"):
        call("RV-1", "--key", str(world.key("max")))
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen on this machine")
def test_ssh_keygen_countersigns(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(path)], check=True)
    world.keys["vera"] = path.read_bytes()
    world.key("vera").write_bytes(path.read_bytes())
    world.trust()
    record = world.signed_by_ci_alone()
    assert call("EV-1", "--key", f"ssh:{path}") == 0
    assert not codes(capsys) & {"SIG-003", "SIG-005", "SIG-006", "EVD-004"}
    assert len(json.loads(record.read_bytes())["signatures"]) == 2


def test_a_record_that_lies_in_a_sigstore_bundle_is_countersigned_beside_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sigstore")
    from doubles.sigstore_instance import GITHUB, WORKFLOW, Instance

    here = Instance("signing")
    root = here.trusted_root()
    record = world.signed_by_ci_alone()
    payload = base64.b64decode(json.loads(record.read_bytes())["payload"])
    pipeline = {
        "person": "runner", "issuer": GITHUB, "identity": f"https://github.com/{WORKFLOW}", "valid_from": "2026-01-01",
        "source_repository_id": "4711", "source_repository_ref": "refs/heads/main", "build_trigger": "push",
    }  # fmt: skip
    world.trust(
        sigstore={"trusted_root_sha256": sha256_bytes(root), "identities": {"pipeline": pipeline}},
        roles={"ci": ["pipeline"], "verifier": ["vera", "vera-2", "old"], "safety_manager": ["max"]},
    )
    (world.root / "evidence/trust/trusted_root.json").write_bytes(root)
    bundle = jcs_bytes(here.bundle(payload))
    beside = record.with_name(bundle_name(payload, bundle))
    beside.write_bytes(bundle)
    record.unlink()
    assert call("EV-1", "--key", str(world.key("vera"))) == 0
    assert "runner (ci)" in capsys.readouterr().out
    assert beside.read_bytes() == bundle
    assert [one["keyid"] for one in json.loads(record.read_bytes())["signatures"]] == [
        load_private_key(world.keys["vera"]).keyid
    ]
    assert not codes(capsys) & {"SIG-005", "SIG-006", "SIG-014", "EVD-004", "PTH-005"}
