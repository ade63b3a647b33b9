"""Cut an argument into pieces that each fit a page.

Bottom-up: an element takes its children's pieces as long as the whole fits; where it does not, the largest subtree is
cut off and becomes a piece of its own. An edit therefore changes its own page and those on the way to the top goal, not
the others. A fan too wide for a page is continued on further pages with its parent repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from casework.render.gsn.layout import CHANNEL, FOLD_WIDTH, GAP, SIDE_GAP, STACK_GAP, context_gap, fold_columns
from casework.render.gsn.picture import Connector, Element, Kind
from casework.render.gsn.shapes import figure

_LEAST = 4  # a smaller subtree is not worth a page
_STUB_FOOT = 25.0  # off-diagram triangle and label
_DROP = CHANNEL + 8.0


@dataclass(frozen=True, slots=True)
class Extent:
    """Room that a piece needs: elements, width, and the height of each of its rows."""

    count: int
    width: float
    rows: tuple[float, ...]

    @property
    def height(self) -> float:
        """Height with the channels between rows."""
        return sum(self.rows) + _DROP * max(len(self.rows) - 1, 0)


@dataclass(slots=True)
class Piece:
    """An element with what hangs below and beside it, on one page.

    Attributes:
        id: of the element; empty for the invisible top of several roots.
        below: pieces in the next row.
        beside: pieces in the same row.
        block: room of the element with its context.
        stub: room of the element alone, as an off-diagram copy.
        cut: whether it starts a page of its own.
        parts: pieces of the same element that continue it on further pages.
        extent: room of the whole, kept up to date by `measure`.
    """

    id: str
    kind: str
    block: Extent
    stub: Extent
    below: list[Piece] = field(default_factory=list)
    beside: list[Piece] = field(default_factory=list)
    cut: bool = False
    parts: list[Piece] = field(default_factory=list)
    extent: Extent = field(default_factory=lambda: Extent(0, 0.0, ()))

    @property
    def shown(self) -> Extent:
        """Room that it takes on its parent's page."""
        return self.stub if self.cut else self.extent

    def measure(self) -> None:
        """Recompute the extent from the children's."""
        self.extent = _combined(self.block, [p.shown for p in self.below], [p.shown for p in self.beside])


def block_extents(
    element: Element, contexts: list[tuple[Connector, Element]], further: list[Element]
) -> tuple[Extent, Extent]:
    """Room of an element with its context and with copies of elements that other pages may hold; and of its stub."""
    drawn = figure(element)
    stub = Extent(1, drawn.width + drawn.right_extra, (drawn.height + drawn.below + _STUB_FOOT,))
    width, height = drawn.width, drawn.height + drawn.below
    figures = [figure(e) for _, e in contexts]
    if figures:
        half = (len(figures) + 1) // 2 if len(figures) > 2 else len(figures)
        for side, connectors in (
            (figures[:half], [c for c, _ in contexts[:half]]),
            (figures[half:], [c for c, _ in contexts[half:]]),
        ):
            if side:
                width += context_gap(connectors) + max(f.width + f.right_extra for f in side)
                height = max(height, sum(f.height + f.below + STACK_GAP for f in side) - STACK_GAP)
    copies = [figure(e) for e in further]
    block = Extent(1 + len(figures), width, (height,))
    stubs = [Extent(1, f.width, (f.height + f.below + _STUB_FOOT,)) for f in copies]
    return _combined(block, stubs, []), stub


def _combined(block: Extent, below: list[Extent], beside: list[Extent]) -> Extent:
    count = block.count + sum(e.count for e in (*below, *beside))
    single = [e for e in below if len(e.rows) == 1]
    fan = sum(e.width + GAP for e in single)
    wide = sum(e.width + GAP for e in below) - GAP if below else 0.0
    tails = [e.rows for e in below if len(e.rows) > 1]
    if len(single) >= 5 and fan > FOLD_WIDTH:
        columns = fold_columns(len(single))
        lines = [single[n : n + columns] for n in range(0, len(single), columns)]
        wide += max(sum(e.width + GAP for e in line) for line in lines) - fan
        tails.append(tuple(max(e.rows[0] for e in line) for line in lines))
    elif single:
        tails.append((max(e.rows[0] for e in single),))
    width = max(block.width, wide) + sum(e.width + SIDE_GAP for e in beside)
    lower = _merged([*tails, block.rows[1:]])
    rows = _merged([(block.rows[0] if block.rows else 0.0, *lower), *(e.rows for e in beside)])
    return Extent(count, width, rows)


def _merged(columns: list[tuple[float, ...]]) -> tuple[float, ...]:
    depth = max(map(len, columns), default=0)
    return tuple(max((column[k] for column in columns if len(column) > k), default=0.0) for k in range(depth))


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts pieces until each fits.

    Attributes:
        fits: whether an extent fits a page.
        most: most elements on a page.
    """

    fits: Callable[[Extent], bool]
    most: int

    def settle(self, piece: Piece) -> None:
        """Make a piece fit whose children have been settled; what does not fit is cut off or continued."""
        piece.measure()
        while not self.fits(piece.extent):
            trail = self._crowded(piece)
            if not self._relieve(trail):
                return
            for step in reversed(trail):
                step.measure()

    def _crowded(self, piece: Piece) -> list[Piece]:
        """The way down to the first element with several subtrees: the place to cut."""
        trail = [piece]
        while True:
            subtrees = [p for p in (*trail[-1].below, *trail[-1].beside) if not p.cut and p.extent.count > 1]
            if len(subtrees) != 1 or len(trail[-1].below) > 1 or not (subtrees[0].below or subtrees[0].beside):
                return trail
            trail.append(subtrees[0])

    def _relieve(self, trail: list[Piece]) -> bool:
        """Cut off the largest subtree, or continue a fan on further pages; false if there is nothing to cut."""
        here = trail[-1]
        candidates = [p for p in (*here.below, *here.beside) if not p.cut and p.extent.count >= _LEAST]
        bare = self._bare(trail)
        if len(trail) > 1 and not self.fits(bare):
            # Even with every subtree cut off it is too tall: the way down is cut, preferably at a goal.
            second = len(trail) > 2 and trail[1].kind == Kind.STRATEGY and trail[2].kind != Kind.STRATEGY
            trail[2 if second else 1].cut = True
            return True
        if candidates and self.fits(bare):
            # A goal heads a page better than a strategy does: it is a claim that can be read alone.
            worst = max(candidates, key=lambda p: p.extent.count * (0.7 if p.kind == Kind.STRATEGY else 1.0))
            worst.cut = True
            return True
        if len(here.below) > 1 and self._continue(trail):
            return True
        rest = candidates or [p for p in (*here.below, *here.beside) if not p.cut and p.extent.count > 1]
        if rest:
            max(rest, key=lambda p: p.extent.count).cut = True
            return True
        return False

    @staticmethod
    def _bare(trail: list[Piece]) -> Extent:
        """Room of the way down with all subtrees at its end cut off."""
        here = trail[-1]
        extent = _combined(here.block, [p.stub for p in here.below], [p.stub for p in here.beside])
        for step, following in zip(trail[-2::-1], trail[:0:-1], strict=True):
            below = [extent if p is following else p.shown for p in step.below]
            beside = [extent if p is following else p.shown for p in step.beside]
            extent = _combined(step.block, below, beside)
        return extent

    def _continue(self, trail: list[Piece]) -> bool:
        here = trail[-1]
        children = here.below
        keep = self._prefix(here, children, spent=trail[0].extent.count - here.extent.count)
        if keep >= len(children):
            return False
        here.below, rest = children[:keep], children[keep:]
        extra: list[Piece] = []
        while rest:
            part = Piece(here.id, here.kind, here.stub, here.stub, cut=True)
            size = self._prefix(part, rest, spent=0)
            part.below, rest = rest[:size], rest[size:]
            self.settle(part)
            extra.append(part)
        here.parts = [*extra, *here.parts]
        return True

    def _prefix(self, here: Piece, children: list[Piece], spent: int) -> int:
        """How many of the children one page takes: whole if they are small, else as off-diagram copies."""
        keep = 1
        for number in range(2, min(len(children), self.most) + 1):
            shown = [p.stub if p.cut or p.extent.count >= _LEAST else p.extent for p in children[:number]]
            extent = _combined(here.block, shown, [])
            if not self.fits(Extent(extent.count + spent, extent.width, extent.rows)):
                break
            keep = number
        return keep
