"""Runs a target under atheris, on a corpus that starts with the target's own seeds.

`python tests/fuzz/envelope.py -runs=100000 out/fuzz/envelope` takes the options of libFuzzer. A target is a module with `load()`, which
imports what is to be fuzzed and returns a function of bytes, and with `SEEDS`. The function raises nothing, whatever the bytes; what
else must hold it asserts itself.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
Target = Callable[[bytes], None]


def reach() -> None:
    """Put the folders of the laboratories on the import path."""
    for folder in ("unit/attest", "rules", "attacks", "."):
        path = str((TESTS / folder).resolve())
        if path not in sys.path:
            sys.path.insert(0, path)


def fuzz(load: Callable[[], Target], seeds: Callable[[], Iterable[bytes]]) -> None:
    """Fuzz until libFuzzer's options say that it is enough."""
    import atheris

    reach()
    with atheris.instrument_imports(include=["casework"]):
        target = load()
    for folder in (Path(word) for word in sys.argv[1:] if not word.startswith("-")):
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds():
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
