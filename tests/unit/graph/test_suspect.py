from __future__ import annotations

from casework.graph.case import Case
from casework.graph.suspect import changed, latest, sign_offs, suspects
from casework.store.tree import case_from_texts

NODES = (
    "- {type: requirement, id: A, level: stakeholder, statement: It shall report signs.}\n"
    "- {type: requirement, id: B, level: system, statement: It shall report stop signs., derives_from: [A]}\n"
)


def built(text: str) -> Case:
    case, findings = case_from_texts({"a.yaml": text})
    assert not findings, findings
    return case


def review(
    key: str, day: str, seen: dict[str, str], *, of: str = "B", meaning: str = "reviewed", module: str = ""
) -> str:
    where = f", module: {module}" if module else ""
    recorded = ", ".join(f'{k}: "{v}"' for k, v in seen.items())
    return f"- {{type: review, id: {key}{where}, of: [{of}], by: ann, on: {day}, meaning: {meaning}, fingerprints: {{{recorded}}}}}\n"


SEEN = {key: built(NODES).fingerprint(key) for key in ("A", "B")}


def test_nothing_is_suspect_right_after_a_review() -> None:
    case = built(NODES + review("RV-1", "2026-01-01", SEEN))
    assert list(suspects(case)) == []
    assert list(changed(case)) == []


def test_a_changed_parent_makes_the_link_suspect_but_not_the_node_changed() -> None:
    case = built(NODES.replace("report signs", "report all signs") + review("RV-1", "2026-01-01", SEEN))
    assert [(s.link.source, s.link.field, s.link.target, s.sign_off.review) for s in suspects(case)] == [
        ("B", "derives_from", "A", "RV-1")
    ]
    assert list(changed(case)) == []


def test_a_changed_node_is_changed_but_its_links_are_not_suspect() -> None:
    case = built(NODES.replace("report stop signs", "report yield signs") + review("RV-1", "2026-01-01", SEEN))
    assert list(suspects(case)) == []
    assert [s.node for s in changed(case)] == ["B"]


def test_a_new_review_clears_the_suspect() -> None:
    edited = NODES.replace("report signs", "report all signs")
    now = {**SEEN, "A": built(edited).fingerprint("A")}
    case = built(edited + review("RV-1", "2026-01-01", SEEN) + review("RV-2", "2026-01-02", now))
    assert list(suspects(case)) == []
    assert latest(case)["B"].review == "RV-2"
    assert len(list(sign_offs(case))) == 2


def test_an_older_review_does_not_clear_it_whatever_its_id() -> None:
    edited = NODES.replace("report signs", "report all signs")
    now = {**SEEN, "A": built(edited).fingerprint("A")}
    case = built(edited + review("RV-1", "2026-01-02", SEEN) + review("RV-2", "2026-01-01", now))
    assert [s.sign_off.review for s in suspects(case)] == ["RV-1"]


def test_a_link_added_since_is_a_change_and_no_suspect() -> None:
    added = (
        NODES.replace("derives_from: [A]", "derives_from: [A, C]")
        + NODES.splitlines()[0].replace("id: A", "id: C")
        + "\n"
    )
    case = built(added + review("RV-1", "2026-01-01", SEEN))
    assert list(suspects(case)) == []
    assert [s.node for s in changed(case)] == ["B"]


def test_a_rejection_leaves_nothing_to_be_suspect() -> None:
    case = built(
        NODES.replace("report signs", "report all signs") + review("RV-1", "2026-01-01", SEEN, meaning="rejected")
    )
    assert list(suspects(case)) == []
    assert list(changed(case)) == []


def test_fingerprints_may_be_recorded_by_key_or_by_name_in_the_module() -> None:
    nodes = "- {type: requirement, id: A, module: m, level: stakeholder, statement: It shall report signs.}\n"
    digest = built(nodes).fingerprint("m::A")
    for name in ("A", '"m::A"'):
        case = built(nodes + review("RV-1", "2026-01-01", {name: digest}, of="A", module="m"))
        assert list(changed(case)) == []


def test_of_one_day_the_tenth_review_comes_after_the_ninth() -> None:
    from casework.store.tree import case_from_texts

    review = "- {{type: review, id: RV-{0}, of: [O], by: a, on: '2026-01-01', meaning: {1}}}\n"
    odd = "- {type: odd, id: O, statement: S., dimensions: [{name: light, values: [day]}]}\n"
    case, findings = case_from_texts({"a.yaml": odd + review.format(9, "rejected") + review.format(10, "approved")})
    assert findings == []
    assert latest(case)["O"].review == "RV-10"
