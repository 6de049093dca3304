"""Films have the frames, rate, size and colour they were given, and appear whole or not at all."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from render.video import CODECS, Codec, frame_of, read_video, suffix_of, timecode, write_video
from worldgen.conventions import U8

CRIMSON = (179, 49, 44)


def flat_frames(count: int, height: int = 36, width: int = 64) -> Iterator[U8]:
    """Crimson with a white bar that moves one pixel a frame."""
    for k in range(count):
        frame = np.full((height, width, 3), CRIMSON, dtype=np.uint8)
        frame[4:12, k : k + 8] = 255
        yield frame


def described(path: Path) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_h264_has_count_rate_tags_and_colour(tmp_path: Path) -> None:
    film = tmp_path / "shot.mp4"
    assert write_video(film, flat_frames(25), Fraction(24000, 1001)) == 25
    words = described(film)
    assert "h264" in words
    assert "yuv420p(tv, bt709" in words
    assert "23.98 fps" in words
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(film))
    assert count == 25
    assert seconds == pytest.approx(25 * 1001 / 24000, abs=0.006)
    frames = list(read_video(film))
    assert len(frames) == 25
    # A BT.601 matrix under BT.709 tags would move this red by more than ten levels.
    assert np.abs(frames[7][20:].astype(int) - CRIMSON).max() <= 3
    assert (frames[7][6:10, 9:13] > 245).all()
    assert film.read_bytes().find(b"moov") < film.read_bytes().find(b"mdat")  # plays before it has all arrived


@pytest.mark.parametrize("codec", ["h265", "prores", "ffv1"])
@pytest.mark.parametrize("depth", [8, 16])
def test_other_codecs(tmp_path: Path, codec: Codec, depth: int) -> None:
    film = tmp_path / f"shot{suffix_of(codec)}"
    expected = list(flat_frames(3))
    frames = [f.astype(np.uint16) * 257 for f in expected] if depth == 16 else expected
    write_video(film, frames, Fraction(25), codec=codec)
    seen = list(read_video(film))
    assert len(seen) == 3
    tolerance = depth // 16 if codec == "ffv1" else 3  # sixteen bits become eight as the film is read
    assert np.abs(seen[2][20:].astype(int) - expected[2][20:]).max() <= tolerance
    words = described(film)
    told = {"h265": "yuv420p10le(tv, bt709", "prores": "yuv422p10le(tv, bt709, progressive", "ffv1": "Video: ffv1"}
    assert told[codec] in words
    assert "hvc1" in words or codec != "h265"
    assert "(HQ)" in words or codec != "prores"


def test_sixteen_bits_survive_where_the_codec_keeps_them(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(20000, 21000, 64).astype(np.uint16)[None, :, None], (16, 64, 3))
    pictures = {}
    for codec in ("h265", "ffv1"):
        film = tmp_path / f"{codec}{suffix_of(codec)}"
        write_video(film, [ramp], Fraction(24), codec=codec, crf=4)
        reader = imageio_ffmpeg.read_frames(str(film), pix_fmt="rgb48le", bits_per_pixel=48)
        next(reader)
        pictures[codec] = np.frombuffer(next(reader), dtype=np.uint16).reshape(16, 64, 3)
    np.testing.assert_array_equal(pictures["ffv1"], ramp)
    assert len(np.unique(pictures["h265"][8, :, 1])) > 8  # eight bits have five levels here


def test_timecode_counts_rounded_frames() -> None:
    assert timecode(0, Fraction(24)) == "00:00:00:00"
    assert timecode(24 * 61 + 5, Fraction(24)) == "00:01:01:05"
    assert timecode(24, Fraction(24000, 1001)) == "00:00:01:00"
    assert frame_of("00:01:01:05", Fraction(24)) == 24 * 61 + 5


@pytest.mark.parametrize("code", ["01:00:00", "01:00:00:24", "24:00:00:00", "01:60:00:00", "one"])
def test_what_is_no_timecode_is_refused(code: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no timecode"):
        write_video(tmp_path / "shot.mp4", flat_frames(2), Fraction(24), start=code)


@pytest.mark.parametrize("codec", CODECS)
def test_the_first_timecode_is_kept(tmp_path: Path, codec: Codec) -> None:
    film = tmp_path / f"shot{suffix_of(codec)}"
    write_video(film, flat_frames(3), Fraction(24), codec=codec, start="01:00:10:12")
    assert re.search(r"timecode\s*: 01:00:10:12", described(film), re.IGNORECASE)


def test_odd_sizes_grow_by_a_repeated_edge(tmp_path: Path) -> None:
    film = tmp_path / "odd.mp4"
    write_video(film, flat_frames(2, height=35, width=63), Fraction(24))
    frame = next(iter(read_video(film)))
    assert frame.shape == (36, 64, 3)
    assert np.abs(frame[-1, -1].astype(int) - CRIMSON).max() <= 4


@pytest.mark.parametrize("codec", CODECS)
def test_same_frames_same_bytes(tmp_path: Path, codec: Codec) -> None:
    a, b = (tmp_path / f"{name}{suffix_of(codec)}" for name in "ab")
    for film in (a, b):
        write_video(film, flat_frames(5), Fraction(24), codec=codec, start="10:00:00:00")
    assert a.read_bytes() == b.read_bytes()


def test_a_failure_leaves_nothing_and_keeps_the_old_film(tmp_path: Path) -> None:
    film = tmp_path / "shot.mp4"
    write_video(film, flat_frames(2), Fraction(24))
    before = film.read_bytes()

    def breaks_off() -> Iterator[U8]:
        yield from flat_frames(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(film, breaks_off(), Fraction(24))
    assert film.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["shot.mp4"]


def test_frames_of_another_size_are_refused(tmp_path: Path) -> None:
    frames = [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)]
    with pytest.raises(ValueError, match="frame 1"):
        write_video(tmp_path / "shot.mp4", frames, Fraction(24))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "frames", "fps", "words"),
    [("shot.avi", 2, 24, r"called \*\.mp4"), ("shot.mp4", 0, 24, "at least one"), ("shot.mp4", 2, 0, "positive")],
)
def test_bad_arguments_get_a_sentence(tmp_path: Path, name: str, frames: int, fps: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        write_video(tmp_path / name, flat_frames(frames), Fraction(fps))
    assert not list(tmp_path.iterdir())


def test_memory_stays_flat(tmp_path: Path) -> None:
    alive = 0
    most = 0

    class Counted(np.ndarray):
        def __del__(self) -> None:
            nonlocal alive
            if self.base is None:
                alive -= 1

    def frames() -> Iterator[U8]:
        nonlocal alive, most
        for _ in range(40):
            frame = np.ndarray.__new__(Counted, (16, 16, 3), dtype=np.uint8)
            frame[:] = 0
            alive += 1
            most = max(most, alive)
            yield frame

    write_video(tmp_path / "long.mp4", frames(), Fraction(24))
    assert most <= 4
