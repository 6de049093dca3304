"""Corridors of hotels, offices and hospitals."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from trimesh import Trimesh
from trimesh.ray.ray_pyembree import RayMeshIntersector

from worldgen.sets import SetPiece
from worldgen.sets.corridor import corridor
from worldgen.sets.corridor_uses import USES


def _rays(piece: SetPiece) -> RayMeshIntersector:
    t = np.concatenate([x.mesh.vertices[x.mesh.faces] for x in piece.things])
    return RayMeshIntersector(Trimesh(t.reshape(-1, 3), np.arange(3 * len(t)).reshape(-1, 3), process=False))


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("turn", ["none", "left", "right"])
def test_one_can_walk_it_from_end_to_end(use: str, turn: str) -> None:
    piece = corridor(use=use, turn=turn, length=16, leg=9, seed=2)
    assert piece.ground is not None
    a, b = (np.array(piece.spots[k].position) for k in ("start", "end"))
    corner = np.array([0.0, 16 - 0.95, 0.0]) if turn != "none" else b
    scene = _rays(piece)
    for p, q in ((a, corner), (corner, b)):
        long = float(np.linalg.norm(q - p))
        if long < 1e-6:
            continue
        for height in (0.5, 1.2, 1.8):
            lift = [0, 0, height]
            hits, _, _ = scene.intersects_location([p + lift], [(q - p) / long], multiple_hits=False)
            assert len(hits) == 0 or np.linalg.norm(hits[0] - p - lift) > long - 1e-3
        for s in np.linspace(0, 1, 9):
            assert piece.ground(*(p + (q - p) * s)[:2]) == 0.0
    sign = {"none": 0.0, "left": -1.0, "right": 1.0}[turn]
    assert np.sign(np.round(b[0], 3)) == sign
    assert np.isnan(piece.ground(5.0, 2.0))


def test_it_is_closed_but_for_its_window() -> None:
    piece = corridor(use="office", turn="left", length=14, leg=8, seed=1)
    scene = _rays(piece)
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    for slope in (-0.2, 0.0, 0.25):
        way = np.stack([np.cos(angle), np.sin(angle), np.full(240, slope)], axis=1)
        assert scene.intersects_any(np.tile([0.0, 4.0, 1.4], (240, 1)), way).all()
    x, y, _ = piece.spots["end"].position
    starts = np.array([[x, y + u, z] for u in np.linspace(-0.5, 0.5, 11) for z in np.linspace(1.0, 2.1, 9)])
    assert (~scene.intersects_any(starts, np.tile([-1.0, 0, 0], (99, 1)))).mean() > 0.5


def test_doors_stand_on_both_sides_with_plates() -> None:
    piece = corridor(length=24, use="hotel", seed=3)
    doors = [s for k, s in piece.spots.items() if k.startswith("door-")]
    assert len(doors) == 2 * 5
    assert {round(np.sin(s.facing)) for s in doors} == {-1, 1}
    names = {t.name for t in piece.things}
    assert all(f"corridor/door-{k + 1}-plate" in names for k in range(len(doors)))
    assert len(names) == len(piece.things)


def test_lamps_hang_in_it_and_burn_only_when_lit() -> None:
    assert corridor(seed=1).lamps == ()
    for use in USES:
        piece = corridor(use=use, turn="right", length=16, seed=1, lit=True)
        assert len(piece.lamps) >= 6
        assert piece.ground is not None
        for lamp in piece.lamps:
            assert piece.ground(*lamp.position[:2]) == 0.0, lamp
            assert 1.5 < lamp.position[2] < 2.6


def test_it_is_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from worldgen.sets.corridor import corridor; h = hashlib.blake2s()\n"
        "for t in corridor(seed=9, turn='left').things:\n"
        "    h.update(t.name.encode()); h.update(t.mesh.vertices.tobytes())\n"
        "print(h.hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    h = hashlib.blake2s()
    for t in corridor(seed=9, turn="left").things:
        h.update(t.name.encode())
        h.update(t.mesh.vertices.tobytes())
    assert h.hexdigest() == other


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"use": "hospitl"}, "did you mean 'hospital'"),
        ({"turn": "up"}, "use none, left or right"),
        ({"length": 2.0}, "length of a corridor is 2"),
        ({"width": 0.5}, "width of a corridor is 0.5"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(words: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        corridor(**words)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
