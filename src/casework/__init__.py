"""Casework: safety cases for machine-learning components on embedded edge systems, as files in git.

The names in `__all__` are the Python API; everything else may change. They are imported when first used, so that
importing the package costs nothing.

Example:
    >>> from datetime import date
    >>> import casework
    >>> assessment = casework.assess(".", date(2026, 12, 1))
    >>> decision = casework.check(".", date(2026, 12, 1))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from casework.model.version import __version__

if TYPE_CHECKING:
    from casework.graph.assessment import Assessment
    from casework.graph.case import Case
    from casework.graph.coverage import coverage
    from casework.graph.impact import impact
    from casework.model.decision import Decision
    from casework.model.finding import Finding
    from casework.model.result import ResultRecord
    from casework.workflow.interface import assess, check, open_case, try_generator

_HOMES = {
    "Assessment": "casework.graph.assessment",
    "Case": "casework.graph.case",
    "Decision": "casework.model.decision",
    "Finding": "casework.model.finding",
    "ResultRecord": "casework.model.result",
    "assess": "casework.workflow.interface",
    "check": "casework.workflow.interface",
    "coverage": "casework.graph.coverage",
    "impact": "casework.graph.impact",
    "open_case": "casework.workflow.interface",
    "try_generator": "casework.workflow.interface",
}

__all__ = [
    "Assessment",
    "Case",
    "Decision",
    "Finding",
    "ResultRecord",
    "__version__",
    "assess",
    "check",
    "coverage",
    "impact",
    "open_case",
    "try_generator",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'casework' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
