"""`casework review`: sign off nodes."""

from __future__ import annotations

import argparse
import sys

from casework.cli.terminal import add_now, add_root, root_of, today_of, write_file

SUMMARY = "sign off nodes as they are now, and so clear suspects"
DESCRIPTION = """\
Writes a review node: who, when, with what meaning, at which fingerprints of the nodes and of what they link to. When a
node or something that it links to changes later, the sign-off no longer covers it and the node is suspect again."""
EXAMPLES = """\
examples:
  casework review REQ-ML-1 --as j.lindqvist
  casework review REQ-ML-1 REQ-ML-2 --as s.tanaka --role safety_manager --meaning approved
  casework review G-1 --as s.tanaka --retires CG-1    CG-1 was removed, and rightly so
  casework review --suspect --as j.lindqvist          everything that needs a sign-off now
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("nodes", nargs="*", metavar="ID", help="nodes to sign off")
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "--as", dest="person", required=True, metavar="PERSON", help="who signs: a person of the trust policy"
    )
    parser.add_argument("--role", help="role in which the person signs")
    parser.add_argument(
        "--meaning", choices=("reviewed", "approved", "rejected"), default="reviewed", help="what it means"
    )
    parser.add_argument("--remarks", help="what the reviewer has to say")
    parser.add_argument(
        "--retires", action="append", default=[], metavar="ID",
        help="node whose removal the review confirms; may be repeated (seal the review with `casework sign`)",
    )  # fmt: skip
    parser.add_argument(
        "--suspect", action="store_true", help="sign off every node that needs it: list them first with --dry-run"
    )
    parser.add_argument(
        "--into", metavar="FOLDER", help="folder for the review, relative to the root (default: <first root>/reviews)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the review node and write nothing")


def run(args: argparse.Namespace) -> int:
    """Write the review; 0 if done."""
    from casework.cli.terminal import write_out
    from casework.model.problem import CallProblem
    from casework.store.cache import Cache
    from casework.store.working_tree import WorkingTree
    from casework.workflow.authoring.reviewing import needing_review, review_of, to_yaml
    from casework.workflow.judging.assess import assess

    root, today = root_of(args), today_of(args)
    cache = Cache(root)
    assessed = assess(WorkingTree(root), today, cache)
    cache.close()
    keys = list(args.nodes) or (needing_review(assessed, args.person) if args.suspect else [])
    if args.suspect and not keys:
        print(f"nothing needs a sign-off by {args.person}")
        return 0
    if not keys:
        raise CallProblem("nothing to sign off: name nodes, or use --suspect")
    node = review_of(assessed.assessment, keys, args.person, args.role, args.meaning, args.remarks, today, args.retires)
    text = to_yaml(node)
    if args.dry_run:
        write_out(text, None)
        return 0
    folder = args.into or f"{assessed.assessment.project.roots[0]}/reviews"
    path = root / folder / f"{node['id']}.yaml"
    write_file(path, text.encode())
    print(f"{args.person} {args.meaning} {len(keys)} node{'s' if len(keys) != 1 else ''}: {path.relative_to(root)}")
    if args.retires:
        print(f"next: casework sign {node['id']} --key KEY: only a sealed review retires", file=sys.stderr)
    return 0
