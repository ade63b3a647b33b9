"""Masks under faults: can one see in a segmentation mask in which layer the fault struck?

The paper's second case study put 100 bit flips into one layer of a U-Net's decoder and found that faults of early layers disrupt more,
that they repeat in units whose size halves from layer to layer, and that the layer can be told from the mask. Here the U-Net of
train.py on layered scenes: campaigns say how often the mask falls apart, by layer; each fault of a smaller sample is then put in by
the oracle (the model rebuilt with the fault) and its mask kept, for the pictures and for a classifier that guesses the layer.

    python benchmarks/fault_injection/tensorfi_claims/segmentation.py out/claims [--pictures docs/explanation]

needs casework with its extras evidence and dev (scikit-learn, pillow).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns import campaign

from casework.injection.campaign.lab import Lab, Setting, open_lab
from casework.injection.faults.fault_list import FaultTensor
from casework.injection.faults.generate import Recipe, generate
from casework.injection.faults.models import FaultModel

Array = NDArray[Any]
LAYERS = {
    "down.0.weight": 128, "down.1.weight": 64, "down.2.weight": 32, "down.3.weight": 16, "middle.weight": 16, "up.0.weight": 32,
    "up.1.weight": 64, "up.2.weight": 128,
}  # fmt: skip
"""Weights hit, and the side of the map that each layer makes."""
DECODER = ("middle.weight", "up.0.weight", "up.1.weight", "up.2.weight")
ACTIVATIONS = ("relu", "relu_1", "relu_2", "relu_3", "relu_4", "relu_5", "relu_6", "relu_7")
FLIPS, FAULTS, SHOWN, SEED = 100, 150, 4, 5
BLOCKS = (2, 4, 8, 16)
COLOURS = np.array([(72, 92, 74), (150, 150, 156), (226, 64, 54)], np.uint8)
BAD = np.array((255, 0, 255), np.uint8)


class Capture:
    """Keeps the mask of each prediction, and whether its outputs are finite."""

    def __init__(self) -> None:
        self.masks: list[Array] = []
        self.finite: list[bool] = []

    def __call__(self, outputs: Sequence[Array], samples: Array) -> Array:
        """Keep masks uint8 [R, H, W]; judge nothing."""
        for logits in outputs[0]:
            self.masks.append(logits.argmax(0).astype(np.uint8))
            self.finite.append(bool(np.isfinite(logits).all()))
        return np.zeros(len(samples), np.uint16)


class Golden:
    """Hands the golden masks out, as the judge that a campaign's lab asks for."""

    def __init__(self) -> None:
        self.masks: Array = np.zeros(0, np.uint8)

    def __call__(self, outputs: Mapping[str, Array]) -> Capture:
        """Keep the golden masks."""
        self.masks = next(iter(outputs.values())).argmax(1).astype(np.uint8)
        return Capture()


def masks_of(lab: Lab, name: str, fault: FaultModel, count: int, seed: int) -> tuple[Array, Array, Array]:
    """Put `count` faults into a tensor, one at a time, by the oracle; return masks, whether finite, and the input of each."""
    target = lab.network.target(name)
    tensor = FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)
    faults = generate(Recipe(lab.network.sha256, (tensor,), fault, samples=lab.samples, seed=seed), range(count))
    kept = Capture()
    for row in range(count):
        lab.engine("rebuild").run(target, faults, np.array([row]), faults.sample[row : row + 1], kept)
    return np.stack(kept.masks), np.array(kept.finite), faults.sample


def features(mask: Array, golden: Array) -> list[float]:
    """Describe what a fault did: the part of the mask that changed, and how its edges lie on grids of several sizes."""
    changed = mask != golden
    found = [float(changed.mean()), *(float(np.mean(mask == k)) for k in range(3))]
    across = (mask[:, 1:] != mask[:, :-1]) & (changed[:, 1:] | changed[:, :-1])
    down = (mask[1:] != mask[:-1]) & (changed[1:] | changed[:-1])
    places = np.concatenate([np.nonzero(across)[1] + 1, np.nonzero(down)[0] + 1])
    found += [float(np.mean(places % block == 0)) if len(places) else 0.0 for block in BLOCKS]
    found.append(len(places) / mask.size)
    return found


def guess(lab: Lab, golden: Array, layers: Sequence[str]) -> dict[str, Any]:
    """Guess the layer from the mask alone, by a linear classifier in five-fold cross-validation; unchanged and NaN masks are left out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, wanted, left_out = [], [], 0
    for place, name in enumerate(layers):
        masks, finite, sample = masks_of(lab, name, FaultModel("bitflip", amount=FLIPS), FAULTS, SEED + place)
        for mask, fine, one in zip(masks, finite, sample, strict=True):
            if not fine or (mask == golden[one]).all():
                left_out += 1
                continue
            rows.append(features(mask, golden[one]))
            wanted.append(place)
    data, labels = np.array(rows), np.array(wanted)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))
    told = cross_val_predict(model, data, labels, cv=5)
    table = np.zeros((len(layers), len(layers)), int)
    np.add.at(table, (labels, told), 1)
    largest = [float(np.mean(data[labels == place, 0])) for place in range(len(layers))]
    return {
        "layers": list(layers), "masks": len(labels), "left out": left_out, "right": int((told == labels).sum()),
        "most common": int(np.bincount(labels).max()), "confusion": table.tolist(), "mean part changed": largest,
        "edges on grids": {
            name: [float(np.mean(data[labels == place, 4 + b])) for b in range(len(BLOCKS))] for place, name in enumerate(layers)
        },
    }  # fmt: skip


def rates(folder: Path) -> dict[str, Any]:
    """Run the campaigns: masks that overlap the golden one by less than 0.9, by layer."""
    made: dict[str, Any] = {}
    model, data = folder / "unet.onnx", folder / "unet-inputs.npy"
    common = {"decision": "segmentation", "inputs": 0, "unit": "tensor", "audit": 50, "faults": 4_000}
    plans = {
        "100 flips in a weight": {
            "target": "weights",
            "mode": "layer_states",
            "amount": FLIPS,
            "tensors": ";".join(LAYERS),
        },
        "1 flip in a weight": {"target": "weights", "tensors": ";".join(LAYERS)},
        "1 flip in an activation": {"target": "activations", "tensors": ";".join(ACTIVATIONS)},
    }
    for name, options in plans.items():
        ran = campaign(model, data, {**common, **options})
        made[name] = {
            "options": {**common, **options},
            "tensors": ran.table("rates by tensor"),
            "digests": ran.record["digests"],
        }
        made[name]["audit"] = [ran.value("audited"), ran.value("audit_disagreements")]
        print(f"{name}: SDC {ran.value('sdc_rate')}, DUE {ran.value('due_rate')} ({ran.cpu:.1f} s)", flush=True)
    return made


def coloured(mask: Array, golden: Array | None = None) -> Array:
    """Return a mask in colours; pixels that differ from the golden mask are bright, others pale."""
    picture = COLOURS[mask]
    if golden is not None:
        same = (mask == golden)[..., None]
        picture = np.where(same, (picture * 0.45 + 140).astype(np.uint8), picture)
    return picture


def draw(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Array]]) -> None:
    """Write a grid of pictures with a title over each column."""
    from PIL import Image, ImageDraw, ImageFont

    side, gap, head = 128, 6, 34
    width, height = len(columns) * (side + gap) + gap, head + len(rows) * (side + gap)
    sheet = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, title in enumerate(columns):
        pen.multiline_text((gap + number * (side + gap), 4), title, fill="black", font=font, spacing=2)
    for row, pictures in enumerate(rows):
        for number, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (gap + number * (side + gap), head + row * (side + gap)))
    temporary = path.with_suffix(".tmp")
    sheet.quantize(128, dither=Image.Dither.NONE).save(temporary, "PNG", optimize=True)
    os.replace(temporary, path)


def struck(
    lab: Lab, golden: Array, name: str, fault: FaultModel, inputs: Sequence[int], *, largest: bool
) -> tuple[list[Array], list[int]]:
    """Choose a fault of a tensor for each input, of those tried that leave the outputs finite; return masks and numbers of the faults.

    The first that changes 1 % to 90 % of the mask; or, if `largest`, the one that changes most.
    """
    masks, finite, sample = masks_of(lab, name, fault, 400, SEED)
    changed = np.array([float((mask != golden[one]).mean()) for mask, one in zip(masks, sample, strict=True)])
    pictures, numbers = [], []
    for one in inputs:
        fits = np.flatnonzero(finite & (sample == one) & (changed > (0.0 if largest else 0.01)) & (changed <= 0.9))
        row = -1 if not len(fits) else int(fits[np.argmax(changed[fits])] if largest else fits[0])
        pictures.append(coloured(masks[row], golden[one]) if row >= 0 else np.full((128, 128, 3), BAD, np.uint8))
        numbers.append(row)
    return pictures, numbers


def pictures(folder: Path, shown: Path) -> dict[str, Any]:
    """Draw scenes, golden masks and masks under faults of one layer each."""
    scenes, wanted = np.load(folder / "unet-pictures.npy"), np.load(folder / "unet-masks.npy")
    inputs = np.load(folder / "unet-inputs.npy")
    # Scenes with a road and at least one large sign show more.
    worth = [(int((m == 2).sum()) * int((m == 1).sum()), i) for i, m in enumerate(wanted)]
    chosen = sorted(i for _, i in sorted(worth)[-SHOWN:])
    holder = Golden()
    lab = open_lab(Setting((folder / "unet.onnx").read_bytes(), "unet.onnx", {"image": inputs[chosen]}, holder))
    told: dict[str, Any] = {"scenes": [int(i) for i in chosen]}
    plans = {
        "weights": (list(LAYERS), FaultModel("bitflip", amount=FLIPS), False),
        "activations": (list(ACTIVATIONS), FaultModel("bitflip", bits=(30,)), True),
    }
    for kind, (tensors, fault, largest) in plans.items():
        found = {name: struck(lab, holder.masks, name, fault, range(SHOWN), largest=largest) for name in tensors}
        sides = list(LAYERS.values())
        titles = ["scene", "mask, no fault"]
        titles += [
            f"{name.removesuffix('.weight')}\n{side} x {side}" for name, side in zip(tensors, sides, strict=True)
        ]
        rows = [
            [scenes[chosen[row]], coloured(holder.masks[row]), *(found[name][0][row] for name in tensors)]
            for row in range(SHOWN)
        ]
        draw(shown / f"tensorfi-claims-masks-{kind}.png", titles, rows)
        told[kind] = {name: found[name][1] for name in tensors}
    return told


def main() -> None:
    """Run the campaigns, guess layers, draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path, default=Path(__file__).resolve().parents[3] / "docs/explanation")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_name("segmentation.json"))
    args = parser.parse_args()
    found: dict[str, Any] = {"pictures": pictures(args.folder, args.pictures), "rates": rates(args.folder)}
    holder = Golden()
    inputs = np.load(args.folder / "unet-inputs.npy")
    lab = open_lab(Setting((args.folder / "unet.onnx").read_bytes(), "unet.onnx", {"image": inputs}, holder))
    for name, layers in {"decoder": DECODER, "all": tuple(LAYERS)}.items():
        found[f"guess, {name}"] = one = guess(lab, holder.masks, layers)
        print(f"layer guessed from the mask, {name}: {one['right']} of {one['masks']}", flush=True)
    args.json.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
