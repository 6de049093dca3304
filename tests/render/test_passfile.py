"""Passes as pictures: codes that read back, and colours that mean one thing."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from render.passfile import write_layers
from render.passpicture import depth_code, id_colours, picture
from render.passtable import NAMES, chosen_passes


def test_depth_reads_back() -> None:
    depth = np.array([[0.5, 5.0, 40.0, np.inf]])
    code = depth_code(depth)
    assert code[0, 1] == round(65535 / 2)
    assert code[0, 3] == 0
    back = 5.0 * 65535.0 / code[0, :3] - 5.0
    np.testing.assert_allclose(back, depth[0, :3], rtol=1e-3)


def test_names_are_chosen_strictly() -> None:
    assert chosen_passes("depth, object-id,depth") == ("depth", "object_id")
    assert chosen_passes("all") == NAMES
    for words in ("", "depht", "depth,all"):
        with pytest.raises(ValueError, match="not a pass"):
            chosen_passes(words)


def test_ids_get_their_own_colours_and_nothing_is_black() -> None:
    colours = id_colours(np.arange(200).reshape(10, 20))
    assert (colours[0, 0] == 0).all()
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) == 200
    assert colours.reshape(-1, 3)[1:].min() >= 100


def png(path: Path) -> np.ndarray:
    """The 16-bit values of a PNG whose rows are all coded against the row above."""
    data = path.read_bytes()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 16
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()
    values = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).view(">u2")
    return values.reshape(height, width, 3) if kind == 2 else values.reshape(height, width)


def test_motion_reads_back_as_kitti_has_it(tmp_path: Path) -> None:
    vector = np.random.default_rng(0).normal(0, 40, (5, 7, 2)).astype(np.float32)
    write_layers(tmp_path / "a.png", {"forward_motion": vector}, lambda light: light)
    code = png(tmp_path / "a.png").astype(float)
    np.testing.assert_allclose((code[..., :2] - 32768) / 64, vector, atol=0.5 / 64 + 1e-4)
    assert (code[..., 2] == 1).all()


def test_tracking_keeps_sixteen_bits_that_other_readers_understand(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).uniform(-0.2, 1.2, (9, 4, 3)).astype(np.float32)
    write_layers(tmp_path / "a.png", {"tracking": colour}, lambda light: light)
    np.testing.assert_allclose(png(tmp_path / "a.png") / 65535, colour.clip(0, 1), atol=1e-5)
    with Image.open(tmp_path / "a.png") as opened:
        opened.load()  # checks the sums
        assert opened.size == (4, 9)
        eight = np.asarray(opened.convert("RGB")).astype(int)
    assert np.abs(eight - colour.clip(0, 1) * 255).max() <= 1


def test_motion_has_a_colour_for_every_direction_and_white_for_rest() -> None:
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    vector = 10 * np.stack([np.cos(around), np.sin(around)], -1)[None].astype(np.float32)
    colours = picture("backward_motion", vector, lambda light: light)
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) == 12
    assert (picture("backward_motion", 0 * vector, lambda light: light) == 255).all()
    weaker = picture("backward_motion", 0.01 * vector, lambda light: light)
    assert (weaker.min(-1) > colours.min(-1)).all()


def test_normals_that_face_the_viewer_are_lilac() -> None:
    toward = np.full((2, 2, 3), [0.0, 0.0, -1.0], dtype=np.float32)
    assert picture("camera_normal", toward, lambda light: light)[0, 0].tolist() == [128, 128, 255]
    up = np.full((2, 2, 3), [0.0, -1.0, 0.0], dtype=np.float32)
    assert picture("camera_normal", up, lambda light: light)[0, 0].tolist() == [128, 255, 128]


def test_light_is_shown_as_on_a_white_wall() -> None:
    light = np.full((2, 2, 3), np.pi / 2, dtype=np.float32)
    assert picture("sky_light", light, lambda radiance: radiance)[0, 0].tolist() == [128] * 3
    assert picture("radiance", light / np.pi, lambda radiance: radiance)[0, 0].tolist() == [128] * 3
