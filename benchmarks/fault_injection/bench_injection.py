"""What an injected prediction costs: our campaigns as whole commands, beside onnxruntime without faults, a naive injector, and others.

For each model, single bit flips in activations (tensors drawn alike) and in weights, as `casework try fault-injection` runs them, with
canaries and an audit by the oracle. Reported: processor milliseconds of an injected prediction, by the record (putting in, running
and judging) and by the whole command (start of Python, folding, golden run, canaries, audit); their ratio to one fault-free
prediction of the same file in onnxruntime's default session, one at a time (`x b1`) and in the best batch (`x best`), both
measured here just before, one thread each. Then: a LeNet's weights exhaustively; a million faults drawn; faults that +-0.1 % takes;
two processes against one. Other injectors run in an interpreter that has them: PEERS_PYTHON (torch, pytorchfi, mrfi), and
TENSORFI2_PYTHON (tensorflow, tf_keras) with TENSORFI2_SOURCE (a checkout of TensorFI2).

    python benchmarks/fault_injection/bench_injection.py [--models FOLDER] [--only SECTION,...] [--nets mlp,lenet] [--json FILE]

The models are made by models.py, in an interpreter with torch; make them first. Sections: speed, exhaustive, drawing, precision,
processes, peers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from campaigns import Ran, campaign
from floors import clean, naive
from machine import describe

HERE = Path(__file__).resolve().parent
FAULTS = {
    "mlp": {"activations": 400_000, "weights": 400_000},
    "lenet": {"activations": 200_000, "weights": 200_000},
    "resnet18": {"activations": 4_000, "weights": 4_000},
    "resnet50": {"activations": 3_000, "weights": 600},
    "vgg16": {"activations": 1_000, "weights": 200},
}
AUDIT = {"mlp": 200, "lenet": 200, "resnet18": 100, "resnet50": 20, "vgg16": 8}
"""The oracle rebuilds the model for each audited fault: of a file of 553 MB it can do a few."""
NAIVE = {"mlp": 100, "lenet": 100, "resnet18": 15, "resnet50": 5, "vgg16": 3}

Found = dict[str, Any]


def speed(folder: Path, nets: list[str], _runs: int) -> Found:
    """Measure campaigns on activations and weights of each model, with their floors."""
    found: Found = {}
    for name in nets:
        model, data = folder / f"{name}.onnx", folder / f"{name}-inputs.npy"
        inputs = np.load(data)
        floor = clean(model, inputs, 2.0)
        made: Found = {"clean": floor, "naive": naive(model, inputs, NAIVE[name], 1)}
        for target, count in FAULTS[name].items():
            unit = "tensor"
            options = {"target": target, "faults": count, "unit": unit, "audit": AUDIT[name], "inputs": 0}
            made[target] = summary(campaign(model, data, options), floor, count)
            show(name, target, made[target])
        made["clean again"] = clean(model, inputs, 1.0)
        found[name] = made
    return found


def summary(ran: Ran, floor: Found, count: int) -> Found:
    """Put what a campaign cost beside the floor."""
    predictions = int(ran.value("injected_predictions") or count)
    single, best = floor["batch1"]["median"], floor["best"]["median"]
    inside = ran.value("overhead_vs_batch1") * ran.value("batch1_ms")
    whole = ran.cpu * 1e3 / predictions
    engines = [{key: row[key] for key in ("engine", "tensors", "predictions")} for row in ran.table("engines")]
    return {
        "predictions": predictions, "ms": inside, "x b1": inside / single, "x best": inside / best, "command ms": whole,
        "command x b1": whole / single, "command s": ran.cpu, "wall s": ran.wall, "MiB": ran.mib, "batch1 ms here": single,
        "batch1 ms in record": ran.value("batch1_ms"), "audited": int(ran.value("audited")),
        "disagreements": int(ran.value("audit_disagreements")), "sdc_rate": ran.metric("sdc_rate"), "engines": engines,
        "overhead of campaign": ran.value("overhead_of_campaign"), "digests": ran.record["digests"],
    }  # fmt: skip


def show(name: str, target: str, one: Found) -> None:
    """Print a line."""
    engines = ", ".join(f"{row['engine']} {row['predictions']}" for row in one["engines"])
    print(
        f"{name:9} {target:12} {one['predictions']:>10,} predictions  {one['ms']:.5f} ms = {one['x b1']:.4f} x b1 = "
        f"{one['x best']:.4f} x best; whole command {one['command ms']:.5f} ms = {one['command x b1']:.4f} x b1; "
        f"audit {one['disagreements']} of {one['audited']}; {engines}",
        flush=True,
    )


def exhaustive(folder: Path, _nets: list[str], _runs: int) -> Found:
    """Flip every bit of every weight and bias of the LeNet, one at a time, on each of 13 inputs."""
    model, data = folder / "lenet.onnx", folder / "lenet-inputs.npy"
    floor = clean(model, np.load(data), 2.0)
    options = {"target": "stored", "faults": "exhaustive", "inputs": 13, "inputs_per_fault": "all", "audit": 200}
    made = summary(campaign(model, data, options), floor, 0)
    show("lenet", "exhaustive", made)
    return made


def drawing(_folder: Path, _nets: list[str], runs: int) -> Found:
    """Draw a million single bit flips."""
    from casework.injection.faults.fault_list import FaultTensor
    from casework.injection.faults.generate import Recipe, generate

    shapes = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 400), "fc2": (84, 120), "fc3": (10, 84)}
    tensors = tuple(FaultTensor(name, name, "weight", "float32", shape) for name, shape in shapes.items())
    found: Found = {}
    for unit in ("tensor", "element"):
        recipe = Recipe("0" * 64, tensors, unit=unit, samples=1_000, seed=1)
        found[unit] = seconds(lambda recipe=recipe: generate(recipe, range(1_000_000)), max(runs, 5))
        print(
            f"1,000,000 faults drawn, unit {unit}: {found[unit]['min']:.4f} / {found[unit]['median']:.4f} s", flush=True
        )
    return found


def seconds(call: Callable[[], object], runs: int) -> dict[str, float]:
    """Return minimum and median processor seconds of a call, after one that does not count."""
    call()
    found = []
    for _ in range(runs):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return {"min": min(found), "median": statistics.median(found)}


def precision(folder: Path, _nets: list[str], runs: int) -> Found:
    """Count the faults that a half-width of 0.1 % takes on the LeNet's stored tensors, and hold the estimates against the truth."""
    model, data = folder / "lenet.onnx", folder / "lenet-inputs.npy"
    common = {"target": "stored", "inputs": 13, "unit": "element", "audit": 0}
    truth = campaign(model, data, {**common, "faults": "exhaustive", "inputs_per_fault": "all"})
    exact = truth.value("sdc_rate")
    found: Found = {"truth": exact, "of predictions": truth.value("injected_predictions"), "least": least_faults(truth)}
    for allocation, most in (("simple", 50_000), ("neyman", 15_000)):
        rows = []
        for seed in range(max(runs, 20) if allocation == "neyman" else max(runs, 5)):
            options = {**common, "allocation": allocation, "interval": 0.001, "faults": most}
            ran = campaign(model, data, options, seed=seed)
            metric = ran.metric("sdc_rate")
            low, high = metric["ci_low"], metric["ci_high"]
            rows.append({"faults": int(ran.value("faults")), "rate": metric["value"], "low": low, "high": high})
        covered = sum(row["low"] <= exact <= row["high"] for row in rows)
        used = [row["faults"] for row in rows]
        print(
            f"+-0.1 %, {allocation}: {min(used):,} / {statistics.median(used):,.0f} / {max(used):,} faults (least, median, most of "
            f"{len(rows)} seeds), {covered} of {len(rows)} intervals hold the truth {exact:.5f}",
            flush=True,
        )
        found[allocation] = {"runs": rows, "covered": covered}
    return found


def least_faults(truth: Ran, half_width: float = 0.001) -> int:
    """Return the fewest faults with which the interval of strata by bit is narrow enough, were it known before which bits matter.

    Faults are spread in proportion to the standard deviation of each bit, with bits that hardly ever show an event taken to have a
    small rate, whichever suits best; these show none, the others as many as expected.
    """
    from casework.injection.sampling.intervals import stratified

    by_bit: dict[int, list[int]] = {}
    for row in truth.table("sdc by tensor and bit"):
        counted = by_bit.setdefault(row["bit"], [0, 0])
        counted[0] += row["sdc"]
        counted[1] += row["predictions"]
    rates = np.array([sdc / total for sdc, total in by_bit.values()])
    rates[rates < 0.01] = 0.0
    weights = np.array([total for _, total in by_bit.values()], np.float64)
    weights /= weights.sum()
    floors = np.geomspace(1e-5, 1e-2, 40)
    for faults in range(500, 20_000, 20):
        for floor in floors:
            p = np.clip(rates, floor, 1 - floor)
            sizes = weights * np.sqrt(p * (1 - p))
            sizes *= faults / sizes.sum()
            interval = stratified(rates * sizes, sizes, weights, 0.95)
            if interval.high - interval.low <= 2 * half_width:
                return faults
    return 20_000


def processes(folder: Path, _nets: list[str], runs: int) -> Found:
    """Run one campaign in one process and in two, and compare wall time and digests."""
    model, data = folder / "resnet18.onnx", folder / "resnet18-inputs.npy"
    options = {"target": "activations", "faults": 40_000, "unit": "tensor", "audit": 0, "inputs": 0}
    found: Found = {"load average before": list(os.getloadavg())}
    digests: dict[int, str] = {}
    for workers in (1, 2):
        ran = [campaign(model, data, options, workers=workers) for _ in range(max(1, runs // 2))]
        digests[workers] = ran[0].record["digests"]["outcome"]
        found[str(workers)] = {"wall s": min(one.wall for one in ran), "cpu s": min(one.cpu for one in ran)}
    found["same outcome"] = digests[1] == digests[2]
    found["gain"] = found["1"]["wall s"] / found["2"]["wall s"]
    print(f"two processes: {found['gain']:.2f} x as fast, same outcome digest: {found['same outcome']}", flush=True)
    return found


def peers(_folder: Path, nets: list[str], _runs: int) -> Found:
    """Run other injectors, each in its own interpreter."""
    found: Found = {}
    scripts = {
        "pytorchfi_speed.py": "PEERS_PYTHON",
        "mrfi_speed.py": "PEERS_PYTHON",
        "tensorfi2_speed.py": "TENSORFI2_PYTHON",
    }
    for script, variable in scripts.items():
        python = os.environ.get(variable)
        if not python:
            found[script] = f"not run: {variable} names no interpreter"
            print(f"{script}: {found[script]}", flush=True)
            continue
        command = [python, "-W", "ignore", str(HERE / "peers" / script), "--models", ",".join(nets)]
        if script.startswith("tensorfi2"):
            command += ["--source", os.environ.get("TENSORFI2_SOURCE", "")]
        ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if ran.returncode:
            found[script] = f"failed: {ran.stderr[-1500:]}"
            print(f"{script}: {found[script]}", flush=True)
            continue
        found[script] = json.loads(ran.stdout)
        for row in found[script]:
            if "ms" in row:
                print(
                    f"{row['tool']:16} {row['model']:9} batch {row['batch']:>3}  {row['ms']:.4f} ms  {row['fault']}",
                    flush=True,
                )
    return found


SECTIONS: dict[str, Callable[[Path, list[str], int], Found]] = {
    "speed": speed, "exhaustive": exhaustive, "drawing": drawing, "precision": precision, "processes": processes, "peers": peers,
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", type=Path, default=Path("out/models"))
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--nets", default=",".join(FAULTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    nets = [name for name in args.nets.split(",") if (args.models / f"{name}.onnx").is_file()]
    missing = sorted(set(args.nets.split(",")) - set(nets))
    if missing:
        print(f"no model files for {', '.join(missing)}: python {HERE / 'models.py'} {args.models}")
    if not nets:
        sys.exit(0)
    found: Found = {"machine": describe()}
    print(json.dumps(found["machine"]), flush=True)
    for name in args.only.split(","):
        found[name] = SECTIONS[name](args.models, nets, args.runs)
        if args.json:
            args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
