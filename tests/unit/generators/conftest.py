"""Small real models and real files on disk, whose right answers can be worked out by hand.

The detector sees a bright 4 x 4 core inside a dimmer 12 x 12 square: red for `stop`, green for `yield`. Its score is the
mean brightness of the core over 255, its box the square. A core below 128 is thus missed at the threshold of 0.5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.artifact.manifest import SCHEMA
from casework.model.hazard import Dimension, Exclusion, Odd

STARTED = "2026-01-02T03:04:05Z"
SIDE = 48
CLASSES = ["stop", "yield"]


def write_detector(path: Path, gain: float = 1.0, classes: int = 2, batch: int | str = "N") -> Path:
    """A centre-point detector by hand: heat is the mean of the class's colour over a cell of 4 x 4 pixels."""
    heat = np.zeros((classes, 3, 4, 4), np.float32)
    for index in range(min(classes, 3)):
        heat[index, index] = gain / 16
    zero = np.zeros((2, 3, 4, 4), np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["heat"], strides=[4, 4], kernel_shape=[4, 4]),
        helper.make_node("Conv", ["image", "z", "three"], ["size"], strides=[4, 4], kernel_shape=[4, 4]),
        helper.make_node("Conv", ["image", "z", "half"], ["offset"], strides=[4, 4], kernel_shape=[4, 4]),
    ]
    cells = SIDE // 4
    outputs = [("heat", classes), ("size", 2), ("offset", 2)]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, c, cells, cells]) for n, c in outputs],
        [
            numpy_helper.from_array(v, n)
            for n, v in (
                ("w", heat),
                ("z", zero),
                ("three", np.full(2, 3, np.float32)),
                ("half", np.full(2, 0.5, np.float32)),
            )
        ],
    )
    return save(path, graph)


def save(path: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def write_gemm(path: Path, weights: np.ndarray, bias: np.ndarray) -> Path:
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w", "b"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"]),
        ],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", weights.shape[0]])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", weights.shape[1]])],
        [
            numpy_helper.from_array(weights.astype(np.float32), "w"),
            numpy_helper.from_array(bias.astype(np.float32), "b"),
        ],
    )
    return save(path, graph)


@dataclass
class Thing:
    """What is painted and how it is labelled: cell of the core, brightness, class; `labelled` and `shift` plant faults."""

    row: int
    column: int
    core: int = 250
    label: str = "stop"
    labelled: bool = True
    shift: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    things: Sequence[Thing]
    odd: dict[str, str] = field(default_factory=dict)
    split: str = "verification"
    group: str | None = None


def paint(scene: Scene, noise: int) -> np.ndarray:
    rng = np.random.default_rng(noise)
    image = rng.integers(0, 20, (SIDE, SIDE, 3), np.uint8)  # dim noise, so that no two images are alike
    for thing in scene.things:
        colour = CLASSES.index(thing.label)
        y, x = thing.row * 4, thing.column * 4
        image[y - 4 : y + 8, x - 4 : x + 8, colour] = thing.core // 2
        image[y : y + 4, x : x + 4, colour] = thing.core
    return image


def phash(image: np.ndarray) -> str:
    small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    low = cv2.dct(small)[:8, :8].ravel()
    return np.packbits(low > np.median(low)).tobytes().hex()


def write_dataset(folder: Path, scenes: Sequence[Scene], stored: Sequence[str] = ("verification", "train")) -> Path:
    """Write PNG files and their manifest; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = sorted({s.split for s in scenes} | {"verification"})
    header = {
        "schema": SCHEMA,
        "name": "squares",
        "task": "detection",
        "classes": CLASSES,
        "splits": {
            s: {"purpose": "verification" if s == "verification" else "development", "stored": s in stored}
            for s in splits
        },
    }
    lines: list[dict[str, Any]] = [header]
    for index, scene in enumerate(scenes):
        image = paint(scene, index)
        content = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        file = f"{scene.split}/{index:04d}.png"
        if scene.split in stored:
            (folder / scene.split).mkdir(exist_ok=True)
            (folder / file).write_bytes(content)
        objects = [
            {
                "label": t.label,
                "box": [t.column * 4 - 4 + t.shift, t.row * 4 - 4, t.column * 4 + 8 + t.shift, t.row * 4 + 8],
                "tags": t.tags,
            }
            for t in scene.things
            if t.labelled
        ]
        item = {
            "file": file,
            "sha256": hashlib.sha256(content).hexdigest(),
            "split": scene.split,
            "width": SIDE,
            "height": SIDE,
        }
        item |= {"phash": phash(image), "odd": scene.odd, "objects": objects}
        lines.append(item | ({"group": scene.group} if scene.group else {}))
    path = folder / "manifest.jsonl"
    write_lines(path, lines)
    return path


def write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


SCENES = [
    Scene([Thing(2, 2), Thing(2, 8, label="yield")], {"light": "day", "weather": "clear"}),
    Scene([Thing(5, 5, core=240)], {"light": "day", "weather": "rain"}),
    Scene([Thing(5, 5, core=100)], {"light": "night", "weather": "clear"}),  # too dim: missed
    Scene(
        [Thing(3, 3, label="yield"), Thing(8, 8, labelled=False, core=230)], {"light": "night", "weather": "rain"}
    ),  # one false
    Scene([Thing(6, 6, shift=7.0, core=220)], {"light": "day", "weather": "clear"}),  # IoU 5/19: missed and false
    Scene([], {"light": "night", "weather": "clear"}),
]
"""5 `stop`/`yield` of 6 labelled: found 4 of 6 objects; 4 right and 2 wrong of 6 detections."""


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    return write_detector(tmp_path / "detector.onnx")


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "squares", SCENES)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, np.ndarray, np.ndarray]:
    """A logistic regression on scikit-learn's digits as ONNX, its held-out data as `.npz`, and its weights."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    folder = tmp_path_factory.mktemp("digits")
    x, y = load_digits(return_X_y=True)
    fitted = LogisticRegression(max_iter=200).fit(x[:600] / 16, y[:600])
    weights, bias = fitted.coef_.T / 16, fitted.intercept_
    np.savez(folder / "digits.npz", x=x[600:1100].astype(np.float32), y=y[600:1100])
    return write_gemm(folder / "digits.onnx", weights, bias), folder / "digits.npz", weights, bias


@pytest.fixture
def odd() -> Callable[..., Odd]:
    def make(
        *exclusions: dict[str, str], light: Sequence[str] = ("day", "night"), weather: Sequence[str] = ("clear", "rain")
    ) -> Odd:
        return Odd(
            type="odd",
            id="ODD-1",
            statement="Roads.",
            dimensions=(Dimension(name="light", values=tuple(light)), Dimension(name="weather", values=tuple(weather))),
            exclusions=tuple(Exclusion(when=e, reason="never driven") for e in exclusions),
        )

    return make
