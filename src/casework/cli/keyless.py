"""Signing under an identity: the arguments of the commands that offer it."""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casework.attest.opening import Anchors
    from casework.graph.assessment import Assessment
    from casework.workflow.evidence.keyless import Keyless


def add_keyless(parser: argparse.ArgumentParser) -> None:
    """Add `--keyless` and `--token-file`."""
    parser.add_argument(
        "--keyless",
        metavar="CONFIG",
        help="sign under an identity too: signing configuration (JSON) of the Sigstore instance; its root is trusted_root.json "
        "beside the trust policy",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        default="",
        help="file with the identity token (default: SIGSTORE_ID_TOKEN, else what the CI runner offers)",
    )


def keyless_of(args: argparse.Namespace, root: Path, assessment: Assessment, today: date) -> tuple[Keyless, Anchors]:
    """Return the identity that the arguments name, and what its signature is checked with."""
    from casework.workflow.evidence.keyless import open_anchors, open_keyless

    return (
        open_keyless(root, assessment.project, args.keyless, args.token_file, os.environ),
        open_anchors(root, assessment, today),
    )
