"""What crowds a narrow night street: cables and lanterns overhead, machines, crates and bags along the walls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.light import Lamp
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets import clutter, vehicle
from worldgen.sets.furniture import catenary
from worldgen.sets.goods import scattered
from worldgen.sets.ground import KERB
from worldgen.sets.palette import Rng, tint
from worldgen.sets.stall import lamp_of, stall

Named = tuple[str, Mesh]


def vending(kit: Kit, rng: Rng, lit: bool) -> None:
    """A machine full of drinks at the origin, its back to -Y, 1.0 m wide and 1.83 m tall."""
    body = tint("painted-metal", str(rng.choice(["#b8262a", "#e6e4de", "#25508a", "#1f7a6a"])))
    kit.boxes([[-0.5, -0.36, 0.04]], [[0.5, 0.32, 1.83]], body, ALL_SIDES)
    kit.boxes([[-0.46, -0.3, 0.0]], [[0.46, 0.28, 0.04]], make("iron"), ALL_SIDES)
    for low, high, paint in (
        (0.52, 1.6, "#e2ddd0"),
        (0.62, 0.72, "#8f3a31"),
        (1.4, 1.5, "#8f3a31"),
        (0.9, 1.22, "#3f6484"),
    ):
        proud = 0.502 if paint == "#e2ddd0" else 0.504
        kit.boxes([[-proud, -0.28, low]], [[proud, 0.24, high]], tint("plastic", paint), ("-x", "+x"))
    back = tint("window-glow", "#b9c4cc") if lit else tint("plastic", "#b9bfc2")
    kit.panel(-0.43, 0.43, 0.72, 1.74, 0.322, back)
    colours = ("#c23a2e", "#2f6db0", "#3f9a4a", "#e0b93a", "#e8e6e0", "#5a3a2a", "#d97aa0")
    for z in (0.8, 1.12, 1.44):
        kit.boxes([[-0.43, 0.322, z - 0.04]], [[0.43, 0.36, z]], tint("plastic", "#d8d8d4"), ALL_SIDES)
        for x in np.arange(-0.38, 0.4, 0.095):
            can = [(0.031, 0), (0.033, 0.01), (0.033, 0.15), (0.02, 0.17), (0.0, 0.17)]
            kit.turned(can, tint("plastic", str(rng.choice(colours))), (float(x), 0.352, z), 7)
    kit.boxes([[-0.4, 0.32, 0.16]], [[0.4, 0.335, 0.42]], make("iron"), ("+y", "-x", "+x", "+z"))
    kit.boxes([[0.28, 0.32, 0.5]], [[0.42, 0.345, 0.66]], make("metal"), ("+y", "-x", "+x", "+z", "-z"))


def _bags(kit: Kit, rng: Rng) -> None:
    black = tint("plastic", "#1a1b1d")
    for x, y in ((-0.3, 0.0), (0.25, 0.05), (0.0, 0.22), (0.0, 0.0)):
        r, z = float(rng.uniform(0.2, 0.27)), 0.0 if (x, y) != (0.0, 0.0) else 0.3
        bag = [(r * 0.6, 0.0), (r, 0.1), (r * 0.95, 0.24), (r * 0.4, 0.36), (0.05, 0.4), (0.09, 0.47), (0.0, 0.45)]
        kit.turned(bag, black, (x, y, z), 10)


def _crates(kit: Kit, rng: Rng) -> None:
    """Stacks of plastic crates with slatted sides."""
    colours = ("#b08d45", "#8f3a31", "#3f6484", "#4a7053", "#8a8f90")
    for x in (-0.3, 0.25):
        for k in range(int(rng.integers(1, 5))):
            dx, paint = float(rng.uniform(-0.02, 0.02)), tint("plastic", str(rng.choice(colours)))
            z = 0.3 * k
            low, high = [[-0.23, -0.16, 0.0]], [[0.23, 0.16, 0.025]]
            for across in (-1.0, 1.0):
                for along in (-1.0, 1.0):
                    low.append([min(0.24 * across, 0.205 * across), min(0.17 * along, 0.135 * along), 0.0])
                    high.append([max(0.24 * across, 0.205 * across), max(0.17 * along, 0.135 * along), 0.29])
                for bar, tall in ((0.0, 0.045), (0.075, 0.04), (0.145, 0.04), (0.235, 0.055)):
                    y, w = sorted((0.165 * across, 0.15 * across)), sorted((0.235 * across, 0.22 * across))
                    low += [[-0.22, y[0], bar], [w[0], -0.15, bar]]
                    high += [[0.22, y[1], bar + tall], [w[1], 0.15, bar + tall]]
            shift = np.array([x + dx, 0.0, z])
            kit.boxes(np.array(low) + shift, np.array(high) + shift, paint, ALL_SIDES)


def _pots(kit: Kit, rng: Rng) -> None:
    for x in (-0.4, 0.0, 0.42):
        sub = Kit()
        clutter.planter(sub, rng, True)
        kit.mesh(sub.build(), placed(x, 0.0))


def _gas(kit: Kit, rng: Rng) -> None:
    for x in (-0.22, 0.22):
        grey = tint("painted-metal", str(rng.choice(["#9aa09c", "#7f8a86"])))
        kit.turned(
            [(0.17, 0), (0.185, 0.04), (0.185, 1.0), (0.15, 1.12), (0.06, 1.17), (0.06, 1.26), (0.0, 1.26)],
            grey,
            (x, -0.1, 0),
            14,
        )


def _table(kit: Kit, rng: Rng) -> None:
    """A low table of a food stall with stools."""
    red = tint("plastic", str(rng.choice(["#b8322a", "#2f6da0", "#2f7a5a"])))
    kit.boxes([[-0.35, -0.28, 0.6]], [[0.35, 0.28, 0.63]], tint("metal", "#a9adaf"), ALL_SIDES)
    for x in (-0.3, 0.3):
        for y in (-0.23, 0.23):
            kit.tube([[x, y, 0], [x, y, 0.6]], 0.014, make("metal"), 5)
    for x in (-0.6, 0.6):
        kit.turned([(0.15, 0), (0.12, 0.4), (0.14, 0.42), (0.14, 0.44), (0.0, 0.44)], red, (x, 0.05, 0), 12)
    kit.turned([(0.05, 0.63), (0.09, 0.69), (0.085, 0.69), (0.0, 0.65)], make("ceramic"), (0.1, 0.05, 0), 12)


def wallside(length: float, width: float, seed: int, lit: bool) -> list[Named]:
    """Things along both walls, each from a seed of its own."""
    things: list[Named] = []
    builders: tuple[tuple[str, Callable[[Kit, Rng], object], float], ...] = (
        ("vending", lambda kit, rng: vending(kit, rng, lit), 0.24), ("bags", _bags, 0.12), ("crates", _crates, 0.16),
        ("pots", _pots, 0.14), ("gas", _gas, 0.08), ("table", _table, 0.16),
        ("bicycle", lambda kit, rng: kit.mesh(_bicycle(rng)), 0.1),
    )  # fmt: skip
    share = np.array([b[2] for b in builders])
    for k, y in enumerate(np.arange(1.6, length - 1.0, 2.35)):
        for s, tag in ((-1.0, "L"), (1.0, "R")):
            rng = np.random.default_rng(seed_from("wall", seed, tag, k))
            if rng.random() < 0.3:
                continue
            what, build, _ = builders[int(rng.choice(len(builders), p=share / share.sum()))]
            kit = Kit()
            build(kit, rng)
            at = placed(s * (width / 2 - 0.48), float(y) + float(rng.uniform(-0.25, 0.25)), KERB, s * np.pi / 2)
            things.append((f"{what}-{tag}{k:02d}", kit.build(at)))
    return things


def _bicycle(rng: Rng) -> Mesh:
    kit = Kit()
    vehicle.bicycle(kit, rng)
    return kit.build(placed(0.0, 0.1, 0.0, np.pi / 2))


def overhead(length: float, width: float, seed: int, lit: bool) -> list[Named]:
    """Cables in bundles from wall to wall, and strings of lanterns."""
    things: list[Named] = []
    half = width / 2
    black = make("rubber")
    red = (
        [tint("lamp-glow", c) for c in ("#8f2012", "#a8601c")]
        if lit
        else [tint("paper", c) for c in ("#b03a2a", "#c9822f")]
    )
    for k, y in enumerate(np.arange(2.0, length - 1.0, 2.6)):
        rng = np.random.default_rng(seed_from("wires", seed, k))
        kit = Kit()
        for _ in range(int(rng.integers(2, 5))):
            (y0, y1), (z0, z1) = y + rng.uniform(-1.2, 1.2, 2), 4.6 + rng.uniform(0, 2.4, 2)
            a, b = np.array([-half, y0, z0]), np.array([half, y1, z1])
            kit.tube(catenary(a, b, float(rng.uniform(0.15, 0.6)), 14), float(rng.uniform(0.006, 0.014)), black, 4)
        things.append((f"cables-{k:02d}", kit.build()))
        if k % 2 == 0:
            sub = Kit()
            line = catenary(np.array([-half, y, 4.4]), np.array([half, y + 0.5, 4.5]), 0.35, 10)
            sub.tube(line, 0.007, black, 4)
            ball = Kit()
            h = np.linspace(-1, 1, 7)
            ball.turned(np.stack([0.8 * np.sqrt(1 - 0.6 * h**2), h], axis=1), red[k // 2 % 2], sides=12)
            cap = Kit()
            for at in (-1.05, 1.0):
                cap.turned([(0.0, at), (0.52, at), (0.52, at + 0.1), (0.0, at + 0.1)], make("iron"), sides=10)
            at3 = line[1:-1:2] - np.array([0, 0, 0.2])
            for part in (ball, cap):
                scattered(sub, part.build(), at3, np.full(len(at3), 0.17))
            things.append((f"lanterns-{k:02d}", sub.build()))
    return things


def food(seed: int, lit: bool, name: str) -> tuple[list[Named], list[Lamp]]:
    """Stalls on the open place before the street."""
    things: list[Named] = []
    lamps: list[Lamp] = []
    places = ((-8.6, -6.2, -np.pi / 2), (8.6, -7.4, np.pi / 2), (-8.6, -11.6, -np.pi / 2), (8.6, -12.6, np.pi / 2))
    for k, (x, y, turn) in enumerate(places):
        made = stall(seed_from("food", seed, k), lit)
        at = placed(x, y, 0.0, turn)
        things.append((f"stall-{k}", made.mesh.transformed(at)))
        if lit and k < 2:
            lamps.append(lamp_of(f"{name}/stall-{k}", made, at))
    return things, lamps
