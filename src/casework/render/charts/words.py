"""How figures are written in charts, and how long names are shortened."""

from __future__ import annotations

from typing import Final

from casework.render.charts.tables import Campaign, Rate
from casework.render.fonts import advance
from casework.render.gsn.text import one_line

METHODS: Final = {
    "clopper-pearson": "Clopper-Pearson",
    "wilson": "Wilson",
    "stratified": "stratified",
    "cluster": "with the faults as clusters of their inputs",
    "bootstrap": "bootstrap",
}
"""Methods of intervals as they are written for people."""

_DIGITS: Final = 3


def share(value: float) -> str:
    """Return a share of one in percent with three significant digits; only 0 is `0 %`, and only 1 is `100 %`."""
    return f"{in_percent(value)} %"


def in_percent(value: float) -> str:
    """Return the same without the sign; of what is close to all, as many digits as tell it from all."""
    percent = value * 100
    if value <= 0 or value >= 1:
        return f"{percent:g}"
    for digits in range(_DIGITS, 17):
        text = f"{percent:.{digits}g}"
        if float(text) < 100:
            break
    return _plain(float(text), text)


def _plain(value: float, text: str) -> str:
    if "e" not in text:
        return text
    return text.replace("e-0", "e-").replace("e+0", "e+") if value < 1e-4 else f"{value:.0f}"


def count(value: int) -> str:
    """Return a count with its digits in groups of three, by thin commas as English has them."""
    return f"{value:,}"


def between(rate: Rate) -> str:
    """Return an interval in percent."""
    return f"[{in_percent(rate.low)}, {in_percent(rate.high)}] %"


def factor(value: float) -> str:
    """Return a ratio: three digits below a hundred, whole numbers above, and never rounded to 1."""
    if value >= 99.5:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return text if text != "1" or value == 1 else f"{value:.4f}"


def interval_words(campaign: Campaign) -> str:
    """Return what the whiskers of a campaign are, such as `95 % intervals (Wilson)`."""
    found = campaign.metric("sdc_rate")
    if found is None or found.method in ("none", "exact") or found.confidence is None:
        exact = found is not None and found.method == "exact"
        return "exact shares: every fault of the plan was put in" if exact else "intervals as recorded"
    return f"two-sided {found.confidence * 100:g} % intervals ({METHODS.get(found.method, found.method)})"


def shortened(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Return a name that fits into a room: its end, which tells most, and as much of its beginning as there is room for."""
    text = one_line(text)
    if advance(text, size, bold=bold) <= room:
        return text
    kept = len(text) - 1
    while kept > 2:
        tail = (kept * 3 + 4) // 5
        made = f"{text[: kept - tail]}…{text[-tail:]}"
        if advance(made, size, bold=bold) <= room:
            return made
        kept -= 1
    return "…"


def plural(number: int, word: str) -> str:
    """Return a count and its word."""
    return f"{count(number)} {word}{'' if number == 1 else 's'}"
