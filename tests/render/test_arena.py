"""Memory that is used again, but never while somebody looks at it."""

from __future__ import annotations

import numpy as np

from render.arena import Arena


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_last_view_is_gone():
    arena = Arena()
    first = arena.empty((4, 5, 2), np.float32)
    first[...] = 1.0
    view, where = first[1:, :, 0], address(first)
    del first
    other = arena.empty((4, 5, 2), np.float32)
    other[...] = 2.0
    assert address(other) != where
    assert (view == 1.0).all()
    del view
    assert address(arena.empty((40,), np.int32)) == where


def test_shapes_and_types():
    made = Arena().empty((3, 0, 2), np.int16)
    assert made.shape == (3, 0, 2)
    assert made.dtype == np.int16
    assert made.flags.writeable
