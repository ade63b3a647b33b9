"""The rules of the house, found by their file names: `<scope>_<number>_<name>.py` in this folder.

The modules are part of the package; nothing from a case or the environment can add one.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

from casework.rules.names import PAGES_ONLY, module_names
from casework.rules.rule import Rule, Scope


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return every rule module, sorted by code. Importing them all costs some tens of milliseconds."""
    return tuple(importlib.import_module(f"casework.rules.{name}") for name in module_names().values())


@cache
def judging() -> tuple[ModuleType, ...]:
    """Return the modules that judge something, sorted by code; those that are only pages are not imported."""
    chosen = (name for code, name in module_names().items() if code[:3] not in PAGES_ONLY)
    return tuple(importlib.import_module(f"casework.rules.{name}") for name in chosen)


def of_scope(scope: Scope) -> tuple[ModuleType, ...]:
    """Return the rule modules of one scope, sorted by code."""
    return tuple(m for m in (modules() if scope == "elsewhere" else judging()) if m.RULE.scope == scope)


def rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by code."""
    return tuple(m.RULE for m in modules())


def page(code: str) -> str | None:
    """Return the page of a rule by code or by name, or None if there is no such rule."""
    for module in modules():
        if code.upper() == module.RULE.code or code.lower() == module.RULE.name:
            return (module.__doc__ or "").strip()
    return None
