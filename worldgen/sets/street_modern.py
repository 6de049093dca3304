"""What stands in a street of a modern city centre: masts with lamps, traffic lights, parked cars, trees, benches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import ALL_SIDES, Kit, placed
from worldgen.light import Lamp
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets import clutter, vehicle
from worldgen.sets.ground import KERB, pavement_width
from worldgen.sets.palette import Rng, tint
from worldgen.sets.tree import grate, tree
from worldgen.vehicles import car

WHITE = (0.85, 0.74, 0.56)
"""Intensity of a mast's lamp, kilocandela."""
MAST = 15.0
"""Metres from one mast to the next; they stand on both sides in turn."""
BAY = 6.4
"""Metres of kerb a parked car takes."""
CAR_ROOM = 3.3
"""Half width of a carriageway, metres, that leaves room to park."""
Named = tuple[str, Mesh]


def mast(kit: Kit, lit: bool) -> tuple[float, float, float]:
    """A steel mast at the origin with an arm towards -x; returns where its light sits."""
    steel = tint("painted-metal", "#5d6367")
    kit.turned([(0.11, 0), (0.11, 0.9), (0.075, 1.0), (0.05, 6.3), (0.0, 6.32)], steel, sides=12)
    kit.tube([[0, 0, 6.2], [-0.5, 0, 6.5], [-1.5, 0, 6.62]], 0.035, steel, 8)
    kit.boxes([[-2.05, -0.13, 6.58]], [[-1.35, 0.13, 6.66]], steel, ALL_SIDES)
    glow = make("lamp-glow", (1.0, 0.84, 0.62)) if lit else tint("ceramic", "#d8d8d2")
    kit.boxes([[-2.0, -0.1, 6.565]], [[-1.45, 0.1, 6.58]], glow, ("-x", "+x", "-y", "+y", "-z"))
    return (-1.72, 0.0, 6.45)


def traffic_light(kit: Kit, lit: bool, go: bool) -> None:
    """A pole at the origin with a signal head that faces -Y, and one for those who walk."""
    black = tint("painted-metal", "#1c1e1f")
    kit.turned(
        [(0.09, 0), (0.09, 0.3), (0.055, 0.34), (0.055, 3.4), (0.0, 3.42)], tint("painted-metal", "#3f4548"), sides=10
    )
    kit.boxes([[-0.16, -0.2, 2.35]], [[0.16, 0.02, 3.35]], black, ALL_SIDES)
    kit.boxes([[0.05, -0.14, 2.0]], [[0.27, 0.1, 2.3]], black, ALL_SIDES)
    lamp = ("#ff2a1a", "#ffb020", "#25e070")
    for k, z in enumerate((3.17, 2.85, 2.53)):
        on = lit and (k == 2 if go else k == 0)
        colour = lamp[k]
        glass = tint("neon", colour) if on else tint("glass", ("#5a1512", "#5a4310", "#0f4a2a")[k])
        sub = Kit()
        sub.turned([(0.105, 0.0), (0.095, 0.03), (0.0, 0.045)], glass, sides=14)
        sub.turned([(0.125, -0.02), (0.125, 0.1), (0.115, 0.1), (0.115, 0.0)], black, sides=14)
        facing = np.array([[1.0, 0, 0, 0], [0, 0, -1, -0.2], [0, 1, 0, z], [0, 0, 0, 1]])
        kit.mesh(sub.build(), facing)


def kerbside(length: float, width: float, seed: int, lit: bool, name: str) -> tuple[list[Named], list[Lamp]]:
    """Everything along both kerbs, each from a seed of its own: things without the street's name, lamps with it."""
    things: list[Named] = []
    lamps: list[Lamp] = []
    road = width / 2 - pavement_width(width)
    edge = road + 0.45

    def put(what: str, x: float, y: float, z: float, turn: float, build: Callable[[Kit], object]) -> None:
        kit = Kit()
        build(kit)
        things.append((what, kit.build(placed(x, y, z, turn))))

    for k, y in enumerate(np.arange(7.0, length - 2.0, MAST)):
        s = -1.0 if k % 2 else 1.0
        kit = Kit()
        at = mast(kit, lit)
        things.append((f"lamp-{k:02d}", kit.build(placed(s * edge, float(y), KERB, 0.0 if s > 0 else np.pi))))
        if lit:
            lamps.append(Lamp(f"{name}/lamp-{k:02d}", (s * (edge + at[0]), float(y), KERB + at[2]), WHITE, 40.0))
    for k, (x, y, turn) in enumerate(((edge, 1.1, 0.0), (-edge, 5.6, np.pi), (edge, length - 1.2, np.pi))):
        put(f"signal-{k}", x, y, KERB, turn, partial(traffic_light, lit=lit, go=k == 2))
    for k, y in enumerate(np.arange(12.0, length - 4.0, MAST / 2)):
        for s, tag in ((-1.0, "L"), (1.0, "R")):
            rng = np.random.default_rng(seed_from("modern", seed, tag, k))
            _between(put, rng, f"{tag}{k:02d}", s, edge, float(y), width / 2)
    if road >= CAR_ROOM:
        for k, y in enumerate(np.arange(10.5, length - 6.0, BAY)):
            for s, tag in ((-1.0, "L"), (1.0, "R")):
                rng = np.random.default_rng(seed_from("parked", seed, tag, k))
                if rng.random() < 0.72:
                    kind = str(rng.choice(["hatchback", "sedan", "van", "pickup"], p=[0.4, 0.38, 0.13, 0.09]))
                    parked = car(kind, None, int(rng.integers(1 << 30)))
                    x = s * (road - 0.14 - parked.size[0] / 2)
                    turn = (0.0 if s > 0 else np.pi) + float(rng.normal(0, 0.012))
                    spot = placed(x, float(y) + float(rng.uniform(-0.3, 0.3)), 0.0, turn)
                    things.append((f"car-{tag}{k:02d}", parked.mesh.transformed(spot)))
    return things, lamps


def _between(
    put: Callable[[str, float, float, float, float, Callable[[Kit], object]], None],
    rng: Rng, tag: str, s: float, edge: float, y: float, half: float,
) -> None:  # fmt: skip
    """One piece on a kerb between the masts."""
    draw, turn = rng.random(), -np.pi / 2 if s < 0 else np.pi / 2
    if draw < 0.45:

        def grown(kit: Kit) -> None:
            grate(kit, 0.84)
            tree(kit, rng, float(rng.uniform(5.4, 7.2)), max(half - edge - 0.3, 0.8))

        put(f"tree-{tag}", s * (edge + 0.1), y, KERB, 0.0 if s > 0 else np.pi, grown)
    elif draw < 0.6:
        put(f"bench-{tag}", s * (edge + 0.1), y, KERB, turn, clutter.bench)
        put(f"bin-{tag}", s * edge, y + 1.3, KERB, 0.0, clutter.bin_)
    elif draw < 0.75:
        for k in range(2):
            put(f"bicycle-{tag}-{k}", s * (edge - 0.05 + 0.25 * k), y + 0.5 * k, KERB, float(rng.uniform(-0.1, 0.1)),
                lambda kit: vehicle.bicycle(kit, rng))  # fmt: skip
    elif draw < 0.88:
        for along in (-1.5, 0.0, 1.5):
            put(
                f"bollard-{tag}-{along:+.1f}",
                s * (edge - 0.15),
                y + along,
                KERB,
                0.0,
                lambda kit: clutter.bollard(kit, (0, 0, 0)),
            )


def plaza(seed: int) -> list[Named]:
    """The open place before the street: trees in steel grates, long benches, planters, clear of its middle."""
    things: list[Named] = []
    rng = np.random.default_rng(seed_from("plaza", seed))
    for k, (x, y) in enumerate(((-8.6, -4.6), (-8.6, -13.2), (8.6, -4.6), (8.6, -13.2))):
        kit = Kit()
        grate(kit, 1.3)
        tree(kit, rng, 6.6)
        things.append((f"square-tree-{k}", kit.build(placed(x, y))))
    for k, (x, y) in enumerate(((-8.6, -8.9), (8.6, -8.9))):
        kit = Kit()
        kit.boxes([[-0.3, -1.7, 0.0]], [[0.3, 1.7, 0.38]], tint("concrete", "#a5a29a"), ALL_SIDES)
        slats = np.linspace(-0.27, 0.2, 5)
        e = np.ones(5)
        low, high = np.stack([slats, -1.65 * e, 0.38 * e], 1), np.stack([slats + 0.08, 1.65 * e, 0.43 * e], 1)
        kit.boxes(low, high, tint("wood", "#8a6440"), ALL_SIDES)
        things.append((f"bench-{k}", kit.build(placed(x, y))))
    return things
