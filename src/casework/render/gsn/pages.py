"""From an argument to its pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from casework.render.gsn.page import A3, A4, MapCell, OffDiagram, Page
from casework.render.gsn.partition import Cutter, Extent, Piece, block_extents
from casework.render.gsn.picture import Argument, Connector, Kind, Relation, connector_name
from casework.render.gsn.skeleton import Skeleton, skeleton
from casework.render.gsn.text import one_line

# Drawing units that fit a sheet where the smallest text (8 units) is printed at 7 points, less frame and margins.
_ROOM = {A3: (1290.0, 775.0), A4: (890.0, 490.0)}
_CRUMBS = 12
# Of these, `module` names another module than the one they stand in.
_BORROWED = frozenset({*(kind for kind in Kind if kind.is_away), Kind.MODULE, Kind.CONTRACT})


def paginate(argument: Argument, max_elements: int = 30) -> tuple[Page, ...]:
    """Split an argument into pages that can be read on paper.

    Modules come first, then sub-arguments. Every page but the first says where it comes from, every cut where it goes
    on. The sheet is A4 if every page fits it, else A3 (landscape), with text of at least 7 points.

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


@dataclass(slots=True)
class _Draft:
    """A page in the making."""

    piece: Piece
    parent: int
    full: dict[str, None] = field(default_factory=dict)
    stubs: dict[str, None] = field(default_factory=dict)
    copies: dict[str, None] = field(default_factory=dict)
    connectors: dict[int, Connector] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        return name in self.full or name in self.stubs or name in self.copies


class _Book:
    def __init__(self, argument: Argument, most: int) -> None:
        self.argument = argument
        self.elements = {e.id: e for e in argument.elements}
        self.rank = {e.id: n for n, e in enumerate(argument.elements)}
        self.shape = _flat_skeleton(argument)
        self.outgoing: dict[str, list[tuple[int, Connector]]] = defaultdict(list)
        for number, connector in enumerate(argument.connectors):
            self.outgoing[connector.source].append((number, connector))
        self.named = {connector_name(c): (n, c) for n, c in reversed(list(enumerate(argument.connectors)))}
        self.parent = {
            e.child: e.parent for edges in (*self.shape.below.values(), *self.shape.beside.values()) for e in edges
        }
        self.module = self._modules()
        self.cutter = Cutter(lambda extent: _fits(extent, most, A3), most)
        self.drafts: list[_Draft] = []
        self.declared = {
            (self.module.get(e.id, e.module), e.name): e.id for e in argument.elements if not Kind(e.kind).is_away
        }
        self.home: dict[str, int] = {}
        self.further: dict[str, list[int]] = defaultdict(list)

    def pages(self) -> tuple[Page, ...]:
        tops = self._settled()
        self._number(tops)
        for index in range(len(self.drafts)):
            self._fill(index)
        paper = A4 if all(_fits(d.piece.extent, 10**9, A4) for d in self.drafts) else A3
        cells = _icicle([d.parent for d in self.drafts], [self._heading(n) for n in range(len(self.drafts))])
        above = self._arrivals()
        return tuple(self._page(n, paper, cells, above) for n in range(len(self.drafts)))

    # -- cutting

    def _modules(self) -> dict[str, str]:
        module: dict[str, str] = {}
        for here in self.shape.order:
            element = self.elements[here]
            borrowed = element.kind in _BORROWED or not element.module
            module[here] = module.get(self.parent.get(here, ""), "") if borrowed else element.module
            for connector in self.shape.contexts.get(here, []):
                module[connector.target] = module[here]
        return module

    def _settled(self) -> list[Piece]:
        """The pieces that head a module or have no parent, in reading order, all cut to fit."""
        pieces: dict[str, Piece] = {}
        heads: list[str] = []
        for here in reversed(self.shape.order):
            piece = self._piece(here)
            for edges, into in ((self.shape.below, piece.below), (self.shape.beside, piece.beside)):
                for edge in edges.get(here, []):
                    child = pieces[edge.child]
                    child.cut = child.cut or self.module[edge.child] != self.module[here]
                    into.append(child)
            self.cutter.settle(piece)
            pieces[here] = piece
            if here not in self.parent:
                heads.append(here)
        heads.sort(key=self.rank.__getitem__)
        groups: dict[str, list[Piece]] = {}
        for head in heads:
            groups.setdefault(self.module[head], []).append(pieces[head])
        return [self._crown(group) for group in groups.values()] or [Piece("", "", _NOTHING, _NOTHING)]

    def _crown(self, group: list[Piece]) -> Piece:
        """One piece for all roots of a module."""
        if len(group) == 1:
            return group[0]
        crown = Piece("", Kind.GOAL, _NOTHING, _NOTHING, below=group)
        self.cutter.settle(crown)
        return crown

    def _piece(self, here: str) -> Piece:
        contexts = [(c, self.elements[c.target]) for c in self.shape.contexts.get(here, [])]
        tree = {(e.parent, e.child) for e in self.shape.below.get(here, [])}
        further = [
            self.elements[c.target]
            for _, c in self.outgoing[here]
            if c.kind == Relation.SUPPORTED_BY and (here, c.target) not in tree
        ]
        shared = [c.target for _, c in self.outgoing[here] if c.kind == Relation.IN_CONTEXT_OF]
        own = {c.target for c, _ in contexts}
        contexts += [
            (c, self.elements[c.target]) for _, c in self.outgoing[here] if c.target in shared and c.target not in own
        ]
        block, stub = block_extents(self.elements[here], contexts, further)
        return Piece(here, self.elements[here].kind, block, stub)

    # -- numbering

    def _number(self, tops: list[Piece]) -> None:
        """Pages in reading order: each before those that continue it."""
        stack = [(piece, -1) for piece in reversed(tops)]
        while stack:
            piece, parent = stack.pop()
            index = len(self.drafts)
            draft = _Draft(piece, parent)
            self.drafts.append(draft)
            following: list[Piece] = []
            walk = [piece]
            while walk:
                here = walk.pop()
                if here.cut and here is not piece:
                    draft.stubs.setdefault(here.id)
                    following.append(here)
                    continue
                if here.id:
                    draft.full.setdefault(here.id)
                    if here.id in self.home:
                        self.further[here.id].append(index)
                    self.home.setdefault(here.id, index)
                following += here.parts
                walk += [*reversed(here.beside), *reversed(here.below)]
            stack += [(p, index) for p in reversed(following)]

    # -- filling

    def _fill(self, index: int) -> None:
        """Connectors of the page, and copies of the elements at home elsewhere that they lead to."""
        draft = self.drafts[index]
        for here in list(draft.full):
            first = self.home[here] == index
            for number, connector in self.outgoing[here]:
                if first and not self._elsewhere(connector, index):
                    self._connect(draft, number, connector)
                elif connector.kind == Relation.SUPPORTED_BY and not first and self._hangs_here(draft, connector):
                    draft.connectors[number] = connector
        for stub in list(draft.stubs):
            for number, connector in self.outgoing[stub]:
                if connector.kind == Relation.CHALLENGES and self._visible(draft, connector.target):
                    draft.connectors[number] = connector

    def _hangs_here(self, draft: _Draft, connector: Connector) -> bool:
        return draft.holds(connector.target) and self.parent.get(connector.target) == connector.source

    def _elsewhere(self, connector: Connector, index: int) -> bool:
        """Whether a child hangs on a page that continues this element."""
        if self.parent.get(connector.target) != connector.source or self.drafts[index].holds(connector.target):
            return False
        return any(self.drafts[page].holds(connector.target) for page in self.further[connector.source])

    def _visible(self, draft: _Draft, target: str) -> bool:
        if target in self.elements:
            return draft.holds(target)
        return target in self.named and self.named[target][0] in draft.connectors

    def _connect(self, draft: _Draft, number: int, connector: Connector) -> None:
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
                    (draft.stubs if end in self.home else draft.copies).setdefault(end)

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
                    above[self.home[child], child][index + 1, self._name(parent)] = None
        for index, draft in enumerate(self.drafts):
            for name, origin in self._originals(index, draft):
                above[self.home[origin], origin][index + 1, self._name(name)] = None
        for name, pages in self.further.items():
            for page in pages:
                above[page, name][self.home[name] + 1, self._name(name)] = None
        return {key: sorted(places) for key, places in above.items()}

    def _off_diagram(self, index: int, above: dict[tuple[int, str], list[tuple[int, str]]]) -> tuple[OffDiagram, ...]:
        draft = self.drafts[index]
        marks = []
        for name in draft.full:
            if (index, name) in above:
                marks.append(OffDiagram(name, below=False, places=tuple(above[index, name])))
            if self.home[name] == index and self.further.get(name):
                marks.append(
                    OffDiagram(name, below=True, places=tuple((p + 1, self._name(name)) for p in self.further[name]))
                )
        marks += [
            OffDiagram(name, below=True, places=((self.home[name] + 1, self._name(name)),)) for name in draft.stubs
        ]
        marks += [
            OffDiagram(name, below=True, places=((self.home[origin] + 1, self._name(origin)),))
            for name, origin in self._originals(index, draft)
        ]
        return tuple(marks)

    def _originals(self, index: int, draft: _Draft) -> list[tuple[str, str]]:
        """Away elements of a page whose original stands on another page, each with the original's id."""
        found = []
        for name in (*draft.full, *draft.copies):
            element = self.elements[name]
            origin = self.declared.get((element.module, element.name)) if Kind(element.kind).is_away else None
            if origin and self.home.get(origin, index) != index:
                found.append((name, origin))
        return found

    def _name(self, name: str) -> str:
        """An element's id as drawn; a connector's name as it is."""
        return self.elements[name].name if name in self.elements else name

    def _page(
        self,
        index: int,
        paper: tuple[float, float],
        cells: tuple[MapCell, ...],
        above: dict[tuple[int, str], list[tuple[int, str]]],
    ) -> Page:
        draft = self.drafts[index]
        names = sorted((*draft.full, *draft.stubs, *draft.copies), key=self.rank.__getitem__)
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
        here = index
        while here >= 0:
            draft = self.drafts[here]
            trail.append((self._name(draft.piece.id or next(iter(draft.full), "top")), here + 1))
            here = draft.parent
        trail.reverse()
        if len(trail) > _CRUMBS:
            skipped = len(trail) - _CRUMBS + 1
            trail = [*trail[:3], (f"({skipped} pages between)", trail[3][1]), *trail[3 + skipped :]]
        return tuple(trail)


_NOTHING = Extent(0, 0.0, (0.0,))


def _flat_skeleton(argument: Argument) -> Skeleton:
    """Skeleton of the whole, with challengers of a SupportedBy line below its source: the page that draws the line."""
    ids = {e.id for e in argument.elements}
    names = {connector_name(c): c for c in reversed(argument.connectors) if connector_name(c) not in ids}
    moved: list[Connector] = []
    for connector in argument.connectors:
        target = names.get(connector.target)
        challenge = connector.kind == Relation.CHALLENGES and target is not None
        moved.append(replace(connector, target=target.source) if challenge and target else connector)
    return skeleton(tuple(e.id for e in argument.elements), tuple(moved))


def _fits(extent: Extent, most: int, paper: tuple[float, float]) -> bool:
    width, height = _ROOM[paper]
    return extent.count <= most and extent.width <= width and extent.height <= height


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
