"""Every convention of the project, and every conversion to another program's, in one place.

World: right-handed, +Z up, metres, seconds, radians. Cameras are OpenCV: +X right, +Y down, +Z forward.
Pixel centres lie at +0.5. Depth is planar Z in metres, ``+inf`` where nothing is hit. Colour is linear inside,
sRGB at the edges. Quaternions are wxyz. ``world_from_camera`` maps camera coordinates to world coordinates, so
that products of transforms read themselves: ``a_from_c = a_from_b @ b_from_c``.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

F16 = npt.NDArray[np.float16]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]
Array = npt.NDArray[np.floating]

UP: Final[F64] = np.array([0.0, 0.0, 1.0])

OPENGL_FROM_OPENCV: Final[F64] = np.diag([1.0, -1.0, -1.0, 1.0])
"""Camera axes: OpenGL (also Blender, glTF, USD, nerfstudio) looks along -Z with +Y up."""

YUP_FROM_ZUP: Final[F64] = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""World axes: glTF (and USD by default) has +Y up; our (x, y, z) is its (x, z, -y)."""


def stable_id(name: str) -> int:
    """A positive 31-bit id that depends on ``name`` alone, so that adding a thing never renumbers another."""
    value = int.from_bytes(hashlib.blake2s(name.encode()).digest()[:4], "little") & 0x7FFFFFFF
    return value or 1


def seed_from(*parts: object) -> int:
    """A 63-bit seed that depends on ``parts`` alone (stable across processes, unlike ``hash``)."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2s(text.encode()).digest()[:8], "little") >> 1


def unit(vector: npt.ArrayLike, axis: int = -1) -> F64:
    """``vector`` scaled to length 1 along ``axis``; a zero vector stays zero."""
    v = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(v, axis=axis, keepdims=True)
    return v / np.where(length > 0, length, 1.0)


def translation(offset: npt.ArrayLike) -> F64:
    """(4, 4) transform that moves by ``offset (3,)`` metres."""
    result = np.eye(4)
    result[:3, 3] = offset
    return result


def rotation_z(angle: float) -> F64:
    """(4, 4) turn about +Z, counter-clockwise seen from above, radians."""
    c, s = np.cos(angle), np.sin(angle)
    result = np.eye(4)
    result[:2, :2] = [[c, -s], [s, c]]
    return result


def transform_points(b_from_a: npt.ArrayLike, points_a: npt.ArrayLike) -> F64:
    """Points ``(..., 3)`` in frame a, expressed in frame b."""
    m = np.asarray(b_from_a, dtype=np.float64)
    return np.asarray(points_a, dtype=np.float64) @ m[:3, :3].T + m[:3, 3]


def look_at(eye: npt.ArrayLike, target: npt.ArrayLike, up: npt.ArrayLike = UP) -> F64:
    """``world_from_camera (4, 4)`` of an OpenCV camera at ``eye`` looking at ``target``, world metres.

    Looking straight along ``up`` is allowed: the picture's top then points to world +Y.
    """
    forward = unit(np.asarray(target, dtype=np.float64) - np.asarray(eye, dtype=np.float64))
    if not np.any(forward):
        raise ValueError("the camera stands exactly on the point it looks at")
    right = np.cross(forward, np.asarray(up, dtype=np.float64))
    if np.linalg.norm(right) < 1e-6:
        right = np.cross(forward, [0.0, 1.0, 0.0])
    right = unit(right)
    result = np.eye(4)
    result[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    result[:3, 3] = eye
    return result


def aimed(direction: npt.ArrayLike) -> F64:
    """(4, 4) turn of a node whose -Z points along ``direction (3,)``, as glTF and USD aim their lights."""
    return look_at(np.zeros(3), direction) @ OPENGL_FROM_OPENCV


def nerfstudio_from_world(world_from_camera: npt.ArrayLike) -> F64:
    """Camera-to-world ``(..., 4, 4)`` as nerfstudio's ``transform_matrix``: +Z up world, OpenGL camera axes."""
    return np.asarray(world_from_camera, dtype=np.float64) @ OPENGL_FROM_OPENCV


def world_from_nerfstudio(transform_matrix: npt.ArrayLike) -> F64:
    """Inverse of :func:`nerfstudio_from_world`."""
    return np.asarray(transform_matrix, dtype=np.float64) @ OPENGL_FROM_OPENCV


def gltf_from_world(world_from_camera: npt.ArrayLike) -> F64:
    """Camera-to-world ``(..., 4, 4)`` for a glTF camera node: +Y up world, OpenGL camera axes."""
    return YUP_FROM_ZUP @ np.asarray(world_from_camera, dtype=np.float64) @ OPENGL_FROM_OPENCV


def world_from_gltf(camera_node: npt.ArrayLike) -> F64:
    """Inverse of :func:`gltf_from_world`."""
    return YUP_FROM_ZUP.T @ np.asarray(camera_node, dtype=np.float64) @ OPENGL_FROM_OPENCV


def colmap_from_world(world_from_camera: npt.ArrayLike) -> tuple[F64, F64]:
    """COLMAP's pose of one ``(4, 4)`` camera: quaternion wxyz ``(4,)`` and translation ``(3,)``, camera from world."""
    camera_from_world = np.linalg.inv(np.asarray(world_from_camera, dtype=np.float64))
    return quaternion_from_matrix(camera_from_world[:3, :3]), camera_from_world[:3, 3]


def world_from_colmap(wxyz: npt.ArrayLike, translation_m: npt.ArrayLike) -> F64:
    """Inverse of :func:`colmap_from_world`."""
    camera_from_world = np.eye(4)
    camera_from_world[:3, :3] = matrix_from_quaternion(wxyz)
    camera_from_world[:3, 3] = translation_m
    return np.asarray(np.linalg.inv(camera_from_world))


def matrix_from_quaternion(wxyz: npt.ArrayLike) -> F64:
    """Rotation ``(..., 3, 3)`` of quaternions ``(..., 4)`` wxyz, normalised first."""
    w, x, y, z = np.moveaxis(unit(wxyz), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(rotation: npt.ArrayLike) -> F64:
    """Quaternion ``(4,)`` wxyz with w >= 0 of one rotation ``(3, 3)`` (Bar-Itzhack 2000: the largest eigenvector)."""
    r = np.asarray(rotation, dtype=np.float64)
    k = np.array(
        [
            [np.trace(r), r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [0, r[0, 0] - r[1, 1] - r[2, 2], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]],
            [0, 0, r[1, 1] - r[0, 0] - r[2, 2], r[1, 2] + r[2, 1]],
            [0, 0, 0, r[2, 2] - r[0, 0] - r[1, 1]],
        ]
    )
    wxyz: F64 = np.linalg.eigh(k, UPLO="U")[1][:, -1]
    return np.asarray(wxyz if wxyz[0] >= 0 else -wxyz, dtype=np.float64)


def srgb_from_linear(linear: Array) -> F32:
    """IEC 61966-2-1 encoding of linear colour in [0, 1]; values outside are clipped."""
    c = np.clip(linear, 0.0, 1.0)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.power(c, 1 / 2.4) - 0.055).astype(np.float32)


def linear_from_srgb(srgb: Array) -> F32:
    """Inverse of :func:`srgb_from_linear`."""
    c = np.clip(srgb, 0.0, 1.0)
    return np.where(c <= 0.04045, c / 12.92, np.power((c + 0.055) / 1.055, 2.4)).astype(np.float32)


def linear_from_hex(colour: str) -> F32:
    """Linear colour ``(3,)`` of ``#rrggbb`` (sRGB)."""
    digits = colour.removeprefix("#")
    if len(digits) != 6 or any(d not in "0123456789abcdefABCDEF" for d in digits):
        raise ValueError(f"{colour!r} is not a colour: write six hex digits, like '#b3312c'")
    return linear_from_srgb(np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255.0)
