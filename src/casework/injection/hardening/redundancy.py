"""Redundant computation: layers computed twice, and checksums of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.places import ACTIVATIONS, LINEAR, chosen, layers, node_name, stored_source, weighted
from casework.injection.hardening.surgery import Surgery
from casework.injection.hardening.work import Applied, Work
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

_FLOATS: Final = ("float32", "float64")


def duplicate(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Compute layers twice, the second time from a second copy of their weights, and raise an alarm where results differ.

    What it finds: any fault in the weights of either copy and any fault in either result, if it changes the result by more
    than the tolerance. Not found: faults in what both read.
    """
    nodes = _layers(work, targets, parameters["top"])
    for node in nodes:
        _twice(work, node, parameters["tolerance"])
    return Applied("duplicate", parameters, tuple(node_name(n) for n in nodes))


def _layers(work: Work, targets: tuple[str, ...], top: int) -> Sequence[Any]:
    surgery = work.surgery
    if targets:
        return layers(surgery, targets)
    if not top:
        raise InjectionProblem(
            "nothing is named that should be computed twice",
            "Name layers, duplicate:conv1, or give top=3 and a ranking.",
        )
    shares: dict[str, float] = {}
    by_name: dict[str, Any] = {}
    for node in weighted(surgery):
        known = {*node.output, *(s for t in node.input[1:] if t and (s := stored_source(surgery, t)))}
        share = sum(s for t, s in work.ranking if t in known)
        if share > 0:
            shares[node_name(node)], by_name[node_name(node)] = share, node
    if not shares:
        raise InjectionProblem(
            f"top={top} needs a ranking of the tensors of {surgery.name}, and none that fits was given",
            "Give --vulnerability RECORD.json, the record of a fault-injection campaign on this model.",
        )
    best = sorted(shares, key=lambda name: (-shares[name], name))[:top]
    return chosen(surgery, weighted(surgery), best)


def _twice(work: Work, node: Any, tolerance: float) -> None:
    surgery = work.surgery
    stem = f"{node_name(node)}.second"
    inputs = [_second(surgery, t, stem) or surgery.input_now(node, place) for place, t in enumerate(node.input)]
    result, second = node.output[0], surgery.copy(node, inputs, stem)
    activation = _activation(surgery, result)
    if activation is not None:  # compared behind it, the runtime can still compute layer and activation in one
        result = activation.output[0]
        second = surgery.copy(activation, [second, *activation.input[1:]], f"{stem}.activation")
    quantise = surgery.readers(result)
    if len(quantise) == 1 and quantise[0].op_type == "QuantizeLinear" and result not in surgery.outputs:
        # Compare what lies in memory, and leave together what the runtime computes in integers.
        result = quantise[0].output[0]
        second = surgery.copy(quantise[0], [second, *quantise[0].input[1:]], f"{stem}.quantised")
    seen = work.observe([result])[result]
    integer = seen.dtype not in (*_FLOATS, "float16")
    if not seen.by_input:
        raise InjectionProblem(
            f"{surgery.name}: the first axis of {result} is not the batch, so that no alarm can be told by input",
            f"Leave {node_name(node)} out.",
        )
    first = surgery.source(result)
    if integer:
        first, second = (_as_float(surgery, t) for t in (first, second))
    difference = surgery.add("Sub", [first, second], f"{stem}.difference", watch=True)
    total = surgery.reduce("ReduceL1", work.rows(difference, stem), f"{stem}.total")
    work.total_beyond("duplicate", total, "float32" if integer else seen.dtype, tolerance)


def _as_float(surgery: Surgery, tensor: str) -> str:
    from onnx import TensorProto

    return surgery.add("Cast", [tensor], f"{tensor}.number", watch=True, to=TensorProto.FLOAT)


def _second(surgery: Surgery, tensor: str, stem: str) -> str:
    """Return a second copy of what a layer reads that is stored, with what dequantises it; empty for what is computed."""
    value = surgery.stored(tensor) if tensor else None
    if value is not None:
        return surgery.store(f"{stem}.{tensor}", value)
    if not tensor or stored_source(surgery, tensor) is None:
        return ""
    node = surgery.produced()[tensor]
    return surgery.copy(node, [_second(surgery, t, stem) for t in node.input], f"{stem}.{tensor}")


def _activation(surgery: Surgery, tensor: str) -> Any:
    """Return the activation operator that alone reads a tensor, or None."""
    readers = surgery.readers(tensor)
    alone = len(readers) == 1 and tensor not in surgery.outputs
    return readers[0] if alone and readers[0].op_type in ACTIVATIONS and readers[0].input[0] == tensor else None


def checksum(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Compute the sum over the output channels of layers a second way, from summed weights, and raise an alarm where they differ.

    Algorithm-based fault tolerance (Huang, Abraham, IEEE Transactions on Computers 1984): one more output channel of work
    instead of a second layer. Sums are rounded, so the limit is the greatest difference on the fault-free data times `margin`,
    and faults below it are not found.
    """
    surgery = work.surgery
    wanted = layers(surgery, targets) if targets else tuple(weighted(surgery))
    kept, left_out = [], []
    for node in wanted:
        reason = _no_checksum(work, node)
        if reason:
            left_out.append(f"{node_name(node)} ({reason})")
        else:
            kept.append(node)
            _sum_twice(work, node, parameters["margin"])
    notes = (f"without a checksum: {', '.join(left_out)}",) if left_out else ()
    if not kept:
        raise InjectionProblem(
            f"{surgery.name} has no layer for a checksum; {'; '.join(notes)}", "Use duplicate instead."
        )
    return Applied("checksum", parameters, tuple(node_name(n) for n in kept), {}, notes)


def _no_checksum(work: Work, node: Any) -> str:
    surgery = work.surgery
    if node.op_type not in LINEAR or node.op_type == "ConvTranspose":
        return "a layer of that type has none here"
    weights = surgery.stored(node.input[1])
    if weights is None or weights.dtype.name not in _FLOATS:
        return "its weights are not stored as float32"
    if node.op_type == "MatMul" and weights.ndim != 2:
        return "its weights are no matrix"
    if node.op_type == "Conv" and _attribute(node, "group", 1) != 1:
        return "a grouped convolution"
    if len(node.input) > 2 and node.input[2] and surgery.stored(node.input[2]) is None:
        return "its bias is computed"
    return "" if work.observe([node.output[0]])[node.output[0]].by_input else "its first axis is not the batch"


def _attribute(node: Any, name: str, default: float) -> Any:
    from onnx import helper

    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def _sum_twice(work: Work, node: Any, margin: float) -> None:
    surgery = work.surgery
    stem = f"{node_name(node)}.checksum"
    weights = np.asarray(surgery.stored(node.input[1]))
    axis = 0 if node.op_type == "Conv" or _attribute(node, "transB", 0) else 1
    columns = weights.shape[axis]
    summed = weights.astype(np.float64).sum(axis=axis, keepdims=True).astype(weights.dtype)
    inputs = [surgery.input_now(node, 0), surgery.store(f"{stem}.weights", summed)]
    if len(node.input) > 2 and node.input[2]:
        bias = np.asarray(surgery.stored(node.input[2]), np.float64)
        total = np.broadcast_to(bias, (columns,) if bias.ndim < 2 else (len(bias), columns)).sum(axis=-1, keepdims=True)
        inputs.append(surgery.store(f"{stem}.bias", total.astype(weights.dtype)))
    expected = surgery.copy(node, inputs, stem)
    channels = 1 if node.op_type == "Conv" else -1
    got = surgery.reduce("ReduceSum", surgery.source(node.output[0]), f"{stem}.sum", axis=channels, keep=True)
    difference = surgery.add("Sub", [got, expected], f"{stem}.difference", watch=True)
    total_of = surgery.reduce("ReduceL1", work.rows(difference, stem), f"{stem}.total")
    limit = surgery.store(f"{stem}.limit", np.zeros((), weights.dtype))
    work.limits[limit] = (total_of, margin)
    work.alarm_beyond("checksum", total_of, limit, stem)
