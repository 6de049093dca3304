"""A frame of today asks a remembered view: what moved since, or was moved by an edit, stands where it stood then.

Correspondence poses what moves at the other frame's time. So what an edit has moved counts as moving (``loosened``),
and the view is given, for all that moves today, the places of then (``then``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from conditioning.memory_things import Body
from conditioning.memory_view import BEHIND_M, View
from render.frame import FrameGeometry, projection
from render.raster import GBuffer
from render.tables import tensor
from worldgen.conventions import F64
from worldgen.world import Snapshot


def displaced(views: Sequence[View], bodies: Mapping[int, Body], snapshot: Snapshot) -> list[Body]:
    """What never moves today and stood elsewhere in one of ``views``: it was moved by an edit of the scene."""
    found = set()
    for view in views:
        for thing, place in view.places.items():
            body = bodies[thing]
            still = body.rows.stop <= snapshot.static_vertices
            if still and place is not None and not np.array_equal(place, body.frame):
                found.add(thing)
    return [bodies[thing] for thing in sorted(found)]


def loosened(snapshot: Snapshot, gbuffer: GBuffer, things: Sequence[Body]) -> tuple[Snapshot, GBuffer]:
    """``snapshot`` with copies of the static ``things`` among what moves, and a frame of it that shows those."""
    triangle, vertices, faces, owners = gbuffer.triangle.copy(), [snapshot.vertices], [snapshot.faces], []
    first_vertex, first_face = len(snapshot.vertices), len(snapshot.faces)
    for body in things:
        shown = (triangle >= body.faces.start) & (triangle < body.faces.stop)
        triangle[shown] += np.int32(first_face - body.faces.start)
        vertices.append(snapshot.vertices[body.rows])
        faces.append(snapshot.faces[body.faces] + np.int32(first_vertex - body.first))
        owners.append(snapshot.face_object[body.faces])
        first_vertex, first_face = first_vertex + len(vertices[-1]), first_face + len(faces[-1])
    loose = replace(
        snapshot,
        vertices=np.concatenate(vertices),
        faces=np.concatenate(faces),
        face_object=np.concatenate([snapshot.face_object, *owners]),
    )
    return loose, replace(gbuffer, triangle=triangle)


def then(
    view: View, bodies: Mapping[int, Body], placed: Mapping[int, F64 | None], snapshot: Snapshot, loose: Sequence[Body]
) -> FrameGeometry:
    """The view's geometry, to be asked by a frame of today: all that may move stands where it stood then.

    placed: by id, where things of the frame stand, None for those whose shape changed. snapshot: the frame's, of which
    copies of ``loose`` are the last vertices.
    """
    first = snapshot.static_vertices
    camera = view.told.camera
    behind = camera.position - BEHIND_M * camera.world_from_camera[:3, 2]
    posed = np.tile(behind.astype(np.float32), (len(snapshot.vertices) - first, 1))
    at = len(snapshot.vertices) - sum(body.version.vertices for body in loose)
    copies = {}
    for body in loose:
        copies[body.thing] = slice(at, at + body.version.vertices)
        at += body.version.vertices
    for thing, place in view.places.items():
        rows = copies.get(thing, bodies[thing].rows)
        now = placed.get(thing)
        if rows.start < first:
            continue
        mine = slice(rows.start - first, rows.stop - first)
        if place is None:
            posed[mine] = view.posed[thing]
        elif now is not None:
            move = place @ np.linalg.inv(now)
            posed[mine] = snapshot.vertices[rows] @ move[:3, :3].T + move[:3, 3]
    from_world = projection(camera) @ camera.camera_from_world[:3, :3]
    places_then = (from_world @ (posed - camera.position).T).astype(np.float32)
    # No frame of today is of the view's time, even at the same second: scenes are edited.
    return replace(view.geometry, posed=tensor(places_then), time=float("nan"))
