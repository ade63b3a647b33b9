"""`casework run`: produce the evidence that is missing or stale."""

from __future__ import annotations

import argparse
import json
import sys

from casework.cli.keyless import add_keyless, keyless_of
from casework.cli.secrets import keys_of_environment, secret_of
from casework.cli.terminal import (
    Progress,
    add_cluster,
    add_now,
    add_root,
    positive,
    root_of,
    started,
    today_of,
    write_out,
)
from casework.model.problem import CallProblem

SUMMARY = "produce the evidence that is missing or stale, and seal it"
DESCRIPTION = """\
Runs the generator of each evidence node whose result is missing, stale, unverifiable or unfinished, seals the result with
the given keys and writes it under the evidence folder. Results are never overwritten. An interrupted run goes on where
it stopped when it is started again."""
EXAMPLES = """\
examples:
  casework run --key ci.pem --key verifier.pem
  casework run EV-FI --key ci.pem --cluster tcp://scheduler:8786     spread a campaign over a Dask cluster
  casework run EV-VALIDATION-INT8 --key ci.pem
  casework run --list                        say what would be run, and why
  CASEWORK_KEYS=ci.pem casework run          keys by environment (paths joined by the system's separator)
  casework run --key ssh:~/.ssh/id_ed25519   sign with ssh-keygen: agents and security keys too
  casework run --keyless signing_config.json sign under the identity of a token, with a Sigstore instance
  casework run --key 'pkcs11:token=ci;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so'
A key is a file (PEM, OpenSSH), ssh:PATH or a pkcs11: URI. Passphrase and PIN come from CASEWORK_PASSPHRASE and CASEWORK_PIN,
or are asked for on the terminal.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("evidence", nargs="*", metavar="EVIDENCE", help="evidence nodes (default: all that are due)")
    add_root(parser)
    add_now(parser)
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help="key to sign with: file, ssh:PATH or pkcs11: URI; may be repeated",
    )
    add_keyless(parser)
    parser.add_argument("--force", action="store_true", help="run also what is current")
    parser.add_argument("--stale", action="store_true", help="run only what is stale, not what is missing")
    parser.add_argument("--list", action="store_true", help="say what would be run, and why, and stop")
    parser.add_argument(
        "--workers", type=positive, default=1, metavar="N", help="processes (default: 1); no say in the result"
    )
    add_cluster(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the result")


def run(args: argparse.Namespace) -> int:
    """Run what is due; 0 if all of it was produced, 1 if something was not."""
    from casework.store.cache import Cache, cache_folder
    from casework.store.history import head
    from casework.store.working_tree import WorkingTree
    from casework.workflow.evidence.run import Means, due, produce
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.judging.assess import assess

    root = root_of(args)
    kept = cache_folder() / "campaigns"
    bar = Progress(kept=kept)
    cache = Cache(root)
    assessment = assess(WorkingTree(root), today_of(args), cache, bar).assessment
    cache.close()
    bar.done()
    keys = due(assessment, args.evidence, force=args.force)
    if args.stale:
        keys = [k for k in keys if assessment.appraisals[k].state == "stale"]
    if args.list or not keys:
        return _list(assessment, keys)
    keyless = keyless_of(args, root, assessment, today_of(args)) if args.keyless else None
    signers = load_signers(_keys(args), secret_of)
    failed = 0
    made = []
    commit = head(root)[0]
    means = Means(args.workers, args.cluster, kept)
    produced = produce(assessment, root, keys, signers, started, commit, means, lambda key: _bar(bar, key), keyless)
    for ran in bar.told(produced):
        bar.done()
        bar.finished |= bool(ran.path)
        failed += bool(ran.problem) or (ran.record is not None and ran.record.status != "complete")
        status = ran.record.status if ran.record else "not run"
        made.append(
            {
                "evidence": ran.evidence,
                "path": ran.path,
                "status": status,
                "problem": ran.problem or _reason(ran.record),
                "lacks": list(ran.lacks),
            }
        )
        if args.format == "text":
            took = f" in {ran.record.duration_s:.1f} s" if ran.record else ""
            print(
                f"{ran.evidence}: {status}{took}"
                + (f": {made[-1]['problem']}" if made[-1]["problem"] else f", {ran.path}")
                + (f"; lacks {', '.join(ran.lacks)}: casework sign {ran.evidence}" if ran.lacks else "")
            )
            sys.stdout.flush()
    if args.format == "json":
        write_out(json.dumps(made, indent=2) + "\n", None)
    elif any(one["path"] for one in made) and assessment.policy is not None and assessment.policy.log is not None:
        print("next: casework log update --key LOGKEY: what is not in the evidence log does not count")
    return 1 if failed else 0


def _reason(record: object) -> str:
    return str(getattr(record, "reason", ""))


def _bar(bar: Progress, key: str):  # type: ignore[no-untyped-def]
    return lambda done, total, text: bar.count(done, total, f"{key}: {text}")


def _keys(args: argparse.Namespace) -> list[str]:
    keys = list(args.key) or keys_of_environment()
    if not keys and not args.keyless:
        raise CallProblem("evidence must be signed: give --key KEY or --keyless CONFIG, or set CASEWORK_KEYS")
    return keys


def _list(assessment: object, keys: list[str]) -> int:
    appraisals = getattr(assessment, "appraisals", {})
    for key in keys:
        print(f"{key}: {appraisals[key].state}: {'; '.join(appraisals[key].reasons)}")
    if not keys:
        other = sorted(k for k, a in appraisals.items() if a.state != "current")
        print(
            f"nothing to run; not current: {', '.join(other)}" if other else "nothing to run: all evidence is current"
        )
        if any(appraisals[k].state == "unverifiable" for k in other):
            print("next: casework sign --list")
    return 0
