"""Joints and linear-blend skinning.

A joint's frame at rest is aligned with the character's axes (+X right, +Y forward, +Z up), so no turn at all is the
rest pose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from worldgen.conventions import F32, F64, I32


@dataclass(frozen=True)
class Rig:
    """A skeleton at rest.

    names: of the joints. parents: (J,) row of each joint's parent, -1 at the root; a parent comes before its children.
    heads: (J, 3) float64 rest positions, metres, character axes, the ground at z = 0.
    """

    names: tuple[str, ...]
    parents: I32
    heads: F64

    @cached_property
    def rows(self) -> dict[str, int]:
        """Joint name to row."""
        return {name: k for k, name in enumerate(self.names)}

    def row(self, name: str) -> int:
        """Row of the joint called ``name``."""
        return self.rows[name]


@dataclass(frozen=True)
class Skin:
    """How a thing's vertices hang on joints, for whoever exports it: at ``t`` vertex v is the weighted mean of
    ``joints(t)[j] @ inv(bind[j]) @ rest[v]``.

    names: (J) of the joints. rest: (V, 3) float32, the mesh as it was bound. weights: (V, J) sparse, rows sum to 1.
    bind: (J, 4, 4) where the joints were then. joints: seconds to (J, 4, 4), world metres.
    """

    names: tuple[str, ...]
    rest: F32
    weights: csr_matrix
    bind: F64
    joints: Callable[[float], F64]


@dataclass(frozen=True)
class Joints:
    """Where the joints are at one moment: rotation (J, 3, 3) from rest, position (J, 3), world metres."""

    rotation: F64
    position: F64


def chained(rig: Rig, local: F64, root: F64) -> Joints:
    """Forward kinematics: ``local (J, 3, 3)`` turns relative to the parent, ``root (3,)`` where the first joint is."""
    rotation = np.empty((len(rig.names), 3, 3))
    position = np.empty((len(rig.names), 3))
    for j, parent in enumerate(rig.parents):
        if parent < 0:
            rotation[j], position[j] = local[j], root
            continue
        rotation[j] = rotation[parent] @ local[j]
        position[j] = position[parent] + rotation[parent] @ (rig.heads[j] - rig.heads[parent])
    return Joints(rotation, position)


def weight_matrix(joints: I32, weights: F32, count: int) -> csr_matrix:
    """(V, count) sparse skin weights from ``joints (V, 4)`` and ``weights (V, 4)``; each row sums to 1."""
    rows = np.repeat(np.arange(len(joints)), joints.shape[1])
    matrix = csr_matrix((weights.ravel(), (rows, joints.ravel())), shape=(len(joints), count), dtype=np.float32)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    total = np.asarray(matrix.sum(1)).ravel()
    matrix.data /= np.repeat(total, np.diff(matrix.indptr))
    return matrix


def skinned(rig: Rig, rest: F32, weights: csr_matrix, joints: Joints) -> F32:
    """Vertices (V, 3) float32 world metres: each is the weighted mean of where its joints would carry it.

    Linear-blend skinning (Magnenat-Thalmann et al. 1988). The blended 3 x 4 matrices come from one sparse product.
    """
    shift = joints.position - np.einsum("jab,jb->ja", joints.rotation, rig.heads)
    carried = np.concatenate([joints.rotation, shift[:, :, None]], axis=2).reshape(len(rig.heads), 12)
    blended = (weights @ carried.astype(np.float32)).reshape(-1, 3, 4)
    result: F32 = (blended[:, :, :3] @ rest[:, :, None])[:, :, 0] + blended[:, :, 3]
    return result


def skin_of(rig: Rig, rest: F32, weights: csr_matrix, joints: Callable[[float], Joints]) -> Skin:
    """What :func:`skinned` does with these, as a thing keeps it."""
    bind = np.tile(np.eye(4), (len(rig.names), 1, 1))
    bind[:, :3, 3] = rig.heads

    def placed(time: float) -> F64:
        now, result = joints(time), np.tile(np.eye(4), (len(rig.names), 1, 1))
        result[:, :3, :3], result[:, :3, 3] = now.rotation, now.position
        return result

    return Skin(rig.names, rest, weights, bind, placed)
