"""A remembered view: a painted picture, the light it was painted in, and what it showed, in a folder of its own.

    picture.png, light.png   as painted, and the proxy's display picture of the same frame
    view.json                shot, frame, camera, look, and the things seen, as keys of ``things/<key>.json``
    seen.npz                 the triangles that were seen, where they stood, and which of them each pixel shows
    samples.npy              a coarse grid of the surface points seen, for looking up (``conditioning.memory_index``)

Triangles are kept where they stood, so the old view can be asked what it saw whatever has become of the scene. Where
a point of today was then follows from its thing: by the place of things that keep their shape, else by the vertices.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import maximum_filter
from torch import Tensor

from conditioning.memory_things import Body
from conditioning.text import Said
from render.files import PART, bytes_from_display, read_image, read_json, write_image, write_json
from render.frame import FrameGeometry
from render.raster import GBuffer
from render.raster_rays import pixel_directions
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32, U8
from worldgen.world import Snapshot

STALE: Final = -1
"""The id of whatever is no longer to be found."""
BEHIND_M: Final = 1e6
_NEAR_PX: Final = 3.0


@dataclass(frozen=True)
class Told:
    """What view.json says. id: names the folder. look: key of what decides the look of all things at once.

    time: seconds of world time. things: keys of the things seen, in the order of the arrays of seen.npz. forgotten:
    names of things whose pixels no longer count. stored: seconds since 1970. bytes: of the whole folder. said: the
    words it was painted to.
    """

    id: str
    shot: str
    frame: int
    time: float
    look: str
    camera: Camera
    things: tuple[str, ...]
    forgotten: tuple[str, ...]
    stored: float
    bytes: int
    said: Said = ()

    def described(self) -> dict[str, Any]:
        """As JSON values."""
        c = self.camera
        camera = {"world_from_camera": c.world_from_camera.tolist(), "K": c.K.tolist()}
        camera |= {"width": c.width, "height": c.height, "near": c.near, "far": c.far}
        told = {**self.__dict__, "camera": camera, "things": list(self.things), "forgotten": list(self.forgotten)}
        return {name: value for name, value in told.items() if name not in ("id", "bytes")}


def read_told(folder: Path) -> Told | None:
    """What ``folder`` remembers; None if it is no whole view."""
    told = read_json(folder / "view.json")
    try:
        assert told is not None
        values: dict[str, Any] = dict(told)
        c = values["camera"]
        camera = Camera(
            np.array(c["world_from_camera"], np.float64).reshape(4, 4), np.array(c["K"], np.float64).reshape(3, 3),
            int(c["width"]), int(c["height"]), float(c["near"]), float(c["far"]),
        )  # fmt: skip
        size = sum(path.stat().st_size for path in folder.iterdir())
        lists = {name: tuple(str(one) for one in values[name]) for name in ("things", "forgotten")}
        said = tuple((float(share), str(words)) for share, words in values.get("said", ()))
        return Told(**{**values, "camera": camera, **lists, "said": said, "id": folder.name, "bytes": size})
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError, OSError):
        return None


@dataclass(frozen=True)
class Frame:
    """What a memory is told of a frame: what its camera sees, and in which light.

    light: (H, W, 3) display values of its proxy, float32 in [0, 1] or uint8. said: the words it is painted to.
    """

    snapshot: Snapshot
    geometry: FrameGeometry
    gbuffer: GBuffer
    light: F32 | U8
    said: Said = ()


@dataclass(frozen=True)
class View:
    """A remembered view, ready to be asked. picture, light: (3, H, W) float32 in [-1, 1], sRGB-encoded.

    geometry: as of a frame, in which what must not be found again has the id ``STALE``. places: by thing, (4, 4) world
    from its own axes as it stood; None for one whose shape changed. posed: by such a thing, its vertices (V, 3) then,
    far behind the camera where they could not be seen.
    """

    told: Told
    picture: Tensor
    light: Tensor
    geometry: FrameGeometry
    places: Mapping[int, F64 | None]
    posed: Mapping[int, F32]


def store_view(
    views: Path,
    told: Told,
    bodies: list[Body],
    frame: Frame,
    picture: F32 | U8,
    samples: npt.NDArray[Any],
) -> Told:
    """Write a view below ``views``, whole or not at all; the same view again is left as it is. Errors: ``OSError``.

    bodies: what is seen, in the order of ``told.things``. picture: (H, W, 3) display values.
    """
    part, final = views / f"{PART}{os.getpid()}-{told.id}", views / told.id
    shutil.rmtree(part, ignore_errors=True)
    try:
        write_image(part / "picture.png", picture)
        write_image(part / "light.png", frame.light)
        with (part / "seen.npz").open("wb") as file:
            np.savez_compressed(file, **cast("dict[str, Any]", _seen(frame, bodies)))
        np.save(part / "samples.npy", samples)
        write_json(part / "view.json", told.described())
        try:
            os.rename(part, final)
        except OSError:
            if not (final / "view.json").is_file():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return replace(told, bytes=sum(path.stat().st_size for path in final.iterdir()))


def view_id(shot: str, frame: int, key: str, picture: F32 | U8) -> str:
    """Names a view: for people by shot and frame, for us by the picture's bytes and whatever else it is for (key)."""
    digest = hashlib.blake2b(f"{shot}\0{frame}\0{key}".encode(), digest_size=6)
    digest.update(bytes_from_display(picture).tobytes())
    short = shot.encode()[:120].decode(errors="ignore").replace("/", "-").lstrip(".")
    return f"{short}-{frame + 1:04d}-{digest.hexdigest()}"


def load_view(folder: Path, told: Told, ids: list[int]) -> View:
    """The view in ``folder``. ids: of its things today, ``STALE`` for what must not be found again.

    Errors: ``OSError``, ``ValueError``, ``KeyError`` if its files are broken.
    """
    with np.load(folder / "seen.npz", allow_pickle=False) as stored:
        seen = {name: stored[name] for name in stored.files}
    vertices = _joined(seen["vertices"], np.float32).reshape(-1, 3)
    faces = np.cumsum(_joined(seen["faces"], np.int32).reshape(-1, 3), axis=0, dtype=np.int32)
    triangle = (np.cumsum(_joined(seen["triangle"], np.int32), dtype=np.int32) - 1).reshape(
        told.camera.height, told.camera.width
    )
    owner = np.array([*ids, STALE], np.int32)[seen["thing"]]
    snapshot = _still(told.time, vertices, faces, owner)
    gbuffer = GBuffer(triangle, _barycentrics(told.camera, vertices[faces], triangle))
    vertex = np.cumsum(_joined(seen["posed_vertex"], np.int32), dtype=np.int32)
    point = np.cumsum(_joined(seen["posed"], np.uint16).reshape(-1, 3), axis=0, dtype=np.uint16)
    places: dict[int, F64 | None] = {}
    posed: dict[int, F32] = {}
    behind = told.camera.position - BEHIND_M * told.camera.world_from_camera[:3, 2]
    for row, thing in enumerate(ids):
        if thing == STALE:
            continue
        if np.isfinite(seen["places"][row]).all():
            places[thing] = seen["places"][row]
            continue
        places[thing] = None
        mine = slice(*seen["posed_rows"][row])
        posed[thing] = np.tile(behind.astype(np.float32), (int(seen["counts"][row]), 1))
        low, step = seen["boxes"][row]
        posed[thing][vertex[mine]] = (low + step * point[mine]).astype(np.float32)
    pictures = (read_image(folder / f"{name}.png") for name in ("picture", "light"))
    picture, light = (torch.from_numpy(p.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1.0) for p in pictures)
    return View(told, picture, light, FrameGeometry.of(snapshot, told.camera, gbuffer), places, posed)


def _seen(frame: Frame, bodies: list[Body]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of seen.npz.

    triangle: which row of ``faces`` each pixel shows, -1 for none. faces: rows of ``vertices`` (world metres, then).
    thing: of each of ``faces``. places: (T, 4, 4) of things, NaN where the shape is not that at rest; of those:
    counts: (T,) vertices they have, posed_vertex: those that are told, posed: where, in 1/65535 of ``boxes``,
    posed_rows: (T, 2) first and last of each. Long ones are told as differences, and by ``_split``.
    """
    snapshot, gbuffer = frame.snapshot, frame.gbuffer
    hit = gbuffer.triangle >= 0
    rows, number = np.unique(gbuffer.triangle[hit], return_inverse=True)
    triangle = np.full(hit.shape, -1, np.int32)
    triangle[hit] = number
    corners, faces = np.unique(snapshot.faces[rows], return_inverse=True)
    of_thing = {body.thing: row for row, body in enumerate(bodies)}
    owners = [of_thing[int(thing)] for thing in snapshot.face_object[rows]]
    places, boxes = np.full((len(bodies), 4, 4), np.nan), np.zeros((len(bodies), 2, 3))
    told: list[tuple[I32, npt.NDArray[np.uint16]]] = [(np.zeros(0, np.int32), np.zeros((0, 3), np.uint16))]
    posed_rows = np.zeros((len(bodies), 2), np.int32)
    for row, body in enumerate(bodies):
        place = body.placed(snapshot)
        if place is not None:
            places[row] = place
            continue
        vertices = snapshot.vertices[body.rows]
        kept = _shown(frame.geometry, vertices, snapshot.faces[body.faces] - body.first)
        points = vertices[kept].astype(np.float64)
        low = points.min(axis=0) if len(points) else np.zeros(3)
        step = np.maximum(np.ptp(points, axis=0), 1e-9) / 65535 if len(points) else np.ones(3)
        boxes[row] = low, step
        posed_rows[row] = posed_rows.max(), posed_rows.max() + len(kept)
        told.append((kept, np.rint((points - low) / step).astype(np.uint16)))
    vertex, point = (np.concatenate([part[k] for part in told]) for k in (0, 1))
    return {
        "triangle": _split(np.diff(triangle.reshape(-1), prepend=np.int32(-1))),
        "vertices": _split(snapshot.vertices[corners]),
        "faces": _split(np.diff(faces.reshape(-1, 3).astype(np.int32), axis=0, prepend=np.int32(0))),
        "thing": np.array(owners, np.int32),
        "places": places,
        "counts": np.array([body.version.vertices for body in bodies], np.int32),
        "boxes": boxes,
        "posed_rows": posed_rows,
        "posed_vertex": _split(np.diff(vertex, prepend=np.int32(0))),
        "posed": _split(np.diff(point, axis=0, prepend=np.uint16(0))),
    }


def _shown(frame: FrameGeometry, vertices: F32, faces: I32) -> I32:
    """Rows of the ``vertices`` of triangles that were seen, or might have been but for the pixels' coarseness."""
    camera = frame.camera
    xy, z = camera.project(vertices.astype(np.float64))
    column, row = (
        np.floor(xy[:, k]).clip(-2, size + 1).astype(int) for k, size in enumerate((camera.width, camera.height))
    )
    inside = (z > camera.near) & (column > -2) & (column <= camera.width) & (row > -2) & (row <= camera.height)
    depth = maximum_filter(frame.depth.cpu().numpy().reshape(camera.height, camera.width), 3)
    before = depth[row.clip(0, camera.height - 1), column.clip(0, camera.width - 1)]
    seen = inside & (z <= before + _NEAR_PX * z / camera.K[0, 0])
    return np.unique(faces[seen[faces].any(axis=1)]).astype(np.int32)


def _still(time: float, vertices: F32, faces: I32, owner: I32) -> Snapshot:
    """A snapshot of triangles of which only their places and things matter."""
    nothing = np.zeros((len(vertices), 3), np.float32)
    return Snapshot(
        time, vertices, nothing, vertices, nothing[:, :2], faces, owner, np.zeros(len(faces), np.int32), (),
        len(vertices), len(faces),
    )  # fmt: skip


def _barycentrics(camera: Camera, corners: F32, triangle: I32) -> F32:
    """(H, W, 2) where the rays through the pixels' centres meet their triangles (Möller & Trumbore 1997)."""
    hit = triangle >= 0
    bary = np.zeros((*triangle.shape, 2), np.float32)
    ray = pixel_directions(camera)[hit].astype(np.float64)
    rows = triangle[hit]
    a, b, c = (corners[:, k].astype(np.float64) for k in range(3))
    edge, other, away = (b - a)[rows], (c - a)[rows], camera.position - a[rows]
    p, q = np.cross(ray, other), np.cross(away, edge)
    scale = np.einsum("nc,nc->n", edge, p)
    scale = 1.0 / np.where(np.abs(scale) > 1e-30, scale, 1e-30)
    u, v = np.einsum("nc,nc->n", away, p) * scale, np.einsum("nc,nc->n", ray, q) * scale
    bary[hit] = np.stack([u, v], axis=1).clip(-1.0, 2.0)  # slivers are met a little outside, or from their edge
    return bary


def _split(values: npt.NDArray[Any]) -> U8:
    """The values' first bytes, then their second ones, and so on: a third smaller when packed."""
    size = values.dtype.itemsize
    return np.ascontiguousarray(np.ascontiguousarray(values).view(np.uint8).reshape(-1, size).T)


def _joined(parts: U8, kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(parts.T).reshape(-1).view(kind)
