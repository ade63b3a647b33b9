"""The course of every connector, and the decorators upon it.

Lines of the tree run down a trunk, along a bus in the channel, and down to each child; they share the trunk because
they share their source. All others are routed by the maze. Two lines share their course only where they have the same
source or the same target, so that no reader can follow a line to the wrong end.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from casework.render.fonts import advance
from casework.render.gsn.geometry import Box, Placed, vertical_span
from casework.render.gsn.layout import Plan, grouped
from casework.render.gsn.lettering import SMALL
from casework.render.gsn.maze import Maze, Point, Port, straightened
from casework.render.gsn.picture import Connector, Relation, connector_name
from casework.render.gsn.skeleton import Edge
from casework.render.gsn.text import one_line

ARROW = 9.0
_STUB = 9.0
_ASIDE = 7.0  # half the least gap between neighbours, so that a line at the side always has a way out between them
_BUS = 11.5
_DIAMOND = 17.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A decorator on a line: ball, hollow_ball, diamond, acp or cross, with its label beside or above it."""

    symbol: str
    at: Point
    label: str
    upright: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A connector's line, from the source to the tip of the arrow."""

    connector: Connector
    points: tuple[Point, ...]
    marks: tuple[Mark, ...] = ()
    backward: bool = False


@dataclass(slots=True)
class _Lines:
    plan: Plan
    maze: Maze
    routes: list[Route] = field(default_factory=list)
    anchors: dict[str, Port] = field(default_factory=dict)  # where a challenge to a connector enters

    def run(self) -> tuple[Route, ...]:
        challenged = {c.target for c in self.plan.skeleton.loose if c.kind == Relation.CHALLENGES}
        for here, edges in self.plan.skeleton.below.items():
            self._tree(here, edges, challenged)
        for here, connectors in self.plan.skeleton.contexts.items():
            self._contexts(self.plan.placed[here], connectors, challenged)
        rank = {Relation.CHALLENGES: 1, Relation.SUPPORTED_BY: 0, Relation.IN_CONTEXT_OF: 2}
        for connector in sorted(self.plan.skeleton.loose, key=lambda c: rank[Relation(c.kind)]):
            self._loose(connector)
        return tuple(self.routes)

    # -- tree

    def _tree(self, here: str, edges: list[Edge], challenged: set[str]) -> None:
        parent = self.plan.placed[here]
        channel = self.plan.channels[self.plan.layer[here]][0]
        labels = {e.connector.choice for e in edges}
        whole = labels.pop() if len(labels) == 1 else ""
        bus = channel + _BUS + (_DIAMOND if whole else 0.0)
        trunk = Mark("diamond", (parent.bottom[0], bus - 13.0), _label(whole), upright=True) if whole else None
        subs = self._choices(edges, bus) if not whole else {}
        for number, edge in enumerate(grouped(edges)):
            points = [parent.bottom, (parent.bottom[0], bus), *self._course(here, edge, bus, subs)]
            child = self.plan.placed[edge.child]
            points.append((child.top[0], points[-1][1]))
            start = points[-1][1]
            line = straightened([*points, child.top])
            marks = [trunk] if trunk and not number else []
            sub = subs.get(edge.connector.choice)
            if sub and edge.connector.choice:
                marks.append(Mark("diamond", (sub[0], sub[1] - 12), _label(edge.connector.choice), upright=True))
                subs[edge.connector.choice] = (*sub[:2], True)
            start = max(start, channel + 4)
            marks += self._marks_down(edge.connector, child.top, start, challenged)
            self._add(Route(edge.connector, line, tuple(dict.fromkeys(marks))))

    def _choices(self, edges: list[Edge], bus: float) -> dict[str, tuple[float, float, bool]]:
        """Bus of each choice among the children: x of its trunk and y."""
        members: dict[str, list[float]] = defaultdict(list)
        for edge in edges:
            if edge.connector.choice:
                members[edge.connector.choice].append(self.plan.placed[edge.child].top[0])
        return {name: ((min(xs) + max(xs)) / 2, bus + 27.0, False) for name, xs in members.items()}

    def _course(self, here: str, edge: Edge, bus: float, subs: dict[str, tuple[float, float, bool]]) -> list[Point]:
        """The points between the trunk's foot and the descent."""
        if edge.connector.choice in subs:
            x, y, _ = subs[edge.connector.choice]
            return [(x, bus), (x, y)]
        trunk, rows = self.plan.fans.get(here, (0.0, []))
        for number, row in enumerate(rows):
            if edge.child in row:
                low = self.plan.channels[self.plan.layer[here] + number][0] + _BUS if number else bus
                return [(trunk, bus), (trunk, low)]
        return []

    def _marks_down(self, connector: Connector, top: Point, start: float, challenged: set[str]) -> list[Mark]:
        """Decorators along the last, vertical part of a line, and the place where a challenge to it enters."""
        name = connector_name(connector)
        symbols = _symbols(connector)
        places = len(symbols) + (name in challenged)
        if not places:
            return []
        room = top[1] - ARROW - 2 - start
        step = room / (places + 0.4)
        ys = [start + step * (k + 0.7) for k in range(places)]
        if name in challenged:
            y = ys.pop()
            self.anchors.setdefault(name, Port((top[0], y), (top[0], y)))
        return [Mark(symbol, (top[0], y), label, upright=True) for (symbol, label), y in zip(symbols, ys, strict=True)]

    def _contexts(self, source: Placed, connectors: list[Connector], challenged: set[str]) -> None:
        sides: dict[bool, list[Connector]] = defaultdict(list)
        for connector in connectors:
            sides[self.plan.placed[connector.target].x < source.x].append(connector)
        for to_left, members in sides.items():
            start = source.left if to_left else source.right
            ends = {
                c.target: self.plan.placed[c.target].right if to_left else self.plan.placed[c.target].left
                for c in members
            }
            # The spine keeps near the context, away from what may stand below the element.
            near = min(abs(x - start[0]) for x, _ in ends.values())
            out = 10.0 if any(map(_symbols, members)) else max(near - 20.0, 10.0)
            out = min(max(out, _beyond_marks(source, start, ends.values())), max(near - 20.0, out))
            spine = start[0] + (-out if to_left else out)
            for connector in members:
                end = ends[connector.target]
                bent = abs(start[1] - end[1]) > 0.5
                line = [start, (spine, start[1]), (spine, end[1]), end] if bent else [start, (end[0], start[1])]
                marks = self._marks_across(connector, line[-1], spine, challenged)
                self._add(Route(connector, straightened(line), tuple(marks)))

    def _marks_across(self, connector: Connector, end: Point, spine: float, challenged: set[str]) -> list[Mark]:
        sign = 1.0 if end[0] > spine else -1.0
        symbols = _symbols(connector)
        name = connector_name(connector)
        places = len(symbols) + (name in challenged)
        room = abs(end[0] - spine) - ARROW - 2
        xs = [spine + sign * room * (k + 0.5) / max(places, 1) for k in range(places)]
        if name in challenged:
            x = xs.pop()
            self.anchors.setdefault(name, Port((x, end[1]), (x, end[1])))
        return [Mark(symbol, (x, end[1]), label, upright=False) for (symbol, label), x in zip(symbols, xs, strict=True)]

    def _add(self, route: Route) -> None:
        self.maze.occupy(route.points, _family(route.connector))
        self.maze.obstacles += [_label_box(mark) for mark in route.marks if mark.label]
        self.routes.append(route)

    # -- routed

    def _loose(self, connector: Connector) -> None:
        source = self.plan.placed[connector.source]
        match Relation(connector.kind):
            case Relation.SUPPORTED_BY:
                starts, ends = [self._from_bottom(source)], [self._to_top(self.plan.placed[connector.target])]
            case Relation.IN_CONTEXT_OF:
                target = self.plan.placed[connector.target]
                starts, ends = self._sides(source), self._sides(target)
            case Relation.CHALLENGES:
                starts = [
                    *self._sides(source),
                    *(p for p in self._shoulders(source, (0.3, 0.7), 12.0) if p.at[1] > p.clear[1]),
                ]
                ends = self._challenged(connector, source)
        points = self.maze.route(starts, ends, _family(connector))
        backward = connector.kind == Relation.SUPPORTED_BY and points[-1][1] <= points[0][1]
        self.routes.append(Route(connector, points, tuple(_along(connector, points)), backward))
        self.anchors.setdefault(connector_name(connector), _midway(points))

    def _from_bottom(self, source: Placed) -> Port:
        bus = self.plan.channels[self.plan.layer[source.figure.element.id]][0] + _BUS
        return Port(source.bottom, (source.bottom[0], bus))

    def _to_top(self, target: Placed) -> Port:
        return Port(target.top, (target.top[0], target.extent.top - _STUB - 4))

    def _sides(self, place: Placed) -> list[Port]:
        box = place.extent
        return [
            Port(place.left, (box.left - _ASIDE, place.left[1])),
            Port(place.right, (box.right + _ASIDE, place.right[1])),
        ]

    def _challenged(self, connector: Connector, source: Placed) -> list[Port]:
        """Where a challenge may enter its target: a line, or any side of an element but its middles of support."""
        if connector.target not in self.plan.placed:
            anchor = self.anchors.get(connector.target)
            return _around(anchor.at) if anchor else self._sides(source)
        target = self.plan.placed[connector.target]
        drawn, box = target.figure, target.extent
        ports = self._sides(target)
        for level in {source.left[1], source.right[1]}:
            if target.y + 4 < level < target.y + drawn.height - 4 and abs(level - target.left[1]) > 1:
                y = level - target.y
                ports.append(Port((target.x + drawn.side(y, left=True), level), (box.left - _ASIDE, level)))
                ports.append(Port((target.x + drawn.side(y, left=False), level), (box.right + _ASIDE, level)))
        return [*ports, *self._shoulders(target, (0.22, 0.78), 20.0)]

    @staticmethod
    def _shoulders(place: Placed, shares: tuple[float, ...], cost: float) -> list[Port]:
        """Ports at top and bottom, by turns, beside the middles, which are for lines of support."""
        ports = []
        for share in shares:
            x = place.x + place.figure.width * share
            low, high = vertical_span(place.figure, place.figure.width * share)
            if not _marked(place, x, below=False):
                ports.append(Port((x, place.y + low), (x, place.extent.top - _STUB), cost))
            if not _marked(place, x, below=True):
                ports.append(Port((x, place.y + high), (x, place.extent.bottom + _STUB), cost))
        return ports


def _marked(place: Placed, x: float, *, below: bool) -> bool:
    """Whether an off-diagram triangle or its label stands in the way of a line at x."""
    return any(box.left - 5 < x < box.right + 5 for box in place.marks(below=below))


def _beyond_marks(source: Placed, start: Point, ends: Iterable[Point]) -> float:
    """How far from its start a spine has to run to pass beside the off-diagram marks of its own element."""
    levels = [start[1], *(y for _, y in ends)]
    low, high = min(levels) - 5, max(levels) + 5
    boxes = [box for below in (False, True) for box in source.marks(below=below) if box.top < high and box.bottom > low]
    to_left = start[0] < source.top[0]
    return max((start[0] - box.left if to_left else box.right - start[0] for box in boxes), default=0.0) + 5


def _label_box(mark: Mark) -> Box:
    """The label beside a decorator, less the clearance that the maze adds, so that lines pass close to it."""
    width = advance(one_line(mark.label), SMALL, bold=True)
    x, y = mark.at
    if mark.upright:
        return Box(x + 8 + 4, y - 1, x + 8 + max(width - 4, 5), y + 1)
    return Box(x - max(width / 2 - 4, 1), y - 11, x + max(width / 2 - 4, 1), y - 9)


def _around(point: Point) -> list[Port]:
    x, y = point
    return [Port(point, (x + dx, y + dy)) for dx, dy in ((12.0, 0.0), (-12.0, 0.0), (0.0, 12.0), (0.0, -12.0))]


def _midway(points: tuple[Point, ...]) -> Port:
    """The middle of a line's longest part."""
    a, b = max(pairwise(points), key=lambda pair: math.dist(*pair))
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return Port(middle, middle)


def _along(connector: Connector, points: tuple[Point, ...]) -> list[Mark]:
    """Decorators spread along the longest part of a routed line."""
    symbols = _symbols(connector)
    if connector.choice:
        symbols.insert(0, ("diamond", _label(connector.choice)))
    a, b = max(pairwise(points), key=lambda pair: math.dist(*pair))
    marks = []
    for number, (symbol, label) in enumerate(symbols):
        share = (number + 1) / (len(symbols) + 1)
        at = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        marks.append(Mark(symbol, at, label, upright=abs(a[0] - b[0]) < abs(a[1] - b[1])))
    return marks


def _label(text: str) -> str:
    """A label; the default of a cardinality is drawn without one (Table 1:3-1)."""
    return "" if text in ("1..*", "1..n") else text


def _symbols(connector: Connector) -> list[tuple[str, str]]:
    """The decorators on a line, in the order in which they are drawn."""
    symbols = []
    if connector.optional:
        symbols.append(("hollow_ball", _label(connector.multiplicity)))
    elif connector.multiplicity:
        symbols.append(("ball", _label(connector.multiplicity)))
    symbols += [("acp", acp) for acp in connector.acps]
    if connector.defeated:
        symbols.append(("cross", ""))
    return symbols


def _family(connector: Connector) -> frozenset[str]:
    """Lines of a family may share their course."""
    return frozenset({f"{connector.kind} from {connector.source}", f"{connector.kind} to {connector.target}"})


def lines(plan: Plan) -> tuple[Route, ...]:
    """The course of every connector of a page that is laid out."""
    obstacles: list[Box] = [placed.extent for placed in plan.placed.values()]
    rows = [top + _BUS + 8.0 * n for top, bottom in plan.channels for n in range(max(1, int((bottom - top - 18) / 8)))]
    return _Lines(plan, Maze(obstacles, rows)).run()


__all__ = ["ARROW", "Mark", "Route", "lines"]
