"""The demo trust as it was before it had a log and time stamps: for small cases that need keys and no more."""

from __future__ import annotations

import shutil
from pathlib import Path


def first_trust(folder: Path) -> None:
    """Put version 1 of the demo policy in force in a copy of `evidence/trust`; it is signed by the same root."""
    first = folder / "policies/1.dsse.json"
    if first.exists():
        shutil.copy2(first, folder / "policy.dsse.json")
        shutil.rmtree(folder / "policies")
