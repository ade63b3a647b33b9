"""From an argument to its pages."""

from __future__ import annotations

from collections import defaultdict

from casework.render.gsn.drafts import Desk, Draft
from casework.render.gsn.draw import fits_paper
from casework.render.gsn.layout import fits_room
from casework.render.gsn.page import A3, A4, MapCell, OffDiagram, Page
from casework.render.gsn.partition import Cutter, Piece
from casework.render.gsn.picture import Argument, Kind, Relation
from casework.render.gsn.spanning import spanning
from casework.render.gsn.text import one_line

_CRUMBS = 12
_ROUNDS = 6  # of cutting pages that turn out too large
_TIGHTER = 0.95
# Of these, `module` names another module than the one they stand in.
_BORROWED = frozenset({*(kind for kind in Kind if kind.is_away), Kind.MODULE, Kind.CONTRACT})


def paginate(argument: Argument, max_elements: int = 30) -> tuple[Page, ...]:
    """Split an argument into pages that can be read on paper.

    Modules come first, then sub-arguments. Every page but the first says where it comes from, every cut where it goes
    on. The sheet is A4 if every page fits it, else A3 (landscape), with text of at least 7 points. Of several top
    goals the first is developed on the first page, and the others stand beside it.

    Args:
        argument: elements and connectors.
        max_elements: most elements on a page, copies included. An element with very many assumptions and contexts of
            its own may exceed it, since they are not torn from it.

    Returns:
        At least one page, the page of the top goal first.
    """
    if max_elements < 2:
        message = "max_elements must be at least 2"
        raise ValueError(message)
    return _Book(argument, max_elements).pages()


class _Book:
    def __init__(self, argument: Argument, most: int) -> None:
        self.argument = argument
        self.tree = spanning(argument)
        self.desk = Desk(argument, self.tree)
        self.elements, self.rank = self.desk.elements, self.desk.rank
        self.module = self._modules()
        self.slack: dict[Piece, float] = {}
        self.cutter = Cutter(lambda piece: fits_room(self.desk.trial(piece), self.slack.get(piece, 1.0)), most)
        self.drafts: list[Draft] = []
        self.declared = {
            (self.module.get(e.id, e.module), e.name): e.id for e in argument.elements if not Kind(e.kind).is_away
        }
        self.home: dict[str, int] = {}
        self.further: dict[str, list[int]] = defaultdict(list)

    def pages(self) -> tuple[Page, ...]:
        tops = self._settled()
        self.cutter.merge(tops)
        for _ in range(_ROUNDS):
            self._number(tops)
            pages = self._bound(A3)
            large = [draft.piece for draft, page in zip(self.drafts, pages, strict=True) if not fits_paper(page)]
            if not self._tightened(large):
                break
        small = self._bound(A4)
        return small if all(map(fits_paper, small)) else pages

    def _tightened(self, large: list[Piece]) -> bool:
        """Cut pages further that turned out too large with their real labels and lines; whether there were any."""
        for piece in large:
            self.slack[piece] = self.slack.get(piece, 1.0) * _TIGHTER
            self.cutter.settle(piece)
        return bool(large)

    def _bound(self, paper: tuple[float, float]) -> tuple[Page, ...]:
        cells = _icicle([d.parent for d in self.drafts], [self._heading(n) for n in range(len(self.drafts))])
        above = self._arrivals()
        return tuple(self._page(n, paper, cells, above) for n in range(len(self.drafts)))

    # -- cutting

    def _modules(self) -> dict[str, str]:
        module: dict[str, str] = {}
        for here in self.tree.order:
            element = self.elements[here]
            borrowed = element.kind in _BORROWED or not element.module
            module[here] = module.get(self.tree.parent.get(here, ""), "") if borrowed else element.module
            for connector in self.tree.contexts.get(here, []):
                module[connector.target] = module[here]
        return module

    def _settled(self) -> list[Piece]:
        """The pieces that head a module or have no parent, in reading order, all cut to fit."""
        pieces: dict[str, Piece] = {}
        heads: list[str] = []
        for here in reversed(self.tree.order):
            context = len(self.tree.contexts.get(here, []))
            piece = Piece(here, self.elements[here].kind, 1 + context, shared=self.tree.supporters[here] > 1)
            for children, into in ((self.tree.below, piece.below), (self.tree.beside, piece.beside)):
                for child in children.get(here, []):
                    pieces[child].fixed = self.module[child] != self.module[here]
                    pieces[child].cut = pieces[child].cut or pieces[child].fixed
                    into.append(pieces[child])
            if piece.children:
                self.cutter.settle(piece)
            pieces[here] = piece
            if here not in self.tree.parent:
                heads.append(here)
        heads.sort(key=self.rank.__getitem__)
        groups: dict[str, list[Piece]] = {}
        for head in heads:
            groups.setdefault(self.module[head], []).append(pieces[head])
        return [self._crown(group) for group in groups.values()] or [Piece("", "", 0)]

    def _crown(self, group: list[Piece]) -> Piece:
        """One piece for all roots of a module."""
        if len(group) == 1:
            return group[0]
        crown = Piece("", "", 0, below=group)
        self.cutter.settle(crown)
        return crown

    # -- numbering

    def _number(self, tops: list[Piece]) -> None:
        """Pages in reading order: each before those that continue it."""
        self.drafts.clear()
        self.home.clear()
        self.further.clear()
        stack = [(piece, -1) for piece in reversed(tops)]
        while stack:
            piece, parent = stack.pop()
            index = len(self.drafts)
            draft = self.desk.draft(piece, parent)
            self.drafts.append(draft)
            following: list[tuple[Piece, int]] = []
            for here in piece.on_page():
                if here.cut and here is not piece:
                    # A root that stands beside the first one continues nothing.
                    following.append((here, index if here.id in self.tree.parent else -1))
                    continue
                if here.id:
                    if here.id in self.home:
                        self.further[here.id].append(index)
                    self.home.setdefault(here.id, index)
                following += [(part, index if part.id else -1) for part in here.parts]
            stack += reversed(following)

    # -- pages

    def _arrivals(self) -> dict[tuple[int, str], list[tuple[int, str]]]:
        """Where the argument comes from, for each element at its home page."""
        above: dict[tuple[int, str], dict[tuple[int, str], None]] = defaultdict(dict)
        for index, draft in enumerate(self.drafts):
            for connector in draft.connectors.values():
                child, parent = connector.target, connector.source
                if connector.kind == Relation.CHALLENGES:
                    child, parent = connector.source, connector.target
                if child in self.home and self.home[child] != index and child in draft.stubs:
                    above[self.home[child], child][index + 1, self.desk.name(parent)] = None
        for index, draft in enumerate(self.drafts):
            for name, origin in self._originals(index, draft):
                above[self.home[origin], origin][index + 1, self.desk.name(name)] = None
        for name, pages in self.further.items():
            for page in pages:
                above[page, name][self.home[name] + 1, self.desk.name(name)] = None
        return {key: sorted(places, key=lambda place: place[0]) for key, places in above.items()}

    def _off_diagram(self, index: int, above: dict[tuple[int, str], list[tuple[int, str]]]) -> tuple[OffDiagram, ...]:
        draft = self.drafts[index]
        marks = []
        for name in draft.full:
            if (index, name) in above:
                marks.append(OffDiagram(name, below=False, places=tuple(above[index, name])))
            if self.home[name] == index and self.further.get(name):
                marks.append(
                    OffDiagram(
                        name, below=True, places=tuple((p + 1, self.desk.name(name)) for p in self.further[name])
                    )
                )
        marks += [
            OffDiagram(name, below=True, places=((self.home[name] + 1, self.desk.name(name)),)) for name in draft.stubs
        ]
        marks += [
            OffDiagram(name, below=True, places=((self.home[origin] + 1, self.desk.name(origin)),))
            for name, origin in self._originals(index, draft)
        ]
        return tuple(marks)

    def _originals(self, index: int, draft: Draft) -> list[tuple[str, str]]:
        """Away elements of a page whose original stands on another page, each with the original's id."""
        found = []
        for name in (*draft.full, *draft.copies):
            element = self.elements[name]
            origin = self.declared.get((element.module, element.name)) if Kind(element.kind).is_away else None
            if origin and self.home.get(origin, index) != index:
                found.append((name, origin))
        return found

    def _page(
        self,
        index: int,
        paper: tuple[float, float],
        cells: tuple[MapCell, ...],
        above: dict[tuple[int, str], list[tuple[int, str]]],
    ) -> Page:
        draft = self.drafts[index]
        names = sorted(draft.names, key=self.rank.__getitem__)
        return Page(
            number=index + 1,
            total=len(self.drafts),
            elements=tuple(self.elements[name] for name in names),
            connectors=tuple(draft.connectors[n] for n in sorted(draft.connectors)),
            off_diagram=self._off_diagram(index, above),
            breadcrumb=self._breadcrumb(index),
            title=self.argument.title,
            subtitle=self.argument.subtitle,
            heading=self._heading(index),
            footer=self.argument.footer,
            cells=cells,
            paper=paper,
        )

    def _heading(self, index: int) -> str:
        draft = self.drafts[index]
        name = draft.piece.id or next(iter(draft.full), "")
        if not name:
            return "empty argument"
        element = self.elements[name]
        again = "" if self.home[name] == index else " (continued)"
        return f"{one_line(element.name)}: {one_line(element.title or element.text)}{again}"

    def _breadcrumb(self, index: int) -> tuple[tuple[str, int], ...]:
        """The heads of the pages from the top goal to this one; of a long way, both ends."""
        trail: list[tuple[str, int]] = []
        here, below = index, ""
        while here >= 0:
            draft = self.drafts[here]
            head = draft.piece.id or self._root(below) or next(iter(draft.full), "top")
            trail.append((self.desk.name(head), here + 1))
            here, below = draft.parent, head
        trail.reverse()
        if len(trail) > _CRUMBS:
            skipped = len(trail) - _CRUMBS + 1
            trail = [*trail[:3], (f"({skipped} pages between)", trail[3][1]), *trail[3 + skipped :]]
        return tuple(trail)

    def _root(self, name: str) -> str:
        """The top goal of the branch that an element is in."""
        while name in self.tree.parent:
            name = self.tree.parent[name]
        return name


def _icicle(parents: list[int], titles: list[str]) -> tuple[MapCell, ...]:
    """The pages as nested intervals: each as wide as the pages below it that have none below."""
    children: dict[int, list[int]] = defaultdict(list)
    weight = [0] * len(parents)
    for page in range(len(parents) - 1, -1, -1):  # a page's number is higher than its parent's
        weight[page] = weight[page] or 1
        if parents[page] >= 0:
            weight[parents[page]] += weight[page]
        children[parents[page]].insert(0, page)
    total = sum(weight[page] for page in children[-1]) or 1
    start = [0.0] * len(parents)
    depth = [0] * len(parents)
    used: dict[int, float] = defaultdict(float)
    for page, parent in enumerate(parents):
        begin = start[parent] if parent >= 0 else 0.0
        start[page] = begin + used[parent]
        used[parent] += weight[page] / total
        depth[page] = depth[parent] + 1 if parent >= 0 else 0
    return tuple(
        MapCell(page + 1, depth[page], start[page], start[page] + weight[page] / total, titles[page])
        for page in range(len(parents))
    )


__all__ = ["paginate"]
