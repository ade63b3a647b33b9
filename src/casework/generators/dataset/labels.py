"""Sanity of labels: boxes with an extent and inside their image, known classes, no unlabelled item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from casework.artifact.manifest import LabelledObject
from casework.generators.dataset.inspection import Entry, Listing
from casework.generators.record import Finds, census, table


def check_labels(listing: Listing, subject: Sequence[Entry], options: dict[str, Any], finds: Finds) -> None:
    """Fill in bad_labels, unlabelled_items, min_class_objects and the table of classes."""
    faults: list[tuple[str, str]] = []
    counts: Counter[str] = Counter()
    unlabelled: list[str] = []
    known = set(listing.classes)
    for entry in subject:
        labels = (
            [o.label for o in entry.objects]
            if listing.task == "detection"
            else [entry.label]
            if entry.label is not None
            else []
        )
        if not labels and not (listing.task == "detection" and options["background"]):
            unlabelled.append(entry.file)
        counts.update(labels)
        faults += [(entry.file, f"class {name!r} is not known") for name in labels if name not in known]
        faults += [
            (entry.file, text) for o in entry.objects if (text := _box_fault(o, entry, options["box_tolerance"]))
        ]
    total = sum(counts.values())
    finds.metrics.append(census("bad_labels", len(faults), n=total))
    finds.metrics.append(census("unlabelled_items", len(unlabelled), n=len(subject), k=len(unlabelled)))
    finds.metrics.append(census("min_class_objects", min((counts[c] for c in listing.classes), default=0), n=total))
    finds.metrics += [census("min_class_objects", counts[c], n=total, where=f"class={c}") for c in listing.classes]
    classes = [(c, counts[c]) for c in listing.classes]
    background = sum(not e.objects for e in subject) if listing.task == "detection" else 0
    finds.tables.append(table("classes", ("class", "objects"), [*classes, ("(items without an object)", background)]))
    rows = [*faults, *((f, "has no label") for f in unlabelled)]
    finds.tables.append(table("label faults", ("file", "fault"), rows[: options["rows"]]))


def _box_fault(thing: LabelledObject, entry: Entry, tolerance: float) -> str:
    x0, y0, x1, y1 = thing.box
    shown = " ".join(f"{v:g}" for v in thing.box)
    if x1 <= x0 or y1 <= y0:
        return f"box {shown} of {thing.label} has no extent"
    beyond = (entry.width and x1 > entry.width + tolerance) or (entry.height and y1 > entry.height + tolerance)
    if x0 < -tolerance or y0 < -tolerance or beyond:
        return f"box {shown} of {thing.label} leaves the image"
    return ""
