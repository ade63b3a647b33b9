"""Fault lists as files: one JSON object a line (JSONL), or Parquet; and the digest that is the same from either.

The first line of a JSONL file is the header: format, digest of the model, and the tensors with their shapes. Every other line is a
fault. What only the header knows of a tensor may be missing in the lines, and the reverse. `sample` is the input's number, or
`every`; `group` may be missing where the fault is alone. Operands are bit patterns in hexadecimal; of `add` and `scale`, numbers.
"""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.injection.faults.checking import check
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, Array, FaultList, FaultTensor
from casework.injection.faults.lines import LineReader, header_tensors, read_header
from casework.injection.problem import InjectionProblem

__all__ = ["FORMAT", "check", "digest", "read", "write"]

FORMAT: Final = "casework/fault-list/v1"
_VALUED: Final = (OPS.index("add"), OPS.index("scale"))
_COLUMNS: Final = (
    ("ids", "<i8"), ("tensor", "<i4"), ("starts", "<i8"), ("index", "<i8"), ("operand", "<u8"), ("op", "u1"),
    ("sample", "<i8"), ("group", "<i8"),
)  # fmt: skip
_BLOCK: Final = 1 << 14


def digest(faults: FaultList) -> str:
    """Return the SHA-256 of a fault list, 64 hex digits: a function of its faults alone, whatever file it came from.

    Hashed are the canonical JSON (RFC 8785) of format, model, persistence, and of the tensors that are hit (name, original, kind,
    element type), ordered by name; a line feed; then the columns, little-endian, the tensors numbered in that order.
    """
    used = np.flatnonzero(np.bincount(faults.tensor, minlength=len(faults.tensors)))
    order = sorted(used, key=lambda position: faults.tensors[position].name)
    head = {
        "format": FORMAT, "model": faults.model, "persistence": faults.persistence, "faults": len(faults),
        "tensors": [[t.name, t.original, t.kind, t.dtype] for t in (faults.tensors[position] for position in order)],
    }  # fmt: skip
    number = np.zeros(len(faults.tensors), np.int32)
    number[order] = np.arange(len(order))
    columns = {name: getattr(faults, name) for name, _ in _COLUMNS} | {"tensor": number[faults.tensor]}
    parts = [np.ascontiguousarray(columns[name], dtype).view(np.uint8).data for name, dtype in _COLUMNS]
    return sha256_bytes(b"".join([jcs_bytes(head), b"\n", *parts]))


def write(faults: FaultList, path: Path) -> None:
    """Write a fault list as Parquet where the name ends so, else as JSONL; all of it or nothing.

    Raises:
        InjectionProblem: Parquet is wanted and pyarrow is not installed.
        OSError: The file cannot be written.
    """
    writer = _write_parquet if path.suffix == ".parquet" else _write_lines
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            writer(faults, file)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path) -> FaultList:
    """Return the fault list of a JSONL or Parquet file; whether it fits the model is left to `check`.

    Raises:
        InjectionProblem: The file is no fault list; the message has file and line.
        OSError: The file cannot be read.
    """
    return _read_parquet(path) if path.suffix == ".parquet" else _read_lines(path)


def _header(faults: FaultList) -> dict[str, Any]:
    tensors = [
        {"name": t.name, "original": t.original, "kind": t.kind, "dtype": t.dtype, "shape": list(t.shape)}
        for t in faults.tensors
    ]
    return {
        "format": FORMAT, "model": faults.model, "persistence": faults.persistence, "faults": len(faults), "tensors": tensors,
    }  # fmt: skip


def _write_lines(faults: FaultList, file: IO[bytes]) -> None:
    file.write(json.dumps(_header(faults), ensure_ascii=False).encode() + b"\n")
    fixed = [
        f'"kind":{_text(t.kind)},"tensor":{_text(t.name)},"original":{_text(t.original)},"dtype":{_text(t.dtype)}'
        for t in faults.tensors
    ]
    for start in range(0, len(faults), _BLOCK):
        file.write("".join(_lines(faults, fixed, start, min(start + _BLOCK, len(faults)))).encode())


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _lines(faults: FaultList, fixed: list[str], start: int, stop: int) -> Iterable[str]:
    columns = (getattr(faults, name)[start:stop].tolist() for name in ("ids", "tensor", "op", "sample", "group"))
    bounds = faults.starts[start : stop + 1]
    first = int(bounds[0])
    index, operand = (a[first : int(bounds[-1])].tolist() for a in (faults.index, faults.operand))
    ends, every = (bounds - first).tolist(), '"every"'
    for number, (fault, tensor, op, sample, group) in enumerate(zip(*columns, strict=True)):
        mine = slice(ends[number], ends[number + 1])
        operands = ",".join([_operand(value, op) for value in operand[mine]])
        yield (
            f'{{"id":{fault},{fixed[tensor]},"indices":{json.dumps(index[mine])},"op":"{OPS[op]}","operands":[{operands}],'
            f'"sample":{every if sample == EVERY_SAMPLE else sample},"persistence":"{faults.persistence}","group":{group}}}\n'
        )


def _operand(pattern: int, op: int) -> str:
    if op in _VALUED:
        value = float(np.array([pattern], np.uint64).view(np.float64)[0])
        if np.isfinite(value):
            return repr(value)
    return f'"{pattern:#x}"'


def _read_lines(path: Path) -> FaultList:
    with path.open("rb") as file:
        header = read_header(file.readline(), f"{path}:1", FORMAT)
        reader = LineReader(header, str(path))
        for number, line in enumerate(file, start=2):
            reader.add(line, number)
    return reader.finished()


def _arrow() -> Any:
    try:
        arrow = importlib.import_module("pyarrow")
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InjectionProblem(
            "fault lists in Parquet need pyarrow, which is not installed",
            'Install it with `pip install "casework[parquet]"`, or use a file that ends in .jsonl.',
        ) from error
    return arrow


def _write_parquet(faults: FaultList, file: IO[bytes]) -> None:
    arrow = _arrow()

    def named(numbers: Array, names: list[str]) -> Any:
        return arrow.DictionaryArray.from_arrays(arrow.array(numbers), arrow.array(names, arrow.string()))

    def of_tensors(name: str) -> Any:
        return named(faults.tensor, [getattr(tensor, name) for tensor in faults.tensors])

    starts = arrow.array(faults.starts)
    table = arrow.table(
        {
            "id": arrow.array(faults.ids), "kind": of_tensors("kind"), "tensor": of_tensors("name"),
            "original": of_tensors("original"), "dtype": of_tensors("dtype"),
            "indices": arrow.LargeListArray.from_arrays(starts, arrow.array(faults.index)),
            "op": named(faults.op.astype(np.int32), list(OPS)),
            "operands": arrow.LargeListArray.from_arrays(starts, arrow.array(faults.operand)),
            "sample": arrow.array(faults.sample), "group": arrow.array(faults.group),
        },
        metadata={"casework": json.dumps(_header(faults), ensure_ascii=False)},
    )  # fmt: skip
    arrow.parquet.write_table(table, file, compression="zstd")


def _read_parquet(path: Path) -> FaultList:
    arrow = _arrow()
    try:
        table = arrow.parquet.read_table(path, memory_map=False)
    except (arrow.ArrowException, ValueError) as error:
        raise InjectionProblem(f"{path} is no Parquet file: {_first_line(error)}", "Write it anew.") from error
    header = read_header((table.schema.metadata or {}).get(b"casework", b""), f"{path}, metadata `casework`", FORMAT)
    tensors = header_tensors(header, str(path))
    try:
        return _from_columns(header, tensors, table)
    except (KeyError, ValueError, TypeError, arrow.ArrowException) as error:
        raise InjectionProblem(
            f"{path} has not the columns of a fault list: {_first_line(error)}",
            "Write id, tensor, indices, op, operands (bit patterns, uint64), sample (-1 for every) and group.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _from_columns(header: dict[str, Any], tensors: tuple[FaultTensor, ...], table: Any) -> FaultList:
    def flat(name: str, dtype: str) -> Array:
        return np.ascontiguousarray(table.column(name).combine_chunks().to_numpy(zero_copy_only=False)).astype(dtype)

    def lists(name: str) -> Any:
        column = table.column(name).combine_chunks()
        return column.chunk(0) if hasattr(column, "chunk") else column

    def numbered(name: str, names: dict[str, int]) -> Array:
        column = table.column(name).combine_chunks()
        encoded = column if hasattr(column, "dictionary") else column.dictionary_encode()
        at = np.array([names[value] for value in encoded.dictionary.to_pylist()] or [0])
        return np.asarray(at[encoded.indices.to_numpy(zero_copy_only=False)])

    indices, operands = lists("indices"), lists("operands")
    ids = flat("id", "int64")
    starts = np.asarray(indices.offsets.to_numpy()).astype(np.int64)
    if not np.array_equal(starts, np.asarray(operands.offsets.to_numpy())):
        raise ValueError("indices and operands differ in number")
    return FaultList(
        header["model"], tensors, ids, numbered("tensor", {t.name: i for i, t in enumerate(tensors)}).astype(np.int32),
        starts, indices.values.to_numpy().astype(np.int64), operands.values.to_numpy().astype(np.uint64),
        numbered("op", {name: i for i, name in enumerate(OPS)}).astype(np.uint8),
        flat("sample", "int64"), flat("group", "int64"), header["persistence"],
    )  # fmt: skip
