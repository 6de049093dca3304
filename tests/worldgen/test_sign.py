"""Signs: every letter is drawn, reads the right way round, glows with its lamp only when it burns."""

from __future__ import annotations

import numpy as np
import pytest

from worldgen.kit import Kit
from worldgen.mesh import Mesh
from worldgen.sets.sign import LETTERS, SHAPES, blade, board, neon, strokes


def _built(kit: Kit) -> Mesh:
    mesh = kit.build()
    assert np.isfinite(mesh.vertices).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-3)
    return mesh


@pytest.mark.parametrize("letter", [c for c in LETTERS if c != " "])
def test_every_letter_stays_within_its_field(letter: str) -> None:
    drawn, width = strokes(letter)
    points = np.concatenate(drawn)
    assert len(points) >= 2
    assert np.abs(points[:, 1]).max() <= 0.5 + 1e-9
    assert np.abs(points[:, 0]).max() <= max(width, 0.7) / 2 + 0.2


def test_letters_differ() -> None:
    drawn = {c: np.concatenate(strokes(c)[0]).round(3).tobytes() for c in LETTERS if c not in " O"}
    assert len(set(drawn.values())) == len(drawn)


def test_a_word_reads_from_left_to_right_in_front_of_it() -> None:
    """L has its stem on the reader's left: who faces -Y has +x of the sign to the left."""
    kit = Kit()
    neon(kit, "L", 0.4, "#ff3d6e", True)
    tube = _built(kit)
    top = tube.vertices[tube.vertices[:, 2] > 0.15]
    foot = tube.vertices[tube.vertices[:, 2] < -0.19]
    assert top[:, 0].min() > foot[:, 0].min() + 0.1
    drawn, _ = strokes("LO")
    assert drawn[0][:, 0].max() < drawn[1][:, 0].min()


@pytest.mark.parametrize("what", ["OPEN", *SHAPES])
def test_neon_glows_in_its_colour_only_when_it_burns(what: str) -> None:
    for lit in (True, False):
        kit = Kit()
        glow = neon(kit, what, 0.5, "#30c0ff", lit)
        mesh = _built(kit)
        assert any(max(m.emission) > 0 for m in mesh.materials) == lit
        assert (glow is not None) == lit
        if glow is not None:
            middle = (mesh.vertices.min(0) + mesh.vertices.max(0)) / 2
            assert np.linalg.norm(middle - np.array(glow.position)) < 0.6
            red, _, blue = glow.intensity(60)
            assert blue == pytest.approx(0.06)
            assert blue > 3 * red


def test_a_blade_reads_on_both_sides() -> None:
    kit = Kit()
    glow = blade(kit, "TEA", 1.8, "#ff3d6e", "#222222", True)
    mesh = _built(kit)
    assert glow is not None
    tubes = np.array([m.kind == "neon" for m in mesh.materials])[mesh.material]
    x = mesh.vertices[mesh.faces[tubes]].mean(1)[:, 0]
    assert (x > 0).sum() == (x < 0).sum() > 100


def test_a_board_is_a_light_box_only_when_it_burns() -> None:
    glows = []
    for lit in (True, False):
        kit = Kit()
        board(kit, "CAFE 24", 2.0, 0.5, "#f2e8c8", "#a02020", lit)
        mesh = _built(kit)
        glows.append(any(max(m.emission) > 0 for m in mesh.materials))
        assert mesh.vertices[:, 0].min() >= -1.0 - 1e-6
        assert mesh.vertices[:, 2].max() <= 0.25 + 1e-6
    assert glows == [True, False]


def test_what_cannot_be_written_is_said_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="'CAFÉ' cannot be written on a sign: use A-Z") as error:
        strokes("CAFÉ")
    assert "\n" not in str(error.value)
