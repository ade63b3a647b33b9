"""What a Dask worker keeps of a task: its context, by the name of the task."""

from __future__ import annotations

import pickle
from typing import Any

from distributed import WorkerPlugin

_packed: dict[str, bytes] = {}
_contexts: dict[str, Any] = {}


class ContextPlugin(WorkerPlugin):
    """Brings a context to a worker; Dask sets it up on workers that come later too."""

    def __init__(self, token: str, data: bytes) -> None:
        self.name = token
        self.data = data

    def setup(self, worker: Any) -> None:
        """Keep the bytes; they are read when the first shard needs them."""
        _packed[self.name] = self.data

    def teardown(self, worker: Any) -> None:
        """Forget them."""
        _packed.pop(self.name, None)
        _contexts.pop(self.name, None)


def load(token: str) -> Any:
    """Return the context of a task, read once in each worker.

    Raises:
        RuntimeError: The worker was never given it.
    """
    if token not in _contexts:
        if token not in _packed:
            raise RuntimeError(f"this worker was not given the context {token}")
        _contexts[token] = pickle.loads(_packed[token])  # noqa: S301 - from the client that this worker serves
    return _contexts[token]
