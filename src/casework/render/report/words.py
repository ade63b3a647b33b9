"""The words and signs in which reports speak: statuses, states of evidence, outcomes; each with its meaning."""

from __future__ import annotations

from typing import Final

SYMBOL: Final[dict[str, str]] = {
    "supported": "✓", "open": "○", "doubted": "?", "defeated": "✗",
    "met": "✓", "not_met": "✗", "not_shown": "?", "missing": "○",
    "current": "✓", "stale": "○", "unverifiable": "○", "unfinished": "?",
    "pass": "✓", "blocked": "✗", "error": "✗", "warning": "!", "info": "i",
    "yes": "✓", "defined": "✓", "not defined": "✗", "no": "✗", "none": "–",
}  # fmt: skip
"""A sign for each word, so that no meaning rests on colour alone."""

TONE: Final[dict[str, str]] = {
    "supported": "good", "met": "good", "current": "good", "pass": "good", "yes": "good",
    "open": "open", "missing": "open", "stale": "open", "unverifiable": "open",
    "doubted": "doubt", "not_shown": "doubt", "unfinished": "doubt", "warning": "doubt",
    "defeated": "bad", "not_met": "bad", "blocked": "bad", "error": "bad", "no": "bad",
    "info": "plain", "none": "plain", "defined": "good", "not defined": "bad",
}  # fmt: skip
"""The colour family of each word."""

WORDS: Final[dict[str, str]] = {"not_met": "not met", "not_shown": "not shown", "none": "none"}
"""Words that are written otherwise than they are spelt in the data."""

STATUS_MEANING: Final[tuple[tuple[str, str], ...]] = (
    ("supported", "Everything that the claim rests on holds: verified evidence, bound to what lies in the repository "
     "now, within its bounds. Of a test that a requirement names, only that it exists is known."),
    ("open", "Something that the claim rests on is missing: no evidence, stale or unverifiable evidence, or an "
     "argument that nobody has developed."),
    ("doubted", "There is evidence, but it does not show the claim: the sample is too small, the run is inconclusive, "
     "an assumption has failed, or a challenge is unanswered."),
    ("defeated", "Verified evidence shows that the claim does not hold, or a challenge holds that nobody answered."),
)  # fmt: skip

OUTCOME_MEANING: Final[tuple[tuple[str, str], ...]] = (
    ("met", "The confidence limit of the measured figure lies inside the bound."),
    (
        "not_shown",
        "The estimate lies inside the bound, its confidence limit does not: the sample shows too little.",
    ),
    ("not_met", "The estimate itself lies outside the bound."),
    ("missing", "No current evidence holds such a figure; the criterion is not met."),
)

STATE_MEANING: Final[tuple[tuple[str, str], ...]] = (
    (
        "current",
        "Verified, complete, and bound by digest to the model, data, options and requirements as they are.",
    ),
    ("stale", "It was verified, but something that it was bound to has changed since; it no longer counts."),
    ("unverifiable", "A signature or the form of the record does not hold under the trust policy; it does not count."),
    ("unfinished", "The run says of itself that it is inconclusive, failed, or could not be evaluated."),
    ("missing", "The plan exists, a sealed record does not."),
)


def worded(word: str) -> str:
    """Return a word of the data as it is written for people."""
    return WORDS.get(word, word.replace("_", " "))


def signed(word: str) -> str:
    """Return sign and word, such as `✓ supported`."""
    return f"{SYMBOL.get(word, '')} {worded(word)}".strip()
