"""The benchmark's nets in torch, for the injectors that work there. Speed only: the weights are the seeded initial ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models

MAKERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (models.mlp, (784,)),
    "lenet": (models.lenet, (1, 32, 32)),
    **models.UNTRAINED,
}


def net(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    """Return the net in evaluation mode, and the shape of one input. One thread, from here on."""
    torch.set_num_threads(1)
    torch.manual_seed(models.SEED)
    make, shape = MAKERS[name]
    return make().eval(), shape


def images(shape: tuple[int, ...], batch: int) -> torch.Tensor:
    """Return a seeded batch."""
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(models.SEED))
