# SPDX-License-Identifier: Apache-2.0
"""The detector: a small convolutional network that marks object centres (after CenterNet, arXiv:1904.07850).

Written with convolutions, ReLU, nearest-neighbour resizing, addition and a sigmoid only, so that it runs
on a plain integer accelerator. Batch normalisation exists in training and is folded before export.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

CLASS_COUNT: Final = 6


def _unit(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class SignDetector(nn.Module):
    """Image [N, 3, 128, 128] in 0..1 to heat [N, 6, 32, 32], size and offset [N, 2, 32, 32] in cells of 4 px."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_unit(3, 16, stride=2), _unit(16, 16))
        self.quarter = nn.Sequential(_unit(16, 24, stride=2), _unit(24, 24))
        self.eighth = nn.Sequential(_unit(24, 40, stride=2), _unit(40, 40))
        self.sixteenth = nn.Sequential(_unit(40, 56, stride=2), _unit(56, 56))
        self.lift_sixteenth = _unit(56, 40, kernel=1)
        self.merge_eighth = _unit(40, 40)
        self.lift_eighth = _unit(40, 32, kernel=1)
        self.lift_quarter = _unit(24, 32, kernel=1)
        self.merge_quarter = _unit(32, 32)
        self.heat_trunk = _unit(32, 32)
        self.heat_head = nn.Conv2d(32, CLASS_COUNT, 1)
        self.box_trunk = _unit(32, 24)
        self.size_head = nn.Conv2d(24, 2, 1)
        self.offset_head = nn.Conv2d(24, 2, 1)
        self.enlarge = nn.Upsample(scale_factor=2.0, mode="nearest")
        nn.init.constant_(self.heat_head.bias, -4.0)  # type: ignore[arg-type]  # prior of 2 %, as in RetinaNet

    def logits(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Heat before the sigmoid, size, offset."""
        quarter = self.quarter(self.stem(image))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        eighth = self.merge_eighth(eighth + self.enlarge(self.lift_sixteenth(sixteenth)))
        trunk = self.merge_quarter(self.lift_quarter(quarter) + self.enlarge(self.lift_eighth(eighth)))
        box = self.box_trunk(trunk)
        return self.heat_head(self.heat_trunk(trunk)), self.size_head(box), self.offset_head(box)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Heat (0..1), size and offset."""
        heat, size, offset = self.logits(image)
        return torch.sigmoid(heat), size, offset


def fold(model: SignDetector) -> SignDetector:
    """Fold every batch normalisation into the convolution before it (in place); the model must be in eval mode."""
    for module in model.modules():
        if isinstance(module, nn.Sequential) and len(module) == 3 and isinstance(module[1], nn.BatchNorm2d):
            convolution = module[0]
            if not isinstance(convolution, nn.Conv2d):
                raise TypeError("batch normalisation must follow a convolution")
            module[0] = nn.utils.fusion.fuse_conv_bn_eval(convolution, module[1])
            module[1] = nn.Identity()
    return model
