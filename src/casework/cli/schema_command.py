"""`casework schema`: write the JSON Schemas by which editors complete and explain."""

from __future__ import annotations

import argparse
from pathlib import Path

from casework.cli.terminal import write_file, write_out
from casework.model.problem import CallProblem

SUMMARY = "write the JSON Schemas of all files"
DESCRIPTION = (
    "Writes the JSON Schemas of nodes, configuration and evidence, from which editors complete and explain every field."
)
EXAMPLES = """\
examples:
  casework schema --folder schemas
  casework schema node              print one
  casework schema --check --folder schemas   exit 1 if the files there are not current
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", nargs="?", help="schema to print")
    parser.add_argument("--folder", metavar="DIR", help="write all schemas there")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with what lies in the folder")


def run(args: argparse.Namespace) -> int:
    """Print, write or compare."""
    from casework.exchange.json_schema import schemas

    made = schemas()
    if args.name:
        if f"{args.name}.schema.json" not in made:
            raise CallProblem(f"there is no schema {args.name}; there are {', '.join(n.split('.')[0] for n in made)}")
        write_out(made[f"{args.name}.schema.json"], None)
        return 0
    if not args.folder:
        raise CallProblem("say which schema to print, or --folder DIR to write them all")
    folder = Path(args.folder)
    if args.check:
        stale = [n for n, text in made.items() if not (folder / n).is_file() or (folder / n).read_text("utf-8") != text]
        write_out("".join(f"{n} is not current\n" for n in stale), None)
        return 1 if stale else 0
    for name, text in made.items():
        write_file(folder / name, text.encode())
    return 0
