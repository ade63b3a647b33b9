"""`casework log`: keep and check the evidence log."""

from __future__ import annotations

import argparse
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.cli.log_text import listing, proof, reading_text, update_text
from casework.cli.secrets import keys_of_environment, secret_of
from casework.cli.terminal import add_now, add_root, positive, root_of, started, today_of, write_out
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.workflow.log.desk import Desk
    from casework.workflow.log.keeping import Held

SUMMARY = "keep and check the log that notices what was removed"
DESCRIPTION = """\
The evidence log (`log/` below the evidence) lists every sealed record, every hazard, threat, requirement and challenge, and every
version of the trust policy, in an append-only Merkle tree whose checkpoint is signed. Removing any of them, or rewriting the
log, is then a finding of `casework check`. Logs are enforced where the trust policy names one."""
EXAMPLES = """\
examples:
  casework log update --start --key log.pem          begin the log
  casework log update --key log.pem                  append what is new, and sign
  casework log update --key log.pem --base origin/main   after another branch has appended too
  casework log verify --checkpoint last-release.checkpoint   does it continue what I have seen?
  casework log verify --base origin/main
  casework log consistency old.checkpoint new.checkpoint     print and check the proof
  casework log consistency --size 100 250
  casework log stamp --tsa https://tsa.example.org/tsr       prove by when the log held what it holds
  casework log stamp --renew --tsa https://tsa.example.org/tsr
  casework log cosign w.lindqvist --key witness.pem --checkpoint my-last.checkpoint
  casework log show
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the acts and their arguments."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    verify = _act(acts, "verify", "judge the log by itself, by what was seen of it, and by what the case holds")
    _add_seen(verify)
    consistency = _act(acts, "consistency", "print and check the proof that one state of the log continues another")
    consistency.add_argument("states", nargs="*", metavar="FILE", help="earlier and later checkpoint")
    consistency.add_argument(
        "--size", nargs=2, type=_size, metavar=("M", "N"), help="numbers of entries instead of files"
    )
    update = _act(acts, "update", "append what the case holds and the log does not, and sign the checkpoint")
    _add_key(update, "log's private key")
    update.add_argument("--start", action="store_true", help="begin a log where there is none")
    update.add_argument("--base", metavar="REV", help="continue the log of this revision: two branches have appended")
    update.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="checkpoint that it must continue"
    )
    update.add_argument("--previous-key", metavar="PEM", help="public key that has signed so far, where it was changed")
    update.add_argument(
        "--release",
        action="append",
        default=[],
        type=_digest,
        metavar="SHA256",
        help="payload of a sealed release, to be logged",
    )
    update.add_argument("--dry-run", action="store_true", help="say what would be appended, and write nothing")
    stamp = _act(acts, "stamp", "have the checkpoint time-stamped")
    stamp.add_argument("--tsa", metavar="URL", help="address of the time-stamp authority (default: CASEWORK_TSA)")
    stamp.add_argument("--renew", action="store_true", help="renew stamps whose authority ends soon")
    stamp.add_argument("--within-days", type=positive, default=90, metavar="N", help="how soon is soon (default: 90)")
    stamp.add_argument(
        "--timeout", type=positive, default=30, metavar="S", help="longest time for one answer (default: 30)"
    )
    cosign = _act(acts, "cosign", "witness: sign that the log continues what you have seen of it")
    cosign.add_argument("name", metavar="WITNESS", help="your name among the witnesses of the trust policy")
    _add_key(cosign, "witness's private key")
    _add_seen(cosign)
    cosign.add_argument("--first", action="store_true", help="you have seen nothing of this log yet")
    show = _act(acts, "show", "list the entries, with the dates that stamps prove")
    show.add_argument(
        "--kind", choices=("record", "signature", "node", "policy", "retired", "release"), help="only these"
    )


def _act(acts: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = acts.add_parser(
        name, help=text, description=text, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_root(parser)
    add_now(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the result")
    return parser


def _add_key(parser: argparse.ArgumentParser, whose: str) -> None:
    parser.add_argument("--key", metavar="KEY", help=f"{whose}: a file or a `pkcs11:` URI (default: CASEWORK_KEYS)")


def _add_seen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="checkpoint seen earlier; may be repeated"
    )
    parser.add_argument("--base", metavar="REV", help="compare with the checkpoint of this revision")


def _size(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text} is no number of entries")
    return int(text)


def _digest(text: str) -> str:
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text} is no SHA-256 in 64 lower-case hex digits")
    return text


def run(args: argparse.Namespace) -> int:
    """Do what is asked for; 0 if done and the log holds, 1 if it does not."""
    acts = {
        "verify": _verify,
        "consistency": _consistency,
        "update": _update,
        "stamp": _stamp,
        "cosign": _cosign,
        "show": _show,
    }
    return acts[args.act](args)


def _desk(args: argparse.Namespace, seen: tuple[bytes, ...] = ()) -> Desk:
    from casework.store.working_tree import WorkingTree
    from casework.workflow.judging.trusting import Pins
    from casework.workflow.log.desk import open_desk

    return open_desk(WorkingTree(root_of(args)), today_of(args), Pins(checkpoints=seen))


def _seen(args: argparse.Namespace) -> tuple[bytes, ...]:
    """Return the checkpoints to compare with: of files, and of a revision."""
    found = [_file(path) for path in args.checkpoint]
    if args.base:
        held = _of_revision(args)
        if held.checkpoint is None:
            raise CallProblem(f"{args.base} has no checkpoint of the log to compare with")
        found.append(held.checkpoint)
    return tuple(found)


def _of_revision(args: argparse.Namespace) -> Held:
    from casework.store.history import Revision
    from casework.workflow.judging.configuration import read_project
    from casework.workflow.log.facts import log_files
    from casework.workflow.log.keeping import Held

    revision = Revision.open(root_of(args), args.base)
    files = log_files(revision, read_project(revision)[0].evidence)
    return Held(files.entries, files.checkpoint)


def _file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def _key(args: argparse.Namespace, whose: str) -> SigningKey:
    from casework.workflow.evidence.signers import load_signers

    named = [args.key] if args.key else keys_of_environment()
    if len(named) != 1:
        raise CallProblem(f"give the {whose}: --key KEY")
    return load_signers(named, secret_of)[0]


def _verify(args: argparse.Namespace) -> int:
    desk = _desk(args, _seen(args))
    reading = desk.judged()
    findings = sorted((*reading.findings, *desk.book.dates.findings), key=lambda one: one.order)
    write_out(reading_text(desk, reading, findings, args.format), None)
    return 1 if any(one.severity == "error" for one in findings) else 0


def _consistency(args: argparse.Namespace) -> int:
    from casework.workflow.log.witnessing import continuation

    if (len(args.states) == 2) == bool(args.size) or len(args.states) not in (0, 2):
        raise CallProblem("name two states: OLD NEW (files of checkpoints), or --size M N")
    first, second = args.size or (_file(path) for path in args.states)
    desk = _desk(args)
    found = continuation(desk.book.reading, first, second, desk.log.origin)
    write_out(proof(found, args.format), None)
    return 0 if found.holds else 1


def _update(args: argparse.Namespace) -> int:
    from casework.attest.keys import KeyRefusedError, load_public_key
    from casework.workflow.log.keeping import NO_LOG, Held, updated, write_update

    desk = _desk(args)
    key = _key(args, "log's private key")
    own = Held(desk.files.entries, desk.files.checkpoint)
    try:
        previous = load_public_key(_file(args.previous_key)) if args.previous_key else None
    except KeyRefusedError as error:
        raise CallProblem(f"{args.previous_key} cannot be used: {error}") from error
    made = updated(
        _of_revision(args) if args.base else own, desk.facts, desk.log, key, start=args.start,
        older=[_file(path) for path in args.checkpoint], branch=own if args.base else NO_LOG, previous=previous,
        releases=args.release,
    )  # fmt: skip
    if not args.dry_run:
        write_update(root_of(args), desk.files.folder, made)
    write_out(update_text(made, args.format, dry=args.dry_run), None)
    return 0


def _stamp(args: argparse.Namespace) -> int:
    from casework.workflow.evidence.stamping import fetch_token
    from casework.workflow.log.keeping import replace_file
    from casework.workflow.log.witnessing import renewed, stamped

    url = args.tsa or os.environ.get("CASEWORK_TSA", "")
    if not url:
        raise CallProblem("say who is to stamp: give --tsa URL, or set CASEWORK_TSA")
    desk = _desk(args)
    if not desk.anchors.authorities:
        raise CallProblem("the trust policy pins no time-stamp authority (`tsa`), so no time stamp would count")

    def obtain(message: bytes) -> bytes:
        return fetch_token(url, message, desk.anchors.authorities, float(args.timeout))

    now = datetime.fromisoformat(started()) if not args.now else _end_of(args)
    root = root_of(args)
    made = []
    for one in renewed(desk, obtain, now, args.within_days) if args.renew else iter([stamped(desk, obtain)]):
        if one.data:
            replace_file(root, one.path, one.data)
        made.append({"path": one.path, "size": one.size, "tokens": one.tokens, "act": one.act})
    lines = [f"{one['path']}: {one['act']}, {one['size']} entries" for one in made] or ["no stamp is there to renew"]
    write_out(json.dumps(made, indent=2) + "\n" if args.format == "json" else "\n".join(lines) + "\n", None)
    return 0


def _end_of(args: argparse.Namespace) -> datetime:
    return datetime.fromisoformat(f"{today_of(args)}T00:00:00+00:00") + timedelta(days=1)


def _cosign(args: argparse.Namespace) -> int:
    from casework.attest.log.judge import CHECKPOINT
    from casework.workflow.log.keeping import replace_file
    from casework.workflow.log.witnessing import cosigned

    seen = _seen(args)
    desk = _desk(args, seen)
    at = datetime.fromisoformat(started())
    data = cosigned(desk, args.name, _key(args, "witness's private key"), at, first=args.first, seen=seen)
    path = f"{desk.files.folder}/{CHECKPOINT}"
    replace_file(root_of(args), path, data)
    told = {"path": path, "witness": args.name, "size": desk.book.reading.size, "at": started()}
    text = f"{args.name} has cosigned the log at {told['size']} entries: {path}\n"
    write_out(json.dumps(told, indent=2) + "\n" if args.format == "json" else text, None)
    return 0


def _show(args: argparse.Namespace) -> int:
    desk = _desk(args)
    write_out(listing(desk, args.kind, args.format), None)
    return 0
