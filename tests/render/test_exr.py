"""EXR files: what is written is what is read."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from render.exr import ExrFrame, channels, read_exr, write_exr
from render.passfile import write_layers


@pytest.fixture
def _openexr():
    pytest.importorskip("OpenEXR", reason="the optional package OpenEXR is not installed")


def layers():
    rng = np.random.default_rng(0)
    depth = rng.random((7, 11), dtype=np.float32)
    depth[2:4] = np.inf
    return {
        **channels("depth", depth, "Z"),
        **channels("normal", rng.normal(size=(7, 11, 3)).astype(np.float32), "XYZ"),
        **channels("object_id", rng.integers(0, 2**31 - 1, (7, 11)).astype(np.int32), ["id"]),
        **channels("albedo", rng.random((7, 11, 3)).astype(np.float16), "RGB"),
    }


@pytest.mark.usefixtures("_openexr")
def test_everything_comes_back_bit_for_bit(make, tmp_path):
    planes, camera = layers(), make.camera([1, -2, 3], [0, 0, 1], 11, 7)
    write_exr(tmp_path / "0001.exr", planes, ExrFrame(camera))
    back, header = read_exr(tmp_path / "0001.exr")
    assert set(back) == set(planes)
    assert {"depth.Z", "normal.X", "normal.Y", "normal.Z", "object_id.id", "albedo.R"} <= set(back)
    for name, plane in planes.items():
        np.testing.assert_array_equal(back[name], plane)
    assert back["object_id.id"].dtype == np.uint32
    assert back["depth.Z"].dtype == np.float32
    assert back["albedo.R"].dtype == np.float16
    np.testing.assert_allclose(header["worldFromCamera"], camera.world_from_camera, atol=1e-6)
    np.testing.assert_allclose(header["intrinsics"], camera.K, rtol=1e-6)
    assert "metres" in header["units"]
    assert [p.name for p in tmp_path.iterdir()] == ["0001.exr"]


@pytest.mark.usefixtures("_openexr")
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path):
    path = tmp_path / "a.exr"
    with pytest.raises(ValueError, match=r"a\.exr: all channels of an EXR file must be of one size"):
        write_exr(path, {"a.X": np.zeros((2, 3), np.float32), "b.X": np.zeros((3, 3), np.float32)})
    with pytest.raises(ValueError, match="there must be one"):
        write_exr(path, {})
    with pytest.raises(ValueError, match="cannot hold negative numbers"):
        write_exr(path, {"material_index.id": np.full((2, 3), -1, np.int32)})
    assert not list(tmp_path.iterdir())


def test_layers_name_their_channels():
    with pytest.raises(ValueError, match="the layer 'uv' has 2 channels and 3 names"):
        channels("uv", np.zeros((2, 2, 2), np.float32), "UVW")
    assert list(channels("uv", np.zeros((2, 2, 2), np.float32), "UV")) == ["uv.U", "uv.V"]


def test_a_missing_package_is_told_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(ValueError, match=r"EXR files need the package OpenEXR: pip install 'setpiece\[exr\]'"):
        write_exr(tmp_path / "a.exr", layers())


@pytest.mark.usefixtures("_openexr")
def test_the_header_says_when_and_whence_in_everybody_s_words(make, tmp_path):
    """OpenEXR's matrices take row vectors; NDC reaches from -1 to 1 with +Y up, a camera looks along -Z."""
    camera = make.camera([1, -2, 3], [0.3, 4, 1], 11, 7)
    K = camera.K.copy()
    K[:2, 2] += [1.5, -0.75]  # a shifted lens
    camera = replace(camera, K=K)
    about = ExrFrame(camera, 24 * 3661 + 5, Fraction(24000, 1001), 4.5, 2.8, {"cryptomatte/0123456/name": "Crypto"})
    write_exr(tmp_path / "a.exr", layers(), about)
    _, header = read_exr(tmp_path / "a.exr")
    points = np.array([[0.3, 4.0, 1.0], [1.0, 3.0, 0.5]])
    xy, depth = camera.project(points)
    rows = np.concatenate([points, np.ones((2, 1))], axis=1)
    ndc = rows @ header["worldToNDC"]
    ndc = ndc / ndc[:, 3:]
    np.testing.assert_allclose((ndc[:, 0] + 1) / 2 * 11, xy[:, 0], rtol=1e-4)
    np.testing.assert_allclose((1 - ndc[:, 1]) / 2 * 7, xy[:, 1], rtol=1e-4)
    assert (np.abs(ndc[:, 2]) < 1).all()
    inside = rows @ header["worldToCamera"]
    np.testing.assert_allclose(-inside[:, 2], depth, rtol=1e-5)
    # The screen window at distance 1, by which any program can build the frustum.
    width, centre = header["screenWindowWidth"], header["screenWindowCenter"]
    screen = inside[:, :2] / -inside[:, 2:3]
    np.testing.assert_allclose((screen[:, 0] - centre[0]) / width * 11 + 5.5, xy[:, 0], rtol=1e-4)
    np.testing.assert_allclose(3.5 - (screen[:, 1] - centre[1]) / width * 11, xy[:, 1], rtol=1e-4)
    assert header["pixelAspectRatio"] == pytest.approx(1.0)
    assert header["framesPerSecond"] == Fraction(24000, 1001)
    clock = header["timeCode"]
    assert (clock.hours, clock.minutes, clock.seconds, clock.frame) == (1, 1, 1, 5)
    assert (header["focus"], header["aperture"]) == pytest.approx((4.5, 2.8))
    assert header["cryptomatte/0123456/name"] == "Crypto"
    assert header["chromaticities"][:2] == pytest.approx((0.64, 0.33))


@pytest.mark.usefixtures("_openexr")
def test_passes_become_layers_that_programs_know(tmp_path):
    rng = np.random.default_rng(1)
    values = {
        "shade": rng.random((5, 6, 4)).astype(np.float32),
        "radiance": np.full((5, 6, 3), 1e6, np.float32),
        "depth": rng.random((5, 6)).astype(np.float32),
        "forward_motion": rng.normal(size=(5, 6, 2)).astype(np.float32),
        "crypto_object": rng.normal(size=(5, 6, 12)).astype(np.float32),
        "object_id": rng.integers(1, 2**31 - 1, (5, 6)).astype(np.int32),
    }
    write_layers(tmp_path / "a.exr", values, lambda light: light)
    planes, _ = read_exr(tmp_path / "a.exr")
    assert {"R", "G", "B", "A", "depth.Z", "forward.u", "CryptoObject00.R", "CryptoObject02.A"} <= set(planes)
    np.testing.assert_array_equal(planes["R"], values["shade"][..., 0].astype(np.float16))
    np.testing.assert_array_equal(planes["forward.u"], values["forward_motion"][..., 0])
    np.testing.assert_array_equal(planes["forward.v"], -values["forward_motion"][..., 1])
    np.testing.assert_array_equal(planes["CryptoObject01.G"], values["crypto_object"][..., 5])
    np.testing.assert_array_equal(planes["object_id.id"], values["object_id"])
    np.testing.assert_array_equal(planes["depth.Z"], values["depth"])
    assert np.isfinite(planes["radiance.R"]).all()
