"""Trees of woods and fields, grown from a species, a height and a seed, in three levels of detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from worldgen.conventions import F64, seed_from
from worldgen.mesh import Mesh, merged
from worldgen.sets.palette import Rng, tint
from worldgen.sets.plants import leaves, limbs, unit_rows

Detail = Literal["near", "mid", "low", "far"]
SUNK: Final = 0.35
"""Metres that trunks reach into the ground."""


@dataclass(frozen=True)
class Species:
    """How a kind of tree grows; lengths as shares of its height unless said otherwise.

    girth: radius of the trunk at breast height. clear: height of the lowest branch. reach: length of the longest
    branch. shape: where along the crown it is (0 at its foot, 1 at the top). rise: of the branches, radians above
    level at the crown's foot and at the top. droop: how far twigs hang. wander: how far the trunk strays.
    leaf: length of a spray of leaves in metres, and its width over its length. bark, greens, autumn: colours; greens
    from the shade to the light.
    """

    girth: float
    clear: float
    reach: float
    shape: float
    rise: tuple[float, float]
    droop: float
    wander: float
    leaf: tuple[float, float]
    bark: str
    greens: tuple[str, ...]
    autumn: tuple[str, ...]
    needles: bool = False


SPECIES: Final[Mapping[str, Species]] = MappingProxyType(
    {
        "beech": Species(0.016, 0.26, 0.36, 0.35, (0.35, 1.15), 0.15, 0.012, (0.27, 0.62), "#7d776c",
                         ("#2f4a1f", "#43622a", "#587a33", "#739140"), ("#664a2c", "#866036", "#a27b43", "#b8985a")),
        "oak": Species(0.021, 0.2, 0.42, 0.4, (0.15, 1.0), 0.05, 0.03, (0.25, 0.6), "#5d5144",
                       ("#2c4420", "#3d5828", "#52702f", "#6a853c"), ("#5a4a2e", "#756039", "#8c7544", "#9e8a55")),
        "birch": Species(0.010, 0.3, 0.24, 0.35, (0.75, 1.25), 0.5, 0.02, (0.18, 0.6), "#aeaaa0",
                         ("#4a6428", "#5f7d31", "#78953c", "#93aa4b"), ("#85753a", "#a38f48", "#bba758", "#c7b86c")),
        "pine": Species(0.014, 0.48, 0.22, 0.45, (0.2, 0.9), 0.1, 0.02, (0.36, 0.24), "#6a5545",
                        ("#22382a", "#2d4831", "#3a573a", "#4a6644"), ("#22382a", "#2d4831", "#3a573a", "#4a6644"),
                        True),
        "spruce": Species(0.012, 0.07, 0.19, 0.04, (-0.25, 0.5), 0.35, 0.004, (0.42, 0.3), "#5b4636",
                          ("#1d3226", "#27402d", "#324e36", "#416040"), ("#1d3226", "#27402d", "#324e36", "#416040"),
                          True),
    }
)  # fmt: skip
"""The kinds of trees by name."""

_LOWEST: Final = 0.035
"""No limb hangs lower, as a share of the height."""
_BRANCHES: Final = {"near": 26, "mid": 13, "low": 9, "far": 0}
_TWIGS: Final = {"near": 6, "mid": 3, "low": 3, "far": 0}
_LEAVES: Final = {"near": 4600, "mid": 1700, "low": 320, "far": 66}
_ROUND: Final = {"near": 12, "mid": 8, "low": 5, "far": 4}
_LARGER: Final = {"near": 1.45, "mid": 2.1, "low": 4.1, "far": 7.9}


def _profile(species: Species, t: F64) -> F64:
    """Length of branches over the longest at share ``t`` of the crown."""
    peak = species.shape
    low = 0.45 + 0.55 * np.sin(0.5 * np.pi * np.clip(t / max(peak, 1e-3), 0, 1))
    high = np.cos(0.5 * np.pi * np.clip((t - peak) / (1 - peak), 0, 1)) ** (0.62 if not species.needles else 0.9)
    if peak < 0.1:
        high = 1.0 - 0.93 * t
    return np.where(t < peak, low, np.maximum(high, 0.1))


@dataclass(frozen=True)
class _Frame:
    """The limbs of a tree: trunk (K, 3), branches (B, 6, 3), twigs (T, 4, 3)."""

    trunk: F64
    branches: F64
    twigs: F64
    spans: F64


def _frame(species: Species, height: float, rng: Rng, branches: int, twigs: int) -> _Frame:
    k = 14
    t = np.concatenate([[-SUNK / height, 0.0, 0.012, 0.04], np.linspace(0.09, 0.985, k - 4)])
    stray = np.cumsum(rng.normal(0, species.wander * height / 3, (k, 2)), axis=0)
    stray -= stray[1]
    stray[:2] = 0
    trunk = np.column_stack([stray * np.clip(t, 0, 1)[:, None] ** 0.5, t * height])
    u = (np.arange(branches) + rng.uniform(0.1, 0.9, branches)) / max(branches, 1)
    if species.needles:  # whorls
        u = (np.floor(u * branches / 4) + 0.25) / max(branches / 4, 1) + rng.normal(0, 0.008, branches)
    u = np.clip(u, 0, 0.985) ** (0.9 if species.needles else 0.8)
    at = species.clear + (0.97 - species.clear) * u
    start = np.stack([np.interp(at, t, trunk[:, c]) for c in range(3)], axis=1)
    turn = np.arange(branches) * 2.39996 + rng.normal(0, 0.35, branches) + rng.uniform(0, 6.28)
    rise = species.rise[0] + (species.rise[1] - species.rise[0]) * u + rng.normal(0, 0.12, branches)
    span = species.reach * height * _profile(species, u) * rng.uniform(0.78, 1.12, branches)
    way = np.stack([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)], axis=1)
    s = np.linspace(0, 1, 6)[None, :, None]
    lift = 0.22 if not species.needles else -0.1
    bend = np.cumsum(rng.normal(0, 0.035, (branches, 6, 3)), axis=1)
    limbs_ = start[:, None] + span[:, None, None] * (way[:, None] * s + (lift * s**2) * [0, 0, 1.0] + bend * s)
    n = branches * twigs
    b = np.repeat(np.arange(branches), twigs)
    v = np.tile((np.arange(twigs) + 0.5) / max(twigs, 1), branches) * 0.72 + 0.26 + rng.normal(0, 0.03, n)
    v = np.clip(v, 0.15, 0.98)
    low = np.minimum((v * 5).astype(int), 4)
    part = (v * 5 - low)[:, None]
    origin = limbs_[b, low] * (1 - part) + limbs_[b, low + 1] * part
    own = unit_rows(limbs_[b, low + 1] - limbs_[b, low])
    flat = unit_rows(np.cross(own, [0.0, 0.0, 1.0])) * np.where(np.arange(n) % 2 == 0, 1.0, -1.0)[:, None]
    spread = rng.normal(0, 0.35, (n, 3)) * ([1, 1, 0.35] if species.needles else [1, 1, 1])
    out = unit_rows(0.65 * own + 0.8 * flat + spread + [0, 0, 0.12 if not species.needles else -0.1])
    long = (span[b] * (0.5 - 0.22 * v) * rng.uniform(0.75, 1.2, n))[:, None, None]
    w = np.linspace(0, 1, 4)[None, :, None]
    shoots = origin[:, None] + long * (out[:, None] * w - species.droop * w**2 * [0, 0, 1.0])
    for hanging in (limbs_, shoots):  # nothing grows into the ground
        hanging[..., 2] = np.maximum(hanging[..., 2], _LOWEST * height)
    return _Frame(trunk, limbs_, shoots, span)


def _wood(species: Species, height: float, rng: Rng, frame: _Frame, detail: Detail) -> Mesh:
    bark = tint("bark", species.bark)
    sides = _ROUND[detail]
    z = frame.trunk[:, 2]
    girth = species.girth * height * np.clip(1.12 - 0.98 * z / height, 0.06, 1.2) ** 0.85
    flare = np.exp(-np.maximum(z, 0) / (0.035 * height))[:, None]
    angle = np.arange(sides) * 2 * np.pi / sides
    lobes = 0.5 + 0.5 * np.sin(angle * int(rng.integers(3, 6)) + rng.uniform(0, 6))
    radius = girth[:, None] * (1.0 + flare * (0.35 + 0.75 * lobes) + 0.04 * rng.normal(size=(len(z), sides)))
    if detail in ("low", "far"):
        keep = [0, 3, 13] if detail == "far" else [0, 2, 4, 8, 13]
        return limbs(frame.trunk[None, keep], radius[None, keep], sides, bark)
    parts = [limbs(frame.trunk[None], radius[None], sides, bark)]
    b = len(frame.branches)
    at = np.clip(frame.branches[:, 0, 2] / height, 0, 1)
    thick = species.girth * height * np.clip(1.0 - at, 0.1, 1) ** 0.8 * (0.42 if not species.needles else 0.26)
    taper = np.linspace(1.0, 0.16, 6)[None] * thick[:, None]
    parts.append(limbs(frame.branches, np.maximum(taper, 0.007), 6 if detail == "near" else 3, bark))
    if detail == "near":
        thin = np.repeat(thick, len(frame.twigs) // b) * 0.3
        parts.append(limbs(frame.twigs, np.maximum(np.linspace(1, 0.25, 4) * thin[:, None], 0.004), 3, bark))
    return merged(parts)


def _crown(species: Species, height: float, rng: Rng, frame: _Frame, detail: Detail, autumn: bool) -> Mesh:
    count = _LEAVES[detail]
    tips = np.concatenate([frame.twigs[:, 1:].reshape(-1, 3), frame.branches[:, 4:].reshape(-1, 3)])
    way = np.concatenate([
        np.repeat(frame.twigs[:, 3] - frame.twigs[:, 0], 3, axis=0),
        np.repeat(frame.branches[:, 5] - frame.branches[:, 3], 2, axis=0),
    ])  # fmt: skip
    weight = np.concatenate([
        np.tile([0.7, 1.0, 1.1], len(frame.twigs)), np.tile([0.5, 0.9], len(frame.branches))
    ])  # fmt: skip
    pick = np.sort(rng.choice(len(tips), count, p=weight / weight.sum()))
    fuzz = height * (0.021 if species.needles else 0.032)
    at = tips[pick] + rng.normal(0, fuzz, (count, 3)) * [1, 1, 0.6 if species.needles else 0.9]
    low, high = at[:, 2].min(), at[:, 2].max()
    middle = np.array([0.0, 0.0, low + 0.42 * (high - low)])
    axis = np.column_stack(
        [frame.trunk[-1, :2] * (at[:, 2] / height)[:, None] * 0.5, at[:, 2] * 0.55 + middle[2] * 0.45]
    )
    radial = unit_rows(at - axis)
    facing = unit_rows(radial + np.array([0, 0, 0.45]))
    along = unit_rows(unit_rows(way[pick]) + rng.normal(0, 0.55 if not species.needles else 0.3, (count, 3))
                      + [0, 0, -0.5 * species.droop])  # fmt: skip
    size = species.leaf[0] * (height / 14.0) ** 0.5 * _LARGER[detail] * rng.uniform(0.7, 1.25, count)
    if species.needles and detail in ("low", "far"):
        size *= 0.6
    slim = species.leaf[1] ** {"near": 1.0, "mid": 0.8, "low": 0.6, "far": 0.4}[detail]  # larger sprays are rounder
    # Light leaves outside and on top, dark ones within; clumps differ a little as a whole.
    depth = np.linalg.norm(at[:, :2] - axis[:, :2], axis=1) / (species.reach * height)
    clump = rng.normal(0, 0.13, len(tips))[pick]
    light = 0.42 * depth + 0.55 * (at[:, 2] - low) / max(high - low, 1e-6) + clump + rng.normal(0, 0.1, count)
    tones = species.autumn if autumn else species.greens
    which = np.clip(light * len(tones), 0, len(tones) - 1).astype(np.int64)
    materials = tuple(tint("foliage", tone) for tone in tones)
    at[:, 2] += np.maximum(0.1 - (at + 0.7 * size[:, None] * along)[:, 2], 0.0)
    return leaves(at - 0.3 * size[:, None] * along, along, facing, size, slim * size, which, materials, facing)


@lru_cache(maxsize=256)
def wild_tree(
    kind: str, height: float, seed: int, detail: Detail = "near", autumn: bool = False, crowded: bool = False
) -> Mesh:
    """A tree at the origin whose trunk reaches ``SUNK`` metres into the ground.

    kind: one of ``SPECIES``. height: metres. detail: "near" has about 14,000 triangles, "mid" 4,000, "low" 680 and
    "far" 150. crowded: with the high crown and the slim trunk of a wood.
    """
    species = SPECIES[kind]
    if crowded:
        clear, slim = (0.42, 0.8) if kind != "spruce" else (0.3, 0.9)
        species = replace(species, clear=max(species.clear, clear), girth=slim * species.girth, 
                          reach=0.8 * species.reach, leaf=(0.66 * species.leaf[0], species.leaf[1]))  # fmt: skip
    rng = np.random.default_rng(seed_from("tree", kind, seed))
    frame = _frame(species, height, rng, _BRANCHES[detail] or 9, _TWIGS[detail] or 2)
    return merged([_wood(species, height, rng, frame, detail), _crown(species, height, rng, frame, detail, autumn)])
