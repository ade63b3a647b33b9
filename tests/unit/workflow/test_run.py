"""Producing evidence: only what is due, one new file a result, nothing lost by an interruption, nothing overwritten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from casework.artifact.digest import sha256_bytes
from casework.cli.main import main
from doubles.first_trust import first_trust

ROOT = Path(__file__).resolve().parents[3]
KEY = str(ROOT / "evidence/trust/demo-keys/demo-ci.pem")


def write_data(folder: Path, name: str, seed: int) -> str:
    """Write a dataset of four pictures; return the digest of its manifest."""
    rng = np.random.default_rng(seed)
    header = {
        "schema": "casework/dataset-manifest/v1", "name": name, "task": "classification", "classes": ["a", "b"],
        "splits": {"test": {"purpose": "verification", "stored": True}}, "generator": {},
    }  # fmt: skip
    lines = [header]
    (folder / "test").mkdir(parents=True, exist_ok=True)
    for i in range(4):
        path = folder / "test" / f"{i}.png"
        cv2.imwrite(str(path), rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        item = {
            "file": f"test/{i}.png",
            "sha256": sha256_bytes(path.read_bytes()),
            "split": "test",
            "width": 32,
            "height": 32,
            "label": "ab"[i % 2],
            "odd": {"light": "day", "weather": "clear"},
        }
        lines.append(item)
    text = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text)
    return sha256_bytes(text.encode())


def dataset(name: str, digest: str) -> str:
    return (
        f"- {{type: dataset, id: {name}, statement: Four pictures., version: '1', manifest: {{path: {name}/manifest.jsonl, sha256: {digest}}}, "
        "splits: [{name: test, purpose: verification, size: 4}], covers: [ODD-1], provenance: Random., licence: Apache-2.0}\n"
    )


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "case"
    shutil.copytree(ROOT / "evidence/trust", root / "evidence/trust")
    first_trust(root / "evidence/trust")
    (root / "requirements").mkdir()
    (root / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: []}\n")
    nodes = "- {type: odd, id: ODD-1, statement: By day., dimensions: [{name: light, values: [day]}, {name: weather, values: [clear]}]}\n"
    for name, seed in (("DS-A", 1), ("DS-B", 2)):
        nodes += dataset(name, write_data(root / name, name, seed))
        nodes += (
            f"- {{type: requirement, id: REQ-{name}, level: stakeholder, statement: The data shall be readable., rationale: Asked for., "
            "acceptance: [{metric: unreadable_files, op: '==', bound: 0, unit: count}]}\n"
            f"- {{type: evidence, id: EV-{name}, generator: dataset, subject: {name}, verifies: [REQ-{name}]}}\n"
        )
    (root / "requirements" / "a.yaml").write_text(nodes)
    monkeypatch.chdir(root)
    return root


def sealed(case: Path) -> dict[str, list[str]]:
    return {p.name: sorted(f.name for f in p.iterdir()) for p in sorted((case / "evidence").glob("EV-*"))}


def test_runs_what_is_due_and_nothing_twice(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--no-cache"]) == 1
    assert "EVD-001" in capsys.readouterr().out
    assert main(["run", "--list"]) == 0
    assert "EV-DS-A: missing" in capsys.readouterr().out
    assert main(["run", "--key", KEY]) == 0
    first = sealed(case)
    assert [len(v) for v in first.values()] == [1, 1]
    capsys.readouterr()
    assert main(["check", "--no-cache"]) == 0, capsys.readouterr().out
    assert main(["run", "--key", KEY]) == 0
    assert sealed(case) == first
    assert main(["run", "EV-DS-A", "--force", "--key", KEY]) == 0
    again = sealed(case)
    assert set(first["EV-DS-A"]) <= set(again["EV-DS-A"]), "a result is added, never replaced"
    assert first["EV-DS-B"] == again["EV-DS-B"]


def test_a_changed_input_makes_stale_and_a_run_makes_current(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "--key", KEY])
    path = case / "requirements" / "a.yaml"
    old = sha256_bytes((case / "DS-A/manifest.jsonl").read_bytes())
    path.write_text(path.read_text().replace(old, write_data(case / "DS-A", "DS-A", 7)))
    capsys.readouterr()
    assert main(["check", "--no-cache"]) == 1
    out = capsys.readouterr().out
    assert "EVD-003" in out
    assert "EV-DS-A" in out
    assert main(["run", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "EV-DS-A: stale" in listed
    assert "EV-DS-B" not in listed
    assert main(["run", "--key", KEY]) == 0
    assert main(["check", "--no-cache"]) == 0


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from casework.generators import dataset as generator

    whole = generator.GENERATOR.run
    calls: list[str] = []

    def second_is_interrupted(self: object, request: object, progress: object = None) -> object:
        calls.append("")
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(request, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(type(generator.GENERATOR), "run", second_is_interrupted)
    assert main(["run", "--key", KEY]) == 130
    assert [len(v) for v in sealed(case).values()] == [1]
    assert not list((case / "evidence").rglob(".new-*"))
    monkeypatch.undo()
    monkeypatch.chdir(case)
    capsys.readouterr()
    assert main(["run", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "EV-DS-B" in listed
    assert "EV-DS-A" not in listed
    assert main(["run", "--key", KEY]) == 0
    assert main(["check", "--no-cache"]) == 0


def test_a_run_without_a_usable_key_is_a_wrong_call_and_writes_nothing(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for call in (["run"], ["run", "--key", "nowhere.pem"], ["run", "--key", str(ROOT / "evidence/trust/root.pub")]):
        assert main(call) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert sealed(case) == {}


def test_a_key_that_the_policy_does_not_know_makes_no_evidence(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from casework.attest.keys import generate_private_pem

    key = tmp_path / "stranger.pem"
    key.write_bytes(generate_private_pem("ed25519"))
    assert main(["run", "--key", str(key)]) == 2
    assert "role ci" in capsys.readouterr().err
    assert sealed(case) == {}


def test_a_failing_figure_is_sealed_and_the_gate_says_so(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = case / "requirements" / "a.yaml"
    path.write_text(
        path.read_text().replace(
            "metric: unreadable_files, op: '==', bound: 0", "metric: items, op: '>=', bound: 10", 1
        )
    )
    main(["run", "--key", KEY])
    capsys.readouterr()
    assert main(["check", "--no-cache"]) == 1
    out = capsys.readouterr().out
    assert "EVD-002" in out
    assert "REQ-DS-A" in out
