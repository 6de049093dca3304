"""Work that is dealt to several processes: each prepares once, takes piece after piece, and fails in one sentence.

Processes are spawned, not forked, so that graphics contexts and threads never cross over. A stopped run stops them at
once; if the run itself is killed, they end after the item in hand.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from tools.console import raised_by_us

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS")
_PATIENCE_S: Final = 5.0
_READY, _DONE, _ERROR = "ready", "done", "error"

Worker = Callable[[Any], None]
"""Does one item of work."""


class WorkerError(Exception):
    """An error of a worker that has no sentence of its own; the text is its traceback."""


def dealt(
    prepare: Callable[..., Worker], arguments: tuple[Any, ...], pieces: Sequence[Sequence[Any]], jobs: int
) -> Generator[Any, None, None]:
    """Do everything in ``pieces`` on ``jobs`` processes, a piece's items in order, and yield each item when it is done.

    Every process calls ``prepare(*arguments)`` once, and what that returns with every item it is dealt; all of them
    must be picklable. Errors: a worker's ``ValueError`` and ``OSError`` as they are, ``ValueError`` if a process dies.
    """
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(pieces))
    workers: dict[Connection, SpawnProcess] = {}
    try:
        with _threads(jobs):
            for _ in range(min(jobs, len(pieces))):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, prepare, arguments), daemon=True)
                process.start()
                theirs.close()
                workers[ours] = process
        while workers:
            for ours in [each for each in wait(list(workers)) if isinstance(each, Connection)]:
                try:
                    what, value = ours.recv()
                except (EOFError, OSError):
                    raise _dead(workers[ours], jobs) from None
                if what == _ERROR:
                    raise value
                if what == _DONE:
                    yield value
                elif waiting:
                    ours.send(waiting.pop())
                else:
                    ours.send(None)
                    workers.pop(ours).join(_PATIENCE_S)
    finally:
        for process in workers.values():
            process.terminate()
        for process in workers.values():
            process.join(_PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()


def _work(connection: Connection, prepare: Callable[..., Worker], arguments: tuple[Any, ...]) -> None:
    """A worker's life: it says when it is ready for a piece, what it has done, and what went wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run that started it decides
    signal.signal(signal.SIGTERM, _leave)
    try:
        try:
            work = prepare(*arguments)
            connection.send((_READY, None))
            while (piece := connection.recv()) is not None:
                for item in piece:
                    work(item)
                    connection.send((_DONE, item))
                connection.send((_READY, None))
        except OSError as error:
            connection.send((_ERROR, error))
        except Exception as error:
            ours = isinstance(error, ValueError) and raised_by_us(error)
            told = ValueError(str(error)) if ours else WorkerError(traceback.format_exc())
            connection.send((_ERROR, told))
    except (EOFError, BrokenPipeError):
        return  # nobody is left to work for


def _leave(signum: int, frame: object) -> None:
    raise SystemExit(1)  # so that half-written files are removed on the way out


def _dead(process: SpawnProcess, count: int) -> ValueError:
    process.join(_PATIENCE_S)
    code = process.exitcode
    why = f"ended with code {code}"
    if code is not None and code < 0:
        why = f"was killed ({signal.Signals(-code).name}{', perhaps for want of memory' if code == -9 else ''})"
    return ValueError(
        f"one of the {count} processes {why}: what was finished is kept; run the same command again, "
        "or with fewer --jobs"
    )


@contextmanager
def _threads(jobs: int) -> Iterator[None]:
    """Processes that start now share the cores between them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    before = {name: os.environ.get(name) for name in _THREADS}
    try:
        os.environ.update({name: str(max(1, cores // jobs)) for name in _THREADS if before[name] is None})
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
