"""Hair, brows, eyes and hats: what a head wears. Lengths are metres on the baked body."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.conventions import F64
from worldgen.figure import Figure
from worldgen.tailoring import Cloth, clipped, halved, hemmed, inflated, lofted, relaxed, sewn, smoothed
from worldgen.wardrobe import Piece

STYLES: Final = ("short", "bob", "bun", "long", "ponytail", "curly", "bald")

# The hairline seen from the side: height over the eyes at a distance before the ears.
_LINE_Y: Final = (-0.12, -0.03, -0.005, 0.02, 0.026, 0.036, 0.048, 0.064, 0.085, 0.12)
_LINE_Z: Final = (-0.098, -0.090, -0.060, -0.03, -0.02, 0.020, 0.046, 0.058, 0.065, 0.068)


def _head(figure: Figure, points: F64) -> F64:
    """(V, 3) points from between the ears, level with the eyes."""
    eyes = figure.eye_centres.mean(0)
    return points - [0.0, eyes[1] - 0.083, eyes[2]]


def hairline(figure: Figure, points: F64) -> F64:
    """(V,) metres inside the hairline; negative on face, ears and neck."""
    p = _head(figure, points)
    field = p[:, 2] - np.interp(p[:, 1], _LINE_Y, _LINE_Z)
    ear = np.hypot((p[:, 1] - 0.002) / 0.022, (p[:, 2] + 0.014) / 0.034) - 1.0
    field = np.minimum(field, np.where(np.abs(p[:, 0]) > 0.05, 0.03 * ear, 1.0))
    return field


def _scalp(figure: Figure, lift: float) -> Cloth:
    """The scalp within the hairline (moved down by ``lift``), finer and smoother than the body's."""
    body = figure.body
    head = figure.share(body, "head", "neck_01") - 0.5
    cloth = halved(halved(clipped(body, head, hairline(figure, body.points) + lift + 0.012)))
    ragged = 0.0035 * _locks(figure, cloth.points, 1)
    return clipped(cloth, hairline(figure, cloth.points) + lift + ragged)


def _locks(figure: Figure, points: F64, seed: int) -> F64:
    """(V,) about -1 … 1: hair gathers in locks that run from the crown."""
    p = _head(figure, points) - [0.0, -0.03, 0.08]
    angle = np.arctan2(p[:, 0], p[:, 1])
    drift = 5.0 * (p[:, 2] + 0.3 * p[:, 1])
    return (
        0.45 * np.sin(11 * angle + drift + seed)
        + 0.35 * np.sin(23 * angle - 1.7 * drift + 2.0 * seed)
        + 0.20 * np.sin(47 * angle + 2.3 * drift)
    )


def _cap(figure: Figure, volume: float, edge: float, seed: int, lift: float = 0.0) -> Cloth:
    """Hair over the scalp, ``edge`` metres thick at the hairline and ``volume`` more inside it."""
    cloth = smoothed(_scalp(figure, lift), 3)
    inside = np.clip(relaxed(hairline(figure, cloth.points), cloth, 2) / 0.05, 0, 1)
    inside = inside * inside * (3 - 2 * inside)
    up = np.clip(_head(figure, cloth.points)[:, 2] / 0.09, 0, 1)
    thick = edge + volume * inside * (0.65 + 0.35 * up)
    thick = thick + (0.0016 + 0.10 * thick) * _locks(figure, cloth.points, seed)
    normals = relaxed(cloth.normals, cloth, 12)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return replace(cloth, points=cloth.points + normals * thick[:, None])


def _rigid(figure: Figure, count: int, *bones: tuple[str, F64]) -> csr_matrix:
    """(count, J) weights given joint by joint."""
    weights = np.zeros((count, len(figure.rig.names)))
    for name, share in bones:
        weights[:, figure.rig.row(name)] = share
    return csr_matrix(weights)


def _curtain(figure: Figure, cap: Cloth, length: float, seed: int) -> Cloth:
    """Hair that goes on where ``cap`` ends: from sides and back, over the ears, to ``length`` metres below the eyes."""
    around = np.linspace(-2.02, 2.02, 97)  # 0 is behind
    top = 0.046
    p = _head(figure, cap.points)
    near = np.abs(p[:, 2] - top) < 0.012
    angle, girth = np.arctan2(-p[near, 0], -p[near, 1]), np.hypot(p[near, 0], p[near, 1])
    bins = np.digitize(around, np.linspace(-np.pi, np.pi, 49))
    mine = np.digitize(angle, np.linspace(-np.pi, np.pi, 49))
    ring = np.array([girth[mine == b].max(initial=0.07) for b in range(50)])[bins]
    for _ in range(12):
        ring = np.convolve(np.pad(ring, 2, mode="edge"), np.array([1, 2, 3, 2, 1]) / 9, "valid")
    ears = 0.012 * np.exp(-(((np.abs(around) - 1.5) / 0.45) ** 2))
    tuck = 0.10 * np.clip((np.abs(around) - 1.55) / 0.45, 0, 1) ** 2  # the front locks lie against the cheeks
    rings = []
    for z in np.linspace(top, -length, 24):
        down = (top - z) / (top + length)
        drop = np.clip((top - z) / 0.05, 0, 1)
        drop = drop * drop * (3 - 2 * drop)
        locks = 0.5 * np.sin(19 * around + 3 * down + seed) + 0.5 * np.sin(31 * around - 2 * down + 2.0 * seed)
        r = ring - 0.006 + 0.007 * drop + ears * drop
        r = r * (1 - tuck) * (1 + 0.016 * (0.2 + down) * locks * drop)
        r -= 0.022 * np.clip(np.cos(around), 0, 1) * down**2 + 0.008 * down**4  # in towards the nape
        ragged = 0.012 * down**6 * np.sin(9 * around + seed)
        rings.append(np.stack([-r * np.sin(around), -r * np.cos(around), z + ragged], axis=1))
    points = np.array(rings)[::-1, ::-1] + (figure.eye_centres.mean(0) - [0.0, 0.083, 0.0])
    count = points.shape[0] * points.shape[1]
    return lofted(points, _rigid(figure, count, ("head", np.ones(count))), closed=False)


def _ball(figure: Figure, centre: F64, radii: F64, bone: str = "head", wobble: float = 0.0) -> Cloth:
    """An ellipsoid at ``centre`` (3,) with half axes ``radii`` (3,); ``wobble`` winds locks around it."""
    polar = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, 20)[:, None]
    around = np.linspace(0, 2 * np.pi, 40, endpoint=False)[None]
    r = 1 + wobble * np.sin(5 * around + 9 * polar) * np.cos(polar)
    rings = np.stack(
        [r * np.cos(polar) * np.cos(around), r * np.cos(polar) * np.sin(around), np.sin(polar) + 0 * around], axis=-1
    )
    count = rings.shape[0] * rings.shape[1]
    return lofted(centre + rings * radii, _rigid(figure, count, (bone, np.ones(count))))


def _hanging(figure: Figure, cloth: Cloth, fall: float) -> Cloth:
    """``cloth`` that goes with the head above and, ``fall`` metres below the eyes, with the chest."""
    low = _head(figure, cloth.points)[:, 2]
    share = 0.8 * np.clip((-low - 0.10) / (fall - 0.10), 0, 1)
    weights = _rigid(figure, len(low), ("head", 1 - share), ("spine_03", share))
    return replace(cloth, weights=weights)


def _curls(figure: Figure, cap: Cloth, seed: int) -> Cloth:
    """``cap`` with its surface in curls."""
    p = _head(figure, cap.points)
    wave = np.sin(150 * p[:, 0] + seed) * np.sin(140 * p[:, 1] + 2.0) * np.sin(160 * p[:, 2] + 1.0)
    return replace(cap, points=cap.points + cap.normals * (0.008 * wave)[:, None])


def hair(figure: Figure, style: str, seed: int, under_hat: bool = False) -> list[Piece]:
    """Hair of a style of ``STYLES``; pressed flat under a hat."""
    if style == "bald":
        return []
    flat = 0.25 if under_hat else 1.0
    if style == "short":
        parts = [hemmed(_cap(figure, 0.022 * flat, 0.004, seed), 0.003, 0.004)]
    elif style == "bob":
        cap = _cap(figure, 0.017 * flat, 0.005, seed)
        parts = [hemmed(cap, 0.003, 0.004), hemmed(_curtain(figure, cap, 0.15, seed), 0.014, 0.01)]
    elif style == "long":
        cap = _cap(figure, 0.016 * flat, 0.005, seed)
        parts = [hemmed(cap, 0.003, 0.004)]
        parts.append(_hanging(figure, hemmed(_curtain(figure, cap, 0.27, seed), 0.014, 0.01), 0.27))
    elif style == "curly":
        parts = [hemmed(_curls(figure, _cap(figure, 0.044 * flat, 0.010, seed), seed), 0.003, 0.004)]
    elif style == "ponytail":
        band = figure.eye_centres.mean(0) + np.array([0.0, -0.083 - 0.100, 0.040])
        tail = _ball(figure, band + np.array([0.0, -0.016, -0.090]), np.array([0.026, 0.020, 0.118]), wobble=0.06)
        parts = [
            hemmed(_cap(figure, 0.009, 0.003, seed), 0.003, 0.004),
            _ball(figure, band, np.array([0.019, 0.022, 0.019])),
            _hanging(figure, tail, 0.30),
        ]
    else:
        knot = figure.eye_centres.mean(0) + np.array([0.0, -0.083 - 0.099, 0.030])
        parts = [
            hemmed(_cap(figure, 0.008, 0.003, seed), 0.003, 0.004),
            _ball(figure, knot, np.array([0.040, 0.034, 0.038]), wobble=0.05),
        ]
    return [Piece("hair", "hair", "hair", 1.0, sewn(parts))]


def hat(figure: Figure) -> list[Piece]:
    """A knitted cap down to the brow and over the tips of the ears."""
    body = figure.body
    p = _head(figure, body.points)
    level = p[:, 2] - 0.034 - 0.12 * p[:, 1]
    cloth = clipped(body, figure.share(body, "head") - 0.5, level)
    cloth = smoothed(halved(cloth), 30)
    level = _head(figure, cloth.points)[:, 2] - 0.034
    cloth = inflated(cloth, 0.017 + 0.012 * np.clip(level / 0.09, 0, 1))
    cloth = smoothed(cloth, 6)
    q = _head(figure, cloth.points)
    band = clipped(cloth, 0.068 - (q[:, 2] - 0.12 * q[:, 1]))
    return [
        Piece("hat", "hat", "cloth", 1.0, hemmed(cloth, 0.005)),
        Piece("hat band", "hat", "cloth", 0.85, hemmed(inflated(band, 0.005), 0.005, 0.005)),
    ]


def brows(figure: Figure) -> list[Piece]:
    """Two thin strips of hair above the eyes."""
    fine = halved(halved(_region(figure)))
    q = _head(figure, fine.points)
    x = np.abs(q[:, 0])
    along = (x - 0.013) / 0.038  # 0 by the nose, 1 at the temple
    middle = 0.0178 + 0.0038 * np.sin(np.pi * np.clip(along, 0, 1) ** 0.8) - 0.002 * along
    half = 0.0030 * (1 - 0.65 * np.clip(along, 0, 1) ** 2)
    strip = clipped(fine, half - np.abs(q[:, 2] - middle), np.minimum(x - 0.013, 0.051 - x))
    return [Piece("brows", "hair", "hair", 0.8, hemmed(inflated(strip, 0.0016), 0.0014, 0.0))]


def _region(figure: Figure) -> Cloth:
    """The forehead's lower half."""
    p = _head(figure, figure.body.points)
    inside = (p[:, 1] > 0.05) & (p[:, 2] > 0.008) & (p[:, 2] < 0.045)
    return clipped(figure.body, np.where(inside, 1.0, -1.0))


def lashes(figure: Figure) -> list[Piece]:
    """The dark edge of the upper eyelids."""
    parts = []
    for centre in figure.eye_centres:
        away = np.linalg.norm(figure.body.points - centre, axis=1)
        lid = halved(clipped(figure.body, np.where(away < 2.2 * figure.eye_radius, 1.0, -1.0)))
        q = (lid.points - centre) / figure.eye_radius
        r = np.linalg.norm(q, axis=1)
        parts.append(clipped(lid, r - 0.96, 1.285 - r, q[:, 2] + 0.07, q[:, 1] - 0.35, 0.36 - q[:, 2]))
    return [Piece("lashes", "hair", "hair", 0.4, inflated(sewn(parts), 0.0003))]


def eyes(figure: Figure) -> list[Piece]:
    """Two balls with iris and pupil, as three pieces: white, iris, pupil."""
    rings = np.radians([0.5, 10.0, 13.0, 25.0, 28.0, 45.0, 70.0, 100.0])
    names = (("pupil", 0, 2), ("iris", 1, 4), ("white", 3, 8))
    around = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    pieces = []
    for name, first, last in names:
        parts = []
        for centre, bone in zip(figure.eye_centres, ("eye_l", "eye_r"), strict=True):
            lift = 1.0 + (0.004 if name != "white" else 0.0)
            polar = rings[first:last][:, None]
            ring = np.stack(
                [np.sin(polar) * np.cos(around), np.cos(polar) + 0 * around, np.sin(polar) * np.sin(around)], axis=-1
            )
            points = centre + ring * figure.eye_radius * lift
            count = points.shape[0] * points.shape[1]
            parts.append(lofted(points, _rigid(figure, count, (bone, np.ones(count)))))
        pieces.append(Piece(name, name, "eye", 1.0, sewn(parts)))
    return pieces
