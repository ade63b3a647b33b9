"""Walking all that an ONNX file holds: graphs within graphs, functions, and every tensor, wherever it hides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

DEPTH_LIMIT: Final = 32
"""Deepest nesting of subgraphs."""


class ModelProblem(Exception):  # noqa: N818 - it is a state of the user's file, not an error of ours
    """A model file that cannot be used: the fact, the act that mends it, and the code of an attack where it looks like one."""

    def __init__(self, message: str, fix: str, code: str = "") -> None:
        super().__init__(message)
        self.message = f"{code}: {message}" if code else message
        self.fix = fix
        self.code = code


def holders(proto: Any) -> Iterator[Any]:
    """Yield the main graph, all subgraphs, all functions and the training graphs."""
    training = [g for info in proto.training_info for g in (info.initialization, info.algorithm)]
    pending: list[tuple[Any, int]] = [(g, 0) for g in (proto.graph, *training, *proto.functions)]
    while pending:
        graph, depth = pending.pop()
        if depth > DEPTH_LIMIT:
            raise ModelProblem(f"subgraphs nest deeper than {DEPTH_LIMIT}", "Export the model without such nesting.")
        yield graph
        for attribute in attributes(graph):
            inner = [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]
            pending.extend((g, depth + 1) for g in inner)


def attributes(graph: Any) -> Iterator[Any]:
    """Yield the attributes of the nodes of a graph or function, and the default attributes of a function."""
    for node in graph.node:
        yield from node.attribute
    if hasattr(graph, "attribute_proto"):
        yield from graph.attribute_proto


def tensors_of(proto: Any) -> Iterator[Any]:
    """Yield every tensor: initialisers, dense and sparse, and those in attributes."""
    for graph in holders(proto):
        if hasattr(graph, "initializer"):
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
        for attribute in attributes(graph):
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
            for sparse in (
                *attribute.sparse_tensors,
                *([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []),
            ):
                yield from (sparse.values, sparse.indices)
