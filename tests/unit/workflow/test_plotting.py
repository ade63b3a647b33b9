"""`casework plot`: records from files, sealed files and the case, as SVG, PNG and one page; what cannot be drawn is refused in words."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import Envelope, Signature
from casework.cli.main import main
from casework.model.problem import CallProblem
from casework.model.result import PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, ResultRecord, Statement, Subject
from casework.model.verdict import Appraisal, Verdict
from casework.workflow.plotting import find, plot_files
from casework.workflow.publish import Scene, assessed_at
from doubles.injection_records import record

ROOT = Path(__file__).resolve().parents[3]
NAMES = ["amounts", "bits", "classes", "heat-map", "layers"]


def written(path: Path, made: ResultRecord) -> str:
    path.write_text(json.dumps(made.model_dump(mode="json"), indent=2), encoding="utf-8")
    return str(path)


def statement_of(made: ResultRecord) -> Statement:
    return Statement(
        _type=STATEMENT_TYPE, subject=(Subject(name="m.onnx", digest={"sha256": "ab" * 32}),), predicateType=PREDICATE_TYPE, predicate=made
    )  # fmt: skip


def sealed(path: Path, made: ResultRecord, **changes: Any) -> str:
    payload = jcs_bytes({**statement_of(made).model_dump(mode="json", by_alias=True), **changes})
    path.write_bytes(Envelope(PAYLOAD_TYPE, payload, (Signature("00" * 32, b"no signature"),)).to_bytes())
    return str(path)


def no_case() -> Scene:
    raise AssertionError("no case is needed")


@pytest.fixture(scope="module")
def scene() -> Scene:
    """The repository's own case, with a current and a stale record of fault injection in it."""
    found = assessed_at(ROOT, date(2026, 12, 1))
    assessment = found.assessed.assessment

    def held(state: Any, reasons: tuple[str, ...] = ()) -> Appraisal:
        verdict = Verdict("EV", "evidence/EV/abc.dsse.json", "12" * 32, statement_of(record()), verified=True)
        return Appraisal("EV", state, reasons, verdict)

    appraisals = {**assessment.appraisals, "EV-FI": held("current"), "EV-OLD": held("stale", ("the model changed",))}
    changed = replace(found.assessed, assessment=replace(assessment, appraisals=appraisals))
    return Scene(changed, found.today)


class TestCommand:
    def test_svg_and_png_make_a_file_a_figure(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source = written(tmp_path / "lenet.json", record())
        for form, start in (("svg", b"<svg "), ("png", b"\x89PNG")):
            out = tmp_path / form
            assert main(["plot", source, "-o", str(out), "--format", form, "--scale", "0.5"]) == 0
            assert sorted(p.name for p in out.iterdir()) == [f"lenet-{name}.{form}" for name in NAMES]
            assert all(p.read_bytes().startswith(start) for p in out.iterdir())
        assert "wrote 5 files to" in capsys.readouterr().err

    def test_html_is_one_page_of_all_records_and_the_comparison(self, tmp_path: Path) -> None:
        plain, hard = written(tmp_path / "plain.json", record()), written(tmp_path / "hard.json", record(ease=0.02))
        out = tmp_path / "out"
        assert main(["plot", hard, plain, "--against", plain, "-o", str(out)]) == 0
        assert [p.name for p in out.iterdir()] == ["fault-injection.html"]
        page = (out / "fault-injection.html").read_text("utf-8")
        assert "Before and after: plain against hard" in page
        assert "plain against plain" not in page
        assert "it is not signed" in page
        again = tmp_path / "again"
        main(["plot", hard, plain, "--against", plain, "-o", str(again)])
        assert (again / "fault-injection.html").read_text("utf-8") == page

    def test_what_speaks_against_a_comparison_is_told_on_the_page_and_the_terminal(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = {**record().digests, "model": "0f" * 32, "data": "dd" * 32, "fault_list": "0e" * 32}
        plain, odd = written(tmp_path / "plain.json", record()), written(tmp_path / "odd.json", record(digests=other))
        assert main(["plot", odd, "--against", plain, "-o", str(tmp_path / "out")]) == 0
        doubts = (
            "the data differ (SHA-256 cdcdcdcdcdcd and dddddddddddd); neither names the other's model as its parent (option "
            "against); the fault lists differ"
        )
        assert f"casework: odd against plain: compare with care: {doubts}\n" in capsys.readouterr().err
        page = html.unescape((tmp_path / "out" / "fault-injection.html").read_text("utf-8"))
        assert f"<strong>Compare with care:</strong> {doubts}." in page
        assert f"<figcaption>Compare with care: {doubts}. Two records" in page

    def test_nothing_is_said_against_a_parent_and_its_child(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plain = record()
        of_child = {**plain.digests, "model": "0f" * 32, "reference": plain.digests["model"], "fault_list": "0e" * 32}
        child = record(ease=0.02, digests=of_child)
        files = written(tmp_path / "plain.json", plain), written(tmp_path / "child.json", child)
        assert main(["plot", files[1], "--against", files[0], "-o", str(tmp_path / "out")]) == 0
        assert "with care" not in capsys.readouterr().err
        assert "with care" not in (tmp_path / "out" / "fault-injection.html").read_text("utf-8")
        assert main(["plot", files[0], "--against", files[1], "-o", str(tmp_path / "out")]) == 0
        said = "their order is reversed: child names the model of plain as its parent\n"
        assert said in capsys.readouterr().err
        seeded = written(tmp_path / "seeded.json", child.model_copy(update={"seed": 7}))
        assert main(["plot", seeded, "--against", files[0], "-o", str(tmp_path / "out")]) == 0
        assert "compare with care: the fault lists differ\n" in capsys.readouterr().err

    def test_one_model_is_no_before_and_after(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one, two = written(tmp_path / "a.json", record()), written(tmp_path / "b.json", record(seed=7))
        assert main(["plot", one, "--against", two, "-o", str(tmp_path / "out")]) == 0
        assert "compare with care: both are of one model\n" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"options": {"decision": "detection"}}, "plain is of classification and odd of detection"),
            ({"metrics": ()}, "plain and odd have no rate in common"),
        ],
    )
    def test_what_cannot_be_compared_is_refused_and_nothing_written(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], said: str
    ) -> None:
        plain = written(tmp_path / "plain.json", record(options={"decision": "classification"}))
        odd = written(tmp_path / "odd.json", record(**changes))
        assert main(["plot", odd, "--against", plain, "-o", str(tmp_path / "out")]) == 2
        assert f"odd cannot be drawn against plain: {said}" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_what_cannot_be_drawn_is_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        whole = record()
        bare = [t.model_copy(update={"rows": ()}) if t.name == "rates by class" else t for t in whole.tables]
        held = [t for t in bare if t.name != "rates by number of faults"]
        source = written(tmp_path / "r.json", whole.model_copy(update={"tables": tuple(held)}))
        assert main(["plot", source, "-o", str(tmp_path / "out"), "--format", "svg"]) == 0
        said = capsys.readouterr().err
        assert "r: no figure `Silent corruption by class`: The record holds no rates by class" in said
        assert "number of faults" not in said, "a campaign of one number has no curve over it, which is no loss"
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["r-bits.svg", "r-heat-map.svg", "r-layers.svg"]

    def test_what_a_campaign_is_not_of_is_no_noise(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source = written(tmp_path / "r.json", record(more=()))
        assert main(["plot", source, "-o", str(tmp_path / "out")]) == 0
        assert capsys.readouterr().err == f"wrote 1 file to {tmp_path / 'out'}\n"

    def test_records_of_one_name_do_not_overwrite_each_other(self, tmp_path: Path) -> None:
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
        sources = [written(tmp_path / folder / "record.json", record()) for folder in ("a", "b")]
        assert main(["plot", *sources, "-o", str(tmp_path / "out"), "--format", "svg"]) == 0
        assert len(list((tmp_path / "out").iterdir())) == 10

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("none.json", None, "none.json: no such file"),
            ("empty.json", b"", "is no record: casework plot takes the JSON that `casework try fault-injection"),
            ("model.onnx", b"\x08\x08\x12\x07\x00\x00", "is no record: casework plot takes the JSON that"),
            ("list.json", b"[1, 2]", "is no record"),
            ("other.json", b'{"a": 1}', "is no record: generator: Field required, and"),
            ("twice.json", b'{"a": 1, "a": 2}', "line 1, column 10"),
            ("bytes.json", b"\xff\xfe\x00", "byte order mark"),
            ("env.json", b'{"payload": "", "payloadType": "x", "signatures": []}', "SIG-"),
        ],
    )  # fmt: skip
    def test_bad_input_is_refused_with_exit_code_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, said: str
    ) -> None:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        assert main(["plot", str(tmp_path / name), "-o", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists()

    def test_a_folder_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["plot", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
        assert "is a folder; give a record in it" in capsys.readouterr().err

    def test_a_key_outside_of_a_case_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["plot", "EV-FI", "--root", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
        assert "there is no file EV-FI, and no case to look it up in" in capsys.readouterr().err

    @pytest.mark.parametrize("scale", ["0", "-1", "11", "x", "nan"])
    def test_scales_out_of_range_are_refused(self, tmp_path: Path, scale: str) -> None:
        with pytest.raises(SystemExit) as stopped:
            main(["plot", "r.json", f"--scale={scale}"])
        assert stopped.value.code == 2


class TestFinding:
    def test_a_sealed_record_is_opened_and_said_to_be_unchecked(self, tmp_path: Path) -> None:
        found = find(sealed(tmp_path / "x.dsse.json", record(evidence="EV-FI")), no_case)
        assert found.label == "EV-FI"
        assert "its signatures were not checked here" in found.origin

    def test_a_sealed_statement_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        path = sealed(tmp_path / "x.dsse.json", record(), predicateType="https://example.org/other/v1")
        with pytest.raises(CallProblem, match="BND-000"):
            find(path, no_case)

    def test_a_key_gives_the_current_record_of_the_case(self, scene: Scene) -> None:
        found = find("EV-FI", lambda: scene)
        assert found.record == record()
        assert "verified under the trust policy" in found.origin

    def test_a_record_that_does_not_count_is_refused_with_its_path(self, scene: Scene) -> None:
        with pytest.raises(
            CallProblem, match=r"EV-OLD has no current record: it is stale: the model changed; give evidence/EV/abc"
        ):
            find("EV-OLD", lambda: scene)

    def test_an_unknown_key_brings_the_nearest(self, scene: Scene) -> None:
        with pytest.raises(CallProblem, match=r"there is no file and no evidence EV-FIX; did you mean EV-FI"):
            find("EV-FIX", lambda: scene)

    def test_a_node_of_another_type_is_refused(self, scene: Scene) -> None:
        key = next(iter(scene.assessed.assessment.case.keys("requirement")))
        with pytest.raises(CallProblem, match=f"{key} is of type requirement; only evidence has records"):
            find(key, lambda: scene)

    def test_a_record_without_tables_of_fault_injection_names_those_it_has(self, scene: Scene) -> None:
        found = find("EV-QUANT", lambda: scene)
        with pytest.raises(
            CallProblem, match=r"EV-QUANT holds no table of fault injection: .*quantization.*`layers by SQNR`"
        ):
            plot_files([found], None, "html", "auto", 2.0, lambda _: None, lambda _: None)

    def test_a_failed_run_tells_its_reason(self, tmp_path: Path) -> None:
        failed = record(status="not_evaluable", reason="the model is not deterministic", tables=(), metrics=())
        found = find(written(tmp_path / "r.json", failed), no_case)
        with pytest.raises(
            CallProblem, match=r"status not_evaluable \(the model is not deterministic\), and it has no tables"
        ):
            plot_files([found], None, "svg", "auto", 2.0, lambda _: None, lambda _: None)
