"""How fast TensorFI 2 injects: one bit flip in the output of a random layer (or in a random variable) for each prediction.

TensorFI 2 (https://github.com/DependableSystemsLab/TensorFI2, MIT, no package) is for TensorFlow 2.1; it runs here on TensorFlow 2.21
with Keras 2 (package tf_keras). Two things are put in its way without touching its files: PyYAML 6 wants a loader for `yaml.load`, and
`inject` is a class, so the label that `layer_outputs` returns is lost; the time is that of the call as it stands. Each call rebuilds two
Keras functions around the layer. Sequential models only: it feeds a layer's output to the next layer of a list, which no residual net is.
A fault in layer states unstacks the variable into one tensor for each element; that is measured up to LeNet.

    python tensorfi2_speed.py --source CHECKOUT [--models mlp,lenet,vgg16] [--seconds 5]
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np
import tensorflow as tf
import yaml
from timing import Row, milliseconds, write

keras: Any = tf.keras
MODELS = ("mlp", "lenet", "vgg16")
STATES = ("mlp", "lenet")


def net(name: str) -> tuple[Any, tuple[int, ...]]:
    """Return the benchmark's net in Keras, random weights, and the shape of one input."""
    dense, conv, pool, flat = keras.layers.Dense, keras.layers.Conv2D, keras.layers.MaxPool2D, keras.layers.Flatten
    shapes = {"mlp": (784,), "lenet": (32, 32, 1), "vgg16": (224, 224, 3)}
    if name == "mlp":
        body = [dense(128, "relu"), dense(10)]
    elif name == "lenet":
        body = [conv(6, 5, activation="relu"), pool(), conv(16, 5, activation="relu"), pool(), flat()]
        body += [dense(120, "relu"), dense(84, "relu"), dense(10)]
    else:
        body = []
        for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            body += [conv(width, 3, padding="same", activation="relu") for _ in range(count)] + [pool()]
        body += [flat(), dense(4096, "relu"), dense(4096, "relu"), dense(1000)]
    model = keras.Sequential([keras.layers.InputLayer(shapes[name]), *body])
    model.compile()
    return model, shapes[name]


def configuration(folder: Path, target: str) -> str:
    """Write TensorFI 2's own YAML for one bit flip and return its path."""
    path = folder / f"{target}.yaml"
    path.write_text(f"Target: {target}\nMode: single\nType: bitflips\nAmount: 1\nBit: N\n")
    return str(path)


def measure(name: str, inject: Callable[..., object], folder: Path, seconds: float) -> list[Row]:
    """Measure one model."""
    model, shape = net(name)
    data = np.random.default_rng(1).standard_normal((1, *shape), np.float32)
    outputs, states = configuration(folder, "layer_outputs"), configuration(folder, "layer_states")
    calls: list[tuple[str, Callable[[], object]]] = [
        ("none, model(x)", lambda: model(data, training=False)),
        ("none, predict", lambda: model.predict(data, verbose=0)),
        ("activation: bit flip", lambda: inject(model=model, x_test=data, confFile=outputs)),
    ]
    if name in STATES:
        calls.append(("weight: bit flip", lambda: (inject(model=model, confFile=states), model(data, training=False))))
    rows = []
    for fault, call in calls:
        ms, count = milliseconds(call, 1, seconds)
        tool = "TensorFlow" if fault.startswith("none") else "TensorFI 2"
        rows.append({"tool": tool, "model": name, "batch": 1, "fault": fault, "ms": ms, "predictions": count})
    return rows


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--source", required=True, help="a checkout of TensorFI2")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--seconds", type=float, default=5.0)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    random.seed(1)
    sys.path.insert(0, args.source)
    yaml.load = functools.partial(yaml.load, Loader=yaml.SafeLoader)
    from src import tensorfi2

    with tempfile.TemporaryDirectory() as folder:
        chosen = [name for name in args.models.split(",") if name in MODELS]
        rows = [row for name in chosen for row in measure(name, tensorfi2.inject, Path(folder), args.seconds)]
    rows.append(
        {
            "tool": "TensorFI 2",
            "tensorflow": tf.__version__,
            "not run": "residual nets: the tool takes layer lists only",
        }
    )
    write(rows)


if __name__ == "__main__":
    main()
