"""`casework import`: plans of other tools as evidence nodes, with everything told that is lost on the way."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from casework.cli.terminal import harmless, write_out
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from casework.exchange.tensorfi import Translation
    from casework.model.finding import Finding

SUMMARY = "take over plans of fault injection from TensorFI 1 and TensorFI 2"
DESCRIPTION = """\
Reads configurations of TensorFI 1 and TensorFI 2 and writes evidence nodes that plan the same for the generator
fault-injection, each with the `casework try` command that runs it without a case. What cannot be carried over, and what
means something else here, is reported with file, line and column. With --model, operators that the model does not have
are left out, and the instances of the file are compared with it."""
EXAMPLES = """\
examples:
  casework import tensorfi confFiles/default.yaml
  casework import tensorfi confFiles/*.yaml --model model.onnx -o requirements/faults.yaml
  casework import tensorfi sample.yaml --format json
The nodes go to standard output or to the file of -o, the report to standard error (with -o to standard output).
"""

_SCHEMA = "casework/import/v1"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("tool", choices=("tensorfi",), help="whose plans: tensorfi reads those of TensorFI 1 and 2")
    parser.add_argument("files", nargs="+", metavar="FILE", help="YAML configurations")
    parser.add_argument("--model", metavar="MODEL.onnx", help="model that the plan is for")
    parser.add_argument("--data", metavar="PATH", default="inputs.npy", help="inputs that the command names")
    parser.add_argument("--subject", metavar="ID", default="MDL-1", help="model card that the nodes name")
    parser.add_argument("--dataset", metavar="ID", default="DS-1", help="dataset that the nodes name")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the nodes there, as YAML; an existing file is refused"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file of -o")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the report")


def run(args: argparse.Namespace) -> int:
    """Translate; 0 if every file was, 2 if one could not be (then nothing is written)."""
    from casework.exchange.tensorfi import translate

    _refuse_existing(args)
    counts = None if args.model is None else _counts(Path(args.model))
    made = [translate(_read(path), path, counts) for path in args.files]
    failed = any(one.failed for one in made)
    plan = "" if failed else _plan(made, args)
    if plan and args.output not in (None, "-"):
        write_out(plan, args.output)
    if args.format == "json":
        write_out(_json(made, args), None)
        return 2 if failed else 0
    report = "".join(_line(finding) for one in made for finding in one.findings)
    if plan and args.output in (None, "-"):
        write_out(plan, None)
        sys.stderr.write(harmless(report))
    elif failed:
        sys.stderr.write(harmless(report))
    else:
        write_out(report, None)
    return 2 if failed else 0


def _refuse_existing(args: argparse.Namespace) -> None:
    """Refuse to overwrite a file, which may hold nodes that somebody wrote; a device or pipe is written to."""
    if args.output in (None, "-") or args.force:
        return
    path = Path(args.output)
    if os.path.lexists(path) and (path.is_file() or path.is_symlink() or path.is_dir()):
        raise CallProblem(f"{path} exists already; name a new file, or give --force to overwrite it")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error


def _counts(path: Path) -> dict[str, int]:
    """Return how many outputs of each operator type the model has that faults can be put into."""
    from collections import Counter

    from casework.artifact.onnx_model import ModelProblem, open_model
    from casework.injection.network.network import prepare
    from casework.injection.problem import InjectionProblem

    try:
        network = prepare(open_model(path).content, path.name)
    except (ModelProblem, InjectionProblem) as problem:
        raise CallProblem(f"--model {path}: {problem}") from problem
    return Counter(target.operator for target in network.targets if target.kind in ("activation", "output"))


def _plan(made: list[Translation], args: argparse.Namespace) -> str:
    from casework.artifact.yaml_writer import dump
    from casework.exchange.tensorfi import nodes

    parts = []
    for one, written in zip(made, nodes(made, args.subject, args.dataset), strict=True):
        lines = [
            f"# Taken over from {Path(one.file).name} ({one.tool}). Put in the ids of your model card and dataset."
        ]
        lines += [f"# {command}" for command in _commands(one, args)]
        parts.append("\n".join(lines) + "\n" + dump(written))
    return "\n".join(parts)


def _commands(one: Translation, args: argparse.Namespace) -> list[str]:
    from casework.exchange.tensorfi import command

    return [command(plan, args.model or "model.onnx", args.data) for plan in one.plans]


def _line(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}:{finding.column}"
    return f"{place}: {finding.severity} {finding.code}: {finding.message}. {finding.fix}\n"


def _json(made: list[Translation], args: argparse.Namespace) -> str:
    from casework.exchange.tensorfi import nodes

    files = [
        {
            "file": one.file,
            "tool": one.tool,
            "nodes": written,
            "commands": _commands(one, args),
            "findings": [
                {
                    "code": f.code, "severity": f.severity, "field": f.field_path, "message": f.message, "fix": f.fix,
                    "line": f.line, "column": f.column,
                }
                for f in one.findings
            ],
        }
        for one, written in zip(made, nodes(made, args.subject, args.dataset), strict=True)
    ]  # fmt: skip
    return json.dumps({"schema": _SCHEMA, "files": files}, indent=2, ensure_ascii=False) + "\n"
