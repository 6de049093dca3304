"""A character from a glTF file, as one thing of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from worldgen.bone_names import roles
from worldgen.character import Actor
from worldgen.conventions import F32, F64, rotation_z
from worldgen.errors import listed, nearest
from worldgen.landmarks import JOINT_OF, face_of_box, with_neck
from worldgen.puppet import OURS_FROM_FILE, load_puppet
from worldgen.puppet_motion import Measured, PuppetAction, State, clip_for, performed
from worldgen.stage import Stage
from worldgen.world import Thing

_SHARES: Final = {"head": 0.93, "neck": 0.85, "chest": 0.72, "spine": 0.6, "hips": 0.5, "root": 0.0}
"""How high a joint is that a file does not name, of the whole height."""


def puppet(
    name: str,
    path: Path,
    *,
    height: float | None = None,
    turn: float = 0.0,
    actions: Sequence[PuppetAction] = (),
    stage: Stage | None = None,
) -> Actor:
    """The character of the file ``path``, called ``name``.

    height: metres from its lowest to its highest point, standing; None: as the file has it, in metres. turn: radians
    counter-clockwise, for a file whose front is not +Z. Its joints are called as a person's (``JOINTS``) where they
    are found by name, and as in the file. Raises ValueError, one sentence, for what cannot be.
    """
    body = load_puppet(path)
    ours = rotation_z(turn)[:3, :3] @ OURS_FROM_FILE
    idle = clip_for(body, "idle")
    standing = body.rest if idle is None else idle.at(body.rest, 0.0)
    up = (body.posed(standing) @ ours.T)[:, 2]
    tall = float(np.ptp(up))
    if tall <= 0:
        raise ValueError(f"{path.name} is flat: it has no height")
    if height is not None and not (np.isfinite(height) and height > 0):
        raise ValueError(f"{name}: height is {height} m; it must be more than 0")
    scale = 1.0 if height is None else height / tall
    if height is None and not 0.02 <= tall <= 50:
        raise ValueError(f"{path.name} is {tall:g} m tall: say its `height`")
    measured = Measured(body, scale, ours, float(up.min()))
    motion = performed(actions, measured, (stage or Stage()).ground)

    @lru_cache(maxsize=64)
    def now(time: float) -> tuple[State, F64]:
        state = motion(time)
        return state, body.world(state.pose)

    def placed(time: float) -> tuple[F64, F64]:
        """(3, 3) and (3,): world metres from file axes."""
        state, _ = now(time)
        turned = rotation_z(state.heading)[:3, :3]
        linear = scale * turned @ ours
        return linear, state.place - turned @ (scale * (state.drift + np.array([0.0, 0.0, measured.floor])))

    def pose(time: float) -> F32:
        t = float(time)
        linear, offset = placed(t)
        points: F32 = body.posed(now(t)[0].pose, now(t)[1]) @ linear.T.astype(np.float32) + offset.astype(np.float32)
        return points

    known = roles(body.nodes.names, body.nodes.parents.tolist())
    own = {key.casefold().replace("-", "_"): row for row, key in reversed(list(enumerate(body.nodes.names)))}

    def joint(which: str, time: float) -> F64:
        t = float(time)
        row = known.get(which, own.get(which.casefold().replace("-", "_")))
        if which == "root" or row is None:
            if which not in _SHARES:
                names = [*_SHARES, *known, *body.nodes.names]
                near = nearest(which, names)
                hint = f"did you mean {near!r}?" if near else f"use {listed(dict.fromkeys(names[:24]))}"
                raise ValueError(f"{name}: there is no joint {which!r}: {hint}")
            return now(t)[0].place + np.array([0.0, 0.0, _SHARES[which] * scale * tall])
        linear, offset = placed(t)
        return np.asarray(linear @ now(t)[1][row, :3, 3] + offset)

    rest = body.posed(standing) @ (scale * ours.T).astype(np.float32) - np.array(
        [0, 0, scale * measured.floor], np.float32
    )
    at_rest = body.world(standing)

    def frame(which: str, time: float) -> F64:
        result = np.eye(4)
        row = known.get(which, own.get(which.casefold().replace("-", "_")))
        turned = rotation_z(now(float(time))[0].heading)[:3, :3]
        if row is not None and which != "root":
            turn_file = _turn(now(float(time))[1][row]) @ _turn(at_rest[row]).T
            turned = turned @ ours @ turn_file @ ours.T
        result[:3, :3], result[:3, 3] = turned, joint(which, time)
        return result

    limbs = {point: which for point, which in JOINT_OF.items() if which in known}
    features: Mapping[str, F64] = {}
    if "head" in known:  # its face, from the joint, along the head's axes at rest
        mine = np.asarray(body.weights[:, body.carriers == known["head"]].sum(1)).ravel() > 0.5
        neck = scale * (ours @ at_rest[known["head"], :3, 3] - [0.0, 0.0, measured.floor])
        features = {point: place - neck for point, place in face_of_box(rest[mine]).items()}

    def landmarks(time: float) -> Mapping[str, F64]:
        points = {point: joint(which, time) for point, which in limbs.items()}
        if features:
            head = frame("head", time)
            points |= {point: head[:3, :3] @ place + head[:3, 3] for point, place in features.items()}
        return with_neck(points)

    thing = Thing(name, body.mesh(rest.astype(np.float32)), pose, landmarks=landmarks)
    return Actor(thing, joint, frame)


def _turn(world: F64) -> F64:
    """(3, 3) the nearest rotation to a (4, 4) that may have a scale."""
    u, _, v = np.linalg.svd(world[:3, :3])
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ v)]) @ v)
