"""Films looked at again, far apart: a second later, at the far end of a shot, after a detour, across a cut.

A few frames of one or several shots are stops; every stop is compared with every earlier one, over the surface points
that both show, where both resolve them alike and the light is the same in both (the proxy tells).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from conditioning.metrics import NO_CHANGE, Change, comparable, counted, prefiltered, summed
from conditioning.metrics_light import STILL, Colour, Motion, Part, colours, lit_alike, moved
from render.correspondence import Correspondence, FrameGeometry, correspond
from render.passes import Passes
from render.raster import Rasterizer
from render.warp import warp
from tools.measure import BASE, Start, Take, pictures, shares, stacked
from worldgen.conventions import F32, I32, U8, Bool
from worldgen.world import World

U16 = npt.NDArray[np.uint16]

KINDS: Final = ("next", "second", "farthest", "revisit", "cut")
"""Pairs: one frame apart; one second; a stop and the farthest one that still shows ``OVERLAP`` of it; points that were
out of view at a stop in between; two shots of one world."""

STOPS: Final = 12
"""Frames looked at again, over all shots; fewer where all together they would hold more than ``MOST_PIXELS``."""

MOST_PIXELS: Final = 12_000_000

OVERLAP: Final = 0.1
"""Share of a picture that two stops must have in common to tell how a film drifts."""


@dataclass(frozen=True)
class Stop:
    """A frame that is looked at again.

    take: which. time: seconds of world time. object_id, material: (H, W). stack: (H, W, C) uint16 the prefiltered
    pictures of the proxy and the films, in 256ths of a level (half the memory).
    """

    take: int
    frame: int
    time: float
    geometry: FrameGeometry
    object_id: I32
    material: I32
    proxy: U8
    images: dict[str, U8]
    stack: U16


@dataclass
class Again:
    """What a film was like far apart.

    pairs: by kind. apart: (seconds between two stops of a shot, change at σ = 1). motion: from each stop of a shot to
    its next. colours: of the parts of things, one a stop, if there are several shots.
    """

    pairs: dict[str, Change] = field(default_factory=dict)
    apart: list[tuple[float, float]] = field(default_factory=list)
    motion: Motion = STILL
    colours: list[dict[Part, Colour]] = field(default_factory=list)


@dataclass(frozen=True)
class Pair:
    """Two stops compared: where i lies in j, what of it counts (H, W), and the differences of the stacks by name."""

    i: Stop
    j: Stop
    seen: Correspondence
    counts: Bool
    differences: dict[str, F32]


@dataclass(frozen=True)
class Looked:
    """What looking again found. films: by name. takes: of each stop. pixels: of a picture. cut: the two stops of
    different takes that have most in common, if any have something.
    """

    films: dict[str, Again]
    takes: tuple[int, ...]
    pixels: int
    cut: Pair | None


def look_again(
    world: World,
    takes: Sequence[Take],
    raster: Rasterizer,
    tell: Callable[[int, int], None] = lambda done, total: None,
    stops_at_most: int = STOPS,
) -> Looked:
    """Look at films far apart. takes: shots of one world, of one size, with films of the same names.

    tell: gets (stops done, stops in all). stops_at_most: over all takes.
    """
    found = {name: Again() for name in takes[0].names}
    starts = [_start(world, take, raster) for take in takes]
    at_most = max(4, min(stops_at_most, MOST_PIXELS // starts[0].image[..., 0].size)) // len(takes)
    planned = [(k, frame) for k, take in enumerate(takes) for frame in take.shot.spread(max(2, at_most))]
    stops: list[Stop] = []
    cut: Pair | None = None
    for done, (k, frame) in enumerate(planned):
        stop = _stop(world, takes[k], raster, k, frame, starts[k])
        for name, film in found.items() if len(takes) > 1 else ():
            film.colours.append(colours(stop.images[name], stop.proxy, stop.object_id, stop.material))
        for kind, apart in (("next", 1), ("second", max(2, round(takes[k].shot.fps)))):
            if frame >= apart:
                earlier = _stop(world, takes[k], raster, k, frame - apart, starts[k])
                _count(found, kind, _pair(stop, earlier))
        same = _own_shot(found, stop, [other for other in stops if other.take == k])
        for name, film in found.items():
            film.motion += same.get(name, STILL)
        for other in stops:
            if other.take != k:
                pair = _pair(stop, other)
                _count(found, "cut", pair)
                if pair.counts.any() and (cut is None or pair.counts.sum() > cut.counts.sum()):
                    cut = pair
        stops.append(stop)
        tell(done + 1, len(planned))
    return Looked(found, tuple(k for k, _ in planned), stops[0].object_id.size, cut)


def _own_shot(found: dict[str, Again], stop: Stop, others: Sequence[Stop]) -> dict[str, Motion]:
    """Count a stop against the earlier ones of its shot; returns how light moved since the last of them, by film."""
    views = [correspond(stop.geometry, other.geometry) for other in others]
    far, since = False, {}
    for index, other in enumerate(others):
        pair = _pair(stop, other, views[index])
        if pair.counts.mean() >= OVERLAP:
            counts = counted(pair.counts)
            for name, film in found.items():
                error = summed(pair.differences[name], counts)
                film.apart.append((stop.time - other.time, error.mean[1]))
                if not far:
                    film.pairs["farthest"] = film.pairs.get("farthest", NO_CHANGE) + error
            far = True
        if index + 1 < len(others):
            _count(found, "revisit", pair, np.any([~view.visible for view in views[index + 1 :]], axis=0))
        else:
            since = {
                name: moved(pair.differences[name], pair.differences["proxy"], pair.seen.visible) for name in found
            }
    return since


def _count(found: dict[str, Again], kind: str, pair: Pair, where: Bool | None = None) -> None:
    counts = counted(pair.counts if where is None else pair.counts & where)
    for name, film in found.items():
        film.pairs[kind] = film.pairs.get(kind, NO_CHANGE) + summed(pair.differences[name], counts)


def _pair(i: Stop, j: Stop, seen: Correspondence | None = None) -> Pair:
    seen = seen or correspond(i.geometry, j.geometry)
    differences = shares(("proxy", *i.images), _levels(i.stack) - warp(_levels(j.stack), seen))
    return Pair(i, j, seen, comparable(seen) & lit_alike(differences["proxy"], seen.visible), differences)


def _start(world: World, take: Take, raster: Rasterizer) -> Start:
    snapshot, camera = world.at(take.shot.time(0)), take.shot.track[0]
    return Start(take.films[BASE](0), FrameGeometry.of(snapshot, camera, raster.rasterize(snapshot, camera)))


def _stop(world: World, take: Take, raster: Rasterizer, k: int, frame: int, start: Start) -> Stop:
    snapshot, camera = world.at(take.shot.time(frame)), take.shot.track[frame]
    gbuffer = raster.rasterize(snapshot, camera)
    geometry = FrameGeometry.of(snapshot, camera, gbuffer)
    images, proxy = pictures(take, frame, geometry, start), take.proxy(frame)
    stack = np.concatenate([prefiltered(proxy), stacked(images)], axis=-1)
    passes, kept = Passes(snapshot, camera, gbuffer), np.rint(stack * 256.0).astype(np.uint16)
    ids, material = passes.object_id, passes.material_index
    return Stop(k, frame, snapshot.time, geometry, ids, material, proxy, images, kept)


def _levels(stack: U16) -> F32:
    return stack.astype(np.float32) * np.float32(1.0 / 256.0)
