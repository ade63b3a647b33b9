"""A small, complete case with holes of every kind, and what verification would say of it; for tests of renderers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest

from casework.artifact.digest import sha256_bytes
from casework.graph.appraise import results
from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case
from casework.graph.status import statuses
from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.model.project import Project
from casework.model.result import GeneratorId, Metric, ResultRecord, SelfCheck, Statement, Subject, Table
from casework.model.verdict import Appraisal, FileFact, ManifestFact, Signer, Verdict
from casework.store.tree import case_from_texts, locate

MODEL = "3f" * 32
FLOAT = "a1" * 32
DATA = "77" * 32
TRAIN = "66" * 32
DAY = date(2026, 3, 2)

TEXTS = {
    "requirements/hazards.yaml": """
- type: odd
  id: ODD-1
  title: Suburban road, daylight and dusk
  statement: Two-lane suburban roads at up to 60 km/h, in daylight and at dusk, dry or in rain.
  dimensions:
    - {name: light, values: [day, dusk], description: Illuminance at the camera above 400 lx or 50 to 400 lx.}
    - {name: weather, values: [dry, rain]}
    - {name: distance, values: [near, far], description: Up to 25 m; 25 m to 60 m.}
  exclusions:
    - {when: {light: dusk, weather: rain}, reason: The camera is not qualified for it; the function is switched off by the rain sensor.}
- type: hazardous_event
  id: HE-1
  title: Stop sign missed
  hazard: The detector does not report a stop sign, so that the vehicle enters the junction without braking.
  situation: Approaching a junction with crossing traffic at 50 km/h.
  severity: {level: S3, rationale: Side impact at 50 km/h is life-threatening.}
  exposure: {level: E4, rationale: Junctions are met on almost every drive.}
  controllability: {level: C2, rationale: An attentive driver can brake; 90 % do in the simulator study of 2024.}
- type: hazardous_event
  id: HE-2
  title: Ghost sign
  hazard: The detector reports a stop sign where there is none, so that the vehicle brakes without reason.
  situation: Driving at 60 km/h with a vehicle close behind.
  severity: {level: S1, rationale: Rear-end collision at a small difference of speeds.}
  exposure: {level: E3, rationale: Dense following traffic in 5 % of driving time.}
  controllability: {level: C2, rationale: The driver behind keeps a distance.}
  residual_risk:
    description: Braking for advertisements that show a complete stop sign.
    accepted_by: s.lindqvist
    role: safety manager
    reason: Fewer than one such poster in 10,000 km in the survey of the region.
- type: safety_goal
  id: SG-1
  title: Report stop signs
  statement: The function shall report each stop sign inside the ODD in time to stop.
  addresses: [HE-1]
  safe_state: The driver is warned and the speed is limited to 30 km/h.
  ftti: 500 ms
- type: safety_goal
  id: SG-2
  title: No ghost signs
  statement: The function shall not report stop signs that are not there.
  addresses: [HE-2]
  safe_state: The report is withdrawn.
- type: threat
  id: TH-1
  title: Sticker attack
  statement: Somebody puts stickers on a stop sign so that it is read as a speed limit.
  owasp: ML01:2023
  endangers: [MC-INT8]
  mitigated_by: [ML-3]
""",
    "requirements/system.yaml": """
- type: requirement
  id: SYS-1
  level: system
  title: Reported in time
  statement: The system shall report a stop sign no later than 25 m before it.
  asil: C
  derives_from: [SG-1]
  owner: j.ortega
  rationale: 25 m is the stopping distance at 50 km/h on a dry road with 0.5 s reaction.
- type: requirement
  id: ML-1
  level: ml
  title: Recall near
  statement: The detector shall find stop signs of the near slice.
  asil: C
  derives_from: [SYS-1]
  mitigates: [HE-1]
  allocated_to: [MC-INT8]
  owner: j.ortega
  acceptance:
    - {metric: recall, slice: distance=near, op: ">=", bound: 0.98, unit: ratio, confidence: 0.95, min_samples: 300}
    - {metric: fnr, slice: all, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
  rationale: The fault tree allots one miss in fifty to the detector; the tracker bridges single frames.
- type: requirement
  id: ML-2
  level: ml
  title: Few false reports
  statement: The detector shall report at most one stop sign in a thousand images that have none.
  asil: QM
  derives_from: [SG-2]
  mitigates: [HE-2]
  allocated_to: [MC-INT8]
  owner: j.ortega
  acceptance:
    - {metric: fppi, op: "<=", bound: 0.001, unit: 1/image, confidence: 0.95}
- type: requirement
  id: ML-3
  level: ml
  title: Quantised like float
  statement: The int8 model shall lose at most two percentage points of recall against its float parent.
  asil: C
  derives_from: [SYS-1]
  mitigates: [TH-1]
  allocated_to: [MC-INT8]
  acceptance:
    - {metric: metric_drop, op: "<=", bound: 2, unit: pp, confidence: 0.95}
- type: requirement
  id: DAT-1
  level: data
  title: No leakage
  statement: The verification data shall share no item with the development data.
  derives_from: [ML-1]
  allocated_to: [DS-VER]
  acceptance:
    - {metric: leaked_items, op: "==", bound: 0, unit: count}
- type: requirement
  id: TOOL-1
  level: tool
  statement: The checker shall refuse a record whose signature does not verify.
  allocated_to: [TL-1]
  verified_by: ["tests/test_sign.py::test_refuses"]
  rationale: A forged record would make a false claim.
""",
    "requirements/model.yaml": f"""
- type: model_card
  id: MC-FLOAT
  title: Float detector
  file: {{path: evidence/artifacts/float.onnx, sha256: {FLOAT}}}
  version: "1.4"
  task: detection
  classes: [stop, other]
  inputs: [{{name: image, dtype: float32, shape: [batch, 3, 128, 128], meaning: RGB image scaled to 0 to 1}}]
  outputs: [{{name: heat, dtype: float32, shape: [batch, 2, 32, 32]}}]
  trained_on: [DS-DEV]
  intended_use: Parent of the deployed model; not deployed itself.
- type: model_card
  id: MC-INT8
  title: Deployed detector
  file: {{path: evidence/artifacts/int8.onnx, sha256: {MODEL}}}
  version: "1.4-int8"
  task: detection
  classes: [stop, other]
  precision: int8
  inputs: [{{name: image, dtype: float32, shape: [batch, 3, 128, 128], meaning: RGB image scaled to 0 to 1}}]
  outputs: [{{name: heat, dtype: float32, shape: [batch, 2, 32, 32], meaning: Class scores a cell}}]
  derived_from: MC-FLOAT
  deployed_on: Cortex-A55, ONNX Runtime 1.22, one thread
  intended_use: Reports stop signs to the junction assistant of the roadside unit.
  limits: [Signs beyond 60 m are not detected., Signs turned by more than 30 degrees were not tested.]
  ethical_considerations: [Persons in the images cannot be recognised at 128 x 128 pixels.]
  licence: Apache-2.0
- type: dataset
  id: DS-DEV
  title: Development scenes
  statement: Layered scenes drawn by the project's own script.
  version: "3"
  manifest: {{path: evidence/artifacts/dev.jsonl, sha256: {TRAIN}}}
  splits: [{{name: train, purpose: development, size: 6000}}, {{name: calibration, purpose: calibration, size: 128}}]
  covers: [ODD-1]
  provenance: Drawn with seed 1; no photographs.
- type: dataset
  id: DS-VER
  title: Verification scenes
  statement: Layered scenes drawn with artwork and seeds that development never saw.
  version: "3"
  manifest: {{path: evidence/artifacts/ver.jsonl, sha256: {DATA}}}
  splits: [{{name: verification, purpose: verification, size: 1000}}]
  slices: [distance=near, distance=far]
  covers: [ODD-1]
  disjoint_from: [DS-DEV]
  provenance: Drawn with seed 2 by a person who did not train the model.
  labelling: The script knows each sign's box.
  licence: CC-BY-4.0
- type: evidence
  id: EV-VAL
  title: Validation of the deployed model
  generator: validation
  subject: MC-INT8
  data: DS-VER
  verifies: [ML-1]
  max_age_days: 365
  signed_by: [verification]
- type: evidence
  id: EV-GHOST
  title: False reports of the deployed model
  generator: validation
  subject: MC-INT8
  data: DS-VER
  verifies: [ML-2]
- type: evidence
  id: EV-QNT
  title: Int8 against float
  generator: quantization
  subject: MC-INT8
  data: DS-VER
  against: MC-FLOAT
  verifies: [ML-3]
- type: evidence
  id: EV-DATA
  title: Leakage check
  generator: dataset
  subject: DS-VER
  against: DS-DEV
  verifies: [DAT-1]
""",
    "requirements/argument.yaml": """
- type: goal
  id: G-1
  statement: The stop sign detector is acceptably safe inside the ODD.
  supported_by: [S-1]
  in_context_of: [C-1, A-1]
- type: context
  id: C-1
  statement: Suburban roads in daylight and at dusk.
  refers_to: [ODD-1]
- type: assumption
  id: A-1
  statement: The camera is mounted as specified and clean.
- type: strategy
  id: S-1
  statement: Argument over the hazardous events.
  supported_by: [G-2, G-3, G-4]
  in_context_of: [J-1]
- type: justification
  id: J-1
  statement: The hazard analysis was reviewed by an independent team.
- type: goal
  id: G-2
  statement: Missed stop signs are sufficiently rare.
  states: [ML-1]
  supported_by: [SN-1]
- type: goal
  id: G-3
  statement: False reports of stop signs are sufficiently rare.
  states: [ML-2]
  supported_by: [SN-2]
- type: goal
  id: G-4
  statement: The integrated vehicle reacts in time to a reported stop sign.
  undeveloped: true
- type: solution
  id: SN-1
  statement: Validation results on unseen scenes.
  cites: [EV-VAL, EV-DATA]
- type: solution
  id: SN-2
  statement: False report counts on unseen scenes.
  cites: [EV-GHOST]
  residual_doubts:
    - {challenger: CG-1, accepted_by: s.lindqvist, role: safety manager, reason: The scenes vary light and clutter; a field trial follows in May.}
- type: goal
  id: CG-1
  statement: Drawn scenes lack the clutter of real roads.
  challenges: [SN-2]
  undeveloped: true
- type: indicator
  id: SPI-1
  statement: Share of stop signs that the map knows and the detector did not report.
  metric: missed_by_map
  op: "<="
  threshold: 0.02
  unit: ratio
  monitors: [G-2]
""",
    "requirements/process.yaml": """
- type: practice
  id: P-MLE4BP5
  practice: MLE.4.BP5
  answer: The int8 model is tested with the same runtime as on the target.
  satisfied_by: [EV-VAL, EV-QNT]
- type: practice
  id: P-MLE3BP1
  practice: MLE.3.BP1
- type: tool
  id: TL-1
  title: Casework
  statement: Checks the safety case and blocks the merge.
  version: 0.1.0
  ti: TI2
  td: TD1
  rationale: A false pass could let an error through; the tests and the second reader find it.
  use_cases:
    - id: UC-1
      description: Judge whether evidence supports a requirement.
      potential_errors:
        - {id: PE-1, description: A forged record counts as evidence., effect: A false claim of safety., detected_by: ["tests/test_sign.py::test_refuses", TOOL-1]}
        - {id: PE-2, description: A stale record counts as evidence.}
  qualified_by: [TOOL-1]
- type: review
  id: RV-1
  of: [SG-1, HE-1]
  fingerprints: {SG-1: FINGERPRINT-SG-1, HE-1: FINGERPRINT-HE-1}
  by: m.haddad
  role: independent safety engineer
  on: 2026-02-20
  meaning: approved
  remarks: Exposure checked against the fleet's data.
- type: waiver
  id: WV-1
  of: DAT-009
  node: DS-VER
  by: s.lindqvist
  role: safety manager
  on: 2026-02-21
  reason: The twins are blank frames without any sign; they are removed in version 4.
  expires: 2026-06-30
""",
}


@dataclass(frozen=True)
class Example:
    """A case and what is known of it."""

    assessment: Assessment
    decision: Decision
    texts: dict[str, str]


def _record(key: str, generator: str, metrics: tuple[Metric, ...], case: Case, **more: object) -> ResultRecord:
    made: dict[str, object] = {
        "evidence": key,
        "generator": GeneratorId(name=generator, version=1),
        "requirements": {e.target: case.fingerprint(e.target) for e in case.out(key, "verifies")},
        "digests": {"model": MODEL, "data": DATA, "options": "00" * 32},
        "files": {"model": "evidence/artifacts/int8.onnx", "data": "DS-VER"},
        "options": {"score": 0.3, "iou": 0.5},
        "environment": {"python": "3.11.9", "onnxruntime": "1.22.0", "threads": 1, "cpu": "Cortex-A55"},
        "commit": "9c1e" * 10,
        "started": "2026-02-27T09:14:00Z",
        "duration_s": 41.7,
        "status": "complete",
        "metrics": metrics,
        "self_checks": (SelfCheck(name="reference run", outcome="passed", detail="two runs agree to the last bit"),),
        "limitations": ("Drawn scenes, no photographs.",),
        "command": f"casework run {key}",
    }
    return ResultRecord(**{**made, **more})  # type: ignore[arg-type]


def _verdict(key: str, record: ResultRecord) -> Verdict:
    statement = Statement(
        _type="https://in-toto.io/Statement/v1",
        subject=(Subject(name="int8.onnx", digest={"sha256": MODEL}),),
        predicateType="https://casework.dev/evidence-result/v1",
        predicate=record,
    )
    digest = sha256_bytes(key.encode())
    signers = (Signer("verification-1", "m.haddad", frozenset({"verification"})),)
    return Verdict(key, f"evidence/{key}/{digest[:12]}.dsse.json", digest, statement, True, signers)


def _metrics() -> dict[str, tuple[Metric, ...]]:
    return {
        "EV-VAL": (
            Metric(name="recall", slice="distance=near", value=497 / 500, unit="ratio", n=500, k=497, ci_low=0.982562, ci_high=0.998761, confidence=0.95, method="clopper-pearson"),
            Metric(name="recall", slice="distance=far", value=455 / 500, unit="ratio", n=500, k=455, ci_low=0.881, ci_high=0.934, confidence=0.95, method="clopper-pearson"),
            Metric(name="fnr", slice="all", value=9 / 1000, unit="ratio", n=1000, k=9, ci_low=0.00412, ci_high=0.01701, confidence=0.95, method="clopper-pearson"),
            Metric(name="map50", slice="all", value=0.9999996, unit="ratio", n=1000, ci_low=0.983, ci_high=0.993, confidence=0.95, method="bootstrap"),
        ),
        "EV-GHOST": (Metric(name="fppi", slice="all", value=0.004, unit="1/image", n=1000, ci_low=0.0011, ci_high=0.0102, confidence=0.95, method="bootstrap"),),
        "EV-DATA": (Metric(name="leaked_items", slice="all", value=0.0, unit="count", n=1000, method="exact"),),
    }  # fmt: skip


def build(texts: dict[str, str] | None = None) -> Example:
    """Build the example; other texts may be given in place of the case's own."""
    texts = _signed(texts or TEXTS)
    case, findings = case_from_texts(texts)
    appraisals: dict[str, Appraisal] = {}
    for key, metrics in _metrics().items():
        if key in case:
            table = Table(
                name="worst slices",
                columns=("slice", "recall"),
                rows=(("distance=far", 0.91), ("distance=near", 0.994)),
            )
            generator = str(case.entries[key].light["generator"])
            appraisals[key] = Appraisal(
                key, "current", (), _verdict(key, _record(key, generator, metrics, case, tables=(table,)))
            )
    if "EV-QNT" in case:
        appraisals["EV-QNT"] = Appraisal("EV-QNT", "missing", ("no sealed record",))
    if "EV-DATA" in appraisals:
        appraisals["EV-DATA"] = replace(
            appraisals["EV-DATA"],
            state="stale",
            reasons=("the data changed: the manifest is 77…, the record speaks of 76…",),
            superseded=("evidence/EV-DATA/old.dsse.json",),
        )
    assessment = Assessment(
        case=case,
        today=Today(DAY),
        verdicts=tuple(a.verdict for a in appraisals.values() if a.verdict),
        appraisals=appraisals,
        results=results(case, appraisals),
        files={"evidence/artifacts/int8.onnx": FileFact("evidence/artifacts/int8.onnx", True, 163_000, MODEL)},
        manifests={
            "evidence/artifacts/ver.jsonl": ManifestFact(
                "evidence/artifacts/ver.jsonl", DATA, (("verification", 1000),)
            )
        },
        tests={"tests/test_sign.py": frozenset({"test_refuses"})},
        project=Project(
            name="Roadside sign detector", component="Stop sign detector of the roadside unit", version="1.4"
        ),
        commit="9c1e" * 10,
    )
    assessment = replace(assessment, statuses=statuses(assessment))
    return Example(assessment, _decision(assessment, findings, texts), dict(texts))


def _signed(texts: dict[str, str]) -> dict[str, str]:
    """Fill in the fingerprints that the reviews speak of: of SG-1 as it is, of HE-1 as it once was."""
    case, _findings = case_from_texts(texts)
    marks = {
        "FINGERPRINT-SG-1": case.fingerprint("SG-1") if "SG-1" in case else "0" * 64,
        "FINGERPRINT-HE-1": "d0" * 32,
    }
    made = dict(texts)
    for path, text in texts.items():
        for mark, value in marks.items():
            text = text.replace(mark, value)
        made[path] = text
    return made


def _decision(assessment: Assessment, read: list[Finding], texts: dict[str, str]) -> Decision:
    found = [
        *read,
        Finding("EVD-001", "error", "EV-QNT", (), "EV-QNT has no record", "Run `casework run EV-QNT` and sign the result."),
        Finding("FRS-003", "error", "EV-DATA", (), "EV-DATA is stale: the data changed", "Run `casework run EV-DATA`."),
        Finding("RES-001", "error", "ML-2", ("acceptance", 0, "bound"), "EV-GHOST measured fppi 0.004, outside the bound <= 0.001 of ML-2", "Improve the model, or restrict the domain; the bound stays."),
        Finding("RES-004", "error", "ML-1", ("acceptance", 1), "EV-VAL does not show fnr <= 0.01 of ML-1: 9 of 1000 is too small a sample", "Measure on about 2,000 objects more."),
        Finding("GSN-010", "warning", "G-4", ("undeveloped",), "G-4 is undeveloped", "Develop it, or say who does."),
        Finding("SIG-020", "warning", "", (), "every signature was made with a demo key", "Sign with a real key."),
    ]  # fmt: skip
    found = [f for f in found if not f.node or f.node in assessment.case]
    located = locate(assessment.case, found, lambda path: texts[path].encode() if path in texts else None)
    twins = Finding("DAT-009", "warning", "DS-VER", (), "DS-VER shares 3 near twins with DS-DEV", "Remove them.")
    waived = [
        Waived(
            f,
            "WV-1",
            "s.lindqvist",
            "The twins are blank frames without any sign; they are removed in version 4.",
            "2026-06-30",
        )
        for f in locate(assessment.case, [twins], lambda path: texts[path].encode() if path in texts else None)
    ]
    counts = (("nodes", len(assessment.case)), ("evidence current", 2), ("evidence planned", 4))
    return Decision("blocked", tuple(sorted(located, key=lambda f: f.order)), tuple(waived), False, counts)


@pytest.fixture(scope="session")
def example() -> Example:
    return build()


@pytest.fixture(scope="session")
def rebuild() -> Callable[[dict[str, str]], Example]:
    """Build the example from other texts."""
    return build
