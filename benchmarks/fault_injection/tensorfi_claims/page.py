"""Fill the page of claims with what was measured, so that no figure in it is typed by hand.

The template page.md.in holds `{{...}}` where figures go: `{{rate NAME}}` and `{{due NAME}}` of an experiment, `{{at NAME AMOUNT}}` of
one of its amounts, `{{tensor NAME TENSOR}}`, and the tables named in TABLES. A rate is followed by its 95 % interval.

    python benchmarks/fault_injection/tensorfi_claims/page.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[2] / "docs/explanation/tensorfi-claims.md"
PAPER_TABLE7 = (0.0882, 0.1395, 0.1981, 0.2504, 0.2852, 0.3090, 0.3551, 0.3986, 0.4363, 0.4480)
AMOUNTS = "rates by number of faults"


def percent(value: float) -> str:
    """Return a rate in percent, with two digits that count at least."""
    value *= 100
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def with_interval(row: dict[str, Any], value: str = "sdc_rate") -> str:
    """Return `12.3 % (11.9 to 12.8)`."""
    return f"{percent(row[value])} % ({percent(row['ci_low'])} to {percent(row['ci_high'])})"


class Results:
    """What was measured."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = json.loads((HERE / "results.json").read_text())
        self.masks: dict[str, Any] = json.loads((HERE / "segmentation.json").read_text())

    def rate(self, name: str, metric: str = "sdc_rate") -> str:
        """Return a rate of an experiment."""
        return with_interval(self.claims["experiments"][name]["metrics"][metric], "value")

    def rows(self, name: str, table: str) -> list[dict[str, Any]]:
        """Return a table of an experiment."""
        return list(self.claims["experiments"][name]["tables"][table])

    def at(self, name: str, amount: float) -> str:
        """Return the rate of one amount."""
        return next(with_interval(row) for row in self.rows(name, AMOUNTS) if row["amount"] == amount)


def lines(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def table7(found: Results) -> str:
    """Paper and ours, 10 to 100 flips."""
    authors = "table7/the authors' weights"
    names = [authors, "table7/own net", "table7/own net, elements drawn alike"]
    rows = []
    for row, paper in zip(found.rows(authors, AMOUNTS), PAPER_TABLE7, strict=True):
        amount, either = row["amount"], (row["sdc"] + row["due"]) / row["predictions"]
        first, *others = (found.at(name, amount) for name in names)
        rows.append([f"{amount:.0f}", f"{percent(paper)} %", first, f"{percent(either)} %", *others])
    head = ["flips", "paper", "authors' weights: SDC", "with DUE", "our net: SDC", "our net, elements drawn alike"]
    return lines(head, rows)


def growth(found: Results) -> str:
    """From 1 to 80 flips."""
    states, outputs = "growth/LeNet, layer states", "growth/LeNet, layer outputs"
    rows = [
        [f"{row['amount']:.0f}", found.at(states, row["amount"]), found.at(outputs, row["amount"])]
        for row in found.rows(states, AMOUNTS)
    ]
    return lines(["flips", "layer states (weights)", "layer outputs"], rows)


def zeros(found: Results) -> str:
    """From 10 to 90 % zeros."""
    rows = [
        [f"{p} %", *(found.rate(f"zeros/{name}, {p} %") for name in ("nn", "lenet", "lenet conv1"))]
        for p in range(10, 100, 10)
    ]
    return lines(["zeros", "NN, any weight tensor", "LeNet, any weight tensor", "LeNet, first convolution"], rows)


def depth(found: Results) -> str:
    """By layer."""
    flips, fixed = ("depth/LeNet, bitflip", "depth/LeNet, fixed_point")
    other = {row["tensor"]: row for row in found.rows(fixed, "rates by tensor")}
    rows = [
        [
            f"`{row['tensor']}`",
            row["operator"],
            f"{row['elements']:,}",
            with_interval(row),
            with_interval(other[row["tensor"]]),
        ]
        for row in found.rows(flips, "rates by tensor")
    ]
    return lines(["output", "operator", "elements", "IEEE bit flip", "fixed-point flip, as TensorFI 1"], rows)


def width(found: Results) -> str:
    """Layers times neurons."""
    shapes = [(layers, unit) for unit in ("tensor", "element") for layers in (1, 2, 3)]
    rows = [
        [f"{neurons}", *(found.rate(f"width/{layers}x{neurons}, {unit}s drawn alike") for layers, unit in shapes)]
        for neurons in (16, 32, 64, 128, 256, 512)
    ]
    return lines(["neurons", *(f"{layers} hidden, {unit}s drawn alike" for layers, unit in shapes)], rows)


def classes(found: Results) -> str:
    """By class."""
    amounts = (10, 50, 100)
    held = [
        {row["class"]: row for row in found.rows(f"classes/LeNet, {n} in the first convolution", "rates by class")}
        for n in amounts
    ]
    rows = [[str(name), *(with_interval(one[name]) for one in held)] for name in sorted(held[0])]
    return lines(["class", *(f"{n} flips" for n in amounts)], rows)


def masks(found: Results) -> str:
    """Masks that fall apart, by layer."""
    kinds = ("100 flips in a weight", "1 flip in a weight")
    held = [{row["tensor"]: row for row in found.masks["rates"][kind]["tensors"]} for kind in kinds]
    all_layers = found.masks["guess, all"]
    part = dict(zip(all_layers["layers"], all_layers["mean part changed"], strict=True))
    rows = []
    for name in held[0]:
        due = held[0][name]["due"] / held[0][name]["predictions"]
        rows.append(
            [
                f"`{name}`",
                *(with_interval(one[name]) for one in held),
                f"{percent(due)} %",
                f"{100 * part[name]:.0f} %",
            ]
        )
    head = [
        "layer",
        "SDC, 100 flips",
        "SDC, 1 flip",
        "NaN or infinity, 100 flips",
        "pixels changed",
    ]
    return lines(head, rows)


def window(found: Results) -> str:
    """One flip in an activation."""
    rows = [
        [f"`{row['tensor']}`", f"{row['elements']:,}", with_interval(row)]
        for row in found.masks["rates"]["1 flip in an activation"]["tensors"]
    ]
    return lines(["output", "elements", "SDC, 1 flip"], rows)


def guessed(found: Results, which: str) -> str:
    """How often the layer was told from the mask."""
    one = found.masks[f"guess, {which}"]
    right, total = one["right"], one["masks"]
    share, blind = round(100 * right / total), round(100 * one["most common"] / total)
    return f"{right} of {total} masks ({share} %; always naming the same of {len(one['layers'])} layers: {blind} %)"


TABLES: dict[str, Callable[[Results], str]] = {
    "table7": table7, "growth": growth, "zeros": zeros, "depth": depth, "width": width, "classes": classes, "masks": masks,
    "window": window, "guess decoder": lambda found: guessed(found, "decoder"), "guess all": lambda found: guessed(found, "all"),
}  # fmt: skip


def filled(template: str, found: Results) -> str:
    """Return the page."""

    def put(match: re.Match[str]) -> str:
        text = match[1]
        if text in TABLES:
            return TABLES[text](found)
        word, _, rest = text.partition(" ")
        match word:
            case "rate":
                return found.rate(rest)
            case "due":
                return found.rate(rest, "due_rate")
            case "at":
                name, _, amount = rest.rpartition(" ")
                return found.at(name, float(amount))
            case "digest":
                return str(found.claims["experiments"][rest]["digests"]["fault_outcomes"])[:12]
            case "processor":
                machine = found.claims["machine"]
                return f"{machine['processor']}, {machine['versions']['onnxruntime']}"
            case _:
                sys.exit(f"{{{{{text}}}}} is not known")

    return re.sub(r"\{\{(.+?)\}\}", put, template)


def main() -> None:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    text = filled((HERE / "page.md.in").read_text(), Results())
    if args.check:
        sys.exit(0 if PAGE.read_text() == text else f"{PAGE} differs: run {Path(__file__).name}")
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
