"""How fast MRFI 2.1.0 injects: one random IEEE bit flip in the output of one layer, for each instance of a batch.

What it does, read in its source: hooks on every module, installed once; a selector draws one position for each instance
(`RandomPositionByNumber`, per_instance), `FloatRandomBitFlip` flips a random bit of the float. All faults of a batch are in the same
layer, drawn anew for each batch here; the whole model is run. Weight faults are one set for the whole batch and copy the tensor back.

    python mrfi_speed.py [--models mlp,lenet] [--seconds 5]      in an environment with torch and mrfi
"""

from __future__ import annotations

import argparse
import random

import mrfi
import torch
from mrfi import MRFI, EasyConfig
from timing import BATCHES, Row, milliseconds, write
from torch import nn
from torch_nets import images, net


def instrument(name: str, kind: str) -> tuple[MRFI, list[object], tuple[int, ...]]:
    """Return the model with one disabled injector on each convolution and linear layer, the switches, and the input's shape."""
    made, shape = net(name)
    selector = {"method": "RandomPositionByNumber", "n": 1}
    if kind == "activation_out":
        selector["per_instance"] = True
    fault = {
        "type": kind, "enabled": False, "selector": selector, "error_mode": {"method": "FloatRandomBitFlip"},
        "module_type": ["Conv2d", "Linear"],
    }  # fmt: skip
    layers = sum(isinstance(module, nn.Conv2d | nn.Linear) for module in made.modules())
    injected = MRFI(made, EasyConfig({"faultinject": [fault]}))
    names = [key for key, module in made.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    group = "activation_out.0" if kind == "activation_out" else "weights.0"
    switches = [injected.get_configs(group, module_fullname=[key])[0] for key in names]
    if len(switches) != layers:
        raise RuntimeError(f"{len(switches)} switches for {layers} layers")
    return injected, switches, shape


def measure(name: str, batch: int, seconds: float) -> list[Row]:
    """Measure one model at one batch size."""
    rows: list[Row] = []
    for kind in ("activation_out", "weight") if batch == 1 else ("activation_out",):
        injected, switches, shape = instrument(name, kind)
        data = images(shape, batch)

        def call(injected=injected, switches=switches, data=data):
            switch = random.choice(switches)
            switch.enabled = True
            injected(data)
            switch.enabled = False

        ms, count = milliseconds(call, batch, seconds)
        fault = "activation: bit flip" if kind == "activation_out" else "weight: bit flip"
        rows.append(
            {"tool": "MRFI 2.1.0", "model": name, "batch": batch, "fault": fault, "ms": ms, "predictions": count}
        )
    return rows


def moves() -> int:
    """Return how many of 20 batches an injected LeNet answers otherwise than the clean one: the hooks must be at work."""
    injected, switches, shape = instrument("lenet", "activation_out")
    data, moved = images(shape, 64), 0
    clean = injected(data)
    for _ in range(20):
        switches[0].enabled = True
        moved += not torch.equal(injected(data), clean)
    return moved


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", default=",".join(BATCHES))
    parser.add_argument("--seconds", type=float, default=5.0)
    args = parser.parse_args()
    random.seed(1)
    torch.manual_seed(1)
    rows: list[Row] = []
    for name in args.models.split(","):
        for batch in BATCHES[name]:
            rows += measure(name, batch, args.seconds)
    rows.append(
        {"tool": "MRFI 2.1.0", "model": "lenet", "package": mrfi.__version__, "batches of 20 that moved": moves()}
    )
    write(rows)


if __name__ == "__main__":
    main()
