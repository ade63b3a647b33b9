"""What a reader relies on: nothing overlaps, text lies in its shape, lines attach where the standard says."""

import random
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from road_sign_argument import argument as road_signs
from symbol_gallery import GALLERY

from casework.render.fonts import advance
from casework.render.gsn import Argument, Connector, Element, Kind, paginate
from casework.render.gsn.geometry import Box
from casework.render.gsn.layout import plan
from casework.render.gsn.lines import lines
from casework.render.gsn.shapes import figure
from casework.render.gsn.symbols import letter_place

WORDS = [
    "detector",
    "recall",
    "glare",
    "camera",
    "latency",
    "hazard",
    "evidence",
    "budget",
    "rain",
    "sensor",
    "sign",
    "speed",
    "braking",
    "verification",
]


def random_argument(seed: int, size: int, density: float) -> Argument:
    """A seeded graph of all kinds and relations: shared nodes, cycles, challenges, lone elements."""
    rng = random.Random(seed)
    kinds = [k.value for k in Kind] + ["goal"] * 8 + ["strategy"] * 3 + ["solution"] * 3
    elements = [Element("G0", "goal", "The top claim")]
    for number in range(1, size):
        text = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 22)))
        marks = frozenset(
            w for w in ("undeveloped", "uninstantiated", "public", "contract", "defeated") if rng.random() < 0.08
        )
        elements.append(
            Element(
                f"E{number}",
                rng.choice(kinds),
                text,
                status=rng.choice([None, "supported", "open", "doubted", "defeated"]),
                module=rng.choice(["", "", "M1"]),
                decorators=marks,
                acps=("ACP1",) if rng.random() < 0.1 else (),
                annotations=("EV-1",) if rng.random() < 0.2 else (),
            )
        )
    connectors = []
    for number in range(1, size):
        for _ in range(1 + (rng.random() < density) + (rng.random() < density / 2)):
            parent = elements[rng.randrange(number)].id if rng.random() > 0.04 else rng.choice(elements).id
            kind = elements[number].kind.removeprefix("away_")
            relation = "in_context_of" if kind in ("context", "assumption", "justification") else "supported_by"
            if rng.random() < 0.06:
                connectors.append(Connector(elements[number].id, parent, "challenges"))
                continue
            connectors.append(
                Connector(
                    parent,
                    elements[number].id,
                    relation,
                    multiplicity=rng.choice(["", "", "", "n"]),
                    optional=rng.random() < 0.05,
                    choice=rng.choice(["", "", "", "", "1 of 2"]),
                    acps=("ACP9",) if rng.random() < 0.05 else (),
                    defeated=rng.random() < 0.05,
                )
            )
    if connectors and elements[-1].kind == "goal":
        target = connectors[0]
        connectors.append(Connector(elements[-1].id, f"{target.source}->{target.target}", "challenges"))
    return Argument(tuple(elements), tuple(connectors), "Random")


def check_page(page) -> None:
    laid = plan(page)
    assert set(laid.placed) == {e.id for e in page.elements}
    for one, two in combinations(laid.placed.values(), 2):
        assert not one.extent.overlaps(two.extent), (one.figure.element.id, two.figure.element.id)
    routes = lines(laid)
    assert len(routes) == len(page.connectors)
    for route in routes:
        _check_ends(route, laid)


def _check_ends(route, laid) -> None:
    connector = route.connector
    source, target = laid.placed[connector.source], laid.placed.get(connector.target)
    start, end = route.points[0], route.points[-1]
    if connector.kind == "supported_by":
        assert start == pytest.approx(source.bottom)
        assert end == pytest.approx(target.top)
        if len(route.points) > 2 or start[0] == pytest.approx(end[0]):
            assert route.points[-2][0] == pytest.approx(end[0], abs=0.02), "enters from straight above"
            assert route.points[-2][1] < end[1]
            assert route.points[1][0] == pytest.approx(start[0], abs=0.02), "leaves straight down"
            assert route.points[1][1] > start[1]
    elif connector.kind == "in_context_of":
        assert any(start == pytest.approx(p) for p in (source.left, source.right))
        assert any(end == pytest.approx(p) for p in (target.left, target.right))
    elif target is not None:
        box = target.outline
        assert box.left - 0.1 <= end[0] <= box.right + 0.1
        assert box.top - 0.1 <= end[1] <= box.bottom + 0.1


def crossings_of_elements(page) -> list[str]:
    """Parts of lines that run through an element other than the line's own ends."""
    laid = plan(page)
    found = []
    for route in lines(laid):
        for (ax, ay), (bx, by) in pairwise(route.points):
            part = Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)).grown(0.01)
            for name, placed in laid.placed.items():
                own = name in (route.connector.source, route.connector.target)
                if not own and part.overlaps(placed.outline.grown(-0.5)):
                    found.append(f"{route.connector.source}->{route.connector.target} through {name}")
    return found


def blemishes_of_marks(page) -> list[str]:
    """Off-diagram triangles and labels that a line crosses, or that cover or are covered by anything."""
    laid = plan(page)
    marks = [
        (name, box.grown(-0.3))
        for name, placed in laid.placed.items()
        for below in (False, True)
        for box in placed.marks(below=below)
    ]
    found = []
    for route in lines(laid):
        for (ax, ay), (bx, by) in pairwise(route.points):
            part = Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)).grown(0.7)
            found += [
                f"{route.connector.source}->{route.connector.target} crosses the mark of {name}"
                for name, box in marks
                if part.overlaps(box)
            ]
        for at in (mark.at for mark in route.marks):
            sign = Box(*at, *at).grown(4.0)
            found += [f"a decorator lies on the mark of {name}" for name, box in marks if sign.overlaps(box)]
    for name, box in marks:
        found += [
            f"the mark of {name} covers {other}"
            for other, placed in laid.placed.items()
            if other != name and box.overlaps(placed.extent)
        ]
    for (name, one), (other, two) in combinations(marks, 2):
        if one.overlaps(two):
            found.append(f"the marks of {name} and {other} meet")
    return found


def shared_claims() -> Argument:
    """Claims with support on the page and elsewhere, and solutions that many pages share."""
    elements = [Element("G0", "goal", "Top"), Element("S0", "strategy", "Argument over all parts")]
    links = [Connector("G0", "S0", "supported_by")]
    for number in range(14):
        part = f"G{number + 1}"
        marks = frozenset({"uninstantiated"}) if number % 3 == 0 else frozenset()
        elements.append(
            Element(part, "goal", f"Part {number} is safe", decorators=marks, acps=("ACP1",) * (number % 2))
        )
        links.append(Connector("S0", part, "supported_by"))
        for leaf in range(3):
            elements.append(Element(f"{part}.{leaf}", "goal", "A claim about this part of the system"))
            links.append(Connector(part, f"{part}.{leaf}", "supported_by"))
            links.append(Connector(f"{part}.{leaf}", f"Sn{leaf}", "supported_by"))
    elements += [Element(f"Sn{n}", "solution", "Report of the test of all parts", acps=("ACP2",)) for n in range(3)]
    return Argument(tuple(elements), tuple(links), "Shared")


@pytest.mark.parametrize("most", [6, 12, 30])
def test_no_line_crosses_an_off_diagram_mark(most):
    books = [road_signs(), shared_claims(), GALLERY["shared"](), GALLERY["relations"]()]
    pages = [page for book in books for page in paginate(book, max_elements=most)]
    assert sum(len(page.off_diagram) for page in pages) > 10
    assert any(p.left_off and p.under for page in pages for p in plan(page).placed.values()), "nothing was at stake"
    assert [blemish for page in pages for blemish in blemishes_of_marks(page)] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), size=st.integers(8, 60), density=st.floats(0, 0.5), most=st.integers(4, 30))
@example(seed=131072, size=19, density=0.125, most=4)  # a spine beside the marks of its own element
def test_off_diagram_marks_are_obstacles(seed, size, density, most):
    for page in paginate(random_argument(seed, size, density), max_elements=most):
        assert [blemish for blemish in blemishes_of_marks(page) if "covers" in blemish or "meet" in blemish] == []
        straight = {f"{r.connector.source}->{r.connector.target}" for r in lines(plan(page)) if _is_oblique(r)}
        crossed = [blemish for blemish in blemishes_of_marks(page) if blemish.split(" ")[0] not in straight]
        assert crossed == []


def _is_oblique(route) -> bool:
    """Whether no way was found, so that the line is drawn straight across."""
    return any(abs(a[0] - b[0]) > 0.1 and abs(a[1] - b[1]) > 0.1 for a, b in pairwise(route.points))


@pytest.mark.parametrize(
    ("seed", "size", "density", "most"),
    [(401587, 52, 0.34, 8), (158742, 48, 0.4785872556653415, 9), (233048, 57, 0.3078, 25), (632193, 42, 0.3372, 5)],
)
def test_a_line_at_the_side_finds_its_way_out_between_close_neighbours(seed, size, density, most):
    pages = paginate(random_argument(seed, size, density), max_elements=most)
    assert [r.connector for page in pages for r in lines(plan(page)) if _is_oblique(r)] == []


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_gallery_pages_are_sound(name):
    for page in paginate(GALLERY[name]()):
        check_page(page)
        assert crossings_of_elements(page) == []


def test_road_sign_pages_are_sound():
    pages = paginate(road_signs())
    for page in pages:
        check_page(page)
        assert crossings_of_elements(page) == []


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_are_sound_and_their_lines_pass_between_elements(seed):
    for page in paginate(random_argument(seed, 45, 0.25)):
        check_page(page)
        assert crossings_of_elements(page) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), size=st.integers(1, 40), density=st.floats(0, 0.9), most=st.integers(2, 40))
def test_no_graph_makes_elements_overlap(seed, size, density, most):
    for page in paginate(random_argument(seed, size, density), max_elements=most):
        check_page(page)


TEXTS = [
    "Ok",
    "Detector test report",
    "The residual risk of misread signs is acceptably low in urban and rural roads. " * 3,
    "W" * 90,
    "EV/very/long/path/to/some/evidence/artifact-with-digest-0123456789abcdef.json",
]


@pytest.mark.parametrize("kind", [k.value for k in Kind])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("status", [None, "supported"])
def test_text_lies_inside_its_outline(kind, text, status):
    element = Element(
        "G1.2-x", kind, text, title="Short title", status=status, module="MOD-1", annotations=("EV-DET-001",)
    )
    drawn = figure(element)
    for row in drawn.rows:
        top = row.y if row.kind == "pill" else row.y - 0.72 * row.size
        bottom = row.y + 12.5 if row.kind == "pill" else row.y
        assert top >= drawn.top - 0.01
        for y in (top, bottom):
            assert row.x >= drawn.side(y, left=True) + 1, row
            assert row.x + row.width <= drawn.side(y, left=False) - 1, row


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_drawn_in_full(text):
    rows = figure(Element("G1", "goal", text)).rows
    drawn = "".join(row.text for row in rows if row.kind == "text").replace(" ", "")
    assert drawn == text.replace(" ", "")


def test_rows_of_text_do_not_touch_each_other():
    for kind in Kind:
        rows = figure(Element("G1", kind, TEXTS[2], status="open", annotations=("EV-1", "EV-2"))).rows
        boxes = [
            Box(r.x, r.y, r.x + r.width, r.y + 12.5)
            if r.kind == "pill"
            else Box(r.x, r.y - 0.72 * r.size, r.x + r.width, r.y)
            for r in rows
        ]
        for one, two in combinations(boxes, 2):
            assert not one.overlaps(two)


@pytest.mark.parametrize("kind", ["assumption", "justification"])
@pytest.mark.parametrize("text", TEXTS)
def test_letter_stands_outside_the_oval_at_the_bottom_right(kind, text):
    drawn = figure(Element("A1", kind, text))
    x, y = letter_place(drawn)
    width = advance("J" if kind == "justification" else "A", 11.0, bold=True)
    a, b = drawn.width / 2, drawn.height / 2
    for px in (x, x + width):
        for py in (y, y - 7.6):
            assert ((px - a) / a) ** 2 + ((py - b) / b) ** 2 > 1.02
    assert x > drawn.width * 0.6
    assert y > drawn.height * 0.6


@pytest.mark.parametrize("kind", ["goal", "strategy", "away_goal", "module", "contract"])
@pytest.mark.parametrize("title", ["", "Title", "A title that is longer than the symbol is wide"])
def test_the_badge_stands_in_the_upper_right_corner_of_every_box(kind, title):
    drawn = figure(Element("G1.2", kind, TEXTS[2], title=title, status="supported", module="M"))
    badge = next(row for row in drawn.rows if row.kind == "pill")
    heading = next(row for row in drawn.rows if row.kind == "id")
    assert abs((badge.y + 6.25) - (heading.y - 3.4)) < 2, "level with the id"
    assert drawn.side(badge.y, left=False) - badge.x - badge.width < 32
    assert heading.x + heading.width + 7 < badge.x


def test_many_annotations_fill_lines_and_few_stand_one_a_line():
    few = figure(Element("C1", "context", "Requirements", annotations=("R-1", "R-2", "R-3")))
    assert [row.text for row in few.rows if row.kind == "note"] == ["R-1", "R-2", "R-3"]
    many = figure(Element("C1", "context", "Requirements", annotations=tuple(f"R-{n:02}" for n in range(18))))
    notes = [row.text for row in many.rows if row.kind == "note"]
    assert len(notes) < 8
    assert ", ".join(f"R-{n:02}" for n in range(18)) == " ".join(notes)


def test_much_context_takes_two_columns_that_hang_beside_the_strategy_below():
    contexts = [
        Element(f"C{n}", "context", "A definition that takes some lines of text to give in full") for n in range(9)
    ]
    elements = (
        Element("G1", "goal", "Top"),
        Element("S1", "strategy", "Over parts"),
        Element("G2", "goal", "Part"),
        *contexts,
    )
    links = (
        Connector("G1", "S1", "supported_by"),
        Connector("S1", "G2", "supported_by"),
        *(Connector("G1", c.id, "in_context_of") for c in contexts),
    )
    (page,) = paginate(Argument(elements, links, "t"))
    check_page(page)
    assert crossings_of_elements(page) == []
    laid = plan(page)
    columns = {round(laid.placed[c.id].right[0]) for c in contexts if laid.placed[c.id].x < laid.placed["G1"].x}
    assert len(columns) == 2
    assert laid.placed["S1"].y < max(laid.placed[c.id].y for c in contexts)
    assert laid.placed["G1"].y <= min(laid.placed[c.id].y for c in contexts) + 25


def test_circle_is_a_circle_and_parallelogram_leans():
    circle = figure(Element("Sn1", "solution", TEXTS[1]))
    assert circle.width == circle.height
    strategy = figure(Element("S1", "strategy", TEXTS[1]))
    assert strategy.slant >= 10
    assert strategy.side(0, left=True) > strategy.side(strategy.height, left=True) == 0


def test_context_stands_left_and_right_level_with_its_element():
    pages = paginate(road_signs())
    laid = plan(pages[0])
    goal = laid.placed["G1.1"]
    sides = {name: laid.placed[name].x < goal.x for name in ("C1.1", "C1.2", "C1.3", "C1.4", "A1.1")}
    assert sides == {"C1.1": True, "C1.2": True, "C1.3": True, "C1.4": False, "A1.1": False}
    assert laid.placed["C1.2"].right[1] == pytest.approx(goal.left[1])


def test_tree_lines_do_not_cross():
    """A tree is drawn without any crossing."""
    for page in paginate(road_signs()):
        routes = [r for r in lines(plan(page)) if r.connector.kind == "supported_by"]
        for one, two in combinations(routes, 2):
            if {one.connector.source, one.connector.target} & {two.connector.source, two.connector.target}:
                continue
            for a, b in ((x, y) for x in pairwise(one.points) for y in pairwise(two.points)):
                left = Box(min(a[0][0], a[1][0]), min(a[0][1], a[1][1]), max(a[0][0], a[1][0]), max(a[0][1], a[1][1]))
                right = Box(min(b[0][0], b[1][0]), min(b[0][1], b[1][1]), max(b[0][0], b[1][0]), max(b[0][1], b[1][1]))
                assert not left.grown(0.01).overlaps(right.grown(0.01))


def shared_course(page) -> float:
    """Length along which lines run upon each other that have no end in common."""
    total = 0.0
    for one, two in combinations(lines(plan(page)), 2):
        ends = {one.connector.source, one.connector.target} & {two.connector.source, two.connector.target}
        if ends:
            continue
        for a, b in ((x, y) for x in pairwise(one.points) for y in pairwise(two.points)):
            for axis in (0, 1):
                same = abs(a[0][axis] - a[1][axis]) < 0.01 and abs(b[0][axis] - b[1][axis]) < 0.01
                if same and abs(a[0][axis] - b[0][axis]) < 1:
                    low = max(min(a[0][1 - axis], a[1][1 - axis]), min(b[0][1 - axis], b[1][1 - axis]))
                    high = min(max(a[0][1 - axis], a[1][1 - axis]), max(b[0][1 - axis], b[1][1 - axis]))
                    total += max(high - low, 0.0)
    return total


def test_lines_of_different_ends_never_share_their_course():
    pages = [
        *paginate(GALLERY["shared"]()),
        *(p for seed in range(12) for p in paginate(random_argument(seed, 45, 0.5))),
    ]
    assert [round(shared_course(page), 1) for page in pages] == [0.0] * len(pages)


def test_a_challenge_to_a_line_ends_on_that_line():
    page = paginate(GALLERY["relations"]())[0]
    routes = {(r.connector.source, r.connector.target): r for r in lines(plan(page))}
    tip = routes["G11", "G2->G9"].points[-1]
    down = routes["G2", "G9"].points
    assert tip[0] == pytest.approx(down[-1][0])
    assert down[0][1] < tip[1] < down[-1][1]
    tip = routes["Sn1", "G0->C1"].points[-1]
    across = routes["G0", "C1"].points
    assert tip[1] == pytest.approx(across[-1][1])
    assert across[-1][0] < tip[0] < across[0][0]


def test_a_cycle_is_drawn_upwards():
    page = paginate(GALLERY["shared"]())[0]
    backward = [(r.connector.source, r.connector.target) for r in lines(plan(page)) if r.backward]
    assert backward == [("G8", "G3")]


def test_small_edits_move_little():
    """A new leaf on the right moves nothing that stands left of its parent's siblings."""
    before = paginate(road_signs())[3]
    more = road_signs()
    grown = Argument(
        (*more.elements, Element("SnX", "solution", "Extra")),
        (*more.connectors, Connector("G5.1.7", "SnX", "supported_by")),
        more.title,
    )
    after = next(p for p in paginate(grown) if p.heading == before.heading)
    old, new = plan(before), plan(after)
    moved = [
        n
        for n in old.placed
        if abs(old.placed[n].x - new.placed[n].x) > 0.01 or abs(old.placed[n].y - new.placed[n].y) > 0.01
    ]
    assert "G5.1.1" not in moved
    assert "Sn5.1.4" not in moved
    assert len(moved) <= len(old.placed) / 3
