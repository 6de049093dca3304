"""Memory for large pictures, used again as soon as nobody looks at them.

Fresh memory costs a page fault for every 4 KB when it is first written to, which takes longer than the writing.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt


class Arena:
    """Hands out arrays whose memory comes back when they and all views of them are gone."""

    def __init__(self) -> None:
        self._free: dict[int, list[npt.NDArray[np.uint8]]] = {}

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array of ``shape`` with any content."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        free = self._free.setdefault(size, [])
        memory = free.pop() if free else np.empty(size, np.uint8)
        lease = _Lease(memory)
        weakref.finalize(lease, free.append, memory)
        return np.asarray(lease).view(dtype).reshape(shape)


class _Lease:
    """What arrays of some memory are based on: it lives as long as any of them."""

    def __init__(self, memory: npt.NDArray[np.uint8]) -> None:
        self.__array_interface__ = memory.__array_interface__
