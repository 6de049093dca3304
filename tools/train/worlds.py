"""Worlds and cameras to learn from, each a pure function of a seed."""

from __future__ import annotations

from typing import Final

import numpy as np

from worldgen import shapes
from worldgen.actions import Walk
from worldgen.camera import Camera, Lens
from worldgen.character import human
from worldgen.conventions import look_at, rotation_z, seed_from, srgb_from_linear, translation
from worldgen.light import Lamp, Sky, black_body
from worldgen.material import KINDS, make
from worldgen.mesh import Mesh
from worldgen.sets.street import street
from worldgen.world import Thing, World

TILE: Final = 128
"""Pictures are square crops of this many pixels, out of frames of several sizes."""

FRAMES: Final = ((640, 360), (640, 360), (480, 270), (320, 180), (228, 128))
STYLES: Final = ("old-town", "brick-row")
LOOSE: Final = tuple(k for k in KINDS if k not in ("skin", "hair", "water", "window-glow", "lamp-glow", "neon"))


def training_world(seed: int) -> World:
    """Six streets to one plaza of loose shapes, at all hours and weathers, people in them."""
    rng = np.random.default_rng(seed_from("world", seed))
    sky = training_sky(rng)
    lamps_on = sky.sun_elevation < np.radians(3)
    things: list[Thing] = []
    lamps: tuple[Lamp, ...] = ()
    if rng.random() < 0.85:
        piece = street(
            length=float(rng.uniform(25, 50)),
            width=float(rng.uniform(7, 12)),
            style=STYLES[int(rng.integers(len(STYLES)))],
            seed=int(rng.integers(1 << 30)),
            lamps_on=lamps_on,
        )
        things, lamps = list(piece.things), piece.lamps
    else:
        kind = str(rng.choice(["cobble", "paving", "asphalt", "grass", "soil", "concrete", "planks", "stone"]))
        things = [Thing("plaza/ground", shapes.plane((300.0, 300.0), make(kind)))]
        things += [Thing(f"plaza/wall-{k}", _wall(rng)) for k in range(int(rng.integers(0, 4)))]
        if lamps_on:
            lamps = tuple(_lamp(rng, k) for k in range(3))
    things += [Thing(f"loose-{k}", _loose(rng)) for k in range(int(rng.integers(4, 14)))]
    for k in range(int(rng.integers(1, 4))):
        things.append(_person(rng, k))
    return World(tuple(things), sky, lamps)


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


def training_cameras(seed: int, count: int) -> list[Camera]:
    """Square crops of frames seen at all heights and focal lengths, in and along the street."""
    rng = np.random.default_rng(seed_from("cameras", seed))
    cameras = []
    for _ in range(count):
        eye = np.array([rng.uniform(-2.8, 2.8), rng.uniform(-3, 25), float(rng.choice([0.5, 1.2, 1.6, 1.7, 2.5, 4.5]))])
        along = rng.random() < 0.6
        target = eye + np.array(
            [rng.normal(0, 2.0 if along else 8.0), rng.choice([1, 1, 1, -1]) * rng.uniform(4, 20), 0.0]
        )
        target[2] = rng.uniform(0.3, 2.5 + 2.0 * rng.random())
        width, height = FRAMES[int(rng.integers(len(FRAMES)))]
        lens = Lens(focal_mm=float(rng.choice([18, 24, 28, 35, 35, 50, 75])))
        camera = Camera(look_at(eye, target), lens.intrinsics(width, height), width, height)
        x = int(rng.integers(0, width - TILE + 1))
        y = int(rng.integers(0, height - TILE + 1))
        cameras.append(camera.cropped(x, y, TILE, TILE))
    return cameras


def _place(rng: np.random.Generator) -> np.ndarray:
    side = rng.choice([-1, 1]) * rng.uniform(0.6, 3.2)
    return translation([side, rng.uniform(1, 28), 0.0]) @ rotation_z(float(rng.uniform(0, 2 * np.pi)))


def _loose(rng: np.random.Generator) -> Mesh:
    kind = str(rng.choice(LOOSE))
    hue = rng.random() < 0.4
    color = tuple(float(c) for c in rng.uniform(0.03, 0.75, 3)) if hue else None
    material = make(kind, color if color is None else (color[0], color[1], color[2]))
    size = float(rng.uniform(0.2, 0.9))
    shape = (
        shapes.box((size, float(rng.uniform(0.2, 1.2)), float(rng.uniform(0.2, 1.8))), material),
        shapes.sphere(size * 0.6, material),
        shapes.cylinder(size * 0.5, float(rng.uniform(0.3, 2.0)), material),
        shapes.cone(size * 0.6, float(rng.uniform(0.4, 1.6)), material),
        shapes.capsule(size * 0.3, float(rng.uniform(0.7, 1.6)), material),
        shapes.torus(size * 0.6, size * 0.2, material),
    )[int(rng.integers(6))]
    return shape.transformed(_place(rng))


def _wall(rng: np.random.Generator) -> Mesh:
    kind = str(rng.choice(["brick", "plaster", "stone", "concrete", "planks"]))
    wall = shapes.box((float(rng.uniform(3, 12)), 0.3, float(rng.uniform(2, 6))), make(kind))
    return wall.transformed(
        translation([rng.uniform(-8, 8), rng.uniform(6, 30), 0.0])
        @ rotation_z(float(rng.choice([0, 0, np.pi / 2, 0.6])))
    )


def _lamp(rng: np.random.Generator, index: int) -> Lamp:
    colour = black_body(float(rng.uniform(2400, 5000))) * rng.uniform(0.2, 0.8)
    x, y, z = float(rng.uniform(-5, 5)), float(rng.uniform(2, 22)), float(rng.uniform(2.5, 5))
    return Lamp(f"plaza/lamp-{index}", (x, y, z), (float(colour[0]), float(colour[1]), float(colour[2])))


def _person(rng: np.random.Generator, index: int) -> Thing:
    start = np.array([rng.uniform(-1.2, 1.2), rng.uniform(2, 14)])
    end = start + np.array([rng.uniform(-0.5, 0.5), rng.choice([-1, 1]) * rng.uniform(3, 8)])
    wardrobe = {word: _hex(rng) for word in ("top", "legs", "shoes", "hair")}
    if rng.random() < 0.5:
        wardrobe["coat"] = _hex(rng)
    walk = Walk(((float(start[0]), float(start[1])), (float(end[0]), float(end[1]))), 1.3)
    return human(
        f"person-{index}", height=float(rng.uniform(1.5, 1.95)), wardrobe=wardrobe, actions=(walk,), seed=index
    ).thing


def _hex(rng: np.random.Generator) -> str:
    dark = rng.uniform(0.01, 0.5) ** 1.5
    encoded = srgb_from_linear(np.clip(dark * rng.uniform(0.4, 1.6, 3), 0, 1))
    return "#" + "".join(f"{int(c * 255):02x}" for c in encoded)
