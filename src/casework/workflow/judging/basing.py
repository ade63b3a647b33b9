"""The base of a change: what is known of the revision that it is to be merged into, read from git and from arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from casework.gate import origin as gate
from casework.graph.case import Case
from casework.model.decision import Decision
from casework.model.finding import Finding
from casework.model.problem import CallProblem
from casework.model.project import Project
from casework.store.working_tree import CONFIG, Tree
from casework.workflow.judging.configuration import read_project
from casework.workflow.judging.reading import read_case
from casework.workflow.judging.trusting import SEALED, Pins, read_of

if TYPE_CHECKING:
    from casework.model.policy import TrustPolicy
    from casework.workflow.judging.vouching import Vouched


@dataclass(frozen=True)
class Base:
    """What a change is judged by.

    Attributes:
        revision: As the user named it.
        project: Its configuration.
        case: Its graph.
        sealed: Payload digest, as the name states it, of each of its sealed records and acts to the path.
        pins: Its root keys, policy version and checkpoint, and what arguments pin.
        root: Bytes of its file of root keys; None where it has none.
    """

    revision: str
    project: Project
    case: Case
    sealed: Mapping[str, str] = field(default_factory=dict)
    pins: Pins = field(default_factory=Pins)
    root: bytes | None = None

    def judging(self, project: Project) -> Project:
        """Return the configuration to judge the change by."""
        return gate.judging(project, self.project)

    def postponed(self, findings: list[Finding], policy: TrustPolicy | None) -> list[Finding]:
        """Return the findings of the change; what is to be logged once it is merged only warns."""
        held = policy is None or policy.version in self.pins.seen
        return list(gate.postponed(findings, self.sealed.values(), self.case, held))

    def altered(self, project: Project, root: bytes | None) -> Iterator[Finding]:
        """Yield a warning for each setting of the change, and for root keys of its own, that do not judge it."""
        yield from gate.altered(project, self.project, self.revision, CONFIG)
        if self.root is not None and root != self.root:
            message = f"the change alters the root keys; it is judged by those of {self.revision}"
            fix = "See that it was meant: whoever holds a root key decides whose evidence counts."
            yield Finding("GTE-013", "warning", "", (), message, fix, project.trust.root_key)

    def void(self, case: Case, sealed: frozenset[str]) -> frozenset[str]:
        """Return the keys of the waivers of the change that do not count."""
        return gate.void_waivers(_waivers(case), _waivers(self.case), sealed)

    def missed(self, case: Case, vouched: Vouched) -> Iterator[Finding]:
        """Yield a finding for everything that the base holds and the change has lost."""
        yield from gate.gone_records(vouched.held, self.sealed)
        yield from gate.gone_nodes(case, self.case, vouched.acts)

    def judged(self, decision: Decision, case: Case, void: frozenset[str], vouched: Vouched) -> Decision:
        """Return a decision on the change with what only the comparison with its base can find."""
        from casework.gate.ratchet import with_findings

        return with_findings(
            decision,
            [
                *gate.voided(case, void, self.revision),
                *gate.loosened(case, self.case, self.revision),
                *self.missed(case, vouched),
            ],
        )


def open_base(root: Path, revision: str, pins: Pins) -> Base:
    """Read the base of a change.

    Args:
        root: Root of the case.
        revision: Revision that the change is to be merged into.
        pins: What arguments pin; a root key given there replaces the revision's.

    Raises:
        CallProblem: git does not know the revision, or the revision has evidence or a policy but no root key, and none is given.
    """
    from casework.store.history import Revision

    tree = Revision.open(root, revision)
    project = read_project(tree)[0]
    case = read_case(tree, project, None).case
    root_keys = read_of(tree, project.trust.root_key)
    return Base(revision, project, case, _sealed(tree, project), _pins(tree, project, revision, pins), root_keys)


def _sealed(tree: Tree, project: Project) -> dict[str, str]:
    from casework.attest.opening import record_of_name

    trust = project.trust.policy.rpartition("/")[0]
    paths = (seen.path for seen in tree.list(project.evidence, SEALED) if not seen.path.startswith(f"{trust}/"))
    return {record_of_name(path): path for path in sorted(paths, reverse=True)}


def _pins(tree: Tree, project: Project, revision: str, pins: Pins) -> Pins:
    policy, root = read_of(tree, project.trust.policy), read_of(tree, project.trust.root_key)
    if pins.root is None and not pins.root_sha256 and root is None and policy is not None:
        raise CallProblem(f"{revision} has a trust policy and no root key; give it by --root-key FILE")
    checkpoint = read_of(tree, f"{project.evidence}/log/checkpoint")
    return replace(
        pins,
        root=pins.root if pins.root is not None else root,
        seen=_seen(policy),
        checkpoints=(*pins.checkpoints, *((checkpoint,) if checkpoint is not None else ())),
    )


def _seen(policy: bytes | None) -> dict[int, str]:
    """Return the version and the digest of a sealed policy; the base is trusted, so its signatures are not asked for."""
    from casework.artifact.digest import sha256_bytes
    from casework.artifact.strict_json import read_json
    from casework.attest.dsse import Envelope, read_envelope

    envelope = read_envelope(policy or b"")
    if not isinstance(envelope, Envelope):
        return {}
    value = read_json(envelope.payload).value
    version = value.get("version") if isinstance(value, dict) else None
    return {version: sha256_bytes(envelope.payload)} if isinstance(version, int) and version > 0 else {}


def _waivers(case: Case) -> dict[str, str]:
    return {key: case.fingerprint(key) for key in case.keys("waiver") if case.entries[key].valid}
