"""The demo trust that comes with the repository, and the walls around it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from trust_lab import TODAY, judge, open_lab, policy_value, statement

from casework.attest.demo import PUBLISHED_KEYIDS
from casework.attest.dsse import countersign
from casework.attest.keys import FileKey, load_private_key
from casework.attest.policy import Trust, open_policy
from casework.attest.seal import seal, seal_policy

FOLDER = Path(__file__).parents[3] / "evidence" / "trust"


def demo_key(name: str) -> FileKey:
    return load_private_key((FOLDER / "demo-keys" / f"demo-{name}.pem").read_bytes())


@pytest.fixture(scope="module")
def demo() -> Trust:
    reading = open_policy((FOLDER / "policy.dsse.json").read_bytes(), (FOLDER / "root.pub").read_bytes(), TODAY)
    assert [(finding.code, finding.severity) for finding in reading.findings] == [("POL-010", "warning")]
    assert reading.trust is not None
    return reading.trust


def test_demo_trust_is_visibly_demo(demo: Trust) -> None:
    assert demo.demo
    assert demo.policy.demo
    assert demo.policy.name == "demo"
    assert demo.policy.version == 1
    assert demo.policy.expires == date(2036, 12, 31)
    assert all(key.startswith("demo-") for key in demo.policy.keys)
    assert all("DEMO" in (FOLDER / name).read_text() for name in ("README.md", "root.pub"))


def test_machine_evidence_needs_the_machine_and_validation_a_verifier_too(demo: Trust) -> None:
    assert judge(seal(statement("dataset"), [demo_key("ci")]), demo).verified
    for generator in ("validation", "quantization"):
        once = seal(statement(generator), [demo_key("ci")])
        assert [finding.code for finding in judge(once, demo).findings] == ["SIG-006"]
        assert judge(countersign(once, demo_key("verifier")), demo).verified
        assert not judge(countersign(once, demo_key("ml-engineer")), demo).verified


def test_published_key_ids_are_those_of_the_committed_keys() -> None:
    ids = {load_private_key(path.read_bytes()).keyid for path in (FOLDER / "demo-keys").glob("*.pem")}
    assert ids == PUBLISHED_KEYIDS


def test_script_makes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make_demo_trust.py", tmp_path], check=True)
    made = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) == 9
    assert made == {name: (FOLDER / name).read_bytes() for name in made}


def test_pol_010_a_demo_root_stays_demo_whatever_the_policy_says(demo: Trust) -> None:
    claims = demo.policy.model_copy(update={"demo": False, "name": "production"})
    reading = open_policy(seal_policy(claims, [demo_key("root")]), (FOLDER / "root.pub").read_bytes(), TODAY)
    assert reading.trust is not None
    assert reading.trust.demo
    assert [finding.code for finding in reading.findings] == ["POL-010"]


def test_pol_009_a_real_policy_may_not_list_a_published_key() -> None:
    value = policy_value()
    value["keys"]["developer"]["public_key_pem"] = demo_key("ci").public.pem.decode()
    reading = open_lab(value)
    assert reading.trust is None
    assert [finding.code for finding in reading.findings] == ["POL-009"]
    value["demo"] = True
    assert [finding.code for finding in open_lab(value).findings] == ["POL-010"]
