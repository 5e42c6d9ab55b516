"""Where a result was computed: machine, memory, versions. No host, user or path is named."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Return ``cpu_model`` and ``cpu_count``."""
    return {"cpu_model": cpu_model(), "cpu_count": os.cpu_count()}


def cpu_model() -> str:
    """Return the name of the processor as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def versions(device: str = "cpu") -> dict[str, str]:
    """Return the versions of Python, NumPy and SciPy, and of PyTorch where it is imported.

    With ``device="cuda"``, the ``device`` of a configuration, the name of the CUDA device is there
    as ``gpu``, also where only worker processes computed on it.
    """
    names = ["numpy", "scipy", *(["torch"] if "torch" in sys.modules else [])]
    found = {name: importlib.metadata.version(name) for name in names}
    torch = sys.modules.get("torch")
    if torch is not None and device == "cuda" and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return {"python": platform.python_version(), **found}
