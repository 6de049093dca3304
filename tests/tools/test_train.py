"""Training learns, resumes exactly, and path-traced truth agrees with the rasterizer (where mitsuba is installed)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from conditioning.controls import KIND_NAMES, LIGHT, MAPS
from conditioning.models.pocket.denoiser import load_network
from conditioning.models.pocket.network import PocketUNet, grown
from conditioning.text import WORDS
from tools.train.loop import Settings, train
from tools.train.mix import mix_weights
from tools.train.pairs import load_pairs
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at, translation
from worldgen.light import SUN_RADIUS, Lamp, Sky
from worldgen.material import make
from worldgen.world import Thing, World

SMALL = Settings(batch=4, crop=32, steps=6, minutes=5.0)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Pictures whose truth is a brighter proxy: something a residual can learn at once."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "data"
    folder.mkdir()
    for seed in (0, 1):
        proxy = rng.uniform(-0.8, 0.4, (6, 3, 32, 32)).astype(np.float16)
        np.savez(
            folder / f"{seed:07d}.npz",
            maps=rng.normal(0, 0.3, (6, len(MAPS), 32, 32)).astype(np.float16),
            light=rng.normal(0, 0.3, (6, LIGHT)).astype(np.float32),
            proxy=proxy,
            target=proxy + np.float16(0.3),
        )
    return folder


def test_training_stopped_and_resumed_equals_training_in_one_go(pairs: Path, tmp_path: Path) -> None:
    whole = train(pairs, tmp_path / "whole", SMALL)
    torch.manual_seed(99)
    train(pairs, tmp_path / "parts", SMALL, stop=3)
    parts = train(pairs, tmp_path / "parts", SMALL)
    name = "diffusion_pytorch_model.safetensors"
    assert (whole / name).read_bytes() == (parts / name).read_bytes()


def test_training_goes_on_from_an_older_network_that_was_told_less(pairs: Path, tmp_path: Path) -> None:
    older = {k: v for k, v in PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES).state_dict().items() if "hear" not in k}
    older["head.weight"] = torch.randn_like(older["head.weight"][:, : 4 * (3 + len(MAPS))])
    del older["material.weight"]
    torch.nn.init.normal_(older["tail.weight"], std=0.1)
    network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES)
    network.load_state_dict(grown(older, network))
    told = [torch.randn(1, 3, 32, 32), torch.ones(1), torch.randn(1, len(MAPS), 32, 32), torch.randn(1, LIGHT)]
    proxy, history = torch.randn(1, 3, 32, 32), torch.randn(1, 4, 32, 32)
    with torch.inference_mode():
        bare = network(*told, proxy)
        full = network(*told, proxy, torch.randn(1, WORDS), history, torch.ones(1, 32, 32, dtype=torch.uint8))
    assert not torch.equal(bare, proxy)
    torch.testing.assert_close(full, bare, atol=0, rtol=0)


def test_no_pictures_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no training pictures"):
        load_pairs(tmp_path)


def test_truth_sees_what_the_rasterizer_sees() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from render.passes import Passes
    from render.raster import open_rasterizer
    from tools.train.truth import PathTracer

    sky = Sky(np.radians(225), np.radians(35))
    things = (
        Thing("ground", shapes.plane((40.0, 40.0), make("cobble"))),
        Thing("box", shapes.box((1.5, 1.5, 1.5), make("brick"), 0.0)),
    )
    snapshot = World(things, sky).at(0)
    whole = Camera(look_at((2, -5, 3), (0, 0, 0.6)), Lens(35).intrinsics(120, 80), 120, 80)
    camera = whole.cropped(30, 10, 64, 48)
    passes = Passes(snapshot, camera, open_rasterizer("embree").rasterize(snapshot, camera))
    truth = PathTracer(snapshot, sky).layers(camera, 32, denoise=False)
    off = np.linalg.norm(truth["position"] - passes.position, axis=-1)[passes.gbuffer.hit]
    assert np.median(off) < 0.02
    assert np.median(np.abs(truth["normal"] - passes.normal).max(-1)) < 1e-3
    coarse = truth["albedo"].reshape(12, 4, 16, 4, 3).mean((1, 3)), passes.albedo.reshape(12, 4, 16, 4, 3).mean((1, 3))
    assert np.median(np.abs(coarse[0] - coarse[1])) < 0.03
    assert np.corrcoef(truth["albedo"].ravel(), passes.albedo.ravel())[0, 1] > 0.6


def test_truth_has_our_sky() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    sky = Sky(np.radians(120), np.radians(20), clouds=0.4)
    snapshot = World((Thing("far", shapes.box((0.1, 0.1, 0.1), make("wood"))),), sky).at(0)
    for azimuth in (0.3, 2.5, 4.8):
        target = (np.sin(azimuth), np.cos(azimuth), 5.5)
        camera = Camera(look_at((0, 0, 5), target), Lens(24).intrinsics(32, 24), 32, 24)
        seen = PathTracer(snapshot, sky).render(camera, 64, denoise=False)
        ys, xs = np.mgrid[0:24, 0:32] + 0.5
        ours = sky.radiance(camera.rays(np.stack([xs, ys], -1)).reshape(-1, 3)).reshape(24, 32, 3)
        assert np.median(np.abs(seen - ours) / ours) < 0.03


def test_truth_has_our_sun_as_wide_as_it_looks() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    high, low = (Sky(np.radians(180), np.radians(elevation)) for elevation in (90, 40))
    # 20 m over the ground, a roof whose edge is at x = 0: its half-shadow is 2 * 20 m * tan(0.2665 deg) = 19 cm.
    roof = shapes.box((8.0, 8.0, 0.1), make("plaster")).transformed(translation([4.0, 0.0, 20.0]))
    ground = Thing("ground", shapes.plane((60.0, 60.0), make("plaster")))
    snapshot = World((ground, Thing("roof", roof)), high).at(0)
    tracer = PathTracer(snapshot, low)
    tracer.relight(high)
    camera = Camera(look_at((0.0, -0.01, 10.0), (0, 0, 0)), Lens(300).intrinsics(60, 20), 60, 20)
    layers = tracer.layers(camera, 256, denoise=False)
    across = (layers["radiance"] / layers["albedo"]).mean((0, 2))
    share = (across - across[-5:].mean()) / (across[:5].mean() - across[-5:].mean())
    x = layers["position"][..., 0].mean(0)
    chord = np.clip(x / (20.0 * np.tan(SUN_RADIUS)), -1, 1)
    expected = (np.arccos(chord) - chord * np.sqrt(1 - chord**2)) / np.pi
    assert 0.1 < np.median(share) < 0.9
    np.testing.assert_allclose(share, expected, atol=0.06)
    for sky in (high, low):
        tracer = PathTracer(World((ground,), high).at(0), high)
        tracer.relight(sky)
        layers = tracer.layers(camera, 64, denoise=False)
        received = np.pi * (layers["radiance"] / layers["albedo"]).mean((0, 1))
        given = sky.sun_irradiance * np.sin(sky.sun_elevation) + sky.sky_irradiance
        np.testing.assert_allclose(received, given, rtol=0.08)  # a little of it is gloss


def test_a_lamp_in_a_body_lights_as_much_as_a_bare_one() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    dark = Sky(0.0, np.radians(-30))
    ground = Thing("ground", shapes.plane((8.0, 8.0), make("plaster")))
    globe = Thing("globe", shapes.sphere(0.1, make("lamp-glow")).transformed(translation([0, 0, 1.9])))
    lamp = Lamp("lamp", (0.0, 0.0, 2.0), (0.3, 0.2, 0.1))
    spot = Lamp("spot", (0.0, 0.0, 2.0), (0.3, 0.2, 0.1), direction=(0.0, 0.0, -1.0), cone=0.9, soft=0.3)
    camera = Camera(look_at((0.0, -2.5, 1.5), (0, 0, 0)), Lens(24).intrinsics(32, 24), 32, 24)

    def lit(*things: Thing, lamp: Lamp) -> np.ndarray:
        tracer = PathTracer(World(things, dark).at(0), dark, (lamp,))
        return tracer.render(camera, 256, denoise=False)[12:, 8:24].mean((0, 1))

    for one, tolerance in ((lamp, 0.1), (spot, 0.15)):
        np.testing.assert_allclose(lit(ground, globe, lamp=one), lit(ground, lamp=one), rtol=tolerance)


def test_what_emits_looks_as_it_is_told_to() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    dark = Sky(0.0, np.radians(-30))
    globe = Thing("globe", shapes.sphere(0.1, make("lamp-glow")))
    lamp = Lamp("lamp", tuple(globe.mesh.vertices.mean(0).tolist()), (0.3, 0.2, 0.1))
    camera = Camera(look_at((0.0, -0.6, 0.1), lamp.position), Lens(50).intrinsics(24, 16), 24, 16)
    tracer = PathTracer(World((globe,), dark).at(0), dark, (lamp,))
    wanted = np.full((16, 24, 3), 0.05, np.float32)
    assert tracer.render(camera, 16, denoise=False).max() > 1.0
    seen = tracer.render(camera, 16, denoise=False, emission=wanted)
    np.testing.assert_allclose(np.median(seen, axis=(0, 1)), 0.05, rtol=0.05)


def test_mixed_weights_lie_between_and_keep_what_words_do(tmp_path: Path) -> None:
    folders = []
    for k in (1, 2):
        network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, (8, 8, 8, 8))
        with torch.no_grad():
            for value in network.parameters():
                value.fill_(float(k))
        network.save_pretrained(tmp_path / str(k) / "model")
        folders.append(tmp_path / str(k) / "model")
    (tmp_path / "2" / "settings.json").write_text('{"steps": 7}')
    mixed = load_network(mix_weights(*folders, 0.25, tmp_path / "mixed")).state_dict()
    assert {float(v.float().mean()) for k, v in mixed.items() if k.startswith(("grade.", "hear."))} == {1.0}
    assert {float(v.float().mean()) for k, v in mixed.items() if not k.startswith(("grade.", "hear."))} == {1.25}
    assert json.loads((tmp_path / "mixed" / "settings.json").read_text()) == {
        "steps": 7,
        "mixed": 0.25,
        "residual": 1.0,
    }
    less = load_network(mix_weights(*folders, 0.25, tmp_path / "less", residual=0.5)).state_dict()
    assert {k for k, v in less.items() if not torch.equal(v, mixed[k])} == {"tail.weight", "tail.bias"}
    torch.testing.assert_close(less["tail.weight"], 0.5 * mixed["tail.weight"])
    with pytest.raises(ValueError, match="not between 0 and 1"):
        mix_weights(*folders, 1.5, tmp_path / "mixed")
    PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, (8, 8, 8, 16)).save_pretrained(tmp_path / "other")
    with pytest.raises(ValueError, match="different sizes"):
        mix_weights(folders[0], tmp_path / "other", 0.5, tmp_path / "mixed")
