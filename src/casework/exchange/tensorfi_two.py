"""Configurations of TensorFI 2: how many values of one layer, or of each, are hit, and by what.

Sources: conf/README.md and src/tensorfi2.py of https://github.com/DependableSystemsLab/TensorFI2 (MIT), described in "Fault Injection
for TensorFlow Applications", IEEE TDSC 2023.
"""

from __future__ import annotations

from typing import Final

from casework.exchange.tensorfi_settings import DIFFERENT, IDLE, LOST, Option, Plan, Remark, Settings

FIELDS: Final = ("Target", "Mode", "Type", "Amount", "Bit")
TARGETS: Final = ("layer_states", "layer_outputs")
_MOST: Final = 2**31

_MISSPELT: Final = Remark(
    DIFFERENT,
    "`layer_state` is taken for layer_states: the manual writes it so once, and the program does not know it",
    "Write layer_states.",
)
_NAN: Final = Remark(
    DIFFERENT,
    "a prediction with NaN counts as due; TensorFlow's argmax makes it class 0, and TensorFI 2 counts it so",
    "Add due_rate to sdc_rate to compare with its figures.",
)
_ROUNDING: Final = Remark(
    DIFFERENT,
    "with zeros the amount is a percentage; TensorFI 2 rounds the number of values down, here it is the nearest, and at least one",
    "Nothing to do.",
)
_STATES: Final = Remark(
    DIFFERENT,
    "a layer state is a weight or bias tensor of the folded ONNX graph, each as likely; batch normalisation, whose states TensorFI 2 "
    "hits too, is folded into the convolution before it",
    "Nothing to do: the table of rates by tensor says what was hit.",
)
_TOO_SMALL: Final = Remark(
    DIFFERENT,
    "where TensorFI 2 draws a tensor of fewer values than the amount it stops with an error; here such tensors are left out",
    "Nothing to do.",
)
_OUTPUTS: Final = Remark(
    DIFFERENT,
    "a layer output is the output of an ONNX operator: a Keras layer with an activation becomes two, and a layer that does nothing in "
    "inference, such as dropout, none",
    "Name `operators` or `tensors` to hit the same places.",
)
_LAST_OUTPUT: Final = Remark(
    DIFFERENT,
    "TensorFI 2 never hits the output of the last layer; here the model's outputs are among the activations",
    "Name `tensors` to leave them out.",
)
_ONE_STATE: Final = Remark(
    LOST,
    "`multiple` is not carried over: each fault here hits one tensor, and not every tensor at once (TensorFI 2 leaves out the last)",
    "Give the faults of all tensors as groups of a fault list, by option fault_list.",
)
_ONE_OUTPUT: Final = Remark(
    LOST,
    "`multiple` is not carried over: each fault here hits one output; TensorFI 2, too, returns after the first layer that it hits",
    "Give the faults of all outputs as groups of a fault list, by option fault_list.",
)


def plans(said: Settings) -> list[Plan]:
    """Return the campaign of a configuration; findings are added to it.

    Raises:
        Untranslatable: TensorFI 2 itself would refuse it, or it hits nothing.
    """
    said.ignore_unknown(FIELDS)
    target = _target(said)
    mode = said.choice("Mode", ("single", "multiple"))
    fault = _fault(said)
    said.remark("Target", None, _NAN)
    options = {"layer_states": _of_states, "layer_outputs": _of_outputs}[target](said, multiple=mode == "multiple")
    return [Plan(options | fault)]


def _target(said: Settings) -> str:
    if said.values.get("Target") == "layer_state":
        said.remark("Target", None, _MISSPELT)
        return "layer_states"
    return said.choice("Target", TARGETS)


def _fault(said: Settings) -> dict[str, Option]:
    kind = said.choice("Type", ("zeros", "random", "bitflips"))
    if kind != "bitflips" and "Bit" in said.values:
        said.tell(IDLE, ("Bit",), f"with `Type: {kind}` TensorFI 2 does not read `Bit`", "Drop it, or leave it.")
    if kind == "zeros":
        percent = said.whole("Amount", 1, 100)
        said.remark("Amount", None, _ROUNDING)
        return {"fault": "zeros", "percent": float(percent)}
    amount: Option = said.whole("Amount", 1, _MOST)
    if kind == "random":
        return {"fault": "random", "low": 0.0, "high": 1.0, "amount": amount}
    made: dict[str, Option] = {"fault": "bitflip", "amount": amount}
    if said.values.get("Bit") != "N":
        made["bits"] = str(said.whole("Bit", 0, 31))
    return made


def _of_states(said: Settings, *, multiple: bool) -> dict[str, Option]:
    said.remark("Target", None, _STATES)
    said.remark("Amount", None, _TOO_SMALL)
    if multiple:
        said.remark("Mode", None, _ONE_STATE)
    # A state stays faulty while all inputs are predicted.
    return {"mode": "layer_states", "inputs_per_fault": "all"}


def _of_outputs(said: Settings, *, multiple: bool) -> dict[str, Option]:
    said.remark("Target", None, _OUTPUTS)
    said.remark("Target", None, _LAST_OUTPUT)
    if multiple:
        said.remark("Mode", None, _ONE_OUTPUT)
    return {"mode": "layer_outputs"}
