"""The vocabulary of surfaces."""

from __future__ import annotations

import pytest

from worldgen.material import KINDS, make

GLOWING = ("lamp-glow", "window-glow", "neon", "screen", "flame", "ember")


def test_every_kind_makes_a_plausible_material() -> None:
    assert len(KINDS) >= 60
    for kind in KINDS:
        m = make(kind)
        assert m.kind == m.name == kind
        assert all(0.0 < c < 0.95 for c in m.base_color) or kind in GLOWING
        assert 0.0 < m.roughness <= 1.0
        assert 0.0 <= m.metallic <= 1.0
        assert (max(m.emission) > 0) == (kind in GLOWING)


def test_equal_arguments_make_equal_hashable_materials() -> None:
    a, b = make("brick", (0.3, 0.1, 0.05)), make("brick", (0.3, 0.1, 0.05))
    assert a == b
    assert hash(a) == hash(b)
    assert a != make("brick", (0.3, 0.1, 0.2))
    assert a.name != make("brick", (0.3, 0.1, 0.2)).name
    assert make("brick", name="mill").name == "mill"


def test_tints_share_one_texture_and_seeds_do_not() -> None:
    assert make("brick").texture is make("brick", (0.3, 0.1, 0.05)).texture
    assert make("brick").texture != make("brick", seed=1).texture
    assert make("brick").name != make("brick", seed=1).name


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'cobble'"):
        make("cobbel")


@pytest.mark.parametrize("colour", [(1.2, 0.0, 0.0), (-0.1, 0.5, 0.5), (float("nan"), 0.0, 0.0)])
def test_a_colour_out_of_range_is_refused(colour: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        make("plaster", colour)
