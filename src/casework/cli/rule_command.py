"""`casework rule CODE`: show the page of a rule."""

from __future__ import annotations

import argparse

from casework.cli.terminal import write_out
from casework.model.problem import CallProblem

SUMMARY = "show the page of one rule"
DESCRIPTION = "Shows what a rule does, why it matters, a bad and a good example, and its references."
EXAMPLES = """\
examples:
  casework rule TRC-001
  casework rule dangling-link
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("code", help="code or name, such as TRC-001 or dangling-link")


def run(args: argparse.Namespace) -> int:
    """Print the page."""
    from casework.rules.registry import page, rules

    found = page(args.code)
    if found is None:
        near = [r.code for r in rules() if r.code.startswith(args.code[:3].upper())]
        raise CallProblem(
            f"there is no rule {args.code}; `casework rules` lists them" + (f" ({', '.join(near)})" if near else "")
        )
    rule = next(r for r in rules() if args.code.upper() == r.code or args.code.lower() == r.name)
    write_out(f"{rule.code} {rule.name} ({rule.severity})\n\n{found}\n", None)
    return 0
