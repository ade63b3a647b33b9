"""Subtrees set side by side by their contours (Reingold and Tilford, IEEE TSE 7(2), 1981)."""

from __future__ import annotations

GAP = 14.0  # between neighbours
SIDE_GAP = 46.0  # between an element and its challenger
SNAP = 20.0  # a child this close to the middle of its parent is put right below it

Contour = dict[int, tuple[float, float]]
"""Left and right end of each layer that a subtree reaches into, relative to the middle of its top."""


def centre(middles: list[float]) -> float:
    """The middle above children; above the one that is nearly there, since a small jog in a line looks like a fault."""
    middle = (middles[0] + middles[-1]) / 2
    nearest = min(middles, key=lambda m: abs(m - middle))
    return nearest if abs(nearest - middle) < SNAP else middle


def set_right(total: Contour, other: Contour, gap: float) -> float:
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


def set_beside(own: Contour, other: Contour, *, to_right: bool) -> float:
    """Put a challenger's unit beside its target's, on either side; returns its shift."""
    if to_right:
        return set_right(own, other, SIDE_GAP)
    mirrored = {k: (-high, -low) for k, (low, high) in own.items()}
    shift = -set_right(mirrored, {k: (-high, -low) for k, (low, high) in other.items()}, SIDE_GAP)
    own.clear()
    own.update({k: (-high, -low) for k, (low, high) in mirrored.items()})
    return shift


def folded_row(spans: list[tuple[float, float]], *, centred: bool) -> list[float]:
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
