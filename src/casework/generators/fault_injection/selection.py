"""Which tensors a plan hits, and the recipe that its faults are drawn by."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from casework.generators.protocol import GeneratorProblem
from casework.injection.faults.fault_list import FaultTensor
from casework.injection.faults.models import BITWISE, FaultModel
from casework.injection.faults.recipe import Recipe, Unit, left_out
from casework.injection.network.network import Network
from casework.injection.network.patterns import fits
from casework.injection.network.target import Target
from casework.injection.problem import near_and_all

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "weights": ("weight", "bias"),
    "biases": ("bias",),
    "stored": ("weight", "bias", "scale", "zero_point"),
    "activations": ("activation", "output"),
    "inputs": ("input",),
    "outputs": ("output",),
    "scales": ("scale",),
    "zero_points": ("zero_point",),
    "all": ("weight", "bias", "scale", "zero_point", "activation", "output", "input"),
}
"""What each value of option `target` hits."""

MODE_TARGETS: Final = {
    "layer_states": "weights",
    "model_states": "weights",
    "layer_outputs": "activations",
    "one_per_run": "activations",
}


def select(network: Network, options: dict[str, Any]) -> list[Target]:
    """Return the targets that a plan hits, in the order of the graph.

    Raises:
        GeneratorProblem: A name or operator is not in the model (the nearest are suggested), or nothing is left.
    """
    kinds = KINDS[options["target"]]
    found = [t for t in network.targets if t.kind in kinds]
    if options["tensors"]:
        found = _by_name(network, found, options["tensors"])
    if options["operators"]:
        found = _by_operator(network, found, options["operators"])
    if not found:
        held = sorted({t.kind for t in network.targets})
        raise GeneratorProblem(
            f"no tensor of the model is hit by target={options['target']}"
            + (f", tensors={';'.join(options['tensors'])}" if options["tensors"] else "")
            + (f", operators={';'.join(options['operators'])}" if options["operators"] else ""),
            f"The model has tensors of the kinds {', '.join(held)}; widen the choice.",
        )
    return found


def _by_name(network: Network, found: Sequence[Target], patterns: Sequence[str]) -> list[Target]:
    for pattern in patterns:
        if not any(_named(t, pattern) for t in network.targets):
            every = sorted({t.name for t in network.targets} | {t.original for t in network.targets})
            raise GeneratorProblem(
                f"the model has no tensor {pattern!r} that faults can be put into",
                near_and_all(pattern.strip("*"), every),
            )
    return [t for t in found if any(_named(t, pattern) for pattern in patterns)]


def _named(target: Target, pattern: str) -> bool:
    return fits(target.name, pattern) or fits(target.original, pattern)


def _by_operator(network: Network, found: Sequence[Target], wanted: Sequence[str]) -> list[Target]:
    held = sorted({t.operator for t in network.targets})
    for name in wanted:
        if name not in held:
            raise GeneratorProblem(
                f"the model has no operator {name!r} whose tensors can be hit", near_and_all(name, held)
            )
    return [t for t in found if t.operator in wanted]


def recipe_of(
    network: Network,
    targets: Sequence[Target],
    options: dict[str, Any],
    samples: int,
    seed: int,
    amount: float,
    base: Path,
) -> Recipe:
    """Return the recipe of one amount of a plan.

    Raises:
        GeneratorProblem: An option is ill-formed.
        InjectionProblem: The parameters fit no tensor.
    """
    tensors = tuple(FaultTensor(t.name, t.original, t.kind, t.dtype, t.shape) for t in targets)
    stored = all(t.stored for t in targets)
    unit: Unit = options["unit"] or ("element" if stored and options["mode"] == "single" else "tensor")
    every = options["inputs_per_fault"] == "all"
    return Recipe(
        model=network.sha256, tensors=tensors, fault=fault_model(options, amount, base), unit=unit,
        samples=0 if every else samples, seed=seed, persistence="permanent" if stored else "transient",
    )  # fmt: skip


def population_of(network: Network, recipe: Recipe, options: dict[str, Any]) -> str:
    """Return in words what faults were chosen from, and what was not hit: a rate means nothing without it."""
    hit = [t for t in recipe.tensors if t.name not in left_out(recipe)]
    names = {t.name for t in hit}
    kinds = sorted({t.kind for t in hit})
    others = [t for t in network.targets if t.kind in kinds and t.name not in names]
    elements = sum(math.prod(t.shape) for t in hit)
    of = f"{elements} elements of {len(hit)} tensors ({', '.join(kinds)})"
    if recipe.fault.kind == "rowhammer":
        return (
            f"Bits of the profile that lie in {of} were put in, in its order, each on every input; nothing was drawn."
        )
    said = f"Faults ({recipe.fault.kind}) were drawn from {of}"
    said += ", each tensor as often as any other" if recipe.unit == "tensor" else ", each element as often as any other"
    if options["bits"] or recipe.fault.field:
        said += f"; only the bits {options['bits'] or recipe.fault.field}"
    if others:
        missed = sum(t.elements for t in others)
        said += f"; {len(others)} other tensors of these kinds with {missed} elements were left out"
    return said + "."


def fault_model(options: dict[str, Any], amount: float, base: Path = Path()) -> FaultModel:
    """Return the fault model of a plan.

    Raises:
        GeneratorProblem: An option is ill-formed.
        InjectionProblem: A parameter is out of its range.
    """
    kind = options["fault"]
    if amount != int(amount) or amount < 1:
        raise GeneratorProblem(
            f"amount is {amount:g}", "Give a whole number of at least 1, or a share by option percent."
        )
    bits = parse_bits(options["bits"]) if options["bits"] and kind in BITWISE else ()
    if options["bits"] and kind not in BITWISE:
        raise GeneratorProblem(
            f"bits have no meaning for fault={kind}", f"Drop them, or use one of {', '.join(BITWISE)}."
        )
    value = options["value"]
    if kind == "set" and value is None:
        raise GeneratorProblem("fault=set needs a value", "Give it: option value=0.")
    if options["pages"] is not None and kind != "rowhammer":
        raise GeneratorProblem(f"pages have no meaning for fault={kind}", "Drop them, or use fault=rowhammer.")
    pages = _pages(options["pages"], base) if kind == "rowhammer" else ()
    return FaultModel(
        kind=kind, bits=bits, field=options["field"], amount=int(amount), percent=options["percent"], flips=options["flips"],
        low=options["low"], high=options["high"], value=0.0 if value is None else value, pages=pages,
    )  # fmt: skip


_BITS: Final = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
"""A bit or a range; which bits there are is said by the element types of the tensors."""


def parse_bits(text: str) -> tuple[int, ...]:
    """Return the bits that a text such as `0-22;30` or `0-22,30` names, ascending.

    Raises:
        GeneratorProblem: It names none.
    """
    bits: set[int] = set()
    for part in filter(None, re.split(r"[;,\s]+", text)):
        found = _BITS.fullmatch(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if found is None or first > last:
            raise GeneratorProblem(f"bits are {text!r}", "Name bits and ranges, 0 the lowest, such as 0-22;30.")
        bits |= set(range(first, last + 1))
    return tuple(sorted(bits))


def _pages(text: str | None, base: Path) -> tuple[tuple[int, int], ...]:
    """Read a rowhammer profile: a page and a bit of it a line, separated by a comma or blanks; # begins a comment."""
    if not text:
        raise GeneratorProblem(
            "fault=rowhammer needs a profile", "Name a file with a page and a bit a line: option pages=FILE."
        )
    try:
        lines = (base / text).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GeneratorProblem(
            f"{text} cannot be read: {error}", "Name a text file with a page and a bit a line."
        ) from error
    pages = []
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if len(words) != 2 or not all(word.isdecimal() for word in words):
            raise GeneratorProblem(f"{text}:{number} is no page and bit", "Write two whole numbers, such as 12, 4711.")
        pages.append((int(words[0]), int(words[1])))
    return tuple(pages)
