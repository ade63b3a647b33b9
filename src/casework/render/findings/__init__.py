"""Findings and the gate's decision in every format in which people and machines read them.

Each format is a function `render(decision, sources, options) -> str` in its own module; `FORMATS` looks them up by
the name that `casework check --format` takes. All are pure: the same decision gives the same characters. No format
may show less than the decision holds without saying so.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from casework.model.decision import Decision
from casework.render.findings.options import Options, RuleFact

Sources = Callable[[str], str | None]
"""Text of a file of the case by its path relative to the case's root; None where it cannot be read."""

Renderer = Callable[[Decision, Sources, Options], str]

_HOMES: Final = {
    "text": "casework.render.findings.text",
    "json": "casework.render.findings.json_format",
    "sarif": "casework.render.findings.sarif",
    "junit": "casework.render.findings.junit",
    "github": "casework.render.findings.github",
    "markdown": "casework.render.findings.markdown",
}


class _Formats(Mapping[str, Renderer]):
    """Renderers by name, each imported when it is asked for: a check pays for one form only."""

    def __getitem__(self, name: str) -> Renderer:
        render: Renderer = importlib.import_module(_HOMES[name]).render
        return render

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


FORMATS: Final[Mapping[str, Renderer]] = _Formats()
"""Renderers by name."""

__all__ = ["FORMATS", "Options", "Renderer", "RuleFact", "Sources"]
