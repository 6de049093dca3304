"""Pictures to learn from: pairs that correspond, variants of one frame, worlds kept unseen, packs that come back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tools.train.data as data
import tools.train.worlds as worlds
from conditioning.controls import KIND_NAMES
from render.raster import Rasterizer, open_rasterizer
from render.rays import RayScene
from tools.train.finish import COVER_CELLS, COVER_M, Finish, cover_map
from tools.train.pack import marks_of, pack, unpack
from tools.train.sites import UNSEEN_KINDS, only
from tools.train.weather import VARIANTS, chosen_variants, facing_sun, variants_of
from tools.train.worlds import HELD_OUT, UNSEEN, UNSEEN_CARS, UNSEEN_CLOTHES, Take
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.vehicles import KINDS as CARS
from worldgen.world import Thing, World

SKY = Sky(sun_azimuth=2.6, sun_elevation=0.9)


@pytest.fixture(scope="module")
def raster() -> Rasterizer:
    return open_rasterizer("embree")


@pytest.fixture
def yard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every seed is a yard, with a wall and a roof on a post, of 32 pixels a side."""

    def views(count: int) -> tuple[tuple[Camera, Camera], ...]:
        lens = Lens(28).intrinsics(32, 32)
        eyes = [((0.2 * k, -4.0, 1.6), (0.2 * k + 0.3, -4.0, 1.6)) for k in range(count)]
        return tuple(
            (Camera(look_at(a, (0, 3, 0.8)), lens, 32, 32), Camera(look_at(b, (0, 3, 0.8)), lens, 32, 32))
            for a, b in eyes
        )

    def take(seed: int, count: int) -> Take:
        things = (
            Thing("ground", shapes.plane((40.0, 40.0), make("asphalt"))),
            Thing("wall", shapes.box((5.0, 0.3, 1.2), make("brick")).transformed(translation([0, 3, 0]))),
            Thing("roof", shapes.box((2.0, 2.0, 0.1), make("slate")).transformed(translation([-2, 0.5, 1.0]))),
        )
        return Take(World(things, SKY), views(count), (0.0, 0.4), "yard", "plain", "plaza", False, 0)

    monkeypatch.setattr(data, "training_take", take)


def test_pairs_show_the_same_surfaces(yard: None, raster: Rasterizer) -> None:
    found = data.conditions(data.planned(3, 4, raster))
    assert found["other"].tolist() == [1, 0, 3, 2]
    xy, seen = np.floor(found["other_xy"].astype(np.float32)).astype(int), found["other_seen"] > 0
    assert seen.mean() > 0.7
    for k, other in enumerate(found["other"]):
        rows, columns = np.nonzero(seen[k])
        x, y = xy[k, rows, columns].T
        same = found["kind"][k, rows, columns] == found["kind"][other, y, x]
        assert same.mean() > 0.99  # a place just beside a silhouette may round across it
    assert np.abs(found["other_xy"][0, 16:, :, 0].astype(np.float32) - np.arange(32) - 0.5).max() > 0.5


def test_flat_colour_is_albedo_without_its_texture(yard: None, raster: Rasterizer) -> None:
    found = data.conditions(data.planned(3, 2, raster))
    brick = found["kind"][0] == 1 + KIND_NAMES.index("brick")
    inner = brick & np.roll(brick, 1, 0) & np.roll(brick, -1, 0) & np.roll(brick, 1, 1) & np.roll(brick, -1, 1)
    flat, albedo = found["flat"][0][:, inner].astype(np.float32), found["maps"][0, :3, inner].T.astype(np.float32)
    assert flat.std(axis=1).max() < 1e-3 < 0.02 < albedo.std(axis=1).max()
    np.testing.assert_allclose(flat.mean(axis=1), albedo.mean(axis=1), atol=0.12)
    assert (found["flat"][0][:, found["kind"][0] == 0] == -1).all()
    assert found["uv"].min() >= 0
    assert found["uv"].max() <= data.TILES


def test_facts_are_of_the_world(yard: None, raster: Rasterizer) -> None:
    said = json.loads(str(data.conditions(data.planned(HELD_OUT + 3, 2, raster))["facts"]))
    assert said["set"] == "held-out"
    assert said["seed"] == HELD_OUT + 3
    assert said["place"] == "plaza"
    assert said["sun_elevation_deg"] == pytest.approx(np.degrees(SKY.sun_elevation), abs=0.1)


def test_unseen_worlds_are_of_kinds_that_no_other_shows() -> None:
    for kept, all_ in ((UNSEEN_KINDS, sorted(UNSEEN_KINDS | {"old-town"})), (UNSEEN_CARS, CARS)):
        assert set(only(all_, kept, unseen=True)) == kept & set(all_)
        assert not set(only(all_, kept, unseen=False)) & kept
    assert worlds.loose_props(True)
    assert not set(worlds.loose_props(True)) & set(worlds.loose_props(False))
    rng = np.random.default_rng(0)
    for unseen in (False, True):
        worn = {word for _ in range(60) for word in worlds._garments(rng, unseen)}
        assert (worn & UNSEEN_CLOTHES == UNSEEN_CLOTHES) if unseen else not worn & UNSEEN_CLOTHES
    assert HELD_OUT < UNSEEN


def test_variants_are_a_function_of_the_seed_and_make_sense() -> None:
    day = variants_of(5, SKY, False, 3)
    assert tuple(sorted(day)) == tuple(sorted(VARIANTS))
    assert day == variants_of(5, SKY, False, 3)
    assert day["night"].sky.sun_irradiance.max() < 0.05 * day["golden-hour"].sky.sun_irradiance.max()
    assert "night" not in variants_of(5, replace(SKY, sun_elevation=-0.3), False, 3)
    assert set(variants_of(5, SKY, True, 0)) == {"overcast", "golden-hour"}
    chosen = [chosen_variants(5, k, day, 0.5) for k in range(200)]
    assert 70 < sum(map(len, chosen)) < 130
    assert {name for some in chosen for name in some} == set(VARIANTS)
    assert chosen_variants(5, 0, {}, 1.0) == ()


def test_a_low_sun_shines_on_what_is_seen(yard: None, raster: Rasterizer) -> None:
    plan = data.planned(3, 2, raster)
    golden = variants_of(3, SKY, False, 0)["golden-hour"]
    rays = RayScene()
    rays.update(plan.snapshots[0])
    points, normals = np.array([[0.0, 2.8, 0.6]], np.float32), np.array([[0.0, -1.0, 0.0]], np.float32)
    for seed in range(5):
        turned = facing_sun(golden, rays, points, normals, seed)
        assert turned.sky.sun_direction @ normals[0] > 0.5
        assert turned.sky.sun_elevation == golden.sky.sun_elevation


def test_cover_is_what_lies_highest(yard: None, raster: Rasterizer) -> None:
    rays = RayScene()
    rays.update(data.planned(3, 2, raster).snapshots[0])
    heights, x, y = cover_map(rays, 0.0, 0.0)
    assert heights.shape == (COVER_CELLS, COVER_CELLS)

    def at(px: float, py: float) -> float:
        return float(heights[int((py - y) / COVER_M), int((px - x) / COVER_M)])

    assert at(-2.0, 0.5) == pytest.approx(1.1, abs=0.01)
    assert at(2.0, 0.5) == pytest.approx(0.0, abs=1e-3)
    assert at(35.0, 0.0) < -1e3


def test_packed_data_comes_back(yard: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raster = open_rasterizer("embree")
    monkeypatch.setattr("tools.train.pack.open_rasterizer", lambda: raster)
    (tmp_path / "data").mkdir()
    ramp = np.linspace(0, 255, 32)[None, None, None].repeat(3, 1).repeat(32, 2)
    made = {}
    for seed in (3, 7):
        known = data.conditions(data.planned(seed, 4, raster))
        target = (np.broadcast_to(ramp, (4, 3, 32, 32)) / 127.5 - 1).astype(np.float16)
        variant = np.full((1, 3, 32, 32), 40 * seed - 60, np.uint8)
        made[seed] = known | {
            "target": target, "variant": variant, "variant_of": np.array([seed % 4]),
            "variant_name": np.array(["fog"], dtype="<U16"), "cameras": np.array(4),
        }  # fmt: skip
        data.write_arrays(tmp_path / "data" / f"{seed:07d}.npz", made[seed])
    size = pack(tmp_path / "data", tmp_path / "packs")
    assert size < 20_000
    with pytest.raises(ValueError, match="holds a pack already"):
        pack(tmp_path / "data", tmp_path / "packs")
    assert unpack(tmp_path / "packs", tmp_path / "one", seeds=[7]) == 1
    assert unpack(tmp_path / "packs", tmp_path / "back") == 2
    for seed, arrays in made.items():
        back = dict(np.load(tmp_path / "back" / f"{seed:07d}.npz"))
        assert set(back) == set(arrays)
        for name, value in arrays.items():
            assert back[name].dtype == value.dtype, name
            if name in ("target", "variant"):
                loss = np.abs(back[name].astype(np.float32) - value.astype(np.float32)).mean()
                assert loss < (0.02 if name == "target" else 3), name
            else:
                np.testing.assert_array_equal(back[name], value)


def test_a_pack_of_other_worlds_is_left_out(
    yard: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raster = open_rasterizer("embree")
    monkeypatch.setattr("tools.train.pack.open_rasterizer", lambda: raster)
    (tmp_path / "data").mkdir()
    arrays = data.conditions(data.planned(3, 2, raster))
    arrays |= {
        "kind": (arrays["kind"] + 1).astype(np.uint8), "target": np.zeros((2, 3, 32, 32), np.float16),
        "variant": np.zeros((0, 3, 32, 32), np.uint8), "variant_of": np.zeros(0, np.int64),
        "variant_name": np.zeros(0, "<U16"), "cameras": np.array(2),
    }  # fmt: skip
    data.write_arrays(tmp_path / "data" / "0000003.npz", arrays)
    pack(tmp_path / "data", tmp_path / "packs")
    with pytest.raises(ValueError, match="make the data again"):
        unpack(tmp_path / "packs", tmp_path / "back")
    assert "world 3 left out" in capsys.readouterr().out
    with pytest.raises(ValueError, match="holds no pack"):
        unpack(tmp_path / "nothing", tmp_path / "back")


def test_marks_are_of_pixels_all_over_the_picture() -> None:
    kind = np.zeros((1, 8, 12), np.uint8)
    kind[0, 4:, 6:] = 9
    np.testing.assert_array_equal(marks_of(kind)[0], np.kron([[0, 0], [0, 9]], np.ones((2, 2))))


def test_weather_changes_what_is_traced_and_nothing_is_compiled_again(yard: None, raster: Rasterizer) -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    plan = data.planned(3, 2, raster)
    tracer = PathTracer(plan.snapshots[0], SKY)
    camera = plan.pictures[0].camera
    rays = RayScene()
    rays.update(plan.snapshots[0])
    cover = cover_map(rays, 0.0, 0.0)

    def albedo(finish: Finish) -> np.ndarray:
        tracer.relight(SKY, finish, cover)
        return tracer.layers(camera, 8, denoise=False)["albedo"]

    dry, snow, wet, again = (albedo(f) for f in (Finish(), Finish(snow=1.0), Finish(wet=1.0), Finish()))
    np.testing.assert_array_equal(dry, again)
    position = tracer.layers(camera, 8, denoise=False)["position"]
    ground = (np.abs(position[..., 2]) < 0.02) & (position[..., 1] < 1.5) & (position[..., 0] > 0)
    below = (np.abs(position[..., 2]) < 0.02) & (np.abs(position[..., :2] - (-2, 0.5)).max(-1) < 0.7)
    wall = (position[..., 1] < 2.9) & (position[..., 1] > 2.8) & (position[..., 2] > 0.3) & (position[..., 2] < 1)
    assert ground.sum() > 20
    assert wall.sum() > 10
    assert below.sum() > 2
    assert snow[ground].mean() > 0.6 > 0.3 > dry[ground].mean() > 1.5 * wet[ground].mean()
    np.testing.assert_allclose(snow[wall].mean(0), dry[wall].mean(0), rtol=0.05)
    assert snow[below].mean() < 0.3


def test_a_moved_world_is_traced_where_it_is() -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    from tools.train.truth import PathTracer

    ball = shapes.sphere(0.4, make("plaster"))
    thing = Thing("ball", ball, place=lambda time: translation([time, 0.0, 0.5]))
    world = World((Thing("ground", shapes.plane((8.0, 8.0), make("soil"))), thing), SKY)
    camera = Camera(look_at((0.5, -4, 1), (0.5, 0, 0.5)), Lens(28).intrinsics(32, 24), 32, 24)
    tracer = PathTracer(world.at(0.0), SKY)

    def middle() -> float:
        position = tracer.layers(camera, 4, denoise=False)["position"]
        return float(np.median(position[position[..., 2] > 0.3][:, 0]))

    assert middle() == pytest.approx(0.0, abs=0.1)
    tracer.move(world.at(1.0))
    assert middle() == pytest.approx(1.0, abs=0.1)


def test_made_whole(yard: None, raster: Rasterizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    monkeypatch.setattr(data, "open_rasterizer", lambda: raster)
    monkeypatch.setattr(data, "chosen_variants", lambda seed, pair, possible: tuple(possible))
    data.make_data(tmp_path, [3], cameras=2, spp=4)
    found = SimpleNamespace(**dict(np.load(tmp_path / "0000003.npz")))
    assert found.target.shape == (2, 3, 32, 32)
    assert found.variant_of.tolist() == [0] * len(VARIANTS) + [1] * len(VARIANTS)
    means = {str(n): v.mean() for n, v in zip(found.variant_name, found.variant, strict=True)}
    assert means["night"] < 0.6 * means["overcast"]
    assert means["rain"] < means["snow"]
    by = {str(n): v.astype(np.float32) for n, v in zip(found.variant_name, found.variant, strict=True)}
    assert (
        by["golden-hour"][0].mean() - by["golden-hour"][2].mean()
        > by["overcast"][0].mean() - by["overcast"][2].mean() + 10
    )
    assert by["fog"].std() < by["overcast"].std()
    for name in VARIANTS:  # printed alike in both pictures of a pair
        pair = [v.mean() for n, v in zip(found.variant_name, found.variant, strict=True) if n == name]
        assert abs(pair[0] - pair[1]) < 12, name


def test_a_clip_follows_what_moves(monkeypatch: pytest.MonkeyPatch, raster: Rasterizer) -> None:
    pytest.importorskip("mitsuba", reason="the train extra is not installed")
    import tools.train.clips as clips

    lens = Lens(28).intrinsics(32, 24)
    one, other = (Camera(look_at((x, -4, 1), (x, 0, 0.5)), lens, 32, 24) for x in (0.0, 0.35))
    ball = Thing("ball", shapes.sphere(0.4, make("plaster")), place=lambda time: translation([time, 0.0, 0.5]))
    world = World((Thing("ground", shapes.plane((60.0, 60.0), make("cobble"))), ball), SKY)
    take = Take(world, ((one, other),), (0.0, 0.1), "yard", "plain", "plaza", False, 0)
    monkeypatch.setattr(clips, "training_take", lambda seed, count: take)
    found = clips.clip(4, 4, 4, raster)
    assert found["target"].shape == (4, 3, 24, 32)
    assert found["other"].tolist() == [0, 0, 1, 2]
    way = found["other_xy"][3].astype(np.float32) - (np.mgrid[0:24, 0:32][::-1].transpose(1, 2, 0) + 0.5)
    plaster = found["kind"][3] == 1 + KIND_NAMES.index("plaster")
    ground = (found["kind"][3] != 0) & ~plaster
    assert np.median(way[plaster, 0]) < -0.2  # it outruns the camera
    assert np.median(way[ground, 0]) > 0.1
    with pytest.raises(ValueError, match="ask for one or more"):
        clips.clip(4, 0, 4, raster)
