"""Clips to judge time by: consecutive frames of a camera that moves through a world that moves, each with its truth."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from render.raster import Rasterizer
from render.shade import Shader
from tools.train.data import CANDIDATES, Arrays, Picture, picture_of, told_of, truth_of, worth
from tools.train.truth import PathTracer
from tools.train.worlds import training_take
from worldgen.camera import Camera

FPS = 12.0


def clip(seed: int, frames: int, spp: int, rasterizer: Rasterizer, fps: float = FPS) -> Arrays:
    """``frames`` consecutive frames of the world of ``seed``: the arrays of :func:`tools.train.data.world_pairs`.

    Of each frame ``other`` is the one before it (of the first, itself). There are no variants. One exposure holds for
    all. The view is the first that is worth it from its first frame to its last. Errors: ``ValueError`` where there is
    none among ``CANDIDATES`` views, or for less than one frame.
    """
    if frames < 1:
        raise ValueError(f"a clip of {frames} frames: ask for one or more")
    take = training_take(seed, CANDIDATES)
    snapshots = [take.world.at(take.moments[0] + k / fps) for k in range(frames)]
    for one, other in take.views:
        cameras = [_between(one, other, k * 12.0 / fps / 7.0) for k in range(frames)]
        shader = Shader(take.world, rasterizer, eyes=np.array([camera.position for camera in cameras]))
        shader.expose(snapshots[0], cameras[0])
        ends = {k: picture_of(k, shader, snapshots[k], cameras[k]) for k in {0, frames - 1}}
        if not all(worth(picture) for picture in ends.values()):
            continue
        pictures = [ends.get(k) or picture_of(k, shader, snapshots[k], cameras[k]) for k in range(frames)]
        others = [max(k - 1, 0) for k in range(frames)]
        tracer = PathTracer(snapshots[0], take.world.sky, take.world.lamps)
        targets = []
        for picture in pictures:
            tracer.move(snapshots[picture.moment])
            targets.append(_target(tracer, picture, spp, seed * 64 + picture.moment))
        return told_of(pictures, others, (one.height, one.width)) | {"target": np.array(targets, dtype=np.float16)}
    raise ValueError(f"the world of seed {seed} shows nothing worth a clip: take another seed")


def _target(tracer: PathTracer, picture: Picture, spp: int, seed: int) -> np.ndarray:
    return 2.0 * truth_of(tracer, picture, spp, seed).transpose(2, 0, 1) - 1.0


def _between(one: Camera, other: Camera, share: float) -> Camera:
    """The camera ``share`` of the way from one to the other, and beyond."""
    step = one.camera_from_world @ other.world_from_camera
    moved = np.eye(4)
    moved[:3, :3] = Rotation.from_rotvec(share * Rotation.from_matrix(step[:3, :3]).as_rotvec()).as_matrix()
    moved[:3, 3] = share * step[:3, 3]
    return Camera(one.world_from_camera @ moved, one.K, one.width, one.height, one.near, one.far)
