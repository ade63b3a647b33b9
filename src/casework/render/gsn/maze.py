"""Routed lines: the shortest path with few bends and crossings around all symbols of a page.

A* on the grid of coordinates at which a line can pass between symbols. It serves the relations that a tree does not
have: further parents, challenges, shared context, cycles. A page is small, so the search stays in milliseconds.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from casework.render.gsn.geometry import Box

Point = tuple[float, float]
_HEAD = 15.0  # lines keep off the last stretch of another, where its arrowhead is
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))
_BEND, _CROSS, _SHARE, _TOUCH, _EARLY, _CLEAR = 24.0, 40.0, 90.0, 70.0, 0.002, 6.0


@dataclass(frozen=True, slots=True)
class Port:
    """A place where a line may leave or enter: the point on the symbol, and where it is clear of it."""

    at: Point
    clear: Point
    cost: float = 0.0

    @property
    def vertical(self) -> bool:
        """Whether the line is vertical there."""
        return abs(self.at[0] - self.clear[0]) < abs(self.at[1] - self.clear[1])


def _lanes(values: Iterable[float], fixed: set[float]) -> list[float]:
    """Sorted coordinates; those close to another give way, unless a line must end there."""
    lanes: list[float] = []
    for value in sorted({round(v, 2) for v in values} | fixed):
        if lanes and value - lanes[-1] < 4.0:
            if value not in fixed:
                continue
            if lanes[-1] not in fixed:
                lanes.pop()
        lanes.append(value)
    return lanes


@dataclass(slots=True)
class Maze:
    """The free space of a page, and the lines already in it."""

    obstacles: list[Box]
    rows: list[float]
    segments: list[tuple[Point, Point, frozenset[str]]] = field(default_factory=list)

    def occupy(self, points: Iterable[Point], family: frozenset[str]) -> None:
        """Note a drawn line; later lines may share its course only within its family."""
        trail = list(points)
        self.segments.extend((a, b, family) for a, b in pairwise(trail) if a != b)

    def route(self, starts: list[Port], ends: list[Port], family: frozenset[str]) -> tuple[Point, ...]:
        """The cheapest path from one of the starts to one of the ends; a straight line if there is no way."""
        search = _Search(self, starts, ends, family)
        path = search.run()
        if not path:
            return starts[0].at, ends[0].at
        self.occupy(path, family)
        return path


class _Search:
    def __init__(self, maze: Maze, starts: list[Port], ends: list[Port], family: frozenset[str]) -> None:
        self.maze, self.starts, self.ends, self.family = maze, starts, ends, family
        ports = [*starts, *ends]
        self.level = starts[0].clear[1]
        self.xs = _lanes(self._columns(), {round(p.clear[0], 2) for p in ports})
        self.ys = _lanes(self._levels(), {round(p.clear[1], 2) for p in ports})
        self.blocked = self._blocked()
        self.across, self.along, self.shared = self._occupied()

    def _columns(self) -> Iterable[float]:
        boxes = self.maze.obstacles
        for box in boxes:
            yield from (box.left - 8, box.left - 15, box.right + 8, box.right + 15)
        if boxes:
            low, high = min(b.left for b in boxes), max(b.right for b in boxes)
            yield from (low - 22, low - 29, high + 22, high + 29)

    def _levels(self) -> Iterable[float]:
        yield from self.maze.rows
        boxes = self.maze.obstacles
        for box in boxes:
            yield from (box.top - 8, box.bottom + 8)
        if boxes:
            low, high = min(b.top for b in boxes), max(b.bottom for b in boxes)
            yield from (low - 16, low - 23, high + 16, high + 23)

    def _blocked(self) -> set[tuple[int, int, bool]]:
        """Grid edges (from a point to the right, or down) that run through a symbol."""
        shut: set[tuple[int, int, bool]] = set()
        for obstacle in self.maze.obstacles:
            box = obstacle.grown(_CLEAR)
            x0, x1 = bisect_left(self.xs, box.left), bisect_left(self.xs, box.right)
            y0, y1 = bisect_left(self.ys, box.top), bisect_left(self.ys, box.bottom)
            for j in range(y0, y1):
                if self.ys[j] > box.top:
                    shut.update((i, j, True) for i in range(max(x0 - 1, 0), x1))
            for i in range(x0, x1):
                if self.xs[i] > box.left:
                    shut.update((i, j, False) for j in range(max(y0 - 1, 0), y1))
        return shut

    def _occupied(self) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int], set[tuple[int, int, bool]]]:
        """How many foreign horizontal and vertical lines pass each point, and the edges they run along."""
        across: dict[tuple[int, int], int] = {}
        along: dict[tuple[int, int], int] = {}
        shared: set[tuple[int, int, bool]] = set()
        for (ax, ay), (bx, by), family in self.maze.segments:
            if family & self.family:
                continue
            flat = abs(ay - by) < 0.01
            lanes, low, high = (self.xs, min(ax, bx), max(ax, bx)) if flat else (self.ys, min(ay, by), max(ay, by))
            others, fixed = (self.ys, ay) if flat else (self.xs, ax)
            first, last = bisect_left(lanes, low - 0.01), bisect_left(lanes, high + 0.01)
            near = [k for k in range(bisect_left(others, fixed - 3.5), len(others)) if others[k] <= fixed + 3.5]
            for k in near:
                for m in range(first, last):
                    point = (m, k) if flat else (k, m)
                    counts = across if flat else along
                    tip = math.dist((self.xs[point[0]], self.ys[point[1]]), (bx, by)) < _HEAD
                    counts[point] = counts.get(point, 0) + (3 if tip else 1)
                    if m + 1 < last:
                        shared.add((*point, flat))
        return across, along, shared

    def _index(self, point: Point) -> tuple[int, int]:
        i = min(range(len(self.xs)), key=lambda n: abs(self.xs[n] - point[0]))
        j = min(range(len(self.ys)), key=lambda n: abs(self.ys[n] - point[1]))
        return i, j

    def run(self) -> tuple[Point, ...]:
        """A*; the state is a grid point with the direction of travel."""
        goals: dict[tuple[int, int], list[Port]] = {}
        for port in self.ends:
            goals.setdefault(self._index(port.clear), []).append(port)
        queue: list[tuple[float, float, tuple[int, int, int]]] = []
        best: dict[tuple[int, int, int], float] = {}
        came: dict[tuple[int, int, int], tuple[int, int, int] | None] = {}
        origin: dict[tuple[int, int, int], Port] = {}
        for port in self.starts:
            state = (*self._index(port.clear), _heading(port.at, port.clear))
            if port.cost < best.get(state, 1e18):
                best[state], came[state], origin[state] = port.cost, None, port
                heapq.heappush(queue, (port.cost, 0.0, state))
        finish: tuple[float, tuple[int, int, int], Port] | None = None
        while queue:
            estimate, _, state = heapq.heappop(queue)
            if finish and estimate >= finish[0]:
                break
            for port in goals.get(state[:2], ()):
                arrival = best[state] + port.cost + self._turn(state[2], _heading(port.clear, port.at))
                if finish is None or arrival < finish[0]:
                    finish = (arrival, state, port)
            for following, price in self._steps(state):
                cost = best[state] + price
                if cost < best.get(following, 1e18) - 1e-9:
                    best[following], came[following] = cost, state
                    heapq.heappush(queue, (cost + self._remaining(following), cost, following))
        return self._trace(finish, came, origin) if finish else ()

    @staticmethod
    def _turn(heading: int, wanted: int) -> float:
        if heading == wanted:
            return 0.0
        return 1e6 if heading // 2 == wanted // 2 else _BEND

    def _remaining(self, state: tuple[int, int, int]) -> float:
        x, y = self.xs[state[0]], self.ys[state[1]]
        return min(abs(x - p.clear[0]) + abs(y - p.clear[1]) for p in self.ends)

    def _steps(self, state: tuple[int, int, int]) -> Iterable[tuple[tuple[int, int, int], float]]:
        i, j, heading = state
        for number, (di, dj) in enumerate(_DIRECTIONS):
            ni, nj = i + di, j + dj
            if number == heading ^ 1 or not (0 <= ni < len(self.xs) and 0 <= nj < len(self.ys)):
                continue
            edge = (min(i, ni), min(j, nj), di != 0)
            if edge in self.blocked:
                continue
            length = abs(self.xs[ni] - self.xs[i]) + abs(self.ys[nj] - self.ys[j])
            if di:
                # Leaving the source's trunk early and joining the target's late keeps lines from meeting in between.
                length *= 1 + _EARLY * min(abs(self.ys[j] - self.level), 400.0)
            crossing = (self.along if di else self.across).get((ni, nj), 0)
            price = length + _CROSS * crossing + (_BEND if number != heading else 0.0)
            if edge in self.shared:
                price += _SHARE + 8 * length
            elif (self.across if di else self.along).get((ni, nj), 0):
                # Two lines that meet end to end read as one, although their corners are rounded.
                price += _TOUCH
            yield (ni, nj, number), price

    def _trace(
        self,
        finish: tuple[float, tuple[int, int, int], Port],
        came: dict[tuple[int, int, int], tuple[int, int, int] | None],
        origin: dict[tuple[int, int, int], Port],
    ) -> tuple[Point, ...]:
        points: list[Point] = [finish[2].at]
        state: tuple[int, int, int] | None = finish[1]
        first = finish[1]
        while state is not None:
            points.append((self.xs[state[0]], self.ys[state[1]]))
            first, state = state, came[state]
        points.append(origin[first].at)
        return straightened(points[::-1])


def _heading(start: Point, end: Point) -> int:
    dx, dy = end[0] - start[0], end[1] - start[1]
    if abs(dx) >= abs(dy):
        return 0 if dx >= 0 else 1
    return 2 if dy >= 0 else 3


def straightened(points: list[Point]) -> tuple[Point, ...]:
    """The same line without points that are doubled or in the middle of a straight run."""
    line: list[Point] = []
    for point in points:
        if line and abs(point[0] - line[-1][0]) < 0.02 and abs(point[1] - line[-1][1]) < 0.02:
            continue
        while len(line) > 1 and _between(line[-2], line[-1], point):
            line.pop()
        line.append(point)
    return tuple(line)


def _between(a: Point, b: Point, c: Point) -> bool:
    flat = abs(a[1] - b[1]) < 0.02 and abs(b[1] - c[1]) < 0.02
    upright = abs(a[0] - b[0]) < 0.02 and abs(b[0] - c[0]) < 0.02
    return flat or upright
