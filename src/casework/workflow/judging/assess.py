"""The main line: a tree of files in, an assessment and a decision out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from casework.gate.decide import LOWERABLE, decide
from casework.graph.appraise import appraise, results
from casework.graph.assessment import Assessment, Today
from casework.graph.binding import full_node, option_files
from casework.graph.case import Case
from casework.graph.status import statuses
from casework.model.catalogue import GENERATORS
from casework.model.decision import Decision
from casework.model.finding import Finding
from casework.model.learning import Dataset, Evidence, ModelCard
from casework.model.process import Tool
from casework.model.project import Project
from casework.model.verdict import ManifestFact, Verdict
from casework.rules import registry
from casework.rules.names import names
from casework.store.cache import Cache
from casework.store.facts import file_fact, manifest_fact, tests_of
from casework.store.tree import locate
from casework.store.working_tree import CONFIG, Seen, Tree
from casework.workflow.judging.configuration import read_project, without_effect
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.reading import NODE_SUFFIXES, read_case, with_severity
from casework.workflow.judging.trusting import NO_PINS, Pins, read_of, reader
from casework.workflow.judging.vouching import vouch

if TYPE_CHECKING:
    from casework.attest.act import ActVerdict
    from casework.model.policy import TrustPolicy
    from casework.workflow.judging.basing import Base

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Assessed:
    """What came of assessing a case.

    Attributes:
        assessment: All that is known of it.
        decision: What the gate says.
        inputs: What it rests on.
        acts: Every sealed review and waiver, verified or not.
    """

    assessment: Assessment
    decision: Decision
    inputs: Inputs
    acts: tuple[ActVerdict, ...] = ()


def assess(
    tree: Tree,
    today: date,
    cache: Cache | None = None,
    progress: Progress | None = None,
    *,
    pins: Pins = NO_PINS,
    base: Base | None = None,
) -> Assessed:
    """Assess a case.

    Args:
        tree: Where its files lie: a working tree or a commit.
        today: Day of judgement.
        cache: Cache of read files, or None to read everything.
        progress: Told in a word what is being done.
        pins: What is known from outside the tree; those of the base count where one is given.
        base: The revision that the tree is to be merged into, by which it is judged.
    """
    tell = progress or (lambda _text: None)
    inputs = Inputs()
    inputs.paths.add(CONFIG)
    project, findings = read_project(tree)
    if base is not None:
        findings += base.altered(project, read_of(tree, project.trust.root_key))
        project, pins = base.judging(project), base.pins
    findings += without_effect(tree, project, frozenset(names()), LOWERABLE)
    tell("reading nodes")
    reading = read_case(tree, project, cache)
    findings += reading.findings
    _note(inputs, project, reading.seen, NODE_SUFFIXES)
    day = Today(today)
    tell("verifying evidence")
    vouched = vouch(tree, reading.case, project, day, inputs, pins, cache)
    trust = vouched.trust
    tell("looking at files")
    before = base.case if base is not None else None
    policy = trust.policy if trust else None
    assessment = _facts(tree, reading.case, project, day, policy, vouched.verdicts, inputs, before)
    findings += (
        base.postponed(list(vouched.findings), trust.policy if trust else None)
        if base is not None
        else vouched.findings
    )
    tell("applying rules")
    void = base.void(reading.case, vouched.acts) if base is not None else frozenset()
    assessment = replace(assessment, sealed_acts=vouched.acts, log=vouched.log, void_waivers=void)
    assessment = replace(assessment, statuses=statuses(assessment))
    findings += _rule_findings(assessment)
    decision = decide(with_severity(findings, project, LOWERABLE), assessment)
    if base is not None:
        decision = base.judged(decision, reading.case, void, vouched)
    return Assessed(assessment, _placed(decision, reading.case, reader(tree)), inputs, vouched.sealed_acts)


def _placed(decision: Decision, case: Case, read: Callable[[str], bytes | None]) -> Decision:
    """Fill in the places of all findings; sorting by place comes after that."""
    findings = sorted(locate(case, decision.findings, read), key=lambda f: f.order)
    waived = [
        replace(w, finding=f)
        for w, f in zip(decision.waived, locate(case, [w.finding for w in decision.waived], read), strict=True)
    ]
    return replace(decision, findings=tuple(findings), waived=tuple(sorted(waived, key=lambda w: w.finding.order)))


def _note(inputs: Inputs, project: Project, seen: Iterable[Seen], suffixes: tuple[str, ...]) -> None:
    for root in project.roots:
        inputs.note_listing(root, suffixes, (s for s in seen if s.path.startswith(f"{root.rstrip('/')}/")))


def _facts(
    tree: Tree,
    case: Case,
    project: Project,
    today: Today,
    policy: TrustPolicy | None,
    verdicts: tuple[Verdict, ...],
    inputs: Inputs,
    before: Case | None,
) -> Assessment:
    manifests: dict[str, ManifestFact] = {}
    for _key, dataset in case.nodes(Dataset, "dataset"):
        path = dataset.manifest.path
        if path not in manifests:
            manifests[path], looked = manifest_fact(tree, path)
            inputs.paths.update((path, *looked))
    named = _named_files(case) | ({project.trust.model_key} if project.trust.model_key else set())
    files = {path: file_fact(tree, path) for path in sorted(named)}
    test_files = sorted(_named_tests(case))
    tests = {path: found for path in test_files if (found := tests_of(tree, path)) is not None}
    inputs.paths.update((*files, *test_files))
    inputs.present.update(path for path, fact in files.items() if fact.exists)
    appraisals = appraise(case, verdicts, files, manifests, today, project.trust.model_key, policy, before)
    return Assessment(
        case, today, verdicts, appraisals, results(case, appraisals), files, manifests, tests, policy, project
    )  # fmt: skip


def _named_files(case: Case) -> set[str]:
    found: set[str] = set()
    for _key, card in case.nodes(ModelCard, "model_card"):
        found.update((card.file.path, *(one.path for one in card.external)))
        if card.signature:
            found.add(card.signature)
    naming = {name for name, spec in GENERATORS.items() if spec.files}
    for key in case.keys("evidence"):
        if case.entries[key].light.get("generator") in naming and (plan := full_node(case, key, Evidence)) is not None:
            found.update(path for path in option_files(plan).values() if path)
    for key in case.keys("requirement"):
        entry = case.entries[key]
        found.update(p for p in entry.light.get("implemented_by", ()) if isinstance(p, str))
    return found


def _named_tests(case: Case) -> set[str]:
    found: set[str] = set()
    for key in case.keys("requirement"):
        tests = case.entries[key].light.get("verified_by")
        if tests.__class__ is list:
            found.update(t.partition("::")[0] for t in tests if isinstance(t, str))
    for _key, tool in case.nodes(Tool, "tool"):
        for use in tool.use_cases:
            for error in use.potential_errors:
                found.update(t.partition("::")[0] for t in error.detected_by if "::" in t and "/" in t)
    return found


def _rule_findings(assessment: Assessment) -> list[Finding]:
    found: list[Finding] = []
    for module in registry.judging():
        match module.RULE.scope:
            case "case":
                found.extend(module.check(assessment.case))
            case "assessment":
                found.extend(module.check(assessment))
            case _:
                pass
    return found
