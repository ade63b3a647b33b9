"""What verifying a release bundle gave, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.model.finding import Finding
from casework.model.release import ReleaseRecord

Outcome = Literal["good", "bad", "open"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: What was looked at, in a few words.
        outcome: `good`; `bad`; or `open`: it could not be checked, or only in part.
        said: What was found.
    """

    what: str
    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to a bundle.

    Attributes:
        word: `verified`: sealed as the trust policy demands, intact, and judged anew with the same outcome; `refused` else.
        as_of: Moment as of which it was judged, RFC 3339; empty where it came to none.
        proven: True where time stamps prove that moment.
        record: What the seal says; None where it could not be read.
        signers: Those who sealed it: name of the key, person, roles, and proven time or nothing.
        checks: What was looked at, in order.
        findings: What is wrong, with codes; findings of the case judged anew where these block it.
    """

    word: Literal["verified", "refused"]
    as_of: str
    proven: bool
    record: ReleaseRecord | None
    signers: tuple[tuple[str, str, str, str], ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
