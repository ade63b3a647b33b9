"""How fast the evidence log is judged, against a floor in the same run.

For each size: the Merkle root, against one SHA-256 of each of the same lines (a tree of n leaves takes 2n - 1, so the ratio
cannot fall below 2 by much); a consistency proof made and checked; reading and judging the whole log (grammar, signature, root,
every record present); and dating it by one stamp. Seconds of CPU time: minimum and median of the runs.

    python benchmarks/bench_log.py [--sizes 1000,10000,100000] [--runs 7] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from casework.attest.keys import generate_private_pem, load_private_key
from casework.attest.log.dates import Stamp, dates
from casework.attest.log.judge import judge_log
from casework.attest.log.merkle import Tree, continues
from casework.attest.log.note import Checkpoint, read_checkpoint, sign_checkpoint
from casework.model.policy import Log


def measured(run: Callable[[], object], runs: int) -> dict[str, float]:
    """Return minimum and median of the CPU seconds of some runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return {"min": min(found), "median": statistics.median(found)}


def bench(size: int, runs: int) -> dict[str, dict[str, float]]:
    """Measure one size."""
    digests = [sha256(b"%d" % i).hexdigest() for i in range(size)]
    lines = [f"record {one} EV-{i % 1000}".encode() for i, one in enumerate(digests)]
    data, held = b"".join(line + b"\n" for line in lines), frozenset(digests)
    key = load_private_key(generate_private_pem("ed25519"))
    log = Log(origin="example.org/bench", key=key.public.pem.decode())
    tree = Tree(lines)
    note = sign_checkpoint(log.origin, size, tree.root(), key, key.public)
    third = size // 3
    state = read_checkpoint(note)
    assert isinstance(state, Checkpoint)
    reading = judge_log(data, note, log, records=held)
    assert not reading.findings
    stamps = {f"{size}.json": Stamp(note, state, (b"token",)).to_bytes()}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "floor: one SHA-256 of each line": measured(lambda: [sha256(line).digest() for line in lines], runs),
        "root": measured(lambda: Tree(lines).root(), runs),
        "consistency proof, made": measured(lambda: tree.consistency(third), runs),
        "consistency proof, checked": measured(
            lambda: continues(third, tree.root(third), size, tree.root(), tree.consistency(third)), runs
        ),
        "judge the whole log": measured(lambda: judge_log(data, note, log, records=held), runs),
        "judge it by 100 older checkpoints": measured(
            lambda: judge_log(data, note, log, records=held, older=[note] * 100), max(1, runs // 2)
        ),
        "date it": measured(lambda: dates(reading, stamps, log, lambda _note, _tokens: (at, ())), runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of entries, joined by commas")
    parser.add_argument("--runs", type=int, default=7, help="runs of each measurement")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    args = parser.parse_args()
    every = {}
    for size in (int(text) for text in args.sizes.split(",")):
        found = every[size] = bench(size, args.runs)
        print(f"{size} entries")
        for name, one in found.items():
            print(f"  {name:<36} {one['min'] * 1000:9.3f} ms (median {one['median'] * 1000:.3f})")
        floor = found["floor: one SHA-256 of each line"]["min"]
        for name in ("root", "judge the whole log"):
            print(f"  {name} / floor{'':<{28 - len(name)}} {found[name]['min'] / floor:9.2f}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(every, file, indent=2)


if __name__ == "__main__":
    main()
