"""How many faults a plan draws, and why so many: in words, for the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from casework.generators.protocol import GeneratorProblem
from casework.injection.faults.recipe import Recipe, listable, population
from casework.injection.sampling.size import Wanted, faults_for, faults_for_bound, read_wanted, wilson_faults_for


@dataclass(frozen=True, slots=True)
class Size:
    """How many faults.

    Attributes:
        count: To draw; None for all there are.
        said: Why so many, for the record; begins with a blank. Empty where the plan names the number itself.
    """

    count: int | None
    said: str = ""


def size_of(options: dict[str, Any], recipe: Recipe, samples: int, confidence: float, most: int) -> Size:
    """Return how many faults a plan draws by its option `faults`.

    Args:
        options: As read.
        recipe: What faults are drawn from.
        samples: Inputs.
        confidence: Two-sided confidence of the record's intervals.
        most: Most faults that can be held.

    Raises:
        GeneratorProblem: The option cannot be read, asks for more than can be held, or does not go with the others.
    """
    text = options["faults"]
    try:
        wanted = read_wanted(text)
    except ValueError as error:
        raise GeneratorProblem(
            f"option faults is {text!r}: {error}",
            f"Give a number from 1 to {most}, `exhaustive` for every bit of every element, `within:0.01` for an interval of +-0.01 "
            "(`within:0.01@0.05` where the rate is about 0.05), or `at-most:0.001` to show a rate of at most 0.001.",
        ) from error
    size = _sized(wanted, _asked(options, recipe, samples, confidence))
    if size.count is not None and not 1 <= size.count <= most:
        raise GeneratorProblem(
            f"option faults is {text!r}: that is {size.count} faults, and 1 to {most} can be drawn",
            "Give another number, or ask for less: a wider interval, a higher bound.",
        )
    if wanted.way in ("within", "at-most"):
        _refuse_stages(text, options)
    return size


def _refuse_stages(text: str, options: dict[str, Any]) -> None:
    """Refuse what would draw otherwise than the number supposes."""
    if options["fault"] == "rowhammer":
        raise GeneratorProblem(
            f"option faults is {text!r}, and fault=rowhammer draws nothing: it goes through its profile",
            "Give the number of bits of the profile.",
        )
    if options["interval"] is not None:
        raise GeneratorProblem(
            f"option faults is {text!r}, and interval={options['interval']:g} stops by what is found",
            "Give one of the two: faults fixes the number beforehand, interval needs a number as its limit.",
        )
    if options["allocation"] != "simple":
        raise GeneratorProblem(
            f"option faults is {text!r}, which counts faults drawn alike, and allocation={options['allocation']} draws within strata",
            "Drop allocation, or give a number of faults.",
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the words need: inputs of each fault, confidence, and how many trials and predictions there are in all, where known."""

    each: int
    confidence: float
    trials: int | None
    predictions: int | None
    samples: int


def _asked(options: dict[str, Any], recipe: Recipe, samples: int, confidence: float) -> _Asked:
    each = samples if options["inputs_per_fault"] == "all" else 1
    # Only faults of which each is as likely as any other are a population that a sample, or all of them, speaks for.
    alike = recipe.unit == "element" or len(recipe.tensors) == 1
    if options["mode"] != "single" or not alike or not listable(recipe):
        return _Asked(each, confidence, None, None, samples)
    faults = population(recipe)
    return _Asked(each, confidence, faults * samples // each, faults * samples, samples)


def _sized(wanted: Wanted, asked: _Asked) -> Size:
    match wanted.way:
        case "number" | "exhaustive":
            return Size(wanted.faults(asked.confidence))
        case "within":
            return _within(wanted, asked)
        case "at-most":
            return _at_most(wanted, asked)
        case _:
            assert_never(wanted.way)


def _within(wanted: Wanted, asked: _Asked) -> Size:
    count = wilson_faults_for(wanted.rate, asked.confidence, wanted.guess)
    plain = faults_for(wanted.rate, asked.confidence, p=wanted.guess)
    where = "whatever the rate is" if wanted.guess == 0.5 else f"where the rate is {wanted.guess:g}"
    said = (
        f" Their number, {count}, makes the interval of a rate over all of them +-{wanted.rate:g} at {_percent(asked.confidence)}, {where} "
        f"(t^2 p (1 - p) / e^2 with p = {wanted.guess:g}, Leveugle et al., DATE 2009"
        + (", and more until Wilson's interval is as narrow)" if count > plain else ")")
    )
    said += ", each fault taken for one trial, as if its inputs always agreed" if asked.each > 1 else ""
    if asked.trials is not None:
        fewer = faults_for(wanted.rate, asked.confidence, p=wanted.guess, population=asked.trials)
        said += f"; {fewer} would do if none of the {asked.trials} could be drawn twice" if fewer < count else ""
    return Size(count, f"{said}.{_affordable(count, asked)}")


def _at_most(wanted: Wanted, asked: _Asked) -> Size:
    # A rate of clusters is judged by the upper end of its two-sided interval, one of trials by its own one-sided bound.
    confidence = (1 + asked.confidence) / 2 if asked.each > 1 else asked.confidence
    count = faults_for_bound(wanted.rate, confidence)
    said = (
        f" Their number, {count}, shows a rate of at most {wanted.rate:g} at {_percent(confidence)}, one-sided, if none of them has an "
        f"event ((1 - {wanted.rate:g})^n <= 1 - {confidence:g})"
    )
    said += ", each fault taken for one trial." if asked.each > 1 else "."
    return Size(count, said + _affordable(count, asked))


def _affordable(count: int, asked: _Asked) -> str:
    """Say so where every fault on every input costs no more predictions than the sample."""
    if asked.predictions is None or asked.predictions > count * asked.each:
        return ""
    return (
        f" All faults there are, on all {asked.samples} inputs, are {asked.predictions} injected predictions, no more than these: "
        "faults=exhaustive would leave no interval."
    )


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.6g} %"
