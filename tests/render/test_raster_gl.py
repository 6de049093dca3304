"""What only the OpenGL rasterizer promises: what it uploads, and what it cannot draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from render import raster_gl
from render.raster import RasterizerUnavailable, open_rasterizer


@pytest.fixture
def gl():
    try:
        opened = open_rasterizer("gl")
    except RasterizerUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def test_only_what_moves_is_uploaded_again(make, gl, monkeypatch):
    uploaded = []
    corners = raster_gl._corners
    monkeypatch.setattr(raster_gl, "_corners", lambda v, faces: uploaded.append(len(faces)) or corners(v, faces))
    world, camera = make.lively(), make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    first = world.at(0.0)
    for time in (0.0, 0.1, 0.2):
        gl.rasterize(world.at(time), camera)
    assert uploaded == [len(first.faces), *[len(first.faces) - first.static_faces] * 2]
    still = world.at(0.2)
    for _ in range(2):
        gl.rasterize(still, camera)
    assert len(uploaded) == 4
    gl.rasterize(still, make.camera([0, -5, 2.2], [0.5, 0, 0.8]))
    assert len(uploaded) == 4


def test_a_picture_larger_than_opengl_allows_is_a_sentence(make, gl):
    camera = replace(make.camera([0, 0, 1], [0, 1, 1]), width=1 << 20, height=1)
    with pytest.raises(
        ValueError, match=r"1048576x1 is larger than OpenGL allows here .* choose the rasterizer 'embree'"
    ):
        gl.rasterize(make.world(make.floor()).at(0), camera)
    assert gl.rasterize(make.world(make.floor()).at(0), make.camera([0, 0, 1], [0, 1, 1])).hit.any()


def test_a_set_kilometres_away_is_drawn_as_one_at_the_origin(make, gl):
    """The corners are whole numbers, which single precision holds exactly at either place."""

    def seen(offset):
        boxes = [make.box(np.array([x, 8, 0]) + offset, np.array([x + 2, 12, 5]) + offset) for x in (-6, -2, 3)]
        eye = np.array([0.217, -3.113, 2.61])
        return gl.rasterize(
            make.world(*boxes).at(0), make.camera(eye + offset, np.array([0, 10, 2]) + offset, 160, 120)
        )

    here, there = seen(np.zeros(3)), seen(np.array([120_000.0, -64_000, 0]))
    assert here.hit.mean() > 0.1
    assert (here.triangle == there.triangle).mean() > 0.9999
    assert np.abs(here.bary - there.bary)[here.triangle == there.triangle].max() < 1e-4
