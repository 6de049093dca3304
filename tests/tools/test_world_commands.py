"""``setpiece export`` and ``setpiece import-cameras``: out of one scene, into another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.commands_world import export_scene, import_cameras
from worldgen.build import open_scene
from worldgen.errors import SceneError

SCENE = """
size: 128x72
fps: 12
world:
  sets: [{ground: {size: 20m}}]
  props: [{name: ball, shape: {sphere: {radius: 1}}, motion: {drop: {height: 2m}}}]
shots:
  - name: arc
    frames: 13
    camera: {body: {orbit: {around: ball, radius: 6m, height: 2m, from: 0deg, to: 60deg}}, shake: {handheld: {}}}
  - name: still
    frames: 3
    camera: {body: {static: {at: [0, -8]}}, aim: {look-at: ball}}
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    (tmp_path / "scene.yaml").write_text(SCENE)
    return tmp_path / "scene.yaml"


def _with_file(folder: Path, file: str, more: str = "") -> Path:
    path = folder / "again.yaml"
    path.write_text(
        f"fps: 12\nsize: 128x72\nshots: [{{name: a, frames: 13, camera: {{body: {{file: {file}}}}}{more}}}]\n"
    )
    return path


@pytest.mark.parametrize("name", ["cams.json", "world.glb", "world.usda"])
def test_a_shot_can_be_carried_to_another_scene(scene: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name.endswith(".usda"):
        pytest.importorskip("pxr", reason="needs the package usd-core")
    export_scene(scene, scene.parent / name, "arc", False)
    assert name in capsys.readouterr().err
    track = open_scene(scene).shot("arc").track
    said = "{path: world.glb, fps: 12}" if name == "world.glb" else name
    again = open_scene(_with_file(scene.parent, said)).shots[0].track
    np.testing.assert_allclose(again.world_from_camera, track.world_from_camera, atol=1e-4)
    np.testing.assert_allclose(again.K, track.K, rtol=1e-4)


def test_imported_cameras_come_with_the_words_to_use_them(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export_scene(scene, scene.parent / "world.glb", None, False)
    import_cameras(scene.parent / "world.glb", scene.parent / "cameras", 12.0, False)
    said = capsys.readouterr().out
    assert "file: cameras/arc.json" in said
    assert "file: cameras/still.json" in said
    (scene.parent / "b.yaml").write_text("fps: 12\nshots:\n" + said)
    assert [shot.name for shot in open_scene(scene.parent / "b.yaml").shots] == ["arc", "still"]


def test_what_cannot_be_exported_is_one_sentence(scene: Path) -> None:
    with pytest.raises(ValueError, match="no format to export to"):
        export_scene(scene, scene.parent / "world.fbx", None, False)
    with pytest.raises(ValueError, match="choose it with --shot"):
        export_scene(scene, scene.parent / "cams.json", None, False)
    with pytest.raises(ValueError, match="no shot is called"):
        export_scene(scene, scene.parent / "cams.json", "nobody", False)
    assert not list(scene.parent.glob("*.fbx")) + list(scene.parent.glob("cams*"))


@pytest.mark.parametrize(
    ("file", "more", "words"),
    [
        ("nothing.json", "", "does not exist"),
        ("../outside.json", "", "outside of the scene's folder"),
        ("scene.yaml", "", "not a camera file"),
        ("cams.json", ", lens: {focal: 35mm}", "already says where the camera looks"),
        ("{path: world.glb}", "", "several cameras"),
        ("{path: world.glb, camera: ark}", "", "no camera `ark`.*did you mean `arc`"),
    ],
)
def test_wrong_camera_files_are_said_at_their_line(scene: Path, file: str, more: str, words: str) -> None:
    export_scene(scene, scene.parent / "cams.json", "arc", True)
    export_scene(scene, scene.parent / "world.glb", None, True)
    with pytest.raises(SceneError, match=words) as caught:
        open_scene(_with_file(scene.parent, file, more))
    assert caught.value.line == 3
