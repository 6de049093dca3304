"""Mesh files: axes, colours, textures, and one sentence for every broken file."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from worldgen.conventions import linear_from_srgb
from worldgen.meshfile import load_mesh


def box(extents: tuple[float, float, float] = (1.0, 2.0, 3.0)) -> trimesh.Trimesh:
    return trimesh.creation.box(extents)


def test_gltf_is_turned_to_z_up_and_its_nodes_stay_in_place(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(box(), transform=trimesh.transformations.translation_matrix([0, 10, 0]))
    scene.add_geometry(box((0.1, 0.1, 0.1)), transform=trimesh.transformations.translation_matrix([0, 0, 5]))
    scene.export(tmp_path / "two.glb")
    mesh = load_mesh(tmp_path / "two.glb", scale=2.0)
    assert len(mesh.faces) == 24
    assert mesh.vertices[:, 2].max() == pytest.approx(22.0)  # 10 + 1 up, twice
    assert mesh.vertices[:, 1].min() == pytest.approx(-10.1)  # its +Z is our -Y
    outward = np.einsum("ij,ij->i", mesh.normals, mesh.vertices - [0, 0, 20])
    assert (outward[mesh.vertices[:, 2] > 15] > 0).all()


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl"])
def test_other_formats_keep_their_axes(tmp_path: Path, suffix: str) -> None:
    box().export(tmp_path / f"box.{suffix}")
    mesh = load_mesh(tmp_path / f"box.{suffix}")
    assert np.ptp(mesh.vertices, axis=0) == pytest.approx([1, 2, 3])
    assert mesh.uv.shape == (len(mesh.vertices), 2)
    assert np.ptp(mesh.uv[:, 1]) == pytest.approx(3.0)  # box projection, in metres


def test_pbr_factors_and_bitmap(tmp_path: Path) -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:2] = [200, 100, 50]
    mesh = box()
    uv = np.random.default_rng(0).random((len(mesh.vertices), 2))
    mesh.visual = trimesh.visual.TextureVisuals(
        uv=uv,
        material=trimesh.visual.material.PBRMaterial(
            baseColorTexture=Image.fromarray(pixels), metallicFactor=0.25, roughnessFactor=0.5
        ),
    )
    mesh.export(tmp_path / "box.glb")
    loaded = load_mesh(tmp_path / "box.glb")
    (material,) = loaded.materials
    assert (material.metallic, material.roughness) == (0.25, 0.5)
    assert material.texture is not None
    assert material.texture.size_m == 1.0
    shown = material.texture.detail * np.array(material.base_color)
    assert shown[0, 0] == pytest.approx(linear_from_srgb(np.array([200, 100, 50]) / 255), abs=1e-4)
    assert shown[-1] == pytest.approx(0, abs=1e-6)
    assert np.unique(np.round(loaded.uv, 5), axis=0) == pytest.approx(np.unique(np.round(uv, 5), axis=0), abs=1e-4)


def test_vertex_colours_become_few_materials(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(3)
    ball.visual.vertex_colors = (np.random.default_rng(1).random((len(ball.vertices), 4)) * 255).astype(np.uint8)
    ball.export(tmp_path / "ball.ply")
    mesh = load_mesh(tmp_path / "ball.ply")
    assert 2 <= len(mesh.materials) <= 16
    assert set(np.unique(mesh.material)) == set(range(len(mesh.materials)))
    again = load_mesh(tmp_path / "ball.ply")
    assert np.array_equal(mesh.material, again.material)


def test_degenerate_triangles_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 2 0 0\nf 1 2 3\nf 1 2 4\nf 1 1 2\n")
    assert len(load_mesh(tmp_path / "a.obj").faces) == 1


def test_broken_files_are_one_sentence(tmp_path: Path) -> None:
    box().export(tmp_path / "whole.glb")
    whole = (tmp_path / "whole.glb").read_bytes()
    (tmp_path / "short.glb").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "noise.stl").write_bytes(b"not a mesh at all")
    (tmp_path / "empty.ply").write_bytes(b"")
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "odd.fbx").write_bytes(b"x")
    trimesh.PointCloud(np.eye(3)).export(tmp_path / "cloud.ply")
    for name in ("short.glb", "noise.stl", "empty.ply", "nan.obj", "odd.fbx", "cloud.ply", "missing.obj"):
        with pytest.raises(ValueError, match=name.split(".")[0]) as error:
            load_mesh(tmp_path / name)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="scale"):
        load_mesh(tmp_path / "whole.glb", scale=0.0)


def test_gltf_may_not_reach_outside_its_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    box().export(inside / "box.gltf")
    assert len(load_mesh(inside / "box.gltf").faces) == 12
    document = json.loads((inside / "box.gltf").read_text())
    buffer = document["buffers"][0]["uri"]
    (tmp_path / "secret.bin").write_bytes((inside / buffer).read_bytes())
    for uri in ("../secret.bin", "%2e%2e/secret.bin", str(tmp_path / "secret.bin"), "http://example.com/a.bin"):
        document["buffers"][0]["uri"] = uri
        (inside / "bad.gltf").write_text(json.dumps(document))
        with pytest.raises(ValueError, match="outside its own folder"):
            load_mesh(inside / "bad.gltf")


def test_obj_may_not_reach_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.mtl").write_text("newmtl m\nKd 1 0 0\n")
    triangle = "v 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl m\nf 1 2 3\n"
    (tmp_path / "inside" / "a.obj").write_text("mtllib ../secret.mtl\n" + triangle)
    with pytest.raises(ValueError, match="outside its own folder"):
        load_mesh(tmp_path / "inside" / "a.obj")
    (tmp_path / "inside" / "own.mtl").write_text("newmtl m\nKd 1 0 0\n")
    (tmp_path / "inside" / "b.obj").write_text("mtllib own.mtl\n" + triangle)
    assert load_mesh(tmp_path / "inside" / "b.obj").materials[0].base_color == pytest.approx((1, 0, 0), abs=0.01)


def test_too_many_triangles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box().export(tmp_path / "box.obj")
    monkeypatch.setattr("worldgen.meshfile.MOST_TRIANGLES", 11)
    with pytest.raises(ValueError, match="more than 11 triangles"):
        load_mesh(tmp_path / "box.obj")
