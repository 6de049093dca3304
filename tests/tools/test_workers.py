"""Work dealt to processes: all of it done once, and every way to fail told in one sentence."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import time
from fractions import Fraction
from pathlib import Path

import pytest

from tools.workers import WorkerError, dealt


def test_everything_is_done_once_and_in_order_within_a_piece(tmp_path: Path) -> None:
    pieces = [[str(tmp_path / "a"), str(tmp_path / "a" / "b")], [str(tmp_path / "c")], [str(tmp_path / "d")]]
    done = list(dealt(functools.partial, (os.mkdir,), pieces, 2))
    assert sorted(done) == sorted(name for piece in pieces for name in piece)
    assert done.index(pieces[0][0]) < done.index(pieces[0][1])
    assert (tmp_path / "a" / "b").is_dir()
    assert not multiprocessing.active_children()


def test_errors_come_back_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError) as caught:
        list(dealt(functools.partial, (os.mkdir,), [[str(tmp_path)]], 2))
    assert caught.value.filename == str(tmp_path)
    with pytest.raises(WorkerError, match="Invalid literal for Fraction"):  # a library's: a bug, with its traceback
        list(dealt(functools.partial, (Fraction,), [["x"]], 2))
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(ValueError, match=r"one of the 2 processes was killed \(SIGKILL, perhaps for want of memory\)"):
        list(dealt(signal.raise_signal, (signal.SIGKILL,), [[1], [2]], 2))
    with pytest.raises(ValueError, match="ended with code 7: what was finished is kept"):
        list(dealt(os._exit, (7,), [[1], [2]], 2))
    assert not multiprocessing.active_children()


def test_stopping_stops_them_at_once() -> None:
    work = dealt(functools.partial, (time.sleep,), [[0.0, 60.0]], 2)
    assert next(work) == 0.0
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 10
    assert not multiprocessing.active_children()


def test_they_share_the_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("LP_NUM_THREADS", "5")
    told = tmp_path / "told"
    list(dealt(functools.partial, (os.system,), [[f"echo $OMP_NUM_THREADS $LP_NUM_THREADS > {told}"]], 2))
    assert told.read_text().split() == [str(max(1, len(os.sched_getaffinity(0)) // 2)), "5"]
    assert "OMP_NUM_THREADS" not in os.environ
