from __future__ import annotations

from casework.graph.case import Case
from casework.graph.impact import BINDS, CLIMBS, FALLS, Affected, impact
from casework.model.vocabulary import NODE_TYPES, links_of
from casework.store.tree import case_from_texts

D = "0" * 63 + "a"
TEXT = f"""
- {{type: odd, id: ODD-1, statement: Roads., dimensions: [{{name: light, values: [day]}}]}}
- {{type: dataset, id: DS-1, statement: Scenes., version: "1", manifest: {{path: m.jsonl, sha256: {D}}}, splits: [{{name: t, purpose: verification, size: 9}}], covers: [ODD-1]}}
- {{type: model_card, id: MC-F, file: {{path: f.onnx, sha256: {D}}}, version: "1", task: detection, inputs: [{{name: i, dtype: float32, shape: [1]}}], outputs: [{{name: o, dtype: float32, shape: [1]}}], intended_use: Signs.}}
- {{type: model_card, id: MC-Q, file: {{path: q.onnx, sha256: {D}}}, version: "1", task: detection, inputs: [{{name: i, dtype: float32, shape: [1]}}], outputs: [{{name: o, dtype: float32, shape: [1]}}], intended_use: Signs., derived_from: MC-F}}
- {{type: safety_goal, id: SG-1, statement: It shall miss none., addresses: [HE-1]}}
- {{type: hazardous_event, id: HE-1, hazard: Missed., situation: Crossing., severity: {{level: S3}}, exposure: {{level: E3}}, controllability: {{level: C3}}}}
- {{type: requirement, id: SYS-1, level: system, statement: It shall report signs., derives_from: [SG-1]}}
- {{type: requirement, id: ML-1, level: ml, statement: It shall find signs., derives_from: [SYS-1], allocated_to: [MC-Q]}}
- {{type: requirement, id: ML-2, level: ml, statement: It shall find others., derives_from: [SYS-1], allocated_to: [MC-Q]}}
- {{type: evidence, id: EV-1, generator: validation, subject: MC-Q, data: DS-1, verifies: [ML-1]}}
- {{type: evidence, id: EV-2, generator: quantization, subject: MC-Q, data: DS-1, against: MC-F, verifies: [ML-2]}}
- {{type: goal, id: G-1, statement: No sign is missed, states: [SG-1], supported_by: [G-2]}}
- {{type: goal, id: G-2, statement: Signs are found, supported_by: [SN-1]}}
- {{type: solution, id: SN-1, statement: Validation, cites: [EV-1]}}
- {{type: goal, id: CG-1, statement: Signs are missed, undeveloped: true, challenges: [G-2]}}
- {{type: practice, id: PR-1, practice: MLE.4.BP5, satisfied_by: [EV-1]}}
"""


def built(text: str = TEXT) -> Case:
    case, findings = case_from_texts({"a.yaml": text})
    assert not findings, findings
    return case


def keys(found: tuple[Affected, ...]) -> list[str]:
    return [a.key for a in found]


def test_a_changed_requirement_reaches_its_children_and_reruns_only_its_own_evidence() -> None:
    found = impact(built(), ["ML-1"])
    assert keys(found.requirements) == []
    assert keys(found.evidence) == ["EV-1"]
    assert keys(found.goals) == ["G-1", "G-2", "SN-1"]
    assert keys(found.others) == ["PR-1"]
    assert next(a.path for a in found.goals if a.key == "G-1") == ("ML-1", "EV-1", "SN-1", "G-2", "G-1")


def test_a_changed_parent_makes_children_suspect_and_reruns_nothing() -> None:
    found = impact(built(), ["SYS-1"])
    assert keys(found.requirements) == ["ML-1", "ML-2"]
    assert keys(found.evidence) == []
    assert keys(found.goals) == []


def test_a_changed_hazard_goes_all_the_way_down_and_up_the_argument() -> None:
    found = impact(built(), ["HE-1"])
    assert keys(found.requirements) == ["ML-1", "ML-2", "SG-1", "SYS-1"]
    assert keys(found.goals) == ["G-1"]
    assert next(a.path for a in found.requirements if a.key == "ML-1") == ("HE-1", "SG-1", "SYS-1", "ML-1")


def test_a_changed_model_reruns_its_evidence_and_touches_what_was_derived_from_it() -> None:
    assert keys(impact(built(), ["MC-Q"]).evidence) == ["EV-1", "EV-2"]
    found = impact(built(), ["MC-F"])
    assert keys(found.evidence) == ["EV-2"]
    assert keys(found.others) == ["MC-Q"]


def test_a_changed_domain_reruns_the_evidence_on_its_datasets() -> None:
    found = impact(built(), ["ODD-1"])
    assert keys(found.evidence) == ["EV-1", "EV-2"]
    assert next(a.path for a in found.evidence if a.key == "EV-1") == ("ODD-1", "DS-1", "EV-1")
    assert "DS-1" in keys(found.others)


def test_a_changed_challenge_touches_what_it_challenges_and_all_above() -> None:
    assert keys(impact(built(), ["CG-1"]).goals) == ["G-1", "G-2"]


def test_reviews_are_voided_by_the_node_and_by_what_it_links_to() -> None:
    case = built()
    seen = f'ML-1: "{case.fingerprint("ML-1")}", SYS-1: "{case.fingerprint("SYS-1")}"'
    signed = built(
        TEXT + f"- {{type: review, id: RV-1, of: [ML-1], by: ann, on: 2026-01-01, fingerprints: {{{seen}}}}}\n"
    )
    assert impact(signed, ["ML-1"]).reviews == (Affected("RV-1", "review", ("ML-1", "RV-1")),)
    assert impact(signed, ["SYS-1"]).reviews == (Affected("RV-1", "review", ("SYS-1", "ML-1", "RV-1")),)
    assert impact(signed, ["ML-2"]).reviews == ()
    assert "RV-1" not in keys(impact(signed, ["ML-1"]).others)


def test_unknown_keys_are_left_out_and_nothing_changed_touches_nothing() -> None:
    found = impact(built(), ["X-1"])
    assert (found.changed, found.requirements, found.goals, found.evidence, found.reviews, found.others) == (
        (),
        (),
        (),
        (),
        (),
        (),
    )


def test_the_changed_nodes_are_not_listed_again_even_in_a_circle() -> None:
    text = "".join(
        f"- {{type: requirement, id: R-{i}, level: system, statement: It shall., derives_from: [R-{(i + 1) % 3}]}}\n"
        for i in range(3)
    )
    found = impact(built(text), ["R-0"])
    assert keys(found.requirements) == ["R-1", "R-2"]


def test_every_link_of_the_vocabulary_has_a_direction_or_is_left_out_on_purpose() -> None:
    fields = {name for node_type in NODE_TYPES for name in links_of(node_type)}
    aside = {
        "allocated_to",
        "disjoint_from",
        "of",
        "node",
    }  # the first two make nothing suspect; reviews have their own list
    assert fields == CLIMBS | FALLS | BINDS | aside
