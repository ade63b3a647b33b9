"""`casework gsn`: draw the argument."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from casework.cli.terminal import Progress, add_now, add_root, root_of, today_of, write_file, write_out
from casework.model.problem import CallProblem

SUMMARY = "draw the GSN argument: SVG, PNG, PDF, DOT"
DESCRIPTION = """\
Draws the argument in GSN v3 notation with the status of each element, split into pages of readable size. SVG and PNG make
a file a page, PDF one document, DOT one graph for other tools."""
EXAMPLES = """\
examples:
  casework gsn -o out/gsn                   SVG pages into a folder
  casework gsn --format pdf -o argument.pdf
  casework gsn --goal G-DATA --format png -o out/data
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "-f", "--format", choices=("svg", "png", "pdf", "dot"), default="svg", help="form of the picture (default: svg)"
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", help="folder for svg and png, file for pdf and dot (dot: standard output)"
    )
    parser.add_argument("--goal", metavar="ID", help="draw only what is below this goal")
    parser.add_argument("--elements", type=int, default=30, metavar="N", help="most elements on a page (default: 30)")
    parser.add_argument("--scale", type=float, default=2.0, metavar="X", help="PNG pixels a point (default: 2)")


def _warn(text: str) -> None:
    print(f"casework: {text}", file=sys.stderr)


def run(args: argparse.Namespace) -> int:
    """Draw; 0 if done."""
    from casework.workflow.publish import assessed_at, gsn_files

    if args.format != "dot" and not args.output:
        raise CallProblem(f"say where to write: -o {'FILE' if args.format == 'pdf' else 'FOLDER'}")
    bar = Progress()
    assessed = assessed_at(root_of(args), today_of(args), bar)
    files = gsn_files(assessed, args.format, args.goal, args.elements, args.scale, bar, _warn)
    bar.done()
    if args.format in ("pdf", "dot"):
        write_out(files[0][1], args.output)
        return 0
    for name, data in files:
        write_file(Path(args.output) / name, data)
    print(f"wrote {len(files)} page{'s' if len(files) != 1 else ''} to {args.output}", file=sys.stderr)
    return 0
