"""Requests without a case, options, the registry, and the record around a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casework.artifact.digest import jcs_digest, sha256_file
from casework.generators import REGISTRY, Generator, GeneratorProblem, Request, load
from casework.generators.options import (
    OptionKind,
    OptionProblem,
    OptionSpec,
    describe_options,
    parse_options,
    read_options,
)
from casework.generators.resolve import PATH_OPTIONS, data_source, resolve, try_options
from casework.model.catalogue import GENERATORS
from conftest import STARTED, Scene, Thing, write_dataset


def _ask(generator: str, model: Path, *, data: Path | None = None, **fields: Any) -> Request:
    return resolve(generator, str(model), None if data is None else str(data), **fields)


def test_the_registry_holds_what_the_catalogue_names() -> None:
    assert set(REGISTRY) == set(GENERATORS)
    for name in REGISTRY:
        generator = load(name)
        assert isinstance(generator, Generator)
        assert generator.name == name
        assert all(spec.meaning.endswith(".") for spec in generator.options)
    with pytest.raises(GeneratorProblem, match="no generator"):
        load("os.system")


def test_importing_generators_costs_no_heavy_library() -> None:
    code = "import sys, casework.generators, casework.generators.resolve; print([m for m in ('onnxruntime','cv2','scipy','sklearn','pycocotools','model_signing','onnx') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_each_kind_of_data_is_recognised(tmp_path: Path, squares: Path) -> None:
    assert data_source(squares).kind == "manifest"
    assert data_source(squares.parent, "verification").path == squares
    np.savez(tmp_path / "d.npz", x=np.zeros((1, 2)), y=np.zeros(1))
    assert data_source(tmp_path / "d.npz").kind == "npz"
    (tmp_path / "f" / "a").mkdir(parents=True)
    with pytest.raises(GeneratorProblem, match="holds neither"):
        data_source(tmp_path / "f")
    (tmp_path / "f" / "a" / "x.png").write_bytes(b"")
    assert data_source(tmp_path / "f").kind == "folder"
    with pytest.raises(GeneratorProblem, match="no splits"):
        data_source(tmp_path / "d.npz", "train")
    with pytest.raises(GeneratorProblem, match="does not exist"):
        data_source(tmp_path / "none")
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(GeneratorProblem, match="no data that is known"):
        data_source(tmp_path / "x.csv")


def test_a_request_for_a_detector(detector: Path, squares: Path) -> None:
    request = _ask(
        "validation",
        detector,
        started=STARTED,
        data=squares.parent,
        options=["score_threshold=0.3", "slices=all;light=day", "split=verification"],
        seed=4,
    )
    assert request.options == {"score_threshold": 0.3, "slices": ["all", "light=day"]}
    assert request.data is not None
    assert request.data.split == "verification"
    record = load("validation").run(request)
    assert record.status == "complete", record.reason
    assert {m.slice for m in record.metrics} == {"all", "light=day"}
    assert record.seed == 4
    assert record.started == STARTED
    assert record.options["resamples"] == 200
    assert record.digests["options"] == jcs_digest({"score_threshold": 0.3, "slices": ["all", "light=day"]})
    assert record.digests["data"] == sha256_file(squares)
    assert record.files == {"model": detector.as_posix(), "data": squares.as_posix()}
    assert record.environment["threads"] == 1
    assert record.environment["numpy"] == np.__version__


def test_a_request_for_a_dataset(tmp_path: Path, squares: Path) -> None:
    other = write_dataset(tmp_path / "other", [Scene([Thing(2, 2)], split="train")])
    request = _ask("dataset", squares, started=STARTED, options=[f"against={other}", "against_split=train", "radius=2"])
    assert request.data is not None
    assert request.reference_data is not None
    assert (request.data.path, request.reference_data.split) == (squares, "train")
    assert load("dataset").run(request).status == "complete"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["iou"], "has no value"),
        (["iou=0.5", "iou=0.6"], "given twice"),
        (["iou=high"], "'high', not of type float"),
        (["iou=nan"], "not of type float"),
        (["iou=7"], "at most 1"),
        (["resamples=1.5"], "not of type int"),
        (["decoder=magic"], "one of center, boxes, softmax"),
        (["normalised=yes"], "bool"),
        (["colour=red"], "unknown option 'colour'"),
    ],
)
def test_a_wrong_option_is_answered_with_words(detector: Path, squares: Path, options: list[str], word: str) -> None:
    with pytest.raises(GeneratorProblem, match=word):
        _ask("validation", detector, started=STARTED, data=squares, options=options)


def test_an_unknown_option_is_answered_by_the_command_that_lists_those_that_are_known(
    detector: Path, squares: Path
) -> None:
    with pytest.raises(GeneratorProblem) as caught:
        _ask("validation", detector, started=STARTED, data=squares, options=["tau=1"])
    assert caught.value.fix == f"`casework try validation --options` lists all {len(try_options('validation'))}."
    listed = describe_options(try_options("validation"))
    for spec in (*load("validation").options, *PATH_OPTIONS):
        assert f"  {spec.name} (" in listed
        assert spec.meaning in listed


def test_a_wrong_call_is_answered_with_words(detector: Path, squares: Path, tmp_path: Path) -> None:
    with pytest.raises(GeneratorProblem, match="needs data"):
        _ask("validation", detector, started=STARTED)
    with pytest.raises(GeneratorProblem, match="not a file"):
        _ask("validation", tmp_path, started=STARTED, data=squares)
    with pytest.raises(GeneratorProblem, match="at least 1"):
        _ask("validation", detector, started=STARTED, data=squares, workers=0)
    assert _ask(
        "model-signature", detector, started=STARTED, options=["signature=a", "public_key=b"]
    ).signature == Path("a")


def test_a_plan_of_a_case_gives_typed_options() -> None:
    specs = (
        OptionSpec("n", "int", 3, "A number.", low=1),
        OptionSpec("names", "texts", None, "Names."),
        OptionSpec("on", "bool", default=False, meaning="On."),
    )
    assert read_options(specs, {}) == {"n": 3, "names": None, "on": False}
    assert read_options(specs, {"names": ["a"], "on": True}) == {"n": 3, "names": ["a"], "on": True}
    assert parse_options(specs, ["on=true", "names=a; b"]) == {"on": True, "names": ["a", "b"]}
    for wrong in ({"n": True}, {"n": 0}, {"n": "3"}, {"names": "a"}, {"names": [1]}, {"on": 1}):
        with pytest.raises(OptionProblem):
            read_options(specs, wrong)
    assert "  n (int; default 3): A number." in describe_options(specs)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("texts", "conv9.weight", "Write a list: `tensors: [conv9.weight]`. "),
        ("texts", "*.weight; no", 'Write a list: `tensors: ["*.weight", "no"]`. '),
        ("floats", 0.5, "Write a list: `tensors: [0.5]`. "),
        ("floats", "1,2", "Write a list: `tensors: [1, 2]`. "),
        ("texts", 5, ""),
    ],
)
def test_one_value_where_a_list_is_wanted_is_answered_with_the_list(kind: OptionKind, value: object, said: str) -> None:
    specs = (OptionSpec("tensors", kind, None, "Names."),)
    with pytest.raises(OptionProblem, match=r"not a list of (texts|numbers)") as caught:
        read_options(specs, {"tensors": value})
    assert caught.value.fix == f"{said}tensors: Names."


def test_a_slip_in_a_name_or_choice_is_answered_by_the_nearest_in_a_line() -> None:
    with pytest.raises(GeneratorProblem) as unknown:
        resolve("fault-injection", "m.onnx", "d.npy", ["fualts=100"], started=STARTED)
    assert unknown.value.message == "unknown option 'fualts'"
    assert unknown.value.fix.startswith(
        "Did you mean faults or fault? `casework try fault-injection --options` lists all "
    )
    with pytest.raises(GeneratorProblem) as choice:
        resolve("fault-injection", "m.onnx", "d.npy", ["target=wieghts"], started=STARTED)
    assert choice.value.fix.startswith("Did you mean weights? target: ")
    with pytest.raises(GeneratorProblem) as strange:
        resolve("fault-injection", "m.onnx", "d.npy", ["qqq=100"], started=STARTED)
    assert "Did you mean" not in strange.value.fix
    few = (OptionSpec("colour", "text", None, "Colour."),)
    with pytest.raises(OptionProblem) as planned:
        read_options(few, {"color": "red"})
    assert planned.value.fix == "Did you mean colour? The options are colour."


def test_what_the_caller_binds_is_in_the_record(detector: Path, squares: Path) -> None:
    from dataclasses import replace

    plain = _ask("validation", detector, started=STARTED, data=squares, commit="abc", command="casework try")
    request = replace(plain, evidence="EV-1", requirements={"REQ-1": "a" * 64}, digests={"odd": "b" * 64})
    record = load("validation").run(request)
    assert (record.evidence, record.commit, record.command) == ("EV-1", "abc", "casework try")
    assert record.requirements == {"REQ-1": "a" * 64}
    assert record.digests["odd"] == "b" * 64
    assert record.digests["outcome"] == load("validation").run(plain).digests["outcome"]


def test_progress_is_told(detector: Path, squares: Path) -> None:
    told: list[tuple[int, int, str]] = []
    load("validation").run(
        _ask("validation", detector, started=STARTED, data=squares),
        lambda done, total, text: told.append((done, total, text)),
    )
    assert (1, 1, "images") in told
    assert told[-1][2] == "slices"
    assert told[-1][0] == told[-1][1]


def test_a_request_without_what_is_needed_is_not_evaluable() -> None:
    for name in REGISTRY:
        record = load(name).run(Request(generator=name, started=STARTED))
        assert record.status == "not_evaluable"
        assert record.reason
