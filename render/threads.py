"""Work on slices, on all cores, for libraries that let go of Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache


def deal(work: Callable[[slice], None], count: int, size: int) -> None:
    """Call ``work`` on slices of at most ``size`` that cover ``range(count)``; an exception of any is raised."""
    slices = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    if len(slices) < 2 or _cores() < 2:
        for part in slices:
            work(part)
    else:
        list(_pool().map(work, slices))


@cache
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="render")
