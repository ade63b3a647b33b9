"""Signing under an identity instead of a key: a Sigstore bundle beside, or in place of, the DSSE envelope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from casework.graph.assessment import Assessment, Today
from casework.model.problem import CallProblem
from casework.model.project import Project
from casework.model.result import PAYLOAD_TYPE
from casework.store.working_tree import WorkingTree
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.trusting import NO_PINS, open_trust

if TYPE_CHECKING:
    from casework.attest.opening import Anchors


@dataclass(frozen=True, slots=True)
class Keyless:
    """An identity that can sign.

    Attributes:
        instance: Signing configuration of the Sigstore instance, JSON.
        trusted_root: Its trusted root, which the trust policy pins.
        token: Identity token; it is a secret.
    """

    instance: bytes
    trusted_root: bytes
    token: str = field(repr=False)

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """Return the name and the bytes of a bundle over a payload. Goes over the network.

        Raises:
            CallProblem: The services refused or could not be reached.
        """
        from casework.attest.opening import bundle_name
        from casework.attest.sigstore.sign import KeylessSigningError, sign_keyless

        try:
            made = sign_keyless(
                PAYLOAD_TYPE, payload, instance=self.instance, trusted_root=self.trusted_root, token=self.token
            )
        except KeylessSigningError as error:
            raise CallProblem(str(error)) from error
        return bundle_name(payload, made), made


def open_keyless(root: Path, project: Project, config: str, token_file: str, environment: Mapping[str, str]) -> Keyless:
    """Return what is needed to sign without a key.

    Args:
        root: Root of the case.
        project: Its configuration.
        config: Path of the signing configuration of the Sigstore instance.
        token_file: Path of a file with the identity token; empty to take `SIGSTORE_ID_TOKEN`, else the machine's own.
        environment: Environment variables.

    Raises:
        CallProblem: A file cannot be read, or there is no token.
    """
    folder = project.trust.policy.rpartition("/")[0]
    trusted_root = _read(root / folder / "trusted_root.json")
    token = (
        _read(Path(token_file)).decode("ascii", "replace") if token_file else environment.get("SIGSTORE_ID_TOKEN", "")
    )
    if not token:
        token = _ambient()
    return Keyless(_read(Path(config)), trusted_root, token.strip())


def open_anchors(root: Path, assessment: Assessment, today: date) -> Anchors:
    """Return what a signature is checked with. Raises CallProblem where the trust policy cannot be opened."""
    tree = WorkingTree(root)
    opened, anchors = open_trust(tree, assessment.case, assessment.project, Today(today), Inputs(), NO_PINS)
    if opened is None or anchors is None or anchors.trust is None:
        raise CallProblem("the trust policy cannot be opened, so no signature would count: `casework trust verify`")
    return anchors


def _ambient() -> str:
    from casework.attest.sigstore.sign import KeylessSigningError, ambient_token

    try:
        found = ambient_token()
    except KeylessSigningError as error:
        raise CallProblem(str(error)) from error
    if not found:
        raise CallProblem("there is no identity token: give --token-file FILE, or set SIGSTORE_ID_TOKEN")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def check_bundle(name: str, bundle: bytes, anchors: Anchors) -> None:
    """Raise CallProblem where a new bundle would not count under the trust policy, so that it is not written."""
    from casework.attest.opening import open_carriers

    opened = open_carriers([(name, bundle)], anchors, payload_type=PAYLOAD_TYPE)
    if opened.problems or not opened.principals:
        why = opened.problems[0] if opened.problems else None
        raise CallProblem(
            f"the signature would not count: {why.message} ({why.code})" if why else "the signature would not count"
        )
