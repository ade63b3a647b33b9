"""Models and data: what lies there against what their cards say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sealed import INT8, World, all_findings, found_in, items, world

from casework.artifact.digest import sha256_bytes
from casework.model.verdict import FileFact, ManifestFact

OTHER = sha256_bytes(b"other")


def file(path: str, **changes: object) -> Callable[[World], None]:
    return lambda w: w.files.__setitem__(path, replace(w.files[path], **changes))


def manifest(path: str, **changes: object) -> Callable[[World], None]:
    return lambda w: w.manifests.__setitem__(path, replace(w.manifests[path], **changes))


def weights(sha256: str = OTHER) -> Callable[[World], None]:
    """Let the card of the deployed model pin a file of weights, and seal its evidence anew."""

    def bend(w: World) -> None:
        path = "model/w/int8.bin"
        w.edit(f"sha256: {INT8}}}", f"sha256: {INT8}}}\n  external: [{{path: {path}, sha256: {sha256}}}]")
        w.files[path] = FileFact(path, exists=True, size=10, sha256=OTHER)
        w.verdicts.clear()
        w.seal("EV-1")
        w.seal("EV-2")

    return bend


def both(*bends: Callable[[World], None]) -> Callable[[World], None]:
    def bend(w: World) -> None:
        for one in bends:
            one(w)

    return bend


def text(old: str, new: str) -> Callable[[World], None]:
    return lambda w: w.edit(old, new)


def development_split(w: World) -> None:
    w.text = w.text.replace("purpose: verification", "purpose: calibration")
    w.verdicts.clear()
    w.seal("EV-1")
    w.seal("EV-2")


def trained_on_it(w: World) -> None:
    w.edit("trained_on: [DS-T]\n  intended_use: To be", "trained_on: [DS-T, DS-V]\n  intended_use: To be")


def trained_on_all_of_it(w: World) -> None:
    trained_on_it(w)
    w.edit("  split: test\n  against: MC-F\n", "  against: MC-F\n")


def other_way_round(w: World) -> None:
    w.edit("  disjoint_from: [DS-T]\n", "")
    w.edit(
        "  splits: [{name: train, purpose: development, size: 3000}]\n",
        "  splits: [{name: train, purpose: development, size: 3000}]\n  disjoint_from: [DS-V]\n",
    )


STALE = ["EVD-003 EV-1", "EVD-003 EV-2"]
CASES: dict[str, tuple[Callable[[World], None], list[str]]] = {
    "MDL-001 not there": (file("model/int8.onnx", exists=False, sha256=""), [*STALE, "MDL-001 MC-1 file.path"]),
    "MDL-001 never looked at": (lambda w: w.files.clear() or None, [*STALE, "MDL-001 MC-1 file.path", "MDL-001 MC-F file.path"]),
    "MDL-002 float parent flipped": (file("model/float.onnx", sha256=OTHER), ["EVD-003 EV-2", "MDL-002 MC-F file.sha256"]),
    "MDL-002 card edited": (text(f"sha256: {sha256_bytes(b'int8 model')}", f"sha256: {OTHER}"), ["MDL-002 MC-1 file.sha256"]),
    "MDL-002 weights as pinned": (weights(), []),
    "MDL-002 weights flipped": (both(weights(), file("model/w/int8.bin", sha256=INT8)), [*STALE, "MDL-002 MC-1 external[0].sha256"]),
    "MDL-002 weights pinned otherwise": (weights(sha256=INT8), ["MDL-002 MC-1 external[0].sha256"]),
    "MDL-002 weights pinned twice, once wrong": (both(weights(), text(f"sha256: {OTHER}}}]", f"sha256: {OTHER}}}, {{path: model/w/int8.bin, sha256: {INT8}}}]")), ["MDL-002 MC-1 external[1].sha256"]),
    "MDL-001 weights gone": (both(weights(), file("model/w/int8.bin", exists=False, sha256="")), [*STALE, "MDL-001 MC-1 external[0].path"]),
    "MDL-001 weights no longer named": (both(weights(), text(f"\n  external: [{{path: model/w/int8.bin, sha256: {OTHER}}}]", "")), STALE),
    "MDL-004 classes in another order": (text("classes: [stop]\n  inputs: [{name: image, dtype: float32, shape: [\"N\", 3, 128, 128]}]\n  outputs: [{name: heat, dtype: float32, shape: [\"N\", 1, 32, 32]}]\n  precision", "classes: [yield]\n  inputs: [{name: image, dtype: float32, shape: [\"N\", 3, 128, 128]}]\n  outputs: [{name: heat, dtype: float32, shape: [\"N\", 1, 32, 32]}]\n  precision"), ["EVD-003 EV-1", "EVD-003 EV-2", "MDL-004 MC-1 derived_from"]),
    "MDL-005 inherits its data": (text("  derived_from: MC-F\n  trained_on: [DS-T]\n", "  derived_from: MC-F\n"), []),
    "DAT-001 not there": (lambda w: w.manifests.__delitem__("data/train.jsonl"), ["DAT-001 DS-T manifest.path"]),
    "DAT-001 not readable": (manifest("data/train.jsonl", problem="line 3 is no JSON"), ["DAT-001 DS-T manifest.path"]),
    "DAT-001 and evidence on it": (lambda w: w.manifests.__delitem__("data/test.jsonl"), ["DAT-001 DS-V manifest.path", *STALE]),
    "DAT-002 changed": (manifest("data/train.jsonl", sha256=OTHER), ["DAT-002 DS-T manifest.sha256"]),
    "DAT-003 fewer items": (manifest("data/train.jsonl", splits=(("train", 2999),)), ["DAT-003 DS-T splits[0].size"]),
    "DAT-004 undeclared split": (manifest("data/train.jsonl", splits=(("train", 3000), ("extra", 5))), ["DAT-004 DS-T splits"]),
    "DAT-004 absent split": (manifest("data/train.jsonl", splits=()), ["DAT-004 DS-T splits[0].name"]),
    "DAT-005 declared disjoint": (manifest("data/test.jsonl", digests=(("test", items("c", "d")),)), ["DAT-005 DS-V disjoint_from[0]"]),
    "DAT-006 missing files": (manifest("data/train.jsonl", missing=("a.png", "b.png", "c.png", "d.png")), ["DAT-006 DS-T manifest.path"]),
    "DAT-007 changed files": (manifest("data/train.jsonl", changed=("a.png",)), ["DAT-007 DS-T manifest.path"]),
    "DAT-008 verified on calibration": (development_split, ["DAT-008 EV-1 data", "DAT-008 EV-2 data"]),
    "DAT-008 trained on another split of it": (trained_on_it, []),
    "DAT-008 trained on all of it": (trained_on_all_of_it, ["DAT-008 EV-2 data", "EVD-003 EV-2"]),
    "DAT-008 not declared disjoint": (text("  disjoint_from: [DS-T]\n", ""), ["DAT-008 EV-1 data", "DAT-008 EV-2 data"]),
    "DAT-008 declared the other way round": (other_way_round, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_fault_one_finding(name: str) -> None:
    bend, expected = CASES[name]
    w = world()
    bend(w)
    assert found_in(w) == sorted(expected)


def test_splits_of_different_purpose_must_not_share_items() -> None:
    w = world()
    w.edit(
        "splits: [{name: train, purpose: development, size: 3000}]",
        "splits: [{name: train, purpose: development, size: 3}, {name: dev, purpose: development, size: 1}, {name: hold, purpose: internal_test, size: 2}]",
    )
    w.manifests["data/train.jsonl"] = ManifestFact(
        "data/train.jsonl", w.manifests["data/train.jsonl"].sha256, (("train", 3), ("dev", 1), ("hold", 2)),
        (("train", items("a", "b", "c")), ("dev", items("a")), ("hold", items("b", "x"))),
    )  # fmt: skip
    assert found_in(w) == ["DAT-005 DS-T splits[2]"]
    assert next(f.message for f in all_findings(w)) == "the splits train and hold of DS-T share 1 items"


def test_an_unreadable_model_says_why() -> None:
    w = world()
    w.files["model/int8.onnx"] = FileFact("model/int8.onnx", exists=False, problem="it is a symbolic link")
    told = next(f.message for f in all_findings(w) if f.code == "MDL-001")
    assert told == "the file model/int8.onnx of MC-1 does not exist or cannot be read (it is a symbolic link)"


def test_a_flipped_byte_names_both_digests() -> None:
    w = world()
    file("model/int8.onnx", sha256=OTHER)(w)
    told = next(f.message for f in all_findings(w) if f.code == "MDL-002")
    assert (
        told
        == f"model/int8.onnx has changed: the card of MC-1 pins {sha256_bytes(b'int8 model')[:8]}..., the file is {OTHER[:8]}..."
    )
