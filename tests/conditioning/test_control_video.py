"""The numeric convention of every control, on a ball before a wall whose depth and normals are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from conditioning import control_style as style
from conditioning.control_style import NAMES, DepthStyle, EdgeStyle, PoseStyle, Style
from conditioning.control_video import control_clips, control_pictures, known_mask
from render.keypoints import COLOURS
from render.passframe import ShotPasses
from render.raster import Rasterizer
from worldgen import shapes
from worldgen.ade20k import CLASSES, PALETTE
from worldgen.camera import CameraTrack, Lens
from worldgen.character import human
from worldgen.conventions import F32, F64, Bool, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.world import Shot, Thing, World

WIDTH, HEIGHT = 96, 64
EYE = np.array([0.0, -5.0, 1.0])
CENTRE, RADIUS = np.array([0.0, 0.0, 1.0]), 1.0
WALL = 3.0
"""Where along +Y the wall stands, from the height of the ball's foot to half a metre and more above its head."""


def shot(frames: int = 1, width: int = WIDTH, height: int = HEIGHT) -> Shot:
    """A camera at ``EYE`` that looks along +Y, a second a frame."""
    poses = np.repeat(look_at(EYE, EYE + np.array([0.0, 1.0, 0.0]))[None], frames, axis=0)
    K = np.repeat(Lens(24).intrinsics(width, height)[None], frames, axis=0)
    track = CameraTrack(poses, K, width, height, np.full(frames, 5.0), np.full(frames, 8.0))
    return Shot("take", track, Fraction(1))


def ball() -> Mesh:
    return shapes.sphere(RADIUS, make("marble"), 120)


@pytest.fixture(scope="module")
def world() -> World:
    """The ball rolls along +X at half a metre a second before the wall."""
    mesh = ball()

    def roll(t: float) -> F32:
        return (mesh.vertices + np.float32([0.5 * t, 0, 0])).astype(np.float32)

    wall = shapes.box((40.0, 0.2, 3.5), make("brick"), 0).transformed(translation([0, WALL + 0.1, 0]))
    return World((Thing("wall", wall), Thing("ball", mesh, roll)), Sky(np.radians(200), np.radians(40)))


Stage = Callable[..., ShotPasses]


@pytest.fixture(scope="module")
def passes(world: World, rasterizer: Rasterizer) -> ShotPasses:
    return ShotPasses(world, shot(3), rasterizer)


def one(passes: ShotPasses, wanted: Style, frame: int = 0) -> F32:
    return control_pictures(passes, {"it": wanted}, frame)["it"]


def truth(passes: ShotPasses) -> tuple[Bool, Bool, F64, F64]:
    """(H, W) where the ball is and where the wall is, the ball's normals in the camera's axes, and exact depth."""
    camera = passes.shot.track[0]
    y, x = np.indices((HEIGHT, WIDTH)) + 0.5
    rays = camera.rays(np.stack([x, y], axis=-1))
    to_centre = CENTRE - EYE
    along = rays @ to_centre
    square = (rays * rays).sum(-1)
    inside = along**2 - square * (to_centre @ to_centre - RADIUS**2)
    on_ball = inside > 0.05  # away from the outline, where a polygon and a ball differ
    near = (along - np.sqrt(np.maximum(inside, 0))) / square
    point = EYE + near[..., None] * rays
    normal = (point - CENTRE) / RADIUS @ camera.world_from_camera[:3, :3]
    far = (WALL - EYE[1]) / rays[..., 1]
    at = EYE + far[..., None] * rays
    on_wall = (inside < -0.05) & (at[..., 2] > 0.05) & (at[..., 2] < 3.45)
    forward = camera.world_from_camera[:3, 2]
    return on_ball, on_wall, normal, np.where(on_ball, (point - EYE) @ forward, far)


def test_the_scene_is_what_the_tests_say(passes: ShotPasses) -> None:
    on_ball, on_wall, _, depth = truth(passes)
    seen = passes.frame(0, ["depth"]).layer("depth")
    assert on_ball.sum() > 300
    assert on_wall.sum() > 1000
    assert np.isinf(seen).sum() > 300
    np.testing.assert_allclose(seen[on_ball | on_wall], depth[on_ball | on_wall], rtol=2e-3)


def test_depth_is_inverse_and_near_is_white_on_the_shot_s_own_range(passes: ShotPasses) -> None:
    on_ball, on_wall, _, depth = truth(passes)
    picture = one(passes, style.INVERSE_DEPTH)
    scale, known = passes.scale, on_ball | on_wall
    share = (1 / depth - 1 / scale.far_m) / (1 / scale.near_m - 1 / scale.far_m)
    np.testing.assert_allclose(picture[known][:, 0], np.clip(2 * share - 1, -1, 1)[known], atol=0.02)
    assert picture[HEIGHT // 2, WIDTH // 2, 0] > 0.9  # the ball's front is the nearest there is
    assert (picture[~np.isfinite(passes.frame(0, ["depth"]).layer("depth"))] == -1).all()
    assert (picture[..., :1] == picture).all()


def test_depth_of_what_stands_still_never_changes(rasterizer: Rasterizer) -> None:
    mesh = ball()

    def come(t: float) -> F32:  # nearer by a metre a second: a frame's own range would darken the post meanwhile
        return (mesh.vertices - np.float32([0, t, 0])).astype(np.float32)

    post = shapes.box((0.4, 0.4, 2.0), make("brick"), 0).transformed(translation([2.6, 1.0, 0]))
    wall = shapes.box((40.0, 0.2, 3.5), make("brick"), 0).transformed(translation([0, WALL + 0.1, 0]))
    world = World((Thing("wall", wall), Thing("post", post), Thing("ball", mesh, come)), Sky())
    passes = ShotPasses(world, shot(3), rasterizer)
    clip = control_clips(passes, {"depth": style.INVERSE_DEPTH}, range(3))["depth"][..., 0]
    x, y = passes.shot.track[0].project(np.array([[2.6, 0.8, 1.2]]))[0][0].astype(int)
    assert -0.9 < clip[0, y, x] < 0.5
    assert np.ptp(clip[:, y, x]) == 0
    assert clip[2].max() > clip[0].max() + 0.5


def test_depth_the_other_way_round_and_in_even_steps(passes: ShotPasses) -> None:
    white = one(passes, DepthStyle())
    np.testing.assert_allclose(one(passes, DepthStyle(near="black")), -white, atol=1e-6)
    known, depth = np.logical_or(*truth(passes)[:2]), truth(passes)[3]
    scale = passes.scale
    even = 1 - 2 * (depth - scale.near_m) / (scale.far_m - scale.near_m)
    np.testing.assert_allclose(
        one(passes, DepthStyle(inverse=False))[known][:, 0], np.clip(even, -1, 1)[known], atol=0.02
    )


def test_normals_of_bae_are_red_to_the_left_green_above_and_blue_in_front(passes: ShotPasses) -> None:
    on_ball, on_wall, normal, _ = truth(passes)
    picture = one(passes, style.NORMAL_BAE)
    np.testing.assert_allclose(picture[on_ball], -normal[on_ball], atol=0.03)
    middle, side = HEIGHT // 2, int(on_ball[HEIGHT // 2].sum() // 2 - 2)
    assert picture[middle, WIDTH // 2 - side, 0] > 0.5  # the ball's left side looks left
    assert picture[middle, WIDTH // 2 + side, 0] < -0.5
    assert picture[middle - side, WIDTH // 2, 1] > 0.5
    np.testing.assert_allclose(picture[on_wall], np.broadcast_to([0, 0, 1], (on_wall.sum(), 3)), atol=0.01)
    sky = ~passes.frame(0, ["depth"]).passes.gbuffer.hit
    np.testing.assert_array_equal(picture[sky], np.broadcast_to([0, 0, 1], (sky.sum(), 3)))


def test_normals_of_opengl_are_red_to_the_right(passes: ShotPasses) -> None:
    bae, opengl = one(passes, style.NORMAL_BAE), one(passes, style.NORMAL_OPENGL)
    np.testing.assert_allclose(opengl, bae * [-1, 1, 1], atol=1e-6)


def test_segmentation_in_the_colours_of_ade20k(passes: ShotPasses) -> None:
    picture = np.rint((one(passes, style.ADE20K) + 1) * 127.5).astype(np.uint8)
    colours = {tuple(c) for c in picture.reshape(-1, 3).tolist()}
    assert colours <= {tuple(c) for c in PALETTE.tolist()}
    assert picture[0, 0].tolist() == [6, 230, 230]  # sky, of the published palette
    assert picture[HEIGHT // 2, 3].tolist() == PALETTE[CLASSES.index("wall")].tolist()
    assert len(colours) == 3


def test_segmentation_by_things_gives_each_its_own_colour_and_sky_none(passes: ShotPasses) -> None:
    picture = one(passes, style.THINGS)
    middle, wall = picture[HEIGHT // 2, WIDTH // 2], picture[HEIGHT // 2, 3]
    assert (picture[0, 0] == -1).all()
    assert np.abs(middle - wall).max() > 0.1
    assert min(middle.max(), wall.max()) > -0.3


def test_thin_lines_are_white_or_black_and_lie_on_the_outline(passes: ShotPasses) -> None:
    picture = one(passes, style.CANNY)
    assert set(np.unique(picture)) == {-1.0, 1.0}
    on_ball = truth(passes)[0]
    row = np.flatnonzero(picture[HEIGHT // 2, :, 0] > 0)
    left, right = np.flatnonzero(on_ball[HEIGHT // 2])[[0, -1]]
    assert len(row) <= 4
    assert abs(row.min() - left) <= 2
    assert abs(row.max() - right) <= 2
    assert picture[..., 0].mean() < -0.8  # nothing inside the ball or the wall


def test_soft_lines_fade_and_are_broader_than_fine_ones(passes: ShotPasses) -> None:
    thin, fine, soft = (one(passes, s) for s in (style.CANNY, style.LINEART, style.SOFT_EDGES))
    assert len(np.unique(soft)) > 50
    assert (soft > -0.9).mean() > (fine > -0.9).mean() >= (thin > 0).mean()
    assert soft.max() > 0.4


def test_scribbles_are_dark_on_white(passes: ShotPasses) -> None:
    np.testing.assert_allclose(one(passes, style.SCRIBBLE), -one(passes, style.LINEART), atol=1e-6)
    np.testing.assert_array_equal(
        one(passes, EdgeStyle("thin", paper="white")), -one(passes, EdgeStyle("thin", paper="black"))
    )


def test_poses_in_openpose_s_colours_and_as_thick_as_each_model_knows_them(rasterizer: Rasterizer) -> None:
    mara = human("mara", wardrobe={"hair": "#221111"}).thing
    taken = Shot("take", shot(1, 256, 256).track, Fraction(1))
    people = ShotPasses(World((mara,), Sky()), taken, rasterizer)
    plain, vace, thick = (one(people, s) for s in (style.OPENPOSE, style.DWPOSE_VACE, style.OPENPOSE_XINSIR))
    assert (plain[0] == -1).all()
    covered = [(picture.max(-1) > -0.5).mean() for picture in (vace, plain, thick)]
    assert covered[0] < covered[1] <= covered[2]
    colours = np.rint((plain.reshape(-1, 3) + 1) * 127.5)
    neck = COLOURS[1].astype(float)
    assert (np.abs(colours - neck).max(-1) < 1).any()


def test_a_limb_is_as_thick_as_the_style_says(rasterizer: Rasterizer) -> None:
    mara = human("mara").thing
    pose = np.repeat(look_at([0.0, 1.0, 1.5], [0.0, 0.0, 1.4])[None], 1, axis=0)  # near: a person is not small
    track = shot(1, 256, 256).track
    taken = Shot("take", CameraTrack(pose, track.K, 256, 256, track.focus_m, track.f_stop), Fraction(1))
    people = ShotPasses(World((mara,), Sky()), taken, rasterizer)
    thin, thick = (one(people, PoseStyle(share)).max(-1) > -0.9 for share in (0.004, 0.008))
    assert 1.6 < thick.sum() / thin.sum() < 2.6


def test_tracking_colours_stay_with_the_surface(passes: ShotPasses) -> None:
    clip = control_clips(passes, {"it": style.WORLD_COLOURS}, range(3))["it"]
    camera = passes.shot.track[0]
    fronts = [camera.project(np.array([[0.5 * k, -RADIUS, 1.0]]))[0][0].astype(int) for k in range(3)]
    assert fronts[1][0] > fronts[0][0] + 3
    here = [clip[k, y, x] for k, (x, y) in enumerate(fronts)]
    np.testing.assert_allclose(here[1], here[0], atol=0.05)
    np.testing.assert_allclose(here[2], here[0], atol=0.05)
    scale = passes.scale
    expected = (np.array([0, -RADIUS, 1.0]) - scale.low) / (np.array(scale.high) - scale.low)
    np.testing.assert_allclose(here[0], np.clip(2 * expected - 1, -1, 1), atol=0.05)
    assert (clip[:, 0, 0] == -1).all()


def test_blur_keeps_the_colours_and_drops_the_detail(passes: ShotPasses) -> None:
    proxy = 2 * passes.shader.shade(passes.world.at(0.0), passes.shot.track[0]).proxy - 1
    blurred = one(passes, style.COSMOS_BLUR)
    np.testing.assert_allclose(blurred.mean((0, 1)), proxy.mean((0, 1)), atol=0.03)
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.5 * np.abs(np.diff(proxy, axis=1)).mean()


EVERY: dict[str, Style] = {
    "depth": style.INVERSE_DEPTH,
    "normal": style.NORMAL_BAE,
    "edges": style.SOFT_EDGES,
    "segmentation": style.ADE20K,
    "pose": style.OPENPOSE,
    "tracking": style.WORLD_COLOURS,
    "blur": style.COSMOS_BLUR,
}


def test_every_name_has_a_control() -> None:
    assert set(EVERY) == set(NAMES)


@pytest.mark.parametrize("things", [True, False])
def test_odd_sizes_and_empty_worlds(world: World, rasterizer: Rasterizer, things: bool) -> None:
    passes = ShotPasses(world if things else World((), Sky()), shot(1, 161, 95), rasterizer)
    made = control_clips(passes, EVERY, [0])
    for name, clip in made.items():
        assert clip.shape == (1, 95, 161, 3), name
        assert clip.dtype == np.float32, name
        assert np.abs(clip).max() <= 1, name
    if not things:
        assert (made["pose"] == -1).all()
        assert (made["depth"] == -1).all()


def test_a_picture_does_not_depend_on_what_is_asked_beside_it(passes: ShotPasses) -> None:
    together = control_pictures(passes, EVERY, 1)
    for name, wanted in EVERY.items():
        np.testing.assert_array_equal(one(passes, wanted, 1), together[name], err_msg=name)


def test_a_mask_is_black_where_pixels_are_kept() -> None:
    mask = known_mask(np.array([[True, False]]))
    np.testing.assert_array_equal(mask, [[[-1, -1, -1], [1, 1, 1]]])
