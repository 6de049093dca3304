"""Crowds: people who stroll about without running into each other, and people who stand and talk in small groups.

Strollers are simulated once, before anything is posed: each heads for one place after another and is pushed aside by
whoever it would soon collide with, by the anticipatory power law of Karamouzas, Skinner & Guy (2014). What comes of it
is a timed track of each, on which feet are then planted as for any walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from worldgen.actions import Action, Idle, Look, Stand, Stroll, Talk
from worldgen.conventions import F64, seed_from, unit

Doing = Literal["stroll", "stand", "mixed"]
STEP_S: Final = 0.1
LEAD_S: Final = 4.0  # they have been walking for a while when the scene begins
CUTS: Final = 8
"""Kinds of body and clothes in a crowd: to sew one takes half a second."""
ROOM: Final = 0.36  # metres around each
NEAR: Final = 3.0  # seconds ahead that one minds

_TOPS: Final = ("#8b8f86", "#3d4f5c", "#a4553b", "#d8d2c4", "#5b6b4a", "#7a3342", "#2f3b52", "#b08d57", "#6b6f8a")
_COATS: Final = ("#6d5b45", "#2c2f36", "#7b6a58", "#3c4a3e", "#8a3b35", "#a89b86")
_SKIRTS: Final = ("#4a3a4f", "#2d3a4a", "#6a3d3a")
_HATS: Final = ("#5a3a34", "#33383f", "#7a7466")


@dataclass(frozen=True)
class Member:
    """One of a crowd. name: in the scene. arguments: what ``worldgen.character.human`` takes besides name and stage."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def crowd(
    name: str,
    count: int,
    low: tuple[float, float],
    high: tuple[float, float],
    doing: Doing = "mixed",
    seed: int = 0,
    obstacles: Sequence[tuple[float, float, float]] = (),
    seconds: float = 60.0,
) -> tuple[Member, ...]:
    """``count`` people called ``name-01`` …, in the rectangle from ``low`` to ``high`` (x, y) metres.

    obstacles: circles (x, y, radius) metres that nobody enters. seconds: how long strollers keep going. Raises
    ValueError when there is no room for so many.
    """
    corners = np.array([low, high], dtype=np.float64)
    if not (np.all(np.isfinite(corners)) and (corners[1] - corners[0] >= 1.0).all()):
        raise ValueError(f"{name}: a crowd needs a place at least 1 m wide and deep, given as [[x0, y0], [x1, y1]]")
    if not 1 <= count <= 200:
        raise ValueError(f"{name}: {count} people are no crowd: 1 to 200 can be")
    rng = np.random.default_rng(seed_from("crowd", name, seed))
    blocked = np.array(obstacles, dtype=np.float64).reshape(-1, 3)
    standing = {"stroll": 0, "stand": count, "mixed": count // 2}[doing]
    groups = _groups(name, standing, corners, blocked, rng)
    still = np.array([place for group in groups for place, _ in group]).reshape(-1, 2)
    rings = [np.array([place for place, _ in group]) for group in groups if len(group) > 1]
    talks = [[*ring.mean(0), float(np.linalg.norm(ring - ring.mean(0), axis=1).mean())] for ring in rings]
    kept = np.concatenate([blocked, np.array(talks).reshape(-1, 3)])  # nobody walks through a conversation
    tracks = _strolled(name, count - standing, corners, kept, still, rng, seconds)
    doings: list[tuple[Action, ...]] = []
    for group in groups:
        first = len(doings)
        names = [f"{name}-{first + k + 1:02d}" for k in range(len(group))]
        for k, (place, facing) in enumerate(group):
            doings.append(_standing(place, facing, names, k, seconds, rng))
    doings += [(Stroll(track, LEAD_S),) for track in tracks]
    return tuple(
        Member(
            f"{name}-{k + 1:02d}",
            {
                **_looks(seed_from(name, seed, "cut", k % CUTS), seed_from(name, seed, k)),
                "actions": actions,
                "detail": "low",
            },
        )
        for k, actions in enumerate(doings)
    )


def _looks(cut: int, seed: int) -> dict[str, Any]:
    """Body and clothes. ``cut``: seed of what is sewn, which few differ in; ``seed``: of colours and height."""
    body, own = np.random.default_rng(cut), np.random.default_rng(seed)
    masculine = float(body.integers(0, 2))
    extra = body.uniform()
    worn: dict[str, tuple[str, ...]] = {"top": _TOPS}
    if extra < 0.30:
        worn["coat"] = _COATS
    elif extra < 0.50 and masculine == 0:
        worn["skirt"] = _SKIRTS
    if body.uniform() < 0.12:
        worn["hat"] = _HATS
    return {
        "height": float(np.clip(own.normal(1.64 + 0.13 * masculine, 0.06), 1.45, 1.98)),
        "build": float(body.choice((-0.4, 0.0, 0.4))),
        "masculine": masculine,
        "hairstyle": "short" if masculine else str(body.choice(("bob", "bun"))),
        "wardrobe": {garment: str(own.choice(colours)) for garment, colours in worn.items()},
        "seed": int(own.integers(0, 2**31)),
    }


def _free(place: F64, taken: F64, room: float, blocked: F64) -> bool:
    far = len(taken) == 0 or float(np.linalg.norm(taken - place, axis=1).min()) > room
    return far and bool((np.linalg.norm(blocked[:, :2] - place, axis=1) > blocked[:, 2] + 0.35).all())


def _groups(
    name: str, count: int, corners: F64, blocked: F64, rng: np.random.Generator
) -> list[list[tuple[F64, float]]]:
    """Places and headings of people who stand, in rings of one to four that face each other."""
    groups: list[list[tuple[F64, float]]] = []
    taken = np.zeros((0, 2))
    left = count
    while left > 0:
        size = min(int(rng.choice((1, 2, 2, 3, 3, 4))), left)
        for _ in range(300):
            radius = 0.0 if size == 1 else 0.42 + 0.10 * size
            low, high = corners[0] + radius + 0.2, corners[1] - radius - 0.2
            middle = rng.uniform(np.minimum(low, high), np.maximum(low, high))
            turn = rng.uniform(0, 2 * np.pi) + 2 * np.pi * (np.arange(size) + rng.uniform(-0.1, 0.1, size)) / size
            places = middle + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
            if all(_free(place, taken, 1.0, blocked) for place in places):
                break
        else:
            raise ValueError(f"{name}: there is no room for {count} people to stand here: fewer, or a larger place")
        inward = rng.uniform(0, 2 * np.pi) if size == 1 else None
        groups.append([(p, float(np.arctan2(*((p - middle) * [1, -1]))) if inward is None else inward) for p in places])
        taken = np.concatenate([taken, places])
        left -= size
    return groups


def _standing(
    place: F64, facing: float, names: list[str], me: int, seconds: float, rng: np.random.Generator
) -> tuple[Action, ...]:
    """One of a group stands, listens and talks by turns."""
    actions: list[Action] = [Stand((float(place[0]), float(place[1])), facing)]
    others = [f"{n}.head" for k, n in enumerate(names) if k != me]
    if not others:
        return (*actions, Idle())
    time = float(rng.uniform(0, 6))
    if me > 0:
        actions += [Look(others[0]), Idle(time)]
    while time < seconds:
        other = str(rng.choice(others))
        talking, listening = float(rng.uniform(3, 7)), float(rng.uniform(3, 9))
        actions += [Talk(talking, other), Look(str(rng.choice(others))), Idle(listening)]
        time += talking + listening
    return tuple(actions)


def _strolled(
    name: str,
    count: int,
    corners: F64,
    blocked: F64,
    still: F64,
    rng: np.random.Generator,
    seconds: float,
) -> list[tuple[tuple[float, float, float], ...]]:
    """A track (seconds, x, y) of every stroller."""
    if count == 0:
        return []
    place = np.zeros((0, 2))
    for _ in range(count):
        for _ in range(300):
            here = rng.uniform(corners[0], corners[1])
            if _free(here, np.concatenate([place, still]), 0.9, blocked):
                break
        else:
            raise ValueError(f"{name}: there is no room for {count} people to stroll here: fewer, or a larger place")
        place = np.concatenate([place, here[None]])
    pace = rng.uniform(0.85, 1.3, count)

    def somewhere() -> F64:
        """A place to go to that is free of what stands."""
        for _ in range(50):
            there = rng.uniform(corners[0], corners[1])
            if _free(there, still, 1.0, blocked):
                break
        return there

    goal = np.array([somewhere() for _ in range(count)])
    velocity = pace[:, None] * unit(goal - place)
    fixed = np.concatenate([np.column_stack([still, np.full(len(still), ROOM)]), blocked])
    history = []
    for _ in range(int(np.ceil((seconds + LEAD_S) / STEP_S)) + 1):
        history.append(place.copy())
        again = np.linalg.norm(goal - place, axis=1) < 0.9
        if len(history) > 15:  # who has got stuck turns to another place
            again |= np.linalg.norm(place - history[-15], axis=1) < 0.5
        for k in np.flatnonzero(again):
            goal[k] = somewhere()
        force = (pace[:, None] * unit(goal - place) - velocity) / 0.8
        force += _anticipated(place, velocity, fixed)
        size = np.linalg.norm(force, axis=1, keepdims=True)
        velocity = velocity + STEP_S * force * np.minimum(1.0, 2.5 / np.maximum(size, 1e-9))
        speed = np.linalg.norm(velocity, axis=1, keepdims=True)
        velocity *= np.clip(speed, 0.45, 1.5) / np.maximum(speed, 1e-9)
        place = _apart(place + STEP_S * velocity, fixed)
    tracks = np.array(history)[:: int(0.5 / STEP_S)]
    times = np.arange(len(tracks)) * 0.5 - LEAD_S
    return [
        tuple((float(t), float(x), float(y)) for t, (x, y) in zip(times, tracks[:, k], strict=True))
        for k in range(count)
    ]


def _anticipated(place: F64, velocity: F64, fixed: F64) -> F64:
    """(N, 2) push on everybody by whoever and whatever it would collide with, the sooner the harder."""
    others = np.concatenate([place, fixed[:, :2]])
    moving = np.concatenate([velocity, np.zeros((len(fixed), 2))])
    radius = ROOM + np.concatenate([np.full(len(place), ROOM), fixed[:, 2]])
    apart = others[None] - place[:, None]
    closing = velocity[:, None] - moving[None]
    gap = (apart**2).sum(2) - np.minimum(radius, 0.99 * np.sqrt(np.maximum((apart**2).sum(2), 1e-9))) ** 2
    a, b = (closing**2).sum(2), (apart * closing).sum(2)
    inside = b * b - a * gap
    meets = (inside > 0) & (a > 1e-6) & (b > 0)
    root = np.sqrt(np.maximum(inside, 1e-9))
    when = np.where(meets, (b - root) / np.maximum(a, 1e-6), np.inf)
    np.fill_diagonal(when, np.inf)
    soon = np.where(np.isfinite(when) & (when > 1e-3), when, np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        strength = 1.5 * np.exp(-soon / NEAR) / np.maximum(soon, 0.15) ** 2 * (2 / np.maximum(soon, 0.15) + 1 / NEAR)
        way = (b[..., None] * closing - a[..., None] * apart) / root[..., None]
    way = np.where(np.isfinite(soon)[..., None], closing - way, 0.0) / np.maximum(a, 1e-6)[..., None]
    push = -np.where(np.isfinite(soon), strength, 0.0)[..., None] * way
    return np.asarray(push.sum(1))


def _apart(place: F64, fixed: F64) -> F64:
    """Places moved so that nobody stands in another, or in an obstacle."""
    for _ in range(2):
        others = np.concatenate([place, fixed[:, :2]])
        radius = ROOM + np.concatenate([np.full(len(place), ROOM), fixed[:, 2]])
        away = place[:, None] - others[None]
        distance = np.linalg.norm(away, axis=2)
        np.fill_diagonal(distance, np.inf)
        share = np.concatenate([np.full(len(place), 0.5), np.ones(len(fixed))])
        short = np.maximum(radius - distance, 0.0) * share
        place = place + (unit(away) * short[..., None]).sum(1)
    return place
