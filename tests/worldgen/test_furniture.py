"""Furniture: proportions, standing on the floor, sound meshes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from trimesh import Trimesh

from worldgen.furniture import bar, beds, decor, kitchen, lights, seating, small, storage, tables
from worldgen.furniture.parts import Piece, boards, cushion, draped, grid, pillow
from worldgen.furniture.style import SCHEMES, Look, Rng, look_of
from worldgen.kit import Kit
from worldgen.material import make

Maker = Callable[[Look, Rng], Piece]
# What stands on the floor: least and most of its width, depth and height in metres.
STANDING: dict[str, tuple[Maker, tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "sofa": (seating.sofa, (2.0, 2.3), (0.85, 1.1), (0.75, 1.05)),
    "armchair": (seating.armchair, (0.6, 0.95), (0.75, 1.0), (0.75, 1.0)),
    "chair": (seating.chair, (0.38, 0.5), (0.42, 0.56), (0.8, 1.0)),
    "office-chair": (seating.office_chair, (0.55, 0.72), (0.55, 0.8), (0.95, 1.2)),
    "stool": (seating.stool, (0.33, 0.45), (0.33, 0.45), (0.74, 0.76)),
    "bench": (seating.bench, (1.75, 1.85), (0.4, 0.55), (0.95, 1.1)),
    "dining-table": (tables.dining_table, (1.55, 1.7), (0.8, 0.95), (0.73, 0.76)),
    "cafe-table": (tables.cafe_table, (0.68, 0.75), (0.68, 0.75), (0.72, 0.76)),
    "coffee-table": (tables.coffee_table, (0.8, 1.2), (0.5, 0.9), (0.35, 0.45)),
    "desk": (tables.desk, (1.45, 1.55), (0.68, 0.8), (0.72, 0.76)),
    "bookshelf": (storage.bookshelf, (0.9, 1.05), (0.28, 0.38), (1.95, 2.1)),
    "wardrobe": (storage.wardrobe, (1.55, 1.7), (0.58, 0.7), (2.1, 2.25)),
    "chest": (storage.chest, (1.1, 1.16), (0.42, 0.55), (0.95, 1.6)),
    "fireplace": (storage.fireplace, (1.4, 1.65), (0.4, 0.8), (1.1, 1.85)),
    "bed": (beds.bed, (1.6, 1.85), (2.0, 2.25), (0.7, 1.1)),
    "fridge": (kitchen.fridge, (0.58, 0.62), (0.58, 0.72), (1.8, 1.9)),
    "kitchen": (lambda a, r: kitchen.run(a, r, 3.6, 2.7), (3.58, 3.62), (0.6, 0.7), (2.1, 2.75)),
    "counter": (lambda a, r: bar.counter(a, r, 3.0), (3.0, 3.1), (0.55, 0.7), (1.5, 1.8)),
    "bar-shelves": (lambda a, r: bar.bar_shelves(a, r, 3.0, 2.8), (2.98, 3.1), (0.4, 0.5), (2.0, 2.4)),
    "plant": (lambda a, r: small.plant(a, r, 1.2), (0.3, 1.3), (0.3, 1.3), (0.8, 1.45)),
    "floor-lamp": (lambda a, r: lights.floor_lamp(a, r, True), (0.3, 0.6), (0.3, 0.6), (1.55, 1.65)),
}


@pytest.mark.parametrize("name", STANDING)
@pytest.mark.parametrize("style", SCHEMES)
def test_it_has_the_size_of_the_real_thing_and_stands(name: str, style: str) -> None:
    make_, *limits = STANDING[name]
    for seed in range(3):
        piece = make_(look_of(style, seed), np.random.default_rng(seed))
        size = piece.high - piece.low
        for value, (low, high) in zip(size, limits, strict=True):
            assert low <= value <= high, (seed, size)
        assert abs(float(piece.low[2])) < 0.006
        m = piece.mesh
        assert np.isfinite(m.vertices).all()
        assert np.isfinite(m.uv).all()
        np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=1e-3)
        assert len(m.faces) < 60_000


def test_seats_lie_on_their_cushions() -> None:
    for name in ("sofa", "armchair", "chair", "office-chair", "stool", "bench"):
        piece = STANDING[name][0](look_of("modern", 1), np.random.default_rng(5))
        seats = [s for s in piece.spots.values() if s.kind == "seat"]
        assert seats, name
        for spot in seats:
            x, y, z = spot.position
            near = np.linalg.norm(piece.mesh.vertices[:, :2] - [x, y], axis=1) < 0.2
            heights = piece.mesh.vertices[near, 2]
            assert np.abs(heights - z).min() < 0.05, name


def test_boards_are_closed_boxes_with_their_size() -> None:
    kit = Kit()
    boards(kit, [[0, 0, 0], [2, 0, 0]], [[1, 0.5, 0.02], [3, 1, 1]], make("wood"), 0.004)
    m = kit.build()
    solid = Trimesh(m.vertices, m.faces)
    solid.merge_vertices()
    assert solid.is_watertight
    assert solid.volume == pytest.approx(1.01, rel=0.01)
    np.testing.assert_allclose(m.vertices.max(axis=0), [3, 1, 1], atol=1e-6)


def test_soft_bodies_are_closed_and_keep_to_their_size() -> None:
    for mesh, size in (
        (cushion((0.7, 0.6, 0.2), make("cloth"), (1, 0, 0.3), 0.03), (0.7, 0.6, 0.2)),
        (pillow(0.45, 0.4, 0.15, make("cloth")), (0.45, 0.15, 0.4)),
    ):
        solid = Trimesh(mesh.vertices, mesh.faces)
        solid.merge_vertices()
        assert solid.is_watertight
        assert solid.volume > 0.35 * np.prod(size)
        np.testing.assert_allclose(mesh.vertices.max(axis=0) - mesh.vertices.min(axis=0), size, atol=0.012)
        outward = ((mesh.vertices - mesh.vertices.mean(axis=0)) * mesh.normals).sum(axis=1)
        assert (outward > -0.01).mean() > 0.98


def test_cloth_hangs_only_where_it_is_told_to() -> None:
    cloth = draped(1.4, 2.0, (0.2, 0.3, 0.0, 0.25), make("cloth"), np.random.default_rng(1))
    v = cloth.vertices
    level = np.abs(v[:, 1]) < 0.5
    assert v[level & (v[:, 0] < -0.6), 2].min() == pytest.approx(-0.2, abs=0.03)
    assert v[level & (v[:, 0] > 0.6), 2].min() < -0.22
    assert v[(v[:, 1] < -0.9) & (np.abs(v[:, 0]) < 0.5), 2].min() > -0.02
    assert cloth.normals[np.abs(v[:, :2]).max(axis=1) < 0.5, 2].min() > 0.8


def test_a_sheet_looks_where_its_indices_say() -> None:
    x, z = np.meshgrid([0.0, 1.0], [0.0, 1.0], indexing="ij")
    assert grid(np.stack([x, 0 * x, z], axis=-1), make("cloth")).normals[:, 1].max() < -0.99


@pytest.mark.parametrize("kind", ["floor_lamp", "table_lamp", "desk_lamp", "pendant", "sconce", "panel_light"])
def test_a_lamp_glows_only_when_it_is_lit(kind: str) -> None:
    for lit in (False, True):
        for seed in range(4):
            piece = getattr(lights, kind)(look_of("classic", 2), np.random.default_rng(seed), lit)
            assert any(max(m.emission) > 0 for m in piece.mesh.materials) == lit
            assert len(piece.lamps) == int(lit)


def test_what_hangs_on_a_wall_lies_before_it() -> None:
    look = look_of("worn", 1)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        for piece in (decor.picture(look, rng, 0.6, 0.8), decor.mirror(look, rng), decor.clock(look, rng)):
            assert -0.001 <= piece.low[1] <= 0.01
            assert piece.high[1] < 0.08


def test_colours_go_by_seed_and_style() -> None:
    assert look_of("modern", 4) == look_of("modern", 4)
    walls = {look_of(style, seed).wall.name for style in SCHEMES for seed in range(12)}
    assert len(walls) > 10
    with pytest.raises(ValueError, match="did you mean 'classic'"):
        look_of("clasic", 0)
