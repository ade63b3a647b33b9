"""Cut an argument into pieces that each fit a page.

Bottom-up: an element takes its children's pieces as long as the page with all of them, laid out in earnest, fits its
paper; where it does not, the largest subtree is cut off and becomes a piece of its own. Taking the largest gives the
fewest pieces (Kundu and Misra, "A Linear Tree Partitioning Algorithm", SIAM J. Comput. 6(1), 1977). Then small pieces
return to where they were cut from if there is room after all. An edit therefore changes its own page and those on the
way to the top goal, not the others. A fan too wide for a page is continued on further pages with its parent repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from casework.render.gsn.picture import Kind

_LEAST = 4  # a smaller subtree is not worth a page
_SHARED, _STRATEGY, _ASIDE = 1.3, 0.7, 0.6


@dataclass(slots=True, eq=False)
class Piece:
    """An element with what hangs below and beside it, on one page.

    Attributes:
        id: of the element; empty for the invisible top of several roots.
        kind: of the element.
        own: the element with its context: how many.
        shared: whether it supports several others.
        below: pieces in the next row.
        beside: pieces in the same row.
        cut: whether it starts a page of its own.
        fixed: whether it must, since another module begins.
        again: whether it is such a part, which repeats the element without its context.
        parts: pieces of the same element that continue it on further pages.
    """

    id: str
    kind: str
    own: int = 1
    shared: bool = False
    below: list[Piece] = field(default_factory=list)
    beside: list[Piece] = field(default_factory=list)
    cut: bool = False
    fixed: bool = False
    again: bool = False
    parts: list[Piece] = field(default_factory=list)

    @property
    def children(self) -> list[Piece]:
        """All pieces that hang on this one."""
        return [*self.below, *self.beside]

    def on_page(self) -> Iterator[Piece]:
        """What stands on the page that this piece heads, in reading order; cut pieces as copies, without theirs."""
        walk = [self]
        while walk:
            here = walk.pop()
            yield here
            if here is self or not here.cut:
                walk += [*reversed(here.beside), *reversed(here.below)]

    def size(self) -> int:
        """Elements on the page that it heads or would head, less copies of what is at home elsewhere."""
        return sum(1 if here.cut and here is not self else here.own for here in self.on_page())

    @property
    def weight(self) -> float:
        """How much is gained by a page of its own: a claim that others share is read alone better than a strategy."""
        factor = _SHARED if self.shared else _STRATEGY if self.kind == Kind.STRATEGY else 1.0
        return self.size() * factor


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts pieces until each fits.

    Attributes:
        fits: whether the page of a piece fits its paper.
        most: most elements on a page.
    """

    fits: Callable[[Piece], bool]
    most: int

    def settle(self, piece: Piece) -> None:
        """Make a piece fit whose children have been settled; what does not fit is cut off or continued."""
        while not self._fits(piece):
            if not self._relieve(self._crowded(piece)):
                return

    def merge(self, tops: list[Piece]) -> None:
        """Let small pieces return to the page they were cut from, the smallest first, wherever there is room."""
        cuts: list[tuple[int, int, Piece, Piece]] = []
        heads = list(reversed(tops))
        while heads:
            head = heads.pop()
            for here in head.on_page():
                heads += here.parts
                if here.cut and here is not head:
                    heads.append(here)
                    if not here.fixed and not here.parts:
                        cuts.append((here.size(), len(cuts), here, head))
        joined: dict[Piece, Piece] = {}
        for _, _, piece, head in sorted(cuts, key=lambda c: c[:2]):
            while head in joined:
                head = joined[head]
            piece.cut = False
            if self._fits(head):
                joined[piece] = head
            else:
                piece.cut = True

    def _fits(self, piece: Piece) -> bool:
        return piece.size() <= self.most and self.fits(piece)

    def _crowded(self, piece: Piece) -> list[Piece]:
        """The way down to the first element with several subtrees: the place to cut.

        Of several roots the first stays: the page that shows them all is its page.
        """
        trail = [piece]
        while True:
            here = trail[-1]
            subtrees = [p for p in here.children if not p.cut and p.size() > 1]
            if not here.id and subtrees == here.below[:1]:
                trail.append(subtrees[0])
                continue
            if len(subtrees) != 1 or len(here.below) > 1 or not subtrees[0].children:
                return trail
            trail.append(subtrees[0])

    def _relieve(self, trail: list[Piece]) -> bool:
        """Cut off the largest subtree, or continue a fan on further pages; false if there is nothing to cut."""
        here = trail[-1]
        subtrees = [p for p in here.children if not p.cut and p.size() > 1]
        candidates = [p for p in subtrees if p.size() >= _LEAST]
        if not here.id and len(candidates) > 1 and candidates[0] is here.below[0]:
            candidates = candidates[1:]
        bare = self._bare(trail[0], subtrees)
        if len(trail) > 1 and not bare:
            # Even with every subtree cut off it is too tall: the way down is cut, preferably at a goal.
            second = len(trail) > 2 and trail[1].kind == Kind.STRATEGY and trail[2].kind != Kind.STRATEGY
            trail[2 if second else 1].cut = True
            return True
        if candidates and bare:
            max(candidates, key=lambda p: p.weight * (_ASIDE if p in here.beside else 1.0)).cut = True
            return True
        if len(here.below) > 1 and self._continue(here):
            return True
        if candidates or subtrees:
            max(candidates or subtrees, key=lambda p: p.size()).cut = True
            return True
        return False

    def _bare(self, head: Piece, subtrees: list[Piece]) -> bool:
        """Whether the page fits with all of the subtrees cut off."""
        for piece in subtrees:
            piece.cut = True
        fits = self._fits(head)
        for piece in subtrees:
            piece.cut = False
        return fits

    def _continue(self, here: Piece) -> bool:
        """Share the children out to several pages, evenly."""
        children = here.below
        keep = self._prefix(here, children)
        if keep >= len(children):
            return False
        pages = -(-len(children) // keep)
        keep = -(-len(children) // pages)
        here.below, rest = children[:keep], children[keep:]
        extra: list[Piece] = []
        while rest:
            part = Piece(here.id, here.kind, 1 if here.id else 0, cut=True, again=True)
            part.below, rest = rest[:keep], rest[keep:]
            self.settle(part)
            extra.append(part)
        here.parts = [*extra, *here.parts]
        return True

    def _prefix(self, here: Piece, children: list[Piece]) -> int:
        """How many of the children one page takes: whole if they are small, else as off-diagram copies."""
        large = [p for p in children if not p.cut and p.size() >= _LEAST]
        for piece in large:
            piece.cut = True
        low, high = 1, min(len(children), self.most)
        while low < high:
            middle = (low + high + 1) // 2
            trial = Piece(here.id, here.kind, here.own, below=children[:middle], beside=here.beside)
            if self._fits(trial):
                low = middle
            else:
                high = middle - 1
        for piece in large:
            piece.cut = False
        return low
