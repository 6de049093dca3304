"""Loops over pixels, compiled to machine code when first called, and kept on disk for the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

_Work = TypeVar("_Work", bound=Callable[..., Any])

# Sums keep their order: points are taken relative to the camera in steps that must not be merged.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": {"contract", "arcp", "nsz"},
}


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
