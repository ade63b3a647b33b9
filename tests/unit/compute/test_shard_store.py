"""What is kept is what was given; what is damaged or foreign is computed again; and reading runs nothing."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.compute import Pace, ShardStore, packing
from casework.compute.shard_store import prune

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers(), st.text()), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(plain)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    made = packing.unpack(packing.pack(value))
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "<i8", ">i4", "f2", "f4", "f8"])
def test_arrays_come_back_with_dtype_and_shape(dtype: str) -> None:
    value = {"a": np.arange(12).reshape(3, 4).astype(dtype), "n": np.float32(np.nan), "empty": np.zeros((0, 2), dtype)}
    made = packing.unpack(packing.pack(value))
    np.testing.assert_array_equal(made["a"], value["a"])
    assert made["a"].dtype == np.dtype(dtype).newbyteorder("=")
    assert made["a"].flags.writeable
    assert made["empty"].shape == (0, 2)
    assert isinstance(made["n"], np.float32)
    assert np.isnan(made["n"])


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array([object()]), np.array(["text"]), [print]], ids=str)
def test_what_is_no_plain_data_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        packing.pack(value)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255))
def test_damaged_bytes_raise_only_a_value_error(noise: bytes, at: int, byte: int) -> None:
    whole = bytearray(packing.pack({"a": np.arange(3), "b": (1.5, b"xy", float("inf"))}))
    whole[at % len(whole)] = byte
    for data in (bytes(whole), bytes(whole[:at]), noise):
        try:
            packing.unpack(data)
        except ValueError:
            continue


def files(store: ShardStore) -> list[Path]:
    return sorted(store.folder.iterdir())


def kept(folder: Path) -> ShardStore:
    store = ShardStore(folder, "key")
    assert store.put(0, 2, {"rows": np.arange(5)}, 1.5)
    return store


def test_a_shard_is_kept_with_its_cost(tmp_path: Path) -> None:
    found = ShardStore(tmp_path, "key").get(0, 2)
    assert found is None
    kept(tmp_path)
    found = ShardStore(tmp_path, "key").get(0, 2)
    assert found is not None
    assert found.cpu_seconds == 1.5
    assert found.value["rows"].tolist() == [0, 1, 2, 3, 4]


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    store = kept(tmp_path)
    (path,) = files(store)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert store.get(0, 2) is None, at
        path.write_bytes(whole[:at])
        assert store.get(0, 2) is None, at
    path.write_bytes(whole)
    assert store.get(0, 2) is not None


def test_a_shard_of_another_task_place_or_cut_is_not_taken(tmp_path: Path) -> None:
    store = kept(tmp_path)
    (path,) = files(store)
    assert store.get(0, 3) is None
    path.rename(path.with_name("000001.shard"))
    assert store.get(1, 2) is None
    other = ShardStore(tmp_path, "another")
    other.folder.mkdir()
    (other.folder / "000000.shard").write_bytes((store.folder / "000001.shard").read_bytes())
    assert other.get(0, 2) is None


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("bomb"),))


def test_a_pickle_in_the_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = kept(tmp_path)
    files(store)[0].write_bytes(pickle.dumps(Bomb()))
    assert store.get(0, 2) is None
    assert not Path("bomb").exists()


def test_a_folder_that_cannot_be_written_loses_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ShardStore(tmp_path / "file", "key")
    assert store.put(0, 1, 1, 0.0) is False
    assert store.get(0, 1) is None
    store.discard()


def test_discard_leaves_the_files_of_others(tmp_path: Path) -> None:
    store = kept(tmp_path)
    (store.folder / "notes.txt").write_text("mine")
    store.discard()
    assert [p.name for p in files(store)] == ["notes.txt"]


NOW = 1_000_000_000.0
DAY = 86_400.0


def aged(store: ShardStore, days: float) -> ShardStore:
    for path in files(store):
        os.utime(path, (NOW, NOW - days * DAY))
    return store


def test_only_stores_that_nobody_wrote_to_for_long_are_pruned(tmp_path: Path) -> None:
    old, new, going_on = (ShardStore(tmp_path, key) for key in ("old", "new", "going on"))
    for store in (old, new, going_on):
        assert store.put(0, 2, "a", 1.0)
    aged(old, 31)
    aged(new, 29)
    aged(going_on, 31)
    assert going_on.put(1, 2, "b", 1.0)
    assert prune(tmp_path, NOW - 30 * DAY) == 1
    assert not old.folder.exists()
    assert new.get(0, 2) is not None
    assert [going_on.get(i, 2) is not None for i in range(2)] == [True, True]
    assert prune(tmp_path, NOW - 30 * DAY) == 0


def test_what_is_not_of_a_store_is_never_pruned(tmp_path: Path) -> None:
    store = kept(tmp_path)
    folder = store.folder
    outside = tmp_path / "outside.shard"
    outside.write_bytes(files(store)[0].read_bytes())
    (folder / "000001.shard").write_bytes(b"somebody else's")
    (folder / "notes.txt").write_text("mine")
    (folder / "000002.shard").symlink_to(outside)
    (folder / "000003.shard.notes").write_bytes(b"")
    (folder / "000005.shard").write_bytes(b"c")
    (folder / "000004.shard.abcd_123").write_bytes(b"")  # one that was being written
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "000000.shard").write_bytes(outside.read_bytes())
    (tmp_path / ("a" * 32)).symlink_to(folder)
    for path in [*folder.iterdir(), *(tmp_path / "f").iterdir(), outside]:
        os.utime(path, (NOW, NOW - 99 * DAY), follow_symlinks=False)
    assert prune(tmp_path, NOW - 30 * DAY) == 1
    assert sorted(p.name for p in folder.iterdir()) == [
        "000001.shard", "000002.shard", "000003.shard.notes", "000005.shard", "notes.txt",
    ]  # fmt: skip
    assert outside.exists()
    assert (tmp_path / "f" / "000000.shard").exists()


def test_nothing_to_prune_where_nothing_was_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert prune(tmp_path / "nowhere", NOW) == 0
    assert prune(tmp_path / "file", NOW) == 0


def test_pace_measures_from_what_was_resumed() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0])
    assert pace.remaining(40, 100) is None
    now[0] += 10
    assert pace.remaining(40, 100) is None
    assert pace.remaining(50, 100) == 50.0
    now[0] += 10
    assert pace.remaining(60, 100) == 40.0
    assert pace.remaining(100, 100) == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.7, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert Pace.words(seconds) == words
