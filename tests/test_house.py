"""The house: format, lint, types, import contracts, and how light the command line is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "pydantic",
    "networkx",
    "git",
    "numpy",
    "onnx",
    "onnxruntime",
    "sigstore",
    "cryptography",
    "yaml",
    "jinja2",
    "graphviz",
)


def tool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "--check", "src", "tests", "benchmarks"),
        ("ruff", "check", "src", "tests", "benchmarks", "evidence"),
        ("mypy",),
    ],
    ids=["format", "lint", "types"],
)
def test_tool_finds_nothing(command: tuple[str, ...]) -> None:
    done = tool(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def imported_by(*arguments: str) -> set[str]:
    code = f"import sys; from casework.cli.main import main\ntry:\n    main({list(arguments)!r})\nexcept SystemExit:\n    pass\nprint('|'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.strip().splitlines()[-1].split("|")}


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help").isdisjoint(HEAVY)


def test_check_never_imports_a_generator_nor_sigstore() -> None:
    assert imported_by("check", "--no-cache").isdisjoint(
        {"onnxruntime", "sigstore", "cv2", "scipy", "sklearn", "pycocotools", "git", "jinja2"}
    )


def test_no_assert_in_the_source() -> None:
    offenders = [
        p
        for p in (ROOT / "src").rglob("*.py")
        if any(line.lstrip().startswith("assert ") for line in p.read_text("utf-8").splitlines())
    ]
    assert offenders == []


def test_only_the_command_line_reads_the_clock() -> None:
    offenders = [
        p for p in (ROOT / "src").rglob("*.py")
        if "cli" not in p.parts and any(word in p.read_text("utf-8") for word in ("datetime.now(", "date.today(", "utcnow("))
    ]  # fmt: skip
    assert offenders == []


def test_no_module_is_a_box_for_anything() -> None:
    assert [
        p
        for p in (ROOT / "src").rglob("*.py")
        if p.stem in {"utils", "util", "core", "common", "helpers", "base", "misc"}
    ] == []
