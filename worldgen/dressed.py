"""A clothed body at rest: skin, hair and garments sewn to one mesh."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.conventions import F32, F64, I32
from worldgen.decimation import coarser
from worldgen.figure import Figure, figure
from worldgen.hair import brows, eyes, hair, lashes
from worldgen.headwear import beard, glasses, headwear
from worldgen.mesh import box_uv
from worldgen.outerwear import coat, skirt
from worldgen.posture import SOLE
from worldgen.skinning import Rig
from worldgen.tailoring import cylinder_uv, sewn, taken
from worldgen.wardrobe import ARM, Piece, bare, legs, shoes, top

LOW_FACES: Final = 5600


@dataclass(frozen=True)
class Dressed:
    """Rest mesh at the baked size, without materials: parts as (garment, shade, kind)."""

    points: F32
    faces: I32
    uv: F32
    part: I32
    parts: tuple[tuple[str, float, str], ...]
    weights: csr_matrix
    rig: Rig
    height: float


@lru_cache(maxsize=64)
def dressed(
    build: float, masculine: float, garments: frozenset[str], hairstyle: str, hat_style: str, locks: int, detail: str
) -> Dressed:
    """Body and clothes sewn to one mesh."""
    bare_figure = figure(build, masculine)
    pieces: list[Piece] = []
    coated, short_coat, dressy = (
        "coat" in garments,
        "jacket" in garments and "coat" not in garments,
        "dress" in garments,
    )
    skirted = "skirt" in garments or dressy
    bodice = top(bare_figure, "under-coat" if coated or short_coat else "tucked" if skirted else "over")
    pieces += [replace(piece, garment="dress") for piece in bodice] if dressy else bodice
    if "legs" in garments:
        pieces += legs(bare_figure, coated)
    if "shorts" in garments:
        pieces += legs(bare_figure, short=True)
    if skirted:
        below = skirt(bare_figure, None if coated or short_coat else pieces[0].cloth)
        pieces += [replace(piece, garment="dress") for piece in below] if dressy else below
    if coated or short_coat:
        pieces += coat(bare_figure, short=not coated)
    pieces += shoes(bare_figure)
    pieces += hair(bare_figure, hairstyle, locks, "hat" in garments) + brows(bare_figure)
    pieces += lashes(bare_figure) + eyes(bare_figure)
    if "hat" in garments:
        pieces += headwear(bare_figure, hat_style)
    if "glasses" in garments:
        pieces += glasses(bare_figure)
    if "beard" in garments:
        pieces += beard(bare_figure)
    shown = bare(bare_figure, set(garments))
    lips = bare_figure.lips
    body = bare_figure.body
    pieces.append(Piece("skin", "skin", "skin", 1.0, taken(body, shown & ~lips)))
    pieces.append(Piece("lips", "lips", "skin", 1.0, taken(body, shown & lips)))
    if detail == "low":
        pieces = _coarse(pieces)
    cloths, uvs, parts = [], [], []
    labels: dict[tuple[str, float, str], int] = {}
    for piece in pieces:
        cloth, uv = piece.cloth, None
        if piece.garment in ("top", "legs", "coat", "skirt", "jacket", "dress", "shorts"):
            cloth, uv = cylinder_uv(cloth, _chart(bare_figure, piece), _axes(bare_figure))
        if uv is None:
            uv = box_uv(cloth.points.astype(np.float32), cloth.normals.astype(np.float32))
        label = labels.setdefault((piece.garment, piece.shade, piece.kind), len(labels))
        cloths.append(cloth)
        uvs.append(uv)
        parts.append(np.full(len(cloth.faces), label, dtype=np.int32))
    whole = sewn(cloths)
    return Dressed(
        whole.points.astype(np.float32),
        whole.faces,
        np.concatenate(uvs).astype(np.float32),
        np.concatenate(parts),
        tuple(labels),
        whole.weights.astype(np.float32).tocsr(),
        bare_figure.rig,
        bare_figure.height + SOLE,
    )


def _coarse(pieces: list[Piece]) -> list[Piece]:
    """The pieces with ``LOW_FACES`` triangles in all, each by its share; eyes and buttons keep a few."""
    total = sum(len(piece.cloth.faces) for piece in pieces)
    few = [max(int(LOW_FACES * len(piece.cloth.faces) / total), 48) for piece in pieces]
    return [replace(piece, cloth=coarser(piece.cloth, count)) for piece, count in zip(pieces, few, strict=True)]


def _axes(shape: Figure) -> F64:
    """(5, 2, 3) what the weave runs around: trunk, left and right arm, left and right leg."""
    j = shape.joint
    trunk = j("pelvis") + np.array([0.0, 0.03, 0.0])
    return np.array(
        [
            [trunk, trunk + np.array([0.0, 0.0, 0.5])],
            [j("hand_l"), j("upperarm_l")],
            [j("hand_r"), j("upperarm_r")],
            [j("foot_l"), j("thigh_l")],
            [j("foot_r"), j("thigh_r")],
        ]
    )


def _chart(shape: Figure, piece: Piece) -> I32:
    """(V,) the axis of :func:`_axes` that each point of a garment belongs to."""
    cloth = piece.cloth
    left = cloth.points[:, 0] < 0
    arm = shape.share(cloth, *ARM) > 0.5
    low = cloth.points[:, 2] < shape.joint("thigh_l")[2] - 0.07
    leg = low & (piece.garment in ("legs", "shorts"))
    return np.where(arm, np.where(left, 1, 2), np.where(leg, np.where(left, 3, 4), 0)).astype(np.int32)
