"""`casework init`: start a case."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "start a case in a folder"
DESCRIPTION = """\
Lays down a case: configuration, folders, editor hints, pre-commit hook, and the nodes of a template. Existing files are never
overwritten, and a folder that is a case already is refused."""
EXAMPLES = """\
examples:
  casework init my-case
  casework init my-case --template roadside-sign          the whole worked example, which passes
  casework init my-case --template roadside-sign-blocked  the same with faults, to learn from
  casework init --list
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="folder of the case (default: the current one)")
    parser.add_argument("--template", default="empty", metavar="NAME", help="what to start from (default: empty)")
    parser.add_argument("--list", action="store_true", help="list the templates and stop")


def run(args: argparse.Namespace) -> int:
    """Lay the case down; 0 if done."""
    from casework.cli.terminal import write_file
    from casework.model.problem import CallProblem
    from casework.workflow.templates import template_files, templates

    if args.list:
        for name, meaning in templates().items():
            print(f"{name:<24} {meaning}")
        return 0
    folder = Path(args.folder)
    if (folder / "casework.yaml").exists():
        raise CallProblem(f"{folder / 'casework.yaml'} exists: this is a case already; name a new folder")
    written = 0
    for path, data in template_files(args.template):
        if (folder / path).exists():
            print(f"kept {folder / path}")
            continue
        write_file(folder / path, data)
        written += 1
    print(f"wrote {written} files to {folder}; next: cd {folder} && casework check", file=sys.stderr)
    return 0
