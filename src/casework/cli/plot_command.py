"""`casework plot`: pictures of fault injection."""

from __future__ import annotations

import argparse
import sys
from functools import cache
from pathlib import Path

from casework.cli.terminal import Progress, add_now, add_root, root_of, today_of, write_file

SUMMARY = "draw the figures of fault injection: heat map, curves, bars, before and after"
DESCRIPTION = """\
Draws what a fault-injection record found: which bit of which tensor corrupts the result (heat map), what becomes of faults
by tensor, by bit, by number of faults and by class, and two records before and after hardening. HTML is one page with all
figures, a table under each, and the digests of the record; SVG and PNG make a file a figure."""
EXAMPLES = """\
examples:
  casework plot record.json -o out                       one page with all figures
  casework plot EV-FI --format png -o out                the current record of an evidence node
  casework plot hardened.json --against plain.json -o out
  casework plot evidence/EV-FI/3f9a2b01c4d5.dsse.json --format svg -o out
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "record",
        nargs="+",
        metavar="RECORD",
        help="record as `casework try --format json` prints it, sealed record (.dsse.json), or key of an evidence node",
    )
    parser.add_argument(
        "--against", metavar="RECORD", help="record of the model before hardening, drawn before and after"
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", default="out", help="folder to write to (default: out)")
    parser.add_argument(
        "-f", "--format", choices=("svg", "png", "html"), default="html", help="what to write (default: html)"
    )
    parser.add_argument(
        "--rates",
        choices=("auto", "log", "linear"),
        default="auto",
        help="scale of rates in heat map, curve by bit and comparison (default: auto, logarithmic where they differ 30-fold)",
    )
    parser.add_argument("--scale", type=_scale, default=2.0, metavar="X", help="PNG pixels a point (default: 2)")


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 10:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0 and at most 10")
    return value


def _note(text: str) -> None:
    print(f"casework: {text}", file=sys.stderr)


def run(args: argparse.Namespace) -> int:
    """Draw; 0 if done."""
    from casework.workflow.plotting import find, plot_files
    from casework.workflow.publish import Scene, assessed_at

    bar = Progress()

    @cache
    def scene() -> Scene:
        return assessed_at(root_of(args), today_of(args), bar)

    found = [find(source, scene) for source in args.record]
    against = find(args.against, scene) if args.against else None
    files = plot_files(found, against, args.format, args.rates, args.scale, bar, _note)
    bar.done()
    for name, data in files:
        write_file(Path(args.output) / name, data)
    print(f"wrote {len(files)} file{'s' if len(files) != 1 else ''} to {args.output}", file=sys.stderr)
    return 0
