"""The notation itself: each symbol and decorator as the tables of the standard show it."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from road_sign_argument import argument as road_signs
from symbol_gallery import GALLERY

from casework.render.gsn import Argument, Connector, Element, draw, paginate
from casework.render.gsn.layout import plan
from casework.render.gsn.lines import lines
from casework.render.gsn.shapes import figure
from casework.render.gsn.symbols import feet, outline

SVG = "{http://www.w3.org/2000/svg}"
TEXT = "The claim holds in the domain"


def numbers(data):
    return [float(v) for v in re.findall(r"-?\d+\.?\d*", data)]


def points(data):
    values = numbers(data)
    return list(zip(values[::2], values[1::2], strict=True))


def root_of(argument, page=0):
    return ET.fromstring(draw(paginate(argument)[page]).encode())


def paths(svg_parts):
    return [ET.fromstring(part) for part in svg_parts]


def test_goal_is_a_rectangle():
    drawn = figure(Element("G1", "goal", TEXT))
    (data,) = outline(drawn)
    assert points(data) == [
        (0, 0),
        (pytest.approx(drawn.width, abs=0.01), 0),
        (pytest.approx(drawn.width, abs=0.01), drawn.height),
        (0, drawn.height),
    ]


def test_strategy_is_a_parallelogram():
    drawn = figure(Element("S1", "strategy", TEXT))
    (a, b, c, d) = points(outline(drawn)[0])
    assert a[1] == b[1] == 0
    assert c[1] == d[1] > 0
    assert a[0] - d[0] == pytest.approx(b[0] - c[0], abs=0.02), "slanting sides are parallel"
    assert a[0] > d[0], "it leans to the right"


@pytest.mark.parametrize(("kind", "ratio"), [("solution", 1.0), ("assumption", None), ("justification", None)])
def test_round_symbols_are_drawn_by_two_half_arcs(kind, ratio):
    drawn = figure(Element("X1", kind, TEXT))
    (data,) = outline(drawn)
    values = numbers(data)
    assert data.count("A") == 2
    assert values[2:4] == [pytest.approx(drawn.width / 2, abs=0.01), pytest.approx(drawn.height / 2, abs=0.01)]
    if ratio:
        assert drawn.width / drawn.height == ratio
    else:
        assert drawn.width > 1.3 * drawn.height


def test_context_has_half_circles_at_both_ends():
    drawn = figure(Element("C1", "context", TEXT))
    data = outline(drawn)[0]
    arcs = re.findall(r"A ([\d.]+) ([\d.]+)", data)
    assert len(arcs) == 2
    for across, up in arcs:
        assert float(across) == float(up) == pytest.approx(drawn.height / 2, abs=0.01)


def test_module_and_contract_have_their_tabs():
    module = outline(figure(Element("M1", "module", TEXT)))
    assert len(module) == 2
    tab, body = points(module[0]), points(module[1])
    assert tab[0] == (0, 0), "top left"
    assert tab[2][1] == body[0][1], "adjoining the body"
    contract = [points(data) for data in outline(figure(Element("K1", "contract", TEXT)))]
    assert len(contract) == 3
    first, body, last = contract
    assert first[0] == (0, 0)
    assert last[1][0] == body[1][0], "bottom right"
    assert last[0][1] == body[2][1]
    assert last[1][0] - last[0][0] == pytest.approx(first[1][0] - first[0][0], abs=0.02), "of equal size"


@pytest.mark.parametrize(
    "kind", ["away_goal", "away_solution", "away_context", "away_assumption", "away_justification"]
)
def test_away_elements_carry_their_module_in_a_strip(kind):
    element = Element("X1", kind, TEXT, module="DATA")
    drawn = figure(element)
    row = next(row for row in drawn.rows if row.kind == "module")
    assert row.text == "DATA"
    assert row.y > drawn.height - drawn.strip
    assert all(r.y < drawn.height - drawn.strip for r in drawn.rows if r.kind != "module")
    assert drawn.strip < drawn.height / 2, "the line is in the lower half"
    group = next(g for g in root_of(Argument((element,), (), "t")).iter(f"{SVG}g") if g.attrib.get("id") == "el-X1")
    assert any(p.attrib.get("fill") == "#b9bec6" for p in group.iter(f"{SVG}path")), "shaded miniature module symbol"


def test_undeveloped_is_a_hollow_diamond_touching_the_bottom_centre():
    (shape,) = paths(feet(frozenset({"undeveloped"}), 50.0, 80.0))
    corners = points(shape.attrib["d"])
    assert corners == [(50, 80), (57, 86), (50, 92), (43, 86)]
    assert shape.attrib["fill"] == "#ffffff"


def test_uninstantiated_is_a_triangle_and_both_together_a_halved_diamond():
    (triangle,) = paths(feet(frozenset({"uninstantiated"}), 50.0, 80.0))
    corners = points(triangle.attrib["d"])
    assert corners[0] == (50, 80)
    assert corners[1][1] == corners[2][1] > 80
    diamond, line = paths(feet(frozenset({"uninstantiated", "undeveloped"}), 50.0, 80.0))
    assert len(points(diamond.attrib["d"])) == 4
    assert numbers(line.attrib["d"]) == [43, 86, 57]


def test_supported_by_contract_is_a_contract_symbol_below_the_goal():
    (sign,) = paths(feet(frozenset({"contract"}), 50.0, 80.0))
    assert sign.attrib["d"].count("M") == 3
    ys = [y for _, y in points(sign.attrib["d"])]
    assert min(ys) == 80


def test_decorators_stand_at_the_bottom_middle_of_their_element():
    page = paginate(GALLERY["decorators"]())[0]
    laid = plan(page)
    svg = draw(page)
    for name, marks in (("G1", {"undeveloped"}), ("G2", {"uninstantiated"}), ("P0", {"uninstantiated"})):
        for part in feet(frozenset(marks), *laid.placed[name].bottom):
            assert part in svg


def test_defeated_element_has_a_cross_beneath_its_text():
    group = next(g for g in root_of(GALLERY["decorators"]()).iter(f"{SVG}g") if g.attrib.get("id") == "el-G7")
    tags = [(node.tag, node.attrib.get("d", "")) for node in group.iter()]
    cross = next(i for i, (_, d) in enumerate(tags) if d.count("M") == 2 and d.count("L") == 2)
    text = next(i for i, (tag, _) in enumerate(tags) if tag == f"{SVG}text")
    assert cross < text


def heads(argument, page=0):
    groups = [g for g in root_of(argument, page).iter(f"{SVG}g") if g.attrib.get("class", "").startswith("connector")]
    return {g.find(f"{SVG}title").text: g.find(f"{SVG}path") for g in groups}


def test_arrowheads_tell_the_relations_apart():
    found = heads(GALLERY["relations"]())
    solid, hollow, open_ = found["G0 supported by G2"], found["G0 in context of C1"], found["G10 challenges G3"]
    assert solid.attrib["fill"] == solid.attrib["stroke"]
    assert solid.attrib["d"].endswith("Z")
    assert hollow.attrib["fill"] == "#ffffff"
    assert hollow.attrib["d"].endswith("Z")
    assert open_.attrib["fill"] == "none"
    assert not open_.attrib["d"].endswith("Z")


def test_only_challenges_are_dashed():
    root = root_of(GALLERY["relations"]())
    picture = next(g for g in root if "scale" in g.attrib.get("transform", ""))
    dashed = [p for p in picture.iter(f"{SVG}path") if p.attrib.get("stroke-dasharray")]
    assert len(dashed) == 3


def marks_of(name):
    """Decorators on every line of the gallery's relations, over all of its pages."""
    found = {}
    for page in paginate(GALLERY["relations"]()):
        for route in lines(plan(page)):
            found[f"{route.connector.source}->{route.connector.target}"] = (route, route.marks)
    return found[name]


@pytest.mark.parametrize(
    ("line", "symbols"),
    [
        ("G0->G1", [("ball", "n"), ("acp", "ACP1"), ("acp", "ACP2")]),
        ("G0->G2", [("hollow_ball", "")]),
        ("G0->G3", [("ball", "")]),
        ("G0->G4", [("diamond", "1 of 3")]),
        ("G0->G6", [("diamond", "1 of 3"), ("ball", "0..x")]),
        ("G1->G7", [("diamond", "m of n")]),
        ("G2->G9", [("cross", "")]),
        ("G0->C1", [("ball", "n"), ("acp", "ACP3")]),
        ("G0->C2", [("cross", "")]),
    ],
)
def test_decorators_sit_on_their_line(line, symbols):
    route, marks = marks_of(line)
    assert [(m.symbol, m.label) for m in marks] == symbols
    for mark in marks:
        x, y = mark.at
        near = [
            min(a[0], b[0]) - 0.1 <= x <= max(a[0], b[0]) + 0.1 and min(a[1], b[1]) - 0.1 <= y <= max(a[1], b[1]) + 0.1
            for a, b in pairwise(route.points)
        ]
        assert any(near), mark


def test_one_diamond_for_each_choice():
    page = paginate(GALLERY["relations"]())[0]
    diamonds = {m.at for r in lines(plan(page)) for m in r.marks if m.symbol == "diamond" and m.label == "1 of 3"}
    assert len(diamonds) == 1
    others = [r for r in lines(plan(page)) if r.connector.target in ("G2", "G3")]
    ((x, y),) = diamonds
    for route in others:
        for a, b in pairwise(route.points):
            through = min(a[0], b[0]) <= x <= max(a[0], b[0]) and min(a[1], b[1]) <= y <= max(a[1], b[1])
            assert not through, "a line outside the choice does not pass its diamond"


def test_off_diagram_triangle_spans_a_third_of_the_edge_and_points_away():
    page = paginate(road_signs())[0]
    laid = plan(page)
    placed = laid.placed["G2.2"]
    root = ET.fromstring(draw(page).encode())
    shaded = [numbers(p.attrib["d"]) for p in root.iter(f"{SVG}path") if p.attrib.get("fill") == "#aab0b9"]
    left, y, right, tip_x, tip_y = next(
        s for s in shaded if abs(s[1] - placed.bottom[1]) < 0.02 and s[0] < placed.bottom[0] < s[2]
    )
    assert right - left == pytest.approx(placed.figure.width / 3, abs=0.05)
    assert tip_x == pytest.approx(placed.bottom[0], abs=0.02)
    assert tip_y > y
    assert placed.under == ("page 2: G2.2",)


def test_a_child_nearly_below_its_parent_is_put_right_below_it():
    names = ["A" * 3, "B" * 9, "Some longer claim about the system and its parts"]
    elements = (Element("G0", "goal", "Top"), *(Element(f"G{n + 1}", "goal", text) for n, text in enumerate(names)))
    links = tuple(Connector("G0", e.id, "supported_by") for e in elements[1:])
    laid = plan(paginate(Argument(elements, links, "t"))[0])
    assert laid.placed["G2"].top[0] == pytest.approx(laid.placed["G0"].bottom[0])


def test_two_acps_on_an_element_show_two_squares_and_both_ids():
    element = Element("Sn1", "solution", "Report", acps=("ACP1", "ACP2"))
    group = next(g for g in root_of(Argument((element,), (), "t")).iter(f"{SVG}g") if g.attrib.get("id") == "el-Sn1")
    assert len(list(group.iter(f"{SVG}rect"))) == 2
    assert "ACP1, ACP2" in ["".join(t.itertext()) for t in group.iter(f"{SVG}text")]
