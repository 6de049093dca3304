"""Path-traced truth: what a world really looks like, by Mitsuba 3 and Intel Open Image Denoise (the ``train`` extra).

The path tracer sees what the rasterizers see: the same triangles, textures, sky map and lamps; holes in textures alone
it sees closed. Irradiance (radiance over albedo and gloss) is denoised with clean albedo and normal guides and
multiplied back, because denoising radiance takes detail out of textures.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.train.finish import DRY, Finish, Weathered, takes_weather, texture_rows
from tools.train.lamps import lamp_bodies, lamp_light
from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.light import SUN_RADIUS, Lamp, Sky
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]

MAX_DEPTH = 6
GLOSS = 0.08  # what shines on top of any colour: were light divided by the colour alone, it would be coloured so too
TEXTURE = 4  # times as many samples as for light say what textures there are
SUN_M = 1e5  # where the disc of the sun stands: behind all else


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
        self._weathered = Weathered(mi, snapshot.materials)
        self._parts: dict[str, I64] = {}
        scene: dict[str, Any] = {"type": "scene", "sky": _environment(mi, sky), "sun": _sun(mi, sky)}
        surface = self._weathered.bsdf
        bodies, bare = lamp_bodies(lamps, snapshot)
        for k, lamp in enumerate(bare):
            scene[f"lamp{k}"] = lamp_light(mi, lamp)
        scene["sky"]["sampling_weight"] = scene["sun"]["emitter"]["sampling_weight"] = 1.0 + 0.5 * len(lamps)
        shining = np.zeros(len(snapshot.faces), dtype=np.bool_)
        for k, (faces, emission) in enumerate(bodies):
            scene[f"glow{k}"] = _mesh(mi, snapshot, faces, surface, emission)
            self._parts[f"glow{k}"] = faces
            shining[faces] = True
        if not shining.all():
            self._parts["plain"] = np.flatnonzero(~shining)
            scene["plain"] = _mesh(mi, snapshot, self._parts["plain"], surface)
        self._scene = mi.load_dict(scene)
        self._snapshot = snapshot
        self._set = mi.traverse(self._scene)
        # Two renders: asked for guides and light at once, Mitsuba traces the paths twice.
        self._light = mi.load_dict({"type": "path", "max_depth": MAX_DEPTH})
        self._seen = mi.load_dict({"type": "path", "max_depth": 1})
        self._guides = mi.load_dict({"type": "aov", "aovs": "albedo:albedo,normal:sh_normal,position:position"})

    def move(self, snapshot: Snapshot) -> None:
        """Pose the scene as ``snapshot``, which must be of the same world; without compiling anything."""
        if snapshot.vertices is self._snapshot.vertices:
            return
        for name, rows in self._parts.items():
            used = np.unique(snapshot.faces[rows])
            if used[-1] >= snapshot.static_vertices:
                self._set[f"{name}.vertex_positions"] = snapshot.vertices[used].ravel()
                self._set[f"{name}.vertex_normals"] = snapshot.normals[used].ravel()
        self._set.update()
        self._snapshot = snapshot

    def relight(self, sky: Sky, finish: Finish = DRY, cover: tuple[F32, float, float] | None = None) -> None:
        """Put the scene under another sky, and weather it; without compiling anything. cover: what is under a roof."""
        # Mitsuba keeps the first column once more behind the last.
        self._set["sky.data"] = self._mi.TensorXf(np.concatenate([sky.map, sky.map[:, :1]], axis=1))
        self._set["sun.to_world"] = _towards_sun(self._mi, sky)
        self._set["sun.emitter.radiance.value"] = self._mi.Color3f(_sun_radiance(sky))
        self._set.update()
        self._weathered.set(finish, cover)

    def render(self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True, emission: F32 | None = None) -> F32:
        """(H, W, 3) float32 linear radiance, kcd/m2, as the camera sees it; ``emission`` as for :meth:`layers`."""
        return self.layers(camera, spp, seed, denoise, emission)["radiance"]

    def layers(
        self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True, emission: F32 | None = None
    ) -> dict[str, F32]:
        """``radiance``, ``albedo``, ``normal`` and ``position``, each (H, W, 3) float32.

        Bodies of lamps shine as strongly as their lamps do, and look it. emission: (H, W, 3) how what emits, sky and
        bodies, is to look instead (``Shading.emission``).
        """

        def drawn(integrator: Any, times: int = 1) -> F32:
            picture = self._mi.render(self._scene, sensor=sensor, integrator=integrator, spp=times * spp, seed=seed)
            return np.array(picture, dtype=np.float32)

        def guides(times: int) -> list[F32]:
            layers = drawn(self._guides, times)
            first = layers.shape[-1] - 9  # some versions put radiance and alpha before the layers asked for
            return [np.ascontiguousarray(layers[..., first + k : first + k + 3]) for k in (0, 3, 6)]

        sensor = self._mi.load_dict(_sensor(self._mi, camera))
        image, (albedo, normal, position) = drawn(self._light), guides(1)
        radiance, alpha = np.ascontiguousarray(image[..., :3]), image[..., 3:4]
        if emission is not None:  # the same samples of the pixels, so edges cancel too
            radiance = np.maximum(radiance - drawn(self._seen)[..., :3], 0.0)
        if denoise:
            sampled, (albedo, normal, position) = albedo, guides(TEXTURE)
            sky = 1.0 - alpha
            radiance = _denoised(radiance, sampled + sky, albedo + sky, normal)
        if emission is not None:
            radiance = radiance + emission
        return {"radiance": radiance, "albedo": albedo, "normal": normal, "position": position}


def _denoised(radiance: F32, sampled: F32, albedo: F32, normal: F32) -> F32:
    """sampled: the albedo where radiance was asked for; albedo: of whole pixels. Both are 1 where the sky shows, so
    that a roof's edge against it divides sanely.
    """
    from pyoidn import denoise

    irradiance = np.ascontiguousarray(radiance / (np.maximum(sampled, 0.0) + GLOSS), dtype=np.float32)
    clean = np.ascontiguousarray(albedo, dtype=np.float32)
    smooth = denoise(irradiance, albedo=np.clip(clean, 0, 1), normal=normal, hdr=True, clean_aux=True)
    return np.asarray(smooth * (np.maximum(clean, 0.0) + GLOSS), dtype=np.float32)


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


def _sun(mi: Any, sky: Sky) -> dict[str, Any]:
    """The sun as a disc as wide as it looks. The sky's map could hold it only as texels, much wider than it is."""
    emitter = {"type": "area", "radiance": {"type": "rgb", "value": _sun_radiance(sky)}}
    return {"type": "disk", "to_world": _towards_sun(mi, sky), "emitter": emitter}


def _sun_radiance(sky: Sky) -> list[float]:
    """kcd/m2; over its solid angle, pi sin(radius)^2 seen face on, it gives the sun's irradiance."""
    return [float(v) for v in sky.sun_irradiance / (np.pi * np.sin(SUN_RADIUS) ** 2)]


def _towards_sun(mi: Any, sky: Sky) -> Any:
    place = SUN_M * sky.sun_direction
    up = np.eye(3)[int(np.argmin(np.abs(place)))]
    aimed = mi.ScalarTransform4f().look_at(list(place), [0.0, 0.0, 0.0], list(up))
    return aimed @ mi.ScalarTransform4f().scale(float(SUN_M * np.tan(SUN_RADIUS)))


def _environment(mi: Any, sky: Sky) -> dict[str, Any]:
    # Mitsuba's map has +Y up and its middle column at +Z; our column c looks to azimuth 2 pi c / W from +Y (north).
    picture = np.ascontiguousarray(sky.map)
    from_map = np.eye(4)
    from_map[:3, :3] = _MAP_AXES
    return {"type": "envmap", "bitmap": mi.Bitmap(picture), "to_world": mi.ScalarTransform4f(from_map)}


# Columns: where the map's own +X, +Y, +Z point in the world. Checked by tests/tools/test_truth.py against Sky.radiance.
_MAP_AXES: F64 = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def _mesh(mi: Any, snapshot: Snapshot, rows: I64, surface: Any, emission: F64 | None = None) -> Any:
    """The faces ``rows`` of the snapshot; what each is made of travels as attributes of the face."""
    used, local = np.unique(snapshot.faces[rows], return_inverse=True)
    properties = mi.Properties()
    properties["bsdf"] = surface
    if emission is not None:
        radiance = {"type": "rgb", "value": [float(v) for v in emission]}
        properties["emitter"] = mi.load_dict({"type": "area", "radiance": radiance})
    mesh = mi.Mesh("faces", len(used), len(rows), props=properties, has_vertex_normals=True, has_vertex_texcoords=True)
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = snapshot.vertices[used].ravel()
    parameters["vertex_normals"] = snapshot.normals[used].ravel()
    parameters["vertex_texcoords"] = snapshot.uv[used].ravel()
    parameters["faces"] = local.astype(np.uint32).ravel()
    parameters.update()
    kinds = snapshot.face_material[rows]
    materials = snapshot.materials
    for name, values in {
        "face_color": np.array([m.base_color for m in materials]),
        "face_roughness": np.array([[np.clip(m.roughness, 0.05, 1.0)] for m in materials]),
        "face_metallic": np.array([[m.metallic] for m in materials]),
        "face_layer": np.array([[v] for v in texture_rows(materials)[1]]),
        "face_settles": np.array([[takes_weather(m.kind)[0]] for m in materials]),
        "face_soaks": np.array([[takes_weather(m.kind)[1]] for m in materials]),
        "face_tiles": np.array([[1.0 / m.texture.size_m if m.texture else 1.0] for m in materials]),
    }.items():
        mesh.add_attribute(name, values.shape[1], values[kinds].astype(np.float32).ravel())
    return mesh
