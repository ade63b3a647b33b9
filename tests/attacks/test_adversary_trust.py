"""Holes in trust that a hostile reading has proven: each test says what ought to hold, and does not yet.

The controls beside them pass: they say that the scene is the one that is meant.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lab_case import DAY, LabCase, git, lab_policy
from sealed import GOOD
from test_base import CHALLENGE
from test_log import casework_log, log_pins
from test_release import LATER, Policy, World, make_case, members_of, newer, resealed, sealed_by, with_stamps
from trust_lab import KEYS, STRANGER, policy_value, roots, seal_lab_policy, trust

from casework.attest.act import seal_act
from casework.attest.dsse import Envelope, countersign, read_envelope
from casework.attest.trust.policy import Trust
from casework.attest.verify import sealed_name
from casework.model.act import ActRecord
from casework.model.decision import Decision
from casework.model.problem import CallProblem
from casework.store.history import Revision
from casework.workflow.judging.assess import assess
from casework.workflow.judging.checking import check, judged
from casework.workflow.judging.trusting import Pins
from casework.workflow.release.attesting import sealed_decision
from casework.workflow.release.hindsight import _bad, _Use
from doubles.loglab import pem
from doubles.tsa import Tsa

AT = datetime(2026, 5, 25, 12, tzinfo=UTC)
TSA = Tsa("adversary lab", clock=lambda: AT)
HAZARD = """\
- type: hazardous_event
  id: HE-2
  hazard: A yield sign is missed.
  situation: Crossing traffic.
  severity: {level: S3, rationale: Fatal.}
  exposure: {level: E4, rationale: Daily.}
  controllability: {level: C3, rationale: None.}
"""
MORE = """\
- type: evidence
  id: EV-3
  generator: validation
  subject: MC-1
  data: DS-V
  split: test
  verifies: [REQ-1]
  signed_by: [verifier]
"""
WAIVER = """\
- type: waiver
  id: WV-1
  of: DAT-009
  node: DS-V
  by: vera
  role: verifier
  on: 2026-05-30
  reason: The licence is asked for.
  expires: 2026-12-31
"""
LICENCE = "  provenance: Drawn by script.\n  licence: Apache-2.0\n"


def by_base(lab: LabCase, base: str = "HEAD") -> Decision:
    return check(lab.root, DAY, cached=False, base=base)


def found(decision: Decision) -> set[str]:
    return {f.code for f in decision.findings if f.severity == "error"}


# A stamped log dates payloads, and is believed about signatures


def logged_with_one_signature(lab: LabCase, folder: Path, **rule: Any) -> Path:
    """Have a record of EV-1 logged and stamped on 25 May that only CI has signed; return its file."""
    types = lab_policy()["evidence_types"]
    types["validation"] = types["validation"] | rule
    lab.policy(log=log_pins(), tsa={"lab": TSA.pem}, evidence_types=types)
    lab.unseal("EV-1")
    path = lab.seal("EV-1", "ci", started="2026-05-25T10:00:00Z")
    key = folder / "log.pem"
    key.write_bytes(pem("log"))
    key.chmod(0o600)
    assert casework_log("update", "--start", "--key", str(key)) == 0
    with TSA.serving() as server:
        assert casework_log("stamp", "--tsa", server.url) == 0
    assert found(lab.check()) == {"SIG-006"}
    return path


def test_a_key_that_is_revoked_cannot_countersign_what_was_logged_before(lab: LabCase, tmp_path: Path) -> None:
    path = logged_with_one_signature(lab, tmp_path)
    policy = lab.root / "evidence/trust/policy.dsse.json"
    (policy.parent / "policies").mkdir()
    (policy.parent / "policies/3.dsse.json").write_bytes(policy.read_bytes())
    value = lab_policy(log=log_pins(), tsa={"lab": TSA.pem}, version=4)
    value["keys"]["verifier-2"]["revoked_at"] = "2026-05-26"
    policy.write_bytes(seal_lab_policy(value))
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    path.write_bytes(countersign(path.read_bytes(), KEYS["verifier-2"]))  # on 1 June, by whoever holds the key now
    assert "SIG-007" in found(lab.check())


def test_a_signature_that_is_made_months_later_is_not_dated_by_the_log(lab: LabCase, tmp_path: Path) -> None:
    path = logged_with_one_signature(lab, tmp_path, timestamp=True, sign_within_hours=24)
    path.write_bytes(countersign(path.read_bytes(), KEYS["verifier-2"]))
    assert found(lab.check(date(2026, 9, 1))) & {"TIM-001", "TIM-005"}


def test_a_case_rolled_back_to_before_its_log_does_not_continue_a_checkpoint(lab: LabCase, tmp_path: Path) -> None:
    before = (lab.root / "evidence/trust/policy.dsse.json").read_bytes()
    logged_with_one_signature(lab, tmp_path)
    seen = (lab.root / "evidence/log/checkpoint").read_bytes()
    shutil.rmtree(lab.root / "evidence/log")
    lab.unseal("EV-1")
    lab.seal("EV-1")
    (lab.root / "evidence/trust/policy.dsse.json").write_bytes(before)
    assert found(check(lab.root, DAY, cached=False, pins=Pins(checkpoints=(seen,)))) & {"LOG-001", "POL-001"}


# What a change may lose


def test_control_the_hazard_and_the_challenge_are_missed(lab: LabCase) -> None:
    lab.add(HAZARD + CHALLENGE)
    base = lab.commit()
    lab.add("")
    assert found(by_base(lab, base)) == {"GTE-011"}


@pytest.mark.parametrize(("node", "key"), [(HAZARD, "HE-2"), (CHALLENGE, "CG-1")])
def test_a_hazard_or_a_challenge_does_not_vanish_by_becoming_a_context(lab: LabCase, node: str, key: str) -> None:
    lab.add(node)
    base = lab.commit()
    lab.add(f"- {{type: context, id: {key}, statement: Nothing of note.}}\n")
    assert "GTE-011" in found(by_base(lab, base))


def test_a_failed_run_is_not_forgotten_with_its_plan(lab: LabCase) -> None:
    lab.add(MORE)
    failed = [m.model_copy(update={"value": 0.5, "k": m.n // 2}) if m.k and m.n else m for m in GOOD["EV-1"]]
    lab.seal("EV-3", metrics=failed, started="2026-05-21T10:00:00Z")
    base = lab.commit()
    assert "EVD-002" in found(by_base(lab, base))
    (lab.root / "requirements/more.yaml").unlink()
    assert by_base(lab, base).word == "blocked"


def test_an_object_of_git_with_another_content_is_refused(lab: LabCase) -> None:
    lab.add(CHALLENGE)
    base = lab.commit()
    (lab.root / "requirements/more.yaml").unlink()
    blob = git(lab.root, "rev-parse", f"{base}:requirements/more.yaml")
    forged = b"#" * (len(CHALLENGE) - 1) + b"\n"
    place = lab.root / ".git/objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(zlib.compress(b"blob %d\0" % len(forged) + forged))
    try:
        decision = by_base(lab, base)
    except CallProblem:
        return
    assert decision.word == "blocked"


@pytest.mark.parametrize(
    ("was", "new"),
    [
        ("  max_age_days: 5\n", "  max_age_days: 3650\n"),
        ("  signed_by: [verifier, ci, developer]\n", "  signed_by: [verifier]\n"),
        ("  owner: viktor\n", "  owner: alice\n"),
    ],
    ids=["age", "signers", "owner"],
)
def test_a_change_that_demands_less_of_its_evidence_is_judged_by_the_base_or_told(
    lab: LabCase, was: str, new: str
) -> None:
    """None of these fields is bound by the record: how old it may be, who must have signed, whose the model is."""
    match was.split()[0]:
        case "max_age_days:":
            lab.edit("  max_age_days: 365\n", was)
        case "signed_by:":
            lab.edit("  signed_by: [verifier]\n", was)
        case _:
            lab.edit("  precision: int8\n", f"  precision: int8\n{was}")
    base = lab.commit()
    assert by_base(lab, base).word == "blocked"
    lab.edit(was, new)
    decision = by_base(lab, base)
    assert decision.word == "blocked" or decision.findings


def test_a_root_key_that_has_run_out_signs_no_newer_policy(lab: LabCase) -> None:
    value = lab_policy()
    value["keys"]["root-b"]["valid_to"] = "2026-03-01"
    lab.policy(keys=value["keys"])
    base = lab.commit()
    policy = lab.root / "evidence/trust/policy.dsse.json"
    (policy.parent / "policies").mkdir()
    (policy.parent / "policies/3.dsse.json").write_bytes(policy.read_bytes())
    value["version"] = 4
    value["evidence_types"]["validation"] = {"require": {"ci": 1}}
    policy.write_bytes(seal_lab_policy(value))
    assert found(by_base(lab, base)) & {"POL-002", "POL-008", "SIG-008"}


def test_another_file_of_root_keys_is_told(lab: LabCase) -> None:
    """Once merged it judges: with a key of the attacker's among three, one of two root holders can write the policy."""
    config = lab.root / "casework.yaml"
    config.write_text(re.sub(r"trust: .*", "trust: {}", config.read_text()))
    base = lab.commit("no pin")
    (lab.root / "evidence/trust/root.pub").write_bytes(roots() + STRANGER.public.pem)
    lab.commit("a third root")
    decision = by_base(lab, base)
    assert decision.word == "blocked" or any("root" in f.message for f in decision.findings)


# What is said of a commit, and what was judged


@pytest.mark.parametrize("ignored", [False, True])
def test_no_commit_is_attested_that_does_not_hold_what_was_judged(lab: LabCase, *, ignored: bool) -> None:
    git(lab.root, "rm", "-q", "-r", "--cached", "evidence/EV-1")
    if ignored:
        (lab.root / ".gitignore").write_text("/evidence/EV-1/\n")
        git(lab.root, "add", ".gitignore")
    git(lab.root, "commit", "-q", "-m", "no evidence")
    commit = git(lab.root, "rev-parse", "HEAD")
    assert assess(Revision.open(lab.root, commit), DAY).decision.word == "blocked"
    decision, assessed = judged(lab.root, DAY, cached=False)
    assert decision.word == "pass"
    assert assessed is not None
    with pytest.raises(CallProblem):
        sealed_decision(lab.root, assessed, [KEYS["verifier"]], "2026-06-01T08:00:00Z")


# What has become known since a release


def released(folder: Path, change: Policy | None = None, *, waived: bool = False, stamps: bool = True) -> World:
    lab = make_case(folder, change)
    if waived:
        text = lab.nodes.read_text()
        at = text.rindex(LICENCE)
        lab.nodes.write_text(text[:at] + text[at:].replace(LICENCE, LICENCE.partition("\n")[0] + "\n", 1))
        lab.add(WAIVER)
        case = lab.assessed().assessment.case
        record = ActRecord(
            kind="waiver", node="WV-1", fingerprint=case.fingerprint("WV-1"), by="vera", role="verifier",
            signed="2026-05-31T08:00:00Z",
        )  # fmt: skip
        data = seal_act(record, [KEYS["verifier"]])
        (lab.root / "evidence/acts").mkdir()
        (lab.root / "evidence/acts" / sealed_name(data)).write_bytes(data)
        for key in ("EV-1", "EV-2"):
            lab.unseal(key)
            lab.seal(key)
        lab.commit("a waiver")
    bundled = sealed_by(lab)
    return World(lab, bundled, with_stamps(bundled.data) if stamps else bundled.data, folder)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return tmp_path


def test_a_waiver_that_a_stolen_key_has_sealed_shows_in_hindsight(place: Path) -> None:
    def waivers(value: dict[str, Any]) -> None:
        value["acts"]["waiver"] = {"require": {"verifier": 1}}

    def stolen(value: dict[str, Any]) -> None:
        waivers(value)
        value["keys"]["verifier"]["compromised"] = True

    world = released(place, waivers, waived=True)
    assert world.verify().word == "verified"
    world.refused(world.data, "SIG-007", known=newer(stolen), now=LATER)


def test_an_undated_seal_by_a_key_that_was_revoked_since_counts_no_more(place: Path) -> None:
    def revoked(value: dict[str, Any]) -> None:
        value["keys"]["double-hat"]["revoked_at"] = "2026-07-01"

    world = released(place, stamps=False)
    world.refused(world.data, "SIG-007", known=newer(revoked), now=LATER)


def test_an_identity_that_was_taken_over_shows_in_hindsight_under_another_name() -> None:
    one = {
        "issuer": "https://accounts.example.org",
        "identity": "v@example.org",
        "person": "vera",
        "valid_from": "2026-01-01",
    }

    def opened(version: int, name: str, **changes: Any) -> Trust:
        value = policy_value(
            version=version, sigstore={"trusted_root_sha256": "a" * 64, "identities": {name: one | changes}}
        )
        value["roles"]["verifier"] = [*value["roles"]["verifier"], name]
        return trust(value)

    before, use = opened(3, "vera-mail"), [_Use("vera-mail", AT, "EV-1")]
    assert list(_bad(before, opened(4, "vera-mail", compromised=True), use))
    assert list(_bad(before, opened(4, "vera-old-mail", compromised=True), use))


# The remembered and the fresh answer


def test_a_remembered_record_is_opened_anew_under_another_name(lab: LabCase) -> None:
    time.sleep(0.1)  # stamps of files at rest are believed
    assert check(lab.root, DAY).word == "pass"
    path = lab.sealed("EV-1")[0]
    path.rename(path.with_name(path.name.replace(".dsse.json", ".00000000.sigstore.json")))
    cold = check(lab.root, DAY, cached=False)
    assert cold.word == "blocked"
    assert check(lab.root, DAY).word == cold.word


# Files elsewhere, and crashes


@pytest.mark.parametrize("how", ["setting", "link"])
def test_names_of_files_outside_the_case_are_not_told(lab: LabCase, tmp_path: Path, how: str) -> None:
    outside = tmp_path / "home"
    outside.mkdir()
    (outside / "customer-x.key").symlink_to("/dev/null")
    if how == "setting":
        config = lab.root / "casework.yaml"
        config.write_text(f"{config.read_text()}evidence: ../home\n")
    else:
        (lab.root / "evidence").rename(lab.root / "was")
        (lab.root / "evidence").symlink_to(outside)
    decision = by_base(lab)
    assert decision.word == "blocked"
    assert not [f.message for f in decision.findings if "customer-x" in f.message + f.file]


def test_a_waiver_of_the_first_day_of_all_is_judged(lab: LabCase) -> None:
    lab.add(WAIVER.replace("2026-05-30", "0001-01-01"))
    assert by_base(lab).word in ("pass", "blocked")


def test_a_dated_record_of_the_first_moment_of_all_is_judged(lab: LabCase) -> None:
    lab.policy(tsa={"lab": TSA.pem})
    path = lab.seal("EV-1", "developer", started="0001-01-01T00:00:00Z")  # any key of the policy will do
    envelope = read_envelope(path.read_bytes())
    assert isinstance(envelope, Envelope)
    tokens = tuple(TSA.token(one.sig, AT) for one in envelope.signatures)
    path.write_bytes(replace(envelope, timestamps=tokens).to_bytes())
    assert lab.check().word == "blocked"


def test_a_bundle_of_a_stranger_does_not_end_its_verification(place: Path) -> None:
    """It needs no key: the attacker writes the waiver into somebody's bundle and seals it with a key of his own."""
    world = released(place)
    late = WAIVER.replace("2026-05-30", "0001-01-01").encode()
    members = members_of(world.data) | {"case/requirements/more.yaml": late}
    world.refused(resealed(members, world.bundled.record, STRANGER), "SIG-004")


def test_a_release_of_evidence_that_may_be_of_any_age_is_sealed(place: Path) -> None:
    lab = make_case(place)
    lab.edit("max_age_days: 365", "max_age_days: 3650000")
    lab.commit()
    assert sealed_by(lab).record.release
