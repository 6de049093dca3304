"""The exported world, read back by other programs' readers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.sparse import csr_matrix

from worldgen import shapes
from worldgen.camera import CameraTrack
from worldgen.conventions import F32, YUP_FROM_ZUP, look_at, rotation_z, translation
from worldgen.export_gltf import export_gltf
from worldgen.export_usd import export_usd, prim_path
from worldgen.light import Lamp, Sky
from worldgen.material import make
from worldgen.mesh import Mesh, merged
from worldgen.meshfile import read_mesh
from worldgen.puppet import load_puppet
from worldgen.skinning import Joints, Rig, skin_of, skinned
from worldgen.world import Shot, Thing, World

BOX = shapes.box((1.0, 2.0, 0.5), make("brick"))
ROD = shapes.cylinder(0.1, 2.0, make("cloth", (0.5, 0.1, 0.1)))


def _bent() -> Thing:
    """A rod of two joints that bends at its middle."""
    rig = Rig(("low", "high"), np.array([-1, 0], np.int32), np.array([[0.0, 0, 0], [0, 0, 1]]))
    share = np.clip((ROD.vertices[:, 2] - 0.5), 0, 1)
    weights = csr_matrix(np.stack([1 - share, share], axis=1).astype(np.float32))

    def joints(time: float) -> Joints:
        turn = np.stack([rotation_z(0.3)[:3, :3], _tilt(time)])
        return Joints(turn, np.array([[time, 0, 0], [time, 0, 1.0]]))

    def pose(time: float) -> F32:
        return skinned(rig, ROD.vertices, weights, joints(time))

    return Thing("mara", ROD, pose, skin=skin_of(rig, ROD.vertices, weights, joints))


def _tilt(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _place(time: float) -> np.ndarray:
    return translation([0, time, 0]) @ rotation_z(0.7 * time)


def _world() -> World:
    two = merged([BOX, shapes.sphere(0.3, make("neon")).transformed(translation([0, 0, 2]))])
    things = (Thing("street/house-1", two), Thing("cart", BOX, place=_place), _bent())
    return World(things, Sky(), (Lamp("lamp", (1, 2, 3), (0.1, 0.2, 0.3)),))


def _shot(frames: int = 13) -> Shot:
    pose = look_at([4, -4, 2], [0, 0, 1])
    K = np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]])
    track = CameraTrack(
        np.tile(pose, (frames, 1, 1)), np.tile(K, (frames, 1, 1)), 1280, 720, np.full(frames, 5.0), np.full(frames, 8.0)
    )
    return Shot("take", track, Fraction(12), start=0.5)


def _moved(mesh: Mesh, place: np.ndarray) -> np.ndarray:
    return mesh.vertices @ place[:3, :3].T + place[:3, 3]


def _box_of(points: np.ndarray) -> np.ndarray:
    return np.array([points.min(0), points.max(0)])


def test_trimesh_finds_every_thing_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "w.glb").write_bytes(export_gltf(_world(), [_shot()]))
    scene = trimesh.load_scene(tmp_path / "w.glb")
    parts = {}
    for node in scene.graph.nodes_geometry:
        place, key = scene.graph[node]
        parts.setdefault(node.split("_")[0], []).append(trimesh.transform_points(scene.geometry[key].vertices, place))
    house = _box_of(np.concatenate([p for name, p in parts.items() if name.startswith("street/house-1") for p in p]))
    np.testing.assert_allclose(
        house, _box_of(_world().things[0].mesh.vertices @ YUP_FROM_ZUP[:3, :3].T).round(6), atol=1e-5
    )
    materials = {geometry.visual.material.name for geometry in scene.geometry.values()}
    assert {"brick", "neon"} <= materials


def test_another_reader_poses_it_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "w.glb").write_bytes(export_gltf(_world(), [_shot()]))
    puppet = load_puppet(tmp_path / "w.glb")
    clip = puppet.clips[0]
    assert clip.seconds == pytest.approx(1.0)
    for seconds in (0.0, 0.5, 1.0):
        seen = puppet.posed(clip.at(puppet.rest, seconds, loop=False)) @ YUP_FROM_ZUP[:3, :3]
        for thing in _world().things[1:]:
            mine = thing.at(0.5 + seconds)[0]
            far = np.linalg.norm(mine[:, None] - seen[None], axis=2).min(axis=1)
            assert far.max() < 1e-4, (thing.name, seconds)


def test_usd_holds_the_same_points_at_the_same_times(tmp_path: Path) -> None:
    pxr = pytest.importorskip("pxr", reason="needs the package usd-core")
    from pxr import Usd, UsdGeom, UsdShade

    assert pxr
    files = export_usd(_world(), [_shot()], tmp_path / "w.usdc")
    assert all(file.is_file() for file in files)
    stage = Usd.Stage.Open(str(tmp_path / "w.usdc"))
    assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.z
    for thing in _world().things:
        prim = stage.GetPrimAtPath(prim_path(thing.name))
        assert prim.GetDisplayName() == thing.name
        for seconds in (0.5, 1.0, 1.5):
            points = np.array(UsdGeom.Mesh(prim).GetPointsAttr().Get(seconds * 12))
            place = np.array(UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(seconds * 12)).T
            here = points @ place[:3, :3].T + place[:3, 3]
            np.testing.assert_allclose(here, thing.at(seconds)[0], atol=1e-5)
    subsets = UsdGeom.Subset.GetAllGeomSubsets(UsdGeom.Mesh(stage.GetPrimAtPath("/World/street/house_1")))
    assert len(subsets) == 2
    bound = UsdShade.MaterialBindingAPI(subsets[0].GetPrim()).ComputeBoundMaterial()[0]
    assert "brick" in bound.GetPath().name


def test_names_that_are_one_identifier_stay_two_things(tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="needs the package usd-core")
    from pxr import Usd, UsdGeom

    export_usd(World((Thing("a-b", BOX), Thing("a_b", BOX)), Sky()), [], tmp_path / "w.usda")
    stage = Usd.Stage.Open(str(tmp_path / "w.usda"))
    meshes = [prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    assert sorted(prim.GetDisplayName() for prim in meshes) == ["a-b", "a_b"]


def test_an_empty_world_is_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "w.glb").write_bytes(export_gltf(World((), Sky()), []))
    assert (tmp_path / "w.glb").stat().st_size > 100


def test_holes_stay_holes(tmp_path: Path) -> None:
    fence = shapes.box((2.0, 0.1, 1.0), make("wire-mesh"))
    world = World((Thing("fence", fence),), Sky())
    (tmp_path / "fence.glb").write_bytes(export_gltf(world, []))
    back = read_mesh(tmp_path / "fence.glb")
    texture, whole = fence.materials[0].texture, back.mesh.materials[0].texture
    assert texture is not None
    assert whole is not None
    assert texture.opacity is not None
    assert whole.opacity is not None
    np.testing.assert_array_equal(whole.opacity > 127, texture.opacity > 127)
    pytest.importorskip("pxr", reason="needs the package usd-core")
    pictures = [file for file in export_usd(world, [], tmp_path / "fence.usda") if file.suffix == ".png"]
    assert [Image.open(picture).mode for picture in pictures] == ["RGBA"]
    assert "inputs:opacityThreshold = 0.5" in (tmp_path / "fence.usda").read_text()
