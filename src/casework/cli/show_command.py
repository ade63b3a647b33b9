"""`casework show ID`: everything about one node."""

from __future__ import annotations

import argparse

from casework.cli.terminal import Progress, add_now, add_root, root_of, today_of, use_colour, write_out

SUMMARY = "show everything about one node, and why it has its status"
DESCRIPTION = """\
Shows a node's fields, its links both ways, its fingerprint, reviews, evidence and figures, findings, and its status with the
path that leads to what causes it."""
EXAMPLES = """\
examples:
  casework show REQ-ML-1
  casework show G-TOP --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("id", help="id of the node, `module::id` in a module")
    add_root(parser)
    add_now(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the answer")


def run(args: argparse.Namespace) -> int:
    """Print the node; 0 if it exists."""
    from casework.workflow.publish import assessed_at, show

    bar = Progress()
    assessed = assessed_at(root_of(args), today_of(args), bar)
    bar.done()
    write_out(show(assessed, args.id, args.format, colour=use_colour()), None)
    return 0
