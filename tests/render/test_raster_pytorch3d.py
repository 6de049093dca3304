"""Gradients to vertices, and what has to be got ready for PyTorch3D; its pictures are tested with all the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from render.passes import Passes
from render.raster import RasterizerUnavailable, open_rasterizer
from render.raster_pytorch3d import clipped, depth_and_normal, fullest, in_camera


@pytest.fixture
def pytorch3d():
    try:
        opened = open_rasterizer("pytorch3d")
    except RasterizerUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def test_depth_and_normal_are_those_of_the_passes(make, rays):
    snapshot, camera = make.lively().at(0.3), make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    gbuffer = rays.rasterize(snapshot, camera)
    passes = Passes(snapshot, camera, gbuffer)
    vertices, faces = torch.from_numpy(snapshot.vertices.copy()), torch.from_numpy(snapshot.faces.astype(np.int64))
    depth, normal = depth_and_normal(vertices, faces, gbuffer, camera)
    np.testing.assert_allclose(depth.numpy(), passes.depth, atol=1e-4)
    np.testing.assert_allclose(normal.numpy(), passes.geometric_normal, atol=1e-4)


def test_gradients_are_differences(make, rays):
    snapshot = make.world(make.wall(4.0, half=3), make.box([-1, 1, 0], [0.5, 2, 1.2])).at(0)
    camera = make.camera([0.4, -3, 1.3], [0, 2, 1], 24, 16)
    gbuffer = rays.rasterize(snapshot, camera)
    faces, weight = torch.from_numpy(snapshot.faces.astype(np.int64)), torch.linspace(0, 1, 24 * 16).reshape(16, 24)

    def told(vertices):
        depth, normal = depth_and_normal(vertices, faces, gbuffer, camera)
        return (torch.where(torch.isfinite(depth), depth, 0) * weight).sum() + (normal * weight[..., None]).sum()

    vertices = torch.from_numpy(snapshot.vertices.astype(float)).requires_grad_()
    told(vertices).backward()
    assert (vertices.grad != 0).any(1).sum() > 6
    for row, axis in ((0, 1), (2, 0), (7, 1), (12, 2)):
        step = torch.zeros_like(vertices)
        step[row, axis] = 1e-5
        with torch.no_grad():
            slope = (told(vertices + step) - told(vertices - step)) / 2e-5
        assert slope == pytest.approx(float(vertices.grad[row, axis]), rel=1e-4, abs=1e-5)


def test_clipping_keeps_what_is_in_view_and_its_names(make):
    snapshot, camera = (
        make.world(make.floor(400), make.wall(-3), make.wall(5)).at(0),
        make.camera([0, 0, 1], [0, 4, 0.5]),
    )
    faces = torch.from_numpy(snapshot.faces.astype(np.int64))
    pieces, source = clipped(in_camera(torch.from_numpy(snapshot.vertices), camera), faces, camera)
    assert set(source.tolist()) == {1, 4, 5}  # of the floor, one triangle lies beside the view
    xy = (pieces @ torch.from_numpy(camera.K).T)[..., :2] / pieces[..., 2:]
    size = torch.tensor([camera.width, camera.height])
    assert (pieces[..., 2] >= camera.near * (1 - 1e-9)).all()
    assert ((xy > -1.001) & (xy < size + 1.001)).all()
    covered = torch.linalg.cross(*(torch.nn.functional.pad(xy[:, k] - xy[:, 0], (0, 1)) for k in (1, 2)), dim=-1)
    floor = covered[source < 2, 2].abs().sum() / 2
    rows = camera.height + 1 - camera.project(np.array([[0.0, 400 - 1e-6, 0]]))[0][0, 1]
    assert floor == pytest.approx(rows * (camera.width + 2), rel=0.02)


def test_the_fullest_bin_is_counted():
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 90, (300, 2))
    high = low + rng.uniform(0, 40, (300, 2))
    bins = np.arange(20) * 8
    meets = [(low[:, k, None] < bins + 8) & (high[:, k, None] >= bins) for k in (0, 1)]
    expected = np.einsum("nx,ny->xy", *(m.astype(int) for m in meets)).max()
    assert fullest(torch.from_numpy(low), torch.from_numpy(high), 8) == expected


def test_an_outline_pulls_a_wall_to_where_it_was(make, pytorch3d):
    snapshot, camera = make.world(make.wall(3.0)).at(0), make.camera([0, -1, 1], [0, 3, 1], 24, 18)
    faces = torch.from_numpy(snapshot.faces.astype(np.int64))
    goal = torch.from_numpy(pytorch3d.rasterize(snapshot, camera).hit.astype(np.float32))
    shift = torch.tensor([0.25, 0.0, 0.1], requires_grad=True)
    optimiser = torch.optim.Adam([shift], lr=0.05)
    for _ in range(25):
        optimiser.zero_grad()
        cover = pytorch3d.silhouette(torch.from_numpy(snapshot.vertices) + shift, faces, camera)
        ((cover.cpu() - goal) ** 2).sum().backward()
        optimiser.step()
    assert shift.detach().abs()[[0, 2]].max() < 0.06
