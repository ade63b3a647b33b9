"""A real case in a git repository: nodes, model files, manifests, and evidence honestly signed with keys of the lab."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sealed import CASE, CHECKS, FLOAT, GOOD, INT8, TEST, TRAIN
from trust_lab import KEYS, policy_value, roots, seal_lab_policy

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.dsse import sign_envelope
from casework.attest.seal import seal
from casework.graph.appraise import bindings
from casework.model.catalogue import GENERATORS
from casework.model.decision import Decision
from casework.model.learning import Evidence
from casework.model.result import PAYLOAD_TYPE, GeneratorId, Metric, ResultRecord, Statement
from casework.store.working_tree import WorkingTree
from casework.workflow.evidence.run import statement_of, write_sealed
from casework.workflow.judging.assess import Assessed, assess
from casework.workflow.judging.checking import check

DAY = date(2026, 6, 1)
STARTED = "2026-05-20T10:00:00Z"
MODELS = {"model/float.onnx": b"float model", "model/int8.onnx": b"int8 model"}
CONFIG = """schema: casework/v1
name: Lab
roots: [requirements]
review: {types: []}
trust: {root_sha256: %s}
"""


def manifest(split: str, purpose: str, count: int) -> bytes:
    """Return a manifest whose files are not stored, each with a digest of its own."""
    head = {
        "schema": "casework/dataset-manifest/v1",
        "name": split,
        "task": "detection",
        "classes": ["stop"],
        "splits": {split: {"purpose": purpose, "stored": False}},
        "generator": {},
    }
    items = (
        {"file": f"{n}.png", "sha256": sha256_bytes(f"{split}{n}".encode()), "split": split, "objects": []}
        for n in range(count)
    )
    return "".join(json.dumps(line) + "\n" for line in (head, *items)).encode()


MANIFESTS = {
    "data/train.jsonl": manifest("train", "development", 300),
    "data/test.jsonl": manifest("test", "verification", 1000),
}


def nodes() -> str:
    """Return the nodes of the case: those of the rules' tests, bound to files that lie there."""
    text = CASE.replace("size: 3000", "size: 300")
    for was, content in ((TRAIN, MANIFESTS["data/train.jsonl"]), (TEST, MANIFESTS["data/test.jsonl"])):
        text = text.replace(was, sha256_bytes(content))
    assert FLOAT in text
    assert INT8 in text
    return text


def git(root: Path, *command: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", *command],
        cwd=root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@dataclass
class LabCase:
    """A case on disk, free to be attacked."""

    root: Path

    @property
    def nodes(self) -> Path:
        return self.root / "requirements/case.yaml"

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the nodes that stands there once."""
        text = self.nodes.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        self.nodes.write_text(text.replace(old, new))

    def add(self, text: str, file: str = "requirements/more.yaml") -> None:
        (self.root / file).write_text(text)

    def assessed(self) -> Assessed:
        return assess(WorkingTree(self.root), DAY)

    def check(self, today: date = DAY) -> Decision:
        return check(self.root, today, cached=False)

    def errors(self, today: date = DAY) -> set[str]:
        return {f.code for f in self.check(today).findings if f.severity == "error"}

    def record(self, key: str, metrics: Iterable[Metric] | None = None, **changes: Any) -> ResultRecord:
        """Return the record that an honest run of an evidence node would give now."""
        made = self.assessed().assessment
        node = made.case.node(key)
        assert isinstance(node, Evidence)
        found = bindings(made.case, key, made.files, made.manifests, made.project.trust.model_key)
        fields: dict[str, Any] = {
            "evidence": key,
            "generator": GeneratorId(name=node.generator, version=GENERATORS[node.generator].version),
            "requirements": {e.target: made.case.fingerprint(e.target) for e in made.case.out(key, "verifies")},
            "digests": {b.role: b.sha256 for b in found if b.sha256},
            "seed": node.seed,
            "started": STARTED,
            "duration_s": 1.0,
            "status": "complete",
            "metrics": tuple(GOOD[key] if metrics is None else metrics),
            "self_checks": CHECKS,
        }
        return ResultRecord.model_validate(fields | changes)

    def seal(self, key: str, *signers: str, metrics: Iterable[Metric] | None = None, **changes: Any) -> Path:
        """Seal an honest record, but for the changes, with keys of the lab."""
        statement = statement_of(self.record(key, metrics, **changes))
        return self.put(key, seal(statement, [KEYS[name] for name in signers or ("ci", "verifier-2")]))

    def put(self, key: str, data: bytes) -> Path:
        """Write a sealed file under the name that its content asks for."""
        return self.root / write_sealed(self.root, "evidence", key, data)

    def statement(self, key: str = "EV-1") -> dict[str, Any]:
        """Return the honest statement as JSON values, to be bent."""
        made: Statement = statement_of(self.record(key))
        value: dict[str, Any] = json.loads(made.model_dump_json(by_alias=True, exclude_none=True))
        return value

    def reseal(
        self, payload: bytes | dict[str, Any], key: str = "EV-1", signers: Sequence[str] = ("ci", "verifier-2")
    ) -> Path:
        """Sign any payload with trusted keys, in the place of what lies there: a signer who is careless or hostile."""
        raw = payload if isinstance(payload, bytes) else jcs_bytes(payload)
        self.unseal(key)
        return self.put(key, sign_envelope(PAYLOAD_TYPE, raw, [KEYS[name] for name in signers]))

    def unseal(self, key: str) -> None:
        for path in self.sealed(key):
            path.unlink()

    def sealed(self, key: str = "EV-1") -> list[Path]:
        return sorted((self.root / "evidence" / key).glob("*.json"))

    def policy(self, **changes: Any) -> None:
        """Have the root sign another trust policy."""
        (self.root / "evidence/trust/policy.dsse.json").write_bytes(seal_lab_policy(lab_policy(**changes)))

    def commit(self, message: str = "change") -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", message)
        return git(self.root, "rev-parse", "HEAD")


def lab_policy(**changes: Any) -> dict[str, Any]:
    """Return the policy of the lab; both kinds of evidence are countersigned independently."""
    twice = {"require": {"ci": 1, "verifier": 1}, "independent": True, "separate_roles": True}
    value = policy_value(evidence_types={"validation": twice, "quantization": twice})
    value["persons"]["alice"] = {"name": "Alice", "roles": ["developer"]}
    return value | changes


def build(root: Path) -> LabCase:
    """Write the case, seal its evidence, commit it."""
    for path, content in (MODELS | MANIFESTS).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "requirements").mkdir()
    (root / "evidence/trust").mkdir(parents=True)
    (root / "requirements/case.yaml").write_text(nodes())
    (root / "evidence/trust/root.pub").write_bytes(roots())
    (root / "casework.yaml").write_text(CONFIG % sha256_bytes(roots()))
    (root / ".gitattributes").write_text("evidence/** -text\n")
    made = LabCase(root)
    made.policy()
    made.seal("EV-1")
    made.seal("EV-2")
    git(root, "init", "-q", "-b", "main")
    made.commit("honest case")
    return made
