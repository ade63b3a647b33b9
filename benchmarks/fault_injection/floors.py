"""What campaigns are compared with: fault-free predictions, and what anyone would write first."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

BATCHES = (1, 4, 8, 16, 32, 64, 128, 256)


def session(content: bytes | str) -> Any:
    """Open a session as a user deploys it: default optimisations, one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def milliseconds(call: Callable[[], object], seconds: float) -> dict[str, float]:
    """Return minimum and median of the process CPU milliseconds of a call, over blocks of at least 5 ms."""
    call()
    start = time.process_time()
    call()
    repeat = max(1, int(0.005 / max(time.process_time() - start, 1e-7)))
    found: list[float] = []
    spent = 0.0
    while len(found) < 5 or (spent < seconds and len(found) < 10_000):
        start = time.process_time()
        for _ in range(repeat):
            call()
        took = time.process_time() - start
        found.append(took * 1e3 / repeat)
        spent += took
        if spent > 10 * seconds:
            break
    return {"min": min(found), "median": statistics.median(found)}


def clean(model: Path, inputs: NDArray[np.float32], seconds: float) -> dict[str, Any]:
    """Time fault-free predictions one at a time and in batches; `best` is the least median an input of all batches."""
    opened = session(str(model))
    name = opened.get_inputs()[0].name
    found: dict[int, dict[str, float]] = {}
    for batch in BATCHES:
        feed = {name: np.resize(inputs, (batch, *inputs.shape[1:]))}
        one = milliseconds(lambda feed=feed: opened.run(None, feed), seconds / len(BATCHES))
        found[batch] = {key: value / batch for key, value in one.items()}
        if one["median"] > 1_500:
            break
    best = min(found, key=lambda batch: found[batch]["median"])
    return {"batch1": found[1], "best_batch": best, "best": found[best], "all": found}


def naive(model: Path, inputs: NDArray[np.float32], faults: int, seed: int) -> dict[str, float]:
    """Time the way that needs no tool: flip a bit of a stored weight in the model, open a session, predict; for each fault anew.

    The graph is edited in place and written by protobuf each time, as changing a weight file takes; nothing is folded or reused.
    """
    proto = onnx.load(str(model))
    weights = [one for one in proto.graph.initializer if one.data_type == onnx.TensorProto.FLOAT and one.raw_data]
    rng = np.random.default_rng(seed)
    name = proto.graph.input[0].name
    taken = []
    for _ in range(faults):
        start = time.process_time()
        tensor = weights[int(rng.integers(len(weights)))]
        values = np.frombuffer(tensor.raw_data, np.uint32).copy()
        place = int(rng.integers(len(values)))
        values[place] ^= np.uint32(1) << np.uint32(rng.integers(32))
        kept, tensor.raw_data = tensor.raw_data, values.tobytes()
        session(proto.SerializeToString()).run(None, {name: inputs[:1]})
        tensor.raw_data = kept
        taken.append((time.process_time() - start) * 1e3)
    return {"min": min(taken), "median": statistics.median(taken)}
