"""What the scripts of all peers share: which models, how a figure is taken, how it is written."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]

BATCHES = {
    "mlp": (1, 64, 512),
    "lenet": (1, 16, 64, 256),
    "resnet18": (1, 8, 32),
    "resnet50": (1, 4, 8),
    "vgg16": (1, 4),
}
"""Batch sizes tried; the report takes the best."""


def milliseconds(call: Callable[[], object], predictions: int, seconds: float) -> tuple[float, int]:
    """Return process CPU milliseconds for each prediction, and how many there were, after two calls that do not count."""
    call()
    call()
    count, begin = 0, time.process_time()
    while count == 0 or time.process_time() - begin < seconds:
        call()
        count += predictions
    return (time.process_time() - begin) * 1e3 / count, count


def write(rows: list[Row]) -> None:
    """Print the rows as JSON on the standard output; nothing else goes there."""
    json.dump(rows, sys.stdout, indent=1)
    sys.stdout.write("\n")
