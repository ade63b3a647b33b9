"""The form in which a model runs: batch axis free or not, level of rewriting; settled by trying on samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.network.folding import folded, freed, with_constants
from casework.injection.network.layouts import Layout, measured, same_bits
from casework.injection.network.listing import carriers
from casework.injection.network.obstacles import refuse_outputs, refuse_shifting, refused_fix
from casework.injection.network.ports import Port
from casework.injection.network.sessions import Level, Stopped, open_session, refusals
from casework.injection.network.wiring import HEAVY, exposed, handed, lightened
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

TRIED: Final = 3
"""Samples that a form is tried on."""

_LOWER: Final[dict[str, tuple[Level, ...]]] = {"extended": ("basic", "none"), "basic": ("none",), "none": ()}


@dataclass(frozen=True, slots=True)
class Form:
    """A graph and how it is run."""

    proto: Any
    level: Level
    batch: int


@dataclass(slots=True)
class Settled:
    """What `settle` found; attributes as in `Network`."""

    proto: Any
    level: Level
    batch: int
    reason: str
    inputs: tuple[Port, ...] = ()
    constants: dict[str, Array] = field(default_factory=dict)
    outputs: tuple[Port, ...] = ()
    layouts: dict[str, Layout | None] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """An input as planned: its batch axis (None: none), its sizes, its type and the samples tried, [TRIED, ...] or whole."""

    name: str
    dtype: Any
    axis: int | None
    sizes: tuple[int, ...]
    samples: Array

    def one(self, sample: int) -> Array:
        """Return the input for one sample."""
        return self.samples if self.axis is None else np.expand_dims(self.samples[sample], self.axis)

    def all(self) -> Array:
        """Return the input for all samples in one batch."""
        return self.samples if self.axis is None else np.ascontiguousarray(np.moveaxis(self.samples, 0, self.axis))


def settle(proto: Any, name: str, level: Level, inputs: Mapping[str, Array] | None) -> Settled:
    """Return the best form of a cleaned model: samples together if that gives the bits of one at a time, at the highest level.

    Raises:
        InjectionProblem: It cannot be loaded or run, or is not deterministic.
    """
    refuse_outputs(proto, name)
    feeds = plan(proto, name, inputs)
    constants: dict[str, Array] = {}
    if inputs is not None and any(feed.axis is not None for feed in feeds):
        constants = {feed.name: feed.samples for feed in feeds if feed.axis is None}
        feeds = tuple(feed for feed in feeds if feed.axis is not None)
        proto = with_constants(proto, constants)
    refused: _Refusal | None = None
    for source, batch in _sources(proto, feeds):
        if not batch and refused is not None and refused.kind == "batch":
            continue  # other ways to free the batch axis run the same kernels
        found = _settled(source, batch, name, level, feeds)
        if isinstance(found, Settled):
            found.reason = refused.reason if refused is not None and batch else ""
            found.constants = constants
            return found
        refused = refused or found
    raise InjectionProblem(
        f"{name} cannot be run for injection: {refused.reason if refused else 'it has no inputs'}",
        refused_fix(proto),
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a form will not do: it does not run; reading tensors changes outputs; a batch gives other bits than one at a time."""

    kind: Literal["run", "reading", "batch"]
    reason: str


def _sources(proto: Any, feeds: Sequence[Feed]) -> Iterator[tuple[Any, int]]:
    """Yield the graph with its batch axis made free in some ways, then for one sample at a time; with 0 or 1 as in `Network.batch`."""
    axes = {feed.name: feed.axis for feed in feeds}
    sizes = {feed.name: feed.sizes for feed in feeds}
    if any(axis is not None for axis in axes.values()):
        yield freed(proto, axes, sizes, reshapes=False), 0
        yield freed(proto, axes, sizes, reshapes=True), 0
        yield freed(proto, axes, {}, reshapes=False), 0
    yield freed(proto, {}, sizes, reshapes=False), 1
    yield freed(proto, {}, {}, reshapes=False), 1


def _settled(source: Any, batch: int, name: str, level: Level, feeds: Sequence[Feed]) -> Settled | _Refusal:
    refused: _Refusal | None = None
    try:
        for form in _forms(source, batch, level):
            found = _tried(form, feeds, name)
            if isinstance(found, Settled):
                return found
            refused = refused or found
            if found.kind != "reading":
                return found
    except InjectionProblem as problem:
        if not isinstance(problem, Stopped):
            raise
        return _Refusal("run", _first_line(problem))
    except refusals() as error:
        return _Refusal("run", _first_line(error))
    return refused or _Refusal("run", "it runs on no level")


def _forms(source: Any, batch: int, level: Level) -> Iterator[Form]:
    """Yield ways to run a graph, the best first."""
    quantised = any(node.op_type in ("QuantizeLinear", "DequantizeLinear") for node in source.graph.node)
    basic = folded(source, "basic" if level != "none" else "none")
    # Quantise-dequantise pairs are computed in integers by a deployed session; so they are here, and only what such a session
    # holds in memory is hit: the rewritten graph is the one that is cut, and it is not rewritten again.
    if not (level == "extended" and quantised):
        yield Form(basic, level, batch)
    if level == "extended":
        yield Form(folded(source, "extended"), "none", batch)
    for lower in _LOWER[level]:
        yield Form(basic, lower, batch)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["it does not run"])[0][:200]


def _tried(form: Form, feeds: Sequence[Feed], name: str) -> Settled | _Refusal:
    """Return what a form shows when run, or why it will not do."""
    names = [output for node in form.proto.graph.node for output in node.output if output]
    own = [value.name for value in form.proto.graph.output]
    light = lightened(form.proto, HEAVY)
    held = _heavy(form.proto, light)
    plain = open_session(light.SerializeToString(), level=form.level, held=held)
    golden = [_by_name(plain, own, _one(feeds, sample)) for sample in range(TRIED)]
    if not _same(golden[0], _by_name(plain, own, _one(feeds, 0))):
        raise InjectionProblem(
            f"{name} is not deterministic: two runs on the same input differ",
            "Export it without random operators (evaluation mode).",
        )
    together = None if form.batch else _by_name(plain, own, {feed.name: feed.all() for feed in feeds})
    del plain
    whole = open_session(exposed(light, names), level=form.level, held=held)
    wanted = list(dict.fromkeys([*own, *names]))
    singles = [_by_name(whole, wanted, _one(feeds, sample)) for sample in range(TRIED)]
    refuse_shifting(form.proto, whole, own, name)
    batch = singles[0] if together is None else _by_name(whole, wanted, {feed.name: feed.all() for feed in feeds})
    if any(not _same(golden[k], {n: singles[k][n] for n in own}) for k in range(TRIED)):
        return _Refusal("reading", "reading its tensors changes its outputs")
    if together is not None and not _same(together, {n: batch[n] for n in own}):
        return _Refusal("reading", "reading its tensors changes its outputs")
    return _measured(form, feeds, own, singles, batch)


def _heavy(proto: Any, light: Any) -> dict[str, Any]:
    """Return the initialisers that a lightened graph declares external, as sessions take them."""
    import onnxruntime
    from onnx import numpy_helper

    names = set(handed(light))
    values = {value.name: numpy_helper.to_array(value) for value in proto.graph.initializer if value.name in names}
    return {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(np.array(value, order="C")) for name, value in values.items()
    }


def _measured(
    form: Form, feeds: Sequence[Feed], own: list[str], singles: list[dict[str, Any]], batch: dict[str, Any]
) -> Settled | _Refusal:
    carrying = carriers(form.proto.graph)
    found = Settled(form.proto, form.level, form.batch, "")
    for name in batch:
        values = [single[name] for single in singles]
        if not all(isinstance(value, np.ndarray) for value in values):
            found.broken[name] = "it is no tensor"
            continue
        found.dtypes[name] = values[0].dtype.name
        _lay(found, name, values, batch[name], carries=name in carrying, own=name in own)
    for feed in feeds:
        found.dtypes[feed.name] = np.dtype(feed.dtype).name
        found.layouts[feed.name] = None if feed.axis is None else Layout(feed.axis, 1, feed.samples.shape[1:])
    faulty = [name for name in own if name in found.broken or (name in carrying and found.layouts.get(name) is None)]
    if faulty:
        return _Refusal("batch", f"output {faulty[0]}: {found.broken.get(faulty[0], 'it has no batch axis')}")
    found.inputs = tuple(
        Port(feed.name, found.dtypes[feed.name], found.layouts[feed.name], feed.samples.shape[feed.axis is not None :])
        for feed in feeds
    )
    found.outputs = tuple(_output(name, found.dtypes[name], found.layouts[name], batch[name].shape) for name in own)
    _declare(form.proto, singles[0], found.layouts)
    return found


def _output(name: str, dtype: str, inside: Layout | None, whole: tuple[int, ...]) -> Port:
    shape = whole if inside is None else inside.shape
    return Port(name, dtype, Layout(0, 1, shape), shape, inside)


def _declare(proto: Any, single: Mapping[str, Array], layouts: Mapping[str, Layout | None]) -> None:
    """Write the shapes of the outputs into the graph, as they were seen."""
    for value in proto.graph.output:
        layout = layouts[value.name]
        value.type.tensor_type.shape.Clear()
        for axis, size in enumerate(single[value.name].shape):
            if layout is not None and axis == layout.axis:
                value.type.tensor_type.shape.dim.add()
            else:
                value.type.tensor_type.shape.dim.add(dim_value=size)
        value.type.tensor_type.shape.SetInParent()


def _lay(found: Settled, name: str, values: list[Array], batch: Array, *, carries: bool, own: bool) -> None:
    """Note how a tensor holds samples. An output that grows with the batch holds some, whatever it is computed from."""
    if found.batch:
        if not carries:
            found.layouts[name] = None
        elif any(value.shape != values[0].shape for value in values):
            found.broken[name] = "its shape depends on the values of the input"
        else:
            shape = values[0].shape
            found.layouts[name] = Layout(0, 1, shape[1:]) if shape[:1] == (1,) else Layout(-1, 1, shape)
        return
    layout = measured(values, batch)
    if isinstance(layout, Layout):
        found.layouts[name] = layout if carries or own else None
    elif not (carries or own) or all(same_bits(value, batch) for value in values):
        found.layouts[name] = None
    else:
        found.broken[name] = layout
        found.shapes[name] = values[0].shape


def _one(feeds: Sequence[Feed], sample: int) -> dict[str, Array]:
    return {feed.name: feed.one(sample) for feed in feeds}


def _by_name(session: Any, names: list[str], feed: Mapping[str, Array]) -> dict[str, Any]:
    return dict(zip(names, session.run(names, dict(feed)), strict=True))


def _same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return all(isinstance(v, np.ndarray) and same_bits(v, right[k]) for k, v in left.items())


def plan(proto: Any, name: str, inputs: Mapping[str, Array] | None) -> tuple[Feed, ...]:
    """Return how each input is fed while a form is tried.

    Raises:
        InjectionProblem: Sizes are open and no samples are given, or the samples do not fit the inputs.
    """
    feeds: list[Feed] = []
    batch_name = ""
    generator = np.random.Generator(np.random.Philox(20_240_229))
    for value in proto.graph.input:
        dtype, dims = _declared(value, name)
        if inputs is None:
            axis = _guessed_axis(dims, batch_name)
            feed = _random_feed(value.name, dtype, dims, axis, generator, name)
        elif value.name not in inputs:
            raise InjectionProblem(
                f"{name} has an input {value.name} that is not given",
                f"Its inputs are: {', '.join(v.name for v in proto.graph.input)}.",
            )
        else:
            feed = _given_feed(value.name, dtype, dims, np.asarray(inputs[value.name]), batch_name, name)
        if feed.axis is not None and isinstance(dims[feed.axis], str):
            batch_name = batch_name or str(dims[feed.axis])
        feeds.append(feed)
    if not feeds:
        raise InjectionProblem(f"{name} has no inputs", "Give a model that computes something from an input.")
    return tuple(feeds)


def _declared(value: Any, name: str) -> tuple[Any, list[int | str]]:
    """Return type and sizes of an input; open sizes by their name, `?` where they have none."""
    from onnx import helper

    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or tensor.elem_type in (0, 8):
        raise InjectionProblem(
            f"input {value.name} of {name} is no tensor of numbers", "Give a model that takes tensors of numbers."
        )
    dims: list[int | str] = [
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else d.dim_param or "?" for d in tensor.shape.dim
    ]
    return helper.tensor_dtype_to_np_dtype(tensor.elem_type), dims


def _guessed_axis(dims: list[int | str], batch_name: str) -> int | None:
    if batch_name and batch_name in dims:
        return dims.index(batch_name)
    return 0 if dims and (isinstance(dims[0], str) or dims[0] == 1) else None


def _random_feed(name: str, dtype: Any, dims: list[int | str], axis: int | None, generator: Any, model: str) -> Feed:
    open_ = [d for k, d in enumerate(dims) if isinstance(d, str) and k != axis]
    if open_:
        raise InjectionProblem(
            f"input {name} of {model} leaves sizes open: {dims}",
            "Give inputs, whose sizes are then taken, or export the model with fixed sizes.",
        )
    sizes = tuple(1 if k == axis else int(d) for k, d in enumerate(dims))
    shape = (TRIED, *(size for k, size in enumerate(sizes) if k != axis)) if axis is not None else sizes
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        samples = generator.integers(0, 2, shape).astype(kind)
    elif kind.kind == "b":
        samples = generator.integers(0, 2, shape).astype(np.bool_)
    else:
        samples = generator.random(shape).astype(kind)
    return Feed(name, dtype, axis, sizes, samples)


def _given_feed(name: str, dtype: Any, dims: list[int | str], given: Array, batch_name: str, model: str) -> Feed:
    if given.dtype != np.dtype(dtype):
        raise InjectionProblem(
            f"input {name} of {model} takes {np.dtype(dtype).name}, and the data are {given.dtype.name}",
            f"Convert the data to {np.dtype(dtype).name}.",
        )
    axes = [
        k
        for k in range(len(dims))
        if given.ndim == len(dims) and _agrees([d for j, d in enumerate(dims) if j != k], given.shape[1:])
    ]
    # A batch axis is one that is open, or holds one; the one that other inputs name so, and else the first.
    axes = [k for k in axes if isinstance(dims[k], str) or dims[k] in (1, len(given))]
    named = [k for k in axes if batch_name and dims[k] == batch_name]
    chosen = (named or axes)[:1]
    if (
        chosen
        and len(given)
        and not (batch_name and not named and dims[chosen[0]] != "?" and _agrees(dims, given.shape) and len(given) == 1)
    ):
        axis = chosen[0]
        samples = _samples(given)
        return Feed(name, dtype, axis, (*samples.shape[1 : axis + 1], 1, *samples.shape[axis + 1 :]), samples)
    if _agrees(dims, given.shape):
        return Feed(name, dtype, None, given.shape, given)
    raise InjectionProblem(
        f"input {name} of {model} takes {dims}, and the data have the shape {list(given.shape)}",
        "Give [samples, ...] with the sizes of the input behind.",
    )


def _agrees(dims: Sequence[int | str], shape: Sequence[int]) -> bool:
    return len(dims) == len(shape) and all(isinstance(d, str) or d == s for d, s in zip(dims, shape, strict=True))


def _samples(given: Array) -> Array:
    """Return as many samples as are tried, all different where there are several; the last ones mirrored where there are too few."""
    rows = [given[k % len(given)] for k in range(TRIED)]
    for k in range(len(given), TRIED):
        flat = rows[k].reshape(-1)
        rows[k] = (flat[::-1] if k % 2 else np.roll(flat, 1)).reshape(rows[k].shape)
    return np.ascontiguousarray(np.stack(rows))
