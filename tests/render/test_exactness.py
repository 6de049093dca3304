"""Every backend against rays through every triangle in double precision: random small worlds and cameras, no tuning.

A pixel is right if the triangle it names covers its centre to ``EPS`` pixels and nothing that surely covers it lies
nearer; a pixel of sky is right if nothing surely covers it. So outlines are held to account too.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render.passes import Passes
from worldgen.camera import Camera
from worldgen.conventions import look_at

EPS = 0.02
"""Pixels: a rasterizer's grid of corners is 1/256 fine."""


def met(snapshot, camera, offset=(0.0, 0.0)):
    """Depth and the three weights (4, H, W, F) at which each pixel's ray meets the plane of each triangle; inf, nan."""
    x, y = np.meshgrid(np.arange(camera.width) + 0.5 + offset[0], np.arange(camera.height) + 0.5 + offset[1])
    d = camera.rays(np.stack([x, y], -1))[..., None, :]
    a, b, c = (snapshot.vertices[snapshot.faces[:, k]].astype(float) - camera.position for k in range(3))
    e, f = b - a, c - a
    p, q = np.cross(d, f), np.cross(e, a)
    with np.errstate(all="ignore"):
        volume = (e * p).sum(-1)
        u, v, t = -(a * p).sum(-1) / volume, (d * q).sum(-1) / volume, (f * q).sum(-1) / volume
        return np.stack([t, 1 - u - v, u, v])


def faults(snapshot, camera, gbuffer):
    """What is wrong, one line a pixel."""
    if not len(snapshot.faces):
        return ["something is seen in an empty world"] if gbuffer.hit.any() else []
    here = met(snapshot, camera)
    with np.errstate(invalid="ignore"):
        drift = sum(np.abs(met(snapshot, camera, offset) - here) for offset in ((EPS, 0), (0, EPS)))
        corners = snapshot.vertices[snapshot.faces].astype(float)
        longest = np.linalg.norm(corners - corners[:, [1, 2, 0]], axis=-1).max(-1)
        reach = 1e-3 + 1e-5 * np.abs(here[0]) + drift[0] + 4e-7 * longest  # the weights are single precision
        real = np.isfinite(here).all(0) & np.isfinite(drift).all(0)
        inside = (here[1:] > drift[1:] + 1e-6).all(0)
        sure = real & inside & (here[0] > camera.near + reach) & (here[0] < camera.far - reach)
        touched = (here[1:] >= -drift[1:] - 1e-6).all(0)
        maybe = real & touched & (here[0] >= camera.near - reach) & (here[0] <= camera.far + reach)
        barrier = np.where(sure, here[0] + reach, np.inf).min(-1)
    wrong = []
    depth = Passes(snapshot, camera, gbuffer).depth
    for y, x in np.ndindex(camera.height, camera.width):
        k = gbuffer.triangle[y, x]
        where = f"({x}, {y}): triangle {k}"
        if k < 0:
            if sure[y, x].any():
                wrong.append(f"{where}, but {np.flatnonzero(sure[y, x])} cover it")
        elif not np.isfinite(here[:, y, x, k]).all():
            continue  # it is a line or a point, or seen from its edge: a hundredth of a pixel decides
        elif not maybe[y, x, k]:
            wrong.append(f"{where} does not cover it: {here[:, y, x, k]} drift {drift[:, y, x, k]}")
        elif here[0, y, x, k] - reach[y, x, k] > barrier[y, x]:
            wrong.append(f"{where} at {here[0, y, x, k]} is hidden at {barrier[y, x]}")
        elif drift[1:, y, x, k].max() < 0.5 and abs(depth[y, x] - here[0, y, x, k]) > reach[y, x, k]:
            wrong.append(f"{where} at {here[0, y, x, k]} has depth {depth[y, x]}, drift {drift[0, y, x, k]}")
    return wrong


def triangles(rng, kind):
    """Corners (N, 3, 3) around the origin."""
    centre = rng.uniform(-6, 6, (12, 1, 3))
    shape = rng.normal(0, 1, (12, 3, 3)) * rng.choice([0.05, 0.5, 3.0], (12, 1, 1))
    corners = centre + shape
    if kind == "slivers":
        corners[:, 2] = corners[:, 0] + (corners[:, 1] - corners[:, 0]) * 0.6 + rng.normal(0, 1e-3, (12, 3))
    if kind == "broken":
        corners[:4, 1] = corners[:4, 0]
        corners[4:6, 2] = (corners[4:6, 0] + corners[4:6, 1]) / 2
        corners[6:8] = corners[6:8, :1]
    if kind == "twice":
        corners[6:] = corners[:6, [1, 2, 0]]
    if kind == "room":
        s = 2.5
        box = np.array([[x, y, z] for z in (-s, s) for y in (-s, s) for x in (-s, s)])
        quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
        corners = np.array([[box[i] for i in t] for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    if kind == "vast":
        corners = np.concatenate([corners[:6], [[[-400, -400, -2], [400, -400, -2.2], [0, 600, -1.8]]]])
    return corners


cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "kind": st.sampled_from(["plain", "slivers", "broken", "twice", "room", "vast", "empty"]),
        "focal": st.sampled_from([8.0, 14.0, 35.0, 85.0, 400.0]),
        "size": st.sampled_from([(1, 1), (16, 9), (9, 16), (23, 1), (13, 17), (2, 2)]),
        "shift": st.sampled_from([(0.0, 0.0), (0.3, -0.2), (-1.4, 0.9)]),
        "near": st.sampled_from([0.01, 0.05, 1.5]),
        "away": st.sampled_from([0.0, 0.0, 20_000.0]),
    }
)


def staged(make, case):
    """The world's snapshot and the camera of a case."""
    rng = np.random.default_rng(case["seed"])
    corners = triangles(rng, case["kind"])[: 0 if case["kind"] == "empty" else None]
    far = np.array([case["away"], -case["away"] / 2, 0])
    eye = rng.uniform(-1, 1, 3) * rng.choice([0.5, 2.4, 8.0])
    target = rng.uniform(-3, 3, 3) if case["kind"] == "empty" else corners[rng.integers(len(corners))].mean(0)
    width, height = case["size"]
    focal = case["focal"] / 24.89 * max(width, 4)
    K = np.array(
        [[focal, 0, width * (0.5 + case["shift"][0])], [0, focal * 1.1, height * (0.5 + case["shift"][1])], [0, 0, 1]]
    )
    camera = Camera(look_at(eye + far, target + far), K, width, height, near=case["near"], far=900.0)
    vertices = (corners + far).reshape(-1, 3).astype(np.float32)
    meshes = [make.mesh(vertices, np.arange(len(vertices)).reshape(-1, 3))] if len(vertices) else []
    return make.world(*meshes).at(0), camera


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(case=cases)
def test_random_worlds_and_cameras(make, rasterizer, case):
    snapshot, camera = staged(make, case)
    assert not faults(snapshot, camera, rasterizer.rasterize(snapshot, camera))


@pytest.mark.parametrize("offset", [(0.1, 0), (0, 0.1)])
def test_a_tenth_of_a_pixel_is_noticed(make, rays, offset):
    case = {"seed": 3, "kind": "plain", "focal": 14.0, "size": (64, 36), "shift": (0.0, 0.0), "near": 0.05, "away": 0.0}
    snapshot, camera = staged(make, case)
    assert not faults(snapshot, camera, rays.rasterize(snapshot, camera))
    moved = camera.K.copy()
    moved[:2, 2] += offset
    assert faults(snapshot, camera, rays.rasterize(snapshot, replace(camera, K=moved)))


@pytest.mark.parametrize("focal", [8.0, 35.0, 400.0])
def test_a_sphere_has_the_depth_and_normals_of_geometry(make, rasterizer, focal):
    radius, centre, rings = 1.3, np.array([0.4, 5.0, 1.0]), 160
    snapshot = make.world(make.sphere(radius, centre, rings)).at(0)
    camera = make.camera([0, -2, 1.5], [0.5, 5, 1.2], 48, 32, focal)
    passes = Passes(snapshot, camera, rasterizer.rasterize(snapshot, camera))
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    d, out = camera.rays(np.stack([x, y], -1)), camera.position - centre
    a, b, c = (d * d).sum(-1), d @ out, out @ out - radius**2
    under = b * b - a * c
    depth = (-b - np.sqrt(np.maximum(under, 0))) / a
    normal = (out + depth[..., None] * d) / radius
    facing = -(normal * d).sum(-1) / np.sqrt(a)
    sure = (under > 0) & (facing > 0.25)
    sagitta = 2 * radius * (1 - np.cos(np.pi / rings))
    assert sure.sum() > 4
    assert passes.gbuffer.hit[sure].all()
    assert np.abs(passes.depth - depth)[sure].max() < sagitta / 0.25
    assert (passes.normal * normal).sum(-1)[sure].min() > np.cos(np.radians(0.1))
    assert (passes.geometric_normal * normal).sum(-1)[sure].min() > np.cos(1.5 * np.pi / rings)
    outside = under < -0.02
    assert not passes.gbuffer.hit[outside].any()


@pytest.mark.parametrize(("away", "gap"), [(3.0, 1e-4), (60.0, 5e-4), (900.0, 5e-3)])
def test_a_poster_lies_in_front_of_its_wall(make, rasterizer, away, gap):
    wall, poster = make.wall(away, half=away), make.wall(away - gap, half=away)
    for first, second, seen in ((wall, poster, (2, 3)), (poster, wall, (0, 1))):
        camera = replace(make.camera([0.2, 0, 1.1], [0, away, 1], 64, 48), far=6000.0)
        triangle = rasterizer.rasterize(make.world(first, second).at(0), camera).triangle
        assert np.isin(triangle, seen).all()


_DIGEST = """
import hashlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("conf", sys.argv[1])
conf = importlib.util.module_from_spec(spec)
sys.modules["conf"] = conf
spec.loader.exec_module(conf)
from render.raster import RasterizerUnavailable, open_rasterizer
for name in ("gl", "embree"):
    try:
        rasterizer = open_rasterizer(name)
    except RasterizerUnavailable:
        continue
    for time in (0.0, 0.8):
        seen = rasterizer.rasterize(conf.Make.lively().at(time), conf.Make.camera([0, -6, 2.2], [0.5, 0, 0.8]))
        print(name, hashlib.sha256(seen.triangle.tobytes() + seen.bary.tobytes()).hexdigest())
"""


def test_two_processes_make_the_same_bytes():
    conftest = str(Path(__file__).with_name("conftest.py"))
    runs = [subprocess.Popen([sys.executable, "-c", _DIGEST, conftest], stdout=subprocess.PIPE) for _ in range(2)]
    first, second = (run.communicate(timeout=120)[0] for run in runs)
    assert first.count(b"embree") == 2
    assert len(set(first.split())) == len(first.split()) / 2 * 1.5  # every picture is another
    assert first == second
