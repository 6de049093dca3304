"""Which generator paints, what it is told, and what of that determines the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from conditioning.job import Painter, Setting, WindowPainter, key_of
from conditioning.models.store import models_folder, weights_key
from render.raster import Rasterizer
from tools.opened import Opened
from tools.painters_big import ModelChoice, big_look, big_painting, steps_of
from worldgen.world import Shot

if TYPE_CHECKING:
    from conditioning.models.family import Family
    from conditioning.paint import Remembering

WINDOW: Final = 16
"""Frames painted together, at most, of models that paint frame by frame."""
AS_SAID: Final = ModelChoice()
"""Nothing but what the scene says."""


@dataclass(frozen=True)
class Painting:
    """A generator chosen for a shot. ``make`` loads it; the rest is what a ``RenderJob`` says about it.

    reads_prompts: whether words change its pictures. every: frames between keyframes; 0: none. overlap: frames of a
    window that the one before has painted. look: key of what decides the look of all things at once. device: what its
    arithmetic runs on.
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
    make: Callable[[Remembering | None], Painter | WindowPainter]
    overlap: int = 0


def painting_of(
    opened: Opened,
    shot: Shot,
    raster: Rasterizer,
    *,
    steps: int | None,
    seed: int | None,
    guided: bool,
    choice: ModelChoice = AS_SAID,
) -> Painting:
    """The generator that ``choice`` asks for, or the scene's look. steps, seed: None for the scene's or the model's.

    Errors: ``ValueError`` if there is no such generator, its weights are missing, or it cannot do what is choice.
    """
    family = family_of(opened, choice)
    if family.checkpoints:
        big = big_painting(family, opened, shot, raster, steps=steps, seed=seed, guided=guided, choice=choice)
        return Painting(
            model=family.name,
            weights=big.weights,
            device=big.loading.device,
            reads_prompts=True,
            steps=big.steps,
            window=family.window if family.overlap else WINDOW,
            every=family.guidance.every if guided else 0,
            look=big.look,
            guidance=big.settings,
            seed=big.seed,
            make=big.make,
            overlap=family.overlap,
        )
    if choice.start is not None:
        raise ValueError("pocket paints from the world itself and not over a film: name another model")
    if choice.offload is not None or choice.quantisation is not None:
        raise ValueError("--offload and --quantise are for big models: name one with --model, or leave them out")
    return _pocket(opened, shot, raster, steps, seed, guided)


def family_of(opened: Opened, choice: ModelChoice = AS_SAID) -> Family:
    """The model that is asked for, or the one of the scene's look. Errors: ``ValueError`` if none is called so."""
    from conditioning.models.catalogue import family

    if choice.model is not None:
        return family(choice.model)
    try:
        return family(opened.scene.look.model)
    except ValueError as error:
        raise ValueError(f"{opened.path}: look.model: {error}") from None


def _pocket(
    opened: Opened, shot: Shot, raster: Rasterizer, steps: int | None, seed: int | None, guided: bool
) -> Painting:
    import torch

    from conditioning.frames import FrameMaker
    from conditioning.guidance import Guidance
    from conditioning.models.pocket import denoiser
    from conditioning.paint import PaintSettings, PocketDenoiser, ShotPainter

    guidance = Guidance() if guided else None
    settings = PaintSettings(steps or opened.scene.look.steps or PaintSettings().steps, guidance)
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


def look_of(opened: Opened, steps: int | None = None, seed: int | None = None, choice: ModelChoice = AS_SAID) -> str:
    """Key of what decides the look of all things at once; a memory finds again only what was painted with it.

    Words are not part of it: a view says to which it was painted, and counts as far as they ask for the same picture.
    steps, seed: None for the scene's or the model's; a seed that one shot has of its own does not part it from the
    others.
    """
    from conditioning.models.pocket import denoiser
    from conditioning.paint import PaintSettings

    scene = opened.scene
    family = family_of(opened, choice)
    if family.checkpoints:
        weights = weights_key(models_folder(choice.models), family)
        return big_look(family, weights, opened, steps_of(family, opened, steps), seed, choice.quantisation)
    taken = steps or scene.look.steps or PaintSettings().steps
    used = scene.seed if seed is None else seed
    return key_of(["pocket", denoiser.weights_key(denoiser.FOLDER), taken, used, scene.look.exposure])
