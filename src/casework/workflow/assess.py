"""The main line: a tree of files in, an assessment and a decision out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from casework.artifact.digest import sha256_bytes
from casework.gate.decide import LOWERABLE, decide
from casework.graph.appraise import appraise, folder_key, results
from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case
from casework.graph.status import statuses
from casework.model.decision import Decision
from casework.model.finding import Finding
from casework.model.learning import Dataset, ModelCard
from casework.model.process import Tool
from casework.model.project import Project
from casework.model.verdict import ManifestFact, Verdict
from casework.rules import registry
from casework.rules.names import names
from casework.store.cache import Cache
from casework.store.facts import file_fact, manifest_fact, tests_of
from casework.store.tree import locate
from casework.store.working_tree import CONFIG, Seen, Tree, evidence_kinds
from casework.workflow.configuration import read_project, without_effect
from casework.workflow.reading import NODE_SUFFIXES, read_case, with_severity

if TYPE_CHECKING:
    from casework.attest.policy import Trust, TrustReading
    from casework.model.policy import TrustPolicy

Progress = Callable[[str], None]
SEALED_SUFFIX = (".dsse.json",)
_UNREADABLE = "Restore the file or its permissions; evidence that cannot be read does not count."


@dataclass
class Inputs:
    """Every path that had a say, so that a later check can see that nothing changed.

    Attributes:
        listings: Folder and suffixes to the paths found there.
        paths: Every path looked at, also where nothing was.
        present: Those of them that were there.
        lasting: False where the days on which the answer holds are not known.
        kinds: Path, mode and number of links of everything below the evidence but the artifacts.
    """

    listings: dict[str, list[str]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    kinds: list[tuple[str, int, int]] = field(default_factory=list)
    lasting: bool = True


@dataclass(frozen=True)
class Assessed:
    """What came of assessing a case."""

    assessment: Assessment
    decision: Decision
    inputs: Inputs


def assess(tree: Tree, today: date, cache: Cache | None = None, progress: Progress | None = None) -> Assessed:
    """Assess a case.

    Args:
        tree: Where its files lie: a working tree or a commit.
        today: Day of judgement.
        cache: Cache of read files, or None to read everything.
        progress: Told in a word what is being done.
    """
    tell = progress or (lambda _text: None)
    inputs = Inputs()
    inputs.paths.add(CONFIG)
    project, findings = read_project(tree)
    findings += without_effect(tree, project, frozenset(names()), LOWERABLE)
    tell("reading nodes")
    reading = read_case(tree, project, cache)
    findings += reading.findings
    _note(inputs, project, reading.seen, NODE_SUFFIXES)
    day = Today(today)
    tell("verifying evidence")
    opened = _trust(tree, reading.case, project, day, inputs)
    trust = opened.trust if opened else None
    verdicts, unread = _verdicts(tree, reading.case, project, trust, day, inputs)
    tell("looking at files")
    assessment = _facts(tree, reading.case, project, day, trust.policy if trust else None, verdicts, inputs)
    findings += [*(opened.findings if opened else ()), *unread]
    findings += [f for v in verdicts for f in v.findings]
    tell("applying rules")
    assessment = replace(assessment, statuses=statuses(assessment))
    findings += _rule_findings(assessment)
    decision = decide(with_severity(findings, project, LOWERABLE), assessment)
    return Assessed(assessment, _placed(decision, reading.case, _reader(tree)), inputs)


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
        inputs.listings[f"{root}|{'|'.join(suffixes)}"] = [
            s.path for s in seen if s.path.startswith(f"{root.rstrip('/')}/")
        ]
    inputs.paths.update(s.path for s in seen)
    inputs.present.update(s.path for s in seen if not s.problem)


def _reader(tree: Tree) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return tree.read(path)
        except OSError:
            return None

    return read


def _trust(tree: Tree, case: Case, project: Project, today: Today, inputs: Inputs) -> TrustReading | None:
    """Open the trust policy; None where there is neither one nor anything that would need one."""
    wanted = (
        tree.look(project.trust.policy)
        or tree.list(project.evidence, SEALED_SUFFIX)
        or any(True for _ in case.keys("evidence"))
    )
    inputs.paths.update((project.trust.policy, project.trust.root_key))
    if not wanted:
        return None
    from casework.attest.policy import open_policy

    trust = project.trust
    read = _reader(tree)
    root = read(trust.root_key)
    if trust.root_sha256 and (root is None or sha256_bytes(root) != trust.root_sha256):
        root = None
    opened = open_policy(read(trust.policy), root, today.day, path=trust.policy)
    if opened.trust is not None:
        today.after(opened.trust.policy.expires)
    else:
        inputs.lasting = False  # when it would open again cannot be told
    return opened


def _verdicts(
    tree: Tree, case: Case, project: Project, trust: Trust | None, today: Today, inputs: Inputs
) -> tuple[tuple[Verdict, ...], list[Finding]]:
    made: list[Verdict] = []
    trouble: list[Finding] = []
    now = datetime.combine(today.day, time(23, 59, 59), UTC)  # a record of the day of judgement is not of the future
    seen = tree.list(project.evidence, SEALED_SUFFIX)
    inputs.listings[f"{project.evidence}|{'|'.join(SEALED_SUFFIX)}"] = [s.path for s in seen]
    inputs.paths.update(s.path for s in seen)
    inputs.present.update(s.path for s in seen if not s.problem)
    sealed = [s for s in seen if s.path != project.trust.policy]
    kinds = evidence_kinds(tree, project.evidence)
    inputs.kinds = [(k.path, k.mode, k.links) for k in kinds]
    if not sealed:
        return (), []
    from casework.attest.paths import PathFact, check_paths
    from casework.attest.verify import CLOCK_SKEW, verify

    trouble.extend(check_paths(PathFact(k.path, k.mode, k.links) for k in kinds))
    refused = {f.file for f in trouble if f.severity == "error"}
    for found in (s for s in sealed if s.path not in refused):
        key = folder_key(found.path.split("/")[-2]) if "/" in found.path else ""
        try:
            if found.problem:
                raise OSError(found.problem)
            verdict = verify(key, found.path, tree.read(found.path), trust, now, generator=_generator(case, key))
        except OSError as error:
            trouble.append(
                Finding(
                    "PTH-002",
                    "error",
                    key,
                    (),
                    f"{found.path} cannot be read: {error.strerror or error}",
                    _UNREADABLE,
                    found.path,
                )
            )
            continue
        if verdict.statement is not None:
            with contextlib.suppress(ValueError, OverflowError):  # no such day: told as unverifiable
                started = datetime.fromisoformat(verdict.statement.predicate.started) - CLOCK_SKEW
                today.after(started.date() - timedelta(days=1))
        made.append(verdict)
    return tuple(made), trouble


def _generator(case: Case, key: str) -> str:
    entry = case.entries.get(key)
    planned = entry.light.get("generator") if entry and entry.type == "evidence" else None
    return planned if isinstance(planned, str) else ""


def _facts(
    tree: Tree,
    case: Case,
    project: Project,
    today: Today,
    policy: TrustPolicy | None,
    verdicts: tuple[Verdict, ...],
    inputs: Inputs,
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
    appraisals = appraise(case, verdicts, files, manifests, today, project.trust.model_key)
    return Assessment(
        case, today, verdicts, appraisals, results(case, appraisals), files, manifests, tests, policy, project
    )  # fmt: skip


def _named_files(case: Case) -> set[str]:
    found: set[str] = set()
    for _key, card in case.nodes(ModelCard, "model_card"):
        found.add(card.file.path)
        if card.signature:
            found.add(card.signature)
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
