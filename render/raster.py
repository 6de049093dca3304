"""The one contract of every rasterizer: which triangle does each pixel show, and where in it.

A backend returns a :class:`GBuffer`, a visibility buffer (Burns & Hunt 2013). Every other pass is derived from it
by shared code in ``render.passes``, so backends can be held against each other, and a triangle with barycentrics
is an exact name for a surface point at any other time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool
from worldgen.material import Material
from worldgen.world import Snapshot

NAMES: Final = ("gl", "embree", "open3d", "pytorch3d")
"""Every backend, in the order in which ``auto`` tries them; OpenGL without a graphics card comes after ``embree``."""


class RasterizerUnavailable(ValueError):  # noqa: N818 (it names a state of the machine)
    """A backend cannot run on this machine; the message says what to install."""


@dataclass(frozen=True)
class GBuffer:
    """What a camera sees of a snapshot.

    triangle: (H, W) int32, row of ``snapshot.faces`` seen through the pixel's centre; -1 where nothing is hit.
    bary: (H, W, 2) float32, perspective-correct weights of the triangle's second and third corner; 0 where
    nothing is hit. The first corner's weight is ``1 - bary.sum(-1)``.
    """

    triangle: I32
    bary: F32

    @property
    def hit(self) -> Bool:
        """(H, W) where a surface is seen."""
        return self.triangle >= 0

    @property
    def weights(self) -> F32:
        """(H, W, 3) weights of the three corners."""
        return np.concatenate([1.0 - self.bary.sum(-1, keepdims=True), self.bary], axis=-1)


def same_world(a: Snapshot, b: Snapshot) -> bool:
    """Whether two snapshots show one world: what was prepared from the static part of ``a`` holds for ``b``."""
    return (
        a.faces is b.faces
        and a.rest_vertices is b.rest_vertices
        and a.static_faces == b.static_faces
        and a.static_vertices == b.static_vertices
    )


class Rasterizer(Protocol):
    """A backend. It may keep static geometry between calls of one world; ``close`` frees what it holds.

    name: one of ``NAMES``. detail: the library and the driver behind it.
    Faces are two-sided. Geometry nearer than ``camera.near`` or beyond ``camera.far`` is not seen.
    """

    name: str
    detail: str

    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer: ...

    def close(self) -> None: ...


def open_rasterizer(name: str = "auto") -> Rasterizer:
    """A backend by name, proven by rendering one triangle; ``auto`` takes the first of ``NAMES`` that works, except
    that rays are cast where OpenGL has no graphics card: on the example scenes that takes half the time.

    Raises :class:`RasterizerUnavailable` when the backend (or, for ``auto``, every backend) fails here, and
    ``ValueError`` for an unknown name.
    """
    if name not in ("auto", *NAMES):
        raise ValueError(f"{name!r} is not a rasterizer: choose one of auto, {', '.join(NAMES)}")
    problems = []
    slow: Rasterizer | None = None
    for candidate in NAMES if name == "auto" else (name,):
        if slow is not None and candidate != "embree":
            break
        try:
            rasterizer = _opened(candidate)
            _prove(rasterizer)
        except RasterizerUnavailable as error:
            problems.append(str(error))
        else:
            if name == "auto" and getattr(rasterizer, "software", False):
                slow = rasterizer
                continue
            if slow is not None:
                slow.close()
            return rasterizer
    if slow is not None:
        return slow
    raise RasterizerUnavailable(" ".join(problems))


def describe_rasterizers() -> list[tuple[str, bool, str]]:
    """For each backend of ``NAMES``: its name, whether it works here, and its driver, or what to install."""
    found = []
    for name in NAMES:
        try:
            rasterizer = open_rasterizer(name)
        except RasterizerUnavailable as error:
            found.append((name, False, str(error)))
        else:
            found.append((name, True, rasterizer.detail))
            rasterizer.close()
    return found


def _opened(name: str) -> Rasterizer:
    # Imported here: a backend's library is loaded only when the backend is asked for.
    if name == "gl":
        from render.raster_gl import GLRasterizer

        return GLRasterizer()
    if name == "pytorch3d":
        from render.raster_pytorch3d import PyTorch3DRasterizer

        return PyTorch3DRasterizer()
    from render.raster_rays import RayRasterizer

    return RayRasterizer("embree" if name == "embree" else "open3d")


def _prove(rasterizer: Rasterizer) -> None:
    """Render a triangle that covers the upper left half of a 4 × 4 picture, and look at it."""
    vertices = np.array([[-2, -2, 1], [2, -2, 1], [-2, 2, 1]], dtype=np.float32)
    one, zero = np.array([1], dtype=np.int32), np.array([0], dtype=np.int32)
    snapshot = Snapshot(
        time=0.0,
        vertices=vertices,
        normals=np.array([[0, 0, -1]] * 3, dtype=np.float32),
        rest_vertices=vertices,
        uv=vertices[:, :2],
        faces=np.array([[0, 1, 2]], dtype=np.int32),
        face_object=one,
        face_material=zero,
        materials=(Material("probe", "plaster", (0.5, 0.5, 0.5)),),
        static_vertices=3,
        static_faces=1,
    )
    K = np.array([[1.0, 0, 2], [0, 1, 2], [0, 0, 1]])
    try:
        seen = rasterizer.rasterize(snapshot, Camera(np.eye(4), K, 4, 4)).triangle
    except Exception as error:  # a library that does not fit its neighbours may fail in any way
        rasterizer.close()
        raise RasterizerUnavailable(
            f"The {rasterizer.name} rasterizer fails here ({' '.join(str(error).split())[:200]}; {rasterizer.detail}): "
            "use another one."
        ) from error
    if not (seen[0, 0] == 0 and seen[0, 2] == 0 and seen[2, 0] == 0 and seen[3, 3] == -1):
        rasterizer.close()
        raise RasterizerUnavailable(
            f"The {rasterizer.name} rasterizer draws a wrong picture here ({rasterizer.detail}): use another one."
        )
