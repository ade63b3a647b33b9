"""One structural change to a JSON value, or to lines of text: what byte fuzzing hardly ever makes, since it breaks the form first."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import rfc8785

NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 2**53, 2**53 - 1, 1e308, -0.0, 0.5, "", "passed", "complete", "\u202e", "x" * 300, [], {}, [[]], {"a": 1}, "0" * 64,
    "2026-05-01T10:00:00Z", "9999-12-31T23:59:59Z", "*", "..", "EV-1", "REQ-1", "all",
]  # fmt: skip
Route = tuple[str | int, ...]


def routes(value: Any, here: Route = ()) -> Iterator[Route]:
    """Yield the route to every value inside a JSON value, itself included."""
    yield here
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from routes(item, (*here, step))


def at(value: Any, route: Route) -> Any:
    for step in route:
        value = value[step]
    return value


def changed(value: Any, rng: random.Random) -> tuple[Any, Route]:
    """Return a copy with one value replaced, removed, doubled, renamed, added, nudged or exchanged, and where."""
    copied = copy.deepcopy(value)
    every = [route for route in routes(copied) if route]
    route = rng.choice(every)
    parent, step = at(copied, route[:-1]), route[-1]
    old = parent[step]
    match rng.randrange(7):
        case 0:
            parent[step] = rng.choice(NASTY)
        case 1:
            del parent[step]
        case 2 if isinstance(parent, list):
            parent.append(copy.deepcopy(old))
        case 3 if isinstance(parent, dict):
            parent[f"{step}{rng.choice(['', 's', '_', chr(0x200B)])}"] = parent.pop(step)
        case 4 if isinstance(parent, dict):
            parent[rng.choice(["x", "verdict", "threshold", "status", "passed", "note"])] = rng.choice(NASTY)
        case 5 if isinstance(old, int | float) and not isinstance(old, bool):
            parent[step] = rng.choice([old + 1, old - 1, old * 2, -old, old / 2, str(old)])
        case 5 if isinstance(old, str) and old:
            place = rng.randrange(len(old))
            parent[step] = old[:place] + rng.choice("0aZ =.") + old[place + 1 :]
        case _:
            parent[step] = copy.deepcopy(at(copied, rng.choice(every)))
    return copied, route


def written(value: Any) -> bytes:
    """Return a value in canonical bytes, or in any where it has none."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError):
        return json.dumps(value).encode()


def differences(old: Any, new: Any, here: Route = ()) -> Iterator[Route]:
    """Yield the routes at which two values differ; a list of another length differs as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            if name in old and name in new:
                yield from differences(old[name], new[name], (*here, name))
            else:
                yield (*here, name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for step, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, (*here, step))
    elif type(old) is not type(new) or old != new:
        yield here


def changed_lines(data: bytes, rng: random.Random) -> bytes:
    """Return text with one line removed, doubled, moved, joined, cut, or changed in one character."""
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[place]
        case 1:
            lines.insert(rng.randrange(len(lines) + 1), lines[place])
        case 2:
            other = rng.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place : place + 2] = [b"".join(lines[place : place + 2])]
        case 4:
            lines[place] = lines[place][: rng.randrange(len(lines[place]) + 1)]
        case _:
            line = bytearray(lines[place] or b" ")
            line[rng.randrange(len(line))] = rng.choice(b"0aZ =\r\t\x00\xff-")
            lines[place] = bytes(line)
    return b"\n".join(lines)
