"""Findings and the gate's decision in every format in which people and machines read them.

Each format is a function `render(decision, sources, options) -> str` in its own module; `FORMATS` looks them up by
the name that `casework check --format` takes. All are pure: the same decision gives the same characters. No format
may show less than the decision holds without saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from casework.model.decision import Decision
from casework.render.findings import github, json_format, junit, markdown, sarif, text
from casework.render.findings.options import Options, RuleFact

Sources = Callable[[str], str | None]
"""Text of a file of the case by its path relative to the case's root; None where it cannot be read."""

Renderer = Callable[[Decision, Sources, Options], str]

FORMATS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        "text": text.render,
        "json": json_format.render,
        "sarif": sarif.render,
        "junit": junit.render,
        "github": github.render,
        "markdown": markdown.render,
    }
)
"""Renderers by name."""

__all__ = ["FORMATS", "Options", "Renderer", "RuleFact", "Sources"]
