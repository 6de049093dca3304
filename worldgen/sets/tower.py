"""A building of a modern city centre: glass, concrete or brick above shops. In the frame of a house (see ``house``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worldgen.conventions import F64, seed_from
from worldgen.kit import ALL_SIDES, NO_BOTTOM, Kit, placed
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.sets import sign
from worldgen.sets.facade import FRONT
from worldgen.sets.palette import Rng, tint
from worldgen.sets.shop import display
from worldgen.sets.sign import Glow

WORDS: Final = ("CAFE", "BOOKS", "BANK", "BAKERY", "OPTIC", "MARKET", "STUDIO 9", "PHARMACY", "FLOWERS", "SPORT",
                "WINE", "CINEMA", "RECORDS", "BIKES", "HAIR", "TOYS", "GALLERY", "PIZZA")  # fmt: skip
BLADES: Final = ("HOTEL", "CINEMA", "PARKING", "JAZZ", "BAR")
COLOURS: Final = ("#ff3d6e", "#30c0ff", "#ffb030", "#c060ff", "#40ffb0")
DEPTH: Final = 9.0


@dataclass(frozen=True)
class _Plan:
    width: float
    ground: float
    storey: float
    floors: int
    form: str
    body: Material
    frame: Material
    glass: tuple[Material, ...]
    glowing: tuple[Material, ...]

    @property
    def top(self) -> float:
        return self.ground + self.floors * self.storey


def tower(
    width: float, seed: int, place: npt.ArrayLike, *, lit: bool, flanks: tuple[bool, bool], near: bool
) -> tuple[Mesh, tuple[Glow, ...]]:
    """A building ``width`` metres wide placed by ``place (4, 4)``, and the glow of its neon in its own frame.

    lit: some of its windows and its signs shine. flanks: which sides have windows. near: shops are built in full.
    """
    rng = np.random.default_rng(seed_from("tower", seed))
    p = _drawn(rng, width)
    kit = Kit()
    _storeys(kit, rng, p, width, lit)
    glows = _ground(kit, np.random.default_rng(seed_from("shop", seed)), p, lit, near)
    _roof(kit, np.random.default_rng(seed_from("roof", seed)), p)
    for k, (seen, at) in enumerate(
        zip(flanks, (placed(0, -DEPTH, 0, np.pi / 2), placed(width, 0, 0, -np.pi / 2)), strict=True)
    ):
        side = Kit()
        side.panel(0, DEPTH, -0.3, p.top if not seen else p.ground, 0.0, p.body)
        if seen:
            _storeys(side, np.random.default_rng(seed_from("side", seed, k)), p, DEPTH, lit)
        kit.mesh(side.build(), at)
    kit.quads([[[0, -DEPTH, -0.3], [width, -DEPTH, -0.3], [width, -DEPTH, p.top], [0, -DEPTH, p.top]]], p.body)
    return kit.build(place, (float(rng.uniform(0, 9)), 0.0)), glows


def _drawn(rng: Rng, width: float) -> _Plan:
    form = str(rng.choice(["curtain", "piers", "ribbon", "grid"], p=[0.3, 0.25, 0.2, 0.25]))
    kinds = {
        "curtain": (("painted-metal", "#3b4248"), ("painted-metal", "#565c60"), ("concrete", "#8f8f8c")),
        "piers": (("concrete", "#a8a49b"), ("stone", "#b9ae98"), ("brick", "#8a5a48"), ("concrete", "#c3beb4")),
        "ribbon": (("concrete", "#b5b1a8"), ("tile", "#cfd2d0"), ("concrete", "#8d8f90")),
        "grid": (("brick", "#7d5142"), ("stone", "#c2b8a3"), ("brick", "#a0694f"), ("concrete", "#a29d93")),
    }[form]
    kind, colour = kinds[int(rng.integers(len(kinds)))]
    frame = tint("painted-metal", str(rng.choice(["#2a2d30", "#3c4145", "#1f2326", "#6e7478"])))
    glass = tuple(tint("glass", c) for c in ("#25313a", "#2f3d47", "#1c262d"))
    glow = tuple(tint("window-glow", c) for c in ("#8a6d44", "#927c58", "#6b5534", "#5f6c80"))
    return _Plan(
        width, float(rng.uniform(4.0, 4.6)), float(rng.uniform(3.2, 3.6)), int(rng.integers(3, 8)), form,
        tint(kind, colour), frame, glass, glow,
    )  # fmt: skip


def _panes(kit: Kit, rng: Rng, p: _Plan, cells: F64, y: float, lit: bool) -> None:
    """Glass ``(N, 4)`` of x0, x1, z0, z1 at depth ``y``; a third of it shines where ``lit``, in runs of an office."""
    which = rng.integers(0, len(p.glass), len(cells))
    shine = rng.random((len(cells) + 2) // 3).repeat(3)[: len(cells)] < 0.34
    tone = rng.integers(0, len(p.glowing), len(cells))
    e = np.full(len(cells), y)
    x0, x1, z0, z1 = cells.T
    quads = np.stack([np.stack(c, -1) for c in ((x1, e, z0), (x0, e, z0), (x0, e, z1), (x1, e, z1))], axis=1)
    for k, glass in enumerate(p.glass):
        kit.quads(quads[(which == k) & ~(shine & lit)], glass)
    if lit:
        for k, glow in enumerate(p.glowing):
            kit.quads(quads[shine & (tone == k)], glow)


def _storeys(kit: Kit, rng: Rng, p: _Plan, width: float, lit: bool) -> None:
    """Everything above the shops on a side ``width`` metres wide."""
    floors = p.ground + p.storey * np.arange(p.floors)
    bay = {"curtain": 1.45, "piers": 2.9, "ribbon": 1.6, "grid": 2.1}[p.form]
    count = max(2, round(width / bay))
    x = np.linspace(0, width, count + 1)
    sill, head = {"curtain": (0.85, 0.0), "piers": (0.75, 0.35), "ribbon": (1.05, 0.45), "grid": (0.85, 0.45)}[p.form]
    deep = {"curtain": -0.06, "piers": -0.42, "ribbon": -0.16, "grid": -0.3}[p.form]
    edge = {"curtain": 0.0, "piers": 0.3, "ribbon": 0.0, "grid": 0.42}[p.form]
    a, z = np.meshgrid(np.arange(count), floors, indexing="ij")
    a = a.T.ravel()
    z = z.T.ravel()
    cells = np.stack([x[a] + edge, x[a + 1] - edge, z + sill, z + p.storey - head], axis=1)
    _panes(kit, rng, p, cells, deep, lit)
    e = np.ones(len(floors))
    spandrel = tint("glass", "#39434a") if p.form == "curtain" else p.body
    out = {"curtain": -0.05, "piers": -0.1, "ribbon": 0.0, "grid": 0.0}[p.form]
    kit.boxes(
        np.stack([0 * e, (deep - 0.05) * e, floors - head], 1),
        np.stack([width * e, out * e, floors + sill], 1), spandrel, ("+y", "+z", "-z"),
    )  # fmt: skip
    kit.boxes([[0, deep - 0.05, p.top - max(head, 0.15)]], [[width, out, p.top]], p.body, ("+y", "-z"))
    if edge:
        post = np.concatenate([[0.0], x[1:-1] - edge, [width - edge]])
        stop = np.concatenate([[edge], x[1:-1] + edge, [width]])
        y = 0.18 if p.form == "piers" else 0.0
        one = np.ones(len(post))
        kit.boxes(
            np.stack([post, (deep - 0.05) * one, p.ground * one], 1),
            np.stack([stop, y * one, p.top * one], 1), p.body, ("-x", "+x", "+y"),
        )  # fmt: skip
        for part in (0.5,):  # a mullion in the middle of every window
            m = cells[:, 0] + (cells[:, 1] - cells[:, 0]) * part
            kit.boxes(
                np.stack([m - 0.03, np.full(len(m), deep), cells[:, 2]], 1),
                np.stack([m + 0.03, np.full(len(m), deep + 0.06), cells[:, 3]], 1), p.frame, ("-x", "+x", "+y"),
            )  # fmt: skip
    else:
        bar = np.clip(x, 0.03, width - 0.03)
        one = np.ones(len(bar))
        proud = 0.09 if p.form == "curtain" else deep + 0.07
        kit.boxes(
            np.stack([bar - 0.03, (deep - 0.01) * one, p.ground * one], 1),
            np.stack([bar + 0.03, proud * one, p.top * one], 1), p.frame, ("-x", "+x", "+y"),
        )  # fmt: skip
    rail = np.concatenate([floors + sill, floors + p.storey - head])
    one = np.ones(len(rail))
    kit.boxes(
        np.stack([0 * one, (deep - 0.01) * one, rail - 0.03], 1),
        np.stack([width * one, (deep + 0.07) * one, rail + 0.03], 1), p.frame, ("+y", "+z", "-z"),
    )  # fmt: skip


def _ground(kit: Kit, rng: Rng, p: _Plan, lit: bool, near: bool) -> tuple[Glow, ...]:
    """Shop fronts of plate glass between piers, signs on the fascia, the way into the house."""
    w, g, pier = p.width, p.ground, 0.4
    count = 1 if w < 9 else 2
    lobby = float(rng.choice([0.0, 1.0]))
    x0, x1 = (2.2, w) if lobby == 0 else (0.0, w - 2.2)
    cut = np.linspace(x0, x1, count + 1)
    stone = tint("stone", "#6c6a66") if rng.random() < 0.5 else p.body
    posts = np.unique(np.concatenate([[0.0, w - pier], np.clip(cut - pier / 2, 0, w - pier)]))
    one = np.ones(len(posts))
    kit.boxes(
        np.stack([posts, -0.6 * one, -0.3 * one], 1), np.stack([posts + pier, 0.1 * one, g * one], 1), stone, NO_BOTTOM
    )
    kit.boxes([[0, -0.6, g - 0.75]], [[w, 0.06, g + 0.02]], stone, FRONT)
    glows: list[Glow] = []
    for k in range(count):
        a, b = float(cut[k]) + pier * 0.6, float(cut[k + 1]) - pier * 0.6
        if near:
            display(kit, rng, a, b, 0.35, g - 0.75, -0.25, lit, str(rng.choice(["#5f5038", "#6b5b42", "#565d64"])))
        else:
            kit.panel(a, b, 0.35, g - 0.75, -0.3, p.glowing[0] if lit else p.glass[0])
        kit.boxes([[a, -0.9, -0.3]], [[b, -0.18, 0.36]], tint("tile", "#3a3d40"), FRONT)
        bars = np.linspace(a, b, max(2, round((b - a) / 1.7)) + 1)
        e = np.ones(len(bars))
        kit.boxes(
            np.stack([bars - 0.03, -0.27 * e, 0.3 * e], 1), np.stack([bars + 0.03, -0.19 * e, (g - 0.75) * e], 1),
            p.frame, ("-x", "+x", "+y"),
        )  # fmt: skip
        text = str(WORDS[int(rng.integers(len(WORDS)))])
        back = str(rng.choice(["#f4ead0", "#e8e4da", "#24384a", "#7d2420", "#1f3d32", "#222426"]))
        ink = "#2a2622" if back in ("#f4ead0", "#e8e4da") else "#f2ead8"
        sub = Kit()
        long = min(b - a - 0.3, 0.62 * sign.strokes(text)[1] + 0.8)
        sign.board(sub, text, long, 0.58, back, ink, lit and ink == "#2a2622")
        kit.mesh(sub.build(), placed((a + b) / 2, 0.06, g - 0.37))
    m = 1.1 if lobby == 0 else w - 1.1
    kit.panel(m - 0.8, m + 0.8, 0.0, g - 0.75, -0.5, p.glowing[1] if lit else p.glass[1])
    kit.boxes(
        [[m - 0.04, -0.5, 0], [m - 0.8, -0.5, 2.4]], [[m + 0.04, -0.42, 2.4], [m + 0.8, -0.42, 2.48]], p.frame, FRONT
    )
    kit.boxes([[m - 1.0, 0.0, 3.0]], [[m + 1.0, 1.1, 3.12]], p.frame, ALL_SIDES)
    if rng.random() < 0.45:
        sub = Kit()
        text, colour = str(rng.choice(BLADES)), str(rng.choice(COLOURS))
        glow = sign.blade(sub, text, 0.55 * len(text) + 0.3, colour, "#1d2126", lit, 0.85)
        at = placed(float(cut[count]) - 0.5 if lobby == 0 else 0.5, 0.12, g + 0.4 + 0.28 * len(text))
        kit.mesh(sub.build(), at)
        if glow is not None:
            glows.append(Glow(tuple((at[:3, 3] + np.array(glow.position)).tolist()), colour))
    return tuple(glows)


def _roof(kit: Kit, rng: Rng, p: _Plan) -> None:
    """A parapet, and machines, ducts and masts behind it."""
    w, top, grey = p.width, p.top, tint("concrete", "#7f7e7a")
    kit.quads([[[w, 0, top], [0, 0, top], [0, -DEPTH, top], [w, -DEPTH, top]]], tint("gravel", "#6f6b64"))
    tall = float(rng.uniform(0.6, 1.1))
    low = [[0, -0.3, top], [0, -DEPTH, top], [0, -DEPTH + 0.3, top], [w - 0.3, -DEPTH + 0.3, top]]
    high = [[w, 0.04, top + tall], [w, -DEPTH + 0.3, top + tall], [0.3, -0.3, top + tall], [w, -0.3, top + tall]]
    kit.boxes(low, high, p.body, ALL_SIDES)
    kit.boxes([[w * 0.3, -6.5, top]], [[w * 0.3 + 2.8, -3.6, top + 2.6]], grey)
    metal = tint("painted-metal", "#9aa0a3")
    for _ in range(int(rng.integers(2, 5))):
        x, y, s = rng.uniform(1.0, w - 2.2), rng.uniform(-DEPTH + 1, -2.2), rng.uniform(0.6, 1.3)
        kit.boxes([[x, y, top]], [[x + s * 1.3, y + s, top + s]], metal)
    if rng.random() < 0.4:
        x, y = w * 0.72, -4.0
        kit.tube([[x, y, top], [x, y, top + 4.2]], 0.04, metal, 6)
        for z in (2.2, 3.0, 3.7):
            kit.tube([[x - 0.6, y, top + z], [x + 0.6, y, top + z]], 0.015, metal, 4)
    if rng.random() < 0.3:  # a water tank on legs
        x, y = w * 0.66, -5.5
        for sx in (-0.8, 0.8):
            for sy in (-0.8, 0.8):
                kit.tube([[x + sx, y + sy, top], [x + sx, y + sy, top + 1.9]], 0.06, make("iron"), 5)
        kit.turned([(1.25, 0), (1.25, 2.3), (1.32, 2.32), (0.0, 3.2)], tint("planks", "#6d5138"), (x, y, top + 1.9), 18)
