"""Fill the page of speeds with what bench_injection.py measured, so that no figure in it is typed by hand.

python benchmarks/fault_injection/report.py [--results results.json] [--check]
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
PAGE = HERE.parents[1] / "docs/explanation/fault-injection-speed.md"
NAMES = {
    "mlp": "MLP 784-128-10",
    "lenet": "LeNet-5, 32x32",
    "resnet18": "ResNet-18, 32x32",
    "resnet50": "ResNet-50, 224x224",
    "vgg16": "VGG16, 224x224",
}

Found = dict[str, Any]


def digits(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:#.3g}"


def lines(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def floors(found: Found) -> str:
    """Fault-free predictions, and the naive way."""
    rows = []
    for net, one in found["speed"].items():
        single, best, naive = one["clean"]["batch1"]["median"], one["clean"]["best"]["median"], one["naive"]["median"]
        batched = f"{digits(best)} (batch {one['clean']['best_batch']})"
        rows.append([NAMES[net], digits(single), batched, f"{digits(naive)} = {digits(naive / single)} x"])
    return lines(["model", "one at a time, ms", "best batch, ms an input", "file edited, session opened, ms"], rows)


def speed(found: Found) -> str:
    """Our campaigns."""
    rows = []
    for net, one in found["speed"].items():
        for target in ("activations", "weights"):
            made = one.get(target)
            if made is None:
                continue
            engines = ", ".join(
                f"{row['engine']} {100 * row['predictions'] / made['predictions']:.0f} %" for row in made["engines"]
            )
            rows.append([
                NAMES[net], target, f"{made['predictions']:,}", digits(made["ms"]), f"**{digits(made['x b1'])}**", digits(made["x best"]),
                digits(made["command x b1"]), f"{made['disagreements']} of {made['audited']}", engines,
            ])  # fmt: skip
    head = [
        "model",
        "target",
        "predictions",
        "ms each",
        "x one at a time",
        "x best batch",
        "whole command, x one at a time",
        "audit differs",
        "engines",
    ]
    return lines(head, rows)


def exhaustive(found: Found) -> str:
    """One campaign."""
    one = found["exhaustive"]
    each, rate = digits(one["ms"] * 1e3), 100 * one["sdc_rate"]["value"]
    return (
        f"{one['predictions']:,} injected predictions: {each} microseconds each by the record, {digits(one['x b1'])} x one at a time, "
        f"{digits(one['x best'])} x the best batch; {digits(one['command s'])} s of processor time for the whole command "
        f"({digits(one['command x b1'])} x); the audit repeated {one['audited']} and differed in {one['disagreements']}. SDC rate "
        f"{rate:.4f} %, a fact about these inputs and no estimate."
    )


def drawing(found: Found) -> str:
    """A million faults."""
    one = found["drawing"]
    return (
        f"{one['tensor']['median']:.3f} s where tensors are drawn alike, {one['element']['median']:.3f} s where elements are (median of "
        "processor seconds)."
    )


def precision(found: Found) -> str:
    """Faults for +-0.1 %."""
    one = found["precision"]
    rows = []
    for allocation in ("simple", "neyman"):
        made = one[allocation]
        used = sorted(row["faults"] for row in made["runs"])
        rows.append([
            allocation, f"{used[0]:,} / {used[len(used) // 2]:,} / {used[-1]:,}", f"{made['covered']} of {len(used)}",
        ])  # fmt: skip
    table = lines(
        ["allocation", "faults used: least, median, most of the seeds", "intervals that hold the truth"], rows
    )
    return (
        f"Truth, from {int(one['of predictions']):,} predictions: {100 * one['truth']:.3f} %.\n\n{table}\n\nFewer than {one['least']:,} "
        "faults do not do, even for one who knows beforehand which bits matter: that many it takes until the bits in which nothing "
        "happened cannot hide more than the interval says. An interval that takes them on trust after twenty faults each would be "
        "content with half as many, and be wrong wherever it matters. The most of the seeds are those in which the pilot met one of "
        "the rare events."
    )


def processes(found: Found) -> str:
    """Two against one."""
    one = found["processes"]
    same = "the same" if one["same outcome"] else "DIFFERENT"
    return (
        f"{one['gain']:.2f} x as fast by the clock ({one['1']['wall s']:.1f} s and {one['2']['wall s']:.1f} s; load average "
        f"{one['load average before'][0]:.1f} before), {same} outcome digest."
    )


def peers(found: Found) -> str:
    """Other injectors: the best batch of each."""
    rows = []
    for script in ("pytorchfi_speed.py", "mrfi_speed.py", "tensorfi2_speed.py"):
        made = found["peers"].get(script)
        if not isinstance(made, list):
            rows.append([script, str(made)[:120], "", "", "", ""])
            continue
        timed = [row for row in made if "ms" in row and not row["fault"].startswith("none")]
        for key in dict.fromkeys((row["tool"], row["model"], row["fault"]) for row in timed):
            mine = [row for row in timed if (row["tool"], row["model"], row["fault"]) == key]
            single = next((row for row in mine if row["batch"] == 1), None)
            best = min(mine, key=lambda row: row["ms"])
            floor = found["speed"][key[1]]["clean"]["batch1"]["median"]
            one = "" if single is None else f"{digits(single['ms'])} = {digits(single['ms'] / floor)} x"
            batched = f"{digits(best['ms'])} = {digits(best['ms'] / floor)} x (batch {best['batch']})"
            few = f", {best['predictions']} only" if best["predictions"] < 20 else ""
            rows.append([key[0], NAMES[key[1]], key[2], one, batched + few])
    return lines(["tool", "model", "fault", "one at a time, ms", "best batch, ms a prediction"], rows)


def machine(found: Found) -> str:
    """The machine."""
    one = found["machine"]
    versions = ", ".join(f"{name} {value}" for name, value in one["versions"].items())
    return (
        f"{one['processor']} (family and model {one['family, model']}; {', '.join(one['vector extensions'])}), {one['cores']} cores, "
        f"{one['system']}; {versions}; load average at the start {one['load average'][0]:.2f}."
    )


PARTS: dict[str, Callable[[Found], str]] = {
    "floors": floors, "speed": speed, "exhaustive": exhaustive, "drawing": drawing, "precision": precision, "processes": processes,
    "peers": peers, "machine": machine,
}  # fmt: skip


def main() -> None:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    found = json.loads(args.results.read_text())
    text = re.sub(r"\{\{(.+?)\}\}", lambda match: PARTS[match[1]](found), (HERE / "speed.md.in").read_text())
    if args.check:
        sys.exit(0 if PAGE.read_text() == text else f"{PAGE} differs: run {Path(__file__).name}")
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
