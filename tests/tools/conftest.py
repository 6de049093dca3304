"""A small scene, the command line inside this process, and a painter that needs no weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tools.commands_render
from conditioning.job import InBetween, Keyframe, Painter
from render.raster import Rasterizer
from render.shade import Shader
from tools.cli import app
from tools.console import guarded
from tools.opened import Opened
from tools.painters import Painting
from tools.painters_big import ModelChoice
from worldgen.conventions import F32
from worldgen.world import Shot

YARD = """\
title: Test yard
size: 64x36
fps: 24
seed: 3
look: {prompt: a yard at noon}
world:
  sky: {sun: {azimuth: 205deg, elevation: 30deg}}
  props:
    - {name: crate, shape: {box: {size: [0.8m, 0.8m, 0.8m]}}, at: [-1.2m, 6m], material: wood}
    - {name: wall, shape: {box: {size: [8m, 0.3m, 2m]}}, at: [0m, 10m], material: brick}
shots:
  - name: look
    frames: 6
    camera:
      body: {truck: {at: [-0.4, 1, 1.6], by: 0.3m}}
      aim: {look-at: [0, 12, 1]}
    prompt: sunlight on a wall
  - name: again
    frames: 2
    camera:
      body: {static: {at: [1, 1, 1.2]}}
      aim: {look-at: [0, 12, 1]}
"""


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scene of a crate before a wall: shots ``look`` (6 frames) and ``again`` (2), 64 x 36.

    It is in the working directory, so that films without ``--out`` go there too, not to where another test's go.
    """
    monkeypatch.chdir(tmp_path)
    scene = tmp_path / "yard.yaml"
    scene.write_text(YARD, encoding="utf-8")
    return scene


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``setpiece`` with arguments, in this process."""

    def command(*arguments: object) -> Answer:
        capsys.readouterr()
        words = [str(argument) for argument in arguments]
        code = guarded(lambda: app(words, standalone_mode=False))
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command


class NoisyProxy:
    """Paints the proxy with noise: much of it unguided, little guided."""

    def __init__(self, opened: Opened, shot: Shot, raster: Rasterizer, seed: int, guided: bool) -> None:
        self.world, self.shot = opened.production.world, shot
        self.shader = Shader(self.world, raster)
        self.seed, self.noise = seed, 0.02 if guided else 0.1

    def keyframes(self, frames: Sequence[int], before: Keyframe | None) -> Iterator[Keyframe]:
        raise AssertionError("this painter has no keyframes")

    def paint(self, windows: Iterable[InBetween]) -> Iterator[F32]:
        for frames, _ in windows:
            yield np.stack([self.frame(k) for k in frames])

    def frame(self, k: int) -> F32:
        proxy = self.shader.shade(self.world.at(self.shot.time(k)), self.shot.track[k]).proxy
        noise = np.random.default_rng([self.seed, k]).normal(0, self.noise, proxy.shape)
        return np.clip(proxy + noise, 0, 1).astype(np.float32)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces the generator by :class:`NoisyProxy`; lists the shots it was loaded for."""
    loaded: list[str] = []

    def painting_of(
        opened: Opened,
        shot: Shot,
        raster: Rasterizer,
        *,
        steps: int | None,
        seed: int | None,
        guided: bool,
        choice: ModelChoice,
    ) -> Painting:
        used = shot.seed if seed is None else seed

        def make(remembering: object) -> Painter:
            loaded.append(shot.name)
            return NoisyProxy(opened, shot, raster, used, guided)

        return Painting("noisy", "w", "cpu", False, steps or 2, 2, 0, "noisy", (("guided", guided),), used, make)

    monkeypatch.setattr(tools.commands_render, "painting_of", painting_of)
    return loaded
