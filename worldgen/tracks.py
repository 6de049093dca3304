"""From a shot's words to one camera a frame: body x aim x shake, and the lens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from worldgen.camera import CameraTrack, Lens
from worldgen.camera_files import CameraPath
from worldgen.camera_words import AngleRamp, Body, CameraWords, Filmed, FocalRamp, Key, ShotWords
from worldgen.conventions import F64, UP, seed_from, unit
from worldgen.easing import eased
from worldgen.errors import Loc, SceneProblem
from worldgen.paths import slerp, smooth_values, spline, warped
from worldgen.rigs import crane, damped, follow, handheld, headings, line, looking, orbit, pan_tilt, rolled
from worldgen.stage import Ground
from worldgen.words import Vector, Words

Paths = Callable[[Filmed], CameraPath]
"""The camera path that a file holds."""
Where = Callable[[Any, F64], F64]
"""World positions ``(N, 3)`` of a name (str) or a point (3,) at world times ``(N,)`` seconds."""

NEAREST_M: Final = 1e-4
UNSAID_FOCUS_M: Final = 5.0
EYE_M: Final = 1.6
"""How high above the ground a camera stands that is given no height."""
STRIDE_S: Final = 1.1
"""Where somebody goes is measured over a stride, or the camera would sway with their hips."""
MAX_LEAD: Final = 2000


def frame_count(shot: ShotWords, fps: float) -> int:
    """Frames of the shot: as said, or its duration rounded to whole frames, at least one."""
    return shot.frames if shot.frames is not None else max(1, round((shot.duration or 0.0) * fps))


def grounded(shot: ShotWords, ground: Ground) -> ShotWords:
    """``shot`` with every place of its camera at a height: eye height above ``ground`` where none is said."""

    def stood(words: Words) -> Words:
        found = {name: getattr(words, name) for name in ("at", "from_", "to") if hasattr(words, name)}
        flat = {name: place for name, place in found.items() if isinstance(place, tuple) and place[2] is None}
        return words.model_copy(update={n: (x, y, ground(x, y) + EYE_M) for n, (x, y, _) in flat.items()})

    body = shot.camera.body
    word, chosen = next((name, value) for name in type(body).model_fields if (value := getattr(body, name)) is not None)
    told = tuple(stood(key) for key in chosen) if isinstance(chosen, tuple) else stood(chosen)
    camera = shot.camera.model_copy(update={"body": body.model_copy(update={word: told})})
    return shot.model_copy(update={"camera": camera})


def _xyz(place: tuple[float, float, float | None]) -> F64:
    return np.array(place, dtype=np.float64)  # after ``grounded`` it has a height


def camera_track(
    shot: ShotWords, size: tuple[int, int], fps: float, where: Where, paths: Paths, seed: int
) -> CameraTrack:
    """The cameras of ``shot``. ``size``: pixels. ``seed``: of the hand, unless the shake has its own.

    Its places must have heights (:func:`grounded`). Raises :class:`SceneProblem` at its place below the shot when the
    camera stands on what it looks at.
    """
    count = frame_count(shot, fps)
    seconds = np.arange(count) / fps
    filmed = None if shot.camera.body.file is None else _filmed(shot.camera.body.file, seconds, size, paths)
    if filmed is not None:
        positions, rotations = filmed[0][:, :3, 3], filmed[0][:, :3, :3]
    else:
        positions, rotations = _clean(shot.camera, seconds, shot.start, fps, where)
    hand = shot.camera.shake.handheld if shot.camera.shake else None
    if hand is not None:
        own = hand.seed if hand.seed is not None else seed
        turn, shift = handheld(seconds, hand.amount, seed_from("handheld", own))
        positions = positions + np.einsum("nij,nj->ni", rotations, shift)
        rotations = rotations @ turn
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = rotations
    poses[:, :3, 3] = positions
    lens = shot.lens
    keys = shot.camera.body.keyframes or ()
    if filmed is not None:
        K = filmed[1]
    else:
        if keys and keys[0].focal is not None:
            focal = smooth_values([k.t for k in keys], [k.focal or 0.0 for k in keys], _key_times(keys, seconds))
        else:
            focal = _ramp(lens.focal, count)
        K = np.tile(Lens(1.0, lens.sensor).intrinsics(*size), (count, 1, 1))
        K[:, 0, 0] *= focal
        K[:, 1, 1] *= focal
    focus, stop = _focus(shot, poses, seconds, where), np.full(count, lens.stop)
    return CameraTrack(
        poses,
        K,
        *size,
        focus,
        stop,
        sensor_mm=lens.sensor[0],
        shutter=lens.shutter,
        distortion=lens.distortion or (0.0, 0.0),
        mist=lens.mist,
    )


def _filmed(words: Filmed, seconds: F64, size: tuple[int, int], paths: Paths) -> tuple[F64, F64]:
    """Cameras (N, 4, 4) and intrinsics (N, 3, 3) of a file, at a picture ``size`` that keeps the view across."""
    path = paths(words)
    poses, K = path.at(seconds + words.from_)
    scale = size[0] / path.width
    K = K.copy()
    K[:, 0, :] *= scale
    K[:, 1, 1] *= scale
    K[:, 1, 2] = size[1] / 2 + (K[:, 1, 2] - path.height / 2) * scale
    return poses, K


def way(count: int, ease: str) -> F64:
    """The eased way through the shot at each frame: 0 at the first, 1 at the last."""
    return eased(ease, np.arange(count) / max(count - 1, 1))


def _ramp(ramp: FocalRamp | AngleRamp, count: int) -> F64:
    return ramp.from_ + (ramp.to - ramp.from_) * way(count, ramp.ease)


def _clean(camera: CameraWords, seconds: F64, start: float, fps: float, where: Where) -> tuple[F64, F64]:
    """Positions and rotations of the rig before any shake."""
    body, aim, world_seconds = camera.body, camera.aim, seconds + start
    positions = _positions(camera, seconds, world_seconds, fps, where)
    keys = body.keyframes or ()
    if keys and keys[0].look_at is not None:
        rotations = _key_rotations(keys, positions, seconds, world_seconds, where)
    elif aim.pan is not None or aim.tilt is not None:
        pan = _ramp(aim.pan, len(seconds)) if aim.pan else np.zeros(len(seconds))
        tilt = _ramp(aim.tilt, len(seconds)) if aim.tilt else np.zeros(len(seconds))
        rotations = pan_tilt(pan, tilt)
    else:
        target, loc = aim_target(camera)
        seen = _late(lambda times: where(target, times), world_seconds, aim.damping, fps)
        _apart(positions, seen, seconds, loc)
        rotations = looking(positions, seen)
    return positions, rolled(rotations, aim.roll)


def aim_target(camera: CameraWords) -> tuple[str | Vector, Loc]:
    """What the camera looks at, and where in the shot that is said; for an aim without angles or key targets."""
    body, aim = camera.body, camera.aim
    if aim.look_at is not None:
        return aim.look_at, ("camera", "aim", "look-at")
    if body.orbit:
        return body.orbit.around, ("camera", "body", "orbit")
    if body.push_in:
        return body.push_in.toward, ("camera", "body", "push-in")
    assert body.follow is not None  # check.py has asked for an aim
    return body.follow.target, ("camera", "body", "follow")


def _positions(camera: CameraWords, seconds: F64, world_seconds: F64, fps: float, where: Where) -> F64:
    body, count = camera.body, len(seconds)
    if body.static:
        return np.repeat(_xyz(body.static.at)[None], count, axis=0)
    if body.dolly:
        return line(_xyz(body.dolly.from_), _xyz(body.dolly.to), way(count, body.dolly.ease))
    if body.crane:
        return crane(_xyz(body.crane.from_), _xyz(body.crane.to), body.crane.arc, way(count, body.crane.ease))
    if body.pedestal:
        at = _xyz(body.pedestal.at)
        return line(at, at + UP * body.pedestal.by, way(count, body.pedestal.ease))
    if body.truck:
        at = _xyz(body.truck.at)
        right = _first_rotation(camera, at, world_seconds, where)[:, 0]
        return line(at, at + right * body.truck.by, way(count, body.truck.ease))
    if body.push_in:
        return _push_in(body, world_seconds, where)
    if body.orbit:
        o = body.orbit
        bearing = o.from_ + (o.to - o.from_) * way(count, o.ease)
        return orbit(where(o.around, world_seconds), o.radius, o.height, bearing)
    if body.follow:
        f = body.follow
        root = f"{f.target.partition('.')[0]}.root"

        def beside(times: F64) -> F64:
            gone = where(root, times + STRIDE_S / 2) - where(root, times - STRIDE_S / 2)
            heading = headings(gone[:, :2] / STRIDE_S, 0.0)
            return follow(where(root, times), heading, f.behind, f.side, f.height)

        return _late(beside, world_seconds, f.damping, fps)
    keys = body.keyframes or ()
    return spline([k.t for k in keys], [_xyz(k.at) for k in keys], _key_times(keys, seconds))


def _late(values: Callable[[F64], F64], world_seconds: F64, damping: float, fps: float) -> F64:
    """Damped ``values``, as if the camera had been rolling before the first frame."""
    if damping <= 0:
        return values(world_seconds)
    lead = min(int(np.ceil(6 * damping * fps)), MAX_LEAD)
    before = world_seconds[0] - np.arange(lead, 0, -1) / fps
    return damped(values(np.concatenate([before, world_seconds])), damping, fps)[lead:]


def _push_in(body: Body, world_seconds: F64, where: Where) -> F64:
    push = body.push_in
    assert push is not None
    at = _xyz(push.at)
    target = where(push.toward, world_seconds[:1])[0]
    distance = float(np.linalg.norm(target - at))
    loc: Loc = ("camera", "body", "push-in")
    if distance < NEAREST_M:
        raise SceneProblem("the camera already stands where it should push in to", (*loc, "toward"))
    if push.by >= distance:
        raise SceneProblem(f"this goes through the target, which is {distance:.2f} m away", (*loc, "by"))
    return line(at, at + unit(target - at) * push.by, way(len(world_seconds), push.ease))


def _first_rotation(camera: CameraWords, at: F64, world_seconds: F64, where: Where) -> F64:
    aim = camera.aim
    if aim.look_at is None:
        pan = aim.pan.from_ if aim.pan else 0.0
        return np.asarray(pan_tilt(np.array([pan]), np.zeros(1))[0])
    target = where(aim.look_at, world_seconds[:1])
    _apart(at[None], target, np.zeros(1), ("camera", "aim", "look-at"))
    return np.asarray(looking(at[None], target)[0])


def _key_times(keys: tuple[Key, ...], seconds: F64) -> F64:
    return warped([k.t for k in keys], [k.ease for k in keys], seconds)


def _key_rotations(keys: tuple[Key, ...], positions: F64, seconds: F64, world_seconds: F64, where: Where) -> F64:
    """Between two keys the camera turns from looking at one's target to the other's, both seen from where it is."""
    times = np.array([k.t for k in keys])
    at = _key_times(keys, seconds)
    segment = np.clip(np.searchsorted(times, at, side="right") - 1, 0, max(len(keys) - 2, 0))
    result = np.empty((len(seconds), 3, 3))
    for k in range(max(len(keys) - 1, 1)):
        mine = segment == k
        views = []
        for index in (k, min(k + 1, len(keys) - 1)):
            target = where(keys[index].look_at, world_seconds[mine])
            _apart(positions[mine], target, seconds[mine], ("camera", "body", "keyframes", index, "look-at"))
            views.append(looking(positions[mine], target))
        span = times[min(k + 1, len(keys) - 1)] - times[k]
        share = eased("in-out-sine", (at[mine] - times[k]) / (span or 1.0))
        result[mine] = slerp(views[0], views[1], share)
    return result


def _apart(positions: F64, targets: F64, seconds: F64, loc: Loc) -> None:
    close = np.linalg.norm(targets - positions, axis=1) < NEAREST_M
    if close.any():
        moment = float(seconds[np.argmax(close)])
        raise SceneProblem(f"the camera stands on the point it looks at, {moment:.2f} s into the shot", loc)


def _focus(shot: ShotWords, poses: F64, seconds: F64, where: Where) -> F64:
    """Distance of sharp focus along the view, metres."""

    def distance(focus: Any) -> F64:
        if isinstance(focus, float):
            return np.full(len(seconds), focus)
        offset = where(focus, seconds + shot.start) - poses[:, :3, 3]
        return np.asarray(np.maximum(np.einsum("ni,ni->n", offset, poses[:, :3, 2]), 0.05))

    pull = shot.lens.focus
    if pull is None:
        camera = shot.camera
        keys = camera.body.keyframes
        turned = camera.aim.pan is not None or camera.aim.tilt is not None or camera.body.file is not None
        if turned or (keys and camera.aim.look_at is None):
            return np.full(len(seconds), UNSAID_FOCUS_M)
        return distance(aim_target(camera)[0])
    near = distance(pull.from_)
    if pull.to == pull.from_:
        return near
    takes = pull.for_ or max(float(seconds[-1]) - pull.at, 1e-9)
    share = eased(pull.ease, np.clip((seconds - pull.at) / takes, 0.0, 1.0))
    return np.asarray(1.0 / ((1.0 - share) / near + share / distance(pull.to)))  # evenly along the lens's barrel
