"""Where everything on a page stands.

Why our own layout: Graphviz places boxes, not GSN. It does not know that context stands left and right of its element,
that SupportedBy leaves bottom-middle and enters top-middle (2:2.7), or that an element grows a label outside its
outline, and its coordinates change with its version, so that equal input would give unequal bytes. A page is small and
nearly a tree, for which the contour method of Reingold and Tilford ("Tidier Drawings of Trees", IEEE TSE 7(2), 1981)
gives pictures that are narrow, symmetrical, free of crossings, and stable: an edit moves only what stands beside it.

* An element and its context form a block. Blocks of one layer stand in a row, tops aligned; between two rows lies a
  channel that holds no element, in which all lines run. So no line of the tree can meet an element.
* Subtrees are set side by side, as close as their contours allow; a parent is centred above its children.
* A wide fan of leaves is folded into several rows with the trunk running down between the two middle columns.
* Challengers stand beside what they challenge, in the same row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from casework.render.gsn.contour import GAP, Contour, centre, folded_row, set_beside, set_right
from casework.render.gsn.geometry import Box, Placed, around
from casework.render.gsn.lettering import SMALL
from casework.render.gsn.page import A3, A4, OffDiagram, Page
from casework.render.gsn.picture import Kind, Relation, connector_name
from casework.render.gsn.shapes import FLAT, NARROW, Figure, figure
from casework.render.gsn.skeleton import Edge, Skeleton, skeleton
from casework.render.gsn.stack import SLOT, Contexts, Stack, adornments, hung, stacked
from casework.render.gsn.text import one_line, wrap

CHANNEL = 27.0  # between rows
FOLD_WIDTH = 800.0  # a wider fan of leaves is folded
_BROADER = 40.0  # an element below may be so much broader on each side for context to hang down beside it
LABEL_WIDTH = 72.0  # off-diagram labels may be this wide beside a narrower symbol


@dataclass(slots=True)
class _Block:
    """An element with its context; x is relative to the middle of the element."""

    placed: Placed
    left: Stack
    right: Stack
    up: float
    down: float
    reach_left: float
    reach_right: float
    hang: int = 0  # rows below it that its context reaches into
    over: float = 0.0  # how far below the top of the element

    @property
    def figure(self) -> Figure:
        """The element's own symbol."""
        return self.placed.figure


def _block(placed: Placed, left: Contexts, right: Contexts, chain: list[_Block], *, one_column: bool) -> _Block:
    """A block; `chain` stands straight below it, so narrow that the context can hang down on both sides of it."""
    drawn, extent = placed.figure, placed.extent
    half = drawn.width / 2
    lean_left = max([-half - extent.left, 0.0, *(b.reach_left - half for b in chain)])
    lean_right = max([extent.right - half, 0.0, *(b.reach_right - half for b in chain)])
    west = stacked(left, drawn.middle, lean_left, one_column=one_column)
    east = stacked(right, drawn.middle, lean_right, one_column=one_column)
    if chain:
        west, east = hung(west, drawn.middle), hung(east, drawn.middle)
    low = max(west.bottom, east.bottom)
    return _Block(
        placed, west, east,
        up=-min(extent.top, west.top, east.top),
        down=extent.bottom if chain else max(extent.bottom, low),
        reach_left=max(-extent.left, half + west.depth),
        reach_right=max(extent.right, half + east.depth),
        hang=len(chain),
        over=low,
    )  # fmt: skip


@dataclass(slots=True)
class Plan:
    """A page laid out: symbols, the channels between rows, and what remains to be routed.

    Attributes:
        placed: every symbol by element id.
        channels: top and bottom of the channel below each layer.
        skeleton: the order behind the page.
        fans: children of a folded fan by parent: rows of ids, with the x of the trunk.
        box: the bounding box of all symbols.
    """

    placed: dict[str, Placed]
    channels: list[tuple[float, float]]
    skeleton: Skeleton
    fans: dict[str, tuple[float, list[list[str]]]]
    layer: dict[str, int]
    box: Box


@dataclass(slots=True)
class _Layout:
    page: Page
    figures: dict[str, Figure]
    skeleton: Skeleton
    blocks: dict[str, _Block] = field(default_factory=dict)
    offset: dict[str, float] = field(default_factory=dict)  # middle of a child relative to its parent's
    fans: dict[str, tuple[float, list[list[str]]]] = field(default_factory=dict)
    layer: dict[str, int] = field(default_factory=dict)

    def run(self) -> Plan:
        self.layer = dict(self.skeleton.layer)
        self._make_blocks()
        contours: dict[str, Contour] = {}
        for here in reversed(self.skeleton.order):
            contours[here] = self._unit(here, contours)
        shifts: dict[str, float] = {}
        total: Contour = {}
        for root in self.skeleton.roots:
            shifts[root] = set_right(total, contours[root], 2 * GAP)
        return self._absolute(shifts)

    # -- blocks

    def _make_blocks(self) -> None:
        labels: dict[tuple[str, bool], tuple[str, ...]] = {}
        for off in self.page.off_diagram:
            if off.element in self.figures:
                lines = off_lines(off, self.figures[off.element].width)
                labels[off.element, off.below] = tuple(text for _, text in lines)
        only = {edges[0].child for edges in self.skeleton.below.values() if len(edges) == 1} | set(self.skeleton.roots)
        support = [c for c in self.page.connectors if c.kind == Relation.SUPPORTED_BY]
        leaving, entered = {c.source for c in support}, {c.target for c in support}
        attached = {end for c in self.skeleton.loose for end in (c.source, c.target)}
        for here in reversed(self.skeleton.order):
            drawn = self.figures[here]
            left_off = here in leaving or drawn.below > 0
            placed = Placed(
                drawn, -drawn.width / 2, 0.0, labels.get((here, False), ()), labels.get((here, True), ()),
                here in entered, left_off,
            )  # fmt: skip
            contexts = self.skeleton.contexts.get(here, [])
            left, right = _sides(
                [(c, self.figures[c.target]) for c in contexts],
                spread=here in only and here not in self.skeleton.beside,
                challenged=here in self.skeleton.beside,
            )
            one = any(c.target in attached or connector_name(c) in attached for c in contexts)
            plain = contexts and not one and not any(map(adornments, contexts))
            chain = self._chain(here, attached) if plain else []
            self.blocks[here] = _block(placed, left, right, chain, one_column=one)

    def _chain(self, here: str, attached: set[str]) -> list[_Block]:
        """The blocks straight below one, as long as they have neither context nor neighbours."""
        chain: list[_Block] = []
        half = self.figures[here].width / 2
        while here not in attached and here not in self.skeleton.beside:
            edges = self.skeleton.below.get(here, [])
            here = edges[0].child if len(edges) == 1 else ""
            block = self.blocks.get(here)
            if block is None or block.left.seats or block.right.seats or here in self.skeleton.beside:
                break
            if max(block.reach_left, block.reach_right) > half + _BROADER:
                break
            chain.append(block)
        return chain

    # -- horizontal

    def _unit(self, here: str, contours: dict[str, Contour]) -> Contour:
        """Contour of an element with all below and beside it; sets the offsets of its children."""
        block = self.blocks[here]
        level = self.layer[here]
        below = self._children(here, contours)
        own: Contour = {}
        for k in range(level, level + block.hang + 1):
            low, high = below.pop(k, (0.0, 0.0))
            own[k] = min(low, -block.reach_left), max(high, block.reach_right)
        own.update(below)
        for number, edge in enumerate(self.skeleton.beside.get(here, [])):
            to_right = (number % 2 == 0) == (not block.right.seats or bool(block.left.seats))
            self.offset[edge.child] = set_beside(own, contours[edge.child], to_right=to_right)
        return own

    def _children(self, here: str, contours: dict[str, Contour]) -> Contour:
        edges = self.skeleton.below.get(here, [])
        leaves = self._foldable(here, edges)
        total: Contour = {}
        middles: list[float] = []
        for edge in grouped(edges):
            if edge.child in leaves:
                continue
            shift = set_right(total, contours[edge.child], GAP)
            self.offset[edge.child] = shift
            middles.append(shift)
        if leaves:
            fan, rows = self._fold(leaves, self.layer[here] + 1)
            shift = set_right(total, fan, GAP)
            for child in leaves:
                self.offset[child] += shift
            self.fans[here] = (shift, rows)
            middles.append(shift)
        if not middles:
            return {}
        middle = centre(middles)
        for edge in edges:
            self.offset[edge.child] -= middle
        if leaves:
            self.fans[here] = (self.fans[here][0] - middle, self.fans[here][1])
        return {k: (low - middle, high - middle) for k, (low, high) in total.items()}

    def _foldable(self, here: str, edges: list[Edge]) -> list[str]:
        simple = [e.child for e in edges if self._is_simple_leaf(e)]
        if any(e.connector.choice for e in edges) or len(simple) < 5:
            return []
        width = sum(self.blocks[i].reach_left + self.blocks[i].reach_right + GAP for i in simple)
        return simple if width > FOLD_WIDTH else []

    def _is_simple_leaf(self, edge: Edge) -> bool:
        child = edge.child
        shape = self.skeleton
        if child in shape.below or child in shape.beside or child in shape.contexts or adornments(edge.connector):
            return False
        return not any(child in (c.source, c.target) or child in c.target for c in shape.loose)

    def _fold(self, leaves: list[str], level: int) -> tuple[Contour, list[list[str]]]:
        columns = fold_columns(len(leaves))
        rows = [leaves[start : start + columns] for start in range(0, len(leaves), columns)]
        contour: Contour = {}
        for number, row in enumerate(rows):
            last = number == len(rows) - 1
            spans = [(self.blocks[i].reach_left, self.blocks[i].reach_right) for i in row]
            xs = folded_row(spans, centred=last)
            for child, x in zip(row, xs, strict=True):
                self.offset[child] = x
                self.layer[child] = level + number
            contour[level + number] = (xs[0] - spans[0][0], xs[-1] + spans[-1][1])
        return contour, rows

    # -- absolute places

    def _absolute(self, shifts: dict[str, float]) -> Plan:
        middle = dict(shifts)
        for here in self.skeleton.order:
            for edge in [*self.skeleton.below.get(here, []), *self.skeleton.beside.get(here, [])]:
                middle[edge.child] = middle[here] + self.offset[edge.child]
        fans = {here: (x + middle[here], rows) for here, (x, rows) in self.fans.items()}
        tops, channels = self._rows()
        placed: dict[str, Placed] = {}
        for here, x in middle.items():
            self._put(here, x, tops[self.layer[here]], placed)
        return Plan(placed, channels, self.skeleton, fans, self.layer, around([p.extent for p in placed.values()]))

    def _rows(self) -> tuple[list[float], list[tuple[float, float]]]:
        """Top of each row's symbols, and the channels below the rows."""
        count = max(self.layer.values(), default=0) + 1
        up, down = [0.0] * count, [0.0] * count
        for here, block in self.blocks.items():
            level = self.layer[here]
            up[level] = max(up[level], block.up)
            down[level] = max(down[level], block.down)
        widths = self._channel_heights(count)
        for here, block in self.blocks.items():
            # Context that hangs down ends above the channel in which the lines of the last element spread.
            first, last = self.layer[here], self.layer[here] + block.hang
            if block.hang:
                span = sum(down[first:last]) + sum(widths[first:last]) + sum(up[first + 1 : last + 1])
                down[last] = max(down[last], block.over - span)
        tops, channels = [], []
        y = 0.0
        for level in range(count):
            tops.append(y + up[level])
            end = y + up[level] + down[level]
            channels.append((end, end + widths[level]))
            y = end + widths[level]
        return tops, channels

    def _channel_heights(self, count: int) -> list[float]:
        extra: dict[int, float] = defaultdict(float)
        for edges in self.skeleton.below.values():
            for edge in edges:
                slots = adornments(edge.connector)
                slots += any(c.target == f"{edge.parent}->{edge.child}" for c in self.skeleton.loose)
                level = self.layer[edge.parent]
                extra[level] = max(extra[level], slots * SLOT + choice_room(edges))
        crowd: dict[int, set[str]] = defaultdict(set)
        for connector in self.skeleton.loose:
            if connector.kind == Relation.SUPPORTED_BY:
                crowd[self.layer[connector.source]].add(f"from {connector.source}")
                crowd[self.layer[connector.target] - 1].add(f"to {connector.target}")
        return [CHANNEL + extra[level] + min(8.0 * len(crowd[level]), 80.0) for level in range(count)]

    def _put(self, here: str, x: float, top: float, placed: dict[str, Placed]) -> None:
        block = self.blocks[here]
        half = block.figure.width / 2
        placed[here] = replace(block.placed, x=x - half, y=top)
        for stack, to_left in ((block.left, True), (block.right, False)):
            for seat in stack.seats:
                extra = seat.figure.right_extra if to_left else 0.0
                start = x - half - seat.out - seat.figure.width - extra if to_left else x + half + seat.out
                placed[seat.connector.target] = Placed(seat.figure, start, top + seat.top)


def choice_room(edges: list[Edge]) -> float:
    """Height that the choice diamonds of one source take in its channel."""
    groups = {e.connector.choice for e in edges}
    if groups == {""}:
        return 0.0
    return 18.0 if len(groups) == 1 else 40.0


def fold_columns(count: int) -> int:
    """Columns of a folded fan: even, so that the trunk runs between the two middle ones."""
    return 4 if count <= 12 else 6 if count <= 30 else 8


def grouped(edges: list[Edge]) -> list[Edge]:
    """Edges in order, those of one choice side by side."""
    first: dict[str, int] = {}
    for number, edge in enumerate(edges):
        first.setdefault(edge.connector.choice or f"\0{number}", number)
    keys = {id(e): first[e.connector.choice or f"\0{n}"] for n, e in enumerate(edges)}
    return sorted(edges, key=lambda e: keys[id(e)])


def off_lines(off: OffDiagram, width: float) -> list[tuple[int, str]]:
    """What stands at an off-diagram triangle: each page where the argument goes on, and the ids there."""
    ids: dict[int, list[str]] = {}
    for page, name in off.places:
        ids.setdefault(page, []).append(one_line(name))
    return [
        (page, line)
        for page, names in ids.items()
        for line in wrap(f"page {page}: {', '.join(names)}", max(width, LABEL_WIDTH), SMALL)
    ]


def _sides(contexts: Contexts, *, spread: bool, challenged: bool) -> tuple[Contexts, Contexts]:
    """Which context stands left and which right: contexts first, then assumptions and justifications."""
    rank = {Kind.ASSUMPTION: 1, Kind.AWAY_ASSUMPTION: 1, Kind.JUSTIFICATION: 2, Kind.AWAY_JUSTIFICATION: 2}
    ordered = sorted(contexts, key=lambda pair: rank.get(Kind(pair[1].element.kind), 0))
    if challenged:
        return ordered, []
    if len(ordered) == 1 or (len(ordered) == 2 and not spread):
        leftish = rank.get(Kind(ordered[0][1].element.kind), 0) == 0
        return (ordered, []) if leftish else ([], ordered)
    half = (len(ordered) + 1) // 2
    return ordered[:half], ordered[half:]


# Room for the picture where the smallest text is printed at 7 points, less the frame with one row of legend.
ROOM = {A3: (1352.0, 808.0), A4: (934.0, 490.0)}
_HOPELESS = 1.35  # a picture that much too large fits in no variant


def plan(page: Page) -> Plan:
    """Lay a page out; in narrower symbols if it is too wide for its paper, in flatter ones if it is too high."""
    shape = skeleton(tuple(element.id for element in page.elements), page.connectors)
    first = _Layout(page, {e.id: figure(e) for e in page.elements}, shape).run()
    if page.paper not in ROOM:
        return first
    width, height = ROOM[page.paper]
    across, down = (first.box.right - first.box.left) / width, (first.box.bottom - first.box.top) / height
    if max(across, down) <= 1 or min(across, down) > 1 or max(across, down) > _HOPELESS:
        return first
    for flatness in NARROW if across > 1 else FLAT:
        other = _Layout(page, {e.id: figure(e, flatness) for e in page.elements}, shape).run()
        if other.box.right - other.box.left <= width and other.box.bottom - other.box.top <= height:
            return other
    return first


def fits_room(page: Page, share: float = 1.0) -> bool:
    """Whether a page's picture fits its paper, or a share of it, in legible size; lines round the outside aside."""
    width, height = ROOM[page.paper]
    box = plan(page).box
    return box.right - box.left <= width * share and box.bottom - box.top <= height * share
