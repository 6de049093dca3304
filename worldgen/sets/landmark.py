"""A church tower to close the view at the end of a street."""

from __future__ import annotations

import numpy as np

from worldgen.conventions import seed_from
from worldgen.kit import Kit, placed
from worldgen.material import make
from worldgen.mesh import Mesh
from worldgen.sets.facade import FRONT, Opening, reveal, wall
from worldgen.sets.palette import tint


def church(seed: int, at: tuple[float, float]) -> Mesh:
    """A stone tower with a clock, a belfry and a spire, centred at (x, y), its front towards -Y."""
    rng = np.random.default_rng(seed_from("church", seed))
    kit = Kit()
    stone, trim, slate = tint("stone", "#b0a48d"), tint("stone", "#c6bca7"), tint("slate", "#4f5a58")
    half, tall, spire = 3.1, rng.uniform(24, 28), rng.uniform(10, 13)
    for k in range(4):
        side = Kit()
        belfry = [
            Opening(half - 1.15, half - 0.25, tall - 4.4, tall - 1.6, 0.3),
            Opening(half + 0.25, half + 1.15, tall - 4.4, tall - 1.6, 0.3),
        ]
        low = [Opening(half - 0.5, half + 0.5, 9.0, 12.0, 0.4)]
        wall(side, 0, 2 * half, 0, tall, [*belfry, *low], stone)
        for o in [*belfry, *low]:
            reveal(side, o, 0.4, trim)
            side.panel(o.x0, o.x1, o.z0, o.z1, -0.4, make("iron"))
            z = np.arange(o.z0 + 0.1, o.z1 - 0.2, 0.28)
            e = np.ones(len(z))
            side.quads(
                np.stack(
                    [
                        np.stack(q, -1)
                        for q in (
                            (o.x1 * e, -0.1 * e, z),
                            (o.x0 * e, -0.1 * e, z),
                            (o.x0 * e, -0.34 * e, z + 0.2),
                            (o.x1 * e, -0.34 * e, z + 0.2),
                        )
                    ],
                    axis=1,
                ),
                tint("planks", "#5c5348"),
            )
        for z0 in (7.0, tall - 7.6, tall - 5.0, tall - 0.5):
            side.boxes([[-0.12, -0.01, z0]], [[2 * half + 0.12, 0.14, z0 + 0.22]], trim, FRONT)
        side.boxes([[-0.35, -0.01, tall - 0.28]], [[2 * half + 0.35, 0.35, tall]], trim, FRONT)
        a = np.linspace(0, 2 * np.pi, 33)
        face = np.stack([half + 0.95 * np.cos(a), np.full(33, 0.06), tall - 6.2 + 0.95 * np.sin(a)], axis=1)
        centre = np.broadcast_to([half, 0.06, tall - 6.2], (32, 3))
        side.quads(np.stack([centre, face[1:], face[:-1], face[:-1]], axis=1), tint("ceramic", "#e9e2cf"))
        side.tube(face, 0.06, tint("metal", "#a8853f"), 5)
        for angle, long in ((0.6, 0.55), (-1.9, 0.8)):
            tip = [half + long * np.sin(angle), 0.1, tall - 6.2 + long * np.cos(angle)]
            side.tube([[half, 0.1, tall - 6.2], tip], 0.03, make("iron"), 4)
        kit.mesh(side.build(), placed(0, 0, 0, k * np.pi / 2) @ placed(-half, half))
    out, wide = half + 0.35, 2 * half + 0.7
    rim = np.array([[-out, -out, tall], [out, -out, tall], [out, out, tall], [-out, out, tall]])
    waist = rim * np.array([0.52, 0.52, 1.0]) + np.array([0, 0, 2.0])
    apex = np.array([0, 0, tall + 2.0 + spire])
    for k in range(4):
        near, far, above, back = rim[k], rim[(k + 1) % 4], waist[(k + 1) % 4], waist[k]
        skirt = np.array([[0, 0], [wide, 0], [wide * 0.76, 2.6], [wide * 0.24, 2.6]])
        kit.quads(np.stack([near, far, above, back]), slate, skirt)
        cap = np.array([[0, 0], [wide * 0.52, 0], [wide * 0.26, spire], [wide * 0.26, spire]])
        kit.quads(np.stack([back, above, apex, apex]), slate, cap)
    kit.turned(
        [(0.02, 0), (0.16, 0.2), (0.02, 0.4), (0.015, 1.4)], tint("metal", "#b9924a"), (0, 0, float(apex[2]) - 0.1), 8
    )
    return kit.build(placed(*at))
