"""The worlds in which the attacks are tried lie with the tests of the room `attest`, with the rules and with the attacks."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in ("unit/attest", "rules", "attacks"):
    sys.path.insert(0, str(TESTS / folder))
