"""Outcome of one injected prediction as bits of a uint16; several may be set."""

from __future__ import annotations

from typing import Final

CHANGED: Final = 1 << 0
"""Some output differs from the golden run in some bit; without it the fault was masked."""
SDC: Final = 1 << 1
"""Silent data corruption: the decision differs (SDC-1 of a classifier, any lost or ghost object of a detector, a changed
segmentation class beyond the IoU bound, a value beyond the first threshold), no guard spoke, and all outputs are finite."""
SDC5: Final = 1 << 2
"""The golden class is not among the five best any more (classifiers of more than five classes)."""
DROP10: Final = 1 << 3
"""The confidence of the golden class fell by more than 10 percentage points."""
DROP20: Final = 1 << 4
"""The confidence of the golden class fell by more than 20 percentage points."""
DUE: Final = 1 << 5
"""Detected unrecoverable error: an output is NaN or infinite where the golden one is finite."""
DETECTED: Final = 1 << 6
"""A guard of the model spoke."""
NEAR_TIE: Final = 1 << 7
"""The decision differs or might, by a margin below the noise of floating-point arithmetic; counted apart in audits."""
LOST: Final = 1 << 8
"""Detectors: an object that the golden run reports is gone."""
GHOST: Final = 1 << 9
"""Detectors: an object is reported that the golden run does not report."""
BEYOND: Final = (1 << 10, 1 << 11, 1 << 12, 1 << 13)
"""Regression: the output is off by more than the first, second, third, fourth threshold."""
