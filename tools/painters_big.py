"""What a big model is told about a shot, how it is loaded, and what of that determines the pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from conditioning.control_choice import chosen_controls, told_controls
from conditioning.job import Painter, Setting, WindowPainter, key_of
from conditioning.models.fits import fit, this_machine
from conditioning.models.store import folder_of, models_folder, weights_key
from conditioning.text import Said, meaning
from render.passframe import ShotPasses
from render.raster import Rasterizer
from tools.blocking import Start
from tools.console import say
from tools.opened import Opened
from worldgen.conventions import U8, seed_from
from worldgen.world import Shot

if TYPE_CHECKING:
    from torch import Tensor

    from conditioning.models.family import Family, Loading, Offload, Quantisation
    from conditioning.models.loading import Sparing
    from conditioning.paint import Remembering, Telling

GAMMA: Final = 0.5
"""Share of a frame's starting noise that is its own, with guidance: large models were trained on noise that is new in
every frame, and published shares for films are 0.2 to 0.7. Not tried with real weights."""


@dataclass(frozen=True)
class ModelChoice:
    """What is asked for besides what the scene says. None: as the scene, the machine or the model has it.

    model: its name. models: the folder of weights. start: a film to paint over.
    """

    model: str | None = None
    models: Path | None = None
    offload: Offload | None = None
    quantisation: Quantisation | None = None
    start: Start | None = None


@dataclass(frozen=True)
class Big:
    """A big model chosen for a shot. settings: sorted (setting, value) pairs that determine the pictures.

    How weights are spread over the memory is not among them: a stopped job may go on with another offload.
    """

    family: Family
    loading: Loading
    weights: str
    steps: int
    settings: tuple[tuple[str, Setting], ...]
    look: str
    seed: int
    make: Callable[[Remembering | None], Painter | WindowPainter]


def big_painting(
    family: Family,
    opened: Opened,
    shot: Shot,
    raster: Rasterizer,
    *,
    steps: int | None,
    seed: int | None,
    guided: bool,
    choice: ModelChoice,
) -> Big:
    """How ``family`` paints ``shot``. Nothing heavy is loaded before ``make`` is called.

    Errors: ``ValueError`` if its weights are missing, or the scene asks for controls that it does not take.
    """
    from conditioning.frames import FrameMaker
    from conditioning.models.loading import can_be_loaded
    from conditioning.paint import PaintSettings, ShotPainter
    from conditioning.windows import FilmPainter

    weights, steps = weights_key(models_folder(choice.models), family), steps_of(family, opened, steps)
    can_be_told(family, opened, shot, steps)
    can_be_loaded(family, choice.quantisation)
    loading = loading_of(family, choice)
    used, gamma = shot.seed if seed is None else seed, GAMMA if guided else 1.0
    guidance = family.guidance if guided else None
    settings = PaintSettings(steps, guidance)

    def make(remembering: Remembering | None) -> Painter | WindowPainter:
        model = _kept(family, loading, weights)
        maker = FrameMaker(opened.production.world, shot, raster, used, 1.0)  # its own noise is pocket's alone
        telling = telling_of(family, opened, shot, raster, used, gamma, choice.start)
        if family.overlap:
            return FilmPainter(maker, model, settings, family.overlap, remembering, telling, alike)
        return ShotPainter(maker, model, settings, remembering, telling, alike)

    told: dict[str, Setting] = {"gamma": gamma, "cfg": family.cfg, "dtype": str(loading.dtype).removeprefix("torch.")}
    told |= {"quantisation": loading.quantisation} | ({} if guidance is None else asdict(guidance))
    if choice.start is not None:
        told |= {"start": choice.start.key, "start_strength": choice.start.strength}
    return Big(
        family, loading, weights, settings.steps, tuple(sorted(told.items())),
        big_look(family, weights, opened, settings.steps, seed, loading.quantisation), used, make,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _kept(family: Family, loading: Loading, weights: str) -> Sparing:
    """The model, loaded when it first paints, and kept for the shots that follow. weights: their key."""
    from conditioning.models.loading import Sparing

    return Sparing(family, loading, say)


def steps_of(family: Family, opened: Opened, asked: int | None) -> int:
    """Of sampling: as asked, as the scene says, or as the model wants it."""
    return asked or opened.scene.look.steps or family.steps


def can_be_told(family: Family, opened: Opened, shot: Shot, steps: int) -> None:
    """Say now what ``family`` cannot be told of ``shot``. Errors: ``ValueError``, in one sentence."""
    chosen_controls(family, shot)
    if not family.least_steps <= steps <= family.most_steps:
        raise ValueError(f"{family.name} samples in {family.least_steps} to {family.most_steps} steps, not {steps}")
    if opened.scene.look.negative and not family.negative:
        raise ValueError(
            f"{opened.path}: {family.name} does not hear what pictures should not show: "
            "drop look.negative, or choose another model"
        )


def big_look(
    family: Family, weights: str, opened: Opened, steps: int, seed: int | None, quantisation: str | None
) -> str:
    """Key of what decides the look of all things at once, as ``tools.painters.look_of`` has it."""
    scene = opened.scene
    used = scene.seed if seed is None else seed
    return key_of([family.name, weights, steps, used, scene.look.exposure, quantisation])


def loading_of(family: Family, choice: ModelChoice) -> Loading:
    """How the model is loaded here: on the GPU where there is one, with the offload that is known to fit.

    Where nobody has said how much it needs, its parts are moved there in turn.
    """
    import torch

    from conditioning.models.family import Loading

    machine = this_machine()
    offload: Offload = "none" if machine.device == "cpu" else "model"
    offload = choice.offload or fit(family, machine).offload or offload
    if machine.device == "cpu" and offload != "none":
        raise ValueError(f"offload {offload!r} is for a GPU, and there is none here: leave --offload out")
    dtype = torch.float32 if machine.device == "cpu" else torch.bfloat16
    folder = folder_of(models_folder(choice.models), family)
    return Loading(folder, machine.device, dtype, offload, choice.quantisation, offload != "none")


def telling_of(
    family: Family,
    opened: Opened,
    shot: Shot,
    raster: Rasterizer,
    seed: int,
    gamma: float,
    start: Start | None,
) -> Telling:
    """What ``family`` is told of frames of ``shot``: words, controls, references, noise, a film to start from."""
    import torch

    from conditioning.conditions import Conditions
    from conditioning.frames import Frame
    from conditioning.latent_noise import latent_noise
    from tools.references import references_of

    passes, controls = ShotPasses(opened.production.world, shot, raster), chosen_controls(family, shot)

    @cache
    def references() -> tuple[Tensor, ...]:
        return tuple(_tensor(one) for one in references_of(opened, shot, raster, family.references))

    def told(frames: Sequence[Frame]) -> Conditions:
        numbers = [frame.index for frame in frames]
        return Conditions(
            prompts=tuple(loudest(frame.said) for frame in frames),
            negative=opened.scene.look.negative,
            controls=told_controls(passes, controls, numbers),
            references=references(),
            film=None if start is None else torch.stack([_tensor(start.picture(k)) for k in numbers]),
            strength=1.0 if start is None else start.strength,
            seed=seed_from(seed, shot.name, numbers[0]),
            noise=latent_noise(frames, seed, gamma),
        )

    return told


def loudest(said: Said) -> str:
    """The words with the largest share of what is said at a moment; big models read one prompt at a time."""
    return max(said, key=lambda part: part[0], default=(1.0, ""))[1]


def alike(one: Said, other: Said) -> float:
    """How far two prompts ask for the same picture: how far they mean the same, by pocket's own word vectors."""
    if one == other:
        return 1.0
    a, b = meaning(one), meaning(other)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return round(max(float(a @ b) / lengths, 0.0), 3) if lengths > 0 else 1.0


def _tensor(picture: U8) -> Tensor:
    """(3, H, W) in [-1, 1] of (H, W, 3)."""
    import torch

    return torch.tensor(picture).permute(2, 0, 1).float() / 127.5 - 1.0
