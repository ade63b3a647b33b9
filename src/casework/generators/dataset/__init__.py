"""`dataset`: integrity, labels, duplicates, leakage and coverage of a dataset."""

from __future__ import annotations

from typing import Any, Final

from casework.generators.dataset.coverage import odd_coverage
from casework.generators.dataset.inspection import Entry, Inspection, entries_of, inspect_files
from casework.generators.dataset.labels import check_labels
from casework.generators.dataset.twins import find_twins
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, Progress, Request, silent
from casework.generators.record import Finds, census, run_body, table
from casework.model.result import ResultRecord, SelfCheck

OPTIONS: Final = (
    OptionSpec(
        "radius",
        "int",
        4,
        "Greatest Hamming distance of two 64-bit perceptual hashes that count as near twins.",
        low=0,
        high=32,
    ),
    OptionSpec("t", "int", 2, "Dimensions taken together in the coverage of the ODD.", low=1, high=6),
    OptionSpec(
        "min_support", "int", 1, "Fewest items of a combination that count as support, in the table of gaps.", low=1
    ),
    OptionSpec("box_tolerance", "float", 0.0, "Pixels by which a box may leave its image.", low=0),
    OptionSpec("background", "bool", default=True, meaning="Whether an item of a detection task may hold no object."),
    OptionSpec("rows", "int", 50, "Rows a table.", low=0, high=10_000),
)

PHASH_TOLERANCE: Final = 2
"""Bits by which a stored perceptual hash may differ: JPEG decoders may round a pixel differently."""


class DatasetQuality:
    """The generator `dataset`."""

    name = "dataset"
    options: tuple[OptionSpec, ...] = OPTIONS

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Examine the data of the request."""
        return run_body(self.name, OPTIONS, _body, request, progress)


def _body(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
    if request.data is None:
        raise GeneratorProblem("dataset needs data", "Name it: casework try dataset PATH.")
    listing = entries_of(request.data)
    finds.digests["data"], finds.files["data"] = listing.digest, request.data.name
    finds.limitations += listing.limitations
    split = request.data.split
    if split is not None and split not in listing.splits:
        raise GeneratorProblem(
            f"{request.data.name} has no split {split!r}", f"Use one of: {', '.join(listing.splits)}."
        )
    subject = [e for e in listing.entries if split is None or e.split == split]
    if not subject:
        raise GeneratorProblem(f"{request.data.name} holds no item to examine", "Give data with at least one item.")
    inspection = inspect_files(listing, subject, request.workers, progress)
    _integrity(inspection, subject, listing.pinned, options, finds)
    check_labels(listing, subject, options, finds)
    others = _others(listing.entries, subject, request, inspection, finds)
    find_twins(subject, others, inspection, options, finds)
    if request.odd is not None:
        odd_coverage(request.odd, subject, options, finds)
    else:
        finds.limitations.append("No operational design domain was given: its coverage is not examined.")


def _others(
    entries: tuple[Entry, ...], subject: list[Entry], request: Request, inspection: Inspection, finds: Finds
) -> list[Entry]:
    """Return the entries against which leakage is sought: the other splits, and the other dataset."""
    chosen = {id(e) for e in subject}
    others = [e for e in entries if id(e) not in chosen]
    if request.reference_data is not None:
        reference = entries_of(request.reference_data)
        finds.digests["reference_data"], finds.files["reference_data"] = reference.digest, request.reference_data.name
        wanted = request.reference_data.split
        others += [e for e in reference.entries if wanted is None or e.split == wanted]
        if reference.digest == finds.digests["data"]:
            finds.limitations.append("The dataset was compared with itself: every item leaks.")
    if any(e.phash is None for e in others):
        finds.limitations.append(
            "Some items of other splits or datasets have no perceptual hash: near twins of these are not seen."
        )
    return others


def _integrity(
    inspection: Inspection, subject: list[Entry], pinned: bool, options: dict[str, Any], finds: Finds
) -> None:
    """Fill in what the files themselves say."""
    examined = len(inspection.states)
    skipped = sorted({e.split for e in subject if not e.stored})
    if skipped:
        finds.limitations.append(
            f"Files of {', '.join(skipped)} are not stored: {len(subject) - examined} items are examined through the "
            "manifest only."
        )
    bad = [(e, s) for e, s in inspection.states if s.fault]
    altered = [(e, s) for e, s in inspection.states if s.altered]
    finds.metrics.append(census("items", len(subject), n=len(subject)))
    finds.metrics.append(census("unreadable_files", len(bad), n=examined, k=len(bad)))
    if pinned:
        finds.metrics.append(census("digest_mismatches", len(altered), n=examined, k=len(altered)))
    rows = [(e.file, s.fault or "bytes are not the manifest's") for e, s in inspection.states if s.fault or s.altered]
    finds.tables.append(table("faulty files", ("file", "fault"), rows[: options["rows"]]))
    _check_hashes(inspection, finds)


def _check_hashes(inspection: Inspection, finds: Finds) -> None:
    """Compare the manifest's perceptual hashes with those of the stored files."""
    distances = [
        (e.phash ^ s.phash).bit_count()
        for e, s in inspection.states
        if e.phash is not None and s.phash is not None and not s.altered
    ]
    if not distances:
        return
    far = sum(d > PHASH_TOLERANCE for d in distances)
    finds.self_checks.append(
        SelfCheck(
            name="perceptual-hashes-agree",
            outcome="failed" if far else "passed",
            detail=f"{len(distances) - far} of {len(distances)} files hash as pinned, within {PHASH_TOLERANCE} bits",
        )
    )


GENERATOR: Final = DatasetQuality()
