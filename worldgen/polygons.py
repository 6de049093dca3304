"""Polygons as triangles: most readers fan them out from their first corner, which fills the notches of hollow ones."""

from __future__ import annotations

import re

import mapbox_earcut
import numpy as np

from worldgen.conventions import F64

_MANY = re.compile(rb"^[ \t]*f(?:[ \t]+[-\d/]+){5,}[ \t]*\r?$", re.MULTILINE)
_VERTEX = re.compile(rb"^[ \t]*v[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)", re.MULTILINE)


def filled(ring: F64) -> list[tuple[int, int, int]]:
    """Rows of the corners ``ring (N, 3)`` of each triangle that fills the polygon, turning as it does."""
    fan = [(0, k, k + 1) for k in range(1, len(ring) - 1)]
    flat = ring - ring.mean(axis=0)
    normal = np.cross(flat, np.roll(flat, -1, axis=0)).sum(axis=0)
    if len(ring) < 4 or not np.isfinite(normal).all():
        return fan
    plane = np.ascontiguousarray(np.delete(flat, int(np.argmax(np.abs(normal))), axis=1))
    index = mapbox_earcut.triangulate_float64(plane, np.array([len(ring)], np.uint32))
    triples = np.asarray(index, np.int64).reshape(-1, 3)
    if not len(triples):
        return fan
    a, b, c = (ring[triples[:, k]] for k in range(3))
    if float(np.dot(np.cross(b - a, c - a).sum(axis=0), normal)) < 0:
        triples = triples[:, ::-1]
    return [(int(i), int(j), int(k)) for i, j, k in triples]


def triangulated_obj(text: bytes) -> bytes:
    """The OBJ file with every face of five corners and more written as triangles.

    Raises ValueError where such a face names vertices that do not exist.
    """
    if _MANY.search(text) is None:
        return text
    places = [match.start() for match in _VERTEX.finditer(text)]
    vertices = np.array([[float(x) for x in match.groups()] for match in _VERTEX.finditer(text)]).reshape(-1, 3)

    def written(match: re.Match[bytes]) -> bytes:
        corners = match.group().split()[1:]
        before = int(np.searchsorted(places, match.start()))
        rows = np.array([int(corner.split(b"/")[0]) for corner in corners])
        rows = np.where(rows < 0, before + rows, rows - 1)
        if rows.min() < 0 or rows.max() >= len(vertices):
            raise ValueError("a face is between vertices that do not exist")
        triples = filled(vertices[rows])
        return b"\n".join(b"f " + b" ".join(corners[k] for k in triple) for triple in triples)

    return _MANY.sub(written, text)
