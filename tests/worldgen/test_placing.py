"""Props in their places: repeated, driven, carried, and always called the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worldgen.build import Production, build, open_scene
from worldgen.conventions import stable_id
from worldgen.errors import SceneError, SceneProblem
from worldgen.load import load_scene
from worldgen.world import Thing

SHOT = """
shots:
  - {name: a, duration: 1s, camera: {body: {static: {at: [0, -8, 2]}}, aim: {look-at: [0, 0, 1]}}}
"""


def _made(tmp_path: Path, props: str, more: str = "") -> Production:
    file = tmp_path / "scene.yaml"
    file.write_text(f"world:\n  props:\n{props}{more}{SHOT}")
    return open_scene(file)


def _thing(production: Production, name: str) -> Thing:
    return next(thing for thing in production.world.things if thing.name == name)


def _middle(thing: Thing, time: float = 0.0) -> np.ndarray:
    points = thing.at(time)[0]
    return (points.min(0) + points.max(0)) / 2


def test_a_row_a_grid_and_a_ring_stand_where_they_should(tmp_path: Path) -> None:
    scene = _made(
        tmp_path,
        "    - {name: post, shape: {box: {size: [1, 1, 1]}}, at: [2, 3], repeat: {row: {count: 3, step: [2, 1]}}}\n"
        "    - {name: tile, shape: {box: {size: [1, 1, 1]}}, repeat: {grid: {columns: 2, rows: 3, step: [2m, 4m]}}}\n"
        "    - {name: seat, shape: {box: {size: [1, 1, 1]}}, at: [0, 0, 2], repeat: {ring: {count: 4, radius: 5m}}}\n",
    )
    np.testing.assert_allclose([_middle(_thing(scene, f"post-{k}"))[:2] for k in (1, 2, 3)], [[2, 3], [4, 4], [6, 5]])
    tiles = np.array([_middle(_thing(scene, f"tile-{k + 1}")) for k in range(6)])
    np.testing.assert_allclose(tiles.mean(0), [0, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(np.ptp(tiles, axis=0), [2, 8, 0], atol=1e-6)
    seats = np.array([_middle(_thing(scene, f"seat-{k + 1}")) for k in range(4)])
    np.testing.assert_allclose(np.linalg.norm(seats[:, :2], axis=1), 5, atol=1e-5)
    np.testing.assert_allclose(seats[:, 2], 2.5)


def test_a_repeated_prop_is_known_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="another thing of the world is called `post-2`"):
        _made(
            tmp_path,
            "    - {name: post, shape: {sphere: {radius: 1}}, repeat: {row: {count: 3, step: [2, 1]}}}\n"
            "    - {name: post-2, shape: {sphere: {radius: 1}}}\n",
        )


def test_a_car_drives_on_wheels_of_its_own(tmp_path: Path) -> None:
    scene = _made(
        tmp_path, "    - {name: taxi, car: sedan, motion: {drive: {along: [[0, 0], [0, 40]], speed: 10m/s}}}\n"
    )
    names = [thing.name for thing in scene.world.things]
    assert [f"taxi/wheel-{k}" for k in (1, 2, 3, 4)] == [name for name in names if name.startswith("taxi/")]
    body = _thing(scene, "taxi")
    assert _middle(body, 4.0)[1] - _middle(body, 2.0)[1] > 15
    for k in range(1, 5):
        wheel = _thing(scene, f"taxi/wheel-{k}")
        for time in (0.0, 1.7, 3.0):
            assert wheel.at(time)[0][:, 2].min() == pytest.approx(0.0, abs=0.01)


def test_a_parked_car_is_one_thing(tmp_path: Path) -> None:
    scene = _made(tmp_path, "    - {name: van, car: van, at: [3, 4], turn: 90deg}\n")
    (van,) = [thing for thing in scene.world.things if thing.name.startswith("van")]
    assert not van.moves
    low, high = van.mesh.vertices.min(0), van.mesh.vertices.max(0)
    assert high[0] - low[0] > high[1] - low[1]  # its length lies along x now
    assert low[2] == pytest.approx(0.0, abs=0.01)


def test_what_is_attached_goes_along(tmp_path: Path) -> None:
    scene = _made(
        tmp_path,
        "    - {name: cart, shape: {box: {size: [1, 1, 1]}}, motion: {path: {along: [[0, 0], [6, 0]], speed: 2m/s}}}\n"
        "    - {name: lid, shape: {box: {size: [1, 1, 0.1]}}, motion: {attach: {to: cart, at: [0, 0, 1]}}}\n"
        "    - {name: bag, shape: {box: {size: [1, 1, 1]}}, at: [-1, 0, 1], motion: {attach: {to: cart, start: 2s}}}\n",
    )
    for time in (0.0, 1.3, 3.9):
        cart, lid = _middle(_thing(scene, "cart"), time), _middle(_thing(scene, "lid"), time)
        np.testing.assert_allclose(lid - cart, [0, 0, 0.55], atol=1e-5)
    bag = _thing(scene, "bag")
    np.testing.assert_allclose(_middle(bag, 0.0), _middle(bag, 2.0), atol=1e-5)
    moved = _middle(bag, 4.0) - _middle(bag, 2.0)
    np.testing.assert_allclose(
        moved, _middle(_thing(scene, "cart"), 4.0) - _middle(_thing(scene, "cart"), 2.0), atol=1e-5
    )


def test_what_is_picked_up_goes_with_the_hand_and_stays_where_it_is_put(tmp_path: Path) -> None:
    people = (
        "characters:\n  mara:\n    actions:\n      - stand: {at: [0, -0.6]}\n      - pick-up: {prop: box}\n"
        "      - walk: {along: [[0, -0.6], [0, -4]]}\n      - put-down: {at: [0.1, -4.4, 0.8]}\n"
    )
    box = "    - {name: box, shape: {box: {size: [6cm, 6cm, 10cm]}}, at: [0.1, -0.2, 0.8]}\n"
    scene = _made(tmp_path, box, people)
    thing = _thing(scene, "box")
    start = _middle(thing, 0.0)
    np.testing.assert_allclose(start, [0.1, -0.2, 0.85], atol=1e-5)
    path = np.array([_middle(thing, t) for t in np.arange(0, 14, 1 / 24)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() * 24 < 6.0  # it is never snatched
    np.testing.assert_allclose(path[-1], [0.1, -4.4, 0.85], atol=0.05)
    np.testing.assert_array_equal(_middle(thing, 30.0), path[-1])
    far = box.replace("at: [0.1, -0.2, 0.8]", "at: [5, 5]")
    with pytest.raises(SceneError, match="out of reach"):
        _made(tmp_path, far, people)


@pytest.mark.parametrize(
    ("prop", "words"),
    [
        ("{name: a, car: sedan, shape: {sphere: {radius: 1}}}", "needs one of `shape`, `asset` and `car`"),
        ("{name: a}", "needs one of `shape`, `asset` and `car`"),
        ("{name: a, car: sedam}", "not a kind of car; did you mean `sedan`"),
        ("{name: a, shape: {sphere: {radius: 1}}, motion: {drive: {along: [[0, 0], [1, 1]]}}}", "only a `car`"),
        ("{name: a, car: bus, motion: {drive: {along: [[1, 1], [1, 1]]}}}", "two points"),
        ("{name: a, shape: {sphere: {radius: 1}}, motion: {attach: nobody}}", "nothing here is called `nobody`"),
        ("{name: a, shape: {sphere: {radius: 1}}, motion: {attach: a}}", "carried by what it carries"),
        ("{name: a, shape: {sphere: {radius: 1}}, motion: {keyframes: []}}", "at least one"),
        ("{name: a, shape: {sphere: {radius: 1}}, motion: {path: {along: []}}}", "two points"),
    ],
)
def test_what_cannot_be_is_said_at_its_place(tmp_path: Path, prop: str, words: str) -> None:
    with pytest.raises(SceneError, match=words) as caught:
        _made(tmp_path, f"    - {prop}\n")
    assert caught.value.line == 3


def test_adding_things_changes_nothing_about_the_others(tmp_path: Path) -> None:
    one = "    - {name: crate, shape: {box: {size: [1, 1, 1]}}, material: planks, at: [1, 2]}\n"
    more = (
        "    - {name: ball, shape: {sphere: {radius: 1}}, motion: {drop: {height: 3m}}}\n"
        "    - {name: car, car: hatchback, at: [5, 5]}\n"
    )
    street = "  sets:\n    - street: {length: 20m, seed: 3}\n"
    people = "characters:\n  mara: {}\n"
    before = _made(tmp_path, one, street + people)
    after = _made(tmp_path, more + one, street + "    - ground: none\n" + people + "  tom: {}\n")
    for thing in before.world.things:
        if thing.name == "ground":
            continue
        twin = _thing(after, thing.name)
        np.testing.assert_array_equal(twin.at(0.7)[0], thing.at(0.7)[0])
        assert [m.name for m in twin.mesh.materials] == [m.name for m in thing.mesh.materials]
    assert {stable_id(thing.name) for thing in before.world.things} - {stable_id("ground")} <= set(after.world.names)


def test_a_scene_without_a_file_says_problems_too() -> None:
    scene = load_scene(Path(__file__).parents[2] / "scenes" / "plaza.yaml")
    broken = scene.model_copy(update={"shots": ()})
    broken._source = None
    with pytest.raises(SceneProblem, match="at least one shot"):
        build(broken, base=Path("."))
