"""`casework check`: judge the case."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from casework.cli.pins import add_pins, pins_of
from casework.cli.terminal import (
    Progress,
    add_now,
    add_output,
    add_root,
    columns,
    root_of,
    started,
    today_of,
    use_colour,
    write_out,
)
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.workflow.judging.assess import Assessed

SUMMARY = "judge the case: pass or blocked, and why"
DESCRIPTION = """\
Reads every node, verifies every piece of evidence, applies every rule and decides. Writes nothing in the tree.
Findings that block are errors; warnings and information do not block. Waived findings are shown as deviations."""
EXAMPLES = """\
examples:
  casework check
  casework check --format sarif -o casework.sarif
  casework check --new-since origin/main     only what origin/main did not have (broken references always count)
  casework check --base origin/main          judge a change by origin/main: its root keys, policy version, waivers and settings
  casework check --root-key keys/root.pub --checkpoint seen.note
                                             judge by what you have kept outside the repository
  casework check --attest svr.dsse.json --key ci.pem
  casework check --now 2026-12-01            judge as of that day
"""
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    parser.add_argument("-f", "--format", choices=FORMATS, default="text", help="form of the findings (default: text)")
    add_output(parser)
    add_now(parser)
    parser.add_argument("--new-since", metavar="REV", help="report only findings that REV did not have")
    parser.add_argument(
        "--base",
        metavar="REV",
        help="judge by what REV says: root keys, policy version, waivers, settings, log; find what has vanished since",
    )
    add_pins(parser)
    parser.add_argument(
        "--attest", metavar="FILE", help="write a pass as a signed statement (in-toto, Simple Verification Result v0.2)"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="key that signs the statement; may be repeated"
    )
    parser.add_argument("--no-cache", action="store_true", help="read and hash everything anew")
    parser.add_argument("--all", action="store_true", help="show every finding, also many of one kind")


def run(args: argparse.Namespace) -> int:
    """Judge, print, and return 0 for a pass and 1 for blocked."""
    import gc

    gc.disable()  # a check makes no cycles worth collecting; collecting costs more than half of a large one
    from casework.workflow.judging.checking import judged, render

    root = root_of(args)
    progress = Progress()
    decision, assessed = judged(
        root,
        today_of(args),
        cached=not (args.no_cache or args.attest),
        new_since=args.new_since,
        base=args.base,
        pins=pins_of(args),
        progress=progress,
    )
    progress.done()
    colour = use_colour() and args.output is None
    text = render(
        decision, args.format, root, colour=colour, every=args.all, width=columns(), base=args.new_since or ""
    )
    write_out(text, args.output)
    if args.attest and assessed is not None:
        _attest(args, root, assessed)
    return 0 if decision.word == "pass" else 1


def _attest(args: argparse.Namespace, root: Path, assessed: Assessed) -> None:
    import sys

    from casework.cli.secrets import keys_of_environment, secret_of
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.release.attesting import sealed_decision

    keys = args.key or keys_of_environment()
    if not keys:
        raise CallProblem("a statement needs a signature: give --key KEY, or set CASEWORK_KEYS")
    sealed = sealed_decision(root, assessed, load_signers(keys, secret_of), started())
    if sealed is None:
        print(f"casework: nothing is attested of a blocked case; {args.attest} is not written", file=sys.stderr)
    else:
        write_out(sealed, args.attest)
