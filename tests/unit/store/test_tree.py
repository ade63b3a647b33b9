"""Files to nodes: every misfit is one finding at its place, and a misfit node still exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casework.store.tree import case_from_texts, locate
from casework.store.working_tree import WorkingTree

REQ = "- type: requirement\n  id: REQ-1\n  level: system\n  statement: It shall work.\n"


def found(text: str) -> list[tuple[str, int, int, str]]:
    _case, findings = case_from_texts({"a.yaml": text})
    return [(f.code, f.line, f.column, f.field_path) for f in findings]


def test_a_good_node_gives_nothing() -> None:
    assert found(REQ) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  tags: a", ("FMT-004", 5, 3, "tags")),
        ("  asil: E", ("FMT-006", 5, 3, "asil")),
        ("  statment: x", ("FMT-003", 5, 3, "statment")),
        ("  title: 1.10", ("FMT-013", 5, 3, "title")),
        ("  acceptance:\n  - metric: recall\n    op: '>='\n    bound: high", ("FMT-004", 8, 5, "acceptance[0].bound")),
        ("  acceptance:\n  - metric: recall\n    op: '>='", ("FMT-005", 6, 5, "acceptance[0]")),
        ("  acceptance: [{metric: recall, op: '>=', bound: .nan}]", ("FMT-004", 5, 43, "acceptance[0].bound")),
        ("  derives_from: [1]", ("FMT-013", 5, 18, "derives_from[0]")),
        ("  derives_from: ['a b']", ("FMT-006", 5, 18, "derives_from[0]")),
        ("  title:", ()),
    ],
)
def test_a_misfit_is_one_finding_at_its_field(line: str, expected: tuple[str, int, int, str]) -> None:
    assert found(REQ + line + "\n") == ([expected] if expected else [])


def test_a_misspelt_required_field_is_one_finding() -> None:
    assert [f[0] for f in found("- type: requirement\n  id: R\n  level: ml\n  statemnt: It shall.\n")] == ["FMT-003"]


def test_a_truth_word_is_one_finding_that_says_how_to_write_it() -> None:
    _case, findings = case_from_texts({"a.yaml": REQ + "  asil: no\n"})
    assert [(f.code, f.fix) for f in findings] == [("FMT-013", 'Write "no", or true or false.')]


def test_unknown_types_name_the_near_one() -> None:
    _case, findings = case_from_texts({"a.yaml": "type: hazrdous_event\nid: H\n"})
    assert findings[0].code == "FMT-011"
    assert "hazardous_event" in findings[0].fix


@pytest.mark.parametrize("text", ["- 3\n", "- just text\n", "- [a]\n"])
def test_what_is_no_node_is_said(text: str) -> None:
    assert [f[0] for f in found(text)] == ["FMT-012"]


def test_a_misfit_node_still_exists_and_nothing_else_reports_it_missing() -> None:
    texts = {
        "a.yaml": REQ.replace("level: system", "level: sytem"),
        "b.yaml": REQ.replace("REQ-1", "REQ-2") + "  derives_from: [REQ-1]\n",
    }
    case, findings = case_from_texts(texts)
    assert [f.code for f in findings] == ["FMT-006"]
    assert not case.dangling
    assert not case.entries["REQ-1"].valid


def test_nodes_of_a_broken_file_still_exist() -> None:
    case, findings = case_from_texts(
        {"a.yaml": REQ + "  tags: [\n", "b.yaml": REQ.replace("REQ-1", "REQ-2") + "  derives_from: [REQ-1]\n"}
    )
    assert [f.code for f in findings] == ["FMT-001"]
    assert not case.dangling


def test_modules_keep_ids_apart_and_links_resolve_in_their_own_first() -> None:
    case, _ = case_from_texts({
        "a.yaml": REQ + REQ.replace("id: REQ-1", "id: REQ-1\n  module: M") + REQ.replace("id: REQ-1", "id: REQ-2\n  module: M").rstrip() + "\n  derives_from: [REQ-1]\n"
        + REQ.replace("id: REQ-1", "id: REQ-3").rstrip() + "\n  derives_from: ['M::REQ-2']\n"
    })  # fmt: skip
    assert case.out("M::REQ-2")[0].target == "M::REQ-1"
    assert case.out("REQ-3")[0].target == "M::REQ-2"


def test_the_order_of_files_never_matters() -> None:
    a, b = REQ, REQ.replace("REQ-1", "REQ-2") + "  derives_from: [REQ-1]\n"
    one, _ = case_from_texts({"1.yaml": a, "2.yaml": b})
    two, _ = case_from_texts({"2.yaml": a, "1.yaml": b})
    assert sorted(one.entries) == sorted(two.entries)
    assert one.out("REQ-2") == two.out("REQ-2")


def test_locate_fills_in_the_place_of_a_rule_finding() -> None:
    from casework.model.finding import Finding

    text = REQ + "  derives_from: [A, B]\n"
    case, _ = case_from_texts({"a.yaml": text})
    (placed,) = locate(
        case, [Finding("TRC-001", "error", "REQ-1", ("derives_from", 1), "m", "f")], lambda _p: text.encode()
    )
    assert (placed.file, placed.line, placed.column) == ("a.yaml", 5, 21)


def test_links_and_odd_files_of_the_tree_are_seen_as_problems(tmp_path: Path) -> None:
    (tmp_path / "requirements" / ".hidden").mkdir(parents=True)
    (tmp_path / "requirements" / ".hidden" / "a.yaml").write_text("x")
    (tmp_path / "requirements" / "a.yaml").write_text(REQ)
    os.symlink("/etc", tmp_path / "requirements" / "etc")
    os.symlink("/etc/passwd", tmp_path / "requirements" / "b.yaml")
    seen = WorkingTree(tmp_path).list("requirements", (".yaml",))
    assert [(s.path, bool(s.problem)) for s in seen] == [
        ("requirements/a.yaml", False),
        ("requirements/b.yaml", True),
        ("requirements/etc", True),
    ]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\\b", ".git/config"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, path: str) -> None:
    tree = WorkingTree(tmp_path)
    seen = tree.look(path)
    assert seen is not None
    assert seen.problem
    with pytest.raises(OSError, match="leads out"):
        tree.read(path)


def test_a_file_reached_through_a_linked_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "m.onnx").write_bytes(b"x")
    os.symlink("real", tmp_path / "linked")
    seen = WorkingTree(tmp_path).look("linked/m.onnx")
    assert seen is not None
    assert "link" in seen.problem


def test_what_is_no_regular_file_is_a_problem_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    os.mkfifo(tmp_path / "requirements" / "pipe.yaml")
    (tmp_path / "requirements" / "folder.yaml").mkdir()
    (seen,) = WorkingTree(tmp_path).list("requirements", (".yaml",))
    assert (seen.path, seen.problem) == ("requirements/pipe.yaml", "it is no regular file")


@pytest.mark.parametrize("how", ["link", "parent link", "up", "absolute", "up inside"])
def test_nothing_outside_the_case_is_listed_whatever_the_folder_is_called(tmp_path: Path, how: str) -> None:
    outside, root = tmp_path / "home", tmp_path / "case"
    (outside / "evidence").mkdir(parents=True)
    (outside / "evidence/secret.dsse.json").write_text("{}")
    root.mkdir()
    folder = {"up": "../home", "absolute": str(outside), "up inside": "x/../../home"}.get(how, "in/evidence")
    if how == "link":
        (root / "in").mkdir()
        (root / "in/evidence").symlink_to(outside / "evidence")
    elif how == "parent link":
        (root / "in").symlink_to(outside)
    tree = WorkingTree(root)
    assert tree.kinds(folder) == []
    assert [seen.path for seen in tree.list(folder, (".json",)) if seen.problem] == [folder]


def test_a_link_below_the_evidence_is_listed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/secret").write_text("")
    (tmp_path / "case/evidence/EV-1").mkdir(parents=True)
    (tmp_path / "case/evidence/EV-1/.hidden").write_text("")
    (tmp_path / "case/evidence/link").symlink_to(tmp_path / "home")
    kinds = [k.path for k in WorkingTree(tmp_path / "case").kinds("evidence/")]
    assert kinds == ["evidence/EV-1", "evidence/EV-1/.hidden", "evidence/link"]
