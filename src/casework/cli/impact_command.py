"""`casework impact`: what a change would touch."""

from __future__ import annotations

import argparse

from casework.cli.terminal import add_now, add_root, root_of, today_of, write_out

SUMMARY = "what a change of nodes, or between revisions, touches"
DESCRIPTION = """\
Lists what becomes suspect if the given nodes change (or did change between two revisions): requirements, goals, sign-offs,
and the evidence that has to be made again; each with the path that leads there."""
EXAMPLES = """\
examples:
  casework impact REQ-ML-1
  casework impact main..HEAD
  casework impact v1.0..           from v1.0 to the working tree
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("what", nargs="+", metavar="ID|REV..REV", help="nodes, or a range of revisions")
    add_root(parser)
    add_now(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the answer")


def run(args: argparse.Namespace) -> int:
    """Print the impact; 0 if it could be told."""
    from casework.workflow.judging.comparing import impact_text

    write_out(impact_text(root_of(args), args.what, today_of(args), args.format), None)
    return 0
