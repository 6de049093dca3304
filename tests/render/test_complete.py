"""The complete G-buffer: what the device derives equals the shared code's, and every frame knows its neighbours."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from render import complete_cpu
from render.complete import CompleteFrame, complete_shot, derived
from render.complete_gl import CompleteGL
from render.passes import Passes
from render.raster import RasterizerUnavailable, open_rasterizer
from worldgen.actions import Walk
from worldgen.camera import CameraTrack
from worldgen.character import human
from worldgen.light import Sky
from worldgen.material import Material
from worldgen.texture import Texture
from worldgen.world import Shot, Thing, World


@pytest.fixture(scope="module")
def gl():
    try:
        opened = open_rasterizer("gl")
    except RasterizerUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def by_device(gl, moments):
    return CompleteGL.of(gl).frames(gl, moments)


@pytest.fixture(params=[by_device, complete_cpu.frames], ids=["device", "loops"])
def made(request):
    """Both ways to make complete frames."""
    return request.param


def textured(mesh, name, shape, size_m, scale=1.0):
    detail = np.random.default_rng(3).uniform(0.2, 1.8, (*shape, 3)).astype(np.float32)
    return replace(
        mesh,
        uv=mesh.uv * np.float32(scale),
        materials=(Material(name, "plaster", (0.6, 0.4, 0.3), texture=Texture(name, detail, size_m)),),
    )


def moments(world, cameras, start=0.0, step=0.1):
    return [(world.at(start + step * k), camera) for k, camera in enumerate(cameras)]


def both(made, gl, frames):
    """Frames made quickly, and as the shared code makes them from the same visibility buffers."""
    fast = list(made(gl, frames))
    return fast, list(derived([(f.snapshot, f.camera, f.gbuffer) for f in fast]))


def agree(fast: CompleteFrame, shared: CompleteFrame, albedo: float = 2e-3, masks: float = 0.995) -> None:
    hit = shared.gbuffer.hit
    np.testing.assert_allclose(fast.depth, shared.depth, rtol=1e-4)
    for name in ("object_id", "material_id"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(shared, name))
    tolerances = {"normal": 1e-3, "facing": 1e-3, "uv": 1e-4, "rest_position": 1e-4, "albedo": albedo}
    for name, tolerance in tolerances.items():
        np.testing.assert_allclose(getattr(fast, name), getattr(shared, name), rtol=3e-7, atol=tolerance, err_msg=name)
        assert not getattr(fast, name)[~hit].any()
    for way in ("forward", "backward"):
        a, b = getattr(fast.motion, way), getattr(shared.motion, way)
        assert (a is None) == (b is None)
        if a is not None:
            inside = ~b.outside
            assert np.abs(a.vector - b.vector)[inside].max(initial=0) <= 0.01
            assert (a.visible == b.visible).mean() >= masks
            assert (a.outside == b.outside).mean() >= 0.999


def test_a_walking_character_over_textured_ground(made, gl, make):
    ground = textured(make.ground(40, 20.0, 0.1), "ground", (64, 64), 1.5)
    mara = human("mara", actions=[Walk(((0.0, 0.0), (0.0, 20.0)))])
    world = World((Thing("ground", ground), mara.thing), Sky())
    cameras = [make.camera([0.3 - 0.05 * k, -4, 1.8], [0, 0.5, 0.9], 160, 90) for k in range(4)]
    fast, shared = both(made, gl, moments(world, cameras, 1.0, 1 / 24))
    for a, b in zip(fast, shared, strict=True):
        agree(a, b)
    mara_id = int(fast[1].snapshot.face_object[-1])
    shown = fast[1].object_id == mara_id
    assert shown.sum() > 300
    assert (
        np.abs(fast[1].rest_position - Passes(fast[1].snapshot, cameras[1], fast[1].gbuffer).position)[shown].max()
        > 0.1
    )
    assert fast[0].motion.backward is None
    assert fast[-1].motion.forward is None
    covered = fast[1].motion.occlusion
    assert covered is not None
    assert covered[~shown].any()  # she covers some of the ground


def test_odd_textures_many_materials_and_scaled_uv(made, gl, make):
    meshes = [
        textured(make.wall(3.0, 1.0, x=-1.5), "wide", (8, 40), 0.7, 3.0),
        textured(make.wall(3.5, 1.0, x=0.5), "one", (1, 1), 2.0),
        make.wall(5.0, 6.0),
        textured(make.wall(2.5, 0.4, x=1.6), "tall", (33, 5), 0.3, 0.1),
    ]
    cameras = [make.camera([0.1 * k, -1, 1.2], [0.1, 3, 1], 97, 61) for k in range(2)]
    for a, b in zip(*both(made, gl, moments(make.world(*meshes), cameras)), strict=True):
        agree(a, b, albedo=2e-3)


@pytest.mark.parametrize("focal", [8.0, 400.0])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (33, 17)])
def test_extreme_lenses_and_odd_sizes(made, gl, make, focal, width, height):
    cameras = [make.camera([0.02 * k, -6, 2.2], [0.3, 0, 0.8], width, height, focal) for k in range(3)]
    for a, b in zip(*both(made, gl, moments(make.lively(), cameras)), strict=True):
        agree(a, b, masks=0.98)


def test_inside_a_wall_far_from_the_origin_and_behind_the_camera(made, gl, make):
    far = np.array([3000.0, -2000.0, 500.0], np.float32)
    world = make.world(
        *(replace(m, vertices=m.vertices + far) for m in (make.ground(), make.box((-1, -1, 0), (1, 1, 2))))
    )
    eyes, ahead = ([0, 0, 1.0], [0, -1.02, 1.0], [0.2, -3, 1.5]), np.array([0.3, 2, 0.9])
    cameras = [make.camera(far + eye, far + ahead, 64, 48) for eye in eyes]
    for a, b in zip(*both(made, gl, moments(world, cameras)), strict=True):
        agree(a, b, masks=0.98)


def test_a_sheet_shows_its_other_side_to_a_camera_beyond_it(made, gl, make):
    world = make.world(make.wall(0.0, 3.0))
    cameras = [make.camera([0, -3, 1], [0, 0, 1], 32, 32), make.camera([0, 3, 1], [0, 0, 1], 32, 32)]
    fast, shared = both(made, gl, moments(world, cameras))
    assert not fast[0].motion.forward.visible[fast[0].gbuffer.hit].any()
    for a, b in zip(fast, shared, strict=True):
        agree(a, b)


def test_nothing_to_see_and_no_frames(made, gl, make):
    camera = make.camera([0, 0, 1], [0, 1, 5], 20, 10)
    for world in (World((), Sky()), make.world(make.floor())):
        (frame,) = made(gl, [(world.at(0), camera)])
        assert np.isinf(frame.depth).all()
        assert not frame.object_id.any()
        assert frame.motion.forward is None
    assert list(made(gl, [])) == []


def test_frames_stay_as_they_are_while_others_are_made(made, gl, make):
    cameras = [make.camera([0.1 * k, -6, 2.2], [0, 0, 0.8], 48, 32) for k in range(8)]
    kept = []
    for frame in made(gl, moments(make.lively(), cameras)):
        kept.append((frame, frame.depth.copy(), frame.uv.copy(), frame.gbuffer.triangle.copy()))
    for frame, depth, uv, triangle in kept:
        np.testing.assert_array_equal(frame.depth, depth)
        np.testing.assert_array_equal(frame.uv, uv)
        np.testing.assert_array_equal(frame.gbuffer.triangle, triangle)
    again = [f.depth for f in made(gl, moments(make.lively(), cameras))]
    np.testing.assert_array_equal(again[3], kept[3][1])


def test_one_world_one_size_and_one_stream_at_a_time_on_a_device(gl, make):
    a, b = make.camera([0, -6, 2], [0, 0, 1]), make.camera([0, -6, 2], [0, 0, 1], 32, 32)
    one, other = make.lively(), make.world(make.floor())
    with pytest.raises(ValueError, match="one world and one picture size"):
        list(by_device(gl, [(one.at(0), a), (one.at(0), b)]))
    with pytest.raises(ValueError, match="one world and one picture size"):
        list(by_device(gl, [(one.at(0), a), (other.at(0), a)]))
    stream = by_device(gl, moments(one, [a] * 5))
    next(stream)
    with pytest.raises(ValueError, match="another stream"):
        next(by_device(gl, moments(one, [a] * 5)))
    stream.close()
    assert len(list(by_device(gl, moments(one, [a] * 5)))) == 5


def test_loops_take_frames_of_many_sizes_but_of_one_world(gl, make):
    a, b = make.camera([0, -6, 2], [0, 0, 1]), make.camera([0.2, -6, 2], [0, 0, 1], 32, 40)
    one, other = make.lively(), make.world(make.floor())
    for fast, shared in zip(*both(complete_cpu.frames, gl, moments(one, [a, b, a])), strict=True):
        agree(fast, shared, masks=0.96)  # bumps of less than a coarse pixel
    with pytest.raises(ValueError, match="one world"):
        list(complete_cpu.frames(gl, [(one.at(0), a), (other.at(0), a)]))


def test_loops_equal_the_shared_albedo_nearly_bit_by_bit(gl, make):
    world = make.world(textured(make.ground(), "ground", (64, 64), 0.8))
    for a, b in zip(*both(complete_cpu.frames, gl, moments(world, [make.camera([0, -6, 2], [0, 0, 1])])), strict=True):
        np.testing.assert_allclose(a.albedo, b.albedo, atol=1e-4)


def test_a_shot_by_any_backend(rasterizer, make):
    world = make.lively()
    poses = np.stack([make.camera([0.1 * k, -6, 2.2], [0, 0, 0.8]).world_from_camera for k in range(3)])
    K = np.stack([make.camera([0, -6, 2.2], [0, 0, 0.8], 48, 32).K] * 3)
    shot = Shot("s", CameraTrack(poses, K, 48, 32, np.ones(3), np.ones(3)), Fraction(24))
    frames = list(complete_shot(rasterizer, world, shot))
    assert len(frames) == 3
    middle = Passes(world.at(shot.time(1)), shot.track[1], frames[1].gbuffer)
    np.testing.assert_allclose(frames[1].depth, middle.depth, rtol=1e-4)
    assert frames[1].motion.forward is not None
    assert frames[1].motion.backward is not None
