"""The world in which the attacks are tried lies with the unit tests of the room `attest`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "attest"))
