"""People as OpenPose draws them: eighteen points and seventeen limbs each, in the colours that pose controls know.

The points come from the characters themselves, so they are exact and never flicker. A point is drawn if it is seen, or
hidden only by its own body, as OpenPose too guesses a far arm; of a face only what is turned to the camera is drawn.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, U8, stable_id
from worldgen.landmarks import BODY_POINTS, FACE_POINTS
from worldgen.world import World

LIMBS: Final = tuple(
    (BODY_POINTS.index(a), BODY_POINTS.index(b))
    for a, b in (
        ("neck", "right_shoulder"), ("neck", "left_shoulder"), ("right_shoulder", "right_elbow"),
        ("right_elbow", "right_wrist"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
        ("neck", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
        ("neck", "left_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"),
        ("neck", "nose"), ("nose", "right_eye"), ("right_eye", "right_ear"), ("nose", "left_eye"),
        ("left_eye", "left_ear"),
    )
)  # fmt: skip
"""Pairs of points, in OpenPose's order."""
COLOURS: Final[U8] = np.array(
    [np.rint(np.array(colorsys.hsv_to_rgb(k / 18, 1, 1)) * 255) // 85 * 85 for k in range(18)], dtype=np.uint8
)
"""(18, 3) of points; a limb has that of its place in ``LIMBS``, darker."""
_LIMB_SHADE: Final = 0.6
STICK: Final = 4.0 / 512.0
"""Half the width of a limb, and the radius of a point, over the picture's shorter side, as OpenPose draws them."""
_SLENDER: Final = 0.02
"""The same at most over a person's height in the picture, so that the far ones do not become blots."""
_FINE: Final = 4
"""Times the picture's size at which it is drawn, then averaged."""

SEEN, OWN, HIDDEN, OUTSIDE = 3, 2, 1, 0
"""What becomes of a point: seen; hidden by its own body; hidden by something else; not in the picture, or unknown."""
_DRAWN: Final = OWN

_BEFORE: Final = 0.13
"""Of a person's height, what of the body lies before a joint in it that is seen."""
_ON_SKIN: Final = 0.045
"""Of a person's height, how far the surface may lie before a point of the face that is seen (hair, glasses)."""


@dataclass(frozen=True)
class Person:
    """One person in a picture. Arrays are over ``BODY_POINTS``.

    name: of the thing. place: (18, 3) world metres, nan where unknown. xy: (18, 2) pixels. depth: (18,) metres along
    the camera's axis. state: (18,) int32: ``SEEN``, ``OWN``, ``HIDDEN`` or ``OUTSIDE``.
    """

    name: str
    place: F64
    xy: F64
    depth: F64
    state: I32


def people(world: World, time: float, camera: Camera, depth: F32, object_id: I32) -> list[Person]:
    """Everybody in the picture, the farthest first. depth, object_id: (H, W) what ``camera`` sees at ``time``."""
    found = []
    for thing in world.things:
        known = {} if thing.landmarks is None else thing.landmarks(time)
        if not known:
            continue
        place = np.array([known.get(point, np.full(3, np.nan)) for point in BODY_POINTS])
        xy, along = camera.project(place)
        tall = float(np.nanmax(place, axis=0)[2] - np.nanmin(place, axis=0)[2])
        state = _states(stable_id(thing.name), max(tall, 0.6), xy, along, camera, depth, object_id)
        if (state > OUTSIDE).any():
            found.append(Person(thing.name, place, xy, along, state))
    return sorted(found, key=lambda person: -float(np.nanmean(person.depth)))


def _states(number: int, tall: float, xy: F64, along: F64, camera: Camera, depth: F32, object_id: I32) -> I32:
    """(18,) what becomes of each point of the thing ``number``."""
    state = np.full(len(xy), OUTSIDE, dtype=np.int32)
    for k, name in enumerate(BODY_POINTS):
        (x, y), z = xy[k], along[k]
        if not (np.isfinite(z) and z > camera.near and 0 <= x < camera.width and 0 <= y < camera.height):
            continue
        on_skin = name in FACE_POINTS
        reach = 1 if on_skin else 0  # a point on the outline may fall beside it by a pixel
        rows = slice(max(0, int(y) - reach), int(y) + reach + 1)
        columns = slice(max(0, int(x) - reach), int(x) + reach + 1)
        mine = object_id[rows, columns] == number
        before = z - depth[rows, columns]
        if (mine & (before < (_ON_SKIN if on_skin else _BEFORE) * tall)).any():
            state[k] = SEEN
        elif on_skin:
            state[k] = HIDDEN
        elif mine.any():
            state[k] = OWN
        else:
            state[k] = SEEN if before.max() <= 0 else HIDDEN
    return state


def drawn(everybody: Sequence[Person], width: int, height: int, stick: float = STICK) -> U8:
    """(H, W, 3) OpenPose's picture: points over limbs on black, anti-aliased, the nearest person on top.

    stick: half the width of a limb over the picture's shorter side; less where a person is small.
    """
    canvas = Image.new("RGB", (width * _FINE, height * _FINE))
    draw = ImageDraw.Draw(canvas)
    for person in everybody:
        xy, shown = person.xy * _FINE, person.state >= _DRAWN
        if not shown.any():
            continue
        tall = float(np.ptp(person.xy[person.state > OUTSIDE], axis=0).max())
        thick = max(0.6, min(stick * min(width, height), _SLENDER * tall)) * _FINE
        for limb, (a, b) in enumerate(LIMBS):
            if shown[a] and shown[b]:
                colour = tuple(int(c * _LIMB_SHADE) for c in COLOURS[limb].tolist())
                draw.polygon([tuple(p) for p in _ellipse(xy[a], xy[b], thick).tolist()], fill=colour)
        for k in np.flatnonzero(shown):
            x, y = xy[k]
            draw.ellipse((x - thick, y - thick, x + thick, y + thick), fill=tuple(COLOURS[k].tolist()))
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def _ellipse(a: F64, b: F64, half_width: float) -> F64:
    """(48, 2) outline of the ellipse that reaches from ``a`` to ``b``."""
    along = (b - a) / 2
    length = float(np.hypot(*along))
    across = np.array([-along[1], along[0]]) / max(length, 1e-9) * half_width
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)[:, None]
    return np.asarray((a + b) / 2 + np.cos(turn) * along + np.sin(turn) * across)


def as_openpose(everybody: Sequence[Person], width: int, height: int) -> dict[str, Any]:
    """OpenPose's JSON (x, y, confidence; 0, 0, 0 for what is not drawn), and what it has no place for.

    Confidence is 1 for what is seen and 0.5 for what its own body hides. ``name``, and for all eighteen points
    ``points`` (x, y in pixels, depth in metres; null where unknown) and ``state`` (3 seen, 2 hidden by its own body,
    1 by something else, 0 outside), are ours.
    """
    found = []
    for person in everybody:
        shown = person.state >= _DRAWN
        sure = np.where(person.state == SEEN, 1.0, 0.5)[:, None]
        flat = np.where(shown[:, None], np.concatenate([person.xy, sure], axis=1), 0.0)
        points = np.concatenate([person.xy, person.depth[:, None]], axis=1)
        there = np.isfinite(points).all(1) & (person.depth > 0)
        found.append(
            {
                "person_id": [-1],
                "name": person.name,
                "pose_keypoints_2d": [round(float(v), 3) for v in flat.reshape(-1)],
                "face_keypoints_2d": [],
                "hand_left_keypoints_2d": [],
                "hand_right_keypoints_2d": [],
                "points": [
                    [round(float(v), 3) for v in p] if ok else None for p, ok in zip(points, there, strict=True)
                ],
                "state": person.state.tolist(),
            }
        )
    return {"version": 1.3, "canvas_width": width, "canvas_height": height, "people": found}
