"""Coats and skirts: shells around both legs as one. Lengths are metres on the baked body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix, lil_matrix

from worldgen.conventions import F64, unit
from worldgen.figure import Figure
from worldgen.tailoring import Cloth, clipped, hemmed, inflated, lofted, sewn, smoothed
from worldgen.wardrobe import ARM, Piece, along_arm, around_spine, draped, neck_field, sleeves, tube_top


def _skirt_weights(figure: Figure, points: F64, stiff: float) -> csr_matrix:
    """Weights of a tube around both legs: hips at the top, then each half with its thigh, blended across the middle.

    stiff: how much of the lower hem stays with the hips.
    """
    hips, knee = figure.joint("pelvis")[2], figure.joint("calf_l")[2]
    down = np.clip((hips + 0.02 - points[:, 2]) / (0.7 * (hips - knee)), 0, 1)
    follow = (1 - stiff) * down * down * (3 - 2 * down)
    right = np.clip(points[:, 0] / 0.22 + 0.5, 0, 1)
    right = right * right * (3 - 2 * right)
    up = np.clip((points[:, 2] - hips) / 0.08, 0, 1)
    weights = lil_matrix((len(points), len(figure.rig.names)))
    weights[:, figure.rig.row("thigh_r")] = (follow * right)[:, None]
    weights[:, figure.rig.row("thigh_l")] = (follow * (1 - right))[:, None]
    weights[:, figure.rig.row("pelvis")] = ((1 - follow) * (1 - up))[:, None]
    weights[:, figure.rig.row("spine_01")] = ((1 - follow) * up)[:, None]
    return weights.tocsr()


def _tube(
    figure: Figure,
    top_z: float,
    hem_z: float,
    ease: float,
    flare: float,
    folds: float,
    bodice: Cloth | None = None,
    over: float = -0.003,
) -> Cloth:
    """The skirt tube between two heights, ``ease`` metres out, ``flare`` metres more at the hem, with hanging folds.

    bodice: what it is sewn to: at the top the tube takes its girth, ``over`` metres further out.
    """
    source = figure.skirt
    cloth = clipped(source, top_z - source.points[:, 2], source.points[:, 2] - hem_z)
    cloth = smoothed(cloth, 4)
    angle, radius = around_spine(figure, cloth.points)
    down = np.clip((top_z - cloth.points[:, 2]) / (top_z - hem_z), 0, 1)
    wave = np.sin(9 * angle + 0.7) + 0.5 * np.sin(14 * angle + 2.0)
    wider = 1 + (ease + flare * down**1.3 + folds * down**1.5 * wave) / np.maximum(radius, 0.05)
    if bodice is not None:
        near = np.abs(bodice.points[:, 2] - top_z) < 0.04
        near &= figure.share(bodice, *ARM) < 0.3
        girth = np.interp(angle, *around_spine(figure, bodice.points[near]), period=2 * np.pi) + over
        fade = np.clip(1 - down / 0.28, 0, 1) ** 2
        wider += fade * (girth / np.maximum(radius, 0.05) - wider)
    points = cloth.points.copy()
    centre = figure.joint("spine_02")[1] + 0.035
    points[:, 0] *= wider
    points[:, 1] = centre + (points[:, 1] - centre) * wider
    return replace(cloth, points=points)


def skirt(figure: Figure, blouse: Cloth | None = None) -> list[Piece]:
    """A flared skirt to just above the knee; with a waistband if it is worn over a tucked-in ``blouse``."""
    knee, waist = figure.joint("calf_l")[2], tube_top(figure) - 0.006
    cloth = _tube(figure, waist + 0.004, knee + 0.05, 0.010, 0.045, 0.007, blouse, 0.004)
    cloth = replace(cloth, weights=_skirt_weights(figure, cloth.points, 0.08))
    pieces = [Piece("skirt", "skirt", "cloth", 1.0, hemmed(cloth, 0.004))]
    if blouse is not None:
        pieces.append(Piece("waistband", "skirt", "cloth", 0.8, _belt(figure, sewn([blouse, cloth]), waist, 0.016)))
    return pieces


def coat(figure: Figure, short: bool = False) -> list[Piece]:
    """A belted coat to the knee: lapels and collar, an overlapping front with buttons, wide sleeves.

    short: a jacket that ends at the hips, without a belt.
    """
    name = "jacket" if short else "coat"
    suit = figure.suit
    waist = tube_top(figure) - 0.006
    arm = figure.share(suit, *ARM)
    hem = np.where(arm > 0.4, 1.0, suit.points[:, 2] - (waist - 0.012))
    wrist = np.where(arm > 0.4, 1.99 - along_arm(figure, suit.points), 1.0)

    def opening(points: F64) -> F64:
        """Metres outside the opening at the neck: a V down to the breastbone, in front only."""
        tip = figure.joint("spine_03")[2] + 0.085
        v = np.abs(points[:, 0]) - 0.40 * (points[:, 2] - tip)
        front = points[:, 1] > figure.joint("neck_01")[1] + 0.03
        return np.minimum(np.where(front, v, 1.0), neck_field(figure, points))

    cloth = clipped(suit, hem, wrist)
    cloth = smoothed(cloth, 12)
    cloth = draped(figure, cloth, 0.024, 0.45, 0.004)
    cloth = sleeves(figure, cloth, 0.074, 0.060)
    cloth = smoothed(cloth, 8)
    field = opening(cloth.points)
    body = clipped(cloth, field)
    edge = clipped(cloth, field, 0.058 - field, cloth.points[:, 2] - figure.joint("spine_03")[2] - 0.02)
    lapel = inflated(edge, 0.005 + 0.008 * np.clip((edge.points[:, 2] - figure.joint("clavicle_l")[2]) / 0.06, 0, 1))

    hem_z = figure.joint("thigh_l")[2] - 0.055 if short else figure.joint("calf_l")[2] - 0.02
    lower = _tube(figure, waist + 0.004, hem_z, 0.026, 0.012 if short else 0.06, 0.002 if short else 0.007, body)
    lower = replace(lower, weights=_skirt_weights(figure, lower.points, 0.05))
    pieces = [
        Piece("coat", name, "cloth", 1.0, hemmed(body, 0.007)),
        Piece("coat skirts", name, "cloth", 1.0, hemmed(lower, 0.006)),
        Piece("lapels", name, "cloth", 0.82, hemmed(lapel, 0.006, 0.006)),
    ]
    if not short:
        pieces.append(Piece("belt", name, "cloth", 0.7, _belt(figure, sewn([body, lower]), waist, 0.022)))
    for source in (body, lower):
        x, y = source.points[:, 0], source.points[:, 1]
        panel = clipped(source, np.where(y > 0.06, 0.034 - x, -1.0), x + 0.034)
        if len(panel.faces):
            pieces.append(Piece("placket", name, "cloth", 0.92, hemmed(inflated(panel, 0.004), 0.004, 0.004)))
    chest = float(figure.joint("spine_03")[2]) + 0.05
    pieces += [
        Piece(
            "buttons",
            name,
            "leather",
            0.25,
            _buttons(sewn([body, lower]), (chest, chest - 0.065, *(() if short else (waist - 0.075, waist - 0.155)))),
        )
    ]
    return pieces


def _belt(figure: Figure, cloth: Cloth, z: float, half: float) -> Cloth:
    """A band around the trunk at ``z``, ``half`` metres up and down, lying on ``cloth``."""
    near = (np.abs(cloth.points[:, 2] - z) < 0.03) & (figure.share(cloth, *ARM) < 0.3)
    angle, radius = around_spine(figure, cloth.points[near])
    count = 72
    around = np.linspace(-np.pi, np.pi, count, endpoint=False)
    bins = np.digitize(angle, np.linspace(-np.pi, np.pi, 37)) - 1
    largest = np.array([radius[bins == b].max(initial=0.0) for b in range(36)])
    centres = np.linspace(-np.pi, np.pi, 37)[:-1] + np.pi / 36
    known = largest > 0
    r = np.interp(around, centres[known], largest[known], period=2 * np.pi)
    r = np.convolve(np.tile(r, 3), np.ones(5) / 5, "same")[count : 2 * count]
    profile = [(-0.002, -half), (0.006, -half + 0.001), (0.007, 0.0), (0.006, half - 0.001), (-0.002, half)]
    centre = figure.joint("spine_02")[1] + 0.035
    rings = np.array(
        [
            np.stack([-(r + out) * np.sin(-around), centre + (r + out) * np.cos(around), np.full(count, z + up)], 1)
            for out, up in profile
        ]
    )[:, ::-1]
    weights = lil_matrix((rings.shape[0] * count, len(figure.rig.names)))
    weights[:, figure.rig.row("spine_01")] = 0.5
    weights[:, figure.rig.row("spine_02")] = 0.5
    return lofted(rings, weights.tocsr())


def _buttons(cloth: Cloth, heights: tuple[float, ...]) -> Cloth:
    """Flat discs down the front at ``heights``."""
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    discs = []
    for z in heights:
        front = np.flatnonzero(cloth.points[:, 1] > 0.08)
        nearest = front[np.argmin(np.hypot(cloth.points[front, 0] - 0.0, cloth.points[front, 2] - z))]
        normal = unit(cloth.normals[nearest])
        at = cloth.points[nearest] * [0, 1, 0] + [0.0, 0.0, z] + normal * 0.006
        right = unit(np.cross([0.0, 0.0, 1.0], normal))
        up = np.cross(normal, right)
        rings = [
            at + normal * out + radius * (np.cos(angle)[:, None] * right + np.sin(angle)[:, None] * up)
            for radius, out in ((0.011, -0.004), (0.011, 0.002), (0.009, 0.004), (0.0005, 0.0035))
        ]
        row = cloth.weights[nearest]
        pile = csr_matrix(np.repeat(row.toarray(), len(angle) * len(rings), axis=0))
        discs.append(lofted(np.array(rings), pile))
    return sewn(discs)
