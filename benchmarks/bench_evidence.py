"""How fast `casework check` judges many signed records, whole process, against a floor in the same run.

Cold (no cache), unchanged (the remembered answer), and one node edited (records are opened from the cache, judged anew). The floor
does for each file what no verifier can leave out: read, parse the envelope's JSON, and verify two Ed25519 signatures over the
DSSE encoding; no schema, no canonical form, no policy, no case.
Figures are user + system CPU seconds of the whole process and its peak memory: minimum, median and maximum of the runs.

    python benchmarks/bench_evidence.py [--records 1000,10000] [--runs 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from bench_check import measure, repeated
from signed_corpus import write_signed_corpus

FLOOR = """\
import base64, glob, hashlib, json, sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
root = sys.argv[1]
policy = json.loads(base64.b64decode(json.load(open(root + "/evidence/trust/policy.dsse.json"))["payload"]))
keys = {}
for entry in policy["keys"].values():
    key = load_pem_public_key(entry["public_key_pem"].encode())
    keys[hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()] = key
count = 0
for path in glob.glob(root + "/evidence/EV-*/*.dsse.json"):
    envelope = json.load(open(path))
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    for one in envelope["signatures"]:
        keys[one["keyid"]].verify(base64.b64decode(one["sig"]), message)
        count += 1
assert count == 2 * int(sys.argv[2]), count
"""


def edit(folder: Path, number: int) -> None:
    """Change the title of one node, and let the file come to rest."""
    path = folder / "requirements/signed-000000.yaml"
    text = path.read_text()
    head, _, tail = text.partition("  level: system\n")
    head = "\n".join(line for line in head.split("\n") if not line.startswith("  title:"))
    path.write_text(f"{head}  title: Edit {number}\n  level: system\n{tail}")
    time.sleep(0.2)


def bench(records: int, runs: int, folder: Path) -> dict[str, dict[str, float]]:
    """Measure one number of records."""
    case = folder / f"case-{records}"
    write_signed_corpus(case, records)
    environment = {**os.environ, "CASEWORK_CACHE_DIR": str(folder / "cache"), "NO_COLOR": "1"}
    check = [sys.executable, "-m", "casework", "check", "--now", "2026-11-22"]
    floor = [sys.executable, "-c", FLOOR, str(case), str(records)]
    made = {"floor (two signatures each)": repeated(lambda _i: measure(floor, case, environment), runs)}
    made["cold"] = repeated(lambda _i: measure([*check, "--no-cache"], case, environment), runs)
    time.sleep(0.2)
    measure(check, case, environment)
    made["unchanged"] = repeated(lambda _i: measure(check, case, environment), runs)

    def edited(number: int) -> tuple[float, float, int]:
        edit(case, number)
        return measure(check, case, environment)

    made["one node edited"] = repeated(edited, runs)
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--records", default="1000,10000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for records in (int(n) for n in args.records.split(",")):
            found[str(records)] = made = bench(records, args.runs, Path(folder))
            base = made["floor (two signatures each)"]["cpu_median"]
            print(
                f"{records} signed records ({platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()})"
            )
            for name, one in made.items():
                figures = f"{one['cpu_min']:.2f} / {one['cpu_median']:.2f} / {one['cpu_max']:.2f} s CPU"
                print(f"  {name:28} {figures}  {one['mib']:>5} MiB  {one['cpu_median'] / base:.2f} x floor")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
