"""Passes as pictures: codes that read back, and colours that mean one thing."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_normals_that_face_the_viewer_are_lilac() -> None:
    toward = np.full((2, 2, 3), [0.0, 0.0, -1.0], dtype=np.float32)
    assert picture("camera_normal", toward, lambda light: light)[0, 0].tolist() == [128, 128, 255]
    up = np.full((2, 2, 3), [0.0, -1.0, 0.0], dtype=np.float32)
    assert picture("camera_normal", up, lambda light: light)[0, 0].tolist() == [128, 255, 128]


def test_light_is_shown_as_on_a_white_wall() -> None:
    light = np.full((2, 2, 3), np.pi / 2, dtype=np.float32)
    assert picture("sky_light", light, lambda radiance: radiance)[0, 0].tolist() == [128] * 3
    assert picture("radiance", light / np.pi, lambda radiance: radiance)[0, 0].tolist() == [128] * 3
