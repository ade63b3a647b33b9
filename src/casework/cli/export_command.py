"""`casework export`: results in the formats of others."""

from __future__ import annotations

import argparse

from casework.cli.secrets import secret_of
from casework.cli.terminal import Progress, add_now, add_output, add_root, root_of, today_of, write_out

SUMMARY = "write results in the formats of other tools"
DESCRIPTION = """\
test-result: the sealed record of an evidence node as an in-toto statement with the predicate test-result v0.1: each
criterion of the requirements that it was judged by is a passed, warned or failed test. With --key it is sealed as DSSE."""
EXAMPLES = """\
examples:
  casework export test-result EV-VAL-INT8
  casework export test-result EV-VAL-INT8 --key ci.pem -o result.dsse.json
An encrypted key asks for CASEWORK_PASSPHRASE.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("form", choices=("test-result",), help="format to write")
    parser.add_argument("evidence", metavar="EVIDENCE", help="evidence node whose record is exported")
    add_root(parser)
    add_now(parser)
    add_output(parser)
    parser.add_argument(
        "--key", action="append", default=[], metavar="PEM", help="private key to sign with; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Write the statement; 0 if done."""
    from casework.store.working_tree import WorkingTree
    from casework.workflow.evidence.signers import load_signers
    from casework.workflow.judging.assess import assess
    from casework.workflow.release.exporting import exported_test_result

    bar = Progress()
    signers = load_signers(args.key, secret_of)
    assessment = assess(WorkingTree(root_of(args)), today_of(args), None, bar).assessment
    bar.done()
    write_out(exported_test_result(assessment, args.evidence, signers), args.output)
    return 0
