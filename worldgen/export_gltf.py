"""The world as a binary glTF 2.0 file: things with their names and materials, skins and rigid motion as animation,
cameras of all shots, sun and lamps. Blender, Unreal, Houdini and web viewers open it.

Everything hangs on one node that turns our +Z up to the file's +Y up, so all below it keep their own coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from worldgen.conventions import F64, OPENGL_FROM_OPENCV, aimed
from worldgen.gltf_writer import ARRAY, KILO, GltfWriter, move, primitives, use
from worldgen.mesh import Mesh
from worldgen.world import Shot, Thing, World


def export_gltf(world: World, shots: Sequence[Shot], *, fps: float | None = None) -> bytes:
    """The .glb of ``world`` with the cameras of ``shots``; motion is sampled from the first shot's start to the last
    one's end, at ``fps`` (unsaid: the first shot's).
    """
    document = GltfWriter()
    document.json["asset"] = {"version": "2.0", "generator": "Setpiece"}
    rate = fps or (float(shots[0].fps) if shots else 24.0)
    start = min((shot.start for shot in shots), default=0.0)
    stop = max((shot.time(shot.frames - 1) for shot in shots), default=0.0)
    times = start + np.arange(round((stop - start) * rate) + 1) / rate
    up = Rotation.from_euler("x", -90, degrees=True).as_quat().tolist()
    root = document.add("nodes", {"name": "world", "rotation": up, "children": []})
    children: list[int] = document.json["nodes"][root]["children"]
    animation: dict[str, Any] = {"name": "scene", "channels": [], "samplers": []}
    clock = document.accessor((times - times[0]).astype(np.float32), bounds=True)
    for thing in world.things:
        children.append(_thing(document, thing, times, clock, animation))
    for shot in shots:
        children.append(_camera(document, shot, times, clock, animation))
    children.extend(_lights(document, world, float(times[0])))
    if animation["channels"]:
        document.add("animations", animation)
    document.add("scenes", {"name": "scene", "nodes": [root]})
    document.json["scene"] = 0
    return document.bytes()


def _thing(document: GltfWriter, thing: Thing, times: F64, clock: int, animation: dict[str, Any]) -> int:
    node: dict[str, Any] = {"name": thing.name}
    if thing.skin is not None:
        return _skinned(document, thing, times, clock, animation)
    node["mesh"] = document.add("meshes", {"name": thing.name, "primitives": primitives(document, thing.mesh)})
    index = document.add("nodes", node)
    if thing.place is not None:
        move(document, index, np.array([thing.place(float(t)) for t in times]), clock, animation)
    return index


def _skinned(document: GltfWriter, thing: Thing, times: F64, clock: int, animation: dict[str, Any]) -> int:
    """A mesh on joints that hang side by side: each joint's motion is given in the world, as the rig solves it."""
    skin = thing.skin
    assert skin is not None
    hung = skin.weights.toarray()
    order = np.argsort(-hung, axis=1)[:, :4]
    weights = np.take_along_axis(hung, order, axis=1).astype(np.float32)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
    joints = np.where(weights > 0, order, 0).astype(np.uint16)
    extra = {
        "JOINTS_0": lambda rows: document.accessor(joints[rows], ARRAY),
        "WEIGHTS_0": lambda rows: document.accessor(weights[rows], ARRAY),
    }
    mesh = Mesh(skin.rest, *(getattr(thing.mesh, n) for n in ("faces", "normals", "uv", "material", "materials")))
    shown_as = primitives(document, mesh, extra)
    posed = np.array([skin.joints(float(t)) for t in times])  # (T, J, 4, 4)
    nodes = []
    for j, name in enumerate(skin.names):
        index = document.add("nodes", {"name": f"{thing.name}/{name}"})
        move(document, index, posed[:, j], clock, animation)
        nodes.append(index)
    inverse = np.linalg.inv(skin.bind).transpose(0, 2, 1).astype(np.float32)  # glTF matrices are column-major
    row = {"name": thing.name, "joints": nodes, "inverseBindMatrices": document.accessor(inverse.reshape(-1, 16))}
    shown = document.add("nodes", {
        "name": f"{thing.name}/body",
        "mesh": document.add("meshes", {"name": thing.name, "primitives": shown_as}),
        "skin": document.add("skins", row),
    })  # fmt: skip
    return document.add("nodes", {"name": thing.name, "children": [*nodes, shown]})


def _camera(document: GltfWriter, shot: Shot, times: F64, clock: int, animation: dict[str, Any]) -> int:
    """A shot's camera; before and after its shot it stands still. A zoom is not in glTF: its first lens stays."""
    track = shot.track
    lens = {
        "yfov": float(2 * np.arctan(track.height / 2 / track.K[0, 1, 1])),
        "aspectRatio": track.width / track.height * float(track.K[0, 1, 1] / track.K[0, 0, 0]),
        "znear": track.near,
        "zfar": track.far,
    }
    camera = document.add("cameras", {"name": shot.name, "type": "perspective", "perspective": lens})
    index = document.add("nodes", {"name": shot.name, "camera": camera})
    frames = np.clip(np.round((times - shot.start) * float(shot.fps)).astype(np.int64), 0, shot.frames - 1)
    move(document, index, track.world_from_camera[frames] @ OPENGL_FROM_OPENCV, clock, animation)
    return index


def _lights(document: GltfWriter, world: World, time: float) -> list[int]:
    """Sun and lamps as of ``time`` (KHR_lights_punctual: lux and candela)."""
    light = world.light(time)
    rows: list[tuple[dict[str, Any], F64]] = []
    sun = light.sky.sun_irradiance * KILO
    if sun.max() > 0:
        colour = {"color": (sun / sun.max()).tolist(), "intensity": float(sun.max())}
        rows.append(({"name": "sun", "type": "directional", **colour}, aimed(-light.sky.sun_direction)))
    for lamp in light.lamps:
        power = np.asarray(lamp.intensity, np.float64) * KILO
        if power.max() > 0:
            place = np.eye(4)
            place[:3, 3] = lamp.position
            colour = {"color": (power / power.max()).tolist(), "intensity": float(power.max()), "range": lamp.reach_m}
            rows.append(({"name": lamp.name, "type": "point", **colour}, place))
    if not rows:
        return []
    use(document, "KHR_lights_punctual")
    document.json.setdefault("extensions", {})["KHR_lights_punctual"] = {"lights": [row for row, _ in rows]}
    return [
        document.add("nodes", {
            "name": row["name"],
            "matrix": place.T.reshape(-1).tolist(),
            "extensions": {"KHR_lights_punctual": {"light": k}},
        })
        for k, (row, place) in enumerate(rows)
    ]  # fmt: skip
