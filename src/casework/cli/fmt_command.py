"""`casework fmt`: bring node files into the house's form."""

from __future__ import annotations

import argparse

from casework.cli.terminal import add_root, harmless, root_of, write_file

SUMMARY = "bring node files into one form; comments stay"
DESCRIPTION = """\
Re-formats node files: indentation, key order (type, id, then as the schema has them), quoting. Comments stay, values do
not change (it is verified before writing), and formatting twice changes nothing."""
EXAMPLES = """\
examples:
  casework fmt
  casework fmt requirements/system.yaml
  casework fmt --check          exit 1 if a file is not in form
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="node files (default: all of the case)")
    add_root(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; list the files that are not in form")


def run(args: argparse.Namespace) -> int:
    """Format; 0 if all is in form (now), 1 with --check if something is not, 2 if a file cannot be formatted."""
    from casework.workflow.authoring.nodes import formatted, node_files

    root = root_of(args)
    changed, refused = 0, 0
    for path in args.files or node_files(root):
        old, new, problem = formatted(root, path)
        if problem:
            refused += 1
            print(harmless(f"{path}: not formatted: {problem}"))
        elif old != new:
            changed += 1
            print(harmless(f"{path}: {'not in form' if args.check else 'formatted'}"))
            if not args.check:
                write_file(root / path, new)
    if refused:
        return 2
    return 1 if args.check and changed else 0
