"""Work dealt out in slices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from render import threads
from render.threads import deal, filled, kept, started


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
def test_slices_cover_everything_once(count):
    seen, lock = [], threading.Lock()

    def work(part):
        with lock:
            seen.extend(range(part.start, part.stop))

    deal(work, count, 10)
    assert sorted(seen) == list(range(count))


def test_an_error_in_a_slice_is_raised():
    def work(part):
        if part.start == 20:
            raise RuntimeError("slice 20")

    with pytest.raises(RuntimeError, match="slice 20"):
        deal(work, 50, 10)


def test_one_core_does_without_threads(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 1)
    names = set()
    deal(lambda part: names.add(threading.current_thread().name), 50, 10)
    assert names == {threading.current_thread().name}


@pytest.mark.parametrize(("allowed", "cores"), [("1", 1), ("0", 1), ("9999", None), ("1,2", None), ("", None)])
def test_no_more_cores_than_allowed(monkeypatch, allowed, cores):
    monkeypatch.setenv("OMP_NUM_THREADS", allowed)
    assert threads._cores.__wrapped__() == (cores or len(os.sched_getaffinity(0)))


def test_filled_puts_slices_in_their_places():
    count = 2 * threads.BLOCK + 17
    result = filled(
        lambda s: torch.arange(s.start, s.stop)[:, None] * torch.tensor([1, 2]), count, 2, dtype=torch.int64
    )
    assert torch.equal(result, torch.arange(count)[:, None] * torch.tensor([1, 2]))


def test_work_runs_once_a_core_and_its_errors_are_raised():
    done = []
    wait = started(lambda k, n: done.append((k, n)))
    wait()
    count = done[0][1]
    assert sorted(done) == [(k, count) for k in range(count)]

    def fail(k, n):
        raise KeyError(k)

    with pytest.raises(KeyError):
        started(fail)()
    deal(lambda part: started(lambda k, n: done.append("inside"))(), 8, 1)  # does not wait for itself
    assert done.count("inside") == 8


def test_what_is_kept_is_made_once_and_no_instance_waits_for_another() -> None:
    """With one lock for all instances, work that waits for the pool and work in the pool would wait for ever."""
    both = threading.Barrier(2)

    class Thing:
        made = 0

        @kept
        def value(self) -> int:
            both.wait(timeout=5)
            self.made += 1
            return 7

    things = [Thing(), Thing()]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda thing: thing.value, things)) == [7, 7]
    assert [thing.value for thing in things] == [7, 7]
    assert [thing.made for thing in things] == [1, 1]


def _threads_of_a_deal():
    names, lock = set(), threading.Lock()

    def work(part):
        with lock:
            names.add(threading.current_thread().name)

    deal(work, 400, 1)
    return names


@pytest.mark.parametrize(("cores", "divided"), [(2, False), (3, True)])
def test_as_many_works_as_cores_are_not_split(monkeypatch, cores, divided):
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    before, together = torch.get_num_threads(), threading.Barrier(2, timeout=30)

    def work():
        together.wait()  # both are busy at once
        return threading.current_thread().name, _threads_of_a_deal(), torch.get_num_threads()

    with threads.side_by_side(2, "side") as pool:
        caller = torch.get_num_threads()
        for done in [pool.submit(work), pool.submit(work)]:
            name, names, of_torch = done.result()
            assert name.startswith("side")
            assert divided or (names == {name} and of_torch == 1)
        assert divided or _threads_of_a_deal() == {threading.current_thread().name}
    assert caller == (before if divided else 1)
    assert torch.get_num_threads() == before
    assert not getattr(threads._dealing, "now", False)


def test_products_of_matrices_are_not_split():
    asked = (
        "import render.threads, threadpoolctl as t;"
        "print([x['num_threads'] for x in t.threadpool_info() if x['user_api'] == 'blas' and 'numpy' in x['filepath']])"
    )
    told = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    answer = subprocess.run([sys.executable, "-c", asked], env=told, capture_output=True, text=True, check=True)
    assert set(json.loads(answer.stdout)) <= {1}
