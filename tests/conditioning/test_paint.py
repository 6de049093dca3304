"""Windows of a film, painted by an untrained network: what guidance promises must hold for any denoiser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conditioning.guidance import Guidance
from conditioning.job import Window
from conditioning.metrics import e_warp, sharpness
from conditioning.paint import PaintSettings, PocketPainter
from render.correspondence import correspond
from render.raster import Rasterizer
from worldgen.world import Shot, World

WHOLE = Window(0, 0, 9)


def painter(world: World, shot: Shot, weights: Path, rasterizer: Rasterizer, **more: object) -> PocketPainter:
    return PocketPainter(world, shot, replace(PaintSettings(weights=weights, seed=5), **more), rasterizer)  # type: ignore[arg-type]


def test_frames_are_pictures(world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer) -> None:
    frames, carry = painter(world, shot, untrained, rasterizer).paint(Window(0, 0, 3), None)
    assert frames.shape == (3, 54, 96, 3)
    assert frames.dtype == np.float32
    assert 0 <= frames.min() < frames.max() <= 1
    np.testing.assert_allclose(carry["picture"].transpose(1, 2, 0) * 0.5 + 0.5, frames[-1], atol=1e-6)


def test_same_seed_same_bytes_other_seed_other_film(
    world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer
) -> None:
    window = Window(0, 0, 4)
    first = painter(world, shot, untrained, rasterizer).paint(window, None)[0]
    again = painter(world, shot, untrained, rasterizer).paint(window, None)[0]
    other = painter(world, shot, untrained, rasterizer, seed=6).paint(window, None)[0]
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).mean() > 1e-3


def test_guidance_steadies_and_does_not_blur(world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer) -> None:
    guided = painter(world, shot, untrained, rasterizer)
    loose = painter(world, shot, untrained, rasterizer, guidance=None)
    a, b = guided.paint(WHOLE, None)[0], loose.paint(WHOLE, None)[0]
    geometry = [frame.geometry for frame in guided.frames(0, 9)]
    seen = [correspond(geometry[k], geometry[k - 1]) for k in range(1, 9)]
    steady = np.mean([e_warp(a[k], a[k - 1], seen[k - 1]) for k in range(1, 9)])
    wild = np.mean([e_warp(b[k], b[k - 1], seen[k - 1]) for k in range(1, 9)])
    assert steady < 0.6 * wild
    assert np.mean([sharpness(f) for f in a]) > 0.8 * np.mean([sharpness(f) for f in b])


def test_the_next_window_continues_the_last(world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer) -> None:
    """The seam between two windows is as steady as the frames inside one."""
    p = painter(world, shot, untrained, rasterizer, guidance=Guidance(every=4))
    first, carry = p.paint(Window(0, 0, 5), None)
    second, _ = p.paint(Window(1, 5, 9), carry)
    alone, _ = p.paint(Window(1, 5, 9), None)
    geometry = [frame.geometry for frame in p.frames(4, 7)]
    seam, inside = correspond(geometry[1], geometry[0]), correspond(geometry[2], geometry[1])
    at_seam, within = e_warp(second[0], first[-1], seam), e_warp(second[1], second[0], inside)
    assert at_seam < 1.5 * within
    assert at_seam < 0.7 * e_warp(alone[0], first[-1], seam)


@pytest.mark.parametrize("missing", ["config.json", "diffusion_pytorch_model.safetensors"])
def test_missing_and_broken_weights_are_named(
    world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer, tmp_path: Path, missing: str
) -> None:
    for file in untrained.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / missing).write_bytes(b"not weights")
    with pytest.raises(ValueError, match="cannot be read"):
        painter(world, shot, tmp_path, rasterizer)
    (tmp_path / missing).unlink()
    with pytest.raises(ValueError, match="missing"):
        painter(world, shot, tmp_path, rasterizer)


def test_a_one_frame_shot(world: World, shot: Shot, untrained: Path, rasterizer: Rasterizer) -> None:
    frames, _ = painter(world, shot, untrained, rasterizer).paint(Window(0, 0, 1), None)
    assert frames.shape[0] == 1
