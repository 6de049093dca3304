"""Crowds: nobody walks into anybody or anything, names and draws are stable, few triangles."""

import numpy as np
import pytest

from worldgen.actions import Stand, Stroll, Talk
from worldgen.character import human
from worldgen.crowd import crowd
from worldgen.crowd_words import CrowdWords, actor_of
from worldgen.stage import Stage
from worldgen.ways import timed_way


def places(track: tuple[tuple[float, float, float], ...], times: np.ndarray) -> np.ndarray:
    way, seconds, metres = timed_way(track)
    return np.array([way(float(s))[0] for s in np.interp(times + 4.0, seconds, metres)])


def test_strollers_keep_apart_and_out_of_obstacles() -> None:
    people = crowd("crowd", 20, (-6, -6), (6, 6), "mixed", 5, [(0, 0, 1.0)], 30.0)
    times = np.arange(0.0, 28.0, 0.25)
    paths = []
    for person in people:
        first = person.arguments["actions"][0]
        if isinstance(first, Stroll):
            paths.append(places(first.track, times))
        else:
            assert isinstance(first, Stand)
            paths.append(np.repeat(np.array([first.at]), len(times), axis=0))
    at = np.array(paths)  # (N, T, 2)
    apart = np.linalg.norm(at[:, None] - at[None], axis=3) + 9.0 * np.eye(len(at))[..., None]
    assert apart.min() > 0.5
    assert np.linalg.norm(at, axis=2).min() > 1.2
    assert np.abs(at).max() < 6.6
    moving = at[10:]
    assert np.linalg.norm(np.diff(moving, axis=1), axis=2).sum(1).min() > 12.0  # they get about


def test_members_are_named_and_the_same_each_time() -> None:
    people = crowd("guests", 6, (0, 0), (6, 6), "stand", 1)
    assert [p.name for p in people] == [f"guests-{k:02d}" for k in range(1, 7)]
    assert people == crowd("guests", 6, (0, 0), (6, 6), "stand", 1)
    assert people != crowd("guests", 6, (0, 0), (6, 6), "stand", 2)
    talked = {a.to.split(".")[0] for p in people for a in p.arguments["actions"] if isinstance(a, Talk) and a.to}
    assert talked <= {p.name for p in people}


def test_a_stroller_walks_in_time_from_the_start() -> None:
    (person,) = crowd("c", 1, (-5, -5), (5, 5), "stroll", 3, (), 12.0)
    actor = actor_of(person, Stage())
    times = np.array([0.0, 2.0, 5.0, 9.0])
    track = places(person.arguments["actions"][0].track, times)
    for t, place in zip(times, track, strict=True):
        assert actor.joint("hips", float(t))[:2] == pytest.approx(place, abs=0.12)
    assert np.linalg.norm(actor.joint("hips", 0.2) - actor.joint("hips", 0.0)) > 0.08  # already under way
    assert len(actor.thing.mesh.faces) <= 6000


def test_low_detail_keeps_the_figure() -> None:
    high, low = human("a", seed=2), human("a", seed=2, detail="low")
    assert high.thing.mesh.vertices.min(0) == pytest.approx(low.thing.mesh.vertices.min(0), abs=0.02)
    assert high.thing.mesh.vertices.max(0) == pytest.approx(low.thing.mesh.vertices.max(0), abs=0.02)
    assert len(low.thing.mesh.faces) * 10 < len(high.thing.mesh.faces)
    assert low.thing.skin is not None
    assert np.abs(np.asarray(low.thing.skin.weights.sum(1)) - 1).max() < 1e-5


def test_words_make_members() -> None:
    words = CrowdWords.model_validate({"count": 3, "in": [["4m", "4m"], [0, 0]], "doing": "stroll", "for": "5s"})
    assert [m.name for m in words.members(7)] == ["crowd-01", "crowd-02", "crowd-03"]


@pytest.mark.parametrize(
    ("count", "high", "words"),
    [(40, (2.0, 2.0), "no room"), (0, (9.0, 9.0), "no crowd"), (3, (0.5, 9.0), "at least 1 m wide")],
)
def test_what_cannot_be_is_one_sentence(count: int, high: tuple[float, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        crowd("crowd", count, (0.0, 0.0), high)


def test_strollers_do_not_stride_out() -> None:
    for member in crowd("crowd", 6, (-4.0, -4.0), (4.0, 4.0), "stroll", seed=3, seconds=20.0):
        actor = human(member.name, **member.arguments)
        feet = [[actor.joint(f"{side}_foot", t) for side in ("left", "right")] for t in np.arange(0, 12, 0.1)]
        assert np.linalg.norm(np.diff(np.array(feet), axis=1), axis=2).max() < 0.95
