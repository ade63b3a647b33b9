"""The Merkle tree against published vectors, and against the definition written down once more."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.log.merkle import EMPTY_ROOT, Tree, continues, includes, leaf_hash

# Leaves, roots and proofs of the tests of google/certificate-transparency (cpp/merkletree), which Trillian and others took over.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E, F = (
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
CONSISTENCY = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [D, E, ROOTS[4]], (2, 5): [B, F]}
INCLUSION = {(0, 8): [A, B, C], (5, 8): [F, E, ROOTS[4]]}


def defined(leaves: list[bytes]) -> bytes:
    """The tree hash as RFC 6962, 2.1 defines it, by recursion."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def defined_proof(first: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """The consistency proof as RFC 6962, 2.1.2 defines it, by recursion."""
    if first == len(leaves):
        return [] if whole else [defined(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if first <= split:
        return [*defined_proof(first, leaves[:split], whole), defined(leaves[split:])]
    return [*defined_proof(first - split, leaves[split:], False), defined(leaves[:split])]


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The audit path as RFC 6962, 2.1.1 defines it, by recursion."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*defined_path(index, leaves[:split]), defined(leaves[split:])]
    return [*defined_path(index - split, leaves[split:]), defined(leaves[:split])]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert Tree(LEAVES[:size]).root().hex() == ROOTS[size]
    assert Tree(LEAVES).root(size).hex() == ROOTS[size]


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_published_consistency_proofs(sizes: tuple[int, int], proof: list[str]) -> None:
    first, second = sizes
    made = Tree(LEAVES).consistency(first, second)
    assert [one.hex() for one in made] == proof
    assert continues(first, bytes.fromhex(ROOTS[first]), second, bytes.fromhex(ROOTS[second]), made)


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_published_inclusion_proofs(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    made = Tree(LEAVES).inclusion(index, size)
    assert [one.hex() for one in made] == proof
    assert includes(LEAVES[index], index, size, made, bytes.fromhex(ROOTS[size]))


def test_every_tree_and_proof_up_to_33_leaves_is_as_defined() -> None:
    leaves = [bytes([i]) for i in range(33)]
    tree = Tree(leaves)
    for size in range(34):
        root = defined(leaves[:size])
        assert tree.root(size) == root
        for first in range(size + 1):
            proof = tree.consistency(first, size)
            if first:
                assert list(proof) == defined_proof(first, leaves[:size])
            assert continues(first, defined(leaves[:first]), size, root, proof)
        for index in range(size):
            path = tree.inclusion(index, size)
            assert list(path) == defined_path(index, leaves[:size])
            assert includes(leaves[index], index, size, path, root)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_a_proof_of_anything_else_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = Tree(leaves), len(leaves)
    first = data.draw(st.integers(1, size))
    proof, old, new = list(tree.consistency(first)), tree.root(first), tree.root()
    forged = data.draw(st.binary(min_size=32, max_size=32))
    assert not continues(first, forged, size, new, proof)
    assert not continues(first, old, size, forged, proof)
    assert not continues(first, old, size, new, [*proof, forged])
    for at in range(len(proof)):
        assert not continues(first, old, size, new, [*proof[:at], forged, *proof[at + 1 :]])
        assert not continues(first, old, size, new, [*proof[:at], *proof[at + 1 :]])
    index = data.draw(st.integers(0, size - 1))
    path = list(tree.inclusion(index))
    assert not includes(leaves[index] + b"x", index, size, path, new)
    assert not includes(leaves[index], index, size, [*path, forged], new)
    for at in range(len(path)):
        assert not includes(leaves[index], index, size, [*path[:at], forged, *path[at + 1 :]], new)


@given(st.integers(-3, 70), st.integers(-3, 70), st.lists(st.binary(max_size=33), max_size=70), st.binary(max_size=33))
def test_checking_never_raises(first: int, second: int, proof: list[bytes], root: bytes) -> None:
    assert continues(first, root, second, b"other", proof) is False
    assert includes(b"leaf", first, second, proof, root) in (True, False)


@given(st.integers(1, 40), st.data())
def test_a_proof_for_another_size_is_refused(size: int, data: st.DataObject) -> None:
    """The sizes decide how long a proof is; a root that fits by chance of a wrong size does not count."""
    tree = Tree([bytes([i]) for i in range(size)])
    first = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    longer = 1 << (2 * size).bit_length()  # a tree at least one level higher
    assert not includes(bytes([index]), index, longer, tree.inclusion(index), tree.root())
    if first < size:
        assert not continues(first, tree.root(first), longer, tree.root(), tree.consistency(first))


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert Tree([left + right]).root() != Tree([b"a", b"b"]).root()


def test_a_tree_without_leaves() -> None:
    tree = Tree([])
    assert tree.root() == EMPTY_ROOT
    assert continues(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    assert not continues(0, EMPTY_ROOT, 0, leaf_hash(b""), ())
    assert not continues(0, leaf_hash(b""), 1, leaf_hash(b""), ())


def test_questions_about_trees_that_are_not_there_are_refused() -> None:
    tree = Tree([b"a", b"b"])
    for ask in (lambda: tree.root(3), lambda: tree.inclusion(2), lambda: tree.consistency(2, 1), lambda: tree.root(-1)):
        with pytest.raises(ValueError, match="lea"):
            ask()
