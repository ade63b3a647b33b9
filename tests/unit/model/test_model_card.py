"""Model cards: by which name a model knows the files that hold its weights."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from casework.model.learning import ModelCard

DIGEST = "1" * 64


def card(file: str, *external: Any) -> ModelCard:
    tensor = [{"name": "x", "dtype": "float32", "shape": [1]}]
    return ModelCard.model_validate(
        {
            "type": "model_card", "id": "M-1", "file": {"path": file, "sha256": DIGEST}, "external": external, "version": "1",
            "task": "detection", "inputs": tensor, "outputs": tensor, "intended_use": "Tests.",
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "external", "location"),
    [
        ("m.onnx", "w.bin", "w.bin"),
        ("m.onnx", "a/w.bin", "a/w.bin"),
        ("model/m.onnx", "model/w.bin", "w.bin"),
        ("./model/m.onnx", "model/./a/w.bin", "a/w.bin"),
        ("model/m.onnx", "models/w.bin", "/models/w.bin"),
        ("model/m.onnx", "w.bin", "/w.bin"),
        ("model/m.onnx", "model/../w.bin", "/w.bin"),
        ("model/m.onnx", "../w.bin", "/../w.bin"),
    ],
)
def test_weights_are_known_by_their_place_below_the_models_folder(file: str, external: str, location: str) -> None:
    made = card(file, {"path": external, "sha256": DIGEST})
    assert [name for name, _one in made.locations()] == [location]


def test_a_card_without_such_files_says_nothing_of_them() -> None:
    assert card("m.onnx").locations() == ()


@pytest.mark.parametrize(
    "external",
    [
        "w.bin", {"path": "w.bin"}, {"path": "", "sha256": DIGEST}, {"path": "a\\w.bin", "sha256": DIGEST},
        {"path": "w.bin", "sha256": "1" * 63}, {"path": "w.bin", "sha256": DIGEST, "size": 1},
    ],
)  # fmt: skip
def test_a_file_without_path_or_digest_is_refused(external: Any) -> None:
    with pytest.raises(ValidationError):
        card("m.onnx", external)
