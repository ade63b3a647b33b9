"""The few SVG words that pictures are made of, each escaped where it is written."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from casework.render.fonts import advance
from casework.render.gsn.text import clean, drawable, has_fixed_advances, is_right_to_left

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:")
_SPACES = re.compile(r"[\x00-\x20\x7f\ufffd]+")


def number(value: float) -> str:
    """A coordinate, to a hundredth, in the shortest spelling."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def quoted(value: str) -> str:
    """Text made safe for element content and attribute values."""
    return html.escape(clean(value), quote=True)


def tag(name: str, content: str = "", /, **attributes: str | float | None) -> str:
    """One element. Attribute names use _ for - ; floats are rounded; content is inserted as it is."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            text = number(value) if isinstance(value, float | int) else quoted(str(value))
            parts.append(f'{key.rstrip("_").replace("_", "-") if key not in _CAMEL else key}="{text}"')
    head = " ".join(parts)
    return f"<{head}>{content}</{name}>" if content else f"<{head}/>"


_CAMEL = frozenset({"viewBox", "textLength", "lengthAdjust"})


def safe_href(address: str) -> str:
    """The address if a click on it can do no more than open a page: http, https, mailto or relative; else nothing."""
    address = _SPACES.sub("", clean(address.strip()).replace("\ufffd", ""))
    scheme = _SCHEME.match(address)
    if scheme and scheme.group().lower() not in ("http:", "https:", "mailto:"):
        return ""
    return "" if address.startswith(("//", "\\")) else address


def identifier(text: str) -> str:
    """An XML id that differs for different texts."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-.") else f"_{ord(c):x}_" for c in text)


def words(
    text: str, x: float, y: float, size: float, *, bold: bool = False, fill: str = "#111", width: float | None = None
) -> str:
    """One line of text from `x`, its baseline at `y`, exactly as wide as it was measured, whatever the font."""
    width = advance(text, size, bold=bold) if width is None else width
    text = drawable(text)
    weight = "bold" if bold else None
    style = {"font_size": number(size), "font_weight": weight, "fill": fill}
    if is_right_to_left(text):
        return tag("text", quoted(text), x=x + width / 2, y=y, **style, text_anchor="middle", direction="rtl")
    if width <= 0 or len(text) < 2 or not has_fixed_advances(text):
        return tag("text", quoted(text), x=x, y=y, **style)
    return tag("text", quoted(text), x=x, y=y, **style, textLength=width, lengthAdjust="spacingAndGlyphs")


@dataclass(frozen=True, slots=True)
class Link:
    """A clickable area in points: leads to an address, or to a page."""

    x: float
    y: float
    width: float
    height: float
    href: str = ""
    page: int = 0


@dataclass(slots=True)
class Canvas:
    """SVG under construction, and the links upon it; `place` says where its units lie on the page."""

    parts: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    page_href: str = "#page-{}"

    def add(self, *parts: str) -> None:
        """Append drawn parts."""
        self.parts.extend(parts)

    def page_link(self, content: str, page: int, box: tuple[float, float, float, float]) -> None:
        """Append content that leads to a page; `box` is its left, top, width and height."""
        self._note(box, page=page)
        self.add(tag("a", content, href=self.page_href.format(page)))

    def link(self, content: str, href: str, box: tuple[float, float, float, float]) -> None:
        """Append content that leads to an address, or bare content if the address is not safe."""
        href = safe_href(href)
        if href:
            self._note(box, href=href)
            content = tag("a", content, href=href)
        self.add(content)

    def _note(self, box: tuple[float, float, float, float], href: str = "", page: int = 0) -> None:
        left, top, width, height = (value * self.scale for value in box)
        self.links.append(Link(left + self.dx, top + self.dy, width, height, href, page))
