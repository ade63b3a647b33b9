"""Text keeps to its place: no word runs out of its column, onto another or off the page, however hostile it is."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from datetime import date
from typing import Any

import pypdfium2
import pytest

from casework.render.report.build import build
from casework.render.report.document import (
    Bullets,
    Callout,
    Column,
    Facts,
    Outline,
    Paragraph,
    Report,
    Row,
    Section,
    Step,
    Table,
    cell,
    code,
    group,
    line,
    ref,
    strong,
    word,
)
from casework.render.report.pdf import to_pdf
from casework.render.report.setting import BREAK, extent, fitted, opened

LONG = [
    "blur=motion,clutter=high,distance=far,light=low_sun,occlusion=partial,weather=fog",
    "light=low_sun,weather=fog",
    "evidence/EV-VAL/" + "9c1e" * 16 + ".dsse.json",
    "W" * 90,
    "MODULE-OF-MANY-PARTS::REQUIREMENT-WITH-A-LONG-NAME-001",
    "test_that_a_name_of_a_test_may_be_as_long_as_its_author_likes",
    "-0.000000000000000123456789",
    "Donaudampfschifffahrtsgesellschaftskapitaen",
]
A4 = (595.0, 842.0)
MARGIN = 45.0
"""A little less than the margin of the template: a chip's frame stands out of its line."""


def table(width: int, *, dense: bool) -> Table:
    """Return a table of so many columns, all equally wide as far as anybody asked, full of long words."""
    makers = [code, strong, ref, lambda t: word("no", t), str]
    rows = [
        Row(tuple(cell(line(makers[(at + number) % 5](LONG[(at * 3 + number) % len(LONG)]))) for at in range(width)))
        for number in range(len(LONG))
    ]
    columns = tuple(Column(f"Column_{at}_of_figures") for at in range(width))
    rows.insert(2, group(line(ref(LONG[4]), " ", LONG[3])))
    return Table(f"{width} columns", "nothing", columns, tuple(rows), dense=dense)


def report(*blocks: Any) -> Report:
    sections = (Section("Hostile " + LONG[3], "s", (*blocks,), (Section(LONG[0], "t"),)),)
    verdict = Callout("bad", "✗", LONG[3], (line(LONG[0]),))
    return Report(LONG[5], LONG[2], "Report", verdict, (), sections, " ".join(LONG[:3]), "2026-03-02")


def characters(pdf: bytes) -> list[list[tuple[str, tuple[float, float, float, float]]]]:
    """Return for each page its visible characters with their boxes (left, bottom, right, top) in points."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        whole = text.get_text_range()
        boxes = [(sign, text.get_charbox(at)) for at, sign in enumerate(whole) if at < text.count_chars()]
        pages.append([(sign, box) for sign, box in boxes if not sign.isspace() and sign not in "\u200b\ufffe"])
    return pages


def overlapping(found: list[tuple[str, tuple[float, float, float, float]]]) -> list[str]:
    """Return pairs of characters of which one covers more than a third of the other."""
    near: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (_, (left, bottom, right, top)) in enumerate(found):
        for x in range(int(left // 8), int(right // 8) + 1):
            for y in range(int(bottom // 8), int(top // 8) + 1):
                near[x, y].append(number)
    pairs = {pair for numbers in near.values() for pair in itertools.combinations(numbers, 2)}
    made = []
    for one, two in pairs:
        (l1, b1, r1, t1), (l2, b2, r2, t2) = found[one][1], found[two][1]
        common = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(t1, t2) - max(b1, b2))
        smaller = min((r1 - l1) * (t1 - b1), (r2 - l2) * (t2 - b2))
        if smaller > 0 and common > smaller / 3:
            made.append(f"{found[one][0]}{found[two][0]} at {l1:.0f} {b1:.0f}")
    return made


def misplaced(pdf: bytes) -> list[str]:
    """Return what overlaps or stands outside the margins, by page."""
    made = []
    for number, found in enumerate(characters(pdf), start=1):
        outside = [f"{sign} at {box[0]:.0f}" for sign, box in found if box[0] < MARGIN or box[2] > A4[0] - MARGIN]
        made += [f"page {number}: {what}" for what in (*outside, *overlapping(found))]
    return made


def test_the_check_itself_sees_what_overlaps_and_what_leaves_the_page() -> None:
    one = ("a", (100.0, 100.0, 104.0, 106.0))
    assert overlapping([one, ("b", (102.0, 100.0, 106.0, 106.0))])
    assert not overlapping([one, ("b", (104.0, 100.0, 108.0, 106.0))])


@pytest.mark.parametrize("width", [2, 5, 8, 12])
@pytest.mark.parametrize("dense", [True, False])
def test_long_words_stay_in_their_columns(width: int, dense: bool) -> None:
    pdf = to_pdf(report(table(width, dense=dense)))
    assert misplaced(pdf) == []


def test_long_words_stay_on_the_page_outside_tables_too() -> None:
    lines = tuple(line(text) for text in LONG)
    coded = tuple(line(code(text), " ", ref(text), " ", word("bad", text)) for text in LONG)
    blocks = (
        Facts(lines[3], tuple((text, cell(coded[at])) for at, text in enumerate(LONG))),
        Outline(LONG[3], LONG[0], tuple(Step(at * 2, coded[at]) for at in range(len(LONG)))),
        Bullets(lines),
        Callout("bad", "✗", LONG[3], lines),
        *(Paragraph(made) for made in coded),
    )
    assert misplaced(to_pdf(report(*blocks))) == []


def test_a_whole_report_has_nothing_out_of_place(example: Any) -> None:
    pdf = to_pdf(build(example.assessment, example.decision, generated_for=date(2026, 3, 2)))
    assert misplaced(pdf) == []


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("style", ["plain", "code", "id", "status"])
@pytest.mark.parametrize("room", [12.0, 5.0, 1.2])
def test_breaks_lose_nothing_and_leave_no_wide_piece(text: str, style: str, room: float) -> None:
    made = opened(f"see {text} there", style, room)
    assert made.replace(BREAK, "") == f"see {text} there"
    pieces = re.split(f"[ {BREAK}]", made)
    assert max(extent(piece, style) for piece in pieces if len(piece) > 1) <= room


def test_words_of_a_language_are_kept_whole() -> None:
    for text in ("misclassification", "machine-learning", "the limit 0.98 (exact)", "Clopper-Pearson"):
        assert BREAK not in opened(text)


def test_a_column_is_as_wide_as_its_longest_piece() -> None:
    columns = (Column("A", 9), Column("B", 1))
    narrow, room = fitted(Table("t", "s", columns, (Row((cell("x"), cell(line(ref("REQUIREMENT-0001"))))),)))
    assert narrow[1].share > 0.15 * sum(c.share for c in narrow)
    assert room == 12
