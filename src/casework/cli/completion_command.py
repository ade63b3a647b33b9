"""`casework completion SHELL`: completion for the shell."""

from __future__ import annotations

import argparse

from casework.cli.terminal import write_out

SUMMARY = "print the completion script of a shell"
DESCRIPTION = "Prints a script that makes the shell complete commands and options."
EXAMPLES = """\
examples:
  casework completion bash > ~/.local/share/bash-completion/completions/casework
  casework completion zsh > ~/.zfunc/_casework
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from casework.cli.main import build_parser

    write_out(shtab.complete(build_parser(), shell=args.shell) + "\n", None)
    return 0
