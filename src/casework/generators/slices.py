"""Slices: which images and objects a figure speaks of.

`all` is what lies inside the operational design domain: images that no exclusion matches. `any` is every image.
`dimension=value` pairs and `class=name`, joined by commas, narrow `all`; only where the pairs themselves name an
excluded condition is the slice taken from every image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem
from casework.generators.samples import Sample
from casework.model.hazard import Odd

Array = NDArray[Any]

SLICE_OPTION: Final = OptionSpec(
    "slices", "texts", None,
    "Slices to report: `all`, `any`, `dimension=value`, `class=name`, pairs joined by commas; "
    "inferred: `all`, every value of every dimension of the ODD, every class.",
)  # fmt: skip

_LEVELS_SHOWN: Final = 32
"""A dimension with more values than this (a continuous measure) makes no slices of its own without an ODD."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: its text, the conditions, and the class, if it names one."""

    text: str
    conditions: tuple[tuple[str, str], ...]
    label: str | None


def parse_slice(text: str, classes: Sequence[str]) -> Slice:
    """Parse a slice's text.

    Raises:
        GeneratorProblem: It is no slice, or names a class that the model does not know.
    """
    if text in ("all", "any"):
        return Slice(text, (), None)
    conditions: list[tuple[str, str]] = []
    label: str | None = None
    for pair in text.split(","):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not key or not value:
            raise GeneratorProblem(
                f"{text!r} is no slice", "Write all, any, or dimension=value pairs joined by commas."
            )
        if key == "class":
            label = value
        else:
            conditions.append((key, value))
    if label is not None and label not in classes:
        raise GeneratorProblem(f"slice {text!r} names a class that is not known", f"Use one of: {', '.join(classes)}.")
    return Slice(text, tuple(conditions), label)


def plan_slices(
    wanted: Sequence[str] | None, odd: Odd | None, samples: Sequence[Sample], classes: Sequence[str]
) -> tuple[Slice, ...]:
    """Return the slices to report: those wanted, or `all`, every value of every dimension and every class."""
    if wanted is not None:
        return tuple(parse_slice(t, classes) for t in dict.fromkeys(wanted))
    texts = ["all"]
    if odd is not None:
        texts += ["any"] if odd.exclusions else []
        texts += [f"{d.name}={v}" for d in odd.dimensions for v in d.values]
    else:
        levels: dict[str, set[str]] = {}
        for sample in samples:
            for conditions in (sample.odd, *(o.tags for o in sample.objects)):
                for key, value in conditions.items():
                    levels.setdefault(key, set()).add(value)
        texts += [f"{k}={v}" for k in sorted(levels) if len(levels[k]) <= _LEVELS_SHOWN for v in sorted(levels[k])]
    texts += [f"class={c}" for c in classes]
    return tuple(parse_slice(t, classes) for t in texts if _sound(t))


def _sound(text: str) -> bool:
    """Whether a value can be written in a slice: commas and equals signs inside it could not be told from ours."""
    return text in ("all", "any") or (text.count("=") == 1 and "," not in text)


def excluded(conditions: Mapping[str, str], odd: Odd | None) -> bool:
    """Return True where conditions lie outside the domain: some exclusion's pairs all hold."""
    return odd is not None and any(all(conditions.get(k) == v for k, v in e.when.items()) for e in odd.exclusions)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a slice selects.

    Attributes:
        images: int64: indices of the images that the slice's conditions hold for; None where the conditions are known
            of objects only, so that nothing can be said of detections that match no object.
        objects: bool [O]: objects in the slice, over all objects of all images in order.
    """

    images: Array | None
    objects: Array


class Selector:
    """Selects images and objects by slice.

    An object's own tags win over its image's conditions.
    """

    def __init__(self, samples: Sequence[Sample], odd: Odd | None) -> None:
        self._odd = odd
        self._images = [sample.odd for sample in samples]
        self._owner = np.array([i for i, s in enumerate(samples) for _ in s.objects], np.int64)
        self._objects = [s.odd | o.tags if o.tags else s.odd for s in samples for o in s.objects]
        self._labels = np.array([o.label for s in samples for o in s.objects], object)
        self._inside = np.array([not excluded(c, odd) for c in self._images], bool)
        self._objects_inside = np.array([not excluded(c, odd) for c in self._objects], bool)
        self._image_keys = {k for c in self._images for k in c}

    @property
    def owner(self) -> Array:
        """Image of each object, int64 [O]."""
        return self._owner

    def select(self, part: Slice) -> Selection:
        """Return what a slice selects."""
        named = dict(part.conditions)
        everything = part.text == "any" or (bool(named) and excluded(named, self._odd))
        base = np.ones(len(self._images), bool) if everything else self._inside
        objects = self._holds(self._objects, named)
        if not everything:
            objects &= self._objects_inside
        if part.label is not None:
            objects &= self._labels == part.label
        images = None
        if all(k in self._image_keys for k in named):
            images = np.flatnonzero(base & self._holds(self._images, named))
        return Selection(images, objects)

    @staticmethod
    def _holds(conditions: Sequence[Mapping[str, str]], named: Mapping[str, str]) -> Array:
        return np.array([all(c.get(k) == v for k, v in named.items()) for c in conditions], bool)
