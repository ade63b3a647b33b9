"""Attacks on the evidence log of a real case, through `check` and `casework log`, with their numbers in the threat list."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lab_case import DAY, LabCase, git, lab_policy
from trust_lab import KEYS, STRANGER

from casework.attest.act import seal_act
from casework.attest.log.note import Checkpoint, read_checkpoint
from casework.attest.seal import seal
from casework.cli import log_command
from casework.model.act import ActRecord
from casework.model.problem import CallProblem
from casework.workflow.evidence.run import statement_of
from casework.workflow.judging.checking import check
from doubles.loglab import LOG_KEY, ORIGIN, WITNESSES, digest, key, pem, signed, written
from doubles.tsa import Tsa

AT = datetime(2026, 5, 25, 12, tzinfo=UTC)
TSA = Tsa("log lab", clock=lambda: AT)


def log_pins(**changes: Any) -> dict[str, Any]:
    return {
        "origin": ORIGIN,
        "key": LOG_KEY.public.pem.decode(),
        "witnesses": {name: one.public.pem.decode() for name, one in WITNESSES.items()},
    } | changes


def casework_log(*words: str) -> int:
    parser = argparse.ArgumentParser()
    log_command.configure(parser)
    return log_command.run(parser.parse_args([*words, "--now", DAY.isoformat()]))


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.fixture
def logged(lab: LabCase, tmp_path: Path) -> LabCase:
    """Return the honest case with a log under its policy."""
    for name in ("log", "w1", "w2", "attacker"):
        (tmp_path / f"{name}.pem").write_bytes(pem(name))
        (tmp_path / f"{name}.pem").chmod(0o600)
    lab.policy(log=log_pins(), tsa={"lab": TSA.pem})
    assert casework_log("update", "--start", "--key", str(tmp_path / "log.pem")) == 0
    lab.commit("begin the log")
    assert lab.errors() == set()
    return lab


def the_log(lab: LabCase) -> tuple[Path, Path]:
    return lab.root / "evidence/log/entries", lab.root / "evidence/log/checkpoint"


def lines_of(lab: LabCase) -> list[bytes]:
    return the_log(lab)[0].read_bytes().splitlines()


def rewrite(lab: LabCase, lines: list[bytes]) -> None:
    """Write the log anew with the real key."""
    entries, checkpoint = the_log(lab)
    entries.write_bytes(written(lines))
    checkpoint.write_bytes(signed(lines))


def test_the_log_holds_records_nodes_and_the_policy(logged: LabCase) -> None:
    text = the_log(logged)[0].read_text()
    assert text.count("record ") == 2
    assert f"policy {lab_policy()['version']} " in text
    assert "node hazardous_event " in text
    assert "node requirement " in text
    assert "node odd" not in text


def test_attack_076_other_log(logged: LabCase) -> None:
    lines = lines_of(logged)
    the_log(logged)[1].write_bytes(signed(lines, origin="example.org/other"))
    assert "LOG-001" in logged.errors()


def test_attack_076_the_log_removed(logged: LabCase) -> None:
    for path in the_log(logged):
        path.unlink()
    assert "LOG-001" in logged.errors()


def test_attack_077_wrong_key(logged: LabCase) -> None:
    the_log(logged)[1].write_bytes(signed(lines_of(logged), by=key("attacker")))
    assert logged.errors() == {"LOG-002"}


def test_attack_078_entry_edited(logged: LabCase) -> None:
    entries = the_log(logged)[0]
    text = entries.read_text()
    entries.write_text(text.replace("EV-1", "EV-9"))
    assert "LOG-003" in logged.errors()


def test_attack_079_truncated(logged: LabCase) -> None:
    the_log(logged)[0].write_bytes(written(lines_of(logged)[:-1]))
    assert "LOG-004" in logged.errors()


def test_attack_080_history_rewritten_with_the_real_key(logged: LabCase, tmp_path: Path) -> None:
    seen = tmp_path / "seen.checkpoint"
    seen.write_bytes(the_log(logged)[1].read_bytes())
    gone = logged.sealed("EV-1")[0]
    lines = [line for line in lines_of(logged) if gone.name[:64].encode() not in line]
    gone.unlink()
    rewrite(logged, [*lines, f"release {digest('filler')}".encode()])
    assert not {one for one in logged.errors() if one.startswith("LOG-")}  # within the tree alone, nothing is amiss
    assert casework_log("verify") == 0
    assert casework_log("verify", "--checkpoint", str(seen)) == 1
    assert casework_log("verify", "--base", "HEAD") == 1


def test_attack_080_is_found_and_told(logged: LabCase, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(logged, [f"release {digest('first')}".encode(), *lines_of(logged)])
    printed(capsys)
    assert casework_log("verify", "--base", "HEAD", "-f", "json") == 1
    assert {one["code"] for one in json.loads(printed(capsys))["findings"]} == {"LOG-005"}


def test_attack_081_unlogged_evidence(logged: LabCase) -> None:
    logged.seal("EV-1", started="2026-05-21T10:00:00Z")
    assert logged.errors() == {"LOG-006"}


def test_attack_081_unlogged_node(logged: LabCase) -> None:
    text = logged.nodes.read_text()
    block = text[text.index("- type: hazardous_event") : text.index("- type: safety_goal")]
    logged.add(block.replace("id: ", "id: NEW-"))
    found = [one for one in logged.check().findings if one.code == "LOG-006"]
    assert [one.node[:4] for one in found] == ["NEW-"]


def test_attack_082_failed_evidence_deleted(logged: LabCase, tmp_path: Path) -> None:
    failed = logged.seal("EV-1", started="2026-05-21T10:00:00Z", status="error", metrics=[])
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    assert not any(one.startswith("LOG-") for one in logged.errors())
    failed.unlink()
    assert logged.errors() == {"LOG-007"}


def test_a_hazard_removed_with_all_that_names_it(logged: LabCase) -> None:
    text = logged.nodes.read_text()
    block = text[text.index("- type: hazardous_event") : text.index("- type: safety_goal")]
    logged.nodes.write_text(text.replace(block, ""))
    assert "LOG-008" in logged.errors()


def add_unneeded(lab: LabCase, log_key: str) -> None:
    """Add a threat that nothing needs, and log it."""
    lab.add("- type: threat\n  id: TH-1\n  statement: Somebody covers the sign.\n", "requirements/threat.yaml")
    assert casework_log("update", "--key", log_key) == 0
    assert "node threat TH-1" in the_log(lab)[0].read_text()


REVIEW = """- type: review
  id: RV-1
  of: [{of}]
  by: vera
  on: 2026-05-30
  remarks: The threat is no longer one.
  retires: [TH-1]
"""


def retire(lab: LabCase, *, sealed: bool) -> None:
    (lab.root / "requirements/threat.yaml").unlink()
    of = next(iter(lab.assessed().assessment.case.keys("hazardous_event")))
    lab.add(REVIEW.format(of=of), "requirements/review.yaml")
    if not sealed:
        return
    case = lab.assessed().assessment.case
    record = ActRecord(
        kind="review", node="RV-1", fingerprint=case.fingerprint("RV-1"), by="vera", retires=("TH-1",),
        signed="2026-05-30T10:00:00Z",
    )  # fmt: skip
    data = seal_act(record, [KEYS["verifier"]])
    (lab.root / "evidence/acts").mkdir(exist_ok=True)
    from casework.attest.opening import sealed_name

    (lab.root / "evidence/acts" / sealed_name(data)).write_bytes(data)


def test_an_unsealed_review_does_not_retire_a_logged_node(logged: LabCase, tmp_path: Path) -> None:
    add_unneeded(logged, str(tmp_path / "log.pem"))
    retire(logged, sealed=False)
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    assert "LOG-008" in logged.errors()


def test_a_sealed_review_retires_a_node_and_the_log_remembers(logged: LabCase, tmp_path: Path) -> None:
    add_unneeded(logged, str(tmp_path / "log.pem"))
    retire(logged, sealed=True)
    assert "LOG-006" in logged.errors()
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    last = the_log(logged)[0].read_text().splitlines()[-1]
    assert last.startswith("retired TH-1 ")
    assert not {one for one in logged.errors() if one.startswith(("LOG-", "ACT-"))}
    act = next((logged.root / "evidence/acts").iterdir())
    act.unlink()  # the seal is gone: the removal is no longer confirmed, and the seal itself is missed
    assert {"LOG-007", "LOG-008"} <= logged.errors()


def test_a_seal_of_another_review_retires_nothing(logged: LabCase, tmp_path: Path) -> None:
    add_unneeded(logged, str(tmp_path / "log.pem"))
    retire(logged, sealed=True)
    review = logged.root / "requirements/review.yaml"
    review.write_text(review.read_text().replace("no longer one", "still one"))  # edited after it was sealed
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    assert "retired TH-1" not in the_log(logged)[0].read_text()
    assert {"LOG-008", "ACT-002"} <= logged.errors()


def test_a_remembered_answer_ends_when_the_log_changes(logged: LabCase) -> None:
    assert check(logged.root, DAY).word == logged.check().word
    check(logged.root, DAY)
    the_log(logged)[0].write_bytes(written(lines_of(logged)[:-1]))
    assert "LOG-004" in {one.code for one in check(logged.root, DAY).findings}


# Commands


def test_update_is_repeatable_and_dry_run_writes_nothing(
    logged: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [path.read_bytes() for path in the_log(logged)]
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    assert "nothing to append" in printed(capsys)
    logged.seal("EV-1", started="2026-05-21T10:00:00Z")
    assert casework_log("update", "--key", str(tmp_path / "log.pem"), "--dry-run", "-f", "json") == 0
    told = json.loads(printed(capsys))
    assert (len(told["added"]), told["written"]) == (3, False)  # the record and its two signatures
    assert [path.read_bytes() for path in the_log(logged)] == before


def test_update_leaves_out_what_no_known_key_vouches_for(
    logged: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk = logged.root / "evidence/EV-1" / f"{'0' * 64}.dsse.json"
    junk.write_bytes(b"{}")
    value = statement_of(logged.record("EV-1", started="2026-05-21T10:00:00Z"))
    foreign = logged.put("EV-1", seal(value, [STRANGER]))
    assert casework_log("update", "--key", str(tmp_path / "log.pem")) == 0
    out = printed(capsys)
    assert "nothing to append" in out
    assert foreign.name in out
    assert f"evidence/EV-1/{'0' * 64}.dsse.json" in out


def test_wrong_calls_are_told(logged: LabCase, tmp_path: Path) -> None:
    for words in (
        ("update", "--key", str(tmp_path / "attacker.pem")),
        ("update", "--key", str(tmp_path / "none.pem")),
        ("update",),
        ("update", "--start", "--key", str(tmp_path / "log.pem")),
        ("update", "--base", "nowhere", "--key", str(tmp_path / "log.pem")),
        ("verify", "--checkpoint", "none"),
        ("verify", "--base=--output=x"),
        ("verify", "--base", "HEAD~1"),
        ("consistency",),
        ("consistency", "a"),
        ("consistency", "--size", "3", "2"),
        ("stamp",),
        ("cosign", "w1", "--key", str(tmp_path / "w1.pem")),
        ("cosign", "w9", "--first", "--key", str(tmp_path / "w1.pem")),
        ("cosign", "w2", "--first", "--key", str(tmp_path / "w1.pem")),
    ):
        with pytest.raises(CallProblem):
            casework_log(*words)


def test_without_a_log_in_the_policy_there_is_none_to_keep(lab: LabCase) -> None:
    with pytest.raises(CallProblem, match="has no `log`"):
        casework_log("verify")


def test_consistency_is_proven_between_any_two_states(
    logged: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old"
    old.write_bytes(the_log(logged)[1].read_bytes())
    size = len(lines_of(logged))
    logged.seal("EV-1", started="2026-05-21T10:00:00Z")
    casework_log("update", "--key", str(tmp_path / "log.pem"))
    printed(capsys)
    assert casework_log("consistency", str(old), str(the_log(logged)[1])) == 0
    assert "consistent: " in printed(capsys)
    assert casework_log("consistency", "--size", "1", str(size), "-f", "json") == 0
    found = json.loads(printed(capsys))
    assert (found["first"], found["second"], found["holds"]) == (1, size, True)
    assert found["proof"]
    assert casework_log("consistency", "--size", "1", str(size + 9)) == 1
    assert "NOT PROVEN" in printed(capsys)
    forged = tmp_path / "forged"
    forged.write_bytes(signed([b"x"] * 3))
    assert casework_log("consistency", str(forged), str(the_log(logged)[1])) == 1
    assert "NOT CONSISTENT" in printed(capsys)


def test_two_branches_that_both_appended_are_joined_by_base(logged: LabCase, tmp_path: Path) -> None:
    log_key = str(tmp_path / "log.pem")
    git(logged.root, "checkout", "-q", "-b", "feature")
    feature = logged.seal("EV-1", started="2026-05-21T10:00:00Z")
    casework_log("update", "--key", log_key)
    logged.commit("on the branch")
    git(logged.root, "checkout", "-q", "main")
    logged.seal("EV-1", started="2026-05-22T10:00:00Z")
    casework_log("update", "--key", log_key)
    logged.commit("on main")
    on_main = lines_of(logged)
    git(logged.root, "checkout", "-q", "feature")
    git(logged.root, "checkout", "main", "--", "evidence/EV-1")
    assert "LOG-006" in logged.errors()
    assert casework_log("verify", "--base", "main") == 1
    assert casework_log("update", "--key", log_key, "--base", "main") == 0
    assert lines_of(logged)[: len(on_main)] == on_main
    assert feature.name[:64].encode() in lines_of(logged)[-1]
    assert casework_log("verify", "--base", "main") == 0
    assert logged.errors() == set()


def test_a_witness_signs_only_what_continues_what_it_saw(
    logged: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_key, w1 = str(tmp_path / "log.pem"), str(tmp_path / "w1.pem")
    logged.policy(version=4, log=log_pins(witness_threshold=1), tsa={"lab": TSA.pem})
    assert casework_log("update", "--key", log_key) == 0
    assert logged.errors() == {"LOG-002"}
    assert casework_log("cosign", "w1", "--key", w1, "--first") == 0
    assert logged.errors() == set()
    mine = tmp_path / "mine"
    mine.write_bytes(the_log(logged)[1].read_bytes())
    rewrite(logged, lines_of(logged)[1:])
    with pytest.raises(CallProblem, match="LOG-004"):
        casework_log("cosign", "w1", "--key", w1, "--checkpoint", str(mine))
    rewrite(logged, [*lines_of(logged), f"release {digest('x')}".encode(), f"release {digest('y')}".encode()])
    with pytest.raises(CallProblem, match="LOG-005"):
        casework_log("cosign", "w1", "--key", w1, "--checkpoint", str(mine))
    assert "has cosigned" in printed(capsys)


def test_a_stamp_dates_the_entries_and_is_renewed(
    logged: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = len(lines_of(logged))
    with TSA.serving() as server:
        assert casework_log("stamp", "--tsa", server.url) == 0
        assert casework_log("stamp", "--tsa", server.url) == 0  # nothing more to stamp
        assert len(server.queries) == 1
    assert (logged.root / f"evidence/log/stamps/{size}.json").is_file()
    printed(capsys)
    assert casework_log("show", "--kind", "record", "-f", "json") == 0
    rows = json.loads(printed(capsys))
    assert [row["proven_by"] for row in rows] == ["2026-05-25T12:00:00Z"] * 2
    assert casework_log("show") == 0
    assert f"{size} of {size} entries" in printed(capsys)
    with TSA.serving() as server:
        assert casework_log("stamp", "--renew", "--tsa", server.url) == 0
        assert len(server.queries) == 0
        assert casework_log("stamp", "--renew", "--within-days", "9999", "--tsa", server.url) == 0
        assert len(server.queries) == 1
    held = json.loads((logged.root / f"evidence/log/stamps/{size}.json").read_text())
    assert len(held["tokens"]) == 2
    printed(capsys)
    assert casework_log("verify", "-f", "json") == 0
    told = json.loads(printed(capsys))
    assert told["stamps"] == [{"size": size, "at": "2026-05-25T12:00:00Z"}]
    assert told["findings"] == []
    assert logged.errors() == set()


def test_a_borrowed_or_broken_stamp_is_found(logged: LabCase) -> None:
    with TSA.serving() as server:
        casework_log("stamp", "--tsa", server.url)
    stamp = next((logged.root / "evidence/log/stamps").iterdir())
    good = stamp.read_bytes()
    stamp.write_bytes(good[:-3] + b"x" + good[-2:])
    assert "LOG-009" in logged.errors()
    stamp.write_bytes(good)
    assert logged.errors() == set()
    stamp.rename(stamp.with_name("1.json"))
    assert "LOG-009" in logged.errors()


def test_the_log_proves_when_a_record_was_there(logged: LabCase) -> None:
    """A policy that wants proof of time takes it from the stamped log."""
    strict = {"require": {"ci": 1, "verifier": 1}, "timestamp": True}
    logged.policy(
        log=log_pins(), tsa={"lab": TSA.pem}, evidence_types={"validation": strict, "quantization": strict}
    )  # the version stays, so that only the time is at issue
    assert {"TIM-001", "POL-001"} <= logged.errors()
    with TSA.serving() as server:
        casework_log("stamp", "--tsa", server.url)
    assert logged.errors() == {"POL-001"}


def test_verify_prints_what_it_found(logged: LabCase, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys)
    assert casework_log("verify") == 0
    out = printed(capsys)
    assert ORIGIN in out
    assert "the log holds" in out
    state = read_checkpoint(the_log(logged)[1].read_bytes())
    assert isinstance(state, Checkpoint)
    assert state.root.hex() in out
    logged.sealed("EV-1")[0].unlink()
    assert casework_log("verify") == 1
    assert "LOG-007" in printed(capsys)


@pytest.mark.parametrize("name", ["entries", "checkpoint"])
@pytest.mark.parametrize("how", ["missing", "empty", "binary", "cut", "link", "folder"])
def test_any_harm_to_the_files_blocks(logged: LabCase, name: str, how: str) -> None:
    path = logged.root / "evidence/log" / name
    data = path.read_bytes()
    path.unlink()
    match how:
        case "empty":
            path.write_bytes(b"")
        case "binary":
            path.write_bytes(bytes(range(256)))
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "link":
            (logged.root / "elsewhere").write_bytes(data)
            path.symlink_to(logged.root / "elsewhere")
        case "folder":
            path.mkdir()
        case _:
            pass
    assert logged.check().word == "blocked"
    if how != "link":
        assert any(code.startswith("LOG-") for code in logged.errors())


def codes_of(lab: LabCase, severity: str, base: str | None = None) -> set[str]:
    found = check(lab.root, DAY, cached=False, base=base).findings
    return {f.code for f in found if f.severity == severity}


UPPER = "- {type: goal, id: G-0, statement: The system is acceptably safe., supported_by: [G-1]}\n"


def test_a_top_goal_that_comes_to_support_another_is_not_missed(logged: LabCase) -> None:
    assert b"node top_goal G-1" in lines_of(logged)
    logged.add(UPPER)
    assert codes_of(logged, "error") == set()
    assert "LOG-006" in codes_of(logged, "warning")  # the new top goal is not logged yet


def test_a_top_goal_that_is_gone_is_missed(logged: LabCase) -> None:
    text = logged.nodes.read_text()
    logged.nodes.write_text(text[: text.index("- type: goal")])
    assert "LOG-008" in codes_of(logged, "error")


def test_a_node_that_is_not_logged_warns_and_forbids_a_release(logged: LabCase) -> None:
    logged.add(UPPER)
    decision = check(logged.root, DAY, cached=False)
    assert decision.word == "pass"
    assert not decision.release
    assert any("LOG-006" in ground for ground in decision.grounds)


def test_a_record_of_a_change_warns_by_its_base_until_it_is_merged_and_blocks_without(logged: LabCase) -> None:
    base = git(logged.root, "rev-parse", "HEAD")
    logged.seal("EV-1", started="2026-05-25T10:00:00Z")
    assert codes_of(logged, "error") == {"LOG-006"}
    assert codes_of(logged, "error", base) == set()
    assert "LOG-006" in codes_of(logged, "warning", base)
    merged = logged.commit()
    assert codes_of(logged, "error", merged) == {"LOG-006"}  # whoever merged has to log it


def test_a_retirement_and_a_newer_policy_of_a_change_warn_by_its_base(logged: LabCase, tmp_path: Path) -> None:
    add_unneeded(logged, str(tmp_path / "log.pem"))
    base = logged.commit()
    retire(logged, sealed=True)
    assert "LOG-006" in codes_of(logged, "error")
    assert "LOG-006" not in codes_of(logged, "error", base)
    assert "LOG-006" in codes_of(logged, "warning", base)
    policy = logged.root / "evidence/trust/policy.dsse.json"
    (policy.parent / "policies").mkdir()
    (policy.parent / "policies/3.dsse.json").write_bytes(policy.read_bytes())
    logged.policy(log=log_pins(), tsa={"lab": TSA.pem}, version=4)
    assert not {one for one in codes_of(logged, "error", base) if one.startswith(("LOG-", "POL-"))}
    assert "LOG-006" in codes_of(logged, "error")
