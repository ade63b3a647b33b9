"""Text for pictures: made safe to print, measured, and wrapped without ever being cut."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from casework.render.fonts import advance, uncovered

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Characters that reorder what stands around them can make a statement read as its opposite ("Trojan Source",
# CVE-2021-42574), so they are shown instead of obeyed.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d")  # needed to spell Persian and Indic words
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # at which lines may end: all but the two that forbid it
_BREAKABLE = re.compile(r"(?<=[/_.\-:;,|=+&?])(?=[^\s/_.\-:;,|=+&?])")


def _printable(char: str) -> str:
    if char in "\t\r\n\v\f\x85\u2028\u2029":
        return "\n" if char in "\n\u2028\u2029" else " "
    if char in _JOINERS or char == "\xad":
        return "" if char == "\xad" else char
    category = unicodedata.category(char)
    if char in _REORDERING or category in ("Cc", "Cs") or ord(char) & 0xFFFE == 0xFFFE:
        return _REPLACEMENT
    return char


@lru_cache(maxsize=16_384)
def clean(text: str) -> str:
    """The text with every character legal in XML 1.0; what cannot be printed becomes U+FFFD, never nothing."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_printable, text.replace("\r\n", "\n")))


@lru_cache(maxsize=16_384)
def drawable(text: str) -> str:
    """Cleaned text in which U+FFFD stands for each character that no bundled font has, so that none is drawn as nothing.

    As wide as they were measured, the replacements keep their places; `Page.uncovered` names what they stand for.
    """
    text = clean(text)
    missing = () if text.isascii() else uncovered(text)
    return text.translate({ord(char): _REPLACEMENT for char in missing}) if missing else text


def one_line(text: str) -> str:
    """Cleaned text on one line."""
    return " ".join(clean(text).split())


def is_right_to_left(text: str) -> bool:
    """Whether the first strong character is right-to-left (Unicode Standard Annex 9, rule P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def has_fixed_advances(text: str) -> bool:
    """Whether the sum of advance widths is the width drawn: false of scripts whose letters join."""
    return not any(unicodedata.bidirectional(char) in ("R", "AL", "NSM") for char in text)


def _pieces(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Split a word that is wider than the line, after punctuation where possible, else between characters."""
    pieces: list[str] = []
    for part in _BREAKABLE.split(word):
        if pieces and advance(pieces[-1] + part, size, bold=bold) <= width:
            pieces[-1] += part
        elif advance(part, size, bold=bold) <= width:
            pieces.append(part)
        else:
            pieces.extend(_chopped(part, width, size, bold=bold))
    return pieces


def _chopped(part: str, width: float, size: float, *, bold: bool) -> list[str]:
    lines = [""]
    filled = 0.0
    for char in part:
        step = advance(char, size, bold=bold)
        if lines[-1] and filled + step > width and not unicodedata.combining(char):
            lines.append("")
            filled = 0.0
        lines[-1] += char
        filled += step
    return lines


def _filled(words: list[str], width: float, size: float, *, bold: bool) -> list[str]:
    """Greedy filling: as few lines as possible."""
    space = advance(" ", size, bold=bold)
    lines: list[str] = []
    used = 0.0
    for word in words:
        measure = advance(word, size, bold=bold)
        if lines and used + space + measure <= width:
            lines[-1] += " " + word
            used += space + measure
            continue
        parts = [word] if measure <= width else _pieces(word, width, size, bold=bold)
        lines.extend(parts)
        used = advance(parts[-1], size, bold=bold)
    return lines


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """Lines of at most `width`, all of the text in them, as few as possible and of even length.

    A word is broken only if it alone is wider than the line; what no-break spaces join is one word. A single character may
    be wider than `width`.
    """
    lines: list[str] = []
    for paragraph in clean(text).split("\n"):
        words = [word for word in _SPACES.split(paragraph) if word]
        if words:
            lines.extend(_balanced(words, width, size, bold=bold))
    return tuple(lines)


def _balanced(words: list[str], width: float, size: float, *, bold: bool) -> list[str]:
    best = _filled(words, width, size, bold=bold)
    if len(best) < 2:
        return best
    low, high = max(advance(word, size, bold=bold) for word in words), width
    while high - low > size / 2:
        middle = (low + high) / 2
        trial = _filled(words, middle, size, bold=bold)
        if len(trial) <= len(best):
            best, high = trial, middle
        else:
            low = middle
    return best
