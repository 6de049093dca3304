"""Things on wheels: a small rounded car, a bicycle, a hand cart. Each stands at the origin and looks along +Y."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import F64
from worldgen.kit import Kit, placed, smooth_normals
from worldgen.material import Material, make
from worldgen.mesh import Mesh, box_uv
from worldgen.sets.palette import Rng, tint

_ABOUT_X = np.array([[0.0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]])
"""Turns what stands on z into what lies along +X."""


def car(kit: Kit, rng: Rng) -> None:
    """A round little city car of the sixties, 3.0 m long and 1.32 m wide."""
    paint = tint(
        "painted-metal", str(rng.choice(["#d8cfb4", "#8fb0a6", "#a8382e", "#41607a", "#c79a3f", "#6f7f63", "#b7bcc0"]))
    )
    glass, chrome, rubber = make("glass"), tint("metal", "#c9c9c6"), make("rubber")
    # Stations from tail to nose: y, half width, sill, belt line, roof line, half width of the roof.
    table = np.array(
        [
            [-1.50, 0.46, 0.34, 0.62, 0.64, 0.36],
            [-1.46, 0.55, 0.28, 0.72, 0.76, 0.42],
            [-1.34, 0.61, 0.24, 0.80, 0.90, 0.46],
            [-1.15, 0.64, 0.22, 0.85, 1.05, 0.48],
            [-0.85, 0.655, 0.20, 0.87, 1.23, 0.49],
            [-0.50, 0.66, 0.20, 0.88, 1.31, 0.50],
            [-0.10, 0.66, 0.20, 0.88, 1.33, 0.50],
            [0.20, 0.66, 0.20, 0.88, 1.30, 0.49],
            [0.42, 0.66, 0.20, 0.87, 1.21, 0.49],
            [0.62, 0.655, 0.20, 0.85, 1.05, 0.49],
            [0.78, 0.65, 0.21, 0.83, 0.89, 0.50],
            [1.05, 0.64, 0.22, 0.78, 0.83, 0.47],
            [1.28, 0.61, 0.24, 0.70, 0.76, 0.42],
            [1.42, 0.55, 0.28, 0.60, 0.65, 0.36],
            [1.49, 0.44, 0.36, 0.52, 0.54, 0.30],
        ]
    )
    y = np.linspace(table[0, 0], table[-1, 0], 27)
    w, sill, belt, roof, top = (np.interp(y, table[:, 0], table[:, k]) for k in range(1, 6))
    for array in (w, sill, belt, roof, top):
        array[1:-1] = 0.25 * array[:-2] + 0.5 * array[1:-1] + 0.25 * array[2:]
    side = [
        (0.80, 0.0),
        (0.97, 0.06),
        (1.0, 0.35),
        (1.0, 0.62),
        (0.985, 0.86),
        (0.95, 1.0),
    ]  # part of w, part of sill to belt
    upper = [(0.0, 0.06), (0.3, 0.48), (0.62, 0.86), (0.82, 0.97), (1.0, 1.0)]  # inwards w to roof, belt to roof
    right = [np.stack([w * a, y, sill + (belt - sill) * b], axis=1) for a, b in side]
    for a, b in upper:
        x = w * 0.95 + (top - w * 0.95) * min(a / 0.62, 1.0) if a <= 0.62 else top * (1 - (a - 0.62) / 0.38)
        right.append(np.stack([x, y, belt + (roof - belt) * b], axis=1))
    half = np.stack(right, axis=1)  # (stations, 11, 3)
    mirrored = half[:, -2::-1] * [-1.0, 1.0, 1.0]
    skin = np.concatenate([half, mirrored], axis=1)
    ends = [np.broadcast_to(skin[k].mean(0), (1, *skin.shape[1:])) for k in (0, -1)]
    skin = np.concatenate([ends[0], skin, ends[1]])
    tall = np.pad(roof - belt, 1)
    _loft(kit, skin, paint, glass, tall, len(side), chrome)
    for s in (-1.0, 1.0):
        for at in (-0.92, 0.95):
            tyre = Kit()
            tyre.turned(
                [(0.16, -0.075), (0.255, -0.07), (0.27, -0.03), (0.27, 0.03), (0.255, 0.07), (0.16, 0.075)],
                rubber,
                sides=20,
            )
            tyre.turned([(0.16, 0.06), (0.14, 0.085), (0.06, 0.095), (0.0, 0.1)], chrome, sides=14)
            kit.mesh(tyre.build(), placed(s * 0.575, at, 0.27, 0.0 if s > 0 else np.pi) @ _ABOUT_X)
        lamp = Kit()
        lamp.turned([(0.1, -0.1), (0.1, 0.02), (0.085, 0.035)], chrome, sides=14)
        lamp.turned([(0.085, 0.03), (0.05, 0.05), (0.0, 0.055)], tint("ceramic", "#d9dbd6"), sides=14)
        kit.mesh(lamp.build(), placed(s * 0.42, 1.38, 0.6) @ _lying())
        kit.boxes(
            [[s * 0.5 - 0.05, -1.5, 0.5]],
            [[s * 0.5 + 0.05, -1.38, 0.64]],
            tint("plastic", "#8e1f1a"),
            ("-x", "+x", "-y", "+y", "+z"),
        )
    for at, bow in ((1.53, 0.1), (-1.53, -0.1)):
        x = np.linspace(-0.56, 0.56, 9)
        kit.tube(np.stack([x, at - bow * (x / 0.56) ** 2, np.full(9, 0.4)], axis=1), 0.035, chrome, 7)
    kit.boxes([[-0.2, -1.54, 0.44]], [[0.2, -1.49, 0.54]], make("paper"))
    kit.boxes([[-0.45, -1.2, 0.15]], [[0.45, 1.2, 0.3]], make("iron"))


def _lying() -> F64:
    """Turns what stands on z into what lies along +Y."""
    return np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def _loft(kit: Kit, skin: F64, paint: Material, glass: Material, tall: F64, belt: int, chrome: Material) -> None:
    """A smooth skin over stations ``(N, M, 3)``: glass between belt and roof, pillars of paint.

    tall: (N,) height of roof over belt, metres.
    """
    n, m = skin.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(m - 1), indexing="ij")
    a = (i * m + j).ravel()
    quads = np.stack([a, a + m, a + m + 1, a + 1], axis=1)
    points = skin.reshape(-1, 3).astype(np.float32)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    window = np.minimum(j, m - 2 - j).ravel()
    y = (skin[:-1, 0, 1] + skin[1:, 0, 1])[i.ravel()] / 2
    rows = (window == belt) | (window == belt + 1)
    pillar = (np.abs(y + 0.28) < 0.05) | (np.abs(y - 0.36) < 0.045) | (np.abs(y + 0.9) < 0.045)
    cabin = np.minimum(tall[:-1], tall[1:])[i.ravel()]
    pane = rows & (cabin > 0.15) & ~pillar
    # The windscreen and the rear window run across the roof where it falls.
    across = (window >= belt + 2) & (cabin > 0.05) & (((y > 0.3) & (y < 0.8)) | ((y < -0.92) & (y > -1.25)))
    glazed = np.tile(pane | across, 2)
    a3, b3, c3 = (points[faces[:, k]] for k in range(3))
    solid = np.linalg.norm(np.cross(b3 - a3, c3 - a3), axis=1) > 1e-9
    faces, glazed = faces[solid], glazed[solid]
    v, f, normal, _ = smooth_normals(points, faces, 0.55)
    uv = box_uv(v, normal)
    for chosen, material in ((glazed, glass), (~glazed, paint)):
        count = int(chosen.sum())
        if count:
            used = f[chosen].ravel()
            index = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
            kit.mesh(Mesh(v[used], index, normal[used], uv[used], np.zeros(count, np.int32), (material,)))
    line = skin[5:-4, belt - 1]
    for s in (1.0, -1.0):
        kit.tube(line * [s, 1, 1] + [s * 0.006, 0, 0], 0.008, chrome, 4)


def _hoop(radius: float, centre: tuple[float, float], x: float = 0.0, steps: int = 24) -> F64:
    a = np.linspace(0, 2 * np.pi, steps + 1)
    return np.stack([np.full(steps + 1, x), centre[0] + radius * np.cos(a), centre[1] + radius * np.sin(a)], axis=1)


def _wheel(
    kit: Kit, radius: float, y: float, spokes: int, rim: float, material: Material, hub: Material, x: float = 0.0
) -> None:
    kit.tube(_hoop(radius - rim, (y, radius), x), rim, material, 6)
    for a in np.arange(spokes) * 2 * np.pi / spokes:
        tip = [x, y + (radius - rim) * np.cos(a), radius + (radius - rim) * np.sin(a)]
        kit.tube([[x, y, radius], tip], 0.0025 if rim < 0.03 else 0.022, hub, 3 if rim < 0.03 else 5)
    kit.tube([[x - 0.05, y, radius], [x + 0.05, y, radius]], 0.02 if rim < 0.03 else 0.07, hub, 8)


def bicycle(kit: Kit, rng: Rng) -> None:
    """A town bicycle, upright along Y."""
    paint = tint("painted-metal", str(rng.choice(["#1f2a2a", "#23463f", "#7a2a25", "#3c5a73"])))
    chrome, rubber = tint("metal", "#b9b9b6"), make("rubber")
    for y in (-0.53, 0.53):
        _wheel(kit, 0.34, y, 14, 0.02, rubber, chrome)
    seat, crank, head = [0, -0.22, 0.82], [0, -0.1, 0.29], [0, 0.33, 0.86]
    for path, r in (
        ([crank, seat], 0.016),
        ([crank, [0, 0.36, 0.7]], 0.018),
        ([[0, -0.18, 0.66], head], 0.014),
        ([crank, [0, -0.53, 0.34]], 0.011),
        ([seat, [0, -0.53, 0.34]], 0.01),
        ([[0, 0.32, 0.95], [0, 0.53, 0.34]], 0.016),
        ([[0, 0.32, 0.95], [0, 0.3, 1.02]], 0.014),
    ):
        kit.tube(path, r, paint, 6)
    bar = np.array([[-0.27, 0.08, 0.98], [-0.25, 0.2, 1.02], [0.0, 0.31, 1.03], [0.25, 0.2, 1.02], [0.27, 0.08, 0.98]])
    kit.tube(bar, 0.012, chrome, 6)
    kit.boxes([[-0.08, -0.36, 0.86]], [[0.08, -0.12, 0.91]], make("leather"), ("-x", "+x", "-y", "+y", "-z", "+z"))
    kit.turned([(0.1, 0), (0.1, 0.012)], paint, (0.03, -0.1, 0.29), 12)
    kit.boxes(
        [[-0.19, 0.42, 0.78]], [[0.19, 0.68, 1.0]], tint("planks", "#a98556"), ("-x", "+x", "-y", "+y", "-z", "+z")
    )


def cart(kit: Kit, rng: Rng) -> None:
    """A wooden hand cart on two spoked wheels with sacks and crates on it."""
    wood, dark = tint("planks", "#7d6242"), tint("wood", "#5a432c")
    for s in (-1.0, 1.0):
        _wheel(kit, 0.42, 0.0, 10, 0.032, dark, dark, s * 0.52)
        kit.tube([[s * 0.4, -0.8, 0.52], [s * 0.4, 1.45, 0.62]], 0.035, dark, 6)
        kit.boxes([[s * 0.43 - 0.02, -0.8, 0.58]], [[s * 0.43 + 0.02, 0.8, 0.86]], wood)
        kit.tube([[s * 0.35, 0.85, 0.55], [s * 0.35, 0.95, 0.0]], 0.03, dark, 5)
    kit.boxes(
        [[-0.44, -0.8, 0.53], [-0.44, -0.82, 0.55]],
        [[0.44, 0.8, 0.59], [0.44, -0.78, 0.8]],
        wood,
        ("-x", "+x", "-y", "+y", "-z", "+z"),
    )
    kit.tube([[-0.5, 0, 0.42], [0.5, 0, 0.42]], 0.035, dark, 6)
    sack = tint("cloth", "#b59f78")
    for x, y in ((-0.2, -0.45), (0.2, -0.4), (0.02, -0.05)):
        r = rng.uniform(0.2, 0.24)
        kit.turned(
            [(0.05, 0), (r, 0.03), (r * 1.05, 0.2), (r * 0.85, 0.38), (0.07, 0.48), (0.1, 0.54), (0.02, 0.53)],
            sack,
            (x, y, 0.59),
            10,
        )
