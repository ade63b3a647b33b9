"""A small complete case held in memory, and records as verification would hand them on; for tests that need evidence.

Nothing here is signed: a `Verdict` says that a record was verified, and the rooms tested here take it from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from types import ModuleType
from typing import Any

from casework.artifact.digest import sha256_bytes
from casework.graph.appraise import appraise, bindings, results
from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case
from casework.graph.status import statuses
from casework.model.catalogue import GENERATORS
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.model.node import Node
from casework.model.policy import TrustPolicy
from casework.model.project import Project, Review, Trust
from casework.model.result import GeneratorId, Metric, ResultRecord, SelfCheck, Statement, Subject
from casework.model.verdict import FileFact, ManifestFact, Signer, Verdict
from casework.rules import registry
from casework.store.tree import case_from_texts

FLOAT, INT8 = sha256_bytes(b"float model"), sha256_bytes(b"int8 model")
TRAIN, TEST = sha256_bytes(b"training manifest"), sha256_bytes(b"test manifest")

CASE = f"""
- type: odd
  id: ODD-1
  statement: Roads by day.
  dimensions: [{{name: distance, values: [near, far]}}]
- type: dataset
  id: DS-T
  statement: Scenes to train on.
  version: "1"
  manifest: {{path: data/train.jsonl, sha256: {TRAIN}}}
  splits: [{{name: train, purpose: development, size: 3000}}]
  covers: [ODD-1]
  provenance: Drawn by script.
  licence: Apache-2.0
- type: dataset
  id: DS-V
  statement: Scenes to verify on.
  version: "1"
  manifest: {{path: data/test.jsonl, sha256: {TEST}}}
  splits: [{{name: test, purpose: verification, size: 1000}}]
  covers: [ODD-1]
  disjoint_from: [DS-T]
  provenance: Drawn by script.
  licence: Apache-2.0
- type: model_card
  id: MC-F
  file: {{path: model/float.onnx, sha256: {FLOAT}}}
  version: "1"
  task: detection
  classes: [stop]
  inputs: [{{name: image, dtype: float32, shape: ["N", 3, 128, 128]}}]
  outputs: [{{name: heat, dtype: float32, shape: ["N", 1, 32, 32]}}]
  trained_on: [DS-T]
  intended_use: To be quantised.
  limits: [By day only.]
- type: model_card
  id: MC-1
  file: {{path: model/int8.onnx, sha256: {INT8}}}
  version: "1"
  task: detection
  classes: [stop]
  inputs: [{{name: image, dtype: float32, shape: ["N", 3, 128, 128]}}]
  outputs: [{{name: heat, dtype: float32, shape: ["N", 1, 32, 32]}}]
  precision: int8
  derived_from: MC-F
  trained_on: [DS-T]
  deployed_on: A camera.
  intended_use: To find signs.
  limits: [By day only.]
- type: requirement
  id: REQ-1
  level: system
  asil: D
  statement: The model shall find stop signs.
  owner: alice
  derives_from: [SG-1]
  rationale: A missed sign is a missed stop.
  acceptance:
    - {{metric: recall, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}
    - {{metric: recall, slice: distance=near, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}
- type: requirement
  id: REQ-2
  level: system
  asil: D
  statement: Quantisation shall cost at most two points of recall.
  owner: alice
  derives_from: [SG-1]
  rationale: Budget of the system.
  acceptance:
    - {{metric: metric_drop, op: "<=", bound: 2, unit: pp, confidence: 0.95}}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-V
  split: test
  verifies: [REQ-1]
  max_age_days: 365
  signed_by: [verifier]
- type: evidence
  id: EV-2
  generator: quantization
  subject: MC-1
  data: DS-V
  split: test
  against: MC-F
  verifies: [REQ-2]
- type: hazardous_event
  id: HE-1
  hazard: A stop sign is missed.
  situation: Crossing traffic.
  severity: {{level: S3, rationale: Fatal.}}
  exposure: {{level: E4, rationale: Daily.}}
  controllability: {{level: C3, rationale: None.}}
- type: safety_goal
  id: SG-1
  statement: The vehicle shall stop at stop signs.
  addresses: [HE-1]
  safe_state: Standstill.
  ftti: 500 ms
- type: goal
  id: G-1
  statement: The model is acceptably safe.
  states: [SG-1]
  supported_by: [S-1]
  in_context_of: [A-1]
- type: strategy
  id: S-1
  statement: Argument over the requirements.
  supported_by: [G-2, G-3]
- type: goal
  id: G-2
  statement: Stop signs are found.
  states: [REQ-1]
  supported_by: [SN-1]
- type: goal
  id: G-3
  statement: Quantisation costs little.
  states: [REQ-2]
  supported_by: [SN-2]
- type: solution
  id: SN-1
  statement: Validation results.
  cites: [EV-1]
- type: solution
  id: SN-2
  statement: Quantisation results.
  cites: [EV-2]
- type: assumption
  id: A-1
  statement: The camera is clean.
"""

NEAR = "distance=near"
VERIFIER = Signer("vera-2026", "vera", frozenset({"verifier"}))


def rate(name: str, k: int, n: int, where: str = "all") -> Metric:
    """Return a rate of k in n, with no interval of its own (the gate makes one from the counts)."""
    return Metric(name=name, slice=where, value=k / n, unit="ratio", n=n, k=k)


GOOD = {
    "EV-1": (
        rate("recall", 990, 1000),
        rate("recall", 495, 500, NEAR),
        rate("fnr", 10, 1000),
        rate("fnr", 5, 500, NEAR),
    ),
    "EV-2": (
        Metric(
            name="metric_drop",
            value=0.5,
            unit="pp",
            n=1000,
            ci_low=0.1,
            ci_high=0.9,
            confidence=0.95,
            method="bootstrap",
        ),
    ),
}
CHECKS = (SelfCheck(name="reference run", outcome="passed", detail="as before"),)

POLICY = TrustPolicy.model_validate(
    {
        "schema": "casework/trust-policy/v1",
        "name": "test",
        "version": 1,
        "expires": date(2030, 1, 1),
        "root": {"threshold": 1, "keys": ["root-key"]},
        "keys": {"root-key": {"public_key_pem": "none", "person": "rosa", "valid_from": date(2020, 1, 1)}},
        "persons": {
            "rosa": {"name": "Rosa", "roles": ("safety-manager",)},
            "alice": {"name": "Alice", "roles": ("developer",)},
            "vera": {"name": "Vera", "roles": ("verifier",)},
            "robot": {"name": "Robot", "roles": ("safety-manager",), "machine": True},
        },
        "roles": {"root": ("root-key",)},
        "evidence_types": {"*": {"require": {"verifier": 1}}},
    }
)


@dataclass
class World:
    """Everything that an assessment is made of, free to be bent by a test."""

    text: str = CASE
    more: str = ""
    files: dict[str, FileFact] = field(default_factory=dict)
    manifests: dict[str, ManifestFact] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    tests: dict[str, frozenset[str]] = field(default_factory=dict)
    policy: TrustPolicy | None = POLICY
    project: Project = field(
        default_factory=lambda: Project(review=Review(types=()), trust=Trust(root_sha256="0" * 64))
    )
    day: date = date(2026, 3, 1)

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the case that stands in it once."""
        assert self.text.count(old) == 1, f"{old!r} stands {self.text.count(old)} times"
        self.text = self.text.replace(old, new)

    def case(self) -> Case:
        case, found = self.read()
        assert not found, found
        return case

    def read(self) -> tuple[Case, list[Finding]]:
        return case_from_texts({"requirements/case.yaml": self.text, "requirements/more.yaml": self.more})

    def assess(self) -> Assessment:
        case, _ = self.read()
        today = Today(self.day)
        appraisals = appraise(case, self.verdicts, self.files, self.manifests, today)
        made = Assessment(
            case, today, tuple(self.verdicts), appraisals, results(case, appraisals), self.files, self.manifests, self.tests,
            self.policy, self.project,
        )  # fmt: skip
        return replace(made, statuses=statuses(made))

    def record(self, key: str, metrics: Iterable[Metric] | None = None, **changes: Any) -> ResultRecord:
        """Return a record of an evidence node that is bound to the world as it is now."""
        case, _ = self.read()
        node = case.node(key)
        assert isinstance(node, Evidence)
        digests = {b.role: b.sha256 for b in bindings(case, key, self.files, self.manifests) if b.sha256}
        fields: dict[str, Any] = {
            "evidence": key,
            "generator": GeneratorId(
                name=node.generator, version=GENERATORS[node.generator].version if node.generator in GENERATORS else 1
            ),
            "requirements": {e.target: case.fingerprint(e.target) for e in case.out(key, "verifies")},
            "digests": digests,
            "seed": node.seed,
            "started": "2026-02-01T10:00:00Z",
            "duration_s": 1.0,
            "status": "complete",
            "metrics": tuple(GOOD.get(key, ()) if metrics is None else metrics),
            "self_checks": CHECKS,
        }
        return ResultRecord.model_validate(fields | changes)

    def seal(
        self, key: str, metrics: Iterable[Metric] | None = None, *, verified: bool = True, **changes: Any
    ) -> Verdict:
        """Add a record of an evidence node, as verification hands it on."""
        record = self.record(key, metrics, **changes)
        digest = sha256_bytes(f"{key}{len(self.verdicts)}{record.started}".encode())
        subject = Subject(
            name="subject",
            digest={"sha256": record.digests.get("model") or record.digests.get("data") or record.digests["options"]},
        )
        statement = Statement.model_validate(
            {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": (subject,),
                "predicateType": "https://casework.dev/evidence-result/v1",
                "predicate": record,
            }
        )
        path = f"evidence/{key.replace('::', '__')}/{digest}.dsse.json"
        verdict = Verdict(key, path, digest, statement, verified, (VERIFIER,) if verified else ())
        self.verdicts.append(verdict)
        return verdict


def items(*names: str) -> frozenset[str]:
    return frozenset(sha256_bytes(name.encode()) for name in names)


def world(*, sealed: bool = True) -> World:
    """Return a case in which everything is in order."""
    made = World()
    for path, digest in (("model/float.onnx", FLOAT), ("model/int8.onnx", INT8)):
        made.files[path] = FileFact(path, exists=True, size=10, sha256=digest)
    made.manifests["data/train.jsonl"] = ManifestFact(
        "data/train.jsonl", TRAIN, (("train", 3000),), (("train", items("a", "b", "c")),)
    )
    made.manifests["data/test.jsonl"] = ManifestFact(
        "data/test.jsonl", TEST, (("test", 1000),), (("test", items("d", "e")),)
    )
    if sealed:
        made.seal("EV-1")
        made.seal("EV-2")
    return made


def all_findings(w: World) -> list[Finding]:
    """Return what reading and every rule of the house find in a world, as a check does, and what verification found."""
    by_type: dict[str, list[ModuleType]] = {}
    for module in registry.of_scope("node"):
        for node_type in module.RULE.types:
            by_type.setdefault(node_type, []).append(module)

    def inspect(key: str, node: Node) -> list[Finding]:
        return [f for module in by_type.get(node.type, ()) for f in module.check(key, node)]

    texts = {"requirements/case.yaml": w.text, "requirements/more.yaml": w.more}
    case, found = case_from_texts(texts, inspect)
    assessment = w.assess()
    for module in registry.of_scope("case"):
        found.extend(module.check(case))
    for module in registry.of_scope("assessment"):
        found.extend(module.check(assessment))
    return [*found, *(f for v in w.verdicts for f in v.findings)]


def found_in(w: World) -> list[str]:
    """Return the findings in short: code, node and field."""
    return sorted(f"{f.code} {f.node} {f.field_path}".strip() for f in all_findings(w))
