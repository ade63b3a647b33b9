"""Try the testable claims of "Fault Injection for TensorFlow Applications" (Narayanan et al., IEEE TDSC 2023) by campaigns.

Each experiment is one `casework try fault-injection` on a model of train.py, with only those inputs that the model has right without
faults, as the paper does. The paper counts a prediction as corrupted that is wrong under faults; numpy's argmax takes a NaN for the
largest value, TensorFlow's takes class 0: here a NaN or infinity in the outputs is a DUE of its own, so the paper's rate lies between
SDC and SDC + DUE. Results go to results.json beside this file; page.py makes the tables of the documentation from them.

    python benchmarks/fault_injection/tensorfi_claims/claims.py out/claims [--only table7,growth] [--authors nn-trained.h5]

`--authors` takes the weights that the authors trained (experiments/layer-states/h5/nn-trained.h5 of their repository) and needs h5py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns import Ran, campaign
from machine import describe

TENS = ",".join(str(n) for n in range(10, 101, 10))
STATES = {"target": "weights", "mode": "layer_states", "unit": "tensor"}
OUTPUTS = {"target": "activations", "mode": "layer_outputs", "unit": "tensor"}
LAYERS, NEURONS = (1, 2, 3), (16, 32, 64, 128, 256, 512)
KEPT = (
    "sdc_rate",
    "due_rate",
    "masked_rate",
    "benign_rate",
    "injected_predictions",
    "faults",
    "audited",
    "audit_disagreements",
)


@dataclass(frozen=True)
class Experiment:
    """One campaign.

    Attributes:
        name: Of the experiment; the part before the first `/` is the claim.
        model: Name of the model's file.
        options: Of the campaign.
        tables: Tables of the record that are kept.
        data: Name of the inputs; those that the model has right if not given.
    """

    name: str
    model: str
    options: dict[str, Any]
    tables: tuple[str, ...] = ()
    data: str = ""

    @property
    def claim(self) -> str:
        """The claim it is for."""
        return self.name.partition("/")[0]


@dataclass
class Plan:
    """All experiments, by the models that there are."""

    amount: int = 10_000
    made: list[Experiment] = field(default_factory=list)

    def add(self, name: str, model: str, *tables: str, **options: Any) -> None:
        """Add one, with all inputs, and each fault on one of them."""
        common = {"inputs": 0, "faults": self.amount, "audit": 100}
        self.made.append(Experiment(name, model, {**common, **options}, tables))


def plan(*, authors: bool) -> list[Experiment]:
    """Return the experiments."""
    every = Plan()
    _amounts(every, authors=authors)
    _comparisons(every)
    _shapes(every)
    return every.made


def _amounts(every: Plan, *, authors: bool) -> None:
    by_amount = "rates by number of faults"
    every.add("table7/own net", "nn", by_amount, **STATES, amounts=TENS)
    every.add("table7/own net, elements drawn alike", "nn", by_amount, **STATES | {"unit": "element"}, amounts=TENS)
    if authors:
        every.add("table7/the authors' weights", "nn-authors", by_amount, **STATES, amounts=TENS)
    few = "1,2,5,10,20,50,80"
    every.add("growth/LeNet, layer states", "lenet", by_amount, **STATES, amounts=few, tensors="*.weight")
    every.add("growth/LeNet, layer outputs", "lenet", by_amount, **OUTPUTS, amounts=few, operators="Conv;Relu;MaxPool")
    part = {
        **STATES,
        "fault": "zeros",
        "faults": 2_000,
    }  # a fault of many elements is large: 10 % of 100,352 are 10,035 sites
    for percent in range(10, 100, 10):
        for model in ("nn", "lenet"):
            every.add(f"zeros/{model}, {percent} %", model, **part, percent=percent, tensors="*.weight")
        every.add(f"zeros/lenet conv1, {percent} %", "lenet", **part, percent=percent, tensors="0.weight")


def _comparisons(every: Plan) -> None:
    for model in ("nn", "lenet"):
        for unit in ("tensor", "element"):
            for target in ("weights", "activations"):
                every.add(
                    f"activations/{model}, {target}, {unit}s drawn alike",
                    model,
                    target=target,
                    unit=unit,
                    faults=100_000,
                )
    for kind in ("bitflip", "random"):
        every.add(f"random/{kind}, 80 in layer states", "lenet", **STATES, fault=kind, amount=80, tensors="*.weight")
        every.add(f"random/{kind}, 1 in layer outputs", "lenet", **OUTPUTS, fault=kind, amount=1)
        every.add(
            f"random/{kind}, 50 in layer outputs",
            "lenet",
            **OUTPUTS,
            fault=kind,
            amount=50,
            operators="Conv;Relu;MaxPool",
        )
    for style in ("nn", "nn-subclassed", "nn-traced"):
        every.add(f"style/{style}", style, **STATES, amount=10)


def _shapes(every: Plan) -> None:
    by_tensor, by_class = "rates by tensor", "rates by class"
    for kind in ("bitflip", "fixed_point"):
        every.add(f"depth/LeNet, {kind}", "lenet", by_tensor, **OUTPUTS, fault=kind, faults=200_000)
    for layers in LAYERS:
        for neurons in NEURONS:
            for unit in ("tensor", "element"):
                name = f"width/{layers}x{neurons}, {unit}s drawn alike"
                every.add(name, f"grid-{layers}x{neurons}", **STATES | {"unit": unit}, amount=10)
    for amount in (10, 50, 100):
        every.add(
            f"classes/LeNet, {amount} in the first convolution", "lenet", by_class, **OUTPUTS, amount=amount,
            tensors="conv2d", faults=100_000,
        )  # fmt: skip


def authors_model(folder: Path, weights: Path) -> None:
    """Write the NN with the weights that the authors of the paper trained, and the digits it has right."""
    import h5py
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    found: dict[str, np.ndarray[Any, Any]] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found["/".join(name.split("/")[-2:])] = np.asarray(item)

    with h5py.File(weights) as file:
        file.visititems(collect)
    dense = sorted({name.split("/")[0] for name in found})
    tensors = [found[f"{layer}/{part}:0"].astype(np.float32) for layer in dense for part in ("kernel", "bias")]
    names = ["0.weight", "0.bias", "3.weight", "3.bias"]
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["image", "0.weight", "0.bias"], ["linear"]), helper.make_node("Relu", ["linear"], ["relu"]),
         helper.make_node("Gemm", ["relu", "3.weight", "3.bias"], ["logits"])],
        "nn", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 784])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(tensor, name) for tensor, name in zip(tensors, names, strict=True)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content = model.SerializeToString(deterministic=True)
    (folder / "nn-authors.onnx").write_bytes(content)
    inputs, labels = np.load(folder / "nn-inputs.npy"), np.load(folder / "nn-labels.npy")
    given = onnxruntime.InferenceSession(content).run(None, {"image": inputs})[0].argmax(1)
    np.save(folder / "nn-authors-right.npy", inputs[given == labels])
    print(
        f"the authors' weights: {(given == labels).mean():.4f} of the held-out digits (they may have trained on them)"
    )


def kept(ran: Ran, experiment: Experiment) -> dict[str, Any]:
    """Return what is kept of a record."""
    fields = ("value", "n", "k", "ci_low", "ci_high", "confidence", "method")
    metrics = {
        name: {key: value for key, value in ran.metric(name).items() if key in fields and value is not None}
        for name in KEPT
    }
    # A rate for each amount is in the table; the figure over all of them means nothing.
    if "amounts" in experiment.options:
        metrics = {name: value for name, value in metrics.items() if not name.endswith("_rate")}
    return {
        "model": experiment.model, "options": experiment.options, "metrics": metrics, "digests": ran.record["digests"],
        "cpu s": round(ran.cpu, 2), "tables": {name: ran.table(name) for name in experiment.tables},
    }  # fmt: skip


def chosen(experiments: list[Experiment], only: str) -> Iterator[Experiment]:
    """Yield the experiments of the claims asked for."""
    wanted = set(only.split(",")) if only else {one.claim for one in experiments}
    unknown = wanted - {one.claim for one in experiments}
    if unknown:
        sys.exit(f"no claim is called {', '.join(sorted(unknown))}")
    yield from (one for one in experiments if one.claim in wanted)


def main() -> None:
    """Run what was asked for and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--authors", type=Path)
    parser.add_argument("--json", type=Path, default=Path(__file__).with_name("results.json"))
    args = parser.parse_args()
    if args.authors:
        authors_model(args.folder, args.authors)
    results = json.loads(args.json.read_text()) if args.json.exists() else {"experiments": {}}
    results["machine"] = {key: value for key, value in describe().items() if key != "load average"}
    for one in chosen(plan(authors=(args.folder / "nn-authors.onnx").exists()), args.only):
        model = args.folder / f"{one.model}.onnx"
        ran = campaign(model, args.folder / (one.data or f"{one.model}-right.npy"), one.options)
        results["experiments"][one.name] = kept(ran, one)
        results.setdefault("models", {})[one.model] = hashlib.sha256(model.read_bytes()).hexdigest()
        rate = results["experiments"][one.name]["metrics"].get("sdc_rate")
        print(f"{one.name}: {'' if rate is None else rate['value']} ({ran.cpu:.1f} s)", flush=True)
        temporary = args.json.with_suffix(".tmp")
        temporary.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        os.replace(temporary, args.json)


if __name__ == "__main__":
    main()
