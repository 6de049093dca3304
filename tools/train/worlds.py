"""Worlds and cameras to learn from, each a pure function of a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tools.train.sites import Site, site
from worldgen import shapes
from worldgen.actions import Action, Idle, Sit, Stand, Talk, Walk, Wave
from worldgen.camera import Camera, Lens
from worldgen.character import human
from worldgen.conventions import look_at, rotation_z, seed_from, srgb_from_linear, translation
from worldgen.light import Sky
from worldgen.material import KINDS, make
from worldgen.mesh import Mesh
from worldgen.props import library, load_prop
from worldgen.stage import Stage
from worldgen.vehicles import KINDS as CARS
from worldgen.vehicles import car
from worldgen.world import Thing, World

TILE: Final = 128
"""Pictures are square crops of this many pixels, out of frames of several sizes."""

FRAMES: Final = ((640, 360), (640, 360), (480, 270), (320, 180), (228, 128))
LOOSE: Final = tuple(k for k in KINDS if k not in ("skin", "hair", "water", "window-glow", "lamp-glow", "neon"))


@dataclass(frozen=True)
class Take:
    """A world, and the square crops of frames that are seen of it."""

    world: World
    cameras: tuple[Camera, ...]


def training_take(seed: int, cameras: int) -> Take:
    """A set of any kind at any hour and weather, with loose shapes, props and people in it, and ``cameras`` views."""
    rng = np.random.default_rng(seed_from("world", seed))
    sky = training_sky(rng)
    where = site(rng, sky)
    things = list(where.piece.things)
    count = int(rng.integers(0, 4) if where.inside else rng.integers(2, 9))
    things += [Thing(f"loose-{k}", _loose(rng, where)) for k in range(count)]
    things += [Thing(f"prop-{k}", _prop(rng, where)) for k in range(int(rng.integers(0, 3)))]
    things += [_person(rng, k, where) for k in range(int(rng.integers(1, 3 if where.inside else 4)))]
    return Take(World(tuple(things), sky, where.piece.lamps), tuple(_cameras(seed, cameras, where)))


def training_sky(rng: np.random.Generator) -> Sky:
    """Low sun, day, overcast and blue hour."""
    hour = rng.random()
    low, high = (2.0, 15.0) if hour < 0.45 else (15.0, 65.0) if hour < 0.85 else (-6.0, 2.0)
    clouds = 0.0 if rng.random() < 0.3 else float(rng.uniform(0, 1))
    return Sky(
        float(rng.uniform(0, 2 * np.pi)),
        float(np.radians(rng.uniform(low, high))),
        float(rng.uniform(2, 6)),
        clouds,
        float(rng.normal(0, 0.25)),
    )


def _cameras(seed: int, count: int, where: Site) -> list[Camera]:
    """At all heights and focal lengths; outdoors mostly along +Y, which is where streets and roads lead."""
    rng = np.random.default_rng(seed_from("cameras", seed))
    cameras = []
    for _ in range(count):
        x, y = where.spot(rng)
        floor = where.ground(float(x), float(y))
        eye = np.array([x, y, floor + float(rng.choice(where.heights))])
        if where.inside:
            target = np.array([*where.spot(rng), floor + rng.uniform(0.3, 2.0)])
        else:
            sideways = float(rng.normal(0, 2.0 if rng.random() < 0.6 else 8.0))
            ahead = float(rng.choice([1, 1, 1, -1]) * rng.uniform(*where.reach))
            target = eye + np.array([sideways, ahead, 0.0])
            target[2] = where.ground(float(target[0]), float(target[1])) + rng.uniform(0.3, 2.5 + 2.0 * rng.random())
        if np.linalg.norm(target - eye) < 0.5:
            target = eye + np.array([0.0, 1.0, -0.1])
        width, height = FRAMES[int(rng.integers(len(FRAMES)))]
        lens = Lens(focal_mm=float(rng.choice([18, 24, 28, 35, 35, 50, 75])))
        camera = Camera(look_at(eye, target), lens.intrinsics(width, height), width, height)
        left, top = int(rng.integers(0, width - TILE + 1)), int(rng.integers(0, height - TILE + 1))
        cameras.append(camera.cropped(left, top, TILE, TILE))
    return cameras


def _place(rng: np.random.Generator, where: Site) -> np.ndarray:
    x, y = where.spot(rng)
    return translation([x, y, where.ground(float(x), float(y))]) @ rotation_z(float(rng.uniform(0, 2 * np.pi)))


def _loose(rng: np.random.Generator, where: Site) -> Mesh:
    kind = str(rng.choice(LOOSE))
    hue = rng.random() < 0.4
    color = tuple(float(c) for c in rng.uniform(0.03, 0.75, 3)) if hue else None
    material = make(kind, color if color is None else (color[0], color[1], color[2]))
    size = float(rng.uniform(0.2, 0.9)) * (0.5 if where.inside else 1.0)
    shape = (
        shapes.box((size, float(rng.uniform(0.2, 1.2)), float(rng.uniform(0.2, 1.8))), material),
        shapes.sphere(size * 0.6, material),
        shapes.cylinder(size * 0.5, float(rng.uniform(0.3, 2.0)), material),
        shapes.cone(size * 0.6, float(rng.uniform(0.4, 1.6)), material),
        shapes.capsule(size * 0.3, float(rng.uniform(0.7, 1.6)), material),
        shapes.torus(size * 0.6, size * 0.2, material),
    )[int(rng.integers(6))]
    return shape.transformed(_place(rng, where))


def _prop(rng: np.random.Generator, where: Site) -> Mesh:
    """Something of the library that is not larger than the place allows; outdoors now and then a car."""
    if not where.inside and rng.random() < 0.4:
        return car(str(rng.choice(CARS)), None, int(rng.integers(1 << 30))).mesh.transformed(_place(rng, where))
    mesh = load_prop(str(rng.choice([name for name in sorted(library()) if max(library()[name].size) < 3.0])))
    return mesh.transformed(_place(rng, where))


def _person(rng: np.random.Generator, index: int, where: Site) -> Thing:
    start, far = where.spot(rng), float(rng.choice([-1, 1]) * rng.uniform(3, 8))
    end = np.clip(start + np.array([rng.uniform(-0.5, 0.5), far]), where.low, where.high)
    wardrobe = {word: _hex(rng) for word in ("top", "legs", "shoes", "hair")}
    if rng.random() < 0.5:
        wardrobe["coat"] = _hex(rng)
    at, facing = (float(start[0]), float(start[1])), float(rng.uniform(0, 2 * np.pi))
    does: list[Action] = [Walk((at, (float(end[0]), float(end[1]))), 1.3)]
    if where.inside or np.linalg.norm(end - start) < 1.0:
        pose = (Idle(), Talk(6.0), Wave(6.0), Sit(at=at, height=0.45, facing=facing))[int(rng.integers(4))]
        does = [Stand(at, facing), pose]
    height = float(rng.uniform(1.5, 1.95))
    stage = Stage(where.ground)
    return human(f"person-{index}", height=height, wardrobe=wardrobe, actions=does, seed=index, stage=stage).thing


def _hex(rng: np.random.Generator) -> str:
    dark = rng.uniform(0.01, 0.5) ** 1.5
    encoded = srgb_from_linear(np.clip(dark * rng.uniform(0.4, 1.6, 3), 0, 1))
    return "#" + "".join(f"{int(c * 255):02x}" for c in encoded)
