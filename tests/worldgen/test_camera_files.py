"""Camera paths in files: what goes out comes back, whatever the format and its axes."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from worldgen.camera import CameraTrack
from worldgen.camera_files import camera_json, read_cameras
from worldgen.conventions import colmap_from_world, look_at, nerfstudio_from_world
from worldgen.export_gltf import export_gltf
from worldgen.export_usd import export_usd
from worldgen.light import Sky
from worldgen.world import Shot, World


def _track(frames: int = 5) -> CameraTrack:
    poses = np.array([look_at([3 - k, -4, 1.5 + 0.2 * k], [0, 0, 1]) for k in range(frames)])
    K = np.tile(np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]]), (frames, 1, 1))
    return CameraTrack(poses, K, 1280, 720, np.full(frames, 4.0), np.full(frames, 2.8))


def _same(path: Path, track: CameraTrack, tolerance: float = 1e-6) -> None:
    (camera,) = read_cameras(path)
    np.testing.assert_allclose(camera.world_from_camera, track.world_from_camera, atol=tolerance)
    np.testing.assert_allclose(camera.K / camera.width, track.K / track.width, atol=tolerance)
    assert camera.fps == pytest.approx(25)


def test_our_own_file_is_nerfstudios_and_comes_back_exactly(tmp_path: Path) -> None:
    track, file = _track(), tmp_path / "take ö.json"
    file.write_text(camera_json(track, 25.0))
    _same(file, track, 1e-12)
    first = json.loads(file.read_text())["frames"][0]
    np.testing.assert_allclose(first["transform_matrix"], nerfstudio_from_world(track.world_from_camera[0]))


def test_gltf_cameras_come_back(tmp_path: Path) -> None:
    track = _track()
    world = World((), Sky())
    (tmp_path / "a.glb").write_bytes(export_gltf(world, [Shot("take", track, Fraction(25), start=2.0)]))
    (camera,) = read_cameras(tmp_path / "a.glb", fps=25)
    assert camera.name == "take"
    np.testing.assert_allclose(camera.world_from_camera, track.world_from_camera, atol=1e-5)
    assert camera.K[0, 1, 1] / camera.height == pytest.approx(900 / 720)


def test_usd_cameras_come_back(tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="needs the package usd-core")
    track, file = _track(), tmp_path / "a.usda"
    export_usd(World((), Sky()), [Shot("take", track, Fraction(25))], file)
    _same(file, track)


def test_usd_in_centimetres_with_y_up_is_turned_and_scaled(tmp_path: Path) -> None:
    pytest.importorskip("pxr", reason="needs the package usd-core")
    (tmp_path / "a.usda").write_text(
        '#usda 1.0\n(\n upAxis = "Y"\n metersPerUnit = 0.01\n)\ndef Camera "c" {\n'
        " float focalLength = 35\n float horizontalAperture = 35\n float verticalAperture = 20\n"
        ' double3 xformOp:translate = (100, 200, 300)\n uniform token[] xformOpOrder = ["xformOp:translate"]\n}\n'
    )
    (camera,) = read_cameras(tmp_path / "a.usda")
    np.testing.assert_allclose(camera.world_from_camera[0, :3, 3], [1, -3, 2])
    np.testing.assert_allclose(camera.world_from_camera[0, :3, 2], [0, 1, 0], atol=1e-12)  # it looks along -z
    assert camera.K[0, 0, 0] == pytest.approx(camera.width)


def test_colmap_text_comes_back(tmp_path: Path) -> None:
    track = _track(3)
    (tmp_path / "cameras.txt").write_text("# list\n7 PINHOLE 1280 720 900 900 640 360\n")
    lines = ["# list"]
    for k in (2, 0, 1):  # out of order: names say the order
        q, t = colmap_from_world(track.world_from_camera[k])
        lines += [f"{k + 1} {' '.join(map(repr, map(float, [*q, *t])))} 7 frame {k:03d}.png", "12.0 13.0 -1"]
    (tmp_path / "images.txt").write_text("\n".join(lines) + "\n")
    (camera,) = read_cameras(tmp_path, fps=25)
    np.testing.assert_allclose(camera.world_from_camera, track.world_from_camera, atol=1e-9)
    np.testing.assert_allclose(camera.K, track.K)


def test_colmap_binary_comes_back(tmp_path: Path) -> None:
    import struct

    track = _track(2)
    (tmp_path / "cameras.bin").write_bytes(struct.pack("<QiiQQ3d", 1, 4, 0, 1280, 720, 900, 640, 360))
    data = struct.pack("<Q", 2)
    for k in range(2):
        q, t = colmap_from_world(track.world_from_camera[k])
        data += struct.pack("<i7di", k, *q, *t, 4) + f"{k}.png".encode() + b"\0" + struct.pack("<Q2dq", 1, 5.0, 6.0, -1)
    (tmp_path / "images.bin").write_bytes(data)
    (camera,) = read_cameras(tmp_path)
    np.testing.assert_allclose(camera.world_from_camera, track.world_from_camera, atol=1e-9)
    np.testing.assert_allclose(camera.K, track.K)


def test_the_viewers_camera_path_is_read(tmp_path: Path) -> None:
    track = _track(4)
    rows = [
        {"camera_to_world": nerfstudio_from_world(pose).reshape(-1).tolist(), "fov": 43.6028189727}
        for pose in track.world_from_camera
    ]
    data = {"camera_path": rows, "fps": 25, "render_width": 1280, "render_height": 720}
    (tmp_path / "p.json").write_text(json.dumps(data))
    _same(tmp_path / "p.json", track)


def test_between_frames_the_camera_glides_and_outside_it_holds(tmp_path: Path) -> None:
    track, file = _track(), tmp_path / "a.json"
    file.write_text(camera_json(track, 25.0))
    (camera,) = read_cameras(file)
    poses, K = camera.at(np.array([-1.0, 0.04, 0.06, 9.0]))
    np.testing.assert_allclose(poses[[0, 1, 3]], track.world_from_camera[[0, 1, -1]], atol=1e-12)
    assert track.world_from_camera[2, 0, 3] < poses[2, 0, 3] < track.world_from_camera[1, 0, 3]
    np.testing.assert_allclose(np.linalg.det(poses[:, :3, :3]), 1.0)
    np.testing.assert_allclose(K, track.K[:4])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "broken"),
        ("a.json", '{"frames": []}', "no `frames`"),
        ("a.json", '{"frames": [{"transform_matrix": [[1]]}]}', "fl_x"),
        (
            "a.json",
            '{"fl_x": 5, "frames": [{"transform_matrix": [[2,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}]}',
            "scaled",
        ),
        (
            "a.json",
            '{"fl_x": -5, "frames": [{"transform_matrix": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}]}',
            "focal",
        ),
        ("a.glb", "nonsense", "a.glb"),
        ("a.fbx", "", "not a camera file"),
        ("images.txt", "", "cameras.txt|broken|no image"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_cameras(tmp_path / name)
    assert "\n" not in str(caught.value)
