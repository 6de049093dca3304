"""Passes against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from render.passes import Passes, Surface, interpolate
from render.passpicture import picture
from worldgen.ade20k import CLASSES, PALETTE, PERSON, SKY
from worldgen.conventions import stable_id
from worldgen.light import Sky
from worldgen.material import Material
from worldgen.mesh import Mesh, merged
from worldgen.texture import Texture
from worldgen.world import Thing, World


def passes_of(world, camera, rays, time=0.0):
    snapshot = world.at(time)
    return Passes(snapshot, camera, rays.rasterize(snapshot, camera))


def test_a_sphere_has_the_position_and_normals_of_geometry(make, rays):
    centre, camera = np.array([0.2, 5.0, 1.0]), make.camera([0, 0, 1.3], [0, 5, 1], 120, 90)
    passes = passes_of(make.world(make.sphere(1.0, centre, rings=96)), camera, rays)
    hit = passes.gbuffer.hit
    assert hit.sum() > 1000
    outward = passes.position - centre
    np.testing.assert_allclose(np.linalg.norm(outward, axis=-1)[hit], 1, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(passes.normal, axis=-1)[hit], 1, atol=1e-5)
    assert (outward * passes.normal).sum(-1)[hit].min() > 0.9995
    assert (outward * passes.geometric_normal).sum(-1)[hit].min() > 0.998
    offset = camera.position - centre
    d = Surface(passes.surface.snapshot, camera, passes.surface.triangle, passes.surface.bary).view * -1.0
    along, closest = (d * offset).sum(-1), offset @ offset - 1
    disc = along**2 - closest
    sure = disc > 0.2
    distance = -along[sure] - np.sqrt(disc[sure])
    axis = camera.world_from_camera[:3, 2]
    np.testing.assert_allclose(passes.surface.depth[sure], distance * (d[sure] @ axis), atol=3e-3)


def test_smooth_normals_are_smoother_than_flat_ones(make, rays):
    camera = make.camera([0, 0, 1.3], [0, 5, 1], 120, 90)
    passes = passes_of(make.world(make.sphere(1.0, [0, 5, 1], rings=12)), camera, rays)
    outward = passes.surface.position - [0, 5, 1]
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    smooth, flat = ((outward * n).sum(1) for n in (passes.surface.normal, passes.surface.geometric_normal))
    assert np.arccos(smooth.clip(-1, 1)).mean() < 0.3 * np.arccos(flat.clip(-1, 1)).mean()


def test_back_faces_turn_to_the_camera(make, rays):
    world = make.world(make.wall(3.0, half=9))
    for eye, outward in (([0, 0, 1], [0, -1, 0]), ([0, 6, 1], [0, 1, 0])):
        passes = passes_of(world, make.camera(eye, [0, 3, 1]), rays)
        for normal in (passes.normal, passes.geometric_normal):
            np.testing.assert_allclose(normal, np.broadcast_to(outward, normal.shape), atol=1e-6)
        assert passes.surface.front.all() == (eye[1] < 3)
        np.testing.assert_allclose(passes.camera_normal[..., 2], -1, atol=1e-5)


def test_camera_normals_have_the_cameras_axes(make, rays):
    camera = make.camera([0, 0, 2], [0, 3, 0])
    passes = passes_of(make.world(make.floor()), camera, rays)
    up = camera.camera_from_world[:3, :3] @ [0, 0, 1]
    assert up[1] < -0.5
    np.testing.assert_allclose(
        passes.camera_normal[passes.gbuffer.hit], np.broadcast_to(up, (len(passes.surface), 3)), atol=1e-6
    )


def test_what_is_missing_is_filled_as_documented(make, rays):
    passes = passes_of(make.world(make.wall(3.0)), make.camera([0, 0, 1], [0, 3, 1]), rays)
    sky = ~passes.gbuffer.hit
    assert 0 < sky.mean() < 1
    assert np.isposinf(passes.depth[sky]).all()
    assert (passes.material_index[sky] == -1).all()
    for name in [
        "position",
        "rest_position",
        "uv",
        "normal",
        "geometric_normal",
        "camera_normal",
        "object_id",
        "material_id",
    ]:
        assert not getattr(passes, name)[sky].any(), name
    for name in ["footprint", "albedo", "roughness", "metallic", "emission"]:
        assert not getattr(passes, name)[sky].any(), name
    assert np.isfinite(passes.depth[~sky]).all()


def test_shapes_and_types(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8], 31, 17)
    passes = passes_of(make.lively(), camera, rays)
    for name, shape, dtype in (
        ("depth", (), "float32"), ("position", (3,), "float32"), ("rest_position", (3,), "float32"),
        ("normal", (3,), "float32"), ("geometric_normal", (3,), "float32"), ("camera_normal", (3,), "float32"),
        ("uv", (2,), "float32"), ("footprint", (), "float32"), ("albedo", (3,), "float32"),
        ("roughness", (), "float32"), ("metallic", (), "float32"), ("emission", (3,), "float32"),
        ("object_id", (), "int32"), ("material_id", (), "int32"), ("material_index", (), "int32"),
    ):  # fmt: skip
        image = getattr(passes, name)
        assert (image.shape, image.dtype) == ((17, 31, *shape), np.dtype(dtype)), name


def test_ids_are_those_of_names(make, rays):
    a, b = make.wall(3.0, x=-1.0, name="brick"), make.wall(3.0, x=1.0, name="glass")
    passes = passes_of(make.world(a, b), make.camera([0, 0, 1], [0, 3, 1], 40, 30), rays)
    left, right = (15, 12), (15, 28)
    assert [passes.object_id[p] for p in (left, right)] == [stable_id("thing-0"), stable_id("thing-1")]
    assert [passes.material_id[p] for p in (left, right)] == [stable_id("brick"), stable_id("glass")]
    assert [passes.material_index[p] for p in (left, right)] == [0, 1]


def test_rest_positions_stick_to_what_moves(make, rays):
    world, camera = make.lively(), make.camera([0, -6, 2.2], [1.0, 0, 0.8])
    passes = passes_of(world, camera, rays, time=2.0)
    moving = passes.surface.triangle >= world.rest.static_faces
    shift = passes.surface.position - passes.surface.rest_position
    np.testing.assert_allclose(shift[moving], np.broadcast_to([2.0, 0, 0], shift[moving].shape), atol=1e-5)
    np.testing.assert_allclose(shift[~moving], 0, atol=1e-6)
    assert moving.sum() > 100


def test_footprint_of_a_floor(make, rays):
    camera = make.camera([0, 0, 2], [0, 4, 0], 64, 48)
    passes = passes_of(make.world(make.floor()), camera, rays)
    hit = passes.gbuffer.hit
    ray = passes.position - camera.position
    cosine = 2.0 / np.linalg.norm(ray, axis=-1)
    expected = passes.depth[hit] / camera.K[0, 0] / np.maximum(cosine[hit], 0.05)
    np.testing.assert_allclose(passes.footprint[hit], expected, rtol=1e-4)


def test_uv_and_interpolation_are_linear_over_the_surface(make, rays):
    camera = make.camera([0, -3, 2], [0, 1, 0])
    passes = passes_of(make.world(make.floor()), camera, rays)
    hit, snapshot = passes.gbuffer.hit, passes.surface.snapshot
    np.testing.assert_allclose(passes.uv[hit], passes.position[hit][:, :2], atol=1e-4)
    doubled = interpolate(passes.gbuffer, snapshot.faces, snapshot.vertices * 2 + 1)
    np.testing.assert_allclose(doubled[hit], passes.position[hit] * 2 + 1, atol=1e-4)
    assert not doubled[~hit].any()


def stripes():
    detail = np.ones((64, 64, 3), np.float32)
    detail[:, ::2] = 0.2
    detail[:, 1::2] = 1.8
    return Texture("stripes", detail, 1.0)


def test_albedo_is_base_colour_times_filtered_texture(make, rays):
    near, far = make.camera([0, 2.9, 1], [0, 3, 1], 64, 48), make.camera([0, -40, 1], [0, 3, 1], 64, 48, focal=200)
    world = make.world(make.wall(3.0, half=30, texture=stripes()))
    close, distant = (passes_of(world, camera, rays).albedo for camera in (near, far))
    assert close[..., 0].min() == pytest.approx(0.5 * 0.2, abs=0.03)
    assert close[..., 0].max() == pytest.approx(0.5 * 1.8, abs=0.03)
    assert distant[..., 0].std() < 0.02
    np.testing.assert_allclose(distant.mean((0, 1)), [0.5, 0.4, 0.3], rtol=1e-2)


def test_bitmaps_in_tiles_are_filtered_by_their_real_size(make, rays):
    """The same wall, once with uv in metres, once in tiles of 4 m with a texture of size 1: the same picture."""
    metres = make.wall(3.0, half=30, texture=Texture("a", stripes().detail, 4.0))
    tiles = make.wall(3.0, half=30, texture=Texture("b", stripes().detail, 1.0))
    metres = Mesh(
        metres.vertices, metres.faces, metres.normals, metres.vertices[:, ::2].copy(), metres.material, metres.materials
    )
    tiles = Mesh(tiles.vertices, tiles.faces, tiles.normals, metres.uv / 4, tiles.material, tiles.materials)
    camera = make.camera([0, -7, 1], [0, 3, 1], 64, 48)
    a, b = (passes_of(make.world(mesh), camera, rays).albedo for mesh in (metres, tiles))
    np.testing.assert_allclose(a, b, atol=1e-4)
    assert a.std() > 0.01


def test_equal_names_in_two_worlds_do_not_mix(make, rays):
    """A scene edited while a preview is open: the same names, another texture."""
    camera, means = make.camera([0, 0, 1], [0, 3, 1], 16, 12), []
    for level in (1.0, 0.5):
        texture = Texture("wall", np.full((8, 8, 3), level, np.float32))
        means.append(passes_of(make.world(make.wall(3.0, half=9, texture=texture)), camera, rays).albedo.mean())
    assert means[0] == pytest.approx(2 * means[1], rel=1e-4)


def test_some_textured_and_some_plain(make, rays):
    world = make.world(make.wall(3.0, x=-1.0, texture=stripes(), name="striped"), make.wall(3.0, x=1.0))
    albedo = passes_of(world, make.camera([0, 1.6, 1], [0, 3, 1], 80, 40), rays).albedo
    np.testing.assert_allclose(albedo[20, 50:70], np.broadcast_to(np.float32([0.5, 0.4, 0.3]), (20, 3)))
    assert albedo[20, 10:30, 0].std() > 0.1


def test_material_values(make, rays):
    mesh = make.wall(3.0, half=9)
    lamp = Material("lamp", "lamp", (0.1, 0.1, 0.1), roughness=0.25, metallic=0.75, emission=(3.0, 2.0, 1.0))
    world = World((Thing("a", Mesh(mesh.vertices, mesh.faces, mesh.normals, mesh.uv, mesh.material, (lamp,))),), Sky())
    passes = passes_of(world, make.camera([0, 0, 1], [0, 3, 1], 8, 6), rays)
    assert np.unique(passes.roughness) == [0.25]
    assert np.unique(passes.metallic) == [0.75]
    np.testing.assert_array_equal(passes.emission[3, 3], [3, 2, 1])


def test_a_subset_of_samples_equals_their_part_of_the_whole(make, rays):
    camera = make.camera([0, -6, 2.2], [0.5, 0, 0.8])
    whole = passes_of(make.lively(), camera, rays, 0.5).surface
    keep = np.random.default_rng(0).permutation(len(whole))[:200]
    part = whole.subset(keep)
    assert len(part) == 200
    for name in [
        "position",
        "normal",
        "geometric_normal",
        "depth",
        "footprint",
        "uv",
        "albedo",
        "object_id",
        "material_index",
        "view",
    ]:
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name)[keep], rtol=1e-5, atol=1e-6)


def test_a_world_without_anything(make, rays):
    passes = passes_of(World((), Sky()), make.camera([0, 0, 1], [0, 1, 1], 5, 4), rays)
    assert np.isinf(passes.depth).all()
    for name in [
        "position",
        "normal",
        "geometric_normal",
        "camera_normal",
        "uv",
        "footprint",
        "albedo",
        "object_id",
        "material_id",
    ]:
        assert not getattr(passes, name).any()


def test_read_only_arrays_are_fine(make, rays):
    mesh = merged([make.floor()])
    for array in (mesh.vertices, mesh.faces, mesh.normals, mesh.uv, mesh.material):
        array.setflags(write=False)
    passes = passes_of(make.world(mesh), make.camera([0, -3, 2], [0, 1, 0]), rays)
    assert passes.albedo.any()
    assert passes.geometric_normal.any()


def test_segmentation_has_the_classes_of_ade20k_in_their_colours(make, rays):
    def wall(kind, x):
        mesh = make.wall(4.0, half=0.5, x=x)
        return Mesh(
            mesh.vertices, mesh.faces, mesh.normals, mesh.uv, mesh.material, (Material(kind, kind, (0.5,) * 3),)
        )

    things = (
        Thing("street/tree-3", wall("bark", -1.5)),
        Thing("x", wall("grass", 0.0)),
        Thing("ann", wall("skin", 1.5)),
    )
    world, camera = World(things, Sky()), make.camera([0, 0, 1], [0, 4, 1], 96, 64)
    snapshot = world.at(0)
    passes = Passes(snapshot, camera, rays.rasterize(snapshot, camera), world.names)
    rows = passes.segmentation
    assert set(rows.ravel().tolist()) == {CLASSES.index("tree"), CLASSES.index("grass"), PERSON, SKY}
    assert (rows[~passes.gbuffer.hit] == SKY).all()
    assert (rows[passes.object_id == stable_id("ann")] == PERSON).all()
    np.testing.assert_array_equal(picture("segmentation", rows, lambda light: light), PALETTE[rows])
