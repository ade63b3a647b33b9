"""Sessions of onnxruntime that give the same bits every time, and a bounded store of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, Literal

from casework.injection.problem import InjectionProblem

Level = Literal["none", "basic", "extended", "all"]

LEVELS: Final[dict[str, str]] = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}


def open_session(
    content: bytes,
    *,
    level: Level = "extended",
    overrides: Mapping[str, Any] | None = None,
    held: Mapping[str, Any] | None = None,
    prepacking: bool = True,
    saved: str = "",
) -> Any:
    """Return a session of one thread on the CPU, sequential, with deterministic kernels.

    Args:
        content: Model.
        level: How far onnxruntime may rewrite the graph. Never `all` for what is compared bit by bit: its NCHWc kernels round
            differently from the others.
        overrides: Values (OrtValue) for initialisers, not copied: they must outlive the session, and a change in place is seen
            by it where no rewriting made a copy.
        held: Values (OrtValue) of initialisers that the model declares as external; they must outlive the session.
        prepacking: False keeps the weights of Gemm and MatMul as they lie in memory, which rounds differently beyond K = 512.
        saved: Where to write the rewritten graph, if anywhere.

    Raises:
        Exception: As onnxruntime raises; see `refusals`.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4
    settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, LEVELS[level])
    if not prepacking:
        settings.add_session_config_entry("session.disable_prepacking", "1")
    for name, value in (overrides or {}).items():
        settings.add_initializer(name, value)
    if held:
        settings.add_external_initializers(list(held), list(held.values()))
    if saved:
        settings.optimized_model_filepath = saved
    return _session_type()(content, settings, providers=["CPUExecutionProvider"])


class Stopped(InjectionProblem, RuntimeError):  # noqa: N818 - as InjectionProblem
    """The runtime ended an inference with an error. A RuntimeError too, so that it is one of `refusals`."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix or _HITTABLE)


_HITTABLE: Final = "A fault can make an index or a size one that no operator takes; name tensors where it cannot: option tensors=NAME;NAME."


@lru_cache(maxsize=1)
def _session_type() -> Any:
    """Return sessions that raise `Stopped` where a run ends with an error."""
    import onnxruntime

    stops: tuple[type[Exception], ...] = (*runtime_refusals(), RuntimeError)

    class Session(onnxruntime.InferenceSession):  # type: ignore[misc]
        def run(self, output_names: Any, input_feed: Any, run_options: Any = None) -> Any:
            try:
                return super().run(output_names, input_feed, run_options)
            except stops as error:
                raise Stopped(_told(error)) from error

        def run_with_iobinding(self, iobinding: Any, run_options: Any = None) -> None:
            try:
                super().run_with_iobinding(iobinding, run_options)
            except stops as error:
                raise Stopped(_told(error)) from error

    return Session


def _told(error: Exception) -> str:
    return (
        f"onnxruntime ended an inference with an error: {(str(error).strip().splitlines() or ['no reason given'])[0]}"
    )


def deployed_session(content: bytes) -> Any:
    """Return the session that an application would open: all rewriting, one thread."""
    return open_session(content, level="all")


def runtime_refusals() -> tuple[type[Exception], ...]:
    """Return the exceptions by which onnxruntime says that it cannot load or run a model."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException", "EPFail",
        "NoSuchFile", "NoModel", "ModelLoaded",
    )  # fmt: skip
    return tuple(getattr(state, name) for name in names if hasattr(state, name))


def refusals() -> tuple[type[Exception], ...]:
    """Return `runtime_refusals`, and what Python's side of onnxruntime raises for inputs that do not fit."""
    return (*runtime_refusals(), RuntimeError, ValueError)


@contextmanager
def refused_as(message: str, fix: str) -> Iterator[None]:
    """Turn what onnxruntime raises into an `InjectionProblem`."""
    try:
        yield
    except refusals() as error:
        cause = error.__cause__ if isinstance(error, Stopped) and isinstance(error.__cause__, Exception) else error
        reason = (str(cause).strip().splitlines() or ["no reason given"])[0]
        raise InjectionProblem(f"{message}: {reason}", fix) from error


class Sessions:
    """The sessions used last, up to a number; a session holds a copy of its weights."""

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._held: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what is held under a key, made now where it is not."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = make()
        self._held[key] = made
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return made
