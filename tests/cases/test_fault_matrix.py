"""The fault matrix: one fault at a time in a clean case of some 200 nodes; each is an error or warning at the right place.

The rows are those on which the traceability tools of the field were compared (docs/explanation/comparison.md); a row that is
silent here fails.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from casework.workflow.judging.checking import check

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)

Fault = Callable[[Path], None]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "corpus.py"), str(tmp_path), "--nodes", "200", "--per-file", "20"],
        check=True,
    )
    return tmp_path


def edit(root: Path, node: str, old: str, new: str) -> None:
    """Replace a text once within one node's lines."""
    for path in sorted((root / "requirements").glob("*.yaml")):
        head, found, tail = path.read_text().partition(f"  id: {node}\n")
        if found:
            body, more, rest = tail.partition("\n- type:")
            assert old in body
            path.write_text(head + found + body.replace(old, new, 1) + more + rest)
            return
    raise AssertionError(node)


def place_of(root: Path, node: str, field: str) -> tuple[str, int]:
    for path in sorted((root / "requirements").glob("*.yaml")):
        lines = path.read_text().splitlines()
        for i, line in enumerate(lines):
            if line == f"  id: {node}":
                start = max(j for j in range(i + 1) if lines[j].startswith("- "))
                for k in range(start, len(lines)):
                    if k > start and lines[k].startswith("- "):
                        break
                    if lines[k][2:].startswith(f"{field}:"):
                        return path.relative_to(root).as_posix(), k + 1
                return path.relative_to(root).as_posix(), start + 1
    raise AssertionError(node)


def last(root: Path) -> str:
    """Return a requirement at the lowest level."""
    return "ML-000007"


def test_the_corpus_is_clean(tree: Path) -> None:
    decision = check(tree, TODAY, cached=False)
    assert decision.word == "pass"
    assert decision.findings == ()


MATRIX = [
    (
        "lowest requirement without evidence or test",
        "ML-000007",
        "  verified_by: [tests/test_all.py::test_all]\n",
        "",
        "TRC-006",
        "acceptance",
    ),
    ("dangling link", "ML-000007", "derives_from: [", "derives_from: [SOF-999999, ", "TRC-001", "derives_from"),
    ("link skips levels", "ML-000007", "derives_from: [", "derives_from: [STA-000000, ", "TRC-007", "derives_from"),
    ("link to the same level", "ML-000007", "derives_from: [", "derives_from: [ML-000008, ", "TRC-007", "derives_from"),
    ("link to itself", "ML-000007", "derives_from: [", "derives_from: [ML-000007, ", "TRC-010", "derives_from"),
    (
        "same link twice",
        "ML-000007",
        "allocated_to: [MDL-1]",
        "allocated_to: [MDL-1, MDL-1]",
        "TRC-010",
        "allocated_to",
    ),
    (
        "link to the wrong kind of node",
        "ML-000007",
        "allocated_to: [MDL-1]",
        "allocated_to: [ODD-1]",
        "TRC-002",
        "allocated_to",
    ),
    ("duplicate id", "ML-000007", "", "", "TRC-003", "id"),
    ("level lower than the parent's", "ML-000007", "asil: B", "asil: A", "TRC-008", "asil"),
    ("no level under a parent that has one", "ML-000007", "  asil: B\n", "", "TRC-008", "asil"),
    ("unknown field", "ML-000007", "  owner:", "  ownr:", "FMT-003", "ownr"),
    ("wrong scalar", "ML-000007", "owner: m.osei", "owner: 1.10", "FMT-013", "owner"),
    ("truth word", "ML-000007", "owner: m.osei", "owner: no", "FMT-013", "owner"),
    ("vague word", "ML-000007", "The component shall", "The component shall quickly", "REQ-003", "statement"),
    ("no shall", "ML-000007", "shall", "does", "REQ-001", "statement"),
    (
        "test that does not exist",
        "ML-000007",
        "test_all.py::test_all",
        "test_all.py::test_gone",
        "TQK-004",
        "verified_by",
    ),
]


@pytest.mark.parametrize(("name", "node", "old", "new", "code", "field"), MATRIX, ids=[row[0] for row in MATRIX])
def test_fault_is_found_at_its_place(
    tree: Path, name: str, node: str, old: str, new: str, code: str, field: str
) -> None:
    if code == "TRC-003":
        (tree / "requirements" / "zz.yaml").write_text(
            "- type: requirement\n  id: ML-000007\n  level: ml\n  statement: It shall work.\n  asil: B\n"
            "  derives_from: [SOF-000001]\n  allocated_to: [MDL-1]\n  verified_by: [tests/test_all.py::test_all]\n"
        )
        expected = ("requirements/zz.yaml", 2)
    else:
        edit(tree, node, old, new)
        expected = place_of(tree, node, field)
    found = check(tree, TODAY, cached=False).findings
    if code == "TRC-006":  # a lowest requirement without a test lacks a criterion too, which is a fault of its own
        assert [f.code for f in found] == ["REQ-004", "TRC-006"]
        found = found[1:]
    assert [(f.code, f.file, f.line) for f in found] == [(code, *expected)], [
        (f.code, f.node, f.field_path, f.message) for f in found
    ]
    assert node in found[0].message or found[0].code.startswith("FMT")
    assert found[0].fix


def test_a_cycle_names_every_node_in_it(tree: Path) -> None:
    lower, upper = "SOF-000003", "SYS-000002"
    edit(tree, upper, "derives_from: [", f"derives_from: [{lower}, ")
    edit(tree, lower, "derives_from: [", f"derives_from: [{upper}, ")
    found = check(tree, TODAY, cached=False).findings
    cycle = [f for f in found if f.code == "TRC-004"]
    assert len(cycle) == 1
    assert lower in cycle[0].message
    assert upper in cycle[0].message


def test_a_changed_parent_makes_the_sign_off_of_its_child_suspect(tree: Path) -> None:
    from casework.store.working_tree import WorkingTree
    from casework.workflow.authoring.reviewing import review_of, to_yaml
    from casework.workflow.judging.assess import assess

    assessment = assess(WorkingTree(tree), TODAY).assessment
    child = "SOF-000003"
    parent = assessment.case.out(child, "derives_from")[0].target
    review = review_of(assessment, [child], "j.lindqvist", None, "reviewed", None, TODAY)
    (tree / "requirements" / "review.yaml").write_text(to_yaml(review))
    assert check(tree, TODAY, cached=False).word == "pass"
    edit(tree, parent, "shall do this", "shall never do this")
    found = check(tree, TODAY, cached=False).findings
    assert [(f.code, f.node, f.field[0]) for f in found] == [("TRC-013", child, "derives_from")]
    assert parent in found[0].message
