"""`casework verify`: judge a release bundle anew, offline."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path

from casework.cli.terminal import Progress, add_now, add_output, positive, today_of, write_out
from casework.model.problem import CallProblem

SUMMARY = "judge a release bundle anew, offline, with nothing but its root key"
DESCRIPTION = """\
Opens the archive safely, compares every file with the sealed manifest, verifies the seal under the bundle's trust policy and the
policy under the root key that you give, and judges the case anew as of the proven time of sealing. Says what it checked, what
it could not check, and as of when. Needs neither a network nor git."""
EXAMPLES = """\
examples:
  casework verify release.zip --root-key root.pub
  casework verify release.zip --root-sha256 3fe4ec82...
  casework verify release.zip --root-key root.pub --checkpoint earlier-checkpoint --policy-floor 4
  casework verify release.zip --root-key root.pub --policy policy-of-today.dsse.json
  casework verify release.zip --root-key root.pub --format json
"""
FORMATS = ("text", "json")
_HEX = re.compile(r"[0-9a-f]{64}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", help="release bundle (.zip)")
    root = parser.add_mutually_exclusive_group(required=True)
    root.add_argument("--root-key", metavar="FILE", help="public root key (PEM) that you trust")
    root.add_argument("--root-sha256", metavar="HEX", help="SHA-256 of the file of public root keys that you trust")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="checkpoint of the evidence log that you have from earlier"
    )
    parser.add_argument(
        "--policy-floor", type=positive, default=0, metavar="N", help="lowest version of the trust policy that counts"
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="newer sealed trust policy (the versions before it in `policies` beside it): keys that it calls stolen count no more",
    )
    parser.add_argument("-f", "--format", choices=FORMATS, default="text", help="form of the answer (default: text)")
    add_output(parser)
    add_now(parser)


def run(args: argparse.Namespace) -> int:
    """Verify, print, and return 0 for a release that holds, 1 for anything else."""
    from casework.render.bundle_text import verification_json, verification_text
    from casework.workflow.release.verifying import Known, verify_bundle

    if args.root_sha256 is not None and not _HEX.fullmatch(args.root_sha256.lower()):
        raise CallProblem("--root-sha256: give the 64 hexadecimal digits of a SHA-256")
    known = Known(
        root_key=_read(args.root_key, "--root-key"),
        root_sha256=(args.root_sha256 or "").lower(),
        checkpoint=_read(args.checkpoint, "--checkpoint"),
        floor=args.policy_floor,
        policy=_read(args.policy, "--policy"),
        policies=_beside(args.policy),
    )
    now = datetime.now(UTC) if args.now is None else datetime.combine(today_of(args), datetime.max.time(), UTC)
    bar = Progress()
    found = verify_bundle(Path(args.bundle), known, now, bar)
    bar.done()
    name = Path(args.bundle).name
    write_out(verification_json(found) if args.format == "json" else verification_text(found, name=name), args.output)
    return 0 if found.word == "verified" else 1


def _beside(policy: str | None) -> tuple[bytes, ...]:
    """Return the superseded versions that lie in `policies` beside a policy, oldest first."""
    found = (Path(policy).parent / "policies").glob("*.dsse.json") if policy else ()
    numbered = [path for path in found if path.name.partition(".")[0].isdecimal()]
    ordered = sorted(numbered, key=lambda path: int(path.name.partition(".")[0]))
    return tuple(data for path in ordered if (data := _read(str(path), "--policy")) is not None)


def _read(path: str | None, option: str) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallProblem(f"{option} {path}: {error.strerror or error}") from error
