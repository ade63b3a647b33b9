"""Every command as a user calls it: exit codes, what goes where, and clear words for a wrong call."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from casework.cli.main import COMMANDS, build_parser, main

GOOD = "- type: requirement\n  id: REQ-1\n  level: stakeholder\n  statement: It shall work.\n  rationale: Asked for.\n  verified_by: [t/test_a.py::test_a]\n"


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "case"
    (root / "requirements").mkdir(parents=True)
    (root / "t").mkdir()
    (root / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: []}\n")
    (root / "requirements" / "a.yaml").write_text(GOOD)
    (root / "t" / "test_a.py").write_text("def test_a():\n    pass\n")
    monkeypatch.chdir(root)
    return root


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([name, "--help"])
        assert stop.value.code == 0
        out = capsys.readouterr().out
        assert "examples:" in out, name
    assert "exit codes" in build_parser().format_help()


def test_exit_codes(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--no-cache"]) == 0
    assert "PASS" in capsys.readouterr().out
    (case / "requirements" / "a.yaml").write_text(GOOD.replace("shall ", ""))
    assert main(["check", "--no-cache"]) == 1
    assert "BLOCKED" in capsys.readouterr().out
    assert main(["check", "--now", "soon"]) == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err
    assert main(["check", "--root", "/nowhere"]) == 2
    with pytest.raises(SystemExit) as stop:
        main(["check", "--format", "pdf"])
    assert stop.value.code == 2


def test_a_bug_of_ours_is_exit_3_without_a_traceback(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("casework.workflow.judging.checking.judged", broken)
    assert main(["check"]) == 3
    err = capsys.readouterr().err
    assert "planted" in err
    assert "Traceback" not in err


def test_an_interrupt_is_exit_130(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("casework.workflow.judging.checking.judged", interrupted)
    assert main(["check"]) == 130


def test_check_as_json_is_what_the_reference_documents(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "requirements" / "a.yaml").write_text(GOOD + "  derives_from: [GONE]\n")
    assert main(["check", "--no-cache", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["decision"] == "blocked"
    found = next(f for f in answer["findings"] if f["code"] == "TRC-001")
    assert {"code", "severity", "node", "field", "file", "line", "column", "message", "fix"} <= found.keys()
    assert (found["file"], found["line"], found["column"]) == ("requirements/a.yaml", 7, 18)


def test_output_goes_to_a_file_whole(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--no-cache", "--format", "sarif", "-o", "out/c.sarif"]) == 0
    assert json.loads((case / "out" / "c.sarif").read_text())["version"] == "2.1.0"
    assert capsys.readouterr().out == ""


def test_the_root_is_found_from_a_folder_inside(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case / "t")
    assert main(["check", "--no-cache"]) == 0


def test_new_writes_a_valid_node_with_an_id_of_its_own(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert (
            main(
                [
                    "new",
                    "requirement",
                    "--set",
                    "level=stakeholder",
                    "--set",
                    "statement=It shall: work.",
                    "--set",
                    "rationale=R.",
                ]
            )
            == 0
        )
    files = sorted((case / "requirements" / "requirement").iterdir())
    assert len(files) == 2
    assert (
        main(
            [
                "new",
                "requirement",
                "--id",
                "REQ-2",
                "--set",
                "level=ml",
                "--set",
                "statement=It shall.",
                "--file",
                "requirements/a.yaml",
            ]
        )
        == 0
    )
    text = (case / "requirements" / "a.yaml").read_text()
    assert text.startswith(GOOD)
    assert "id: REQ-2" in text


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (["new", "requirment"], "no node type"),
        (["new", "requirement", "--set", "level=mll", "--set", "statement=x"], "mll"),
        (["show", "REQ-9"], "did you mean REQ-1"),
        (["rule", "TRC-999"], "there is no rule"),
        (["review", "REQ-1", "--as", "x"], "REQ"),
        (["gsn"], "-o"),
        (["gsn", "-o", "out"], "no GSN element"),
        (["impact", "REQ-9"], "no node REQ-9"),
        (["diff", "HEAD"], "git repository"),
        (["init", "x", "--template", "nothing"], "no template"),
        (["run", "EV-9", "--key", "x"], "EV-9"),
        (["try", "nothing", "m.onnx"], "no generator"),
        (["gaps", "--format", "xlsx"], "-o"),
        (["schema"], "--folder"),
    ],
)
def test_a_wrong_call_is_exit_2_in_one_sentence(
    case: Path, call: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(call)
    caught = capsys.readouterr()
    if call[0] == "review":
        assert code == 0, caught.err
        return
    assert code == 2, caught
    assert word in caught.err
    assert "Traceback" not in caught.err


@pytest.mark.parametrize("name", ["faults.jsonl", "faults-2.jsonl", "outcomes.npy"])
def test_try_refuses_to_overwrite_what_was_kept_before_anything_runs(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("kept")
    call = ["try", "fault-injection", "no.onnx", "--data", "no.npy", "--keep", str(tmp_path)]
    assert main(call) == 2
    assert (
        f"{tmp_path} already holds {name}, which would be overwritten. Name another folder" in capsys.readouterr().err
    )
    assert (tmp_path / name).read_text() == "kept"
    assert main([*call[:-1], str(tmp_path / "new")]) == 2
    assert "already holds" not in capsys.readouterr().err


def test_fmt_is_stable_keeps_comments_and_changes_no_meaning(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = case / "requirements" / "a.yaml"
    path.write_text(
        "# head\n- id: REQ-1  # mine\n  type: requirement\n  level: stakeholder\n  tags: [b,   a]\n  statement: >-\n    It shall\n    work.\n"
    )
    assert main(["fmt", "--check"]) == 1
    assert main(["fmt"]) == 0
    once = path.read_text()
    assert "# head" in once
    assert "# mine" in once
    assert main(["fmt", "--check"]) == 0
    assert main(["fmt"]) == 0
    assert path.read_text() == once
    path.write_text("- a: [\n")
    assert main(["fmt"]) == 2
    assert path.read_text() == "- a: [\n"


def test_review_clears_and_a_change_makes_suspect(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: [requirement]}\n")
    main(["check", "--no-cache"])
    assert "TRC-015" in capsys.readouterr().out
    assert main(["review", "REQ-1", "--as", "j.lindqvist", "--now", "2026-11-22"]) == 0
    main(["check", "--no-cache"])
    assert "TRC-015" not in capsys.readouterr().out
    path = case / "requirements" / "a.yaml"
    path.write_text(
        path.read_text().replace("It shall work.", "It shall  work.").replace("  level", "  notes: n\n  level")
    )
    main(["check", "--no-cache"])
    assert "TRC-014" not in capsys.readouterr().out, "re-formatting and notes make nothing suspect"
    path.write_text(path.read_text().replace("shall", "shall always"))
    main(["check", "--no-cache"])
    assert "TRC-014" in capsys.readouterr().out


def test_the_owner_cannot_review(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "requirements" / "a.yaml").write_text(GOOD + "  owner: m.osei\n")
    assert main(["review", "REQ-1", "--as", "m.osei"]) == 2
    assert "independent" in capsys.readouterr().err


def test_init_lays_down_a_case_that_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "mine"]) == 0
    (tmp_path / "mine" / "casework.yaml").write_text("schema: casework/v1\nname: Changed\n")
    assert main(["init", "mine"]) == 2, "a case is not laid over another"
    assert "Changed" in (tmp_path / "mine" / "casework.yaml").read_text()
    assert (tmp_path / "mine" / "schemas" / "node.schema.json").is_file()
    assert main(["check", "--root", "mine", "--no-cache"]) in (0, 1)
    assert "FMT-" not in capsys.readouterr().out


def test_show_impact_gaps_rules_and_completion_answer(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for call in (["show", "REQ-1"], ["show", "REQ-1", "--format", "json"], ["impact", "REQ-1"], ["impact", "REQ-1", "--format", "json"],
                 ["gaps"], ["gaps", "--format", "csv"], ["gaps", "--format", "html"], ["gaps", "--format", "json"], ["rules"],
                 ["rules", "--format", "json"], ["rule", "dangling-link"], ["completion", "bash"], ["completion", "zsh"], ["schema", "node"]):  # fmt: skip
        assert main(call) == 0, call
        assert capsys.readouterr().out.strip(), call


def test_diff_names_fields_and_nodes(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*command: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *command], check=True, capture_output=True, cwd=case
        )

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    path = case / "requirements" / "a.yaml"
    path.write_text(GOOD.replace("shall work", "shall always work") + GOOD.replace("REQ-1", "REQ-2"))
    assert main(["diff", "HEAD"]) == 0
    out = capsys.readouterr().out
    assert "statement: It shall work. -> It shall always work." in out
    assert "REQ-2 (requirement)" in out
    assert main(["impact", "HEAD.."]) == 0
    assert "REQ-1" in capsys.readouterr().out
    path.write_text(GOOD.replace("  level", "  # only a comment\n  level"))
    main(["diff", "HEAD"])
    assert "changed: nothing" in capsys.readouterr().out
