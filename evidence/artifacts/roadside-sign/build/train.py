# SPDX-License-Identifier: Apache-2.0
"""Train the detector on the decoded training split and export it as ONNX.

The internal test split is watched after every epoch and decides nothing: the weights exported are the
moving average at the end of the last epoch.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import math
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx
import onnxscript
import torch
from dataset import ROOT, load_split
from evaluate import MODELS, STRIDE, Detections, coco_map, decode, match, preprocess
from layers import SIDE
from network import CLASS_COUNT, SignDetector, fold
from numpy.typing import NDArray
from signs import CLASSES
from torch import Tensor

LOG: Final = Path(__file__).resolve().parent / "training-log.json"
_CELLS: Final = SIDE // STRIDE


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights besides the data."""

    epochs: int = 16
    batch: int = 32
    learning_rate: float = 4e-3
    warmup_steps: int = 200
    weight_decay: float = 1e-4
    average_decay: float = 0.998
    gradient_limit: float = 10.0
    focal_exponent: float = 1.0
    size_weight: float = 0.2
    offset_weight: float = 1.0
    shift: int = 8
    gain: float = 0.15
    tint: float = 0.05
    seed: int = 7


def targets(items: list[dict[str, Any]], moves: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Heat [N, 6, 32, 32], boxes [N, 4, 32, 32] (size, offset in cells), weight [N, 1, 32, 32].

    ``moves`` [N, 2] are the pixels (x, y) by which each image was shifted. Heat is a Gaussian around
    the centre cell whose width follows the sign; boxes are learned on the 3 x 3 cells around it.
    """
    heat = np.zeros((len(items), CLASS_COUNT, _CELLS, _CELLS), np.float32)
    boxes = np.zeros((len(items), 4, _CELLS, _CELLS), np.float32)
    weight = np.zeros((len(items), 1, _CELLS, _CELLS), np.float32)
    grid = np.arange(_CELLS, dtype=np.float32)
    for index, item in enumerate(items):
        for thing in item["objects"]:
            box = (np.asarray(thing["box"]) + np.tile(moves[index], 2)) / STRIDE
            x, y, width, height = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1]
            column, row = math.floor(x), math.floor(y)
            if not (0 <= column < _CELLS and 0 <= row < _CELLS):
                continue
            sigma = max(0.6, 0.09 * (width + height))
            bell = np.exp(-((grid[None, :] - column) ** 2 + (grid[:, None] - row) ** 2) / (2 * sigma**2))
            channel = heat[index, CLASSES.index(thing["label"])]
            np.maximum(channel, bell, out=channel)
            part = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            boxes[index][:2, *part] = np.array([width, height])[:, None, None]
            boxes[index][2, *part] = x - grid[None, part[1]]
            boxes[index][3, *part] = y - grid[part[0], None]
            weight[index, 0][part] = np.maximum(weight[index, 0][part], bell[part])
    return torch.from_numpy(heat), torch.from_numpy(boxes), torch.from_numpy(weight)


def losses(
    maps: tuple[Tensor, Tensor, Tensor], truth: tuple[Tensor, Tensor, Tensor], exponent: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Penalty-reduced focal loss of the heat logits (arXiv:1904.07850, eq. 1) and weighted L1 of size and offset.

    The paper's focal exponent is 2, which draws scores towards one half; 1 keeps them closer to the
    share of correct detections.
    """
    logits, size, offset = maps
    heat, boxes, weight = truth
    chance = torch.sigmoid(logits)
    centre = heat.eq(1.0).float()
    hit = torch.nn.functional.logsigmoid(logits) * (1 - chance) ** exponent * centre
    miss = torch.nn.functional.logsigmoid(-logits) * chance**exponent * (1 - heat) ** 4 * (1 - centre)
    focal = -(hit.sum() + miss.sum()) / centre.sum().clamp(min=1.0)
    scale = weight.sum().clamp(min=1.0)
    size_loss = ((size - boxes[:, :2]).abs() * weight).sum() / scale
    offset_loss = ((offset - boxes[:, 2:]).abs() * weight).sum() / scale
    return focal, size_loss, offset_loss


def augment(
    images: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Shift each image by up to ``shift`` px (edges repeated) and vary its brightness and tint."""
    reach = recipe.shift
    moves = rng.integers(-reach, reach + 1, (len(images), 2))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    moved = np.stack(
        [p[reach - y : reach - y + SIDE, reach - x : reach - x + SIDE] for p, (x, y) in zip(padded, moves, strict=True)]
    )
    gain = rng.uniform(1 - recipe.gain, 1 + recipe.gain, (len(images), 1, 1, 1))
    tint = rng.uniform(1 - recipe.tint, 1 + recipe.tint, (len(images), 3, 1, 1))
    values = preprocess(moved) * (gain * tint).astype(np.float32)
    return np.clip(values, 0.0, 1.0, out=values), moves


def rate(recipe: Recipe, step: int, steps: int) -> float:
    """Learning rate: linear warm-up, then half a cosine to zero."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    progress = (step - recipe.warmup_steps) / max(1, steps - recipe.warmup_steps)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


class Average:
    """Exponential moving average of weights and batch statistics."""

    def __init__(self, model: SignDetector, decay: float) -> None:
        self.model = copy.deepcopy(model).eval()
        self._decay = decay
        self._steps = 0

    @torch.no_grad()
    def update(self, model: SignDetector) -> None:
        """Move towards ``model``; faster in the first steps."""
        self._steps += 1
        keep = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for own, new in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if own.dtype.is_floating_point:
                own.mul_(keep).add_(new, alpha=1 - keep)
            else:
                own.copy_(new)


@torch.no_grad()
def validate(
    model: SignDetector, images: NDArray[np.uint8], items: list[dict[str, Any]], recipe: Recipe
) -> dict[str, float]:
    """Loss, mAP and recall on a split."""
    found: list[Detections] = []
    total = 0.0
    for start in range(0, len(items), 50):
        part = items[start : start + 50]
        maps = model.logits(torch.from_numpy(preprocess(images[start : start + 50])))
        focal, size, offset = losses(maps, targets(part, np.zeros((len(part), 2), np.int64)), recipe.focal_exponent)
        total += float(focal + recipe.size_weight * size + recipe.offset_weight * offset) * len(part)
        arrays = [torch.sigmoid(maps[0]).numpy(), maps[1].numpy(), maps[2].numpy()]
        found += [decode(*one) for one in zip(*arrays, strict=True)]
    matches = [match(one, item) for one, item in zip(found, items, strict=True)]
    hits = [hit for one in matches for hit in one.hits]
    map50, map5095 = coco_map(found, items)
    return {
        "validation_loss": total / len(items),
        "validation_map50": map50,
        "validation_map50_95": map5095,
        "validation_recall": sum(hits) / len(hits),
        "validation_fppi": sum(one.false for one in matches) / len(items),
    }


def run_epoch(
    model: SignDetector,
    average: Average,
    optimiser: torch.optim.Optimizer,
    data: tuple[NDArray[np.uint8], list[Any]],
    recipe: Recipe,
    epoch: int,
) -> dict[str, float]:
    """One pass over the training split; returns the means of the losses and the range of gradient norms."""
    images, items = data
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(items))
    per_epoch = len(items) // recipe.batch
    sums, norms = np.zeros(3), []
    model.train()
    for index in range(per_epoch):
        chosen = order[index * recipe.batch : (index + 1) * recipe.batch]
        learning_rate = rate(recipe, epoch * per_epoch + index, recipe.epochs * per_epoch)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        values, moves = augment(images[chosen], recipe, rng)
        focal, size, offset = losses(
            model.logits(torch.from_numpy(values)), targets([items[i] for i in chosen], moves), recipe.focal_exponent
        )
        optimiser.zero_grad()
        (focal + recipe.size_weight * size + recipe.offset_weight * offset).backward()  # type: ignore[no-untyped-call]
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_limit)))
        optimiser.step()
        average.update(model)
        sums += [float(part.detach()) for part in (focal, size, offset)]
    heat_loss, size_loss, offset_loss = sums / per_epoch
    return {
        "learning_rate": learning_rate,
        "train_loss": heat_loss + recipe.size_weight * size_loss + recipe.offset_weight * offset_loss,
        "train_loss_heat": heat_loss,
        "train_loss_size": size_loss,
        "train_loss_offset": offset_loss,
        "gradient_norm_min": min(norms),
        "gradient_norm_mean": sum(norms) / len(norms),
        "gradient_norm_max": max(norms),
    }


def export(model: SignDetector, path: Path) -> None:
    """Write ONNX opset 18 with a free batch dimension and without traces of the machine that wrote it."""
    image = torch.zeros(2, 3, SIDE, SIDE)
    program = torch.onnx.export(
        fold(copy.deepcopy(model).eval()),
        (image,),
        input_names=["image"],
        output_names=["heat", "size", "offset"],
        opset_version=18,
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    proto = clean(program.model_proto)
    onnx.checker.check_model(proto, full_check=True)
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(proto.SerializeToString(deterministic=True))
    os.replace(temporary, path)


def clean(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Drop doc strings and metadata (the exporter stores paths and stack traces there) and name the graph."""
    del proto.metadata_props[:]
    proto.doc_string = ""
    graph = proto.graph
    graph.name, graph.doc_string = "roadside-sign-detector", ""
    del graph.metadata_props[:]
    for values in (graph.node, graph.input, graph.output, graph.value_info, graph.initializer):
        for value in values:
            value.doc_string = ""
            del value.metadata_props[:]
    rename(graph)
    return proto


def rename(graph: onnx.GraphProto) -> None:
    """Name nodes and tensors after the part of the network, so that reports by layer can be read.

    A convolution's output is ``<module>.conv``; what follows it appends the operation, as in
    ``stem.relu``. Graph inputs and outputs keep their names.
    """
    fixed = {value.name for value in (*graph.input, *graph.output)}
    names: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            module = node.input[1].removesuffix(".weight").removesuffix(".0")
        else:
            module = names[node.input[-1 if node.op_type == "Add" else 0]].rsplit(".", 1)[0]
        node.name = f"{module}.{node.op_type.lower()}"
        old = node.output[0]
        names[old] = node.name
        if old not in fixed:
            node.output[0] = node.name
        for index, name in enumerate(node.input):
            if name in names and name not in fixed:
                node.input[index] = names[name]
        if node.op_type == "Resize":
            names[node.input[2]] = node.input[2] = "resize_scales"
    for initializer in graph.initializer:
        initializer.name = names.get(initializer.name, initializer.name)
    del graph.value_info[:]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_log(
    recipe: Recipe, model: SignDetector, history: list[dict[str, Any]], onnx_file: Path, seconds: dict[str, float]
) -> None:
    """Write the training log."""
    manifest = ROOT / "development" / "manifest.jsonl"
    log = {
        "schema": "casework/training-log/v1",
        "model": {
            "file": f"model/{onnx_file.name}",
            "sha256": _digest(onnx_file),
            "parameters": sum(p.numel() for p in fold(copy.deepcopy(model).eval()).parameters()),
        },
        "data": {
            "manifest": "data/development/manifest.jsonl",
            "sha256": _digest(manifest),
            "train_split": "train",
            "validation_split": "internal_test",
        },
        "recipe": asdict(recipe),
        "selection": "weights averaged at the end of the last epoch; no epoch was selected",
        "seeds": {"python_numpy_torch": recipe.seed},
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            "onnx": onnx.__version__,
            "onnxscript": onnxscript.__version__,
        },
        "machine": platform.machine(),
        "seconds": seconds,
        "epochs": history,
    }
    LOG.write_text(json.dumps(log, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    """Train, export, log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=16, help="passes over the training split")
    recipe = Recipe(epochs=parser.parse_args().epochs)
    wall, cpu = time.perf_counter(), time.process_time()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(mode=True)
    data = load_split("development", "train")
    held_out = load_split("development", "internal_test")
    model = SignDetector().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(model, recipe.average_decay)
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    history: list[dict[str, Any]] = []
    for epoch in range(recipe.epochs):
        began, began_cpu = time.perf_counter(), time.process_time()
        record: dict[str, Any] = {"epoch": epoch + 1, **run_epoch(model, average, optimiser, data, recipe, epoch)}
        record |= validate(average.model, *held_out, recipe)
        record |= {"wall_seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - began_cpu}
        history.append({key: round(value, 6) for key, value in record.items()})
        print(json.dumps(history[-1]), flush=True)
    path = MODELS / "sign-detector-fp32.onnx"
    export(average.model, path)
    seconds = {"wall": round(time.perf_counter() - wall, 1), "cpu": round(time.process_time() - cpu, 1)}
    write_log(recipe, average.model, history, path, seconds)


if __name__ == "__main__":
    main()
