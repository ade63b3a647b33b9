"""Runs Wycheproof's vectors of the three kinds of signatures that we accept against our verifier, and prints how many agree.

    python tests/conformance/wycheproof.py DIR

DIR is a checkout of https://github.com/C2SP/wycheproof, or any folder that holds the files of `FILES`. `valid` must be taken
and `invalid` refused; exit 0 where all agree. `acceptable` may be either; which of them we take is counted by flag. A public
key that we refuse, such as one of small order, refuses all its signatures. Needs no network.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key

FILES: Final = ("ecdsa_secp256r1_sha256_test.json", "ecdsa_secp384r1_sha384_test.json", "ed25519_test.json")


@dataclass
class Counts:
    """What came of one file.

    Attributes:
        name: The file.
        vectors: How many it says that it has.
        agreed: `valid` that were taken and `invalid` that were refused, by result.
        wrong: Vectors on which we differ, in words.
        open: `acceptable` vectors: flags and whether we took them, to how many.
    """

    name: str
    vectors: int
    agreed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    open: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        return sum(self.agreed.values()) + len(self.wrong) + sum(self.open.values())


def run_file(path: Path) -> Counts:
    """Judge all vectors of a file."""
    suite = json.loads(path.read_text("utf-8"))
    counts = Counts(path.name, suite["numberOfTests"])
    for group in suite["testGroups"]:
        key = _key(group)
        for vector in group["tests"]:
            _judge(counts, key, vector)
    return counts


def _key(group: dict[str, Any]) -> PublicKey | None:
    try:
        return load_public_key(group["publicKeyPem"].encode())
    except KeyRefusedError:
        return None


def _judge(counts: Counts, key: PublicKey | None, vector: dict[str, Any]) -> None:
    taken = key is not None and key.verifies(bytes.fromhex(vector["msg"]), bytes.fromhex(vector["sig"]))
    expected = vector["result"]
    if expected == "acceptable":
        counts.open["+".join(sorted(vector["flags"])), taken] += 1
    elif taken == (expected == "valid"):
        counts.agreed[expected] += 1
    else:
        did = "taken" if taken else "refused"
        counts.wrong.append(f"{counts.name} #{vector['tcId']} is {expected} and was {did}: {vector['comment']}")


def find(folder: Path) -> list[Path]:
    """Return the files of `FILES` below a checkout or in a folder."""
    for base in (folder / "testvectors_v1", folder / "testvectors", folder):
        found = [base / name for name in FILES]
        if all(path.is_file() for path in found):
            return found
    return []


def main(arguments: list[str]) -> int:
    """Run all files and print the counts."""
    files = find(Path(arguments[0])) if len(arguments) == 1 else []
    if not files:
        print(f"usage: wycheproof.py DIR, with DIR holding {', '.join(FILES)}", file=sys.stderr)
        return 2
    results = [run_file(path) for path in files]
    for one in results:
        print(
            f"{one.name}: {one.vectors} vectors; {one.agreed['valid']} valid taken, {one.agreed['invalid']} invalid refused"
        )
        for (flags, taken), count in sorted(one.open.items()):
            print(f"  acceptable, {'taken' if taken else 'refused'}: {count} {flags}")
        for text in one.wrong:
            print(f"  DIFFERS: {text}")
    judged, wrong = sum(one.judged for one in results), sum(len(one.wrong) for one in results)
    print(f"{judged - wrong} of {judged} agree")
    return 1 if wrong or any(one.judged != one.vectors for one in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
