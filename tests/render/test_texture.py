"""Filtered textures."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from render.texture import TextureAtlas
from worldgen.material import Material
from worldgen.texture import Texture


def noise(size=64, seed=0):
    return np.random.default_rng(seed).uniform(0.2, 1.8, (size, size, 3)).astype(np.float32)


def atlas_of(*textures):
    grey = (0.5, 0.5, 0.5)
    return TextureAtlas.of([Material(f"m{k}", "plaster", grey, texture=t) for k, t in enumerate(textures)])


def at(atlas, uv, footprint, index=0):
    uv = np.asarray(uv, np.float32).reshape(-1, 2)
    return atlas.sample(np.full(len(uv), index, np.int32), uv, np.broadcast_to(np.float32(footprint), len(uv)))


def test_texel_centres_give_texels_and_row_0_is_the_top():
    detail, atlas = noise(16), atlas_of(Texture("n", noise(16), 2.0))
    row, column = np.mgrid[:16, :16]
    uv = np.stack([(column + 0.5) / 16 * 2.0, (1 - (row + 0.5) / 16) * 2.0], -1)
    np.testing.assert_allclose(at(atlas, uv, 1e-4), detail.reshape(-1, 3), atol=1e-5)
    top, bottom = at(atlas, [[0.0625, 1.9375], [0.0625, 0.0625]], 1e-4)
    np.testing.assert_allclose(top, detail[0, 0], atol=1e-5)
    np.testing.assert_allclose(bottom, detail[-1, 0], atol=1e-5)


def test_between_texels_it_is_bilinear():
    atlas, detail = atlas_of(Texture("n", noise(8), 8.0)), noise(8)
    got = at(atlas, [[3.0, 8 - 2.75]], 0.5)[0]  # between columns 2 and 3, a quarter past row 2's centre
    expected = 0.5 * (0.75 * (detail[2, 2] + detail[2, 3]) + 0.25 * (detail[3, 2] + detail[3, 3]))
    np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("footprint", [0.001, 0.05, 0.1, 0.4, 1.0, 7.0])
def test_the_mean_is_kept_at_every_distance(footprint):
    detail = noise(64)
    g = (np.arange(64) + 0.5) / 64
    uv = np.stack(np.meshgrid(g, g), -1)
    mean = at(atlas_of(Texture("n", detail)), uv, footprint).mean(0)
    np.testing.assert_allclose(mean, detail.mean((0, 1)), atol=5e-3)


def test_detail_fades_with_distance():
    uv = np.random.default_rng(1).uniform(-5, 5, (4000, 2))
    spread = [at(atlas_of(Texture("n", noise(64))), uv, f).std() for f in (0.004, 0.03, 0.06, 0.12, 0.5)]
    assert all(a > 1.8 * b for a, b in pairwise(spread))
    texel = at(atlas_of(Texture("n", noise(64))), uv, 2.0)
    np.testing.assert_allclose(texel, np.broadcast_to(texel[0], texel.shape), atol=1e-6)


def test_levels_blend_without_a_step():
    footprints, atlas = np.geomspace(0.005, 2, 400), atlas_of(Texture("n", noise(32)))
    values = np.stack([at(atlas, [[0.3, 0.7]], f)[0] for f in footprints])
    assert np.abs(np.diff(values, axis=0)).max() < 0.05


@pytest.mark.parametrize("footprint", [0.001, 0.1])
def test_tiles_repeat_without_a_seam(footprint):
    atlas = atlas_of(Texture("n", noise(32), 1.5))
    uv = np.random.default_rng(2).uniform(0, 1.5, (500, 2))
    for shift in ([1.5, 0], [0, -3.0], [15, 6]):
        np.testing.assert_allclose(at(atlas, uv, footprint), at(atlas, uv + shift, footprint), atol=2e-3)
    edge = np.linspace(0, 1.5, 50)
    for axis in (0, 1):
        before, after = (np.stack([np.full(50, s), edge][:: 1 - 2 * axis], -1) for s in (-1e-5, 1e-5))
        np.testing.assert_allclose(at(atlas, before, footprint), at(atlas, after, footprint), atol=5e-3)


def test_several_textures_and_none():
    red, green = (np.broadcast_to(np.float32(c), (n, n, 3)) for c, n in (((1, 0, 0), 8), ((0, 1, 0), 32)))
    plain = Material("plain", "plaster", (0.5, 0.5, 0.5))
    textured = [Material(n, "plaster", (0.5,) * 3, texture=Texture(n, d)) for n, d in (("r", red), ("g", green))]
    atlas = TextureAtlas.of([textured[0], plain, textured[1], textured[0]])
    np.testing.assert_array_equal(atlas.of_material, [0, -1, 1, 0])
    for footprint in (0.001, 0.3, 9.0):
        got = atlas.sample(
            np.array([0, -1, 1], np.int32), np.zeros((3, 2), np.float32), np.full(3, footprint, np.float32)
        )
        np.testing.assert_allclose(got, [[1, 0, 0], [1, 1, 1], [0, 1, 0]], atol=1e-6)


def test_no_textures_at_all():
    atlas = TextureAtlas.of([Material("plain", "plaster", (0.5, 0.5, 0.5))])
    np.testing.assert_array_equal(at(atlas, [[0, 0], [3, 4]], 0.1, index=-1), np.ones((2, 3)))
    assert atlas.sample(np.zeros(0, np.int32), np.zeros((0, 2), np.float32), np.zeros(0, np.float32)).shape == (0, 3)


def test_oblong_bitmaps_work():
    detail = np.random.default_rng(3).random((20, 50, 3), dtype=np.float32)
    atlas = atlas_of(Texture("photo", detail))
    np.testing.assert_allclose(at(atlas, [[0.5 / 50, 1 - 0.5 / 20]], 1e-5)[0], detail[0, 0], atol=1e-4)
    np.testing.assert_allclose(at(atlas, [[0.2, 0.3]], 50.0)[0], detail.mean((0, 1)), atol=0.05)


def test_a_texture_of_another_shape_is_refused_by_name():
    with pytest.raises(ValueError, match=r"texture 'grey' must be \(S, S, 3\), not \(8, 8\)"):
        atlas_of(Texture("grey", np.ones((8, 8), np.float32)))
