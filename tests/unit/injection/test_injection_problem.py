"""What is near a name is told apart from all there is."""

from __future__ import annotations

import pytest

from casework.injection.problem import near_and_all


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("Conf", ["Conv", "Flatten", "Gemm", "Relu"], "Near it: Conv; all: Conv, Flatten, Gemm, Relu."),
        ("zzz", ["Conv", "Gemm"], "All: Conv, Gemm."),
        ("zzz", [f"t{n:02}" for n in range(13)], f"All: {', '.join(f't{n:02}' for n in range(12))}, ..."),
    ],
)
def test_hint_names_the_nearest_and_all(name: str, known: list[str], said: str) -> None:
    assert near_and_all(name, known) == said
