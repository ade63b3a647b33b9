"""Wording and criteria of requirements beyond what the pages show."""

from __future__ import annotations

import pytest
from inspection import look, places, told

from casework.model.catalogue import GENERATORS, STATISTICAL
from casework.rules.req_003_vague_word import PHRASES, WORDS
from casework.rules.req_criteria import PROPORTIONS
from casework.rules.req_wording import shalls


def stated(statement: str, extra: str = "") -> str:
    quoted = statement.replace('"', '\\"')
    return (
        f'- type: requirement\n  id: R-1\n  level: stakeholder\n  statement: "{quoted}"\n  rationale: Asked for.\n'
        f"  verified_by: [tests/test_x.py::test_y]\n{extra}"
    )


def criterion(line: str) -> str:
    return stated("It shall report signs.", f"  acceptance:\n    - {{{line}}}\n")


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("It shall stop.", 1),
        ("Shall it stop?", 1),
        ("IT SHALL STOP", 1),
        ("The shallow end is marked", 0),
        ("A marshall shall stop it", 1),
        ("It shall, when asked, stop", 1),
        ("It shall stop and shall stay", 2),
        ("It must stop", 0),
        ("shallow water shall be marked, shallower water too", 1),
    ],
)
def test_shall_is_counted_as_a_word(statement: str, count: int) -> None:
    assert shalls(statement) == count


@pytest.mark.parametrize("word", [*WORDS, *PHRASES])
def test_every_vague_word_is_found_wherever_it_stands(word: str) -> None:
    for text in (
        f"It shall be {word}.",
        f'It shall report "{word}", then stop',
        f"{word} it shall be",
        f"It shall be ({word}), always",
    ):
        found = [f for f in look(stated(text))[1] if f.code == "REQ-003"]
        assert found, text
        assert any(f"`{word}` (character {text.index(word) + 1})" in f.message for f in found), told(found)


@pytest.mark.parametrize(
    "text",
    [
        "It shall report abnormalities to the fastener of the estimate.",
        "It shall fast-forward to the robustness-tested frame.",
        "It shall find 95 of 100 signs nearer than 50 m within 80 ms.",
    ],
)
def test_words_that_only_look_vague_are_left_alone(text: str) -> None:
    assert not look(stated(text))[1]


def test_each_vague_word_is_said_once_with_its_first_place() -> None:
    found = look(stated("It shall be fast and robust, and fast again."))[1]
    assert sorted(f.message for f in found) == [
        "R-1 says `fast` (character 13), which has no measure",
        "R-1 says `robust` (character 22), which has no measure",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The accuracy drop shall be < 2%.", True),
        ("Accuracy shall decrease by no more than 2 percent.", True),
        ("The accuracy drop shall be < 2 pp.", False),
        ("The accuracy drop shall be < 2 %-points.", False),
        ("The accuracy drop shall be < 2 percentage points.", False),
        ("The accuracy drop shall be < 2 % relative to the float model.", False),
        ("Recall shall be 95 % at least.", False),
    ],
)
def test_a_percentage_of_a_drop_must_say_of_what(text: str, *, found: bool) -> None:
    assert [f.code for f in look(stated(text))[1]] == (["REQ-013"] if found else [])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('metric: recall, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95', []),
        ('metric: recall, op: ">=", bound: 95, unit: "%", confidence: 0.95', [("REQ-006", "unit")]),
        ('metric: recall, op: ">=", bound: 95, unit: ratio, confidence: 0.95', [("REQ-007", "bound")]),
        ('metric: recall, op: ">=", bound: 0, unit: ratio, confidence: 0.95', [("REQ-007", "bound")]),
        ('metric: recall, op: ">", bound: 1, unit: ratio', [("REQ-007", "bound"), ("REQ-008", "")]),
        ('metric: recall, op: "<", bound: 0.9, unit: ratio, confidence: 0.95', [("REQ-007", "op")]),
        ('metric: fnr, op: "<=", bound: 1, unit: ratio, confidence: 0.95', [("REQ-007", "bound")]),
        ('metric: fnr, op: ">=", bound: 0.1, unit: ratio, confidence: 0.95', [("REQ-007", "op")]),
        ('metric: fnr, op: "<=", bound: 0, unit: ratio, confidence: 0.95', [("REQ-009", "bound")]),
        ('metric: recall, op: ">=", bound: 1, unit: ratio, confidence: 0.95', [("REQ-009", "bound")]),
        ('metric: leaked_items, op: "==", bound: 0, unit: count', []),
        ('metric: leaked_items, op: "<=", bound: 0, unit: count', []),
        ('metric: leaked_items, op: "<", bound: 0, unit: count', [("REQ-007", "bound")]),
        ('metric: leaked_items, op: "<=", bound: -1, unit: count', [("REQ-007", "bound")]),
        ('metric: tway_coverage, op: ">=", bound: 0.9, unit: ratio', []),
        ('metric: min_sqnr, op: ">=", bound: 20, unit: dB', []),
        ('metric: metric_drop, op: "<=", bound: 2, unit: pp, confidence: 0.95', []),
        ('metric: metric_drop, op: "<=", bound: 2, unit: pp', [("REQ-008", "")]),
        ('metric: metric_drop, op: "<=", bound: 2, confidence: 0.95', [("REQ-006", "bound")]),
        ('metric: recal, op: ">=", bound: 0.9, unit: ratio', [("REQ-005", "metric")]),
        (
            'metric: fnr, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95, min_samples: 298',
            [("REQ-009", "min_samples")],
        ),
        ('metric: fnr, op: "<=", bound: 0.001, unit: ratio, confidence: 0.95, min_samples: 2995', []),
        (
            'metric: recall, op: ">=", bound: 0.99, unit: ratio, confidence: 0.95, min_samples: 298',
            [("REQ-009", "min_samples")],
        ),
        ('metric: map50, op: ">=", bound: 0.99, unit: ratio, confidence: 0.95, min_samples: 10', []),
    ],
)
def test_criteria(line: str, expected: list[tuple[str, str]]) -> None:
    found = look(criterion(line))[1]
    wanted = [(code, "R-1", f"acceptance[0]{'.' if field else ''}{field}") for code, field in expected]
    assert places(found) == sorted(wanted), told(found)


def test_a_near_metric_is_proposed() -> None:
    assert look(criterion('metric: recal, op: ">=", bound: 0.9'))[1][0].fix == "Write recall."


def test_the_lists_of_metrics_name_only_what_generators_yield() -> None:
    known = {name for generator in GENERATORS.values() for name in generator.metrics}
    assert known >= PROPORTIONS
    assert known >= STATISTICAL
    assert {"recall", "map50", "metric_drop", "fppi"} <= STATISTICAL
    assert not STATISTICAL & {"leaked_items", "tway_coverage", "min_sqnr", "items"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("all", False),
        ("any", False),
        ("class=stop", False),
        ("distance=near", False),
        ("distance=near,light=day", False),
        ("distance=near, class=stop", False),
        ("distance", True),
        ("distance=", True),
        ("distance=close", True),
        ("range=near", True),
        ("distance=near,light=night", True),
    ],
)
def test_slices_are_looked_up_in_the_domain(text: str, *, found: bool) -> None:
    case = (
        "- type: odd\n  id: ODD-1\n  statement: Roads.\n  dimensions:\n    - {name: distance, values: [near, far]}\n    - {name: light, values: [day]}\n"
        "- {type: practice, id: P-1, practice: MLE.1.BP1, satisfied_by: [ODD-1]}\n"
        "- type: requirement\n  id: R-1\n  level: ml\n  statement: It shall report signs.\n  rationale: x\n  mitigates: [T-1]\n"
        f'  acceptance:\n    - {{metric: recall, slice: "{text}", op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}\n'
        "- {type: threat, id: T-1, statement: Stickers., mitigated_by: [R-1]}\n"
    )
    slices = [f for f in look(case)[1] if f.code == "REQ-012"]
    assert [f.field_path for f in slices] == (["acceptance[0].slice"] if found else []), told(slices)


MODELS = """
- {type: model_card, id: MC-1, classes: [stop, yield], %s}
- {type: model_card, id: MC-2, classes: [person], %s}
- {type: model_card, id: MC-3, %s}
""".replace(
    "%s",
    "file: {path: m.onnx, sha256: "
    + "1" * 64
    + "}, version: '1', task: detection, inputs: [{name: i, dtype: float32, shape: [1]}], outputs: [{name: o, dtype: float32, shape: [1]}], intended_use: It reports signs.",
)
OF_CLASS = (
    "- {type: requirement, id: R-1, level: ml, statement: It shall report signs., rationale: x, %s"
    'acceptance: [{metric: recall, slice: "%s", op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}]}\n'
)
EXAMINED = "- {type: evidence, id: EV-1, generator: validation, subject: MC-2, verifies: [R-1]}\n"


@pytest.mark.parametrize(
    ("slice_", "more", "evidence", "message", "fix"),
    [
        ("class=stop", "", "", "", ""),
        ("class=person", "", "", "", ""),
        ("class=stp", "", "", "MC-1, MC-2 have no class `stp`, but person, stop, yield", "Write `class=stop`, if"),
        (
            "class=stp",
            "allocated_to: [MC-1], ",
            "",
            "MC-1 has no class `stp`, but stop, yield",
            "Write `class=stop`, if",
        ),
        (
            "class=person",
            "allocated_to: [MC-1], ",
            "",
            "MC-1 has no class `person`, but stop, yield",
            "Name a dimension",
        ),
        ("class=person", "allocated_to: [MC-1], ", EXAMINED, "", ""),
        ("class=stop", "", EXAMINED, "MC-2 has no class `stop`, but person", "Name a dimension"),
        ("class=stop", "allocated_to: [MC-3], ", "", "", ""),
        (
            "clas=stop",
            "",
            "",
            "no operational design domain has the dimension `clas` of the slice `clas=stop`",
            "Write `class=stop`, if",
        ),
    ],
)
def test_classes_are_looked_up_in_the_models_that_the_requirement_is_of(
    slice_: str, more: str, evidence: str, message: str, fix: str
) -> None:
    found = [f for f in look(MODELS + OF_CLASS % (more, slice_) + evidence)[1] if f.code == "REQ-012"]
    assert [f.message for f in found] == ([f"R-1: {message}"] if message else []), told(found)
    assert all(f.fix.startswith(fix) for f in found), [f.fix for f in found]


def test_without_a_model_card_no_class_is_unknown() -> None:
    assert not [f for f in look(OF_CLASS % ("", "class=stp"))[1] if f.code == "REQ-012"]


def test_a_value_that_comes_near_is_proposed() -> None:
    text = "- {type: odd, id: ODD-1, statement: Roads., dimensions: [{name: distance, values: [near, far]}]}\n"
    (found,) = [f for f in look(text + OF_CLASS % ("", "distance=nera"))[1] if f.code == "REQ-012"]
    assert found.fix.startswith("Write `distance=near`, if that is meant; else name a dimension")


def test_retired_requirements_may_be_as_badly_worded_as_they_were() -> None:
    text = "- {type: requirement, id: R-1, level: ml, statement: It is fast and robust, status: retired}\n"
    assert not look(text)[1], told(look(text)[1])


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ('{faults: "2995"}', []),
        ('{faults: "2994"}', ["REQ-010"]),
        ("{}", ["REQ-010"]),
        ("{faults: exhaustive}", []),
        ('{faults: "20_000"}', []),
        ('{faults: "2_000"}', ["REQ-010"]),
        ("{faults: within:0.01}", []),
        ("{faults: within:0.05}", ["REQ-010"]),
        ("{faults: at-most:0.001}", []),
        ("{faults: at-most:0.002}", ["REQ-010"]),
        ("{faults: as many as it takes}", []),
        ("{fault_list: data/faults.jsonl}", []),
    ],
)
def test_trials_of_fault_injection_are_its_faults_and_not_its_items(options: str, codes: list[str]) -> None:
    text = f"""
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The model shall withstand bit flips.
  rationale: Asked for.
  acceptance: [{{metric: sdc_rate, slice: all, op: "<=", bound: 0.001, unit: ratio, confidence: 0.95}}]
- {{type: evidence, id: EV-1, generator: fault-injection, subject: MC-1, data: DS-1, split: test, options: {options}, verifies: [REQ-1]}}
- type: dataset
  id: DS-1
  statement: Ten inputs.
  version: "1"
  manifest: {{path: data/manifest.jsonl, sha256: "{"1" * 64}"}}
  splits: [{{name: test, purpose: verification, size: 10}}]
"""
    _case, found = look(text)
    short = [f for f in found if f.code == "REQ-010"]
    assert [f.code for f in short] == codes
    assert all(f.fix.startswith("Raise the option `faults` to 2995 or more, ") for f in short)
