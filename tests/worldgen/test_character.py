"""People: size, ground, clothes, joints and errors."""

import time

import numpy as np
import pytest

from worldgen.actions import Idle, Walk
from worldgen.character import GARMENTS, JOINTS, human
from worldgen.conventions import linear_from_hex
from worldgen.light import Sky
from worldgen.world import World

WALK = (Walk(((0, 0), (0, 4)), 1.3), Idle())


@pytest.mark.parametrize("height", [1.2, 1.62, 1.95])
def test_height_scales_everything(height: float) -> None:
    actor = human("a", height=height, wardrobe={"hair": "#222222"}, hairstyle="bun")
    z = actor.thing.mesh.vertices[:, 2]
    assert z.min() == pytest.approx(0.0, abs=0.005)
    assert np.ptp(z) == pytest.approx(height, abs=0.02 * height)
    head = actor.joint("head", 0.0)
    assert 0.88 * height < head[2] < 0.96 * height


@pytest.mark.parametrize("speed", [0.8, 1.3, 1.8])
def test_the_soles_stay_on_the_ground(speed: float) -> None:
    actor = human("a", actions=(Walk(((0, 0), (0.6, 2), (0, 4)), speed),))
    assert actor.thing.pose is not None
    lowest = [actor.thing.pose(t)[:, 2].min() for t in np.arange(0, 4, 0.09)]
    assert min(lowest) > -0.01
    assert max(lowest) < 0.03  # one foot is always down


def test_topology_is_constant_and_poses_are_pure() -> None:
    actor = human("a", actions=WALK, wardrobe={"coat": "#b3312c"})
    assert actor.thing.pose is not None
    world = World((actor.thing,), Sky())
    times = [2.0, -1.0, 0.4, 90.0, 1.1]
    once = [actor.thing.pose(t) for t in times]
    for t, vertices in sorted(zip(times, once, strict=True), key=lambda pair: pair[0]):
        assert vertices.shape == actor.thing.mesh.vertices.shape
        assert vertices.dtype == np.float32
        assert np.array_equal(vertices, human("a", actions=WALK, wardrobe={"coat": "#b3312c"}).thing.pose(t))
        snapshot = world.at(t)
        assert np.array_equal(snapshot.faces, world.rest.faces)
        assert np.isfinite(snapshot.vertices).all()


def test_no_triangle_is_torn_while_walking() -> None:
    actor = human("a", actions=WALK)
    assert actor.thing.pose is not None
    faces = actor.thing.mesh.faces

    def longest(vertices: np.ndarray) -> np.ndarray:
        corners = vertices[faces]
        return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)

    rest = longest(actor.thing.mesh.vertices)
    for t in (1.0, 1.3, 1.6, 1.9):
        assert (longest(actor.thing.pose(t)) - rest).max() < 0.05


def test_walks_where_it_should() -> None:
    actor = human("a", actions=WALK)
    assert actor.joint("hips", 0.0)[:2] == pytest.approx([0, 0], abs=0.04)
    assert actor.joint("hips", 60.0)[:2] == pytest.approx([0, 4], abs=0.06)
    ahead = actor.joint("left_toes", 60.0) - actor.joint("left_foot", 60.0)
    assert ahead[1] > 0.08
    assert actor.joint("left_hand", 0.0)[0] < actor.joint("right_hand", 0.0)[0]
    assert actor.joint("root", 60.0)[2] == pytest.approx(0.0, abs=1e-9)


def test_wardrobe_colours_and_defaults() -> None:
    actor = human("a", wardrobe={"coat": "#b3312c", "legs": "#22252b"})
    colours = {m.name.split("/")[1].split("-")[0]: m.base_color for m in actor.thing.mesh.materials}
    assert colours["legs"] == pytest.approx(linear_from_hex("#22252b"), abs=1e-6)
    assert {"coat", "top", "shoes", "hair", "skin"} <= set(colours)
    assert "hat" not in colours
    looks = {tuple(m.base_color for m in human("a", seed=s).thing.mesh.materials) for s in range(5)}
    assert len(looks) == 5
    skirted = human("a", wardrobe={"skirt": "#403050"}).thing.mesh.materials
    assert not any("/legs" in m.name for m in skirted)


def test_every_garment_can_be_worn_at_once() -> None:
    mesh = human("a", wardrobe=dict.fromkeys(GARMENTS, "#808080")).thing.mesh
    assert mesh.material.max() < len(mesh.materials)
    assert len(mesh.uv) == len(mesh.vertices) == len(mesh.normals)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"height": 0.0}, "height"),
        ({"height": float("nan")}, "height"),
        ({"build": 3.0}, "build"),
        ({"masculine": 2.0}, "masculine"),
        ({"hairstyle": "bobb"}, "did you mean 'bob'"),
        ({"wardrobe": {"cot": "#ffffff"}}, "did you mean 'coat'"),
        ({"wardrobe": {"coat": "red"}}, "coat is 'red'"),
    ],
)
def test_bad_words_are_one_sentence(kwargs: dict, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=words) as error:
        human("mara", **kwargs)
    assert str(error.value).startswith("mara: ")


def test_unknown_joint_names_the_nearest() -> None:
    actor = human("a")
    with pytest.raises(ValueError, match="did you mean 'left_hand'"):
        actor.joint("lefthand", 0.0)
    assert all(np.isfinite(actor.joint(name, 0.3)).all() for name in JOINTS)


def test_posing_is_quick() -> None:
    actor = human("a", actions=WALK)
    assert actor.thing.pose is not None
    actor.thing.pose(0.0)
    spent = []
    for k in range(10):
        start = time.perf_counter()
        actor.thing.pose(0.1 * k + 0.05)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.05  # far above the usual 5 ms: only a lost vectorisation fails
