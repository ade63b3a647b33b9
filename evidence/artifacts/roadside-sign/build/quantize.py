# SPDX-License-Identifier: Apache-2.0
"""Quantize the float detector to int8 (QDQ, static) with the calibration split.

Four variants are made: activation ranges by minimum and maximum or by percentile, weights scaled per
tensor or per channel. The variant with the highest mAP50-95 on the internal test split is kept; the
verification split is not looked at. Tensor names stay those of the float model, so that the two can be
compared layer by layer.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from dataset import load_split
from evaluate import MODELS, coco_map, detect, match, preprocess
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

METHODS: Final = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}
_PERCENTILE: Final = 99.995


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Feeds the calibration images one by one."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._feeds = ({"image": preprocess(image[None])} for image in images)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next feed, or None at the end."""
        return next(self._feeds, None)


def quantize(source: Path, target: Path, images: NDArray[np.uint8], method: str, per_channel: bool) -> None:
    """Write one int8 variant of ``source``."""
    extra: dict[str, Any] = {"QDQKeepRemovableActivations": True}
    if method == "percentile":
        extra["CalibPercentile"] = _PERCENTILE
    quantize_static(
        str(source),
        str(target),
        _Reader(images),
        quant_format=QuantFormat.QDQ,
        per_channel=per_channel,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=METHODS[method],
        extra_options=extra,
    )
    proto = onnx.load(str(target))
    del proto.metadata_props[:]
    del proto.graph.value_info[:]
    onnx.checker.check_model(proto, full_check=True)
    target.write_bytes(proto.SerializeToString(deterministic=True))


def main() -> None:
    """Make the variants, print how they do on the internal test split, keep the best."""
    source, kept = MODELS / "sign-detector-fp32.onnx", MODELS / "sign-detector-int8.onnx"
    calibration, _ = load_split("development", "calibration")
    images, items = load_split("development", "internal_test")
    scores: dict[Path, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for method, per_channel in itertools.product(METHODS, (False, True)):
            target = Path(folder) / f"{method}-{'channel' if per_channel else 'tensor'}.onnx"
            quantize(source, target, calibration, method, per_channel)
            found = detect(target, images)
            map50, scores[target] = coco_map(found, items)
            hits = [hit for one, item in zip(found, items, strict=True) for hit in match(one, item).hits]
            recall = sum(hits) / len(hits)
            print(f"{target.stem:20s} mAP50-95 {scores[target]:.4f}  mAP50 {map50:.4f}  recall {recall:.4f}")
        best = max(scores, key=scores.__getitem__)
        temporary = kept.with_suffix(".tmp")
        temporary.write_bytes(best.read_bytes())
        os.replace(temporary, kept)
    print(f"kept {best.stem}")


if __name__ == "__main__":
    main()
