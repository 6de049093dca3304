"""The measuring behind ``setpiece report``: two painted films and two controls along one exact correspondence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conditioning.metrics import (
    NO_CHANGE,
    SIGMAS,
    Change,
    blurred_control,
    carried_control,
    change,
    laplacian_variance,
    score,
    sharpness,
)
from render.correspondence import FrameGeometry, correspond
from render.files import read_image
from render.raster import Rasterizer
from tools.console import Progress
from worldgen.conventions import U8
from worldgen.world import Shot, World

FILMS: Final = ("guided", "unguided", "blurred", "carried")


@dataclass(frozen=True)
class Measured:
    """What was measured of one film.

    changes: one for each frame from the second on, against the frame before. sharpness: mean gradient. laplacian: its
    variance. Both are means over the frames.
    """

    changes: tuple[Change, ...]
    sharpness: float
    laplacian: float

    @property
    def e_warp(self) -> tuple[float, ...]:
        """Over the whole film, for each of ``SIGMAS``."""
        return sum(self.changes, NO_CHANGE).mean


def measure(
    world: World,
    shot: Shot,
    raster: Rasterizer,
    guided: Sequence[Path],
    unguided: Sequence[Path],
    tell: Progress,
) -> dict[str, Measured]:
    """Measure the films of ``FILMS``. guided, unguided: one picture a frame of ``shot``, in order."""
    changes: dict[str, list[Change]] = {name: [] for name in FILMS}
    edges: dict[str, list[tuple[float, float]]] = {name: [] for name in FILMS}
    first: tuple[U8, FrameGeometry] | None = None
    before: tuple[dict[str, U8], FrameGeometry] | None = None
    for k, camera in enumerate(shot.track):
        snapshot = world.at(shot.time(k))
        geometry = FrameGeometry.of(snapshot, camera, raster.rasterize(snapshot, camera))
        images = {"guided": read_image(guided[k]), "unguided": read_image(unguided[k])}
        first = first or (images["unguided"], geometry)
        images["blurred"] = blurred_control(images["unguided"])
        images["carried"] = carried_control(images["unguided"], first[0], correspond(geometry, first[1]))
        for name, image in images.items():
            edges[name].append((sharpness(image), laplacian_variance(image)))
        if before is not None:
            back = correspond(geometry, before[1])
            for name, image in images.items():
                changes[name].append(change(image, before[0][name], back))
        before = (images, geometry)
        tell(k + 1, shot.frames)
    return {
        name: Measured(
            tuple(changes[name]),
            sum(s for s, _ in edges[name]) / shot.frames,
            sum(v for _, v in edges[name]) / shot.frames,
        )
        for name in FILMS
    }


def summary(measured: dict[str, Measured]) -> dict[str, Any]:
    """The numbers of a report as JSON values; ratios are against the unguided film."""
    base = measured["unguided"]
    found: dict[str, Any] = {f"e_warp_{name}": round(measured[name].e_warp[0], 4) for name in FILMS}
    found["e_warp_sigma"] = {
        name: {f"{s:g}": round(v, 4) for s, v in zip(SIGMAS, measured[name].e_warp, strict=True)} for name in FILMS
    }
    found["e_warp_ratio"] = _ratio(measured["guided"].e_warp[0], base.e_warp[0])
    found["sharpness_ratio"] = _ratio(measured["guided"].sharpness, base.sharpness)
    found["films"] = {
        name: {
            "e_warp_ratio": _ratio(film.e_warp[0], base.e_warp[0]),
            "sharpness_ratio": _ratio(film.sharpness, base.sharpness),
            "laplacian_ratio": _ratio(film.laplacian, base.laplacian),
            "score": round(score(_ratio(film.e_warp[0], base.e_warp[0]), _ratio(film.sharpness, base.sharpness)), 4),
            "e_warp_frames": [round(c.mean[0], 4) for c in film.changes],
        }
        for name, film in measured.items()
    }
    return found


def _ratio(value: float, base: float) -> float:
    """``value / base``; 1 where both are nothing (two still pictures are equally steady)."""
    return round(value / base, 4) if base > 0 else 1.0
