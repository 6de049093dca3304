"""Looking up which views saw a surface: the right ones, few of them, and as quickly among thousands as among ten."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest

from conditioning.memory_index import ROW, Index, covering, least_needed, sampled, served
from conditioning.memory_things import bodies
from render.raster import Rasterizer
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import I32, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Thing, World

Samples = tuple[npt.NDArray[np.void], I32]


def street(at: float, extent: float = 0.01, cosine: float = 0.9, light: float = 0.5, count: int = 600) -> Samples:
    """Points of a wall of thing 7, ten metres of it from ``at``, as a view samples them."""
    rng = np.random.default_rng(3)
    rows = np.zeros(count, ROW)
    rows["point"] = np.stack([at + 10 * rng.random(count), np.full(count, 0.3), 4 * rng.random(count)], axis=1)
    rows["level"] = np.ceil(np.log2(extent * 100))
    rows["extent"], rows["cosine"], rows["light"] = extent, cosine, light
    return rows, np.full(count, 7, np.int32)


def index_of(*views: Samples) -> Index:
    index = Index()
    index.add([(k, *view) for k, view in enumerate(views)])
    return index


def chosen(index: Index, views: int, asked: Samples, count: int = 4) -> list[int]:
    return covering(index.find(*asked, np.ones(views, dtype=bool)), len(asked[0]), views, count)


def test_few_views_that_together_show_all_are_chosen() -> None:
    """Twelve views five metres apart: the two that meet over the asked stretch, and no third."""
    views = [street(5.0 * k) for k in range(12)]
    first = chosen(index_of(*views), 12, street(12.5))
    assert 2 <= len(first) <= 3
    assert set(first[:2]) <= {1, 2, 3}
    assert chosen(index_of(*views), 12, street(200.0)) == []


def test_a_view_as_fine_as_the_frame_is_preferred_to_a_coarse_or_slanted_one() -> None:
    views = [street(0, extent=0.05), street(0, cosine=0.3), street(0), street(0, extent=0.02)]
    assert chosen(index_of(*views), 4, street(0)) == [2]


def test_a_view_in_the_same_light_is_preferred() -> None:
    views = [street(0, light=0.05), street(0, light=0.52), street(0, light=0.95)]
    assert chosen(index_of(*views), 3, street(0))[0] == 1


def test_other_things_and_other_sides_are_not_found() -> None:
    index = index_of(street(0))
    rows, ids = street(0)
    alive = np.ones(1, dtype=bool)
    assert served(index.find(rows, ids, alive), len(rows)).min() > 0.8
    assert not len(index.find(rows, ids + 1, alive).sample)
    behind = rows.copy()
    behind["side"] = 1
    assert not len(index.find(behind, ids, alive).sample)
    assert not len(index.find(rows, ids, ~alive).sample)


def test_adding_one_by_one_or_at_once_is_the_same() -> None:
    views = [street(2.0 * k, extent=0.01 * (k + 1)) for k in range(6)]
    single = Index()
    for k, view in enumerate(views):
        single.add([(k, *view)])
    asked, alive = street(5.0), np.ones(6, dtype=bool)
    a, b = (index.find(*asked, alive) for index in (single, index_of(*views)))
    for name in ("sample", "view", "score"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_lookup_does_not_grow_with_the_film() -> None:
    """The same street is walked, and seen, again and again."""

    def seconds(views: int) -> float:
        index, alive = index_of(*(street(5.0 * (k % 20)) for k in range(views))), np.ones(views, dtype=bool)
        best = np.inf
        for _ in range(5):
            began = time.process_time()
            covering(index.find(*street(42.0), alive), 600, views, 4)
            best = min(best, time.process_time() - began)
        return float(best)

    seconds(20)
    assert seconds(2000) < 4 * seconds(60) + 2e-3


def test_what_others_show_as_well_is_dropped_first_and_the_oldest_of_equals() -> None:
    views = [street(0), street(100), street(0), street(50), street(50, extent=0.04), street(0)]
    index, alive = index_of(*views), np.ones(6, dtype=bool)
    sizes = dict.fromkeys(range(6), 10)

    def dropped(over: int) -> list[int]:
        return least_needed(index, dict(enumerate(views)), alive, sizes, over)

    assert dropped(0) == []
    assert sorted(dropped(30)) == [0, 2, 4]  # two of three equals, and one that is coarser than another
    assert set(dropped(40)) >= {0, 2, 4}
    assert len(dropped(1000)) == 6


@pytest.mark.parametrize("size", [(160, 90), (1, 1), (3, 200)])
def test_samples_know_thing_side_size_and_place(rasterizer: Rasterizer, size: tuple[int, int]) -> None:
    wall = shapes.box((4.0, 0.2, 3.0), make("brick"))
    camera = Camera(look_at((0.1, -4.0, 1.4), (0, 0, 1.4)), Lens(20).intrinsics(*size), *size)
    light = np.full((*size[::-1], 3), 51, np.uint8)
    found = []
    for at in (0.0, 7.0):  # the wall stands elsewhere, and so does the camera
        world = World((Thing("wall", wall.transformed(translation([at, 0, 0]))),), Sky())
        here = Camera(translation([at, 0, 0]) @ camera.world_from_camera, camera.K, *size)
        snapshot, known = world.at(0), bodies(world)
        gbuffer = rasterizer.rasterize(snapshot, here)
        found.append(sampled(snapshot, here, gbuffer, light, known, dict.fromkeys(known, 0)))
    a, b = found
    hit = a["thing"] == 0
    assert hit.any()
    assert len(a) <= 2500
    np.testing.assert_array_equal(a["side"], b["side"])
    assert len(set(a["side"][hit].tolist())) == 1
    np.testing.assert_allclose(a["point"][hit], b["point"][hit], atol=2e-4)
    np.testing.assert_allclose(a["light"], 0.2, atol=1e-3)
    np.testing.assert_allclose(a["extent"][hit], 4.0 / camera.K[0, 0], rtol=0.45)
