"""Bring the demo logs up to date: of this repository's own case, and of the two worked examples that `casework init` lays down.

The own case holds the tool's own requirements too, which the worked examples leave out; so each has a log of its own, in the
template's overlay. All are signed and stamped with published demo keys. The own log is continued, never begun anew; those of the
templates are begun anew whenever they would change.

Run from the repository's root, after nodes or evidence have changed: `python evidence/trust/make_demo_logs.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import demo_tsa

ROOT = Path(__file__).resolve().parents[2]
KEY = ROOT / "evidence/trust/demo-keys/demo-log.pem"
TEMPLATES = ROOT / "src/casework/templates"


def casework(folder: Path, *words: str) -> int:
    """Run a command in a folder; what it prints is shown only where it fails."""
    done = subprocess.run([sys.executable, "-m", "casework", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode > 1:
        raise SystemExit(f"casework {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode


@contextmanager
def authority() -> Iterator[str]:
    """Serve the demo time-stamp authority on this machine, and give its address."""
    server = demo_tsa.serve(0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()


def own(tsa: str) -> None:
    """Stamp what is not stamped, and continue the log of this repository's case."""
    casework(ROOT, "stamp", "--all", "--tsa", tsa)
    start = [] if (ROOT / "evidence/log/entries").exists() else ["--start"]
    before = (ROOT / "evidence/log/checkpoint").read_bytes() if not start else b""
    casework(ROOT, "log", "update", *start, "--key", str(KEY))
    if (ROOT / "evidence/log/checkpoint").read_bytes() != before:
        casework(ROOT, "log", "stamp", "--tsa", tsa)


def example(template: str, tsa: str) -> None:
    """Begin the log of a worked example anew, and keep it in the template's overlay."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "case"
        casework(ROOT, "init", str(folder), "--template", template)
        log = folder / "evidence/log"
        shutil.rmtree(log, ignore_errors=True)
        casework(folder, "log", "update", "--start", "--key", str(KEY))
        target = TEMPLATES / template / "overlay/evidence/log"
        if target.exists() and (target / "entries").read_bytes() == (log / "entries").read_bytes():
            return
        casework(folder, "log", "stamp", "--tsa", tsa)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(log, target)


def main() -> None:
    """Bring all three logs up to date."""
    with authority() as tsa:
        own(tsa)
        for template in ("roadside-sign", "roadside-sign-blocked"):
            example(template, tsa)


if __name__ == "__main__":
    main()
