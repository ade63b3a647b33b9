"""The entry point: parses, hands over to one command, and maps outcomes to exit codes.

Nothing heavy is imported here or at the top of a command module: `casework --help` must cost no more than Python itself.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from casework.model.problem import CallProblem
from casework.model.version import __version__

PASS, BLOCKED, CANNOT_JUDGE, OUR_BUG, INTERRUPTED = 0, 1, 2, 3, 130

COMMANDS: Final[tuple[str, ...]] = (
    "init", "new", "fmt", "check", "run", "sign", "stamp", "log", "trust", "bundle", "verify", "try", "harden", "plot", "import",
    "show", "gaps", "impact", "diff", "review", "gsn", "report", "export", "rules", "rule", "schema", "completion",
)  # fmt: skip

EPILOG: Final = """\
exit codes:
  0  pass            1  blocked            2  could not judge (wrong call, unusable input)
  3  our bug         130  interrupted      Only 0 is a pass.

examples:
  casework check                         judge the case around the current folder
  casework check --new-since origin/main report only what main did not have
  casework run                           produce the evidence that is missing or stale
  casework show REQ-ML-1                 everything about one node, and why it has its status
  casework try validation model.onnx --data data/manifest.jsonl
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="casework",
        description="Safety cases for machine-learning components, as files in git.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"casework {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"casework.cli.{name}_command")
        sub = commands.add_parser(
            name, help=module.SUMMARY, description=module.DESCRIPTION, epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = build_parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except CallProblem as problem:
        print(f"casework: {problem}", file=sys.stderr)
        return CANNOT_JUDGE
    except KeyboardInterrupt as stopped:
        # A command that knows whether anything was finished says so.
        print(f"casework: {stopped if stopped.args else 'interrupted; what was finished is kept'}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place where a bug of ours becomes an exit code
        return _our_bug(error)


def _our_bug(error: Exception) -> int:
    if os.environ.get("CASEWORK_DEBUG"):
        raise error
    print(
        f"casework: internal error: {type(error).__name__}: {error}\n"
        "This is a bug in Casework, not in your case. Set CASEWORK_DEBUG=1 for the traceback and report it.",
        file=sys.stderr,
    )
    return OUR_BUG
