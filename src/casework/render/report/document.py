"""What a report consists of: sections of blocks, made of runs of text; plain values that any format can set.

A run is text and what it is (an id, a status, code); formats decide how that looks. A run may point at an anchor of
the same report or at a web page; pointers that lead nowhere are dropped by `setting.resolve`, so formats need not
check them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from casework.render.findings.terminal import safe
from casework.render.report.words import SYMBOL, TONE, worded

Style = Literal["plain", "strong", "code", "muted", "status", "id"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text.

    Attributes:
        text: What is read, without control characters.
        style: What it is; a `status` has sign, word and tone.
        symbol: Sign of a status.
        tone: Colour family of a status: good, open, doubt, bad, plain.
        to: Anchor in the report.
        url: Address of a web page (https only).
    """

    text: str
    style: Style = "plain"
    symbol: str = ""
    tone: str = ""
    to: str = ""
    url: str = ""


Line = tuple[Run, ...]
Cell = tuple[Line, ...]
"""The lines of a cell, one below the other."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title and its share of the width."""

    title: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row; its anchor is where links to its node lead.

    Attributes:
        cells: A cell for each column; of a group, one cell across all of them.
        anchor: Where links to the row lead; a group has none, for it may stand on several pages.
        group: Whether the row heads those that follow, up to the next group.
    """

    cells: tuple[Cell, ...]
    anchor: str = ""
    group: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, with what it was generated from.

    Attributes:
        caption: What it shows.
        source: What it was generated from.
        columns: Its columns.
        rows: Its rows.
        empty: What to say where there are no rows.
        dense: Whether it is set small, as a table of many figures is.
    """

    caption: str
    source: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = "None."
    dense: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    line: Line
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    lines: tuple[Line, ...]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what is said of them, as a card with a heading.

    Attributes:
        heading: Line at the top of the card; empty for none.
        pairs: Name and cell.
        source: What it was generated from; may be empty.
        anchor: Where links to its node lead.
    """

    heading: Line
    pairs: tuple[tuple[str, Cell], ...]
    source: str = ""
    anchor: str = ""
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Step:
    """A line of an indented outline."""

    depth: int
    line: Line
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """An indented outline, such as the argument as text."""

    caption: str
    source: str
    steps: tuple[Step, ...]
    kind: Literal["outline"] = "outline"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as SVG, with the words that stand for it where it cannot be seen.

    Attributes:
        svg: The picture.
        caption: What stands below it.
        alt: The words that stand for it.
        elements: What it shows, with links to where the report says more of it.
        inline: Whether it stands in the text, as wide as it, and not on a page of its own.
    """

    svg: str
    caption: str
    alt: str
    elements: Line = ()
    inline: bool = False
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, slots=True)
class Callout:
    """A sentence that must not be overlooked."""

    tone: str
    symbol: str
    title: str
    lines: tuple[Line, ...]
    kind: Literal["callout"] = "callout"


Block = Table | Paragraph | Bullets | Facts | Outline | Picture | Callout


@dataclass(frozen=True, slots=True)
class Section:
    """A section; top-level sections are numbered in their order; the main ones start a page."""

    title: str
    anchor: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        title: Name of the case.
        subtitle: The component.
        kind_of_document: Such as `Safety case report`.
        verdict: The decision, unmissable.
        front: Facts of the title page.
        sections: Its sections.
        running: What stands at the foot of every page: case, commit, date.
        day: Date that the report is generated for, ISO 8601.
    """

    title: str
    subtitle: str
    kind_of_document: str
    verdict: Callout
    front: tuple[Block, ...]
    sections: tuple[Section, ...]
    running: str
    day: str


def clean(text: object) -> str:
    """Return text with control and bidirectional characters made visible; lines stay lines."""
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(safe(line) for line in lines)


def plain(text: object) -> Run:
    """Return text as it is."""
    return Run(clean(text))


def strong(text: object) -> Run:
    """Return text that stands out."""
    return Run(clean(text), "strong")


def muted(text: object) -> Run:
    """Return text that stands back."""
    return Run(clean(text), "muted")


def code(text: object) -> Run:
    """Return text of a machine: a path, a digest, a command."""
    return Run(clean(text), "code")


def word(name: str, text: str = "") -> Run:
    """Return a status by its word: sign, word and tone."""
    return Run(text or worded(name), "status", SYMBOL.get(name, "–"), TONE.get(name, "plain"))


def anchor_of(key: str) -> str:
    """Return the anchor of a node."""
    return "n-" + re.sub(r"[^A-Za-z0-9_.:\-]", "_", key)


def to_anchor(anchor: str, text: str) -> Run:
    """Return text that is linked to an anchor of the report."""
    return Run(clean(text), to=anchor)


def group(*parts: Run | str | Line) -> Row:
    """Return a row that heads those that follow."""
    return Row((cell(*parts),), group=True)


def ref(key: str, text: str = "") -> Run:
    """Return a node's id, linked to where the report shows the node."""
    return Run(clean(text or key), "id", to=anchor_of(key))


def prose(text: object, style: Style = "plain") -> Line:
    """Return text in which stretches between backquotes are code, as messages of findings have them."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return line(Run(clean(text), style))
    return tuple(code(part) if number % 2 else Run(clean(part), style) for number, part in enumerate(parts) if part)


def web(text: str) -> Run:
    """Return text, linked if it is an address that may be followed: https alone, without credentials."""
    parts = urlsplit(text) if text.isascii() and text.isprintable() and " " not in text else None
    fine = parts is not None and parts.scheme == "https" and parts.hostname and "@" not in parts.netloc
    return Run(clean(text), "code", url=text if fine else "")


def line(*parts: Run | str) -> Line:
    """Return a line from runs and texts."""
    return tuple(plain(part) if isinstance(part, str) else part for part in parts)


def cell(*parts: Run | str | Line) -> Cell:
    """Return a cell of lines; runs and texts make a line each. Empty ones are left out."""
    lines = [part if isinstance(part, tuple) else line(part) for part in parts]
    return tuple(made for made in lines if any(run.text for run in made))


def joined(runs: Iterable[Run], between: str = ", ") -> Line:
    """Return runs as one line with something between them."""
    made: list[Run] = []
    for run in runs:
        if made:
            made.append(Run(between))
        made.append(run)
    return tuple(made)
