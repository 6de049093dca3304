"""What image models are told in tests: a few frames of a scene file, their controls, noise of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from conditioning.conditions import Conditions, Control
from conditioning.control_choice import told_controls
from conditioning.frames import Frame, FrameMaker
from conditioning.latent_noise import latent_noise
from conditioning.models.family import Family
from conditioning.paint import Telling
from render.passframe import ShotPasses
from render.raster import Rasterizer
from worldgen.build import open_scene
from worldgen.world import Shot, World

SCENE = """\
title: Yard
size: 96x56
fps: 12
seed: 3
world:
  props:
    - {name: wall, shape: {box: {size: [8m, 0.3m, 3m]}}, at: [0m, 6m], material: brick}
    - {name: plinth, shape: {cylinder: {radius: 0.5m, height: 1.1m}}, at: [-1m, 4m], material: marble}
shots:
  - name: slide
    frames: 5
    camera:
      body: {truck: {at: [0m, -2m, 1.5m], by: 0.3m}}
      aim: {look-at: [0m, 6m, 1m]}
"""


@dataclass(frozen=True)
class Told:
    """The frames of one shot of a scene file, and what a family is told of them."""

    world: World
    shot: Shot
    frames: list[Frame]
    telling: Telling


def told(folder: Path, raster: Rasterizer, family: Family, controls: Sequence[str], scene: str = SCENE) -> Told:
    """Read a scene file, and make its first shot ready for ``family`` with these controls."""
    path = folder / "scene.yaml"
    path.write_text(scene)
    production = open_scene(path)
    world, shot = production.world, production.shots[0]
    specs = {spec.name: spec for spec in family.controls if spec.name in controls}
    passes = ShotPasses(world, shot, raster)

    def telling(frames: Sequence[Frame]) -> Conditions:
        return Conditions(
            prompts=tuple("night street" if f.index < 3 else "rain street" for f in frames),
            controls=told_controls(passes, specs, [f.index for f in frames]),
            seed=5,
            noise=latent_noise(frames, 3, 0.0),
        )

    return Told(world, shot, list(FrameMaker(world, shot, raster, 3).frames(range(shot.frames))), telling)


def plain(count: int, height: int, width: int, names: Sequence[str]) -> Conditions:
    """Conditions of random pictures, each control at full strength."""
    generator = torch.Generator().manual_seed(0)
    films = {name: 2.0 * torch.rand(count, 3, height, width, generator=generator) - 1.0 for name in names}
    return Conditions(
        width=width,
        height=height,
        prompts=("night street",) * count,
        controls={name: Control(film, torch.ones(count)) for name, film in films.items()},
        seed=5,
    )


def frames(count: int, height: int, width: int) -> list[Any]:
    """Frames of which nothing but their size and number matters."""
    return [SimpleNamespace(light=torch.zeros(3, height, width), index=k) for k in range(count)]


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """An edit that changes nothing."""
    return pictures, torch.zeros_like(pictures[:, :1])
