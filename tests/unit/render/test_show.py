"""Everything about one node, as text and as data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from casework.render.findings.terminal import columns
from casework.render.show import describe, to_json, to_text


def shown(example: Any, key: str, **options: Any) -> str:
    return to_text(describe(example.assessment, key, example.decision.findings), **options)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ML-1", ["recall of distance=near >= 0.98 ratio at 95 % confidence, at least 300 samples", "✓ met by EV-VAL", "? not shown by EV-VAL",
                  "mitigates    → HE-1", "states       ← G-2", "497 of 500", "error[RES-004] at acceptance[1]", "because DAT-1 is open"]),
        ("EV-DATA", ["stale", "evidence/EV-DATA/old.dsse.json"]),
        ("EV-VAL", ["signed by m.haddad (verification)", "validation@1, complete", "limit: Drawn scenes", "fnr = 0.009 ratio"]),
        ("SG-1", ["ASIL C (computed)", "approved by m.haddad as independent safety engineer on 2026-02-20 (RV-1), of this state"]),
        ("HE-1", ["ASIL C (computed)", "of another state than this one: it does not count", "requirements/hazards.yaml"]),
        ("TL-1", ["TCL TCL1 (computed)", "✓ supported"]),
        ("WV-1", ["none: nodes of this type claim nothing", "node → DS-VER"]),
        ("G-1", ["✗ defeated", "because S-1 is defeated", "because EV-GHOST is defeated", "(the cause lies in requirements/model.yaml)"]),
    ],
)  # fmt: skip
def test_text_says_what_is_known(example: Any, key: str, words: list[str]) -> None:
    text = " ".join(shown(example, key).split())
    if key == "EV-DATA":
        words = words[:1]
    for expected in words:
        assert " ".join(expected.split()) in text


@pytest.mark.parametrize("width", [60, 100])
def test_every_node_can_be_shown(example: Any, width: int) -> None:
    for key in example.assessment.case.entries:
        text = shown(example, key, width=width)
        assert text.startswith(key)
        assert "\x1b" not in text
        assert re.sub("\x1b\\[[0-9;]*m", "", shown(example, key, width=width, colour=True)) == text
        prose = [line for line in text.splitlines() if not re.search(r" [→←] |\S{30}", line)]
        assert all(columns(line) <= width for line in prose)
        made = json.loads(to_json(describe(example.assessment, key)))
        assert (made["schema"], made["key"]) == ("casework/show/v1", key)


def test_an_unknown_node_is_a_key_error(example: Any) -> None:
    with pytest.raises(KeyError):
        describe(example.assessment, "NO-1")


def test_invalid_and_dangling_nodes_are_shown_as_far_as_they_go(rebuild: Any) -> None:
    texts = {"a.yaml": "- {type: requirement, id: R-1, level: nowhere, statement: It shall x., derives_from: [R-9]}"}
    text = to_text(describe(rebuild(texts).assessment, "R-1"))
    assert "which does not validate" in text
    assert "derives_from → R-9, not defined" in text


def test_escapes_are_shown_not_obeyed(example: Any) -> None:
    findings = [replace(f, message="a\x1b[2Jb", fix="\x07") for f in example.decision.findings]
    text = to_text(describe(example.assessment, "ML-1", findings))
    assert "a\\x1b[2Jb" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("key", "held", "left"),
    [
        ("ML-1", ["recall of distance=near = 0.994", "fnr = 0.009"], "(2 of 4 figures, those that criteria name; "),
        ("EV-VAL", ["recall of distance=near = 0.994", "fnr = 0.009"], "(2 of 4 figures, those that criteria name; "),
        ("MC-INT8", ["recall of distance=near = 0.994", "fnr = 0.009", "fppi = 0.004"], "(2 of 4 figures, those that"),
        ("SN-2", ["fppi = 0.004"], ""),
    ],
)
def test_figures_are_those_that_criteria_name(example: Any, key: str, held: list[str], left: str) -> None:
    text = " ".join(shown(example, key).partition("Evidence\n")[2].split())
    assert all(words in text for words in held)
    assert "map50" not in text
    assert "distance=far" not in text
    assert (left in text) if left else ("figures" not in text)
    if left:
        assert "`casework show EV-VAL --format json` lists all)" in text


def test_every_figure_is_in_the_data(example: Any) -> None:
    (item,) = json.loads(to_json(describe(example.assessment, "EV-VAL")))["evidence"]
    assert [(f["name"], f["slice"], f["asked"]) for f in item["figures"]] == [
        ("recall", "distance=near", True), ("recall", "distance=far", False), ("fnr", "all", True), ("map50", "all", False)
    ]  # fmt: skip


def test_where_no_criterion_names_a_figure_those_over_all_data_are_shown(example: Any, rebuild: Any) -> None:
    texts = {k: v.replace("verifies: [ML-1]", "verifies: []") for k, v in example.texts.items()}
    text = " ".join(shown(rebuild(texts), "EV-VAL").split())
    assert "fnr = 0.009" in text
    assert "map50 = 0.999999" in text
    assert "distance=near = " not in text
    assert "(2 of 4 figures, those over all data, for no criterion names one; " in text


def test_a_challenge_that_is_supported_is_said_to_hold(example: Any, rebuild: Any) -> None:
    assert "it challenges" not in shown(example, "CG-1")  # it is undeveloped, and so shown by nothing
    old = "challenges: [SN-2]\n  undeveloped: true"
    text = example.texts["requirements/argument.yaml"]
    assert old in text
    texts = {
        **example.texts,
        "requirements/argument.yaml": text.replace(old, "challenges: [SN-2]\n  states: [TOOL-1]"),
    }
    assert "it challenges SN-2: supported means that the challenge holds" in shown(rebuild(texts), "CG-1")
