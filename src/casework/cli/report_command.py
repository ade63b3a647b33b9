"""`casework report`: the safety case as a document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from casework.cli.terminal import Progress, add_now, add_root, root_of, today_of, write_file

SUMMARY = "write the safety-case report: one HTML and one PDF"
DESCRIPTION = """\
Writes the safety case as one self-contained HTML file and one PDF: decision and open points first, then scope, argument,
hazard log, requirements, evidence, data, models, traceability, practices, tools, approvals. Everything is generated from
the case; the same case gives the same bytes."""
EXAMPLES = """\
examples:
  casework report -o out
  casework report --format html -o out
  casework report --baseline v1.0 -o out     with what changed since v1.0
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "-f", "--format", choices=("html", "pdf", "both"), default="both", help="what to write (default: both)"
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", default="out", help="folder to write to (default: out)")
    parser.add_argument("--baseline", metavar="REV", help="revision whose differences are listed")


def run(args: argparse.Namespace) -> int:
    """Write the report; 0 if done."""
    from casework.workflow.publish import assessed_at, report_files

    bar = Progress()
    root = root_of(args)
    assessed = assessed_at(root, today_of(args), bar)
    files = report_files(assessed, root, args.format, args.baseline, bar)
    bar.done()
    for name, data in files:
        write_file(Path(args.output) / name, data)
        print(f"wrote {Path(args.output) / name}", file=sys.stderr)
    return 0
