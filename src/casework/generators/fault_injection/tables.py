"""The tables of a record of fault injection; `render` draws them, so their names and columns are fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.fault_injection.estimates import Counts, Trials
from casework.generators.record import table
from casework.injection.campaign.conduct import Campaign
from casework.injection.faults.fault_list import OPS
from casework.injection.network.network import Network
from casework.injection.network.target import Target
from casework.model.result import Table

Array = NDArray[Any]

_RATE: Final = ("predictions", "sdc", "due", "sdc_rate", "ci_low", "ci_high")
_SINGLE: Final = ("xor", "and", "or", "fixed_xor")


def _rated(trials: Trials, counts: Counts, at: int) -> tuple[Any, ...]:
    found = trials.rate_at("sdc_rate", "all", counts, at)
    limits = (None, None, None) if found is None else (found.value, found.ci_low, found.ci_high)
    return (counts.total(at), counts.of("sdc_rate", at), counts.of("due_rate", at), *limits)


def by_tensor(trials: Trials, network: Network, engine_of: Mapping[str, str]) -> Table:
    """Return `rates by tensor`, in the order of the graph; a tensor that no fault hit has no rates."""
    columns = (
        "tensor", "kind", "operator", "depth", "elements", "faults", "predictions", "sdc", "due", "detected", "masked",
        "sdc_rate", "ci_low", "ci_high", "engine", "dtype",
    )  # fmt: skip
    size = len(trials.faults.tensors)
    counts = trials.counts(trials.faults.tensor[trials.fault], size)
    faults = np.bincount(trials.faults.tensor, minlength=size)
    rows = []
    for index, tensor in enumerate(trials.faults.tensors):
        target = network.target(tensor.name)
        if not faults[index]:
            rows.append(_unhit(target))
            continue
        predictions, sdc, due, *limits = _rated(trials, counts, index)
        rows.append((
            target.original, target.kind, target.operator, target.depth, target.elements,
            int(faults[index]), predictions, sdc, due, counts.of("detected_rate", index), counts.of("masked_rate", index),
            *limits, engine_of.get(target.name, "storage"), target.dtype,
        ))  # fmt: skip
    rows.sort(key=lambda row: (row[3], row[0]))
    return table("rates by tensor", columns, rows)


def _unhit(target: Target) -> tuple[Any, ...]:
    head = (target.original, target.kind, target.operator, target.depth, target.elements)
    return (*head, *(0,) * 6, None, None, None, "", target.dtype)


def bits_of(trials: Trials) -> Array | None:
    """Return the bit that each fault hits, int64 [F]; None where a fault hits more than one, or none."""
    faults = trials.faults
    if not faults.single or not len(faults) or any(OPS[int(op)] not in _SINGLE for op in np.unique(faults.op)):
        return None
    # `and` holds a mask with one bit clear, the others one bit set.
    width = np.array([_width(t.dtype) for t in faults.tensors])[faults.tensor].astype(np.uint64)
    full = np.where(
        width == 64, np.uint64(0xFFFFFFFFFFFFFFFF), (np.uint64(1) << (width % np.uint64(64))) - np.uint64(1)
    )
    mask = np.where(faults.op == OPS.index("and"), ~faults.operand & full, faults.operand)
    if not ((mask != 0) & (mask & (mask - np.uint64(1)) == 0)).all():
        return None
    return np.round(np.log2(mask.astype(np.float64))).astype(np.int64)


def _width(dtype: str) -> int:
    return 16 if dtype == "bfloat16" else 8 if dtype == "bool" else np.dtype(dtype).itemsize * 8


def by_bit(trials: Trials, network: Network) -> list[Table]:
    """Return `rates by bit` and `sdc by tensor and bit`; none where faults are not of one bit."""
    bits = bits_of(trials)
    if bits is None:
        return []
    bit = bits[trials.fault]
    by = trials.counts(bit, 64)
    rows = [(b, *_rated(trials, by, b)) for b in range(64) if by.total(b)]
    size = 64 * len(trials.faults.tensors)
    both = trials.counts(trials.faults.tensor[trials.fault].astype(np.int64) * 64 + bit, size)
    cells = []
    for at in np.flatnonzero(both.joint.sum(axis=1)):
        target = network.target(trials.faults.tensors[at // 64].name)
        counted = (both.total(int(at)), both.of("sdc_rate", int(at)), both.of("due_rate", int(at)))
        cells.append((target.depth, target.original, int(at % 64), *counted))
    cells.sort()
    return [
        table("rates by bit", ("bit", *_RATE), rows),
        table("sdc by tensor and bit", ("tensor", "bit", "predictions", "sdc", "due"), [cell[1:] for cell in cells]),
    ]


def by_class(trials: Trials, classes: Array, names: Sequence[str]) -> Table | None:
    """Return `rates by class`, by the class int64 [N] of each input (-1: none)."""
    of = classes[trials.sample]
    counts = trials.counts(of + 1, int(classes.max(initial=-1)) + 2)
    found = [c for c in range(len(counts.joint) - 1) if counts.total(c + 1)]
    if not found:
        return None
    rows = [(names[c] if c < len(names) else str(c), *_rated(trials, counts, c + 1)) for c in found]
    return table("rates by class", ("class", *_RATE), rows)


def by_input(trials: Trials, names: Sequence[str], most: int = 200) -> Table:
    """Return `rates by input`, most corrupted first."""
    size = len(names)
    counts = trials.counts(trials.sample, size)
    found = [(names[i], counts.total(i), counts.of("sdc_rate", i), counts.of("due_rate", i)) for i in range(size)]
    order = sorted((i for i in range(size) if found[i][1]), key=lambda i: (-found[i][2], -found[i][3], i))
    rows = [found[i] for i in order[:most]]
    return table("rates by input", ("input", "predictions", "sdc", "due"), rows)


def by_amount(parts: Sequence[tuple[float, Trials]]) -> Table:
    """Return `rates by number of faults`."""
    rows = [
        (amount, *_rated(trials, trials.counts(np.zeros(len(trials.flags), np.int64), 1), 0))
        for amount, trials in parts
    ]
    return table("rates by number of faults", ("amount", *_RATE), rows)


def engines(campaigns: Sequence[Campaign], exactness: Mapping[str, str]) -> Table:
    """Return `engines`: what each engine did, how it was audited, and why others were not used."""
    columns = ("engine", "exactness", "tensors", "predictions", "audited", "disagreements", "near_ties", "note")
    names = sorted({name for c in campaigns for name in c.engine_of.values()})
    rows = []
    for name in names:
        targets = sorted({t for c in campaigns for t, e in c.engine_of.items() if e == name})
        audits = [a for c in campaigns for a in c.audits if a.engine == name]
        predictions = sum(
            int(np.isin(_tensors(c), [t for t, e in c.engine_of.items() if e == name]).sum()) for c in campaigns
        )
        reasons = sorted(
            {f"{other}: {why}" for c in campaigns for t in targets for other, why in c.refusals.get(t, [])}
        )
        rounding = sum(a.rounding for a in audits)
        note = "; ".join([*([f"{rounding} audited outputs differ by rounding alone"] if rounding else []), *reasons])
        rows.append((
            name, exactness[name], len(targets), predictions, sum(a.audited for a in audits),
            sum(a.disagreements for a in audits), sum(a.near_ties for a in audits), note,
        ))  # fmt: skip
    return table("engines", columns, rows)


def _tensors(campaign: Campaign) -> Array:
    names = np.array([t.name for t in campaign.faults.tensors])
    return np.asarray(names[campaign.faults.tensor[campaign.fault]])


def canaries(campaigns: Sequence[Campaign]) -> Table:
    """Return `canaries`: that faults reach each tensor by the engine that is used for it."""
    found = {(c.target, c.engine): c for campaign in campaigns for c in campaign.canaries}
    rows = [
        (c.target, c.engine, f"{c.moved} of {c.tried}" + (" (the oracle agrees)" if c.verdict == "inert" else ""))
        for _, c in sorted(found.items())
    ]
    return table("canaries", ("tensor", "engine", "moved"), rows)
