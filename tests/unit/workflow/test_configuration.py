"""`casework.yaml`: every misfit is one finding at its place, and the defaults judge on."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.model.project import Project
from casework.store.working_tree import WorkingTree
from casework.workflow.judging.configuration import read_project


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("schema: casework/v2\n", 1, 1, "schema"),
        ("schema: casework/v1\nnmae: X\n", 2, 1, "nmae"),
        ("schema: casework/v1\nversion: 1.10\n", 2, 1, "version"),
        ("schema: casework/v1\nroots: requirements\n", 2, 1, "roots"),
        ("schema: casework/v1\nroots: []\n", 2, 1, "roots"),
        ("schema: casework/v1\nreview:\n  independent: 1\n", 3, 3, "review.independent"),
        ("schema: casework/v1\nname: a\nname: b\n", 3, 1, "name"),
        ("schema: [\n", 2, 1, "not YAML"),
        ("- a\n", 1, 1, "not one mapping"),
    ],
)
def test_a_misfit_is_one_finding_at_its_place(tmp_path: Path, text: str, line: int, column: int, word: str) -> None:
    (tmp_path / "casework.yaml").write_text(text)
    project, findings = read_project(WorkingTree(tmp_path))
    assert project == Project()
    assert [(f.code, f.file, f.line, f.column) for f in findings] == [("FMT-014", "casework.yaml", line, column)]
    assert word in findings[0].message


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    project, findings = read_project(WorkingTree(tmp_path))
    assert project == Project()
    assert [(f.code, f.severity) for f in findings] == [("FMT-014", "warning")]
