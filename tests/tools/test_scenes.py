"""Every scene that ships can be shot: it builds, its cameras see something, and its pages are short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from render.raster import open_rasterizer
from tools.opened import sized
from worldgen.build import open_scene
from worldgen.conventions import stable_id

FOLDER = Path(__file__).resolve().parents[2] / "scenes"
SCENES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_scene_can_be_shot(path: Path) -> None:
    production = open_scene(path)
    assert not production.notes
    low, high = production.world.rest.vertices.min(0), production.world.rest.vertices.max(0)
    assert np.all(np.isfinite([low, high]))
    assert np.abs([low, high]).max() < 5000
    known = {stable_id(thing.name) for thing in production.world.things}
    rasterizer = open_rasterizer()
    for shot in (sized(shot, "128x72", "final") for shot in production.shots):
        for frame in (0, shot.frames // 2, shot.frames - 1):
            snapshot = production.world.at(shot.time(frame))
            assert np.isfinite(snapshot.vertices).all()
            seen = rasterizer.rasterize(snapshot, shot.track[frame]).triangle
            hit = seen[seen >= 0]
            assert set(np.unique(snapshot.face_object[hit])) <= known
            assert len(np.unique(hit)) > 60, f"{shot.name}, frame {frame + 1}: the camera looks at next to nothing"
            points = snapshot.vertices[snapshot.faces[hit]].mean(1)
            near = np.linalg.norm(points - shot.track[frame].position, axis=1) < 0.25
            assert near.mean() < 0.2, f"{shot.name}, frame {frame + 1}: the camera stands in something"


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_scene_is_one_page_and_says_its_idea(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 75
    assert lines[0].startswith("# yaml-language-server: $schema=scene.schema.json")
    assert lines[2].startswith("# ")
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"({path.name})" in listed
