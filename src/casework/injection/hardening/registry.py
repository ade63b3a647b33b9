"""The measures by name, their parameters, and reading of a measure from text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from casework.injection.hardening.invalid import guard_invalid
from casework.injection.hardening.ranges import restrict_ranges, watch_ranges
from casework.injection.hardening.redundancy import checksum, duplicate
from casework.injection.hardening.stored import bit_protect, scrub, triplicate
from casework.injection.hardening.work import Applied, Work
from casework.injection.problem import InjectionProblem, nearest


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a measure.

    Attributes:
        name: Its name.
        kind: Of its value.
        default: Value where none is given.
        help: What it means.
        choices: Allowed values, where few are.
        low: Least value of a number.
        high: Greatest.
    """

    name: str
    kind: Literal["float", "int", "text", "bool"]
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 1e9


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """A measure that can be taken.

    Attributes:
        act: Takes it: the work, names or patterns of places, parameters.
        summary: What it does, in a line.
        parameters: What can be set.
    """

    act: Callable[[Work, tuple[str, ...], dict[str, Any]], Applied]
    summary: str
    parameters: tuple[Parameter, ...]


_AFTER: Final = Parameter(
    "after", "text", "activations", "Behind which operators, where none are named.", ("activations", "all")
)
_PERCENTILE: Final = Parameter(
    "percentile", "float", 100.0, "Percentile of the inputs' extremes that is the bound.", low=50, high=100
)
_MARGIN: Final = Parameter("margin", "float", 0.0, "Share of the range by which bounds are widened.", high=100)
_TOP: Final = Parameter("top", "int", 0, "Take the worst so many of the ranking instead of names.", high=10_000)
_WHEN: Final = Parameter("when", "text", "load", "When the check is computed.", ("load", "run"))

MEASURES: Final[dict[str, MeasureKind]] = {
    "range": MeasureKind(
        restrict_ranges, "cut activations to the bounds that data show (Ranger)", (_AFTER, _PERCENTILE, _MARGIN)
    ),
    "range-guard": MeasureKind(
        watch_ranges, "raise an alarm where an activation leaves the bounds that data show", (_AFTER, _PERCENTILE, _MARGIN)
    ),
    "nan-guard": MeasureKind(
        guard_invalid,
        "raise an alarm on NaN and infinite outputs, set NaN to zero inside, or both",
        (
            Parameter("mode", "text", "alarm", "alarm on the outputs, zero behind operators, or both.", ("alarm", "zero", "both")),
            _AFTER,
        ),
    ),
    "scrub": MeasureKind(scrub, "set stored weights outside the range of their tensor to zero", (_WHEN,)),
    "triplicate": MeasureKind(triplicate, "store weights three times and let two agreeing copies win", (_WHEN, _TOP)),
    "bit-protect": MeasureKind(
        bit_protect,
        "state that memory protects bits of the weights (parity, copies, SECDED)",
        (
            Parameter("scheme", "text", "copies", "What the memory does.", ("parity", "copies", "secded")),
            Parameter("bits", "text", "sign+exponent", "Protected bits: 30, 23-31, sign+exponent, all."),
            Parameter("word", "int", 64, "Data bits of a SECDED word: 8 to 64.", low=8, high=64),
            Parameter("restore", "bool", default=False, help="What parity detects is read again from its source."),
        ),
    ),
    "duplicate": MeasureKind(
        duplicate,
        "compute layers twice and raise an alarm where results differ",
        (_TOP, Parameter("tolerance", "float", 1e-5, "Difference that is no alarm, as a share of the sum of magnitudes that data show.")),
    ),
    "checksum": MeasureKind(
        checksum,
        "check the sum over the channels of layers by a second computation (ABFT)",
        (Parameter("margin", "float", 4.0, "Factor on the greatest rounding difference that data show.", low=1),),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its places and parameters, all parameters set."""

    name: str
    targets: tuple[str, ...]
    parameters: tuple[tuple[str, Any], ...]


def parse_measure(text: str) -> Measure:
    """Read a measure: `NAME`, or `NAME:WORD,...`, where a word is `parameter=value` or the name or pattern of a place.

    Raises:
        InjectionProblem: There is no such measure or parameter, or the value does not fit.
    """
    name, _colon, rest = text.partition(":")
    kind = MEASURES.get(name)
    if kind is None:
        near = nearest(name, MEASURES, 1, 0.6)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise InjectionProblem(f"there is no measure {name}", f"{meant}All: {', '.join(MEASURES)}.")
    known = {p.name: p for p in kind.parameters}
    values = {p.name: p.default for p in kind.parameters}
    targets = []
    for word in filter(None, (w.strip() for w in rest.split(","))):
        key, equals, value = word.partition("=")
        if equals and key not in known:
            raise InjectionProblem(
                f"measure {name} has no parameter {key}",
                f"It has {', '.join(known)}." if known else "It has none.",
            )
        if equals:
            values[key] = _value(name, known[key], value)
        else:
            targets.append(word)
    return Measure(name, tuple(targets), tuple(values.items()))


def told_measure(name: str, targets: tuple[str, ...], parameters: Mapping[str, Any]) -> Measure:
    """Return a measure with parameters as a lineage tells them.

    Raises:
        InjectionProblem: There is no such measure, or the parameters are not its own.
    """
    kind = MEASURES.get(name)
    known = {p.name: p for p in kind.parameters} if kind else {}
    if kind is None or set(parameters) != set(known):
        raise InjectionProblem(
            f"there is no measure {name} with the parameters {', '.join(sorted(parameters)) or 'none'}",
            "Harden the model anew.",
        )
    words = {True: "yes", False: "no"}
    values = {
        key: _value(name, known[key], words[value] if isinstance(value, bool) else str(value))
        for key, value in parameters.items()
    }
    return Measure(name, targets, tuple((key, values[key]) for key in known))


def _value(measure: str, parameter: Parameter, text: str) -> Any:
    where = f"{measure}: {parameter.name}={text}"
    if parameter.choices and text not in parameter.choices:
        raise InjectionProblem(f"{where} is not known", f"Use one of: {', '.join(parameter.choices)}.")
    if parameter.kind == "text":
        return text
    if parameter.kind == "bool":
        if text not in ("yes", "no"):
            raise InjectionProblem(f"{where} is neither yes nor no", "Write yes or no.")
        return text == "yes"
    try:
        number: float = int(text) if parameter.kind == "int" else float(text)
    except ValueError:
        raise InjectionProblem(f"{where} is no number", "Write a number.") from None
    if not parameter.low <= number <= parameter.high:  # NaN is in no range
        raise InjectionProblem(f"{where} is out of range", f"Give {parameter.low:g} to {parameter.high:g}.")
    return number
