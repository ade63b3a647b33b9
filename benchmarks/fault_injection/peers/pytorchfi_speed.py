"""How fast PyTorchFI 0.6.0 injects: one random neuron in a random layer for each prediction, through its own error models.

What it does, read in its source and tried here: every declaration copies the whole model and hooks each layer; the declared fault works
in one forward pass only (the layer counter of the value models is never reset, a second pass raises IndexError), so a fault costs a
copy. `random_neuron_inj` sets a value in -1..1; its "single bit flip" (convolutions only) works on an 8-bit fixed-point image of the
value, not on the bits of the float, and needs ranges of each layer.

    python pytorchfi_speed.py [--models mlp,lenet] [--seconds 5]      in an environment with torch and pytorchfi
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable

import torch
from pytorchfi import core, neuron_error_models, weight_error_models
from timing import BATCHES, Row, milliseconds, write
from torch import nn
from torch_nets import images, net

LAYERS = [nn.Conv2d, nn.Linear]


def second_pass(name: str) -> str:
    """Run a declared fault twice and return what came of the second pass."""
    made, shape = net(name)
    injector = core.fault_injection(made, 1, input_shape=list(shape), layer_types=LAYERS)
    faulty = neuron_error_models.random_neuron_inj(injector)
    faulty(images(shape, 1))
    try:
        faulty(images(shape, 1))
    except IndexError as error:
        return f"IndexError: {error}"
    return "works"


def measure(name: str, batch: int, seconds: float) -> list[Row]:
    """Measure one model at one batch size: clean, value, 8-bit flip, weight."""
    made, shape = net(name)
    data = images(shape, batch)

    def row(fault: str, call: Callable[[], object], predictions: int) -> Row:
        ms, count = milliseconds(call, predictions, seconds)
        return {
            "tool": "PyTorchFI 0.6.0",
            "model": name,
            "batch": batch,
            "fault": fault,
            "ms": ms,
            "predictions": count,
        }

    rows = [{**row("none", lambda: made(data), batch), "tool": "torch"}]
    injector = core.fault_injection(made, batch, input_shape=list(shape), layer_types=LAYERS)
    declare = neuron_error_models.random_neuron_inj if batch == 1 else neuron_error_models.random_neuron_inj_batched
    rows.append(row("activation: random value", lambda: declare(injector)(data), batch))
    if batch == 1:
        rows.append(row("weight: random value", lambda: weight_error_models.random_weight_inj(injector)(data), 1))
    if any(isinstance(module, nn.Conv2d) for module in made.modules()):
        flips = neuron_error_models.single_bit_flip_func(made, batch, input_shape=list(shape), layer_types=[nn.Conv2d])
        ranges = [10.0] * flips.get_total_layers()
        one = neuron_error_models.random_neuron_single_bit_inj
        many = neuron_error_models.random_neuron_single_bit_inj_batched
        flip = one if batch == 1 else many
        rows.append(
            row("activation: flip in an 8-bit image, convolutions only", lambda: flip(flips, ranges)(data), batch)
        )
    return rows


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", default=",".join(BATCHES))
    parser.add_argument("--seconds", type=float, default=5.0)
    args = parser.parse_args()
    random.seed(1)
    torch.manual_seed(1)
    rows: list[Row] = []
    with torch.no_grad():
        for name in args.models.split(","):
            for batch in BATCHES[name]:
                rows += measure(name, batch, args.seconds)
        rows.append(
            {"tool": "PyTorchFI 0.6.0", "model": "lenet", "second pass of a declared fault": second_pass("lenet")}
        )
    write(rows)


if __name__ == "__main__":
    main()
