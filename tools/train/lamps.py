"""Lamps for the path tracer: points, spots, and glowing bodies that give their lamp's light."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64
from worldgen.light import Lamp
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]

BODY_M: Final = 0.35
"""What glows this near to a lamp is its body, metres."""


def lamp_light(mi: Any, lamp: Lamp) -> dict[str, Any]:
    """Mitsuba's point or spot light that is ``lamp``."""
    intensity = {"type": "rgb", "value": list(lamp.intensity)}
    if lamp.direction is None:
        return {"type": "point", "position": list(lamp.position), "intensity": intensity}
    aim = np.array(lamp.direction)
    side = np.eye(3)[int(np.argmin(np.abs(aim)))]
    towards = mi.ScalarTransform4f().look_at(list(lamp.position), list(np.array(lamp.position) + aim), list(side))
    full = min(float(np.degrees(lamp.cone * (1.0 - min(lamp.soft, 1.0)))), 0.99 * float(np.degrees(lamp.cone)))
    cutoff = float(np.degrees(lamp.cone))
    return {"type": "spot", "to_world": towards, "intensity": intensity, "cutoff_angle": cutoff, "beam_width": full}


def lamp_bodies(lamps: tuple[Lamp, ...], snapshot: Snapshot) -> tuple[list[tuple[I64, F64]], list[Lamp]]:
    """What glows, as faces and their radiance (3,), and the lamps without a body.

    A lamp that hangs in a body shines through it alone, since a point inside would be shaded: the body's radiance is
    such that it gives the lamp's flux. A spot light stays one, moved out of its body along its beam.
    """
    glows = np.flatnonzero(np.array([max(m.emission) > 0 for m in snapshot.materials])[snapshot.face_material])
    corners = snapshot.vertices[snapshot.faces[glows]].astype(np.float64)
    middle = corners.mean(1)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    free, bodies, bare = np.ones(len(glows), dtype=np.bool_), [], []
    for lamp in lamps:
        place = np.array(lamp.position)
        near = free & (np.linalg.norm(middle - place, axis=1) < BODY_M)
        if lamp.direction is not None:
            out = max([0.0, *((corners[near] - place) @ np.array(lamp.direction)).ravel()])
            x, y, z = place + (out + 0.01) * np.array(lamp.direction) * bool(near.any())
            bare.append(replace(lamp, position=(float(x), float(y), float(z))))
        elif area[near].sum() > 0:
            bodies.append((glows[near], 4.0 * np.array(lamp.intensity) / area[near].sum()))  # pi L A = 4 pi I
            free &= ~near
        else:
            bare.append(lamp)
    for index in np.unique(snapshot.face_material[glows[free]]):
        same = glows[free & (snapshot.face_material[glows] == index)]
        bodies.append((same, np.array(snapshot.materials[index].emission, dtype=np.float64)))
    return bodies, bare
