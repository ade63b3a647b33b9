"""Inputs and outputs of a graph, and samples brought into the form that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.network.layouts import Layout
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the graph.

    Attributes:
        name: Its name.
        dtype: numpy name of its element type.
        layout: How samples lie in what is handed over: by an input, as the graph takes it (None: it is the same for all samples); by
            an output, after `rows`: always in rows.
        shape: Of one sample; whole where it is the same for all.
        inside: Of an output: how the graph holds samples in it; None: it holds none, and is the same for all.
    """

    name: str
    dtype: str
    layout: Layout | None
    shape: tuple[int, ...]
    inside: Layout | None = None

    def rows(self, value: Array, count: int) -> Array:
        """Return an output of the graph for `count` samples as [count, *shape]; one that is the same for all is repeated."""
        if self.inside is None:
            return np.repeat(value[None], count, 0)
        return self.inside.to_rows(value)


def fitted(ports: tuple[Port, ...], inputs: Mapping[str, Array], model: str) -> tuple[dict[str, Array], int]:
    """Return inputs checked, rows first and contiguous, and the number of samples.

    Raises:
        InjectionProblem: An input is missing or unknown, or is of another type or shape than the graph takes.
    """
    names = [port.name for port in ports]
    unknown = sorted(set(inputs) - set(names))
    missing = sorted(set(names) - set(inputs))
    if unknown or missing:
        told = f"no input {', '.join(unknown)}" if unknown else f"an input {', '.join(missing)} that is not given"
        raise InjectionProblem(f"{model} has {told}", f"Its inputs are: {', '.join(names)}.")
    counts: dict[str, int] = {}
    made: dict[str, Array] = {}
    for port in ports:
        given = np.asarray(inputs[port.name])
        if given.dtype.name != port.dtype:
            raise InjectionProblem(
                f"input {port.name} of {model} takes {port.dtype}, and the data are {given.dtype.name}",
                f"Convert the data to {port.dtype}.",
            )
        made[port.name] = _fitted(port, given, model)
        if port.layout is not None:
            counts[port.name] = len(made[port.name])
    samples = set(counts.values())
    if len(samples) != 1 or 0 in samples:
        raise InjectionProblem(
            f"the inputs of {model} hold {counts or 'no'} samples", "Give as many samples for each, at least one."
        )
    return made, samples.pop()


def _fitted(port: Port, given: Array, model: str) -> Array:
    if port.layout is not None and given.shape[1:] == port.shape:
        return np.ascontiguousarray(given)
    if port.layout is None and given.shape == port.shape:
        return given
    if port.layout is None and given.shape[1:] == port.shape and len(given) and (given == given[:1]).all():
        return np.ascontiguousarray(given[0])
    wanted = f"[samples, {', '.join(map(str, port.shape))}]" if port.layout is not None else str(list(port.shape))
    raise InjectionProblem(
        f"input {port.name} of {model} takes {wanted}, and the data have the shape {list(given.shape)}",
        "Bring the data into this shape.",
    )
