"""Campaigns as whole commands, with what their records say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """A command that ran: processor and wall seconds of the whole of it, all processes, and its record."""

    cpu: float
    wall: float
    mib: int
    record: dict[str, Any]

    def metric(self, name: str) -> dict[str, Any]:
        """Return a metric of the record over all predictions, all of its fields."""
        found = (one for one in self.record["metrics"] if one["name"] == name and one["slice"] == "all")
        return next(found, {"value": None})

    def value(self, name: str) -> Any:
        """Return the value of a metric; None where the record has it not."""
        return self.metric(name)["value"]

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table, each by column."""
        for one in self.record["tables"]:
            if one["name"] == name:
                return [dict(zip(one["columns"], row, strict=True)) for row in one["rows"]]
        return []


def campaign(model: Path, data: Path, options: dict[str, Any], *, seed: int = 1, workers: int = 1) -> Ran:
    """Run `casework try fault-injection` with a cache of its own, one thread a process, and read the record.

    Raises:
        RuntimeError: The command fails; its words are in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "record.json"
        command = [sys.executable, "-m", "casework", "try", "fault-injection", str(model), "--data", str(data)]
        command += [part for key, value in options.items() for part in ("--option", f"{key}={value}")]
        command += ["--seed", str(seed), "--workers", str(workers), "--format", "json", "--output", str(out)]
        environment = {**os.environ, "CASEWORK_CACHE_DIR": folder, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        told = process.stdout.read() if process.stdout else b""
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        record = json.loads(out.read_text()) if out.exists() else {}
        if process.returncode or record.get("status") != "complete":
            reason = record.get("reason") or told.decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {reason}")
    # wait4 counts the children that the command itself waited for: its workers.
    return Ran(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss // 1024, record)
