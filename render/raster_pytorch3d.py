"""The PyTorch3D rasterizer (Ravi et al. 2020): on CUDA, or slowly on the processor; with gradients to the vertices.

PyTorch3D says which triangles lie under each pixel. They are clipped here, before it sees them, to the view: its own
clipping comes after the division by depth, and corners far outside the picture cost its single precision the edges.
Barycentrics are worked out afterwards, where the pixel's ray meets the triangle's plane (Möller & Trumbore 1997),
because its own carry a constant that biases small triangles.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from render.cutout import MOST_LAYERS, Cutouts
from render.raster import GBuffer, RasterizerUnavailable, same_world
from worldgen.camera import Camera
from worldgen.world import Snapshot

_MARGIN: Final = 1.0
"""Pixels around the picture that triangles are clipped to."""

_BRIDGE: Final = 1e-12
"""Squared normalised distance from a triangle that still counts as in it: else a pixel's centre that lies exactly on
the edge between two triangles would belong to neither."""

_BINS: Final = 20
"""Bins along the picture's longer edge on CUDA; PyTorch3D allows 21."""

_LAYERS: Final = (8, 32, MOST_LAYERS)
"""Faces a pixel that are asked for where there are holes, until every pixel has met a surface or the sky."""


class PyTorch3DRasterizer:
    """Draws with PyTorch3D, on CUDA where there is one; keeps the triangles of the last world on the device."""

    def __init__(self) -> None:
        self.name: str = "pytorch3d"
        try:
            import pytorch3d
            from pytorch3d import _C  # noqa: F401 (a partial installation imports all but this)
            from pytorch3d.renderer.mesh.rasterize_meshes import rasterize_meshes
            from pytorch3d.structures import Meshes
        except (ImportError, OSError, AttributeError) as error:
            raise RasterizerUnavailable(
                f"The pytorch3d rasterizer cannot be imported ({' '.join(str(error).split())[:200]}): install a "
                f"PyTorch3D that was built for torch {torch.__version__}."
            ) from error
        self._rasterize_meshes: Any = rasterize_meshes
        self._meshes: Any = Meshes
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        where = torch.cuda.get_device_name() if self.device.type == "cuda" else "the processor, slowly"
        self.detail: str = f"PyTorch3D {pytorch3d.__version__} on {where}"
        self._snapshot: Snapshot | None = None
        self._cutouts: Cutouts | None = None
        self._vertices = self._faces = torch.empty(0)

    @torch.no_grad()
    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer:
        """What ``camera`` sees of ``snapshot``."""
        self._upload(snapshot)
        points = in_camera(self._vertices, camera)
        pieces, source = clipped(points, self._faces, camera)
        for count in (1,) if self._cutouts is None else _LAYERS:
            triangle = np.full((camera.height, camera.width), -1, np.int32)
            bary = np.zeros((*triangle.shape, 2), np.float32)
            if not len(pieces):
                break
            found = self._drawn(pieces, camera, count, _BRIDGE)[0]
            faces = torch.where(found < 0, -1, source[found])
            for layer in reversed(range(count)):
                face = faces[..., layer]
                if (face < 0).all():
                    continue
                number = face.to(torch.int32).cpu().numpy()
                weights = barycentrics(points, self._faces, face, camera).cpu().numpy()
                there = number >= 0
                if self._cutouts is not None:
                    there[there] = ~self._cutouts.holed(number[there], weights[there])
                triangle[there], bary[there] = number[there], weights[there]
            if not (triangle[(faces[..., -1] >= 0).cpu().numpy()] < 0).any():
                break
        return GBuffer(triangle, bary)

    def silhouette(
        self, vertices: torch.Tensor, faces: torch.Tensor, camera: Camera, softness_px: float = 1.0
    ) -> torch.Tensor:
        """(H, W) how much of each pixel triangles cover, 0 to 1, with gradients to the vertices (Liu et al. 2019).

        vertices: (V, 3) float32 world metres. faces: (F, 3) int64. softness_px: pixels over which an outline fades.
        """
        vertices, faces = vertices.to(self.device), faces.to(self.device)
        pieces, _ = clipped(in_camera(vertices, camera), faces, camera)
        if not len(pieces):
            return torch.zeros(camera.height, camera.width, device=self.device)
        sigma = (2 * softness_px / min(camera.width, camera.height)) ** 2
        found, distance = self._drawn(pieces, camera, 16, 7 * sigma)
        outside = torch.where(found < 0, 1.0, 1 - torch.sigmoid(-distance / sigma))
        return 1 - outside.prod(dim=-1)

    def close(self) -> None:
        """Let go of what lies on the device."""
        self._snapshot = self._cutouts = None
        self._vertices = self._faces = torch.empty(0)

    def _upload(self, snapshot: Snapshot) -> None:
        before, still = self._snapshot, snapshot.static_vertices
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            self._cutouts = Cutouts.of(snapshot)
            self._vertices = torch.tensor(snapshot.vertices, dtype=torch.float32, device=self.device)
            self._faces = torch.tensor(snapshot.faces, dtype=torch.int64, device=self.device)
        elif before.vertices is not snapshot.vertices:
            self._vertices[still:] = torch.tensor(snapshot.vertices[still:], dtype=torch.float32, device=self.device)
        self._snapshot = snapshot

    def _drawn(
        self, pieces: torch.Tensor, camera: Camera, count: int, reach: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Of pieces (M, 3, 3) in the camera's axes: rows (H, W, count), nearest first, -1 for none; squared distances
        (H, W, count) to their edges, negative inside. Pieces within the square root of ``reach`` of a pixel count.

        The picture is PyTorch3D's: its shorter edge spans -1 to 1, +X points left and +Y up.
        """
        K, w, h = camera.K, camera.width, camera.height
        x, y, z = pieces.unbind(-1)
        u, v = (K[0, 0] * x + K[0, 1] * y) / z + K[0, 2], K[1, 1] * y / z + K[1, 2]
        low, high = (torch.stack([edge(u, 1), edge(v, 1)], -1) for edge in (torch.amin, torch.amax))
        room = 1e-3 + 0.5 * min(w, h) * reach**0.5
        rows = torch.nonzero((torch.floor(high - 0.5 + room) >= torch.ceil(low - 0.5 - room)).all(1))[:, 0]
        if not len(rows):
            none = torch.full((h, w, count), -1, dtype=torch.int64, device=pieces.device)
            return none, torch.full((h, w, count), -1.0, device=pieces.device)
        flat = torch.stack([(w - 2 * u) / min(w, h), (h - 2 * v) / min(w, h), z], -1)[rows].reshape(-1, 3)
        mesh = self._meshes([flat.float()], [torch.arange(len(flat), device=flat.device).reshape(-1, 3)])
        bins: dict[str, int] = {"bin_size": 0}
        if pieces.is_cuda:
            size = max(8, -(-max(w, h) // _BINS))
            frame = torch.tensor([w, h], device=flat.device)  # its bins, like its axes, run from the other end
            most = fullest(frame - high[rows] - room, frame - low[rows] + room, size)
            bins = {"bin_size": size, "max_faces_per_bin": most}  # it drops what is over its limit
        found, _, _, distance = self._rasterize_meshes(mesh, (h, w), reach, count, perspective_correct=True, **bins)
        return torch.where(found[0] < 0, -1, rows[found[0]]), distance[0]


def in_camera(vertices: torch.Tensor, camera: Camera) -> torch.Tensor:
    """World points (V, 3) in the camera's axes, float64."""
    pose = torch.as_tensor(camera.world_from_camera, dtype=torch.float64, device=vertices.device)
    return (vertices.double() - pose[:3, 3]) @ pose[:3, :3]


def clipped(points: torch.Tensor, faces: torch.Tensor, camera: Camera) -> tuple[torch.Tensor, torch.Tensor]:
    """The parts of triangles that lie in the view: corners (M, 3, 3) and the rows (M,) of ``faces`` they are part of.

    points: (V, 3) in the camera's axes. faces: (F, 3) int64.
    """
    K, w, h, m = camera.K, camera.width, camera.height, _MARGIN
    planes = [
        (0.0, 0.0, 1.0, -camera.near),
        (0.0, 0.0, -1.0, camera.far),
        (K[0, 0], K[0, 1], K[0, 2] + m, 0.0),
        (-K[0, 0], -K[0, 1], w + m - K[0, 2], 0.0),
        (0.0, K[1, 1], K[1, 2] + m, 0.0),
        (0.0, -K[1, 1], h + m - K[1, 2], 0.0),
    ]
    pieces, source = points[faces], torch.arange(len(faces), device=faces.device)
    for plane in planes:
        kept, rows = _cut(pieces, torch.tensor(plane, dtype=points.dtype, device=points.device))
        pieces, source = kept, source[rows]
    return pieces, source


def _cut(pieces: torch.Tensor, plane: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What of triangles (M, 3, 3) lies on the positive side of a plane (4,), and the rows it comes from."""
    side = pieces @ plane[:3] + plane[3]
    inside = side >= 0
    count = inside.sum(1)
    whole, one, two = (torch.nonzero(count == n)[:, 0] for n in (3, 1, 2))
    turn = torch.arange(3, device=pieces.device)

    def turned(rows: torch.Tensor, first: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        order = (first[rows].to(torch.int64).argmax(1)[:, None] + turn) % 3
        return pieces[rows[:, None], order], side[rows[:, None], order]

    def crossing(p: torch.Tensor, q: torch.Tensor, at_p: torch.Tensor, at_q: torch.Tensor) -> torch.Tensor:
        return p + (q - p) * (at_p / (at_p - at_q))[:, None]

    (a, b, c), (da, db, dc) = (part.unbind(1) for part in turned(one, inside))
    tip = torch.stack([a, crossing(a, b, da, db), crossing(a, c, da, dc)], 1)
    (a, b, c), (da, db, dc) = (part.unbind(1) for part in turned(two, ~inside))
    ab, ac = crossing(b, a, db, da), crossing(c, a, dc, da)
    base, rest = torch.stack([ab, b, c], 1), torch.stack([ab, c, ac], 1)
    return torch.cat([pieces[whole], tip, base, rest]), torch.cat([whole, one, two, two])


def fullest(low: torch.Tensor, high: torch.Tensor, size: int) -> int:
    """The most boxes, between corners (M, 2) pixels, that one bin of ``size`` pixels meets."""
    change = torch.zeros(_BINS + 1, _BINS + 1, dtype=torch.int64, device=low.device)
    one = torch.ones(len(low), dtype=torch.int64, device=low.device)
    first, last = ((edge / size).floor().clamp(0, _BINS - 1).to(torch.int64) for edge in (low, high))
    for x, right in ((first, 1), (last + 1, -1)):
        for y, down in ((first, 1), (last + 1, -1)):
            change.index_put_((x[:, 0], y[:, 1]), right * down * one, accumulate=True)
    return int(change.cumsum(0).cumsum(1).max())


def barycentrics(points: torch.Tensor, faces: torch.Tensor, face: torch.Tensor, camera: Camera) -> torch.Tensor:
    """(H, W, 2) weights of the second and third corner where each pixel's ray meets its face (H, W), 0 for face -1.

    points: (V, 3) float64 in the camera's axes, which the result is differentiable in. faces: (F, 3) int64.
    """
    K, device = camera.K, points.device
    v = (torch.arange(camera.height, dtype=torch.float64, device=device) + 0.5 - K[1, 2]) / K[1, 1]
    u = (torch.arange(camera.width, dtype=torch.float64, device=device) + 0.5 - K[0, 2]) / K[0, 0]
    across = u[None] - K[0, 1] / K[0, 0] * v[:, None]
    down = v[:, None].expand_as(across)
    ray = torch.stack([across, down, torch.ones_like(down)], -1).to(points.dtype)
    a, b, c = points[faces[face.clamp(min=0)]].unbind(-2)
    e, f = b - a, c - a
    p, q = torch.linalg.cross(ray, f), torch.linalg.cross(e, a)
    volume = (e * p).sum(-1)
    sure = (face >= 0) & (volume != 0)
    weights = torch.stack([-(a * p).sum(-1), (ray * q).sum(-1)], -1) / torch.where(sure, volume, 1)[..., None]
    return torch.where(sure[..., None], weights, 0)


def depth_and_normal(
    vertices: torch.Tensor, faces: torch.Tensor, gbuffer: GBuffer, camera: Camera
) -> tuple[torch.Tensor, torch.Tensor]:
    """Planar depth (H, W), +inf where nothing is seen, and flat unit world normals (H, W, 3) turned to the camera.

    Both have gradients to ``vertices`` (V, 3), world metres; faces: (F, 3) int64. Which triangle a pixel shows, from
    any backend, is taken as given, so outlines have no gradient: those of :meth:`PyTorch3DRasterizer.silhouette` have.
    """
    face = torch.as_tensor(gbuffer.triangle, dtype=torch.int64, device=vertices.device)
    points = in_camera(vertices, camera)
    at = barycentrics(points, faces, face, camera)
    a, b, c = points[faces[face.clamp(min=0)]].unbind(-2)
    place = a + (b - a) * at[..., :1] + (c - a) * at[..., 1:]
    normal = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=-1, eps=1e-20)
    normal = torch.where((normal * place).sum(-1, keepdim=True) > 0, -normal, normal)
    turn = torch.as_tensor(camera.world_from_camera[:3, :3], dtype=torch.float64, device=vertices.device)
    seen = face >= 0
    depth, world = torch.where(seen, place[..., 2], torch.inf), torch.where(seen[..., None], normal @ turn.T, 0)
    return depth.to(vertices.dtype), world.to(vertices.dtype)
