"""What pocket is told about a frame: condition maps in fixed ranges, the light, the proxy, and where on which surface.

Everything comes from one :class:`render.shade.Shading` and the world it shows; nothing is normalised by the frame's own
minimum or maximum, which would flicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from render.raster import GBuffer
from render.shade import Shading
from render.surface import Surface
from worldgen.camera import Camera
from worldgen.conventions import F32, U8, srgb_from_linear
from worldgen.material import KINDS
from worldgen.world import Snapshot

MAPS: Final = (
    *(f"albedo.{c}" for c in "rgb"),
    *(f"normal.{c}" for c in "xyz"),
    "inverse_depth",
    "sun",
    *(f"{light}.{c}" for light in ("sky", "bounce", "lamps", "mirror", "emission") for c in "rgb"),
    "occlusion",
    "roughness",
    "metallic",
    "coverage",
    "up",
    "elevation",
    "view_sun",
)
"""Names of the condition maps, in channel order."""

KIND_NAMES: Final = tuple(sorted(KINDS))
"""Kinds of material, in the order of their numbers."""

LIGHT: Final = 17
"""Numbers that describe the light of a frame."""

DEPTH_M: Final = 6.0
"""Depth at which ``inverse_depth`` is 0."""


@dataclass(frozen=True)
class Controls:
    """Conditions of one frame.

    maps: (M, H, W) float32, channels as in ``MAPS``, about [-1, 1]. light: (L,) float32, the sun's direction in camera
    axes, the sine of its elevation, turbidity, clouds, exposure, how a white wall prints in sunlight, in skylight and
    on the ground in both, and whether lamps shine. proxy: (3, H, W) float32 in [-1, 1], sRGB-encoded. kind: (H, W)
    uint8, what each pixel's centre is made of: 1 + its place in ``KIND_NAMES``, 0 for the sky. uv: (2, H, W) float32,
    where on its surface that is, in tiles of the texture. clear: (H, W) float32 share of what is seen that comes
    through the air; None where there is no fog.
    """

    maps: F32
    light: F32
    proxy: F32
    kind: U8
    uv: F32
    clear: F32 | None = None


def controls(shading: Shading, camera: Camera, snapshot: Snapshot) -> Controls:
    """The conditions of the frame that ``camera`` saw of ``snapshot`` as ``shading``."""
    sky = shading.sky
    rotation = camera.world_from_camera[:3, :3].astype(np.float32)
    ys, xs = np.mgrid[0 : camera.height, 0 : camera.width] + 0.5
    views = camera.rays(np.stack([xs, ys], axis=-1)).astype(np.float32)
    views /= np.sqrt(np.einsum("hwc,hwc->hw", views, views))[..., None]

    def printed(irradiance: F32) -> F32:
        """How a white wall in this light prints, [-1, 1]."""
        return shown(irradiance / np.float32(np.pi))

    def shown(radiance: F32) -> F32:
        """How it prints, [-1, 1]; what is black, as most mirror images and lights are, need not be looked up."""
        bright = (radiance[..., 0] != 0) | (radiance[..., 1] != 0) | (radiance[..., 2] != 0)
        if bright.all():
            return 2.0 * sky.display(radiance) - 1.0
        result = np.full(radiance.shape, -1.0, np.float32)
        result[bright] = 2.0 * sky.display(radiance[bright]) - 1.0
        return result

    parts = [
        2.0 * srgb_from_linear(shading.albedo) - 1.0,
        shading.camera_normal,
        (2.0 / (1.0 + shading.depth / DEPTH_M) - 1.0)[..., None],
        (2.0 * shading.sun - 1.0)[..., None],
        printed(shading.sky_light),
        printed(shading.bounce),
        printed(shading.lamps),
        shown(shading.mirror),
        shown(shading.emission),
        (2.0 * shading.occlusion - 1.0)[..., None],
        (2.0 * shading.roughness - 1.0)[..., None],
        (2.0 * shading.metallic - 1.0)[..., None],
        (2.0 * shading.coverage - 1.0)[..., None],
        (shading.camera_normal @ rotation.T)[..., 2:],
        views[..., 2:],
        (views @ sky.sun_direction.astype(np.float32))[..., None],
    ]
    maps, at = np.empty((len(MAPS), camera.height, camera.width), np.float32), 0
    for part in parts:
        maps[at : at + part.shape[-1]] = np.moveaxis(part, -1, 0)
        at += part.shape[-1]
    sun_lit = np.broadcast_to(sky.sun_irradiance, (1, 3)).astype(np.float32)
    sky_lit = sky.sky_irradiance.astype(np.float32)[None]
    light = np.concatenate(
        [
            sky.sun_direction @ rotation,
            [sky.sun_direction[2], sky.turbidity / 5.0 - 1.0, 2.0 * sky.clouds - 1.0, np.log10(sky.exposure)],
            printed(sun_lit)[0],
            printed(sky_lit)[0],
            printed(sun_lit * max(float(sky.sun_direction[2]), 0.0) + sky_lit)[0],
            [float(shading.lamps.max() > 0)],
        ]
    ).astype(np.float32)
    proxy = np.ascontiguousarray(np.moveaxis(2.0 * shading.proxy - 1.0, -1, 0))
    clear = shading.transmittance if sky.fog > 0 else None
    return Controls(maps, light, proxy, *surfaces(snapshot, camera, shading.gbuffer), clear)


def surfaces(snapshot: Snapshot, camera: Camera, gbuffer: GBuffer) -> tuple[U8, F32]:
    """``kind`` and ``uv`` of :class:`Controls`; where nothing is hit, 0."""
    numbers = {name: 1 + k for k, name in enumerate(KIND_NAMES)}
    kinds = np.array([numbers[m.kind] for m in snapshot.materials], dtype=np.uint8)
    tiles = np.array([m.texture.size_m if m.texture else 1.0 for m in snapshot.materials], dtype=np.float32)
    shape, hit = gbuffer.triangle.shape, np.flatnonzero(gbuffer.triangle >= 0)
    kind, uv = np.zeros(shape, np.uint8), np.zeros((2, *shape), np.float32)
    if len(hit):
        surface = Surface.of(snapshot, camera, gbuffer)
        material = snapshot.face_material[surface.triangle]
        kind.reshape(-1)[hit] = kinds[material]
        size = tiles[material]
        for k in range(2):
            uv[k].reshape(-1)[hit] = surface.uv[:, k] / size
    return kind, uv
