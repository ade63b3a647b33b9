"""The demo trust that comes with the repository, and the walls around it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from trust_lab import NOW, TODAY, judge, open_lab, policy_value, statement

from casework.attest.dating.authorities import load_authorities
from casework.attest.dating.stamps import judge_tokens, request_for
from casework.attest.dsse import countersign
from casework.attest.keys import FileKey, load_private_key
from casework.attest.seal import seal, seal_policy
from casework.attest.trust.demo import PUBLISHED_KEYIDS
from casework.attest.trust.policy import Trust, TrustReading, open_policy

FOLDER = Path(__file__).parents[3] / "evidence" / "trust"


def demo_key(name: str) -> FileKey:
    return load_private_key((FOLDER / "demo-keys" / f"demo-{name}.pem").read_bytes())


@pytest.fixture(scope="module")
def demo() -> Trust:
    old = [path.read_bytes() for path in sorted((FOLDER / "policies").glob("*.dsse.json"))]
    data, roots = (FOLDER / "policy.dsse.json").read_bytes(), (FOLDER / "root.pub").read_bytes()
    reading = open_policy(data, roots, TODAY, history=old)
    assert [(finding.code, finding.severity) for finding in reading.findings] == [("POL-010", "warning")]
    assert reading.trust is not None
    return reading.trust


def test_demo_trust_is_visibly_demo(demo: Trust) -> None:
    assert demo.demo
    assert demo.policy.demo
    assert demo.policy.name == "demo"
    assert [one.number for one in demo.history] == list(range(1, demo.policy.version + 1))
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


def make(folder: Path, *arguments: str) -> dict[str, bytes]:
    subprocess.run([sys.executable, FOLDER / "make_demo_trust.py", folder, *arguments], check=True)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_script_makes_the_committed_bytes(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert len(made) >= 13
    assert made == {name: (FOLDER / name).read_bytes() for name in made}
    assert sorted(path.name for path in (FOLDER / "policies").glob("*")) == sorted(
        name.removeprefix("policies/") for name in made if name.startswith("policies/")
    )


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return make(tmp_path_factory.mktemp("second"), "--version", "2")


def opened(made: dict[str, bytes], **how: Any) -> TrustReading:
    roots = (FOLDER / "root.pub").read_bytes()
    return open_policy(made["policy.dsse.json"], roots, TODAY, history=[made["policies/1.dsse.json"]], **how)


def test_version_2_follows_version_1_under_the_same_root(second: dict[str, bytes], tmp_path: Path) -> None:
    assert second["root.pub"] == (FOLDER / "root.pub").read_bytes()
    assert second["policies/1.dsse.json"] == make(tmp_path, "--version", "1")["policy.dsse.json"]
    reading = opened(second)
    assert [finding.code for finding in reading.findings] == ["POL-010"]
    assert reading.trust is not None
    assert [(one.number, one.signers) for one in reading.trust.history] == [(1, ("demo-root",)), (2, ("demo-root",))]
    policy = reading.trust.policy
    assert policy.acts["release"].require == {"safety_manager": 1, "verifier": 1}
    assert policy.acts["release"].separate_roles
    assert policy.acts["waiver"].require == {}
    assert "review" not in policy.acts
    assert len({key.person for key in policy.keys.values()}) >= 3
    assert policy.log is not None
    assert policy.log.origin == "casework.example/roadside-sign"
    assert set(policy.tsa or {}) == {"demo-tsa"}
    assert not any(rule.timestamp for rule in policy.evidence_types.values())


def test_pol_009_a_real_policy_may_not_pin_the_demo_log_or_time_stamp_authority(second: dict[str, bytes]) -> None:
    trust = opened(second).trust
    assert trust is not None
    demo = trust.policy.model_dump(mode="json", exclude_none=True)
    for pin in ("log", "tsa"):
        value = policy_value(**{pin: demo[pin]})
        assert [finding.code for finding in open_lab(value).findings] == ["POL-009"]
        assert open_lab(value | {"demo": True}).trust is not None


def test_demo_stamps_are_those_of_the_pinned_authority(second: dict[str, bytes]) -> None:
    spec = importlib.util.spec_from_file_location("demo_tsa", FOLDER / "demo_tsa.py")
    assert spec is not None
    assert spec.loader is not None
    demo_tsa = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo_tsa)
    trust = opened(second).trust
    assert trust is not None
    authorities, problems = load_authorities(trust.policy.tsa)
    assert problems == ()
    query, message = request_for(b"a signature"), b"a signature"
    token = demo_tsa.answer(query, NOW)
    assert token == demo_tsa.answer(query, NOW)
    times, wrong = judge_tokens([token], [message], authorities)
    assert wrong == ()
    assert times == {message: NOW}
    for junk in (b"", b"\x30", query[:-1], b"\x30\x03\x02\x01\x01", bytes(200)):
        refused = demo_tsa.answer(junk, NOW)
        assert refused != token
        assert b"only version 1 queries over SHA-256" in refused


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
