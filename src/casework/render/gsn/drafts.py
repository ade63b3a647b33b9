"""What stands on the page of a piece: its elements, its lines, and copies of what those lead to on other pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from casework.render.gsn.page import A3, OffDiagram, Page
from casework.render.gsn.partition import Piece
from casework.render.gsn.picture import Argument, Connector, Kind, Relation, connector_name
from casework.render.gsn.spanning import Spanning


@dataclass(slots=True)
class Draft:
    """A page in the making.

    Attributes:
        piece: that heads it.
        parent: index of the draft that it continues, or -1.
        full: elements drawn with what supports them.
        stubs: copies of elements that are at home on other pages.
        copies: context drawn on every page that refers to it.
        connectors: lines by their number in the argument.
    """

    piece: Piece
    parent: int = -1
    full: dict[str, None] = field(default_factory=dict)
    stubs: dict[str, None] = field(default_factory=dict)
    copies: dict[str, None] = field(default_factory=dict)
    connectors: dict[int, Connector] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        """Whether an element stands on the page."""
        return name in self.full or name in self.stubs or name in self.copies

    @property
    def names(self) -> tuple[str, ...]:
        """All elements of the page."""
        return (*self.full, *self.stubs, *self.copies)


class Desk:
    """Drafts pages from pieces."""

    def __init__(self, argument: Argument, tree: Spanning) -> None:
        """Index an argument and its tree."""
        self.tree = tree
        self.elements = {e.id: e for e in argument.elements}
        self.rank = {e.id: n for n, e in enumerate(argument.elements)}
        self.outgoing: dict[str, list[tuple[int, Connector]]] = defaultdict(list)
        self.incoming: dict[str, list[Connector]] = defaultdict(list)
        for number, connector in enumerate(argument.connectors):
            self.outgoing[connector.source].append((number, connector))
            self.incoming[connector.target].append(connector)
        self.named = {connector_name(c): (n, c) for n, c in reversed(list(enumerate(argument.connectors)))}
        self.housed = frozenset(tree.order)

    def draft(self, piece: Piece, parent: int = -1) -> Draft:
        """The page that a piece heads."""
        draft = Draft(piece, parent)
        again = {here.id for here in piece.on_page() if here.again and (here is piece or not here.cut)}
        for here in piece.on_page():
            if here.id:
                (draft.stubs if here.cut and here is not piece else draft.full).setdefault(here.id)
        for name in list(draft.full):
            self._leave(draft, name, again=name in again)
        for stub in list(draft.stubs):
            for number, connector in self.outgoing[stub]:
                if connector.kind == Relation.CHALLENGES and self._visible(draft, connector.target):
                    draft.connectors[number] = connector
        return draft

    def _leave(self, draft: Draft, name: str, *, again: bool) -> None:
        """Draw what leaves an element, but for children on pages that continue it; if it is repeated, only these."""
        for number, connector in self.outgoing[name]:
            hangs = self.tree.parent.get(connector.target) == name
            if not again and (not hangs or draft.holds(connector.target)):
                self._connect(draft, number, connector)
            elif hangs and connector.kind == Relation.SUPPORTED_BY and draft.holds(connector.target):
                draft.connectors[number] = connector

    def _visible(self, draft: Draft, target: str) -> bool:
        if target in self.elements:
            return draft.holds(target)
        return target in self.named and self.named[target][0] in draft.connectors

    def _connect(self, draft: Draft, number: int, connector: Connector) -> None:
        waiting = [(number, connector)]
        while waiting:
            number, connector = waiting.pop()
            if number in draft.connectors:
                continue
            draft.connectors[number] = connector
            for end in (connector.source, connector.target):
                if end not in self.elements:
                    waiting.append(self.named[end])
                elif not draft.holds(end):
                    (draft.stubs if end in self.housed else draft.copies).setdefault(end)

    def trial(self, piece: Piece) -> Page:
        """The page of a piece before pages have numbers, to see whether it fits its paper."""
        draft = self.draft(piece)
        names = sorted(draft.names, key=self.rank.__getitem__)
        return Page(
            number=1,
            total=1,
            elements=tuple(self.elements[name] for name in names),
            connectors=tuple(draft.connectors[n] for n in sorted(draft.connectors)),
            off_diagram=self._marks(draft),
            paper=A3,
        )

    def _marks(self, draft: Draft) -> tuple[OffDiagram, ...]:
        """Off-diagram marks with page numbers as wide as the real ones."""
        marks = [OffDiagram(name, below=True, places=((99, self.name(name)),)) for name in draft.stubs]
        for name in draft.full:
            sources = [
                c.source
                for c in self.incoming[name]
                if c.kind != Relation.CHALLENGES and c.source not in draft.full and c.source in self.elements
            ]
            if draft.piece.again and name == draft.piece.id:
                sources = [name]
            if sources:
                # Two ids a page is what pages turn out to have in common.
                places = tuple((99 - n // 2, self.name(source)) for n, source in enumerate(sources))
                marks.append(OffDiagram(name, below=False, places=places))
        marks += [
            OffDiagram(name, below=True, places=((99, self.name(name)),))
            for name in (*draft.full, *draft.copies)
            if Kind(self.elements[name].kind).is_away
        ]
        return tuple(marks)

    def name(self, name: str) -> str:
        """An element's id as drawn; a connector's name as it is."""
        return self.elements[name].name if name in self.elements else name
