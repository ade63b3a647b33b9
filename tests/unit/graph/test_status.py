"""Statuses: each rule of the calculus by itself, then its properties on random arguments."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2] / "rules")
)  # the constructed case lives with the rules' tests
from sealed import NEAR, World, rate, world

from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case, Entry
from casework.graph.importance import importance
from casework.graph.status import RANK, blame, statuses
from casework.model.result import SelfCheck
from casework.model.verdict import Appraisal, Status
from casework.store.tree import case_from_texts

DAY = Today(date(2026, 3, 1))


def words(w: World) -> dict[str, str]:
    return {key: status.word for key, status in w.assess().statuses.items()}


def of_text(text: str, **given: object) -> dict[str, Status]:
    case, found = case_from_texts({"requirements/a.yaml": text})
    assert not found, found
    return statuses(Assessment(case, DAY, **given))  # type: ignore[arg-type]


def test_a_case_in_order_is_supported_throughout() -> None:
    assert set(words(world()).values()) == {"supported"}


@pytest.mark.parametrize(
    ("bend", "word", "cause"),
    [
        (lambda w: w.verdicts.pop(0), "open", "EV-1"),
        (lambda w: w.files.clear(), "open", "EV-1"),
        (lambda w: w.verdicts.__setitem__(0, replace(w.verdicts[0], verified=False)), "open", "EV-1"),
        (lambda w: w.seal("EV-1", (), status="inconclusive", started="2026-02-03T00:00:00Z"), "doubted", "EV-1"),
        (lambda w: w.seal("EV-1", (), status="error", started="2026-02-03T00:00:00Z"), "open", "EV-1"),
        (lambda w: w.seal("EV-1", (rate("recall", 10, 1000), rate("recall", 495, 500, NEAR)), started="2026-02-03T00:00:00Z"), "defeated", "EV-1"),
        (lambda w: w.seal("EV-1", (rate("recall", 19, 20), rate("recall", 495, 500, NEAR)), started="2026-02-03T00:00:00Z"), "doubted", "EV-1"),
        (lambda w: w.seal("EV-1", self_checks=(SelfCheck(name="noise", outcome="failed", detail=""),), started="2026-02-03T00:00:00Z"), "doubted", "EV-1"),
        (lambda w: w.seal("EV-1", self_checks=(SelfCheck(name="noise", outcome="skipped", detail=""),), started="2026-02-03T00:00:00Z"), "open", "EV-1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_evidence_reaches_the_top_and_the_hazard(bend: object, word: str, cause: str) -> None:
    w = world()
    bend(w)  # type: ignore[operator]
    found = w.assess().statuses
    for key in ("EV-1", "SN-1", "G-2", "S-1", "G-1", "REQ-1", "SG-1", "HE-1"):
        assert found[key].word == word, (key, found[key])
        assert blame(found, key)[0] == key
        assert blame(found, key)[-1] == cause, (key, blame(found, key))
    if "EV-2" in {v.evidence for v in w.verdicts} and w.files:
        assert found["G-3"].word == "supported"


def test_evidence_that_fails_one_requirement_does_not_pull_down_another_that_it_shows() -> None:
    w = world(sealed=False)
    w.more = "- {type: requirement, id: REQ-3, level: ml, statement: x shall, acceptance: [{metric: fnr, op: '<=', bound: 0.001}]}\n"
    w.edit("verifies: [REQ-1]", "verifies: [REQ-1, REQ-3]")
    w.seal("EV-1")
    w.seal("EV-2")
    found = words(w)
    assert (found["REQ-3"], found["EV-1"], found["SN-1"]) == ("defeated", "defeated", "defeated")
    assert (found["REQ-1"], found["HE-1"]) == ("supported", "supported")


def test_the_gravest_word_wins() -> None:
    w = world()
    w.seal("EV-1", (rate("recall", 10, 1000), rate("recall", 495, 500, NEAR)), started="2026-02-03T00:00:00Z")
    w.verdicts = [v for v in w.verdicts if v.evidence == "EV-1"]
    found = words(w)
    assert (found["G-3"], found["G-2"], found["S-1"], found["G-1"]) == ("open", "defeated", "defeated", "defeated")


GOALS = """
- {type: goal, id: G-1, statement: top, supported_by: [G-2, G-3]}
- {type: goal, id: G-2, statement: left, supported_by: [SN-1]}
- {type: goal, id: G-3, statement: right, states: [REQ-1]}
- {type: requirement, id: REQ-1, level: ml, statement: it shall, verified_by: ["tests/test_a.py::test_a"]}
- {type: solution, id: SN-1, statement: tests, cites: [REQ-1]}
"""
TESTS = {"tests": {"tests/test_a.py": frozenset({"test_a"})}}


def test_tests_show_a_requirement_only_while_they_exist() -> None:
    assert of_text(GOALS, **TESTS)["G-1"].word == "supported"
    found = of_text(GOALS)
    assert found["G-1"].word == "open"
    assert found["REQ-1"].reason == "the test tests/test_a.py::test_a of REQ-1 does not exist"
    assert blame(found, "G-1") == ("G-1", "G-3", "REQ-1")


@pytest.mark.parametrize(
    ("more", "key", "word"),
    [
        ("- {type: goal, id: G-9, statement: later, undeveloped: true}", "G-9", "open"),
        ("- {type: goal, id: G-9, statement: later, supported_by: [SN-1], undeveloped: true}", "G-9", "open"),
        ("- {type: goal, id: G-9, statement: later, supported_by_contract: true}", "G-9", "open"),
        ("- {type: goal, id: G-9, statement: later}", "G-9", "open"),
        ("- {type: strategy, id: S-9, statement: later}", "S-9", "open"),
        ("- {type: solution, id: SN-9, statement: nothing}", "SN-9", "open"),
        ("- {type: goal, id: G-9, statement: gone, supported_by: [SN-1, SN-77]}", "G-9", "open"),
        ("- {type: requirement, id: R-9, level: ml, statement: unshown}", "R-9", "open"),
        ("- {type: requirement, id: R-9, level: ml, statement: by child}\n"
         "- {type: requirement, id: R-8, level: ml, statement: c, derives_from: [R-9], verified_by: ['tests/test_a.py::test_a']}", "R-9", "supported"),
        ("- {type: requirement, id: R-9, level: ml, statement: by child}\n"
         "- {type: requirement, id: R-8, level: ml, statement: c, derives_from: [R-9], status: retired, verified_by: ['tests/test_a.py::test_a']}", "R-9", "open"),
        ("- {type: away_goal, id: AG-9, statement: top, away: G-1}", "AG-9", "supported"),
        ("- {type: module_reference, id: M-9, statement: m, refers_to_module: nowhere}", "M-9", "open"),
        ("- {type: module_reference, id: M-9, statement: m, refers_to_module: m}\n"
         "- {type: goal, id: G-8, module: m, statement: there, states: [REQ-1]}", "M-9", "supported"),
        ("- {type: safety_goal, id: SG-9, statement: s, addresses: [H-9]}\n- " + "{type: hazardous_event, id: H-9, hazard: h, situation: s, "
         "severity: {level: S3}, exposure: {level: E4}, controllability: {level: C3}}", "H-9", "open"),
        ("- {type: hazardous_event, id: H-9, hazard: h, situation: s, severity: {level: S1}, exposure: {level: E1}, controllability: {level: C1}}", "H-9", "supported"),
        ("- {type: hazardous_event, id: H-9, hazard: h, situation: s, severity: {level: S1}, exposure: {level: E4}, controllability: {level: C3}}", "H-9", "open"),
        ("- {type: threat, id: T-9, statement: t, mitigated_by: [REQ-1]}", "T-9", "supported"),
        ("- {type: threat, id: T-9, statement: t}", "T-9", "open"),
        ("- {type: tool, id: TL-9, statement: t, version: '1', ti: TI2, td: TD3}", "TL-9", "open"),
        ("- {type: tool, id: TL-9, statement: t, version: '1', ti: TI2, td: TD3, qualified_by: [REQ-1]}", "TL-9", "supported"),
        ("- {type: tool, id: TL-9, statement: t, version: '1', ti: TI2, td: TD1}", "TL-9", "supported"),
        ("- {type: practice, id: P-9, practice: MLE.1.BP1, satisfied_by: [REQ-1]}", "P-9", "supported"),
        ("- {type: practice, id: P-9, practice: MLE.1.BP1}", "P-9", "open"),
        ("- {type: practice, id: P-9, practice: MLE.1.BP1, applicable: false, answer: no training here}", "P-9", "supported"),
        ("- {type: review, id: RV-9, of: [REQ-1], by: bob, on: 2026-01-01}", "RV-9", "open"),
        ("- {type: review, id: RV-9, of: [REQ-1], by: bob, on: 2026-01-01, meaning: rejected}", "RV-9", "defeated"),
    ],
)  # fmt: skip
def test_each_kind_of_node(more: str, key: str, word: str) -> None:
    case, _ = case_from_texts({"requirements/a.yaml": GOALS + more + "\n"})
    found = statuses(Assessment(case, DAY, **TESTS))  # type: ignore[arg-type]
    assert found[key].word == word, found[key]


def test_a_review_counts_for_what_was_seen() -> None:
    case, _ = case_from_texts({"requirements/a.yaml": GOALS})
    seen = f"- {{type: review, id: RV-1, of: [REQ-1], by: bob, on: 2026-01-01, fingerprints: {{REQ-1: {case.fingerprint('REQ-1')}}}}}\n"
    assert of_text(GOALS + seen, **TESTS)["RV-1"].word == "supported"
    changed = of_text(GOALS.replace("it shall", "it should") + seen, **TESTS)["RV-1"]
    assert (changed.word, changed.reason) == ("open", "REQ-1 has changed since RV-1")


def test_a_node_that_does_not_validate_is_open() -> None:
    case, _ = case_from_texts({"requirements/a.yaml": GOALS.replace("level: ml", "level: nonsense")})
    found = statuses(Assessment(case, DAY, **TESTS))  # type: ignore[arg-type]
    assert (found["G-1"].word, found["REQ-1"].reason) == ("open", "REQ-1 does not validate")


def test_circles_are_open_and_end() -> None:
    text = """
- {type: goal, id: G-0, statement: top, supported_by: [G-1]}
- {type: goal, id: G-1, statement: a, supported_by: [G-2]}
- {type: goal, id: G-2, statement: b, supported_by: [G-1, G-3]}
- {type: goal, id: G-3, statement: c, states: [REQ-1]}
- {type: requirement, id: REQ-1, level: ml, statement: it shall, verified_by: ["tests/test_a.py::test_a"]}
"""
    found = of_text(text, **TESTS)
    assert {k: s.word for k, s in found.items()} == {
        "G-0": "open",
        "G-1": "open",
        "G-2": "open",
        "G-3": "supported",
        "REQ-1": "supported",
    }
    assert found["G-1"].reason == "it rests on itself, in a circle through G-2"
    assert blame(found, "G-0") == ("G-0", "G-1", "G-2")


SCOPE = """
- {type: goal, id: G-1, statement: top, supported_by: [S-1]}
- {type: strategy, id: S-1, statement: by parts, supported_by: [G-2], in_context_of: [A-1, J-1]}
- {type: goal, id: G-2, statement: part, supported_by: [SN-1]}
- {type: goal, id: G-3, statement: elsewhere, states: [REQ-1]}
- {type: solution, id: SN-1, statement: tests, cites: [REQ-1]}
- {type: requirement, id: REQ-1, level: ml, statement: it shall, verified_by: ["tests/test_a.py::test_a"]}
- {type: justification, id: J-1, statement: so it is}
- {type: assumption, id: A-1, statement: it is dry, holds: assumed}
"""


def test_a_failed_assumption_throws_doubt_on_its_scope_and_what_rests_on_it() -> None:
    assert {s.word for s in of_text(SCOPE, **TESTS).values()} == {"supported"}
    found = of_text(SCOPE.replace("holds: assumed", "holds: failed"), **TESTS)
    assert {k for k, s in found.items() if s.word == "doubted"} == {"G-1", "S-1", "G-2", "SN-1"}
    assert (found["A-1"].word, found["G-3"].word, found["REQ-1"].word) == ("defeated", "supported", "supported")
    assert blame(found, "SN-1") == ("SN-1", "A-1")
    assert blame(found, "G-1") == ("G-1", "S-1", "A-1")


def test_a_challenged_justification_is_not_inherited() -> None:
    found = of_text(
        SCOPE + "- {type: goal, id: CG-1, statement: it is not so, challenges: [J-1], undeveloped: true}\n", **TESTS
    )
    assert {k for k, s in found.items() if s.word == "doubted"} == {"G-1", "S-1", "J-1"}


def test_an_indicator_in_violation_throws_doubt_on_its_goal() -> None:
    text = (
        GOALS
        + "- {type: indicator, id: I-1, statement: misses, metric: m, op: '<=', threshold: 1.0, monitors: [G-2], state: within}\n"
    )
    assert of_text(text, **TESTS)["G-2"].word == "supported"
    found = of_text(text.replace("within", "violated"), **TESTS)
    assert (found["G-2"].word, found["G-1"].word, found["G-3"].word) == ("doubted", "doubted", "supported")
    assert blame(found, "G-1") == ("G-1", "G-2", "I-1")


CHALLENGE = "- {type: goal, id: CG-1, statement: fails in fog, challenges: [G-2], states: [REQ-1]}\n"


def test_a_challenge_that_stands_defeats_and_an_undeveloped_one_throws_doubt() -> None:
    found = of_text(GOALS + CHALLENGE, **TESTS)
    assert (found["G-2"].word, found["G-1"].word, found["G-3"].word) == ("defeated", "defeated", "supported")
    assert blame(found, "G-1") == ("G-1", "G-2", "CG-1")
    found = of_text(GOALS + CHALLENGE.replace("states: [REQ-1]", "undeveloped: true"), **TESTS)
    assert (found["G-2"].word, found["G-2"].reason) == ("doubted", "the challenge by CG-1 is unanswered")


def test_a_challenge_is_answered_by_a_counter_challenge_that_stands() -> None:
    counter = "- {type: goal, id: CG-2, statement: fog is excluded, challenges: [CG-1], states: [REQ-1]}\n"
    found = of_text(GOALS + CHALLENGE + counter, **TESTS)
    assert (found["CG-1"].word, found["G-2"].word, found["G-1"].word) == ("defeated", "supported", "supported")
    third = "- {type: solution, id: CS-3, statement: fog it was, challenges: [CG-2], cites: [REQ-1]}\n"
    found = of_text(GOALS + CHALLENGE + counter + third, **TESTS)
    assert (found["CG-2"].word, found["CG-1"].word, found["G-2"].word) == ("defeated", "supported", "defeated")
    undeveloped = counter.replace("states: [REQ-1]", "undeveloped: true")
    assert of_text(GOALS + CHALLENGE + undeveloped, **TESTS)["G-2"].word == "doubted"


def test_challenges_that_attack_each_other_are_undecided() -> None:
    both = (
        CHALLENGE.replace("[G-2]", "[G-2, CG-2]")
        + "- {type: goal, id: CG-2, statement: it is not, challenges: [CG-1], states: [REQ-1]}\n"
    )
    found = of_text(GOALS + both, **TESTS)
    assert (found["CG-1"].word, found["CG-2"].word, found["G-2"].word) == ("doubted", "doubted", "doubted")


def test_a_challenge_is_answered_by_defeating_what_it_rests_on() -> None:
    deep = "- {type: goal, id: CG-1, statement: fails, challenges: [G-2], supported_by: [CG-3]}\n- {type: goal, id: CG-3, statement: fog, states: [REQ-1]}\n"
    counter = "- {type: goal, id: CG-2, statement: no fog, challenges: [CG-3], states: [REQ-1]}\n"
    assert of_text(GOALS + deep, **TESTS)["G-2"].word == "defeated"
    assert of_text(GOALS + deep + counter, **TESTS)["G-2"].word == "supported"


def test_a_failing_challenger_does_not_answer_itself() -> None:
    w = world()
    w.more = "- {type: goal, id: CG-1, statement: it misses signs, challenges: [G-3], states: [REQ-1]}\n"
    assert words(w)["G-3"] == "defeated"
    w.verdicts.pop(0)
    w.seal("EV-1", (rate("recall", 10, 1000), rate("recall", 5, 500, NEAR)))
    assert words(w)["G-3"] == "doubted"


def test_a_doubt_accepted_by_a_person_is_laid_to_rest() -> None:
    accepted = GOALS.replace(
        "statement: left,",
        "statement: left, residual_doubts: [{challenger: CG-1, accepted_by: rosa, role: safety-manager, reason: rare}],",
    )
    found = of_text(accepted + CHALLENGE, **TESTS)
    assert (found["G-2"].word, found["CG-1"].word) == ("supported", "supported")


def test_single_points() -> None:
    assert importance(world().assess()) == {"G-1": (("EV-1",), ("EV-2",))}


def test_two_answers_to_a_challenge_make_a_pair() -> None:
    w = world()
    w.edit("  states: [SG-1]\n", "")
    w.edit("states: [REQ-2]\n  supported_by: [SN-2]", "supported_by: [SN-1]")
    w.more = """
- {type: goal, id: CG-1, statement: it fails, challenges: [G-3], supported_by: [SN-1]}
- {type: goal, id: CG-2, statement: it is not, challenges: [CG-1], supported_by: [SN-2]}
- {type: goal, id: CG-3, statement: nor so, challenges: [CG-1], states: [REQ-3]}
- {type: requirement, id: REQ-3, level: ml, statement: x shall, acceptance: [{metric: metric_drop, op: '<=', bound: 3, confidence: 0.95}]}
- {type: evidence, id: EV-3, generator: quantization, subject: MC-1, data: DS-V, against: MC-F, verifies: [REQ-3]}
"""
    w.seal("EV-3", w.verdicts[1].statement.predicate.metrics)  # type: ignore[union-attr]
    assert words(w)["G-1"] == "supported"
    assert importance(w.assess())["G-1"] == (("EV-1",), ("EV-2", "EV-3"))


# Properties on random arguments


def random_case(rng: random.Random, size: int, challenges: int, back: float) -> list[Entry]:
    """Goals that support each other (with circles now and then), solutions citing evidence, and challenges."""
    entries: list[Entry] = []
    for i in range(size):
        lower = [f"G-{j}" for j in range(i + 1, min(size, i + 6)) if rng.random() < 0.4]
        if rng.random() < back:
            lower.append(f"G-{rng.randrange(size)}")
        links = [
            ("supported_by", n, t)
            for n, t in enumerate([*lower, f"SN-{i}"] if not lower or rng.random() < 0.5 else lower)
        ]
        if rng.random() < 0.3:
            links.append(("in_context_of", 0, f"A-{rng.randrange(3)}"))
        if rng.random() < challenges / size:
            links.append(("challenges", 0, f"G-{rng.randrange(size)}"))
        entries.append(entry(f"G-{i}", "goal", links))
        entries.append(entry(f"SN-{i}", "solution", [("cites", 0, f"EV-{i}")]))
        entries.append(entry(f"EV-{i}", "evidence", []))
    entries += [
        entry(f"A-{i}", "assumption", [], {"holds": rng.choice(["assumed", "confirmed", "failed"])}) for i in range(3)
    ]
    return entries


def entry(key: str, kind: str, links: list[tuple[str, int, str]], light: dict[str, object] | None = None) -> Entry:
    return Entry(key, kind, key, "", "", "a.yaml", 0, light or {}, tuple(links))


class _Bare:
    residual_doubts = ()


def judged(entries: list[Entry], states: dict[str, str]) -> dict[str, Status]:
    base = world().assess().appraisals["EV-1"]
    made = {}
    for key, state in states.items():
        if state == "current":
            made[key] = replace(base, evidence=key)
        elif state != "absent":
            made[key] = Appraisal(key, state)  # type: ignore[arg-type]
    case = Case(entries, lambda _e: _Bare(), lambda _e: {})  # type: ignore[arg-type,return-value]
    return statuses(Assessment(case, DAY, appraisals=made))


def oracle(entries: list[Entry], good: set[str]) -> set[str]:  # noqa: C901 - the definition in one place
    """Return the supported nodes by iterating the definition itself, set by set, until nothing changes."""
    links = {e.key: e.links for e in entries}
    kind = {e.key: e.type for e in entries}
    failed = {e.key for e in entries if e.light.get("holds") == "failed"}
    rests = {k: [t for f, _, t in ls if f in ("supported_by", "cites")] for k, ls in links.items()}
    attackers: dict[str, list[str]] = {k: [] for k in links}
    parents: dict[str, list[str]] = {k: [] for k in links}
    for k, ls in links.items():
        for f, _, t in ls:
            if f == "challenges":
                attackers[t].append(k)
            if f == "supported_by":
                parents[t].append(k)

    def scope(key: str) -> set[str]:
        found, front, seen = set(), [key], {key}
        while front:
            here = front.pop()
            found |= {t for f, _, t in links[here] if f == "in_context_of"}
            for p in parents[here]:
                if p not in seen:
                    seen.add(p)
                    front.append(p)
        return found

    scopes = {k: scope(k) for k in links}
    supported: set[str] = set()
    rebutted: set[str] = set()
    while True:
        s = {
            k for k in links
            if (kind[k] != "evidence" or k in good) and k not in failed and (kind[k] not in ("goal", "solution") or rests[k])
            and all(t in supported for t in rests[k]) and all(a in supported for a in scopes[k])
            and all(c in rebutted for c in attackers[k])
        }  # fmt: skip
        d = {k for k in links if any(c in supported for c in attackers[k]) or any(t in rebutted for t in rests[k])}
        if (s, d) == (supported, rebutted):
            return supported
        supported, rebutted = s, d


ARGUMENTS = st.tuples(st.integers(0, 2**32), st.integers(1, 14), st.integers(0, 6), st.sampled_from([0.0, 0.1, 0.3]))
STATES = ["current", "current", "current", "missing", "stale", "unverifiable", "absent"]


@settings(max_examples=300, deadline=None)
@given(ARGUMENTS, st.floats(0.3, 1.0))
def test_supported_is_what_the_definition_says(shape: tuple[int, int, int, float], share: float) -> None:
    rng = random.Random(shape[0])
    entries = random_case(rng, *shape[1:])
    states = {f"EV-{i}": "current" if rng.random() < share else rng.choice(STATES) for i in range(shape[1])}
    found = judged(entries, states)
    expected = oracle(entries, {k for k, s in states.items() if s == "current"})
    assert {k for k, s in found.items() if s.word == "supported"} == expected


@settings(max_examples=200, deadline=None)
@given(ARGUMENTS)
def test_the_order_of_nodes_never_matters(shape: tuple[int, int, int, float]) -> None:
    rng = random.Random(shape[0])
    entries = random_case(rng, *shape[1:])
    states = {f"EV-{i}": rng.choice(STATES) for i in range(shape[1])}
    first = judged(entries, states)
    rng.shuffle(entries)
    assert list(judged(entries, states).items()) == list(first.items())


@settings(max_examples=200, deadline=None)
@given(ARGUMENTS, st.data())
def test_losing_a_record_never_makes_anything_supported(
    shape: tuple[int, int, int, float], data: st.DataObject
) -> None:
    rng = random.Random(shape[0])
    entries = random_case(rng, *shape[1:])
    states = {f"EV-{i}": rng.choice(STATES) for i in range(shape[1])}
    before = judged(entries, states)
    lost = f"EV-{data.draw(st.integers(0, shape[1] - 1))}"
    after = judged(entries, states | {lost: data.draw(st.sampled_from(["missing", "stale", "unverifiable", "absent"]))})
    for key, status in after.items():
        assert status.word != "supported" or before[key].word == "supported", key
        if shape[2] == 0:  # with challenges, a challenger that loses its evidence throws doubt where it defeated before
            assert RANK[status.word] >= RANK[before[key].word], key


@settings(max_examples=100, deadline=None)
@given(ARGUMENTS)
def test_every_blame_path_ends_at_a_cause(shape: tuple[int, int, int, float]) -> None:
    rng = random.Random(shape[0])
    entries = random_case(rng, *shape[1:])
    found = judged(entries, {f"EV-{i}": rng.choice(STATES) for i in range(shape[1])})
    for key, status in found.items():
        path = blame(found, key)
        assert (len(path) > 1) == bool(status.because and status.because != key)
        assert len(set(path)) == len(path)
        if status.word == "supported":
            assert path == (key,)


@pytest.mark.parametrize("shape", ["chain", "wide"])
def test_deep_and_wide_arguments_need_no_recursion(shape: str) -> None:
    size = 5000
    links = (
        {i: [("supported_by", 0, f"G-{i + 1}")] for i in range(size - 1)}
        if shape == "chain"
        else {0: [("supported_by", i, f"G-{i}") for i in range(1, size)]}
    )
    entries = [entry(f"G-{i}", "goal", links.get(i, [])) for i in range(size)]
    found = judged(entries, {})
    assert found["G-0"].word == "open"
    assert len(blame(found, "G-0")) == (size if shape == "chain" else 2)
