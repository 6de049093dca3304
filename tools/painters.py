"""Which generator paints, what it is told, and what of that determines the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from conditioning.job import Painter, Setting
from render.raster import Rasterizer
from tools.opened import Opened
from worldgen.world import Shot

WINDOW: Final = 16
"""Frames painted together, at most."""


@dataclass(frozen=True)
class Painting:
    """A generator chosen for a shot. ``make`` loads it; the rest is what a ``RenderJob`` says about it.

    reads_prompts: whether words change its pictures. device: what its arithmetic runs on.
    """

    model: str
    weights: str
    device: str
    reads_prompts: bool
    steps: int
    window: int
    guidance: tuple[tuple[str, Setting], ...]
    seed: int
    make: Callable[[], Painter]


def painting_of(
    opened: Opened, shot: Shot, raster: Rasterizer, *, steps: int | None, seed: int | None, guided: bool
) -> Painting:
    """The generator that the scene's look asks for. ``steps`` and ``seed``: None for the scene's or the model's.

    Errors: ``ValueError`` if there is no such generator, or its weights are missing.
    """
    look = opened.scene.look
    if look.model != "pocket":
        raise ValueError(f"{opened.path}: look.model is {look.model!r}, and the only generator here is 'pocket'")
    import torch

    from conditioning.guidance import Guidance
    from conditioning.models.pocket import denoiser
    from conditioning.paint import PaintSettings, PocketPainter

    settings = PaintSettings(
        steps=steps or look.steps or PaintSettings().steps,
        guidance=Guidance() if guided else None,
        seed=shot.seed if seed is None else seed,
        weights=denoiser.FOLDER,
    )
    told: dict[str, Setting] = {"gamma": settings.gamma}
    if settings.guidance is not None:
        told |= asdict(settings.guidance)
    return Painting(
        model="pocket",
        weights=denoiser.weights_key(settings.weights),
        device="cuda" if torch.cuda.is_available() else "cpu",
        reads_prompts=False,
        steps=settings.steps,
        window=WINDOW,
        guidance=tuple(sorted(told.items())),
        seed=settings.seed,
        make=lambda: PocketPainter(opened.production.world, shot, settings, raster),
    )
