"""Where measures act: tensors behind activation operators, layers, and the stored tensors of layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casework.injection.hardening.surgery import Surgery
from casework.injection.network.patterns import fits
from casework.injection.problem import InjectionProblem, near_and_all

ACTIVATIONS: Final = frozenset(
    {
        "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Sigmoid", "HardSigmoid", "Tanh", "Softplus",
        "Softsign", "HardSwish", "Swish", "Gelu", "Mish", "Clip",
    }
)  # fmt: skip
"""Operators behind which Ranger restricts ranges (Chen, Li, Pattabiraman: A Low-cost Fault Corrector for Deep Neural Networks
through Range Restriction, DSN 2021)."""

QUANTISED: Final = frozenset({"QLinearConv", "QLinearMatMul", "QLinearAdd", "QGemm"})
"""Operators of quantised arithmetic: their output is the activation; saturation stands for Relu."""

LINEAR: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})

WEIGHTS_AT: Final = {
    **dict.fromkeys(
        ("Conv", "ConvTranspose", "Gemm", "MatMul", "ConvInteger", "MatMulInteger", "GRU", "LSTM", "RNN"), 1
    ),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "QGemm"), 3),
}
"""Position of the weights among a layer's inputs."""

POOLS: Final = frozenset({"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"})
SUMS: Final = frozenset({"Add", "Sum", "BatchNormalization"})


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor that a measure acts on.

    Attributes:
        tensor: Its name; in a quantise-dequantise graph the integer tensor between the two.
        node: Node that computes what is restricted, by its name, or its output where it has none.
        operator: Type of that node.
    """

    tensor: str
    node: str
    operator: str


def node_name(node: Any) -> str:
    """Return the name by which people know a node: its own, or its first output's."""
    return str(node.name or node.output[0])


def places(surgery: Surgery, wanted: Sequence[str], *, every: bool) -> tuple[Place, ...]:
    """Return the tensors behind activation operators in graph order.

    Args:
        surgery: The model.
        wanted: Names or patterns of nodes or tensors; all operators of the kinds are taken if empty.
        every: Also behind convolutions, matrix products, pools and sums.

    Raises:
        InjectionProblem: A name fits nothing.
    """
    kinds = ACTIVATIONS | QUANTISED | (LINEAR | POOLS | SUMS if every else frozenset())
    if wanted:
        nodes = chosen(surgery, [n for n in surgery.parents if n.op_type != "Constant"], wanted)
    else:
        nodes = [n for n in surgery.parents if n.op_type in kinds or _activates(surgery, n)]
    found: dict[str, Place] = {}
    for node in (n for n in nodes if n.output[0]):
        tensor = _stored_form(surgery, node.output[0])
        found.setdefault(tensor, Place(tensor, node_name(node), node.op_type))
    return tuple(found.values())


def _activates(surgery: Surgery, node: Any) -> bool:
    """Return True for a layer of a quantise-dequantise graph whose Relu the quantiser took away: saturation stands for it."""
    return (
        node.op_type in LINEAR
        and _stored_form(surgery, node.output[0]) != node.output[0]
        and not any(reader.op_type in ACTIVATIONS for reader in _after_pair(surgery, node.output[0]))
    )


def _after_pair(surgery: Surgery, tensor: str) -> list[Any]:
    """Return what reads a tensor behind its quantise-dequantise pair."""
    pair = [n for q in surgery.readers(tensor) for n in surgery.readers(q.output[0]) if n.op_type == "DequantizeLinear"]
    return [reader for n in pair for reader in surgery.readers(n.output[0])]


def _stored_form(surgery: Surgery, tensor: str) -> str:
    """Return the integer tensor where a tensor is only there to be quantised.

    It is what lies in memory, and the runtime computes in integers only where dequantise, operator and quantise stay together.
    """
    readers = surgery.readers(tensor)
    if len(readers) == 1 and readers[0].op_type == "QuantizeLinear" and tensor not in surgery.outputs:
        return str(readers[0].output[0])
    return tensor


def layers(surgery: Surgery, wanted: Sequence[str]) -> tuple[Any, ...]:
    """Return the layers with stored weights of these names: of a node, its output, or its weight.

    Raises:
        InjectionProblem: A name fits no layer.
    """
    return tuple(chosen(surgery, weighted(surgery), wanted))


def weighted(surgery: Surgery) -> list[Any]:
    """Return the nodes with stored weights, in graph order."""
    return [
        n
        for n in surgery.parents
        if n.op_type in WEIGHTS_AT and stored_source(surgery, n.input[WEIGHTS_AT[n.op_type]]) is not None
    ]


def stored_source(surgery: Surgery, tensor: str) -> str | None:
    """Return the stored tensor that a tensor is, or is dequantised from; None where it is computed."""
    if surgery.stored(tensor) is not None:
        return tensor
    node = surgery.produced().get(tensor)
    if node is not None and node.op_type == "DequantizeLinear" and surgery.stored(node.input[0]) is not None:
        return str(node.input[0])
    return None


def chosen(surgery: Surgery, nodes: Iterable[Any], wanted: Sequence[str]) -> list[Any]:
    """Return the nodes that names or patterns fit: of the node, of an output, of what it reads that is stored."""
    known = [(n, _known_by(surgery, n)) for n in nodes]
    found: dict[int, Any] = {}
    for pattern in wanted:
        there = [n for n, names in known if any(fits(name, pattern) for name in names)]
        if not there:
            everything = sorted({name for _n, names in known for name in names})
            raise no_such(surgery.name, "node or tensor that this measure can act on", pattern, everything)
        found |= {id(n): n for n in there}
    return [n for n, _names in known if id(n) in found]


def _known_by(surgery: Surgery, node: Any) -> set[str]:
    names = {node.name, *node.output}
    for tensor in node.input[1:]:
        source = stored_source(surgery, tensor) if tensor else None
        names |= {tensor, source} if source else set()
    return names - {""}


def no_such(model: str, what: str, name: str, known: Sequence[str]) -> InjectionProblem:
    """Return the problem of a name that is not there, with the nearest ones and all there are."""
    return InjectionProblem(
        f"{model} has no {what} called {name}", near_and_all(name, known) if known else "Leave the measure out."
    )
