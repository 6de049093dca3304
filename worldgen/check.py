"""What must hold between the parts of a scene: names that refer, files that exist, takes that can be shot."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from worldgen.action_words import ActionWords, IdleWords, SitWords, TurnWords
from worldgen.camera_words import MAX_FRAMES, CameraWords, LensWords, ShotWords
from worldgen.character import JOINTS
from worldgen.character_words import CharacterWords
from worldgen.creature_words import AnyCharacter
from worldgen.crowd_words import CrowdWords
from worldgen.errors import Loc, SceneProblem, nearest, unknown
from worldgen.meshfile import SUFFIXES
from worldgen.prop_words import Prop
from worldgen.props import in_library, library, nearest_asset
from worldgen.spec import Look, Scene
from worldgen.units import show

RESERVED: Final = {
    "memory",
    "turnarounds",
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10)),
}
"""Folder names of the output tree, and names that Windows keeps for itself."""


def check(scene: Scene, base: Path) -> None:
    """Raises :class:`SceneProblem` for the first thing that does not fit. ``base``: the scene's folder."""
    if not scene.shots:
        raise SceneProblem("a scene needs at least one shot", ("shots",))
    _check_names(scene)
    _check_look(scene.look, base)
    grounds = [index for index, words in enumerate(scene.world.sets) if words.kind == "ground"]
    if len(grounds) > 1:
        raise SceneProblem(
            "there is already a `ground` in this world", ("world", "sets", grounds[1], "ground"), at_key=True
        )
    for index, prop in enumerate(scene.world.props):
        _check_prop(prop, base, ("world", "props", index))
    _check_carriers(scene)
    for index, lamp in enumerate(scene.world.lamps):
        if lamp.color is not None and lamp.temperature is not None:
            raise SceneProblem(
                "say `color` or `temperature`, not both", ("world", "lamps", index, "color"), at_key=True
            )
        for word, name in lamp.names:
            here: Loc = ("world", "lamps", index, word)
            _check_target(name, scene, here)
            if name in [other.name for other in scene.world.lamps]:
                raise SceneProblem(f"{show(name)} is a lamp: name somebody, a thing or a point", here)
    for name, character in scene.characters.items():
        _check_character(character, scene, ("characters", name))
        for file in character.files:
            try:
                below(base, file, "the file")
            except SceneProblem as problem:
                raise SceneProblem(problem.sentence, ("characters", name), at_key=True) from None
    for index, shot in enumerate(scene.shots):
        _check_shot(shot, scene, ("shots", index))


def _check_look(look: Look, base: Path) -> None:
    if look.reference is not None:
        try:
            picture_path(base, look.reference)
        except SceneProblem as problem:
            raise SceneProblem(problem.sentence, ("look", "reference")) from None
    if look.blocking is not None and look.blocking == look.model:
        raise SceneProblem(f"`{look.model}` paints the shots already: name another `model`", ("look", "blocking"))
    if look.strength is not None and look.blocking is None:
        raise SceneProblem("`strength` is of a blocked film: say `blocking` too", ("look", "strength"), at_key=True)


def _check_names(scene: Scene) -> None:
    for name in scene.characters:
        _check_word(name, ("characters", name), at_key=True)
    for index, crowd in enumerate(scene.crowds):
        _check_word(crowd.name, ("crowds", index, "name"))
    for index, words in enumerate(scene.world.sets):
        if words.title != words.kind:
            _check_word(words.title, ("world", "sets", index, words.kind, "name"))
    for index, prop in enumerate(scene.world.props):
        _check_word(prop.name, ("world", "props", index, "name"))
    for index, lamp in enumerate(scene.world.lamps):
        _check_word(lamp.name, ("world", "lamps", index, "name"))
    for name, place, at_key in _world_names(scene):
        if name == "ground":
            raise SceneProblem("`ground` is what everything stands on: choose another name", place, at_key=at_key)
    _check_distinct("thing of the world", _world_names(scene))
    for index, shot in enumerate(scene.shots):
        loc: Loc = ("shots", index, "name")
        _check_word(shot.name, loc)
        if shot.name.casefold() in RESERVED:
            raise SceneProblem(f"{show(shot.name)} cannot name a folder: choose another name", loc)
    _check_distinct("shot", [(shot.name, ("shots", i, "name"), False) for i, shot in enumerate(scene.shots)])


def _world_names(scene: Scene) -> Iterator[tuple[str, Loc, bool]]:
    yield from (
        (words.title, ("world", "sets", index, words.kind), True)
        for index, words in enumerate(scene.world.sets)
        if words.kind != "ground"
    )
    yield from ((name, ("characters", name), True) for name in scene.characters)
    for index, crowd in enumerate(scene.crowds):
        yield from ((name, ("crowds", index), False) for name in _crowd_names(crowd))
    for index, prop in enumerate(scene.world.props):
        yield from ((name, ("world", "props", index, "name"), False) for name in _prop_names(prop))
    yield from ((lamp.name, ("world", "lamps", i, "name"), False) for i, lamp in enumerate(scene.world.lamps))


def _check_word(name: str, loc: Loc, *, at_key: bool = False) -> None:
    # What begins with a digit would be a distance where a name or a distance may stand.
    if not re.fullmatch(r"[^\W\d_][\w-]{0,63}", name) or len(name.encode()) > 200:
        sentence = (
            f"{show(name)} is not a name: begin with a letter, then letters, digits, `-` and `_`, like `opening-2`"
        )
        raise SceneProblem(sentence, loc, at_key=at_key)


def _check_distinct(what: str, named: Iterable[tuple[str, Loc, bool]]) -> None:
    # File systems may hold "Reveal" and "reveal", or two spellings of one accent, for the same name.
    seen: set[str] = set()
    for name, loc, at_key in named:
        form = unicodedata.normalize("NFC", name).casefold()
        if form in seen:
            raise SceneProblem(f"another {what} is called {show(name)}: names must differ", loc, at_key=at_key)
        seen.add(form)


def _crowd_names(crowd: CrowdWords) -> list[str]:
    """What the people of a crowd are called."""
    return [f"{crowd.name}-{k + 1:02d}" for k in range(crowd.count)]


def _prop_names(prop: Prop) -> list[str]:
    """What the things are called that a prop becomes."""
    return [f"{prop.name}-{k + 1}" for k in range(prop.repeat.count)] if prop.repeat else [prop.name]


def _check_prop(prop: Prop, base: Path, loc: Loc) -> None:
    said = [word for word in ("shape", "asset", "car") if getattr(prop, word) is not None]
    if len(said) != 1:
        sentence = f"the prop {show(prop.name)} needs one of `shape`, `asset` and `car`"
        raise SceneProblem(sentence, (*loc, said[1]) if said else loc, at_key=bool(said))
    if prop.motion is not None and prop.motion.drive is not None and prop.car is None:
        raise SceneProblem(
            "only a `car` can `drive`: use `path` for other things", (*loc, "motion", "drive"), at_key=True
        )
    if prop.car is not None and prop.material is not None:
        raise SceneProblem("a `car` has its own materials: say `color` for its paint", (*loc, "material"), at_key=True)
    if prop.asset is not None and in_library(prop.asset):
        if prop.asset not in library():
            near = nearest_asset(prop.asset)
            sentence = f"there is no asset {show(prop.asset)} in the library: `setpiece assets` lists all names"
            raise SceneProblem(sentence, (*loc, "asset"), suggestion=near)
        for word in ("units", "up"):
            if getattr(prop, word) is not None:
                raise SceneProblem(f"`{word}` is for mesh files: assets of the library know theirs", (*loc, word))
    elif prop.asset is not None:
        try:
            asset_path(base, prop.asset)
        except SceneProblem as problem:
            raise SceneProblem(problem.sentence, (*loc, "asset")) from None


def _check_carriers(scene: Scene) -> None:
    """Nothing is carried by what is not there, nor in the end by itself."""
    carrier = {p.name: p.motion.attach.to for p in scene.world.props if p.motion is not None and p.motion.attach}
    for index, prop in enumerate(scene.world.props):
        if prop.name not in carrier:
            continue
        loc: Loc = ("world", "props", index, "motion", "attach", "to")
        _check_target(carrier[prop.name], scene, loc)
        name, steps = prop.name, 0
        while name in carrier and steps <= len(carrier):
            name, steps = carrier[name].partition(".")[0], steps + 1
        if steps > len(carrier):
            raise SceneProblem(f"{show(prop.name)} is carried by what it carries itself: attach it elsewhere", loc)


def below(base: Path, name: str, what: str) -> Path:
    """What a scene in folder ``base`` calls ``name``; links and ``..`` may not lead out of ``base``."""
    if "\0" in name:
        raise SceneProblem(f"the name of {what} contains a null character")
    root = base.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise SceneProblem(f"{show(name)} lies outside of the scene's folder: copy it next to the scene")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, siblings)
        hint = f": is it `{near}`?" if near else ""
        raise SceneProblem(f"{what} {show(name)} does not exist in the scene's folder{hint}")
    return path


def asset_path(base: Path, asset: str) -> Path:
    """The mesh file that a scene in folder ``base`` calls ``asset``. Errors: ``SceneProblem``."""
    path = below(base, asset, "the asset")
    if not path.is_file():
        raise SceneProblem(f"the asset {show(asset)} is a folder")
    if path.suffix.lower() not in SUFFIXES:
        raise SceneProblem(f"{show(asset)} is not a mesh file: use {', '.join(SUFFIXES)}")
    return path


def picture_path(base: Path, name: str) -> Path:
    """The picture that a scene in folder ``base`` calls ``name``. Errors: ``SceneProblem``."""
    path = below(base, name, "the picture")
    if not path.is_file():
        raise SceneProblem(f"the picture {show(name)} is a folder")
    try:
        with Image.open(path) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise SceneProblem(f"{show(name)} cannot be read as a picture: use a JPEG or a PNG") from None
    return path


def _check_character(character: AnyCharacter, scene: Scene, loc: Loc) -> None:
    endless = False
    for index, words in enumerate(character.actions):
        here: Loc = (*loc, "actions", index)
        if endless:
            raise SceneProblem("this never happens: the `idle` before it has no end, give it `for`", here)
        said = words.chosen
        endless = isinstance(said, IdleWords) and said.for_ is None
        if words.kind in ("walk", "run"):
            if len(said.along) < 2:
                raise SceneProblem(
                    f"a {words.kind} needs at least two points to go along", (*here, words.kind, "along")
                )
            if max(math.dist(said.along[0], point) for point in said.along) < 0.1:
                sentence = f"this {words.kind} has no length: its points are one place"
                raise SceneProblem(sentence, (*here, words.kind, "along"))
        if isinstance(said, TurnWords) and (said.facing is None) == (said.toward is None):
            raise SceneProblem("a turn needs either `facing` or `toward`", (*here, "turn"))
        if isinstance(said, SitWords) and (said.on is None) == (said.at is None):
            raise SceneProblem("to sit needs either `on`, the name of a seat, or `at`", (*here, "sit"))
        if not isinstance(words, ActionWords):
            continue
        for target, where in words.targets:
            if isinstance(target, str):
                _check_target(target, scene, (*here, *where))
        props = [name for prop in scene.world.props for name in _prop_names(prop)]
        if words.prop is not None and words.prop not in props:
            hint = f": there is {', '.join(f'`{name}`' for name in props)}" if props else ""
            near = nearest(words.prop, props)
            raise SceneProblem(
                f"no prop is called {show(words.prop)}{hint}", (*here, words.kind, "prop"), suggestion=near
            )


def _check_shot(shot: ShotWords, scene: Scene, loc: Loc) -> None:
    if shot.duration is None and shot.frames is None:
        raise SceneProblem(f"the shot {show(shot.name)} needs a `duration`, or a number of `frames`", loc)
    if shot.duration is not None and shot.frames is not None:
        raise SceneProblem("say `duration` or `frames`, not both", (*loc, "frames"), at_key=True)
    if shot.duration is not None and shot.duration * scene.fps > MAX_FRAMES:
        raise SceneProblem(f"this is more than {MAX_FRAMES} frames: split the shot", (*loc, "duration"))
    end = shot.duration if shot.duration is not None else float((shot.frames or 0) / scene.fps)
    if shot.prompt and shot.prompt[-1][0] >= end > 0:
        late = shot.prompt[-1][0]
        raise SceneProblem(f"words for {late:g} s are never seen: the shot ends at {end:g} s", (*loc, "prompt"))
    for name, strengths in shot.controls.said if shot.controls else ():
        if strengths[-1][0] >= end > 0:
            raise SceneProblem(
                f"a strength at {strengths[-1][0]:g} s is never reached: the shot ends at {end:g} s",
                (*loc, "controls", name),
            )
    pull = shot.lens.focus
    if pull and pull.from_ != pull.to and pull.at >= end > 0:
        raise SceneProblem(f"the shot ends at {end:g} s, before the focus is pulled", (*loc, "lens", "focus", "at"))
    for target, where in _targets(shot):
        if isinstance(target, str):
            _check_target(target, scene, (*loc, *where))
    _check_camera(shot.camera, shot.lens, (*loc, "camera"))
    keys = shot.camera.body.keyframes or ()
    if keys and keys[0].focal is not None and "focal" in shot.lens.model_fields_set:
        raise SceneProblem("the keyframes already say the focal length: drop it here or there",
                           (*loc, "lens", "focal"), at_key=True)  # fmt: skip


def _targets(shot: ShotWords) -> Iterator[tuple[Any, Loc]]:
    body, aim = shot.camera.body, shot.camera.aim
    if shot.lens.focus:
        pulled = shot.lens.focus.from_ != shot.lens.focus.to
        yield shot.lens.focus.from_, ("lens", "focus", *(("from",) if pulled else ()))
        yield shot.lens.focus.to, ("lens", "focus", *(("to",) if pulled else ()))
    yield aim.look_at, ("camera", "aim", "look-at")
    if body.push_in:
        yield body.push_in.toward, ("camera", "body", "push-in", "toward")
    if body.orbit:
        yield body.orbit.around, ("camera", "body", "orbit", "around")
    if body.follow:
        yield body.follow.target, ("camera", "body", "follow", "target")
    for index, key in enumerate(body.keyframes or ()):
        yield key.look_at, ("camera", "body", "keyframes", index, "look-at")


def _check_target(target: str, scene: Scene, loc: Loc) -> None:
    name, dot, joint = target.partition(".")
    sets = [words.title for words in scene.world.sets if words.kind != "ground"]
    props = [name for prop in scene.world.props for name in _prop_names(prop)]
    if dot and name in (*sets, *props):  # what spots a set or a prop has is known when it is built
        return
    known = [
        *scene.characters,
        *(name for crowd in scene.crowds for name in _crowd_names(crowd)),
        *props,
        *(lamp.name for lamp in scene.world.lamps),
    ]
    if name not in known:
        hint = f": there is {', '.join(f'`{k}`' for k in known)}" if known else ""
        raise SceneProblem(f"nothing here is called {show(name)}{hint}", loc, suggestion=nearest(name, known))
    if dot and name not in (*scene.characters, *(n for crowd in scene.crowds for n in _crowd_names(crowd))):
        raise SceneProblem(f"{show(name)} is no character and has no joints: write `{name}`", loc)
    if not isinstance(scene.characters.get(name), CharacterWords | None):  # its joints are known when its file is read
        return
    if dot and joint.replace("-", "_") not in JOINTS:
        known = [word.replace("_", "-") for word in JOINTS]
        raise unknown(f"{show(name)} has no joint {show(joint)}", joint, known, loc)


def _check_camera(camera: CameraWords, lens: LensWords, loc: Loc) -> None:
    aim, body = camera.aim, camera.body
    keys = body.keyframes or ()
    if body.file is not None and (aim.model_fields_set or "focal" in lens.model_fields_set):
        raise SceneProblem("the file already says where the camera looks and its lens: drop `aim` and `focal`",
                           (*loc, "body", "file"), at_key=True)  # fmt: skip
    if aim.look_at is not None and (aim.pan is not None or aim.tilt is not None):
        raise SceneProblem("an aim looks at something or has angles, not both: drop `look-at` or `pan` and `tilt`",
                           (*loc, "aim", "look-at"), at_key=True)  # fmt: skip
    aimed = aim.look_at is not None or aim.pan is not None or aim.tilt is not None
    if body.keyframes == ():
        raise SceneProblem("a camera path needs at least one keyframe", (*loc, "body", "keyframes"))
    for word in ("look_at", "focal"):
        has = [getattr(key, word) is not None for key in keys]
        if any(has) and not all(has):
            here: Loc = (*loc, "body", "keyframes", has.index(False))
            raise SceneProblem(f"`{word.replace('_', '-')}` belongs to every keyframe or to none", here)
    if keys and keys[0].look_at is not None and aimed:
        raise SceneProblem("the keyframes already say where the camera looks: drop `aim` or their `look-at`",
                           (*loc, "aim"), at_key=True)  # fmt: skip
    for index in range(1, len(keys)):
        if keys[index].t <= keys[index - 1].t:
            raise SceneProblem("keyframes must come in order of time, each later than the one before",
                               (*loc, "body", "keyframes", index, "t"))  # fmt: skip
    if not aimed and not (
        body.file or body.orbit or body.follow or body.push_in or (keys and keys[0].look_at is not None)
    ):
        raise SceneProblem(
            "nobody says where the camera looks: add `aim: {look-at: ...}` or `aim: {pan: 0deg}`", (*loc, "body")
        )
