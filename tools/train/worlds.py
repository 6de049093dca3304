"""Worlds and views to learn from, each a pure function of a seed.

Seeds from ``HELD_OUT`` on are never trained on; those from ``UNSEEN`` on are built only of kinds (a style of street, a
use of a room, props, clothes ...) that no seed below it ever shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial.transform import Rotation

from tools.train.sites import Site, only, site
from worldgen import shapes
from worldgen.actions import Action, Idle, Sit, Stand, Talk, Walk, Wave
from worldgen.camera import Camera, Lens
from worldgen.character import human
from worldgen.conventions import F64, look_at, rotation_z, seed_from, srgb_from_linear, translation
from worldgen.light import Sky
from worldgen.material import KINDS, make
from worldgen.mesh import Mesh
from worldgen.props import library, load_prop
from worldgen.stage import Stage
from worldgen.vehicles import KINDS as CARS
from worldgen.vehicles import car
from worldgen.world import Thing, World

HELD_OUT: Final = 1_000_000
"""Seeds from here on are never trained on."""

UNSEEN: Final = 2_000_000
"""Worlds of seeds from here on are made of kinds that no seed below shows."""

TILE: Final = 128
"""Pictures are square crops of this many pixels, out of frames of several sizes."""

FRAMES: Final = ((640, 360), (640, 360), (480, 270), (320, 180), (228, 128))
LOOSE: Final = tuple(k for k in KINDS if k not in ("skin", "hair", "water", "window-glow", "lamp-glow", "neon"))

UNSEEN_CARS: Final = frozenset({"pickup"})
UNSEEN_CLOTHES: Final = frozenset({"dress", "shorts"})


@dataclass(frozen=True)
class Take:
    """A world, and what is seen of it.

    views: two cameras each, a step apart. moments: seconds, of the first cameras and of the second ones. place, style:
    what a director would call the set ("street", "old-town"). kind: of set. people: how many.
    """

    world: World
    views: tuple[tuple[Camera, Camera], ...]
    moments: tuple[float, float]
    place: str
    style: str
    kind: str
    inside: bool
    people: int


def training_take(seed: int, views: int) -> Take:
    """A set of any kind at any hour and weather, with loose shapes, props and people in it, and ``views`` of it."""
    rng = np.random.default_rng(seed_from("world", seed))
    unseen = seed >= UNSEEN
    sky = training_sky(rng)
    where = site(rng, sky, unseen)
    things = list(where.piece.things)
    count = int(rng.integers(0, 4) if where.inside else rng.integers(2, 9))
    things += [Thing(f"loose-{k}", _loose(rng, where)) for k in range(count)]
    things += [Thing(f"prop-{k}", _prop(rng, where, unseen)) for k in range(int(rng.integers(0, 3)))]
    people = int(rng.integers(1, 3 if where.inside else 4))
    things += [_person(rng, k, where, unseen) for k in range(people)]
    start = float(rng.uniform(0, 4))
    moments = (start, start + float(rng.uniform(0, 0.5)))
    world = World(tuple(things), sky, where.piece.lamps)
    seen = tuple(_views(seed, views, where))
    return Take(world, seen, moments, where.place, where.style, where.kind, where.inside, people)


def training_sky(rng: np.random.Generator) -> Sky:
    """Low sun, day, overcast, blue hour and moonlight."""
    hour = rng.random()
    low, high = (
        (2.0, 15.0) if hour < 0.42 else (15.0, 65.0) if hour < 0.82 else (-6.0, 2.0) if hour < 0.94 else (-28.0, -14.0)
    )
    clouds = 0.0 if rng.random() < 0.3 else float(rng.uniform(0, 1))
    return Sky(
        sun_azimuth=float(rng.uniform(0, 2 * np.pi)),
        sun_elevation=float(np.radians(rng.uniform(low, high))),
        turbidity=float(rng.uniform(2, 6)),
        clouds=clouds,
        exposure_stops=float(rng.normal(0, 0.25)),
        moon_azimuth=float(rng.uniform(0, 2 * np.pi)),
        moon_elevation=float(np.radians(rng.uniform(20, 60))),
        moon=float(rng.uniform(0.5, 1.0)),
        town=float(rng.choice([0.0, 0.5, 1.0])),
    )


def _views(seed: int, count: int, where: Site) -> list[tuple[Camera, Camera]]:
    """At all heights and focal lengths; outdoors mostly along +Y, which is where streets and roads lead."""
    rng = np.random.default_rng(seed_from("cameras", seed))
    views = []
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
        left, top = int(rng.integers(0, width - TILE + 1)), int(rng.integers(0, height - TILE + 1))
        first = look_at(eye, target)
        intrinsics = lens.intrinsics(width, height)
        one, other = (
            Camera(pose, intrinsics, width, height).cropped(left, top, TILE, TILE)
            for pose in (first, first @ _step(rng, 0.35 if where.inside else 0.6))
        )
        views.append((one, other))
    return views


def _step(rng: np.random.Generator, most_m: float) -> F64:
    """(4, 4) what a camera does in a moment, in its own axes: up to ``most_m`` metres, mostly level, and a small pan.

    One in seven stands still.
    """
    if rng.random() < 1 / 7:
        return np.eye(4)
    way = rng.normal(size=3) * (1.0, 0.4, 1.0)
    about = translation(way / np.linalg.norm(way) * rng.uniform(0, most_m))
    about[:3, :3] = Rotation.from_euler("yxz", rng.normal(0, (2.5, 1.5, 0.5)), degrees=True).as_matrix()
    return about


def _place(rng: np.random.Generator, where: Site) -> F64:
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


def loose_props(unseen: bool) -> list[str]:
    """Names of the library's props that stand about in worlds; every tenth is kept for unseen worlds."""
    fit = [name for name in sorted(library()) if max(library()[name].size) < 3.0]
    return [name for k, name in enumerate(fit) if (k % 10 == 3) == unseen]


def _prop(rng: np.random.Generator, where: Site, unseen: bool) -> Mesh:
    """Something of the library that is not larger than the place allows; outdoors now and then a car."""
    if not where.inside and rng.random() < 0.4:
        kind = str(rng.choice(only(CARS, UNSEEN_CARS, unseen)))
        return car(kind, None, int(rng.integers(1 << 30))).mesh.transformed(_place(rng, where))
    return load_prop(str(rng.choice(loose_props(unseen)))).transformed(_place(rng, where))


def _person(rng: np.random.Generator, index: int, where: Site, unseen: bool) -> Thing:
    start, far = where.spot(rng), float(rng.choice([-1, 1]) * rng.uniform(3, 8))
    end = np.clip(start + np.array([rng.uniform(-0.5, 0.5), far]), where.low, where.high)
    wardrobe = {word: _hex(rng) for word in _garments(rng, unseen)}
    at, facing = (float(start[0]), float(start[1])), float(rng.uniform(0, 2 * np.pi))
    does: list[Action] = [Walk((at, (float(end[0]), float(end[1]))), 1.3)]
    if where.inside or np.linalg.norm(end - start) < 1.0:
        pose = (Idle(), Talk(6.0), Wave(6.0), Sit(at=at, height=0.45, facing=facing))[int(rng.integers(4))]
        does = [Stand(at, facing), pose]
    height = float(rng.uniform(1.5, 1.95))
    hat = str(rng.choice(["beanie", "cap", "brim"]))
    return human(
        f"person-{index}", height=height, wardrobe=wardrobe, actions=does, seed=index, stage=Stage(where.ground),
        hat_style=hat,
    ).thing  # fmt: skip


def _garments(rng: np.random.Generator, unseen: bool) -> Sequence[str]:
    legs = str(rng.choice(only(("legs", "legs", "legs", "skirt", "dress", "shorts"), UNSEEN_CLOTHES, unseen)))
    worn = ["shoes", "hair", legs] + ["top"] * (legs != "dress")
    return [*worn, *(word for word, share in (("coat", 0.4), ("hat", 0.25)) if rng.random() < share)]


def _hex(rng: np.random.Generator) -> str:
    dark = rng.uniform(0.01, 0.5) ** 1.5
    encoded = srgb_from_linear(np.clip(dark * rng.uniform(0.4, 1.6, 3), 0, 1))
    return "#" + "".join(f"{int(c * 255):02x}" for c in encoded)
