"""A bird's body: a lofted trunk with neck, head and beak, two legs, and feathers that each are a stiff part.

Axes at rest: +Y forward, +Z up, the origin in the middle of the trunk, metres, for a pigeon of about 0.33 m. Wings are
given by how far they are spread and raised; every feather's place between folded and spread follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from worldgen.conventions import F32, F64, I32, unit
from worldgen.posture import turn_x, turn_y, turn_z

STATIONS: Final = np.array(
    [  # y, z, half width, half height
        (-0.118, -0.004, 0.010, 0.007), (-0.090, -0.004, 0.026, 0.020), (-0.050, -0.002, 0.043, 0.037),
        (0.000, 0.000, 0.052, 0.050), (0.040, 0.007, 0.050, 0.052), (0.070, 0.026, 0.037, 0.041),
        (0.086, 0.055, 0.026, 0.028), (0.094, 0.083, 0.020, 0.022), (0.101, 0.103, 0.0195, 0.0205),
        (0.114, 0.117, 0.0190, 0.0190), (0.128, 0.118, 0.0140, 0.0140), (0.137, 0.115, 0.0075, 0.0075),
        (0.143, 0.113, 0.0048, 0.0050), (0.152, 0.110, 0.0036, 0.0042), (0.163, 0.105, 0.0010, 0.0012),
    ]
)  # fmt: skip
NECK: Final = np.array([0.0, 0.068, 0.030])
HEAD: Final = np.array([0.0, 0.098, 0.098])
HIP: Final = np.array([0.022, -0.002, -0.030])
SHANK, TARSUS = 0.042, 0.038
FOOT: Final = 0.072
"""How far the feet are below the middle of the trunk, standing, metres."""
SHOULDER: Final = np.array([0.036, 0.042, 0.022])
ARM: Final = (0.050, 0.062, 0.052)
_BONES: Final = {0: 1, 1: 2, 3: 0}  # to the spot where the bone begins
PRIMARIES, SECONDARIES, TERTIALS, TAIL = 10, 9, 4, 9
REGIONS: Final = ("body", "neck", "wing", "bar", "tip", "tail", "beak", "leg", "eye")


@dataclass(frozen=True)
class Feather:
    """bone: 0 forearm, 1 hand, 2 tail, 3 upper arm. at: how far along it. length, width: metres.

    spread, folded: radians from ahead in the wing's plane, outward. up: metres out of the plane.
    """

    bone: int
    at: float
    length: float
    width: float
    spread: float
    folded: float
    up: float
    region: str


@dataclass(frozen=True)
class Plumage:
    """vertices (V, 3), faces, region (F,), and the part that each vertex is stiff with (V,); ``neck`` (V, 3): how much
    of each trunk vertex goes with trunk, neck and head.
    """

    vertices: F32
    faces: I32
    region: I32
    part: I32
    blend: F64
    trunk: int


@lru_cache(maxsize=1)
def feathers() -> tuple[Feather, ...]:
    """Of one wing, and then of the tail."""
    made = []
    for row, (share, lift, wide) in enumerate(((1.0, 0.0, 1.0), (0.56, 0.0022, 1.25), (0.32, 0.0042, 1.5))):
        for k in range(TERTIALS):
            x = k / TERTIALS
            up = lift - 0.0005 * (TERTIALS - k)
            made.append(Feather(3, x, 0.098 * share, 0.030 * wide, 3.14 - 0.09 * x, 3.14, up, "wing"))
        for k in range(SECONDARIES):
            x = k / (SECONDARIES - 1)
            region = ("wing", "bar" if row == 1 and k < 7 else "wing", "wing")[row]
            length = (0.105 + 0.012 * x) * share
            spread, up = 3.05 - 0.25 * x, lift + 0.0005 * k
            made.append(Feather(0, x, length, 0.026 * wide, spread, 3.14 - 0.05 * x, up, region))
        for k in range(PRIMARIES):
            x = k / (PRIMARIES - 1)
            length = (0.135 + 0.05 * np.sin(np.pi * min(x * 0.62 + 0.1, 1.0))) * share * (1.0 if row == 0 else 0.8)
            spread = 2.75 - 1.12 * x
            up = lift + 0.0005 * (SECONDARIES - k)
            made.append(Feather(1, x, length, 0.024 * wide, spread, 3.16 + 0.05 * x, up, ("tip", "wing", "wing")[row]))
    for k in range(TAIL):
        x = k / (TAIL - 1) * 2 - 1
        fan, up = np.pi + 0.42 * x, -0.0006 * abs(x) * TAIL
        made.append(Feather(2, x, 0.118 - 0.008 * abs(x), 0.030, fan, np.pi + 0.07 * x, up, "tail"))
    return tuple(made)


def _blade(feather: Feather) -> tuple[F64, I32]:
    """A feather from its root along +Y, a little cambered: vertices and faces."""
    t = np.array([0.0, 0.3, 0.62, 0.84, 0.95, 1.0])
    half = feather.width / 2 * np.array([0.45, 0.9, 1.0, 0.86, 0.55, 0.12])
    across = np.array([-1.0, 0.0, 1.0])
    x = half[:, None] * across
    y = np.broadcast_to((t * feather.length)[:, None], x.shape)
    z = -0.0035 * across**2 - 0.06 * feather.length * (t**2)[:, None]
    i, j = np.meshgrid(np.arange(len(t) - 1), np.arange(2), indexing="ij")
    a = 3 * i + j
    faces = np.stack([np.stack([a, a + 1, a + 4], -1), np.stack([a, a + 4, a + 3], -1)], 2)
    return np.stack([x, y, z], -1).reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32)


def _tube(path: F64, wide: F64, high: F64, sides: int) -> tuple[F64, I32]:
    """A closed skin of ellipses along ``path (N, 3)`` in the plane x = const."""
    tangent = unit(np.gradient(path, axis=0))
    right = np.array([1.0, 0.0, 0.0])
    up = unit(np.cross(np.broadcast_to(right, tangent.shape), tangent))
    angle = np.arange(sides) / sides * 2 * np.pi
    points = (
        path[:, None]
        + wide[:, None, None] * np.cos(angle)[None, :, None] * right
        + high[:, None, None] * np.sin(angle)[None, :, None] * up[:, None]
    )
    i, s = np.meshgrid(np.arange(len(path) - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + s, i * sides + (s + 1) % sides
    faces = np.stack([np.stack([a, a + sides, b], -1), np.stack([b, a + sides, b + sides], -1)], 2)
    return points.reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32)


@lru_cache(maxsize=1)
def plumage() -> Plumage:
    """The whole bird at rest; parts: 0 trunk, 1–6 legs (shank, tarsus, toes; right, left), then the feathers."""
    points: list[F64] = []
    faces: list[I32] = []
    region: list[I32] = []
    part: list[I32] = []

    def add(p: F64, f: I32, label: str | I32, which: int) -> None:
        start = sum(len(q) for q in points)
        points.append(p)
        faces.append(f + np.int32(start))
        region.append(np.full(len(f), REGIONS.index(label), np.int32) if isinstance(label, str) else label)
        part.append(np.full(len(p), which, np.int32))

    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(STATIONS[:, :2], axis=0), axis=1))])
    fine = PchipInterpolator(along, STATIONS)(np.linspace(0.0, along[-1], 56))
    path = np.stack([np.zeros(len(fine)), fine[:, 0], fine[:, 1]], 1)
    trunk, around = _tube(path, fine[:, 2], fine[:, 3], 22)
    middle = trunk[around].mean(1)
    ahead, high = middle[:, 1], middle[:, 2]
    hood = high > 0.042 + 0.35 * (0.09 - ahead) + 9.0 * np.clip(0.03 - ahead, 0, 1)
    label = np.where(ahead > 0.1405, 6, np.where(hood, 1, 0))
    add(trunk, around, label.astype(np.int32), 0)
    for side in (1.0, -1.0):
        arc = np.linspace(0, np.pi, 7)
        ring = np.stack([np.zeros(7), -np.cos(arc) * 0.0042, np.zeros(7)], 1)
        eye, eye_faces = _tube(ring, np.sin(arc) * 0.0042, np.sin(arc) * 0.0042, 8)
        add(eye + np.array([side * 0.0168, 0.119, 0.1215]), eye_faces, "eye", 0)
    count = len(np.concatenate(points))
    for leg in range(2):
        line, thick = np.array([[0, 0, 0.004], [0, 0, -0.012], [0, 0, -SHANK]]), np.array([0.014, 0.011, 0.0035])
        shank, f = _tube(line, thick, thick, 8)
        add(shank, f, "body", 1 + 3 * leg)
        line = np.array([[0, 0, TARSUS], [0, 0, TARSUS / 2], [0, 0, 0.002]])
        bone, f = _tube(line, np.full(3, 0.0026), np.full(3, 0.0026), 6)
        add(bone, f, "leg", 2 + 3 * leg)
        for angle, length in ((0.0, 0.030), (0.55, 0.025), (-0.55, 0.025), (np.pi, 0.014)):
            line, thick = (
                np.array([[0, 0, 0.003], [0, length * 0.6, 0.003], [0, length, 0.001]]),
                np.array([2.8, 2.4, 0.8]),
            )
            toe, f = _tube(line, thick * 1e-3, thick * 1e-3, 6)
            add(toe @ turn_z(angle).T, f, "leg", 3 + 3 * leg)
    number = 7
    rows = feathers()
    for _ in (0, 1):
        for feather in rows[:-TAIL]:
            p, f = _blade(feather)
            add(p, f, feather.region, number)
            number += 1
    for feather in rows[-TAIL:]:
        p, f = _blade(feather)
        add(p, f, feather.region, number)
        number += 1
    vertices = np.concatenate(points)
    stretch = np.clip((vertices[:count, 1] * 0.55 + vertices[:count, 2] - 0.045) / 0.085, 0.0, 1.0)
    head = np.clip((stretch - 0.55) / 0.3, 0, 1) ** 2 * (3 - 2 * np.clip((stretch - 0.55) / 0.3, 0, 1))
    neck = np.clip(stretch / 0.5, 0, 1) * (1 - head)
    blend = np.stack([1 - neck - head, neck, head], 1)
    return Plumage(
        vertices.astype(np.float32), np.concatenate(faces), np.concatenate(region), np.concatenate(part), blend, count
    )


@lru_cache(maxsize=1)
def _wing() -> tuple[I32, F64, F64, F64, F64, F64]:
    """Of each feather of a wing: the spot where its bone begins, at, spread, folded, up, and 1 on the hand."""
    rows = feathers()[:-TAIL]
    bone = np.array([_BONES[f.bone] for f in rows], np.int32)
    numbers = np.array([(f.at, f.spread, f.folded, f.up, f.bone == 1) for f in rows], np.float64).T
    return bone, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]


def wing_frames(side: float, spread: float, raised: float, sweep: float) -> tuple[F64, F64]:
    """Turns (K, 3, 3) and places (K, 3) of one wing's feathers against the trunk.

    side: 1 right, -1 left. spread: 0 folded … 1. raised: radians above level. sweep: radians the hand goes back.
    """
    s = spread * spread * (3 - 2 * spread)
    tilt = raised * s + (-1.32) * (1 - s)
    out = np.array([np.cos(tilt), 0.0, np.sin(tilt)])
    ahead = unit(np.array([0.10 * (1 - s), 1.0, -0.03 * (1 - s)]))
    out = unit(out - ahead * (out @ ahead))
    normal = np.cross(out, ahead)  # up, where the wing is spread
    spots = [SHOULDER + np.array([0.019, 0.0, 0.013]) * (1 - s)]
    for length, wide, closed in zip(ARM, (1.85, 1.30, 1.62 + sweep), (2.85, 0.42, 2.9), strict=True):
        angle = closed + (wide - closed) * s
        spots.append(spots[-1] + length * (np.cos(angle) * ahead + np.sin(angle) * out))
    bone, at, spread_to, folded, up, hand = _wing()
    angles = folded + (spread_to + sweep * hand - folded) * s
    along = np.cos(angles)[:, None] * ahead + np.sin(angles)[:, None] * out
    spot = np.array(spots)
    places = spot[bone] + (spot[bone + 1] - spot[bone]) * at[:, None] + normal * up[:, None]
    across = np.cross(along, normal)
    turns = np.stack([across, along, np.broadcast_to(normal, along.shape)], axis=2)
    if side < 0:
        mirror = np.diag([-1.0, 1.0, 1.0])
        return mirror @ turns @ mirror, places @ mirror
    return turns, places


def tail_frames(spread: float, up: float) -> tuple[F64, F64]:
    """Turns (K, 3, 3) and places (K, 3) of the tail's feathers against the trunk."""
    rows = feathers()[-TAIL:]
    base = turn_x(-up)
    turns = np.array([base @ turn_z(f.folded + (f.spread - f.folded) * spread) for f in rows])
    places = np.array([np.array([0.010 * f.at, -0.100, 0.002 + f.up]) for f in rows])
    return turns, places


def leg_frames(hip: F64, foot: F64, side: F64, ahead: F64) -> tuple[F64, F64, F64, F64]:
    """Turn and place of the shank, turn and place of the foot, from where hip and foot are; the heel points back."""
    reach = foot - hip
    far = float(np.clip(np.linalg.norm(reach), 0.012, (SHANK + TARSUS) * 0.998))
    towards = unit(reach)
    back = unit(-ahead + towards * (ahead @ towards))
    along = (SHANK**2 + far**2 - TARSUS**2) / (2 * far)
    heel = hip + towards * along + back * np.sqrt(max(SHANK**2 - along**2, 0.0))

    def frame(down: F64) -> F64:
        up = -unit(down)
        right = unit(side - up * (side @ up))
        return np.stack([right, np.cross(up, right), up], axis=1)

    return frame(heel - hip), hip, frame(foot - heel), hip + towards * far


def turned(pitch: float, roll: float, yaw: float) -> F64:
    """(3, 3): heading ``yaw``, nose up by ``pitch``, right side down by ``roll``."""
    return turn_z(yaw) @ turn_x(pitch) @ turn_y(roll)
