"""What every carrier of a statement reduces to: the payload, and who vouches for it since when.

Two carriers are read: DSSE envelopes signed with keys of the trust policy, and Sigstore bundles signed under identities of it.
Which of the two it was matters no more after this point.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with some bytes, before it is known whose they are; `file` where several files make one record."""

    code: str
    message: str
    line: int = 0
    column: int = 0
    file: str = ""


class Standing(Protocol):
    """The days on which the signatures of a key or an identity count; both entries of the trust policy offer it."""

    @property
    def valid_from(self) -> date:
        """First day."""

    @property
    def valid_to(self) -> date | None:
        """Last day; open if None."""

    @property
    def revoked_at(self) -> date | None:
        """Day from which they no longer count."""

    @property
    def compromised(self) -> bool:
        """True where none of them count."""


Proof = Literal["", "token", "log"]


@dataclass(frozen=True, slots=True)
class Principal:
    """One signature that fits: whose it is, and when it is proven to have existed.

    Attributes:
        name: Name of the key or the identity in the trust policy.
        person: Who holds it.
        roles: Roles in which it may sign.
        standing: Its days, from the trust policy.
        signed_at: Time, with a zone, at which the signature is proven to have existed; None where nothing proves it.
        proof: What proves it: a time-stamp token, the log, or nothing.
        signature: SHA-256 of the signature's bytes, by which the log knows it; empty where the log knows none.
    """

    name: str
    person: str
    roles: frozenset[str]
    standing: Standing
    signed_at: datetime | None = None
    proof: Proof = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a carrier gave.

    Attributes:
        payload_type: As signed.
        payload: As signed; empty where the carrier could not be opened.
        principals: Signatures that fit.
        problems: What is wrong with the others, or with the carrier.
    """

    payload_type: str
    payload: bytes
    principals: tuple[Principal, ...] = ()
    problems: tuple[Problem, ...] = ()
