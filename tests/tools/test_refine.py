"""setpiece refine: clips made elsewhere get steady, and steady ones are left alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from conditioning.frames import FrameMaker
from conditioning.guidance import Guidance
from conditioning.metrics import Change
from conditioning.refine import Refiner, Steadiness, Unsteady, asked_of, followed, jumps_of, pairs_of, same_words
from render.files import bytes_from_display, read_image
from render.raster import open_rasterizer
from render.video import read_video, write_video
from tests.tools.conftest import YARD, Run
from tools.clips import shown_by
from tools.opened import open_production, sized
from worldgen.conventions import F32, U8

FRAMES = 6


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> F32:
    """(6, 96, 160, 3) in [0, 1]: the built world of the shot ``look``."""
    scene = tmp_path_factory.mktemp("yard") / "yard.yaml"
    scene.write_text(YARD, encoding="utf-8")
    opened = open_production(scene, scene.parent)
    shot = sized(opened.production.shot("look"), "160x96", "final")
    maker = FrameMaker(opened.production.world, shot, open_rasterizer())
    told = [frame.told.proxy for frame in maker.frames(range(FRAMES))]
    return np.stack(told).transpose(0, 2, 3, 1) * np.float32(0.5) + np.float32(0.5)


@pytest.fixture
def truth(proxies: F32) -> F32:
    """A film as a good model paints it: a little softer, and of other colours than the world."""
    return np.stack([gaussian_filter(p, (0.6, 0.6, 0)) ** np.float32(0.8) for p in proxies])


def flickering(film: F32) -> F32:
    """With colours and textures of its own in every frame."""
    rng = np.random.default_rng(0)
    noisy = []
    for picture in film:
        grain = gaussian_filter(rng.standard_normal(picture.shape), (0.7, 0.7, 0))
        patches = gaussian_filter(rng.standard_normal(picture.shape), (12, 12, 0))
        colour = 0.03 * rng.standard_normal(3)
        noisy.append(picture + colour + 0.03 * grain / grain.std() + 0.02 * patches / patches.std())
    return np.clip(np.stack(noisy), 0, 1).astype(np.float32)


def written(path: Path, film: F32) -> Path:
    write_video(path, [bytes_from_display(picture) for picture in film], Fraction(24), codec="ffv1")
    return path


def frames_in(folder: Path) -> U8:
    return np.stack([read_image(path) for path in sorted((folder / "frames").iterdir())])


def psnr(a: U8, b: F32) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(np.float64) - b * 255.0).mean()))


def test_a_flickering_clip_gets_steady_and_stays_sharp(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    clip = flickering(truth)
    answer = run("refine", written(tmp_path / "clip.mkv", clip), yard, "--shot", "look", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert told["after"]["e_warp"]["0"] < 0.6 * told["before"]["e_warp"]["0"]
    assert told["after"]["e_warp"]["2"] < 0.4 * told["before"]["e_warp"]["2"]
    film = frames_in(tmp_path / "yard" / "look" / "refined")
    assert psnr(film, truth) > psnr(bytes_from_display(clip), truth) + 3
    edges = [np.abs(np.diff(f.astype(float), axis=2)).mean() for f in (film, truth * 255.0)]
    assert edges[0] > 0.95 * edges[1]
    assert len(list(read_video(Path(told["film"])))) == FRAMES
    again = run("refine", tmp_path / "clip.mkv", yard, "--shot", "look", "--out", tmp_path, "--json")
    assert again.json == told
    assert "nothing to do" in again.err


def test_a_steady_clip_is_left_alone(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    answer = run("refine", written(tmp_path / "clip.mkv", truth), yard, "--shot", "look", "--out", tmp_path, "--json")
    assert psnr(frames_in(tmp_path / "yard" / "look" / "refined"), truth) > 40
    assert answer.json["sharpness_ratio"] > 0.98


def test_another_size_is_resampled_and_said(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    video = written(tmp_path / "clip.mkv", truth)
    answer = run("refine", video, yard, "--shot", "look", "--size", "80x48", "--out", tmp_path, "--json")
    assert "clip.mkv is 160x96 and is resampled to 80x48" in answer.err
    assert "80x48 has another shape than the scene's 64x36" in answer.err
    assert frames_in(tmp_path / "yard" / "look" / "refined").shape == (FRAMES, 48, 80, 3)


def test_part_of_a_shot(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    video = written(tmp_path / "clip.mkv", truth[2:4])
    short = run("refine", video, yard, "--shot", "look", "--out", tmp_path)
    assert short.code == 2
    assert "has 2 frames, and 6 of look are asked for: say which it shows, like --frames 1-2" in short.err
    part = run("refine", video, yard, "--shot", "look", "--frames", "3-4", "--out", tmp_path, "--json")
    assert part.code == 0, part.err
    assert part.json["frames"] == 2
    names = sorted(path.name for path in (tmp_path / "yard" / "look" / "refined" / "frames").iterdir())
    assert names == ["0003.png", "0004.png"]


def test_a_clip_is_matched_frame_for_frame_or_by_the_clock(tmp_path: Path, yard: Path) -> None:
    """The shot has six frames, a quarter of a second."""
    shot, clip = open_production(yard, tmp_path).production.shot("look"), tmp_path / "clip.mp4"
    assert shown_by(clip, 6, 0.25, shot, range(6)) == (tuple(range(6)), ())
    assert shown_by(clip, 6, 6 / 16, shot, range(6)) == (tuple(range(6)), ())  # VACE writes 16 frames a second
    assert shown_by(clip, 9, 9 / 16, shot, range(6))[0] == tuple(range(6))  # and fills up
    places, (note,) = shown_by(clip, 12, 0.25, shot, range(6))
    assert places == (0, 2, 4, 6, 8, 10)
    assert note == "clip.mp4 runs at 48 frames a second and look at 24: those nearest are taken"
    assert shown_by(clip, 3, 0.25, shot, range(6))[0] == (0, 0, 1, 2, 2, 2)
    assert shown_by(clip, 20, 20 / 24, shot, range(6)) == (
        tuple(range(6)),
        ("the last 14 of clip.mp4's 20 frames are left out: 6 are asked for",),
    )
    assert shown_by(clip, 1, 0.04, shot, range(2, 3))[0] == (0,)
    with pytest.raises(ValueError, match=r"has 1 frame, and 6 of look are asked for: .* like --frames 1$"):
        shown_by(clip, 1, 0.04, shot, range(6))
    with pytest.raises(
        ValueError, match="has 40 frames at 16 a second, which are neither the 6 frames of look nor its"
    ):
        shown_by(clip, 40, 40 / 16, shot, range(6))


def test_a_clip_of_twice_the_speed(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    video = tmp_path / "clip.mkv"
    frames = [bytes_from_display(picture) for picture in np.repeat(truth, 2, axis=0)]
    write_video(video, frames, Fraction(48), codec="ffv1")
    answer = run("refine", video, yard, "--shot", "look", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    assert "clip.mkv runs at 48 frames a second and look at 24" in answer.err
    assert psnr(frames_in(tmp_path / "yard" / "look" / "refined"), truth) > 40


def test_a_clip_of_something_else_is_said(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    pan = np.stack([np.roll(picture, 7 * k, axis=1) for k, picture in enumerate(truth)])
    pan += 0.1 * np.random.default_rng(0).standard_normal(pan.shape).astype(np.float32)
    answer = run("refine", written(tmp_path / "clip.mkv", pan.clip(0, 1)), yard, "--shot", "look", "--out", tmp_path)
    assert answer.code == 0
    assert "does not seem to show what the world shows there" in answer.err


def test_where_a_film_jumps_it_is_looked_at(proxies: F32) -> None:
    films = {"steady": np.repeat(proxies[:1], 90, axis=0), "jumps": np.repeat(proxies[:1], 90, axis=0) * 1.0}
    films["jumps"][50:] *= np.float32(0.9)
    pictures = {name: [bytes_from_display(one) for one in film] for name, film in films.items()}
    assert jumps_of(pictures["steady"].__getitem__, range(90)) == []
    assert jumps_of(pictures["jumps"].__getitem__, range(10, 90)) == [49]
    assert 49 not in pairs_of(range(90))
    assert 49 in pairs_of(range(90), [pictures["jumps"].__getitem__])
    assert jumps_of(pictures["jumps"].__getitem__, range(3, 4)) == []


def test_one_frame(yard: Path, tmp_path: Path, truth: F32, run: Run) -> None:
    video = written(tmp_path / "clip.mkv", truth[:1])
    answer = run("refine", video, yard, "--shot", "look", "--frames", "1", "--out", tmp_path, "--json")
    assert answer.code == 0, answer.err
    assert psnr(frames_in(tmp_path / "yard" / "look" / "refined"), truth[:1]) > 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.mp4", "SCENE", "--shot", "look"], "there is no film"),
        (["SCENE", "SCENE", "--shot", "look"], "is no film that can be read"),
        (["CLIP", "SCENE"], "say with --shot which of the shots the clip shows: look, again"),
        (["CLIP", "SCENE", "--shot", "look", "--size", "96x96"], "has another shape than 96x96"),
    ],
)
def test_what_cannot_be_refined_is_one_sentence(
    yard: Path, tmp_path: Path, truth: F32, run: Run, arguments: list[str], words: str
) -> None:
    known = {"SCENE": yard, "CLIP": written(tmp_path / "clip.mkv", truth[:1])}
    answer = run("refine", *(known.get(one, one) for one in arguments), "--out", tmp_path)
    assert answer.code in (1, 2)
    assert words in answer.err
    assert "bug" not in answer.err


def steadiness(fine: float, coarse: float, sharpness: float = 5.0) -> Steadiness:
    return Steadiness(Change((0.0,) * 3, (fine + coarse, coarse, coarse), 100), sharpness)


def test_only_what_the_world_does_not_explain_is_unsteady() -> None:
    world = steadiness(40.0, 10.0)
    assert Unsteady.of(world, world) == Unsteady(0.0, 0.0)
    assert Unsteady.of(steadiness(40.0, 40.0), world) == Unsteady(0.75, 0.0)
    assert Unsteady.of(steadiness(160.0, 5.0), world) == Unsteady(0.0, 0.75)
    assert Unsteady.of(steadiness(40.0, 10.0, 2.5), world).fine == 0.75  # softer: resampling explains less
    assert Unsteady.of(steadiness(0.0, 0.0), steadiness(0.0, 0.0)).none


def test_a_pan_keeps_one_colour_across_each_frame(tmp_path: Path) -> None:
    """What a frame shows was seen in other frames before, each of another cast: their sum must leave no patches."""
    pan = YARD.replace("frames: 6", "frames: 10").replace(
        "aim: {look-at: [0, 12, 1]}\n    prompt", "aim: {pan: {from: -25deg, to: 25deg}}\n    prompt"
    )
    assert pan.count("pan") == 1
    (tmp_path / "yard.yaml").write_text(pan, encoding="utf-8")
    opened = open_production(tmp_path / "yard.yaml", tmp_path)
    shot = opened.production.shot("look")
    maker = FrameMaker(opened.production.world, shot, open_rasterizer())
    told = [frame.told.proxy for frame in maker.frames(range(10))]
    true = np.stack(told).transpose(0, 2, 3, 1) * 0.4 + 0.5
    casts = 0.05 * np.random.default_rng(0).standard_normal((10, 1, 1, 3))
    clip = bytes_from_display((true + casts).astype(np.float32))
    refiner = Refiner(maker, lambda k: clip[k], range(10), Unsteady(1.0, 1.0), Guidance())
    keys = list(refiner.keyframes([0, 4, 9], None))
    film = np.stack([key.picture for key in keys]) / 255.0
    left = [gaussian_filter(one - true[k], (4, 4, 0)) for one, k in zip(film, (0, 4, 9), strict=True)]
    patches = [np.std(one, axis=(0, 1)).mean() for one in left]
    assert max(patches) < 0.3 * casts.std()
    drift = np.std([one.mean((0, 1)) for one in left], axis=0).mean()
    assert drift < 0.4 * casts.std()


def test_what_is_seen_for_the_first_time_loses_the_frame_s_cast_too() -> None:
    own = torch.rand(1, 3, 37, 64, generator=torch.Generator().manual_seed(0))
    cast = torch.tensor([0.1, 0.0, -0.05]).view(1, 3, 1, 1).expand_as(own)
    known = torch.zeros(1, 1, 37, 64)
    known[..., :20] = 1
    moved = followed(own + cast, -cast * known, known, Unsteady(1.0, 1.0))
    torch.testing.assert_close(moved, own, atol=1e-4, rtol=0)
    assert followed(own, -cast, torch.zeros_like(known), Unsteady(1.0, 1.0)) is own
    assert followed(own, -cast, known, Unsteady(0.0, 0.0)) is own


def test_fine_and_coarse_steps_are_followed_apart() -> None:
    checks = (torch.arange(40).view(1, 1, 1, 40) % 2 * 2.0 - 1).expand(1, 3, 40, 40)
    own, known = torch.zeros(1, 3, 40, 40), torch.ones(1, 1, 40, 40)
    fine = followed(own, 0.3 + 0.1 * checks, known, Unsteady(0.0, 1.0))
    coarse = followed(own, 0.3 + 0.1 * checks, known, Unsteady(1.0, 0.0))
    torch.testing.assert_close(fine[..., 8:-8], 0.1 * checks[..., 8:-8], atol=0.01, rtol=0)
    torch.testing.assert_close(coarse[..., 8:-8], torch.full_like(coarse, 0.3)[..., 8:-8], atol=0.01, rtol=0)


def test_pairs_are_spread_over_the_film() -> None:
    assert pairs_of(range(3, 4)) == [3]
    assert pairs_of(range(0, 3)) == [0, 1]
    many = pairs_of(range(100, 900))
    assert (len(many), many[0], many[-1]) == (24, 100, 898)


def test_a_keyframe_is_settled_by_frames_on_both_sides() -> None:
    assert asked_of(0, range(0, 1)) == []
    assert asked_of(0, range(0, 6)) == [1, 2, 3, 4, 5]
    asked = asked_of(50, range(0, 100))
    assert len(asked) == 8
    assert sum(k < 50 for k in asked) == 4
    assert max(abs(k - 50) for k in asked) <= 16
    assert asked_of(99, range(40, 100))[-1] < 99


def test_words_say_the_same_as_far_as_they_overlap() -> None:
    assert same_words((), ((1.0, "dawn"),)) == 1.0
    assert same_words(((1.0, "dawn"),), ((0.25, "dawn"), (0.75, "noon"))) == 0.25
    assert same_words(((1.0, "dawn"),), ((1.0, "noon"),)) == 0.0
