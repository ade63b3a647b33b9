"""What a user pins from outside the case: root keys, the lowest policy version, and checkpoints of the log seen earlier."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.workflow.judging.trusting import Pins


def add_pins(parser: argparse.ArgumentParser) -> None:
    """Add `--root-key`, `--root-sha256`, `--policy-floor` and `--checkpoint`."""
    parser.add_argument("--root-key", metavar="FILE", help="root public keys (PEM) to trust, instead of the case's own")
    parser.add_argument(
        "--root-sha256", metavar="HEX", type=_sha256, help="SHA-256 that the file of root keys must have"
    )
    parser.add_argument(
        "--policy-floor", metavar="N", type=_version, default=0, help="lowest version of the trust policy that counts"
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        action="append",
        default=[],
        help="checkpoint of the evidence log that you have seen earlier; may be repeated",
    )


def pins_of(args: argparse.Namespace) -> Pins | None:
    """Return what the arguments pin, or None where they pin nothing."""
    if not (args.root_key or args.root_sha256 or args.policy_floor or args.checkpoint):
        return None
    from casework.workflow.judging.trusting import Pins

    root = _read(args.root_key) if args.root_key else None
    return Pins(root, args.root_sha256 or "", args.policy_floor, {}, tuple(_read(path) for path in args.checkpoint))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def _sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is no SHA-256: 64 hexadecimal digits")
    return text.lower()


def _version(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise argparse.ArgumentTypeError(f"{text} is no version number")
    return int(text)
