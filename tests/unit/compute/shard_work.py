"""Functions for tests to spread: they travel to workers by name, so they live in a module of their own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def scale(factor: int, shard: int) -> int:
    return factor * shard


def burn(rounds: int, shard: int) -> int:
    total = shard
    for i in range(rounds):
        total = (total * 31 + i) % 1_000_003
    return total


class Odd(Exception):  # noqa: N818
    """Its constructor takes other arguments than it hands to Exception, so pickle cannot make it again."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class Stubborn(Exception):  # noqa: N818
    """Holds what does not pickle."""

    def __init__(self) -> None:
        super().__init__("stubborn")
        self.function = lambda: None


def fail(kinds: dict[int, str], shard: int) -> int:
    match kinds.get(shard):
        case "odd":
            raise Odd("it is odd", "Make it even.")
        case "zero":
            return shard // 0
        case "stubborn":
            raise Stubborn
        case "missing":
            return len(Path("/nonexistent/file").read_bytes())
    return shard


def unpicklable(_context: None, shard: int) -> object:
    return lambda: shard


def die_once(folder: str, shard: int) -> int:
    """Kill this worker the first time that shard 3 comes, and say how often each shard was begun."""
    with open(f"{folder}/begun-{shard}", "a") as file:
        file.write("x")
    if shard == 3 and Path(f"{folder}/begun-3").read_text() == "x":
        os.kill(os.getpid(), signal.SIGKILL)
    return shard * shard


def die_always(_context: None, shard: int) -> int:
    if shard == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return shard


def big(context: bytes, shard: int) -> tuple[int, int]:
    return len(context), shard


class Expensive:
    """A context that notes in a file each time that it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)
        with open(self.path, "a") as file:
            file.write("x")


def use(context: Expensive, shard: int) -> int:
    time.sleep(0.02)
    return shard
