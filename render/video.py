"""Films: frames streamed to ffmpeg (the binary that imageio-ffmpeg brings), so memory stays flat at any length."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import ffmpeg
import imageio_ffmpeg
import numpy as np

from render.files import written_whole
from worldgen.conventions import U8

Codec = Literal["h264", "prores", "ffv1"]

# Our frames are sRGB-encoded full-range RGB; films carry BT.709 limited-range Y'CbCr and say so, since players
# guess BT.601 for small untagged pictures and shift every colour.
_TAGS = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
_TO_709 = {"in_range": "full", "out_range": "tv", "out_color_matrix": "bt709", "flags": "accurate_rnd+full_chroma_int"}


@dataclass(frozen=True)
class _Format:
    """Container suffix, pixel format, and what width and height must be multiples of."""

    suffix: str
    pixels: str
    multiple: tuple[int, int]


_FORMATS: dict[Codec, _Format] = {
    "h264": _Format(".mp4", "yuv420p", (2, 2)),
    "prores": _Format(".mov", "yuv422p10le", (2, 1)),
    "ffv1": _Format(".mkv", "gbrp", (1, 1)),  # lossless: RGB stays RGB
}


def write_video(
    path: Path,
    frames: Iterable[U8],
    fps: Fraction,
    *,
    codec: Codec = "h264",
    crf: int = 16,
    preset: str = "medium",
) -> int:
    """Write ``frames``, each (H, W, 3) uint8 sRGB of one size, to ``path``; returns how many there were.

    The suffix must be the codec's: ``.mp4`` (h264), ``.mov`` (prores, 422 HQ), ``.mkv`` (ffv1, lossless). Odd sizes
    grow by one repeated column or row where the codec needs even ones. ``crf`` (0 best to 51) and ``preset``
    (ultrafast to veryslow) are x264's and used for h264 only. The film appears under its name once complete.
    Errors: ``ValueError`` for bad arguments or frames, ``OSError`` with ffmpeg's own words if it cannot write.
    """
    form = _FORMATS[codec]
    if path.suffix != form.suffix:
        raise ValueError(f"{path.name}: a {codec} film is called *{form.suffix}")
    if fps <= 0:
        raise ValueError(f"{path.name}: a film needs a positive number of frames a second, not {fps}")
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise ValueError(f"{path.name}: a film needs at least one frame")
    height, width = _checked(first, path, 0, first.shape[:2])
    pad = ((0, -height % form.multiple[1]), (0, -width % form.multiple[0]), (0, 0))

    with written_whole(path) as part:
        process = _encoder(part, width + pad[1][1], height + pad[0][1], fps, codec, crf, preset)
        assert process.stdin is not None
        assert process.stderr is not None
        count = 0
        try:
            frame: U8 | None = first
            while frame is not None:
                _checked(frame, path, count, (height, width))
                process.stdin.write(np.ascontiguousarray(np.pad(frame, pad, mode="edge")).data)
                count += 1
                frame = next(source, None)
            process.stdin.close()
            words = process.stderr.read()
        except BrokenPipeError:
            words = process.stderr.read()
        except BaseException:
            process.kill()
            raise
        finally:
            process.stderr.close()
            code = process.wait()
        if code != 0:
            raise OSError(f"{path} could not be written: {_last_line(words)}")
    return count


def read_video(path: Path) -> Iterator[U8]:
    """Frames of a film, each (H, W, 3) uint8 sRGB. Errors: ``OSError`` if there is none to read."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no film {path}")
    reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24", output_params=["-fps_mode", "passthrough"])
    width, height = next(reader)["size"]
    for data in reader:
        yield np.frombuffer(data, dtype=np.uint8).reshape(height, width, 3)


def _encoder(
    part: Path, width: int, height: int, fps: Fraction, codec: Codec, crf: int, preset: str
) -> subprocess.Popen[bytes]:
    rate = f"{fps.numerator}/{fps.denominator}"
    stream = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", s=f"{width}x{height}", framerate=rate)
    options: dict[str, object] = {"pix_fmt": _FORMATS[codec].pixels, "map_metadata": "-1", "fflags": "+bitexact"}
    options["flags:v"] = "+bitexact"  # no dates or versions inside: the same frames give the same file
    if codec == "ffv1":
        options |= {"vcodec": "ffv1", "level": 3, "g": 1, "slicecrc": 1}
    else:
        stream = stream.filter("scale", **_TO_709)
        options |= _TAGS
    if codec == "h264":
        options |= {"vcodec": "libx264", "crf": crf, "preset": preset, "movflags": "+faststart"}
    elif codec == "prores":
        options |= {"vcodec": "prores_ks", "profile:v": 3, "vendor": "apl0", "movflags": "+faststart"}
    arguments = ffmpeg.output(stream, str(part), **options).global_args("-loglevel", "error", "-y")
    process: subprocess.Popen[bytes] = ffmpeg.run_async(
        arguments, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True
    )
    return process


def _checked(frame: U8, path: Path, index: int, size: tuple[int, ...]) -> tuple[int, int]:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape != (*size, 3):
        raise ValueError(
            f"{path.name}: frame {index} is {frame.shape} {frame.dtype}; all must be (height, width, 3) uint8, "
            "of one size"
        )
    return int(size[0]), int(size[1])


def _last_line(words: bytes) -> str:
    lines = words.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "ffmpeg stopped without saying why"
