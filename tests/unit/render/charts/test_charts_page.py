"""The page of all figures: self-contained, the same twice, readable without seeing it, and with the record's digests."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from casework.render.charts import Shown, comparison, figures, read, to_html
from doubles.injection_records import LENET, record

HOSTILE = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}",
    "</style><script>x()</script>",
    "\x1b[2J\u202eevil",
]


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def values(self, name: str) -> list[str]:
        return [a[name] or "" for _, a in self.tags if name in a]


def made() -> list[Shown]:
    before, after = read(record(), "EV-FI-FLOAT"), read(record(ease=0.02, digest="99" * 32), "EV-FI")
    return [
        Shown(after, figures(after), "A record.", comparison(before, after), before, "Another record."),
        Shown(before, figures(before), "Another record."),
    ]


@pytest.fixture(scope="module")
def text() -> str:
    return to_html(made())


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_same_records_give_the_same_page(text: str) -> None:
    assert to_html(made()) == text


def test_nothing_is_loaded_and_nothing_runs(page: Page, text: str) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"}
    assert {v for v in page.values("href") if not v.startswith("#")} == set()
    assert not page.values("src")
    assert not page.values("style")
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\s\"'<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [n for name in ("aria-labelledby",) for v in page.values(name) for n in v.split()]
    assert {v.removeprefix("#") for v in page.values("href")} | set(named) <= set(ids)


def test_every_figure_has_a_name_a_description_a_caption_and_a_table(page: Page) -> None:
    drawings = [a for tag, a in page.tags if tag == "svg"]
    assert len(drawings) == 12
    assert all(a["role"] == "img" and a["aria-labelledby"] for a in drawings)
    assert sum(tag == "figcaption" for tag, _ in page.tags) == 12
    assert sum(tag == "desc" for tag, _ in page.tags) == 12
    # Drawings and tables that scroll can be reached with the keyboard, and say what they are.
    regions = [a for tag, a in page.tags if tag == "div" and a.get("role") == "region"]
    assert len(regions) >= 24
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in regions)


def test_the_digests_and_the_campaign_stand_in_the_page(page: Page) -> None:
    for digest in ("99" * 32, "ab" * 32, "cd" * 32, "ef" * 32):
        assert digest in page.words
    for said in (
        "one bit flipped (bitflip) in all tensors", "every element is as likely as any other", "no disagreement",
        "registers and control flow are not hit", "70,146 of 6,880,000", "channel", "bit for bit (Conv)", "casework try fault-injection",
    ):  # fmt: skip
        assert said in page.words, said


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_of_a_record_stays_text(hostile: str) -> None:
    bad = record(
        layers=[(hostile, *LENET[0][1:]), *LENET[1:]], limitations=(hostile,), command=hostile, files={"model": hostile},
    )  # fmt: skip
    campaign = read(bad, hostile)
    found = to_html([Shown(campaign, figures(campaign), hostile)])
    clean = Page(found)
    assert "script" not in {tag for tag, _ in clean.tags}
    assert not [name for _, a in clean.tags for name in a if name.startswith("on")]
    assert "49" not in re.findall(r"<title>Fault injection: (.*?)</title>", found)
    assert "\x1b" not in found
    assert "\u202e" not in found
