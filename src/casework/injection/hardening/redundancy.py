"""Redundant computation: layers computed twice, and checksums of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.bounds import outwards
from casework.injection.hardening.places import ACTIVATIONS, LINEAR, chosen, layers, node_name, stored_source, weighted
from casework.injection.hardening.surgery import Surgery
from casework.injection.hardening.work import Applied, Work, some
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

_FLOATS: Final = ("float32", "float64")
_FUSED: Final = ACTIVATIONS | {"QuantizeLinear", "DequantizeLinear"}


def duplicate(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Compute layers twice, the second time from a second copy of their weights, and raise an alarm where results differ.

    What it finds: any fault in the weights of either copy and any fault in either result, if it changes the result by more
    than the tolerance. Not found: faults in what both read. The tolerance is there because the runtime may lay out one copy of
    the weights differently from the other and then sums in another order.
    """
    kept, left_out = [], []
    nodes = _layers(work, targets, parameters["top"])
    work.observe([_result(work.surgery, n) for n in nodes if len(n.output) == 1])
    for node in nodes:
        reason = _twice(work, node, parameters["tolerance"])
        if reason:
            left_out.append(f"{node_name(node)} ({reason})")
        else:
            kept.append(node_name(node))
    notes = (f"not computed twice: {some(left_out)}",) if left_out else ()
    if not kept:
        raise InjectionProblem(f"{work.surgery.name}: {'; '.join(notes)}", "Name other layers.")
    return Applied("duplicate", parameters, tuple(kept), {}, notes)


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


def _twice(work: Work, node: Any, tolerance: float) -> str:
    """Compute a layer twice, or return why not."""
    surgery = work.surgery
    if len(node.output) > 1:
        return "a layer of several outputs"
    followers, result = _followers(surgery, node.output[0]), _result(surgery, node)
    seen = work.observe([result])[result]
    if not seen.by_input:
        return "its first axis is not the batch"
    stem = f"{node_name(node)}.second"
    inputs = [_second(surgery, t, stem) or _shared(surgery, node, place, stem) for place, t in enumerate(node.input)]
    second = surgery.copy(node, inputs, stem)
    for follower in followers:
        second = surgery.copy(follower, [second, *follower.input[1:]], f"{stem}.{follower.op_type}")
    integer = seen.dtype not in (*_FLOATS, "float16")
    first = surgery.source(result)
    if integer:
        first, second = (_as_float(surgery, t) for t in (first, second))
    difference = surgery.add("Sub", [first, second], f"{stem}.difference", watch=True)
    total = surgery.reduce("ReduceL1", work.rows(difference, stem), f"{stem}.total")
    limit = outwards(float(seen.sums.max()) * tolerance, +1)
    work.total_beyond("duplicate", total, "float32" if integer else seen.dtype, limit)
    return ""


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


def _shared(surgery: Surgery, node: Any, place: int, stem: str) -> str:
    """Return what both layers read: the same tensor; where it is dequantised, dequantised for each."""
    tensor = surgery.input_now(node, place)
    made_by = surgery.produced().get(tensor)
    if made_by is None or made_by.op_type != "DequantizeLinear":
        return tensor
    return surgery.copy(made_by, [surgery.input_now(made_by, i) for i in range(len(made_by.input))], f"{stem}.{tensor}")


def _followers(surgery: Surgery, tensor: str) -> list[Any]:
    """Return the activation, quantise and dequantise operators that follow a layer one by one, up to the last of the first two.

    Results are compared behind them, so that the runtime still fuses these with the layer; a difference that they swallow is one
    that no other layer sees.
    """
    found: list[Any] = []
    while tensor not in surgery.outputs:
        readers = surgery.readers(tensor)
        if len(readers) != 1 or readers[0].op_type not in _FUSED or readers[0].input[0] != tensor:
            break
        found.append(readers[0])
        tensor = readers[0].output[0]
    while found and found[-1].op_type == "DequantizeLinear":
        found.pop()
    return found


def _result(surgery: Surgery, node: Any) -> str:
    """Return the tensor in which the two computations of a layer are compared."""
    followers = _followers(surgery, node.output[0])
    return str(followers[-1].output[0] if followers else node.output[0])


def checksum(work: Work, targets: tuple[str, ...], parameters: dict[str, Any]) -> Applied:
    """Compute the sum over the output channels of layers a second way, from summed weights, and raise an alarm where they differ.

    Algorithm-based fault tolerance (Huang, Abraham, IEEE Transactions on Computers 1984): one more output channel of work
    instead of a second layer. Sums are rounded, so the limit is the greatest difference on the fault-free data times `margin`,
    and faults below it are not found.
    """
    surgery = work.surgery
    wanted = layers(surgery, targets) if targets else tuple(weighted(surgery))
    kept, left_out = [], []
    work.observe([n.output[0] for n in wanted if n.output[0]])
    for node in wanted:
        reason = _no_checksum(work, node)
        if reason:
            left_out.append(f"{node_name(node)} ({reason})")
        else:
            kept.append(node)
            _sum_twice(work, node, parameters["margin"])
    notes = (f"without a checksum: {some(left_out)}",) if left_out else ()
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
