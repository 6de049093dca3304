"""A bird: standing, pecking, hopping, and flying along a path in the air, as one thing of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from worldgen.bird_acts import BirdAction, Perch, bird_at, choreographed
from worldgen.character import Actor
from worldgen.conventions import F32, F64, linear_from_hex, seed_from
from worldgen.errors import listed, nearest
from worldgen.landmarks import none
from worldgen.material import make
from worldgen.mesh import Mesh, box_uv, vertex_normals
from worldgen.plumage import (
    FOOT,
    HEAD,
    HIP,
    NECK,
    REGIONS,
    SECONDARIES,
    TAIL,
    TERTIALS,
    feathers,
    leg_frames,
    plumage,
    tail_frames,
    turned,
    wing_frames,
)
from worldgen.posture import turn_x, turn_y, turn_z
from worldgen.stage import Stage
from worldgen.world import Thing

WRIST: Final = TERTIALS + SECONDARIES
"""Of a wing's feathers, the first that hangs on the hand."""


@dataclass(frozen=True)
class Kind:
    """size: over a pigeon's. beats: of the wings a second, flapping. colours: of ``REGIONS``."""

    size: float
    beats: float
    colours: tuple[str, ...]


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "pigeon": Kind(1.0, 5.2, ("#858d9b", "#5b6b68", "#a3a8b1", "#2d2f36", "#4a4d57", "#5c616d", "#2b2825",
                                  "#b2544a", "#0e0b0a")),
        "dove": Kind(0.95, 5.4, ("#e6e3dc", "#e2ded6", "#ebe8e2", "#dedad2", "#e3dfd8", "#e6e3dc", "#8a6d62", "#b56a60",
                                 "#0e0b0a")),
        "crow": Kind(1.45, 3.8, ("#1b1b1f", "#1e1e26", "#202026", "#1b1b20", "#17171a", "#18181c", "#141416", "#1a1a1b",
                                 "#0c0a09")),
        "gull": Kind(1.75, 2.7, ("#e9e8e3", "#efeee9", "#a5abb1", "#9aa1a8", "#232427", "#e9e8e3", "#d8a63a", "#c9a56a",
                                 "#0e0b0a")),
        "sparrow": Kind(0.48, 11.0, ("#a08c74", "#6e4f38", "#7a5638", "#3c2a1e", "#5a4230", "#5e4936", "#3a332c",
                                     "#9a7a66", "#0e0b0a")),
    }
)  # fmt: skip
"""The birds there are."""
JOINTS: Final = ("root", "chest", "head", "left_wing", "right_wing", "tail")


def bird(
    name: str,
    *,
    kind: str = "pigeon",
    size: float = 1.0,
    actions: Sequence[BirdAction] = (),
    stage: Stage | None = None,
    seed: int = 0,
) -> Actor:
    """A bird called ``name``. kind: one of ``KINDS``. size: larger or smaller than that kind is, 0.3–4.

    Raises ValueError with one sentence for what cannot be.
    """
    if kind not in KINDS:
        near = nearest(kind, KINDS)
        hint = f"did you mean {near!r}?" if near else f"use {listed(KINDS)}"
        raise ValueError(f"{name}: there is no bird {kind!r}: {hint}")
    if not (np.isfinite(size) and 0.3 <= size <= 4):
        raise ValueError(f"{name}: size is {size}; it runs from 0.3 to 4")
    sort, body = KINDS[kind], plumage()
    scale = sort.size * size
    rng = np.random.default_rng(seed_from("bird", name, seed))
    phase = float(rng.uniform(0, 20))
    tint = float(rng.uniform(0.88, 1.06))
    segments = choreographed(actions, scale, sort.beats, (stage or Stage()).ground, phase)
    materials = []
    for region, colour in zip(REGIONS, sort.colours, strict=True):
        r, g, b = (min(1.0, float(c) * tint) for c in linear_from_hex(colour))
        soft = region not in ("beak", "leg", "eye")
        materials.append(make("feather" if soft else "plastic", (r, g, b), name=f"{name}/{region}"))

    @lru_cache(maxsize=64)
    def frames(time: float) -> tuple[F64, F64, Perch]:
        return _frames(bird_at(segments, phase, time), scale)

    def pose(time: float) -> F32:
        turns, places, now = frames(float(time))
        head = np.zeros(3) if now.head is None else now.head
        points = body.vertices.astype(np.float64)
        moved = np.einsum("vab,vb->va", turns[body.part], points) * scale + places[body.part]
        trunk = points[: body.trunk]
        neck_turn = turn_x(now.neck)
        head_turn = turn_z(head[2]) @ turn_y(head[1]) @ turn_x(head[0])
        bent = (trunk - NECK) @ neck_turn.T + NECK
        pivot = (HEAD - NECK) @ neck_turn.T + NECK
        nodded = (trunk - HEAD) @ head_turn.T + pivot
        mix = body.blend[:, :1] * trunk + body.blend[:, 1:2] * bent + body.blend[:, 2:] * nodded
        moved[: body.trunk] = mix @ turns[0].T * scale + places[0]
        return moved.astype(np.float32)

    def frame(which: str, time: float) -> F64:
        turns, places, now = frames(float(time))
        result = np.eye(4)
        if which not in JOINTS:
            near = nearest(which, JOINTS)
            hint = f"did you mean {near!r}?" if near else f"use {listed(JOINTS)}"
            raise ValueError(f"{name}: there is no joint {which!r}: {hint}")
        result[:3, :3], result[:3, 3] = turns[0], places[0]
        if which == "root":
            result[:3, :3], result[:3, 3] = turn_z(now.heading), now.place
        elif which == "head":
            neck = turn_x(now.neck) @ (HEAD - NECK) + NECK + np.array([0.0, 0.02, 0.018])
            result[:3, 3] += turns[0] @ neck * scale
        elif which != "chest":
            row = {"right_wing": 7 + WRIST, "left_wing": 7 + len(feathers()) - TAIL + WRIST, "tail": len(turns) - 5}[
                which
            ]
            result[:3, :3], result[:3, 3] = turns[row], places[row]
        return result

    def joint(which: str, time: float) -> F64:
        return frame(which, time)[:3, 3]

    rest = pose(0.0)
    normals = vertex_normals(rest, body.faces)
    flat = (body.vertices * scale).astype(np.float32)
    mesh = Mesh(rest, body.faces, normals, box_uv(flat, normals), body.region, tuple(materials))
    return Actor(Thing(name, mesh, pose, landmarks=none), joint, frame)


def _frames(now: Perch, scale: float) -> tuple[F64, F64, Perch]:
    """World turns (P, 3, 3) and places (P, 3) of all stiff parts."""
    trunk = turned(now.pitch, now.roll, now.heading)
    middle = now.place + np.array([0.0, 0.0, FOOT * scale])
    turns, places = [trunk], [middle]
    ahead = trunk @ np.array([0.0, 1.0, 0.0])
    for k, side in enumerate((1.0, -1.0)):
        hip = middle + trunk @ (HIP * [side, 1.0, 1.0]) * scale
        tucked = middle + trunk @ (np.array([side * 0.016, -0.055, -0.034])) * scale
        foot = now.feet[k] + (tucked - now.feet[k]) * now.tucked
        upper, _, lower, end = leg_frames(hip / scale, foot / scale, trunk @ np.array([1.0, 0, 0]), ahead)
        turns += [upper, lower, turned(now.pitch * now.tucked - 1.2 * now.tucked, 0.0, now.heading)]
        places += [hip, end * scale, end * scale]
    for side in (1.0, -1.0):
        own, spots = wing_frames(side, now.spread, now.raised, now.sweep)
        turns += list(trunk @ own)
        places += list(spots @ trunk.T * scale + middle)
    own, spots = tail_frames(now.fan, now.tail)
    turns += list(trunk @ own)
    places += list(spots @ trunk.T * scale + middle)
    return np.array(turns), np.array(places), now
