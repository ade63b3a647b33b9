"""Templates of documents, and the one environment that fills them.

Only templates of this folder are loaded: templates of users are not a feature, for they would be programs. A page's
own style and script are allowed by their digest in its Content-Security-Policy, and nothing else is.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.artifact.digest import sha256_bytes
from casework.render.findings.terminal import safe

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


@cache
def environment() -> Environment:
    """Return the environment of all HTML templates: escaping is always on, and undefined names are errors."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["svg_data"] = svg_data
    made.globals["digest"] = digest
    made.globals["asset"] = asset
    return made


def _harmless(value: Any) -> Any:
    """Return a value of a page with control and bidirectional characters made visible."""
    return "\n".join(safe(line) for line in value.split("\n")) if type(value) is str else value


@cache
def _text(name: str) -> str:
    if not re.fullmatch(r"[a-z]+\.(css|js)", name):
        raise ValueError(f"{name} is no style or script of the templates")
    return (FOLDER / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def asset(name: str) -> str:
    """Return a style or script of this folder, to stand in a page as it is."""
    from markupsafe import Markup

    return Markup(_text(name))  # noqa: S704 - a file of the package, never text of a case


def digest(name: str) -> str:
    """Return the source expression by which a policy allows a style or script (W3C CSP Level 3, 2.3.1)."""
    raw = bytes.fromhex(sha256_bytes(_text(name).encode()))
    return f"'sha256-{base64.b64encode(raw).decode()}'"


def svg_data(svg: str) -> str:
    """Return a picture as a data address; as an image it runs no script and loads nothing (SVG 2, 2.2.2)."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
