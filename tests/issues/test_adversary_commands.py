"""Commands called with what they cannot use, or in a hostile repository: a clear word and exit code 2, nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casework.artifact.digest import sha256_bytes
from casework.cli.main import main
from doubles.first_trust import first_trust

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "evidence/trust/demo-keys"
KEY = str(DEMO / "demo-ci.pem")
MODEL = b"no model at all"
NODES = f"""
- type: model_card
  id: MC-1
  file: {{path: model/m.onnx, sha256: {sha256_bytes(MODEL)}}}
  version: "1"
  task: detection
  classes: [stop]
  inputs: [{{name: image, dtype: float32, shape: ["N", 3, 128, 128]}}]
  outputs: [{{name: heat, dtype: float32, shape: ["N", 1, 32, 32]}}]
  intended_use: To find signs.
- {{type: requirement, id: R-1, level: stakeholder, statement: The file shall be signed., rationale: Asked for.}}
- {{type: requirement, id: R-2, level: stakeholder, statement: The file shall be small., rationale: Asked for.}}
"""
PLAN = "- {type: evidence, id: EV-1, generator: dataset, subject: DS-1}\n"
DATASET = """
- type: dataset
  id: DS-1
  statement: Nothing yet.
  version: "1"
  manifest: {path: data/manifest.jsonl, sha256: %s}
  splits: [{name: test, purpose: verification, size: 1}]
  provenance: None.
  licence: Apache-2.0
"""
MANIFEST = (
    b'{"schema":"casework/dataset-manifest/v1","name":"d","task":"classification","classes":["a"],'
    b'"splits":{"test":{"purpose":"verification","stored":false}},"generator":{}}\n'
    b'{"file":"0.png","sha256":"' + b"0" * 64 + b'","split":"test","label":"a"}\n'
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "case"
    (here / "requirements").mkdir(parents=True)
    (here / "model").mkdir()
    (here / "data").mkdir()
    (here / "model/m.onnx").write_bytes(MODEL)
    (here / "data/manifest.jsonl").write_bytes(MANIFEST)
    shutil.copytree(ROOT / "evidence/trust", here / "evidence/trust", ignore=shutil.ignore_patterns("__pycache__"))
    first_trust(here / "evidence/trust")
    (here / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: []}\n")
    (here / "requirements/a.yaml").write_text(NODES + DATASET % sha256_bytes(MANIFEST) + PLAN)
    monkeypatch.chdir(here)
    return here


def git(root: Path, *command: str) -> str:
    made = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *command],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


@pytest.fixture
def repository(root: Path) -> Path:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


@pytest.fixture
def trap(tmp_path: Path) -> tuple[Path, Path]:
    """Return a command, and the file that it writes when somebody runs it."""
    sprung, command = tmp_path / "sprung", tmp_path / "command.sh"
    command.write_text(f"#!/bin/sh\necho run >> '{sprung}'\nexit 1\n")
    command.chmod(0o755)
    return command, sprung


@pytest.mark.parametrize("content", [None, b"", b"no model at all"], ids=["gone", "empty", "damaged"])
def test_a_run_on_an_unusable_model_says_so(
    root: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    plan = "- {type: evidence, id: EV-2, generator: validation, subject: MC-1, data: DS-1, verifies: [R-1]}\n"
    nodes = root / "requirements/a.yaml"
    nodes.write_text(nodes.read_text() + plan)
    if content is None:
        (root / "model/m.onnx").unlink()
    else:
        (root / "model/m.onnx").write_bytes(content)
    assert main(["run", "EV-2", "--key", KEY]) in {1, 2}
    assert "internal error" not in capsys.readouterr().err


def test_a_run_that_cannot_write_says_so(root: Path) -> None:
    (root / "evidence/EV-1").write_text("in the way")
    assert main(["run", "EV-1", "--key", KEY]) in {1, 2}


def test_a_run_writes_nothing_outside_the_case(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "evidence/EV-1").symlink_to(outside)
    main(["run", "EV-1", "--key", KEY])
    assert not list(outside.iterdir())


def test_a_run_with_a_key_that_may_not_sign_writes_nothing(root: Path) -> None:
    assert main(["run", "EV-1", "--key", str(DEMO / "demo-root.pem")]) in {1, 2}
    assert not list((root / "evidence").glob("EV-1/*"))


@pytest.mark.parametrize("workers", ["0", "-1"])
def test_a_run_with_no_worker_is_a_wrong_call(root: Path, workers: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "EV-1", "--key", KEY, "--workers", workers])
    assert stop.value.code == 2


@pytest.mark.parametrize("seed", ["-1", str(10**20)])
def test_try_with_an_impossible_seed_is_a_wrong_call(root: Path, seed: str) -> None:
    model = ROOT / "evidence/artifacts/roadside-sign/model/sign-detector-int8.onnx"
    data = ROOT / "evidence/artifacts/roadside-sign/data/development/manifest.jsonl"
    call = [
        "try",
        "validation",
        str(model),
        "--data",
        str(data),
        "--option",
        "resamples=20",
        "--option",
        "split=calibration",
    ]
    with pytest.raises(SystemExit) as stop:
        main([*call, "--seed", seed])
    assert stop.value.code == 2


_HOSTILE = r'rationale: "\u001b[31mred \r\n::error::x", derives_from: ["\u001b[31mred \r\n::error::x"]'


@pytest.mark.parametrize("command", [["show", "R-1"], ["diff", "HEAD"], ["fmt", "--check"]])
def test_no_command_prints_control_characters_of_a_node(
    repository: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    nodes = repository / "requirements/a.yaml"
    stranger = '- {type: requirement, id: "\\u001b[31mred \\r\\n::error::x"}\n'
    nodes.write_text(nodes.read_text().replace("rationale: Asked for.", _HOSTILE) + stranger)
    (repository / "requirements/b\x1b[31m.yaml").write_text("#  x\na:   1\n")
    capfd.readouterr()
    main(command)
    out, err = capfd.readouterr()
    assert "\x1b" not in out + err
    assert not any(line.startswith("::") for line in out.splitlines())


def test_a_partial_clone_runs_no_command_of_the_repository(repository: Path, trap: tuple[Path, Path]) -> None:
    command, sprung = trap
    settings = {
        "remote.origin.url": "ssh://nowhere.invalid/x", "remote.origin.promisor": "true", "extensions.partialClone": "origin",
        "core.repositoryformatversion": "1", "core.sshCommand": str(command),
    }  # fmt: skip
    for name, value in settings.items():
        git(repository, "config", name, value)
    blob = git(repository, "rev-parse", "HEAD:requirements/a.yaml")
    file = repository / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.unlink()
    code = main(["check", "--new-since", "HEAD"])
    assert not sprung.exists()
    assert code == 2


def test_a_report_runs_no_filter_of_the_repository(repository: Path, trap: tuple[Path, Path], tmp_path: Path) -> None:
    command, sprung = trap
    (repository / ".gitattributes").write_text("*.yaml filter=x\n")
    git(repository, "config", "filter.x.clean", str(command))
    os.utime(repository / "requirements/a.yaml", (5, 5))
    assert main(["report", "-f", "html", "-o", str(tmp_path / "report")]) == 0
    assert not sprung.exists()


@pytest.mark.parametrize("fault", ["damaged", "no git"])
def test_a_git_that_cannot_answer_is_no_bug_of_ours(repository: Path, fault: str) -> None:
    environment = dict(os.environ)
    if fault == "damaged":
        tree = git(repository, "rev-parse", "HEAD:requirements")
        file = repository / ".git/objects" / tree[:2] / tree[2:]
        file.chmod(0o644)
        file.write_bytes(b"x")
    else:
        environment["PATH"] = "/nonexistent"
    call = [sys.executable, "-m", "casework", "check", "--new-since", "HEAD"]
    assert subprocess.run(call, cwd=repository, env=environment, capture_output=True, check=False).returncode == 2


def test_nodes_that_vanish_without_a_trace_are_told_of_a_comparison(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = repository / "requirements/a.yaml"
    before = nodes.read_text()
    nodes.write_text("\n".join(line for line in before.splitlines() if "id: R-2" not in line) + "\n")
    main(["check", "--new-since", "HEAD", "-f", "json"])
    assert "R-2" in capsys.readouterr().out


def test_a_requirement_that_changes_once_more_is_new(root: Path) -> None:
    nodes = root / "requirements/a.yaml"
    nodes.write_text(
        "- {type: requirement, id: R-2, level: stakeholder, statement: The file shall be small., rationale: Asked for.}\n"
        f"- {{type: review, id: RV-1, of: [R-2], by: j.lindqvist, on: 2026-11-20, fingerprints: {{R-2: {'a' * 64}}}}}\n"
    )
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "changed since its review")
    assert main(["check", "--now", "2026-12-01"]) == 1, "precondition"
    nodes.write_text(nodes.read_text().replace("shall be small", "shall be large"))
    time.sleep(0.1)
    assert main(["check", "--now", "2026-12-01", "--new-since", "HEAD"]) == 1
