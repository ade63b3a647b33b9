"""Draw arguments in the Goal Structuring Notation (GSN Community Standard v3, SCSC-141C).

`paginate` splits an `Argument` into pages, `draw` turns a page into SVG, `to_png` and `to_pdf` into images and a
document, `to_dot` the whole argument into Graphviz source. What the bundled fonts cannot draw is shown as U+FFFD and
named by `Page.uncovered`.
"""

from casework.render.gsn.draw import draw
from casework.render.gsn.export import to_dot, to_pdf, to_png
from casework.render.gsn.overview import index_svg
from casework.render.gsn.page import MapCell, OffDiagram, Page
from casework.render.gsn.pages import paginate
from casework.render.gsn.picture import Argument, Connector, Decorator, Element, Kind, Relation, Status

__all__ = [
    "Argument",
    "Connector",
    "Decorator",
    "Element",
    "Kind",
    "MapCell",
    "OffDiagram",
    "Page",
    "Relation",
    "Status",
    "draw",
    "index_svg",
    "paginate",
    "to_dot",
    "to_pdf",
    "to_png",
]
