"""Loops over pixels, compiled to machine code when first called, and kept on disk for the next run.

What is kept holds for these very sources: numba looks at a loop's own file, not at those of what is built into it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import numba

_Work = TypeVar("_Work", bound=Callable[..., Any])

# Sums keep their order: points are taken relative to the camera in steps that must not be merged.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": {"contract", "arcp", "nsz"},
}

_NAME: Final = "loops-"


def kept_in(sources: Path) -> Path:
    """The folder in which the machine code of the modules in ``sources`` is kept; that of older ones is removed."""
    digest = hashlib.sha256()
    for path in sorted(sources.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    folder = sources / "__pycache__" / f"{_NAME}{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        for old in folder.parent.glob(f"{_NAME}*"):
            shutil.rmtree(old, ignore_errors=True)
        with suppress(OSError):  # numba then finds a folder of its own
            folder.mkdir(parents=True, exist_ok=True)
    return folder


_settings: Any = numba.config
if not _settings.CACHE_DIR:
    _settings.CACHE_DIR = str(kept_in(Path(__file__).parent))


def compiled(work: _Work) -> _Work:
    """``work`` as machine code that lets go of Python's lock; where nothing can be kept, it is compiled every time."""
    try:
        made: _Work = numba.njit(cache=True, **_OPTIONS)(work)
    except RuntimeError:  # no folder that can be written to
        made = numba.njit(**_OPTIONS)(work)
    return made


def inlined(work: _Work) -> _Work:
    """``work`` for compiled loops alone, built into them: a call would hand over every array's shape and strides."""
    made: _Work = numba.njit(forceinline=True, **_OPTIONS)(work)
    return made
