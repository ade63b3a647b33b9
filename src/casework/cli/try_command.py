"""`casework try GENERATOR MODEL`: run a generator on any model, without a case."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from casework.cli.terminal import Progress, add_cluster, add_output, positive, seed, started, write_out
from casework.model.problem import CallProblem

SUMMARY = "run a generator on any model, without a case"
DESCRIPTION = """\
Runs one generator on a model (or dataset) and prints the result record: figures with samples and intervals, tables,
digests. Nothing is signed, judged or stored."""
EXAMPLES = """\
examples:
  casework try validation model.onnx --data data/verification/manifest.jsonl
  casework try quantization int8.onnx --data data/manifest.jsonl --option against=fp32.onnx
  casework try dataset data/manifest.jsonl
  casework try model-signature model.onnx --option signature=model.sig --option public_key=signing.pub
  casework try validation digits.onnx --data digits.npz --format json
  casework try fault-injection model.onnx --data inputs.npy --option target=activations --option faults=100000 --workers 2
  casework try validation --options         list the options of a generator
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "generator", help="generator: validation, quantization, dataset, model-signature, fault-injection"
    )
    parser.add_argument("model", nargs="?", help="ONNX model (for `dataset`: the dataset)")
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="manifest, folder with one, .npz with x and y, or folder of class folders; of fault-injection also ready inputs: "
        ".npy, or .npz with an array for each graph input",
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="option of the generator; may be repeated"
    )
    parser.add_argument("--options", action="store_true", help="list the generator's options and stop")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of everything random (default: 0)")
    parser.add_argument(
        "--workers", type=positive, default=1, metavar="N", help="processes (default: 1); no say in the result"
    )
    add_cluster(parser)
    parser.add_argument(
        "--keep",
        metavar="FOLDER",
        help="write what the run makes beside its record, such as the fault list, into this folder",
    )
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="form of the record")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Run and print; 0 if the record is complete, 2 otherwise."""
    from casework.store.cache import cache_folder
    from casework.workflow.evidence.trying import list_options, record_text, try_generator

    if args.options:
        write_out(list_options(args.generator), args.output)
        return 0
    if args.model is None and args.data is None:
        raise CallProblem("give a model: casework try GENERATOR MODEL")
    keep = None if args.keep is None else Path(args.keep)
    if keep is not None:
        _refuse_used(keep)
    kept = cache_folder() / "campaigns"
    bar = Progress(kept=kept)
    with bar.interruptible():
        record = try_generator(
            args.generator,
            args.model,
            args.data,
            args.option,
            seed=args.seed,
            workers=args.workers,
            started=started(),
            progress=bar.count,
            cluster=args.cluster,
            checkpoints=kept,
            keep=keep,
        )
    bar.done()
    if args.format == "json":
        write_out(json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n", args.output)
    else:
        write_out(record_text(record), args.output)
    if record.status != "complete" and (args.format == "json" or args.output):
        print(f"casework: {record.status}: {record.reason}", file=sys.stderr)
    return 0 if record.status == "complete" else 2


def _refuse_used(folder: Path) -> None:
    """Refuse a folder that holds what an earlier run kept: evidence may name that fault list."""
    from casework.generators.fault_injection.kept import held

    names = held(folder)
    if names:
        raise CallProblem(
            f"{folder} already holds {', '.join(names)}, which would be overwritten. Name another folder by --keep, or move them away."
        )
