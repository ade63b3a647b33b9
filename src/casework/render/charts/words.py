"""How figures are written in charts, and how long names are shortened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
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
_SETTLED: Final = "; Clopper-Pearson where nothing or everything happened"
"""What is said beside Wilson: its interval is too narrow there, so that rows without an event, or with nothing else, have the other."""

_DIGITS: Final = 3


def share(value: float, side: str = ROUND_HALF_EVEN) -> str:
    """Return a share of one in percent with three significant digits; only 0 is `0 %`, and only 1 is `100 %`."""
    return f"{in_percent(value, side)} %"


def in_percent(value: float, side: str = ROUND_HALF_EVEN) -> str:
    """Return the same without the sign; of what is close to all, as many digits as tell it from all."""
    if value <= 0 or value >= 1:
        return f"{value * 100:g}"
    percent = Decimal(repr(float(value))) * 100
    for digits in range(_DIGITS, 18):
        step = Decimal(1).scaleb(percent.adjusted() - digits + 1)
        found = percent.quantize(step, rounding=side)
        if found < 100:
            break
    return format(found, "f") if found >= Decimal("0.0001") else re.sub("e-0*", "e-", f"{found:.2e}")


def tick(value: float) -> str:
    """Return a round share in percent, as axes mark it."""
    return re.sub("e-0*", "e-", f"{value * 100:g}")


def count(value: int) -> str:
    """Return a count with its digits in groups of three, by thin commas as English has them."""
    return f"{value:,}"


def between(rate: Rate) -> str:
    """Return an interval in percent, rounded outwards."""
    return f"[{in_percent(rate.low, ROUND_FLOOR)}, {in_percent(rate.high, ROUND_CEILING)}] %"


def factor(value: float, side: str = ROUND_HALF_EVEN) -> str:
    """Return a ratio with three digits, and whole numbers above a thousand; it is never rounded to 1."""
    found = Decimal(repr(float(value)))
    digits = _DIGITS + 2 if abs(value - 1) < 0.01 else max(_DIGITS, found.adjusted() + 1)
    rounded = found.quantize(Decimal(1).scaleb(found.adjusted() - digits + 1), rounding=side)
    return f"{rounded:,f}"


def interval_words(campaign: Campaign) -> str:
    """Return what the whiskers of a campaign are, such as `two-sided 95 % intervals (cluster)`."""
    parts = (metric for metric in campaign.record.metrics if metric.name == "sdc_rate" and metric.n)
    found = campaign.metric("sdc_rate") or next(parts, None)
    if found is None or found.method in ("none", "exact") or found.confidence is None:
        exact = found is not None and found.method == "exact"
        return "exact shares: every fault of the plan was put in" if exact else "intervals as recorded"
    method = METHODS.get(found.method, found.method) + (_SETTLED if found.method == "wilson" else "")
    return f"two-sided {found.confidence * 100:g} % intervals ({method})"


def whisker_words(campaign: Campaign, of: str = "") -> str:
    """Return the sentence about the whiskers of a figure; of an exhaustive campaign, why there are none."""
    said = interval_words(campaign)
    return (
        f"{said[0].upper()}{said[1:]}; they need no intervals."
        if said.startswith("exact")
        else f"Whiskers: {said}{of}."
    )


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


def labels(names: Sequence[str], room: float, size: float) -> list[str]:
    """Return names shortened to a room so that they still differ.

    First without what tools add to names and without the beginning that all share, then with the words of their paths cut to
    three letters, and at last with their number in the list.
    """
    if any(advance(one_line(name), size) > room for name in names):
        names = [_known(name) for name in names]
    start = _common(names) if any(advance(one_line(name), size) > room for name in names) else 0
    short = [shortened(f"…{name[start:]}" if start else name, room, size) for name in names]
    for words_cut in (True, False):
        doubled = {name for name, times in Counter(short).items() if times > 1}
        if not doubled:
            return short
        for at, name in enumerate(names):
            if short[at] in doubled:
                cut = _cut_parts(name[start:])
                short[at] = shortened(cut if words_cut else f"{at + 1} {cut}", room, size)
    return short


def _known(name: str) -> str:
    """Return a name without what the quantiser of onnxruntime adds to names, which fills the room and says little."""
    for long, brief in (("DequantizeLinear_Output", "DQ"), ("QuantizeLinear_Output", "Q"), ("_quantized", "_q")):
        name = name.replace(long, brief)
    return name


def _cut_parts(name: str) -> str:
    """Return a name whose parts, but for the last, are cut to their first three letters and their number: `layer_12/conv` `lay_12/conv`."""
    made, part = [], ""
    for letter in name:
        if letter in "/.":
            made += [_cut(part), letter]
            part = ""
        else:
            part += letter
    return "".join([*made, part])


def _cut(part: str) -> str:
    digits = len(part) - len(part.rstrip("0123456789"))
    stem, number = part[: len(part) - digits], part[len(part) - digits :]
    if len(stem) <= 3 or not stem.replace("_", "").isascii() or not stem.replace("_", "").isalpha():
        return part
    return stem[:3] + ("_" if stem.endswith("_") and number else "") + number


def _common(names: Sequence[str]) -> int:
    """Return the length of the beginning that all names share, up to a separator; 0 where it is not worth it."""
    if len(names) < 2:
        return 0
    low, high = min(names), max(names)
    alike = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return max(low.rfind("/", 0, alike), low.rfind(".", 0, alike)) + 1 if alike > 8 else 0


def plural(number: int, word: str) -> str:
    """Return a count and its word."""
    return f"{count(number)} {word}{'' if number == 1 else 's'}"
