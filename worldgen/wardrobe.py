"""Garments, cut from the figure's overall and its skirt: geometry, not paint.

Every garment is an offset, draped and smoothed shell with hems; what lies well below one is taken off the body, so
that nothing pokes through. Lengths below are metres on the baked body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import lil_matrix
from shapely import MultiPoint
from trimesh.creation import extrude_polygon

from worldgen.conventions import F64, Bool
from worldgen.figure import Figure
from worldgen.posture import SOLE
from worldgen.tailoring import Cloth, clipped, hemmed, inflated, relaxed, rims, smoothed

ARM = ("upperarm", "lowerarm", "hand", "index", "middle", "ring", "pinky", "thumb")


def tube_top(figure: Figure) -> float:
    """Where the baked skirt is whole all around: the waist, metres."""
    z = figure.skirt.points[rims(figure.skirt.faces)[:, 0], 2]
    return float(z[z > z.mean()].min())


@dataclass(frozen=True)
class Piece:
    """A finished piece.

    name: what it is ("top", "sole"). garment: whose colour of the wardrobe it takes. kind: of the material. shade:
    factor on the colour. cloth: its surface.
    """

    name: str
    garment: str
    kind: str
    shade: float
    cloth: Cloth


def along_arm(figure: Figure, points: F64) -> F64:
    """(V,) 0 at the shoulder, 1 at the elbow, 2 at the wrist, for points of either arm."""
    x = np.abs(points[:, 0])[:, None] * [1.0, 0, 0] + points * [0, 1.0, 1.0]
    shoulder, elbow, wrist = (figure.joint(n) for n in ("upperarm_r", "lowerarm_r", "hand_r"))
    first = ((x - shoulder) @ (elbow - shoulder)) / ((elbow - shoulder) @ (elbow - shoulder))
    second = ((x - elbow) @ (wrist - elbow)) / ((wrist - elbow) @ (wrist - elbow))
    return np.where(second > 0, 1 + second, np.minimum(first, 1.0))


def neck_field(figure: Figure, points: F64) -> F64:
    """(V,) metres outside a neckline that lies close to the neck and dips a little in front."""
    neck = figure.joint("neck_01")
    low, high = neck + np.array([0.0, 0.030, -0.012]), neck + np.array([0.0, 0.010, 0.12])
    axis = high - low
    t = np.clip((points - low) @ axis / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm((points - low - t[:, None] * axis) * [0.92, 1.0, 1.0], axis=1) - 0.066


def around_spine(figure: Figure, points: F64) -> tuple[F64, F64]:
    """Angle about the trunk and radius (V,) of points; the trunk's axis is vertical."""
    centre = figure.joint("spine_02")[1] + 0.035
    return np.arctan2(points[:, 0], points[:, 1] - centre), np.hypot(points[:, 0], points[:, 1] - centre)


def draped(figure: Figure, cloth: Cloth, out: float, amount: float, ease: float = 0.0) -> Cloth:
    """``cloth`` moved ``out`` metres outward, its trunk hanging from chest to hip instead of clinging to the waist.

    amount: how much of the hollow is bridged. ease: metres further out.
    """
    cloth = inflated(cloth, out)
    chest, hip = figure.joint("spine_03")[2] + 0.11, figure.joint("pelvis")[2] - 0.01
    angle, radius = around_spine(figure, cloth.points)
    body_angle, body_radius = around_spine(figure, figure.suit.points)
    on_trunk = figure.share(figure.suit, *ARM) < 0.3
    trunk = np.clip(1.0 - 2.0 * figure.share(cloth, *ARM), 0, 1)
    z = cloth.points[:, 2]
    rings = []
    for level in (chest, hip):
        near = (np.abs(figure.suit.points[:, 2] - level) < 0.03) & on_trunk
        rings.append(out + np.interp(angle, body_angle[near], body_radius[near], period=2 * np.pi))
    share = np.clip((z - hip) / (chest - hip), 0, 1)
    hang = rings[1] + (rings[0] - rings[1]) * share
    below = np.clip((chest + 0.02 - z) / 0.12, 0, 1) * trunk
    target = radius + (amount * np.maximum(hang - radius, 0) + ease) * below
    scale = relaxed((target / np.maximum(radius, 1e-6))[:, None], cloth, 4)[:, 0]
    points = cloth.points.copy()
    centre = figure.joint("spine_02")[1] + 0.035
    points[:, 0] *= scale
    points[:, 1] = centre + (points[:, 1] - centre) * scale
    return replace(cloth, points=points)


def tubed(points: F64, start: F64, stop: F64, share: F64, radius: F64) -> F64:
    """Points pushed away from the axis ``start``–``stop`` to at least ``radius (V,)``, by ``share (V,)``."""
    axis = stop - start
    t = np.clip(((points - start) @ axis) / (axis @ axis), -0.2, 1.2)
    centre = start + t[:, None] * axis
    out = points - centre
    r = np.linalg.norm(out, axis=1)
    soft = 0.5 * (r + radius + np.sqrt((r - radius) ** 2 + 0.006**2))  # a smooth maximum
    return centre + out * (1 + share * (soft / np.maximum(r, 1e-6) - 1))[:, None]


def sleeves(figure: Figure, cloth: Cloth, upper: float, cuff: float) -> Cloth:
    """Sleeves widened to tubes of ``upper`` at the shoulder and ``cuff`` metres of radius at the wrist."""
    points = cloth.points
    for side in "lr":
        shoulder, elbow, wrist = (figure.joint(f"{b}_{side}") for b in ("upperarm", "lowerarm", "hand"))
        mine = (points[:, 0] < 0) == (side == "l")
        s = along_arm(figure, points)
        radius = upper + (cuff - upper) * np.clip(s / 2, 0, 1)
        arm = figure.share(cloth, *ARM) * mine * np.clip((s - 0.25) / 0.4, 0, 1)
        fore = np.clip((s - 0.85) / 0.3, 0, 1)
        points = tubed(points, shoulder, elbow, arm * (1 - fore), radius)
        points = tubed(points, elbow, wrist, arm * fore, radius)
    return replace(cloth, points=points)


def top(figure: Figure, worn: Literal["over", "tucked", "under-coat"] = "over") -> list[Piece]:
    """A plain jumper: neck band, sleeves to the wrist, hem below the hips.

    Tucked into a skirt it ends at the waist; under a coat only what shows is made.
    """
    suit = figure.suit
    ends = {
        "over": figure.joint("pelvis")[2] - 0.045,
        "tucked": tube_top(figure) - 0.020,
        "under-coat": figure.joint("spine_03")[2],
    }
    hem = np.where(figure.share(suit, *ARM) > 0.4, 1.0, suit.points[:, 2] - ends[worn])
    reach = 0.4 if worn == "under-coat" else 1.93
    wrist = np.where(figure.share(suit, *ARM) > 0.4, reach - along_arm(figure, suit.points), 1.0)
    cloth = clipped(suit, neck_field(figure, suit.points), hem, wrist)
    cloth = smoothed(cloth, 6)
    cloth = draped(figure, cloth, 0.012, 0.25 if worn == "tucked" else 0.55, 0.004)
    cloth = sleeves(figure, cloth, 0.058, 0.042)
    cloth = smoothed(cloth, 6)
    band = clipped(cloth, 0.024 - neck_field(figure, cloth.points))
    return [
        Piece("top", "top", "cloth", 1.0, hemmed(cloth, 0.006)),
        Piece("neckband", "top", "cloth", 0.8, hemmed(inflated(band, 0.0035), 0.006, 0.006)),
    ]


def legs(figure: Figure, under_coat: bool = False, short: bool = False) -> list[Piece]:
    """Straight trousers from the waist to the shoe, or to above the knee; under a coat from above the knee."""
    suit = figure.suit
    start = figure.joint("calf_l")[2] + 0.13 if under_coat else figure.joint("spine_01")[2] + 0.03
    waist = start - suit.points[:, 2]
    waist = np.where(figure.share(suit, *ARM) > 0.2, -1.0, waist)
    hem = figure.joint("calf_l")[2] + 0.055 if short else 0.062
    cloth = clipped(suit, waist, suit.points[:, 2] - hem)
    cloth = inflated(smoothed(cloth, 8), 0.010)
    points = cloth.points
    for side in "lr":
        hip, knee, ankle = (figure.joint(f"{b}_{side}") for b in ("thigh", "calf", "foot"))
        mine = (points[:, 0] < 0) == (side == "l")
        z = points[:, 2]
        leg = mine * np.clip((hip[2] - 0.07 - z) / 0.12, 0, 1)
        girth = 0.075 - 0.006 * np.clip((knee[2] - z) / 0.4, 0, 1)
        lower = np.clip((knee[2] + 0.05 - z) / 0.1, 0, 1)
        points = tubed(points, hip, knee, leg * (1 - lower), np.full(len(z), 0.077))
        points = tubed(points, knee, ankle - np.array([0.0, 0.008, 0.0]), leg * lower, girth)
    cloth = smoothed(replace(cloth, points=points), 6)
    return [Piece("legs", "shorts" if short else "legs", "denim", 1.0, hemmed(cloth, 0.005))]


def shoes(figure: Figure) -> list[Piece]:
    """Low leather shoes on a rubber sole."""
    suit = figure.suit
    foot = clipped(suit, 0.098 - suit.points[:, 2] + 0.25 * (suit.points[:, 1] - 0.02))
    upper = inflated(smoothed(foot, 3), 0.006)
    points = upper.points.copy()
    points[:, 2] = np.maximum(points[:, 2], -0.004)
    upper = replace(upper, points=points)
    pieces = [Piece("shoes", "shoes", "leather", 1.0, hemmed(upper, 0.004))]
    for side in "lr":
        mine = (points[:, 0] < 0) == (side == "l")
        outline = MultiPoint(points[mine & (points[:, 2] < 0.03)][:, :2]).convex_hull
        outline = outline.buffer(0.02).buffer(-0.017).segmentize(0.012)
        slab = extrude_polygon(outline, SOLE + 0.006).subdivide()
        where = np.asarray(slab.vertices) - np.array([0.0, 0.0, SOLE])
        ball = figure.joint(f"ball_{side}")
        weights = lil_matrix((len(where), len(figure.rig.names)))
        toes = np.clip((where[:, 1] - ball[1]) / 0.04 + 0.5, 0, 1)
        weights[:, figure.rig.row(f"ball_{side}")] = toes[:, None]
        weights[:, figure.rig.row(f"foot_{side}")] = 1 - toes[:, None]
        pieces.append(
            Piece("sole", "shoes", "rubber", 0.35, Cloth(where, np.asarray(slab.faces, np.int32), weights.tocsr()))
        )
    return pieces


def bare(figure: Figure, garments: set[str]) -> Bool:
    """(F,) true for the body's faces that no garment hides."""
    body = figure.body
    z = body.points[:, 2]
    arm = figure.share(body, *ARM) > 0.4
    hidden = np.zeros(len(z), dtype=bool)
    if garments & {"top", "coat", "jacket", "dress"}:
        trunk = (
            (neck_field(figure, body.points) > 0.03)
            & (z < figure.joint("neck_01")[2])
            & (z > figure.joint("pelvis")[2])
            & ~arm
        )
        hidden |= trunk | (arm & (along_arm(figure, body.points) < 1.8))
    if garments & {"legs"}:
        hidden |= (z < figure.joint("spine_01")[2]) & (z > 0.09) & ~arm
    elif garments & {"skirt", "dress", "shorts"}:
        hidden |= (z < figure.joint("spine_01")[2]) & (z > figure.joint("calf_l")[2] + 0.16) & ~arm
    if garments & {"shoes"}:
        hidden |= (z < 0.085) & ~arm
    shown: Bool = np.logical_not(hidden[body.faces].all(1))
    return shown
