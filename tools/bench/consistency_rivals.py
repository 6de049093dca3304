"""What else is done against flicker, on the same denoiser, seed and starting noise: each in its own published way."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import imageio_ffmpeg
import numpy as np
import torch
from torch import Tensor

from conditioning.conditions import Conditions
from conditioning.frames import Frame
from conditioning.paint import Denoiser, PaintSettings, paint, paint_clip
from conditioning.sampler import sigmas_of
from render.correspondence import Correspondence, correspond
from render.files import bytes_from_display
from render.warp import warp
from worldgen.conventions import F32, U8

SAME_STEP: Final = 0.8
LAST_STEP: Final = 0.5
"""How far a frame follows the one before it: in every step, and in the last, where more would blur."""

REACH: Final = 2
"""Frames on either side that the temporal filter averages."""

FLOW_PX: Final = 1.0
"""Pixels by which estimated flow may miss its way back and still be believed."""


def shared_noise(frames: Sequence[Frame], denoiser: Denoiser, steps: int) -> F32:
    """Every frame by itself from one noise, fixed to the screen: what most tools offer as a fixed seed."""
    same = [replace(frame, grain=frames[0].grain) for frame in frames]
    return paint_clip(same, denoiser, PaintSettings(steps, None))


def previous_frame(frames: Sequence[Frame], denoiser: Denoiser, steps: int, cv2: Any) -> F32:
    """Each frame fused with the one before it along estimated flow, in every step, after Yang et al. 2023.

    The flow is OpenCV's DIS (Kroeger et al. 2016) between the pictures of the built world, believed where it finds its
    way back; the one before is warped bilinearly. ``cv2``: the module.
    """
    painted: list[F32] = []
    grey = [cv2.cvtColor(_proxy(frame), cv2.COLOR_RGB2GRAY) for frame in frames]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    for k, frame in enumerate(frames):
        if k == 0:
            painted.append(paint([frame], denoiser, PaintSettings(steps, None), [[]])[0])
            continue
        back = flow.calc(grey[k], grey[k - 1], None)
        seen = _believed(back, flow.calc(grey[k - 1], grey[k], None))
        before = torch.from_numpy(warp(painted[-1], seen, "bilinear")).permute(2, 0, 1)[None] * 2.0 - 1.0
        mask = torch.from_numpy(seen.confidence)[None, None]
        painted.append(_fused(frame, denoiser, steps, before, mask))
    return np.stack(painted)


def temporal_filter(films: F32, frames: Sequence[Frame]) -> F32:
    """A finished film (N, H, W, 3), each point averaged along its exact track over ``REACH`` frames either way."""
    found = []
    for k, frame in enumerate(frames):
        total, weight = films[k].copy(), np.ones((*films.shape[1:3], 1), np.float32)
        for j in range(max(0, k - REACH), min(len(frames), k + REACH + 1)):
            if j != k:
                seen = correspond(frame.geometry, frames[j].geometry)
                share = seen.visible[..., None].astype(np.float32)
                total += share * warp(films[j], seen)
                weight += share
        found.append(np.clip(total / weight, 0, 1))
    return np.stack(found)


def tmix(film: U8) -> U8:
    """The mean of three frames, centred, by ffmpeg."""
    return _ffmpeg(np.concatenate([film[:1], film, film[-1:]]), "format=gbrp,tmix=frames=3")[2:]


def deflicker(film: U8) -> U8:
    """The brightness of whole frames evened over five, by ffmpeg."""
    return _ffmpeg(film, "format=yuv444p,deflicker=size=5:mode=pm")


def _fused(frame: Frame, denoiser: Denoiser, steps: int, before: Tensor, mask: Tensor) -> F32:
    sigmas = sigmas_of(steps)

    def edit(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        share = LAST_STEP if sigma <= sigmas[-1] + 1e-6 else SAME_STEP
        return pictures + share * mask * (before - pictures), mask.sign()

    painted = denoiser.paint([frame], Conditions(), steps, edit)
    picture = painted.clamp(-1, 1)[0].permute(1, 2, 0).cpu().numpy() * 0.5 + 0.5
    return np.asarray(picture, dtype=np.float32)


def _believed(back: F32, ahead: F32) -> Correspondence:
    """Estimated flow (H, W, 2) as a correspondence, visible where the flow the other way leads home."""
    height, width = back.shape[:2]
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    xy = np.stack([x, y], axis=-1).astype(np.float32) + back
    inside = (xy >= 0).all(-1) & (xy[..., 0] < width) & (xy[..., 1] < height)
    every = Correspondence(xy, inside, inside.astype(np.float32))
    home = np.linalg.norm(back + warp(ahead, every, "bilinear"), axis=-1) < FLOW_PX
    return Correspondence(xy, inside & home, (inside & home).astype(np.float32))


def _ffmpeg(film: U8, filters: str) -> U8:
    count, height, width, _ = film.shape
    shape = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *shape, "-s", f"{width}x{height}", "-r", "24", "-i", "-"]
    command += ["-vf", f"{filters},format=rgb24", *shape, "-"]
    result = subprocess.run(command, input=film.tobytes(), capture_output=True, check=False)
    if result.returncode != 0:
        raise OSError(f"ffmpeg could not run {filters}: {result.stderr.decode(errors='replace').strip()}")
    return np.frombuffer(result.stdout, np.uint8).reshape(-1, height, width, 3)[:count].copy()


def _proxy(frame: Frame) -> U8:
    return bytes_from_display(frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5)
