"""Build ``scenes/robot.glb``, a small tin robot with two clips, to show how a character file of one's own is used.

    python -m tools.bake_robot

It is made of plain shapes on jointed nodes, without skin: the file's walk lifts its feet like a wind-up toy's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.spatial.transform import Rotation

from worldgen import shapes
from worldgen.conventions import F64, YUP_FROM_ZUP, translation
from worldgen.gltf_writer import GltfWriter, move, primitives
from worldgen.material import make
from worldgen.mesh import Mesh, merged

FILE: Final = Path(__file__).resolve().parents[1] / "scenes" / "robot.glb"
HIP, THIGH, SHIN = 0.62, 0.27, 0.27
WALK_S, IDLE_S, FRAMES = 1.2, 3.0, 24
SHELL = make("painted-metal", (0.52, 0.10, 0.05))
STEEL = make("metal", (0.42, 0.42, 0.44))
DARK = make("rubber")
EYES = make("lamp-glow", (0.6, 0.9, 1.0))


def _at(mesh: Mesh, x: float, y: float, z: float) -> Mesh:
    return mesh.transformed(translation([x, y, z]))


def _limb(length: float, radius: float) -> Mesh:
    """A bar that hangs from its joint."""
    bar = _at(shapes.cylinder(radius, length, STEEL, 12), 0, 0, -length)
    return merged([bar, _at(shapes.sphere(1.5 * radius, DARK, 12), 0, 0, -1.5 * radius)])


def parts() -> dict[str, tuple[str | None, F64, Mesh]]:
    """Name of each joint to its parent, its place in it (3,) and what hangs on it. +Z up, front +Y, metres."""
    chest = merged([shapes.box((0.34, 0.24, 0.36), SHELL), _at(shapes.cylinder(0.045, 0.05, EYES, 16), 0, 0.1, 0.2)])
    eyes = [_at(shapes.sphere(0.035, EYES, 14), x, 0.115, 0.085) for x in (-0.06, 0.06)]
    aerial = [_at(shapes.cylinder(0.008, 0.12, STEEL, 8), 0, 0, 0.2), _at(shapes.sphere(0.022, EYES, 12), 0, 0, 0.31)]
    head = merged([_at(shapes.box((0.26, 0.22, 0.2), STEEL), 0, 0, 0.02), *eyes, *aerial])
    foot = _at(shapes.box((0.11, 0.24, 0.08), SHELL), 0, 0.05, -0.08)
    found: dict[str, tuple[str | None, F64, Mesh]] = {
        "hips": (None, np.array([0, 0, HIP]), shapes.cylinder(0.12, 0.08, DARK, 20)),
        "chest": ("hips", np.array([0, 0, 0.08]), chest),
        "head": ("chest", np.array([0, 0, 0.38]), head),
    }
    for side, x in (("left", -1.0), ("right", 1.0)):
        found[f"{side}-thigh"] = ("hips", np.array([0.09 * x, 0, 0.0]), _limb(THIGH, 0.032))
        found[f"{side}-shin"] = (f"{side}-thigh", np.array([0, 0, -THIGH]), _limb(SHIN, 0.028))
        found[f"{side}-foot"] = (f"{side}-shin", np.array([0, 0, -SHIN]), foot)
        found[f"{side}-arm"] = ("chest", np.array([0.21 * x, 0, 0.3]), _limb(0.2, 0.026))
        found[f"{side}-hand"] = (f"{side}-arm", np.array([0, 0.0, -0.2]), merged([_limb(0.17, 0.022)]))
    return found


def _tilt(angle: float) -> F64:
    """(4, 4) forward and up about +X."""
    result = np.eye(4)
    result[:3, :3] = Rotation.from_euler("x", angle).as_matrix()
    return result


def _leg(phase: float) -> tuple[float, float, float, float]:
    """Forward place of the foot, its height, and the tilts of thigh and shin, for a leg at ``phase`` of its round.

    Half the round the foot stands and goes back evenly under the body, half it swings forward.
    """
    p = phase % 1.0
    forward = 0.16 * (1 - 4 * p) if p < 0.5 else -0.16 * np.cos(2 * np.pi * (p - 0.5))
    lift = 0.0 if p < 0.5 else 0.09 * np.sin(2 * np.pi * (p - 0.5)) ** 2
    drop = HIP - 0.08 - lift - 0.02  # from the hip to the ankle; knees always a little bent
    reach = min(float(np.hypot(forward, drop)), THIGH + SHIN - 1e-3)
    bend = float(np.arccos(reach / (THIGH + SHIN)))  # both bones are equally long
    aim = float(np.arctan2(forward, drop))
    return forward, lift, aim + bend, -2 * bend


def walk(share: float) -> dict[str, F64]:
    """Turns and shifts (4, 4) of the joints at ``share`` (0-1) of a round of two steps."""
    pose = {"hips": translation([0.02 * np.sin(2 * np.pi * share), 0, -0.02 + 0.012 * np.cos(4 * np.pi * share)])}
    for side, offset in (("left", 0.0), ("right", 0.5)):
        _, _, thigh, shin = _leg(share + offset)
        pose |= {f"{side}-thigh": _tilt(thigh), f"{side}-shin": _tilt(shin), f"{side}-foot": _tilt(-thigh - shin)}
        swing = np.cos(2 * np.pi * (share + offset))
        pose |= {f"{side}-arm": _tilt(-0.45 * swing), f"{side}-hand": _tilt(0.5)}
    return pose


def idle(share: float) -> dict[str, F64]:
    """It looks about, and its arms hum."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", 0.7 * np.sin(2 * np.pi * share)).as_matrix()
    hum = 0.05 * np.sin(8 * np.pi * share)
    pose = {"head": turn, "hips": translation([0, 0, -0.02])}
    for side in ("left", "right"):
        _, _, thigh, shin = _leg(0.25)
        pose |= {f"{side}-thigh": _tilt(thigh), f"{side}-shin": _tilt(shin), f"{side}-foot": _tilt(-thigh - shin)}
        pose |= {f"{side}-arm": _tilt(0.1 + hum), f"{side}-hand": _tilt(0.3 - hum)}
    return pose


def robot() -> bytes:
    """The file."""
    document = GltfWriter()
    document.json["asset"] = {"version": "2.0", "generator": "Setpiece", "copyright": "CC0-1.0, the Setpiece authors"}
    nodes: dict[str, int] = {}
    # The file's front is +Z where ours is +Y, so the root turns half round after +Z became +Y.
    half = Rotation.from_euler("y", 180, degrees=True) * Rotation.from_matrix(YUP_FROM_ZUP[:3, :3])
    root = document.add("nodes", {"name": "robot", "rotation": half.as_quat().tolist(), "children": []})
    found = parts()
    for name, (parent, at, mesh) in found.items():
        shape = document.add("meshes", {"name": name, "primitives": primitives(document, mesh)})
        nodes[name] = document.add("nodes", {"name": name, "mesh": shape, "translation": at.tolist()})
        above = document.json["nodes"][root if parent is None else nodes[parent]]
        above.setdefault("children", []).append(nodes[name])
    for clip, seconds, pose in (("Walk", WALK_S, walk), ("Idle", IDLE_S, idle)):
        shares = np.linspace(0, 1, FRAMES + 1)
        clock = document.accessor((shares * seconds).astype(np.float32), bounds=True)
        animation: dict[str, Any] = {"name": clip, "channels": [], "samplers": []}
        poses = [pose(float(share)) for share in shares]
        for name, node in nodes.items():
            at = translation(found[name][1])
            move(document, node, np.array([at @ p.get(name, np.eye(4)) for p in poses]), clock, animation)
        document.add("animations", animation)
    document.add("scenes", {"nodes": [root]})
    document.json["scene"] = 0
    return document.bytes()


if __name__ == "__main__":
    FILE.write_bytes(robot())
    print(f"{FILE}: {FILE.stat().st_size / 1000:.0f} kB")
