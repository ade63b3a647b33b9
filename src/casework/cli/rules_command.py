"""`casework rules`: list the rules."""

from __future__ import annotations

import argparse
import json

from casework.cli.terminal import write_out
from casework.model.problem import CallProblem

SUMMARY = "list the rules: code, severity, name"
DESCRIPTION = "Lists every rule and finding code."
EXAMPLES = """\
examples:
  casework rules
  casework rules GSN                only the codes that start with GSN
  casework rules --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("scope", nargs="?", default="", help="start of the codes to list, such as TRC")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the list")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    from casework.rules.registry import rules

    chosen = [r for r in rules() if r.code.startswith(args.scope.upper())]
    if not chosen:
        raise CallProblem(f"no code starts with {args.scope}; `casework rules` lists all")
    if args.format == "json":
        rows = [{"code": r.code, "name": r.name, "severity": r.severity, "fix": r.fix} for r in chosen]
        write_out(json.dumps(rows, indent=2) + "\n", None)
    else:
        write_out("".join(f"{r.code}  {r.severity:<7}  {r.name}\n" for r in chosen), None)
    return 0
