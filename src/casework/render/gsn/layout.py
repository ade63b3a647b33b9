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
from dataclasses import dataclass, field

from casework.render.fonts import advance
from casework.render.gsn.geometry import Box, Placed, around
from casework.render.gsn.page import OffDiagram, Page
from casework.render.gsn.picture import Connector, Kind, Relation
from casework.render.gsn.shapes import SMALL, Figure, figure
from casework.render.gsn.skeleton import Edge, Skeleton, skeleton
from casework.render.gsn.text import one_line, wrap

GAP = 18.0  # between neighbours
SIDE_GAP = 46.0  # between an element and its challenger
STACK_GAP = 13.0  # between stacked context elements
CONTEXT_GAP = 30.0  # between an element and its context
CHANNEL = 36.0  # between rows
SLOT = 15.0  # room that a decorator takes on a line
SNAP = 20.0  # a child this close to the middle of its parent is put right below it
FOLD_WIDTH = 800.0  # a wider fan of leaves is folded

Contour = dict[int, tuple[float, float]]


def adornments(connector: Connector) -> int:
    """How many decorators sit on the line itself (a choice diamond sits on the trunk)."""
    return bool(connector.multiplicity or connector.optional) + len(connector.acps) + connector.defeated


def context_gap(connectors: list[Connector]) -> float:
    """Distance between an element and a stack of context: the lines' labels must fit above the lines."""
    gap = CONTEXT_GAP + (8.0 if len(connectors) > 1 else 0.0)
    for connector in connectors:
        if adornments(connector):
            labels = [*map(one_line, connector.acps), one_line(connector.multiplicity)]
            widths = sum(max(advance(label, SMALL, bold=True) + 3, SLOT) for label in labels if label)
            gap = max(gap, 26.0 + widths + (SLOT if connector.defeated or connector.optional else 0) + 10.0)
    return gap


@dataclass(slots=True)
class _Block:
    """An element with its context; x is relative to the middle of the element."""

    figure: Figure
    left: list[Connector]
    right: list[Connector]
    above: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    up: float = 0.0
    down: float = 0.0
    reach_left: float = 0.0
    reach_right: float = 0.0


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
            shifts[root] = _set_right(total, contours[root], 2 * GAP)
        return self._absolute(shifts)

    # -- blocks

    def _make_blocks(self) -> None:
        labels: dict[tuple[str, bool], tuple[str, ...]] = {}
        for off in self.page.off_diagram:
            if off.element in self.figures:
                labels[off.element, off.below] = off_labels(off, self.figures[off.element].width)
        only = {edges[0].child for edges in self.skeleton.below.values() if len(edges) == 1} | set(self.skeleton.roots)
        for here in self.skeleton.order:
            left, right = _sides(
                [(c, self.figures[c.target]) for c in self.skeleton.contexts.get(here, [])],
                spread=here in only and here not in self.skeleton.beside,
                challenged=here in self.skeleton.beside,
            )
            block = _Block(self.figures[here], left, right, labels.get((here, False), ()), labels.get((here, True), ()))
            self._measure(block)
            self.blocks[here] = block

    def _measure(self, block: _Block) -> None:
        drawn = block.figure
        probe = Placed(drawn, -drawn.width / 2, 0.0, block.above, block.under).extent
        block.up = -probe.top
        block.down = probe.bottom
        block.reach_left, block.reach_right = -probe.left, probe.right
        for stack in (block.left, block.right):
            if not stack:
                continue
            figures = [self.figures[c.target] for c in stack]
            tops = _stack_tops(figures, drawn.middle)
            wide = max(f.width + f.right_extra for f in figures)
            block.up = max(block.up, -tops[0])
            block.down = max(block.down, tops[-1] + figures[-1].height + figures[-1].below)
            reach = drawn.width / 2 + context_gap(stack) + wide
            if stack is block.left:
                block.reach_left = max(block.reach_left, reach)
            else:
                block.reach_right = max(block.reach_right, reach)

    # -- horizontal

    def _unit(self, here: str, contours: dict[str, Contour]) -> Contour:
        """Contour of an element with all below and beside it; sets the offsets of its children."""
        block = self.blocks[here]
        level = self.layer[here]
        below = self._children(here, contours)
        own: Contour = {level: (-block.reach_left, block.reach_right)}
        own.update({k: span for k, span in below.items() if k not in own})
        for number, edge in enumerate(self.skeleton.beside.get(here, [])):
            to_right = (number % 2 == 0) == (not block.right or bool(block.left))
            self.offset[edge.child] = _set_beside(own, contours[edge.child], to_right=to_right)
        return own

    def _children(self, here: str, contours: dict[str, Contour]) -> Contour:
        edges = self.skeleton.below.get(here, [])
        leaves = self._foldable(here, edges)
        total: Contour = {}
        middles: list[float] = []
        for edge in grouped(edges):
            if edge.child in leaves:
                continue
            shift = _set_right(total, contours[edge.child], GAP)
            self.offset[edge.child] = shift
            middles.append(shift)
        if leaves:
            fan, rows = self._fold(leaves, self.layer[here] + 1)
            shift = _set_right(total, fan, GAP)
            for child in leaves:
                self.offset[child] += shift
            self.fans[here] = (shift, rows)
            middles.append(shift)
        if not middles:
            return {}
        centre = _centre(middles)
        for edge in edges:
            self.offset[edge.child] -= centre
        if leaves:
            self.fans[here] = (self.fans[here][0] - centre, self.fans[here][1])
        return {k: (low - centre, high - centre) for k, (low, high) in total.items()}

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
            xs = _folded_row(spans, centred=last)
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
        drawn = block.figure
        placed[here] = Placed(drawn, x - drawn.width / 2, top, block.above, block.under)
        for stack, to_left in ((block.left, True), (block.right, False)):
            figures = [self.figures[c.target] for c in stack]
            gap = context_gap(stack)
            for connector, shape, y in zip(stack, figures, _stack_tops(figures, drawn.middle), strict=True):
                extra = shape.right_extra if to_left else 0.0
                start = x - drawn.width / 2 - gap - shape.width - extra if to_left else x + drawn.width / 2 + gap
                placed[connector.target] = Placed(shape, start, top + y)


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


def off_labels(off: OffDiagram, width: float) -> tuple[str, ...]:
    """What stands at an off-diagram triangle: page and id of each place where the argument goes on."""
    lines: list[str] = []
    for page, name in off.places:
        lines.extend(wrap(f"page {page}: {one_line(name)}", max(width, 70.0), SMALL))
    return tuple(lines)


def _stack_tops(figures: list[Figure], middle: float) -> list[float]:
    """Tops of stacked context such that the stack, or the middle one of an odd number, is level with the element."""
    tops: list[float] = []
    y = 0.0
    for drawn in figures:
        tops.append(y)
        y += drawn.height + drawn.below + STACK_GAP
    if not figures:
        return tops
    pivot = len(figures) // 2
    centre = tops[pivot] + figures[pivot].middle if len(figures) % 2 else (tops[0] + tops[-1] + figures[-1].height) / 2
    return [top - centre + middle for top in tops]


def _sides(
    contexts: list[tuple[Connector, Figure]], *, spread: bool, challenged: bool
) -> tuple[list[Connector], list[Connector]]:
    """Which context stands left and which right: contexts first, then assumptions and justifications."""
    rank = {Kind.ASSUMPTION: 1, Kind.AWAY_ASSUMPTION: 1, Kind.JUSTIFICATION: 2, Kind.AWAY_JUSTIFICATION: 2}
    ordered = sorted(contexts, key=lambda pair: rank.get(Kind(pair[1].element.kind), 0))
    if challenged:
        return [c for c, _ in ordered], []
    if len(ordered) == 1 or (len(ordered) == 2 and not spread):
        leftish = rank.get(Kind(ordered[0][1].element.kind), 0) == 0
        names = [c for c, _ in ordered]
        return (names, []) if leftish else ([], names)
    half = (len(ordered) + 1) // 2
    return [c for c, _ in ordered[:half]], [c for c, _ in ordered[half:]]


def _centre(middles: list[float]) -> float:
    """The middle above children; above the one that is nearly there, since a small jog in a line looks like a fault."""
    centre = (middles[0] + middles[-1]) / 2
    nearest = min(middles, key=lambda m: abs(m - centre))
    return nearest if abs(nearest - centre) < SNAP else centre


def _set_right(total: Contour, other: Contour, gap: float) -> float:
    """Put `other` to the right of `total`, as close as the gap allows; returns its shift."""
    shift = 0.0
    if total:
        shared = [total[k][1] + gap - span[0] for k, span in other.items() if k in total]
        shift = (
            max(shared) if shared else max(high for _, high in total.values()) + gap - min(s[0] for s in other.values())
        )
    for k, (low, high) in other.items():
        have = total.get(k)
        total[k] = (
            (low + shift, high + shift) if have is None else (min(have[0], low + shift), max(have[1], high + shift))
        )
    return shift


def _set_beside(own: Contour, other: Contour, *, to_right: bool) -> float:
    """Put a challenger's unit beside its target's, on either side; returns its shift."""
    if to_right:
        return _set_right(own, other, SIDE_GAP)
    mirrored = {k: (-high, -low) for k, (low, high) in own.items()}
    shift = -_set_right(mirrored, {k: (-high, -low) for k, (low, high) in other.items()}, SIDE_GAP)
    own.clear()
    own.update({k: (-high, -low) for k, (low, high) in mirrored.items()})
    return shift


def _folded_row(spans: list[tuple[float, float]], *, centred: bool) -> list[float]:
    """Middles of a folded row around a trunk at 0: half of it on either side, or, in the last row, one right below."""
    if centred and len(spans) % 2:
        before, middle = spans[: len(spans) // 2], spans[len(spans) // 2]
        edge = -middle[0] - sum(a + b + GAP for a, b in before)
        half = 0
    else:
        half = len(spans) // 2
        edge = -GAP * 0.75 - sum(a + b for a, b in spans[:half]) - GAP * (half - 1)
    xs = []
    for number, (low, high) in enumerate(spans):
        if half and number == half:
            edge = GAP * 0.75
        xs.append(edge + low)
        edge += low + high + GAP
    return xs


def plan(page: Page) -> Plan:
    """Lay a page out."""
    figures = {element.id: figure(element) for element in page.elements}
    shape = skeleton(tuple(figures), page.connectors)
    return _Layout(page, figures, shape).run()
