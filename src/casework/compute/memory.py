"""How much memory one process of several may fill with what it would otherwise compute again."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

LEAST: Final = 1 << 30
"""Bytes that a process may keep on any machine."""

_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says what a container may use, by version of control groups."""


@cache
def keepable_bytes() -> int:
    """Return a quarter of the machine's or container's memory, shared among its processors; 1 GiB at least.

    Nothing that is computed may depend on it, only whether it is computed once.
    """
    found: list[int] = []
    with suppress(ValueError, OSError, AttributeError):  # not every system tells
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in _LIMITS:
        with suppress(ValueError, OSError):  # `max`: no limit
            found.append(int(Path(path).read_text("ascii")))
    return max(LEAST, min(found, default=0) // (4 * max(1, os.cpu_count() or 1)))
