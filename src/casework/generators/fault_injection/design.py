"""How the faults of a plan are chosen: drawn alike, within strata, until an interval is reached, all there are, or given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.digest import jcs_digest
from casework.compute import ShardStore
from casework.generators.fault_injection.critical import Searched, search_critical
from casework.generators.fault_injection.decisions import metadata
from casework.generators.fault_injection.estimates import Design, Trials
from casework.generators.fault_injection.options import OPTIONS
from casework.generators.fault_injection.selection import population_of, recipe_of, select
from casework.generators.fault_injection.sizing import size_of
from casework.generators.fault_injection.storing import through_storage
from casework.generators.protocol import GeneratorProblem, Progress, Request
from casework.generators.record import environment
from casework.injection.campaign.canary import Canary
from casework.injection.campaign.conduct import Campaign, Means, conduct
from casework.injection.campaign.grouped import conduct_groups
from casework.injection.campaign.lab import Lab, Setting, lab_of
from casework.injection.faults.fault_list import EVERY_SAMPLE, FaultList, concat
from casework.injection.faults.formats import check, digest, read
from casework.injection.faults.generate import exhaustive, generate
from casework.injection.faults.groups import GroupRecipe, Mode, generate_groups
from casework.injection.faults.recipe import Recipe, left_out, population
from casework.injection.hardening.storage import Protection, from_metadata

Array = NDArray[Any]

STORED: Final = ("weight", "bias", "scale", "zero_point")

MOST: Final = 20_000_000
"""Most faults of one campaign: they are held in memory, at 53 bytes each."""

GROUPED: Final[dict[str, Mode]] = {
    "error_rate": "error_rate",
    "dynamic_instance": "dynamic_instance",
    "model_states": "amount",
}
"""Modes in which the faults of several tensors strike one inference together."""

MOST_ROWS: Final = 50_000_000
"""Most injected predictions of one campaign: they are held in memory, at about 40 bytes each."""

_NONE: Final = np.zeros(0)


def shares_groups(faults: FaultList) -> bool:
    """True where some faults strike one inference together."""
    if faults.group is faults.ids or np.array_equal(faults.group, faults.ids):
        return False
    return len(np.unique(faults.group)) < len(faults)


@dataclass(frozen=True, slots=True)
class Part:
    """A campaign of one amount.

    Attributes:
        amount: Elements that each fault hits.
        trials: What became of the faults.
        campaigns: The runs that it was made in.
    """

    amount: float
    trials: Trials
    campaigns: tuple[Campaign, ...]

    @property
    def alone(self) -> bool:
        """True where each prediction was struck by one fault, so that it can be put down to a tensor and a bit."""
        return not shares_groups(self.trials.faults)


@dataclass(frozen=True, slots=True)
class Designed:
    """All campaigns of a plan; of a search for critical bits, what it found."""

    parts: tuple[Part, ...]
    searched: Searched | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    population: str = ""
    protected: bool = False

    @property
    def ran(self) -> int:
        """Injected predictions that were run: all but those that storage settled before."""
        return sum(c.ran for c in self.campaigns)

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """All runs."""
        if self.searched is not None:
            return self.searched.campaigns
        return tuple(c for part in self.parts for c in part.campaigns)

    @property
    def stores(self) -> tuple[ShardStore, ...]:
        """What is kept of them until all is done."""
        return tuple(c.store for c in self.campaigns if c.store is not None)

    @property
    def predictions(self) -> int:
        """Injected predictions of all runs."""
        return sum(len(c.flags) for c in self.campaigns)

    @property
    def injecting(self) -> float:
        """Processor seconds of putting faults in and judging them."""
        return sum(c.injecting for c in self.campaigns)

    @property
    def outside(self) -> float:
        """Processor seconds spent in other processes."""
        return sum(c.outside for c in self.campaigns)


@dataclass(frozen=True, slots=True)
class _Runner:
    """What all runs of a plan share."""

    request: Request
    options: dict[str, Any]
    setting: Setting
    progress: Progress
    canaries: dict[tuple[str, str], Canary]
    protections: tuple[Protection, ...]

    def run(self, faults: FaultList, audit: int, *, grouped: bool = False) -> Campaign:
        """Carry out one campaign; its checkpoints are found again by model, inputs, faults, engine and version."""
        request = self.request
        key = ""
        if request.checkpoints is not None:
            key = jcs_digest({
                "faults": digest(faults), "data": {name: digest_of(rows) for name, rows in self.setting.inputs.items()},
                "options": {k: v for k, v in self.options.items() if k not in ("audit", "worst")}, "model": faults.model,
                "judge": repr(self.setting.judge), "code": code_digest(), "grouped": grouped,
                "versions": {k: str(v) for k, v in environment(1).items()},
            })  # fmt: skip
        stored = any(t.kind in STORED for t in faults.tensors)
        if self.protections and stored and not grouped:
            return through_storage(
                lambda left: self._conduct(left, audit, key), lab_of(self.setting), faults, self.protections
            )
        return self._conduct(faults, audit, key, grouped=grouped)

    def _conduct(self, faults: FaultList, audit: int, key: str, *, grouped: bool = False) -> Campaign:
        request = self.request
        means = Means(request.workers, request.cluster, request.checkpoints, key, self.progress)
        carry_out = conduct_groups if grouped else conduct
        return carry_out(
            self.setting,
            faults,
            engine=self.options["engine"],
            audit=audit,
            seed=request.seed,
            means=means,
            known=self.canaries,
        )


def runner_of(request: Request, options: dict[str, Any], setting: Setting, progress: Progress) -> _Runner:
    """Return what carries out the campaigns of a plan."""
    return _Runner(request, options, setting, progress, {}, from_metadata(metadata(setting.content)))


@cache
def code_digest() -> str:
    """Return the SHA-256 of the sources that decide what becomes of a fault: what other code found is not gone on with."""
    root = Path(__file__).parents[2]
    hashed = hashlib.sha256()
    for folder in ("injection", "generators", "compute"):
        for path in sorted((root / folder).rglob("*.py")):
            hashed.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()


def digest_of(rows: Array) -> str:
    """Return the SHA-256 of an array: its element type, shape and bytes."""
    head = f"{rows.dtype.str}{rows.shape}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(rows).data).hexdigest()


def design(request: Request, options: dict[str, Any], setting: Setting, lab: Lab, progress: Progress) -> Designed:
    """Choose the faults of a plan and carry its campaigns out.

    Raises:
        GeneratorProblem: The plan is ill-formed or has no fault.
        InjectionProblem: The faults do not fit the model, or no engine takes them.
    """
    runner = runner_of(request, options, setting, progress)
    if options["fault_list"] is not None:
        _refuse_void(options)
        part = _given(runner, lab, request.base / options["fault_list"], request.confidence)
        said = f"The faults were given by {options['fault_list']}, not drawn: the rates are of this list and of nothing else."
        return Designed((part,), None, {}, said, bool(runner.protections))
    targets = select(lab.network, options)
    amounts = options["amounts"] or [options["amount"]]
    if options["mode"] == "critical_bits":
        recipe = recipe_of(lab.network, targets, options, lab.samples, request.seed, 1, request.base)
        found = search_critical(runner.run, lab, recipe, options["audit"], options["checks"], request.confidence)
        last = found.campaigns[-1]
        return Designed(
            (Part(1, trials_of([last], "simple", request.confidence), (last,)),),
            found,
            {},
            population_of(lab.network, recipe, options),
            bool(runner.protections),
        )
    made = []
    left: dict[str, str] = {}
    for amount in amounts:
        recipe = recipe_of(lab.network, targets, options, lab.samples, request.seed, amount, request.base)
        left |= left_out(recipe)
        size = size_of(options, recipe, lab.samples, request.confidence, MOST)
        made.append(_amount(runner, lab, recipe, amount, size.count, -(-options["audit"] // len(amounts))))
    said = population_of(lab.network, recipe, options) + size.said
    return Designed(tuple(made), None, left, said, bool(runner.protections))


def _amount(runner: _Runner, lab: Lab, recipe: Recipe, amount: float, count: int | None, audit: int) -> Part:
    options, confidence = runner.options, runner.request.confidence
    if options["mode"] in GROUPED:
        return _groups(runner, lab, recipe, amount, count, audit)
    every = options["inputs_per_fault"] == "all"
    if count is None:
        return _everything(runner, lab, recipe, amount, audit)
    if options["interval"] is not None or options["allocation"] != "simple":
        if recipe.fault.kind == "rowhammer":
            raise GeneratorProblem(
                "fault=rowhammer goes through its profile and draws nothing, so that there is nothing to stratify or to stop early",
                "Drop interval and allocation.",
            )
        from casework.generators.fault_injection.stages import staged

        return staged(runner.run, recipe, amount, count, audit, options, confidence)
    faults = generate(recipe, range(count))
    _bounded(faults, lab.samples)
    campaign = runner.run(faults, audit)
    how: Design = "cluster" if every else "simple"
    if recipe.fault.kind == "rowhammer":
        how = "given"  # bits of a profile in its order, each on every input: nothing was drawn
    return Part(amount, trials_of([campaign], how, confidence), (campaign,))


def _groups(runner: _Runner, lab: Lab, recipe: Recipe, amount: float, count: int | None, audit: int) -> Part:
    """Put in faults that strike one inference together."""
    options = runner.options
    if runner.protections:
        raise GeneratorProblem(
            f"the model's storage is protected, and what protection does to faults of mode={options['mode']} is not computed",
            "Use mode=single, layer_states or layer_outputs.",
        )
    if count is None or options["allocation"] != "simple" or options["interval"] is not None:
        raise GeneratorProblem(
            f"mode={options['mode']} draws its faults alike, so many as are named",
            "Give faults a number, and drop allocation and interval.",
        )
    operators = tuple(lab.network.target(t.name).operator for t in recipe.tensors)
    mode = GROUPED[options["mode"]]
    whole = amount if mode == "amount" else 1
    plain = replace(recipe, fault=replace(recipe.fault, amount=1)) if mode == "amount" else recipe
    plan = GroupRecipe(plain, mode, options["rate"], options["rate_of"], int(whole), operators)
    faults = generate_groups(plan, range(count))
    campaign = runner.run(faults, audit, grouped=True)
    how: Design = "simple" if recipe.samples else "cluster"
    return Part(amount, trials_of([campaign], how, runner.request.confidence), (campaign,))


def _everything(runner: _Runner, lab: Lab, recipe: Recipe, amount: float, audit: int) -> Part:
    """Put in every fault there is, each for every input."""
    recipe = replace(recipe, samples=0)
    count = population(recipe)
    if count > MOST:
        raise GeneratorProblem(
            f"there are {count} faults, and {MOST} can be held",
            "Name fewer tensors or bits, or give a number of faults to draw.",
        )
    if count * lab.samples > MOST_ROWS:
        raise GeneratorProblem(
            f"{count} faults on {lab.samples} inputs are {count * lab.samples} injected predictions, and {MOST_ROWS} can be held",
            "Name fewer tensors or bits, or use fewer inputs (option inputs).",
        )
    faults = concat([part for i in range(len(recipe.tensors)) for part in exhaustive(recipe, i)])
    campaign = runner.run(faults, audit)
    return Part(amount, trials_of([campaign], "exhaustive", runner.request.confidence), (campaign,))


_DRAWING: Final = (
    "target", "tensors", "operators", "fault", "bits", "field", "amount", "percent", "flips", "amounts", "value", "low", "high",
    "pages", "mode", "rate", "rate_of", "faults", "interval", "allocation", "unit", "pilot", "inputs_per_fault", "checks",
)  # fmt: skip
"""Options that say what is drawn, and so nothing where a list is given."""


def _refuse_void(options: dict[str, Any]) -> None:
    """Refuse options that have no say beside a list: the record would hold them as if they had."""
    defaults = {spec.name: spec.default for spec in OPTIONS}
    void = [name for name in _DRAWING if name in defaults and options[name] != defaults[name]]
    if void:
        raise GeneratorProblem(
            f"option {void[0]} says what is drawn, and nothing is drawn where fault_list={options['fault_list']} gives the faults",
            f"Drop {', '.join(void)}, or drop fault_list.",
        )


def _given(runner: _Runner, lab: Lab, path: Path, confidence: float) -> Part:
    """Put in the faults of a list that was written before: its rates are of this list, so that they have no interval."""
    try:
        held = read(path)
    except OSError as error:
        raise GeneratorProblem(
            f"the fault list {path} cannot be read: {error.strerror or error}", "Name a .jsonl or .parquet file."
        ) from error
    faults = check(held, lab.network.targets, lab.samples, lab.network.sha256, str(path))
    grouped = shares_groups(faults)
    if not len(faults) or (not grouped and bool((np.diff(faults.starts) == 0).any())):
        raise GeneratorProblem(f"{path} holds no fault, or one without an index", "Give each fault at least one index.")
    _bounded(faults, lab.samples)
    campaign = runner.run(faults, runner.options["audit"], grouped=grouped)
    return Part(1, trials_of([campaign], "given", confidence), (campaign,))


def _bounded(faults: FaultList, samples: int) -> None:
    """Refuse a campaign of more predictions than can be held.

    Raises:
        GeneratorProblem: It is one.
    """
    every = int((faults.sample == EVERY_SAMPLE).sum())
    rows = len(faults) + every * (samples - 1)
    if rows > MOST_ROWS:
        raise GeneratorProblem(
            f"{len(faults)} faults on up to {samples} inputs are {rows} injected predictions, and {MOST_ROWS} can be held",
            "Use fewer faults, or fewer inputs (options faults and inputs), or inputs_per_fault=1.",
        )


def trials_of(
    campaigns: Sequence[Campaign], how: Design, confidence: float, stratum: Array = _NONE, weights: Array = _NONE
) -> Trials:
    """Return what became of the faults of one or several runs, as one.

    Args:
        campaigns: The runs.
        how: How the faults were chosen.
        confidence: Two-sided.
        stratum: int64 [F]: of each fault of all runs.
        weights: float64 [H].
    """
    if len(campaigns) == 1:
        one = campaigns[0]
        return Trials(one.faults, one.fault, one.sample, one.flags, how, stratum, weights, confidence)
    before = np.cumsum([0, *(len(c.faults) for c in campaigns)])
    return Trials(
        concat([c.faults for c in campaigns]),
        np.concatenate([c.fault + first for c, first in zip(campaigns, before[:-1], strict=True)]),
        np.concatenate([c.sample for c in campaigns]), np.concatenate([c.flags for c in campaigns]), how, stratum, weights, confidence,
    )  # fmt: skip
