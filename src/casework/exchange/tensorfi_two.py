"""Configurations of TensorFI 2: how many values of one layer, or of each, are hit, and by what.

Sources: conf/README.md and src/tensorfi2.py of https://github.com/DependableSystemsLab/TensorFI2 (MIT), described in "Fault Injection
for TensorFlow Applications", IEEE TDSC 2023.
"""

from __future__ import annotations

from typing import Final

from casework.exchange.tensorfi_settings import DIFFERENT, IDLE, Option, Plan, Remark, Settings

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
_LAST_STATE: Final = Remark(
    DIFFERENT,
    "with `multiple` TensorFI 2 never hits the last state, for its loop ends before it; here it is hit",
    "Name `tensors` to leave it out.",
)
_RETURNS: Final = Remark(
    DIFFERENT,
    "with `multiple` TensorFI 2 returns after the first layer that it hits; here every output is hit, as its manual says",
    "Do not compare with figures made by that program.",
)
_COMPOUNDS: Final = Remark(
    DIFFERENT,
    "with zeros and `multiple` TensorFI 2 takes the number of values zeroed in one layer for the percentage of the next; here each has "
    "the percentage that the file says",
    "Do not compare with figures made by that program.",
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
    if mode == "multiple" and fault["fault"] == "zeros":
        said.remark("Type", None, _COMPOUNDS)
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
        said.remark("Mode", None, _LAST_STATE)
    # A state stays faulty while all inputs are predicted.
    return _mode("layer_states", "weights", multiple=multiple) | {"inputs_per_fault": "all"}


def _of_outputs(said: Settings, *, multiple: bool) -> dict[str, Option]:
    said.remark("Target", None, _OUTPUTS)
    said.remark("Target", None, _LAST_OUTPUT)
    if multiple:
        said.remark("Mode", None, _RETURNS)
    return _mode("layer_outputs", "activations", multiple=multiple)


def _mode(single: str, target: str, *, multiple: bool) -> dict[str, Option]:
    """Return the options of hitting one tensor a fault, or each tensor in every inference: then each is hit at the rate 1."""
    if multiple:
        return {"target": target, "mode": "error_rate", "rate": 1.0, "rate_of": "tensor"}
    return {"mode": single}
