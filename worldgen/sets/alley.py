"""A narrow house of a crowded night street: a shop below, wires, machines and signs above. In the frame of a house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import seed_from
from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.sets import facade, sign
from worldgen.sets.facade import FRONT, Joinery, Opening
from worldgen.sets.palette import Rng, tint
from worldgen.sets.shop import awning, display
from worldgen.sets.sign import Glow

COLOURS: Final = ("#ff2f63", "#25b8ff", "#ffae2a", "#b455ff", "#2dffa8", "#ff6a1f", "#ff58c8", "#f4f0ff")
BOARDS: Final = ("RAMEN", "NOODLES", "TEA HOUSE", "LUCKY 8", "SAKE", "MAHJONG", "KARAOKE", "DUMPLINGS", "PHONES", "24H",
                 "GOLDEN FISH", "NIGHT CAFE", "TAILOR", "GAMES", "MASSAGE", "SUSHI")  # fmt: skip
BLADES: Final = ("BAR", "HOTEL", "TEA", "SUSHI", "KARAOKE", "MOON", "DRAGON", "LOTUS", "GRILL", "CLUB")
WORDS: Final = ("OPEN", "RAMEN", "COLD BEER", "bowl", "cup", "star", "heart", "moon", "arrow", "NO. 9")
DEPTH: Final = 9.0


@dataclass(frozen=True)
class _Plan:
    width: float
    ground: float
    storey: float
    floors: int
    walls: Material
    glass: tuple[Material, ...]

    @property
    def top(self) -> float:
        return self.ground + self.floors * self.storey


def alley_house(
    width: float, seed: int, place: npt.ArrayLike, *, lit: bool, flanks: tuple[bool, bool], near: bool
) -> tuple[Mesh, tuple[Glow, ...]]:
    """A house ``width`` metres wide placed by ``place (4, 4)``, and the glow of its neon in its own frame.

    lit: windows, lanterns and signs shine. flanks: sides that are seen. near: the shop is built in full.
    """
    rng = np.random.default_rng(seed_from("alley", seed))
    kinds = (("concrete", "#7f7d78"), ("plaster", "#8f8a7c"), ("tile", "#9aa6a2"), ("plaster", "#6f7a78"),
             ("tile", "#b9a78c"), ("concrete", "#5f6163"), ("brick", "#6d4a40"), ("plaster", "#94705c"))  # fmt: skip
    glass: tuple[Material, ...] = (tint("glass", "#1f2930"), tint("glass", "#2a343a"), tint("glass", "#39423f"))
    if lit:
        glass += tuple(tint("window-glow", c) for c in ("#ffc27a", "#ffe2b0", "#bcd4ff"))
    p = _Plan(
        width, 3.2, float(rng.uniform(2.7, 3.0)), int(rng.integers(2, 5)), tint(*kinds[int(rng.integers(8))]), glass
    )
    kit = Kit()
    _upper(kit, rng, p, lit)
    _shop(kit, np.random.default_rng(seed_from("shop", seed)), p, lit, near)
    glows = _signs(kit, np.random.default_rng(seed_from("signs", seed)), p, lit)
    for at in (placed(0, -DEPTH, 0, np.pi / 2), placed(width, 0, 0, -np.pi / 2)):
        side = Kit()
        side.panel(0, DEPTH, -0.3, p.top + 0.8, 0.0, p.walls)
        kit.mesh(side.build(), at)
    kit.quads([[[0, -DEPTH, -0.3], [width, -DEPTH, -0.3], [width, -DEPTH, p.top], [0, -DEPTH, p.top]]], p.walls)
    _top(kit, np.random.default_rng(seed_from("top", seed)), p)
    return kit.build(place, (float(rng.uniform(0, 9)), 0.0)), glows


def _upper(kit: Kit, rng: Rng, p: _Plan, lit: bool) -> None:
    """Walls with metal windows, grilles, machines that cool, pipes, laundry."""
    frame = tint("painted-metal", str(rng.choice(["#8d9294", "#3a3f42", "#6b4a3a"])))
    joinery = Joinery(frame, p.walls, p.walls, p.glass, (2, 2), 0.12, tint("cloth", "#a39a88"))
    bays = max(2, round(p.width / 1.9))
    openings: list[Opening] = []
    iron = make("iron")
    for n in range(p.floors):
        z = p.ground + n * p.storey + 0.75
        row = [Opening(c - 0.55, c + 0.55, z, z + 1.35) for c in (np.arange(bays) + 0.5) * p.width / bays]
        facade.windows(kit, rng, row, joinery, "plain")
        openings += row
        for o in row:
            draw = rng.random()
            if draw < 0.45:
                _cooler(kit, rng, o.x0 + float(rng.uniform(-0.1, 0.3)), o.z0 - 0.62)
            elif draw < 0.7:  # a grille in front of the window
                x = np.linspace(o.x0 - 0.05, o.x1 + 0.05, 10)
                e = np.ones(10)
                low, high = (
                    np.stack([x - 0.008, 0.3 * e, (o.z0 - 0.1) * e], 1),
                    np.stack([x + 0.008, 0.316 * e, (o.z0 + 0.9) * e], 1),
                )
                kit.boxes(low, high, iron, ALL_SIDES)
                for h in (o.z0 - 0.1, o.z0 + 0.4, o.z0 + 0.9):
                    kit.tube([[x[0], 0, h], [x[0], 0.31, h], [x[-1], 0.31, h], [x[-1], 0, h]], 0.01, iron, 4)
            elif draw < 0.85:  # a pole with laundry
                kit.tube([[o.x0, 0.45, o.z1 + 0.1], [o.x1, 0.45, o.z1 + 0.1]], 0.012, make("metal"), 5)
                hung = o.x0 + 0.05
                while hung < o.x1 - 0.25:
                    wide, drop = float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.35, 0.75))
                    colour = str(rng.choice(["#d8d4c8", "#7a8fa3", "#a3544a", "#c9b36a", "#5c6a72"]))
                    kit.boxes(
                        [[hung, 0.445, o.z1 + 0.1 - drop]],
                        [[hung + wide, 0.455, o.z1 + 0.1]],
                        tint("cloth", colour),
                        ALL_SIDES,
                    )
                    hung += wide + 0.06
    facade.wall(kit, 0, p.width, p.ground, p.top + 0.8, openings, p.walls)
    pipe = tint("painted-metal", str(rng.choice(["#6e726f", "#4a4d4b", "#7d6a55"])))
    for x in rng.uniform(0.08, p.width - 0.08, int(rng.integers(2, 4))):
        clear = [x0 for x0 in (0.1, p.width - 0.1, p.width / bays) if abs(x0 - x) < 0.6]
        at = clear[0] if clear else (0.1 if x < p.width / 2 else p.width - 0.1)
        kit.tube([[at, 0.08, 0.0], [at, 0.08, p.top + 0.3]], float(rng.uniform(0.03, 0.05)), pipe, 7)
    for k in range(3):  # wires along the house
        z = p.ground + 0.25 + 0.12 * k
        x = np.linspace(0, p.width, 9)
        kit.tube(
            np.stack([x, np.full(9, 0.05), z - 0.06 * np.sin(np.linspace(0, np.pi, 9)) * (k + 1)], 1),
            0.012,
            make("rubber"),
            4,
        )


def _cooler(kit: Kit, rng: Rng, x: float, z: float) -> None:
    """The outdoor unit of an air conditioner on brackets, its fan towards the street, with its hose."""
    case, dark = tint("plastic", str(rng.choice(["#c9c7bd", "#b5b4ac", "#d5d2c4"]))), make("iron")
    kit.boxes([[x, 0.1, z]], [[x + 0.78, 0.4, z + 0.54]], case, ALL_SIDES)
    a = np.linspace(0, 2 * np.pi, 15)
    for r in (0.1, 0.16, 0.22):
        ring = np.stack([x + 0.3 + r * np.cos(a), np.full(15, 0.405), z + 0.27 + r * np.sin(a)], axis=1)
        kit.tube(ring, 0.006, dark, 3)
    rim = np.stack([x + 0.3 + 0.21 * np.cos(a), np.full(15, 0.402), z + 0.27 + 0.21 * np.sin(a)], axis=1)
    hub = np.broadcast_to([x + 0.3, 0.402, z + 0.27], (14, 3))
    kit.quads(np.stack([hub, rim[1:], rim[:-1], rim[:-1]], axis=1), tint("rubber", "#232425"))
    kit.boxes(
        [[x + 0.06, 0.0, z - 0.05], [x + 0.66, 0.0, z - 0.05]],
        [[x + 0.1, 0.42, z], [x + 0.7, 0.42, z]],
        dark,
        ALL_SIDES,
    )
    kit.tube(
        [[x + 0.74, 0.25, z + 0.1], [x + 0.86, 0.2, z + 0.05], [x + 0.86, 0.06, z - 0.3]],
        0.02,
        tint("rubber", "#b9b4a6"),
        5,
    )


def _shop(kit: Kit, rng: Rng, p: _Plan, lit: bool, near: bool) -> None:
    """The ground floor: a bright shop, a bar behind a curtain or a closed shutter, and the door to the stairs."""
    w, top = p.width, 2.65
    door = Opening(w - 1.15, w - 0.25, 0.0, 2.3)
    front = Opening(0.25, w - 1.35, 0.0, top)
    facade.wall(kit, 0, w, -0.3, p.ground, [door, front], p.walls)
    for o in (door, front):
        facade.reveal(kit, o, 0.16, p.walls, sill=False)
    kit.panel(
        door.x0, door.x1, 0, 2.3, -0.15, tint("painted-metal", str(rng.choice(["#3d5a52", "#5c3a32", "#4a4f55"])))
    )
    kit.boxes([[door.x0 + 0.08, -0.15, 1.0]], [[door.x0 + 0.14, -0.09, 1.12]], make("metal"), FRONT)
    draw = rng.random()
    if draw < 0.3:
        z = np.arange(0.0, top, 0.085)
        e = np.ones(len(z))
        steel = tint("metal", str(rng.choice(["#8f9496", "#7d8a8c", "#9a8f80"])))
        kit.boxes(
            np.stack([front.x0 * e, -0.2 * e, z], 1), np.stack([front.x1 * e, -0.1 * e, z + 0.06], 1), steel,
            ("+y", "+z", "-z"),
        )  # fmt: skip
        kit.panel(front.x0, front.x1, 0, top, -0.14, tint("iron", "#3b3d3e"))
    elif draw < 0.68 or not near:
        if near:
            display(
                kit, rng, front.x0, front.x1, 0.5, top, -0.16, lit, str(rng.choice(["#7d5426", "#8a6a48", "#5c6a7a"]))
            )
        else:
            kit.panel(front.x0, front.x1, 0.5, top, -0.16, p.glass[-1])
        kit.boxes(
            [[front.x0, -0.6, 0]],
            [[front.x1, -0.14, 0.52]],
            tint("tile", str(rng.choice(["#3f6a6a", "#8a3a32", "#d8d2c2"]))),
            FRONT,
        )
        bars = np.linspace(front.x0, front.x1, 4)
        e = np.ones(4)
        kit.boxes(
            np.stack([bars - 0.02, -0.17 * e, 0.5 * e], 1),
            np.stack([bars + 0.02, -0.12 * e, top * e], 1),
            make("metal"),
            FRONT,
        )
    else:
        _bar(kit, rng, front, lit)
    if rng.random() < 0.6:
        cloth = [("#a3302a", "#a3302a"), ("#2f5a6b", "#e3dcc8"), ("#c98b3c", "#a3302a"), ("#3f6650", "#3f6650")]
        awning(kit, rng, front.x0, front.x1, p.ground - 0.45, cloth[int(rng.integers(4))])
    for side in (front.x0 + 0.1, front.x1 - 0.1):  # paper lanterns beside the way in
        if rng.random() < 0.6:
            _lantern(kit, (side, 0.3, 1.95), lit)


def _lantern(kit: Kit, at: tuple[float, float, float], lit: bool) -> None:
    red = tint("lamp-glow", "#8f2012") if lit else tint("paper", "#b03a2a")
    h = np.linspace(-1, 1, 9)
    r = 0.165 * np.sqrt(1 - 0.62 * h**2) + 0.004 * (np.arange(9) % 2)
    kit.turned(np.stack([r, 0.2 * h], axis=1), red, at, 14)
    for s in (-1.0, 1.0):
        kit.turned(
            [(0.0, 0.2 * s), (0.11, 0.2 * s), (0.11, 0.2 * s + 0.03), (0.0, 0.2 * s + 0.03)], make("iron"), at, 12
        )
    x, y, z = at
    kit.tube([[x, y, z + 0.2], [x, y, z + 0.42], [x, 0.0, z + 0.44]], 0.008, make("iron"), 4)


def _bar(kit: Kit, rng: Rng, o: Opening, lit: bool) -> None:
    """A counter open to the street, stools, a short curtain above, shelves of bottles behind."""
    wood, deep = tint("wood", "#6a4326"), -1.6
    back = tint("window-glow", "#8f5a24") if lit else tint("planks", "#8a6a45")
    inside = [[[o.x0, deep, 0], [o.x0, -0.1, 0], [o.x0, -0.1, o.z1], [o.x0, deep, o.z1]],
              [[o.x1, -0.1, 0], [o.x1, deep, 0], [o.x1, deep, o.z1], [o.x1, -0.1, o.z1]],
              [[o.x0, deep, o.z1], [o.x0, -0.1, o.z1], [o.x1, -0.1, o.z1], [o.x1, deep, o.z1]],
              [[o.x0, -0.1, 0.01], [o.x0, deep, 0.01], [o.x1, deep, 0.01], [o.x1, -0.1, 0.01]]]  # fmt: skip
    kit.quads(np.array(inside)[:, ::-1], tint("planks", "#7d5c3a"))
    kit.panel(o.x0, o.x1, 0, o.z1, deep, back)
    kit.boxes([[o.x0, -0.45, 0], [o.x0, -0.55, 1.0]], [[o.x1, -0.2, 1.0], [o.x1, 0.08, 1.05]], wood, ALL_SIDES)
    for z in (1.45, 1.85):
        kit.boxes([[o.x0 + 0.1, deep, z]], [[o.x1 - 0.1, deep + 0.22, z + 0.03]], wood, ALL_SIDES)
        for x in np.arange(o.x0 + 0.2, o.x1 - 0.15, 0.13):
            if rng.random() < 0.85:
                colour = str(rng.choice(["#2f4a2c", "#6b3a1e", "#8a8f6a", "#3a4f63", "#c9b88a"]))
                bottle = [(0.035, 0), (0.036, 0.18), (0.014, 0.24), (0.014, 0.29), (0.0, 0.29)]
                kit.turned(bottle, tint("glass", colour), (float(x), deep + 0.11, z + 0.03), 7)
    x = np.arange(o.x0 + 0.04, o.x1 - 0.3, 0.46)
    blue = tint("cloth", str(rng.choice(["#22355a", "#7d1f22", "#e0d8c4"])))
    for x0 in x:
        kit.boxes([[x0, -0.09, 1.98]], [[x0 + 0.43, -0.075, o.z1 - 0.06]], blue, ALL_SIDES)
    kit.tube([[o.x0, -0.08, o.z1 - 0.06], [o.x1, -0.08, o.z1 - 0.06]], 0.015, wood, 6)
    for x0 in np.arange(o.x0 + 0.35, o.x1 - 0.2, 0.62):
        kit.turned([(0.15, 0), (0.15, 0.02), (0.03, 0.05), (0.03, 0.64), (0.17, 0.66), (0.17, 0.7), (0.0, 0.7)],
                   tint("leather", "#7d2a22"), (float(x0), 0.35, 0.0), 12)  # fmt: skip


def _signs(kit: Kit, rng: Rng, p: _Plan, lit: bool) -> tuple[Glow, ...]:
    """A board above the shop, neon above it, blades that stack up the wall."""
    glows: list[Glow] = []

    def put(x: float, y: float, z: float, sub: Kit, glow: Glow | None) -> None:
        kit.mesh(sub.build(), placed(x, y, z))
        if glow is not None:
            gx, gy, gz = glow.position
            glows.append(Glow((x + gx, y + gy, z + gz), glow.colour))

    text = str(rng.choice(BOARDS))
    back, ink = [("#8a7650", "#7a120c"), ("#7f868c", "#10264f"), ("#8f3f22", "#1a0805"), ("#56788c", "#0a2238"),
                 ("#5f8550", "#0a240e"), ("#8f5f70", "#4f0a28")][int(rng.integers(6))]  # fmt: skip
    burns = bool(rng.random() < 0.8) and lit
    sub = Kit()
    sign.board(sub, text, p.width - 1.0, 0.62, back, ink, burns, 0.2)
    put(p.width / 2, 0.0, p.ground + 0.02, sub, None)
    colours = [str(c) for c in rng.permutation(COLOURS)]
    z = p.ground + 0.62
    side = float(rng.choice([0.22, p.width - 0.22]))
    for k in range(int(rng.integers(1, 3))):
        word = str(rng.choice(BLADES))
        tall = 0.42 * len(word) + 0.3
        if z + tall > p.top + 0.6:
            break
        sub = Kit()
        out = float(rng.uniform(0.62, 0.95))
        glow = sign.blade(sub, word, tall, colours[k], str(rng.choice(["#16181c", "#1f2430", "#2a1418"])), lit, out)
        put(side, 0.0, z + tall / 2, sub, glow)
        z += tall + 0.2
    if rng.random() < 0.7:
        what = str(rng.choice(WORDS))
        size = 0.8 if what in sign.SHAPES else min(0.42, (p.width - 1.6) / sign.strokes(what)[1])
        sub = Kit()
        glow = sign.neon(sub, what, size, colours[3], lit, 0.1)
        put(p.width / 2, 0.0, p.ground + 0.42 + size * 0.5, sub, glow)
    return tuple(glows)


def _top(kit: Kit, rng: Rng, p: _Plan) -> None:
    w, z = p.width, p.top
    kit.quads([[[w, 0, z], [0, 0, z], [0, -DEPTH, z], [w, -DEPTH, z]]], tint("concrete", "#5c5b58"))
    kit.quads([[[0, -0.15, z], [w, -0.15, z], [w, -0.15, z + 0.8], [0, -0.15, z + 0.8]]], p.walls)
    kit.boxes([[-0.01, -0.18, z + 0.8]], [[w + 0.01, 0.05, z + 0.88]], tint("concrete", "#77756f"), ALL_SIDES)
    for x in rng.uniform(0.5, w - 0.9, 2):
        kit.boxes([[x, -3.0, z]], [[x + 0.8, -2.3, z + 1.5]], tint("painted-metal", "#8f9494"))
    x = float(rng.uniform(0.5, w - 0.5))
    kit.tube([[x, -1.0, z], [x, -1.0, z + 2.4]], 0.025, make("metal"), 5)
    for h in (1.5, 1.8, 2.1, 2.3):
        kit.tube([[x - 0.5, -1.0, z + h], [x + 0.5, -1.0, z + h]], 0.01, make("metal"), 4)
