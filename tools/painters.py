"""Which generator paints, what it is told, and what of that determines the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from conditioning.job import Painter, Setting, key_of
from render.raster import Rasterizer
from tools.opened import Opened
from worldgen.world import Shot

if TYPE_CHECKING:
    from conditioning.paint import Remembering

WINDOW: Final = 16
"""Frames painted together, at most."""


@dataclass(frozen=True)
class Painting:
    """A generator chosen for a shot. ``make`` loads it; the rest is what a ``RenderJob`` says about it.

    reads_prompts: whether words change its pictures. every: frames between keyframes; 0: none. look: key of what
    decides the look of all things at once. device: what its arithmetic runs on.
    """

    model: str
    weights: str
    device: str
    reads_prompts: bool
    steps: int
    window: int
    every: int
    look: str
    guidance: tuple[tuple[str, Setting], ...]
    seed: int
    make: Callable[[Remembering | None], Painter]


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

    from conditioning.frames import FrameMaker
    from conditioning.guidance import Guidance
    from conditioning.models.pocket import denoiser
    from conditioning.paint import PaintSettings, PocketDenoiser, ShotPainter

    guidance = Guidance() if guided else None
    settings = PaintSettings(steps or look.steps or PaintSettings().steps, guidance)
    used, folder = shot.seed if seed is None else seed, denoiser.FOLDER
    gamma = 0.0 if guided else 1.0

    def make(remembering: Remembering | None) -> Painter:
        model = PocketDenoiser(denoiser.Pocket(folder))
        maker = FrameMaker(opened.production.world, shot, raster, used, gamma)
        return ShotPainter(maker, model, settings, remembering, alike=model.alike)

    told: dict[str, Setting] = {"gamma": gamma}
    if guidance is not None:
        told |= asdict(guidance)
    weights = denoiser.weights_key(folder)
    return Painting(
        model="pocket",
        weights=weights,
        device="cuda" if torch.cuda.is_available() else "cpu",
        reads_prompts=True,
        steps=settings.steps,
        window=WINDOW,
        every=guidance.every if guidance else 0,
        look=look_of(opened, steps, seed),
        guidance=tuple(sorted(told.items())),
        seed=used,
        make=make,
    )


def look_of(opened: Opened, steps: int | None = None, seed: int | None = None) -> str:
    """Key of what decides the look of all things at once; a memory finds again only what was painted with it.

    Words are not part of it: a view says to which it was painted, and counts as far as they ask for the same picture.
    steps, seed: None for the scene's or the model's; a seed that one shot has of its own does not part it from the
    others.
    """
    from conditioning.models.pocket import denoiser
    from conditioning.paint import PaintSettings

    scene = opened.scene
    taken = steps or scene.look.steps or PaintSettings().steps
    used = scene.seed if seed is None else seed
    return key_of(["pocket", denoiser.weights_key(denoiser.FOLDER), taken, used, scene.look.exposure])
