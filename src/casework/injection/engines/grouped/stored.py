"""Stored tensors that a group strikes: fed as inputs from a buffer that is struck and restored in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.grouped.groups import Hits, strike_hits

Array = NDArray[Any]


def promote(proto: Any, names: Iterable[str]) -> dict[str, Array]:
    """Turn stored tensors of a model into inputs of it, in place, and return their values, contiguous and writable."""
    from onnx import helper, numpy_helper

    wanted = set(names)
    held = [value for value in proto.graph.initializer if value.name in wanted]
    buffers = {}
    for value in held:
        buffers[value.name] = np.ascontiguousarray(numpy_helper.to_array(value)).copy()
        proto.graph.input.append(helper.make_tensor_value_info(value.name, value.data_type, list(value.dims)))
        proto.graph.initializer.remove(value)
    return buffers


@contextmanager
def struck_buffers(buffers: Mapping[str, Array], hits: Mapping[str, Hits]) -> Iterator[None]:
    """Strike stored tensors for as long as the block lasts. Only sites of the first row are put in: a batch has one group."""
    kept = {}
    for name, all_hits in hits.items():
        rows = buffers[name].reshape(1, -1)
        first = all_hits.row == all_hits.row.min(initial=0)
        mine = Hits(
            np.zeros(int(first.sum()), np.int64), all_hits.index[first], all_hits.op[first], all_hits.operand[first],
            all_hits.turn[first],
        )  # fmt: skip
        kept[name] = mine.index, rows[0, mine.index].copy()
        strike_hits(rows, mine)
    try:
        yield
    finally:
        for name, (index, values) in kept.items():
            buffers[name].reshape(-1)[index] = values
