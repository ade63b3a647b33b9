"""The gate is monotonic over files: whatever is deleted, cut short, locked or turned into a folder, what was blocked stays blocked.

Three things lie outside what one revision can show, and are named here and tested where they are seen: the newer of two records
(`gate.ratchet.vanished`, the log), a node file that goes whole (the log, `--base`), and the configuration (`--base`).
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab_case import DAY, LabCase, build
from overlay import Fault, Overlay
from sealed import NEAR, rate

from casework.cli import log_command
from casework.workflow.judging.assess import assess
from casework.workflow.judging.checking import check
from doubles.loglab import LOG_KEY, ORIGIN, pem

WORSE = (rate("recall", 700, 1000), rate("recall", 350, 500, NEAR), rate("fnr", 300, 1000), rate("fnr", 150, 500, NEAR))
Bend = Callable[[LabCase], None]


def model_changed(lab: LabCase) -> None:
    (lab.root / "model/int8.onnx").write_bytes(b"other")


def data_changed(lab: LabCase) -> None:
    path = lab.root / "data/test.jsonl"
    path.write_bytes(path.read_bytes()[:-200])


def failed(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", metrics=WORSE)


def unsigned(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", "ci")


def forged(lab: LabCase) -> None:
    path = lab.sealed()[0]
    path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))


def missing(lab: LabCase) -> None:
    lab.unseal("EV-2")


def weakened(lab: LabCase) -> None:
    lab.edit("The model shall find stop signs.", "The model shall find some stop signs.")


def dangling(lab: LabCase) -> None:
    lab.edit("  cites: [EV-1]\n", "  cites: [EV-1, EV-9]\n")


def stray(lab: LabCase) -> None:
    (lab.root / "evidence/EV-1/CON").write_bytes(b"")


def policy_edited(lab: LabCase) -> None:
    path = lab.root / "evidence/trust/policy.dsse.json"
    path.write_bytes(path.read_bytes().replace(b"A", b"B", 1))


def policy_expired(lab: LabCase) -> None:
    lab.policy(expires="2026-05-01")


BENDS: tuple[Bend, ...] = (
    model_changed, data_changed, failed, unsigned, forged, missing, weakened, dangling, stray, policy_edited, policy_expired,
)  # fmt: skip


def files(root: Path, *but: str) -> list[str]:
    found = (p.relative_to(root).as_posix() for p in sorted(root.rglob("*")) if p.is_file())
    return [p for p in found if not p.startswith((".git/", *but))]


def word(root: Path, faults: dict[str, Fault]) -> str:
    return assess(Overlay(root, faults), DAY).decision.word


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LabCase]:
    """Return the honest case, and one case for each reason to block it."""
    made = {"honest": build(tmp_path_factory.mktemp("honest") / "case")}
    for bend in BENDS:
        made[bend.__name__] = build(tmp_path_factory.mktemp(bend.__name__) / "case")
        bend(made[bend.__name__])
    return made


def test_the_honest_case_passes_and_every_other_is_blocked(cases: dict[str, LabCase]) -> None:
    assert {name: word(case.root, {}) for name, case in cases.items()} == {
        name: "pass" if name == "honest" else "blocked" for name in cases
    }


def test_every_single_fault_of_the_honest_case_blocks(cases: dict[str, LabCase]) -> None:
    """Nothing in the case is there for nothing: each file that is lost, cut or locked is missed."""
    root = cases["honest"].root
    passed = [
        (path, fault if isinstance(fault, str) else "cut")
        for path in files(root, ".gitattributes", "casework.yaml")
        for fault in ("gone", "denied", "folder", (root / path).read_bytes()[:-30])
        if word(root, {path: fault}) == "pass"  # type: ignore[dict-item]
    ]
    assert passed == []


def never_passes(cases: dict[str, LabCase], bend: str, data: st.DataObject) -> None:
    root = cases[bend].root
    # The stray file is itself what is wrong: taking it away mends the case.
    chosen = files(root, ".gitattributes", "casework.yaml", "requirements/", "evidence/EV-1/CON")
    faults: dict[str, Fault] = {}
    for path in data.draw(st.lists(st.sampled_from(chosen), min_size=1, max_size=4, unique=True)):
        kind = data.draw(st.sampled_from(["gone", "denied", "folder", "cut"]))
        content = (root / path).read_bytes()
        faults[path] = content[: data.draw(st.integers(0, max(0, len(content) - 1)))] if kind == "cut" else kind
    assert word(root, faults) == "blocked", faults


BENT = st.sampled_from([bend.__name__ for bend in BENDS])
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(bend=BENT, data=st.data())
def test_faults_of_files_never_turn_blocked_into_pass(
    cases: dict[str, LabCase], bend: str, data: st.DataObject
) -> None:
    never_passes(cases, bend, data)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=QUIET)
@given(bend=BENT, data=st.data())
def test_many_faults_of_files_never_turn_blocked_into_pass(
    cases: dict[str, LabCase], bend: str, data: st.DataObject
) -> None:
    never_passes(cases, bend, data)


@pytest.mark.parametrize("part", range(10))
def test_a_cut_node_file_is_noticed_against_the_base(tmp_path: Path, part: int) -> None:
    """A node file that is cut between two nodes is whole YAML again, and may say nothing wrong: only the base knows what is gone."""
    lab = build(tmp_path / "case")
    content = lab.nodes.read_bytes()
    lab.nodes.write_bytes(content[: len(content) * part // 10])
    assert check(lab.root, DAY, cached=False, new_since="HEAD").word == "blocked"


# With a log: node files too

LOGGED: tuple[Bend, ...] = (model_changed, data_changed, failed, unsigned, missing, weakened, dangling)


def start_log(lab: LabCase, key: Path) -> None:
    parser = argparse.ArgumentParser()
    log_command.configure(parser)
    call = ["update", "--start", "--key", str(key), "--root", str(lab.root), "--now", DAY.isoformat()]
    assert log_command.run(parser.parse_args(call)) == 0


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LabCase]:
    """Return the honest case with a log, and one case for each reason to block it, logged as it is."""
    key = tmp_path_factory.mktemp("key") / "log.pem"
    key.write_bytes(pem("log"))
    key.chmod(0o600)
    made: dict[str, LabCase] = {}
    for bend in (None, *LOGGED):
        name = bend.__name__ if bend else "honest"
        made[name] = lab = build(tmp_path_factory.mktemp(f"logged-{name}") / "case")
        if bend:
            bend(lab)
        lab.policy(log={"origin": ORIGIN, "key": LOG_KEY.public.pem.decode()})
        start_log(lab, key)
    return made


def test_the_honest_logged_case_passes_and_every_other_is_blocked(logged: dict[str, LabCase]) -> None:
    assert {name: word(case.root, {}) for name, case in logged.items()} == {
        name: "pass" if name == "honest" else "blocked" for name in logged
    }
    for name, case in logged.items():
        codes = {f.code for f in assess(Overlay(case.root, {}), DAY).decision.findings if f.severity == "error"}
        assert not {code for code in codes if code.startswith("LOG")} or name == "unsigned", (name, codes)


def logged_never_passes(logged: dict[str, LabCase], bend: str, data: st.DataObject) -> None:
    """Any file but the configuration, node files too, since the log has the nodes."""
    root = logged[bend].root
    faults: dict[str, Fault] = {}
    chosen = files(root, ".gitattributes", "casework.yaml")
    for path in data.draw(st.lists(st.sampled_from(chosen), min_size=1, max_size=4, unique=True)):
        kind = data.draw(st.sampled_from(["gone", "denied", "folder", "cut"]))
        content = (root / path).read_bytes()
        faults[path] = content[: data.draw(st.integers(0, max(0, len(content) - 1)))] if kind == "cut" else kind
    assert word(root, faults) == "blocked", faults


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(bend=st.sampled_from([bend.__name__ for bend in LOGGED]), data=st.data())
def test_with_a_log_no_fault_of_any_file_turns_blocked_into_pass(
    logged: dict[str, LabCase], bend: str, data: st.DataObject
) -> None:
    logged_never_passes(logged, bend, data)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=QUIET)
@given(bend=st.sampled_from([bend.__name__ for bend in LOGGED]), data=st.data())
def test_with_a_log_many_faults_of_any_file_never_turn_blocked_into_pass(
    logged: dict[str, LabCase], bend: str, data: st.DataObject
) -> None:
    logged_never_passes(logged, bend, data)


@pytest.mark.parametrize("name", ["failed", "dangling"])
def test_with_a_log_a_cut_node_file_is_noticed_within_one_revision(logged: dict[str, LabCase], name: str) -> None:
    """Wherever it is cut: also between two nodes, where what is left says nothing wrong."""
    root = logged[name].root
    content = (root / "requirements/case.yaml").read_bytes()
    ends = [n for n in range(len(content)) if content[n : n + 7] == b"- type:"]
    assert len(ends) > 15
    for end in ends:
        assert word(root, {"requirements/case.yaml": content[:end]}) == "blocked", content[end - 80 : end]


@pytest.mark.parametrize("name", ["failed", "dangling"])
def test_an_argument_that_goes_whole_is_noticed_where_its_top_goals_are_counted(
    logged: dict[str, LabCase], name: str
) -> None:
    root = logged[name].root
    content = (root / "requirements/case.yaml").read_bytes()
    config = (root / "casework.yaml").read_bytes() + b"top_goals: 1\n"
    cut = content[: content.index(b"- type: goal")]
    assert word(root, {"casework.yaml": config, "requirements/case.yaml": cut}) == "blocked"


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_single_fault_of_the_worked_case_blocks(tmp_path: Path) -> None:
    """The worked case: each file of the evidence, the models, the data and the trust that is lost is missed."""
    for part in ("requirements/roadside-sign", "evidence"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(tmp_path / "evidence/log")  # the example has a log of its own
    shutil.copytree(ROOT / "src/casework/templates/roadside-sign/overlay", tmp_path, dirs_exist_ok=True)
    day = date(2026, 12, 1)
    before = assess(Overlay(tmp_path, {}), day)
    assert before.decision.word == "pass", before.decision.findings
    outside = ("requirements/", "casework.yaml")  # see above
    judged = sorted(p for p in before.inputs.present if (tmp_path / p).is_file() and not p.startswith(outside))
    judged += sorted(p for p in before.inputs.paths - before.inputs.present if (tmp_path / p).is_file())[
        ::25
    ]  # pictures
    assert len(judged) > 15
    passed = [p for p in judged if assess(Overlay(tmp_path, {p: "gone"}), day).decision.word == "pass"]
    assert passed == []
