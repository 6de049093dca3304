"""The benchmark of complete G-buffers: rivals answer frame by frame, and who is absent is named with the reason."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from render.raster import RasterizerUnavailable, open_rasterizer
from tools.bench.gbuffer import OURS, PASSES, Row, _keep, measure
from tools.bench.hills import hills, moment, write_scene
from tools.bench.rival_runs import NAMES, interpreters, opened


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "scene.npz"
    world = hills(200)
    write_scene(path, [moment(world, k, 32, 18) for k in range(2)])
    return path


def test_open3d_answers_every_frame_with_milliseconds(scene):
    if importlib.util.find_spec("open3d") is None:
        pytest.skip("Open3D is not installed")
    rival = opened("open3d", sys.executable, scene)
    assert not isinstance(rival, str), rival
    assert "Open3D" in rival.detail
    assert all(rival.frame(k) > 0 for k in (0, 1, 0))
    rival.close()
    assert rival.process.returncode == 0


def test_an_absent_rival_is_named_with_the_reason(scene):
    reason = opened("pytorch3d", "/nowhere/python", scene)
    assert isinstance(reason, str)
    assert "/nowhere/python cannot be started" in reason
    if importlib.util.find_spec("pyrender") is None:
        assert "No module named 'pyrender'" in str(opened("pyrender", sys.executable, scene))


def test_pythons_of_rivals_come_from_words_and_from_the_environment(monkeypatch):
    monkeypatch.setenv("SETPIECE_RIVALS", "blender=/a/python,pyrender=/b/python")
    found = interpreters(["pyrender=/c/python"])
    assert set(found) == set(NAMES)
    assert (found["blender"], found["pyrender"], found["open3d"]) == ("/a/python", "/c/python", sys.executable)
    for wrong in ("maya=/d/python", "blender", "blender="):
        with pytest.raises(ValueError, match="names no rival"):
            interpreters([wrong])


def test_rows_of_a_world(monkeypatch):
    monkeypatch.setattr("tools.bench.gbuffer.NAMES", ("gl",))
    try:
        open_rasterizer("gl").close()
    except RasterizerUnavailable as error:
        pytest.skip(str(error))
    found = list(measure((32, 18), 200, 1, {"blender": "/nowhere/python"}))
    assert [f for f in found if isinstance(f, str)] == [
        "blender is absent: /nowhere/python cannot be started (No such file or directory)"
    ]
    rows = {f.what: f for f in found if isinstance(f, Row)}
    assert set(rows) == {OURS, "visibility, gl", *(f"pass, {name}" for name in PASSES)}
    assert rows[OURS].times == 1.0
    assert all(row.milliseconds > 0 for row in rows.values())


def test_results_of_other_benchmarks_stay(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"other": 1, "gbuffer": 0}')
    _keep(path, {"rows": [2]})
    assert json.loads(path.read_text()) == {"other": 1, "gbuffer": {"rows": [2]}}
