"""What pocket is told and asked for while it learns."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from conditioning.controls import LIGHT, MAPS
from conditioning.text import encoded
from tools.train.pairs import Pairs, load_pairs
from tools.train.samples import ALBEDO, LIT, NORMAL_X, SHAPE, Shares, batch, carried, untextured

SIDE = 32
NOTHING = Shares(pure=1, weather=0, look=0, spoken=0, history=0, own=0, flat=0, unlit=0, bare=0, surfaceless=0)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """Two worlds: an old one, and one of four pictures in pairs, where the second lies three pixels to the right."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data")

    def told(count: int) -> dict[str, np.ndarray]:
        return {
            "maps": rng.uniform(-0.9, 0.9, (count, len(MAPS), SIDE, SIDE)).astype(np.float16),
            "light": rng.normal(0, 0.3, (count, LIGHT)).astype(np.float32),
            "proxy": rng.uniform(-0.8, 0.4, (count, 3, SIDE, SIDE)).astype(np.float16),
        }

    old = told(3)
    np.savez(folder / "0000001.npz", **old, target=old["proxy"])
    ys, xs = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    right, left = np.stack([xs + 3, ys], -1), np.stack([xs - 3, ys], -1)
    np.savez(
        folder / "0000002.npz",
        **told(4),
        target=rng.uniform(-0.8, 0.8, (4, 3, SIDE, SIDE)).astype(np.float16),
        flat=np.full((4, 3, SIDE, SIDE), 0.25, np.float16),
        kind=np.full((4, SIDE, SIDE), 7, np.uint8),
        uv=rng.uniform(0, 4, (4, 2, SIDE, SIDE)).astype(np.float16),
        other=np.array([1, 0, 3, 2]),
        other_xy=np.stack([right, left, right, left]).astype(np.float16),
        other_seen=np.stack([xs < SIDE - 3, xs > 3] * 2).astype(np.float16),
        variant=np.full((2, 3, SIDE, SIDE), 255, np.uint8),
        variant_of=np.array([2, 3]),
        variant_name=np.array(["snow", "snow"]),
        facts=json.dumps({"place": "street", "seed": 2}),
    )
    return load_pairs(folder)


def _batch(pairs: Pairs, shares: Shares, seed: int = 0, size: int = 24, crop: int = SIDE):  # type: ignore[no-untyped-def]
    return batch(pairs, size, crop, np.random.default_rng(seed), shares, lambda told: told.proxy)


def test_files_of_either_age_are_read(pairs: Pairs) -> None:
    assert len(pairs) == 7
    assert pairs.other.tolist() == [-1, -1, -1, 4, 3, 6, 5]
    assert [sorted(v) for v in pairs.variant_of] == [[], [], [], [], [], ["snow"], ["snow"]]
    assert torch.equal(pairs.flat[0], pairs.maps[0, :3])  # made before textures were told apart
    assert pairs.facts[0] == {}
    assert pairs.facts[6]["place"] == "street"


def test_the_plain_truth_is_asked_for_without_words(pairs: Pairs) -> None:
    told = _batch(pairs, NOTHING)
    assert not told.words.any()
    assert not told.history.any()
    for k in range(24):
        same = [(pairs.target[row].float() - told.target[k]).abs().max() < 1e-6 for row in range(7)]
        mirrored = [(pairs.target[row].float().flip(-1) - told.target[k]).abs().max() < 1e-6 for row in range(7)]
        assert any(same) or any(mirrored)
    assert torch.equal(told.t, torch.ones(24))
    assert not told.x.any()  # where all would be noise, none is shown


def test_mirrored_pictures_have_mirrored_normals_and_sun(pairs: Pairs) -> None:
    seen = set()
    for seed in range(12):
        told = _batch(pairs, NOTHING, seed, size=4)
        for k in range(4):
            there = (pairs.maps[:, NORMAL_X].float() + told.maps[k, NORMAL_X].flip(-1)).flatten(1).abs().amax(1) < 1e-3
            seen.add(bool(there.any()))
            if there.any():
                assert float((pairs.light[there][:, 0] + told.light[k, 0]).abs().max()) < 1e-6
    assert seen == {True, False}


def test_weather_and_looks_are_asked_for_by_words_that_say_so(pairs: Pairs) -> None:
    told = _batch(pairs, Shares(weather=1, look=0, spoken=0, history=0, flat=0, unlit=0, bare=0))
    white = told.target.flatten(1).amin(1) > 0.999
    assert white.any()
    assert not white.all()  # most pictures have no snow
    assert torch.equal(told.words.any(1), white)
    snow = torch.from_numpy(encoded("snow-covered street").copy())
    assert float((told.words[white] @ snow).mean()) > 0.25
    looks = _batch(pairs, Shares(weather=0, look=1, spoken=0, history=0, flat=0, unlit=0, bare=0), size=64)
    assert float(looks.words.any(1).float().mean()) > 0.8
    assert float((looks.target.std(1).amax((1, 2)) < 0.02).float().mean()) > 0.02  # black and white


def test_other_frames_are_carried_to_where_they_are_seen(pairs: Pairs) -> None:
    rows = np.array([3, 4])
    here = carried(pairs, rows, pairs.target[pairs.other[rows]].float())
    torch.testing.assert_close(here[0, :3, :, 2:-6], pairs.target[4].float()[:, :, 5:-3], atol=2e-3, rtol=0)
    assert not here[0, :, :, -3:].any()
    told = _batch(pairs, Shares(weather=1, look=0, spoken=0, history=1, own=0, flat=0, unlit=0, bare=0), size=64)
    given = told.history[:, 3].flatten(1).amax(1) > 0
    assert given.any()
    assert not given.all()  # old pictures stand alone
    assert not (given & told.words.any(1)).any()


def test_what_is_withheld_is_gone(pairs: Pairs) -> None:
    rest = dict(weather=0, look=0, spoken=0, history=0, surfaceless=0)
    plain = _batch(pairs, Shares(**rest, flat=1, unlit=0, bare=0), size=8)
    flat = (plain.maps[:, ALBEDO] == 0.25).flatten(1).all(1)
    assert flat.any()
    unlit = _batch(pairs, Shares(**rest, flat=0, unlit=1, bare=0), size=8)
    assert not unlit.maps[:, LIT].any()
    assert unlit.maps[:, ALBEDO].any()
    bare = _batch(pairs, Shares(**rest, flat=0, unlit=0, bare=1), size=8)
    assert not bare.proxy.any()
    assert bare.maps[:, SHAPE].any()
    assert not bare.maps[:, [k for k in range(len(MAPS)) if k not in SHAPE]].any()
    assert _batch(pairs, Shares(**{**rest, "surfaceless": 1})).kind is None


def test_without_its_texture_a_picture_keeps_its_light() -> None:
    maps, albedo = torch.zeros(1, len(MAPS), 4, 4), torch.full((1, 3, 4, 4), -0.2)
    maps[:, ALBEDO] = albedo
    proxy = torch.full((1, 3, 4, 4), 0.1)
    told, same = untextured(maps, proxy, albedo)
    torch.testing.assert_close(same, proxy, atol=1e-3, rtol=0)
    _, brighter = untextured(maps, proxy, albedo + 0.2)
    assert float(brighter.min()) > 0.15
    assert torch.equal(told, maps)
