"""Where faults are put in: a prepared model, its golden run, a judge and the engines, made once a process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from numpy.typing import NDArray

from casework.injection.engines.protocol import Engine, EngineFactory, Judge
from casework.injection.problem import InjectionProblem

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network

Array = NDArray[Any]


class JudgeMaker(Protocol):
    """Makes the judge of a campaign from its golden outputs; picklable, so that every process makes the same."""

    def __call__(self, outputs: Mapping[str, Array]) -> Judge:
        """Return the judge.

        Args:
            outputs: Golden outputs by name, each [N, ...], in the order of the graph.
        """


@dataclass(frozen=True, slots=True)
class Setting:
    """What every process of a campaign needs, sent once.

    Attributes:
        content: The model file, weights and all.
        name: Of the model, for people.
        inputs: By graph input, each [N, ...].
        judge: Makes the judge.
    """

    content: bytes
    name: str
    inputs: Mapping[str, Array]
    judge: JudgeMaker


@dataclass(slots=True)
class Lab:
    """A process's own workplace.

    Attributes:
        network: The prepared model.
        golden: Its golden run on the inputs.
        judge: The judge.
    """

    network: Network
    golden: Golden
    judge: Judge
    _engines: dict[str, Engine] = field(default_factory=dict)

    def engine(self, name: str) -> Engine:
        """Return an engine by name, made when first asked for. Raises KeyError for an unknown name."""
        if name not in self._engines:
            self._engines[name] = _factory(name)(self.network, self.golden)
        return self._engines[name]

    @property
    def samples(self) -> int:
        """Number of inputs."""
        return int(self.golden.samples)


def open_lab(setting: Setting) -> Lab:
    """Prepare the model and run it without faults.

    Raises:
        InjectionProblem: The model cannot be prepared, is not deterministic, or does not take the inputs.
    """
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import prepare

    network = prepare(setting.content, setting.name, inputs=setting.inputs)
    for port in network.outputs:
        if port.layout is None or port.layout.axis > 0:
            raise InjectionProblem(
                f"output {port.name} of {setting.name} does not hold a sample in each row: "
                + (
                    "it is the same for all"
                    if port.layout is None
                    else f"samples follow each other on axis {port.layout.axis}"
                ),
                "Export the model with outputs whose first axis is the batch.",
            )
    golden = Golden(network, dict(setting.inputs))
    names = [output.name for output in network.outputs]
    return Lab(network, golden, setting.judge(dict(zip(names, golden.outputs, strict=True))))


_LABS: dict[int, tuple[Setting, Lab]] = {}


def lab_of(setting: Setting) -> Lab:
    """Return this process's lab for a setting; only the latest is kept."""
    held = _LABS.get(id(setting))
    if held is None or held[0] is not setting:
        _LABS.clear()
        held = _LABS[id(setting)] = (setting, open_lab(setting))
    return held[1]


ORDER: Final[Mapping[bool, Sequence[str]]] = {
    True: ("channel", "promoted", "rebuild"),
    False: ("patch", "suffix", "rebuild"),
}
"""Engines in the order in which the planner asks them, for what is stored (True) and for what an inference computes (False)."""


_ENGINES: Final[Mapping[str, tuple[str, str]]] = {
    "channel": ("casework.injection.engines.channel", "ChannelEngine"),
    "patch": ("casework.injection.engines.patch", "PatchEngine"),
    "promoted": ("casework.injection.engines.promoted", "PromotedEngine"),
    "rebuild": ("casework.injection.engines.rebuild", "RebuildEngine"),
    "rebuild-groups": ("casework.injection.engines.grouped.rebuild_groups", "RebuildGroupsEngine"),
    "segments": ("casework.injection.engines.segments", "SegmentsEngine"),
    "sparse-xor": ("casework.injection.engines.sparse_xor", "SparseXorEngine"),
    "suffix": ("casework.injection.engines.suffix", "SuffixEngine"),
}
"""Name to the module and class of an engine, imported when it is first asked for."""


def _factory(name: str) -> EngineFactory:
    module, kind = _ENGINES[name]
    return cast(EngineFactory, getattr(importlib.import_module(module), kind))


def unknown_engine(name: str) -> InjectionProblem:
    """Return the problem of an engine's name that is none."""
    return InjectionProblem(f"there is no engine {name!r}", f"Use one of: {', '.join(sorted(_ENGINES))}.")
