"""The files: valid, complete, safe, legible and the same on every run."""

import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from road_sign_argument import argument as road_signs
from symbol_gallery import GALLERY
from test_gsn_geometry import random_argument

from casework.render.fonts import advance, font_paths, uncovered
from casework.render.gsn import Argument, Connector, Element, draw, index_svg, paginate, to_dot, to_pdf, to_png
from casework.render.gsn.svg import safe_href
from casework.render.gsn.text import clean, drawable, wrap

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>", "]]>", "<![CDATA[x", "&amp; &#0; &lt;", "\"quotes' and \\back\\slash", "nul\x00bell\x07esc\x1b",
    "\ud800 lone surrogate", "\ufffe\uffff", "\u202egnirts\u202c", "هذا نص عربي", "שלום עולם", "漢字かな交じり文", "e\u0301\u0327 combining", "🚗" * 5,
    "x" * 500, "{{ jinja }} {% raw %}", "#set page(fill: red) #image(\"/etc/passwd\")", "<b>bold</b>", "a\nb\r\nc\td", "$x$ *y* _z_ `w`", " ", "--",
]  # fmt: skip


def texts(root):
    return ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]


def parsed(svg):
    return ET.fromstring(svg.encode("utf-8"))


def hostile_argument():
    elements = [Element("G0", "goal", "Top")]
    links = []
    for number, text in enumerate(HOSTILE):
        kind = ("goal", "solution", "context", "assumption", "strategy", "away_goal")[number % 6]
        elements.append(
            Element(
                f"{text} {number}",
                kind,
                text,
                title=text,
                status="open",
                status_reason=text,
                module=text if kind == "away_goal" else "",
                href=text,
                annotations=(text, (text, text)),
                acps=(text,),
            )
        )
        relation = "in_context_of" if kind in ("context", "assumption") else "supported_by"
        links.append(Connector("G0", f"{text} {number}", relation, multiplicity=text, choice=text, acps=(text,)))
    return Argument(tuple(elements), tuple(links), HOSTILE[0], HOSTILE[1], HOSTILE[3] + HOSTILE[5])


def test_hostile_text_stays_text():
    for page in paginate(hostile_argument()):
        svg = draw(page)
        root = parsed(svg)
        names = {node.tag.removeprefix(SVG) for node in root.iter()}
        assert names <= {"svg", "title", "rect", "g", "path", "text", "a", "circle"}
        for node in root.iter():
            assert not any(key.startswith("on") for key in node.attrib)
            assert not node.attrib.get("href", "").lower().startswith(("javascript", "data", "vbscript"))
        assert "<!" not in svg
        assert to_png(svg, 0.5)[:8] == b"\x89PNG\r\n\x1a\n"


def test_hostile_text_passes_through_pdf_and_dot():
    argument = hostile_argument()
    assert to_pdf(paginate(argument))[:5] == b"%PDF-"
    source = to_dot(argument)
    assert "label=<" not in source
    pygraphviz = pytest.importorskip("pygraphviz")
    graph = pygraphviz.AGraph(source)
    assert len(graph.nodes()) == len(argument.elements)
    assert len(graph.edges()) == len(argument.connectors)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(id_=st.text(min_size=1, max_size=30), text=st.text(max_size=120), note=st.text(max_size=20))
def test_any_text_makes_valid_xml(id_, text, note):
    kinds = ("goal", "strategy", "solution", "context", "assumption", "away_solution", "contract")
    elements = tuple(
        Element(
            f"{id_}{n}", kind, text, status_reason=text, status="open", annotations=(note,), href=note, acps=(note,)
        )
        for n, kind in enumerate(kinds)
    )
    links = tuple(Connector(elements[0].id, e.id, "supported_by", multiplicity=note) for e in elements[1:])
    for page in paginate(Argument(elements, links, text, note, text)):
        root = parsed(draw(page))
        shown = "".join("".join(texts(root)).split())
        for letter in drawable(text).split():
            assert letter[0] in shown


def test_statements_are_complete_on_the_page():
    argument = road_signs()
    pages = paginate(argument)
    shown = {}
    for page in pages:
        root = parsed(draw(page))
        for group in root.iter(f"{SVG}g"):
            if group.attrib.get("id", "").startswith("el-"):
                shown[group.attrib["id"]] = " ".join(texts(group))
    for element in argument.elements:
        drawn = next(
            value
            for key, value in shown.items()
            if key == "el-" + re.sub(r"[^\w.\-]", lambda m: f"_{ord(m[0]):x}_", element.id)
        )
        for word in f"{element.name} {element.text} {element.status or ''}".split():
            assert word in drawn
        for note in element.annotations:
            assert note in drawn
    assert not any("…" in value for value in shown.values())


def test_page_has_title_number_footer_breadcrumb_and_legend():
    pages = paginate(road_signs())
    shown = texts(parsed(draw(pages[2])))
    for wanted in ("Safety argument of the road sign detector", "Intelligent speed assistance, detector v7 (int8)", "page 3 of 5",
                   "version 1.4.0 · judged 2026-03-02 · input sha256:3f5a0c19d2e7b846", "G1.1 (p. 1) ›", "S2.2", "goal", "solution", "challenges",
                   "continues on another page", "supported", "open", "doubted"):  # fmt: skip
        assert wanted in shown, wanted
    assert "justification" not in shown, "the legend shows what occurs on the page, no more"


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_every_text_is_printed_at_seven_points_or_more(name):
    for page in paginate(GALLERY[name]()):
        root = parsed(draw(page))
        _check_sizes(root, 1.0)
        width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
        assert (width, height) >= page.paper


def test_a_page_grows_rather_than_shrink_its_text():
    huge = Argument((Element("G1", "goal", "word " * 6000),), (), "Essay")
    root = parsed(draw(paginate(huge)[0]))
    _check_sizes(root, 1.0)
    assert float(root.attrib["viewBox"].split()[3]) > 842


def _check_sizes(node, scale):
    found = re.search(r"scale\(([\d.]+)\)", node.attrib.get("transform", ""))
    scale *= float(found[1]) if found else 1.0
    if node.tag == f"{SVG}text":
        assert float(node.attrib["font-size"]) * scale >= 6.99, "".join(node.itertext())
    for child in node:
        _check_sizes(child, scale)


def test_links_lead_to_elements_evidence_and_pages():
    pages = paginate(road_signs())
    links = [a.attrib["href"] for a in parsed(draw(pages[2])).iter(f"{SVG}a")]
    assert "evidence/EV-DET-001.html" in links
    assert "#page-2" in links
    custom = draw(pages[2], page_href="gsn-{}.svg")
    assert 'href="gsn-2.svg"' in custom
    assert "#page-" not in custom


def test_status_reason_is_the_tooltip():
    titles = ["".join(t.itertext()) for t in parsed(draw(paginate(GALLERY["statuses"]())[0])).iter(f"{SVG}title")]
    assert "G-open (goal): A goal of this status\nopen: because <open> & so on" in titles


@pytest.mark.parametrize("status", ["supported", "open", "doubted", "defeated"])
def test_status_shows_as_word_symbol_and_colour(status):
    svg = draw(paginate(Argument((Element("G1", "goal", "x", status=status),), (), "t"))[0])
    plain = draw(paginate(Argument((Element("G1", "goal", "x"),), (), "t"))[0])
    group = next(g for g in parsed(svg).iter(f"{SVG}g") if g.attrib.get("id") == "el-G1")
    other = next(g for g in parsed(plain).iter(f"{SVG}g") if g.attrib.get("id") == "el-G1")
    assert status in texts(group)
    assert group.find(f".//{SVG}path").attrib["stroke"] != other.find(f".//{SVG}path").attrib["stroke"]
    assert len(list(group.iter())) >= len(list(other.iter())) + 3


def luminance(colour):
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_keep_text_legible():
    """WCAG 2.1, 1.4.3: contrast of at least 4.5 for text, also on the badges."""
    from casework.render.gsn.symbols import INK, TONES

    for tone in TONES.values():
        assert (luminance(tone.fill) + 0.05) / (luminance(INK) + 0.05) > 7
        assert (luminance("#ffffff") + 0.05) / (luminance(tone.line) + 0.05) > 4.1
        assert (luminance("#ffffff") + 0.05) / (luminance(tone.text) + 0.05) > 4.5


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("evidence/a.html", "evidence/a.html"), ("https://example.org/?a=1&b=2", "https://example.org/?a=1&b=2"), ("#top", "#top"),
        ("javascript:alert(1)", ""), ("JaVaScRiPt:alert(1)", ""), (" java\nscript:alert(1)", ""), ("java\x00script:alert(1)", ""),
        ("data:text/html,x", ""), ("vbscript:x", ""), ("file:///etc/passwd", ""), ("//evil.example", ""), ("\\\\evil\\share", ""),
    ],
)  # fmt: skip
def test_only_harmless_addresses_are_kept(address, kept):
    assert safe_href(address) == kept


def test_the_same_argument_gives_the_same_bytes_in_another_process():
    script = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]);"
        "from road_sign_argument import argument; from casework.render.gsn import *;"
        "p = paginate(argument()); a = argument();"
        "print(hashlib.sha256(''.join(map(draw, p)).encode() + to_pdf(p) + to_png(draw(p[0]), 1.0) + to_dot(a).encode() + index_svg(p).encode()).hexdigest())"
    )
    here = __file__.rsplit("/", 1)[0]
    digests = {
        subprocess.run(
            [sys.executable, "-c", script, here],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_png_has_the_size_of_the_page():
    page = paginate(GALLERY["statuses"]())[0]
    data = to_png(draw(page), 1.5)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (round(page.paper[0] * 1.5), round(page.paper[1] * 1.5))
    with pytest.raises(ValueError, match="above 0"):
        to_png(draw(page), 0)


def test_png_shows_text_without_system_fonts():
    image = pytest.importorskip("PIL.Image")
    import io

    page = paginate(Argument((Element("G1", "goal", "MMMM MMMM MMMM"),), (), ""))[0]
    blank = paginate(Argument((Element("G1", "goal", "...."),), (), ""))[0]
    ink = [sum(image.open(io.BytesIO(to_png(draw(p), 1.0))).convert("L").histogram()[:90]) for p in (page, blank)]
    assert ink[0] > ink[1] + 80


def test_pdf_has_pages_bookmarks_links_and_searchable_text():
    pdfium = pytest.importorskip("pypdfium2")
    pages = paginate(road_signs())
    data = to_pdf(pages)
    assert data[:5] == b"%PDF-"
    assert data == to_pdf(pages)
    document = pdfium.PdfDocument(data)
    assert len(document) == len(pages)
    assert len(list(document.get_toc())) == len(pages)
    text = document[1].get_textpage().get_text_range()
    assert "Detector v7 satisfies the" in text
    assert data.count(b"/URI") >= 3
    width, height = document[0].get_size()
    assert (round(width), round(height)) == (round(pages[0].paper[0]), round(pages[0].paper[1]))


def test_pdf_and_overview_need_a_page():
    with pytest.raises(ValueError, match="at least one page"):
        to_pdf([])
    with pytest.raises(ValueError, match="at least one page"):
        index_svg([])


def test_overview_lists_every_page_and_counts_each_element_once():
    pages = paginate(road_signs())
    root = parsed(index_svg(pages))
    assert [a.attrib["href"] for a in root.iter(f"{SVG}a")] == [f"#page-{n}" for n in range(1, 6)]
    counts = ["".join(t.itertext()) for t in root.iter(f"{SVG}title")][1:]
    supported = sum(int(c.split()[0]) for c in counts if c.endswith(" supported"))
    assert supported == sum(e.status == "supported" for e in road_signs().elements)


def test_dot_draws_all_relations():
    source = to_dot(GALLERY["relations"]())
    assert source.count("arrowhead=vee") == 3
    assert source.count("arrowhead=empty") == 2
    assert "shape=point" in source
    assert "1 of 3" in source


def test_random_graphs_draw_as_valid_xml():
    for page in paginate(random_argument(3, 60, 0.5)):
        parsed(draw(page))


def test_lines_of_text_fit_in_any_font():
    """textLength pins every line to its measured width."""
    root = parsed(draw(paginate(road_signs())[0]))
    pinned = [t for t in root.iter(f"{SVG}text") if "textLength" in t.attrib]
    assert len(pinned) > 0.9 * len([t for t in texts(root) if len(t) > 1])
    for node in pinned:
        size, bold = float(node.attrib["font-size"]), node.attrib.get("font-weight") == "bold"
        assert float(node.attrib["textLength"]) == pytest.approx(
            advance("".join(node.itertext()), size, bold=bold), abs=0.02
        )


def test_advance_agrees_with_another_reader_of_the_font():
    fonts = pytest.importorskip("PIL.ImageFont")
    for path, bold in zip(font_paths()[:2], (False, True), strict=True):
        font = fonts.truetype(str(path), 2048, layout_engine=fonts.Layout.BASIC)
        for char in "AWimj0.é€Жß≤":
            assert advance(char, 2048, bold=bold) == pytest.approx(font.getlength(char), abs=1.5)


def test_what_the_fonts_lack_is_drawn_as_a_replacement_and_named_by_the_page():
    (page,) = paginate(
        Argument((Element("G1", "goal", "漢字 in ODD ≤ 5 µs", title="標"), Element("G2", "goal", "x")), (), "題")
    )
    assert page.uncovered == ("字", "標", "漢", "題")
    assert page.uncovered_in() == {"G1": ("字", "標", "漢")}
    shown = texts(parsed(draw(page)))
    assert not any(char in line for line in shown for char in page.uncovered)
    assert any("\ufffd\ufffd in ODD" in line for line in shown)
    assert "漢字 in ODD" in draw(page), "the tooltip keeps the statement"
    plain = paginate(Argument((Element("G1", "goal", "ODD ≤ 5 µs"),), (), "t"))[0]
    assert plain.uncovered == ()
    assert plain.uncovered_in() == {}


def test_uncovered_characters_are_named():
    assert uncovered("Ünïcode ≤ 5 µs → ✓ هذا") == ()
    assert uncovered("漢字 a") == ("字", "漢")


def test_wrapping_keeps_every_character_and_every_width():
    for text in HOSTILE:
        for width in (30.0, 90.0):
            rows = wrap(text, width, 9.5)
            assert "".join("".join(rows).split()) == "".join(clean(text).split())
            assert all(advance(row, 9.5) <= width + 0.01 for row in rows)
