"""One house: drawn from a style by a seed, built as a single mesh.

Local frame: x from 0 to ``width`` along the front, the front wall at y = 0 facing +Y (the street), the house behind it
down to y = -``depth``, the pavement at z = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worldgen.conventions import seed_from
from worldgen.kit import NO_BOTTOM, Kit, placed
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.sets import facade, roof
from worldgen.sets.facade import FRONT, Joinery, Opening
from worldgen.sets.ornament import balcony, flower_box, hanging_sign
from worldgen.sets.palette import Rng, Style, pick, tint
from worldgen.sets.shop import shop_front


@dataclass(frozen=True)
class Plan:
    """What a house is: sizes in metres, materials, and the features drawn for it."""

    width: float
    depth: float
    ground: float
    storey: float
    floors: int
    gable: str
    pitch: float
    walls: Material
    base: Material
    trim: Material
    roofing: Material
    joinery: Joinery
    shutter: Material | None
    surround: str
    quoins: bool
    shop: bool
    bays: int
    entry: int
    walk: float
    near: bool

    @property
    def door(self) -> tuple[float, float]:
        """Where the house door is: x from and to."""
        if self.shop:
            return self.width - 1.45, self.width - 0.45
        middle = (self.entry + 0.5) * self.width / self.bays
        return middle - 0.52, middle + 0.52

    @property
    def eaves(self) -> float:
        """Height of the front wall."""
        return self.ground + self.floors * self.storey


def plan(style: Style, seed: int, width: float, walk: float, lit: bool, near: bool) -> Plan:
    """Draw a house of that width on a pavement ``walk`` metres wide; the same arguments give the same house.

    lit: some windows glow. near: a camera may come close, so small parts are built in full.
    """
    rng = np.random.default_rng(seed)
    walls = tint(*pick(rng, style.walls))
    kind, colour = pick(rng, style.bases)
    trim = tint("stone", str(rng.choice(style.trims)))
    frame = tint("wood", str(rng.choice(style.frames)))
    shutter = tint("wood", str(rng.choice(style.shutters))) if rng.random() < style.shutter else None
    glass = [make("glass"), tint("glass", "#343d44"), tint("glass", "#1d2429")]
    if lit:
        glass = [*glass, tint("window-glow", "#ffb765"), tint("window-glow", "#e8a050")]
    forms = np.array([w for _, w in style.gables])
    gable = style.gables[int(rng.choice(len(forms), p=forms / forms.sum()))][0]
    if gable in ("gable", "stepped") and width > 7.0:
        gable = "side"
    bays = max(2, round(width / style.bay))
    joinery = Joinery(frame, trim, walls, tuple(glass), style.panes, rng.uniform(0.13, 0.19), tint("cloth", "#8d867a"))
    return Plan(
        width=width,
        depth=9.0,
        ground=rng.uniform(*style.ground),
        storey=rng.uniform(*style.storey),
        floors=int(rng.integers(style.floors[0], style.floors[1] + 1)),
        gable=gable,
        pitch=rng.uniform(0.72, 0.95),
        walls=walls,
        base=tint(kind, colour) if kind else walls,
        trim=trim,
        roofing=tint(*pick(rng, style.roofs)),
        joinery=joinery,
        shutter=shutter,
        surround=str(rng.choice(["flat", "lintel", "hood"], p=[0.45, 0.3, 0.25])),
        quoins=bool(rng.random() < style.quoins),
        shop=bool(rng.random() < style.shop),
        bays=bays,
        entry=int(rng.integers(bays)),
        walk=walk,
        near=near,
    )


def house(
    p: Plan,
    style: Style,
    seed: int,
    place: npt.ArrayLike,
    *,
    lit: bool = False,
    flanks: tuple[bool, bool] = (False, False),
) -> Mesh:
    """A house placed by ``place (4, 4)``.

    flanks: whether the side at x = 0 and the one at x = ``width`` are seen, and so have windows.
    """
    rng = np.random.default_rng(seed_from("house", seed))
    kit = Kit()
    _front(kit, rng, p, style, lit)
    _sides(kit, np.random.default_rng(seed_from("flanks", seed)), p, flanks)
    roof.build(kit, rng, p)
    _trimmings(kit, rng, p)
    return kit.build(place, (float(rng.uniform(0, 9)), 0.0))


def _bay_openings(p: Plan, z: float, height: float, width: float, rise: float) -> list[Opening]:
    centres = (np.arange(p.bays) + 0.5) * p.width / p.bays
    return [Opening(c - width / 2, c + width / 2, z, z + height, rise) for c in centres]


def _front(kit: Kit, rng: Rng, p: Plan, style: Style, lit: bool) -> None:
    j = p.joinery
    # Open shutters lie beside the window: leave them room.
    share = 0.45 if p.shutter is not None else 0.55
    wide = min(p.width / p.bays * share, 1.25 if style.arched else 1.1)
    rise = style.arched * wide
    floor = 0.16
    entry = Opening(*p.door, floor, floor + 2.5)
    if p.shop:
        shop = Opening(0.5, p.width - 0.5 - 1.35, 0.12, p.ground - 0.75)
        ground = [shop]
        cloth = style.cloths[int(rng.integers(len(style.cloths)))] if rng.random() < 0.7 and p.walk >= 1.6 else None
        paint = tint("wood", str(rng.choice(style.doors)))
        shop_front(kit, rng, shop, paint, lit, j.trim, cloth)
    else:
        bays = _bay_openings(p, 1.05, min(p.ground - 1.75, 1.75), wide, rise)
        low = [o for k, o in enumerate(bays) if k != p.entry]
        facade.windows(kit, rng, low, j, p.surround)
        if p.shutter is not None:
            facade.shutters(kit, rng, low, p.shutter, p.near)
        ground = low
    leaf = tint("wood", str(rng.choice(style.doors)))
    facade.door(kit, entry, leaf, p.trim, tint("stone", "#8f8778"), 0.2, j.glass[-1] if lit else j.glass[0])
    facade.wall(kit, 0, p.width, -0.3, p.ground, [*ground, entry], p.base)
    upper: list[Opening] = []
    balconied = rng.random() < style.balcony and p.walk >= 1.45
    flowers = rng.random() < style.flowers
    for n in range(p.floors):
        base = p.ground + n * p.storey
        height = min(p.storey - 1.15, 1.95) * (1.0 if n < p.floors - 1 or p.floors == 1 else 0.86)
        row = _bay_openings(p, base + 0.72, height, wide, rise)
        if n == 0 and balconied:
            k = int(rng.integers(p.bays))
            o = row[k]
            tall = Opening(o.x0, o.x1, base + 0.14, o.z1, rise)
            row = [q for i, q in enumerate(row) if i != k]
            facade.windows(kit, rng, [tall], j, p.surround)
            balcony(kit, rng, (o.x0 + o.x1) / 2, base + 0.08, p.trim)
            upper.append(tall)
        facade.windows(kit, rng, row, j, p.surround)
        if p.shutter is not None:
            facade.shutters(kit, rng, row, p.shutter, p.near)
        if flowers:
            for o in row:
                if rng.random() < 0.5:
                    flower_box(kit, rng, o.x0 - 0.02, o.x1 + 0.02, o.z0)
        upper += row
    facade.wall(kit, 0, p.width, p.ground, p.eaves, upper, p.walls)
    if rng.random() < (0.75 if p.shop else 0.12):
        hanging_sign(
            kit,
            rng,
            p.width * 0.12 if p.shop else p.width * 0.3,
            p.ground + 0.5 + 0.25 * rng.random(),
            str(rng.choice(style.doors)),
        )


def _sides(kit: Kit, rng: Rng, p: Plan, flanks: tuple[bool, bool]) -> None:
    for seen, place in zip(flanks, (placed(0, -p.depth, 0, np.pi / 2), placed(p.width, 0, 0, -np.pi / 2)), strict=True):
        side = Kit()
        openings: list[Opening] = []
        if seen:
            for n in range(-1, p.floors):
                base = p.ground + n * p.storey if n >= 0 else 0.3
                for x in np.linspace(0, p.depth, 5)[1:-1]:
                    if rng.random() < 0.75:
                        openings.append(Opening(x - 0.45, x + 0.45, base + 0.8, base + 2.25))
            facade.windows(side, rng, openings, p.joinery, "lintel")
            if p.shutter is not None:
                facade.shutters(side, rng, openings, p.shutter, p.near)
        facade.wall(side, 0, p.depth, -0.3, p.ground, openings, p.base)
        facade.wall(side, 0, p.depth, p.ground, p.eaves, openings, p.walls)
        kit.mesh(side.build(), place)
    back = p.depth
    kit.quads([[[0, -back, -0.3], [p.width, -back, -0.3], [p.width, -back, p.eaves], [0, -back, p.eaves]]], p.walls)


def _trimmings(kit: Kit, rng: Rng, p: Plan) -> None:
    """Plinth, string course, quoins and drain pipe."""
    w = p.width
    if not p.shop:
        gaps = [(0.0, w)]
        kit.boxes(
            [[a, -0.01, -0.3] for a, _ in gaps], [[b, 0.04, 0.42] for _, b in gaps], tint("stone", "#8d8576"), FRONT
        )
    if rng.random() < 0.75:
        kit.boxes([[0, -0.01, p.ground - 0.02]], [[w, 0.06, p.ground + 0.1]], p.trim, FRONT)
    if p.quoins:
        z = np.arange(0.45, p.eaves - 0.35, 0.32)
        long = np.where(np.arange(len(z)) % 2 == 0, 0.42, 0.26)
        zero = np.zeros(len(z))
        kit.boxes(np.stack([zero, zero - 0.01, z], 1), np.stack([long, zero + 0.025, z + 0.305], 1), p.trim, FRONT)
        kit.boxes(
            np.stack([w - long, zero - 0.01, z], 1), np.stack([zero + w, zero + 0.025, z + 0.305], 1), p.trim, FRONT
        )
    pipe = tint("painted-metal", str(rng.choice(["#4d514f", "#6d6a62", "#3b4742", "#7b5a43"])))
    x = 0.09 if rng.random() < 0.5 else w - 0.09
    if p.gable in ("side", "parapet"):
        top = p.eaves - 0.25
        kit.tube([[x, 0.1, -0.1], [x, 0.1, top], [x, 0.22, p.eaves - 0.02]], 0.045, pipe, 8)
        z = np.arange(0.6, top, 1.9)
        e = np.ones(len(z))
        kit.boxes(
            np.stack([e * x - 0.06, 0 * e, z], 1), np.stack([e * x + 0.06, 0 * e + 0.15, z + 0.03], 1), pipe, NO_BOTTOM
        )
