"""Work on slices, on all cores, for libraries that let go of Python's lock.

Torch could split single operations over the cores by itself, but then every operation waits for all of them: on a busy
machine that took ten times as long. So the work is split here, into slices too short for torch to split again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import current_thread, local
from typing import Any, Final, Generic, TypeVar

import torch
from threadpoolctl import threadpool_limits

BLOCK: Final = 30_000
"""Elements a slice should have for torch: in the cache, and too few to be split again."""

# Products of matrices are small here, and BLAS splits them all the same: its threads, which wait by spinning, took a
# tenth of a film's time.
threadpool_limits(1, user_api="blas")

_NAME: Final = "render-slices"
Made = TypeVar("Made")


def deal(work: Callable[[slice], None], count: int, size: int) -> None:
    """Call ``work`` on slices of at most ``size`` that cover ``range(count)``; an exception of any is raised.

    ``work`` may itself call this.
    """
    slices = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    left = iter(slices)  # whoever is free takes the next one, the caller too: it never waits for a pool that is busy

    def take() -> None:
        for part in left:
            work(part)

    if _inside():
        take()
        return
    helpers = [_pool().submit(take) for _ in range(min(_cores(), len(slices)) - 1)]
    _dealing.now = True
    try:
        take()
    finally:
        _dealing.now = False
        for helper in helpers:
            if not helper.cancel():
                helper.result()


def started(work: Callable[[int, int], None]) -> Callable[[], None]:
    """Start ``work(k, n)`` on each of n cores and come back; what is returned waits for all, and raises their errors.

    For work that lets go of Python's lock at once and for long: a thread that needs it waits for whoever has it.
    On one core, and in such work, it is done before this comes back.
    """
    n = _cores()
    if n < 2 or _inside():
        work(0, 1)
        return lambda: None
    parts = [_pool().submit(work, k, n) for k in range(n)]

    def wait() -> None:
        for part in parts:
            part.result()

    return wait


def filled(
    work: Callable[[slice], torch.Tensor],
    count: int,
    *shape: int,
    dtype: torch.dtype = torch.float32,
    size: int = BLOCK,
) -> torch.Tensor:
    """A tensor (count, *shape) whose slices, of at most ``size``, are what ``work`` returns for them."""
    result = torch.empty(count, *shape, dtype=dtype)

    def fill(part: slice) -> None:
        result[part] = work(part)

    deal(fill, count, size)
    return result


@contextmanager
def side_by_side(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool for ``count`` works at a time. Where there are no more cores than that, nothing is split any further.

    Neither the works nor what the caller, or torch, does meanwhile: every core has enough to do, and threads that wait
    for each other would only take turns.
    """
    if _cores() > count:
        with ThreadPoolExecutor(count, thread_name_prefix=name) as pool:
            yield pool
        return
    before, threads = getattr(_dealing, "now", False), torch.get_num_threads()
    with ThreadPoolExecutor(count, thread_name_prefix=name, initializer=_undivided) as pool:
        _undivided()
        torch.set_num_threads(1)
        try:
            yield pool
        finally:
            _dealing.now = before
            torch.set_num_threads(threads)


def _undivided() -> None:
    _dealing.now = True


_dealing = local()


def _inside() -> bool:
    """Work inside of work has its core already; and a pool whose threads wait for each other would wait for ever."""
    return getattr(_dealing, "now", False) or current_thread().name.startswith(_NAME)


@cache
def _cores() -> int:
    """Those of the machine, or as many as ``OMP_NUM_THREADS`` allows: several processes may share them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(allowed))) if allowed.isdecimal() else cores


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix=_NAME)


class kept(Generic[Made]):  # noqa: N801 (read as the decorator it is)
    """``functools.cached_property`` without its lock, which until Python 3.12 is one for all instances of a class.

    Work of one frame that waits for the pool while it holds such a lock, and work of another frame in the pool that
    waits for the lock, wait for ever. Here two threads may both make the same value; the later one stays.
    """

    def __init__(self, make: Callable[[Any], Made]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> Made:
        value = instance.__dict__[self._name] = self._make(instance)
        return value
