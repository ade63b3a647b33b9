"""Options of generators: each is declared with its type, default and meaning, and unknown ones are refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

OptionKind = Literal["int", "float", "text", "bool", "texts", "floats"]


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
        kind: Type; `texts` and `floats` are lists, comma-separated on the command line (texts: `;`-separated).
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


def read_options(specs: tuple[OptionSpec, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check given options against their specifications and fill in the defaults, in the order of the specifications.

    Raises:
        OptionProblem: An option is unknown, of the wrong type, or out of range.
    """
    known = {spec.name: spec for spec in specs}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise OptionProblem(f"unknown option {unknown[0]!r}", f"Use one of these options:\n{describe_options(specs)}")
    return {spec.name: _checked(spec, given[spec.name]) if spec.name in given else spec.default for spec in specs}


def parse_options(specs: tuple[OptionSpec, ...], texts: Iterable[str]) -> dict[str, Any]:
    """Turn `name=value` texts of a command line into typed options.

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
            raise OptionProblem(f"unknown option {name!r}", f"Use one of these options:\n{describe_options(specs)}")
        if name in options:
            raise OptionProblem(f"option {name!r} is given twice", "Give it once.")
        options[name] = _checked(known[name], _typed(known[name], value))
    return options


def _typed(spec: OptionSpec, text: str) -> Any:
    convert: dict[OptionKind, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "text": str,
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
    "bool": (bool,),
    "texts": (list, tuple),
    "floats": (list, tuple),
}


def _checked(spec: OptionSpec, value: Any) -> Any:
    fits = isinstance(value, _TYPES[spec.kind]) and (spec.kind == "bool" or not isinstance(value, bool))
    if not fits:
        raise _wrong(spec, value)
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


def _wrong(spec: OptionSpec, value: Any) -> OptionProblem:
    if spec.choices:
        wanted = f"one of {', '.join(spec.choices)}"
    else:
        limits = [f"at least {spec.low:g}"] if spec.low is not None else []
        limits += [f"at most {spec.high:g}"] if spec.high is not None else []
        wanted = " ".join([f"of type {spec.kind}", *limits])
    return OptionProblem(f"option {spec.name} is {value!r}, not {wanted}", f"{spec.name}: {spec.meaning}")
