"""`casework sign`: countersign sealed evidence, and seal reviews and waivers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from casework.cli.keyless import add_keyless, keyless_of
from casework.cli.secrets import keys_of_environment, secret_of
from casework.cli.terminal import Progress, add_now, add_root, harmless, root_of, started, today_of, write_out
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.workflow.evidence.offers import Desk, Offer
    from casework.workflow.evidence.signing import Signed

SUMMARY = "put your signature to sealed evidence, a review or a waiver"
DESCRIPTION = """\
Shows what is to be signed, then signs it. Evidence is countersigned in place: the record that counts now, or the newest one;
its payload and the other signatures stay. A review or waiver is sealed into the folder `acts` of the evidence. Refused is what
does not verify or is stale, and a key whose signature would not count; nothing is written then."""
EXAMPLES = """\
examples:
  casework sign --list                               what lacks signatures, and whose
  casework sign EV-VAL-INT8 --list                   show what would be signed
  casework sign EV-VAL-INT8 --key verifier.pem
  casework sign RV-1 GW-1 --key ssh:~/.ssh/id_ed25519
  casework sign EV-VAL-INT8 --keyless signing_config.json   under the identity of SIGSTORE_ID_TOKEN
A key is a file (PEM, OpenSSH), ssh:PATH or a pkcs11: URI; see `casework run --help`. On a terminal you are asked first.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("nodes", nargs="*", metavar="ID", help="evidence, reviews, waivers")
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help="key to sign with; may be repeated, one for each person",
    )
    add_keyless(parser)
    parser.add_argument("--list", action="store_true", help="show what would be signed and what is lacking, and stop")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before signing")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the result")


def run(args: argparse.Namespace) -> int:
    """Sign what is named; 0 if all of it was signed or listed, 1 if the user declined."""
    from casework.store.cache import Cache
    from casework.workflow.evidence.offers import offers, open_desk
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.evidence.signing import check_signers, sign, sign_under_identity

    if not args.nodes and not args.list:
        raise CallProblem(
            "nothing to sign: name evidence, reviews or waivers; `casework sign --list` says what lacks signatures"
        )
    root = root_of(args)
    bar, cache = Progress(), Cache(root)
    bar("looking at the case")
    desk = open_desk(root, today_of(args), cache)
    cache.close()
    bar.done()
    found = offers(desk, args.nodes)
    if args.list:
        return _list(desk, found, args.format, full=bool(args.nodes))
    keys = args.key or ([] if args.keyless else keys_of_environment())
    if bool(keys) == bool(args.keyless):
        raise CallProblem(
            "a signature needs a key or an identity: give --key KEY or --keyless CONFIG, or set CASEWORK_KEYS"
        )
    identity = keyless_of(args, root, desk.assessment, today_of(args))[0] if args.keyless else None
    signers = load_signers(keys, secret_of)
    for offer in found:
        check_signers(desk, offer, signers)
    shown = "".join(_text(desk, offer) for offer in found)
    if args.format == "text":
        write_out(shown, None)
    if not args.yes and sys.stdin.isatty() and not _agreed(shown if args.format == "json" else "", len(found)):
        print("casework: nothing was signed", file=sys.stderr)
        return 1
    made = [
        sign(desk, offer, signers, started())
        if identity is None
        else sign_under_identity(desk, offer, identity, started())
        for offer in found
    ]
    _tell(desk, found, made, args.format)
    return 0


def _agreed(shown: str, count: int) -> bool:
    what = "this" if count == 1 else f"these {count}"
    print(f"{harmless(shown)}Sign {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _text(desk: Desk, offer: Offer) -> str:
    from casework.workflow.evidence.offers import lacking

    width = max((len(label) for label, _text in offer.says), default=0)
    lines = [f"{offer.kind} {offer.key}: {offer.path or 'not sealed'}"]
    # On one line each, so that no text can pass for a line of ours.
    lines += [f"  {label:{width}}  {' '.join(text.split())}" for label, text in offer.says]
    signed = ", ".join(f"{one.person} ({', '.join(sorted(one.roles)) or 'no role'})" for one in offer.signers)
    lines.append(f"  signed by: {signed or 'nobody'}")
    lines.append(f"  lacking: {'; '.join(lacking(offer, offer.signers, desk.policy)) or 'nothing'}")
    if offer.problem:
        lines.append(f"  cannot be signed: {offer.problem}")
    return "\n".join(lines) + "\n"


def _plain(desk: Desk, offer: Offer) -> dict[str, Any]:
    from casework.workflow.evidence.offers import lacking

    return {
        "node": offer.key,
        "kind": offer.kind,
        "path": offer.path,
        "says": [list(row) for row in offer.says],
        "signed_by": [{"key": one.key, "person": one.person, "roles": sorted(one.roles)} for one in offer.signers],
        "lacking": list(lacking(offer, offer.signers, desk.policy)),
        "problem": offer.problem,
    }


def _list(desk: Desk, found: Sequence[Offer], form: str, *, full: bool) -> int:
    from casework.workflow.evidence.offers import lacking

    if form == "json":
        write_out(json.dumps([_plain(desk, offer) for offer in found], indent=2) + "\n", None)
    elif full:
        write_out("".join(_text(desk, offer) for offer in found), None)
    elif not found:
        print("nothing lacks a signature")
    else:
        for offer in found:
            lacks = "; ".join(lacking(offer, offer.signers, desk.policy))
            why = f" (cannot be signed: {offer.problem})" if offer.problem else ""
            write_out(f"{offer.kind} {offer.key} lacks {lacks}{why}\n", None)
    return 0


def _tell(desk: Desk, found: Sequence[Offer], made: Sequence[Signed], form: str) -> None:
    if form == "json":
        rows = [
            {**_plain(desk, offer), "path": one.path, "signed_now": list(one.persons), "lacking": list(one.lacks)}
            for offer, one in zip(found, made, strict=True)
        ]
        write_out(json.dumps(rows, indent=2) + "\n", None)
        return
    for one in made:
        lacks = f"; still lacking: {'; '.join(one.lacks)}" if one.lacks else ""
        write_out(f"{', '.join(one.persons)} signed {one.key}: {one.path}{lacks}\n", None)
    for command in _next(desk, found):
        print(f"next: {command}")


def _next(desk: Desk, found: Sequence[Offer]) -> list[str]:
    """Return the commands without which the new signatures do not count yet."""
    acts = [one for one in found if one.kind != "evidence"]
    commands = [f"casework stamp {one.key}" for one in found if one.kind == "evidence" and one.timestamp]
    commands += ["casework stamp acts"] if any(one.timestamp for one in acts) else []
    made = any(one.path.endswith("/") for one in acts)
    return commands + (["casework log update"] if made and desk.policy.log else [])
