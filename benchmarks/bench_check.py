"""How fast `casework check` is, whole process, against a floor and a peer in the same run.

For each size: cold (no cache), unchanged (the remembered answer), and one node edited. The floor is what PyYAML's C loader needs
to read the same files once. The peer is TRLC (if it is installed: `pip install trlc`) on a corpus of the same shape.
Figures are user + system CPU seconds of the whole process and its peak memory: minimum, median and maximum of the runs.

    python benchmarks/bench_check.py [--sizes 1000,10000,100000] [--runs 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus import write_corpus

FLOOR = """\
import sys, yaml, glob
for path in glob.glob(sys.argv[1] + "/requirements/*.yaml"):
    yaml.load(open(path, "rb"), yaml.CSafeLoader)
"""
RSL = "package Corpus\ntype Requirement { description String\n asil String\n parents optional Requirement [0 .. *] }\n"


def measure(command: list[str], cwd: Path, environment: dict[str, str]) -> tuple[float, float, int]:
    """Run a command; return CPU seconds, wall seconds, and peak memory in MiB. Raises where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read() if process.stderr else b""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: exit {process.returncode}: {error.decode(errors='replace')[:500]}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss // 1024


def repeated(run: Callable[[int], tuple[float, float, int]], runs: int) -> dict[str, float]:
    """Repeat a measurement and summarise it."""
    found = [run(i) for i in range(runs)]
    cpu = [f[0] for f in found]
    return {
        "cpu_min": min(cpu), "cpu_median": statistics.median(cpu), "cpu_max": max(cpu),
        "wall_median": statistics.median(f[1] for f in found), "mib": max(f[2] for f in found),
    }  # fmt: skip


def edit(folder: Path, number: int) -> None:
    """Change the statement of one node, and let the file come to rest."""
    path = sorted((folder / "requirements").glob("part-*.yaml"))[-1]
    text = path.read_text()
    head, found, tail = text.partition("shall do this")
    path.write_text(head + (found or "shall do that") + f" {number}" + tail if found else text + "\n")
    time.sleep(0.1)


def bench(size: int, runs: int, folder: Path) -> dict[str, dict[str, float]]:
    """Measure one size."""
    case = folder / f"case-{size}"
    write_corpus(case, size)
    environment = {**os.environ, "CASEWORK_CACHE_DIR": str(folder / "cache"), "NO_COLOR": "1"}
    check = [sys.executable, "-m", "casework", "check", "--now", "2026-11-22"]
    made = {
        "floor (PyYAML C loader)": repeated(
            lambda _i: measure([sys.executable, "-c", FLOOR, str(case)], case, environment), runs
        )
    }
    made["cold"] = repeated(lambda _i: measure([*check, "--no-cache"], case, environment), runs)
    time.sleep(0.2)
    measure(check, case, environment)
    made["unchanged"] = repeated(lambda _i: measure(check, case, environment), runs)

    def edited(number: int) -> tuple[float, float, int]:
        edit(case, number)
        return measure(check, case, environment)

    made["one node edited"] = repeated(edited, runs)
    if shutil.which("trlc", path=os.path.dirname(sys.executable)) and size <= 10_000:
        made["peer (TRLC)"] = repeated(
            lambda _i: measure([*trlc(case, folder / f"trlc-{size}")], folder, environment), runs
        )
    return made


def trlc(case: Path, folder: Path) -> list[str]:
    """Write the same requirements for TRLC once, and return the command that checks them."""
    if not folder.exists():
        import yaml

        folder.mkdir()
        (folder / "corpus.rsl").write_text(RSL)
        for path in sorted((case / "requirements").glob("part-*.yaml")):
            nodes = yaml.load(path.read_bytes(), yaml.CSafeLoader)
            lines = ["package Corpus"]
            for node in nodes:
                parents = ", ".join(p.replace("-", "_") for p in node.get("derives_from", []))
                link = f" parents = [{parents}]\n" if parents else ""
                lines.append(
                    f'Requirement {node["id"].replace("-", "_")} {{ description = "{node["statement"]}"\n asil = "B"\n{link} }}'
                )
            (folder / f"{path.stem}.trlc").write_text("\n".join(lines) + "\n")
    return [os.path.join(os.path.dirname(sys.executable), "trlc"), str(folder)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        start = repeated(
            lambda _i: measure([sys.executable, "-m", "casework", "--help"], Path(folder), dict(os.environ)), args.runs
        )
        print(
            f"casework --help: {start['cpu_min']:.3f} / {start['cpu_median']:.3f} / {start['cpu_max']:.3f} s CPU (min / median / max)\n"
        )
        print(f"{'nodes':>7}  {'what':<24} {'CPU s min':>9} {'median':>7} {'max':>7} {'MiB':>5}  ratio to floor")
        for size in (int(s) for s in args.sizes.split(",")):
            rows = found[str(size)] = bench(size, args.runs, Path(folder))
            floor = rows["floor (PyYAML C loader)"]["cpu_median"]
            for name, row in rows.items():
                cpu = "".join(f"{row[k]:>8.2f}" for k in ("cpu_min", "cpu_median", "cpu_max"))
                print(f"{size:>7}  {name:<24}  {cpu} {row['mib']:>5.0f}  {row['cpu_median'] / floor:.2f}")
    if args.json:
        args.json.write_text(json.dumps({"help": start, "sizes": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
