"""Train the models on which the claims of "Fault Injection for TensorFlow Applications" are tried, and export them to ONNX.

Digits (as in ../models.py, 4,000 real ones to train on, 1,000 others): the paper's NN-MNIST (784-128-10, dropout 0.2, 5 epochs), its
LeNet, and nets of one to three hidden layers of 16 to 512 neurons. The NN is exported three times, written as a sequence, as a class
of its own, and as a traced function, with the same weights. Layered roadside scenes: a small U-Net that tells background, road and sign.

    python benchmarks/fault_injection/tensorfi_claims/train.py out/claims [--only digits,grid,scenes]

needs torch, onnxscript, mlxtend and opencv-python-headless; some minutes on one core.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "evidence/artifacts/roadside-sign/build"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import models

GRID = tuple(itertools.product((1, 2, 3), (16, 32, 64, 128, 256, 512)))
"""Hidden layers and neurons in each."""
MASKS = ("background", "road", "sign")
SCENES, TEST_SCENES, SCENE_SEED = 1_600, 100, 771_000_000


class Subclassed(nn.Module):
    """The NN again, as a class with a forward of its own."""

    def __init__(self, source: nn.Sequential) -> None:
        super().__init__()
        self.first, self.second = source[0], source[-1]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.second(torch.relu(self.first(image)))  # type: ignore[no-any-return]


def accuracy(net: nn.Module, inputs: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the share of right answers."""
    with torch.no_grad():
        return float((net(torch.from_numpy(inputs)).argmax(1).numpy() == labels).mean())


def write(folder: Path, name: str, net: nn.Module, inputs: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """Export a net with its held-out inputs and labels; only inputs that it gets right also go to `NAME-right.npy`."""
    models.export(net, inputs.shape[1:], folder / f"{name}.onnx")
    with torch.no_grad():
        right = net(torch.from_numpy(inputs)).argmax(1).numpy() == labels
    models.save(folder / f"{name}-inputs.npy", inputs)
    models.save(folder / f"{name}-labels.npy", labels)
    models.save(folder / f"{name}-right.npy", np.ascontiguousarray(inputs[right]))
    print(f"{name}: {accuracy(net, inputs, labels):.4f}", flush=True)


def digits(folder: Path) -> None:
    """Train the NN and the LeNet."""
    images, labels = models.digits()
    cut = len(labels) - models.HELD_OUT
    torch.manual_seed(models.SEED)
    net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    flat = models.as_mlp_input(images)
    # The paper trains 5 epochs of 60,000 digits; as many steps here need 75 epochs of 4,000, which overfits: 20 is what models.py takes.
    models.train(net, flat[:cut], labels[:cut], 20)
    write(folder, "nn", net, flat[cut:], labels[cut:])
    write(folder, "nn-subclassed", Subclassed(net).eval(), flat[cut:], labels[cut:])
    write(folder, "nn-traced", torch.fx.symbolic_trace(net), flat[cut:], labels[cut:])
    torch.manual_seed(models.SEED)
    net = models.lenet()
    padded = models.as_lenet_input(images)
    models.train(net, padded[:cut], labels[:cut], 20)
    write(folder, "lenet", net, padded[cut:], labels[cut:])


def grid(folder: Path) -> None:
    """Train nets of several depths and widths."""
    images, labels = models.digits()
    cut, flat = len(labels) - models.HELD_OUT, models.as_mlp_input(images)
    for layers, neurons in GRID:
        torch.manual_seed(models.SEED)
        net = models.mlp((neurons,) * layers)
        models.train(net, flat[:cut], labels[:cut], 10)
        write(folder, f"grid-{layers}x{neurons}", net, flat[cut:], labels[cut:])


def scene(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Render one scene by day, clear, with near signs: RGB uint8 [128, 128, 3], and the class of each pixel from its layers."""
    from scenes import draw_scene, render

    environment = draw_scene(seed).environment
    chosen = replace(environment, light="day", weather="clear", distance="near", blur="none")
    drawn = draw_scene(seed, chosen)
    mask = np.zeros((128, 128), np.int64)
    for roi in drawn.rois:
        x, y = roi.origin
        height, width = roi.layer.shape[:2]
        opaque = roi.layer[..., 3] > 127
        value = {"road": 1, "sign": 2, "other_sign": 2}.get(roi.kind, 0)
        mask[y : y + height, x : x + width][opaque] = value
    return render(drawn), mask


class SmallUnet(nn.Module):
    """Four steps down and up, with what was seen on the way down joined in on the way up."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 24, 32, 48)
        self.down = nn.ModuleList()
        before = 3
        for place, width in enumerate(widths):
            self.down.append(nn.Conv2d(before, width, 3, 2 if place else 1, 1))
            before = width
        self.middle = nn.Conv2d(before, before, 3, 1, 1)
        self.up = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.up.append(nn.Conv2d(before + width, width, 3, 1, 1))
            before = width
        self.head = nn.Conv2d(before, len(MASKS), 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits [N, 3, 128, 128]."""
        seen = []
        x = image
        for layer in self.down:
            x = torch.relu(layer(x))
            seen.append(x)
        x = torch.relu(self.middle(x))
        for layer, passed in zip(self.up, reversed(seen[:-1]), strict=True):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = torch.relu(layer(torch.cat([x, passed], 1)))
        return self.head(x)  # type: ignore[no-any-return]


def mean_iou(net: nn.Module, inputs: torch.Tensor, masks: torch.Tensor) -> list[float]:
    """Return the overlap of each class over all pixels of the test scenes."""
    with torch.no_grad():
        found = torch.cat([net(part).argmax(1) for part in inputs.split(20)])
    both = [((found == k) & (masks == k)).sum() for k in range(len(MASKS))]
    either = [((found == k) | (masks == k)).sum() for k in range(len(MASKS))]
    return [float(b / e) for b, e in zip(both, either, strict=True)]


def scenes(folder: Path) -> None:
    """Render scenes, train the U-Net on them and write it with its test scenes."""
    drawn = [scene(SCENE_SEED + i) for i in range(SCENES + TEST_SCENES)]
    pictures = np.stack([picture for picture, _ in drawn])
    inputs = torch.from_numpy((pictures.transpose(0, 3, 1, 2) / np.float32(255)).astype(np.float32))
    masks = torch.from_numpy(np.stack([mask for _, mask in drawn]))
    torch.manual_seed(models.SEED)
    net, generator = SmallUnet(), torch.Generator().manual_seed(models.SEED)
    optimiser, epochs, batch = torch.optim.Adam(net.parameters(), 2e-3), 8, 16
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=epochs * SCENES // batch)
    weights = torch.tensor([1.0, 1.0, 3.0])
    for epoch in range(epochs):
        for chosen in torch.randperm(SCENES, generator=generator).split(batch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(inputs[chosen]), masks[chosen], weights).backward()
            optimiser.step()
            schedule.step()
        overlap = mean_iou(net, inputs[SCENES:], masks[SCENES:])
        told = ", ".join(f"{name} {value:.3f}" for name, value in zip(MASKS, overlap, strict=True))
        print(f"scenes, epoch {epoch + 1}: {told}", flush=True)
    models.export(net, (3, 128, 128), folder / "unet.onnx")
    models.save(folder / "unet-inputs.npy", inputs[SCENES:].numpy())
    models.save(folder / "unet-pictures.npy", pictures[SCENES:])
    models.save(folder / "unet-masks.npy", masks[SCENES:].numpy().astype(np.uint8))


def main() -> None:
    """Train what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="digits,grid,scenes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.folder.mkdir(parents=True, exist_ok=True)
    for part in args.only.split(","):
        {"digits": digits, "grid": grid, "scenes": scenes}[part](args.folder)


if __name__ == "__main__":
    main()
