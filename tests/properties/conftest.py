"""The lab case, and the keys that it is sealed with, lie with the attacks."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
for folder in ("unit/attest", "rules", "attacks"):
    sys.path.insert(0, str(TESTS / folder))
