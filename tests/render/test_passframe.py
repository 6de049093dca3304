"""Every pass of a shot's frames: exact, on one scale, and the same whatever is asked beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from render.cryptomatte import coverage
from render.files import bytes_from_display
from render.identity import Identities
from render.passframe import ShotPasses
from render.passpicture import code, picture
from render.passtable import NAMES, PASSES
from render.scale import scale_of
from worldgen.camera import Camera, CameraTrack
from worldgen.character import human
from worldgen.conventions import stable_id, translation
from worldgen.dog import dog
from worldgen.light import Sky
from worldgen.world import Shot, Thing, World


def shot(*cameras: Camera, fps: int = 1, start: float = 0.0) -> Shot:
    first = cameras[0]
    poses, K = (np.stack([getattr(c, name) for c in cameras]) for name in ("world_from_camera", "K"))
    lens = np.ones(len(cameras))
    track = CameraTrack(poses, K, first.width, first.height, lens, lens, first.near, first.far)
    return Shot("take", track, Fraction(fps), start)


@pytest.fixture
def stage(make, rays) -> Callable[..., ShotPasses]:
    """The passes of a world seen by one camera for three frames, a second apart."""

    def build(world: World | None = None, *, frames: int = 3, **more: object) -> ShotPasses:
        camera = make.camera([3, -7, 3], [1, 0, 1], 48, 32)
        return ShotPasses(world or make.lively(), shot(*[camera] * frames), rays, **more)

    return build


def test_distance_is_along_the_ray(make, stage) -> None:
    passes = stage().frame(0, ["distance"])
    distance, depth = passes.layer("distance"), passes.layer("depth")
    y, x = np.indices(depth.shape) + 0.5
    rays = passes.camera.rays(np.stack([x, y], axis=-1))
    hit = np.isfinite(depth)
    np.testing.assert_allclose(distance[hit], (depth * np.linalg.norm(rays, axis=-1))[hit], rtol=1e-4)
    assert np.isinf(distance[~hit]).all()
    assert 0 < hit.mean() < 1


def test_normals_in_the_camera_s_axes_face_it(make, stage) -> None:
    frame = stage().frame(0, ["camera_geometric_normal"])
    turned, world = frame.layer("camera_geometric_normal"), frame.layer("geometric_normal")
    hit = frame.passes.gbuffer.hit
    back = turned @ frame.camera.world_from_camera[:3, :3].T
    np.testing.assert_allclose(back[hit], world[hit], atol=1e-5)
    y, x = np.indices(hit.shape) + 0.5
    rays = frame.camera.rays(np.stack([x, y], axis=-1)) @ frame.camera.world_from_camera[:3, :3]
    assert ((turned * rays).sum(-1)[hit] < 1e-5).all()  # of the side that is seen
    assert not turned[~hit].any()


def test_inverse_depth_is_on_one_scale_and_turns_back_into_metres(stage) -> None:
    white, black = stage(), stage(near_is_white=False)
    for k in (0, 2):
        a, b = white.frame(k, ["inverse_depth"]), black.frame(k, ["inverse_depth"])
        share, depth = a.layer("inverse_depth"), a.layer("depth")
        np.testing.assert_allclose(share + b.layer("inverse_depth"), 1.0, atol=1e-5)
        hit = np.isfinite(depth)
        near, far = np.unravel_index([depth.argmin(), np.where(hit, depth, 0).argmax()], depth.shape)[0:2]
        assert share[near[0], far[0]] > share[near[1], far[1]]
        np.testing.assert_allclose(white.scale.depth(share)[hit], depth[hit], rtol=1e-3)
        np.testing.assert_allclose(
            white.scale.depth(b.layer("inverse_depth"), near_is_white=False)[hit], depth[hit], rtol=1e-3
        )
        assert (code("inverse_depth", share)[~hit] == 0).all()
    assert white.scale == black.scale == scale_of(white.world, white.shot, white.raster)
    told = white.scale.told(True)
    v = share[hit]
    formula = str(told["inverse_depth"]["depth_m"]).split(",")[0]
    metres = eval(formula, {"v": v, "near_m": told["near_m"], "far_m": told["far_m"]})
    np.testing.assert_allclose(metres, depth[hit], rtol=1e-3)


def test_a_shot_of_nothing_has_a_scale(make, rays) -> None:
    camera = make.camera([0, 0, 1], [0, 0, 9], 8, 8)
    passes = ShotPasses(make.world(), shot(camera), rays)
    assert passes.scale.near_m < passes.scale.far_m
    assert np.isfinite(passes.frame(0, ["tracking"]).layer("tracking")).all()


def test_tracking_colours_go_with_the_surface(stage) -> None:
    """The ball rolls 2 m along +X until frame 2; its colours say where it was at the start."""
    passes = stage()
    frame = passes.frame(2, ["tracking"])
    colour = frame.layer("tracking")
    low, high = np.array(passes.scale.low), np.array(passes.scale.high)
    begun = low + colour * (high - low)
    moved = frame.passes.position - begun
    ball = frame.passes.object_id == stable_id("ball")
    ground = frame.passes.object_id == stable_id("ground")
    assert ball.sum() > 20
    np.testing.assert_allclose(moved[ball], np.broadcast_to([2.0, 0, 0], moved[ball].shape), atol=1e-3)
    np.testing.assert_allclose(moved[ground], 0, atol=1e-3)
    inside = (colour[ground | ball] >= 0) & (colour[ground | ball] <= 1)
    assert inside.mean() > 0.95


def test_ids_name_characters_and_whole_things(make) -> None:
    wheel = Thing("car/wheel-1", make.box([1, 0, 0], [2, 1, 1]), place=lambda t: translation([t, 0, 0]))
    things = (
        Thing("car", make.box([-1, 0, 0], [1, 1, 1])), wheel, Thing("street/lamp", make.box([3, 0, 0], [4, 1, 3])),
        human("mara", detail="low").thing, dog("rex").thing,
    )  # fmt: skip
    who = Identities.of(World(things, Sky()))
    assert who.instances == ("car", "mara", "rex", "street/lamp")
    numbers = np.array([[0, *(stable_id(t.name) for t in things)]], dtype=np.int32)
    assert who.instance_id(numbers).tolist() == [[0, 1, 1, 4, 2, 3]]
    assert who.character_id(numbers).tolist() == [[0, 0, 0, 0, stable_id("mara"), stable_id("rex")]]
    table = who.table("instance_id", lambda ids: np.zeros((*ids.shape, 3), np.uint8) + 16)
    assert table["4"] == {"name": "street/lamp", "colour": "#101010"}
    assert set(who.named("character_id").values()) == {"mara", "rex"}


def test_colours_are_means_and_numbers_are_not(make, rays) -> None:
    """Two walls meet in the middle of a column of pixels: there the albedo is half of each, the depth is one's own."""
    left = make.quad([[-9, 5, -9], [0, 5, -9], [0, 5, 9], [-9, 5, 9]], name="left")
    right = make.quad([[0, 9, -9], [9, 9, -9], [9, 9, 9], [0, 9, 9]], name="right")
    dark = replace(right, materials=(replace(right.materials[0], base_color=(0.1, 0.1, 0.1), roughness=0.2),))
    camera = make.camera([0, 0, 1], [0, 5, 1], 25, 9)
    K = camera.K.copy()
    K[0, 2] = 12.5
    passes = ShotPasses(make.world(left, dark), shot(replace(camera, K=K)), rays).frame(0, NAMES)
    albedo = passes.layer("albedo")
    np.testing.assert_allclose(albedo[4, 12], (albedo[4, 2] + albedo[4, 22]) / 2, rtol=1e-4)
    assert albedo[4, 2, 0] > 3 * albedo[4, 22, 0]
    rough = passes.layer("roughness")
    assert rough[4, 12] == pytest.approx((rough[4, 2] + rough[4, 22]) / 2, rel=1e-4)
    assert set(np.round(np.unique(passes.layer("depth")), 4)) == {5.0, 9.0}
    assert coverage(passes.layer("crypto_material"), "left")[4, 12] == 0.5
    assert coverage(passes.layer("crypto_object"), "thing-1")[4].tolist() == [0.0] * 12 + [0.5] + [1.0] * 12


def test_motion_and_masks_at_the_ends_and_between(stage) -> None:
    passes = stage()
    names = ["forward_motion", "backward_motion", "occlusion_mask", "disocclusion_mask"]
    first, middle, last = (passes.frame(k, names) for k in range(3))
    assert not first.layer("backward_motion").any()
    assert first.layer("disocclusion_mask").all()
    assert not last.layer("forward_motion").any()
    assert not last.layer("occlusion_mask").any()
    ball = middle.passes.object_id == stable_id("ball")
    ahead, back = middle.layer("forward_motion"), middle.layer("backward_motion")
    start = middle.passes.position[ball]
    pixel = np.argwhere(ball)[:, ::-1] + 0.5
    there, _ = middle.camera.project(start + np.array([1.0, 0, 0]))
    np.testing.assert_allclose(ahead[ball], there - pixel, atol=0.02)
    assert (np.sign(back[ball][:, 0]) == -np.sign(ahead[ball][:, 0])).mean() > 0.9
    ground = middle.passes.object_id == stable_id("ground")
    assert np.abs(ahead[ground]).max() < 0.01
    assert 0 < middle.layer("occlusion_mask")[ground].mean() < 0.5
    assert 0 < middle.layer("disocclusion_mask")[ground].mean() < 0.5


def test_the_shade_is_the_proxy(stage) -> None:
    passes = stage()
    frame = passes.frame(1, ["shade"])
    shading = passes.shader.shade(passes.world.at(1.0), passes.shot.track[1])
    values = frame.layer("shade")
    shown = picture("shade", values, frame.sky.display).astype(int)
    assert np.abs(shown - bytes_from_display(shading.proxy)).max() <= 1
    np.testing.assert_array_equal(values[..., 3], shading.coverage)
    np.testing.assert_allclose(values[..., :3], frame.layer("radiance") * frame.sky.exposure, rtol=1e-5)


def test_a_pass_is_the_same_alone_and_in_any_order(make, stage) -> None:
    world = World((*make.lively().things, human("mara", detail="low").thing), Sky())
    together = stage(world).frame(1, NAMES)
    backwards = stage(world)
    for k in (2, 1):
        frame = backwards.frame(k, NAMES)
        _ = frame.layer("backward_motion")
    for name in ("albedo", "forward_motion", "crypto_material", "keypoints", "tracking", "bounce"):
        alone = stage(world).frame(1, [name]).layer(name)
        np.testing.assert_array_equal(alone, together.layer(name), err_msg=name)
        np.testing.assert_array_equal(alone, frame.layer(name), err_msg=name)


@pytest.mark.parametrize("focal", [8.0, 400.0])
@pytest.mark.parametrize("size", [(1, 1), (17, 3)])
def test_every_pass_of_odd_shots(make, rays, focal: float, size: tuple[int, int]) -> None:
    """One frame of one pixel; a camera inside a box, and an empty world."""
    box = World((Thing("box", make.box([-1, -1, 0], [1, 1, 2])),), Sky())
    camera = make.camera([0.2, -0.3, 1], [0.1, 5, 1], *size, focal=focal)
    for world in (box, make.world()):
        passes = ShotPasses(world, shot(camera), rays).frame(0, NAMES)
        for name in NAMES:
            values = passes.layer(name)
            assert values.shape[:2] == size[::-1], name
            assert not np.isnan(values).any(), name
            assert picture(name, values, passes.sky.display).shape == (*size[::-1], 3), name


def test_all_passes_are_explained() -> None:
    assert all(what.about and what.png and what.channels for what in PASSES.values())
    channels = [(name if what.layer is None else what.layer, c) for name, what in PASSES.items() for c in what.channels]
    assert len(set(channels)) == len(channels)
