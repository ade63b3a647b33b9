"""Release bundles: an honest one verifies years later on a bare machine; every dishonest one is refused with its code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab_case import LabCase, build, git, lab_policy
from test_log import log_pins
from trust_lab import KEYS, STRANGER, ed25519, roots

from casework.artifact.archive import Archive, read_archive, write_archive
from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.dsse import countersign, read_envelope, sign_envelope
from casework.attest.release import manifest_bytes, read_manifest, release_statement, seal_release
from casework.attest.seal import seal_policy
from casework.cli import bundle_command, log_command, verify_command
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.model.release import ListedFile, ReleaseManifest, ReleaseRecord
from casework.model.verification import Verification
from casework.render.bundle_text import instructions
from casework.workflow.release.releasing import Bundled, NotReleased, Order, countersign_bundle, seal_bundle
from casework.workflow.release.verifying import Known, verify_bundle
from doubles.loglab import pem, signed, written
from doubles.tsa import Tsa

TSA = Tsa("release TSA")
FOREIGN = Tsa("somebody's TSA")
SEALED = "2026-06-01T08:00:00Z"
STAMPED = datetime(2026, 6, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 2, tzinfo=UTC)
LATER = datetime(2036, 6, 2, tzinfo=UTC)
TWO = [KEYS["verifier-2"], KEYS["double-hat"]]
ORDER = Order("HEAD", date(2026, 6, 1), SEALED)
ROOT = Known(root_key=roots())

Policy = Callable[[dict[str, Any]], None]


def release_policy(change: Policy | None = None, *, timestamp: bool = False) -> dict[str, Any]:
    """The lab's policy: two verifiers release, and a time-stamp authority is pinned."""
    value = lab_policy(acts={"release": {"require": {"verifier": 2}, "timestamp": timestamp}}, tsa={"lab-tsa": TSA.pem})
    if change:
        change(value)
    return value


def make_case(folder: Path, change: Policy | None = None, *, timestamp: bool = False) -> LabCase:
    lab = build(folder / "case")
    lab.policy(**release_policy(change, timestamp=timestamp))
    lab.commit("policy of releases")
    return lab


def sealed_by(lab: LabCase, *keys: Any, order: Order = ORDER) -> Bundled:
    made = seal_bundle(lab.root, order, keys or TWO)
    if not isinstance(made, Bundled):
        raise AssertionError(made)
    return made


def members_of(data: bytes) -> dict[str, bytes]:
    archive = read_archive(data)
    if not isinstance(archive, Archive):
        raise AssertionError(archive)
    return {name: archive.read(name) for name in archive.members}


def with_stamps(data: bytes, at: datetime = STAMPED, tsa: Tsa = TSA) -> bytes:
    members = members_of(data)
    envelope: Any = read_envelope(members["seal.dsse.json"])
    tokens = tuple(tsa.token(one.sig, at) for one in envelope.signatures)
    return write_archive(members | {"seal.dsse.json": replace(envelope, timestamps=tokens).to_bytes()})


@dataclass
class World:
    lab: LabCase
    bundled: Bundled
    data: bytes  # with time stamps
    folder: Path

    def verify(self, data: bytes | None = None, *, known: Known = ROOT, now: datetime = NOW) -> Verification:
        place = self.folder / "bundle.zip"
        place.write_bytes(self.data if data is None else data)
        return verify_bundle(place, known, now)

    def refused(self, data: bytes, *codes: str, **how: Any) -> Verification:
        found = self.verify(data, **how)
        assert found.word == "refused"
        assert set(codes) <= {f.code for f in found.findings}, found.findings
        assert all(f.fix and f.message for f in found.findings)
        return found

    def changed(self, **files: bytes | None) -> bytes:
        """The bundle with other members, by name; None takes one out. The archive itself stays in order."""
        members = members_of(self.data) | files
        return write_archive({name: data for name, data in members.items() if data is not None})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("GIT_")]:
            patch.delenv(name)
        folder = tmp_path_factory.mktemp("release")
        patch.setenv("CASEWORK_CACHE_DIR", str(folder / "cache"))
        lab = make_case(folder)
        bundled = sealed_by(lab)
        yield World(lab, bundled, with_stamps(bundled.data), folder)


def said(found: Verification) -> dict[str, str]:
    return {check.what: check.outcome for check in found.checks}


def test_an_honest_release_verifies(world: World) -> None:
    found = world.verify()
    assert found.word == "verified", found
    assert found.findings == ()
    assert found.proven
    assert found.as_of == "2026-06-01T09:00:00Z"
    assert {person for _key, person, _roles, _at in found.signers} == {"viktor", "hatty"}
    assert said(found)["decision"] == "good"
    assert {"commit", "documents", "later revocations", "later releases"} <= {
        c.what for c in found.checks if c.outcome == "open"
    }


def test_ten_years_later_it_still_verifies_although_policy_and_keys_have_expired(world: World) -> None:
    assert world.verify(now=LATER).word == "verified"


def test_the_digest_of_the_root_key_is_enough(world: World) -> None:
    digest = sha256_bytes(roots())
    assert world.verify(known=Known(root_sha256=digest)).word == "verified"
    world.refused(world.data, "ART-016", known=Known(root_sha256="0" * 64))


def test_it_needs_neither_git_nor_network_nor_the_repository(world: World, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(world.data)
    (tmp_path / "root.pub").write_bytes(roots())
    script = (
        "import socket\n"
        "def no(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = no; socket.getaddrinfo = no\n"
        "import sys, argparse\n"
        "from casework.cli import verify_command as v\n"
        "p = argparse.ArgumentParser(); v.configure(p)\n"
        "rc = v.run(p.parse_args(sys.argv[1:]))\n"
        "assert 'git' not in sys.modules and 'onnx' not in sys.modules, 'needless imports'\n"
        "sys.exit(rc)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "b.zip", "--root-key", "root.pub", "--now", "2036-06-02", "--format", "json"],
        cwd=tmp_path, env={"PATH": "/nowhere", "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["result"] == "verified"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.zip", "root.pub"]  # nothing was unpacked or cached
    assert socket.socket


def test_the_same_commit_gives_the_same_bytes(world: World) -> None:
    assert sealed_by(world.lab).data == world.bundled.data


def test_what_is_sealed_is_the_commit_and_not_the_working_tree(world: World, tmp_path: Path) -> None:
    lab = make_case(tmp_path)
    (lab.root / "requirements/case.yaml").write_text("- nonsense")
    (lab.root / "requirements/more.yaml").write_text("- more nonsense")
    members = members_of(sealed_by(lab).data)
    assert members["case/requirements/case.yaml"] == members_of(world.data)["case/requirements/case.yaml"]
    assert "case/requirements/more.yaml" not in members


def test_the_bundle_holds_what_somebody_needs_years_later(world: World) -> None:
    members = members_of(world.data)
    assert {
        "VERIFY.md", "manifest.json", "seal.dsse.json", "case/casework.yaml", "case/requirements/case.yaml",
        "case/evidence/trust/policy.dsse.json", "case/evidence/trust/root.pub", "case/model/int8.onnx", "case/data/test.jsonl",
        "documents/safety-case.html", "documents/safety-case.pdf", "documents/findings.json", "documents/gaps.html",
        "verifier/requirements.txt", "verifier/versions.json",
    } <= members.keys()  # fmt: skip
    assert any(name.startswith("documents/argument/") for name in members)
    assert any(name.startswith("case/evidence/EV-1/") for name in members)
    assert b"casework==" in members["verifier/requirements.txt"]
    assert b"PRIVATE KEY" not in b"".join(members.values())


# Who may seal, and what


def test_a_blocked_case_is_not_sealed(tmp_path: Path) -> None:
    lab = make_case(tmp_path)
    lab.unseal("EV-1")
    lab.commit("evidence lost")
    found = seal_bundle(lab.root, ORDER, TWO)
    assert isinstance(found, NotReleased)
    assert found.decision.word == "blocked"


def test_a_draft_is_visibly_marked_and_never_verifies(world: World, tmp_path: Path) -> None:
    lab = make_case(tmp_path)
    lab.unseal("EV-1")
    lab.commit("evidence lost")
    made = sealed_by(lab, order=replace(ORDER, draft=True))
    assert made.record.draft
    members = members_of(made.data)
    assert b"NO RELEASE" in members["DRAFT-NO-RELEASE.txt"]
    assert b"NO RELEASE" in members["VERIFY.md"]
    assert world.refused(made.data, "ART-016", "EVD-001").record == made.record


def test_the_second_person_signs_later_and_only_the_seal_changes(world: World, tmp_path: Path) -> None:
    first = sealed_by(world.lab, TWO[0])
    assert first.wanting
    world.refused(first.data, "SIG-006", "ART-016")
    place = tmp_path / "b.zip"
    place.write_bytes(first.data)
    second = countersign_bundle(place, [TWO[1]], NOW)
    assert second.wanting == ()
    assert world.verify(second.data).word == "verified"
    before, after = members_of(first.data), members_of(second.data)
    assert {n for n in before if before[n] != after[n]} == {"seal.dsse.json"}
    assert before.keys() == after.keys()
    assert second.data == world.bundled.data  # the order of signing leaves no trace


def test_countersigning_refuses_who_counts_for_nothing_and_what_was_changed(world: World, tmp_path: Path) -> None:
    place = tmp_path / "b.zip"
    place.write_bytes(world.data)
    with pytest.raises(CallProblem, match="signed this envelope already"):
        countersign_bundle(place, [TWO[0]], NOW)
    with pytest.raises(CallProblem, match="SIG-004"):
        countersign_bundle(place, [STRANGER], NOW)
    place.write_bytes(world.changed(**{"VERIFY.md": b"evil"}))
    with pytest.raises(CallProblem, match="ART-016"):
        countersign_bundle(place, [KEYS["verifier"]], NOW)


@pytest.mark.parametrize(
    ("names", "code"),
    [(("verifier", "verifier-token"), "SIG-006"), (("developer",), "SIG-005"), (("verifier",), "SIG-006")],
)
def test_too_few_persons_or_the_wrong_ones_make_no_release(world: World, names: tuple[str, ...], code: str) -> None:
    world.refused(sealed_by(world.lab, *(KEYS[n] for n in names)).data, code, "ART-016")


def test_a_machine_alone_makes_no_release_where_the_policy_names_no_role(world: World, tmp_path: Path) -> None:
    lab = make_case(tmp_path, lambda value: value.update(acts={}))
    world.refused(sealed_by(lab, KEYS["ci"]).data, "SIG-006")
    found = world.verify(sealed_by(lab, KEYS["developer"]).data)
    assert found.word == "verified"
    assert any("demands nothing of a release" in c.said for c in found.checks if c.outcome == "open")


# Attacks on the content


ATTACKS: dict[str, tuple[dict[str, bytes | None], str]] = {
    "a requirement": ({"case/requirements/case.yaml": b"- {type: requirement}\n"}, "ART-016"),
    "a document": ({"documents/safety-case.html": b"<h1>all is well</h1>"}, "ART-016"),
    "the instructions": ({"VERIFY.md": b"just trust it"}, "ART-016"),
    "a pinned version": ({"verifier/requirements.txt": b"evil==1\n"}, "ART-016"),
    "the policy": ({"case/evidence/trust/policy.dsse.json": b"{}"}, "ART-016"),
    "a file more": ({"case/requirements/extra.yaml": b"[]"}, "ART-014"),
    "a file more outside the case": ({"evil.sh": b"rm -rf"}, "ART-014"),
    "a file less": ({"case/model/int8.onnx": None}, "ART-014"),
    "no seal": ({"seal.dsse.json": None}, "ART-016"),
    "no manifest": ({"manifest.json": None}, "ART-016"),
    "an empty seal": ({"seal.dsse.json": b"{}"}, "SIG-001"),
    "a seal that is no JSON": ({"seal.dsse.json": b"\xff"}, "PRS-006"),
    "a manifest that is no JSON": ({"manifest.json": b"files:"}, "PRS-000"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_102_any_change_of_the_content_is_refused(world: World, name: str) -> None:
    files, code = ATTACKS[name]
    world.refused(world.changed(**files), code)


def test_attack_102_a_manifest_written_anew_is_not_what_was_sealed(world: World) -> None:
    members = members_of(world.data)
    members["case/requirements/case.yaml"] += b"# mine\n"
    world.refused(write_archive(members | {"manifest.json": listed(members)}), "ART-016")


def listed(members: Mapping[str, bytes]) -> bytes:
    files = {
        n: ListedFile(size=len(d), sha256=sha256_bytes(d)) for n, d in members.items() if n not in ("manifest.json", "seal.dsse.json")
    }  # fmt: skip
    return manifest_bytes(ReleaseManifest.model_validate({"schema": "casework/release-manifest/v1", "files": files}))


def resealed(members: dict[str, bytes], record: ReleaseRecord, *keys: Any) -> bytes:
    """Seal any content with any keys: what a hostile holder of these keys can make."""
    manifest = listed(members)
    seal = seal_release(release_statement(sha256_bytes(manifest), record), keys or TWO)
    return write_archive(members | {"manifest.json": manifest, "seal.dsse.json": seal})


def test_a_stranger_cannot_seal_it_anew(world: World) -> None:
    members = members_of(world.data)
    world.refused(resealed(members, world.bundled.record, STRANGER), "SIG-004", "ART-016")


def test_a_whole_world_of_the_attackers_own_does_not_hang_on_the_readers_root(world: World) -> None:
    mine = ed25519("attacker root")
    value = release_policy()
    value["root"] = {"threshold": 1, "keys": ["root-a"]}
    value["keys"] = {
        name: entry | {"public_key_pem": mine.public.pem.decode()} if name == "root-a" else entry
        for name, entry in value["keys"].items()
    }
    members = members_of(world.data)
    members["case/evidence/trust/policy.dsse.json"] = seal_policy(TrustPolicy.model_validate(value), [mine])
    members["case/evidence/trust/root.pub"] = mine.public.pem
    members["case/casework.yaml"] = members["case/casework.yaml"].replace(
        sha256_bytes(roots()).encode(), sha256_bytes(mine.public.pem).encode()
    )
    forged = resealed(members, world.bundled.record)
    world.refused(forged, "ART-016")
    world.refused(forged, "ART-016", known=Known(root_sha256=sha256_bytes(roots())))
    world.refused(forged, "POL-000", known=Known(root_sha256=sha256_bytes(roots())))


def test_sealers_who_lie_about_the_decision_are_contradicted(world: World, tmp_path: Path) -> None:
    lab = make_case(tmp_path)
    lab.unseal("EV-1")
    lab.commit("evidence lost")
    honest = sealed_by(lab, order=replace(ORDER, draft=True))
    lie = honest.record.model_copy(update={"decision": "pass", "release": True, "draft": False, "grounds": ()})
    world.refused(resealed(members_of(honest.data), lie), "ART-016", "EVD-001")


@pytest.mark.parametrize(
    "change",
    [
        {"waivers": 3},
        {"policy": None},
        {"case": {"name": "Another", "version": None}},
        {"log": {"origin": "example.org/log", "size": 1, "root": "0" * 64}},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_a_seal_that_says_otherwise_than_the_case_is_refused(world: World, change: dict[str, Any]) -> None:
    value = world.bundled.record.model_dump(mode="json") | change
    world.refused(resealed(members_of(world.data), ReleaseRecord.model_validate(value, strict=False)), "ART-016")


def test_a_seal_of_another_predicate_is_no_release(world: World) -> None:
    members = members_of(world.data)
    envelope: Any = read_envelope(members["seal.dsse.json"])
    value = json.loads(envelope.payload)
    for changed in (
        value | {"predicateType": "https://casework.dev/act/v1"},
        value | {"_type": "https://in-toto.io/Statement/v0.1"},
    ):
        seal = sign_envelope(envelope.payload_type, jcs_bytes(changed), TWO)
        world.refused(world.changed(**{"seal.dsse.json": seal}), "BND-000")
    seal = sign_envelope("application/json", envelope.payload, TWO)
    world.refused(world.changed(**{"seal.dsse.json": seal}), "SIG-009")


def test_a_policy_floor_refuses_an_old_policy(world: World) -> None:
    world.refused(world.data, "POL-001", known=replace(ROOT, floor=4))


# Time


def test_attack_26_a_key_that_had_expired_cannot_seal_into_the_past(tmp_path: Path, world: World) -> None:
    def expire(value: dict[str, Any]) -> None:
        value["keys"]["verifier-2"]["valid_to"] = "2026-05-25"

    lab = make_case(tmp_path, expire)
    order = Order("HEAD", date(2026, 5, 22), "2026-05-22T08:00:00Z")
    made = sealed_by(lab, order=order)
    world.refused(with_stamps(made.data, STAMPED), "TIM-004")
    world.refused(made.data, "SIG-008")  # unproven: the key has run out by now
    assert world.verify(with_stamps(made.data, datetime(2026, 5, 22, 9, tzinfo=UTC))).word == "verified"


def test_attack_22_stamps_that_the_policy_demands_cannot_be_taken_away(tmp_path: Path, world: World) -> None:
    made = sealed_by(make_case(tmp_path, timestamp=True))
    assert made.wanting
    world.refused(made.data, "TIM-001")
    assert world.verify(with_stamps(made.data)).word == "verified"


def test_attack_23_a_stamp_of_another_signature_is_refused(world: World) -> None:
    members = members_of(world.data)
    envelope: Any = read_envelope(members["seal.dsse.json"])
    borrowed = replace(envelope, timestamps=(TSA.token(b"something else", STAMPED),)).to_bytes()
    world.refused(world.changed(**{"seal.dsse.json": borrowed}), "TIM-002")


def test_attack_24_a_foreign_authority_proves_nothing(world: World) -> None:
    world.refused(with_stamps(world.bundled.data, tsa=FOREIGN), "TIM-002")


def test_attack_25_a_release_of_the_future_is_refused(world: World) -> None:
    world.refused(world.data, "TIM-003", now=datetime(2026, 5, 1, tzinfo=UTC))


def test_without_stamps_it_is_judged_as_of_the_stated_time_and_says_so(world: World) -> None:
    found = world.verify(world.bundled.data)
    assert found.word == "verified"
    assert not found.proven
    assert found.as_of == SEALED
    assert said(found)["time of sealing"] == "open"


def test_evidence_that_expired_after_the_sealing_counts_and_before_it_does_not(tmp_path: Path, world: World) -> None:
    lab = make_case(tmp_path)
    lab.edit("max_age_days: 365", "max_age_days: 30")
    lab.commit("evidence ages")
    made = sealed_by(lab)
    assert world.verify(with_stamps(made.data), now=LATER).word == "verified"
    world.refused(with_stamps(made.data, datetime(2026, 7, 30, tzinfo=UTC)), "ART-016", now=LATER)


def test_a_signature_that_was_added_later_takes_nothing_away(world: World) -> None:
    members = members_of(world.data)
    envelope: Any = read_envelope(countersign(members["seal.dsse.json"], KEYS["verifier"]))
    extra = next(one.sig for one in envelope.signatures if one.keyid == KEYS["verifier"].keyid)
    token = TSA.token(extra, datetime(2029, 1, 1, tzinfo=UTC))
    late = replace(envelope, timestamps=(*envelope.timestamps, token)).to_bytes()
    found = world.verify(world.changed(**{"seal.dsse.json": late}), now=LATER)
    assert found.word == "verified"
    assert found.as_of == "2026-06-01T09:00:00Z"
    assert len(found.signers) == 3


def test_the_authority_is_asked_over_http(world: World) -> None:
    authority = Tsa("release TSA", clock=lambda: STAMPED)
    with authority.serving() as server:
        made = seal_bundle(world.lab.root, ORDER, TWO, server.url)
    assert isinstance(made, Bundled)
    assert len(server.queries) == 2
    found = world.verify(made.data, now=LATER)
    assert found.word == "verified"
    assert found.proven


# What has become known since


def newer(change: Policy | None = None, signers: tuple[str, ...] = ("root-a", "root-b")) -> Known:
    value = release_policy(change) | {"version": 7, "expires": "2037-01-01"}
    return replace(ROOT, policy=seal_policy(TrustPolicy.model_validate(value), [KEYS[name] for name in signers]))


def test_a_newer_policy_that_knows_of_no_theft_changes_nothing(world: World) -> None:
    found = world.verify(known=newer(), now=LATER)
    assert found.word == "verified", found.findings
    assert said(found)["later revocations"] == "good"


@pytest.mark.parametrize("name", ["double-hat", "ci"])  # of the seal, and of the evidence
def test_attack_15_a_key_that_was_found_stolen_since_counts_no_more(world: World, name: str) -> None:
    def stolen(value: dict[str, Any]) -> None:
        value["keys"][name]["compromised"] = True

    world.refused(world.data, "SIG-007", known=newer(stolen), now=LATER)


def test_attack_14_a_key_that_is_revoked_later_counts_for_what_it_signed_before(world: World) -> None:
    def revoked(day: str) -> Policy:
        return lambda value: value["keys"]["double-hat"].update(revoked_at=day)

    assert world.verify(known=newer(revoked("2027-01-01")), now=LATER).word == "verified"
    world.refused(world.data, "SIG-007", known=newer(revoked("2026-05-30")), now=LATER)


@pytest.mark.parametrize("name", ["ci", "verifier-2"])
def test_undated_evidence_under_a_stamped_seal_is_as_old_as_the_seal(world: World, name: str) -> None:
    """Nothing dates the records themselves, but the seal covers them: they were there when it was stamped."""

    def revoked(day: str) -> Policy:
        return lambda value: value["keys"][name].update(revoked_at=day)

    assert world.verify(known=newer(revoked("2026-06-02")), now=LATER).word == "verified"
    for day in ("2026-06-01", "2026-05-30"):  # records state 20 May, which proves nothing
        found = world.refused(world.data, "SIG-007", known=newer(revoked(day)), now=LATER)
        assert any("nothing proves that it signed EV-" in f.message for f in found.findings)


def test_undated_evidence_under_an_undated_seal_may_be_of_any_day(world: World) -> None:
    def revoked(value: dict[str, Any]) -> None:
        value["keys"]["ci"]["revoked_at"] = "2027-01-01"

    plain = world.bundled.data
    assert world.verify(plain, known=newer(revoked), now=NOW).word == "verified"  # that day is yet to come
    world.refused(plain, "SIG-007", known=newer(revoked), now=LATER)


def test_a_newer_policy_by_another_root_is_reached_through_the_versions_between(world: World) -> None:
    """The root was rotated since: the newest policy is not signed by the keys that the reader has pinned."""

    def version(number: int, owners: list[str], signers: tuple[str, ...]) -> bytes:
        value = release_policy(lambda v: v.update(root={"threshold": 2, "keys": owners}))
        value |= {"version": number, "expires": "2037-01-01"}
        return seal_policy(TrustPolicy.model_validate(value), [KEYS[name] for name in signers])

    first = release_policy()["version"]
    handed = version(first + 1, ["root-a", "developer"], ("root-a", "root-b", "developer"))
    newest = version(first + 2, ["root-a", "developer"], ("root-a", "developer"))
    world.refused(world.data, "POL-002", known=replace(ROOT, policy=newest), now=LATER)
    found = world.verify(known=replace(ROOT, policy=newest, policies=(handed,)), now=LATER)
    assert found.word == "verified", found.findings


def test_a_newer_policy_must_be_newer_in_force_and_of_the_same_root(world: World) -> None:
    world.refused(world.data, "POL-002", known=newer(signers=("developer",)), now=LATER)
    world.refused(world.data, "POL-003", known=newer(), now=datetime(2038, 1, 1, tzinfo=UTC))
    old = release_policy() | {"version": 2, "expires": "2037-01-01"}
    sealed = seal_policy(TrustPolicy.model_validate(old), [KEYS["root-a"], KEYS["root-b"]])
    world.refused(world.data, "POL-001", known=replace(ROOT, policy=sealed), now=LATER)


# Data that is left out


def test_data_that_is_left_out_is_vouched_for_by_its_digest(tmp_path: Path, world: World) -> None:
    lab = make_case(tmp_path)
    pictures = {f"data/{n}.png": f"test{n}".encode() for n in range(1000)}
    manifest = (lab.root / "data/test.jsonl").read_bytes()
    stored = manifest.replace(b'"stored": false', b'"stored": true')
    for path, data in pictures.items():
        (lab.root / path).write_bytes(data)
    (lab.root / "data/test.jsonl").write_bytes(stored)
    text = lab.nodes.read_text().replace(sha256_bytes(manifest), sha256_bytes(stored))
    lab.nodes.write_text(text)
    for key in ("EV-1", "EV-2"):
        lab.unseal(key)
        lab.seal(key)
    lab.commit("pictures")
    inside, outside = sealed_by(lab), sealed_by(lab, order=replace(ORDER, data="without"))
    assert "case/data/0.png" in members_of(inside.data)
    members = members_of(outside.data)
    assert not any(name.endswith(".png") for name in members)
    manifest_value = read_manifest(members["manifest.json"])
    assert isinstance(manifest_value, ReleaseManifest)
    assert len(manifest_value.outside) == 1000
    assert world.verify(inside.data).word == "verified"
    found = world.verify(outside.data)
    assert found.word == "verified", found.findings
    assert said(found)["data"] == "open"
    # Who takes files out without sealing that is refused.
    fewer = {name: data for name, data in members_of(inside.data).items() if not name.endswith(".png")}
    world.refused(write_archive(fewer), "ART-014")


# The log


def logged_case(folder: Path) -> LabCase:
    lab = build(folder / "case")
    lab.policy(**release_policy(lambda value: value.update(log=log_pins())))
    (folder / "log.pem").write_bytes(pem("log"))
    (folder / "log.pem").chmod(0o600)
    update_log(lab, folder, "--start")
    return lab


def update_log(lab: LabCase, folder: Path, *words: str) -> bytes:
    call = ("update", "--root", str(lab.root), "--now", "2026-06-01", "--key", str(folder / "log.pem"), *words)
    assert command(log_command, *call) == 0
    lab.commit("log")
    return (lab.root / "evidence/log/checkpoint").read_bytes()


def test_the_log_is_sealed_and_compared_with_an_earlier_checkpoint(tmp_path: Path, world: World) -> None:
    lab = logged_case(tmp_path)
    earlier = (lab.root / "evidence/log/checkpoint").read_bytes()
    lab.seal("EV-1", started="2026-05-22T10:00:00Z")
    update_log(lab, tmp_path)
    made = sealed_by(lab)
    assert made.record.log is not None
    assert {"case/evidence/log/entries", "case/evidence/log/checkpoint"} <= members_of(made.data).keys()
    found = world.verify(made.data, known=replace(ROOT, checkpoint=earlier))
    assert found.word == "verified", found.findings
    assert said(found)["evidence log"] == "good"
    assert "earlier log" not in said(found)
    assert said(world.verify(made.data))["earlier log"] == "open"


def test_attack_76_a_bundle_without_the_log_that_the_reader_has_seen_is_refused(tmp_path: Path, world: World) -> None:
    lab = logged_case(tmp_path)
    seen = (lab.root / "evidence/log/checkpoint").read_bytes()
    world.refused(world.data, "LOG-001", known=replace(ROOT, checkpoint=seen))


def test_attack_80_a_log_that_was_written_anew_before_the_sealing_shows(tmp_path: Path, world: World) -> None:
    lab = logged_case(tmp_path)
    lab.seal("EV-1", "ci", "verifier-2", started="2026-05-23T10:00:00Z", status="error", metrics=[])
    earlier = update_log(lab, tmp_path)
    failed = next(line.split()[1] for line in reversed(earlier_lines(lab)) if line.startswith(b"record "))
    (lab.root / "evidence/EV-1" / f"{failed.decode()}.dsse.json").unlink()
    kept = [line for line in earlier_lines(lab) if failed not in line]
    (lab.root / "evidence/log/entries").write_bytes(written(kept))
    (lab.root / "evidence/log/checkpoint").write_bytes(signed(kept))
    lab.commit("the failed run never was")
    made = sealed_by(lab)
    assert world.verify(made.data).word == "verified"  # nothing in the bundle betrays it
    world.refused(made.data, "LOG-004", known=replace(ROOT, checkpoint=earlier))


def earlier_lines(lab: LabCase) -> list[bytes]:
    return (lab.root / "evidence/log/entries").read_bytes().splitlines()


# What is printed


def test_nothing_of_the_case_can_command_a_terminal_or_a_reader_of_the_instructions(
    tmp_path: Path, world: World
) -> None:
    name = "Lab <script>alert(1)</script> [click](javascript:x) `rm` # *so*"
    lab = make_case(tmp_path)
    config = lab.root / "casework.yaml"
    config.write_text(config.read_text().replace("name: Lab", f"name: {json.dumps(name)}"))
    lab.commit("name")
    made = sealed_by(lab)
    text = members_of(made.data)["VERIFY.md"].decode()
    assert "<script>" not in text
    assert "](javascript" not in text
    assert world.verify(made.data).word == "verified"
    hidden = made.record.model_copy(update={"grounds": ("\x1b[2Jgone\u202e",)})
    assert "\x1b" not in instructions(hidden.model_copy(update={"draft": True}), root_key="r", policy="p", outside=0)


# Whatever the bytes


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_changed_byte_is_verified_with_other_content(world: World, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(world.data) - 1))
    bad = world.data[:at] + bytes([world.data[at] ^ data.draw(st.integers(1, 255))]) + world.data[at + 1 :]
    if world.verify(bad).word == "verified":  # times and permissions in the headers have no say
        assert members_of(bad) == members_of(world.data)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"junk" * 1000, write_archive({}), write_archive({"manifest.json": b"{}"})]
)
def test_what_is_no_bundle_is_refused(world: World, data: bytes) -> None:
    assert world.verify(data).word == "refused"


def test_wrong_calls(world: World, tmp_path: Path) -> None:
    with pytest.raises(CallProblem, match="no such file"):
        verify_bundle(tmp_path / "absent.zip", ROOT, NOW)
    place = tmp_path / "b.zip"
    place.write_bytes(world.data)
    with pytest.raises(CallProblem, match="root key that you trust"):
        verify_bundle(place, Known(), NOW)
    with pytest.raises(CallProblem, match="cannot be used"):
        verify_bundle(place, Known(root_key=b"no key"), NOW)
    with pytest.raises(CallProblem, match="names no commit"):
        seal_bundle(world.lab.root, replace(ORDER, revision="--output=x"), TWO)


def command(module: Any, *arguments: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    module.configure(parser)
    return int(module.run(parser.parse_args(arguments)))


def test_the_commands(world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    places = []
    for name in ("verifier-2", "double-hat"):
        seed = bytes.fromhex(sha256_bytes(f"test key {name}".encode()))
        pem = Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        places.append(tmp_path / f"{name}.pem")
        places[-1].write_bytes(pem)
        places[-1].chmod(0o600)
    out, root_key = tmp_path / "r.zip", tmp_path / "root.pub"
    root_key.write_bytes(roots())
    case = ("--root", str(world.lab.root), "--now", "2026-06-01")
    assert command(bundle_command, *case, "-o", str(out), "--key", str(places[0])) == 0
    assert "still wanting" in capfd.readouterr().err
    assert command(verify_command, str(out), "--root-key", str(root_key)) == 1
    assert "REFUSED" in capfd.readouterr().out
    assert command(bundle_command, "--countersign", str(out), "--key", str(places[1]), "--now", "2026-06-01") == 0
    assert command(verify_command, str(out), "--root-sha256", sha256_bytes(roots())) == 0
    text = capfd.readouterr().out
    assert text.startswith("VERIFIED, but the time of sealing is not proven: r.zip")
    assert "could not be checked" in text
    (world.lab.root / "x").write_text("x")
    assert git(world.lab.root, "status", "--porcelain")
    (world.lab.root / "x").unlink()
