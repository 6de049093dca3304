"""What people see: words and progress on stderr, results on stdout, and one sentence for whatever goes wrong."""

from __future__ import annotations

import errno
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

BAD_INPUT = 2
OUR_BUG = 1
INTERRUPTED = 130
_OURS = tuple(
    str(Path(__file__).resolve().parents[1] / name) for name in ("worldgen", "render", "conditioning", "tools")
)

Progress = Callable[[int, int], None]


def say(words: str) -> None:
    """A line for people, on stderr."""
    print(words, file=sys.stderr, flush=True)


def emit(value: object) -> None:
    """A result for programs: one JSON value on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A bar with the time left on stderr; where that is no terminal, a line every ten seconds."""
    if sys.stderr.isatty():
        with _bar(what) as update:
            yield update
        return
    told = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > 10:
            told = time.monotonic()
            say(f"{what}: {done} of {total}")

    yield line


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("left:"),
        rich_progress.TimeRemainingColumn(elapsed_when_finished=False),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def guarded(command: Callable[[], int | None]) -> int:
    """Run ``command`` and return the exit code, with one sentence on stderr for anything that went wrong."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        code = command() or 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of our output has gone: nobody is left to tell
            sys.stderr.close()
            return 0
        say(_of_system(error))
        return BAD_INPUT
    except Exception as error:
        usage = getattr(error, "format_message", None)  # the argument parser's own errors
        if usage is not None:
            words = str(usage()).replace("Value error, ", "").rstrip(".")
            if words:  # a command without arguments has shown its help already
                say(f"{words}{'' if words.endswith('?') else '.'} Try: setpiece --help")
            return BAD_INPUT
        if isinstance(error, ValueError) and raised_by_us(error):
            say(str(error))
            return BAD_INPUT
        say(_of_ours(error))
        return OUR_BUG
    if code == INTERRUPTED:
        say("Stopped. The same command goes on where this one stopped.")
    return code


def _as_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def raised_by_us(error: BaseException) -> bool:
    """Whether our own code raised it on purpose: a ``ValueError`` out of a library is a bug, not bad input."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and str(Path(frames[-1].filename).resolve()).startswith(_OURS)


def _of_system(error: OSError) -> str:
    if error.errno is None:
        return str(error)
    where = error.filename2 or error.filename
    if error.errno == errno.ENOSPC:
        return f"The disk is full ({where or 'while writing'}): free some space and run the same command again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where or 'The folder'} cannot be written to or read here: choose another folder with --out."
    return f"{where}: {error.strerror}" if where else str(error.strerror)


def _of_ours(error: Exception) -> str:
    log = Path(tempfile.gettempdir()) / f"setpiece-{time.strftime('%Y%m%d-%H%M%S')}.log"
    try:
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return f"This is a bug in Setpiece ({type(error).__name__}: {error}), and its log could not be written."
    return f"This is a bug in Setpiece ({type(error).__name__}); please report it with the log: {log}"
