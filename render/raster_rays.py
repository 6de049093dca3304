"""The ray-casting rasterizers: one ray through each pixel's centre, by embreex or by Open3D."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from render.raster import GBuffer, RasterizerUnavailable
from render.rays import Engine, RayScene
from worldgen.camera import Camera
from worldgen.conventions import F32
from worldgen.world import Snapshot


class RayRasterizer:
    """Casts through pixel centres; keeps the static geometry of the last world it saw.

    engine: as for :class:`render.rays.RayScene`.
    """

    def __init__(self, engine: Engine = "auto") -> None:
        try:
            self._scene = RayScene(engine)
        except ValueError as error:
            hint = " Open3D needs: apt-get install -y libegl1 libgl1 libusb-1.0-0" if engine == "open3d" else ""
            raise RasterizerUnavailable(f"The {engine} rasterizer: {error}.{hint}") from error
        self.name: str = self._scene.engine
        packages = ("embreex",) if self.name == "embree" else ("open3d-cpu", "open3d")
        self.detail = "ray casting with " + " ".join(_versions(packages))

    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer:
        """What ``camera`` sees of ``snapshot``."""
        self._scene.update(snapshot)
        return GBuffer(*self._scene.see(camera))

    def close(self) -> None:
        """Let go of the geometry."""
        self._scene = RayScene(self._scene.engine)


def pixel_directions(camera: Camera) -> F32:
    """World directions (H, W, 3) float32 through the pixel centres, of planar depth 1: a quick ``Camera.rays``."""
    K, rotation = camera.K, camera.world_from_camera[:3, :3]
    x = (np.arange(camera.width) + 0.5 - K[0, 2]) / K[0, 0]
    v = (np.arange(camera.height) + 0.5 - K[1, 2]) / K[1, 1]
    columns = x[:, None] * rotation[:, 0]
    rows = v[:, None] * rotation[:, 1] - (v * K[0, 1] / K[0, 0])[:, None] * rotation[:, 0] + rotation[:, 2]
    return rows.astype(np.float32)[:, None] + columns.astype(np.float32)[None]


def _versions(packages: tuple[str, ...]) -> list[str]:
    found = []
    for package in packages:
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return found
