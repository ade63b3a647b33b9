"""The Merkle tree of RFC 6962, and its proofs: that a leaf is in a tree, and that a tree continues an earlier one.

A leaf is hashed with the prefix 00 and a node with 01, so none can be passed off as the other. Everything that is wanted of a
tree of n leaves is answered in O(log n) hashes once the tree is built.

Sources: RFC 6962 (2013), 2.1 (hashes), 2.1.1 (audit paths), 2.1.2 (consistency proofs); RFC 9162 (2021), 2.1.3.2 and 2.1.4.2
(how proofs are checked).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

LEAF: Final = b"\x00"
NODE: Final = b"\x01"
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962, 2.1)."""

MAX_PROOF: Final = 64
"""Longest proof that is looked at: enough for 2^64 leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes."""
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children, 32 bytes."""
    return sha256(NODE + left + right).digest()


class Tree:
    """A Merkle tree over leaves; the roots of all its beginnings can be asked.

    Args:
        leaves: The leaves' bytes, in order.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        h = sha256
        level = [h(LEAF + leaf).digest() for leaf in leaves]
        self.size = len(level)
        # levels[k][i] is the hash over the complete subtree of leaves i*2^k to (i+1)*2^k.
        self._levels = [level]
        while len(level) > 1:
            pairs = iter(level)
            level = [h(NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            self._levels.append(level)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, or over all.

        Raises:
            ValueError: There are not that many leaves.
        """
        n = self._checked(self.size if size is None else size)
        return self._hash(0, n) if n else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that leaf `index` is in the tree of the first `size` leaves (RFC 6962, 2.1.1).

        Raises:
            ValueError: There is no such leaf or tree.
        """
        n = self._checked(self.size if size is None else size)
        if not 0 <= index < n:
            raise ValueError(f"there is no leaf {index} in a tree of {n}")
        path: list[bytes] = []
        start, end = 0, n
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the tree of `second` leaves continues that of `first` (RFC 6962, 2.1.2).

        It is empty where both have one size, and where the first has no leaf.

        Raises:
            ValueError: There are no such trees, or the first is the larger.
        """
        n = self._checked(self.size if second is None else second)
        m = self._checked(first)
        if m > n:
            raise ValueError(f"a tree of {n} leaves cannot continue one of {m}")
        if m in (0, n):
            return ()
        proof: list[bytes] = []
        start, end, whole = 0, n, True
        while m != end:
            middle = start + _split(end - start)
            if m <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._hash(start, end))
        return tuple(reversed(proof))

    def _checked(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"there are {self.size} leaves, so there is no tree of {size}")
        return size

    def _hash(self, start: int, end: int) -> bytes:
        """Return the hash over the leaves from `start` to before `end`; `start` is a multiple of the largest power of two below."""
        width = end - start
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._levels[height][start >> height]
        middle = start + _split(width)
        return node_hash(self._hash(start, middle), self._hash(middle, end))


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width`, which is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a proof shows that leaf number `index` of the tree with this size and root is `leaf` (RFC 9162, 2.1.3.2).

    Never raises, whatever the proof.
    """
    if not 0 <= index < size or len(proof) > MAX_PROOF:
        return False
    fn, sn, found = index, size - 1, leaf_hash(leaf)
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def continues(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that the second tree begins with all leaves of the first (RFC 9162, 2.1.4.2).

    A tree without leaves is continued by every tree. Never raises, whatever the proof.
    """
    if not 0 <= first <= second or len(proof) > MAX_PROOF:
        return False
    if first in (0, second):
        same = first_root == (EMPTY_ROOT if first == 0 else second_root)
        return same and not proof and (second > 0 or second_root == EMPTY_ROOT)
    if not proof:
        return False
    # Where the first tree is a complete subtree of the second, its root is known and so left out of the proof.
    whole = first & (first - 1) == 0
    return _folded(first, second, [first_root, *proof] if whole else proof) == (first_root, second_root)


def _folded(first: int, second: int, proof: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a proof leads to, or None where its length does not fit the sizes."""
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = proof[0]
    for step in proof[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, step)
        fn, sn = fn >> 1, sn >> 1
    return (old, new) if sn == 0 else None
