"""Advance widths, read from the bundled TrueType files themselves, so that what is measured is what is drawn.

Only the tables `head`, `hhea`, `hmtx` and `cmap` (formats 4 and 12) are read; formats and offsets are those of the
OpenType specification 1.9 (https://learn.microsoft.com/typography/opentype/spec/).
"""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from pathlib import Path

_REGULAR = "LiberationSans-Regular.ttf"
_BOLD = "LiberationSans-Bold.ttf"
_FALLBACK = "DejaVuSans.ttf"
_UNKNOWN_EM = 1.0  # a full-width character, so that a line without its glyphs is rather too wide than too narrow


def font_folder() -> Path:
    """The folder that holds the bundled font files."""
    return Path(__file__).parent


def font_paths() -> tuple[Path, ...]:
    """The bundled font files, first choice first."""
    return tuple(font_folder() / name for name in (_REGULAR, _BOLD, _FALLBACK))


def families() -> str:
    """The `font-family` list for SVG: the first five share the advance widths of Arial."""
    return "'Liberation Sans', Arial, Helvetica, Arimo, 'Nimbus Sans', 'DejaVu Sans', sans-serif"


def _tables(data: bytes) -> dict[str, tuple[int, int]]:
    count = struct.unpack_from(">H", data, 4)[0]
    found = {}
    for index in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        found[tag.decode("latin-1")] = (offset, length)
    return found


def _segments(data: bytes, at: int) -> dict[int, int]:
    """Character to glyph of a format 4 subtable (the Basic Multilingual Plane)."""
    doubled = struct.unpack_from(">H", data, at + 6)[0]
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * doubled)
    offsets_at = at + 16 + 3 * doubled
    offsets = struct.unpack_from(f">{count}H", data, offsets_at)
    glyphs: dict[int, int] = {}
    for index, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for char in range(start, min(end, 0xFFFE) + 1):
            glyph = char
            if offset:
                glyph = struct.unpack_from(">H", data, offsets_at + 2 * index + offset + 2 * (char - start))[0]
            if glyph or not offset:
                glyphs[char] = (glyph + delta) & 0xFFFF
    return glyphs


def _groups(data: bytes, at: int) -> dict[int, int]:
    """Character to glyph of a format 12 subtable (all planes)."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    glyphs: dict[int, int] = {}
    for index in range(count):
        first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * index)
        glyphs.update({char: glyph + char - first for char in range(first, last + 1)})
    return glyphs


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    readers = {4: _segments, 12: _groups}
    glyphs: dict[int, int] = {}
    for index in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        platform, _, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * index)
        reader = readers.get(struct.unpack_from(">H", data, cmap + offset)[0])
        if reader is not None and platform in (0, 3):
            glyphs.update(reader(data, cmap + offset))
    return {char: glyph for char, glyph in glyphs.items() if glyph}


@lru_cache(maxsize=4)
def _widths(name: str) -> dict[int, float]:
    """Advance width of each character that the font has, in em."""
    data = (font_folder() / name).read_bytes()
    tables = _tables(data)
    units = struct.unpack_from(">H", data, tables["head"][0] + 18)[0]
    count = struct.unpack_from(">H", data, tables["hhea"][0] + 34)[0]
    metrics = struct.unpack_from(f">{2 * count}H", data, tables["hmtx"][0])
    glyphs = _glyphs(data, tables["cmap"][0])
    return {char: metrics[2 * min(glyph, count - 1)] / units for char, glyph in glyphs.items()}


@lru_cache(maxsize=65_536)
def _em(char: str, *, bold: bool) -> float:
    code = ord(char)
    own = _widths(_BOLD if bold else _REGULAR).get(code)
    if own is not None:
        return own
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0.0
    return _widths(_FALLBACK).get(code, _UNKNOWN_EM)


@lru_cache(maxsize=65_536)
def _text_em(text: str, *, bold: bool) -> float:
    return sum(_em(char, bold=bold) for char in text)


def advance(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text: the sum of the advance widths, without kerning.

    Args:
        text: one line, without control characters.
        size: font size; the result has its unit.
        bold: measured in the bold face.
    """
    return _text_em(text, bold=bold) * size


def uncovered(text: str) -> tuple[str, ...]:
    """The characters of a text that no bundled font can draw (they show as boxes in PNG and PDF), sorted."""
    known = _widths(_REGULAR).keys() | _widths(_FALLBACK).keys()
    return tuple(sorted({char for char in text if ord(char) not in known and not char.isspace()}))
