"""Sealing: a statement or a trust policy, in canonical form, signed.

Equal statements and Ed25519 keys give equal bytes. Sealing neither judges nor writes; the caller stores the bytes
under `sealed_name`, and never over another file.
"""

from __future__ import annotations

from collections.abc import Sequence

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import sign_envelope
from casework.attest.keys import SigningKey
from casework.attest.statement import read_statement
from casework.model.policy import POLICY_PAYLOAD_TYPE, TrustPolicy
from casework.model.result import PAYLOAD_TYPE, Statement


def seal(statement: Statement, keys: Sequence[SigningKey]) -> bytes:
    """Seal a statement: canonical payload, one signature by each key, canonical envelope.

    Raises:
        ValueError: No key or one twice; or the statement holds what no verifier would read back, such as a float
            that its canonical form writes as an integer beyond 2^53 - 1, or zero-width characters.
    """
    return sign_envelope(PAYLOAD_TYPE, payload_of(statement), keys)


def payload_of(statement: Statement) -> bytes:
    """Return what is signed of a statement: its canonical form.

    Raises:
        ValueError: It holds what no verifier would read back.
    """
    payload = jcs_bytes(statement.model_dump(by_alias=True))  # mode "json" would write NaN as null
    back = read_statement(payload)
    if not isinstance(back, Statement):
        raise ValueError(f"the statement cannot be sealed: {'; '.join(f'{one.message} ({one.code})' for one in back)}")
    return payload


def policy_payload(policy: TrustPolicy) -> bytes:
    """Return what root keys sign: the policy in canonical form, without fields that are not given."""
    return jcs_bytes(policy.model_dump(mode="json", by_alias=True, exclude_none=True))


def seal_policy(policy: TrustPolicy, keys: Sequence[SigningKey]) -> bytes:
    """Seal a trust policy with root keys; it is not judged here (`open_policy` does).

    Raises:
        ValueError: No key or one twice.
    """
    return sign_envelope(POLICY_PAYLOAD_TYPE, policy_payload(policy), keys)
