"""Camera paths in files: nerfstudio and our own JSON, glTF, USD and COLMAP, all to cameras of this world.

Ours is nerfstudio's ``transforms.json`` with the frame rate beside it: +Z up, OpenGL camera axes, pixels. The other
formats' axes are turned in :mod:`worldgen.conventions`. COLMAP's scale and axes are arbitrary, and stay as they are.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from worldgen.animation import Pose, read_clips
from worldgen.camera import CameraTrack
from worldgen.conventions import (
    F64,
    OPENGL_FROM_OPENCV,
    YUP_FROM_ZUP,
    nerfstudio_from_world,
    world_from_colmap,
    world_from_gltf,
    world_from_nerfstudio,
)
from worldgen.gltf_file import open_gltf, read_nodes
from worldgen.paths import slerp, spline

DEFAULT_FPS: Final = 24.0
DEFAULT_SIZE: Final = (1280, 720)
SUFFIXES: Final = (".json", ".glb", ".gltf", ".usd", ".usda", ".usdc", ".usdz", ".txt", ".bin")
_COLMAP_MODELS: Final = {0: 3, 1: 4, 2: 4, 3: 5, 4: 8, 5: 8, 6: 12, 7: 5, 8: 4, 9: 5, 10: 12}
_COLMAP_NAMES: Final = ("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV")
_ONE_FOCAL: Final = (0, 2, 3)


@dataclass(frozen=True)
class CameraPath:
    """One camera over time.

    name: in its file. times: (N,) seconds, rising, from 0. world_from_camera: (N, 4, 4) float64 rigid, OpenCV axes,
    metres. K: (N, 3, 3) float64 pixels. width, height: pixels.
    """

    name: str
    times: F64
    world_from_camera: F64
    K: F64
    width: int
    height: int

    @property
    def fps(self) -> float:
        """Frames a second, from the mean step (24 for a single frame)."""
        return float((len(self.times) - 1) / self.times[-1]) if len(self.times) > 1 else DEFAULT_FPS

    def at(self, seconds: F64) -> tuple[F64, F64]:
        """(M, 4, 4) cameras and (M, 3, 3) intrinsics at ``seconds``; exact on a frame, smooth between, held outside."""
        t = np.clip(seconds, self.times[0], self.times[-1])
        right = np.clip(np.searchsorted(self.times, t, side="left"), 0, len(self.times) - 1)
        left = np.maximum(right - (np.abs(self.times[right] - t) > 1e-9), 0)
        share = np.where(
            right > left, (t - self.times[left]) / np.maximum(self.times[right] - self.times[left], 1e-12), 0.0
        )
        poses = self.world_from_camera[left].copy()
        between = np.flatnonzero(right > left)
        if len(between):
            a, b = (self.world_from_camera[side[between], :3, :3] for side in (left, right))
            poses[between, :3, :3] = slerp(a, b, share[between])
            poses[between, :3, 3] = spline(self.times, self.world_from_camera[:, :3, 3], t[between])
        K = self.K[left] * (1 - share)[:, None, None] + self.K[right] * share[:, None, None]
        return poses, K


def read_cameras(path: Path, fps: float | None = None) -> tuple[CameraPath, ...]:
    """Every camera of the file. fps: of frames that carry no times (unsaid: the file's own, else 24).

    Raises ``ValueError``, one sentence, for what cannot be read.
    """
    if path.is_dir():
        return (_colmap(path, fps or DEFAULT_FPS),)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise ValueError(f"there is no camera file {path}")
    try:
        found: tuple[CameraPath, ...]
        if suffix == ".json":
            found = (_json(path, fps),)
        elif suffix in (".glb", ".gltf"):
            found = _gltf(path, fps or DEFAULT_FPS)
        elif suffix.startswith(".usd"):
            found = _usd(path)
        elif suffix in (".txt", ".bin"):
            found = (_colmap(path.parent, fps or DEFAULT_FPS),)
        else:
            raise ValueError(f"is not a camera file: use {', '.join(SUFFIXES)} or a COLMAP folder")
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is broken: line {error.lineno} is not JSON") from None
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    except Exception as error:  # a broken file fails anywhere in its reader: each way means the same to the user
        raise ValueError(f"{path.name} cannot be read: it is broken or cut short ({type(error).__name__})") from None
    if not found:
        raise ValueError(f"{path.name} has no camera")
    for camera in found:
        _check(path, camera)
    return found


def camera_json(track: CameraTrack, fps: float) -> str:
    """What :func:`read_cameras` reads back to the same cameras, as nerfstudio's ``transforms.json``."""
    frames = [
        {
            "file_path": f"frames/{k + 1:04d}.png",
            "transform_matrix": nerfstudio_from_world(pose).tolist(),
            **{"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]},
        }
        for k, (pose, K) in enumerate(zip(track.world_from_camera, track.K, strict=True))
    ]
    head = {"camera_model": "OPENCV", "w": track.width, "h": track.height, "fps": fps}
    return json.dumps({**head, "frames": frames}, indent=1) + "\n"


def _check(path: Path, camera: CameraPath) -> None:
    what = f"{path.name}: the camera {camera.name!r}"
    if not (np.isfinite(camera.world_from_camera).all() and np.isfinite(camera.K).all()):
        raise ValueError(f"{what} has numbers that are not finite")
    if (camera.K[:, 0, 0] <= 0).any() or camera.width < 1 or camera.height < 1:
        raise ValueError(f"{what} has no focal length or no picture")
    turn = camera.world_from_camera[:, :3, :3]
    if np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max() > 1e-3 or (np.linalg.det(turn) < 0).any():
        raise ValueError(f"{what} is scaled or mirrored: its matrices must be turns and shifts")


def _rigid(matrices: F64) -> F64:
    """Camera poses (N, 4, 4) without the scale that nodes above a camera may have."""
    result = matrices.copy()
    result[:, :3, :3] /= np.linalg.norm(matrices[:, :3, :3], axis=1, keepdims=True)
    return result


def _intrinsics(fx: float, fy: float, cx: float, cy: float) -> F64:
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def _json(path: Path, fps: float | None) -> CameraPath:
    data = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(data, dict) and "camera_path" in data:
        return _nerfstudio_path(path, data, fps)
    if not isinstance(data, dict) or not data.get("frames"):
        raise ValueError("holds no `frames` and no `camera_path`: it is no nerfstudio camera file")
    rows = data["frames"]
    width, height = int(data.get("w", DEFAULT_SIZE[0])), int(data.get("h", DEFAULT_SIZE[1]))

    def lens(row: dict[str, Any]) -> F64:
        both = {**data, **row}
        fx = both.get("fl_x")
        if fx is None:
            angle = both.get("camera_angle_x")
            if angle is None:
                raise ValueError("says neither `fl_x` nor `camera_angle_x`: the lens is not known")
            fx = width / 2 / math.tan(float(angle) / 2)
        return _intrinsics(fx, both.get("fl_y", fx), both.get("cx", width / 2), both.get("cy", height / 2))

    matrices = np.array([row["transform_matrix"] for row in rows], dtype=np.float64)
    rate = fps or float(data.get("fps", DEFAULT_FPS))
    K = np.array([lens(row) for row in rows])
    return CameraPath(path.stem, np.arange(len(rows)) / rate, world_from_nerfstudio(matrices), K, width, height)


def _nerfstudio_path(path: Path, data: dict[str, Any], fps: float | None) -> CameraPath:
    """The viewer's camera path: ``fov`` is vertical, degrees."""
    rows = data["camera_path"]
    width, height = int(data.get("render_width", DEFAULT_SIZE[0])), int(data.get("render_height", DEFAULT_SIZE[1]))
    rate = fps or float(data.get("fps") or DEFAULT_FPS)
    matrices = np.array([row["camera_to_world"] for row in rows], dtype=np.float64).reshape(-1, 4, 4)
    focal = [height / 2 / math.tan(math.radians(float(row["fov"])) / 2) for row in rows]
    K = np.array([_intrinsics(f, f, width / 2, height / 2) for f in focal])
    return CameraPath(path.stem, np.arange(len(rows)) / rate, world_from_nerfstudio(matrices), K, width, height)


def _gltf(path: Path, fps: float) -> tuple[CameraPath, ...]:
    """Perspective camera nodes, sampled over the first animation (glTF cameras have no film size: 720 lines)."""
    file = open_gltf(path)
    nodes = read_nodes(file)
    rest = Pose(nodes.translation, nodes.rotation, nodes.scale, np.zeros(0))
    clips = read_clips(file, {}, frozenset(nodes.fixed))
    seconds = clips[0].start + clips[0].seconds if clips else 0.0
    times = np.arange(round(seconds * fps) + 1) / fps
    poses = [clips[0].at(rest, t - clips[0].start, loop=False) if clips else rest for t in times]
    worlds = np.array([nodes.world(p.translation, p.rotation, p.scale) for p in poses])
    found = []
    for k, row in enumerate(file.rows("nodes")):
        if "camera" not in row:
            continue
        lens = file.row("cameras", row["camera"]).get("perspective")
        if lens is None:
            continue  # an orthographic camera has no focal length
        height = DEFAULT_SIZE[1]
        width = round(height * float(lens.get("aspectRatio", DEFAULT_SIZE[0] / DEFAULT_SIZE[1])))
        focal = height / 2 / math.tan(float(lens["yfov"]) / 2)
        K = np.tile(_intrinsics(focal, focal, width / 2, height / 2), (len(times), 1, 1))
        found.append(CameraPath(nodes.names[k], times, world_from_gltf(_rigid(worlds[:, k])), K, width, height))
    return tuple(found)


def _usd(path: Path) -> tuple[CameraPath, ...]:
    """Camera prims at every frame of the stage's range; its up axis and unit are honoured."""
    try:
        from pxr import Usd, UsdGeom
    except ImportError:
        raise ValueError("USD files need the package usd-core: pip install usd-core") from None
    stage = Usd.Stage.Open(str(path))
    fps = float(stage.GetTimeCodesPerSecond() or DEFAULT_FPS)
    codes = np.arange(stage.GetStartTimeCode(), stage.GetEndTimeCode() + 1e-6)
    codes = codes if stage.HasAuthoredTimeCodeRange() else np.zeros(1)
    up = YUP_FROM_ZUP.T if UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y else np.eye(4)
    unit = UsdGeom.GetStageMetersPerUnit(stage)
    found = []
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Camera):
            continue
        camera = UsdGeom.Camera(prim)
        matrices, lenses = [], []
        for code in codes:
            matrices.append(np.array(camera.ComputeLocalToWorldTransform(code)).T)  # Gf matrices act on rows
            across, down = (a.Get(code) for a in (camera.GetHorizontalApertureAttr(), camera.GetVerticalApertureAttr()))
            lenses.append((camera.GetFocalLengthAttr().Get(code), across, down))
        poses = _rigid(up @ np.array(matrices))
        poses[:, :3, 3] *= unit
        height = DEFAULT_SIZE[1]
        width = round(height * lenses[0][1] / lenses[0][2])
        K = np.array([_intrinsics(f / a * width, f / a * width, width / 2, height / 2) for f, a, _ in lenses])
        times = (codes - codes[0]) / fps
        found.append(CameraPath(prim.GetName(), times, poses @ OPENGL_FROM_OPENCV, K, width, height))
    return tuple(found)


def _colmap(folder: Path, fps: float) -> CameraPath:
    """The registered images of a sparse model, in order of their names, one frame each."""
    reader = next((r for name, r in _COLMAP_FILES if (folder / f"images{name}").is_file()), None)
    if reader is None:
        raise ValueError(f"{folder.name}: there is no COLMAP model here (images.txt or images.bin)")
    cameras, images = reader(folder)
    if not images:
        raise ValueError(f"{folder.name}: no image of this COLMAP model is registered")
    images = sorted(images, key=lambda image: image[0])
    first = cameras[images[0][3]]
    poses = np.array([world_from_colmap(q, t) for _, q, t, _ in images])
    K = np.array([cameras[camera][2] for _, _, _, camera in images])
    return CameraPath(folder.name, np.arange(len(images)) / fps, poses, K, first[0], first[1])


_Colmap = tuple[dict[int, tuple[int, int, F64]], list[tuple[str, F64, F64, int]]]


def _colmap_lens(model: int, numbers: Sequence[float]) -> F64:
    if model in _ONE_FOCAL:
        return _intrinsics(numbers[0], numbers[0], numbers[1], numbers[2])
    return _intrinsics(numbers[0], numbers[1], numbers[2], numbers[3])


def _colmap_text(folder: Path) -> _Colmap:
    cameras, images = {}, []
    for line in (folder / "cameras.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            number, name, width, height, *rest = line.split()
            model = _COLMAP_NAMES.index(name) if name in _COLMAP_NAMES else 6
            cameras[int(number)] = (int(width), int(height), _colmap_lens(model, [float(r) for r in rest]))
    lines = [row for row in (folder / "images.txt").read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    for line in lines[::2]:  # every second line lists points
        if line.strip():
            _, *numbers, camera, name = line.split(maxsplit=9)
            values = np.array([float(v) for v in numbers])
            images.append((name, values[:4], values[4:7], int(camera)))
    return cameras, images


def _colmap_binary(folder: Path) -> _Colmap:
    cameras, images = {}, []
    data, at = (folder / "cameras.bin").read_bytes(), 8
    for _ in range(struct.unpack_from("<Q", data)[0]):
        number, model, width, height = struct.unpack_from("<iiQQ", data, at)
        numbers = struct.unpack_from(f"<{_COLMAP_MODELS[model]}d", data, at + 24)
        at += 24 + 8 * len(numbers)
        cameras[number] = (width, height, _colmap_lens(model, numbers))
    data, at = (folder / "images.bin").read_bytes(), 8
    for _ in range(struct.unpack_from("<Q", data)[0]):
        values = np.array(struct.unpack_from("<7d", data, at + 4))
        camera = struct.unpack_from("<i", data, at + 60)[0]
        end = data.index(b"\0", at + 64)
        images.append((data[at + 64 : end].decode(), values[:4], values[4:], camera))
        at = end + 9 + 24 * struct.unpack_from("<Q", data, end + 1)[0]
    return cameras, images


_COLMAP_FILES: Final[tuple[tuple[str, Callable[[Path], _Colmap]], ...]] = (
    (".txt", _colmap_text),
    (".bin", _colmap_binary),
)
