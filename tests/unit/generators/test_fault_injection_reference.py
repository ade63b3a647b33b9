"""What the reference says of the records of fault injection, held against records; and audits that were left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from casework.generators.protocol import load
from casework.generators.resolve import resolve
from casework.injection.faults.formats import read
from casework.model.result import ResultRecord

ROOT = Path(__file__).parents[3]
LENET = ROOT / "tests" / "models" / "lenet.onnx"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten digits as ready inputs: float32 [10, 1, 32, 32]."""
    digits = np.load(LENET.parent / "digits.npz")["images"][:10].astype(np.float32) / 255
    path = tmp_path_factory.mktemp("digits") / "inputs.npy"
    np.save(path, np.pad(digits[:, None], ((0, 0), (0, 0), (2, 2), (2, 2))))
    return str(path)


def run(data: str, *options: str) -> ResultRecord:
    asked = resolve("fault-injection", str(LENET), data, options, started="2026-01-01T00:00:00Z", seed=1)
    return load("fault-injection").run(asked)


def documented() -> dict[str, tuple[str, ...]]:
    """Return the columns of each table of the record, as the reference page has them."""
    page = (ROOT / "docs" / "reference" / "fault-injection.md").read_text("utf-8")
    section = page.partition("## Tables of the record")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)
    return {name: tuple(columns.split(", ")) for name, columns in rows[2:]}


@pytest.mark.parametrize(
    "options",
    [
        ("faults=200", "unit=tensor"),
        ("faults=40", "amounts=1,2"),
        ("mode=critical_bits", "tensors=11.bias", "checks=5"),
    ],
)
def test_the_reference_names_every_table_and_its_columns(inputs: str, options: tuple[str, ...]) -> None:
    record = run(inputs, *options, "audit=5")
    assert record.status == "complete", record.reason
    told = documented()
    assert record.tables
    assert {t.name: tuple(t.columns) for t in record.tables} == {t.name: told[t.name] for t in record.tables}


def test_a_campaign_without_audit_says_so_and_claims_none(inputs: str) -> None:
    record = run(inputs, "faults=50", "audit=0")
    (audit,) = [check for check in record.self_checks if check.name == "audit"]
    assert audit.outcome == "skipped"
    (audited,) = [m.value for m in record.metrics if m.name == "audited"]
    assert audited == 0


def test_the_record_states_from_what_faults_were_drawn(inputs: str) -> None:
    """A rate without its population and sampling unit means nothing."""
    for unit, word in (("element", "each element"), ("tensor", "each tensor")):
        record = run(inputs, "faults=50", f"unit={unit}", "audit=0")
        assert any("61706 elements of 10 tensors" in text and word in text for text in record.limitations), unit


def test_the_example_of_the_reference_is_a_fault_list(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "fault-list.md").read_text("utf-8")
    lines = json.loads(page.partition("```json\n")[2].partition("```")[0])
    path = tmp_path / "faults.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    faults = read(path)
    assert (len(faults), len(faults.index), faults.model[-1]) == (2, 3, "1")
