"""Runs all bundle-verify cases of a checkout of sigstore-conformance against our verifier and prints how many agree.

    python tests/conformance/run_suite.py DIR

Each directory below `test/assets/bundle-verify` is two cases, as in the suite's own runner: the file given by path, and by
digest. A directory whose name ends in `_fail` must be refused, every other one accepted. Exit 0 where at least
`TARGET` cases agree. Needs no network.
"""
# ruff: noqa: T201 - programs that print

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from shim import main as shim_main

TARGET = 136
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    name: str
    expected: bool
    verified: bool
    reason: str
    ms: float

    @property
    def agrees(self) -> bool:
        return self.expected == self.verified


def arguments(folder: Path, *, digest: bool) -> list[str]:
    """The command line that the suite's README states for a directory."""

    def text(name: str, default: str) -> str:
        return (folder / name).read_text("utf-8").strip() if (folder / name).exists() else default

    artifact = folder / "artifact" if (folder / "artifact").exists() else folder.parent / "a.txt"
    given = ["verify-bundle", "--bundle", str(folder / "bundle.sigstore.json")]
    if (folder / "key.pub").exists():
        given += ["--key", str(folder / "key.pub")]
    else:
        given += ["--certificate-identity", text("identity", IDENTITY)]
        given += ["--certificate-oidc-issuer", text("issuer", ISSUER)]
    if (folder / "trusted_root.json").exists():
        given += ["--trusted-root", str(folder / "trusted_root.json")]
    return [*given, f"sha256:{hashlib.sha256(artifact.read_bytes()).hexdigest()}" if digest else str(artifact)]


def run(folder: Path, *, digest: bool) -> Result:
    """Run one case through the shim's command line, in this process."""
    said = io.StringIO()
    start = time.perf_counter()
    with contextlib.redirect_stderr(said):
        code = shim_main(arguments(folder, digest=digest))
    ms = (time.perf_counter() - start) * 1e3
    name = f"{folder.name} ({'digest' if digest else 'file'})"
    return Result(name, not folder.name.endswith("_fail"), code == 0, said.getvalue().strip(), ms)


def main(checkout: Path) -> int:
    cases = checkout / "test" / "assets" / "bundle-verify"
    if not cases.is_dir():
        print(
            f"{cases} is no folder: give a checkout of https://github.com/sigstore/sigstore-conformance",
            file=sys.stderr,
        )
        return 2
    folders = sorted(one for one in cases.iterdir() if one.is_dir())
    results = [run(folder, digest=digest) for folder in folders for digest in (False, True)]
    print(f"{'case':72} {'expected':9} {'found':9} {'ms':>7}  reason")
    for one in results:
        expected, found = ("accept" if verdict else "refuse" for verdict in (one.expected, one.verified))
        mark = "" if one.agrees else "  <-- DISAGREES"
        print(f"{one.name:72} {expected:9} {found:9} {one.ms:7.1f}  {one.reason[:150]}{mark}")
    agree = sum(one.agrees for one in results)
    accepted = sorted(one.ms for one in results if one.verified)
    middle = accepted[len(accepted) // 2] if accepted else 0.0
    print(
        f"\n{agree} of {len(results)} cases agree (target {TARGET}); an accepted bundle takes {middle:.1f} ms (median)"
    )
    for one in results:
        if not one.agrees:
            print(f"disagrees: {one.name}: {one.reason or 'accepted'}")
    return 0 if agree >= TARGET else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1])))
