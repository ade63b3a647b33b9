"""Options of generators: each is declared with its type, default and meaning, and unknown ones are refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

OptionKind = Literal["int", "float", "text", "bool", "texts", "floats", "file"]


class OptionProblem(Exception):  # noqa: N818 - it is a state of the user's plan, not an error of ours
    """An option that is unknown or ill-typed: the fact, and the act that mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option.

    Attributes:
        name: Key in the plan and on the command line.
        kind: Type; `texts` and `floats` are lists, comma-separated on the command line (texts: `;`-separated). A `file` is the
            path of one; its digest goes into the record, and in a case its path is relative to the root.
        default: Value if not given; None where the generator infers it.
        meaning: One sentence with units.
        choices: Allowed texts, if only some are.
        low: Smallest number allowed.
        high: Greatest number allowed.
    """

    name: str
    kind: OptionKind
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def describe_options(specs: Iterable[OptionSpec]) -> str:
    """Return one line an option: name, type or choices, default, meaning."""
    lines = []
    for spec in specs:
        kind = "|".join(spec.choices) if spec.choices else spec.kind
        default = "inferred" if spec.default is None else spec.default
        lines.append(f"  {spec.name} ({kind}; default {default}): {spec.meaning}")
    return "\n".join(lines)


def read_options(specs: tuple[OptionSpec, ...], given: Mapping[str, Any], generator: str = "") -> dict[str, Any]:
    """Check given options against their specifications and fill in the defaults, in the order of the specifications.

    Args:
        specs: All options that there are.
        given: Options to their values.
        generator: Whose they are; for messages.

    Raises:
        OptionProblem: An option is unknown, of the wrong type, or out of range.
    """
    known = {spec.name: spec for spec in specs}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise _unknown(specs, unknown[0], generator)
    return {spec.name: _checked(spec, given[spec.name]) if spec.name in given else spec.default for spec in specs}


def parse_options(specs: tuple[OptionSpec, ...], texts: Iterable[str], generator: str = "") -> dict[str, Any]:
    """Turn `name=value` texts of a command line into typed options.

    Args:
        specs: All options that there are.
        texts: As they were given.
        generator: Whose they are; for messages.

    Raises:
        OptionProblem: A text has no `=`, or as `read_options`.
    """
    known = {spec.name: spec for spec in specs}
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionProblem(f"option {text!r} has no value", "Write it as name=value.")
        if name not in known:
            raise _unknown(specs, name, generator)
        if name in options:
            raise OptionProblem(f"option {name!r} is given twice", "Give it once.")
        options[name] = _checked(known[name], _typed(known[name], value))
    return options


_FEW: Final = 12
"""Options that a message names all of; more are listed by a command."""


def _unknown(specs: tuple[OptionSpec, ...], name: str, generator: str) -> OptionProblem:
    names = [spec.name for spec in specs]
    if len(names) <= _FEW:
        where = f"The options are {', '.join(names)}."
    else:
        where = f"`casework try {generator or 'GENERATOR'} --options` lists all {len(names)}."
    return OptionProblem(f"unknown option {name!r}", f"{_near(name, names)}{where}")


def _near(word: str, known: Iterable[str]) -> str:
    """Return a question that suggests the nearest words, or nothing."""
    found = get_close_matches(word.lower(), list(known), 2, 0.7)
    return f"Did you mean {' or '.join(found)}? " if found else ""


def _typed(spec: OptionSpec, text: str) -> Any:
    convert: dict[OptionKind, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "text": str,
        "file": str,
        "bool": {"true": True, "false": False}.__getitem__,
        "texts": lambda t: [part.strip() for part in t.split(";") if part.strip()],
        "floats": lambda t: [float(part) for part in t.split(",")],
    }
    try:
        return convert[spec.kind](text)
    except (ValueError, KeyError) as error:
        raise _wrong(spec, text) from error


_TYPES: Final[dict[OptionKind, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "text": (str,),
    "file": (str,),
    "bool": (bool,),
    "texts": (list, tuple),
    "floats": (list, tuple),
}


_LISTS: Final[dict[OptionKind, str]] = {"texts": "a list of texts", "floats": "a list of numbers"}


def _checked(spec: OptionSpec, value: Any) -> Any:
    if spec.kind == "text" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a plan says `faults: 2000` as well as `faults: "2000"`
    fits = isinstance(value, _TYPES[spec.kind]) and (spec.kind == "bool" or not isinstance(value, bool))
    if not fits:
        raise _wrong(spec, value, _as_list(spec, value))
    match spec.kind:
        case "texts":
            if not all(isinstance(v, str) for v in value):
                raise _wrong(spec, value)
            return list(value)
        case "floats":
            return [_number(spec, v) for v in value]
        case "int" | "float":
            number = _number(spec, value)
            return float(number) if spec.kind == "float" else number
        case _:
            if spec.choices and value not in spec.choices:
                raise _wrong(spec, value)
            return value


def _number(spec: OptionSpec, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _wrong(spec, value)
    if (spec.low is not None and value < spec.low) or (spec.high is not None and value > spec.high):
        raise _wrong(spec, value)
    return value


_PLAIN: Final = re.compile(r"[A-Za-z_][\w./-]{5,}")
"""Texts that need no quotes in a list of YAML; its words, such as `no` and `false`, are shorter."""


def _as_list(spec: OptionSpec, value: Any) -> str:
    """Return how a plan says a single value where a list is wanted; nothing where it is no such value."""
    if spec.kind == "texts" and isinstance(value, str):
        parts = [part.strip() for part in value.split(";") if part.strip()]
        items = [part if _PLAIN.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in parts]
    elif spec.kind == "floats" and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        items = [part.strip() for part in str(value).split(",") if part.strip()]
    else:
        return ""
    return f"Write a list: `{spec.name}: [{', '.join(items)}]`. "


def _wrong(spec: OptionSpec, value: Any, near: str = "") -> OptionProblem:
    if spec.choices:
        wanted = f"one of {', '.join(spec.choices)}"
        near = _near(str(value), spec.choices)
    else:
        limits = [f"at least {spec.low:g}"] if spec.low is not None else []
        limits += [f"at most {spec.high:g}"] if spec.high is not None else []
        kind = _LISTS.get(spec.kind, f"of type {spec.kind}")
        wanted = " ".join([kind, *limits])
    return OptionProblem(f"option {spec.name} is {value!r}, not {wanted}", f"{near}{spec.name}: {spec.meaning}")
