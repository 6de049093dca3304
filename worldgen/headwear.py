"""Hats with a shape of their own, glasses and beards. Lengths are metres on the baked body."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.conventions import F64
from worldgen.figure import Figure
from worldgen.hair import hat
from worldgen.tailoring import Cloth, clipped, halved, hemmed, inflated, lofted, relaxed, sewn
from worldgen.wardrobe import Piece

HATS: Final = ("beanie", "cap", "brim")


def _on_head(figure: Figure, rings: F64, closed: bool = True) -> Cloth:
    """A surface through ``rings (R, N, 3)``, given from between the eyes, that goes with the head."""
    count = rings.shape[0] * rings.shape[1]
    weights = np.zeros((count, len(figure.rig.names)))
    weights[:, figure.rig.row("head")] = 1.0
    return lofted(rings + figure.eye_centres.mean(0), csr_matrix(weights), closed)


def headwear(figure: Figure, style: str) -> list[Piece]:
    """A hat of a style of ``HATS``."""
    if style == "beanie":
        return hat(figure)
    crown = hat(figure)[0]
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    p = crown.cloth.points - figure.eye_centres.mean(0)
    rim = np.abs(p[:, 2] - 0.055) < 0.012
    angle, radius = np.arctan2(p[rim, 0], p[rim, 1] + 0.083), np.hypot(p[rim, 0], p[rim, 1] + 0.083)
    bins = np.digitize(angle, np.linspace(-np.pi, np.pi, 25))
    girth = np.array([radius[bins == b].max(initial=0.09) for b in range(1, 25)])
    at = np.linspace(-np.pi, np.pi, 25)[:-1] + np.pi / 24
    out = np.interp(around, at, girth, period=2 * np.pi)
    front = np.clip(np.cos(around), 0, 1)
    wide = 0.075 + 0 * front if style == "brim" else 0.078 * np.clip((front - 0.45) / 0.4, 0, 1)
    profile = [
        (-0.012, -0.003),
        (0.0, -0.003),
        (0.5, -0.006),
        (1.0, -0.012),
        (1.0, -0.007),
        (0.5, 0.0),
        (-0.012, 0.006),
    ]
    rings = []
    for share, up in profile:
        r = out + (share * wide if share >= 0 else share)
        droop = -0.16 * np.maximum(share, 0) * wide * (front if style == "cap" else 0.4)
        rings.append(np.stack([r * np.sin(-around), r * np.cos(around) - 0.083, 0.050 + up + droop], axis=1))
    brim = _on_head(figure, np.array(rings))
    kind = "cloth" if style == "cap" else "velvet"
    return [replace(crown, kind=kind), Piece("brim", "hat", kind, 0.85, brim)]


def glasses(figure: Figure) -> list[Piece]:
    """Round rims, a bridge and temples to the ears."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    tube = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    parts = []
    apart = float(figure.eye_centres[1, 0])
    for side in (-1.0, 1.0):
        rings = []
        for a in tube:
            r = 0.0205 + 0.0013 * np.cos(a)
            y = np.full(len(turn), 0.0245 + 0.0013 * np.sin(a))
            rings.append(np.stack([side * (apart + 0.003) + r * np.cos(turn), y, 0.9 * r * np.sin(turn)], axis=1))
        parts.append(_on_head(figure, np.array([*rings, rings[0]])))
        temple = np.array(
            [[apart + 0.0235, 0.0240, 0.004], [0.070, 0.010, 0.004], [0.077, -0.080, 0.0], [0.076, -0.1, -0.014]]
        )
        parts.append(_bar(figure, temple * [side, 1, 1], 0.0013))
    nose = apart + 0.003 - 0.0205
    parts.append(_bar(figure, np.array([[-nose, 0.0245, 0.003], [0.0, 0.027, 0.006], [nose, 0.0245, 0.003]]), 0.0013))
    return [Piece("glasses", "glasses", "metal", 1.0, sewn(parts))]


def _bar(figure: Figure, path: F64, radius: float) -> Cloth:
    """A thin bar along ``path (N, 3)``, given from between the eyes."""
    turn = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, along)
    rings = path[:, None] + radius * (
        np.cos(turn)[None, :, None] * side[:, None] + np.sin(turn)[None, :, None] * up[:, None]
    )
    return _on_head(figure, rings)


def beard(figure: Figure) -> list[Piece]:
    """A short full beard: cheeks, chin and upper lip."""
    body = figure.body
    near = figure.share(body, "head", "neck_01") - 0.5
    lips = np.zeros(len(body.points), dtype=bool)
    lips[np.unique(body.faces[figure.lips])] = True
    mouth = body.points[lips].mean(0)
    p = body.points - mouth
    cloth = halved(clipped(body, near, np.where((p[:, 1] > -0.11) & (np.abs(p[:, 2]) < 0.07), 1.0, -1.0)))
    q = cloth.points - mouth
    back = np.clip(-q[:, 1] / 0.09, 0, 1)
    top = 0.017 + 0.042 * back - q[:, 2]
    chin = q[:, 2] + 0.056 - 0.012 * back
    ears = q[:, 1] + 0.088
    gap = np.hypot(q[:, 0] / 0.027, (q[:, 2] + 0.001) / 0.0115) - 1.0
    open_mouth = np.where(q[:, 1] > -0.03, 0.02 * gap, 1.0)
    cloth = clipped(cloth, top, chin, ears, open_mouth)
    q = cloth.points - mouth
    edge = np.minimum.reduce([(0.017 + 0.042 * np.clip(-q[:, 1] / 0.09, 0, 1) - q[:, 2]), q[:, 1] + 0.088])
    thick = 0.0022 + 0.007 * np.clip(relaxed(edge, cloth, 3) / 0.03, 0, 1)
    thick += 0.0011 * np.sin(310 * q[:, 0]) * np.sin(240 * q[:, 2] + 40 * q[:, 0])
    return [Piece("beard", "beard", "hair", 1.0, hemmed(inflated(cloth, thick), 0.002, 0.002))]
