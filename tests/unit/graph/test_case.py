from __future__ import annotations

from casework.graph.case import Case, Edge
from casework.model.requirement import Requirement
from casework.store.tree import case_from_texts


def built(text: str) -> Case:
    return case_from_texts({"a.yaml": text})[0]


def requirement(key: str, *parents: str, module: str = "") -> str:
    where = f", module: {module}" if module else ""
    return f"- {{type: requirement, id: {key}{where}, level: system, statement: It shall., derives_from: [{', '.join(parents)}]}}\n"


CHAIN = requirement("A") + requirement("B", "A") + requirement("C", "A", "B") + requirement("D", "C")


def test_links_are_seen_from_both_ends() -> None:
    case = built(CHAIN)
    assert case.out("C") == [Edge("C", "derives_from", 0, "A"), Edge("C", "derives_from", 1, "B")]
    assert [e.source for e in case.into("A")] == ["B", "C"]
    assert case.out("C", "mitigates") == []
    assert case.out("A") == []
    assert case.into("D") == []


def test_upstream_and_downstream_hold_the_shortest_way() -> None:
    case = built(CHAIN)
    assert case.upstream("D") == {"C": "D", "A": "C", "B": "C"}
    assert case.downstream("A", "derives_from") == {"B": "A", "C": "A", "D": "C"}
    assert case.downstream("D") == {}


def test_a_cycle_leads_back_to_its_start_and_ends() -> None:
    case = built(requirement("A", "B") + requirement("B", "A"))
    assert case.upstream("A") == {"B": "A", "A": "B"}
    assert case.cycles("derives_from") == [("A", "B")]
    assert case.cycles("mitigates") == []


def test_names_are_resolved_in_the_own_module_then_in_the_root_then_as_written() -> None:
    case = built(
        requirement("A")
        + requirement("A", module="m")
        + requirement("R")
        + requirement("B", "A", "R", "n::A", module="m")
        + requirement("A", module="n")
    )
    assert [e.target for e in case.out("m::B")] == ["m::A", "R", "n::A"]
    assert case.resolve(case.entries["A"], "B") is None
    assert case.resolve(case.entries["A"], "m::B") == "m::B"


def test_dangling_links_are_kept_apart() -> None:
    case = built(requirement("A", "X", "A2") + requirement("A2"))
    assert [(d.source, d.field, d.index, d.target) for d in case.dangling] == [("A", "derives_from", 0, "X")]
    assert [e.target for e in case.out("A")] == ["A2"]


def test_of_two_nodes_with_one_key_the_first_counts() -> None:
    case, _findings = case_from_texts({"b.yaml": requirement("A"), "a.yaml": requirement("A", "A")})
    assert [(first.file, second.file) for first, second in case.duplicates] == [("a.yaml", "b.yaml")]
    assert case.entries["A"].file == "a.yaml"
    assert len(case) == 1


def test_an_invalid_node_exists_but_is_not_handed_out() -> None:
    case = built("- {type: requirement, id: A, level: nowhere, statement: It shall.}\n" + requirement("B", "A"))
    assert "A" in case
    assert case.dangling == []
    assert [key for key, _node in case.nodes(Requirement, "requirement")] == ["B"]


def test_the_network_has_every_node_and_link() -> None:
    network = built(CHAIN).network
    assert sorted(network.nodes) == ["A", "B", "C", "D"]
    assert sorted(network.edges(keys=True)) == [
        ("B", "A", "derives_from[0]"),
        ("C", "A", "derives_from[0]"),
        ("C", "B", "derives_from[1]"),
        ("D", "C", "derives_from[0]"),
    ]
    assert network.nodes["A"]["type"] == "requirement"


def test_keys_are_sorted_within_a_type() -> None:
    case = built(requirement("B") + requirement("A"))
    assert list(case.keys("requirement", "odd")) == ["A", "B"]
