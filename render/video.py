"""Films: frames streamed to ffmpeg (the binary that imageio-ffmpeg brings), so memory stays flat at any length."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, get_args

import ffmpeg
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from render.files import written_whole
from worldgen.conventions import U8

Codec = Literal["h264", "h265", "prores", "ffv1"]
"""h264: for everyone, 8 bit. h265: 10 bit, half the size. prores: 422 HQ, 10 bit, for editors. ffv1: lossless RGB."""

CODECS: Final[tuple[Codec, ...]] = get_args(Codec)

Picture = U8 | npt.NDArray[np.uint16]
"""(H, W, 3) sRGB-encoded full-range RGB."""

# Our frames are sRGB-encoded full-range RGB; films carry BT.709 limited-range Y'CbCr and say so, since players
# guess BT.601 for small untagged pictures and shift every colour.
_TAGS: Final = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
_TO_709: Final = {
    "in_range": "full",
    "out_range": "tv",
    "out_color_matrix": "bt709",
    "flags": "accurate_rnd+full_chroma_int",
}
_TAGGED: Final = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
_X265: Final = "log-level=error:range=limited:colorprim=bt709:transfer=bt709:colormatrix=bt709"


@dataclass(frozen=True)
class _Format:
    """Container suffix, pixel format, what width and height must be multiples of, and ffmpeg's words for the codec."""

    suffix: str
    pixels: str
    multiple: tuple[int, int]
    words: dict[str, object]


_FORMATS: Final[dict[Codec, _Format]] = {
    "h264": _Format(".mp4", "yuv420p", (2, 2), {"vcodec": "libx264", "movflags": "+faststart"}),
    "h265": _Format(  # hvc1 is the name under which Apple's players look for it
        ".mp4",
        "yuv420p10le",
        (2, 2),
        {"vcodec": "libx265", "tag:v": "hvc1", "x265-params": _X265, "movflags": "+faststart"},
    ),
    "prores": _Format(
        ".mov",
        "yuv422p10le",
        (2, 1),
        {"vcodec": "prores_ks", "profile:v": 3, "vendor": "apl0", "movflags": "+faststart"},
    ),
    "ffv1": _Format(".mkv", "gbrp", (1, 1), {"vcodec": "ffv1", "level": 3, "g": 1, "slicecrc": 1}),  # RGB stays RGB
}
_DEEP_FFV1: Final = "gbrp16le"


def suffix_of(codec: Codec) -> str:
    """The end of a film's name: ``.mp4``, ``.mov`` or ``.mkv``."""
    return _FORMATS[codec].suffix


def timecode(frame: int, fps: Fraction) -> str:
    """``HH:MM:SS:FF`` of a frame (from 0), counting ``round(fps)`` frames a second (non-drop, as editors show it)."""
    base = max(1, round(fps))
    seconds, rest = divmod(frame, base)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


def frame_of(code: str, fps: Fraction) -> int:
    """The frame (from 0) at a timecode ``HH:MM:SS:FF``. Errors: ``ValueError``."""
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d):([0-5]\d):(\d{2,3})", code)
    base = max(1, round(fps))
    if not found or int(found[1]) > 23 or int(found[4]) >= base:
        raise ValueError(f"{code!r} is no timecode: write HH:MM:SS:FF, like 01:00:00:00, with FF below {base}")
    hours, minutes, seconds, rest = (int(part) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * base + rest


def write_video(
    path: Path,
    frames: Iterable[Picture],
    fps: Fraction,
    *,
    codec: Codec = "h264",
    crf: int = 16,
    preset: str = "medium",
    start: str | None = None,
) -> int:
    """Write ``frames``, each (H, W, 3) sRGB of one size, uint8 or uint16, to ``path``; returns how many there were.

    The suffix must be the codec's (:func:`suffix_of`). Odd sizes grow by one repeated column or row where the codec
    needs even ones. ``crf`` (0 best to 51) and ``preset`` (ultrafast to veryslow) are x264's and x265's, and used for
    them only. start: the timecode of the first frame, kept in the film. The film appears under its name once complete.
    Errors: ``ValueError`` for bad arguments or frames, ``OSError`` with ffmpeg's own words if it cannot write.
    """
    form = _FORMATS[codec]
    if path.suffix != form.suffix:
        raise ValueError(f"{path.name}: a {codec} film is called *{form.suffix}")
    if fps <= 0:
        raise ValueError(f"{path.name}: a film needs a positive number of frames a second, not {fps}")
    if start is not None:
        frame_of(start, fps)
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise ValueError(f"{path.name}: a film needs at least one frame")
    height, width = _checked(first, path, 0, first.shape[:2], first.dtype)
    pad = ((0, -height % form.multiple[1]), (0, -width % form.multiple[0]), (0, 0))
    options = _options(codec, first.dtype == np.uint16, crf, preset, start)

    with written_whole(path) as part:
        process = _encoder(part, width + pad[1][1], height + pad[0][1], fps, first.dtype == np.uint16, codec, options)
        assert process.stdin is not None
        assert process.stderr is not None
        count = 0
        try:
            frame: Picture | None = first
            while frame is not None:
                _checked(frame, path, count, (height, width), first.dtype)
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


def _options(codec: Codec, deep: bool, crf: int, preset: str, start: str | None) -> dict[str, object]:
    form = _FORMATS[codec]
    options: dict[str, object] = {"pix_fmt": form.pixels, "map_metadata": "-1", "fflags": "+bitexact", **form.words}
    options["flags:v"] = "+bitexact"  # no dates or versions inside: the same frames give the same file
    if codec == "ffv1":
        options["pix_fmt"] = _DEEP_FFV1 if deep else form.pixels
    else:
        options |= _TAGS
    if codec in ("h264", "h265"):
        options |= {"crf": crf, "preset": preset}
    if start is not None:  # a track of its own in QuickTime's family, a tag in Matroska
        options |= {"metadata:g:0": f"timecode={start}"} if form.suffix == ".mkv" else {"timecode": start}
    return options


def _encoder(
    part: Path, width: int, height: int, fps: Fraction, deep: bool, codec: Codec, options: dict[str, object]
) -> subprocess.Popen[bytes]:
    rate, pixels = f"{fps.numerator}/{fps.denominator}", "rgb48le" if deep else "rgb24"
    stream: Any = ffmpeg.input("pipe:", format="rawvideo", pix_fmt=pixels, s=f"{width}x{height}", framerate=rate)
    if codec != "ffv1":
        stream = stream.filter("scale", **_TO_709).filter("setparams", **_TAGGED)
    arguments = ffmpeg.output(stream, str(part), **options).global_args("-loglevel", "error", "-y")
    process: subprocess.Popen[bytes] = ffmpeg.run_async(
        arguments, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True
    )
    return process


def _checked(frame: Picture, path: Path, index: int, size: tuple[int, ...], kind: np.dtype[Any]) -> tuple[int, int]:
    if frame.dtype not in (np.uint8, np.uint16) or frame.shape != (*size, 3) or frame.dtype != kind:
        raise ValueError(
            f"{path.name}: frame {index} is {frame.shape} {frame.dtype}; all must be (height, width, 3) uint8 or "
            "uint16, of one size and kind"
        )
    return int(size[0]), int(size[1])


def _last_line(words: bytes) -> str:
    lines = words.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "ffmpeg stopped without saying why"
