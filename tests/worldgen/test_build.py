"""From a scene to a world and its cameras."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from worldgen.build import build, open_scene
from worldgen.errors import SceneError, SceneProblem
from worldgen.load import scene_from_text
from worldgen.sets import SetPiece
from worldgen.spec import Scene

ROOT = Path(__file__).resolve().parents[2]
BALL = "world: {props: [{name: ball, shape: {sphere: {radius: 50cm}}, at: [1, 6]}]}\n"
HEAD = "size: 64x36\nfps: 24\nseed: 3\nlook: {prompt: dusk}\n"


def made(camera: str, *, shot: str = "duration: 2s", more: str = BALL, head: str = HEAD):
    text = f"{head}{more}shots:\n  - name: a\n    {shot}\n    camera: {camera}\n"
    return build(scene_from_text(text, "x.yaml"), base=Path("."))


def track(camera: str, **kw):
    return made(camera, **kw).shots[0].track


def in_the_middle(a_track, point, tolerance=1e-6):
    for camera in a_track:
        xy, z = camera.project(np.array(point))
        np.testing.assert_allclose(xy, [32, 18], atol=tolerance)
        assert z > 0


def test_a_world_of_things_on_a_ground():
    production = made("{body: {static: {at: [0, 0, 1]}}, aim: {look-at: ball}}")
    names = [thing.name for thing in production.world.things]
    assert names == ["ground", "ball"]
    ball = production.world.things[1].mesh.vertices
    np.testing.assert_allclose((ball.min(axis=0) + ball.max(axis=0)) / 2, [1, 6, 0.5], atol=1e-3)
    ground = production.world.things[0].mesh.vertices
    assert ground[:, 2].max() < 0 < -ground[:, 0].min()
    in_the_middle(production.shots[0].track, [1, 6, 0.5], 1e-3)


def test_no_ground_where_none_is_wanted():
    more = BALL.replace("world: {", "world: {sets: [{ground: none}], ")
    assert [t.name for t in made("{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}", more=more).world.things] == [
        "ball"
    ]


def test_place_turn_and_scale():
    prop = "{name: b, shape: {box: {size: [2, 1, 1]}}, at: [3, 0, 1], turn: 90deg, scale: 2}"
    mesh = (
        made("{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}", more=f"world: {{props: [{prop}]}}\n")
        .world.things[1]
        .mesh
    )
    np.testing.assert_allclose(mesh.vertices.min(axis=0), [2, -2, 1], atol=1e-5)
    np.testing.assert_allclose(mesh.vertices.max(axis=0), [4, 2, 3], atol=1e-5)
    wedge = (
        made(
            "{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}",
            more="world: {props: [{name: b, shape: {box: {size: [0.2, 4, 1]}}, turn: 30deg}]}\n",
        )
        .world.things[1]
        .mesh.vertices
    )
    far = wedge[np.argmax(wedge[:, 1])]
    assert far[0] > 0.5  # clockwise: what pointed north points to the north-east


def test_lamps_burn_as_bright_as_a_bulb():
    lamps = "world: {lamps: [{name: l, at: [0, 0, 3], power: 60W}, {name: m, at: [0, 1, 3], on: false}]}\n"
    world = made("{body: {static: {at: [0, 0, 1]}}, aim: {look-at: m}}", more=lamps).world
    (lamp,) = world.lamps
    assert np.mean(lamp.intensity) == pytest.approx(60 * 15 / (4 * np.pi) / 1000)
    assert lamp.intensity[0] > lamp.intensity[2]  # a warm bulb


@pytest.mark.parametrize(
    ("elevation", "said", "lit"),
    [("30deg", "", False), ("2deg", "", True), ("-9deg", "", True), ("2deg", "street-lamps: false, ", False),
     ("30deg", "street-lamps: true, ", True)],
)  # fmt: skip
def test_street_lamps_burn_when_the_sun_is_low_or_when_said(monkeypatch, elevation, said, lit):
    asked = {}
    monkeypatch.setattr("worldgen.town_words.street", lambda **words: asked.update(words) or SetPiece((), ()))
    sets = "sets: [{street: {length: 15m, width: 8m, style: brick-row, seed: 4}}]"
    more = f"world: {{{said}{sets}, sky: {{sun: {{elevation: {elevation}}}}}}}\n"
    made("{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}", more=more)
    assert asked == {"length": 15.0, "width": 8.0, "style": "brick-row", "seed": 4, "lamps_on": lit, "name": "street"}


def test_frames_are_the_duration_times_the_rate():
    still = "{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}"
    assert len(track(still)) == 48
    assert len(track(still, shot="frames: 5")) == 5
    assert len(track(still, shot="duration: 1ms")) == 1
    assert len(track(still, shot="duration: 10s", head=HEAD.replace("24", "24000/1001"))) == 240
    assert len(track(still, shot="frames: 3\n    size: 128x64")) == 3
    assert track(still, shot="frames: 3\n    size: 128x64").width == 128


@pytest.mark.parametrize(
    ("body", "first", "last"),
    [
        ("static: {at: [0, 0, 1]}", [0, 0, 1], [0, 0, 1]),
        ("dolly: {from: [0, 0, 1], to: [2, 0, 1]}", [0, 0, 1], [2, 0, 1]),
        ("crane: {from: [0, 0, 1], to: [2, 0, 4], ease: in-out-cubic}", [0, 0, 1], [2, 0, 4]),
        ("pedestal: {at: [0, 0, 1], by: -50cm}", [0, 0, 1], [0, 0, 0.5]),
        ("keyframes: [{t: 0s, at: [0, 0, 1]}, {t: 1s, at: [1, 1, 1]}, {t: 1.5s, at: [2, 0, 1]}]", [0, 0, 1], [2, 0, 1]),
    ],
)
def test_bodies_go_where_they_say_and_aims_hold_the_target(body, first, last):
    a_track = track(f"{{body: {{{body}}}, aim: {{look-at: [0, 9, 1.5]}}}}")
    np.testing.assert_allclose(a_track[0].position, first, atol=1e-12)
    np.testing.assert_allclose(a_track[len(a_track) - 1].position, last, atol=1e-12)
    in_the_middle(a_track, [0, 9, 1.5])


def test_truck_goes_to_the_right_of_the_view():
    a_track = track("{body: {truck: {at: [0, 0, 1], by: 2m}}, aim: {pan: 90deg}}")  # looks east: right is south
    np.testing.assert_allclose(a_track[47].position, [0, -2, 1], atol=1e-12)
    np.testing.assert_allclose(a_track[47].world_from_camera[:3, 2], [1, 0, 0], atol=1e-12)


def test_push_in_goes_toward_and_looks():
    a_track = track("{body: {push-in: {at: [1, 0, 0.5], toward: ball, by: 2m}}}")
    np.testing.assert_allclose(a_track[47].position, [1, 2, 0.5], atol=1e-3)
    in_the_middle(a_track, [1, 6, 0.5], 1e-2)


def test_an_orbit_looks_at_its_middle():
    a_track = track("{body: {orbit: {around: ball, radius: 3m, height: 1m, from: 0deg, to: 360deg}}}")
    flat = a_track.world_from_camera[:, :2, 3] - [1, 6]
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 3, atol=1e-3)
    np.testing.assert_allclose(a_track[0].position, a_track[47].position, atol=1e-9)
    in_the_middle(a_track, [1, 6, 0.5], 1e-2)


def test_pan_tilt_and_roll():
    a_track = track("{body: {static: {at: [0, 0, 1]}}, aim: {pan: {from: 0deg, to: 90deg}, tilt: 30deg, roll: 10deg}}")
    forward = a_track.world_from_camera[:, :3, 2]
    np.testing.assert_allclose(forward[[0, -1]], [[0, 0.75**0.5, 0.5], [0.75**0.5, 0, 0.5]], atol=1e-12)
    assert a_track[0].world_from_camera[2, 0] == pytest.approx(-np.sin(np.radians(10)) * np.cos(np.radians(30)))


def test_keyframes_turn_from_one_target_to_the_next():
    keys = (
        "[{t: 0s, at: [0, 0, 1], look-at: ball, focal: 20mm}, {t: 2s, at: [1, 0, 1], look-at: [9, 0, 1], focal: 80mm}]"
    )
    a_track = track(f"{{body: {{keyframes: {keys}}}}}", shot="frames: 49")
    in_the_middle(
        a_track.__class__(a_track.world_from_camera[:1], a_track.K[:1], 64, 36, np.ones(1), np.ones(1)),
        [1, 6, 0.5],
        1e-2,
    )
    np.testing.assert_allclose(a_track[48].project(np.array([9.0, 0, 1]))[0], [32, 18], atol=1e-9)
    assert (np.diff(a_track.K[:, 0, 0]) > 0).all()
    assert a_track.K[48, 0, 0] == pytest.approx(4 * a_track.K[0, 0, 0])


def test_a_zoom_and_the_sensor_set_the_field_of_view():
    lens = "duration: 1s\n    lens: {focal: {from: 36mm, to: 72mm}, sensor: full-frame, stop: f/2}"
    a_track = track("{body: {static: {at: [0, 0, 1]}}, aim: {look-at: ball}}", shot=lens)
    assert a_track.K[0, 0, 0] == pytest.approx(64)
    assert a_track.K[-1, 0, 0] == a_track.K[-1, 1, 1] == pytest.approx(128)
    assert set(a_track.f_stop) == {2.0}


def test_focus_is_a_distance_or_what_is_looked_at():
    still = "{body: {static: {at: [1, 0, 0.5]}}, aim: {look-at: ball}}"
    assert track(still).focus_m[0] == pytest.approx(6, abs=1e-2)
    assert track(still, shot="duration: 1s\n    lens: {focus: 3m}").focus_m[0] == 3.0
    assert track(still, shot="duration: 1s\n    lens: {focus: [0, 4, 0.5]}").focus_m[0] == pytest.approx(4, abs=1e-2)


def test_focus_is_pulled_between_things():
    still = "{body: {static: {at: [1, 0, 0.5]}}, aim: {look-at: ball}}"
    lens = "duration: 2s\n    lens: {focus: {from: 2m, to: [0, 4, 0.5], at: 0.5s, for: 1s, ease: linear}}"
    focus = track(still, shot=lens).focus_m
    rate = (len(focus) - 1) / 2
    assert focus[: round(0.5 * rate) + 1] == pytest.approx(2.0)
    assert focus[round(1.5 * rate) + 1 :] == pytest.approx(4.0, abs=1e-2)
    assert focus[round(rate)] == pytest.approx(1 / (0.5 / 2 + 0.5 / 4), abs=0.05)
    assert (np.diff(focus) >= -1e-9).all()


def test_a_pull_after_the_shot_and_one_to_nobody_are_refused():
    still = "{body: {static: {at: [1, 0, 0.5]}}, aim: {look-at: ball}}"
    for pull, words in (("{from: 2m, to: 4m, at: 9s}", "before the focus is pulled"), ("{from: 2m, to: bull}", "ball")):
        with pytest.raises(SceneError, match=words):
            track(still, shot=f"duration: 2s\n    lens: {{focus: {pull}}}")


def test_shutter_and_distortion_reach_the_track():
    words = "shutter: 90deg, distortion: [-0.1, 0.02], sensor: full-frame, focal: 50mm, stop: f/2, mist: 1/4"
    a_track = track(
        "{body: {static: {at: [0, 0, 1]}}, aim: {look-at: ball}}", shot=f"duration: 1s\n    lens: {{{words}}}"
    )
    assert a_track.shutter == pytest.approx(np.pi / 2)
    assert a_track.distortion == (-0.1, 0.02)
    assert a_track.focal_mm(0) == pytest.approx(50)
    assert a_track.aperture_m(0) == pytest.approx(0.025)
    assert a_track.mist == 0.25


def test_amount_0_is_the_clean_rig_and_another_seed_another_shake():
    camera = "{body: {dolly: {from: [0, 0, 1], to: [0, 2, 1]}}, aim: {look-at: ball}SHAKE}"
    clean = track(camera.replace("SHAKE", "")).world_from_camera
    shaken = {}
    for amount, seed in ((0, 1), (1, 1), (1, 2)):
        shake = f", shake: {{handheld: {{amount: {amount}, seed: {seed}}}}}"
        shaken[amount, seed] = track(camera.replace("SHAKE", shake)).world_from_camera
    assert np.array_equal(shaken[0, 1], clean)
    assert 1e-4 < np.abs(shaken[1, 1] - clean).max() < 0.2
    assert not np.allclose(shaken[1, 1], shaken[1, 2])


def test_prompts_have_the_look_in_them():
    still = "{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}"
    assert made(still).shots[0].prompts == ((0.0, "dusk"),)
    assert made(still, shot="duration: 2s\n    prompt: rain").shots[0].prompts == ((0.0, "rain, dusk"),)
    late = made(still, shot="duration: 2s\n    prompt: {1s: rain}").shots[0].prompts
    assert late == ((0.0, "dusk"), (1.0, "rain, dusk"))


def test_standing_on_the_target_is_told_at_its_line():
    with pytest.raises(SceneError) as caught:
        made("{body: {dolly: {from: [0, 0, 1], to: [0, 4, 1], ease: linear}}, aim: {look-at: [0, 4, 1]}}")
    assert caught.value.sentence == "the camera stands on the point it looks at, 1.96 s into the shot"
    assert (caught.value.line, caught.value.column) == (9, 92)
    with pytest.raises(SceneError, match=r"goes through the target, which is 6\.0"):
        made("{body: {push-in: {at: [1, 0, 0.5], toward: ball, by: 7m}}}")


def test_a_shape_that_cannot_be_is_told_at_its_line():
    pill = "world: {props: [{name: p, shape: {capsule: {radius: 1, height: 1}}}]}\n"
    with pytest.raises(SceneError, match=r"x.yaml:5:34: .*capsule"):
        made("{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0deg}}", more=pill)


def test_a_mesh_file_that_is_none_is_told_at_its_line(tmp_path):
    (tmp_path / "cart.glb").write_bytes(b"no mesh")
    camera = "{body: {static: {at: [0, 0, 1]}}, aim: {pan: 0}}"
    text = f"world: {{props: [{{name: c, asset: cart.glb}}]}}\nshots: [{{name: a, frames: 1, camera: {camera}}}]\n"
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(SceneError, match=r"s.yaml:1:34: "):
        open_scene(tmp_path / "s.yaml")


def test_a_scene_made_in_python_says_what_is_wrong_without_a_file():
    shots = [{"name": "a", "frames": 1, "camera": {"body": {"static": {"at": [0, 0, 1]}}, "aim": {"look-at": "x"}}}]
    with pytest.raises(SceneProblem, match="nothing here is called `x`"):
        build(Scene.model_validate({"shots": shots}), base=Path("."))


def test_characters_can_be_followed_and_looked_at():
    more = "characters: {mara: {actions: [{stand: {at: [0, 0], facing: 90deg}}, {walk: {along: [[0, 0], [6, 0]]}}]}}\n"
    a_track = track(
        "{body: {follow: {target: mara, behind: 3m, height: 1.6m, damping: 0s}}}", more=more, shot="duration: 3s"
    )
    positions = a_track.world_from_camera[:, :3, 3]
    assert positions[-1, 0] > positions[0, 0] + 1.0  # she goes east, and so does the camera
    assert abs(positions[-1, 1]) < 0.3  # from behind her, not from the side
    assert a_track.world_from_camera[-1, 0, 2] > 0.9
    head = track("{body: {static: {at: [0, -4, 1.6]}}, aim: {look-at: mara.head}}", more=more, shot="frames: 1")
    x, y, z = head[0].unproject(np.array([32.0, 18]), head.focus_m[0])
    assert abs(x) < 0.3
    assert abs(y) < 0.3
    assert 1.4 < z < 1.75


def test_a_camera_that_follows_has_been_following_and_does_not_sway():
    more = "characters: {mara: {actions: [{walk: {along: [[0, 0], [0, 20]], speed: 1.4m/s}}]}}\n"
    a_track = track("{body: {follow: {target: mara}}}", more=more, shot="duration: 2s\n    start: 4s")
    steps = np.diff(a_track.world_from_camera[:, :3, 3], axis=0) * 24
    np.testing.assert_allclose(steps[:, 1], 1.4, atol=0.2)  # at her pace from the first frame on
    assert np.abs(steps[:, 0]).max() < 0.15


def test_four_hours_are_quick_and_finite():
    started = time.perf_counter()
    a_track = track(
        "{body: {orbit: {around: ball, radius: 3m, to: 99rad}}, aim: {damping: 1s}, shake: {handheld: {}}}",
        shot="duration: 4h",
        head=HEAD.replace("24", "1"),
    )
    assert len(a_track) == 14400
    assert np.isfinite(a_track.world_from_camera).all()
    rotation = a_track.world_from_camera[:, :3, :3]
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (14400, 1, 1)), atol=1e-9)
    assert time.perf_counter() - started < 5


def test_one_frame_of_every_rig():
    aim = ", aim: {look-at: [0, 9, 1]}, shake: {handheld: {}}"
    for body in (
        "crane: {from: [0, 0, 1], to: [1, 0, 2]}",
        "orbit: {around: ball, radius: 2m, to: 1rad}",
        "follow: {target: ball}",
        "keyframes: [{t: 0s, at: [0, 0, 1]}]",
    ):
        a_track = track(f"{{body: {{{body}}}{aim}}}", shot="frames: 1")
        assert np.isfinite(a_track.world_from_camera).all(), body


def test_the_same_file_gives_the_same_cameras_in_every_process():
    code = (
        "import hashlib; from worldgen.build import open_scene; s = open_scene('scenes/plaza.yaml').shots[0];"
        "print(hashlib.sha256(s.track.world_from_camera.tobytes() + s.track.K.tobytes()).hexdigest())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    ours = open_scene(ROOT / "scenes" / "plaza.yaml").shots[0].track
    assert said.stdout.strip() == hashlib.sha256(ours.world_from_camera.tobytes() + ours.K.tobytes()).hexdigest()


def test_a_production_finds_its_shots_by_name():
    production = open_scene(ROOT / "scenes" / "plaza.yaml")
    assert production.name == "plaza"
    assert production.shot(production.shots[0].name) is production.shots[0]
    with pytest.raises(ValueError, match="no shot is called 'x': there is"):
        production.shot("x")
