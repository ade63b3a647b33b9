"""Judging a change by the revision that it is to be merged into, so that no change can rewrite its own judge."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from casework.graph.case import Case
from casework.graph.census import missing, retirements
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.model.project import Project

_KEPT: Final = ("severity", "review", "top_goals")
_FIX_SETTING: Final = "Nothing needs to be done: the setting takes effect once it is merged. See that it was meant."
_FIX_WAIVER: Final = "Merge the waiver first, or have it sealed by those whom the trust policy names: `casework sign`."
_FIX_PLAN: Final = "See that it was meant. Until it is merged, the stricter of both plans judges; who owns a node says who may verify it."
_FIX_NODE: Final = (
    "Restore the node, or confirm its removal: `casework review ID --as PERSON --retires KEY`, then `casework sign`."
)


def judging(project: Project, base: Project) -> Project:
    """Return the configuration to judge a change by: where things lie as the change says, how they are judged as the base does."""
    trust = project.trust.model_copy(update={"root_sha256": base.trust.root_sha256 or project.trust.root_sha256})
    return project.model_copy(update={"trust": trust, **{name: getattr(base, name) for name in _KEPT}})


def altered(project: Project, base: Project, revision: str, file: str) -> Iterator[Finding]:
    """Yield a warning for each setting by which the change would be judged otherwise than the base judges."""
    pairs = [(name, getattr(project, name), getattr(base, name)) for name in _KEPT]
    pin = base.trust.root_sha256
    pairs += [("trust.root_sha256", project.trust.root_sha256, pin)] if pin else []
    for name, new, old in pairs:
        if new != old:
            message = f"the change alters `{name}` of casework.yaml; it is judged by that of {revision}"
            yield Finding("GTE-013", "warning", "", tuple(name.split(".")), message, _FIX_SETTING, file)


def void_waivers(now: Mapping[str, str], base: Mapping[str, str], sealed: frozenset[str]) -> frozenset[str]:
    """Return the keys of waivers that do not count: new or changed since the base, and not sealed.

    Args:
        now: Key of each waiver to its fingerprint.
        base: The same of the base.
        sealed: Keys of the acts that are sealed by those whom the trust policy names.
    """
    return frozenset(key for key, mark in now.items() if base.get(key) != mark and key not in sealed)


def voided(case: Case, void: Iterable[str], revision: str) -> Iterator[Finding]:
    """Yield a warning for each waiver that does not count."""
    for key in sorted(void):
        message = f"{key} is not as it is in {revision}, and it is not sealed; so it waives nothing in this change"
        yield Finding("GTE-014", "warning", key, (), message, _FIX_WAIVER, case.entries[key].file)


def postponed(
    findings: Iterable[Finding], sealed: Iterable[str], nodes: Container[str], policy: bool
) -> Iterator[Finding]:
    """Yield the findings, where what the base does not have, and what is not logged yet for that reason, only warns.

    Whoever proposes a change seldom holds the key of the log, and should not; what is merged is logged afterwards.

    Args:
        findings: Of the change.
        sealed: Paths of the sealed records and acts of the base.
        nodes: Keys of its nodes: the retirement of one that it still has is part of the change.
        policy: True where it has the trust policy's version already.
    """
    old = frozenset(sealed)
    for finding in findings:
        if finding.file.endswith(".json"):
            known = finding.file in old
        elif finding.node:  # the retirement of a node; one that has come back is told without a file
            known = not finding.file or finding.node not in nodes
        else:
            known = policy
        new = finding.code == "LOG-006" and not known
        yield replace(finding, severity="warning") if new else finding


def loosened(now: Case, base: Case, revision: str) -> Iterator[Finding]:
    """Yield a warning for each plan of evidence that asks for less than at the base, and for each node with another owner.

    No record is bound to these fields, so nothing else tells of them.
    """
    for key, plan in now.nodes(Evidence, "evidence"):
        before = base.node(key) if key in base and base.entries[key].valid else None
        if not isinstance(before, Evidence):
            continue
        lost = sorted(set(before.signed_by) - set(plan.signed_by))
        if lost:
            said = f"{key} no longer asks for a signature in role {', '.join(lost)}, as it does in {revision}"
            yield Finding("GTE-015", "warning", key, ("signed_by",), said, _FIX_PLAN)
        if before.max_age_days is not None and (plan.max_age_days or before.max_age_days + 1) > before.max_age_days:
            old, new = before.max_age_days, plan.max_age_days or "any number of"
            said = f"{key} counts for {new} days, and for {old} in {revision}"
            yield Finding("GTE-015", "warning", key, ("max_age_days",), said, _FIX_PLAN)
    for key, entry in now.entries.items():
        old_owner = base.data(key).get("owner") if key in base and base.entries[key].valid and entry.valid else None
        if old_owner and now.data(key).get("owner") != old_owner:
            said = f"{key} is owned by {now.data(key).get('owner') or 'nobody'}, and by {old_owner} in {revision}"
            yield Finding("GTE-015", "warning", key, ("owner",), said, _FIX_PLAN)


def gone_records(now: Iterable[str], base: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each sealed record or act (by payload digest, with its path) that the base holds and that is gone."""
    held = frozenset(now)
    fix = "Restore the file from version control; a newer record supersedes it without its removal."
    for digest, path in sorted(base.items(), key=lambda pair: pair[1]):
        if digest not in held:
            key = path.split("/")[-2].replace("__", "::", 1) if "/" in path else ""
            yield Finding("GTE-008", "error", key, (), f"the sealed record {path} has been removed", fix)


def gone_nodes(now: Case, base: Case, sealed: frozenset[str]) -> Iterator[Finding]:
    """Yield a finding for each watched node that the base holds and that is gone, unless a sealed review retires it."""
    retired = retirements(now, sealed)
    for kind, key in missing(now, base):
        if key not in retired:
            message = f"{key}, a {kind.replace('_', ' ')}, has vanished or is something else now, and no sealed review retires it"
            yield Finding("GTE-011", "error", key, (), message, _FIX_NODE)
