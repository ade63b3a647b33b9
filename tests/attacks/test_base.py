"""A change is judged by the revision that it is to be merged into: it cannot bring its own judge."""

from __future__ import annotations

from typing import Any

import pytest
from lab_case import DAY, LabCase, lab_policy
from trust_lab import KEYS, ed25519, roots, seal_lab_policy

from casework.artifact.digest import sha256_bytes
from casework.attest.act import seal_act
from casework.attest.seal import seal_policy
from casework.attest.verify import sealed_name
from casework.cli.main import main
from casework.model.act import ActRecord
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.workflow.judging.checking import check
from casework.workflow.judging.trusting import Pins

CHALLENGE = """\
- type: goal
  id: CG-1
  statement: The test images are all from one town.
  challenges: [G-1]
  undeveloped: true
"""
RETIRES = """\
- type: review
  id: RV-1
  of: [G-1]
  by: vera
  role: verifier
  on: 2026-06-01
  remarks: The images of the second town are in now.
  retires: [CG-1]
"""
WAIVER = """\
- type: waiver
  id: WV-1
  of: DAT-009
  node: DS-V
  by: vera
  role: verifier
  on: 2026-06-01
  reason: The licence is asked for.
  expires: 2026-12-31
"""


def errors(lab: LabCase, base: str = "main~0", **how: Any) -> list[str]:
    decision = check(lab.root, DAY, cached=False, base=base, **how)
    assert (decision.word == "blocked") is any(f.severity == "error" for f in decision.findings)
    return sorted({f.code for f in decision.findings if f.severity == "error"})


def codes(lab: LabCase, base: str) -> set[str]:
    return {f.code for f in check(lab.root, DAY, cached=False, base=base).findings}


def test_control_an_unchanged_case_passes_by_its_own_base(lab: LabCase) -> None:
    assert errors(lab) == []


def test_a_change_cannot_bring_its_own_root_key(lab: LabCase) -> None:
    mine = ed25519("mine")
    value = lab_policy(version=99)
    value["keys"]["root-a"]["public_key_pem"] = mine.public.pem.decode()
    value["root"] = {"threshold": 1, "keys": ["root-a"]}
    (lab.root / "evidence/trust/policy.dsse.json").write_bytes(seal_policy(TrustPolicy.model_validate(value), [mine]))
    (lab.root / "evidence/trust/root.pub").write_bytes(mine.public.pem)
    config = (lab.root / "casework.yaml").read_text().replace(sha256_bytes(roots()), sha256_bytes(mine.public.pem))
    (lab.root / "casework.yaml").write_text(config)
    assert check(lab.root, DAY, cached=False).word == "pass"  # nothing in the change itself tells
    assert "POL-002" in errors(lab)
    assert "GTE-013" in codes(lab, "HEAD")


def test_attack_70_an_older_policy_is_a_rollback(lab: LabCase) -> None:
    lab.policy(version=2)
    assert "POL-001" in errors(lab)


def test_another_policy_of_the_same_version_is_refused_although_the_root_has_signed_it(lab: LabCase) -> None:
    lab.policy(name="other")
    assert "POL-001" in errors(lab)


def test_control_the_next_version_is_accepted_with_the_one_before_it(lab: LabCase) -> None:
    before = (lab.root / "evidence/trust/policy.dsse.json").read_bytes()
    (lab.root / "evidence/trust/policies").mkdir()
    (lab.root / "evidence/trust/policies/3.dsse.json").write_bytes(before)
    lab.policy(version=4)
    assert errors(lab) == []


def test_a_newer_policy_must_continue_the_one_of_the_base(lab: LabCase) -> None:
    lab.policy(version=4)
    assert "POL-008" in errors(lab)


def test_a_waiver_of_the_change_waives_nothing(lab: LabCase) -> None:
    text = lab.nodes.read_text()
    lab.nodes.write_text(text.replace("  licence: Apache-2.0\n", "", 2))
    lab.add(WAIVER + WAIVER.replace("WV-1", "WV-2").replace("DS-V", "DS-T"))
    assert "DAT-009" not in {f.code for f in check(lab.root, DAY, cached=False).findings}
    assert "DAT-009" in errors(lab)
    assert "GTE-014" in codes(lab, "HEAD")


def test_control_a_waiver_that_the_base_has_counts(lab: LabCase) -> None:
    text = lab.nodes.read_text()
    lab.nodes.write_text(text.replace("  licence: Apache-2.0\n", "", 2))
    lab.add(WAIVER + WAIVER.replace("WV-1", "WV-2").replace("DS-V", "DS-T"))
    lab.commit()
    assert errors(lab, "HEAD") == []


def test_a_waiver_whose_term_is_extended_by_the_change_waives_nothing(lab: LabCase) -> None:
    lab.nodes.write_text(lab.nodes.read_text().replace("  licence: Apache-2.0\n", "", 2))
    lab.add(WAIVER + WAIVER.replace("WV-1", "WV-2").replace("DS-V", "DS-T"))
    lab.commit()
    lab.add((WAIVER + WAIVER.replace("WV-1", "WV-2").replace("DS-V", "DS-T")).replace("2026-12-31", "2036-12-31"))
    assert "DAT-009" in errors(lab, "HEAD")


def test_a_severity_that_the_change_lowers_judges_from_the_merge_on(lab: LabCase) -> None:
    lab.nodes.write_text(lab.nodes.read_text().replace("  licence: Apache-2.0\n", "", 2))
    config = lab.root / "casework.yaml"
    config.write_text(config.read_text() + "severity: {warning: [DAT-009]}\n")
    assert check(lab.root, DAY, cached=False).word == "pass"
    assert "DAT-009" in errors(lab)
    assert "GTE-013" in codes(lab, "HEAD")


def test_a_deleted_challenge_is_missed(lab: LabCase) -> None:
    lab.add(CHALLENGE)
    base = lab.commit()
    (lab.root / "requirements/more.yaml").unlink()
    assert check(lab.root, DAY, cached=False).word == "pass"
    assert errors(lab, base) == ["GTE-011"]


def sealed_review(lab: LabCase) -> None:
    case = lab.assessed().assessment.case
    record = ActRecord(
        kind="review", node="RV-1", fingerprint=case.fingerprint("RV-1"), by="vera", role="verifier", retires=("CG-1",),
        signed="2026-06-01T08:00:00Z",
    )  # fmt: skip
    data = seal_act(record, [KEYS["verifier"]])
    (lab.root / "evidence/acts").mkdir(exist_ok=True)
    (lab.root / "evidence/acts" / sealed_name(data)).write_bytes(data)


def test_a_deleted_challenge_is_retired_by_a_sealed_review_and_by_no_other(lab: LabCase) -> None:
    lab.add(CHALLENGE)
    base = lab.commit()
    lab.add(RETIRES)
    assert "GTE-011" in errors(lab, base)
    sealed_review(lab)
    assert "GTE-011" not in errors(lab, base)


def test_a_deleted_record_is_missed(lab: LabCase) -> None:
    base = lab.commit() if lab.add("") else "HEAD"
    lab.unseal("EV-2")
    assert "GTE-008" in errors(lab, base)


def test_root_keys_and_floor_can_be_pinned_by_arguments(lab: LabCase) -> None:
    assert errors(lab, pins=Pins(root=roots(), root_sha256=sha256_bytes(roots()))) == []
    assert "POL-002" in errors(lab, pins=Pins(root=ed25519("mine").public.pem, root_sha256=""))
    assert check(lab.root, DAY, cached=False, pins=Pins(floor=4)).word == "blocked"
    assert check(lab.root, DAY, cached=False, pins=Pins(root_sha256="0" * 64)).word == "blocked"


def test_a_base_that_git_does_not_know_is_a_wrong_call(lab: LabCase) -> None:
    with pytest.raises(CallProblem, match="names no commit"):
        check(lab.root, DAY, base="--output=x")


def test_the_command_takes_base_and_pins(lab: LabCase, capsys: pytest.CaptureFixture[str]) -> None:
    (lab.root / "root.pem").write_bytes(roots())
    arguments = ["check", "--now", DAY.isoformat(), "--no-cache", "--base", "HEAD"]
    assert main([*arguments, "--root-key", "root.pem", "--root-sha256", sha256_bytes(roots())]) == 0
    assert main([*arguments, "--policy-floor", "9"]) == 1
    assert "POL-001" in capsys.readouterr().out
    assert main([*arguments, "--root-key", "nowhere.pem"]) == 2
    with pytest.raises(SystemExit):
        main([*arguments, "--root-sha256", "abc"])
    with pytest.raises(SystemExit):
        main([*arguments, "--policy-floor", "-1"])


def test_the_answer_by_a_base_is_not_remembered_for_a_plain_check(lab: LabCase) -> None:
    (lab.root / "evidence/trust/policy.dsse.json").write_bytes(seal_lab_policy(lab_policy(version=2)))
    assert "POL-001" in errors(lab)
    assert check(lab.root, DAY).word == "pass"
    assert "POL-001" in errors(lab)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("  max_age_days: 365\n", "  max_age_days: 3650\n", "max_age_days"),
        ("  max_age_days: 365\n", "", "max_age_days"),
        ("  signed_by: [verifier]\n", "", "signed_by"),
    ],
)
def test_a_plan_that_asks_for_less_is_told(lab: LabCase, old: str, new: str, field: str) -> None:
    lab.edit(old, new)
    found = [f for f in check(lab.root, DAY, cached=False, base="HEAD").findings if f.code == "GTE-015"]
    assert [(f.node, f.field) for f in found] == [("EV-1", (field,))]


def test_control_a_plan_that_asks_for_more_is_not(lab: LabCase) -> None:
    lab.edit("  max_age_days: 365\n", "  max_age_days: 100\n")
    assert "GTE-015" not in codes(lab, "HEAD")


def test_a_plan_of_evidence_that_is_gone_is_missed(lab: LabCase) -> None:
    text = lab.nodes.read_text()
    start = text.index("- type: evidence\n  id: EV-2")
    lab.nodes.write_text(text[:start] + text[text.index("- type:", start + 8) :])
    assert "GTE-011" in errors(lab)


def test_a_change_is_judged_by_the_stricter_of_both_plans(lab: LabCase) -> None:
    lab.edit("  max_age_days: 365\n", "  max_age_days: 5\n")
    base = lab.commit()
    lab.edit("  max_age_days: 5\n", "  max_age_days: 3650\n")
    assert check(lab.root, DAY, cached=False).word == "pass"
    assert "EVD-003" in errors(lab, base)


def test_a_role_that_the_base_asks_for_must_have_signed(lab: LabCase) -> None:
    lab.edit("  signed_by: [verifier]\n", "  signed_by: [verifier, developer]\n")
    base = lab.commit()
    lab.edit("  signed_by: [verifier, developer]\n", "  signed_by: [verifier]\n")
    assert check(lab.root, DAY, cached=False).word == "pass"
    assert errors(lab, base)
