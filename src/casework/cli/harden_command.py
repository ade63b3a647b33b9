"""`casework harden MODEL`: write a model that withstands more faults."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from casework.cli.terminal import Progress, write_file, write_out
from casework.model.problem import CallProblem

SUMMARY = "write a model with measures against faults, and its card"
DESCRIPTION = """\
Writes a new ONNX model with measures against faults in memory and computation, taken in the order given, and compares it
with its parent on the data: decisions, alarms and time without faults. The new file names its parent, the measures and the
digest of the data in its metadata; the same call gives the same bytes. Nothing is overwritten."""
EXAMPLES = """\
examples:
  casework harden model.onnx --data dev.npz --measure range -o hardened.onnx
  casework harden model.onnx --data dev.npz --measure range:margin=0.1 --measure nan-guard --measure duplicate:conv1 -o h.onnx
  casework harden model.onnx --data dev.npz --measure duplicate:top=2 --vulnerability record.json -o h.onnx
  casework harden model.onnx --data data --split train --measure range -o h.onnx --parent MDL-1 --card requirements/hardened.yaml
  casework harden --measures             list the measures and their parameters
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("model", nargs="?", help="ONNX model to start from; it is not changed")
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="development data: .npy or .npz of inputs, manifest, or folder; bounds are taken from it",
    )
    parser.add_argument(
        "--split", metavar="NAME", help="split of the data, where it has some (default: all that are stored)"
    )
    parser.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="NAME[:WHERE,KEY=VALUE,...]",
        help="a measure; may be repeated",
    )
    parser.add_argument("--measures", action="store_true", help="list the measures and stop")
    parser.add_argument("-o", "--output", metavar="FILE", help="file of the new model; must not exist")
    parser.add_argument("--card", metavar="FILE", help="write the model card of the new model there; must not exist")
    parser.add_argument("--parent", metavar="ID", help="model card of MODEL; the new card derives from it")
    parser.add_argument("--root", metavar="DIR", default=".", help="folder inside the case (default: the current one)")
    parser.add_argument(
        "--vulnerability", metavar="RECORD", help="record (JSON) of a campaign that ranks tensors, for top=N"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE",
        help="how inputs are fed and outputs judged, as for `casework try fault-injection`; inputs=N uses N inputs",
    )  # fmt: skip
    parser.add_argument(
        "--allow-flips",
        type=int,
        default=0,
        metavar="N",
        help="allow N changed decisions or alarms without faults (default: 0)",
    )
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the report")


def run(args: argparse.Namespace) -> int:
    """Harden, write and report; 0 if done."""
    from casework.workflow.authoring.hardening import Plan, harden_model, measure_table, report_text

    if args.measures:
        write_out(measure_table(), None)
        return 0
    missing = [name for name in ("model", "data", "measure", "output") if not getattr(args, name)]
    if missing:
        raise CallProblem(
            f"{missing[0]} is not given: casework harden MODEL --data DATA --measure NAME -o FILE; "
            "`casework harden --measures` lists the measures"
        )
    plan = Plan(
        args.model, args.data, args.split, tuple(args.measure), args.output, args.card, args.parent, args.root, args.vulnerability,
        tuple(args.option), args.allow_flips,
    )  # fmt: skip
    bar = Progress()
    result = harden_model(plan, bar)
    bar.done()
    for path, content in result.files.items():
        write_file(Path(path), content)
    report = result.report
    write_out(
        json.dumps(report, indent=2, ensure_ascii=False) + "\n" if args.format == "json" else report_text(report), None
    )
    return 0
