"""Keyed motion of nodes: clips, the poses they give, and mixtures of poses.

glTF 2.0, appendix C: LINEAR, STEP and CUBICSPLINE, rotations by slerp the short way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from worldgen.conventions import F64, I32, unit
from worldgen.gltf_file import GltfFile

Path = Literal["translation", "rotation", "scale", "weights"]
_WIDTHS: Final = {"translation": 3, "rotation": 4, "scale": 3}


@dataclass(frozen=True)
class Pose:
    """Where every node is, against its parent. translation (N, 3), rotation (N, 4) wxyz unit, scale (N, 3).

    weights: (M,) of all morph targets, node after node.
    """

    translation: F64
    rotation: F64
    scale: F64
    weights: F64


@dataclass(frozen=True)
class Track:
    """The keys of several nodes that share their times.

    path: what is keyed. rows: (n,) nodes, or for "weights" the rows of the pose's weights. times: (K,) seconds, rising.
    values: (K, n, w); for CUBIC (K, 3, n, w): tangent in, value, tangent out. mode: how to go between keys.
    """

    path: Path
    rows: I32
    times: F64
    values: F64
    mode: Literal["LINEAR", "STEP", "CUBICSPLINE"]

    def at(self, time: float) -> F64:
        """(n, w) at ``time``; before the first and after the last key it stays there."""
        t = self.times
        x = float(np.clip(time, t[0], t[-1]))
        k = int(np.clip(np.searchsorted(t, x, side="right") - 1, 0, max(len(t) - 2, 0)))
        following = min(k + 1, len(t) - 1)
        step = float(t[following] - t[k])
        s = (x - float(t[k])) / step if step > 0 else 0.0
        if self.mode == "STEP":
            return np.asarray(self.values[following if s >= 1 else k])
        if self.mode == "LINEAR":
            a, b = self.values[k], self.values[following]
            return slerped(a, b, s) if self.path == "rotation" else a + (b - a) * s
        (_, a, out), (into, b, _) = self.values[k], self.values[following]
        s2, s3 = s * s, s * s * s
        result = (2 * s3 - 3 * s2 + 1) * a + step * (s3 - 2 * s2 + s) * out
        result = result + (3 * s2 - 2 * s3) * b + step * (s3 - s2) * into
        return unit(result) if self.path == "rotation" else result


@dataclass(frozen=True)
class Clip:
    """A named motion. start: its first key, seconds. seconds: how long it lasts (0 for a single pose)."""

    name: str
    start: float
    seconds: float
    tracks: tuple[Track, ...]

    def at(self, rest: Pose, time: float, loop: bool = True) -> Pose:
        """The pose ``time`` seconds after its start; what it does not key is as in ``rest``."""
        inside = time % self.seconds if loop and self.seconds > 0 else min(max(time, 0.0), self.seconds)
        parts = {
            name: getattr(rest, name).copy() for name in ("translation", "rotation", "scale", "weights")
        }  # fmt: skip
        for track in self.tracks:
            value = track.at(self.start + inside)
            parts[track.path][track.rows] = value[:, 0] if track.path == "weights" else value
        return Pose(**parts)


def slerped(a: F64, b: F64, share: float | F64) -> F64:
    """Unit quaternions (..., 4) between ``a`` and ``b``, the short way round (Shoemake 1985)."""
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-6
    wide = np.where(near, 1.0, sine)
    first = np.where(near, 1.0 - share, np.sin((1.0 - share) * angle) / wide)
    second = np.where(near, share, np.sin(share * angle) / wide)
    return unit(first * a + second * b)


def mixed(a: Pose, b: Pose, share: float) -> Pose:
    """``a`` at share 0, ``b`` at 1: a cross-fade in joint space."""
    if share <= 0:
        return a
    if share >= 1:
        return b
    return Pose(
        a.translation + (b.translation - a.translation) * share,
        slerped(a.rotation, b.rotation, share),
        a.scale + (b.scale - a.scale) * share,
        a.weights + (b.weights - a.weights) * share,
    )


def read_clips(file: GltfFile, morphs: dict[int, tuple[int, int]], fixed: frozenset[int]) -> tuple[Clip, ...]:
    """The file's animations. morphs: node to (first row, count) of its morph weights. fixed: nodes given by a matrix.

    Channels without a node (KHR_animation_pointer moves materials and cameras) are left out: they move no body.
    """
    clips: list[Clip] = []
    for number, animation in enumerate(file.rows("animations")):
        name = str(animation.get("name") or f"clip-{number}")
        grouped: dict[tuple[Any, ...], list[tuple[int, F64]]] = {}
        for channel in animation["channels"]:
            node, path = channel["target"].get("node"), channel["target"]["path"]
            if node is None or path not in ("translation", "rotation", "scale", "weights"):
                continue
            file.row("nodes", node)
            sampler = animation["samplers"][channel["sampler"]]
            mode = sampler.get("interpolation", "LINEAR")
            first, count = morphs.get(node, (0, 0)) if path == "weights" else (node, 1)
            if count == 0 or (path != "weights" and node in fixed):
                continue
            width = _WIDTHS.get(path, count)
            values = file.accessor(sampler["output"]).astype(np.float64).reshape(-1)
            keys = len(file.accessor(sampler["input"]))
            if mode not in ("LINEAR", "STEP", "CUBICSPLINE"):
                raise ValueError(f"the clip {name!r} goes between its keys in an unknown way, {mode!r}")
            if keys == 0 or len(values) != keys * width * (3 if mode == "CUBICSPLINE" else 1):
                raise ValueError(f"the clip {name!r} has {keys} times for {len(values)} values")
            shape = (keys, 3, width) if mode == "CUBICSPLINE" else (keys, width)
            grouped.setdefault((path, mode, sampler["input"]), []).append((first, values.reshape(shape)))
        tracks = tuple(_track(file, name, key, members) for key, members in grouped.items())
        start = min((float(track.times[0]) for track in tracks), default=0.0)
        stop = max((float(track.times[-1]) for track in tracks), default=0.0)
        clips.append(Clip(_distinct(name, clips), start, stop - start, tracks))
    return tuple(clips)


def _track(file: GltfFile, name: str, key: tuple[Any, ...], members: list[tuple[int, F64]]) -> Track:
    path, mode, source = key
    times = file.accessor(source)[:, 0].astype(np.float64)
    if np.any(np.diff(times) < 0):
        raise ValueError(f"the keys of the clip {name!r} do not come in order of time")
    if path == "weights":
        rows = np.concatenate([np.arange(first, first + v.shape[-1]) for first, v in members])
        values = np.concatenate([v[..., None] for _, v in members], axis=-2)
    else:
        rows = np.array([first for first, _ in members])
        values = np.stack([v for _, v in members], axis=-2)
    if path == "rotation":
        values = values[..., [3, 0, 1, 2]]
        if mode != "CUBICSPLINE":
            values = unit(values)
    return Track(path, rows.astype(np.int32), times, values, mode)


def _distinct(name: str, clips: list[Clip]) -> str:
    """``name``, or with a number where another clip is called so."""
    taken = {clip.name for clip in clips}
    names = [name, *(f"{name}-{k}" for k in range(2, len(clips) + 3))]
    return next(one for one in names if one not in taken)
