"""`casework trust`: the trust policy, from the key ceremony to rotation and revocation."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from casework.cli.terminal import (
    add_now,
    add_output,
    add_root,
    columns,
    harmless,
    positive,
    root_of,
    today_of,
    use_colour,
    write_out,
)
from casework.cli.trust_changes import configure_changes, day, pair, read_bytes, tell_draft, words
from casework.model.problem import CallProblem

SUMMARY = "set up, show, change, sign and verify the trust policy"
DESCRIPTION = """\
The trust policy says whose signature counts for what, and until when. It is signed by root keys. A change is drafted, signed
by enough persons of the root in force and of the root that the draft names, and put in force at once by the last signature;
the version before it is kept, so that whoever pinned the first root can walk to the newest policy."""
EXAMPLES = """\
examples:
  casework trust show                                    who may sign what, until when
  casework trust revoke ben --on 2026-10-01              draft a change
  casework trust sign --key ana-root.pem                 sign the draft; the last signature puts it in force
  casework trust verify --root-key pinned-root.pub       check it against a root from outside the case
  casework trust SUBCOMMAND --help                       arguments and an example of each
"""
ALGORITHMS = {"ed25519": "ed25519", "p256": "ecdsa-p256-sha256", "p384": "ecdsa-p384-sha384"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(dest="act_name", metavar="SUBCOMMAND", required=True)
    _sub(commands, "init", "draft a first policy: the key ceremony", _INIT, _configure_init, _init)
    _sub(commands, "new-key", "make a key pair, encrypted", _NEW_KEY, _configure_new_key, _new_key)
    _sub(commands, "show", "show who may sign what, until when", _SHOW, _configure_show, _show)
    configure_changes(commands)
    _sub(
        commands,
        "sign",
        "sign the draft with root keys; the last signature puts it in force",
        _SIGN,
        _configure_sign,
        _sign,
    )
    _sub(commands, "discard", "remove the draft", _DISCARD, lambda _parser: None, _discard)
    _sub(commands, "verify", "open the policy and say what holds", _VERIFY, _configure_verify, _verify)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand."""
    return int(args.act(args))


def _sub(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    texts: tuple[str, str],
    arguments: Callable[[argparse.ArgumentParser], None],
    act: Callable[[argparse.Namespace], int],
) -> None:
    parser = commands.add_parser(
        name, help=summary, description=texts[0], epilog=texts[1], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments(parser)
    add_root(parser)
    add_now(parser)
    parser.set_defaults(act=act)


_INIT = (
    """\
Writes the public root keys (root.pub) and a draft of version 1. Each person makes a key pair and hands over the public
half; private keys are made here only with --generate, encrypted with the passphrase in CASEWORK_PASSPHRASE. What the draft
demands by default: datasets and model signatures are signed by role ci, all other evidence by ci and by an independent
verifier, a release by a safety_manager and a verifier. Change that with set-evidence and set-act before it is signed.""",
    """\
example:
  casework trust init --name shuttle-signs \\
      --person ana='Ana A., safety manager' --person ben='Ben B., verifier' --machine ci='CI runner' \\
      --role safety_manager=ana --role verifier=ben --role ci=ci \\
      --root-key ana=ana-root.pub --root-key ben=ben-root.pub --threshold 2 \\
      --signer ana=ana.pub --signer ben=ben.pub --signer ci=ci.pub
""",
)


def _configure_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="name of the trust domain; it stays")
    parser.add_argument("--person", type=pair, action="append", default=[], metavar="ID=NAME", help="a person")
    parser.add_argument(
        "--machine", type=pair, action="append", default=[], metavar="ID=NAME", help="a machine that signs"
    )
    parser.add_argument("--role", type=pair, action="append", default=[], metavar="ROLE=ID,ID", help="who holds a role")
    what = "; the file may be left out with --generate"
    parser.add_argument(
        "--root-key", action="append", default=[], metavar="ID=FILE", help=f"public root key of a person{what}"
    )
    parser.add_argument(
        "--signer", action="append", default=[], metavar="ID=FILE", help=f"public signing key of a person{what}"
    )
    parser.add_argument(
        "--threshold", type=positive, metavar="K", help="root persons who must sign (default: more than half)"
    )
    parser.add_argument("--expires", type=day, metavar="DAY", help="last day of version 1 (default: in a year)")
    parser.add_argument("--generate", metavar="FOLDER", help="make the keys that have no file there, outside the case")
    parser.add_argument("--algorithm", choices=tuple(ALGORITHMS), default="ed25519", help="kind of the keys made")


def _init(args: argparse.Namespace) -> int:
    from casework.workflow.trust.ceremony import Maker, keep_keys, key_of
    from casework.workflow.trust.drafts import Draft, judge_draft, start, trust_files
    from casework.workflow.trust.edits import Beginning, first_policy

    root, today = root_of(args), today_of(args)
    files = trust_files(root)
    maker = Maker(ALGORITHMS[args.algorithm], _passphrase() if args.generate else b"") if args.generate else None
    roots = [key_of(text, "-root", read_bytes, maker) for text in args.root_key]
    signers = [key_of(text, "", read_bytes, maker) for text in args.signer]
    answers = Beginning(
        name=args.name, expires=args.expires or _next_year(today), day=today,
        persons=_once(args.person, "--person"), machines=_once(args.machine, "--machine"),
        roles={role: words(ids) for role, ids in _once(args.role, "--role").items()},
        roots=[one.public for one in roots], signers=[one.public for one in signers], threshold=args.threshold,
    )  # fmt: skip
    policy, pem = first_policy(answers)
    if args.generate:
        for path in keep_keys(Path(args.generate), root, [*roots, *signers]):
            print(f"wrote {path}")
    start(files, policy, pem)
    print(f"wrote {files.root_path} and {files.draft_path}: version 1, not in force until it is signed")
    for one in judge_draft(files, Draft(policy), today):
        print(f"to mend before it can be signed: {one.code}: {harmless(one.message)}")
    from casework.artifact.digest import sha256_bytes

    print(f"pin the root outside the case too; SHA-256 of {files.root_path}: {sha256_bytes(pem)}")
    print("next: casework trust show --draft; then each root person: casework trust sign --key KEY")
    return 0


def _once(pairs: Sequence[tuple[str, str]], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise CallProblem(f"{option} {name} is given twice")
        found[name] = value
    return found


def _next_year(today: date) -> date:
    return date(today.year + 1, today.month, min(today.day, 28) if today.month == 2 else today.day)


def _passphrase() -> bytes:
    found = os.environ.get("CASEWORK_PASSPHRASE", "")
    if not found:
        raise CallProblem("keys are never written unencrypted: set CASEWORK_PASSPHRASE to the passphrase for them")
    return found.encode()


_NEW_KEY = (
    """\
Makes a key pair outside the case: NAME.pem, encrypted with the passphrase in CASEWORK_PASSPHRASE, and NAME.pub, which is what
goes into the policy. Each holder makes their own; nobody else sees the private half. Keys in tokens and of OpenSSH serve too.""",
    "example:\n  casework trust new-key ~/keys/ben\n",
)


def _configure_new_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="path of the key files, without their endings")
    parser.add_argument("--algorithm", choices=tuple(ALGORITHMS), default="ed25519", help="kind of the key")


def _new_key(args: argparse.Namespace) -> int:
    from casework.store.working_tree import find_root
    from casework.workflow.trust.ceremony import Maker, keep_keys, key_of

    path = Path(args.name)
    pair = key_of(path.name, "", read_bytes, Maker(ALGORITHMS[args.algorithm], _passphrase()))
    for written in keep_keys(path.parent, find_root(Path(args.root)), [pair]):
        print(f"wrote {written}")
    return 0


_SHOW = (
    "Shows the policy in force, or the draft: persons, keys with their days, rules, pins, who has signed, and the chain of versions.",
    "examples:\n  casework trust show\n  casework trust show --draft\n  casework trust show --format json\n",
)


def _configure_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--draft", action="store_true", help="show the draft")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the answer")
    add_output(parser)


def _show(args: argparse.Namespace) -> int:
    from casework.workflow.trust.drafts import read_draft, trust_files
    from casework.workflow.trust.facts import facts_in_force, facts_of_draft

    today = today_of(args)
    files = trust_files(root_of(args))
    if args.draft:
        return _print_facts(args, facts_of_draft(files, today))
    facts = facts_in_force(files, today)
    code = _print_facts(args, facts)
    if args.format == "text" and read_draft(files) is not None:
        print(f"\nA draft is under way: {files.draft_path} (casework trust show --draft)")
    return code


def _print_facts(args: argparse.Namespace, facts: dict[str, Any]) -> int:
    import json

    from casework.render.trust_text import to_text

    colour = use_colour() and getattr(args, "output", None) is None
    text = (
        json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        if args.format == "json"
        else to_text(facts, colour=colour, width=columns())
    )
    write_out(text, getattr(args, "output", None))
    return 1 if facts["state"] == "refused" else 0


_SIGN = (
    """\
Shows what the draft changes, then signs it with root keys. It must be signed by enough persons of the root in force and of the
root that the draft names; the signature that completes this puts the draft in force and keeps the version before it in policies/.""",
    """\
examples:
  casework trust sign --key ana-root.pem
  casework trust sign --key ana-root.pem --key ben-root.pem
The passphrase of an encrypted key comes from CASEWORK_PASSPHRASE, or is asked for on the terminal; so are you, before it signs.
""",
)


def _agreed() -> bool:
    print("All of it is shown by `casework trust show --draft`. Sign? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _configure_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask before signing")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="KEY",
        help="private root key: file, ssh:PATH or pkcs11: URI; may be repeated",
    )


def _sign(args: argparse.Namespace) -> int:
    from casework.cli.secrets import secret_of
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.trust.drafts import next_draft, read_draft, sign_draft, trust_files

    files, today = trust_files(root_of(args)), today_of(args)
    if read_draft(files) is not None:
        tell_draft(files, next_draft(files, today), today)
        if not args.yes and sys.stdin.isatty() and not _agreed():
            print("casework: nothing was signed", file=sys.stderr)
            return 1
    outcome = sign_draft(files, load_signers(args.key, secret_of), today)
    if outcome.dropped:
        print(f"{outcome.dropped} signatures did not fit the draft as it is now, and were dropped")
    for one in outcome.quorums:
        left = f"; may sign: {', '.join(one.open_)}" if not one.met and one.open_ else ""
        print(
            f"{len(one.signed)} of {one.needed} signatures for the root of {one.whose}: {', '.join(one.signed)}{left}"
        )
    if not outcome.installed:
        print(f"{files.draft_path} is signed, and not in force yet")
        return 0
    print(f"{outcome.installed}: version {outcome.draft.policy.version} is in force")
    for found in outcome.findings:
        print(f"{found.severity}[{found.code}] {harmless(found.message)}")
    return 0


_DISCARD = (
    "Removes the draft with its signatures. What is in force stays.",
    "example:\n  casework trust discard\n",
)


def _discard(args: argparse.Namespace) -> int:
    from casework.workflow.trust.drafts import discard, trust_files

    files = trust_files(root_of(args))
    print(f"removed {files.draft_path}" if discard(files) else f"there is no draft at {files.draft_path}")
    return 0


_VERIFY = (
    """\
Opens the policy: signatures of the root, the chain of versions, its days, and whether it is sound in itself. Exit code 0
only if it holds. Give the root from outside the case: what lies in the case can be changed with the case.""",
    """\
examples:
  casework trust verify
  casework trust verify --root-key /etc/casework/root.pub --policy-floor 3
  casework trust verify --root-sha256 3fe4ec821c3c25f11ee646b3b029eab7cf67f3f3e5c01d7b74a521644053c05c
""",
)


def _configure_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root-key", metavar="FILE", help="public root keys, PEM (default: those of the case)")
    parser.add_argument("--root-sha256", metavar="HEX", help="SHA-256 that the file of root keys must have")
    parser.add_argument(
        "--policy-floor", type=positive, default=0, metavar="N", help="highest version seen; a lower one is refused"
    )
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the answer")


def _verify(args: argparse.Namespace) -> int:
    from casework.artifact.digest import sha256_bytes
    from casework.workflow.trust.drafts import trust_files
    from casework.workflow.trust.facts import facts_in_force

    files = trust_files(root_of(args))
    roots = read_bytes(args.root_key) if args.root_key else None
    used = roots if roots is not None else files.roots
    if args.root_sha256 and (used is None or sha256_bytes(used) != args.root_sha256.lower()):
        got = sha256_bytes(used) if used is not None else "no file"
        print(f"the root keys are not those that are pinned: expected {args.root_sha256}, got {got}")
        return 1
    facts = facts_in_force(files, today_of(args), roots=roots, floor=args.policy_floor)
    if args.format == "json":
        return _print_facts(args, facts)
    for one in facts["findings"]:
        print(f"{one['severity']}[{one['code']}] {harmless(one['message'])}\n  {one['fix']}")
    if facts["state"] == "refused":
        print("refused: no signature counts under this policy")
        return 1
    _print_held(facts, args)
    return 0


def _print_held(facts: dict[str, Any], args: argparse.Namespace) -> None:
    chain = " -> ".join(str(one["version"]) for one in facts["versions"])
    signers = ", ".join(facts["versions"][-1]["signed_by"])
    whence = args.root_key or "root keys of the case itself; give --root-key or --root-sha256 from outside it"
    print(f"holds: trust policy {harmless(facts['name'])}, version {facts['version']}, SHA-256 {facts['digest']}")
    print(f"  root: {whence}")
    print(f"  chain of versions: {chain}; version {facts['version']} signed by {signers}")
    print(f"  holds to {facts['expires']}, {facts['days_left']} days from now")
