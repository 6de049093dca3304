"""EXR files: what is written is what is read."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from render.exr import channels, read_exr, write_exr


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
    write_exr(tmp_path / "0001.exr", planes, camera)
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
