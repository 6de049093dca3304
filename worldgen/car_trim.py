"""What is fixed to a car's hull: lamps, grille, number plates, seams, handles and mirrors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worldgen.car_hull import BULGE, Hull
from worldgen.conventions import F64
from worldgen.kit import ALL_SIDES, Kit, placed, smooth_normals
from worldgen.material import Material, make
from worldgen.mesh import Mesh, box_uv
from worldgen.sets.palette import Rng, tint
from worldgen.shapes import rounded_box

Vector = tuple[float, float, float]


def _strip(kit: Kit, path: F64, low: float, high: float, material: Material) -> None:
    """An upright strip along ``path (N, 2)`` between two heights, seen from the side that its path's left faces."""
    z = np.ones(len(path) - 1)[:, None]
    a, b = path[:-1], path[1:]
    corners = [np.hstack([a, low * z]), np.hstack([b, low * z]), np.hstack([b, high * z]), np.hstack([a, high * z])]
    kit.quads(np.stack(corners, axis=1), material)


def _around(kit: Kit, path: F64, ends: tuple[float, float], low: float, high: float, material: Material) -> None:
    """A strip around a corner; ``ends``: +1 at the nose or -1 at the tail, and the side."""
    _strip(kit, path if ends[0] * ends[1] > 0 else path[::-1], low, high, material)


def _lens(kind: str, colour: str) -> Material:
    plain = tint(kind, colour)
    return replace(plain, name=f"car-lens-{colour[1:]}", roughness=0.1, texture=None)


def lamps(kit: Kit, hull: Hull) -> tuple[Vector, ...]:
    """Headlights and tail lights, drawn around the corners; returns where the headlights shine from."""
    form = hull.form
    wide, tall = form.lamp
    tall_body = form.roof > 2.5
    lights = []
    black = tint("plastic", "#17181a")
    for end in (1.0, -1.0):
        half, sill, belt, _ = (float(v[0]) for v in hull.at(np.array([hull.nose if end > 0 else hull.tail])))
        z = sill + 0.66 * (belt - sill) if not tall_body else sill + 0.35
        size = tall if end > 0 else 1.2 * tall
        inward = wide * (0.8 if end > 0 else 0.55)
        for s in (1.0, -1.0):
            back = 0.15 if end > 0 else 0.12
            rim = hull.outline(end, s, back + 0.012, inward + 0.012, 0.006)
            _around(kit, rim, (end, s), z - size / 2 - 0.012, z + size / 2 + 0.012, black)
            glass = hull.outline(end, s, back, inward, 0.012)
            if end > 0:
                _around(kit, glass, (end, s), z - size / 2, z + size / 2, _lens("ceramic", "#868f94"))
                bulb = hull.outline(end, s, 0.0, inward * 0.82, 0.015)[1:]
                _around(kit, bulb, (end, s), z - size * 0.3, z + size * 0.3, make("chrome"))
                amber = hull.outline(end, s, back, 0.0, 0.015)[:4]
                _around(kit, amber, (end, s), z - size * 0.42, z + size * 0.42, _lens("plastic", "#b8661c"))
                lights.append((s * (half - inward / 2), hull.nose + 0.06, z))
            else:
                _around(kit, glass, (end, s), z - size / 2, z + size / 2, _lens("plastic", "#7e1214"))
                clear = hull.outline(end, s, 0.0, inward * 0.9, 0.015)[1:]
                _around(kit, clear, (end, s), z - size * 0.38, z - size * 0.12, _lens("ceramic", "#b9b2ac"))
    return tuple(lights)


def _front(hull: Hull, end: float, x0: float, x1: float, out: float) -> F64:
    """(2 or 3, 2) x and y straight across the nose or the tail, ``out`` metres off the skin."""
    tip, bulge = (hull.nose, BULGE[1]) if end > 0 else (hull.tail, BULGE[0])
    half = float(hull.at(np.array([tip]))[0][0])
    x = np.array([x0, 0.0, x1]) if x0 < 0 < x1 else np.array([x0, x1])
    path = np.stack([x, tip + end * (bulge * (1 - np.abs(x) / half) + out)], axis=1)
    return path[::-1] if end > 0 else path


def _plate(kit: Kit, rng: Rng, y: float, end: float, z: float) -> None:
    """A number plate whose back is at ``y`` and its lower edge at ``z``, with seven signs."""
    low, high = sorted((y, y + 0.012 * end))
    kit.boxes([[-0.25, low, z]], [[0.25, high, z + 0.105]], tint("plastic", "#c4c4bc"), ALL_SIDES)
    x = np.linspace(-0.2, 0.2, 8)[[0, 1, 3, 4, 5, 6, 7]]
    wide = rng.uniform(0.006, 0.019, 7)
    low, high = sorted((y + 0.012 * end, y + 0.0135 * end))
    e = np.ones(7)
    kit.boxes(
        np.stack([x - wide, low * e, (z + 0.024) * e], 1),
        np.stack([x + wide, high * e, (z + 0.081) * e], 1),
        tint("plastic", "#22252a"),
        ALL_SIDES,
    )


def trim(kit: Kit, hull: Hull, paint: Material) -> None:
    """Grille, number plates, seams, handles and mirrors."""
    form, black = hull.form, tint("plastic", "#17181a")
    rng = np.random.default_rng(7)
    for end, out in ((hull.nose, 1.0), (hull.tail, -1.0)):
        half, sill, belt, _ = (float(v[0]) for v in hull.at(np.array([end])))
        tall = belt - sill
        if out > 0:
            inner = half - 0.8 * form.lamp[0] - 0.03
            low, high = sill + 0.52 * tall, sill + 0.8 * tall
            if form.roof > 2.5:
                low, high = sill + 0.28, sill + 0.42
            _strip(kit, _front(hull, out, -inner, inner, 0.006), low, high, black)
            for z in np.linspace(low, high, 5)[1:-1]:
                _strip(kit, _front(hull, out, -inner, inner, 0.011), z - 0.004, z + 0.004, make("chrome"))
            inner = 0.7 * half
            _strip(kit, _front(hull, out, -inner, inner, 0.006), sill + 0.05 * tall, sill + 0.16 * tall, black)
        bulge = BULGE[1] if out > 0 else BULGE[0]
        _plate(kit, rng, end + out * bulge * 0.8, out, sill + (0.24 * tall if out > 0 else 0.26 * tall))
    _seams(kit, hull, black)
    _handles(kit, hull, paint)
    _mirrors(kit, hull, black)


def _seams(kit: Kit, hull: Hull, black: Material) -> None:
    for y in hull.form.doors:
        line = hull.ring(np.array([y]))[0, 1:6]
        for s in (1.0, -1.0):
            edge = (line + np.array([0.0015, 0.0, 0.0])) * [s, 1.0, 1.0]
            across = np.array([0.0, 0.005, 0.0])
            quads = np.stack([edge[:-1] - across, edge[1:] - across, edge[1:] + across, edge[:-1] + across], axis=1)
            kit.quads(quads if s < 0 else quads[:, ::-1], black)


def _handles(kit: Kit, hull: Hull, paint: Material) -> None:
    for y in hull.form.doors[1:]:
        half, sill, belt, _ = (float(v[0]) for v in hull.at(np.array([y])))
        z = sill + 0.8 * (belt - sill)
        for s in (1.0, -1.0):
            kit.tube(
                [[s * half * 0.98, y + 0.07, z], [s * (half + 0.025), y + 0.09, z], [s * (half + 0.025), y + 0.21, z],
                 [s * half * 0.98, y + 0.23, z]], 0.012, paint, 6,
            )  # fmt: skip


def _mirrors(kit: Kit, hull: Hull, black: Material) -> None:
    form = hull.form
    y = form.cabin[0][0] - 0.32 if form.roof < 2.5 else hull.nose - 0.12
    belt = float(hull.at(np.array([y]))[2][0])
    vertices, faces = rounded_box((0.18, 0.1, 0.125), 0.035, 2)
    v, f, normal, _ = smooth_normals(vertices.astype(np.float32), faces, 0.6)
    mirror = Mesh(v, f, normal, box_uv(v, normal), np.zeros(len(f), np.int32), (black,))
    for s in (1.0, -1.0):
        z = belt + (0.04 if form.roof < 2.5 else 0.9)
        kit.mesh(mirror, placed(s * (form.waist + 0.115), y, z))
        x0, x1 = sorted((s * (form.waist - 0.1), s * (form.waist + 0.08)))
        kit.boxes([[x0, y - 0.03, z + 0.02]], [[x1, y + 0.03, z + 0.05]], black, ALL_SIDES)
