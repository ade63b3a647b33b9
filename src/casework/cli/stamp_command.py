"""`casework stamp`: have the signatures of sealed records time-stamped."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from casework.cli.terminal import Progress, add_now, add_root, positive, root_of, today_of, write_out
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.workflow.evidence.stamping import Stamping

SUMMARY = "prove when sealed records were signed, by a time-stamp authority"
DESCRIPTION = """\
Sends the SHA-256 of each signature that has no time stamp yet to an authority (RFC 3161) and puts its answer into the record,
in place: neither payload nor signatures nor the file's name change. Nothing but the digest leaves this machine. The trust policy
must pin the authority (`tsa`). What is stamped already is skipped, so an interrupted run goes on when it is started again."""
EXAMPLES = """\
examples:
  casework stamp --all --tsa https://tsa.example.org/tsr
  casework stamp EV-VAL-INT8 --tsa https://tsa.example.org/tsr
  casework stamp acts --tsa https://tsa.example.org/tsr   sealed reviews, waivers and releases
  casework stamp --list                                   say which signatures lack a time stamp
  CASEWORK_TSA=https://tsa.example.org/tsr casework stamp --all
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "what", nargs="*", metavar="EVIDENCE", help="evidence nodes, `acts`, or sealed files (path from the root)"
    )
    add_root(parser)
    add_now(parser)
    parser.add_argument("--tsa", metavar="URL", help="address of the time-stamp authority (default: CASEWORK_TSA)")
    parser.add_argument("--all", action="store_true", help="every sealed record and act of the case")
    parser.add_argument("--list", action="store_true", help="say which signatures lack a time stamp, and stop")
    parser.add_argument(
        "--drop-broken", action="store_true", help="remove time stamps that do not hold, and ask for new ones"
    )
    parser.add_argument(
        "--timeout",
        type=positive,
        default=30,
        metavar="S",
        help="longest time for one answer, in seconds (default: 30)",
    )
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the result")


def run(args: argparse.Namespace) -> int:
    """Stamp what is asked for; 0 if every signature has its time stamp (or was listed), 1 if a file could not be stamped."""
    from casework.workflow.evidence.stamping import look_at, pinned_authorities, sealed_files, stamp_record

    if bool(args.what) == args.all and not args.list:
        raise CallProblem("say what to stamp: evidence nodes, or --all")
    root = root_of(args)
    evidence, authorities = pinned_authorities(root, today_of(args))
    paths = sealed_files(root, evidence, args.what)
    if args.list:
        return _tell([look_at(root, path, authorities) for path in paths], args.format, listed=True)
    url = args.tsa or os.environ.get("CASEWORK_TSA", "")
    if not url:
        raise CallProblem("say who is to stamp: give --tsa URL, or set CASEWORK_TSA")
    bar = Progress()
    made: list[Stamping] = []
    try:
        for path in paths:
            bar.count(len(made), len(paths), "time-stamping")
            made.append(
                stamp_record(root, path, url, authorities, drop_broken=args.drop_broken, timeout_s=args.timeout)
            )
    except CallProblem as problem:
        kept = sum(one.added > 0 for one in made)
        raise CallProblem(
            f"{problem} ({kept} of {len(paths)} files were stamped before that, and stay so)"
        ) from problem
    finally:
        bar.done()
    return _tell(made, args.format, listed=False)


def _tell(stampings: Sequence[Stamping], form: str, *, listed: bool) -> int:
    failed = [one for one in stampings if one.problem]
    if form == "json":
        write_out(json.dumps([asdict(one) for one in stampings], indent=2) + "\n", None)
        return bool(failed)
    counts = {one.path: one.missing if listed else one.added for one in stampings if not one.problem}
    what = "without a time stamp" if listed else "time-stamped"
    lines = [f"{one.path}: {one.problem}" for one in failed]
    lines += [
        f"{one.path}: {counts[one.path]} of {one.proven + one.missing} signatures {what}"
        for one in stampings
        if counts.get(one.path)
    ]
    lines.append(
        f"{len(stampings)} files: {sum(counts.values())} signatures {what}, {len(failed)} files left as they are"
    )
    write_out("\n".join(lines) + "\n", None)
    return bool(failed)
