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
import numpy.typing as npt

from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.light import MAP_HEIGHT, SUN_RADIUS, Lamp, Sky
from worldgen.material import Material, Texture
from worldgen.world import Snapshot

I64 = npt.NDArray[np.int64]

MAX_DEPTH = 6
BODY_M = 0.35
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
        for k, lamp in enumerate(_bare(lamps, snapshot)):
            scene[f"lamp{k}"] = _lamp(mi, lamp)
        surface = _surface(mi, snapshot.materials)
        shining = np.array([max(m.emission) > 0 for m in snapshot.materials], dtype=np.bool_)[snapshot.face_material]
        if not shining.all():
            scene["still"] = _mesh(mi, snapshot, np.flatnonzero(~shining), surface)
        for index in np.unique(snapshot.face_material[shining]):
            faces = np.flatnonzero(snapshot.face_material == index)
            scene[f"glow{index}"] = _mesh(mi, snapshot, faces, surface, snapshot.materials[index].emission)
        self._scene = mi.load_dict(scene)
        # Two renders: asked for guides and light at once, Mitsuba traces the paths twice.
        self._light = mi.load_dict({"type": "path", "max_depth": MAX_DEPTH})
        self._guides = mi.load_dict({"type": "aov", "aovs": "albedo:albedo,normal:sh_normal,position:position"})

    def render(self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True) -> F32:
        """(H, W, 3) float32 linear radiance, kcd/m2, as the camera sees it."""
        return self.layers(camera, spp, seed, denoise)["radiance"]

    def layers(self, camera: Camera, spp: int, seed: int = 0, denoise: bool = True) -> dict[str, F32]:
        """``radiance``, ``albedo``, ``normal`` and ``position``, each (H, W, 3) float32."""
        sensor = self._mi.load_dict(_sensor(self._mi, camera))
        image = np.array(self._mi.render(self._scene, sensor=sensor, integrator=self._light, spp=spp, seed=seed))
        guides = np.array(self._mi.render(self._scene, sensor=sensor, integrator=self._guides, spp=spp, seed=seed))
        radiance, alpha = np.ascontiguousarray(image[..., :3]), image[..., 3:4]
        first = guides.shape[-1] - 9  # some versions put radiance and alpha before the layers asked for
        albedo, normal, position = (np.ascontiguousarray(guides[..., first + k : first + k + 3]) for k in (0, 3, 6))
        if denoise:
            radiance = _denoised(radiance, (albedo + (1.0 - alpha)).astype(np.float32), normal)
        return {"radiance": radiance, "albedo": albedo, "normal": normal, "position": position}


def _lamp(mi: Any, lamp: Lamp) -> dict[str, Any]:
    intensity = {"type": "rgb", "value": list(lamp.intensity)}
    if lamp.direction is None:
        return {"type": "point", "position": list(lamp.position), "intensity": intensity}
    aim = np.array(lamp.direction)
    side = np.eye(3)[int(np.argmin(np.abs(aim)))]
    towards = mi.ScalarTransform4f().look_at(list(lamp.position), list(np.array(lamp.position) + aim), list(side))
    full = min(float(np.degrees(lamp.cone * (1.0 - min(lamp.soft, 1.0)))), 0.99 * float(np.degrees(lamp.cone)))
    cutoff = float(np.degrees(lamp.cone))
    return {"type": "spot", "to_world": towards, "intensity": intensity, "cutoff_angle": cutoff, "beam_width": full}


def _bare(lamps: tuple[Lamp, ...], snapshot: Snapshot) -> list[Lamp]:
    """The lamps without a glowing body around them; the others shine by it (and a point inside would be shaded)."""
    glows = np.array([max(m.emission) > 0 for m in snapshot.materials], dtype=np.bool_)[snapshot.face_material]
    bodies = snapshot.vertices[np.unique(snapshot.faces[glows])]
    near = [len(bodies) and np.linalg.norm(bodies - np.array(lamp.position), axis=1).min() < BODY_M for lamp in lamps]
    return [lamp for lamp, has_body in zip(lamps, near, strict=True) if not has_body]


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


def _mesh(mi: Any, snapshot: Snapshot, rows: I64, surface: Any, emission: tuple[float, ...] | None = None) -> Any:
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
        "face_layer": np.array([[v] for v in _layers(materials)[1]]),
        "face_tiles": np.array([[1.0 / m.texture.size_m if m.texture else 1.0] for m in materials]),
    }.items():
        mesh.add_attribute(name, values.shape[1], values[kinds].astype(np.float32).ravel())
    return mesh


def _layers(materials: tuple[Material, ...]) -> tuple[list[Texture], list[int]]:
    """The distinct textures, and for each material the index of its own (-1: none)."""
    textures = list(dict.fromkeys(m.texture for m in materials if m.texture is not None))
    return textures, [textures.index(m.texture) if m.texture is not None else -1 for m in materials]


def _surface(mi: Any, materials: tuple[Material, ...]) -> Any:
    """One BSDF for all faces: a kernel with one small surface compiles in a second, with 160 materials in a minute."""
    import drjit as dr

    textures, _ = _layers(materials)
    heights = [t.detail.shape[:2] for t in textures] or [(1, 1)]
    starts = np.cumsum([0] + [h * w for h, w in heights])[:-1]
    pixels = np.concatenate([t.detail.reshape(-1, 3) for t in textures] or [np.ones((1, 3), np.float32)])

    class Detail(mi.Texture):  # type: ignore[misc]
        """Base colour of the face times the detail of its layer, bilinear; row 0 of a layer is v = 1."""

        def __init__(self, properties: Any) -> None:
            mi.Texture.__init__(self, properties)
            self.pixels = mi.Float(pixels.ravel())
            self.start = mi.UInt32(starts.astype(np.uint32))
            self.rows = mi.UInt32(np.array([h for h, _ in heights], np.uint32))
            self.columns = mi.UInt32(np.array([w for _, w in heights], np.uint32))

        def eval(self, si: Any, active: Any = True) -> Any:
            color = si.shape.eval_attribute_3("face_color", si, active)
            layer = si.shape.eval_attribute_1("face_layer", si, active)
            tiles = si.shape.eval_attribute_1("face_tiles", si, active)
            textured = active & (layer > -0.5)
            index = mi.UInt32(dr.maximum(layer + 0.5, 0.0))
            start = dr.gather(mi.UInt32, self.start, index, textured)
            rows = dr.gather(mi.UInt32, self.rows, index, textured)
            columns = dr.gather(mi.UInt32, self.columns, index, textured)
            x = (si.uv.x * tiles - dr.floor(si.uv.x * tiles)) * mi.Float(columns) - 0.5
            v = si.uv.y * tiles - dr.floor(si.uv.y * tiles)
            y = (1.0 - v) * mi.Float(rows) - 0.5
            x0, y0 = dr.floor(x), dr.floor(y)
            total = mi.Color3f(0.0)
            for dy in (0, 1):
                for dx in (0, 1):
                    column = mi.UInt32(mi.Int32(x0 + dx) + mi.Int32(columns)) % dr.maximum(columns, 1)
                    row = mi.UInt32(mi.Int32(y0 + dy) + mi.Int32(rows)) % dr.maximum(rows, 1)
                    share = (x - x0 if dx else 1 - x + x0) * (y - y0 if dy else 1 - y + y0)
                    texel = start + row * columns + column
                    total += dr.gather(mi.Color3f, self.pixels, texel, textured) * share
            return color * dr.select(textured, total, mi.Color3f(1.0))

        def to_string(self) -> str:
            return "Detail[]"

    mi.register_texture("setpiece_detail", Detail)
    return mi.load_dict(
        {
            "type": "twosided",
            "inner": {
                "type": "principled",
                "base_color": {"type": "setpiece_detail"},
                "roughness": {"type": "mesh_attribute", "name": "face_roughness"},
                "metallic": {"type": "mesh_attribute", "name": "face_metallic"},
                "specular": 0.5,
            },
        }
    )
