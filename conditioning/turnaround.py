"""A character's turnaround: one body from the front, the side and the back, and its face, in even light.

It tells a model who somebody is: it goes along, as a reference image, with every shot that shows them. The character
stands alone, as dressed, with nothing to do; the sky is closed, and what is behind it plain. The views are the frames
of an ordinary shot, so whatever paints shots paints them too, and holds them to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from conditioning.controls import MAPS
from conditioning.frames import Frame, FrameMaker
from conditioning.paint import Denoiser, PaintSettings, paint_clip
from render.files import bytes_from_display
from render.raster import Rasterizer
from worldgen.camera import CameraTrack
from worldgen.character import Actor
from worldgen.conventions import F32, F64, U8, look_at
from worldgen.light import Sky
from worldgen.world import Shot, World

VIEWS: Final = ("front", "three-quarter", "side", "back", "face")
TURNS: Final = (0.0, 45.0, 90.0, 180.0, 20.0)
"""Degrees that the camera stands to the character's left of its front, for each of ``VIEWS``."""
EVEN: Final = Sky(sun_azimuth=0.0, sun_elevation=np.radians(60.0), turbidity=3.0, clouds=1.0, exposure_stops=-0.2)
"""A closed sky: light from everywhere, no shadow of the sun."""
LENS: Final = 3.4
"""Focal length in heights of the picture (a portrait lens): proportions hold from every side."""
ROOM: Final = 1.08
"""Height of the picture in heights of what it must hold."""
HEAD: Final = 2.9
"""The face's picture holds so many times what the body has above the middle of its head."""
INSTANT: Final = Fraction(100_000)
"""Frames a second: all views are of one moment."""


@dataclass(frozen=True)
class Turnaround:
    """The views of one character. pictures: (5, H, W, 3) uint8, sRGB, in the order of ``VIEWS``."""

    name: str
    pictures: U8

    @property
    def strip(self) -> U8:
        """(H, 5 W, 3) all views side by side, without a word in them: what a model is given."""
        return np.concatenate(list(self.pictures), axis=1)


def studio(actor: Actor, width: int, height: int, seed: int = 0) -> tuple[World, Shot]:
    """A world with ``actor`` alone in it, and a shot whose frames are ``VIEWS`` of it, ``width`` x ``height`` px."""
    world = World((actor.thing,), EVEN)
    vertices = world.at(0.0).vertices.astype(np.float64)
    low, high = vertices.min(0), vertices.max(0)
    tall, head = float(high[2] - low[2]), actor.joint("head", 0.0)
    body = ROOM * max(tall, 2.0 * _reach(vertices) * height / width)
    face = float(np.clip(HEAD * (high[2] - head[2]), 0.12 * tall, 0.42 * tall))
    poses, spans = [], (*(body for _ in VIEWS[:-1]), face * max(1.0, height / width * 0.9))
    for turn, span, view in zip(np.radians(TURNS), spans, VIEWS, strict=True):
        middle = head if view == "face" else (low + high) / 2
        away = np.array([-np.sin(turn), np.cos(turn), 0.0])
        poses.append(look_at(middle + LENS * span * away, middle))
    focal = LENS * height
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    distances = LENS * np.asarray(spans)
    track = CameraTrack(
        np.stack(poses), np.repeat(K[None], len(VIEWS), 0), width, height, distances, np.full(len(VIEWS), 16.0),
        near=0.01 * float(distances.min()),
    )  # fmt: skip
    return world, Shot(f"turnaround-{actor.thing.name}", track, INSTANT, seed=seed)


def _reach(vertices: F64) -> float:
    """How far the body reaches from its middle, seen from above, metres."""
    flat = vertices[:, :2]
    return float(np.linalg.norm(flat - (flat.min(0) + flat.max(0)) / 2, axis=1).max())


def turnaround(
    actor: Actor,
    raster: Rasterizer,
    size: tuple[int, int],
    seed: int = 0,
    denoiser: Denoiser | None = None,
    settings: PaintSettings | None = None,
) -> Turnaround:
    """The views of ``actor``, each ``size`` (width, height) pixels: shaded, or painted by ``denoiser``."""
    world, shot = studio(actor, *size, seed)
    frames = list(FrameMaker(world, shot, raster, seed).frames(range(shot.frames)))
    shown = np.stack([frame.told.proxy.transpose(1, 2, 0) * 0.5 + 0.5 for frame in frames])
    covered = np.stack([_covered(frame) for frame in frames])
    plain = np.median(shown[covered[..., 0] == 0], axis=0)
    if denoiser is not None:
        shown = paint_clip(frames, denoiser, settings or PaintSettings())
    pictures = shown * covered + plain * (1.0 - covered)
    return Turnaround(actor.thing.name, np.stack([bytes_from_display(p.astype(np.float32)) for p in pictures]))


def _covered(frame: Frame) -> F32:
    """(H, W, 1) share of each pixel that the character fills."""
    return frame.told.maps[MAPS.index("coverage")][..., None] * 0.5 + 0.5
