"""Scenes opened for work: sizes, ranges, and keys that change with exactly what they name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.opened import Opened, open_production, parsed_frames, parsed_size, sized


def opened(scene: Path, **changes: str) -> Opened:
    text = scene.read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    other = scene.with_name("other.yaml")
    other.write_text(text, encoding="utf-8")
    return open_production(other, scene.parent / "out")


def keys(found: Opened) -> dict[str, str]:
    names = {}
    for shot in found.production.shots:
        names[f"{shot.name} built"] = found.geometry_key(shot)
        names[f"{shot.name} painted"] = found.scene_key(shot, prompts=True)
    return names


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("sunlight on a wall", "snow", {"look painted"}),
        ("a yard at noon", "a yard at night", {"look painted", "again painted"}),
        ("title: Test yard", "title: The yard", set()),
        ("by: 0.3m", "by: 0.4m", {"look built", "look painted"}),
        ("elevation: 30deg", "elevation: 31deg", {"look built", "look painted", "again built", "again painted"}),
        ("material: wood", "material: brick", {"look built", "look painted", "again built", "again painted"}),
        ("size: 64x36", "size: 66x36", {"look built", "look painted", "again built", "again painted"}),
    ],
)
def test_keys_change_with_what_they_name(yard: Path, old: str, new: str, changed: set[str]) -> None:
    before, after = keys(opened(yard)), keys(opened(yard, change=(old, new)))
    assert {name for name in before if before[name] != after[name]} == changed


def test_an_asset_counts_by_its_bytes(yard: Path) -> None:
    mesh = yard.with_name("pyramid.obj")
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 2 3 4\nf 1 3 4\n")
    swap = ("shape: {box: {size: [0.8m, 0.8m, 0.8m]}}", "asset: pyramid.obj")
    before = keys(opened(yard, change=swap))
    assert keys(opened(yard, change=swap)) == before
    mesh.write_text(mesh.read_text().replace("v 0 0 1", "v 0 0 2"))
    after = keys(opened(yard, change=swap))
    assert all(before[name] != after[name] for name in before)


def test_another_size_shows_the_same_view(yard: Path) -> None:
    shot = opened(yard).production.shots[0]
    double = sized(shot, "128x72", "final")
    point = shot.track[0].unproject(np.array([[10.0, 20.0]]), np.array([4.0]))
    np.testing.assert_allclose(double.track[0].project(point)[0], [[20.0, 40.0]], atol=1e-9)
    tall = sized(shot, "64x64", "final")
    K = tall.track.K[0]
    assert K[0, 0] == K[1, 1] == shot.track.K[0, 0, 0]
    assert K[1, 2] == 32
    half = sized(shot, None, "preview").track
    assert (half.width, half.height) == (32, 18)
    assert sized(shot, None, "final") is shot


def test_sizes_and_ranges_are_read_strictly() -> None:
    assert parsed_size("1280x720") == (1280, 720)
    assert parsed_frames("3-7", 10) == (2, 7)
    assert parsed_frames("10", 10) == (9, 10)
    for text in ("1280", "0x720", "1280x-720", "axb", "9000x9000", ""):
        with pytest.raises(ValueError, match="picture size"):
            parsed_size(text)
    for text in ("0-3", "5-4", "3-11", "x", "", "-3"):
        with pytest.raises(ValueError, match="within 1-10"):
            parsed_frames(text, 10)


def test_the_picture_of_a_style_counts_by_its_bytes_as_prompts_do(yard: Path) -> None:
    picture = yard.with_name("mood.png")
    Image.new("RGB", (8, 8), "red").save(picture)
    asked = {"look": ("look: {", "look: {reference: mood.png, ")}
    red, none = keys(opened(yard, **asked)), keys(opened(yard))
    Image.new("RGB", (8, 8), "blue").save(picture)
    blue = keys(opened(yard, **asked))
    for name in red:
        same = name.endswith("built")
        assert (red[name] == blue[name]) == same
        assert (red[name] == none[name]) == same
