"""Duplicates within a split and leakage between splits and datasets: by bytes, by perceptual hash, and by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.dataset.inspection import Entry, FileState, Inspection
from casework.generators.record import Finds, census, table

Array = NDArray[Any]

_BLOCK: Final = 512


def find_twins(
    subject: Sequence[Entry], others: Sequence[Entry], inspection: Inspection, options: dict[str, Any], finds: Finds
) -> None:
    """Fill in duplicates and leakage.

    Args:
        subject: Entries under examination.
        others: Entries of other splits and datasets, known through their manifests.
        inspection: What the subject's files say; their own digests and hashes win over declared ones.
        options: Radius and rows.
        finds: Receives metrics, tables and remarks.
    """
    states = inspection.of()
    digests = [_digest(e, states.get(id(e))) for e in subject]
    hashes = [_hash(e, states.get(id(e))) for e in subject]
    everything = [*subject, *others]
    all_digests = [*digests, *(e.sha256 for e in others)]
    all_hashes = [*hashes, *(e.phash for e in others)]
    split = [("", e.split) for e in subject] + [("elsewhere", e.split) for e in others]
    exact, leaked = _exact(subject, all_digests, split)
    pairs = near_pairs(all_hashes, len(subject), options["radius"])
    within, between = _sort_pairs(pairs, all_digests, split)
    near_leaked = {i for i, j, _ in between for i in (i, j) if i < len(subject)}
    torn = _torn_groups(subject, everything, split)
    n = len(subject)
    finds.metrics += [
        census("exact_duplicates", exact, n=n, k=exact),
        census("near_duplicates", len(within), n=n),
        census("leaked_items", len(leaked), n=n, k=len(leaked)),
        census("near_leaked_items", len(near_leaked), n=n, k=len(near_leaked)),
    ]
    if any(e.group is not None for e in subject):
        finds.metrics.append(census("group_leaked_items", len(torn), n=n, k=len(torn)))
    else:
        finds.limitations.append("No item names its group: leakage of scenes or drives over splits is not seen.")
    unhashed = sum(h is None for h in hashes)
    if unhashed:
        finds.limitations.append(f"{unhashed} items have no perceptual hash: near twins of these are not seen.")
    rows = [
        (everything[i].file, everything[j].file, everything[j].split, d)
        for i, j, d in sorted(between, key=lambda p: p[2])
    ]
    rows += [
        (everything[i].file, everything[j].file, everything[j].split, d)
        for i, j, d in sorted(within, key=lambda p: p[2])
    ]
    finds.tables.append(table("near twins", ("file", "twin", "split of the twin", "distance"), rows[: options["rows"]]))
    exact_rows = [(subject[i].file, everything[j].file, everything[j].split) for i, j in sorted(leaked.items())]
    finds.tables.append(table("leaked items", ("file", "twin", "split of the twin"), exact_rows[: options["rows"]]))


def _digest(entry: Entry, state: FileState | None) -> str:
    return state.sha256 if state is not None and state.sha256 else entry.sha256


def _hash(entry: Entry, state: FileState | None) -> int | None:
    return state.phash if state is not None and state.phash is not None else entry.phash


Place = tuple[str, str]


def _exact(subject: Sequence[Entry], digests: Sequence[str], split: Sequence[Place]) -> tuple[int, dict[int, int]]:
    """Return the number of items with an equal item in their own split, and the leaked items with one twin each."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(digests):
        if digest:
            holders[digest].append(index)
    duplicates, leaked = 0, {}
    for index in range(len(subject)):
        twins = [j for j in holders.get(digests[index], ()) if j != index]
        duplicates += any(split[j] == split[index] for j in twins)
        elsewhere = [j for j in twins if split[j] != split[index]]
        if elsewhere:
            leaked[index] = elsewhere[0]
    return duplicates, leaked


def near_pairs(hashes: Sequence[int | None], subject: int, radius: int) -> list[tuple[int, int, int]]:
    """Return (i, j, distance) of all pairs i < j within the radius of which i is among the first `subject` entries.

    All pairs are compared, 512 rows at a time: n = 20,000 takes about a second.
    """
    known = np.array([i for i, h in enumerate(hashes) if h is not None], np.int64)
    values = np.array([hashes[i] for i in known], np.uint64)
    rows = int(np.searchsorted(known, subject))
    found: list[tuple[int, int, int]] = []
    for start in range(0, rows, _BLOCK):
        stop = min(start + _BLOCK, rows)
        distance = np.bitwise_count(values[start:stop, None] ^ values[None, start:])
        a, b = np.nonzero(distance <= radius)
        upper = b > a
        for i, j in zip(a[upper].tolist(), b[upper].tolist(), strict=True):
            found.append((int(known[start + i]), int(known[start + j]), int(distance[i, j])))
    return found


def _sort_pairs(
    pairs: Sequence[tuple[int, int, int]], digests: Sequence[str], split: Sequence[Place]
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Return the near pairs within one split and those between two; exact twins are counted elsewhere."""
    different = [p for p in pairs if digests[p[0]] != digests[p[1]] or not digests[p[0]]]
    return [p for p in different if split[p[0]] == split[p[1]]], [p for p in different if split[p[0]] != split[p[1]]]


def _torn_groups(subject: Sequence[Entry], everything: Sequence[Entry], split: Sequence[Place]) -> list[int]:
    """Return the items whose group also occurs in another split or dataset."""
    places: dict[str, set[Place]] = defaultdict(set)
    for entry, place in zip(everything, split, strict=True):
        if entry.group is not None:
            places[entry.group].add(place)
    return [i for i, e in enumerate(subject) if e.group is not None and places[e.group] - {split[i]}]
