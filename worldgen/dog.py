"""A dog: what it does, one thing after another, and its body and coat as one thing of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.actions import Idle, Stand, Turn
from worldgen.character import Actor
from worldgen.conventions import F32, F64, linear_from_hex, seed_from
from worldgen.errors import listed, nearest
from worldgen.gait import smooth
from worldgen.gltf import SkinnedPart, load_skinned
from worldgen.material import make
from worldgen.mesh import Mesh, box_uv, vertex_normals
from worldgen.motion import Way
from worldgen.quadruped import Stance, blended, solved
from worldgen.skinning import Joints, Rig, skinned, weight_matrix
from worldgen.stage import Ground, Stage
from worldgen.trot import Frame, Trek, gait_for, planned, stance, stride_length
from worldgen.world import Thing

ASSETS: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets"
BLEND_S: Final = 0.5
SETTLE_S: Final = 1.1  # how long it takes to sit or lie down, and to get up
SHOULDER_M: Final = 0.56  # of the baked dog

COATS: Final = (
    ("#a87b45", "#3b2f27", "#dcc7a0"),
    ("#1d1a18", "#171513", "#2a2522"),
    ("#c49a5e", "#b98c4e", "#e0c795"),
    ("#5a3a24", "#4a2f1d", "#73513a"),
    ("#232020", "#1c1a1a", "#e3ded5"),
    ("#7d7770", "#4b4743", "#c9c2b8"),
    ("#d3c8b6", "#c7b79d", "#e8e2d6"),
)
"""Coat, saddle and underside of seven dogs."""


@dataclass(frozen=True)
class Go:
    """Go a smooth way through ``along`` (x, y) metres at ``speed`` m/s; the gait follows from the speed."""

    along: tuple[tuple[float, float], ...]
    speed: float = 1.1


@dataclass(frozen=True)
class Settle:
    """Be ``how`` ("sit", "lie" or "sniff") for ``seconds`` (None: from then on), getting down and up included."""

    how: str
    seconds: float | None = None


DogAction = Go | Settle | Stand | Turn | Idle
JOINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{name: name for name in ("spine", "chest", "neck", "head", "jaw")},
        "hips": "pelvis",
        "tail": "tail_4",
        "left_hand": "finger_l",
        "right_hand": "finger_r",
        "left_foot": "toe_l",
        "right_foot": "toe_r",
        "left_ear": "ear_l",
        "right_ear": "ear_r",
    }
)
"""A director's name of each joint besides "root" (the ground below) and "nose", and the rig's."""


@dataclass(frozen=True)
class Segment:
    """One action in time: seconds since its start to the stance and how much of it is going."""

    start: float
    stance: Callable[[float], tuple[Stance, float]]
    cut: bool = False


def dog(
    name: str,
    *,
    height: float = SHOULDER_M,
    coat: Sequence[str | None] = (None, None, None),
    actions: Sequence[DogAction] = (),
    stage: Stage | None = None,
    seed: int = 0,
) -> Actor:
    """A dog called ``name``.

    height: of its shoulders, metres, 0.2–1. coat: of the coat, the back and the underside, '#rrggbb' each, or None for
    one by ``seed``; with a coat alone, back and underside are shades of it. Raises ValueError with one sentence.
    """
    if not (np.isfinite(height) and 0.2 <= height <= 1.0):
        raise ValueError(f"{name}: height is {height} m; a dog's shoulders are 0.2 m to 1 m high")
    source, part = _baked()
    size = height / SHOULDER_M
    rig = Rig(source.names, source.parents, source.heads * size)
    rest = _ours(part.vertices) * np.float32(size)
    weights = _weights(part, len(rig.names))
    rng = np.random.default_rng(seed_from("dog", name, seed))
    colours = _coat(coat, rng)
    materials = []
    for region in part.regions:
        r, g, b = (float(c) for c in linear_from_hex(colours[region]))
        kind = "fur" if region in ("coat", "saddle", "light", "ear") else "plastic"
        materials.append(
            replace(make(kind, (r, g, b), name=f"{name}/{region}"), roughness=0.85 if kind == "fur" else 0.25)
        )
    mesh = Mesh(
        rest,
        part.faces,
        vertex_normals(rest, part.faces),
        box_uv(rest, vertex_normals(rest, part.faces)),
        part.region,
        tuple(materials),
    )
    offset = float(rng.uniform(0, 20))
    floor = (stage or Stage()).ground
    segments = choreographed(actions, Frame(rig, size), floor)
    root = partial(_at, segments, offset)

    @lru_cache(maxsize=256)
    def joints(time: float) -> Joints:
        return solved(rig, root(time), float(np.sin(2 * np.pi * (time + offset) / 2.1)))

    def pose(time: float) -> F32:
        return skinned(rig, rest, weights, joints(float(time)))

    def frame(which: str, time: float) -> F64:
        now, result = joints(float(time)), np.eye(4)
        if which == "root":
            paws = root(float(time)).paws
            middle = (now.position[rig.row("pelvis")] + now.position[rig.row("neck")]) / 2
            result[:3, 3] = [middle[0], middle[1], float(paws[:, 2].min())]
            return result
        if which == "nose":
            row = rig.row("head")
            result[:3, :3] = now.rotation[row]
            result[:3, 3] = now.position[row] + now.rotation[row] @ (np.array([0.0, 0.185, -0.018]) * size)
            return result
        if which not in JOINTS:
            near = nearest(which, [*JOINTS, "root", "nose"])
            hint = f"did you mean {near!r}?" if near else f"use {listed([*JOINTS, 'root', 'nose'])}"
            raise ValueError(f"{name}: there is no joint {which!r}: {hint}")
        row = rig.row(JOINTS[which])
        result[:3, :3], result[:3, 3] = now.rotation[row], now.position[row]
        return result

    def joint(which: str, time: float) -> F64:
        return frame(which, time)[:3, 3]

    return Actor(Thing(name, mesh, pose), joint, frame)


def _ours(points: F64 | F32) -> F32:
    """The file has +Y up and the animal facing +Z; ours has +Z up and faces +Y."""
    return np.stack([-points[..., 0], points[..., 2], points[..., 1]], axis=-1).astype(np.float32)


@lru_cache(maxsize=1)
def _baked() -> tuple[Rig, SkinnedPart]:
    asset = load_skinned(ASSETS / "dog.glb")
    heads = _ours(asset.world_from_joint[:, :3, 3]).astype(np.float64)
    return Rig(asset.joint_names, asset.parents, heads), asset.parts["dog"]


def _weights(part: SkinnedPart, count: int) -> csr_matrix:
    return weight_matrix(part.joints, part.weights, count)


def _coat(coat: Sequence[str | None], rng: np.random.Generator) -> dict[str, str]:
    drawn = COATS[int(rng.integers(len(COATS)))]
    said = coat[0]
    if said is not None:
        drawn = (said, _shade(said, 0.62), _shade(said, 1.45))
    top, saddle, light = (own or other for own, other in zip(coat, drawn, strict=True))
    return {
        "coat": top, "saddle": saddle, "light": light, "nose": "#17120f", "ear": _shade(light, 0.6), "eye": "#140c07",
    }  # fmt: skip


def _shade(colour: str, factor: float) -> str:
    digits = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(min(255.0, d * factor)):02x}" for d in digits)


def choreographed(actions: Sequence[DogAction], frame: Frame, ground: Ground) -> tuple[Segment, ...]:
    """The actions as segments, one after another. Raises ValueError for one that cannot be done."""
    place, heading, time = np.zeros(2), 0.0, 0.0
    for action in actions:
        if isinstance(action, Stand):
            place, heading = np.array(action.at, np.float64), action.facing
            break
        if isinstance(action, Go) and len(action.along) > 1:
            place = np.array(action.along[0], np.float64)
            step = np.subtract(action.along[1], action.along[0])
            heading = float(np.arctan2(-step[0], step[1]))
            break
    segments: list[Segment] = []
    for action in actions or (Idle(),):
        match action:
            case Stand(at, facing, seconds):
                place, heading = np.array(at, np.float64), facing
                segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground)), cut=True))
                time += _seconds(seconds)
            case Idle(seconds):
                segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground))))
                time += float("inf") if seconds is None else _seconds(seconds)
            case Settle(how, seconds):
                still = _stay(frame, place, heading, ground)
                length = float("inf") if seconds is None else max(_seconds(seconds), 2 * SETTLE_S)
                segments.append(Segment(time, partial(_settled, still, how, length)))
                time += length
            case Turn(facing, toward):
                if toward is not None:
                    facing = float(np.arctan2(-(toward[0] - place[0]), toward[1] - place[1]))
                by = float((facing - heading + np.pi) % (2 * np.pi) - np.pi)
                trek = _turning(frame, place, heading, by, ground)
                segments.append(Segment(time, partial(stance, trek)))
                heading, time = heading + by, time + trek.seconds
            case Go():
                trek = _going(frame, action, place, heading, bool(segments), ground)
                segments.append(Segment(time, partial(stance, trek)))
                time += trek.seconds
                place, heading = trek.body(trek.count)
            case _:
                raise ValueError(f"{action!r} is nothing that a dog does")
    segments.append(Segment(time, partial(stance, _stay(frame, place, heading, ground))))
    return tuple(segments)


def _at(segments: tuple[Segment, ...], offset: float, time: float) -> Stance:
    t = max(float(time), 0.0)
    index = max(k for k, segment in enumerate(segments) if segment.start <= t or k == 0)
    now = segments[index]
    result, going = now.stance(t - now.start)
    since = t - now.start
    if index > 0 and not now.cut and since < BLEND_S:
        before = segments[index - 1]
        earlier, went = before.stance(t - before.start)
        share = smooth(since / BLEND_S)
        result, going = blended(earlier, result, share), went + (going - went) * share
    return _alive(result, t + offset, 1.0 - going)


def _alive(now: Stance, t: float, share: float) -> Stance:
    """Breath, a wagging tail, a wandering look and flicking ears, laid over a stance."""
    keen = 0.5 + 0.5 * np.sin(2 * np.pi * t / 7.3) * np.sin(2 * np.pi * t / 17.0 + 1.0)
    wag = np.sin(2 * np.pi * 2.3 * t) * (0.12 + 0.5 * keen * share)
    look = np.sin(2 * np.pi * t / 6.7 + 0.7) * np.sin(2 * np.pi * t / 15.0 + 0.2)
    flick = max(0.0, np.sin(2 * np.pi * t / 4.1)) ** 24
    pant = 0.5 + 0.5 * np.sin(2 * np.pi * 2.6 * t)
    return replace(
        now,
        tail=now.tail + np.array([0.25 * keen * share, 0.05 * keen, wag]),
        neck=now.neck + share * np.array([0.02 * np.sin(2 * np.pi * t / 2.1), 0.0, 0.30 * look]),
        head=now.head + share * np.array([0.05 * look * look, 0.10 * np.sin(2 * np.pi * t / 11.0), 0.22 * look]),
        jaw=now.jaw + 0.10 * keen * pant,
        ears=now.ears + np.array([0.3 * flick, 0.12 * flick]),
        spine=now.spine + share * np.array([0.006 * np.sin(2 * np.pi * t / 2.1), 0.0, 0.04 * look]),
    )


def _stay(frame: Frame, place: F64, heading: float, ground: Ground) -> Trek:
    return planned(frame, gait_for(1.0, frame.size), lambda u: (place, heading), 0.0, 1.0, ground)


def _turning(frame: Frame, place: F64, heading: float, by: float, ground: Ground) -> Trek:
    count = max(float(np.ceil(abs(by) / 0.8)), 1.0)
    return planned(frame, gait_for(0.8, frame.size), lambda u: (place, heading + by * u / count), count, 0.85, ground)


def _going(frame: Frame, action: Go, place: F64, heading: float, moved: bool, ground: Ground) -> Trek:
    if not (np.isfinite(action.speed) and 0.1 <= action.speed <= 12):
        raise ValueError(f"a dog does not go at {action.speed} m/s: it walks at 1, trots at 2.5, runs at 6")
    points = [(float(x), float(y)) for x, y in action.along]
    if moved:
        ahead = place + 0.45 * frame.size * np.array([-np.sin(heading), np.cos(heading)])
        rest = [p for p in points if np.hypot(p[0] - place[0], p[1] - place[1]) > 0.3]
        turn = np.subtract(rest[0], place) if rest else np.zeros(2)
        away = turn @ np.array([-np.sin(heading), np.cos(heading)]) < 0.9 * np.hypot(*turn)
        points = [(float(place[0]), float(place[1])), *([(float(ahead[0]), float(ahead[1]))] if away else []), *rest]
    if len(points) < 2 or max(np.hypot(p[0] - points[0][0], p[1] - points[0][1]) for p in points) < 0.2:
        raise ValueError("a dog's way needs at least two points, 0.2 m or more apart")
    way = Way.through(np.array([(x, y, 0.0) for x, y in points]))
    length = stride_length(action.speed, frame)
    count = max(way.length / length, 0.5)
    stride = way.length / count

    def body(u: float) -> tuple[F64, float]:
        metres = u * stride
        ahead = way.direction(metres)
        return way.at(metres)[:2], float(np.arctan2(-ahead[0], ahead[1]))

    return planned(
        frame, gait_for(action.speed, frame.size), _unwrapped(body, count), count, stride / action.speed, ground
    )


def _unwrapped(body: Callable[[float], tuple[F64, float]], count: float) -> Callable[[float], tuple[F64, float]]:
    """The same with a heading that never jumps by a whole turn."""
    marks = np.linspace(0.0, count, max(int(count * 12), 16) + 1)
    headings = np.unwrap([body(float(u))[1] for u in marks])

    def smooth_body(u: float) -> tuple[F64, float]:
        return body(u)[0], float(np.interp(u, marks, headings))

    return smooth_body


def _settled(still: Trek, how: str, length: float, time: float) -> tuple[Stance, float]:
    """Down, staying, and up again."""
    down, up = time / SETTLE_S, (length - time) / SETTLE_S
    share = smooth(min(down, up, 1.0))
    stood, _ = stance(still, 0.0)
    size = still.frame.size
    at, heading = still.body(0.0)
    turned = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])

    def ours(x: float, y: float, z: float) -> F64:
        px, py = at + turned @ np.array([x, y]) * size
        return np.array([px, py, still.ground(float(px), float(py)) + z * size])

    if how == "sniff":
        sway = np.sin(2 * np.pi * time / 2.3)
        quick = np.sin(2 * np.pi * 3.4 * time)
        goal = replace(
            stood,
            pelvis=stood.pelvis + np.array([0, 0, -0.035 * size]),
            tilt=stood.tilt + np.array([-0.17, 0.0]),
            spine=np.array([-0.24, 0.0, 0.05 * sway]),
            neck=np.array([-1.62, 0.0, 0.22 * sway]),
            head=np.array([0.62 + 0.03 * quick, 0.0, 0.16 * sway]),
            tail=np.array([0.35, 0.12, 0.0]),
        )
        return blended(stood, goal, share), 0.8 * share
    if how == "sit":
        goal = replace(
            stood,
            pelvis=ours(0.0, -0.205, 0.150),
            tilt=np.array([0.74, 0.0]),
            spine=np.array([0.06, 0.0, 0.0]),
            neck=np.array([-0.30, 0.0, 0.0]),
            head=np.array([-0.40, 0.0, 0.0]),
            tail=np.array([0.55, 0.24, 0.0]),
            fold=np.array([1.28, 1.28, 0.0, 0.0]),
        )
        paws = [(-0.11, -0.055), (0.11, -0.055)]
    elif how == "lie":
        goal = replace(
            stood,
            pelvis=ours(0.0, -0.215, 0.160),
            tilt=np.array([0.09, 0.0]),
            spine=np.array([-0.02, 0.0, 0.0]),
            neck=np.array([0.16, 0.0, 0.0]),
            head=np.array([-0.16, 0.0, 0.0]),
            tail=np.array([0.05, 0.06, 0.0]),
            fold=np.array([1.35, 1.35, -1.42, -1.42]),
        )
        paws = [(-0.12, -0.055), (0.12, -0.055), (-0.075, 0.33), (0.075, 0.33)]
    else:
        raise ValueError(f"a dog does not {how!r}: it can sit, lie or sniff")
    result = blended(stood, goal, share)
    feet = stood.paws.copy()
    for k, (x, y) in enumerate(paws):  # one after the other is set down where it belongs
        own = smooth(min(max(share * 1.6 - (0.3 if k % 2 else 0.0), 0.0), 1.0))
        feet[k] = stood.paws[k] + (ours(x, y, 0.0) - stood.paws[k]) * own
        feet[k, 2] += 0.03 * size * np.sin(np.pi * own)
    return replace(result, paws=feet), 0.0


def _seconds(seconds: float) -> float:
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{seconds} is not a length of time in seconds")
    return float(seconds)
