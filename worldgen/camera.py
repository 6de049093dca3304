"""Lenses and cameras: what the shot looks through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worldgen.conventions import F64, transform_points


@dataclass(frozen=True)
class Lens:
    """A thin lens in front of a sensor.

    focal_mm: focal length, millimetres. sensor_mm: width and height of the sensor, millimetres; the picture fills
    its width. focus_m: distance of sharp focus, metres. f_stop: focal length over aperture diameter.
    """

    focal_mm: float = 35.0
    sensor_mm: tuple[float, float] = (24.89, 18.66)
    focus_m: float = 5.0
    f_stop: float = 8.0

    def intrinsics(self, width: int, height: int) -> F64:
        """``K (3, 3)`` in pixels for square pixels, principal point in the middle."""
        focal_px = self.focal_mm / self.sensor_mm[0] * width
        return np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1.0]])


@dataclass(frozen=True)
class Camera:
    """A pinhole camera (OpenCV axes).

    world_from_camera: (4, 4) float64 rigid transform, metres. K: (3, 3) float64, pixels; pixel centres at +0.5.
    width, height: pixels. near, far: metres along the camera's +Z.
    """

    world_from_camera: F64
    K: F64
    width: int
    height: int
    near: float = 0.05
    far: float = 6000.0

    @property
    def position(self) -> F64:
        """(3,) world metres."""
        return self.world_from_camera[:3, 3]

    @property
    def focal_px(self) -> float:
        """Focal length in pixels, the geometric mean of both axes."""
        return float(np.sqrt(self.K[0, 0] * self.K[1, 1]))

    @property
    def camera_from_world(self) -> F64:
        """(4, 4) inverse of ``world_from_camera`` (rigid, so the transpose)."""
        result = np.eye(4)
        rotation = self.world_from_camera[:3, :3]
        result[:3, :3] = rotation.T
        result[:3, 3] = -rotation.T @ self.world_from_camera[:3, 3]
        return result

    def project(self, points: F64) -> tuple[F64, F64]:
        """World points ``(..., 3)`` to pixels ``(..., 2)`` and planar depth ``(...,)`` metres (may be negative)."""
        p = transform_points(self.camera_from_world, points)
        z = p[..., 2]
        safe = np.where(np.abs(z) < 1e-12, 1e-12, z)
        xy = np.stack(
            [
                (self.K[0, 0] * p[..., 0] + self.K[0, 1] * p[..., 1]) / safe + self.K[0, 2],
                self.K[1, 1] * p[..., 1] / safe + self.K[1, 2],
            ],
            axis=-1,
        )
        return xy, z

    def rays(self, xy: F64) -> F64:
        """World directions ``(..., 3)`` through pixels ``(..., 2)``; not unit: their planar depth is 1."""
        x = np.asarray(xy, dtype=np.float64)
        v = (x[..., 1] - self.K[1, 2]) / self.K[1, 1]
        u = (x[..., 0] - self.K[0, 2] - self.K[0, 1] * v) / self.K[0, 0]
        directions = np.stack([u, v, np.ones_like(u)], axis=-1)
        return directions @ self.world_from_camera[:3, :3].T

    def unproject(self, xy: F64, depth: F64) -> F64:
        """World points ``(..., 3)`` seen at pixels ``(..., 2)`` at planar ``depth (...,)`` metres."""
        return self.position + self.rays(xy) * np.asarray(depth, dtype=np.float64)[..., None]

    def resized(self, width: int, height: int) -> Camera:
        """The same view on another pixel grid."""
        scale = np.diag([width / self.width, height / self.height, 1.0])
        return Camera(self.world_from_camera, scale @ self.K, width, height, self.near, self.far)

    def cropped(self, x: int, y: int, width: int, height: int) -> Camera:
        """The window of the picture whose top left pixel is (x, y); it may reach beyond the frame."""
        shift = np.array([[1.0, 0, -x], [0, 1.0, -y], [0, 0, 1.0]])
        return Camera(self.world_from_camera, shift @ self.K, width, height, self.near, self.far)


@dataclass(frozen=True)
class CameraTrack:
    """One camera a frame.

    world_from_camera: (N, 4, 4) float64. K: (N, 3, 3) float64, pixels. width, height: pixels.
    focus_m, f_stop: (N,) float64, the lens at each frame. near, far: metres. sensor_mm: width of what the picture's
    width falls on. shutter: radians it is open, of the 2 pi of a frame's time. distortion: k1 and k2 of Brown and
    Conrady, for radii in focal lengths; below 0 for a barrel. mist: grade of the diffusion filter, 0 for none.
    """

    world_from_camera: F64
    K: F64
    width: int
    height: int
    focus_m: F64
    f_stop: F64
    near: float = 0.05
    far: float = 6000.0
    sensor_mm: float = 24.89
    shutter: float = np.pi
    distortion: tuple[float, float] = (0.0, 0.0)
    mist: float = 0.0

    def __len__(self) -> int:
        return len(self.world_from_camera)

    def __getitem__(self, frame: int) -> Camera:
        return Camera(self.world_from_camera[frame], self.K[frame], self.width, self.height, self.near, self.far)

    def __iter__(self) -> Iterator[Camera]:
        return (self[frame] for frame in range(len(self)))

    def focal_mm(self, frame: int) -> float:
        """Focal length, millimetres."""
        return float(self.K[frame, 0, 0] / self.width * self.sensor_mm)

    def aperture_m(self, frame: int) -> float:
        """Diameter of the lens's opening, metres."""
        return self.focal_mm(frame) / float(self.f_stop[frame]) / 1000.0
