"""`casework new TYPE`: write a new node."""

from __future__ import annotations

import argparse
import sys

from casework.cli.terminal import add_root, root_of, write_file, write_out

SUMMARY = "write a new node; asks for what is missing"
DESCRIPTION = """\
Writes a new node with an id that no other branch can have made too. Fields come from --set; on a terminal the required
ones that are missing are asked for."""
EXAMPLES = """\
examples:
  casework new requirement --fields                 the fields of a requirement, explained
  casework new requirement --set level=ml --set "statement=The detector shall find stop signs."
  casework new hazardous_event --id HE-3 --file requirements/hazards.yaml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("type", help="node type, such as requirement or goal")
    add_root(parser)
    parser.add_argument("--id", help="id (default: one that cannot collide)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings", help="a field; the value is YAML"
    )
    parser.add_argument(
        "--file", metavar="PATH", help="node file to append to, relative to the root (default: a file of its own)"
    )
    parser.add_argument("--fields", action="store_true", help="list the fields of the type and stop")
    parser.add_argument("--dry-run", action="store_true", help="print the node and write nothing")


def run(args: argparse.Namespace) -> int:
    """Write the node; 0 if done."""
    from casework.workflow.authoring.nodes import appended, ask_fields, field_table, new_node

    if args.fields:
        write_out(field_table(args.type), None)
        return 0
    root = root_of(args)
    given = dict(s.partition("=")[::2] for s in args.settings)
    if sys.stdin.isatty():
        given = ask_fields(args.type, given, input)
    node = new_node(args.type, args.id, given)
    path, text = appended(root, args.file, node)
    if args.dry_run:
        write_out(text, None)
        return 0
    write_file(root / path, text.encode())
    print(f"{node['id']}: {path}")
    return 0
