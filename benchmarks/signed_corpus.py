"""A case of many signed evidence records: as many requirements, plans and records, each signed by a machine and a person.

Every record is bound to the case as it is, so all of them are current. Figures are made up from a seeded generator; signatures and
digests are real.
"""

from __future__ import annotations

import argparse
import random
from datetime import date
from pathlib import Path

from casework.attest.keys import generate_private_pem, load_private_key
from casework.attest.seal import seal, seal_policy
from casework.attest.verify import sealed_name
from casework.graph.assessment import Assessment
from casework.graph.binding import bindings
from casework.model.catalogue import GENERATORS
from casework.model.learning import Evidence
from casework.model.policy import TrustPolicy
from casework.model.result import GeneratorId, Metric, ResultRecord, Table, outcome_of
from casework.store.working_tree import WorkingTree
from casework.workflow.evidence.run import statement_of
from casework.workflow.judging.assess import assess
from corpus import write_corpus

DAY = date(2026, 11, 22)
NODE = """\
- type: requirement
  id: REQ-{n:06d}
  level: system
  asil: B
  statement: The classifier shall find items of kind {n} in at least nine of ten images.
  owner: m.osei
  rationale: The analysis of the level above asks for it.
  derives_from: [STA-000000]
  allocated_to: [MDL-1]
  acceptance: [{{metric: accuracy, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}]
- type: evidence
  id: EV-{n:06d}
  generator: validation
  subject: MDL-1
  data: DS-2
  split: test
  seed: {n}
  verifies: [REQ-{n:06d}]
"""
DATASET = """\
- type: dataset
  id: DS-2
  statement: One item that is not stored, for verification.
  version: "1"
  manifest: {{path: test.jsonl, sha256: {sha}}}
  splits: [{{name: test, purpose: verification, size: 1000}}]
  covers: [ODD-1]
  disjoint_from: [DS-1]
  provenance: Written by the benchmark.
  licence: Apache-2.0
"""


def write_signed_corpus(folder: Path, records: int, per_file: int = 100, seed: int = 0) -> None:
    """Write a case with `records` signed records below a folder."""
    from casework.artifact.digest import jcs_digest, sha256_bytes

    write_corpus(folder, 10)
    head, item = (folder / "manifest.jsonl").read_text().splitlines()
    head = head.replace('"train"', '"test"').replace("development", "verification")
    items = (
        item.replace('"train"', '"test"').replace("train/0.png", f"test/{n}.png").replace("0" * 64, f"{n + 1:064x}")
        for n in range(1000)
    )
    manifest = "\n".join((head, *items)) + "\n"
    (folder / "test.jsonl").write_text(manifest)
    (folder / "requirements/data.yaml").write_text(DATASET.format(sha=sha256_bytes(manifest.encode())))
    for start in range(0, records, per_file):
        text = "".join(NODE.format(n=n) for n in range(start, min(start + per_file, records)))
        (folder / f"requirements/signed-{start:06d}.yaml").write_text(text)
    keys = {name: load_private_key(generate_private_pem("ed25519")) for name in ("root", "ci", "verifier")}
    policy = TrustPolicy.model_validate(
        {
            "schema": "casework/trust-policy/v1", "name": "benchmark", "version": 1, "expires": "2036-12-31",
            "root": {"threshold": 1, "keys": ["root"]},
            "keys": {
                name: {"public_key_pem": key.public.pem.decode(), "person": name, "valid_from": "2026-01-01"}
                for name, key in keys.items()
            },
            "persons": {
                "root": {"name": "Root", "roles": []},
                "ci": {"name": "Machine", "roles": ["ci"], "machine": True},
                "verifier": {"name": "Verifier", "roles": ["verifier"]},
                "m.osei": {"name": "Author", "roles": []},
            },
            "roles": {"ci": ["ci"], "verifier": ["verifier"]},
            "evidence_types": {"*": {"require": {"ci": 1, "verifier": 1}, "independent": True, "separate_roles": True}},
        }
    )  # fmt: skip
    (folder / "evidence/trust").mkdir(parents=True, exist_ok=True)
    (folder / "evidence/trust/root.pub").write_bytes(keys["root"].public.pem)
    (folder / "evidence/trust/policy.dsse.json").write_bytes(seal_policy(policy, [keys["root"]]))
    assessment, rng = assess(WorkingTree(folder), DAY).assessment, random.Random(seed)
    for key in assessment.case.keys("evidence"):
        sealed = seal(statement_of(_record(assessment, key, rng, jcs_digest)), [keys["ci"], keys["verifier"]])
        (folder / f"evidence/{key}").mkdir(exist_ok=True)
        (folder / f"evidence/{key}/{sealed_name(sealed)}").write_bytes(sealed)


def _record(assessment: Assessment, key: str, rng: random.Random, digest: object) -> ResultRecord:
    case = assessment.case
    plan = case.node(key)
    if not isinstance(plan, Evidence) or not callable(digest):
        raise TypeError(key)
    bound = {b.role: b.sha256 for b in bindings(case, key, assessment.files, assessment.manifests)}
    metrics = tuple(
        Metric(
            name=name, slice=part, value=0.97, unit="ratio", n=n, k=n * 97 // 100, ci_low=0.9574, ci_high=0.9797,
            confidence=0.95, method="clopper-pearson",
        )
        for name in ("accuracy", "recall", "precision")
        for part, n in (("all", 1000), ("light=day", 600), ("light=night", 400))
    )  # fmt: skip
    rows = tuple((f"class {i}", rng.randrange(1000), rng.randrange(1000)) for i in range(4))
    table = Table(name="confusion", columns=("class", "right", "wrong"), rows=rows)
    return ResultRecord(
        evidence=key,
        generator=GeneratorId(name=plan.generator, version=GENERATORS[plan.generator].version),
        requirements={e.target: case.fingerprint(e.target) for e in case.out(key, "verifies")},
        digests={**bound, "outcome": digest(outcome_of(metrics, (table,)))},
        files={"model": "MDL-1", "data": "DS-2"},
        seed=plan.seed,
        environment={"python": "3.11", "threads": 1},
        started="2026-11-20T10:00:00Z",
        duration_s=12.5,
        status="complete",
        metrics=metrics,
        tables=(table,),
        command=f"casework run {key}",
    )


def main() -> None:
    """Write a corpus from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=10_000)
    args = parser.parse_args()
    write_signed_corpus(args.folder, args.records)


if __name__ == "__main__":
    main()
