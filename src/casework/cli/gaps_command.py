"""`casework gaps`: coverage, and the holes in it."""

from __future__ import annotations

import argparse

from casework.cli.terminal import (
    Progress,
    add_now,
    add_output,
    add_root,
    columns,
    root_of,
    today_of,
    use_colour,
    write_out,
)
from casework.model.problem import CallProblem

SUMMARY = "coverage by level and every hole in the trace"
DESCRIPTION = """\
Shows for each level how many requirements are covered (by children, evidence, tests) and lists every gap as a row; as HTML,
CSV, xlsx or JSON the whole traceability matrix both ways. Percentages are never rounded up."""
EXAMPLES = """\
examples:
  casework gaps
  casework gaps --format html -o matrix.html
  casework gaps --format xlsx -o matrix.xlsx
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "-f", "--format", choices=("text", "html", "csv", "xlsx", "json"), default="text", help="form of the answer"
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print or write the table; 0 always, for `check` is what judges."""
    from casework.workflow.publish import assessed_at, gaps

    if args.format == "xlsx" and not args.output:
        raise CallProblem("a workbook needs a file: add -o matrix.xlsx")
    bar = Progress()
    assessed = assessed_at(root_of(args), today_of(args), bar)
    bar.done()
    write_out(gaps(assessed, args.format, colour=use_colour() and not args.output, width=columns()), args.output)
    return 0
