"""`casework diff`: what changed since a baseline, in the case's own words."""

from __future__ import annotations

import argparse

from casework.cli.terminal import add_now, add_root, root_of, today_of, write_out

SUMMARY = "what changed since a baseline: nodes, suspects, evidence to re-run"
DESCRIPTION = """\
Compares the working tree with a revision: nodes added, removed and changed (field by field; re-formatting is no change), what
becomes suspect by it, and which evidence has to be made again."""
EXAMPLES = """\
examples:
  casework diff v1.0
  casework diff origin/main --format markdown
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("baseline", metavar="REV", help="revision to compare with")
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "-f", "--format", choices=("text", "json", "markdown"), default="text", help="form of the answer"
    )


def run(args: argparse.Namespace) -> int:
    """Print the differences; 0 if they could be told."""
    from casework.workflow.judging.comparing import diff_text

    write_out(diff_text(root_of(args), args.baseline, today_of(args), args.format), None)
    return 0
