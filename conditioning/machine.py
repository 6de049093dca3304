"""What a run was made with and on: versions, sources, machine, memory."""

from __future__ import annotations

import hashlib
import os
import platform
import resource
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("setpiece", "torch", "numpy", "scipy", "trimesh", "moderngl", "embreex", "imageio-ffmpeg", "pillow")


@cache
def code_key() -> str:
    """32 hex digits that name the sources which make pictures (worldgen, render, conditioning)."""
    digest = hashlib.blake2b(digest_size=16)
    for package in ("worldgen", "render", "conditioning"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Of Python and of the libraries that pictures depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def machine() -> dict[str, str | int]:
    """Processor, cores and system."""
    return {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count() or 1}


def peak_memory_gb() -> float:
    """Most memory this process has held so far, in units of 10⁹ bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e9, 3)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
