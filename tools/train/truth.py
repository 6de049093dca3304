"""Path-traced truth: what a world really looks like, by Mitsuba 3 and Intel Open Image Denoise (the ``train`` extra).

The path tracer sees exactly what the rasterizers see: the same triangles, textures, sky map and lamps. Irradiance
(radiance over albedo) is denoised with clean albedo and normal guides and multiplied back, because denoising radiance
takes detail out of textures.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.light import MAP_HEIGHT, SUN_RADIUS, Lamp, Sky
from worldgen.material import Material
from worldgen.world import Snapshot

MAX_DEPTH = 6
BLUR_SUN = 2.0  # the sun is drawn this much wider than it is, so that it covers whole texels of the map


@cache
def mitsuba() -> Any:
    """The ``mitsuba`` module with its fastest working variant set: CUDA, then LLVM, then scalar."""
    if "DRJIT_LIBLLVM_PATH" not in os.environ:
        found = sorted(Path("/usr/lib").glob("*/libLLVM.so.1[6-9]*")) + sorted(
            Path("/usr/lib").glob("*/libLLVM-1[6-9].so")
        )
        if found:
            os.environ["DRJIT_LIBLLVM_PATH"] = str(found[-1])
    try:
        import mitsuba as mi
    except ImportError as error:
        raise ValueError("path tracing needs the train extra: pip install 'setpiece[train]'") from error
    wanted = os.environ.get("SETPIECE_MITSUBA", "")
    llvm = ["llvm_ad_rgb"] if "DRJIT_LIBLLVM_PATH" in os.environ else []
    cuda = ["cuda_ad_rgb"] if Path("/proc/driver/nvidia/version").exists() else []
    for variant in [wanted] if wanted else [*cuda, *llvm, "scalar_rgb"]:
        try:
            mi.set_variant(variant)
            mi.render(mi.load_dict(mi.cornell_box()), spp=1)
        except (ImportError, RuntimeError):
            continue
        return mi
    raise ValueError(f"Mitsuba cannot run here (tried {wanted or 'cuda, llvm, scalar'}): on Debian install libllvm19")


class PathTracer:
    """A snapshot made ready for Mitsuba; ``render`` it from many cameras (compiling costs seconds, once a world)."""

    def __init__(self, snapshot: Snapshot, sky: Sky, lamps: tuple[Lamp, ...] = ()) -> None:
        mi = mitsuba()
        self._mi = mi
        scene: dict[str, Any] = {"type": "scene", "sky": _environment(mi, sky)}
        for k, lamp in enumerate(lamps):
            scene[f"lamp{k}"] = {
                "type": "point",
                "position": list(lamp.position),
                "intensity": {"type": "rgb", "value": list(lamp.intensity)},
            }
        for index in np.unique(snapshot.face_material):
            scene[f"mesh{index}"] = _mesh(mi, snapshot, int(index))
        self._scene = mi.load_dict(scene)
        self._integrator = mi.load_dict(
            {
                "type": "aov",
                "aovs": "albedo:albedo,normal:sh_normal,position:position",
                "path": {"type": "path", "max_depth": MAX_DEPTH, "hide_emitters": False},
            }
        )

    def render(self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True) -> F32:
        """(H, W, 3) float32 linear radiance, kcd/m2, as the camera sees it."""
        return self.layers(camera, spp, seed, denoise)["radiance"]

    def layers(self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True) -> dict[str, F32]:
        """``radiance``, ``albedo``, ``normal`` and ``position``, each (H, W, 3) float32."""
        sensor = self._mi.load_dict(_sensor(self._mi, camera))
        image = np.array(self._mi.render(self._scene, sensor=sensor, integrator=self._integrator, spp=spp, seed=seed))
        # Channels: radiance, alpha, then the three layers asked for.
        radiance, albedo, normal, position = (np.ascontiguousarray(image[..., k : k + 3]) for k in (0, 4, 7, 10))
        if denoise:
            radiance = _denoised(radiance, (albedo + (1.0 - image[..., 3:4])).astype(np.float32), normal)
        return {"radiance": radiance, "albedo": albedo, "normal": normal, "position": position}


def _denoised(radiance: F32, albedo: F32, normal: F32) -> F32:
    from pyoidn import denoise

    divisor = np.maximum(albedo, 0.02)  # 1 where the sky shows, so that a roof's edge against it divides sanely
    irradiance = np.ascontiguousarray(radiance / divisor)
    smooth = denoise(irradiance, albedo=np.clip(albedo, 0, 1), normal=normal, hdr=True, clean_aux=True)
    return np.asarray(smooth, dtype=np.float32) * divisor


def _sensor(mi: Any, camera: Camera) -> dict[str, Any]:
    # Mitsuba's camera looks along +Z with +X to the left and +Y up: OpenCV's turned half around Z.
    turned = camera.world_from_camera @ np.diag([-1.0, -1.0, 1.0, 1.0])
    return {
        "type": "perspective",
        "to_world": mi.ScalarTransform4f(turned),
        "fov": float(np.degrees(2 * np.arctan(camera.width / (2 * camera.K[0, 0])))),
        "fov_axis": "x",
        "principal_point_offset_x": float(0.5 - camera.K[0, 2] / camera.width),
        "principal_point_offset_y": float(0.5 - camera.K[1, 2] / camera.height),
        "near_clip": float(camera.near),
        "far_clip": float(camera.far),
        "film": {
            "type": "hdrfilm",
            "width": camera.width,
            "height": camera.height,
            "pixel_format": "rgba",
            "component_format": "float32",
            "rfilter": {"type": "box"},
        },
    }


def environment_map(sky: Sky) -> F32:
    """(H, W, 3) radiance of sky and sun together, kcd/m2, laid out as ``Sky.map`` is; the sun keeps its irradiance."""
    height = 2 * MAP_HEIGHT
    picture = np.repeat(np.repeat(sky.map, 2, axis=0), 2, axis=1)
    if sky.sun_irradiance.max() <= 0:
        return picture
    elevation = np.pi / 2 - (np.arange(height) + 0.5) / height * np.pi
    azimuth = (np.arange(2 * height) + 0.5) / (2 * height) * 2 * np.pi
    flat = np.cos(elevation)[:, None]
    direction = np.stack(
        [
            flat * np.sin(azimuth),
            flat * np.cos(azimuth),
            np.broadcast_to(np.sin(elevation)[:, None], (height, 2 * height)),
        ],
        axis=-1,
    )
    angle = np.arccos(np.clip(direction @ sky.sun_direction, -1, 1))
    weight = np.clip(1.5 - angle / (BLUR_SUN * SUN_RADIUS), 0.0, 1.0)
    solid = (flat * (np.pi / height) ** 2) * weight
    return np.asarray(picture + weight[..., None] * (sky.sun_irradiance / solid.sum()), dtype=np.float32)


def _environment(mi: Any, sky: Sky) -> dict[str, Any]:
    # Mitsuba's map has +Y up and its middle column at +Z; our column c looks to azimuth 2 pi c / W from +Y (north).
    picture = np.ascontiguousarray(environment_map(sky))
    from_map = np.eye(4)
    from_map[:3, :3] = _MAP_AXES
    return {"type": "envmap", "bitmap": mi.Bitmap(picture), "to_world": mi.ScalarTransform4f(from_map)}


# Columns: where the map's own +X, +Y, +Z point in the world. Checked by tests/tools/test_truth.py against Sky.radiance.
_MAP_AXES: F64 = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def _mesh(mi: Any, snapshot: Snapshot, index: int) -> Any:
    faces = snapshot.faces[snapshot.face_material == index]
    used, local = np.unique(faces, return_inverse=True)
    material = snapshot.materials[index]
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(_bsdf(mi, material))
    if max(material.emission) > 0:
        properties["emitter"] = mi.load_dict(
            {"type": "area", "radiance": {"type": "rgb", "value": [float(v) for v in material.emission]}}
        )
    mesh = mi.Mesh(
        material.name, len(used), len(faces), props=properties, has_vertex_normals=True, has_vertex_texcoords=True
    )
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = snapshot.vertices[used].ravel()
    parameters["vertex_normals"] = snapshot.normals[used].ravel()
    parameters["vertex_texcoords"] = snapshot.uv[used].ravel()
    parameters["faces"] = local.astype(np.uint32).ravel()
    parameters.update()
    return mesh


def _bsdf(mi: Any, material: Material) -> dict[str, Any]:
    color: dict[str, Any] = {"type": "rgb", "value": [float(v) for v in material.base_color]}
    if material.texture is not None:
        picture = np.clip(material.texture.detail * np.array(material.base_color, np.float32), 0.0, 1.0).astype(
            np.float32
        )
        color = {
            "type": "bitmap",
            "bitmap": mi.Bitmap(np.ascontiguousarray(picture[::-1])),
            "raw": True,
            "to_uv": mi.ScalarTransform4f().scale(1.0 / material.texture.size_m),
        }
    return {
        "type": "twosided",
        "inner": {
            "type": "principled",
            "base_color": color,
            "roughness": float(np.clip(material.roughness, 0.05, 1.0)),
            "metallic": float(material.metallic),
            "specular": 0.5,
        },
    }
