"""The subcommands of `casework trust` that change a draft of the trust policy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from casework.cli.terminal import add_now, add_root, positive, root_of, today_of
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.model.policy import TrustPolicy
    from casework.workflow.trust.drafts import Draft, TrustFiles

Change = Callable[[argparse.Namespace, "TrustPolicy", date], "TrustPolicy"]
NOT_YET = """\
The change goes into the draft of the next version, and what the draft changes is shown. It has no effect until
`casework trust sign` has put it in force."""


def day(text: str) -> date:
    """Read a day as YYYY-MM-DD, as argparse wants its types."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200:
        raise argparse.ArgumentTypeError(f"{text} is no day from 2000 to 2199, written YYYY-MM-DD")
    return found


def pair(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`, as argparse wants its types."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text}: write NAME=VALUE")
    return name, value


def words(text: str) -> list[str]:
    """Read names joined by commas; none if empty."""
    return list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file that the call names. Raises CallProblem."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def changing(change: Change) -> Callable[[argparse.Namespace], int]:
    """Return a command that applies a change to the draft and says what the draft now changes."""

    def act(args: argparse.Namespace) -> int:
        from casework.workflow.trust.drafts import Draft, judge_draft, next_draft, trust_files, write_draft

        root, today = root_of(args), today_of(args)
        files = trust_files(root)
        draft = next_draft(files, today)
        changed = Draft(change(args, draft.policy, today))
        if changed.policy == draft.policy:
            print("nothing changed")
            return 0
        write_draft(files, changed)
        tell_draft(files, changed, today)
        if draft.signatures:
            print(f"{len(draft.signatures)} signatures of the draft as it was are void")
        for one in judge_draft(files, changed, today):
            print(f"to mend before it can be signed: {one.code}: {one.message}")
        return 0

    return act


def tell_draft(files: TrustFiles, draft: Draft, today: date) -> None:
    """Print what a draft changes of the policy in force."""
    from casework.cli.terminal import harmless
    from casework.workflow.trust.drafts import in_force, plain
    from casework.workflow.trust.edits import differences

    print(f"{files.draft_path}: version {draft.policy.version}, not in force until it is signed")
    if files.policy is not None:
        for line in differences(plain(in_force(files, today).policy), plain(draft.policy)):
            print(f"  {harmless(line)}")


def _days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="begin", type=day, metavar="DAY", help="first day on which it may sign (default: today)"
    )
    parser.add_argument(
        "--to", dest="end", type=day, metavar="DAY", help="last day on which it may sign (default: open)"
    )


def _roles(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--roles", type=words, metavar="ROLE,ROLE", help=what)


def _add_person(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import add_person

    return add_person(policy, args.person, args.name, args.roles, args.machine)


def _add_key(args: argparse.Namespace, policy: TrustPolicy, today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import KeyOf, add_key

    key = KeyOf(args.person, read_bytes(args.pem))
    return add_key(policy, args.name, key, args.roles, args.begin or today, args.end)


def _add_identity(args: argparse.Namespace, policy: TrustPolicy, today: date) -> TrustPolicy:
    from casework.artifact.digest import sha256_bytes
    from casework.workflow.trust.edits import Claims, add_identity

    claims = Claims(args.person, args.issuer, args.identity, args.repository_id, args.ref, args.trigger)
    root = sha256_bytes(read_bytes(args.trusted_root)) if args.trusted_root else None
    return add_identity(policy, args.name, claims, args.roles, args.begin or today, args.end, root)


def _revoke(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import revoke

    if args.on is None and not args.compromised:
        raise CallProblem(
            "say from when it counts no more: --on DAY; or that all it ever signed is void: --compromised"
        )
    return revoke(policy, args.name, args.on, args.compromised)


def _rotate(args: argparse.Namespace, policy: TrustPolicy, today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import KeyOf, rotate

    if not (args.add or args.remove or args.threshold):
        raise CallProblem("say what changes: --add PERSON=FILE, --remove KEY, --threshold K")
    added = [KeyOf(person, read_bytes(path)) for person, path in args.add]
    return rotate(policy, added, args.remove, args.threshold, today)


def _set(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.artifact.digest import sha256_bytes
    from casework.workflow.trust.edits import set_fields

    if not (args.expires or args.trusted_root):
        raise CallProblem("say what to set: --expires DAY, --trusted-root FILE")
    return set_fields(policy, args.expires, sha256_bytes(read_bytes(args.trusted_root)) if args.trusted_root else None)


def _set_evidence(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import needs, set_rule

    if args.remove:
        return set_rule(policy, "evidence_types", args.generator, None)
    if not args.require:
        raise CallProblem("say who must sign: --require ROLE[:NUMBER],ROLE")
    rule = {"require": needs(args.require), "independent": args.independent, "separate_roles": args.separate_roles,
            "timestamp": args.timestamp, "max_age_days": args.max_age_days,
            "sign_within_hours": args.sign_within_hours}  # fmt: skip
    return set_rule(policy, "evidence_types", args.generator, rule)


def _set_act(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import needs, set_rule

    if args.remove:
        return set_rule(policy, "acts", args.kind, None)
    rule = {"require": needs(args.require) if args.require else {}, "separate_roles": args.separate_roles,
            "timestamp": args.timestamp}  # fmt: skip
    return set_rule(policy, "acts", args.kind, rule)


def _add_tsa(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import set_tsa

    if bool(args.chain) == args.remove:
        raise CallProblem("give --chain FILE, or --remove")
    return set_tsa(policy, args.name, read_bytes(args.chain) if args.chain else None)


def _set_log(args: argparse.Namespace, policy: TrustPolicy, _today: date) -> TrustPolicy:
    from casework.workflow.trust.edits import set_log

    witnesses = {name: read_bytes(path) for name, path in args.witness}
    return set_log(policy, args.origin, read_bytes(args.key), witnesses, args.witness_threshold or 0)


def _person_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person", metavar="PERSON", help="id of the person, as in `owner` of nodes")
    parser.add_argument("--name", metavar="NAME", help="name for people, as it stands in reports")
    _roles(parser, "all roles that the person shall hold; roles that are left out are taken from the person's keys too")
    parser.add_argument("--machine", action="store_true", help="a machine that signs by itself, such as a CI runner")


def _key_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the key; never used before")
    parser.add_argument("--pem", required=True, metavar="FILE", help="public key: PEM, or a line of OpenSSH")
    parser.add_argument("--person", required=True, metavar="PERSON", help="who holds the private key")
    _roles(parser, "roles in which it may sign (default: all of the person)")
    _days(parser)


def _identity_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the identity; never used before")
    parser.add_argument("--person", required=True, metavar="PERSON", help="who signs under it")
    parser.add_argument("--issuer", required=True, metavar="URL", help="OpenID Connect issuer, exactly")
    parser.add_argument(
        "--identity", required=True, metavar="TEXT", help="subject alternative name of the certificate, exactly"
    )
    parser.add_argument("--repository-id", metavar="ID", help="numeric id of the repository; a machine's must be given")
    parser.add_argument("--ref", metavar="REF", help="such as refs/heads/main; a machine's must be given")
    parser.add_argument("--trigger", metavar="EVENT", help="such as push; a machine's must be given")
    parser.add_argument(
        "--trusted-root", metavar="FILE", help="Sigstore trusted root to pin; needed for the first identity"
    )
    _roles(parser, "roles in which it may sign (default: all of the person)")
    _days(parser)


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="key or identity")
    parser.add_argument("--on", type=day, metavar="DAY", help="day from which its signatures no longer count")
    parser.add_argument(
        "--compromised", action="store_true", help="the private key leaked: all that it ever signed is void"
    )


def _rotate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--add", type=pair, action="append", default=[], metavar="PERSON=FILE", help="public root key to add"
    )
    parser.add_argument("--remove", action="append", default=[], metavar="KEY", help="name of a root key to remove")
    parser.add_argument("--threshold", type=positive, metavar="K", help="how many root persons must sign from then on")


def _set_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--expires", type=day, metavar="DAY", help="last day on which the policy holds")
    parser.add_argument("--trusted-root", metavar="FILE", help="Sigstore trusted root to pin")


def _rule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--require", metavar="ROLE[:N],ROLE", help="roles, and how many persons must have signed in each"
    )
    parser.add_argument("--separate-roles", action="store_true", help="nobody counts in two of the roles")
    parser.add_argument("--timestamp", action="store_true", help="the time of each required signature must be proven")
    parser.add_argument("--remove", action="store_true", help="remove the rule")


def _evidence_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("generator", metavar="GENERATOR", help="generator of the evidence; * for those not named")
    _rule_arguments(parser)
    parser.add_argument(
        "--independent", action="store_true", help="no signer may be an author of a requirement it speaks for"
    )
    parser.add_argument("--max-age-days", type=positive, metavar="N", help="oldest age at which it still counts")
    parser.add_argument(
        "--sign-within-hours", type=positive, metavar="N", help="longest time from the run to a signature"
    )


def _act_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=("review", "waiver", "release"), help="kind of act")
    _rule_arguments(parser)


def _tsa_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the time-stamp authority")
    parser.add_argument("--chain", metavar="FILE", help="its certificate, then its issuers' up to the root, PEM")
    parser.add_argument("--remove", action="store_true", help="pin it no longer")


def _log_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--origin", required=True, metavar="NAME", help="name of the log, such as example.org/shuttle-signs"
    )
    parser.add_argument("--key", required=True, metavar="FILE", help="public key that signs its checkpoints (Ed25519)")
    parser.add_argument(
        "--witness", type=pair, action="append", default=[], metavar="NAME=FILE", help="who cosigns checkpoints"
    )
    parser.add_argument("--witness-threshold", type=positive, metavar="N", help="how many of them must have cosigned")


CHANGES: tuple[tuple[str, str, str, Callable[[argparse.ArgumentParser], None], Change], ...] = (
    ("add-person", "add a person or a machine, or change roles",
     "casework trust add-person ben --name 'Ben B., verifier' --roles verifier", _person_arguments, _add_person),
    ("add-key", "add a public key", "casework trust add-key ben-2 --pem ben-2.pub --person ben --to 2027-12-31",
     _key_arguments, _add_key),
    ("add-identity", "add a Sigstore identity",
     "casework trust add-identity ci-keyless --person ci --issuer https://token.actions.githubusercontent.com \\\n"
     "      --identity https://github.com/acme/signs/.github/workflows/evidence.yml@refs/heads/main \\\n"
     "      --repository-id 4711 --ref refs/heads/main --trigger push --trusted-root trusted_root.json",
     _identity_arguments, _add_identity),
    ("revoke", "revoke a key or an identity",
     "casework trust revoke ben --on 2026-10-01\n  casework trust revoke ci --compromised", _revoke_arguments, _revoke),
    ("rotate", "change the root: its keys, or how many must sign",
     "casework trust rotate --add cai=cai-root.pub --remove ana-root --threshold 2", _rotate_arguments, _rotate),
    ("set", "set the last day, or the Sigstore trusted root", "casework trust set --expires 2027-12-31",
     _set_arguments, _set),
    ("set-evidence", "set what a kind of evidence needs",
     "casework trust set-evidence validation --require ci,verifier --independent --separate-roles --max-age-days 365",
     _evidence_arguments, _set_evidence),
    ("set-act", "set what a kind of act needs, and that it counts only when sealed",
     "casework trust set-act release --require safety_manager,verifier --separate-roles\n  casework trust set-act waiver",
     _act_arguments, _set_act),
    ("add-tsa", "pin a time-stamp authority", "casework trust add-tsa acme --chain acme-tsa-chain.pem",
     _tsa_arguments, _add_tsa),
    ("set-log", "name the evidence log and its key",
     "casework trust set-log --origin example.org/shuttle-signs --key log.pub", _log_arguments, _set_log),
)  # fmt: skip
"""Name, summary, example, arguments and change of each subcommand."""


def configure_changes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommands that change a draft."""
    for name, summary, example, arguments, change in CHANGES:
        parser = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.\n{NOT_YET}",
            epilog=f"example:\n  {example}\n", formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        arguments(parser)
        add_root(parser)
        add_now(parser)
        parser.set_defaults(act=changing(change))
