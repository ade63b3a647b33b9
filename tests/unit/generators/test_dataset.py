"""The dataset generator finds what is planted, each fault on real files, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from casework.generators import DataSource, Request, load
from casework.generators.dataset.coverage import tway_support
from casework.generators.dataset.inspection import perceptual_hash
from casework.generators.dataset.twins import near_pairs
from casework.model.hazard import Odd
from casework.model.result import ResultRecord, Table
from conftest import SIDE, STARTED, Scene, Thing, phash, read_lines, write_dataset, write_lines


def clean(folder: Path, count: int = 6, **fields: Any) -> Path:
    """Scenes that are no near twins of each other: the square wanders and the class alternates."""
    places = [(2, 2), (2, 9), (9, 2), (9, 9), (5, 5), (6, 2), (2, 5), (9, 6)]
    scenes = [
        Scene(
            [Thing(*places[i], label="stop" if i % 2 else "yield", core=180 + 9 * i)],
            {"light": "day", "weather": "clear"},
            **fields,
        )
        for i in range(count)
    ]
    return write_dataset(folder, scenes)


def run(data: Path, split: str | None = None, reference: Path | None = None, **fields: Any) -> ResultRecord:
    other = None if reference is None else DataSource(reference, "manifest", "OTHER")
    request = Request(
        generator="dataset",
        started=STARTED,
        data=DataSource(data, "manifest", "DATA", split),
        reference_data=other,
        **fields,
    )
    return load("dataset").run(request)


def values(record: ResultRecord) -> dict[str, float]:
    return {m.name: m.value for m in record.metrics if m.slice == "all"}


def named(record: ResultRecord, start: str) -> Table:
    (found,) = [t for t in record.tables if t.name.startswith(start)]
    return found


FAULTS = (
    "unreadable_files",
    "digest_mismatches",
    "bad_labels",
    "unlabelled_items",
    "exact_duplicates",
    "near_duplicates",
    "leaked_items",
    "near_leaked_items",
)


def test_clean_data_have_no_fault(tmp_path: Path) -> None:
    record = run(clean(tmp_path / "d"), options={"radius": 2})
    assert record.status == "complete", record.reason
    found = values(record)
    assert {k: found[k] for k in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert (found["items"], found["min_class_objects"]) == (6, 3)
    assert all(m.method == "exact" for m in record.metrics)
    assert [(c.name, c.outcome) for c in record.self_checks] == [("perceptual-hashes-agree", "passed")]


def test_damaged_files_are_counted_and_named(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    files = sorted((data.parent / "verification").iterdir())
    files[0].write_bytes(files[0].read_bytes()[:200])  # truncated
    files[1].unlink()
    small = np.zeros((10, 10, 3), np.uint8)
    files[2].write_bytes(cv2.imencode(".png", small)[1].tobytes())
    record = run(data, options={"radius": 0})
    assert record.status == "complete", record.reason
    assert values(record)["unreadable_files"] == 3
    assert values(record)["digest_mismatches"] == 2  # a missing file has no bytes to differ
    faults = dict(named(record, "faulty").rows)
    assert "does not decode" in str(faults["verification/0000.png"])
    assert "cannot be read" in str(faults["verification/0001.png"])
    assert "10 x 10 pixels, the manifest says 48 x 48" in str(faults["verification/0002.png"])


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        ({"box": [-1, 2, 20, 20], "label": "stop"}, "bad_labels"),
        ({"box": [2, 2, SIDE + 0.5, 20], "label": "stop"}, "bad_labels"),
        ({"box": [20, 2, 20, 20], "label": "stop"}, "bad_labels"),
        ({"box": [2, 20, 20, 10], "label": "stop"}, "bad_labels"),
        ({"box": [2, 2, 20, 20], "label": "tree"}, "bad_labels"),
        (None, "unlabelled_items"),
    ],
)
def test_a_bad_label_is_counted(tmp_path: Path, change: dict[str, Any] | None, metric: str) -> None:
    data = clean(tmp_path / "d")
    lines = read_lines(data)
    lines[2]["objects"] = [] if change is None else [change]
    write_lines(data, lines)
    record = run(data, options={"background": False, "radius": 2})
    assert values(record)[metric] == 1
    assert named(record, "label faults").rows[0][0] == "verification/0001.png"
    assert sum(values(record)[k] for k in FAULTS) == 1


def test_background_is_no_fault_where_it_is_meant(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2)]), Scene([])])
    assert values(run(data))["unlabelled_items"] == 0
    assert ("(items without an object)", 1) in named(run(data), "classes").rows


def copy_item(data: Path, source: int, file: str, split: str, **fields: Any) -> None:
    """Add a copy of an item (0-based) under another name and split."""
    lines = read_lines(data)
    item = lines[source + 1]
    target = data.parent / file
    target.parent.mkdir(exist_ok=True)
    target.write_bytes((data.parent / item["file"]).read_bytes())
    lines[0]["splits"].setdefault(split, {"purpose": "development", "stored": True})
    write_lines(data, [*lines, item | {"file": file, "split": split} | fields])


def test_an_exact_copy_in_the_split_is_a_duplicate(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    copy_item(data, 2, "verification/copy.png", "verification")
    found = values(run(data, options={"radius": 2}))
    assert (found["exact_duplicates"], found["leaked_items"], found["near_duplicates"]) == (2, 0, 0)


def test_an_exact_copy_in_another_split_leaks(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    copy_item(data, 2, "train/copy.png", "train")
    whole = run(data, options={"radius": 2})
    assert values(whole)["leaked_items"] == 2
    part = run(data, "verification", options={"radius": 2})
    assert (values(part)["leaked_items"], values(part)["exact_duplicates"], values(part)["items"]) == (1, 0, 6)
    assert named(part, "leaked").rows == (("verification/0002.png", "train/copy.png", "train"),)


def test_a_near_copy_leaks_also_where_the_other_side_is_not_stored(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    lines = read_lines(data)
    image = cv2.imread(str(data.parent / lines[3]["file"]))
    near = np.clip(image.astype(int) + 3, 0, 255).astype(np.uint8)
    assert (int(phash(near[..., ::-1]), 16) ^ int(lines[3]["phash"], 16)).bit_count() <= 4
    lines[0]["splits"]["train"] = {"purpose": "development", "stored": False}
    twin = lines[3] | {"file": "train/near.png", "split": "train", "sha256": "0" * 64, "phash": phash(near[..., ::-1])}
    write_lines(data, [*lines, twin])
    record = run(data, "verification", options={"radius": 4})
    assert values(record)["near_leaked_items"] >= 1
    assert values(record)["leaked_items"] == 0
    assert ("verification/0002.png", "train/near.png") in {(r[0], r[1]) for r in named(record, "near twins").rows}
    assert any("train are not stored" in text for text in run(data).limitations)


def test_leakage_into_another_dataset(tmp_path: Path) -> None:
    data, other = clean(tmp_path / "d"), clean(tmp_path / "e", 4)
    record = run(data, reference=other, options={"radius": 0})
    assert values(record)["leaked_items"] == 4
    assert record.digests["reference_data"]


def test_a_group_torn_over_splits_leaks(tmp_path: Path) -> None:
    data = clean(tmp_path / "d", group="drive-1")
    assert values(run(data))["group_leaked_items"] == 0
    copy_item(data, 0, "train/x.png", "train", sha256="1" * 64)
    (data.parent / "train" / "x.png").unlink()
    assert values(run(data, "verification"))["group_leaked_items"] == 6


def test_a_wrong_hash_in_the_manifest_is_doubted(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    lines = read_lines(data)
    lines[1]["phash"] = f"{int(lines[1]['phash'], 16) ^ 0xFFFF:016x}"
    write_lines(data, lines)
    record = run(data)
    assert record.status == "inconclusive"
    assert "perceptual-hashes-agree" in record.reason


def test_the_near_pairs_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    base = rng.integers(0, 2**63, 40)
    hashes: list[int | None] = [int(v) for v in base] + [
        int(v) ^ (1 << int(rng.integers(60))) ^ (1 << int(rng.integers(60))) for v in base
    ]
    hashes += [None, hashes[3]]
    for subject in (len(hashes), 50):
        plain = [
            (i, j, (a ^ b).bit_count())
            for (i, a), (j, b) in itertools.combinations(enumerate(hashes), 2)
            if a is not None and b is not None and i < subject and (a ^ b).bit_count() <= 4
        ]
        assert sorted(near_pairs(hashes, subject, 4)) == sorted(plain)


def test_many_blocks_give_the_same_pairs() -> None:
    rng = np.random.default_rng(2)
    hashes: list[int | None] = [int(v) for v in rng.integers(0, 2**63, 1300)]
    hashes[1299] = hashes[5]
    hashes[700] = None if hashes[600] is None else hashes[600] ^ 1
    assert sorted(near_pairs(hashes, 1300, 3)) == [(5, 1299, 0), (600, 700, 1)]


def test_the_hash_is_the_documented_one() -> None:
    image = np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)
    assert f"{perceptual_hash(image):016x}" == phash(image)


# Coverage


def conditions(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"light": light, "weather": weather} for light, weather in pairs]


def test_coverage_by_hand(tmp_path: Path, odd: Callable[..., Odd]) -> None:
    """2 x 2 combinations, 3 of them with items; day-clear twice."""
    odds = conditions(("day", "clear"), ("day", "clear"), ("day", "rain"), ("night", "rain"))
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2 + i)], c) for i, c in enumerate(odds)])
    record = run(data, odd=odd(), options={"min_support": 2})
    (coverage,) = [m for m in record.metrics if m.name == "tway_coverage"]
    assert (coverage.value, coverage.n, coverage.k) == (0.75, 4, 3)
    assert values(record)["min_support"] == 0
    rows = named(record, "2-way").rows
    assert rows[0] == ("light=night, weather=clear", 0)
    assert len(rows) == 3
    with_exclusion = run(data, odd=odd({"light": "night", "weather": "clear"}))
    assert values(with_exclusion)["tway_coverage"] == 1.0
    assert values(with_exclusion)["min_support"] == 1
    assert record.digests["odd"] != with_exclusion.digests["odd"]


def test_items_outside_the_domain_do_not_count(tmp_path: Path, odd: Callable[..., Odd]) -> None:
    odds = [*conditions(("day", "clear"), ("night", "clear")), {"light": "noon", "weather": "clear"}, {"light": "day"}]
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2 + i)], c) for i, c in enumerate(odds)])
    record = run(data, odd=odd({"light": "night"}))
    (coverage,) = [m for m in record.metrics if m.name == "tway_coverage"]
    assert (coverage.k, coverage.n) == (1, 2)
    assert any(text.startswith("1 items lie in excluded") for text in record.limitations)
    assert any(text.startswith("2 items lack a dimension") for text in record.limitations)


def test_what_exclusions_together_forbid_is_not_possible(odd: Callable[..., Odd]) -> None:
    """day-rain and night-rain are each excluded: so rain is impossible at t = 1, though no exclusion says `rain`."""
    domain = odd({"light": "day", "weather": "rain"}, {"light": "night", "weather": "rain"})
    assert set(tway_support(domain, [], 1)) == {(("light", "day"),), (("light", "night"),), (("weather", "clear"),)}


def test_too_many_ways(tmp_path: Path, odd: Callable[..., Odd]) -> None:
    record = run(clean(tmp_path / "d"), odd=odd(), options={"t": 3})
    assert record.status == "complete"
    assert "The ODD has 2 dimensions, so they were taken 2 together, not 3." in record.limitations


# The rest


def test_workers_do_not_matter(tmp_path: Path) -> None:
    data = clean(tmp_path / "d", 8)
    assert run(data).digests["outcome"] == run(data, workers=2).digests["outcome"]


def test_a_folder_and_an_array_can_be_examined(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    folder = tmp_path / "f"
    for index, file in enumerate(sorted((data.parent / "verification").iterdir())):
        target = folder / ("a" if index % 2 else "b") / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (folder / "a" / "copy.png").write_bytes((folder / "b" / "0000.png").read_bytes())
    record = load("dataset").run(Request(generator="dataset", started=STARTED, data=DataSource(folder, "folder", "F")))
    assert record.status == "complete", record.reason
    assert (values(record)["items"], values(record)["exact_duplicates"]) == (7, 2)
    assert "digest_mismatches" not in values(record)
    np.savez(
        tmp_path / "a.npz", x=np.stack([np.full((8, 8, 3), 9 * i, np.uint8) for i in (1, 2, 2)]), y=np.array([0, 1, 1])
    )
    record = load("dataset").run(
        Request(generator="dataset", started=STARTED, data=DataSource(tmp_path / "a.npz", "npz", "A"))
    )
    assert record.status == "complete", record.reason
    assert values(record)["exact_duplicates"] == 2


def test_unusable_data_are_answered_with_words(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    assert "no split 'field'" in run(data, "field").reason
    assert "cannot be read" in run(tmp_path / "none.jsonl").reason
    data.write_text(data.read_text() + "{}\n")
    assert "line 8" in run(data).reason
    write_lines(data, read_lines(data)[:1])
    assert run(data).status == "not_evaluable"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    data = clean(tmp_path / "d")
    file = data.parent / "verification" / "0000.png"
    outside = tmp_path / "outside.png"
    file.rename(outside)
    file.symlink_to(outside)
    record = run(data, options={"radius": 2})
    assert values(record)["unreadable_files"] == 1
    assert ("verification/0000.png", "leads out of the folder") in named(record, "faulty").rows
