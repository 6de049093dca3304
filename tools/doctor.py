"""``setpiece doctor``: what this machine can do, and the exact command that mends each thing it cannot."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from tools.console import BAD_INPUT, emit, say

DISK_GB: Final = 2.0
"""Less free space than this is told; a minute of 720p frames takes about 2 GB."""
BIG_LIBRARIES: Final = ("transformers", "accelerate", "ftfy", "peft")
BIG_MEND: Final = "pip install 'setpiece[models]'"
GL_PACKAGES: Final = "libegl1 libgl1 libgl1-mesa-dri libusb-1.0-0"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. needed: nothing can be painted without it. mend: what to do, empty when it is well."""

    what: str
    well: bool
    needed: bool
    detail: str
    mend: str = ""


def examine(as_json: bool) -> int:
    """Print every finding; returns the exit code: 0 if scenes can be painted here, else 2."""
    findings = list(all_findings())
    able = all(finding.well or not finding.needed for finding in findings)
    if as_json:
        emit({"ready": able, "findings": [asdict(finding) for finding in findings]})
    else:
        for f in findings:
            say(f"{'ok  ' if f.well else 'MISS' if f.needed else 'note'}  {f.what:<22} {f.detail}")
            if f.mend:
                say(f"      {'':<22} mend: {f.mend}")
        say("Ready to paint." if able else "Not ready: mend the lines marked MISS.")
    return 0 if able else BAD_INPUT


def all_findings() -> Iterator[Finding]:
    """Python, torch, rasterizers, ffmpeg, disk, weights, each proven rather than looked up, and for big models."""
    yield _python()
    yield from _tried("torch", _torch, "pip install torch")
    yield from _rasterizers()
    yield from _tried("films (ffmpeg)", _films, "pip install --force-reinstall imageio-ffmpeg ffmpeg-python")
    yield _disk(Path.cwd())
    yield from _tried("weights (pocket)", _weights, "reinstall Setpiece: git checkout -- conditioning/models/pocket")
    yield from _big_models()


def _tried(what: str, look: Callable[[], str], mend: str) -> Iterator[Finding]:
    try:
        yield Finding(what, True, True, look())
    except Exception as error:
        words = str(error).strip().splitlines() or [type(error).__name__]
        yield Finding(what, False, True, words[0], mend)


def _python() -> Finding:
    well = sys.version_info >= (3, 11)
    mend = "" if well else "install Python 3.11 or later and run `make install` with PYTHON=/path/to/it"
    return Finding("Python", well, True, platform.python_version(), mend)


def _torch() -> str:
    import torch

    device = f"CUDA: {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "CPU"
    assert float((torch.ones(2, 2) @ torch.ones(2, 2)).sum()) == 8.0
    return f"{torch.__version__}, {device}, {torch.get_num_threads()} threads of {os.cpu_count()} cores"


def _rasterizers() -> Iterator[Finding]:
    from render.raster import describe_rasterizers

    found = describe_rasterizers()
    for name, well, detail in found:
        mend = ""
        if not well:
            other = {"embree": "pip install embreex", "pytorch3d": "not needed: it is for gradients and for CUDA"}
            mend = other.get(name, f"apt-get install {GL_PACKAGES}")
        yield Finding(f"rasterizer {name}", well, False, detail.splitlines()[0] if detail else "", mend)
    if not any(well for _, well, _ in found):
        yield Finding("any rasterizer", False, True, "none works", "pip install embreex")


def _films() -> str:
    import imageio_ffmpeg

    from render.video import read_video, write_video

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "probe.mp4"
        write_video(film, iter([np.zeros((16, 16, 3), np.uint8)] * 2), Fraction(24))
        assert len(list(read_video(film))) == 2
    return f"{imageio_ffmpeg.get_ffmpeg_version()} writes and reads h264"


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 1e9
    well = free >= DISK_GB and os.access(folder, os.W_OK)
    detail = f"{free:.1f} GB free in {folder}" + ("" if os.access(folder, os.W_OK) else ", which cannot be written to")
    return Finding("disk", well, False, detail, "" if well else "free some space, or choose another folder with --out")


def _weights() -> str:
    from conditioning.models.pocket import denoiser

    device = denoiser.Pocket(denoiser.FOLDER).device
    return f"whole ({denoiser.weights_key(denoiser.FOLDER)}), painting on {device}"


def _big_models() -> Iterator[Finding]:
    """What painting with big models wants besides: nothing of it is needed for pocket."""
    lacking = [name for name in BIG_LIBRARIES if find_spec(name) is None]
    detail = f"without {', '.join(lacking)}" if lacking else ", ".join(BIG_LIBRARIES)
    yield Finding("big models: libraries", not lacking, False, detail, BIG_MEND if lacking else "")
    try:
        from conditioning.models import catalogue, fits, store
    except ImportError:  # torch or diffusers: told above
        return
    machine, folder = fits.this_machine(), store.models_folder()
    well = machine.device != "cpu"
    mend = "" if well else "not needed for pocket; big models want a GPU, with a torch that is built for it"
    yield Finding("big models: GPU", well, False, machine.words, mend)
    big = [one for one in catalogue.FAMILIES if one.checkpoints]
    here = [one.name for one in big if store.records(folder, one) is not None]
    above = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = f"{shutil.disk_usage(above).free / 1e9:.0f} GB free there"
    detail = f"{', '.join(here) or 'none'} of {len(big)} in {folder}, {free}"
    yield Finding("big models: weights", bool(here), False, detail, "" if here else "setpiece models get NAME")
