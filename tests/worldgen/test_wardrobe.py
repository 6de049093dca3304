"""Garments cover what they should, follow the body and keep to physical scale."""

import numpy as np
import pytest

from worldgen.figure import Figure, figure
from worldgen.hair import STYLES, brows, eyes, hair, hat, lashes
from worldgen.headwear import HATS, beard, glasses, headwear
from worldgen.mesh import face_normals
from worldgen.outerwear import coat, skirt
from worldgen.tailoring import Cloth, clipped, cylinder_uv, hemmed, rims, smoothed
from worldgen.wardrobe import ARM, Piece, bare, legs, shoes, top

SHAPES = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.5), (-1.0, 0.5)]


def everything(shape: Figure) -> list[Piece]:
    pieces = top(shape) + legs(shape) + skirt(shape) + coat(shape) + shoes(shape) + hat(shape) + brows(shape)
    pieces += legs(shape, short=True) + coat(shape, short=True) + glasses(shape) + beard(shape)
    pieces += [piece for style in HATS for piece in headwear(shape, style)]
    return pieces + eyes(shape) + [piece for style in STYLES for piece in hair(shape, style, 1)]


@pytest.mark.parametrize(("build", "masculine"), SHAPES)
def test_pieces_are_sound_for_every_body(build: float, masculine: float) -> None:
    for piece in everything(figure(build, masculine)):
        cloth = piece.cloth
        assert len(cloth.faces) > 20, piece.name
        assert np.isfinite(cloth.points).all(), piece.name
        assert cloth.faces.max() < len(cloth.points)
        assert np.abs(np.asarray(cloth.weights.sum(1)) - 1).max() < 1e-5, piece.name
        assert cloth.points[:, 2].min() > -0.03


@pytest.mark.parametrize(("build", "masculine"), SHAPES)
def test_clothes_lie_outside_the_suit(build: float, masculine: float) -> None:
    shape = figure(build, masculine)
    for piece in (top(shape)[0], legs(shape)[0]):
        trunk = piece.cloth.points[(shape.share(piece.cloth, *ARM) < 0.1)]
        centre = shape.joint("spine_02")[1] + 0.035
        for z in (0.87, 0.92) if piece.name == "legs" else (0.95, 1.05, 1.15):
            suit = shape.suit.points[
                (np.abs(shape.suit.points[:, 2] - z) < 0.02) & (shape.share(shape.suit, *ARM) < 0.1)
            ]
            near = trunk[np.abs(trunk[:, 2] - z) < 0.02]
            reach = [np.hypot(p[:, 0], p[:, 1] - centre) for p in (near, suit)]
            assert reach[0].max() > reach[1].max() + 0.003


def test_what_is_hidden_is_taken_off_and_the_rest_is_shown() -> None:
    shape = figure(0.0, 0.5)
    shown = bare(shape, {"top", "legs", "shoes"})
    middle = shape.body.points[shape.body.faces].mean(1)
    head = middle[:, 2] > shape.joint("head")[2]
    hips = (np.abs(middle[:, 2] - 0.9) < 0.05) & (np.abs(middle[:, 0]) < 0.15)
    assert shown[head].all()
    assert not shown[hips].any()
    legs_bare = bare(shape, {"top", "skirt", "shoes"})
    shin = (np.abs(middle[:, 2] - 0.3) < 0.05) & (np.abs(middle[:, 0]) < 0.3)
    assert legs_bare[shin].all()
    assert not shown[shin].any()


def test_cut_edges_are_straight_and_weights_follow() -> None:
    suit = figure(0.0, 0.5).suit
    cloth = clipped(suit, suit.points[:, 2] - 0.9)
    assert cloth.points[:, 2].min() == pytest.approx(0.9, abs=1e-6)
    edge = cloth.points[np.unique(rims(cloth.faces))]
    waist = edge[(edge[:, 2] < 0.95) & (np.abs(edge[:, 0]) < 0.2)]
    assert len(waist) > 40
    assert (np.abs(waist[:, 2] - 0.9) < 1e-6).all()
    assert np.abs(np.asarray(cloth.weights.sum(1)) - 1).max() < 1e-6
    kept = face_normals(cloth.points.astype(np.float32), cloth.faces)
    assert (np.linalg.norm(kept, axis=1) > 0.5).mean() > 0.99


def test_hems_close_the_rim_with_a_fold() -> None:
    suit = figure(0.0, 0.5).suit
    cloth = clipped(suit, suit.points[:, 2] - 0.9)
    folded = hemmed(cloth, 0.005, 0.02)
    assert len(folded.points) == len(cloth.points) + 2 * len(np.unique(rims(cloth.faces)))
    edge = np.unique(rims(folded.faces))
    assert edge.min() >= len(cloth.points)  # what is open now lies inside


def test_weave_is_in_metres_around_the_body() -> None:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rings = np.stack(
        [np.stack([0.2 * np.sin(-angle), 0.2 * np.cos(angle), np.full(60, z)], 1) for z in (0.0, 0.5, 1.0)]
    )
    i, j = np.meshgrid(np.arange(2), np.arange(60), indexing="ij")
    a, b = i * 60 + j, i * 60 + (j + 1) % 60
    faces = np.concatenate(
        [np.stack([a, b, b + 60], -1).reshape(-1, 3), np.stack([a, b + 60, a + 60], -1).reshape(-1, 3)]
    )
    suit = figure(0.0, 0.5).suit
    tube = Cloth(rings.reshape(-1, 3), faces.astype(np.int32), suit.weights[:180])
    split, uv = cylinder_uv(tube, np.zeros(180, np.int32), np.array([[[0, 0, 0.0], [0, 0, 1.0]]]))
    assert np.ptp(uv[:, 1]) == pytest.approx(1.0, abs=1e-6)
    corners = uv[split.faces]
    assert np.ptp(corners[..., 0], axis=1).max() < 0.05  # no face spans the seam
    edges = np.linalg.norm(np.diff(corners, axis=1), axis=2) / np.linalg.norm(
        np.diff(split.points[split.faces], axis=1), axis=2
    )
    assert edges == pytest.approx(1.0, abs=0.02)


def test_smoothing_keeps_the_size_about() -> None:
    suit = figure(0.0, 0.5).suit
    assert np.linalg.norm(smoothed(suit, 5).points - suit.points, axis=1).mean() < 0.01


@pytest.mark.parametrize("masculine", [0.0, 1.0])
def test_lashes_edge_the_upper_lid_of_both_eyes(masculine: float) -> None:
    shape = figure(0.0, masculine)
    (piece,) = lashes(shape)
    points = piece.cloth.points[np.unique(piece.cloth.faces)]
    for centre in shape.eye_centres:
        mine = (points - centre)[np.sign(points[:, 0]) == np.sign(centre[0])] / shape.eye_radius
        assert len(mine) > 30
        assert np.ptp(mine[:, 0]) > 1.2, "from corner to corner"
        away = np.linalg.norm(mine, axis=1)
        assert away.min() > 0.9
        assert away.max() < 1.4
        assert (mine[:, 2] > -0.15).all()
        assert (mine[:, 1] > 0.3).all(), "in front of the eye"
