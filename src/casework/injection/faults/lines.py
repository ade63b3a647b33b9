"""Reads the lines of a fault list; every refusal says file and line."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList, FaultTensor
from casework.injection.problem import InjectionProblem

_PERSISTENCE: Final = ("transient", "permanent")
_VALUED: Final = ("add", "scale")
_KNOWN: Final = frozenset(
    ("id", "kind", "tensor", "original", "indices", "op", "operands", "dtype", "sample", "persistence", "group")
)


def refuse(place: str, message: str, fix: str) -> NoReturn:
    """Raise the problem of a place in a file."""
    raise InjectionProblem(f"{place}: {message}", fix)


def _object(text: bytes, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        refuse(place, f"no JSON object: {reason}", "Write one JSON object a line, without blank lines.")
    if not isinstance(value, dict):
        refuse(place, "no JSON object", "Write one JSON object a line.")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands there twice")
    return value


def read_header(text: bytes, place: str, wanted: str) -> dict[str, Any]:
    """Return the header of a fault list.

    Raises:
        InjectionProblem: It is not one.
    """
    head = _object(text, place)
    if head.get("format") != wanted:
        refuse(
            place,
            "the header does not name the format",
            f'Let the first line be {{"format":"{wanted}","model":"<SHA-256>"}}.',
        )
    if not isinstance(head.get("model"), str):
        refuse(place, "the header does not name the model", "Set `model` to the SHA-256 of the model file.")
    head.setdefault("persistence", "transient")
    if head["persistence"] not in _PERSISTENCE:
        refuse(place, f"persistence is {head['persistence']!r}", "Set it to transient or permanent.")
    return head


def header_tensors(head: dict[str, Any], place: str) -> tuple[FaultTensor, ...]:
    """Return the tensors that a header lists; none where it lists none.

    Raises:
        InjectionProblem: An entry has not the form.
    """
    entries = head.get("tensors", [])
    try:
        found = tuple(_header_tensor(entry) for entry in entries)
    except (KeyError, TypeError, ValueError, AttributeError):
        refuse(place, "the header's tensors are not of the form", "Give each name, kind, dtype and shape.")
    if len({tensor.name for tensor in found}) != len(found):
        refuse(place, "the header lists a tensor twice", "List each once.")
    return found


def _header_tensor(entry: dict[str, Any]) -> FaultTensor:
    name = _name(entry["name"])
    shape = tuple(_whole(length) for length in entry["shape"])
    return FaultTensor(name, _name(entry.get("original", name)), _name(entry["kind"]), _name(entry["dtype"]), shape)


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    return value


@dataclass(frozen=True, slots=True)
class _Fault:
    id: int
    tensor: int
    index: list[int]
    operand: list[int]
    op: int
    sample: int
    group: int


class LineReader:
    """Gathers faults line by line into columns."""

    def __init__(self, head: dict[str, Any], path: str) -> None:
        self.head = head
        self.path = path
        self.tensors = list(header_tensors(head, f"{path}:1"))
        self.position = {tensor.name: number for number, tensor in enumerate(self.tensors)}
        self.faults: list[_Fault] = []

    def add(self, text: bytes, number: int) -> None:
        """Read a line.

        Raises:
            InjectionProblem: It is no fault, or its id does not follow.
        """
        place = f"{self.path}:{number}"
        line = _object(text, place)
        if line.keys() - _KNOWN:
            refuse(place, f"the key {min(line.keys() - _KNOWN)!r} is not known", f"Use {', '.join(sorted(_KNOWN))}.")
        if line.get("persistence", self.head["persistence"]) != self.head["persistence"]:
            refuse(
                place,
                "persistence differs from the header's",
                "Put transient and permanent faults into lists of their own.",
            )
        try:
            fault = self._fault(line, place)
        except KeyError as error:
            refuse(place, f"the fault has no {error.args[0]}", "Give it id, tensor, indices, op and operands.")
        except (TypeError, ValueError, OverflowError) as error:
            refuse(
                place,
                f"the fault is not of the form: {error}",
                'Give whole numbers, and operands such as "0x40000000".',
            )
        if self.faults and fault.id <= self.faults[-1].id:
            twice = fault.id == self.faults[-1].id or any(fault.id == known.id for known in self.faults)
            refuse(
                place, f"the id {fault.id} stands there twice" if twice else f"the id {fault.id} follows {self.faults[-1].id}",
                "Number the faults in ascending order, each number once.",
            )  # fmt: skip
        self.faults.append(fault)

    def _fault(self, line: dict[str, Any], place: str) -> _Fault:
        number, op = _int64(line["id"]), line["op"]
        if op not in OPS:
            refuse(place, f"the operation {op!r} is not known", f"Use one of {', '.join(OPS)}.")
        index = [_int64(value) for value in line["indices"]]
        operand = [_pattern(value, op) for value in line["operands"]]
        if len(index) != len(operand):
            refuse(place, f"{len(index)} indices have {len(operand)} operands", "Give one operand for each index.")
        sample = line.get("sample", "every")
        return _Fault(
            number, self._tensor(line, place), index, operand, OPS.index(op),
            EVERY_SAMPLE if sample == "every" else _int64(sample), _int64(line.get("group", number)),
        )  # fmt: skip

    def _tensor(self, line: dict[str, Any], place: str) -> int:
        name = _name(line["tensor"])
        if name not in self.position:
            if "dtype" not in line:
                refuse(
                    place,
                    f"nothing says the element type of {name}",
                    "Give the fault a dtype, or list the tensor in the header.",
                )
            self.position[name] = len(self.tensors)
            self.tensors.append(
                FaultTensor(
                    name, _name(line.get("original", name)), _name(line.get("kind", "")), _name(line["dtype"]), ()
                )
            )
        position = self.position[name]
        known = self.tensors[position]
        for key, stated in (("dtype", known.dtype), ("kind", known.kind), ("original", known.original)):
            if line.get(key, stated) != stated:
                refuse(
                    place, f"{key} of {name} is {line[key]!r} here and {stated!r} before", f"Give a tensor one {key}."
                )
        return position

    def finished(self) -> FaultList:
        """Return the list.

        Raises:
            InjectionProblem: The header counts other faults than there are.
        """
        faults = self.faults
        stated = self.head.get("faults", len(faults))
        if stated != len(faults):
            refuse(
                self.path,
                f"the header counts {stated} faults, and there are {len(faults)}",
                "Write the file anew, or mend the count.",
            )
        return FaultList(
            self.head["model"], tuple(self.tensors), np.array([f.id for f in faults], np.int64),
            np.array([f.tensor for f in faults], np.int32), np.cumsum([0, *(len(f.index) for f in faults)]).astype(np.int64),
            np.array([i for f in faults for i in f.index], np.int64), np.array([o for f in faults for o in f.operand], np.uint64),
            np.array([f.op for f in faults], np.uint8), np.array([f.sample for f in faults], np.int64),
            np.array([f.group for f in faults], np.int64), self.head["persistence"],
        )  # fmt: skip


def _int64(value: object) -> int:
    whole = _whole(value)
    if not -(1 << 63) <= whole < 1 << 63:
        raise OverflowError(f"{whole} is beyond 64 bits")
    return whole


def _pattern(value: object, op: str) -> int:
    if isinstance(value, str):
        if not value.startswith("0x"):
            raise ValueError(f"operand {value[:40]!r} is not hexadecimal")
        pattern = int(value, 16)
        if pattern >> 64:
            raise OverflowError(f"operand {value[:40]} is beyond 64 bits")
        return pattern
    if op in _VALUED and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return int(struct.unpack("<Q", struct.pack("<d", float(value)))[0])
    raise TypeError(f"operand {value!r} of {op}")
