"""Pages as PNG and PDF, and the whole argument as Graphviz source. The same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from casework.render.fonts import font_folder, font_paths
from casework.render.gsn.draw import Sheet, sheet
from casework.render.gsn.page import Page
from casework.render.gsn.picture import Argument, Connector, Decorator, Element, Kind, Relation, connector_name
from casework.render.gsn.svg import Link, number, safe_href
from casework.render.gsn.text import clean, one_line, wrap

_DPI = 72  # one pixel for each point at scale 1


def to_png(svg: str, scale: float = 2.0) -> bytes:
    """An SVG from `draw` as PNG, drawn with the bundled fonts only.

    Args:
        svg: the document.
        scale: pixels for each point; 2 makes 144 dpi.

    Raises:
        ValueError: `scale` is not above 0 or the SVG cannot be drawn.
    """
    import resvg_py

    if not 0 < scale <= 20:
        message = f"scale must be above 0 and at most 20, not {scale}"
        raise ValueError(message)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(path) for path in font_paths()],
            sans_serif_family="Liberation Sans",
            zoom=scale,
            dpi=_DPI,
            background="#ffffff",
        )
    )


def to_pdf(pages: Sequence[Page]) -> bytes:
    """All pages as one PDF of vector drawings, with a bookmark for each page and every link at its place.

    Typst draws the SVG; links are laid over it, since an embedded SVG keeps none. The text stays text (it can be
    searched), and the fonts are embedded. No date is written.

    Raises:
        ValueError: there are no pages.
    """
    import typst

    if not pages:
        message = "a PDF needs at least one page"
        raise ValueError(message)
    sheets = [sheet(page) for page in pages]
    by_number = {page.number: index + 1 for index, page in enumerate(pages)}
    source = _typst(pages, sheets, by_number)
    pictures = {f"page{index}": drawn.svg for index, drawn in enumerate(sheets)}
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])
    return typst.compile(source.encode(), sys_inputs=pictures, font_paths=fonts, format="pdf")


def _typst(pages: Sequence[Page], sheets: list[Sheet], by_number: dict[int, int]) -> str:
    title = _literal(one_line(pages[0].title) or "GSN argument")
    lines = [
        f"#set document(title: {title}, date: none)",
        '#set text(font: ("Liberation Sans", "DejaVu Sans"), size: 1pt)',
        "#set page(margin: 0pt)",
    ]
    for index, (page, drawn) in enumerate(zip(pages, sheets, strict=True)):
        depth = next((cell.depth for cell in page.cells if cell.page == page.number), 0) + 1
        bookmark = _literal(f"{page.number}  {one_line(page.heading)}")
        lines += [
            f"#page(width: {number(drawn.width)}pt, height: {number(drawn.height)}pt)[",
            f"#place(hide(heading(level: {depth}, outlined: false, bookmarked: true, {bookmark})))",
            f'#place(image(bytes(sys.inputs.at("page{index}")), format: "svg", width: 100%, height: 100%))',
            *(_area(link, by_number) for link in drawn.links),
            "]",
        ]
    return "\n".join(lines)


def _area(link: Link, by_number: dict[int, int]) -> str:
    box = f"box(width: {number(link.width)}pt, height: {number(link.height)}pt)"
    if link.href:
        target = _literal(link.href)
    elif link.page in by_number:
        target = f"(page: {by_number[link.page]}, x: 0pt, y: 0pt)"
    else:
        return ""
    return f"#place(dx: {number(link.x)}pt, dy: {number(link.y)}pt, link({target}, {box}))"


def _literal(text: str) -> str:
    """A Typst string; of cleaned text on one line, its escapes (quote, backslash) are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


_SHAPES = {
    Kind.STRATEGY: "parallelogram",
    Kind.SOLUTION: "circle",
    Kind.ASSUMPTION: "ellipse",
    Kind.JUSTIFICATION: "ellipse",
    Kind.AWAY_ASSUMPTION: "ellipse",
    Kind.AWAY_JUSTIFICATION: "ellipse",
    Kind.AWAY_SOLUTION: "house",
    Kind.MODULE: "tab",
    Kind.CONTRACT: "component",
}
_HEADS = {Relation.SUPPORTED_BY: "normal", Relation.IN_CONTEXT_OF: "empty", Relation.CHALLENGES: "vee"}


def to_dot(argument: Argument) -> str:
    """The argument as Graphviz source, for tools that take it; Graphviz has no exact GSN shapes.

    Node names are generated, and labels are escaped strings, never HTML-like labels: no id or text can become syntax.
    """
    import graphviz

    graph = graphviz.Digraph(
        "argument",
        graph_attr={"rankdir": "TB", "label": graphviz.escape(one_line(argument.title)), "fontname": "Arial"},
        node_attr={"fontname": "Arial", "fontsize": "10"},
        edge_attr={"fontname": "Arial", "fontsize": "9"},
    )
    names = {element.id: f"n{index}" for index, element in enumerate(argument.elements)}
    for element in argument.elements:
        style = "rounded" if Kind(element.kind) in (Kind.CONTEXT, Kind.AWAY_CONTEXT) else "solid"
        href = safe_href(element.href)
        graph.node(
            names[element.id],
            label=graphviz.escape(_dot_label(element)),
            shape=_SHAPES.get(Kind(element.kind), "box"),
            style=style,
            tooltip=graphviz.escape(one_line(element.status_reason)) or " ",
            **({"URL": graphviz.escape(href)} if href else {}),
        )
    challenged = {c.target for c in argument.connectors if c.kind == Relation.CHALLENGES} - set(names)
    joints: dict[str, str] = {}
    for index, connector in enumerate(argument.connectors):
        if connector_name(connector) in challenged - set(joints):
            joints[connector_name(connector)] = f"e{index}"
    for index, connector in enumerate(argument.connectors):
        _dot_edge(graph, connector, f"e{index}", names, joints)
    return str(graph.source)


def _dot_label(element: Element) -> str:
    lines = [one_line(f"{element.name} {element.title}"), *wrap(element.text, 150.0, 9.5)]
    if element.status:
        lines.append(f"[{element.status}]")
    if element.module:
        lines.append(f"module {one_line(element.module)}")
    words = sorted(element.decorators - {Decorator.PUBLIC}) + [f"ACP {one_line(acp)}" for acp in element.acps]
    notes = [note if isinstance(note, str) else note[0] for note in element.annotations]
    return "\n".join([*lines, *words, *(clean(note) for note in notes)])


def _dot_edge(graph: object, connector: Connector, joint: str, names: dict[str, str], joints: dict[str, str]) -> None:
    import graphviz

    if not isinstance(graph, graphviz.Digraph):  # keeps the optional import out of the signature
        raise TypeError
    words = [connector.multiplicity, connector.choice, *connector.acps]
    words += ["optional"] * connector.optional + ["defeated"] * connector.defeated
    style = {
        "arrowhead": _HEADS[Relation(connector.kind)],
        "style": "dashed" if connector.kind == Relation.CHALLENGES else "solid",
        "label": graphviz.escape(", ".join(one_line(word) for word in words if word)),
    }
    source = names[connector.source]
    target = names.get(connector.target) or joints[connector.target]
    if joints.get(connector_name(connector)) != joint:
        graph.edge(source, target, **style)
        return
    graph.node(joint, shape="point", width="0.02", label="")
    graph.edge(source, joint, arrowhead="none", style=style["style"], label=style["label"])
    graph.edge(joint, target, arrowhead=style["arrowhead"], style=style["style"])
