"""Telling Python pickles by their bytes. Nothing is ever loaded: a pickle is a program, and loading it runs it."""

from __future__ import annotations

import pickletools
import warnings
from typing import Final

_ZIP: Final = b"PK\x03\x04"
_TORCH_MEMBER: Final = b"data.pkl"
_SCANNED: Final = 4 << 20
_OPCODES: Final = 100_000
_NAMING: Final = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "OBJ"})
"""Opcodes that name or call what is to run."""


def is_pickle(content: bytes) -> bool:
    """Tell whether bytes are a Python pickle of protocol 2 or later, an older one that names code, or PyTorch's archive of one.

    The opcodes are walked, not executed: at most 100,000 of them, in the first 4 MiB.
    """
    if content.startswith(_ZIP):
        return _TORCH_MEMBER in content[:_SCANNED]
    if len(content) < 2:
        return False
    head = content[:_SCANNED]
    marked = head[0] == 0x80 and 2 <= head[1] <= 5
    return _walks(head, marked=marked, whole=len(content) <= _SCANNED)


def _walks(head: bytes, *, marked: bool, whole: bool) -> bool:
    """Tell whether the bytes are opcodes up to STOP, or up to the end of what is looked at."""
    named = marked
    count = 0
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes in what may look like text
            for opcode, _argument, _position in pickletools.genops(head):
                count += 1
                named = named or opcode.name in _NAMING
                if opcode.name == "STOP" or count > _OPCODES:
                    return named and count > 1
    except Exception:  # noqa: BLE001 - foreign bytes make the walker raise whatever comes
        return marked and not whole and count > 3
    return False
