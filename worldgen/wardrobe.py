"""Garments, cut from the figure's overall and its skirt: geometry, not paint.

Every garment is an offset, draped and smoothed shell with hems; what lies well below one is taken off the body, so
that nothing pokes through. Lengths below are metres on the baked body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, lil_matrix
from shapely import MultiPoint
from trimesh.creation import extrude_polygon

from worldgen.conventions import F64, Bool, unit
from worldgen.figure import Figure
from worldgen.posture import SOLE
from worldgen.tailoring import Cloth, clipped, hemmed, inflated, lofted, relaxed, rims, sewn, smoothed

ARM = ("upperarm", "lowerarm", "hand", "index", "middle", "ring", "pinky", "thumb")
LEG = ("thigh", "calf", "foot", "ball")


@dataclass(frozen=True)
class Piece:
    """A finished piece: what it is ("top", "sole", …), which of the wardrobe's colours it takes and how much darker it is,
    the material's kind, and its surface.
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
    low, high = neck + [0.0, 0.030, -0.012], neck + [0.0, 0.010, 0.12]
    axis = high - low
    t = np.clip((points - low) @ axis / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm((points - low - t[:, None] * axis) * [0.92, 1.0, 1.0], axis=1) - 0.066


def _around_spine(figure: Figure, points: F64) -> tuple[F64, F64]:
    """Angle about the trunk and radius (V,) of points; the trunk's axis is vertical."""
    centre = figure.joint("spine_02")[1] + 0.035
    return np.arctan2(points[:, 0], points[:, 1] - centre), np.hypot(points[:, 0], points[:, 1] - centre)


def draped(figure: Figure, cloth: Cloth, out: float, amount: float, ease: float = 0.0) -> Cloth:
    """``cloth`` at ``out`` metres from the body moved outward further, and its trunk made to hang from chest to hip instead
    of clinging to the waist, by ``amount`` of the hollow, plus ``ease`` metres.
    """
    cloth = inflated(cloth, out)
    chest, hip = figure.joint("spine_03")[2] + 0.11, figure.joint("pelvis")[2] - 0.01
    angle, radius = _around_spine(figure, cloth.points)
    body_angle, body_radius = _around_spine(figure, figure.suit.points)
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


def top(figure: Figure, under_coat: bool = False) -> list[Piece]:
    """A plain jumper: neck band, sleeves to the wrist, hem below the hips. Under a coat only what shows is made."""
    suit = figure.suit
    end = figure.joint("spine_03")[2] if under_coat else figure.joint("pelvis")[2] - 0.045
    hem = np.where(figure.share(suit, *ARM) > 0.4, 1.0, suit.points[:, 2] - end)
    reach = 0.4 if under_coat else 1.93
    wrist = np.where(figure.share(suit, *ARM) > 0.4, reach - along_arm(figure, suit.points), 1.0)
    cloth = clipped(suit, neck_field(figure, suit.points), hem, wrist)
    cloth = smoothed(cloth, 6)
    cloth = draped(figure, cloth, 0.012, 0.55, 0.004)
    cloth = sleeves(figure, cloth, 0.058, 0.042)
    cloth = smoothed(cloth, 6)
    band = clipped(cloth, 0.024 - neck_field(figure, cloth.points))
    return [
        Piece("top", "top", "cloth", 1.0, hemmed(cloth, 0.006)),
        Piece("neckband", "top", "cloth", 0.8, hemmed(inflated(band, 0.0035), 0.006, 0.006)),
    ]


def legs(figure: Figure, under_coat: bool = False) -> list[Piece]:
    """Straight trousers from the waist to the shoe; under a coat from above the knee."""
    suit = figure.suit
    start = figure.joint("calf_l")[2] + 0.13 if under_coat else figure.joint("spine_01")[2] + 0.03
    waist = start - suit.points[:, 2]
    waist = np.where(figure.share(suit, *ARM) > 0.2, -1.0, waist)
    cloth = clipped(suit, waist, suit.points[:, 2] - 0.062)
    cloth = inflated(smoothed(cloth, 5), 0.007)
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
    return [Piece("legs", "legs", "denim", 1.0, hemmed(cloth, 0.005))]


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


def _skirt_top(figure: Figure) -> float:
    """Where the baked tube is whole all around, metres."""
    z = figure.skirt.points[rims(figure.skirt.faces)[:, 0], 2]
    return float(z[z > z.mean()].min())


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
) -> Cloth:
    """The skirt tube between two heights, ``ease`` metres out, ``flare`` metres more at the hem, with hanging folds.

    bodice: what it is sewn to; at the top the tube takes its girth.
    """
    source = figure.skirt
    cloth = clipped(source, top_z - source.points[:, 2], source.points[:, 2] - hem_z)
    cloth = smoothed(cloth, 4)
    angle, radius = _around_spine(figure, cloth.points)
    down = np.clip((top_z - cloth.points[:, 2]) / (top_z - hem_z), 0, 1)
    wave = np.sin(9 * angle + 0.7) + 0.5 * np.sin(14 * angle + 2.0)
    wider = 1 + (ease + flare * down**1.3 + folds * down**1.5 * wave) / np.maximum(radius, 0.05)
    if bodice is not None:
        near = np.abs(bodice.points[:, 2] - top_z) < 0.04
        near &= figure.share(bodice, *ARM) < 0.3
        girth = np.interp(angle, *_around_spine(figure, bodice.points[near]), period=2 * np.pi) - 0.003
        fade = np.clip(1 - down / 0.28, 0, 1) ** 2
        wider += fade * (girth / np.maximum(radius, 0.05) - wider)
    points = cloth.points.copy()
    centre = figure.joint("spine_02")[1] + 0.035
    points[:, 0] *= wider
    points[:, 1] = centre + (points[:, 1] - centre) * wider
    return replace(cloth, points=points)


def skirt(figure: Figure) -> list[Piece]:
    """A flared skirt to just above the knee."""
    knee = figure.joint("calf_l")[2]
    cloth = _tube(figure, figure.joint("spine_01")[2] + 0.03, knee + 0.05, 0.008, 0.035, 0.006)
    cloth = replace(cloth, weights=_skirt_weights(figure, cloth.points, 0.08))
    return [Piece("skirt", "skirt", "cloth", 1.0, hemmed(cloth, 0.004))]


def coat(figure: Figure) -> list[Piece]:
    """A belted coat to the knee: lapels and collar, an overlapping front with buttons, wide sleeves."""
    suit = figure.suit
    waist = _skirt_top(figure) - 0.006
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

    lower = _tube(figure, waist + 0.004, figure.joint("calf_l")[2] - 0.02, 0.026, 0.06, 0.007, body)
    lower = replace(lower, weights=_skirt_weights(figure, lower.points, 0.05))
    pieces = [
        Piece("coat", "coat", "cloth", 1.0, hemmed(body, 0.007)),
        Piece("coat skirts", "coat", "cloth", 1.0, hemmed(lower, 0.006)),
        Piece("lapels", "coat", "cloth", 0.82, hemmed(lapel, 0.006, 0.006)),
        Piece("belt", "coat", "cloth", 0.7, _belt(figure, sewn([body, lower]), waist)),
    ]
    for source in (body, lower):
        x, y = source.points[:, 0], source.points[:, 1]
        panel = clipped(source, np.where(y > 0.06, 0.034 - x, -1.0), x + 0.034)
        if len(panel.faces):
            pieces.append(Piece("placket", "coat", "cloth", 0.92, hemmed(inflated(panel, 0.004), 0.004, 0.004)))
    pieces += [Piece("buttons", "coat", "leather", 0.25, _buttons(figure, sewn([body, lower])))]
    return pieces


def _belt(figure: Figure, cloth: Cloth, z: float) -> Cloth:
    """A band around the trunk at ``z``, lying on ``cloth``."""
    near = (np.abs(cloth.points[:, 2] - z) < 0.03) & (figure.share(cloth, *ARM) < 0.3)
    angle, radius = _around_spine(figure, cloth.points[near])
    count = 72
    around = np.linspace(-np.pi, np.pi, count, endpoint=False)
    bins = np.digitize(angle, np.linspace(-np.pi, np.pi, 37)) - 1
    largest = np.array([radius[bins == b].max(initial=0.0) for b in range(36)])
    centres = np.linspace(-np.pi, np.pi, 37)[:-1] + np.pi / 36
    known = largest > 0
    r = np.interp(around, centres[known], largest[known], period=2 * np.pi)
    r = np.convolve(np.tile(r, 3), np.ones(5) / 5, "same")[count : 2 * count]
    profile = [(-0.001, -0.022), (0.007, -0.021), (0.008, 0.0), (0.007, 0.021), (-0.001, 0.022)]
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


def _buttons(figure: Figure, cloth: Cloth) -> Cloth:
    """Four flat discs down the front."""
    chest = figure.joint("spine_03")[2] + 0.06
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    discs = []
    for z in (chest - 0.01, chest - 0.07, chest - 0.21, chest - 0.29):
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


def bare(figure: Figure, garments: set[str]) -> Bool:
    """(F,) true for the body's faces that no garment hides."""
    body = figure.body
    z = body.points[:, 2]
    arm = figure.share(body, *ARM) > 0.4
    hidden = np.zeros(len(z), dtype=bool)
    if garments & {"top", "coat"}:
        trunk = (
            (neck_field(figure, body.points) > 0.03)
            & (z < figure.joint("neck_01")[2])
            & (z > figure.joint("pelvis")[2])
            & ~arm
        )
        hidden |= trunk | (arm & (along_arm(figure, body.points) < 1.8))
    if garments & {"legs"}:
        hidden |= (z < figure.joint("spine_01")[2]) & (z > 0.09) & ~arm
    elif garments & {"skirt"}:
        hidden |= (z < figure.joint("spine_01")[2]) & (z > figure.joint("calf_l")[2] + 0.16) & ~arm
    if garments & {"shoes"}:
        hidden |= (z < 0.085) & ~arm
    shown: Bool = np.logical_not(hidden[body.faces].all(1))
    return shown
