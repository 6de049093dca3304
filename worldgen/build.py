"""A scene becomes a world and its shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from worldgen import shapes
from worldgen.camera_words import ShotWords
from worldgen.character import Actor, human
from worldgen.check import asset_path, check
from worldgen.clips import Action, Idle, Stand, Turn, Walk, Wave
from worldgen.conventions import F64, linear_from_hex, rotation_z, seed_from, translation
from worldgen.errors import Loc, SceneError, SceneProblem
from worldgen.light import Lamp, Sky, black_body
from worldgen.load import load_scene
from worldgen.material import Material, make
from worldgen.mesh import Mesh
from worldgen.meshfile import load_mesh
from worldgen.sets import SetPiece
from worldgen.sets.street import street
from worldgen.spec import ActionWords, CharacterWords, GroundWords, LampWords, Look, Prop, Scene, SetWords, Shape
from worldgen.tracks import camera_track
from worldgen.words import Vector
from worldgen.world import Shot, Thing, World

LAMPS_ON_BELOW: Final = np.radians(3.0)
"""Street lamps burn when the sun stands lower than this."""
KILOCANDELA_A_WATT: Final = 15.0 / (4 * np.pi) / 1000.0
"""Of a light bulb: about 15 lumen a watt, to all sides."""
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
    """

    name: str
    title: str
    world: World
    shots: tuple[Shot, ...]
    look: Look
    assets: tuple[Path, ...] = ()

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
    sun = scene.world.sky.sun
    sky = Sky(sun.azimuth, sun.elevation, scene.world.sky.turbidity, scene.world.sky.clouds, scene.look.exposure)
    dark = sun.elevation < LAMPS_ON_BELOW
    burning = dark if scene.world.street_lamps is None else scene.world.street_lamps
    pieces = [
        _set_piece(words, burning, ("world", "sets", index), index) for index, words in enumerate(scene.world.sets)
    ]
    if not any(words.ground is not None for words in scene.world.sets):
        floor = shapes.plane((GROUND_M, GROUND_M), make("concrete")).transformed(translation([0, 0, -SUNK_M]))
        pieces.append(SetPiece((Thing("ground", floor),), ()))
    props = {
        prop.name: Thing(prop.name, _prop_mesh(prop, base, ("world", "props", index)))
        for index, prop in enumerate(scene.world.props)
    }
    actors = {key: _actor(key, words, scene.seed, ("characters", key)) for key, words in scene.characters.items()}
    things = [thing for piece in pieces for thing in piece.things]
    things += [*props.values(), *(actor.thing for actor in actors.values())]
    lamps = [lamp for piece in pieces for lamp in piece.lamps]
    lamps += [_lamp(words) for words in scene.world.lamps if words.on]
    try:
        world = World(tuple(things), sky, tuple(lamps))
    except ValueError as error:
        raise SceneProblem(str(error), ("world",), at_key=True) from None
    points = {lamp.name: lamp.at for lamp in scene.world.lamps}
    points |= {key: _middle(thing.mesh) for key, thing in props.items()}
    shots = tuple(_shot(words, index, scene, actors, points) for index, words in enumerate(scene.shots))
    assets = tuple(asset_path(base, prop.asset) for prop in scene.world.props if prop.asset is not None)
    return Production(name, scene.title or name, world, shots, scene.look, tuple(dict.fromkeys(assets)))


def _set_piece(words: SetWords, lamps_on: bool, loc: Loc, index: int) -> SetPiece:
    try:
        if words.street is not None:
            s = words.street
            piece = street(length=s.length, width=s.width, style=s.style, seed=s.seed, lamps_on=lamps_on)
        elif isinstance(words.ground, GroundWords):
            g = words.ground
            floor = shapes.plane((g.size, g.size), _material(g.material, g.color))
            piece = SetPiece((Thing("ground", floor),), ())
        else:
            piece = SetPiece((), ())
    except ValueError as error:
        raise SceneProblem(str(error), (*loc, words.kind)) from None
    return piece


def _material(kind: str | None, color: str | None) -> Material:
    return make(kind or "plaster", None if color is None else _rgb(color))


def _rgb(color: str) -> tuple[float, float, float]:
    r, g, b = (float(c) for c in linear_from_hex(color))
    return r, g, b


def _prop_mesh(prop: Prop, base: Path, loc: Loc) -> Mesh:
    try:
        if prop.shape is not None:
            mesh = _shape_mesh(prop.shape, _material(prop.material, prop.color))
            if prop.scale != 1.0:
                mesh = mesh.transformed(np.diag([prop.scale, prop.scale, prop.scale, 1.0]))
        else:
            assert prop.asset is not None  # check.py has asked for one
            mesh = load_mesh(asset_path(base, prop.asset), scale=prop.scale)
            if prop.material is not None or prop.color is not None:
                mesh = _painted(mesh, prop)
    except ValueError as error:
        word = "asset" if prop.asset is not None else "shape"
        raise SceneProblem(str(error), (*loc, word)) from None
    return mesh.transformed(translation(prop.at) @ rotation_z(-prop.turn))


def _painted(mesh: Mesh, prop: Prop) -> Mesh:
    """An asset in one material; with a colour alone, it keeps what it is made of."""
    if prop.material is not None:
        return replace(mesh, material=np.zeros_like(mesh.material), materials=(_material(prop.material, prop.color),))
    assert prop.color is not None
    color = _rgb(prop.color)
    return replace(
        mesh, materials=tuple(replace(m, name=f"{m.name}-{prop.color}", base_color=color) for m in mesh.materials)
    )


def _shape_mesh(shape: Shape, material: Material) -> Mesh:
    s = shape.chosen
    match shape.kind:
        case "box":
            return shapes.box(s.size, material)
        case "sphere":
            return shapes.sphere(s.radius, material)
        case "cylinder":
            return shapes.cylinder(s.radius, s.height, material)
        case "cone":
            return shapes.cone(s.radius, s.height, material)
        case "capsule":
            return shapes.capsule(s.radius, s.height, material)
        case "torus":
            return shapes.torus(s.radius, s.tube, material)
        case _:
            return shapes.plane(s.size, material)


def _middle(mesh: Mesh) -> Vector:
    x, y, z = (float(c) for c in (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2)
    return x, y, z


def _lamp(words: LampWords) -> Lamp:
    tint = black_body(words.temperature or 2700.0)
    if words.color is not None:
        rgb = linear_from_hex(words.color).astype(np.float64)
        tint = rgb / max(float(rgb.mean()), 1e-6)
    r, g, b = (float(c) for c in tint * words.power * KILOCANDELA_A_WATT)
    reach = float(np.clip(1.5 * np.sqrt(words.power), 4.0, 100.0))
    return Lamp(words.name, words.at, (r, g, b), reach_m=reach)


def _actor(name: str, words: CharacterWords, seed: int, loc: Loc) -> Actor:
    wardrobe = {key: value for key, value in words.wardrobe.model_dump().items() if value is not None}
    try:
        return human(
            name,
            height=words.body.height,
            build=words.body.build,
            masculine=words.body.masculine,
            hairstyle=words.body.hairstyle,
            wardrobe=wardrobe,
            actions=[_action(action) for action in words.actions],
            seed=seed_from(seed, name),
        )
    except ValueError as error:
        raise SceneProblem(str(error), loc, at_key=True) from None


def _action(words: ActionWords) -> Action:
    """Bearings of the scene count clockwise, a character's heading counter-clockwise."""
    a = words.chosen
    match words.kind:
        case "walk":
            return Walk(tuple(a.along), a.speed)
        case "stand":
            return Stand(a.at, -a.facing, a.for_)
        case "turn":
            return Turn(0.0 if a.facing is None else -a.facing, a.toward)
        case "wave":
            return Wave(a.for_, a.hand)
        case _:
            return Idle(a.for_)


def _shot(
    words: ShotWords, index: int, scene: Scene, actors: Mapping[str, Actor], points: Mapping[str, Vector]
) -> Shot:
    def where(target: Any, times: F64) -> F64:
        if not isinstance(target, str):
            return np.repeat(np.array([target], dtype=np.float64), len(times), axis=0)
        name, _, joint = target.partition(".")
        if name in actors:
            actor = actors[name]
            return np.array([actor.joint(joint.replace("-", "_") or CENTRE_JOINT, float(t)) for t in times]).reshape(
                -1, 3
            )
        point = np.array(points[name])
        if joint == "root":  # what follows a thing goes by where it stands
            point[2] = 0.0
        return np.repeat(point[None], len(times), axis=0)

    seed = scene.seed if words.seed is None else words.seed
    try:
        track = camera_track(words, words.size or scene.size, float(scene.fps), where, seed_from(seed, words.name))
    except SceneProblem as problem:
        raise SceneProblem(problem.sentence, ("shots", index, *problem.loc)) from None
    prompts = _prompts(words.prompt or (), scene.look.prompt)
    return Shot(words.name, track, scene.fps, words.start, prompts, seed)


def _prompts(said: Sequence[tuple[float, str]], look: str) -> tuple[tuple[float, str], ...]:
    """The shot's words with the look's behind them; before the first of them, the look's alone."""
    timed = [(time, ", ".join(part for part in (words, look) if part)) for time, words in said]
    return tuple(timed) if timed and timed[0][0] == 0 else ((0.0, look), *timed)


__all__ = ["Production", "SceneError", "build", "open_scene"]
