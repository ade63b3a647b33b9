"""What a campaign leaves beside its record, where that is asked for: the fault list, and what became of each fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from casework.generators.fault_injection.design import Designed
from casework.generators.protocol import GeneratorProblem
from casework.injection.faults.formats import write


def held(folder: Path) -> list[str]:
    """Return the names of what an earlier campaign left in a folder, in order; nothing where there is no such folder."""
    return sorted(path.name for pattern in ("faults*.jsonl", "outcomes*.npy") for path in folder.glob(pattern))


def keep(folder: Path, designed: Designed) -> None:
    """Write `faults.jsonl` and `outcomes.npy` (of several amounts `faults-2.jsonl`, ...) into a folder.

    The outcomes are a structured array, one entry an injected prediction: fault int64 (its id), input int64, flags uint16.

    Raises:
        GeneratorProblem: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in designed.parts:
            tail = "" if len(designed.parts) == 1 else f"-{part.amount:g}"
            faults = part.trials.faults
            write(faults.take(np.argsort(faults.ids, kind="stable")), folder / f"faults{tail}.jsonl")
            rows = np.zeros(len(part.trials.flags), [("fault", "<i8"), ("input", "<i8"), ("flags", "<u2")])
            rows["fault"] = part.trials.faults.ids[part.trials.fault]
            rows["input"], rows["flags"] = part.trials.sample, part.trials.flags
            temporary = folder / f".outcomes{tail}.npy"
            np.save(temporary, rows)
            temporary.replace(folder / f"outcomes{tail}.npy")
    except OSError as error:
        raise GeneratorProblem(
            f"{folder} cannot be written: {error.strerror or error}", "Name a folder that can be written.", "error"
        ) from error
