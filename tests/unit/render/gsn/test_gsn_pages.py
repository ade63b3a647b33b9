"""Nothing is lost between an argument and its pages, and every page says where the argument goes on."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from road_sign_argument import argument as road_signs
from test_gsn_geometry import random_argument

from casework.render.gsn import Argument, Connector, Element, paginate
from casework.render.gsn.page import A3, A4


def check_book(argument, pages, most):
    drawn = [c for page in pages for c in page.connectors]
    assert set(drawn) == set(argument.connectors), "every connector is drawn"
    assert {e for page in pages for e in page.elements} == set(argument.elements), "every element is drawn"
    assert [p.number for p in pages] == list(range(1, len(pages) + 1))
    assert {p.total for p in pages} == {len(pages)}
    on_page = {page.number: {e.id: e.name for e in page.elements} for page in pages}
    for page in pages:
        ids = on_page[page.number]
        for connector in page.connectors:
            assert connector.source in ids
            names = {f"{c.source}->{c.target}" for c in page.connectors}
            assert connector.target in ids or connector.target in names
        for off in page.off_diagram:
            assert off.element in ids
            for number, name in off.places:
                assert 1 <= number <= len(pages)
                assert number != page.number
                assert name in on_page[number].values() or "->" in name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), size=st.integers(1, 90), density=st.floats(0, 0.8), most=st.integers(2, 40))
def test_nothing_is_lost(seed, size, density, most):
    argument = random_argument(seed, size, density)
    check_book(argument, paginate(argument, max_elements=most), most)


def test_road_signs():
    argument = road_signs()
    pages = paginate(argument)
    check_book(argument, pages, 30)
    assert max(len(p.elements) for p in pages) <= 30
    assert [p.heading.split(":")[0] for p in pages] == ["G1.1", "G2.2", "S2.2", "G6.1", "G3.1"]
    assert pages[2].breadcrumb == (("G1.1", 1), ("G2.2", 2), ("S2.2", 3))
    assert {e.module for e in pages[4].elements} == {"DATA"}


def test_off_diagram_connectors_carry_page_and_id_both_ways():
    pages = paginate(road_signs())
    down = {(p.number, o.element): o.places for p in pages for o in p.off_diagram if o.below}
    up = {(p.number, o.element): o.places for p in pages for o in p.off_diagram if not o.below}
    assert down[1, "G2.2"] == ((2, "G2.2"),)
    assert up[2, "G2.2"] == ((1, "S2.1"),)
    assert down[2, "DATA/G3.1"] == ((5, "G3.1"),)
    assert up[5, "G3.1"] == ((2, "G3.1"),)
    for (number, element), places in down.items():
        for page, _ in places:
            marks = [places_ for (n, _), places_ in up.items() if n == page]
            assert any(number in [p for p, _ in places_] for places_ in marks), (element, "is not referred back to")


def test_copies_are_exact():
    """1:2.2.20: the element at the bottom of one diagram is repeated as an exact copy at the top of the other."""
    pages = paginate(road_signs())
    assert next(e for e in pages[0].elements if e.id == "G2.2") == next(e for e in pages[1].elements if e.id == "G2.2")


def test_small_argument_takes_one_a4_page_and_large_pages_take_a3():
    small = Argument(
        (Element("G1", "goal", "Claim"), Element("Sn1", "solution", "Report")),
        (Connector("G1", "Sn1", "supported_by"),),
        "Small",
    )
    (page,) = paginate(small)
    assert page.paper == A4
    assert page.breadcrumb == (("G1", 1),)
    assert {p.paper for p in paginate(road_signs())} == {A3}


def test_a_fan_too_wide_for_a_page_is_continued():
    elements = [Element("G0", "goal", "Top")] + [Element(f"Sn{n}", "solution", f"Report {n}") for n in range(100)]
    links = tuple(Connector("G0", e.id, "supported_by") for e in elements[1:])
    argument = Argument(tuple(elements), links, "Fan")
    pages = paginate(argument)
    check_book(argument, pages, 30)
    assert len(pages) == 4
    assert max(len(p.elements) for p in pages) <= 30
    (mark,) = pages[0].off_diagram
    assert mark.places == ((2, "G0"), (3, "G0"), (4, "G0"))
    assert [o.places for o in pages[2].off_diagram] == [((1, "G0"),)]
    assert [p.heading for p in pages] == ["G0: Top"] + ["G0: Top (continued)"] * 3


def test_chain_fills_its_pages():
    elements = tuple(Element(f"G{n}", "goal", "Claim") for n in range(200))
    links = tuple(Connector(f"G{n}", f"G{n + 1}", "supported_by") for n in range(199))
    argument = Argument(elements, links, "Chain")
    pages = paginate(argument)
    check_book(argument, pages, 30)
    assert len(pages) <= 45
    assert len(pages[-1].breadcrumb) <= 13
    assert "pages between" in str(pages[-1].breadcrumb)


def test_mini_map_nests_pages():
    pages = paginate(road_signs())
    cells = pages[0].cells
    assert all(p.cells == cells for p in pages)
    assert [c.page for c in cells] == [1, 2, 3, 4, 5]
    assert [c.depth for c in cells] == [0, 1, 2, 1, 0]
    by_page = {c.page: c for c in cells}
    for parent, child in ((1, 2), (2, 3), (1, 4)):
        assert by_page[parent].start <= by_page[child].start < by_page[child].end <= by_page[parent].end + 1e-9


def test_modules_start_their_own_pages():
    elements = (
        Element("G1", "goal", "One", module="A"),
        Element("G2", "goal", "Two", module="B"),
        Element("G3", "goal", "Three", module="B"),
    )
    links = (Connector("G1", "G2", "supported_by"), Connector("G2", "G3", "supported_by"))
    pages = paginate(Argument(elements, links, "Two modules"))
    assert [p.heading for p in pages] == ["G1: One", "G2: Two"]
    assert [o.places for o in pages[0].off_diagram] == [((2, "G2"),)]
    assert [o.places for o in pages[1].off_diagram] == [((1, "G1"),)]


def roots() -> Argument:
    """Three top goals; the first has far more below it than a page holds."""
    elements = [Element("G2", "goal", "First in the files"), Element("S2", "strategy", "Over parts")]
    links = [Connector("G2", "S2", "supported_by")]
    for part in "abcd":
        elements.append(Element(f"G2{part}", "goal", "A part"))
        links.append(Connector("S2", f"G2{part}", "supported_by"))
        for n in range(9):
            elements.append(Element(f"G2{part}{n}", "goal", "A claim about a part of the system"))
            links.append(Connector(f"G2{part}", f"G2{part}{n}", "supported_by"))
    for top in ("G1", "G3"):
        elements += [Element(top, "goal", "Another"), *(Element(f"{top}.{n}", "goal", "Claim") for n in range(12))]
        links += [Connector(top, f"{top}.{n}", "supported_by") for n in range(12)]
    return Argument(tuple(elements), tuple(links), "Roots")


def test_the_first_page_develops_the_first_root_and_shows_the_others():
    pages = paginate(roots())
    check_book(roots(), pages, 30)
    assert pages[0].heading == "G2: First in the files"
    assert {"G2", "S2", "G1", "G3"} <= {e.id for e in pages[0].elements}
    assert not {"G1.1", "G3.1"} & {e.id for e in pages[0].elements}
    tops = {p.heading.split(":")[0]: p for p in pages}
    assert tops["G1"].breadcrumb == (("G1", tops["G1"].number),), "it starts at the top goal of its own branch"
    assert tops["G1"].number < tops["G3"].number
    assert all(p.breadcrumb[0] == ("G2", 1) for p in pages if p.heading.startswith("G2"))
    assert {c.depth for c in pages[0].cells if c.page in (1, tops["G1"].number, tops["G3"].number)} == {0}


def test_pages_are_filled_and_fit_their_paper():
    from casework.render.gsn.draw import sheet

    pages = [*paginate(road_signs()), *paginate(roots())]
    assert len(road_signs().elements) / len(paginate(road_signs())) > 12
    for page in pages:
        drawn = sheet(page)
        assert (drawn.width, drawn.height) == page.paper


def test_a_claim_that_others_share_is_at_home_with_the_strategy_over_it():
    elements = [
        Element("G0", "goal", "Top"),
        Element("S0", "strategy", "Over uses"),
        Element("S1", "strategy", "Over measures"),
    ]
    links = [Connector("G0", "S0", "supported_by"), Connector("G0", "S1", "supported_by")]
    for n in range(3):
        elements += [
            Element(f"U{n}", "goal", "A use"),
            Element(f"M{n}", "goal", "A measure"),
            Element(f"Sn{n}", "solution", "Report"),
        ]
        links += [Connector("S0", f"U{n}", "supported_by"), Connector("S1", f"M{n}", "supported_by")]
        links += [Connector(f"U{n}", f"M{n}", "supported_by"), Connector(f"M{n}", f"Sn{n}", "supported_by")]
    pages = paginate(Argument(tuple(elements), tuple(links), "t"), max_elements=9)
    whole = [p.number for p in pages if {"S1", "M0", "M1", "M2", "Sn0", "Sn1", "Sn2"} <= {e.id for e in p.elements}]
    assert len(whole) == 1


def test_a_small_edit_changes_few_pages():
    before = paginate(random_argument(5, 300, 0.05))
    argument = random_argument(5, 300, 0.05)
    leaf = next(e.id for e in reversed(argument.elements) if e.kind == "goal")
    grown = Argument(
        (*argument.elements, Element("New", "solution", "Report")),
        (*argument.connectors, Connector(leaf, "New", "supported_by")),
        argument.title,
    )
    held = [{e.id for e in page.elements} for page in before]
    changed = [page for page in paginate(grown) if {e.id for e in page.elements} not in held]
    assert 1 <= len(changed) <= 3


def test_empty_argument_has_one_page():
    (page,) = paginate(Argument((), (), "Nothing yet"))
    assert page.elements == ()


def test_a_thousand_elements_take_seconds():
    import time

    argument = random_argument(7, 1000, 0.05)
    start = time.process_time()
    pages = paginate(argument)
    assert time.process_time() - start < 6  # about 1.5 s on a machine of 2024
    assert len(pages) > 30
    check_book(argument, pages, 30)


@pytest.mark.parametrize(
    ("elements", "connectors", "message"),
    [
        ((Element("", "goal", "x"),), (), "no id"),
        ((Element("G1", "goal", "x"), Element("G1", "goal", "y")), (), "two elements have the id 'G1'"),
        ((Element("G1", "claim", "x"),), (), "claim"),
        ((Element("G1", "goal", "x", status="fine"),), (), "fine"),
        ((Element("G1", "goal", "x", decorators=frozenset({"gold"})),), (), "gold"),
        ((Element("G1", "goal", "x"),), (Connector("G1", "G2", "supported_by"),), "enters 'G2'"),
        ((Element("G1", "goal", "x"),), (Connector("G2", "G1", "supported_by"),), "leaves 'G2'"),
        ((Element("G1", "goal", "x"),), (Connector("G1", "G9->G8", "challenges"),), "enters 'G9->G8'"),
        ((Element("G1", "goal", "x"),), (Connector("G1", "G1", "backs"),), "backs"),
    ],
)
def test_a_wrong_argument_is_refused(elements, connectors, message):
    with pytest.raises(ValueError, match=message):
        Argument(elements, connectors, "Wrong")


def test_max_elements_must_leave_room_for_a_relation():
    with pytest.raises(ValueError, match="at least 2"):
        paginate(road_signs(), max_elements=1)
