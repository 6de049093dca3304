"""Windows of a film, painted by an untrained network: what guidance promises must hold for any denoiser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from conditioning.frames import Frame, FrameMaker
from conditioning.guidance import Guidance
from conditioning.memory import remembering
from conditioning.memory_store import WorldMemory
from conditioning.metrics import e_warp, sharpness
from conditioning.models.pocket.denoiser import Pocket
from conditioning.models.pocket.network import Block
from conditioning.paint import Denoiser, PaintSettings, PocketDenoiser, Remembering, ShotPainter, deaf, paint_clip
from render.correspondence import correspond
from render.raster import Rasterizer
from worldgen.light import Sky
from worldgen.world import Shot, World


@pytest.fixture(scope="module")
def denoiser(untrained: Path) -> Denoiser:
    return PocketDenoiser(Pocket(untrained))


@pytest.fixture(scope="module")
def frames(world: World, shot: Shot, rasterizer: Rasterizer) -> list[Frame]:
    return list(FrameMaker(world, shot, rasterizer, seed=5).frames(range(9)))


@pytest.fixture(scope="module")
def lone_frames(world: World, shot: Shot, rasterizer: Rasterizer) -> list[Frame]:
    return list(FrameMaker(world, shot, rasterizer, seed=5, gamma=1.0).frames(range(9)))


def test_frames_are_pictures(frames: list[Frame], denoiser: Denoiser) -> None:
    painted = paint_clip(frames[:3], denoiser, PaintSettings())
    assert painted.shape == (3, 54, 96, 3)
    assert painted.dtype == np.float32
    assert 0 <= painted.min() < painted.max() <= 1
    assert paint_clip(frames[:1], denoiser, PaintSettings()).shape == (1, 54, 96, 3)


def test_frames_do_not_depend_on_which_others_are_made(
    world: World, shot: Shot, rasterizer: Rasterizer, frames: list[Frame]
) -> None:
    for frame in FrameMaker(world, shot, rasterizer, seed=5).frames([6, 2]):
        np.testing.assert_array_equal(frame.told.proxy, frames[frame.index].told.proxy)
        np.testing.assert_array_equal(frame.noise, frames[frame.index].noise)
    other = next(FrameMaker(world, shot, rasterizer, seed=6).frames([6]))
    assert float((other.noise - frames[6].noise).abs().mean()) > 0.5


@pytest.mark.parametrize("steps", [1, 3])
def test_guidance_steadies_and_does_not_blur(
    frames: list[Frame], lone_frames: list[Frame], denoiser: Denoiser, steps: int
) -> None:
    a = paint_clip(frames, denoiser, PaintSettings(steps))
    b = paint_clip(lone_frames, denoiser, PaintSettings(steps, guidance=None))
    seen = [correspond(frames[k].geometry, frames[k - 1].geometry) for k in range(1, 9)]
    steady, wild = (np.mean([e_warp(x[k], x[k - 1], seen[k - 1]) for k in range(1, 9)]) for x in (a, b))
    assert steady < 0.5 * wild
    assert np.mean([sharpness(f) for f in a]) > 0.8 * np.mean([sharpness(f) for f in b])


def test_frames_painted_together_are_as_those_painted_alone(frames: list[Frame], denoiser: Denoiser) -> None:
    alone = paint_clip(frames, denoiser, PaintSettings())
    together = PocketDenoiser(denoiser.model)  # type: ignore[attr-defined]
    together.together = 4
    np.testing.assert_array_equal(paint_clip(frames, together, PaintSettings()), alone)


def test_a_released_film_is_the_unguided_one(frames: list[Frame], denoiser: Denoiser) -> None:
    free = paint_clip(frames, denoiser, PaintSettings(guidance=Guidance(release=1.1)))
    np.testing.assert_array_equal(free, paint_clip(frames, denoiser, PaintSettings(guidance=None)))


def shot_painter(
    world: World, shot: Shot, rasterizer: Rasterizer, denoiser: Denoiser, remembers: Remembering | None = None
) -> ShotPainter:
    settings = PaintSettings(guidance=Guidance(every=4))
    return ShotPainter(FrameMaker(world, shot, rasterizer, seed=5), denoiser, settings, remembers)


def test_windows_depend_on_their_keyframes_alone_and_seams_are_as_steady_as_the_rest(
    world: World, shot: Shot, rasterizer: Rasterizer, denoiser: Denoiser, frames: list[Frame]
) -> None:
    def painter() -> ShotPainter:
        return shot_painter(world, shot, rasterizer, denoiser)

    keys = list(painter().keyframes([0, 4, 8], None))
    (second,) = painter().paint([([5, 6, 7], keys[1:])])
    first, again = painter().paint([([1, 2, 3], keys[:2]), ([5, 6, 7], keys[1:])])
    np.testing.assert_array_equal(second, again)
    film = [keys[0].picture, *first, keys[1].picture, *second, keys[2].picture]
    film = [p if p.dtype == np.float32 else p.astype(np.float32) / 255 for p in film]
    change = [e_warp(film[k], film[k - 1], correspond(frames[k].geometry, frames[k - 1].geometry)) for k in range(1, 9)]
    assert max(change[3], change[4]) < 1.5 * np.mean(change)


def test_keyframes_go_on_from_any_of_them(
    world: World, shot: Shot, rasterizer: Rasterizer, denoiser: Denoiser, tmp_path: Path
) -> None:
    def opened(name: str) -> Remembering:
        return memory_of(WorldMemory(tmp_path / name), world)

    whole = list(shot_painter(world, shot, rasterizer, denoiser, opened("a")).keyframes([0, 4, 8], None))
    assert whole[-1].views
    stopped = shot_painter(world, shot, rasterizer, denoiser, opened("b")).keyframes([0, 4, 8], None)
    first = next(stopped)
    stopped.close()
    rest = list(shot_painter(world, shot, rasterizer, denoiser, opened("b")).keyframes([4, 8], first))
    for one, other in zip(whole, [first, *rest], strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)


def test_memory_makes_a_later_film_agree_with_an_earlier_one(
    world: World, shot: Shot, rasterizer: Rasterizer, denoiser: Denoiser, tmp_path: Path
) -> None:
    """The same places, painted with another seed in two steps: what was remembered is seen again."""
    memory, two = WorldMemory(tmp_path), PaintSettings(steps=2)
    first = next(shot_painter(world, shot, rasterizer, denoiser, memory_of(memory, world)).keyframes([2], None))
    again = ShotPainter(FrameMaker(world, shot, rasterizer, seed=77), denoiser, two, memory_of(memory, world))
    forgetful = ShotPainter(FrameMaker(world, shot, rasterizer, seed=77), denoiser, two)
    known, new = (next(p.keyframes([2], None)).picture.astype(np.float32) for p in (again, forgetful))
    assert np.abs(known - first.picture).mean() < 0.4 * np.abs(new - first.picture).mean()


@pytest.fixture(scope="module")
def listener(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> PocketDenoiser:
    """Words turn its pictures upside down; otherwise it is untrained."""
    model = Pocket(untrained, "cpu")
    torch.manual_seed(3)
    torch.nn.init.normal_(model.network.hear.weight, std=4.0)
    for block in model.network.modules():
        if isinstance(block, Block):
            torch.nn.init.normal_(block.film.weight, std=0.5)
            torch.nn.init.normal_(block.conv2.weight, std=0.1)
    return PocketDenoiser(model)


def prompted(world: World, shot: Shot, rasterizer: Rasterizer, *prompts: tuple[float, str]) -> FrameMaker:
    return FrameMaker(world, replace(shot, prompts=prompts), rasterizer, seed=5)


def test_words_reach_the_model_and_fade(
    world: World, shot: Shot, rasterizer: Rasterizer, listener: PocketDenoiser
) -> None:
    seconds = float(8 / shot.fps)
    (silent,) = prompted(world, shot, rasterizer).frames([4])
    (noir,) = prompted(world, shot, rasterizer, (0.0, "noir")).frames([4])
    (between,) = prompted(world, shot, rasterizer, (0.0, "noir"), (seconds, "snow")).frames([4])
    assert (silent.said, noir.said) == ((), ((1.0, "noir"),))
    assert between.said == ((0.5, "noir"), (0.5, "snow"))
    alone = PaintSettings(guidance=None)
    pictures = [paint_clip([frame], listener, alone)[0] for frame in (silent, noir, between)]
    for k in (1, 2):
        assert np.abs(pictures[k] - pictures[k - 1]).mean() > 0.02
    np.testing.assert_array_equal(pictures[1], paint_clip([noir], listener, alone)[0])


def test_night_is_asked_for_by_day_alone(
    world: World, shot: Shot, rasterizer: Rasterizer, listener: PocketDenoiser
) -> None:
    alone, dark = PaintSettings(guidance=None), replace(world, sky=Sky(0.0, np.radians(-12)))
    for place, heard in ((world, True), (dark, False)):
        makers = [prompted(place, shot, rasterizer, *said) for said in ((), ((0.0, "at night"),))]
        silent, night = (paint_clip(list(maker.frames([4])), listener, alone)[0] for maker in makers)
        assert (np.abs(silent - night).mean() > 0.02) == heard


def test_likeness_of_words_is_what_they_do(listener: PocketDenoiser, denoiser: PocketDenoiser) -> None:
    one, other = ((1.0, "noir"),), ((1.0, "snow"),)
    near = ((0.95, "noir"), (0.05, "snow"))
    assert listener.alike(one, one) == 1.0
    assert listener.alike(one, other) == listener.alike(other, one) < 0.5
    assert listener.alike(one, other) < listener.alike(one, near) < 1.0
    assert denoiser.alike(one, other) == 1.0  # it hears nothing


def test_frames_are_not_dragged_to_the_words_before(
    world: World, shot: Shot, rasterizer: Rasterizer, listener: PocketDenoiser
) -> None:
    """The words change between two frames: the second is as it would be alone, and not as the first."""
    step = float(1 / shot.fps)
    frames = list(prompted(world, shot, rasterizer, (0.0, "noir"), (step, "snow")).frames([0, 1]))
    settings = PaintSettings(guidance=Guidance(every=1))
    alone = paint_clip(frames[1:], listener, settings)[0]
    told, untold = (paint_clip(frames, listener, settings, alike=a)[1] for a in (listener.alike, deaf))
    assert np.abs(told - alone).mean() < 0.5 * np.abs(untold - alone).mean()


def memory_of(memory: WorldMemory, world: World) -> Remembering:
    return lambda live: remembering(memory, world, "look", memory.folder / "job", live)


@pytest.mark.parametrize("missing", ["config.json", "diffusion_pytorch_model.safetensors"])
def test_missing_and_broken_weights_are_named(untrained: Path, tmp_path: Path, missing: str) -> None:
    for file in untrained.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / missing).write_bytes(b"not weights")
    with pytest.raises(ValueError, match="cannot be read"):
        Pocket(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(ValueError, match="missing"):
        Pocket(tmp_path)


def test_one_step_needs_no_noise_and_two_do(
    world: World, shot: Shot, rasterizer: Rasterizer, denoiser: Denoiser
) -> None:
    def painted(seed: int, steps: int) -> np.ndarray:
        maker = FrameMaker(world, shot, rasterizer, seed=seed)
        return next(ShotPainter(maker, denoiser, PaintSettings(steps=steps)).keyframes([2], None)).picture

    frame = next(FrameMaker(world, shot, rasterizer).frames([2]))
    silent = replace(frame, grain=lambda: pytest.fail("noise was drawn"))
    assert paint_clip([silent], denoiser, PaintSettings(steps=1)).any()
    np.testing.assert_array_equal(painted(5, 1), painted(77, 1))
    assert not np.array_equal(painted(5, 2), painted(77, 2))
