"""A tiny world and an untrained pocket, small enough for tests."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from conditioning.controls import KIND_NAMES, LIGHT, MAPS
from conditioning.models.pocket.network import PocketUNet
from conditioning.text import WORDS
from render.raster import Rasterizer, open_rasterizer
from worldgen import shapes
from worldgen.camera import CameraTrack, Lens
from worldgen.conventions import F32, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Shot, Thing, World


@pytest.fixture(scope="session")
def rasterizer() -> Iterator[Rasterizer]:
    opened = open_rasterizer()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights of a small network that adds a little of everything to the proxy."""
    torch.manual_seed(0)
    network = PocketUNet(len(MAPS), LIGHT, WORDS, KIND_NAMES, channels=(8, 8, 8, 8), blocks=(1, 1, 1, 1), condition=16)
    torch.nn.init.normal_(network.tail.weight, std=0.05)
    folder = tmp_path_factory.mktemp("weights")
    network.half().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def world() -> World:
    """Ground, a wall of brick, and a ball that rolls along +X."""
    ball = shapes.sphere(0.6, make("marble")).transformed(translation([-1.0, 2.0, 0.0]))

    def roll(t: float) -> F32:
        return (ball.vertices + np.float32([t, 0, 0])).astype(np.float32)

    wall = shapes.box((8.0, 0.3, 3.0), make("brick")).transformed(translation([0, 4, 0]))
    things = (
        Thing("ground", shapes.plane((80.0, 80.0), make("paving"))),
        Thing("wall", wall),
        Thing("ball", ball, roll),
    )
    return World(things, Sky(np.radians(200), np.radians(40)))


@pytest.fixture(scope="session")
def shot() -> Shot:
    """Nine frames of a camera that trucks to the right."""
    poses = np.stack([look_at((-0.6 + 0.05 * k, -3.5, 1.5), (-0.3 + 0.05 * k, 3, 0.8)) for k in range(9)])
    K = np.repeat(Lens(24).intrinsics(96, 54)[None], 9, axis=0)
    track = CameraTrack(poses, K, 96, 54, np.full(9, 5.0), np.full(9, 8.0))
    return Shot("truck", track, Fraction(24), seed=3)
