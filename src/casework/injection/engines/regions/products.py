"""In what order onnxruntime adds up the products of a matrix multiplication, so that a part of one gets the bits of the whole."""

from __future__ import annotations

from typing import Final

_BLOCK: Final = 128
_NARROWEST: Final = 16
_WIDE: Final = 2 * _BLOCK


def block_depth(columns: int, depth: int) -> int:
    """Return how many products are added up in one go, `depth` where all are.

    MLAS packs slices of the right matrix of at most 128 x 128; it takes them deeper where the matrix is narrow
    (onnxruntime/core/mlas/lib/sgemm.cpp, MlasSgemmOperation, and convolve.cpp, MlasConvOperation: both by the same rule). Sums of
    slices are added to the result one after the other, so the depth of a slice decides how the result is rounded.

    Args:
        columns: Columns of the right matrix: outputs of one channel of a convolution.
        depth: Rows of the right matrix: products for one output.
    """
    wide, deep = _BLOCK, _BLOCK
    if columns >= depth:
        while deep // 2 >= depth:
            wide, deep = wide * 2, deep // 2
    else:
        while wide > _NARROWEST and wide // 2 >= columns:
            wide, deep = wide // 2, deep * 2
    return min(deep, depth)


def like_columns(columns: int, depth: int) -> tuple[int, int | None]:
    """Return the fewest and the most columns (None: any number) that are added up as `columns` are.

    A single column has kernels of its own and is like no other.
    """
    if columns == 1:
        return 1, 1
    wanted = block_depth(columns, depth)
    like = [count for count in range(2, _WIDE + 1) if block_depth(count, depth) == wanted]
    first = last = min(like, key=lambda count: abs(count - columns))
    while last + 1 in like:
        last += 1
    while first - 1 in like:
        first -= 1
    return first, None if last == _WIDE else last


def grouping(rows: int, outputs: int, limits: tuple[int, int | None]) -> tuple[int, int]:
    """Return how many products rows are spread over, and how many rows (some of them padding) each takes.

    Args:
        rows: Number of windows.
        outputs: Outputs of one channel for each window.
        limits: As `like_columns` returns.
    """
    fewest, most = limits
    least = -(-fewest // outputs)
    if most is None:
        return 1, max(rows, least)
    each = max(min(rows, most // outputs), least)
    return -(-rows // each), each
