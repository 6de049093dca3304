"""Pictures to learn from: the conditions of each, its path-traced truth, and the same in other weather.

A data set is a list of seeds. Pictures come in pairs, two moments of one world a step apart, so that either is what
the other may remember. What a world shows (:func:`planned`, :func:`conditions`) is quick and exactly repeatable; what
is path-traced (:func:`truths`) is slow, and is all that :mod:`tools.train.pack` keeps.

Each file is written whole or not at all, so making data stops and goes on at will, and several processes may share a
folder when each has its own seeds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from conditioning.controls import Controls, controls
from render.correspondence import FrameGeometry, correspond
from render.raster import GBuffer, Rasterizer, open_rasterizer
from render.rays import RayScene
from render.shade import Shader, Shading
from render.surface import Surface
from tools.train.finish import cover_map
from tools.train.truth import PathTracer
from tools.train.weather import Print, Weather, chosen_variants, facing_sun, glowing, metered, printed, variants_of
from tools.train.worlds import HELD_OUT, UNSEEN, Take, training_take
from worldgen.camera import Camera
from worldgen.conventions import F32, srgb_from_linear
from worldgen.world import Snapshot

__all__ = ["HELD_OUT", "SPP", "UNSEEN", "Planned", "conditions", "make_data", "planned", "truths", "world_pairs"]

Arrays = dict[str, np.ndarray]

SPP = 32
CAMERAS = 16
"""Pictures asked of a world."""
CANDIDATES = 3
"""Views tried for each pair; the one that shows the most triangles is taken."""
TILES = 16.0
"""A 16-bit number holds a place within so many tiles of a texture to a hundredth of one."""
LEAST_SHARED = 0.25
"""Share of a picture that its pair must show too."""


@dataclass(frozen=True)
class Picture:
    """One picture to learn from. moment: which of the take's two. flat: (3, H, W) as told of pictures."""

    moment: int
    camera: Camera
    shading: Shading
    told: Controls
    flat: F32
    geometry: FrameGeometry


@dataclass(frozen=True)
class Planned:
    """A world's pictures, an even number: 2k and 2k + 1 are a pair. snapshots: of the take's two moments."""

    seed: int
    take: Take
    snapshots: tuple[Snapshot, Snapshot]
    pictures: tuple[Picture, ...]


def make_data(folder: Path, seeds: Iterable[int], cameras: int = CAMERAS, spp: int = SPP) -> None:
    """Write ``folder/<seed>.npz`` for each seed that has none yet, saying what it does."""
    folder.mkdir(parents=True, exist_ok=True)
    rasterizer = open_rasterizer()
    for seed in seeds:
        path = folder / f"{seed:07d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        arrays = world_pairs(seed, cameras, spp, rasterizer)
        write_arrays(path, arrays)
        count, variants = len(arrays["target"]), len(arrays["variant"])
        print(f"world {seed}: {count} pictures, {variants} variants in {time.monotonic() - start:.1f} s", flush=True)


def write_arrays(path: Path, arrays: Arrays) -> None:
    """An ``.npz`` at ``path``, whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    part.replace(path)


def world_pairs(seed: int, cameras: int, spp: int, rasterizer: Rasterizer) -> Arrays:
    """About ``cameras`` pictures of the world of ``seed``; n of them, side h x w, in pairs (2k, 2k + 1).

    maps (n, M, h, w), proxy, target (n, 3, h, w) float16 in [-1, 1], light (n, L) float32, kind (n, h, w) uint8: as in
    ``Controls``; uv (n, 2, h, w) float16: the same, less whole ``TILES``. flat (n, 3, h, w) float16 sRGB-encoded in
    [-1, 1]: albedo without the detail of textures. other (n,) the pair's other picture, other_xy (n, h, w, 2) float16
    pixels, other_seen (n, h, w) float16: where each point lies in the pair's other picture, and whether that shows it.
    variant (v, 3, h, w) uint8 display values, variant_of (v,) the picture each is of, variant_name (v,). facts: of the
    world, as JSON. cameras: as asked for. Views that show almost only sky, or stand before a wall, are left out: n may
    be 0.
    """
    plan = planned(seed, cameras, rasterizer)
    return conditions(plan) | truths(plan, spp) | {"cameras": np.array(cameras)}


def planned(seed: int, cameras: int, rasterizer: Rasterizer) -> Planned:
    """What the world of ``seed`` shows, without its truth."""
    take = training_take(seed, -(-cameras // 2) * CANDIDATES)
    first, second = (take.world.at(moment) for moment in take.moments)
    views = _richest(first, take.views, rasterizer)
    shader = Shader(take.world, rasterizer, eyes=np.array([camera.position for camera, _ in views]))
    # All of a moment before the next one: posing a world anew costs more than a picture of it.
    exposures, firsts = [], []
    for one, _ in views:
        exposures.append(shader.expose(first, one))
        firsts.append(picture_of(0, shader, first, one))
    pictures: list[Picture] = []
    for exposure, picture, (_, other) in zip(exposures, firsts, views, strict=True):
        if worth(picture):
            shader.expose_as(exposure)
            pair = picture, picture_of(1, shader, second, other)
            if worth(pair[1]) and _shared(*pair) >= LEAST_SHARED:
                pictures += pair
    return Planned(seed, take, (first, second), tuple(pictures))


def conditions(plan: Planned) -> Arrays:
    """What is told of the pictures: all of :func:`world_pairs` but target and variants."""
    camera = plan.take.views[0][0]
    others = [k ^ 1 for k in range(len(plan.pictures))]
    return told_of(plan.pictures, others, (camera.height, camera.width)) | {"facts": np.array(json.dumps(facts(plan)))}


def told_of(pictures: Sequence[Picture], others: Sequence[int], size: tuple[int, int]) -> Arrays:
    """The arrays of :func:`world_pairs` that tell of ``pictures`` and of their places in the ``others``."""
    found = [correspond(p.geometry, pictures[k].geometry) for p, k in zip(pictures, others, strict=True)]

    def stacked(parts: Sequence[np.ndarray], dtype: Any, *empty: int) -> np.ndarray:
        return np.stack(parts).astype(dtype) if parts else np.zeros((0, *empty), dtype)

    told = [p.told for p in pictures]
    return {
        "maps": stacked([c.maps for c in told], np.float16, 0, *size),
        "light": stacked([c.light for c in told], np.float32, 0),
        "proxy": stacked([c.proxy for c in told], np.float16, 3, *size),
        "flat": stacked([p.flat for p in pictures], np.float16, 3, *size),
        "kind": stacked([c.kind for c in told], np.uint8, *size),
        "uv": stacked([np.mod(c.uv, TILES) for c in told], np.float16, 2, *size),
        "other": np.array(others, dtype=np.int64),
        "other_xy": stacked([c.xy for c in found], np.float16, *size, 2),
        "other_seen": stacked([c.visible for c in found], np.float16, *size),
    }


def truths(plan: Planned, spp: int) -> Arrays:
    """Target and variants of :func:`world_pairs`, path-traced with ``spp`` samples a pixel."""
    size = plan.take.views[0][0].height, plan.take.views[0][0].width
    targets: list[F32] = [np.zeros((3, *size), np.float32) for _ in plan.pictures]
    variants: dict[tuple[int, str], np.ndarray] = {}
    if plan.pictures:
        world = plan.take.world
        possible = variants_of(plan.seed, world.sky, plan.take.inside, len(world.lamps))
        asked = [(name, k) for k in range(len(targets)) for name in chosen_variants(plan.seed, k // 2, possible)]
        tracer = PathTracer(plan.snapshots[0], world.sky, world.lamps)
        prints: dict[tuple[int, str], Print] = {}
        for moment, snapshot in enumerate(plan.snapshots):
            tracer.move(snapshot)
            tracer.relight(world.sky)
            for k in range(moment, len(targets), 2):
                targets[k] = 2.0 * truth_of(tracer, plan.pictures[k], spp, plan.seed * 64 + k).transpose(2, 0, 1) - 1.0
            rays = RayScene()
            rays.update(snapshot)
            for name, k in sorted(asked):
                if plan.pictures[k].moment == moment:
                    made = _variant(tracer, rays, plan, k, possible[name], prints, spp)
                    variants[k, name] = np.round(made.transpose(2, 0, 1) * 255).astype(np.uint8)
    kept = sorted(variants)
    return {
        "target": np.array(targets, dtype=np.float16).reshape(-1, 3, *size),
        "variant": np.array([variants[key] for key in kept], dtype=np.uint8).reshape(-1, 3, *size),
        "variant_of": np.array([k for k, _ in kept], dtype=np.int64),
        "variant_name": np.array([name for _, name in kept], dtype="<U16"),
    }


def _variant(
    tracer: PathTracer,
    rays: RayScene,
    plan: Planned,
    k: int,
    weather: Weather,
    prints: dict[tuple[int, str], Print],
    spp: int,
) -> F32:
    """(H, W, 3) display values. rays: aimed at the moment. prints: of pairs seen before; this one's is added."""
    picture, name = plan.pictures[k], weather.name
    known = prints.get((k // 2, name))
    if known is not None:
        weather = known.weather
    elif name == "golden-hour":
        weather = facing_sun(weather, rays, *_some(plan.snapshots[picture.moment], picture), seed=plan.seed * 64 + k)
    cover = None if plan.take.inside else cover_map(rays, *picture.camera.position[:2])
    tracer.relight(weather.sky, weather.finish, cover)
    glow = glowing(picture.shading, picture.camera, weather.sky)
    layers = tracer.layers(picture.camera, spp, plan.seed * 64 + 32 + k, emission=glow)
    lit = layers["radiance"] - glow
    if known is None:
        known = metered(weather, picture.shading, picture.camera, lit, glow, layers["albedo"])
        prints[k // 2, name] = known
    return printed(known, picture.shading, picture.camera, lit, glow)


def facts(plan: Planned) -> dict[str, Any]:
    """What a caption may say of the world; ``set`` is which of them it is: training, held-out or unseen."""
    take, sky = plan.take, plan.take.world.sky
    return {
        "place": take.kind,
        "style": take.style,
        "name": take.place,
        "inside": take.inside,
        "sun_elevation_deg": round(float(np.degrees(sky.sun_elevation)), 1),
        "clouds": round(sky.clouds, 2),
        "lamps": len(take.world.lamps),
        "people": take.people,
        "seed": plan.seed,
        "set": "unseen" if plan.seed >= UNSEEN else "held-out" if plan.seed >= HELD_OUT else "training",
    }


def truth_of(tracer: PathTracer, picture: Picture, spp: int, seed: int) -> F32:
    """(H, W, 3) display values of ``picture``, at whose moment the tracer must be."""
    # The tracer's surfaces are smooth: the relief of textures is laid over its light as the shade has it.
    glow = picture.shading.emission
    lit = tracer.render(picture.camera, spp, seed=seed, emission=glow) - glow
    return picture.shading.sky.display(lit * picture.shading.relief[..., None] + glow)


def picture_of(moment: int, shader: Shader, snapshot: Snapshot, camera: Camera) -> Picture:
    """What ``camera`` sees of ``snapshot``, the take's ``moment``-th."""
    drawn = shader.draw(snapshot, camera)
    shading = shader.light(drawn)
    geometry = FrameGeometry.of(snapshot, camera, drawn.gbuffer)
    return Picture(
        moment, camera, shading, controls(shading, camera, snapshot), flat_color(snapshot, drawn.fine), geometry
    )


def flat_color(snapshot: Snapshot, fine: GBuffer) -> F32:
    """(3, H, W) float32 sRGB-encoded in [-1, 1], what surfaces are coloured without their textures' detail; sky is -1.

    fine: the picture twice as large.
    """
    height, width = (side // 2 for side in fine.triangle.shape)
    colors = np.array([m.base_color for m in snapshot.materials] + [(0.0, 0.0, 0.0)], dtype=np.float32)
    seen = np.where(fine.hit, snapshot.face_material[fine.triangle], np.int32(len(snapshot.materials)))
    quarters: F32 = colors[seen].reshape(height, 2, width, 2, 3).mean((1, 3))
    return np.asarray((2.0 * srgb_from_linear(quarters) - 1.0).transpose(2, 0, 1), dtype=np.float32)


def _some(snapshot: Snapshot, picture: Picture) -> tuple[F32, F32]:
    """Points (N, 3) and normals of one in 61 of the pixels that show a surface."""
    surface = Surface.of(snapshot, picture.camera, picture.shading.gbuffer)
    some = surface.subset(np.arange(0, len(surface), 61))
    return some.position, some.normal


def worth(picture: Picture) -> bool:
    """Whether it shows something, and not a wall before the lens."""
    depth = picture.shading.depth
    close = np.isfinite(depth) & (depth < 0.4)
    return bool(picture.shading.coverage.mean() >= 0.3 and close.mean() <= 0.3)


def _shared(one: Picture, other: Picture) -> float:
    return float(correspond(one.geometry, other.geometry).visible.mean())


def _richest(
    snapshot: Snapshot, views: Sequence[tuple[Camera, Camera]], rasterizer: Rasterizer
) -> list[tuple[Camera, Camera]]:
    """Of every ``CANDIDATES`` views, the one that sees the most triangles: bare walls teach little."""
    seen = [len(np.unique(rasterizer.rasterize(snapshot, camera).triangle)) for camera, _ in views]
    groups = range(0, len(views), CANDIDATES)
    return [views[start + int(np.argmax(seen[start : start + CANDIDATES]))] for start in groups]
