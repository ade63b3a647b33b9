"""One page of an argument: what stands on it and where its lines go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from casework.render.fonts import uncovered
from casework.render.gsn.picture import Connector, Element
from casework.render.gsn.text import clean

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

    Characters that no bundled font can draw are shown as U+FFFD; `uncovered` names them for a finding.
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

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The characters of the page's texts that no bundled font can draw, sorted; they are drawn as U+FFFD."""
        return uncovered(clean("".join(self._texts())))

    def uncovered_in(self) -> dict[str, tuple[str, ...]]:
        """The same by element id, of the elements that have any."""
        found = {e.id: uncovered(clean("".join(_element_texts(e)))) for e in self.elements}
        return {name: characters for name, characters in found.items() if characters}

    def _texts(self) -> Iterator[str]:
        yield from (self.title, self.subtitle, self.heading, self.footer)
        yield from (name for name, _ in self.breadcrumb)
        yield from (name for off in self.off_diagram for _, name in off.places)
        for connector in self.connectors:
            yield from (connector.multiplicity, connector.choice, *connector.acps)
        for element in self.elements:
            yield from _element_texts(element)


def _element_texts(element: Element) -> Iterator[str]:
    """What is drawn of an element."""
    yield from (element.name, element.title, element.text, element.module, *element.acps)
    yield from (note if isinstance(note, str) else note[0] for note in element.annotations)
