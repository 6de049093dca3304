"""Cryptomatte: the hash is everybody's, and every matte comes back with its coverage."""

from __future__ import annotations

import json

import numpy as np
import pytest

from render.cryptomatte import coverage, cryptomatte, float_bits, float_id, header, mixed_colours, murmur3, ranked
from render.passtable import RANKS


@pytest.mark.parametrize(
    ("name", "value"),
    [  # of the reference implementation, seed 0
        ("", 0x00000000),
        ("a", 0x3C2569B2),
        ("test", 0xBA6BD213),
        ("hello", 0x248BFA47),
        ("hello, world", 0x149BBB7F),
        ("Hello, world!", 0xC0363E43),
        ("The quick brown fox jumps over the lazy dog", 0x2E4FF723),
    ],
)
def test_the_hash_is_murmur3(name: str, value: int) -> None:
    assert murmur3(name) == value


def test_ids_are_those_of_other_programs() -> None:
    # From the manifests of Psyop's sample files.
    assert {name: f"{float_bits(name):08x}" for name in ("bunny", "default")} == {
        "bunny": "13851a76",
        "default": "42c9679f",
    }


def test_no_id_is_nan_infinite_or_denormal() -> None:
    """A name in 128 hashes to such an exponent; its lowest bit is then turned over."""
    names = [f"thing-{k}" for k in range(3000)]
    raw = np.array([murmur3(name) for name in names], dtype=np.uint32)
    bad = np.isin(raw >> 23 & 0xFF, (0, 0xFF))
    assert 5 < bad.sum() < 60
    ids = np.array([float_id(name) for name in names])
    assert np.isfinite(ids).all()
    assert (np.abs(ids) >= np.finfo(np.float32).tiny).all()
    np.testing.assert_array_equal(ids.view(np.uint32)[~bad], raw[~bad])
    np.testing.assert_array_equal(ids.view(np.uint32)[bad], raw[bad] ^ (1 << 23))


def test_ranks_are_true_coverages_the_largest_first() -> None:
    ids = np.array([float_id(name) for name in "abcdefgh"], dtype=np.float32)
    labels = np.array(
        [
            [2] * 16,  # all c
            [1, 0, -1, 1] * 4,  # a quarter a, half b, the rest nothing
            [0, 1, 0, 2, 2, 3, 3, 1, 4, 4, 5, 5, 6, 7, 7, 0],
        ],
        dtype=np.int32,
    )
    picture = ranked(labels, ids).reshape(1, 3, 2 * RANKS)
    assert coverage(picture, "c")[0].tolist() == [1.0, 0.0, 2 / 16]
    assert coverage(picture, "a")[0].tolist() == [0.0, 0.25, 3 / 16]
    assert coverage(picture, "b")[0].tolist() == [0.0, 0.5, 2 / 16]
    shares = picture[0, :, 1::2]
    assert (np.diff(shares, axis=1) <= 0).all()
    assert shares.sum(1).tolist() == pytest.approx([1.0, 0.75, (3 + 2 * 5) / 16])  # eight names, six ranks
    assert coverage(picture, "g")[0, 2] == 0


def test_a_half_covered_pixel_is_half_covered(make, rays) -> None:
    """A wall whose edge runs through the middle of a column of pixels."""
    camera = make.camera([0, 0, 1], [0, 5, 1], 24, 24, focal=24.89)  # a field of view of one to one
    edge_x = 5.0 * (16.5 - 12) / 24  # at a distance of 5, of the pixels' column 16
    world = make.world(make.quad([[-9, 5, -9], [edge_x, 5, -9], [edge_x, 5, 9], [-9, 5, 9]]))
    snapshot = world.at(0.0)
    labels, ids = np.zeros(2, np.int32), np.array([float_id("wall")], dtype=np.float32)
    (picture,) = cryptomatte(rays, snapshot, camera, [(labels, ids)])
    share = coverage(picture, "wall")
    np.testing.assert_allclose(share[:, :16], 1.0)
    np.testing.assert_allclose(share[:, 16], 0.5)
    np.testing.assert_allclose(share[:, 17:], 0.0)
    assert coverage(picture, "floor").max() == 0
    shown = mixed_colours(picture, lambda bits: np.ones((*bits.shape, 3), np.float32))
    np.testing.assert_allclose(shown[..., 0], share)


def test_tiles_join_without_a_seam(make, rays, monkeypatch) -> None:
    world, camera = make.lively(), make.camera([3, -6, 3], [0, 0, 1], 37, 23)
    labels, ids = np.zeros(len(world.rest.faces), np.int32), np.array([float_id("all")], dtype=np.float32)
    (whole,) = cryptomatte(rays, world.at(0.5), camera, [(labels, ids)])
    monkeypatch.setattr("render.cryptomatte.TILE", 10)
    (tiled,) = cryptomatte(rays, world.at(0.5), camera, [(labels, ids)])
    assert 0 < coverage(whole, "all").mean() < 1
    assert np.abs(whole - tiled).max() <= 1 / 16  # (a ray on an edge may round to either side)
    assert (whole != tiled).mean() < 0.01


def test_an_empty_world_has_empty_mattes(make, rays) -> None:
    snapshot, camera = make.world().at(0.0), make.camera([0, 0, 1], [0, 5, 1], 1, 1)
    (picture,) = cryptomatte(rays, snapshot, camera, [(np.zeros(0, np.int32), np.zeros(0, np.float32))])
    assert picture.shape == (1, 1, 2 * RANKS)
    assert not picture.any()


def test_the_header_tells_the_names() -> None:
    told = header("CryptoObject", ["straße/lamp", "mara"])
    (key,) = {name.rsplit("/", 1)[0] for name in told}
    assert key == f"cryptomatte/{murmur3('CryptoObject'):08x}"[:19]
    assert told[f"{key}/name"] == "CryptoObject"
    assert told[f"{key}/hash"] == "MurmurHash3_32"
    assert told[f"{key}/conversion"] == "uint32_to_float32"
    assert json.loads(told[f"{key}/manifest"])["straße/lamp"] == f"{float_bits('straße/lamp'):08x}"
