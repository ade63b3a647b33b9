"""Codes and names of the rules, told from their file names alone: cheap enough for every check."""

from __future__ import annotations

import pkgutil
import re
from functools import cache

import casework.rules as room

_FILE = re.compile(r"^([a-z]{3})_([0-9]{3})_([a-z0-9_]+)$")


@cache
def module_names() -> dict[str, str]:
    """Return the module name of each rule by code, sorted by code."""
    found = sorted(m.name for m in pkgutil.iter_modules(room.__path__) if _FILE.match(m.name))
    return {f"{name[:3].upper()}-{name[4:7]}": name for name in found}


PAGES_ONLY = frozenset({"ACT", "ART", "FMT", "LOG", "PRS", "SIG", "POL", "PTH", "TIM", "BND", "RPL", "RES"})
"""Groups of codes that other rooms find: their modules hold a page and no check, so that judging need not import them."""


def names() -> dict[str, str]:
    """Return the name of each rule by code, such as `dangling-link`."""
    return {code: name[8:].replace("_", "-") for code, name in module_names().items()}
