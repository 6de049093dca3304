"""Cars: wheels on the ground and in their arches, sound meshes, the same in every process."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from worldgen.vehicles import KINDS, CarParts, car

LENGTHS = {"hatchback": 4.0, "sedan": 4.7, "van": 5.1, "pickup": 5.3, "bus": 11.6}


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> tuple[str, CarParts]:
    return request.param, car(request.param, None, 4)


def test_it_is_as_large_as_its_kind(made: tuple[str, CarParts]) -> None:
    kind, parts = made
    low, high = parts.body.vertices.min(0), parts.body.vertices.max(0)
    assert high[1] - low[1] == pytest.approx(LENGTHS[kind], rel=0.05)
    assert 0.1 < low[2] < 0.5
    np.testing.assert_allclose((low[:2] + high[:2]) / 2, 0, atol=0.06)
    assert len(parts.mesh.faces) < 12_000


def test_its_wheels_touch_the_ground_below_their_arches(made: tuple[str, CarParts]) -> None:
    _, parts = made
    assert len(parts.wheels) == 4
    skin = parts.body.vertices[parts.body.faces].reshape(-1, 3)
    for wheel, hub, radius in parts.wheels:
        assert hub[2] + wheel.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-4)
        away = np.hypot(wheel.vertices[:, 1], wheel.vertices[:, 2])
        assert away.max() == pytest.approx(radius, abs=1e-4), "the mesh turns about its own origin"
        # The skin outside of the wheel leaves the whole tyre in sight, and closes above it within a hand's breadth.
        outside = skin[(np.sign(skin[:, 0]) == np.sign(hub[0])) & (np.abs(skin[:, 0]) > abs(hub[0]))]
        distance = np.hypot(outside[:, 1] - hub[1], outside[:, 2] - hub[2])
        assert distance.min() > radius
        above = outside[(np.abs(outside[:, 1] - hub[1]) < 0.05) & (outside[:, 2] > radius)]
        assert 0 < above[:, 2].min() - 2 * radius < 0.1
        assert np.abs(wheel.vertices[:, 0] + hub[0]).max() < np.abs(skin[:, 0]).max()


def test_its_skin_faces_outwards(made: tuple[str, CarParts]) -> None:
    _, parts = made
    m = parts.body
    np.testing.assert_allclose(np.linalg.norm(m.normals, axis=1), 1.0, atol=1e-3)
    corner = m.vertices[m.faces].astype(np.float64)
    n = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    paint = np.array([x.kind == "painted-metal" for x in m.materials])[m.material]
    out = np.abs(corner.mean(1)[:, 0])
    side = paint & (np.abs(n[:, 0]) > 2 * np.abs(n[:, 1:]).max(1)) & (out > 0.9 * out[paint].max())
    assert side.sum() > 100
    assert (np.sign(n[side, 0]) == np.sign(corner.mean(1)[side, 0])).mean() > 0.97


def test_its_headlights_are_in_front_and_differ_in_nothing_but_side(made: tuple[str, CarParts]) -> None:
    _, parts = made
    (x0, y0, z0), (x1, y1, z1) = parts.lights
    assert x0 == -x1
    assert (y0, z0) == (y1, z1)
    assert y0 > 0.8 * parts.size[1] / 2
    assert 0.4 < z0 < 1.1


def test_paint_is_what_was_asked_and_else_drawn() -> None:
    assert any(m.name == "car-paint-c03020" for m in car("sedan", "#c03020").body.materials)
    names = {m.name for seed in range(8) for m in car("sedan", None, seed).body.materials if m.kind == "painted-metal"}
    assert len(names) > 3


def test_an_unknown_kind_is_answered_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"'sedam' is not a kind of car: did you mean 'sedan'\?"):
        car("sedam")


def test_it_is_the_same_car_in_another_process() -> None:
    code = (
        "import hashlib; from worldgen.vehicles import car; m = car('van', None, 3).mesh\n"
        "print(hashlib.blake2s(m.vertices.tobytes() + m.uv.tobytes() + repr([x.name for x in m.materials]).encode())"
        ".hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    m = car("van", None, 3).mesh
    names = repr([x.name for x in m.materials]).encode()
    assert other == hashlib.blake2s(m.vertices.tobytes() + m.uv.tobytes() + names).hexdigest()
