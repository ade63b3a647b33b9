"""A synthetic case of any size: four levels of requirements with about 1.5 parents each, otherwise clean.

Every requirement at the lowest level names a test, so that nothing is uncovered; the highest level are stakeholder needs. Texts
have some 40 words, as real requirements do.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from pathlib import Path

LEVELS = ("stakeholder", "system", "software", "ml")
SHARES = (0.02, 0.13, 0.35, 0.50)
WORDS = (
    "the", "component", "detects", "signals", "on", "the", "road", "within", "its", "domain", "and", "reports", "each", "object",
    "with", "its", "class", "to", "the", "planner", "while", "light", "weather", "distance", "and", "traffic", "vary", "as", "the",
    "domain", "describes", "and", "the", "camera", "delivers", "images", "at", "its", "nominal", "rate",
)  # fmt: skip


def write_corpus(folder: Path, nodes: int, per_file: int = 100, seed: int = 0) -> None:
    """Write a case of `nodes` requirements, `per_file` in each file, below `folder/requirements`."""
    rng = random.Random(seed)
    (folder / "requirements").mkdir(parents=True, exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "casework.yaml").write_text("schema: casework/v1\nname: Synthetic corpus\nreview:\n  types: []\n")
    (folder / "tests" / "test_all.py").write_text("def test_all() -> None:\n    assert True\n")
    (folder / "requirements" / "model.yaml").write_text(_model(folder))
    upper: list[str] = []
    made: list[str] = []
    for level, share in zip(LEVELS, SHARES, strict=True):
        count = max(2, round(nodes * share))
        ids = [f"{level[:3].upper()}-{i:06d}" for i in range(count)]
        for node_id in ids:
            parents = rng.sample(upper, 2 if rng.random() < 0.5 else 1) if upper else []
            made.append(_requirement(node_id, level, parents, rng))
        _cover(upper, ids, made, rng)
        upper = ids
    for number, start in enumerate(range(0, len(made), per_file)):
        text = "\n".join(made[start : start + per_file])
        (folder / "requirements" / f"part-{number:05d}.yaml").write_text(text)


MODEL = """\
- type: model_card
  id: MDL-1
  file: {{path: model.bin, sha256: {model}}}
  version: "1"
  task: classification
  inputs: [{{name: x, dtype: float32, shape: [N, 4]}}]
  outputs: [{{name: y, dtype: float32, shape: [N, 2]}}]
  trained_on: [DS-1]
  intended_use: To stand for a model in a synthetic corpus.
  limits: [It is no model.]
- type: dataset
  id: DS-1
  statement: One item that is not stored.
  version: "1"
  manifest: {{path: manifest.jsonl, sha256: {manifest}}}
  splits: [{{name: train, purpose: development, size: 1}}]
  covers: [ODD-1]
  provenance: Written by the benchmark.
  licence: Apache-2.0
- type: odd
  id: ODD-1
  statement: Day and night.
  dimensions: [{{name: light, values: [day, night]}}]
"""


def _model(folder: Path) -> str:
    """Write the one model and dataset that every lowest requirement is allocated to; return their nodes."""
    (folder / "model.bin").write_bytes(b"not a model")
    header = {
        "schema": "casework/dataset-manifest/v1", "name": "synthetic", "task": "classification", "classes": ["a", "b"],
        "splits": {"train": {"purpose": "development", "stored": False}}, "generator": {},
    }  # fmt: skip
    item = {
        "file": "train/0.png",
        "sha256": "0" * 64,
        "split": "train",
        "width": 1,
        "height": 1,
        "odd": {},
        "label": "a",
    }
    manifest = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in (header, item))
    (folder / "manifest.jsonl").write_text(manifest)
    return MODEL.format(
        model=hashlib.sha256(b"not a model").hexdigest(), manifest=hashlib.sha256(manifest.encode()).hexdigest()
    )


def _requirement(node_id: str, level: str, parents: list[str], rng: random.Random) -> str:
    words = " ".join(rng.choice(WORDS) for _ in range(30))
    lines = [
        "- type: requirement",
        f"  id: {node_id}",
        f"  title: {level.capitalize()} requirement {node_id[-6:]}",
        f"  level: {level}",
        f"  statement: The component shall do this when {words}.",
        "  asil: B",
        "  owner: m.osei",
        "  rationale: The analysis of the level above asks for it.",
    ]
    if parents:
        lines.append(f"  derives_from: [{', '.join(parents)}]")
    if level == "ml":
        lines.append("  allocated_to: [MDL-1]")
        lines.append("  verified_by: [tests/test_all.py::test_all]")
    return "\n".join(lines) + "\n"


def _cover(upper: list[str], ids: list[str], made: list[str], rng: random.Random) -> None:
    """Give every requirement of the upper level that got no child a test, so that it is not uncovered."""
    named = {p for text in made[-len(ids) :] for p in _parents(text)}
    start = len(made) - len(ids) - len(upper)
    for i, node_id in enumerate(upper):
        if node_id not in named:
            made[start + i] += "  verified_by: [tests/test_all.py::test_all]\n"


def _parents(text: str) -> list[str]:
    for line in text.split("\n"):
        if line.startswith("  derives_from: ["):
            return line[17:-1].split(", ")
    return []


def main() -> None:
    """Write a corpus from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--per-file", type=int, default=100)
    args = parser.parse_args()
    write_corpus(args.folder, args.nodes, args.per_file)


if __name__ == "__main__":
    main()
