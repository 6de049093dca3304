"""What others do with the benchmark's frames: ``python rivals.py NAME SCENE.npz``, with the python that has them.

Stands alone (numpy and the rival, nothing of this project), because a rival may need an environment of its own. The
scene: still, still_faces, moving (T, V, 3), moving_faces, poses (T, 4, 4) world from camera (OpenCV), K, size, range.
It prints a line of JSON when it is ready, then for every line on stdin (a frame's number) the milliseconds it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

Scene = Mapping[str, Any]
Prepared = tuple[str, str, Callable[[int], object]]
"""Name and version, what a frame gives, and what makes frame k."""

_TO_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])


def pyrender(scene: Scene) -> Prepared:
    """Depth alone."""
    if sys.platform == "linux":
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    library: Any = import_module("pyrender")

    K, (width, height), (near, far) = scene["K"], scene["size"], scene["range"]
    stage, renderer = library.Scene(), library.OffscreenRenderer(int(width), int(height))
    stage.add(library.Mesh([library.Primitive(scene["still"], indices=scene["still_faces"])]))
    camera = stage.add(library.IntrinsicsCamera(K[0, 0], K[1, 1], K[0, 2], K[1, 2], near, far))
    walker: list[Any] = []

    def frame(k: int) -> object:
        if walker:
            stage.remove_node(walker.pop())
        walker.append(stage.add(library.Mesh([library.Primitive(scene["moving"][k], indices=scene["moving_faces"])])))
        stage.set_pose(camera, scene["poses"][k] @ _TO_OPENGL)
        return renderer.render(stage, flags=library.RenderFlags.DEPTH_ONLY)

    opengl: Any = import_module("OpenGL.GL")
    frame(0)
    renderer._platform.make_current()
    return f"pyrender {library.__version__} on {opengl.glGetString(opengl.GL_RENDERER).decode()}", "depth", frame


def open3d(scene: Scene) -> Prepared:
    """Depth, ids and smooth normals: rays for what stands still and for what moves, the nearer of both, numpy."""
    library: Any = import_module("open3d")

    (width, height), K = scene["size"], scene["K"]
    Caster, tensor = library.t.geometry.RaycastingScene, library.core.Tensor
    still = Caster()
    still.add_triangles(tensor(scene["still"]), tensor(scene["still_faces"].astype(np.uint32)))
    walker_faces = tensor(scene["moving_faces"].astype(np.uint32))
    faces = np.concatenate([scene["still_faces"], scene["moving_faces"] + len(scene["still"])])
    split, still_normals = len(scene["still_faces"]), _normals(scene["still"], scene["still_faces"])

    def frame(k: int) -> object:
        walker = Caster()
        walker.add_triangles(tensor(scene["moving"][k]), walker_faces)
        rays = Caster.create_rays_pinhole(K, np.linalg.inv(scene["poses"][k]), int(width), int(height))
        a, b = ({name: t.numpy() for name, t in part.cast_rays(rays).items()} for part in (still, walker))
        nearer = b["t_hit"] < a["t_hit"]
        depth = np.where(nearer, b["t_hit"], a["t_hit"])
        triangle = np.where(nearer, b["primitive_ids"] + np.uint32(split), a["primitive_ids"])
        uv = np.where(nearer[..., None], b["primitive_uvs"], a["primitive_uvs"])
        hit = np.isfinite(depth)
        normals = np.concatenate([still_normals, _normals(scene["moving"][k], scene["moving_faces"])])
        at, w = normals[faces[triangle[hit]]], uv[hit]
        mixed = at[:, 0] * (1 - w.sum(1))[:, None] + at[:, 1] * w[:, :1] + at[:, 2] * w[:, 1:]
        normal, ids = np.zeros((*hit.shape, 3), np.float32), np.where(hit, 1 + nearer, 0).astype(np.int32)
        normal[hit] = mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)
        return depth, normal, ids

    return f"Open3D {library.__version__} + numpy", "depth, normals, ids", frame


def blender(scene: Scene) -> Prepared:
    """Cycles with one sample: depth, normals, ids, uv, position and motion vectors."""
    bpy: Any = import_module("bpy")
    matrix: Any = import_module("mathutils").Matrix

    bpy.ops.wm.read_factory_settings(use_empty=True)
    stage, (width, height), K, (near, far) = bpy.context.scene, scene["size"], scene["K"], scene["range"]
    stage.render.engine = "CYCLES"
    stage.cycles.device, stage.cycles.samples, stage.cycles.use_denoising = "CPU", 1, False
    stage.cycles.max_bounces = 0
    stage.render.use_persistent_data = True
    stage.render.resolution_x, stage.render.resolution_y, stage.render.resolution_percentage = (
        int(width),
        int(height),
        100,
    )
    for name in ("z", "normal", "object_index", "material_index", "uv", "position", "vector"):
        setattr(bpy.context.view_layer, f"use_pass_{name}", True)

    def add(name: str, vertices: Any, faces: Any) -> Any:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(vertices.tolist(), [], faces.tolist())
        mesh.shade_smooth()
        thing = bpy.data.objects.new(name, mesh)
        stage.collection.objects.link(thing)
        return thing

    add("still", scene["still"], scene["still_faces"]).pass_index = 1
    walker = add("walker", scene["moving"][0], scene["moving_faces"])
    walker.pass_index = 2
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.sensor_fit, camera.data.sensor_width = "HORIZONTAL", 36.0
    camera.data.lens, camera.data.clip_start, camera.data.clip_end = 36.0 * K[0, 0] / width, near, far
    stage.collection.objects.link(camera)
    stage.camera = camera

    def frame(k: int) -> object:
        walker.data.vertices.foreach_set("co", scene["moving"][k].ravel())
        walker.data.update()
        camera.matrix_world = matrix((scene["poses"][k] @ _TO_OPENGL).tolist())
        stage.frame_set(k + 1)
        return bpy.ops.render.render()

    return f"Blender {bpy.app.version_string}, Cycles, 1 sample", "depth, normals, ids, uv, position, vectors", frame


def pytorch3d(scene: Scene) -> Prepared:
    """Depth, ids and smooth normals."""
    torch: Any = import_module("torch")
    version: str = import_module("pytorch3d").__version__
    ops, drawing, structures, utils = (
        import_module(f"pytorch3d.{name}") for name in ("ops", "renderer", "structures", "utils")
    )

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    (width, height), near = scene["size"], float(scene["range"][0])
    size = (int(height), int(width))
    faces = np.concatenate([scene["still_faces"], scene["moving_faces"] + len(scene["still"])])
    still, rows = torch.from_numpy(scene["still"]).to(device), torch.from_numpy(faces.astype(np.int64)).to(device)
    settings = drawing.RasterizationSettings(image_size=size, z_clip_value=near, cull_to_frustum=True)

    def frame(k: int) -> object:
        moving = torch.from_numpy(scene["moving"][k]).to(device)
        mesh = structures.Meshes([torch.cat([still, moving])], [rows])
        view = torch.from_numpy(np.linalg.inv(scene["poses"][k]).astype(np.float32))[None].to(device)
        K = torch.from_numpy(scene["K"].astype(np.float32))[None].to(device)
        cameras = utils.cameras_from_opencv_projection(
            view[:, :3, :3], view[:, :3, 3], K, torch.tensor([size], device=device)
        )
        found = drawing.MeshRasterizer(cameras, settings)(mesh)
        normals = mesh.verts_normals_packed()[mesh.faces_packed()]
        normal = ops.interpolate_face_attributes(found.pix_to_face, found.bary_coords, normals)
        return found.zbuf.cpu(), found.pix_to_face.cpu(), normal.cpu()

    where = torch.cuda.get_device_name() if device.type == "cuda" else "the processor"
    return f"PyTorch3D {version} on {where}", "depth, normals, ids", frame


def _normals(vertices: Any, faces: Any) -> Any:
    """Smooth normals (V, 3), weighted by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    flat, result = np.cross(b - a, c - a), np.empty_like(vertices)
    for axis in range(3):
        result[:, axis] = np.bincount(faces.ravel(), np.repeat(flat[:, axis], 3), len(vertices))
    return result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-12)


def main(name: str, path: str) -> None:
    """Answer frames until stdin ends."""
    # Libraries print what they like: answers go out by a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    rival = {"pyrender": pyrender, "open3d": open3d, "blender": blender, "pytorch3d": pytorch3d}[name]
    detail, gives, frame = rival(dict(np.load(path)))
    print(json.dumps({"detail": detail, "gives": gives}), file=answers, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        frame(int(line))
        print(1e3 * (time.perf_counter() - start), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
