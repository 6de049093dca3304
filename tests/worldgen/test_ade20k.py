"""The classes of ADE20K and what they are given to."""

from __future__ import annotations

import pytest

from worldgen.ade20k import CLASSES, OF_MATERIAL, OF_NAME, PALETTE, PERSON, SKY, ade20k, ade20k_class
from worldgen.material import KINDS


def test_there_are_150_classes_in_colours_that_differ_but_for_one_pair() -> None:
    assert len(CLASSES) == len(set(CLASSES)) == len(PALETTE) == 150
    colours = [tuple(row) for row in PALETTE.tolist()]
    twice = {CLASSES[k] for k, colour in enumerate(colours) if colours.count(colour) > 1}
    assert twice == {"road", "skyscraper"}


@pytest.mark.parametrize(
    ("name", "colour"),
    [("wall", (120, 120, 120)), ("sky", (6, 230, 230)), ("person", (150, 5, 61)), ("flag", (92, 0, 255))],
)
def test_the_colours_are_the_published_ones(name: str, colour: tuple[int, int, int]) -> None:
    assert tuple(PALETTE[CLASSES.index(name)].tolist()) == colour


def test_every_material_and_every_known_name_has_a_class() -> None:
    assert set(OF_MATERIAL) == set(KINDS)
    assert set(OF_MATERIAL.values()) | set(OF_NAME.values()) <= set(CLASSES)
    assert CLASSES[SKY] == "sky"


@pytest.mark.parametrize(
    ("thing", "material", "name"),
    [
        ("room/sofa", "leather", "sofa"),
        ("room/window-1-curtains", "linen", "curtain"),
        ("room/coffee-table", "wood", "coffee table"),
        ("table-coffee", "wood", "coffee table"),
        ("street/lamp-3", "iron", "streetlight"),
        ("room/floor-lamp", "iron", "lamp"),
        ("street/house-L2", "plaster", "building"),
        ("street/house-L2", "glass", "windowpane"),
        ("street/square-car", "glass", "car"),
        ("street/tree-12", "bark", "tree"),
        ("street/ground", "cobble", "road"),
        ("street/ground", "paving", "sidewalk"),
        ("globe", "brick", "building"),
        ("mara", "skin", "person"),
    ],
)
def test_names_go_before_materials(thing: str, material: str, name: str) -> None:
    assert CLASSES[ade20k_class(thing, material)] == name


def test_somebody_is_a_person_whatever_they_wear() -> None:
    assert ade20k("mara", "denim", person=True) == (PERSON, (150, 5, 61))
    assert ade20k("mara", "denim")[0] == CLASSES.index("apparel")


def test_a_word_that_is_no_material_is_refused() -> None:
    with pytest.raises(ValueError, match="'granite' is not a material"):
        ade20k_class("wall", "granite")
