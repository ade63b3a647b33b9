"""One page of an argument: what stands on it and where its lines go on."""

from __future__ import annotations

from dataclasses import dataclass

from casework.render.gsn.picture import Connector, Element

A4 = (841.89, 595.28)
A3 = (1190.55, 841.89)


@dataclass(frozen=True, slots=True)
class OffDiagram:
    """An off-diagram connector (1:2.2.20): the argument of `element` goes on at, or comes from, other pages.

    Attributes:
        element: the element on this page that carries the shaded triangle.
        below: at its bottom (goes on there) or at its top (comes from there).
        places: page number and id of the element at the other end, in page order.
    """

    element: str
    below: bool
    places: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class MapCell:
    """One page in the mini-map: an icicle whose rows are page depths and whose widths are pages below."""

    page: int
    depth: int
    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page ready to be drawn.

    Attributes:
        number: from 1.
        total: pages of the whole argument.
        elements: in reading order, copies of elements at home on other pages among them.
        connectors: those between elements of this page.
        off_diagram: where the argument goes on.
        breadcrumb: id and page of each step from the top goal to this page.
        title: of the argument.
        subtitle: of the argument.
        heading: what this page shows.
        footer: of the argument.
        cells: the mini-map, the same on every page.
        paper: width and height in points; a page whose content needs more grows, so that text stays legible.
    """

    number: int
    total: int
    elements: tuple[Element, ...]
    connectors: tuple[Connector, ...]
    off_diagram: tuple[OffDiagram, ...] = ()
    breadcrumb: tuple[tuple[str, int], ...] = ()
    title: str = ""
    subtitle: str = ""
    heading: str = ""
    footer: str = ""
    cells: tuple[MapCell, ...] = ()
    paper: tuple[float, float] = A3
