"""`casework bundle`: seal a release."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from casework.cli.terminal import Progress, add_now, add_root, root_of, started, today_of, write_file
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.workflow.release.releasing import Bundled, NotReleased

SUMMARY = "seal a release: the case at a commit and all that is needed to judge it again"
DESCRIPTION = """\
Judges a commit, and if it is a release writes one archive: the files of the case, its evidence, trust policy, log and models,
the rendered documents, the versions of the verifier, instructions, and a seal signed with the given keys. The same commit gives
the same archive. What is blocked or otherwise no release is refused, or with --draft sealed as a visible draft.
Others sign the same bundle later with --countersign; `casework verify` judges it, anywhere and offline."""
EXAMPLES = """\
examples:
  casework bundle -o release.zip --key manager.pem --tsa https://tsa.example.org/tsr
  casework bundle --countersign release.zip --key assessor.pem
  casework bundle -o release.zip --key manager.pem --commit v1.0 --without-data
  casework bundle -o draft.zip --key manager.pem --draft
An encrypted key asks for CASEWORK_PASSPHRASE.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_root(parser)
    add_now(parser)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("-o", "--output", metavar="NAME.zip", help="bundle to write")
    target.add_argument(
        "--countersign", metavar="NAME.zip", help="bundle whose seal is signed too; nothing else changes"
    )
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="private key to sign with; may be repeated"
    )
    parser.add_argument("--tsa", metavar="URL", help="time-stamp authority that proves when each signature was made")
    parser.add_argument("--commit", metavar="REV", default="HEAD", help="revision that is sealed (default: HEAD)")
    parser.add_argument("--draft", action="store_true", help="seal also what is no release, marked as a draft")
    data = parser.add_mutually_exclusive_group()
    data.add_argument(
        "--with-data", dest="data", action="store_const", const="with", default="small",
        help="put in the data files, however large (default: only if they are small)",
    )  # fmt: skip
    data.add_argument(
        "--without-data",
        dest="data",
        action="store_const",
        const="without",
        help="leave the data files out; their digests are sealed",
    )


def run(args: argparse.Namespace) -> int:
    """Seal or countersign; 0 if the seal is complete or wants only further signatures, 1 if there is nothing to release."""
    from casework.cli.secrets import secret_of
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.release.releasing import Bundled, countersign_bundle

    if not args.key:
        raise CallProblem("a release must be signed: give --key KEY")
    signers = load_signers(args.key, secret_of)
    if args.countersign:
        now = datetime.now(UTC) if args.now is None else datetime.combine(today_of(args), datetime.max.time(), UTC)
        path = Path(args.countersign)
        return _written(path, countersign_bundle(path, signers, now, args.tsa))
    made = _seal(args, signers)
    return _written(Path(args.output), made) if isinstance(made, Bundled) else _refused(made)


def _seal(args: argparse.Namespace, signers: list) -> Bundled | NotReleased:  # type: ignore[type-arg]
    from casework.store.history import head
    from casework.workflow.release.releasing import Order, seal_bundle

    root, bar = root_of(args), Progress()
    if args.commit == "HEAD" and head(root)[1]:
        print("casework: files differ from the commit; the commit is sealed, not these files", file=sys.stderr)
    sealed = started() if args.now is None else f"{today_of(args).isoformat()}T00:00:00Z"
    order = Order(args.commit, today_of(args), sealed, draft=args.draft, data=args.data)
    made = seal_bundle(root, order, signers, args.tsa, bar)
    bar.done()
    return made


def _written(path: Path, made: Bundled) -> int:
    write_file(path, made.data)
    record = made.record
    kind = "DRAFT, no release" if record.draft else "release"
    print(
        f"wrote {path}: {kind} of {record.commit[:12]}, {made.members} files, {len(made.data)} bytes", file=sys.stderr
    )
    if record.log is not None and not record.draft:
        print(f"log the release: casework log update --release {made.payload_sha256}", file=sys.stderr)
    for line in made.wanting:
        print(f"still wanting: {line}", file=sys.stderr)
    for line in made.remarks:
        print(f"note: {line}", file=sys.stderr)
    return 0


def _refused(found: NotReleased) -> int:
    errors = [f for f in found.decision.findings if f.severity == "error"]
    print(f"casework: not sealed: the case is {found.decision.word} and no release", file=sys.stderr)
    for ground in found.grounds:
        print(f"  {ground}", file=sys.stderr)
    for finding in errors[:10]:
        print(f"  {finding.code} {finding.node or finding.file}: {finding.message}", file=sys.stderr)
    if len(errors) > 10:
        print(f"  and {len(errors) - 10} more; `casework check` lists all", file=sys.stderr)
    print("  --draft seals it as a draft, on which nothing can rest", file=sys.stderr)
    return 1
