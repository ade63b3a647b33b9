"""The machine that figures were taken on, in words that another can be compared with."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("casework", "onnxruntime", "onnx", "numpy")
VECTORS = ("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve")


def describe() -> dict[str, object]:
    """Return processor, vector extensions, cores, load at this moment, and versions."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    return {
        "processor": facts.get("model name", platform.processor()),
        "family, model": f"{facts.get('cpu family', '?')}, {facts.get('model', '?')}",
        "vector extensions": [name for name in VECTORS if name in flags],
        "cores": os.cpu_count(),
        "load average": [round(value, 2) for value in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {name: metadata.version(name) for name in PACKAGES},
    }
