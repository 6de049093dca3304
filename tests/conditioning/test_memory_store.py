"""The folder of a memory: whole after a kill, bounded, shared by jobs, and the same again for one that goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from conditioning.guidance import fetched
from conditioning.memory import Frame, remembering
from conditioning.memory_store import WorldMemory
from render.correspondence import FrameGeometry
from render.files import read_image
from render.raster import Rasterizer
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import U8, look_at, translation
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Thing, World

Take = Callable[..., tuple[Frame, U8]]

FILES = {"picture.png", "light.png", "seen.npz", "samples.npy", "view.json"}

HALL = World(
    (
        Thing("floor", shapes.plane((200.0, 20.0), make("paving"))),
        Thing("wall", shapes.box((200.0, 0.3, 6.0), make("brick")).transformed(translation([0, 5, 0]))),
        Thing("crate", shapes.box((1.0, 1.0, 1.0), make("wood")).transformed(translation([0, 3, 0]))),
    ),
    Sky(),
)


@pytest.fixture(scope="module")
def take(rasterizer: Rasterizer) -> Take:
    """A frame ``x`` metres along the hall, and a picture of it with grain, so that files have some size."""

    def taken(x: float, width: int = 64, height: int = 36, world: World = HALL, y: float = -2.0) -> tuple[Frame, U8]:
        view = Camera(look_at((x, y, 1.6), (x, 3, 1.0)), Lens(24).intrinsics(width, height), width, height)
        snapshot = world.at(0)
        gbuffer = rasterizer.rasterize(snapshot, view)
        light = np.full((height, width, 3), 128, np.uint8)
        picture = np.random.default_rng(int(10 * x) + 9999).integers(0, 255, (height, width, 3), dtype=np.uint8)
        return Frame(snapshot, FrameGeometry.of(snapshot, view, gbuffer), gbuffer, light), picture

    return taken


def walk(memory: WorldMemory, take: Take, places: list[float], folder: Path, live: object = None) -> list[object]:
    """What a job recalls at each place of a walk, remembering as it goes: ids, and pixels of what was painted."""
    told: list[object] = []
    with remembering(memory, HALL, "look", folder, live) as session:  # type: ignore[arg-type]
        for k, x in enumerate(places):
            frame, picture = take(x)
            known = session.recalled(session.chosen([frame]), frame)
            told.append([(one.id, one.picture.sum().item(), one.seen.xy.sum()) for one in known])
            session.remember("walk", k, frame, picture)
            told.append(session.live)
            session.settle()
    return told


def test_a_static_shot_is_remembered_once(take: Take, tmp_path: Path) -> None:
    memory = WorldMemory(tmp_path)
    with remembering(memory, HALL, "look", tmp_path) as session:
        kept = [session.remember("static", k, *take(0.0)) for k in range(20)]
    assert kept[0]
    assert not any(kept[1:])
    assert [told.frame for told in memory.views()] == [0]


def test_a_sharper_view_is_remembered_and_a_coarser_one_is_not(take: Take, tmp_path: Path) -> None:
    with remembering(WorldMemory(tmp_path), HALL, "look", tmp_path) as session:
        assert session.remember("far", 0, *take(0.0, y=-2.0))
        assert session.remember("near", 0, *take(0.0, y=0.9))
        assert not session.remember("between", 0, *take(0.0, y=-1.8))


def test_a_close_view_is_averaged_for_a_wide_one(take: Take, tmp_path: Path) -> None:
    """Else its grain would be sampled here and there, and flicker."""
    with remembering(WorldMemory(tmp_path), HALL, "look", tmp_path) as session:
        frame, grain = take(20.0, 512, 288, y=-0.5)
        session.remember("close", 0, frame, grain)
        near, _ = take(20.05, 512, 288, y=-0.5)
        wide, _ = take(20.0, 64, 36, y=-2.0)
        spread = []
        for asked in (near, wide):
            (known,) = session.recalled(session.chosen([asked]), asked)
            sure = known.seen.visible & (known.seen.confidence > 0.5)
            spread.append(float(fetched(known.picture, known.seen, "bicubic")[:, torch.from_numpy(sure)].std()))
            assert known.picture.shape == known.light.shape
        assert known.picture.shape[1:] == (36, 64)
    assert spread[1] < 0.2 * spread[0]


def test_a_very_long_shot_stays_bounded(take: Take, tmp_path: Path) -> None:
    """Ten minutes of walking to and fro, asked to remember every few seconds."""
    limit = 600_000
    memory, bytes_used = WorldMemory(tmp_path, limit), []
    places = 60 * np.sin(np.linspace(0, 12, 80))
    with remembering(memory, HALL, "look", tmp_path) as session:
        for k, x in enumerate(places):
            session.remember("long", 180 * k, *take(float(x)))
            session.settle()
            if k % 20 == 19:
                bytes_used.append(sum(told.bytes for told in memory.views()))
        assert max(bytes_used) <= limit
        assert min(bytes_used) > 0.6 * limit
        here, _ = take(float(places[-1]) - 0.3)
        assert len(session.chosen([here])) >= 1
    assert set(session.live) <= {told.id for told in memory.views()}


def test_a_job_that_goes_on_reads_what_it_would_have_read(take: Take, tmp_path: Path) -> None:
    """Whatever the limit has dropped, and whatever others have added in the meantime."""
    places = [float(x) for x in (0, 8, 16, 24, 12, 3, 20, 9, 0.5, 15)]
    whole = walk(WorldMemory(tmp_path / "a", 300_000), take, places, tmp_path)
    assert len(set(map(str, whole[1::2]))) > 3
    memory = WorldMemory(tmp_path / "b", 300_000)
    job, other = tmp_path / "job", tmp_path / "other"
    job.mkdir()
    other.mkdir()
    live: tuple[str, ...] = ()
    with suppress(KeyboardInterrupt), remembering(memory, HALL, "look", job) as session:
        for k, x in enumerate(places[:6]):
            session.remember("walk", k, *take(x))
            if k == 4:
                live = session.live
                session.settle()
        raise KeyboardInterrupt  # killed before the sixth was safe
    walk(memory, take, [50.0, 60.0, 70.0, 80.0, 0.1], other)
    assert memory.has(live)
    on = walk(memory, take, places[5:], job, live)
    assert on[::2][0] == whole[10]
    assert [len(live) for live in on[1::2]] == [len(live) for live in whole[11::2]]  # type: ignore[arg-type]


def test_what_an_unfinished_job_reads_is_not_dropped_until_its_folder_is_gone(take: Take, tmp_path: Path) -> None:
    memory, job, other = WorldMemory(tmp_path / "memory", 300_000), tmp_path / "job", tmp_path / "other"
    for folder in (job, other):
        folder.mkdir()
    held: tuple[str, ...] = ()
    with suppress(KeyboardInterrupt), remembering(memory, HALL, "look", job) as session:
        for k in range(3):
            session.remember("first", k, *take(10.0 * k))
        session.settle()
        held = session.live
        raise KeyboardInterrupt
    assert held
    far = [10.0 * k for k in range(5, 9)]
    walk(memory, take, far, other)
    assert memory.has(held)
    job.rmdir()
    walk(memory, take, [-50.0, -60.0, -70.0, -80.0], other)
    assert sum(told.bytes for told in memory.views()) <= 300_000


def test_a_missing_view_is_named(take: Take, tmp_path: Path) -> None:
    memory = WorldMemory(tmp_path)
    assert not memory.has(["away"])
    with pytest.raises(ValueError, match="has no view away"), remembering(memory, HALL, "look", tmp_path, ["away"]):
        pass


REMEMBER_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
from conditioning.guidance import fetched
from conditioning.memory import Frame, remembering
from conditioning.memory_store import WorldMemory
from render.correspondence import FrameGeometry
from render.raster import open_rasterizer
from worldgen import shapes
from worldgen.camera import Camera, Lens
from worldgen.conventions import look_at
from worldgen.light import Sky
from worldgen.material import make
from worldgen.world import Thing, World

world = World((Thing("floor", shapes.plane((200.0, 20.0), make("paving"))),), Sky())
view = Camera(look_at((0, -2, 1.6), (0, 3, 1.0)), Lens(24).intrinsics(320, 180), 320, 180)
snapshot = world.at(0)
gbuffer = open_rasterizer("embree").rasterize(snapshot, view)
frame = Frame(snapshot, FrameGeometry.of(snapshot, view, gbuffer), gbuffer, np.zeros((180, 320, 3), np.uint8))
memory = WorldMemory(Path(sys.argv[1]))
for k in range(10_000):
    with remembering(memory, world, f"look {k}", Path(sys.argv[1])) as session:
        session.remember("kill", k, frame, np.full((180, 320, 3), k % 256, np.uint8))
"""


@pytest.mark.parametrize("after_s", [0.0, 0.017])
def test_killed_in_the_middle_of_writing_all_that_is_there_is_whole(tmp_path: Path, after_s: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", REMEMBER_FOR_EVER, str(tmp_path)])
    while len(list(tmp_path.glob("views/kill-*"))) < 3:
        assert process.poll() is None
        time.sleep(0.002)
    time.sleep(after_s)
    process.kill()
    process.wait()
    views = WorldMemory(tmp_path).views()
    assert len(views) >= 3
    for told in views:
        assert {path.name for path in (tmp_path / "views" / told.id).iterdir()} == FILES
        assert read_image(tmp_path / "views" / told.id / "picture.png")[0, 0, 0] == told.frame % 256
        with np.load(tmp_path / "views" / told.id / "seen.npz") as seen:
            assert all(len(seen[name].shape) for name in seen.files)
    with remembering(WorldMemory(tmp_path), HALL, "look", tmp_path) as session:
        assert session.live == ()


def test_broken_files_are_as_if_never_seen(take: Take, tmp_path: Path) -> None:
    memory = WorldMemory(tmp_path)
    walk(memory, take, [0.0, 10.0, 20.0, 30.0], tmp_path)
    first, second, third, fourth = (tmp_path / "views" / told.id for told in memory.views())
    (first / "seen.npz").write_bytes(b"not an archive")
    (second / "picture.png").unlink()
    (third / "view.json").write_text('{"shot": 1}')
    (fourth / "samples.npy").write_bytes(b"")
    assert len(memory.views()) == 3
    with remembering(memory, HALL, "look", tmp_path) as session:
        for x in (0.0, 10.0, 20.0, 30.0):
            frame, _ = take(x)
            assert all(one.id == fourth.name for one in session.recalled(session.chosen([frame]), frame))


def test_an_empty_world_and_a_single_pixel(take: Take, tmp_path: Path) -> None:
    memory, empty = WorldMemory(tmp_path), World((), Sky())
    with remembering(memory, empty, "look", tmp_path) as session:
        frame, picture = take(0.0, 17, 5, empty)
        assert session.chosen([frame]) == ()
        assert session.remember("sky", 0, frame, picture)
        (known,) = session.recalled(session.chosen([frame]), frame)
        assert known.seen.visible.all()
        assert not session.remember("sky", 1, frame, picture)
    with remembering(memory, HALL, "look", tmp_path) as session:
        frame, picture = take(0.0, 1, 1)
        assert session.remember("dot", 0, frame, picture)
        (known,) = session.recalled([session.live[-1]], frame)
        np.testing.assert_allclose(known.picture[:, 0, 0].numpy() * 127.5 + 127.5, picture[0, 0], atol=0.01)


def test_a_picture_of_another_size_is_refused(take: Take, tmp_path: Path) -> None:
    with remembering(WorldMemory(tmp_path), HALL, "look", tmp_path) as session:
        frame, picture = take(0.0)
        with pytest.raises(ValueError, match="unlike what its camera sees"):
            session.remember("s", 0, frame, picture[:-1])


def test_one_thing_is_forgotten_and_the_rest_is_not(take: Take, tmp_path: Path) -> None:
    memory = WorldMemory(tmp_path)
    walk(memory, take, [0.0], tmp_path)
    frame, _ = take(0.2)
    crate = frame.geometry.thing.numpy().reshape(36, 64) == int(HALL.rest.face_object[-1])

    def seen() -> tuple[float, float]:
        with remembering(memory, HALL, "look", tmp_path) as session:
            (known,) = session.recalled(session.live, frame)
            return float(known.seen.visible[crate].mean()), float(known.seen.visible[~crate].mean())

    assert min(seen()) > 0.9
    memory.forget({memory.views()[0].id: ["crate"]})
    assert seen()[0] == 0
    assert seen()[1] > 0.9
    memory.forget({memory.views()[0].id: ["wall", "floor"]})
    assert memory.views() == ()
    assert memory.versions() == {}


def test_pictures_lie_there_to_be_looked_at(take: Take, tmp_path: Path) -> None:
    memory = WorldMemory(tmp_path)
    with remembering(memory, HALL, "look", tmp_path) as session:
        frame, picture = take(0.0)
        name = session.remember("straße/ß", 0, frame, picture)
    assert name is not None
    np.testing.assert_array_equal(read_image(tmp_path / "views" / name / "picture.png"), picture)
    assert memory.views()[0].shot == "straße/ß"


def test_two_jobs_at_once_do_not_see_each_other_until_they_begin_anew(take: Take, tmp_path: Path) -> None:
    memory, one, other = WorldMemory(tmp_path / "memory"), tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    with remembering(memory, HALL, "look", one) as a, remembering(memory, HALL, "look", other) as b:
        frame, picture = take(0.0)
        first = a.remember("one", 0, frame, picture)
        assert b.chosen([frame]) == ()
        second = b.remember("other", 0, frame, picture)
        assert (a.live, b.live) == ((first,), (second,))
        a.settle()
        b.settle()
        assert a.chosen([frame]) == (first,)
    with remembering(memory, HALL, "look", one) as again:
        assert set(again.live) == {first, second}
