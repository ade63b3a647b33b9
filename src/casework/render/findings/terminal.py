"""Text for terminals: made harmless, measured in columns, wrapped and coloured.

Nothing that comes from a case may move the cursor, set a title, or reorder what stands around it: escapes and
bidirectional controls are shown, not obeyed (CVE-2021-42574 for the latter).
"""

from __future__ import annotations

import textwrap
import unicodedata
from functools import lru_cache
from typing import Final

TAB = "    "

_STYLES: Final[dict[str, str]] = {
    "error": "1;31", "warning": "1;33", "info": "1;36", "bold": "1", "rule": "1;34", "good": "1;32", "faint": "2",
    "supported": "32", "open": "33", "doubted": "35", "defeated": "31",
}  # fmt: skip


def _shown(char: str) -> str:
    code = ord(char)
    if char == "\t":
        return TAB
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and char not in "\u200c\u200d"):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


@lru_cache(maxsize=8192)
def safe(text: str) -> str:
    """Return one line in which every control and bidirectional character is visible; a tab becomes four blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def one_line(text: str) -> str:
    """Return the text with its white space folded, harmless."""
    return safe(" ".join(text.split()))


def columns(text: str) -> int:
    """Return how many columns a harmless text takes: wide characters two, combining ones none (UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def pad(text: str, width: int) -> str:
    """Return the text filled with blanks to a width in columns."""
    return text + " " * max(0, width - columns(text))


def clip(text: str, width: int) -> str:
    """Return the text cut to a width in columns, with an ellipsis that says so."""
    if columns(text) <= width:
        return text
    kept = ""
    used = 1
    for char in text:
        step = _columns(char)
        if used + step > width:
            break
        kept += char
        used += step
    return kept + "…"


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text of people on lines of at most a width; ids and paths are never broken."""
    lines = textwrap.wrap(
        one_line(text),
        max(width, 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first.rstrip()]


def paint(text: str, style: str, colour: bool) -> str:
    """Return the text in a style, if colour is wanted."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and style in _STYLES else text
