"""A scene becomes a world and its shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from worldgen import shapes
from worldgen.actions import Hold
from worldgen.camera_files import CameraPath, read_cameras
from worldgen.camera_words import Filmed, ShotWords
from worldgen.character import Actor
from worldgen.check import asset_path, below, check
from worldgen.control_words import asked
from worldgen.conventions import F64, seed_from, translation
from worldgen.crowd_words import actor_of
from worldgen.errors import Loc, SceneError, SceneProblem, listed, nearest
from worldgen.lamp_words import LampWords
from worldgen.lighting import lights
from worldgen.load import load_scene
from worldgen.material import make
from worldgen.motion import Place
from worldgen.obstacles import obstacles
from worldgen.placing import Placed, all_placed
from worldgen.prop_words import Prop
from worldgen.props import asset, in_library
from worldgen.sets import SetPiece, highest
from worldgen.spec import Look, Scene
from worldgen.stage import Spot, Stage
from worldgen.tracks import Paths, camera_track, grounded
from worldgen.units import show
from worldgen.world import Shot, Thing, World

LAMPS_ON_BELOW: Final = np.radians(3.0)
"""Street lamps burn when the sun stands lower than this."""
GROUND_M: Final = 500.0
SUNK_M: Final = 0.03
"""The neutral ground lies a little below the floors of sets, so that they never fight over a pixel."""
CENTRE_JOINT: Final = "chest"
"""Where a camera looks that looks at a character as a whole."""


@dataclass(frozen=True)
class Production:
    """All that is needed to shoot.

    name: of the scene, names its output folder. world: what stands there. shots: the takes, in order of the cut; their
    prompts have the look's words in them. look: of all shots. assets: every file that was read besides the scene.
    notes: what of those files was mended or is not shown, one sentence each.
    """

    name: str
    title: str
    world: World
    shots: tuple[Shot, ...]
    look: Look
    assets: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def shot(self, name: str) -> Shot:
        """The shot called ``name``."""
        for shot in self.shots:
            if shot.name == name:
                return shot
        raise ValueError(f"no shot is called {name!r}: there is {', '.join(repr(s.name) for s in self.shots)}")


def open_scene(path: Path | str) -> Production:
    """The production that the scene file at ``path`` describes. Raises :class:`SceneError` for anything wrong in it."""
    file = Path(path)
    return build(load_scene(file), base=file.parent, name=file.parent.name if file.stem == "scene" else file.stem)


def build(scene: Scene, *, base: Path, name: str = "scene") -> Production:
    """World and shots of ``scene``, whose assets lie below ``base``.

    Raises :class:`SceneError` at its line when the scene came from a file, else :class:`SceneProblem`.
    """
    try:
        check(scene, base)
        return _built(scene, base, name)
    except SceneProblem as problem:
        if scene.source is None:
            raise
        raise scene.source.error(problem) from None


def _built(scene: Scene, base: Path, name: str) -> Production:
    pieces = _sets(scene)
    ground = highest(tuple(piece.ground for piece in pieces.values() if piece.ground is not None))
    spots = {f"{key}.{spot}": value for key, piece in pieces.items() for spot, value in piece.spots.items()}
    actors: dict[str, Actor] = {}
    props: dict[str, Placed] = {}
    known = _Known(actors, props, {lamp.name: lamp for lamp in scene.world.lamps}, spots)
    props |= all_placed(scene.world.props, ground, known.frame, base, ("world", "props"))
    spots |= {f"{key}.{seat}": spot for key, prop in props.items() for seat, spot in prop.seats.items()}
    stage = Stage(ground, spots, known.where, base)
    for key, words in scene.characters.items():
        try:
            actors[key] = words.actor(key, scene.seed, stage)
        except ValueError as error:
            raise SceneProblem(str(error), ("characters", key), at_key=True) from None
    if scene.crowds:
        fixed = [thing for piece in pieces.values() for thing in piece.things]
        fixed += [thing for prop in props.values() for thing in prop.things]
        actors |= _crowds(scene, fixed, stage)
    for key, actor in actors.items():
        for hold in actor.holds:
            _handed(props, hold, partial(known.frame, f"{key}.{hold.joint}"), ("characters", key))
    things = [thing for piece in pieces.values() for thing in piece.things]
    things += [thing for prop in props.values() for thing in prop.things]
    things += [actor.thing for actor in actors.values()]
    lamps = [lamp for piece in pieces.values() for lamp in piece.lamps]
    light = lights(scene.world.sky, scene.look.exposure, lamps, scene.world.lamps, known.where)
    try:
        world = World(tuple(things), *light)
    except ValueError as error:
        raise SceneProblem(str(error), ("world",), at_key=True) from None
    files: list[Path] = []

    def paths(words: Filmed) -> CameraPath:
        file = below(base, words.path, "the camera file")
        files.append(file)
        return _chosen(words, read_cameras(file, None if words.fps is None else float(words.fps)))

    shots = tuple(_shot(grounded(words, ground), index, scene, known, paths) for index, words in enumerate(scene.shots))
    assets = tuple(file for prop in scene.world.props if (file := _asset_file(prop, base)) is not None)
    assets += tuple(below(base, file, "the file") for words in scene.characters.values() for file in words.files)
    assets += tuple(file for path in files for file in ([path] if path.is_file() else sorted(path.glob("*.*"))))
    notes = tuple(f"{key}: {note}" for key, prop in props.items() for note in prop.notes)
    return Production(name, scene.title or name, world, shots, scene.look, tuple(dict.fromkeys(assets)), notes)


def _sets(scene: Scene) -> dict[str, SetPiece]:
    """Every set in its place, by name, and the neutral ground where nothing else is the land."""
    dark = scene.world.sky.darkest < LAMPS_ON_BELOW
    burning = dark if scene.world.street_lamps is None else scene.world.street_lamps
    pieces: dict[str, SetPiece] = {}
    for index, words in enumerate(scene.world.sets):
        try:
            pieces[words.title] = words.built(words.title, burning)
        except ValueError as error:
            raise SceneProblem(str(error), ("world", "sets", index, words.kind)) from None
    if not any(words.ground is not None for words in scene.world.sets) and not any(p.land for p in pieces.values()):
        floor = shapes.plane((GROUND_M, GROUND_M), make("concrete")).transformed(translation([0, 0, -SUNK_M]))
        pieces["ground"] = SetPiece((Thing("ground", floor),))
    return pieces


def _crowds(scene: Scene, fixed: Sequence[Thing], stage: Stage) -> dict[str, Actor]:
    """Everybody of all crowds, by name. fixed: what may stand in their way."""
    found: dict[str, Actor] = {}
    for index, crowd in enumerate(scene.crowds):
        low, high = np.sort(np.array(crowd.in_), axis=0)
        try:
            in_the_way = obstacles(fixed, stage.ground, low, high)
            members = crowd.members(seed_from(scene.seed, "crowd"), in_the_way)
            found |= {member.name: actor_of(member, stage) for member in members}
        except ValueError as error:
            raise SceneProblem(str(error), ("crowds", index)) from None
    return found


def _handed(props: dict[str, Placed], hold: Hold, frame: Place, loc: Loc) -> None:
    """Put the prop of ``hold`` into the hand with ``frame``."""
    if hold.prop not in props:
        raise SceneProblem(
            f"there is no prop {show(hold.prop)} to hold", loc, at_key=True, suggestion=nearest(hold.prop, props)
        )
    try:
        props[hold.prop] = props[hold.prop].carried(frame, hold.start, hold.stop, hold.natural)
    except ValueError as error:
        raise SceneProblem(str(error), loc, at_key=True) from None


@dataclass(frozen=True)
class _Known:
    """Everything in the world that has a name to look at or to go by."""

    actors: Mapping[str, Actor]
    props: Mapping[str, Placed]
    lamps: Mapping[str, LampWords]
    spots: Mapping[str, Spot]

    def where(self, target: str, time: float) -> F64:
        """(3,) world metres of ``target`` ("mara", "mara.left-hand", "cart", "room.sofa") at ``time`` seconds."""
        name, _, joint = target.partition(".")
        if name in self.actors:
            return self.actors[name].joint(joint.replace("-", "_") or CENTRE_JOINT, time)
        if target in self.spots:
            return np.array(self.spots[target].position, dtype=np.float64)
        if name in self.lamps:
            return self.lamps[name].position(time, self.where)
        if name not in self.props:
            spots = [spot for spot in self.spots if spot.startswith(f"{name}.")]
            raise SceneProblem(f"nothing here is called {show(target)}", suggestion=nearest(target, spots))
        prop = self.props[name]
        point, frame = prop.middle, prop.frame(time)
        if joint == "root":  # what follows a thing goes by where it stands
            point[2] = prop.body.low[2]
        return frame[:3, :3] @ point + frame[:3, 3]

    def frame(self, target: str, time: float) -> F64:
        """(4, 4) world axes of ``target`` at ``time`` seconds: a prop's own, a joint's, else those of the world."""
        name, _, joint = target.partition(".")
        if name in self.props:
            return self.props[name].frame(time)
        if name in self.actors and (axes := self.actors[name].frame) is not None:
            return axes(joint.replace("-", "_") or CENTRE_JOINT, time)
        return translation(self.where(target, time))


def _asset_file(prop: Prop, base: Path) -> Path | None:
    """The file that a prop is read from, if there is one."""
    if prop.asset is None:
        return None
    return asset(prop.asset).file if in_library(prop.asset) else asset_path(base, prop.asset)


def _chosen(words: Filmed, found: tuple[CameraPath, ...]) -> CameraPath:
    names = [path.name for path in found]
    if words.camera is None and len(found) > 1:
        raise SceneProblem(f"this file has several cameras: add `camera`, one of {listed(names)}")
    if words.camera is not None and words.camera not in names:
        near = nearest(words.camera, names)
        raise SceneProblem(f"this file has no camera {show(words.camera)}: it has {listed(names)}", suggestion=near)
    return found[0 if words.camera is None else names.index(words.camera)]


def _shot(words: ShotWords, index: int, scene: Scene, known: _Known, paths: Paths) -> Shot:
    def where(target: Any, times: F64) -> F64:
        if not isinstance(target, str):
            return np.repeat(np.array([target], dtype=np.float64), len(times), axis=0)
        return np.array([known.where(target, float(t)) for t in times]).reshape(-1, 3)

    seed = scene.seed if words.seed is None else words.seed
    try:
        track = camera_track(
            words, words.size or scene.size, float(scene.fps), where, paths, seed_from(seed, words.name)
        )
    except SceneProblem as problem:
        loc = problem.loc if problem.loc or words.camera.body.file is None else ("camera", "body", "file")
        raise SceneProblem(problem.sentence, ("shots", index, *loc), suggestion=problem.suggestion) from None
    except ValueError as error:
        raise SceneProblem(str(error), ("shots", index, "camera", "body", "file")) from None
    prompts = _prompts(words.prompt or (), scene.look.prompt)
    return Shot(words.name, track, scene.fps, words.start, prompts, seed, asked(scene.look.controls, words.controls))


def _prompts(said: Sequence[tuple[float, str]], look: str) -> tuple[tuple[float, str], ...]:
    """The shot's words with the look's behind them; before the first of them, the look's alone."""
    timed = [(time, ", ".join(part for part in (words, look) if part)) for time, words in said]
    return tuple(timed) if timed and timed[0][0] == 0 else ((0.0, look), *timed)


__all__ = ["Production", "SceneError", "build", "open_scene"]
