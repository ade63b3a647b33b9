"""The manifest reader accepts the form that it documents and names the line of every misfit."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import sha256_bytes
from casework.artifact.manifest import SCHEMA, ManifestProblem, inside, open_manifest, parse_manifest

HEADER = {
    "schema": SCHEMA,
    "name": "signs",
    "task": "detection",
    "classes": ["stop", "yield"],
    "splits": {
        "verification": {"purpose": "verification", "stored": True},
        "train": {"purpose": "development", "stored": False},
    },
    "generator": {"script": "build.py", "seed": 7},
}
ITEM = {
    "file": "verification/000000.jpg",
    "sha256": "a" * 64,
    "split": "verification",
    "width": 128,
    "height": 96,
    "phash": "b7f249719b8c18d8",
    "group": "scene-1",
    "odd": {"light": "day"},
    "objects": [{"label": "stop", "box": [1, 2.5, 30, 40], "tags": {"distance": "far"}}],
}


def lines(*values: Any) -> bytes:
    return "".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values).encode()


def test_a_good_manifest_is_read_whole() -> None:
    content = lines(HEADER, ITEM, ITEM | {"file": "train/1.jpg", "split": "train", "objects": []})
    manifest = parse_manifest(content).manifest
    assert manifest is not None
    assert manifest.classes == ("stop", "yield")
    assert manifest.splits["train"].stored is False
    assert manifest.sha256 == sha256_bytes(content)
    first, second = manifest.items
    assert (first.width, first.height, first.phash, first.line) == (128, 96, 0xB7F249719B8C18D8, 2)
    assert first.objects[0].box == (1.0, 2.5, 30.0, 40.0)
    assert first.objects[0].tags == {"distance": "far"}
    assert second.objects == ()


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (ITEM | {"file": "../secret"}, "plain path"),
        (ITEM | {"file": "/etc/passwd"}, "plain path"),
        (ITEM | {"file": "a\\b"}, "plain path"),
        (ITEM | {"file": "C:/x"}, "plain path"),
        (ITEM | {"file": "a//b"}, "plain path"),
        (ITEM | {"sha256": "A" * 64}, "sha256"),
        (ITEM | {"split": "test"}, "not in the header"),
        (ITEM | {"phash": "12"}, "phash"),
        (ITEM | {"width": 12.5}, "width"),
        (ITEM | {"width": True}, "width"),
        (ITEM | {"colour": "red"}, "unknown key 'colour'"),
        ({k: v for k, v in ITEM.items() if k != "sha256"}, "'sha256' is missing"),
        (ITEM | {"odd": {"light": 3}}, "odd"),
        (ITEM | {"objects": [{"label": "stop", "box": [1, 2, 3]}]}, "box"),
        (json.dumps(ITEM).replace("2.5", "NaN"), "NaN"),
        (json.dumps(ITEM).replace("2.5", "-Infinity"), "Infinity"),
        (json.dumps(ITEM).replace("2.5", "1e999"), "finite"),
        (json.dumps(ITEM).replace("2.5", "9" * 400), ""),
        (json.dumps(ITEM).replace("2.5", "9" * 5000), ""),
        (json.dumps(ITEM).replace('"width"', '"height": 96, "height"'), "given twice"),
        ("[1]", "not a JSON object"),
        ("", "not JSON"),
        ('{"a":', "not JSON"),
        ("[" * 100_000, ""),
    ],
)
def test_a_misfit_names_its_line(item: Any, what: str) -> None:
    good = ITEM | {"file": "verification/1.jpg"}
    reading = parse_manifest(lines(HEADER, good, item))
    assert reading.manifest is None
    (problem,) = reading.problems
    assert problem.line == 3
    assert what in problem.message


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"schema": "casework/dataset-manifest/v2"},
        HEADER | {"task": "segmentation"},
        HEADER | {"classes": ["a", "a"]},
        HEADER | {"classes": []},
        HEADER | {"splits": {}},
        HEADER | {"splits": {"a": {"stored": True}}},
        HEADER | {"splits": {"a": {"purpose": "x", "stored": "yes"}}},
        HEADER | {"extra": 1},
    ],
)
def test_a_bad_header_is_the_first_line(header: Any) -> None:
    reading = parse_manifest(lines(header, ITEM))
    assert reading.manifest is None
    assert [p.line for p in reading.problems] == [1]


def test_one_file_listed_twice_is_a_problem() -> None:
    (problem,) = parse_manifest(lines(HEADER, ITEM, ITEM)).problems
    assert "already on line 2" in problem.message


def test_not_utf8_names_the_line() -> None:
    (problem,) = parse_manifest(lines(HEADER) + b"\xff\n").problems
    assert problem.line == 2


def test_many_problems_are_capped() -> None:
    assert len(parse_manifest(lines(HEADER, *["x"] * 500)).problems) == 100


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ManifestProblem, match="cannot be read"):
        open_manifest(tmp_path / "none.jsonl")
    (tmp_path / "m.jsonl").write_bytes(lines(HEADER, "x", "x", "x", "x"))
    with pytest.raises(ManifestProblem, match=r"line 2: .*line 3: .*line 4: .*and 1 more"):
        open_manifest(tmp_path / "m.jsonl")


def test_a_link_out_of_the_folder_is_seen(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (tmp_path / "outside.jpg").write_bytes(b"x")
    (root / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    assert inside(root, "link.jpg") is None
    assert inside(root, "plain.jpg") == (root / "plain.jpg").resolve()


def test_twenty_thousand_items_in_well_under_two_seconds() -> None:
    content = lines(HEADER, *[ITEM | {"file": f"verification/{i:06d}.jpg"} for i in range(20_000)])
    start = time.perf_counter()
    manifest = parse_manifest(content).manifest
    assert manifest is not None
    assert len(manifest.items) == 20_000
    assert time.perf_counter() - start < 2.0  # 0.4 s alone; the bound allows for a loaded machine
