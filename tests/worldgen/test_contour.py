"""Patches of ground with irregular borders."""

from __future__ import annotations

import numpy as np
import pytest

from worldgen.conventions import F64
from worldgen.material import make
from worldgen.mesh import Mesh, face_normals
from worldgen.sets.contour import Corners, Patch, laid, ragged

SIDE = 24


def _ground(patches: list[Patch]) -> Mesh:
    """A bumpy square of 24 m, two triangles a square metre."""
    at = np.arange(SIDE + 1) - SIDE / 2
    x, y = (a.ravel() for a in np.meshgrid(at, at))
    points = np.column_stack([x, y, 0.3 * np.sin(x) * np.cos(0.7 * y)])
    i, j = (a.ravel() for a in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    a = j * (SIDE + 1) + i
    faces = np.concatenate([np.stack([a, a + 1, a + SIDE + 2], 1), np.stack([a, a + SIDE + 2, a + SIDE + 1], 1)])
    up = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    return laid(points, faces.astype(np.int32), up, points[:, :2], np.abs(points[:, 0]), patches)


def _everywhere(at: Corners) -> F64:
    return np.ones(len(at.z))


def _pond(at: Corners) -> F64:
    return 6.0 - np.hypot(*at.xy.T)


GRASS = Patch([make("grass")], _everywhere)


def _areas(mesh: Mesh) -> F64:
    p = mesh.vertices[mesh.faces][..., :2].astype(np.float64)
    u, v = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    return np.asarray(0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))


def test_a_patch_has_its_line_for_border() -> None:
    mesh = _ground([GRASS, Patch([make("mud")], _pond, rounds=2)])
    inside = mesh.material == [m.kind for m in mesh.materials].index("mud")
    corners = np.hypot(*mesh.vertices[:, :2].T)
    assert corners[mesh.faces[inside]].max() < 6.07
    assert corners[mesh.faces[~inside]].min() > 5.93
    assert _areas(mesh)[inside].sum() == pytest.approx(np.pi * 36, rel=0.005)


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_it_covers_the_same_ground_without_cracks(rounds: int) -> None:
    def blot(at: Corners) -> F64:
        return ragged(at.xy, 5.0, 4, 3, 0.25 * at.edge)

    plain = _ground([GRASS])
    mesh = _ground([GRASS, Patch([make("soil")], blot, rounds=rounds, close=0.1), Patch([make("mud")], _pond)])
    assert len(plain.faces) == 2 * SIDE**2 < len(mesh.faces)
    assert _areas(mesh).min() > 0
    assert _areas(mesh).sum() == pytest.approx(SIDE**2, rel=1e-6)
    edges, counts = np.unique(
        np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0, return_counts=True
    )
    assert counts.max() == 2
    rim = np.abs(mesh.vertices[edges[counts == 1]][..., :2]).max(axis=-1)
    assert (rim == SIDE / 2).all()
    # New corners lie in the old triangles: every face keeps the normal of one of them.
    old, new = face_normals(plain.vertices, plain.faces), face_normals(mesh.vertices, mesh.faces)
    big = _areas(mesh) > 1e-3
    assert (new[big] @ old.T).max(axis=1).min() > 0.9999


def test_more_rounds_make_finer_borders() -> None:
    counts = [len(_ground([GRASS, Patch([make("mud")], _pond, rounds=r)]).faces) for r in (0, 1, 2)]
    assert counts[0] < counts[1] < counts[2] < 4 * counts[0]


def test_tones_run_from_first_to_last() -> None:
    tones = [make("grass", (0.1 * k, 0.2, 0.1)) for k in range(5)]
    mesh = _ground([Patch(tones, _everywhere, lambda at: (at.xy[:, 0] + 12) / 24)])
    x = mesh.vertices[mesh.faces].mean(axis=1)[:, 0]
    red = np.array([m.base_color[0] for m in mesh.materials])[mesh.material]
    np.testing.assert_allclose(red, 0.1 * np.floor((x + 12) / 24 * 5), atol=1e-6)


def test_short_waves_are_left_out_where_triangles_are_wide() -> None:
    line = np.column_stack([np.linspace(0, 50, 2000), np.zeros(2000)])
    fine, wide = (np.abs(np.diff(ragged(line, 16.0, 5, 1, np.full(2000, f)))).mean() for f in (0.1, 8.0))
    assert wide < 0.5 * fine
